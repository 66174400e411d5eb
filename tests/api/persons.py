"""Tables about persons, with a marked text in every personal field."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

PHONE = "+8613900004711"
SECRETS = (
    PHONE,
    "13900004711",
    "卢晓岚",
    "钱永昌",
    "暗巷路77号",
    "330726199909097777",
    "conf-4711@mail.example",
    "发货人周莉",
    "收货人孙勇",
    "举报人吴敏",
    "线索正文丙丁",
    "联系人郑凯",
    "额外备注4711",
)
"""None of these may reach a caller without the right to personal data."""

_TABLES: Mapping[str, Sequence[Mapping[str, str]]] = {
    "rights_holders": [{"holder_id": "H9", "name": "明远公司", "country": "CN", "contact": "联系人郑凯"}],
    "rights": [{"right_id": "R9", "right_type": "trade_mark", "holder_id": "H9", "title": "明远"}],
    "firms": [
        {
            "firm_id": "F9",
            "name": "远山贸易有限公司",
            "legal_representative": "卢晓岚",
            "address": "明路1号",
            "memo": "额外备注4711",
        }
    ],
    "persons": [{"person_id": "PE9", "name": "钱永昌", "id_card": "330726199909097777"}],
    "ownerships": [{"owner": "Person:PE9", "owned": "Firm:F9", "role": "shareholder", "share": "1"}],
    "sellers": [
        {"platform": "shop", "seller_id": "s9", "name": "远山小店", "firm_id": "F9", "address": "暗巷路77号"}
    ],
    "listings": [
        {"platform": "shop", "listing_id": "L9", "seller_id": "s9", "title": "远山保温杯", "product_id": "P9"}
    ],
    "products": [{"product_id": "P9", "name": "保温杯", "right_ids": "R9"}],
    "identifiers": [
        {"owner": owner, "type": kind, "value": value, "observed_at": "2025-01-01", "source": "面单"}
        for owner in ("Seller:shop:s9", "Firm:F9", "Person:PE9", "Listing:shop:L9", "Site:W9")
        for kind, value in (("phone", PHONE), ("email", "conf-4711@mail.example"))
    ],
    "sites": [
        {"site_id": "FA9", "role": "factory", "name": "远山厂", "operator": "Firm:F9"},
        {"site_id": "W9", "role": "warehouse", "name": "远山仓", "operator": "Person:PE9"},
    ],
    "shipments": [
        {
            "shipment_id": "SH9",
            "from_site": "FA9",
            "to_site": "W9",
            "departed_at": "2025-02-01",
            "arrived_at": "2025-02-03",
            "product_id": "P9",
            "lot_id": "LOT9",
            "quantity": "10",
            "shipper": "发货人周莉",
            "consignee": "收货人孙勇",
        }
    ],
    "dispatches": [
        {
            "platform": "shop",
            "seller_id": "s9",
            "site_id": "W9",
            "observed_at": "2025-03-01",
            "source": "test_purchase",
            "listing_id": "L9",
            "shipment_id": "SH9",
        }
    ],
    "watch_lists": [
        {"list": "重点", "subject": f"Identifier:phone:{PHONE}", "from": "2025-01-01", "why": "多店共用"},
        {"list": "重点", "subject": "Seller:shop:s9", "from": "2025-01-01", "why": "多次线索"},
    ],
    "leads": [
        {
            "lead_id": "LD9",
            "subject": "Listing:shop:L9",
            "right_id": "R9",
            "text": "线索正文丙丁",
            "reporter": "举报人吴敏",
        },
        {"lead_id": "LD10", "subject": f"Identifier:phone:{PHONE}", "right_id": "R9"},
    ],
    "findings": [
        {"finding_id": "FD9", "subject": f"Identifier:phone:{PHONE}", "right_id": "R9", "kind": "ruling"}
    ],
    "notices": [{"notice_id": "N9", "platform": "shop", "listing_id": "L9", "right_id": "R9"}],
    "transformations": [
        {
            "event_id": "E9",
            "site_id": "FA9",
            "at": "2025-01-20",
            "input_lots": "",
            "output_lots": "Lot:P9:LOT9",
        }
    ],
    "continuations": [{"from_shipment": "SH9", "to_shipment": "SH10"}],
}


def write_tables(folder: Path) -> None:
    """Writes the tables as CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in _TABLES.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
