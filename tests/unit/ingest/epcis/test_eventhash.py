"""The event hash against the reference implementation of its authors, and against the rules by themselves."""

import json
from pathlib import Path
from typing import Any, cast

import pytest
from epcis_event_hash_generator import hash_generator, json_to_py, xml_to_py

from suyuan.ingest.epcis.documents import document_class
from suyuan.ingest.epcis.eventhash import canonical_number, canonical_time, event_hash, pre_hash
from tests.unit.ingest.epcis.writing import CONTEXT, events, input_file, object_event

OLD_CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
"""The address of the context that the reference implementation ships."""


def reference(path: Path) -> list[str]:
    """Pre-hash texts of the reference implementation; none where it cannot tell."""
    cast(dict[str, str], json_to_py._namespaces).clear()  # pyright: ignore[reportPrivateUsage]
    text = path.read_text(encoding="utf-8-sig")
    read = xml_to_py if path.suffix == ".xml" else json_to_py
    text = text.replace("https://ref.gs1.org/standards/epcis/epcis-context.jsonld", OLD_CONTEXT)
    try:
        found = read.event_list_from_epcis_document_str(text)
        texts = cast(list[str], hash_generator.derive_prehashes_from_events(found))
    except Exception:
        return []
    return texts if len(texts) == len(found[2]) else []


def explained(ours: str, theirs: str) -> str | None:
    """Why two texts differ; None where that is not known."""
    if "eventType={" in theirs:
        return "names with a prefix of EPCIS are names of EPCIS"
    mended = theirs.replace("=True", "=true").replace("=False", "=false")
    mended = mended.replace("=gs1:", "=https://gs1.org/voc/").replace("=cbv:", "=https://ref.gs1.org/cbv/")
    if sorted(mended) == sorted(ours):
        return "JSON truth values and prefixes are spelt as in XML"
    if "@context" in mended and ours.startswith(mended.partition("@context")[0]):
        return "the context of an event is none of its fields"
    if "111100001111000011110000" in ours and "111100001111000003641344" in mended:
        return "long numbers keep all their digits"
    return None


def compared(folder: Path) -> tuple[int, dict[tuple[str, int], str | None]]:
    """How many events both can tell the text of, and those whose texts differ."""
    count, differences = 0, dict[tuple[str, int], str | None]()
    for path in sorted(folder.rglob("*")):
        if "Invalid" in path.parts or path.suffix not in (".xml", ".json", ".jsonld"):
            continue
        theirs = reference(path) if document_class(input_file(path)) == "document" else []
        if not theirs:
            continue
        for piece, other in zip(events(path), theirs, strict=True):
            count += 1
            ours = pre_hash(piece.event, piece.prefixes)
            if ours != other:
                differences[path.relative_to(folder).as_posix(), piece.number] = explained(ours, other)
    return count, differences


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_texts_are_those_of_the_reference_implementation(samples: Path) -> None:
    count, differences = compared(samples / "epcis")
    unexplained = [place for place, why in differences.items() if why is None]
    assert unexplained == []
    assert count >= 280
    assert len(differences) <= 30, differences


def test_one_event_in_several_spellings_has_one_hash(samples: Path) -> None:
    """The second of the six has another offset and the last other extensions: those are other events."""
    folder = samples / "epcis" / "gs1" / "XML" / "WithEventHashID"
    found = {
        event_hash(piece.event, piece.prefixes)
        for number in (1, 3, 4, 5)
        for piece in events(folder / f"event_with_identical_hash_id_{number}.xml")
    }
    assert found == {
        "ni:///sha-256;f2bd33fd4e051713b781b82ae63a3375bbf23d464265437d3fc45eee5b600733?ver=CBV2.0"
    }


def test_what_takes_no_part_and_what_does() -> None:
    plain = event_hash(object_event(), {})
    assert plain.startswith("ni:///sha-256;")
    assert plain.endswith("?ver=CBV2.0")
    for left_out in ("eventID", "recordTime"):
        assert event_hash(object_event(**{left_out: "2025-03-02T00:00:00Z"}), {}) == plain
    assert event_hash(object_event(errorDeclaration={"declarationTime": "x"}), {}) == plain
    assert event_hash(object_event(eventTime="2025-03-02T02:10:00.0000Z"), {}) == plain
    for changed in ({"disposition": "active"}, {"ext:x": ""}, {"epcList": ["urn:x:1"]}, {"action": "ADD"}):
        assert event_hash(object_event(**changed), {}) != plain


def test_order_of_lists_and_spelling_of_words_do_not_matter() -> None:
    pair: list[dict[str, Any]] = [
        {"epcClass": "urn:x:1", "quantity": 1.50},
        {"epcClass": "urn:x:2", "quantity": 2},
    ]
    other = [{"quantity": "2.0", "epcClass": "urn:x:2"}, {"quantity": "+1.5", "epcClass": "urn:x:1"}]
    one = object_event(quantityList=pair, bizStep="shipping")
    again = object_event(quantityList=other, bizStep="urn:epcglobal:cbv:bizstep:shipping")
    assert event_hash(one, {}) == event_hash(again, {})


def test_pre_hash_text() -> None:
    event = object_event(**{"{urn:x}b": {"c": "1.0"}, "{urn:x}a": ["z", "y"]})
    assert pre_hash(event, {}) == (
        "eventType=ObjectEventeventTime=2025-03-02T02:10:00.000ZeventTimeZoneOffset=+08:00epcListepc="
        "https://id.gs1.org/01/10614141073464/21/2017action=OBSERVE{urn:x}a=y{urn:x}a=z{urn:x}bc=1"
    )
    assert json.dumps(CONTEXT)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2005-04-03T20:33:31.1165-06:00", "2005-04-04T02:33:31.117Z"),
        ("2005-12-31T23:59:59.9995Z", "2006-01-01T00:00:00.000Z"),
        ("2005-04-03T20:33:31", "2005-04-03T20:33:31.000Z"),
        ("9999-12-31T23:59:59.9999-01:00", "9999-12-31T23:59:59.9999-01:00"),
        ("yesterday", "yesterday"),
    ],
)
def test_times(text: str, expected: str) -> None:
    assert canonical_time(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+010.50", "10.5"),
        ("1e3", "1000"),
        ("-0.0", "0"),
        (".5", "0.5"),
        ("-012", "-12"),
        ("100", "100"),
        ("1.5e-3", "0.0015"),
    ],
)
def test_numbers(text: str, expected: str) -> None:
    assert canonical_number(text) == expected
