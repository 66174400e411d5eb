"""Numbering of nodes: every record and everything that records name, by kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.gather import Rows
from suyuan.graph.model import NODE_KINDS, Edge, End
from suyuan.graph.nodebuild import lot_parts
from suyuan.graph.references import EDGE_LINKS, Named, Placed, edge_rows, ends_of, named_by
from suyuan.graph.snapshot import BoolArray, Int32Array
from suyuan.graph.texts import distinct, joined, plain

References = Mapping[str, Mapping[End, list[Named]]]
"""By table and end, what the records of the table name."""


class Numbers(Protocol):
    """Gives nodes their positions."""

    def assign(self, kind: str, ids: pa.Array) -> Int32Array:
        """Positions of canonical ids of a kind. Called once a kind, with all its ids, Lot first."""
        ...

    def lot_products(self) -> pa.Array:
        """Canonical ids of the products that the ids of numbered lots tell of."""
        ...


@dataclass(frozen=True, slots=True)
class Numbered:
    """Positions of records by table, and by table and end those of what its records name."""

    records: dict[str, Int32Array]
    placed: dict[str, dict[End, list[Placed]]]


class FreshNumbers:
    """Numbers the nodes of a whole graph in the order of their ids."""

    def __init__(self) -> None:
        self.ids: dict[str, pa.Array] = {}
        self.lots: tuple[pa.Array, pa.Array] = (pa.array([], pa.string()), pa.array([], pa.string()))

    def assign(self, kind: str, ids: pa.Array) -> Int32Array:
        """Positions of ids; see :class:`Numbers`."""
        found = distinct(ids)
        self.ids[kind] = found.texts
        if kind == "Lot":
            self.lots = lot_parts(found.texts)
        return found.place.astype(np.int32)

    def lot_products(self) -> pa.Array:
        """See :class:`Numbers`."""
        return named_products(self.lots[0])


def named_products(product_ids: pa.Array) -> pa.Array:
    """The ids among those of :func:`suyuan.graph.nodebuild.lot_parts` that name a product."""
    return plain(pc.filter(product_ids, pc.not_equal(product_ids, "")))


def references_of(tables: Mapping[str, Rows]) -> References:
    """What the records of all tables name by the edges that they make."""
    return {name: _references(rows) for name, rows in tables.items()}


def _references(rows: Rows) -> dict[End, list[Named]]:
    named = {end: named_by(rows, end) for end in ends_of(rows.table)}
    makes = {edge: edge_rows(rows, edge, named) for edge in rows.table.edges if edge.target.by is None}
    return {end: _of_rows(parts, _naming_rows(rows, end, makes)) for end, parts in named.items()}


def _naming_rows(rows: Rows, end: End, makes: Mapping[Edge, BoolArray | None]) -> BoolArray | None:
    """Rows that name a node by some edge with this end; None for all."""
    chosen = np.zeros(len(rows), np.bool_)
    for edge, making in makes.items():
        linked = [link for _, link in EDGE_LINKS.get(edge.kind, ())]
        if end in linked:
            return None
        if end in (edge.source, edge.target):
            if making is None:
                return None
            chosen |= making
    return chosen


def _of_rows(parts: list[Named], chosen: BoolArray | None) -> list[Named]:
    if chosen is None or chosen.all():
        return parts
    kept: list[Named] = []
    for part in parts:
        naming = np.flatnonzero(chosen[part.rows])
        used, codes = np.unique(part.codes[naming], return_inverse=True)
        ids = plain(pc.take(part.ids, pa.array(used)))
        kept.append(Named(part.kind, part.rows[naming], codes.astype(np.int32), ids))
    return kept


def number(tables: Mapping[str, Rows], references: References, numbers: Numbers) -> Numbered:
    """Numbers the nodes that records are and name.

    A product that only the id of a lot tells of is a node too: lots of one product must find each other.
    """
    records: dict[str, Int32Array] = {}
    placed: dict[str, dict[End, list[Placed]]] = {
        name: {end: [] for end in ends} for name, ends in references.items()
    }
    tables_of = {rows.table.kind: name for name, rows in tables.items() if rows.table.kind}
    for kind in sorted(NODE_KINDS, key=lambda kind: kind != "Lot"):
        own = tables[tables_of[kind]].ids if kind in tables_of else pa.array([], pa.string())
        named = _named(references, kind)
        others = [part.ids for _, _, part in named if part.ids is not own]
        extra = [numbers.lot_products()] if kind == "Product" else []
        positions = numbers.assign(kind, joined([own, *others, *extra]))
        if kind in tables_of:
            records[tables_of[kind]] = positions[: len(own)]
        begin = len(own)
        for table, end, part in named:
            if part.ids is own:
                found = positions[: len(own)]
            else:
                found = positions[begin : begin + len(part.ids)][part.codes]
                begin += len(part.ids)
            placed[table][end].append(Placed(kind, part.rows, found))
    return Numbered(records, placed)


def _named(references: References, kind: str) -> list[tuple[str, End, Named]]:
    return [
        (table, end, part)
        for table, ends in references.items()
        for end, parts in ends.items()
        for part in parts
        if part.kind == kind
    ]
