"""XML documents of both versions give the events that their JSON twins give."""

from pathlib import Path

import pytest

from suyuan.errors import IngestError
from suyuan.ingest.epcis.eventhash import event_hash
from tests.unit.ingest.epcis.writing import document, elements, events, json_file, xml_document

EVENT = {
    "type": "TransactionEvent",
    "eventTime": "2025-03-02T10:10:00+08:00",
    "eventTimeZoneOffset": "+08:00",
    "bizTransactionList": [{"type": "po", "bizTransaction": "urn:x:po:1"}, {"bizTransaction": "urn:x:po:2"}],
    "parentID": "urn:epc:id:sscc:0614141.1234567890",
    "epcList": ["urn:epc:id:sgtin:0614141.107346.2017"],
    "quantityList": [{"epcClass": "urn:epc:class:lgtin:4012345.011111.4444", "quantity": 10.0, "uom": "KGM"}],
    "action": "ADD",
    "bizStep": "shipping",
    "persistentDisposition": {"set": ["completeness_verified"]},
    "readPoint": {"id": "urn:epc:id:sgln:0614141.07346.1234"},
    "sourceList": [{"type": "owning_party", "source": "urn:epc:id:pgln:4012345.00225"}],
    "sensorElementList": [
        {
            "sensorMetadata": {"time": "2025-03-02T10:00:00+08:00"},
            "sensorReport": [{"type": "Temperature", "value": 26, "booleanValue": True}],
        }
    ],
    "ext:note": {"ext:inner": ["a", "b"]},
}
XML = """<TransactionEvent>
  <eventTime>2025-03-02T10:10:00+08:00</eventTime><eventTimeZoneOffset>+08:00</eventTimeZoneOffset>
  <bizTransactionList><bizTransaction type="urn:epcglobal:cbv:btt:po"> urn:x:po:1
    </bizTransaction><bizTransaction>urn:x:po:2</bizTransaction></bizTransactionList>
  <parentID>urn:epc:id:sscc:0614141.1234567890</parentID>
  <epcList><epc>urn:epc:id:sgtin:0614141.107346.2017</epc></epcList>
  <action>ADD</action><bizStep>urn:epcglobal:cbv:bizstep:shipping</bizStep>
  <readPoint><id>urn:epc:id:sgln:0614141.07346.1234</id></readPoint>
  <extension>
    <quantityList><quantityElement><epcClass>urn:epc:class:lgtin:4012345.011111.4444</epcClass>
      <quantity>10</quantity><uom>KGM</uom></quantityElement></quantityList>
    <sourceList><source type="urn:epcglobal:cbv:sdt:owning_party">urn:epc:id:pgln:4012345.00225</source></sourceList>
    <extension>
      <sensorElementList><sensorElement><sensorMetadata time="2025-03-02T10:00:00+08:00"/>
        <sensorReport type="gs1:Temperature" value="26.0" booleanValue="true"/></sensorElement></sensorElementList>
      <persistentDisposition><set>urn:epcglobal:cbv:disp:completeness_verified</set></persistentDisposition>
    </extension>
  </extension>
  <ext:note><ext:inner>a</ext:inner><ext:inner>b</ext:inner></ext:note>
</TransactionEvent>"""


def test_both_syntaxes_have_one_hash(tmp_path: Path) -> None:
    path = tmp_path / "events.xml"
    path.write_text(xml_document(f"<extension>{XML}</extension>", version=1))
    one = events(path)[0]
    other = events(json_file(tmp_path, document(EVENT)))[0]
    assert event_hash(one.event, one.prefixes) == event_hash(other.event, other.prefixes)
    assert one.event["{https://example.com/ext/}note"] == {"{https://example.com/ext/}inner": ["a", "b"]}
    assert one.event["sensorElementList"][0]["sensorReport"] == [
        {"type": "gs1:Temperature", "value": "26.0", "booleanValue": "true"}
    ]


def test_qualified_names_and_bare_events(tmp_path: Path) -> None:
    path = tmp_path / "event.xml"
    path.write_text(
        '<e:ObjectEvent xmlns:e="urn:epcglobal:epcis:xsd:2"><e:eventTime>x</e:eventTime>'
        "<e:epcList><e:epc>urn:x:1</e:epc></e:epcList></e:ObjectEvent>"
    )
    assert events(path)[0].event == {"type": "ObjectEvent", "eventTime": "x", "epcList": ["urn:x:1"]}


@pytest.mark.parametrize(("version", "disordered"), [(1, False), (2, True)])
def test_the_order_of_time_and_action(tmp_path: Path, version: int, disordered: bool) -> None:
    path = tmp_path / "events.xml"
    inner = "<ObjectEvent><action>ADD</action><eventTime>x</eventTime></ObjectEvent>"
    path.write_text(xml_document(inner, version=version))
    assert events(path)[0].disordered is disordered


def test_master_data_document(tmp_path: Path) -> None:
    path = tmp_path / "md.xml"
    path.write_text(
        '<m:EPCISMasterDataDocument xmlns:m="urn:epcglobal:epcis-masterdata:xsd:2"><EPCISBody><VocabularyList>'
        '<Vocabulary type="urn:epcglobal:epcis:vtype:ReadPoint"><VocabularyElementList>'
        '<VocabularyElement id="urn:x:1"><attribute id="urn:epcglobal:cbv:mda:name">Dock</attribute>'
        "<children><id>urn:x:2</id></children></VocabularyElement></VocabularyElementList></Vocabulary>"
        "</VocabularyList></EPCISBody></m:EPCISMasterDataDocument>"
    )
    found = elements(path)
    assert [(piece.vocabulary, piece.id, dict(piece.attributes), piece.children) for piece in found] == [
        (
            "urn:epcglobal:epcis:vtype:ReadPoint",
            "urn:x:1",
            {"urn:epcglobal:cbv:mda:name": ["Dock"]},
            ("urn:x:2",),
        )
    ]


def test_other_xml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    path.write_text("<EPCISDocument/>")
    with pytest.raises(IngestError) as caught:
        events(path)
    assert caught.value.field == "EPCISBody"
    path.write_text("<html/>")
    with pytest.raises(IngestError, match="root is 'html'"):
        events(path)
