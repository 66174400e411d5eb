"""Numbering of nodes: every record and everything that records name, by kind, in the order of their ids."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from suyuan.graph.gather import Rows
from suyuan.graph.model import NODE_KINDS, End
from suyuan.graph.nodebuild import lot_parts
from suyuan.graph.references import Named, Placed, ends_of, named_by
from suyuan.graph.snapshot import Int32Array
from suyuan.graph.texts import distinct, joined

References = Mapping[str, Mapping[End, list[Named]]]
"""By table and end, what the records of the table name."""


@dataclass(frozen=True, slots=True)
class Numbering:
    """Nodes of one kind: ``ids`` sorted and distinct; ``record_place[i]`` is the place of record i among them."""

    ids: pa.Array
    record_place: Int32Array


@dataclass(frozen=True, slots=True)
class Numbered:
    """All kinds, and by table and end the places of what its records name."""

    kinds: Mapping[str, Numbering]
    placed: Mapping[str, dict[End, list[Placed]]]


def references_of(tables: Mapping[str, Rows]) -> References:
    """What the records of all tables name."""
    return {name: {end: named_by(rows, end) for end in ends_of(rows.table)} for name, rows in tables.items()}


def number(tables: Mapping[str, Rows], references: References) -> Numbered:
    """Numbers all nodes of a graph.

    A product that only the id of a lot tells of is a node too: lots of one product must find each other.
    """
    kinds: dict[str, Numbering] = {}
    placed: dict[str, dict[End, list[Placed]]] = {
        name: {end: [] for end in ends} for name, ends in references.items()
    }
    records = {rows.table.kind: rows.ids for rows in tables.values() if rows.table.kind}
    for kind in sorted(NODE_KINDS, key=lambda kind: kind != "Lot"):
        named = [
            (table, end, part)
            for table, ends in references.items()
            for end, parts in ends.items()
            for part in parts
            if part.kind == kind
        ]
        own = records.get(kind, pa.array([], pa.string()))
        extra = [lot_parts(kinds["Lot"].ids)[0]] if kind == "Product" else []
        kinds[kind], places = _number_kind(own, [part for _, _, part in named], extra)
        for (table, end, _), positions in zip(named, places, strict=True):
            placed[table][end].append(positions)
    return Numbered(kinds, placed)


def _number_kind(own: pa.Array, named: list[Named], extra: list[pa.Array]) -> tuple[Numbering, list[Placed]]:
    others = [part.ids for part in named if part.ids is not own]
    found = distinct(joined([own, *others, *extra]))
    ids, place = found.texts, found.place.astype(np.int32)
    if len(ids) and ids[0].as_py() == "":  # lots of no known product
        ids, place = ids.slice(1), place - 1
        ids = joined([ids])
    record_place = place[: len(own)]
    placed: list[Placed] = []
    begin = len(own)
    for part in named:
        if part.ids is own:
            placed.append(Placed(part.kind, part.rows, record_place))
            continue
        of_part = place[begin : begin + len(part.ids)]
        begin += len(part.ids)
        placed.append(Placed(part.kind, part.rows, of_part[part.codes]))
    return Numbering(ids, record_place), placed
