"""EPCIS documents for tests, and what the readers make of them."""

import json
from pathlib import Path
from typing import Any

from suyuan.ingest.epcis.documents import read_pieces
from suyuan.ingest.epcis.model import EventPiece, VocabularyPiece
from suyuan.ingest.sources import InputFile, find_files

CONTEXT = ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld", {"ext": "https://example.com/ext/"}]


def object_event(**more: Any) -> dict[str, Any]:
    """A small valid event; None leaves a field out."""
    event = {
        "type": "ObjectEvent",
        "eventTime": "2025-03-02T10:10:00+08:00",
        "eventTimeZoneOffset": "+08:00",
        "action": "OBSERVE",
        "epcList": ["urn:epc:id:sgtin:0614141.107346.2017"],
        **more,
    }
    return {name: value for name, value in event.items() if value is not None}


def document(*events: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A document of events."""
    head = {"@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0"}
    return {**head, **more, "epcisBody": {"eventList": list(events)}}


def json_file(folder: Path, content: object, name: str = "events.jsonld") -> Path:
    """A JSON document on disk; text is written as it is."""
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def xml_document(inner: str, *, version: int = 2, root: str = "epcis:EPCISDocument") -> str:
    """An XML document around an event list."""
    return (
        f'<?xml version="1.0"?><{root} xmlns:epcis="urn:epcglobal:epcis:xsd:{version}" '
        f'xmlns:ext="https://example.com/ext/" schemaVersion="{version}.0">'
        f"<EPCISBody><EventList>{inner}</EventList></EPCISBody></{root}>"
    )


def input_file(path: Path) -> InputFile:
    """A file as the ingest finds it."""
    return find_files([path]).files[0]


def events(path: Path) -> list[EventPiece]:
    """The events of a document."""
    return [piece for piece in read_pieces(input_file(path)) if isinstance(piece, EventPiece)]


def elements(path: Path) -> list[VocabularyPiece]:
    """The vocabulary elements of a document."""
    return [piece for piece in read_pieces(input_file(path)) if isinstance(piece, VocabularyPiece)]
