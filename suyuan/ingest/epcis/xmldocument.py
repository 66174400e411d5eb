"""EPCIS 1.2 and 2.0 in XML: documents, query results, bare events, master data documents."""

from collections.abc import Callable, Iterator
from typing import Any

from suyuan.errors import IngestError
from suyuan.ingest.epcis.model import (
    EPC_LISTS,
    EVENT_TYPES,
    PAIR_LISTS,
    QUANTITY_LISTS,
    EventPiece,
    Json,
    VocabularyPiece,
)
from suyuan.ingest.epcis.xmlnodes import Node, XmlDocument
from suyuan.ingest.sources import InputFile, open_bytes

Piece = EventPiece | VocabularyPiece

_WRAPPERS = ("extension", "baseExtension")
_SCHEMA_2 = ("urn:epcglobal:epcis:xsd:2", "urn:epcglobal:epcis-query:xsd:2")


def xml_pieces(file: InputFile) -> Iterator[Piece]:
    """The events and vocabulary elements of a document, one by one.

    Raises
    ------
    IngestError
        The text is no XML that is read, or no EPCIS document.
    """
    count = 0
    with open_bytes(file) as stream:
        document = XmlDocument(stream, file.name)
        for node in document.records():
            if node.name == "VocabularyElement":
                yield _element(node)
            else:
                count += 1
                yield _piece(node, count, document)
    root = document.root
    if root is not None and root.name in EVENT_TYPES:
        yield _piece(root, 1, document)
    elif root is None or not root.name.startswith("EPCIS"):
        found = root.name if root else "nothing"
        raise IngestError(f"is no EPCIS document: its root is {found!r}.", source=file.name)
    elif not _has_body(root):
        raise IngestError(
            "is missing; expected the body of an EPCIS document.", source=file.name, field="EPCISBody"
        )


def _has_body(root: Node) -> bool:
    return root.child("EPCISBody") is not None


def _element(node: Node) -> VocabularyPiece:
    attributes: dict[str, list[Any]] = {}
    for attribute in node.children:
        if attribute.name == "attribute":
            attributes.setdefault(attribute.attributes.get("id", ""), []).append(_value(attribute, "id"))
    children = node.child("children")
    names = tuple(child.text for child in children.children) if children else ()
    return VocabularyPiece(node.vocabulary, node.attributes.get("id", ""), attributes, names)


def _piece(node: Node, number: int, document: XmlDocument) -> EventPiece:
    event, order = _event(node)
    disordered = False
    if document.schema in _SCHEMA_2 and "eventTime" in order and "action" in order:
        # Exporters shuffle what is optional, and nothing is lost by reading it. The two fields that say when and
        # what are held to the order of the schema (EPCIS 2.0, section 9.5).
        disordered = order.index("action") < order.index("eventTime")
    return EventPiece(number, event, None, node.line, disordered)


def _event(node: Node) -> tuple[Json, list[str]]:
    """An event in the form of the JSON binding, and the names of its elements in order."""
    event: Json = {"type": node.name}
    order: list[str] = []
    for child in _unwrapped(node):
        order.append(child.name)
        shape = _SHAPES.get(child.name, _value)
        value = shape(child)
        if child.name in event and child.name not in _SHAPES:
            known = event[child.name]
            event[child.name] = [*(known if isinstance(known, list) else [known]), value]
        else:
            event[child.name] = value
    return event, order


def _unwrapped(node: Node) -> Iterator[Node]:
    """Children, those inside the extension points of the 1.2 schema included."""
    for child in node.children:
        if child.name in _WRAPPERS:
            yield from _unwrapped(child)
        else:
            yield child


def _value(node: Node, without: str = "") -> Any:
    """Text where there is nothing else; otherwise an object of attributes, children and text."""
    attributes = {f"@{name}": value for name, value in node.attributes.items() if name != without}
    children = list(_unwrapped(node))
    if not attributes and not children:
        return node.text
    found: Json = dict(attributes)
    for child in children:
        value = _value(child)
        if child.name in found:
            known = found[child.name]
            found[child.name] = [*(known if isinstance(known, list) else [known]), value]
        else:
            found[child.name] = value
    if node.text:
        found["#text"] = node.text
    return found


def _texts(node: Node) -> list[Any]:
    return [_value(child) for child in _unwrapped(node)]


def _pairs(node: Node) -> list[Json]:
    found: list[Json] = []
    for child in _unwrapped(node):
        others = {f"@{name}": value for name, value in child.attributes.items() if name != "type"}
        typed = {"type": child.attributes["type"]} if "type" in child.attributes else {}
        found.append({**typed, child.name: child.text, **others})
    return found


def _grouped(node: Node) -> Json:
    """An object of lists: `persistentDisposition`."""
    found: Json = {}
    for child in _unwrapped(node):
        found.setdefault(child.name, []).append(_value(child))
    return found


def _sensors(node: Node) -> list[Json]:
    found: list[Json] = []
    for element in _unwrapped(node):
        sensor: Json = {}
        for child in _unwrapped(element):
            if child.name == "sensorReport":
                sensor.setdefault("sensorReport", []).append(_attributes(child))
            elif child.name == "sensorMetadata":
                sensor["sensorMetadata"] = _attributes(child)
            else:
                known = sensor.get(child.name)
                value = _value(child)
                sensor[child.name] = value if known is None else [*_as_list(known), value]
        found.append(sensor)
    return found


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _attributes(node: Node) -> Json:
    inner = {child.name: _value(child) for child in _unwrapped(node)}
    return {**node.attributes, **inner}


def _error(node: Node) -> Json:
    found: Json = {}
    for child in _unwrapped(node):
        found[child.name] = _texts(child) if child.name == "correctiveEventIDs" else _value(child)
    return found


def _object(node: Node) -> Any:
    """An object even where it is empty."""
    return _value(node) or {}


_SHAPES: dict[str, Callable[[Node], Any]] = {
    **dict.fromkeys(EPC_LISTS, _texts),
    **dict.fromkeys(QUANTITY_LISTS, _texts),
    **dict.fromkeys(PAIR_LISTS, _pairs),
    "persistentDisposition": _grouped,
    "sensorElementList": _sensors,
    "errorDeclaration": _error,
    "ilmd": _object,
}
