"""EPCIS 2.0 in JSON or JSON-LD: documents, query results, bare events, master data in the header."""

from collections.abc import Iterator, Mapping
from typing import Any

from suyuan.errors import IngestError
from suyuan.ingest.epcis.jsontext import JsonText
from suyuan.ingest.epcis.model import EVENT_TYPES, EventPiece, Json, VocabularyPiece, list_of
from suyuan.ingest.sources import InputFile, open_bytes

Piece = EventPiece | VocabularyPiece

_COMMENTS = ("comment", "rdfs:comment", "@context")


def json_pieces(file: InputFile) -> Iterator[Piece]:
    """The events and vocabulary elements of a document, one by one.

    Raises
    ------
    IngestError
        The text is no JSON, or no EPCIS document.
    """
    prefixes: dict[str, str] | None = None
    with open_bytes(file) as stream:
        reading = _Reading(JsonText(stream, file.name), file)
        for piece in reading.pieces():
            if isinstance(piece, EventPiece) and not reading.context_seen:
                # The context may follow the events: then it is looked up first.
                prefixes = prefixes if prefixes is not None else _context_of(file)
                own = {**prefixes, **(piece.prefixes or {})}
                piece = EventPiece(piece.number, expanded(piece.event, own), own)
            yield piece
        reading.check()


def _context_of(file: InputFile) -> dict[str, str]:
    with open_bytes(file) as stream:
        reading = _Reading(JsonText(stream, file.name), file)
        for _ in reading.pieces():
            pass
    return reading.prefixes


class _Reading:
    """A walk through one document."""

    def __init__(self, text: JsonText, file: InputFile) -> None:
        self._text = text
        self._file = file
        self._events = 0
        self._body = False
        self._elements = 0
        self.context_seen = False
        self.prefixes: dict[str, str] = {}

    def pieces(self) -> Iterator[Piece]:
        fields: Json = {}
        for key in self._text.members():
            if key == "epcisBody":
                self._body = True
                yield from self._in_body()
            elif key == "epcisHeader":
                yield from self._in_header(self._text.value())
            else:
                fields[key] = self._text.value()
                if key == "@context":
                    self.context_seen = True
                    self.prefixes = prefixes_of(fields[key])
        self._text.end()
        if fields.get("type") in EVENT_TYPES and not self._body:
            self._body = True
            yield self._event(fields)

    def check(self) -> None:
        """Refuses a document without its mandatory parts."""
        if not self.context_seen:
            raise IngestError(
                "is missing; expected the JSON-LD context of EPCIS 2.0 at the top of the document.",
                source=self._file.name,
                field="@context",
            )
        if not self._body and not self._elements:
            raise IngestError(
                "is missing; expected the body of an EPCIS document.",
                source=self._file.name,
                field="epcisBody",
            )

    def _in_body(self) -> Iterator[Piece]:
        for key in self._text.members():
            if key == "eventList":
                for _ in self._text.items():
                    yield self._event(self._text.value())
            elif key == "event":
                yield self._event(self._text.value())
            elif key in ("queryResults", "resultsBody"):
                yield from self._in_body()
            elif key == "vocabularyList":
                yield from self._vocabularies(self._text.value())
            else:
                self._text.value()

    def _event(self, value: Any) -> EventPiece:
        self._events += 1
        if not isinstance(value, dict):
            raise IngestError(
                f"expected an object for each event, found {str(value)[:40]!r}.",
                source=self._file.name,
                row=self._events,
                field="eventList",
            )
        prefixes = {**self.prefixes, **prefixes_of(value.get("@context"))}
        event = expanded(value, prefixes) if self.context_seen else value
        return EventPiece(self._events, event, prefixes)

    def _in_header(self, header: Any) -> Iterator[Piece]:
        if isinstance(header, dict):
            data = header.get("epcisMasterData") or {}
            yield from self._vocabularies(data.get("vocabularyList") if isinstance(data, dict) else None)

    def _vocabularies(self, vocabularies: Any) -> Iterator[Piece]:
        for vocabulary in list_of(vocabularies):
            if not isinstance(vocabulary, dict):
                continue
            for element in list_of(vocabulary.get("vocabularyElementList")):
                if isinstance(element, dict) and isinstance(element.get("id"), str):
                    self._elements += 1
                    yield _element(str(vocabulary.get("type", "")), element)


def _element(vocabulary: str, element: Json) -> VocabularyPiece:
    attributes: dict[str, list[Any]] = {}
    for attribute in list_of(element.get("attributes")):
        if isinstance(attribute, dict) and "id" in attribute:
            attributes.setdefault(str(attribute["id"]), []).extend(list_of(attribute.get("attribute")))
    children = tuple(str(child) for child in list_of(element.get("children")))
    return VocabularyPiece(vocabulary, element["id"], attributes, children)


def prefixes_of(context: Any) -> dict[str, str]:
    """The namespaces that a JSON-LD context gives prefixes to; contexts named by address are left out."""
    found: dict[str, str] = {}
    for entry in list_of(context):
        if isinstance(entry, Mapping):
            found.update(
                {
                    prefix: name
                    for prefix, name in entry.items()
                    if isinstance(name, str) and prefix[:1] != "@"
                }
            )
    return found


def expanded(value: Any, prefixes: Mapping[str, str]) -> Any:
    """A value whose keys with a known prefix are spelled ``{namespace}local``; comments are left out."""
    if isinstance(value, dict):
        return {
            _full_name(key, prefixes): expanded(entry, prefixes)
            for key, entry in value.items()
            if key not in _COMMENTS
        }
    if isinstance(value, list):
        return [expanded(entry, prefixes) if isinstance(entry, dict | list) else entry for entry in value]
    return value


def _full_name(key: str, prefixes: Mapping[str, str]) -> str:
    prefix, colon, local = key.partition(":")
    return f"{{{prefixes[prefix]}}}{local}" if colon and prefix in prefixes else key
