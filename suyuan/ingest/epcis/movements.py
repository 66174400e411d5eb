"""Movements out of events: a shipping event and the first later receiving event elsewhere of the same items.

Each event is used once, the earliest shipping event first. An event that was declared to be in error takes no part,
nor does the event that the declaration is about.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.ingest.text import IntArray

MOVE_SCHEMA = pa.schema(
    [
        pa.field("key", pa.string()),
        pa.field("base", pa.string()),
        pa.field("micros", pa.int64()),
        pa.field("items", pa.binary(16)),
        pa.field("site_id", pa.string()),
        pa.field("biz_step", pa.string()),
        pa.field("in_error", pa.bool_()),
        pa.field("document", pa.int32()),
        pa.field("row", pa.int64()),
    ]
)
"""Shipping and receiving events; ``document`` is -1 for those of the store, ``row`` their place in the document."""


@dataclass(frozen=True, slots=True)
class Movement:
    """A pair of events, by place in the table they were found in."""

    shipping: int
    receiving: int


def matched(moves: pa.Table) -> list[Movement]:
    """The movements among shipping and receiving events.

    Parameters
    ----------
    moves : in :data:`MOVE_SCHEMA`, each key once
    """
    usable = _usable(moves)
    micros = np.asarray(moves["micros"])
    ships = usable & np.asarray(pc.equal(moves["biz_step"], "shipping"))
    receipts = usable & np.asarray(pc.equal(moves["biz_step"], "receiving"))
    items = pc.dictionary_encode(moves["items"].combine_chunks())
    codes = np.asarray(items.indices)
    both = np.intersect1d(codes[ships], codes[receipts])
    chosen = np.isin(codes, both)
    if not chosen.any():
        return []
    sites = np.asarray(pc.dictionary_encode(moves["site_id"].combine_chunks()).indices)
    keys = np.asarray(pc.rank(moves["key"].combine_chunks(), tiebreaker="dense")).astype(np.int64)
    waiting = _waiting(np.flatnonzero(receipts & chosen), codes, micros, keys)
    found: list[Movement] = []
    shipping = np.flatnonzero(ships & chosen)
    for place in shipping[np.lexsort((keys[shipping], micros[shipping]))].tolist():
        receipt = _first_elsewhere(waiting[int(codes[place])], place, micros, sites)
        if receipt is not None:
            found.append(Movement(place, receipt))
    return found


def _usable(moves: pa.Table) -> np.ndarray:
    """Events at a known place that nothing declares to be in error."""
    wrong = moves.filter(moves["in_error"])["base"].unique()
    in_error = np.asarray(pc.is_in(moves["base"].combine_chunks(), wrong))
    return np.asarray(pc.is_valid(moves["site_id"])) & ~in_error


def _waiting(receipts: IntArray, codes: IntArray, micros: IntArray, keys: IntArray) -> dict[int, list[int]]:
    """Receiving events by their items, the latest first."""
    found: dict[int, list[int]] = defaultdict(list)
    for place in receipts[np.lexsort((keys[receipts], micros[receipts]))][::-1].tolist():
        found[int(codes[place])].append(place)
    return found


def _first_elsewhere(waiting: list[int], shipping: int, micros: IntArray, sites: IntArray) -> int | None:
    """Takes the first later receiving event elsewhere. What is too early now is too early for all to come."""
    while waiting and micros[waiting[-1]] <= micros[shipping]:
        waiting.pop()
    for back in range(len(waiting) - 1, -1, -1):
        if sites[waiting[back]] != sites[shipping]:
            return waiting.pop(back)
    return None


def move_table(parts: Sequence[pa.Table]) -> pa.Table:
    """Events of several sources together, each key once: the first source that names it counts."""
    table = (
        pa.concat_tables([part.select(MOVE_SCHEMA.names) for part in parts])
        if parts
        else MOVE_SCHEMA.empty_table()
    )
    keys = pc.dictionary_encode(table["key"].combine_chunks()).indices
    _, first = np.unique(np.asarray(keys), return_index=True)
    return table.take(pa.array(np.sort(first)))
