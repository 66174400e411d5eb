"""XML step by step: records are handed over one by one, entities are refused."""

import io

import pytest

from suyuan.errors import IngestError
from suyuan.ingest.epcis.xmlnodes import Node, XmlDocument, plain_name
from tests.unit.ingest.epcis.writing import xml_document


def records(text: str) -> list[Node]:
    return list(XmlDocument(io.BytesIO(text.encode()), "x.xml").records())


def test_events_are_handed_over_and_not_kept() -> None:
    document = XmlDocument(
        io.BytesIO(xml_document("<A><x>1</x></A><extension><B/></extension>").encode()), "x.xml"
    )
    assert [node.name for node in document.records()] == ["A", "B"]
    assert document.root is not None
    body = document.root.child("EPCISBody")
    assert body is not None
    assert body.children[0].children == []


def test_names_of_the_standard_are_local_and_others_are_not() -> None:
    assert plain_name("urn:epcglobal:epcis:xsd:2 eventTime") == "eventTime"
    assert plain_name("eventTime") == "eventTime"
    assert plain_name("https://example.com/ext/ note") == "{https://example.com/ext/}note"


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a>&b;</a>',
        '<!DOCTYPE a [<!ENTITY % b SYSTEM "http://example.com/x"> %b;]><a/>',
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    ],
)
def test_entities_are_refused(head: str) -> None:
    with pytest.raises(IngestError, match="entity"):
        records(head)


def test_a_bare_document_type_is_harmless() -> None:
    assert records("<!DOCTYPE project>\n" + xml_document("<A/>").partition("?>")[2])[0].name == "A"


def test_damage_is_told_with_its_place() -> None:
    with pytest.raises(IngestError, match="line 2, column 5: mismatched tag"):
        records("<a>\n  </b>")
    with pytest.raises(IngestError, match="no element found"):
        records("<a>")
    with pytest.raises(IngestError, match="deep"):
        records("<a>" * 300)
