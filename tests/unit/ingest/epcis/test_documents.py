"""Which kind of file it is, by its beginning."""

import json
from pathlib import Path

import pytest

from suyuan.ingest.epcis.documents import document_class
from tests.unit.ingest.epcis.writing import document, input_file, object_event, xml_document

POLL = '<epcisq:Poll xmlns:epcisq="x"><queryName>SimpleEventQuery</queryName></epcisq:Poll>'


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.json", json.dumps(document()), "document"),
        ("a.jsonld", "\ufeff" + json.dumps(document(), indent=1), "document"),
        ("a.json", json.dumps(object_event()), "document"),
        ("a.json", json.dumps({"@context": "x", "GE_eventTime": "2025-01-01T00:00:00Z"}), "query"),
        ("a.json", json.dumps({"captureID": "x", "running": True}), "capture job"),
        ("a.json", json.dumps({"data": {"stations": {}}}), None),
        ("a.json", "[]", None),
        ("a.csv", json.dumps(document()), None),
        ("a.xml", xml_document(""), "document"),
        ("a.xml", "<!-- <x> --><!DOCTYPE p>\n<ObjectEvent></ObjectEvent>", "document"),
        (
            "a.xml",
            '<epcisq:EPCISQueryDocument xmlns:epcisq="x">' + POLL + "</epcisq:EPCISQueryDocument>",
            "query",
        ),
        ("a.xml", '<epcis:EPCISCaptureJob\n xmlns:epcis="x"/>', "capture job"),
        ("a.xml", "<html/>", None),
        ("a.xml", "", None),
    ],
)
def test_classes(tmp_path: Path, name: str, content: str, expected: str | None) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    assert document_class(input_file(path)) == expected


def test_utf16(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonld"
    path.write_text(json.dumps(document()), encoding="utf-16")
    assert document_class(input_file(path)) == "document"
