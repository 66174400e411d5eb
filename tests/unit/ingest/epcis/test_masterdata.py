"""Master data as sites, firms and products."""

import json

import pytest

from suyuan.ingest.epcis.masterdata import MasterData
from suyuan.ingest.epcis.model import VocabularyPiece

KIND = "urn:epcglobal:epcis:vtype:"


@pytest.mark.parametrize(
    "name", ["urn:epcglobal:cbv:mda#name", "urn:epcglobal:cbv:mda:name", "cbvmda:vesselName"]
)
def test_names_in_every_spelling(name: str) -> None:
    data = MasterData()
    data.add(VocabularyPiece(f"{KIND}location", "urn:x:1", {name: ["Vessel #1"]}))
    assert data.rows("sites")[0]["name"] == "Vessel #1"


def test_a_place_in_two_vocabularies_is_one_row() -> None:
    data = MasterData()
    attributes = {"urn:epcglobal:cbv:mda#city": ["义乌"], "urn:epcglobal:cbv:owning_party": ["urn:x:firm"]}
    data.add(VocabularyPiece(f"{KIND}BusinessLocation", "urn:x:1", attributes, ("urn:x:2",)))
    more = {"urn:epcglobal:cbv:mda#latitude": ["29.3"], "urn:epcglobal:cbv:mda#city": ["义乌", "Yiwu"]}
    data.add(VocabularyPiece(f"{KIND}ReadPoint", "urn:x:1", more, ("urn:x:2", "urn:x:3")))
    (row,) = data.rows("sites")
    assert (row["operator"], row["latitude"], row["address"]) == ("Firm:urn:x:firm", "29.3", "义乌")
    assert json.loads(row["attributes"])["urn:epcglobal:cbv:mda#city"] == ["义乌", "Yiwu"]
    assert json.loads(row["children"]) == ["urn:x:2", "urn:x:3"]


def test_parties_classes_and_what_is_not_read() -> None:
    data = MasterData()
    for kind, key in (
        ("party", "urn:x:p"),
        ("EPCClass", "urn:x:c"),
        ("SourceDest", "urn:epc:id:pgln:0614141.00777"),
        ("SourceDest", "urn:epc:id:sgln:0614141.00777.0"),
        ("BusinessTransaction", "urn:x:t"),
    ):
        data.add(VocabularyPiece(KIND + kind, key, {"x#descriptionShort": ["Tuna"]}))
    assert [row["firm_id"] for row in data.rows("firms")] == ["urn:epc:id:pgln:0614141.00777", "urn:x:p"]
    assert [(row["product_id"], row["name"]) for row in data.rows("products")] == [("urn:x:c", "Tuna")]
    assert [row["site_id"] for row in data.rows("sites")] == ["urn:epc:id:sgln:0614141.00777.0"]
    assert data.others == {f"{KIND}BusinessTransaction": 1}
    assert data.elements == 5
