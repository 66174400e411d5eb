"""Each rule of the standard that is held to, with the field that the error names."""

from typing import Any

import pytest

from suyuan.errors import IngestError
from suyuan.ingest.epcis.model import EventPiece
from suyuan.ingest.epcis.validation import check_event
from tests.unit.ingest.epcis.writing import object_event


def refused(event: dict[str, Any], **piece: Any) -> IngestError:
    with pytest.raises(IngestError) as caught:
        check_event(EventPiece(3, event, {}, **piece), "x.json")
    return caught.value


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"type": "StockEvent"}, "type"),
        ({"eventTime": None}, "eventTime"),
        ({"eventTime": "2025-03-02"}, "eventTime"),
        ({"eventTime": "2025-03-02T10:10:00"}, "eventTime"),
        ({"eventTime": "2025-02-30T10:10:00Z"}, "eventTime"),
        ({"eventTimeZoneOffset": None}, "eventTimeZoneOffset"),
        ({"eventTimeZoneOffset": "CET"}, "eventTimeZoneOffset"),
        ({"recordTime": "yesterday"}, "recordTime"),
        ({"action": None}, "action"),
        ({"action": "CREATE"}, "action"),
        ({"bizStep": "transforming"}, "bizStep"),
        ({"disposition": 3}, "disposition"),
        ({"epcList": None}, "epcList"),
        ({"epcList": "urn:x:1"}, "epcList"),
        ({"epcList": [""]}, "epcList"),
        ({"madeUp": 1}, "madeUp"),
        ({"ilmd": {"plain": 1}}, "ilmd.plain"),
        ({"quantityList": {}}, "quantityList"),
        ({"quantityList": [{}]}, "quantityList.epcClass"),
        ({"quantityList": [{"epcClass": "urn:x:1", "quantity": "ten"}]}, "quantityList.quantity"),
        ({"quantityList": [{"epcClass": "urn:x:1", "weight": 1}]}, "quantityList.weight"),
        ({"bizTransactionList": [{"type": "po"}]}, "bizTransactionList.bizTransaction"),
        ({"bizTransactionList": [{"type": "order", "bizTransaction": "x"}]}, "bizTransactionList.type"),
        ({"sourceList": [{"source": "urn:x:1"}]}, "sourceList.type"),
        ({"sourceList": [{"type": "place", "source": "urn:x:1"}]}, "sourceList.type"),
        ({"readPoint": "urn:x:1"}, "readPoint.id"),
        ({"persistentDisposition": {"set": ["lost"]}}, "persistentDisposition.set"),
        ({"errorDeclaration": {"reason": "did_not_occur"}}, "errorDeclaration.declarationTime"),
        (
            {"errorDeclaration": {"declarationTime": "2025-03-02T10:10:00Z", "reason": "boredom"}},
            "errorDeclaration.reason",
        ),
        ({"certificationInfo": [{"x": {"auditDate": "soon"}}]}, "certificationInfo"),
        ({"sensorElementList": [{"sensorReport": [3]}]}, "sensorElementList.sensorReport"),
        ({"sensorElementList": [{"sensorReport": [{"value": "warm"}]}]}, "sensorReport.value"),
        ({"type": "AggregationEvent"}, "parentID"),
        ({"type": "AssociationEvent", "action": "ADD"}, "parentID"),
        ({"type": "TransactionEvent"}, "bizTransactionList"),
        ({"type": "TransformationEvent"}, "inputEPCList"),
        ({"type": "TransformationEvent", "inputEPCList": ["urn:x:1"]}, "outputEPCList"),
    ],
)
def test_broken_events_are_refused_by_field(changes: dict[str, Any], field: str) -> None:
    event = object_event(**changes)
    if changes.get("type") == "AggregationEvent":
        event["action"] = "ADD"
    error = refused(event, line=7)
    assert (error.source, error.row, error.field) == ("x.json", 3, field)
    assert "line 7" in error.message


def test_shuffled_mandatory_fields() -> None:
    assert refused(object_event(), disordered=True).field == "action"


@pytest.mark.parametrize(
    "changes",
    [
        {"bizStep": "https://example.com/steps/x", "disposition": "urn:epcglobal:cbv:disp:in_transit"},
        {"epcList": None, "sensorElementList": [{"sensorReport": [{"value": "4.5"}]}]},
        {"ext:own": 1, "ilmd": {"ext:own": 1}, "quantityList": [{"epcClass": "urn:x:1", "quantity": "1e3"}]},
        {"quantityList": [{"epcClass": "urn:x:1", "quantity": {"@{xsi}nil": "true"}}]},
        {"errorDeclaration": {"declarationTime": "2025-03-02T10:10Z"}},
        {"type": "AggregationEvent", "action": "OBSERVE", "epcList": None, "childEPCs": ["urn:x:1"]},
        {"type": "TransformationEvent", "action": None, "transformationID": "urn:x:t"},
    ],
)
def test_what_the_standard_allows_passes(changes: dict[str, Any]) -> None:
    check_event(EventPiece(1, object_event(**changes), {}), "x.json")
