"""Edge sets with the edges of some records taken out and others put in."""

from collections.abc import Iterator, Mapping

import numpy as np

from suyuan.graph.compiled import compiled
from suyuan.graph.delta import positions_of
from suyuan.graph.edgebuild import RECORD, EdgeKey, LooseEdges, concatenated, edge_set, sort_keys
from suyuan.graph.gather import Rows, is_own
from suyuan.graph.model import Edge, End, Table
from suyuan.graph.nodebuild import known
from suyuan.graph.ordering import group_places
from suyuan.graph.references import Placed, named_by
from suyuan.graph.snapshot import EdgeSet, Int32Array, Int64Array, NodeTable
from suyuan.graph.splice import Splice

Nodes = Mapping[str, NodeTable]


def edges_of_nodes(table: Table, edge: Edge, edges: EdgeSet, touched: Int32Array) -> Int64Array:
    """The edges that records made, where the records are nodes.

    Parameters
    ----------
    touched : positions of the records among the nodes of their kind.
    """
    if is_own(table, edge.source):
        return _ranges(edges.source_start, touched)
    if is_own(table, edge.target):
        return edges.by_target[_ranges(edges.target_start, touched)].astype(np.int64)
    return np.flatnonzero(np.isin(edges.columns[RECORD], touched))


def edges_of_pairs(
    rows: Rows, edge: Edge, edges: Mapping[EdgeKey, EdgeSet], nodes: Nodes
) -> Iterator[tuple[EdgeKey, Int64Array]]:
    """The edges that records made, where the records are edges only, found by their two ends.

    Parameters
    ----------
    rows : the records' keys, from :func:`suyuan.graph.delta.rows_of_keys`.
    """
    ends = {end: _placed(rows, end, nodes) for end in (edge.source, edge.target)}
    for source in ends[edge.source]:
        for target in ends[edge.target]:
            key = (edge.kind, source.kind, target.kind)
            targets = target.by_row(len(rows))[source.rows]
            both = (source.positions >= 0) & (targets >= 0)
            if key in edges and both.any():
                held = edges[key]
                pair = (source.positions[both], targets[both])
                yield key, _find_pairs(held.source_start, held.target, *pair)


def _placed(rows: Rows, end: End, nodes: Nodes) -> list[Placed]:
    return [
        Placed(part.kind, part.rows, positions_of(nodes[part.kind], part.ids)[0][part.codes])
        for part in named_by(rows, end)
    ]


def merged(
    held: EdgeSet | None, drop: Int64Array, add: list[LooseEdges], n_sources: int, n_targets: int
) -> EdgeSet | None:
    """An edge set without some edges and with others; None if nothing is left.

    Parameters
    ----------
    drop : places in ``held``, ascending, each once.
    n_sources, n_targets : how many nodes there are now.
    """
    if held is None:
        return edge_set(concatenated(add), n_sources, n_targets) if add else None
    if len(drop) == 0 and not add:
        return grown(held, n_sources, n_targets)
    if not add:
        add = [_nothing(held)]
    new = concatenated(add)
    order = np.lexsort(sort_keys(new.source, new.target, new.columns, n_targets))
    new_source, new_target = new.source[order], new.target[order]
    columns = {name: values[order] for name, values in new.columns.items()}
    at = _places(
        held.source_start,
        held.target,
        *_ties(held.columns, len(held)),
        new_source,
        new_target,
        *_ties(columns, len(new_source)),
    )
    plan = Splice(len(held), drop, at)
    if len(plan) == 0:
        return None
    source = plan.array(held.source, new_source)
    target = plan.array(held.target, new_target)
    spliced = {name: plan.array(values, columns[name]) for name, values in held.columns.items()}
    return indexed(
        (held.kind, held.source_kind, held.target_kind), source, target, spliced, (n_sources, n_targets)
    )


def indexed(
    key: EdgeKey,
    source: Int32Array,
    target: Int32Array,
    columns: Mapping[str, np.ndarray],
    counts: tuple[int, int],
) -> EdgeSet:
    """An edge set of edges that are in order; ``counts`` of nodes at the source and at the target."""
    by_target, target_start = group_places(target, counts[1])
    source_start = np.zeros(counts[0] + 1, np.int64)
    np.cumsum(np.bincount(source, minlength=counts[0]), out=source_start[1:])
    return EdgeSet(*key, source, target, source_start, by_target, target_start, columns)


def grown(held: EdgeSet, n_sources: int, n_targets: int) -> EdgeSet:
    """The same edges among more nodes."""
    if len(held.source_start) == n_sources + 1 and len(held.target_start) == n_targets + 1:
        return held
    return EdgeSet(
        held.kind,
        held.source_kind,
        held.target_kind,
        held.source,
        held.target,
        longer(held.source_start, n_sources + 1),
        held.by_target,
        longer(held.target_start, n_targets + 1),
        held.columns,
    )


def longer(start: Int64Array, length: int) -> Int64Array:
    """Group starts with empty groups added at the end."""
    return np.concatenate([start, np.full(length - len(start), start[-1])])


def _nothing(held: EdgeSet) -> LooseEdges:
    empty = np.zeros(0, np.int32)
    columns = {name: values[:0] for name, values in held.columns.items()}
    return LooseEdges((held.kind, held.source_kind, held.target_kind), empty, empty, columns)


def _ties(columns: Mapping[str, np.ndarray], n: int) -> tuple[Int64Array, Int32Array]:
    """Time and record of each edge, zeros where the set has none."""
    at = np.zeros(n, np.int64)
    if "at" in columns:
        at = np.where(columns[known("at")], columns["at"], np.iinfo(np.int64).min)
    record = columns[RECORD].copy() if RECORD in columns else np.zeros(n, np.int32)
    return at, record


def _ranges(start: Int64Array, groups: Int32Array) -> Int64Array:
    groups = groups[groups < len(start) - 1]
    low, count = start[groups], start[groups + 1] - start[groups]
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return np.repeat(low, count) + within


@compiled
def _find_pairs(
    start: np.ndarray, target: np.ndarray, sources: np.ndarray, targets: np.ndarray
) -> np.ndarray:
    found = np.empty(len(sources), np.int64)
    n = 0
    for k in range(len(sources)):
        for i in range(start[sources[k]], start[sources[k] + 1]):
            if target[i] == targets[k]:
                found[n] = i
                n += 1
                break
    return found[:n]


@compiled
def _places(
    start: np.ndarray,
    target: np.ndarray,
    at: np.ndarray,
    record: np.ndarray,
    new_source: np.ndarray,
    new_target: np.ndarray,
    new_at: np.ndarray,
    new_record: np.ndarray,
) -> np.ndarray:
    places = np.empty(len(new_source), np.int64)
    for k in range(len(new_source)):
        s = new_source[k]
        if s >= len(start) - 1:
            places[k] = len(target)
            continue
        low, high = start[s], start[s + 1]
        while low < high:
            middle = (low + high) // 2
            before = target[middle] < new_target[k]
            if target[middle] == new_target[k]:
                before = at[middle] < new_at[k] or (
                    at[middle] == new_at[k] and record[middle] < new_record[k]
                )
            if before:
                low = middle + 1
            else:
                high = middle
        places[k] = low
    return places
