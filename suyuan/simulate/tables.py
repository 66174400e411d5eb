"""The tables of the exchange format: their columns in order, and writing them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

from suyuan.errors import ParameterError
from suyuan.simulate.options import TableFormat

_LISTS = {
    "rights_holders": ["holder_id", "name", "country", "contact"],
    "rights": [
        "right_id",
        "right_type",
        "number",
        "title",
        "holder_id",
        "status",
        "status_as_of",
        "status_source",
        "filed_at",
        "valid_from",
        "valid_to",
        "classes",
        "jurisdiction",
        "evaluation_report",
        "stability",
    ],
    "right_contents": ["right_id", "part", "no", "text", "file", "image_hash"],
    "assignments": ["right_id", "at", "from_holder", "to_holder", "source"],
    "licences": [
        "licence_id",
        "right_id",
        "licensee",
        "kind",
        "scope",
        "quantity",
        "territory",
        "recordal_no",
        "valid_from",
        "valid_to",
    ],
    "products": ["product_id", "name", "category", "right_ids", "gtin", "reference_price", "currency"],
    "firms": [
        "firm_id",
        "name",
        "legal_representative",
        "address",
        "division_code",
        "country",
        "registered_at",
        "dissolved_at",
        "status",
    ],
    "sellers": [
        "platform",
        "seller_id",
        "name",
        "firm_id",
        "address",
        "division_code",
        "opened_at",
        "closed_at",
        "rating",
        "channel",
    ],
    "listings": [
        "platform",
        "listing_id",
        "seller_id",
        "title",
        "description",
        "category",
        "product_id",
        "price",
        "currency",
        "listed_at",
        "delisted_at",
        "claimed_rights",
        "mark_code",
        "image_hash",
        "url",
        "units_sold",
        "channel",
    ],
    "identifiers": ["owner", "type", "value", "observed_at", "source"],
    "sites": [
        "site_id",
        "role",
        "name",
        "operator",
        "address",
        "division_code",
        "country",
        "latitude",
        "longitude",
    ],
    "site_products": ["site_id", "product_id", "relation"],
    "shipments": [
        "shipment_id",
        "from_site",
        "to_site",
        "departed_at",
        "arrived_at",
        "product_id",
        "lot_id",
        "quantity",
        "unit",
        "carrier",
        "waybill",
        "shipper",
        "consignee",
        "declared_goods",
        "declared_value",
        "hs_code",
        "trade_mode",
        "customs_declaration",
    ],
    "transformations": [
        "event_id",
        "site_id",
        "at",
        "input_lots",
        "output_lots",
        "input_products",
        "output_products",
    ],
    "dispatches": ["platform", "seller_id", "site_id", "observed_at", "source", "listing_id", "shipment_id"],
    "findings": [
        "finding_id",
        "subject",
        "right_id",
        "kind",
        "document_no",
        "act",
        "act_from",
        "act_to",
        "outcome",
        "finality",
        "decided_at",
        "authority",
        "division_code",
        "penalty",
        "illegal_turnover",
        "public_until",
        "evidence_ref",
    ],
    "seizures": [
        "seizure_id",
        "port_site",
        "at",
        "shipment_id",
        "product_id",
        "right_id",
        "quantity",
        "direction",
        "recordal_no",
        "stage",
        "channel",
    ],
    "customs_recordals": ["recordal_no", "right_id", "valid_from", "valid_to", "lawful_traders"],
    "exhibits": [
        "exhibit_id",
        "fair",
        "booth_site",
        "exhibitor",
        "product_id",
        "right_id",
        "at",
        "mark_code",
        "key_exhibit",
        "division_code",
    ],
    "marks": ["mark_code", "product_id", "right_id", "licence_id", "maker", "lot_id", "issued_at", "route"],
    "mark_scans": ["mark_code", "at", "place", "listing_id", "exhibit_id", "source"],
    "notices": ["notice_id", "platform", "listing_id", "right_id", "state", "at"],
    "authorities": [
        "authority_id",
        "name",
        "kind",
        "division_codes",
        "competences",
        "valid_from",
        "valid_to",
    ],
    "divisions": ["code", "name", "parent", "valid_from", "valid_to", "successors"],
    "confirmed_origins": ["case", "site", "confirmed_at", "by", "source"],
    "leads": [
        "lead_id",
        "subject",
        "right_id",
        "right_type",
        "text",
        "reporter",
        "reported_at",
        "division_code",
        "evidence_ref",
        "state",
        "decision",
        "decided_at",
        "by",
    ],
    "watch_lists": ["list", "subject", "from", "to", "why", "by"],
    "persons": ["person_id", "name", "id_card"],
    "ownerships": ["owner", "owned", "role", "share", "from", "to"],
    "truth": ["case", "factory"],
    "truth_actors": ["account", "owner"],
}

COLUMNS: dict[str, tuple[str, ...]] = {name: tuple(columns) for name, columns in _LISTS.items()}

Column = Sequence[Any] | pa.Array
"""One value a row; None and missing columns are unknown."""


class TableWriter:
    """Writes tables into a folder, in the columns of the exchange format, and counts their rows.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    table_format : str
        `csv` or `parquet`; the two truth tables are always CSV.
    end : str
        The day after the last one, ISO 8601: nothing is known yet of what is dated from then on.
    """

    def __init__(self, folder: Path, table_format: TableFormat, end: str = "9999-12-31") -> None:
        self.folder = folder
        self.end = end
        self.rows: dict[str, int] = {}
        self._format = table_format
        folder.mkdir(parents=True, exist_ok=True)

    def write(
        self, name: str, columns: Mapping[str, Column], begins: str | None = None, ends: str | None = None
    ) -> None:
        """Write one table; columns that are not given stay empty.

        Rows dated after the last day by the column `begins` are left out, and times of the column `ends` after it
        are unknown.

        Raises
        ------
        ParameterError
            When a column is none of the table's.
        """
        unknown = set(columns) - set(COLUMNS[name])
        if unknown:
            raise ParameterError("columns", sorted(unknown), "columns of " + name)
        table = _table(name, columns)
        if begins is not None:
            table = table.filter(pc.less(table[begins], self.end))
        if ends is not None:
            times = table[ends].cast(pa.string())
            known = pc.if_else(pc.less(times, self.end), times, None)
            table = table.set_column(table.column_names.index(ends), ends, known)
        self.rows[name] = table.num_rows
        if self._format == "parquet" and not name.startswith("truth"):
            pa_parquet.write_table(table, self.folder / f"{name}.parquet", compression="zstd")
            return
        options = pa_csv.WriteOptions(quoting_style="needed")
        pa_csv.write_csv(table, self.folder / f"{name}.csv", options)


def _table(name: str, columns: Mapping[str, Column]) -> pa.Table:
    """All columns of the table, in order."""
    length = max((len(column) for column in columns.values()), default=0)
    arrays: list[pa.Array] = []
    for column_name in COLUMNS[name]:
        column = columns.get(column_name)
        if column is None:
            arrays.append(pa.nulls(length, pa.string()))
        elif isinstance(column, pa.Array | pa.ChunkedArray):
            arrays.append(column)
        else:
            arrays.append(pa.array(column))
    return pa.table(arrays, names=list(COLUMNS[name]))
