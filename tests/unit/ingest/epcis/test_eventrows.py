"""Events as rows: where each field of an event goes, and nothing gets lost."""

import json
from typing import Any

import pytest

from suyuan.ingest.epcis.eventrows import (
    SCHEMA,
    content_key,
    event_batches,
    event_row,
    items_digest,
    microseconds,
    named_parties,
    named_places,
)
from suyuan.ingest.epcis.model import EventPiece
from tests.unit.ingest.epcis.writing import object_event


def row_of(**changes: Any) -> dict[str, Any]:
    return event_row(EventPiece(1, object_event(**changes), {}))


def test_roles_of_an_aggregation() -> None:
    row = row_of(
        type="AggregationEvent",
        epcList=None,
        parentID="urn:x:p",
        childEPCs=["urn:x:a", "urn:x:a"],
        childQuantityList=[{"epcClass": "urn:x:c"}],
    )
    assert row["lots"] == ["urn:x:p", "urn:x:a", "urn:x:c"]
    assert (row["parent_lot"], row["child_lots"]) == ("Lot:urn:x:p", ["urn:x:a", "urn:x:c"])
    associated = row_of(type="AssociationEvent", epcList=None, parentID="urn:x:p", childEPCs=["urn:x:a"])
    assert associated["lots"] == ["urn:x:p", "urn:x:a"]
    assert associated["parent_lot"] is None


def test_roles_of_a_transformation() -> None:
    row = row_of(
        type="TransformationEvent",
        epcList=None,
        inputEPCList=["urn:x:a"],
        inputQuantityList=[{"epcClass": "urn:x:b"}],
        outputQuantityList=[{"epcClass": "urn:x:c"}],
        bizStep="shipping",
    )
    assert (row["input_lots"], row["output_lots"], row["lots"]) == (["urn:x:a", "urn:x:b"], ["urn:x:c"], [])
    assert row["items"] is None


def test_places_and_words() -> None:
    row = row_of(
        bizLocation={"id": "urn:x:hall"},
        readPoint={"id": "urn:x:door"},
        bizStep="urn:epcglobal:cbv:bizstep:shipping",
        disposition="https://ref.gs1.org/cbv/Disp-in_transit",
    )
    assert (row["site_id"], row["read_point"]) == ("urn:x:hall", "urn:x:door")
    assert (row["biz_step"], row["disposition"]) == ("shipping", "in_transit")
    only = row_of(readPoint={"id": "urn:x:door"}, bizStep="urn:x:own-step")
    assert (only["site_id"], only["read_point"], only["biz_step"]) == ("urn:x:door", None, "urn:x:own-step")


def test_shipping_facts() -> None:
    parties = [
        {"type": "owning_party", "source": "urn:x:owner"},
        {"type": "urn:epcglobal:cbv:sdt:possessing_party", "source": "urn:x:holder"},
    ]
    goods = [{"epcClass": "urn:x:c", "quantity": 2.5, "uom": "KGM"}]
    to = [
        {"type": "owning_party", "destination": "urn:x:to"},
        {"type": "location", "destination": "urn:x:place"},
    ]
    event = {"bizStep": "shipping", "epcList": None, "quantityList": goods, "sourceList": parties}
    row = row_of(**event, destinationList=to)
    assert [row[name] for name in ("shipper", "consignee", "quantity", "unit")] == [
        "urn:x:holder",
        "urn:x:to",
        "2.5",
        "KGM",
    ]
    assert row["items"] == items_digest(["Lot:urn:x:c"])
    full = object_event(**event, destinationList=to)
    assert set(named_parties(full)) == {"urn:x:owner", "urn:x:holder", "urn:x:to"}
    assert set(named_places(full)) == {"urn:x:place"}


def test_everything_else_is_kept_as_json() -> None:
    sensors = [{"sensorReport": [{"type": "Temperature", "value": 4.5}]}]
    row = row_of(
        sensorElementList=sensors,
        ilmd={"ext:a": 1},
        recordTime="2025-03-03T00:00:00Z",
        **{"{urn:x}b": "义乌"},
    )
    assert json.loads(row["sensorElementList"]) == sensors
    assert json.loads(row["ilmd"]) == {"ext:a": 1}
    assert json.loads(row["recordTime"]) == "2025-03-03T00:00:00Z"
    assert json.loads(row["extensions"]) == {"{urn:x}b": "义乌"}


def test_ids_contents_and_errors() -> None:
    plain, named = row_of(), row_of(eventID="urn:uuid:1")
    assert plain["base"] == plain["event_hash"]
    assert named["base"] == "urn:uuid:1"
    assert named["content"] == plain["content"] == content_key(plain["event_hash"], None)
    error = {"declarationTime": "2025-03-05T00:00:00Z", "reason": "urn:epcglobal:cbv:er:did_not_occur"}
    wrong = row_of(errorDeclaration={**error, "correctiveEventIDs": ["urn:uuid:2"]})
    assert wrong["event_hash"] == plain["event_hash"]
    assert wrong["content"] != plain["content"]
    assert [wrong[name] for name in ("error_declared_at", "error_reason", "corrective_event_ids")] == [
        "2025-03-05T00:00:00Z",
        "did_not_occur",
        ["urn:uuid:2"],
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:01Z", 1_000_000),
        ("1970-01-01T08:00:00.0000019+08:00", 1),
        ("1969-12-31T23:59:59.5-00:00", -500_000),
    ],
)
def test_microseconds(text: str, expected: int) -> None:
    assert microseconds(text) == expected


def test_batches_have_the_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suyuan.ingest.epcis.eventrows._MOST_ROWS", 2)
    batches = list(event_batches(row_of() for _ in range(5)))
    assert [batch.num_rows for batch in batches] == [2, 2, 1]
    assert all(batch.schema == SCHEMA for batch in batches)
