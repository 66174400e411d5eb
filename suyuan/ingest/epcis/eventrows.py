"""Events as rows of the table ``transformations``, batch by batch, with what numbering and movements need."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from suyuan.graph.ids import canonical_id
from suyuan.ingest.epcis.eventhash import event_hash
from suyuan.ingest.epcis.model import PAIR_LISTS, QUANTITY_LISTS, EventPiece, Json, list_of
from suyuan.ingest.epcis.vocabulary import BIZ_STEPS, DISPOSITIONS, ERROR_REASONS, PARTIES

KEPT_AS_JSON = (
    "recordTime",
    "eventTimeZoneOffset",
    "transformationID",
    "certificationInfo",
    "persistentDisposition",
    "errorDeclaration",
    "sensorElementList",
    "ilmd",
    "extensions",
    *PAIR_LISTS,
    *QUANTITY_LISTS,
)
"""Fields kept whole, as extra properties; ``extensions`` holds those of other vocabularies."""

TEXTS = (
    "site_id",
    "at",
    "event_type",
    "action",
    "biz_step",
    "disposition",
    "read_point",
    "parent_lot",
    "event_hash",
    "error_declared_at",
    "error_reason",
)
LISTS = ("input_lots", "output_lots", "lots", "child_lots", "corrective_event_ids")
CONTENT_BYTES = 48
ITEM_BYTES = 16

SCHEMA = pa.schema(
    [
        pa.field("number", pa.int64()),
        pa.field("base", pa.string()),
        pa.field("content", pa.binary(CONTENT_BYTES)),
        pa.field("micros", pa.int64()),
        pa.field("items", pa.binary(ITEM_BYTES)),
        pa.field("shipper", pa.string()),
        pa.field("consignee", pa.string()),
        pa.field("quantity", pa.string()),
        pa.field("unit", pa.string()),
        *(pa.field(name, pa.string()) for name in TEXTS),
        *(pa.field(name, pa.list_(pa.string())) for name in LISTS),
        *(pa.field(name, pa.string()) for name in KEPT_AS_JSON),
    ]
)
"""What is kept of an event until it is written.

``base`` is its eventID or, without one, its hash; ``content`` tells events of one id apart (the SHA-256 of the
event hash, then a digest of its error declaration); ``micros`` its time; ``items`` a digest of the things that
a shipping or receiving event names, null for all other events.
"""

_MOST_ROWS = 20_000
_MOST_CHARACTERS = 16 << 20
_LOCATION = PARTIES.full("location")
_MOVES = ("shipping", "receiving")


def event_batches(rows: Iterable[Json]) -> Iterator[pa.RecordBatch]:
    """Rows in batches of :data:`SCHEMA`, each of a bounded size."""
    kept: list[Json] = []
    size = 0
    for row in rows:
        kept.append(row)
        size += sum(len(row[name]) for name in KEPT_AS_JSON if row.get(name)) + 64 * len(row["lots"] or ())
        if len(kept) >= _MOST_ROWS or size >= _MOST_CHARACTERS:
            yield pa.RecordBatch.from_pylist(kept, schema=SCHEMA)
            kept, size = [], 0
    if kept:
        yield pa.RecordBatch.from_pylist(kept, schema=SCHEMA)


def event_row(piece: EventPiece) -> Json:
    """The row of one checked event."""
    event = piece.event
    hashed = event_hash(event, piece.prefixes)
    place, read_point = _place(event, "bizLocation"), _place(event, "readPoint")
    inputs, outputs = _items(event, "inputEPCList"), _items(event, "outputEPCList")
    children, parent = _items(event, "childEPCs"), _text(event.get("parentID"))
    lots = _distinct([*_items(event, "epcList"), *([parent] if parent else []), *children])
    step = BIZ_STEPS.bare(_text(event.get("bizStep")))
    moves = step in _MOVES and event["type"] != "TransformationEvent"
    aggregates = event["type"] == "AggregationEvent"
    row: Json = {
        "number": piece.number,
        "base": _text(event.get("eventID")) or hashed,
        "content": _content(hashed, event),
        "micros": microseconds(_text(event["eventTime"])),
        "items": items_digest(lot_id(lot) for lot in lots) if moves and lots else None,
        **(shipping_facts(event, lots) if moves else {}),
        "site_id": place or read_point or None,
        "at": _text(event["eventTime"]),
        "event_type": event["type"],
        "action": event.get("action"),
        "biz_step": step or None,
        "disposition": DISPOSITIONS.bare(_text(event.get("disposition"))) or None,
        "read_point": read_point if place and read_point != place else None,
        "parent_lot": lot_id(parent) if parent and aggregates else None,
        "event_hash": hashed,
        "input_lots": inputs,
        "output_lots": outputs,
        "lots": lots,
        "child_lots": children if aggregates else None,
    }
    row |= _declared_error(event.get("errorDeclaration"))
    return row | _kept(event)


def named_places(event: Json) -> Iterator[str]:
    """Keys of all locations that an event names."""
    for name in ("bizLocation", "readPoint"):
        if key := _place(event, name):
            yield key
    for key, kind in _references(event):
        if PARTIES.full(kind) == _LOCATION:
            yield key


def named_parties(event: Json) -> Iterator[str]:
    """Keys of all parties that an event names as owning or holding the goods before or after."""
    words = [PARTIES.full(word) for word in ("possessing_party", "owning_party")]
    for key, kind in _references(event):
        if PARTIES.full(kind) in words:
            yield key


def lot_id(key: str) -> str:
    """Canonical id of the lot that an EPC, class or lot identifier names.

    Examples
    --------
    >>> lot_id("urn:epc:id:sscc:08600031303.0004")
    'Lot:urn:epc:id:sscc:08600031303.0004'
    """
    return canonical_id("Lot", "", key)


def items_digest(lots: Iterable[str]) -> bytes:
    """A digest of a set of lots by their canonical ids."""
    joined = "\n".join(sorted(set(lots)))
    return hashlib.blake2b(joined.encode("utf-8", "surrogatepass"), digest_size=ITEM_BYTES).digest()


def content_key(hashed: str, declaration: str | None) -> bytes:
    """What tells events of one id apart: the bytes of the event hash, then a digest of the error declaration."""
    found = bytes.fromhex(hashed.removeprefix("ni:///sha-256;").partition("?")[0])
    if not declaration:
        return found.ljust(CONTENT_BYTES, b"\0")
    return found + hashlib.blake2b(declaration.encode("utf-8", "surrogatepass"), digest_size=16).digest()


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(text: str) -> int:
    """A checked time as microseconds UTC; digits behind the microsecond are dropped."""
    head, _, rest = text.strip().replace("Z", "+00:00").partition(".")
    digits = ""
    if rest:
        place = max(rest.find("+"), rest.find("-"))
        digits, head = rest[:place], head + rest[place:]
    moment = datetime.fromisoformat(head)
    return (moment - _EPOCH) // timedelta(microseconds=1) + int(digits[:6].ljust(6, "0"))


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _place(event: Json, name: str) -> str:
    place = event.get(name)
    return _text(place.get("id")) if isinstance(place, dict) else ""


def _items(event: Json, name: str) -> list[str]:
    """Identifiers of single things and of classes that stand in one role."""
    classes = {"epcList": "quantityList", "childEPCs": "childQuantityList"}
    quantities = classes.get(name) or name.replace("EPCList", "QuantityList")
    found = [_text(entry) for entry in list_of(event.get(name))]
    found += [_text(element.get("epcClass")) for element in list_of(event.get(quantities))]
    return _distinct([entry for entry in found if entry])


def _distinct(entries: list[str]) -> list[str]:
    return list(dict.fromkeys(entries))


def shipping_facts(event: Json, lots: Sequence[str]) -> Json:
    """What a shipping event tells of its movement: parties, and the quantity where it is about one class only."""
    facts: Json = {"shipper": _party(event, "source"), "consignee": _party(event, "destination")}
    elements = list_of(event.get("quantityList"))
    if len(elements) == 1 and len(lots) == 1:
        quantity = elements[0].get("quantity")
        told = None if isinstance(quantity, dict) or quantity in (None, "") else str(quantity)
        facts |= {"quantity": told, "unit": _text(elements[0].get("uom")) or None}
    return facts


def _references(event: Json) -> Iterator[tuple[str, str]]:
    for name in ("sourceList", "destinationList"):
        for entry in list_of(event.get(name)):
            yield _text(entry.get(PAIR_LISTS[name])), _text(entry.get("type"))


def _party(event: Json, side: str) -> str | None:
    """Who holds the goods on one side, else who owns them."""
    found = {
        PARTIES.bare(_text(entry.get("type"))): _text(entry.get(side))
        for entry in list_of(event.get(f"{side}List"))
    }
    return found.get("possessing_party") or found.get("owning_party") or None


def _content(hashed: str, event: Json) -> bytes:
    error = event.get("errorDeclaration")
    return content_key(hashed, json_text(error) if error else None)


def _declared_error(error: Any) -> Json:
    if not isinstance(error, dict):
        return {}
    return {
        "error_declared_at": _text(error.get("declarationTime")),
        "error_reason": ERROR_REASONS.bare(_text(error.get("reason"))) or None,
        "corrective_event_ids": [_text(entry) for entry in list_of(error.get("correctiveEventIDs"))],
    }


def _kept(event: Json) -> Json:
    kept: Json = {
        name: json_text(event[name]) for name in KEPT_AS_JSON if event.get(name) not in (None, "", [])
    }
    others = {name: value for name, value in event.items() if ":" in name}
    if others:
        kept["extensions"] = json_text(others)
    return kept


def json_text(value: Any) -> str:
    """A value as JSON with sorted keys, without lone surrogates."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def as_json(values: pa.Array) -> pa.Array:
    """A column of JSON texts, marked as such."""
    return pa.ExtensionArray.from_storage(pa.json_(), values)
