"""Edge sets from the columns of records."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc

from suyuan.graph.gather import Rows
from suyuan.graph.model import Edge, End
from suyuan.graph.nodebuild import choice_codes, known, time_or_number
from suyuan.graph.ordering import group_places, starts
from suyuan.graph.references import EDGE_LINKS, Placed, record_is_end
from suyuan.graph.snapshot import EdgeSet, Int32Array

EdgeKey = tuple[str, str, str]
_MOVEMENT_EDGES = frozenset({"DEPARTS", "ARRIVES", "SHIPPED_TO", "CARRIES"})
RECORD = "record"


def in_movements(edge: Edge) -> bool:
    """Whether a snapshot holds what the edge tells as a column of its movements: one value a shipment."""
    return edge.kind in _MOVEMENT_EDGES and not edge.target.many


@dataclass(frozen=True, slots=True)
class LooseEdges:
    """Edges of one set in no order, each pair of source and target once a record."""

    key: EdgeKey
    source: Int32Array
    target: Int32Array
    columns: Mapping[str, Any]


def edges_of(
    rows: Rows, edge: Edge, placed: Mapping[End, list[Placed]], record: Int32Array | None
) -> Iterator[LooseEdges]:
    """The edges that records make by one declaration.

    Parameters
    ----------
    placed : by end of the table's edges, the nodes that rows name.
    record : position of each record among the nodes of its kind; None where records are no nodes.
    """
    properties = edge_columns(rows, edge)
    for name, end in EDGE_LINKS.get(edge.kind, ()):
        properties[name] = placed[end][0].by_row(len(rows)) if placed[end] else _nowhere(len(rows))
    if record is not None and not record_is_end(rows.table, edge):
        properties[RECORD] = record
    for source in placed[edge.source]:
        for target in placed[edge.target]:
            row, sources, targets = _pairs(edge, source, target, len(rows))
            row, sources, targets = _where(rows, edge, row, sources, targets)
            columns = {name: values[row] for name, values in properties.items()}
            if len(row):
                yield LooseEdges((edge.kind, source.kind, target.kind), sources, targets, columns)


def _nowhere(n: int) -> Int32Array:
    return np.full(n, -1, np.int32)


def _pairs(
    edge: Edge, source: Placed, target: Placed, n_rows: int
) -> tuple[Int32Array, Int32Array, Int32Array]:
    if edge.target.many:
        row, sources, targets = target.rows, source.by_row(n_rows)[target.rows], target.positions
    else:
        row, sources, targets = source.rows, source.positions, target.by_row(n_rows)[source.rows]
    both = np.flatnonzero((sources >= 0) & (targets >= 0))
    if edge.source.many or edge.target.many:
        _, first = np.unique(np.stack([row[both], sources[both], targets[both]]), axis=1, return_index=True)
        both = both[np.sort(first)]
    return row[both], sources[both], targets[both]


def _where(
    rows: Rows, edge: Edge, row: Int32Array, source: Int32Array, target: Int32Array
) -> tuple[Int32Array, Int32Array, Int32Array]:
    if edge.when is None:
        return row, source, target
    column, value = edge.when
    chosen = np.asarray(pc.fill_null(pc.equal(rows.columns[column], value), False))[row]
    return row[chosen], source[chosen], target[chosen]


def edge_columns(rows: Rows, edge: Edge) -> dict[str, Any]:
    """What a snapshot holds of an edge's properties, record by record.

    The first time is ``at``; numbers keep their name, texts of a fixed choice are int8 indices into the
    choice. Further times are held only where the record is no node that has them. Free texts are not held.
    """
    columns: dict[str, Any] = {}
    for name in edge.properties:
        declared = rows.table.column(name)
        if declared.type == "time" and "at" not in columns:
            columns |= time_or_number(rows, declared, "at")
        elif declared.type == "number" or (declared.type == "time" and rows.table.kind is None):
            columns |= time_or_number(rows, declared, name)
        elif declared.choices:
            columns[name] = choice_codes(rows.columns[name], declared.choices)
    return columns


def edge_set(edges: LooseEdges, n_sources: int, n_targets: int) -> EdgeSet:
    """Edges in their order, with both indices."""
    order = np.lexsort(sort_keys(edges.source, edges.target, edges.columns, n_targets))
    source, target = edges.source[order], edges.target[order]
    by_target, target_start = group_places(target, n_targets)
    kind, source_kind, target_kind = edges.key
    return EdgeSet(
        kind=kind,
        source_kind=source_kind,
        target_kind=target_kind,
        source=source,
        target=target,
        source_start=starts(source, n_sources),
        by_target=by_target,
        target_start=target_start,
        columns={name: values[order] for name, values in edges.columns.items()},
    )


def sort_keys(
    source: Int32Array, target: Int32Array, columns: Mapping[str, Any], n_targets: int
) -> tuple[np.ndarray, ...]:
    """Keys of (source, target, at, record) for ``numpy.lexsort``, the last one first."""
    pair = source.astype(np.int64) * max(1, n_targets) + target
    keys: list[np.ndarray] = [pair]
    if "at" in columns:
        keys.insert(0, np.where(columns[known("at")], columns["at"], np.iinfo(np.int64).min))
    if RECORD in columns:
        keys.insert(0, columns[RECORD])
    return tuple(keys)


def concatenated(parts: list[LooseEdges]) -> LooseEdges:
    """Edges of one set from several declarations or batches, together."""
    if len(parts) == 1:
        return parts[0]
    columns = {name: np.concatenate([part.columns[name] for part in parts]) for name in parts[0].columns}
    return LooseEdges(
        parts[0].key,
        np.concatenate([part.source for part in parts]),
        np.concatenate([part.target for part in parts]),
        columns,
    )
