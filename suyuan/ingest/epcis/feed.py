"""EPCIS documents as feeds of a run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.store.base import View
from suyuan.graph.tables import TABLES
from suyuan.ingest.encoding import Examined
from suyuan.ingest.epcis.eventrows import KEPT_AS_JSON, LISTS, TEXTS, as_json
from suyuan.ingest.epcis.known import read_known, shipped_rows
from suyuan.ingest.epcis.model import Json
from suyuan.ingest.epcis.movements import MOVE_SCHEMA, Movement, matched, move_table
from suyuan.ingest.epcis.numbering import KeyBook, Keys
from suyuan.ingest.epcis.staging import Staged
from suyuan.ingest.mapping import Output
from suyuan.ingest.natives import values_as_array
from suyuan.ingest.parts import Part, Portion
from suyuan.ingest.sources import InputFile
from suyuan.ingest.tabular import RawBatch

_TABLES: Final = ("transformations", "sites", "firms", "products", "shipments")
_SHIPMENTS: Final = 4
_SHOWN = 5
_JSON_COLUMNS = ("attributes", "children")
_SHIPMENT_COLUMNS = (
    "shipment_id", "from_site", "to_site", "departed_at", "arrived_at", "lot_id", "lots", "quantity", "unit", "shipper",
    "consignee", "receiving_event",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receiving half of a movement: key, place and time, and its row in its document."""

    key: str
    site_id: str
    at: str
    row: int


@dataclass(slots=True)
class EventFeed:
    """The events, movements and master data of a document. It is read once :func:`settle` has seen it."""

    file: InputFile
    examined: Examined
    staged: Staged
    keys: Keys | None = None
    receipts: dict[int, Receipt] = field(default_factory=dict)
    """By place of a shipping event in this document."""
    from_store: list[tuple[Json, Receipt]] = field(default_factory=list)
    """Shipping events of the store whose receiving event is in this document."""

    @property
    def outputs(self) -> tuple[Output, ...]:
        """The tables that a document can make."""
        return tuple(Output(TABLES[name], {}) for name in _TABLES)

    @property
    def notes(self) -> tuple[str, ...]:
        """What kind of document it is where it has no events, and which ids stand for several."""
        staged, found = self.staged, []
        if staged.events == 0:
            found.append(
                f"{self.file.name}: EPCIS master data document, {staged.master_data.elements} elements, no events"
            )
        for vocabulary, count in sorted(staged.master_data.others.items()):
            found.append(
                f"{self.file.name}: {count} elements of {vocabulary or 'no vocabulary'} are not read"
            )
        if self.keys is not None:
            found += self._key_notes(self.keys)
        return tuple(found)

    def _key_notes(self, keys: Keys) -> Iterator[str]:
        again = np.flatnonzero((keys.numbers > 1) & keys.first)
        if len(again):
            bases = self.staged.identity["base"].combine_chunks().take(pa.array(again))
            shown = ", ".join(sorted(set(bases.to_pylist()))[:_SHOWN])
            yield f"{self.file.name}: {len(again)} events have an eventID that another event has; numbered: {shown}"
        repeated = int((~keys.first).sum())
        if repeated:
            yield f"{self.file.name}: {repeated} events repeat an earlier one of the same content"

    def portions(self, *, keys_only: bool = False) -> Iterator[Portion]:
        """See :class:`suyuan.ingest.feeds.Feed`."""
        if self.keys is None:
            raise AssertionError("settle() comes before reading")
        start = 0
        for batch in self.staged.batches():
            done = self.file.size * (start + batch.num_rows) // max(1, self.staged.events)
            yield Portion(
                (Part(TABLES["transformations"], 0, self._events(batch, start, self.keys)),), bytes_done=done
            )
            if shipped := self._shipped(batch, start, self.keys):
                yield Portion((Part(TABLES["shipments"], _SHIPMENTS, _batch(shipped)),), bytes_done=done)
            start += batch.num_rows
        for place, name in enumerate(_TABLES[1:4], start=1):
            if rows := self.staged.master_data.rows(name):
                yield Portion((Part(TABLES[name], place, _batch(rows)),), bytes_done=self.file.size)
        if self.from_store:
            rows = [
                _shipment(event, receipt) | {"row": receipt.row + 1} for event, receipt in self.from_store
            ]
            yield Portion((Part(TABLES["shipments"], _SHIPMENTS, _batch(rows)),), bytes_done=self.file.size)

    def _events(self, batch: pa.RecordBatch, start: int, keys: Keys) -> RawBatch:
        event_ids = keys.of(batch.column("base"), start)
        numbered = pa.array(keys.numbers[start : start + batch.num_rows] > 1)
        columns: dict[str, pa.Array] = {
            "event_id": event_ids,
            "reused_id": pc.if_else(numbered, batch.column("base"), pa.scalar(None, pa.string())),
            **{name: batch.column(name) for name in (*TEXTS, *LISTS)},
            **{name: as_json(batch.column(name)) for name in KEPT_AS_JSON},
        }
        raw = RawBatch(columns, np.asarray(batch.column("number")))
        first = np.flatnonzero(keys.first[start : start + batch.num_rows])
        return raw if len(first) == batch.num_rows else raw.take(first)

    def _shipped(self, batch: pa.RecordBatch, start: int, keys: Keys) -> list[Json]:
        places = [place for place in range(start, start + batch.num_rows) if place in self.receipts]
        if not places:
            return []
        chosen = pa.array(np.array(places) - start)
        event_ids = keys.of(batch.column("base"), start).take(chosen).to_pylist()
        wanted = ("number", "site_id", "at", "lots", "shipper", "consignee", "quantity", "unit")
        events = batch.select(wanted).take(chosen).to_pylist()
        return [
            _shipment({**event, "key": key}, self.receipts[place]) | {"row": event["number"]}
            for place, key, event in zip(places, event_ids, events, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class NameFeed:
    """Locations and parties that events of a document name and its master data does not describe."""

    file: InputFile
    examined: Examined
    staged: Staged
    notes: tuple[str, ...] = ()

    @property
    def outputs(self) -> tuple[Output, ...]:
        """The tables of places and parties."""
        return (Output(TABLES["sites"], {}), Output(TABLES["firms"], {}))

    def portions(self, *, keys_only: bool = False) -> Iterator[Portion]:
        """See :class:`suyuan.ingest.feeds.Feed`."""
        described = self.staged.master_data.tables
        for place, (name, key, named) in enumerate(
            (("sites", "site_id", self.staged.places), ("firms", "firm_id", self.staged.parties))
        ):
            rows = sorted(named - described[name].keys())
            if rows:
                raw = RawBatch({key: pa.array(rows, pa.string())}, np.arange(1, len(rows) + 1))
                yield Portion((Part(TABLES[name], place, raw),), bytes_done=self.file.size)


def _shipment(event: Json, receipt: Receipt) -> Json:
    """The row of a movement; several lots stand in a list of their own."""
    lots = event["lots"]
    single = len(lots) == 1
    return {
        "shipment_id": event["key"],
        "from_site": event["site_id"],
        "to_site": receipt.site_id,
        "departed_at": event["at"],
        "arrived_at": receipt.at,
        "lot_id": lots[0] if single else None,
        "lots": None if single else lots,
        "quantity": event.get("quantity"),
        "unit": event.get("unit"),
        "shipper": event.get("shipper"),
        "consignee": event.get("consignee"),
        "receiving_event": receipt.key,
    }


def _batch(rows: Sequence[Json]) -> RawBatch:
    """Rows of one kind; their numbers are their own ``row``, or their places."""
    numbers = [row.get("row", place) for place, row in enumerate(rows, start=1)]
    names = [name for name in rows[0] if name != "row"]
    columns: dict[str, Any] = {}
    for name in names:
        values = [row[name] for row in rows]
        if name in _JSON_COLUMNS:
            columns[name] = as_json(pa.array(values, pa.string()))
        elif name == "lots":
            columns[name] = pa.array(values, pa.list_(pa.string()))
        else:
            columns[name] = values_as_array(values)
    return RawBatch(columns, np.array(numbers, np.int64))


def settle(feeds: Sequence[EventFeed], view: View) -> None:
    """Gives the events of documents their keys, and finds the movements among them and those of the store."""
    book = KeyBook()
    parts = [read_known(view, book)]
    for place, feed in enumerate(feeds):
        identity = feed.staged.identity
        feed.keys = book.number(
            identity["base"].combine_chunks(),
            identity["content"].combine_chunks(),
            np.asarray(identity["micros"]),
        )
        feed.receipts, feed.from_store = {}, []
        parts.insert(place, _own_moves(feed, place))
    moves = move_table(parts)
    _hand_out(feeds, moves, matched(moves), view)


def _own_moves(feed: EventFeed, place: int) -> pa.Table:
    moves, rows, keys = feed.staged.moves, feed.staged.move_rows, feed.keys
    n = moves.num_rows
    if n == 0 or keys is None:
        return MOVE_SCHEMA.empty_table()
    bases = feed.staged.identity["base"].combine_chunks()
    columns: dict[str, Any] = {
        "key": keys.of(bases).take(pa.array(rows)),
        "base": moves["base"],
        "micros": moves["micros"],
        "items": moves["items"],
        "site_id": moves["site_id"],
        "biz_step": moves["biz_step"],
        "in_error": moves["error_declared_at"].is_valid(),
        "document": pa.array(np.full(n, place, np.int32)),
        "row": pa.array(rows),
    }
    return pa.table(columns, schema=MOVE_SCHEMA)


def _hand_out(feeds: Sequence[EventFeed], moves: pa.Table, found: list[Movement], view: View) -> None:
    """Each movement to the document of its shipping event, else to that of its receiving event."""
    documents, rows = np.asarray(moves["document"]), np.asarray(moves["row"])
    keys, sites, micros = moves["key"], moves["site_id"], np.asarray(moves["micros"])
    kept: list[tuple[int, str, Receipt]] = []
    for movement in found:
        shipping, receiving = movement.shipping, movement.receiving
        if documents[shipping] < 0 and documents[receiving] < 0:
            continue
        moment = f"{np.datetime64(int(micros[receiving]), 'us')}Z"
        receipt = Receipt(keys[receiving].as_py(), sites[receiving].as_py(), moment, int(rows[receiving]))
        if documents[shipping] >= 0:
            feeds[documents[shipping]].receipts[int(rows[shipping])] = receipt
        else:
            kept.append((int(documents[receiving]), keys[shipping].as_py(), receipt))
    if kept:
        shipped = shipped_rows(view, {key for _, key, _ in kept})
        for document, key, receipt in kept:
            feeds[document].from_store.append(({**shipped[key], "key": key}, receipt))
