"""JSON and JSON-LD documents as events and vocabulary elements."""

from pathlib import Path

import pytest

from suyuan.errors import IngestError
from tests.unit.ingest.epcis.writing import CONTEXT, document, elements, events, json_file, object_event


def test_documents_query_results_and_bare_events(tmp_path: Path) -> None:
    event = object_event(**{"ext:note": {"ext:inner": 1}})
    query = {"type": "EPCISQueryDocument", "@context": CONTEXT}
    results = {"queryResults": {"queryName": "q", "resultsBody": {"eventList": [event]}}}
    for content in (
        document(event),
        {**query, "epcisBody": results},
        {"@context": CONTEXT, "epcisBody": {"event": event}, "type": "EPCISDocument"},
        {**event, "@context": CONTEXT},
    ):
        found = events(json_file(tmp_path, content))
        assert [piece.number for piece in found] == [1]
        assert found[0].event["{https://example.com/ext/}note"] == {"{https://example.com/ext/}inner": 1}


def test_a_context_may_follow_the_events_and_events_may_add_to_it(tmp_path: Path) -> None:
    own = object_event(**{"@context": [{"own": "urn:own:"}], "own:x": 1, "ext:y": 2, "comment": "left out"})
    content = document(own)
    content["@context"] = content.pop("@context")
    found = events(json_file(tmp_path, content))[0]
    assert {name for name in found.event if "{" in name} == {"{urn:own:}x", "{https://example.com/ext/}y"}
    assert "comment" not in found.event


def test_master_data_of_the_header(tmp_path: Path) -> None:
    attribute = {"id": "urn:epcglobal:cbv:mda#name", "attribute": "Mill"}
    vocabulary = {
        "type": "urn:epcglobal:epcis:vtype:Location",
        "vocabularyElementList": [
            {"id": "urn:x:1", "attributes": [attribute, attribute], "children": ["urn:x:2"]}
        ],
    }
    header = {"epcisMasterData": {"vocabularyList": [vocabulary]}}
    found = elements(json_file(tmp_path, document(epcisHeader=header)))
    assert [(piece.id, dict(piece.attributes), piece.children) for piece in found] == [
        ("urn:x:1", {"urn:epcglobal:cbv:mda#name": ["Mill", "Mill"]}, ("urn:x:2",))
    ]


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"type": "EPCISDocument", "epcisBody": {"eventList": []}}, "@context"),
        ({"type": "EPCISDocument", "@context": CONTEXT}, "epcisBody"),
        ({"type": "EPCISDocument", "@context": CONTEXT, "epcisBody": {"eventList": [3]}}, "eventList"),
    ],
)
def test_incomplete_documents_are_refused(tmp_path: Path, content: object, field: str) -> None:
    with pytest.raises(IngestError) as caught:
        events(json_file(tmp_path, content))
    assert caught.value.field == field
