import json
from pathlib import Path
from typing import Any

import pytest

from suyuan.errors import IngestError
from tests.unit.ingest.reading import feeds, read, write


def table(rows: list[dict[str, Any]]) -> dict[str, Any]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {
        "columnProperties": [{"id": name, "type": "string"} for name in names],
        "data": [[{"id": name, "value": value} for name, value in row.items()] for row in rows],
    }


def network(**more: Any) -> dict[str, Any]:
    return {
        "data": {
            "stations": table(
                [
                    {"ID": "S1", "Name": "Mill", "Country": "Germany",
                    "type of business": "Processor", "Latitude": 48.5},
                    {"ID": "-7", "Name": "Shop", "ISO": "NL", "Country": "The Netherlands", "Latitude": None},
                ]
            ),
            "deliveries": table(
                [
                    {
                        "ID": "D1", "from": "S1", "to": "-7", "Name": "Flour",
                        "Lot ID": "99", "Lot Number": "F 1",
                        "Date Delivery": "31.12.2024", "Date Delivery Arrival": "2025-01",
                        "Amount": "20,5 kg",
                    },
                    {
                        "ID": "D2", "from": "-7", "to": "S1", "Name": "Cake", "Lot ID": "C1",
                        "Date Delivery Arrival": "1.3.2025", "Amount": "2.0 pallets 18kg",
                        "_Lieferungen.Delivery_Amount": "36.8", "_Lieferungen.Delivery_Unit": "kg",
                    },
                    {"ID": "D3", "from": "S1", "to": "-7", "Name": None, "Amount": "some"},
                ]
            ),
            "deliveryRelations": table([{"from": "D1", "to": "D2"}, {"from": "D1", "to": "D2"}]),
        },
        **more,
    }  # fmt: skip


@pytest.fixture(params=[b"", b"\xef\xbb\xbf"], ids=["plain", "with mark"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    tracing = {
        "nodes": [{"id": "-7", "weight": 1, "crossContamination": True}, {"id": "S1", "weight": 0}],
        "deliveries": [{"id": "D2", "weight": 0, "killContamination": True}],
    }
    content = request.param + json.dumps(network(tracing=tracing, samples=[{}])).encode()
    return write(tmp_path, "network.json", content)


def test_network(path: Path) -> None:
    found = read(path)
    assert found.wrong == []
    by_id = {record["id"]: record for record in found.records}
    assert list(by_id) == [
        "Site:S1", "Site:-7", "Shipment:D1", "Shipment:D2", "Shipment:D3",
        "continuations:D1:D2", "Lead:FCL-Site--7",
    ]  # fmt: skip
    mill, shop = by_id["Site:S1"], by_id["Site:-7"]
    assert (mill["role"], mill["country"], mill["latitude"]) == (None, "DE", 48.5)
    assert mill["extra"] == '{"type of business":"Processor"}'
    assert (shop["country"], shop["latitude"]) == ("NL", None)
    assert json.loads(str(shop["extra"])) == {
        "Country": "The Netherlands",
        "crossContamination": True,
        "weight": 1,
    }
    lead = by_id["Lead:FCL-Site--7"]
    assert (lead["subject"], lead["state"], lead["text"]) == ("Site:-7", "uploaded", "Outbreak weight 1")


def test_deliveries(path: Path) -> None:
    by_id = {record["id"]: record for record in read(path).records}
    one, two, three = (by_id[f"Shipment:D{n}"] for n in (1, 2, 3))
    assert (one["from_site"], one["to_site"], one["product_id"], one["lot_id"]) == (
        "S1",
        "-7",
        "Flour",
        "F 1",
    )
    assert (one["departed_at"], one["departed_at_precision"], one["arrived_at_precision"]) == (
        1735603200000000, 1, 2,
    )  # fmt: skip
    assert (one["quantity"], one["unit"], one["declared_goods"]) == (20.5, "kg", "Flour")
    assert json.loads(str(one["extra"])) == {"Lot ID": "99"}
    assert (two["lot_id"], two["arrived_at"], two["quantity"], two["unit"]) == (
        "C1",
        1740787200000000,
        36.8,
        "kg",
    )
    assert json.loads(str(two["extra"])) == {"Amount": "2.0 pallets 18kg", "killContamination": True}
    assert (three["product_id"], three["quantity"], json.loads(str(three["extra"]))) == (
        None,
        None,
        {"Amount": "some"},
    )


def test_samples_are_told_of(path: Path) -> None:
    assert feeds(path)[0].notes == ("network.json: 1 samples are not read",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"stations": 1', "is no JSON"),
        ('{"x": {"stations": []}}', "is no FoodChain-Lab network"),
        ('["stations", {"deliveries": 1}]', "expected a JSON object"),
        ('{"data": {"stations": {"data": [[1]]}, "deliveries": {}}}', "stations: expected rows of cells"),
        ('{"a": 1}', "is no FoodChain-Lab network"),
    ],
)
def test_other_json(content: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(IngestError, match=message) as caught:
        feeds(write(tmp_path, "a.json", content))
    assert caught.value.source == "a.json"


@pytest.mark.parametrize(
    ("name", "stations", "deliveries"), [("ExampleData", 24, 29), ("Scenario_1_Outbreak-Baby-Tea", 9, 16)]
)
def test_published_networks(name: str, stations: int, deliveries: int, samples: Path) -> None:
    found = read(samples / "foodchainlab" / f"{name}.json")
    kinds = [str(record["id"]).split(":")[0] for record in found.records]
    assert found.wrong == []
    assert (kinds.count("Site"), kinds.count("Shipment")) == (stations, deliveries)
    dates = [
        line.split("\t")
        for line in (samples / "foodchainlab" / f"{name.split('_Out')[0]}.d.tsv").read_text().splitlines()
    ]
    assert {f"Shipment:{line[0]}" for line in dates} == {
        str(record["id"]) for record in found.records if str(record["id"]).startswith("Shipment:")
    }


def test_lots_stay_the_same_along_their_way(samples: Path) -> None:
    found = read(samples / "foodchainlab" / "Scenario_1_Outbreak-Baby-Tea.json")
    way = [record for record in found.records if record.get("lot_id") == "DC 17"]
    assert len(way) == 3
    assert len({record["product_id"] for record in way}) == 1
