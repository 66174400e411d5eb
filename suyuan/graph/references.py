"""Which nodes the records of a table name: the ends of their edges, column by column."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.gather import Rows, is_own
from suyuan.graph.idtexts import canonical_ids, rows_by_kind
from suyuan.graph.model import Edge, End, Table
from suyuan.graph.snapshot import BoolArray, Int32Array
from suyuan.graph.texts import plain


@dataclass(frozen=True, slots=True)
class Named:
    """Nodes of one kind that records name: row ``rows[i]`` names ``ids[codes[i]]``.

    ``ids`` are distinct, or those of the records themselves. A row of a list column stands more than once.
    """

    kind: str
    rows: Int32Array
    codes: Int32Array
    ids: pa.Array


@dataclass(frozen=True, slots=True)
class Placed:
    """The same with positions in the node table of the kind."""

    kind: str
    rows: Int32Array
    positions: Int32Array

    def by_row(self, n_rows: int) -> Int32Array:
        """Position by row, -1 where the row names none. For ends that are no lists."""
        full = np.full(n_rows, -1, np.int32)
        full[self.rows] = self.positions
        return full


EDGE_LINKS: dict[str, tuple[tuple[str, End], ...]] = {
    "DISPATCHES_FROM": (
        ("listing", End("Listing", ("platform", "listing_id"))),
        ("shipment", End("Shipment", ("shipment_id",))),
    )
}
"""Columns of edge sets that hold the position of a further node the record names."""


def ends_of(table: Table) -> Iterator[End]:
    """Every distinct end of the edges of a table that is told by key or canonical id."""
    seen: set[End] = set()
    for edge in table.edges:
        linked = [end for _, end in EDGE_LINKS.get(edge.kind, ())]
        for end in (edge.source, edge.target, *linked):
            if end.by is None and end not in seen:
                seen.add(end)
                yield end


def record_is_end(table: Table, edge: Edge) -> bool:
    """Whether one of the edge's ends is the node of the record."""
    return is_own(table, edge.source) or is_own(table, edge.target)


def named_by(rows: Rows, end: End) -> list[Named]:
    """The nodes that records name at an end, by kind."""
    if is_own(rows.table, end):
        everyone = np.arange(len(rows), dtype=np.int32)
        return [Named(end.kind or "", everyone, everyone, rows.ids)]
    if end.many:
        named_rows, texts = _list_entries(rows.columns[end.columns[0]])
    else:
        named_rows, texts = None, rows.columns[end.columns[-1]]
    others = [rows.columns[name] for name in end.columns[:-1]]
    held, codes, columns = _distinct_keys([*others, texts])
    if named_rows is not None:
        held = named_rows[held]
    if end.kind is not None:
        return [Named(end.kind, held, codes, canonical_ids(end.kind, columns))]
    return _split_by_kind(held, codes, columns[0])


def edge_rows(rows: Rows, edge: Edge, named: Mapping[End, list[Named]]) -> BoolArray | None:
    """Which records make an edge between two nodes that they name; None where a record is itself an end."""
    if record_is_end(rows.table, edge):
        return None
    both = np.ones(len(rows), np.bool_)
    for end in (edge.source, edge.target):
        filled = np.zeros(len(rows), np.bool_)
        for part in named[end]:
            filled[part.rows] = True
        both &= filled
    if edge.when:
        column, value = edge.when
        both &= np.asarray(pc.fill_null(pc.equal(rows.columns[column], value), False))
    return both


def _list_entries(lists: pa.Array) -> tuple[Int32Array, pa.Array]:
    parents = np.asarray(pc.list_parent_indices(lists)).astype(np.int32)
    return parents, plain(pc.list_flatten(lists))


def _distinct_keys(columns: list[pa.Array]) -> tuple[Int32Array, Int32Array, list[pa.Array]]:
    """Rows whose last column is filled, their codes, and the distinct keys as columns."""
    encoded = [pc.dictionary_encode(pc.fill_null(column, "")) for column in columns[:-1]]
    encoded.append(pc.dictionary_encode(columns[-1]))
    last = encoded[-1].indices
    held = np.flatnonzero(np.asarray(pc.is_valid(last))).astype(np.int32)
    codes = np.asarray(pc.fill_null(last, 0))[held].astype(np.int32)
    if len(encoded) == 1:
        return held, codes, [encoded[0].dictionary]
    mixed = codes.astype(np.int64)
    for part in reversed(encoded[:-1]):
        mixed = np.asarray(part.indices)[held].astype(np.int64) + mixed * max(1, len(part.dictionary))
    pairs = pc.dictionary_encode(pa.array(mixed))
    rest = np.asarray(pairs.dictionary)
    keys: list[pa.Array] = []
    for part in encoded[:-1]:
        size = max(1, len(part.dictionary))
        keys.append(pc.take(part.dictionary, pa.array(rest % size)))
        rest = rest // size
    keys.append(pc.take(encoded[-1].dictionary, pa.array(rest)))
    return held, np.asarray(pairs.indices).astype(np.int32), keys


def _split_by_kind(held: Int32Array, codes: Int32Array, ids: pa.Array) -> list[Named]:
    parts: list[Named] = []
    for kind, entries in rows_by_kind(ids).items():
        code_in_kind = np.full(len(ids), -1, np.int32)
        code_in_kind[entries] = np.arange(len(entries), dtype=np.int32)
        new_codes = code_in_kind[codes]
        of_kind = np.flatnonzero(new_codes >= 0)
        parts.append(Named(kind, held[of_kind], new_codes[of_kind], pc.take(ids, pa.array(entries))))
    return parts
