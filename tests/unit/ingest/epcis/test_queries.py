"""Files that ask for events: said to be what they are, refused where they ask wrongly."""

import json
from pathlib import Path

import pytest

from suyuan.errors import IngestError
from suyuan.ingest.epcis.queries import check_query
from tests.unit.ingest.epcis.writing import input_file


def xml_query(inner: str) -> str:
    return (
        '<q:EPCISQueryDocument xmlns:q="urn:epcglobal:epcis-query:xsd:2"><EPCISBody><q:Poll>'
        f"{inner}</q:Poll></EPCISBody></q:EPCISQueryDocument>"
    )


NAME = "<queryName>SimpleEventQuery</queryName>"


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (json.dumps({"eventType": ["ObjectEvent"], "GE_eventTime": "soon"}), "GE_eventTime"),
        (json.dumps({"GE_eventDate": "2025-01-01T00:00:00Z"}), "GE_eventDate"),
        (json.dumps({"EQ_action": ["SHIP"]}), "EQ_action"),
        (json.dumps({"orderDirection": "UP"}), "orderDirection"),
        (xml_query(""), "queryName"),
        (xml_query(NAME + "<params><param><value/></param></params>"), "param.name"),
        (xml_query(NAME + "<params><param><name>EQ_readPoint</name></param></params>"), "EQ_readPoint.value"),
    ],
)
def test_wrong_queries_are_refused_by_parameter(tmp_path: Path, content: str, field: str) -> None:
    path = tmp_path / ("q.xml" if content.startswith("<") else "q.json")
    path.write_text(content)
    with pytest.raises(IngestError) as caught:
        check_query(input_file(path))
    assert caught.value.field == field


def test_right_queries_pass(tmp_path: Path) -> None:
    path = tmp_path / "q.json"
    parameters = {
        "@context": "x",
        "EQ_bizTransaction_po": ["a"],
        "GE_https://example.com/#x": 3,
        "MATCH_epc": ["urn:x:1"],
        "EQ_SENSORREPORT_type": "x",
        "GE_eventTime": "2025-01-01T00:00:00Z",
    }
    path.write_text(json.dumps(parameters))
    check_query(input_file(path))
    path = tmp_path / "q.xml"
    value = "<value><string>ADD</string></value>"
    path.write_text(xml_query(NAME + f"<params><param><name>EQ_action</name>{value}</param></params>"))
    check_query(input_file(path))
