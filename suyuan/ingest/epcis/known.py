"""EPCIS events that a store holds already: their ids and contents, and those that may be halves of movements."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.ids import split_id
from suyuan.graph.records import time_text
from suyuan.graph.store.base import View
from suyuan.ingest.epcis.eventrows import content_key, items_digest, json_text, shipping_facts
from suyuan.ingest.epcis.model import Json
from suyuan.ingest.epcis.movements import MOVE_SCHEMA
from suyuan.ingest.epcis.numbering import KeyBook

_COLUMNS = ("event_id", "event_hash", "reused_id", "error_declared_at", "at", "site_id", "biz_step", "lots")
_MOVES = pa.array(["shipping", "receiving"])


def read_known(view: View, book: KeyBook) -> pa.Table:
    """Tells the book of all events of the store; gives its shipping and receiving events."""
    moves: list[pa.Table] = [MOVE_SCHEMA.empty_table()]
    errors = _error_declarations(view)
    for batch in view.batches("transformations", _COLUMNS):
        batch = batch.filter(batch.column("event_hash").is_valid())
        if batch.num_rows == 0:
            continue
        keys = batch.column("event_id")
        bases = pc.coalesce(batch.column("reused_id"), keys)
        hashes = batch.column("event_hash").to_pylist()
        contents = [
            content_key(hashed, errors.get(key)) for hashed, key in zip(hashes, keys.to_pylist(), strict=True)
        ]
        book.add_known(bases, pa.array(contents, pa.binary()), _numbers(keys, bases))
        moves.append(_moves(batch, bases))
    return pa.concat_tables(moves)


def _numbers(keys: pa.Array, bases: pa.Array) -> np.ndarray:
    """The numbers behind ids, 1 where there is none."""
    numbers = np.ones(len(keys), np.int32)
    for place in np.flatnonzero(np.asarray(pc.not_equal(keys, bases))).tolist():
        numbers[place] = int(keys[place].as_py()[len(bases[place].as_py()) + 1 :])
    return numbers


def _error_declarations(view: View) -> dict[str, str]:
    """Error declarations as JSON, by key of the event."""
    found: dict[str, str] = {}
    for batch in view.batches("transformations", ("event_id", "error_declared_at", "event_hash")):
        wrong = batch.filter(pc.and_(batch["error_declared_at"].is_valid(), batch["event_hash"].is_valid()))
        found.update(dict.fromkeys(wrong.column("event_id").to_pylist(), ""))
    if found:
        for key, extra in _extras(view, set(found)):
            found[key] = json_text(extra.get("errorDeclaration"))
    return found


def _extras(view: View, keys: set[str]) -> Iterator[tuple[str, Json]]:
    wanted = pa.array(sorted(keys), pa.string())
    for batch in view.batches("transformations", ("event_id", "extra")):
        chosen = batch.filter(pc.is_in(batch.column("event_id"), wanted))
        for key, extra in zip(
            chosen.column("event_id").to_pylist(), chosen.column("extra").to_pylist(), strict=True
        ):
            yield key, json.loads(extra) if extra else {}


def _moves(batch: pa.RecordBatch, bases: pa.Array) -> pa.Table:
    moving = pc.and_(
        pc.is_in(batch.column("biz_step"), _MOVES), pc.and_(batch["lots"].is_valid(), batch["at"].is_valid())
    )
    chosen = batch.filter(moving)
    n = chosen.num_rows
    digests = [items_digest(lots) for lots in chosen.column("lots").to_pylist()]
    columns: dict[str, Any] = {
        "key": chosen.column("event_id"),
        "base": bases.filter(moving),
        "micros": chosen.column("at"),
        "items": pa.array(digests, pa.binary(16)),
        "site_id": chosen.column("site_id"),
        "biz_step": chosen.column("biz_step"),
        "in_error": chosen.column("error_declared_at").is_valid(),
        "document": pa.array(np.full(n, -1, np.int32)),
        "row": pa.array(np.full(n, -1, np.int64)),
    }
    return pa.table(columns, schema=MOVE_SCHEMA)


def shipped_rows(view: View, keys: set[str]) -> dict[str, Json]:
    """What shipping events of the store tell of their movements, by key."""
    wanted = pa.array(sorted(keys), pa.string())
    found: dict[str, Json] = {}
    columns = ("event_id", "at", "at_precision", "site_id", "lots", "extra")
    for batch in view.batches("transformations", columns):
        for row in batch.filter(pc.is_in(batch.column("event_id"), wanted)).to_pylist():
            event = json.loads(row["extra"]) if row["extra"] else {}
            found[row["event_id"]] = {
                "site_id": row["site_id"],
                "at": time_text(row["at"], row["at_precision"] or 0),
                "lots": [split_id(lot)[1][-1] for lot in row["lots"]],
                **shipping_facts(event, row["lots"]),
            }
    return found
