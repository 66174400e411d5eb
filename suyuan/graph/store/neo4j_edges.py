"""The relationships that a batch of records makes, column by column."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.idtexts import canonical_ids, rows_by_kind
from suyuan.graph.model import Edge, End, Table
from suyuan.graph.records import precision_name, time_texts
from suyuan.graph.store.cypher import is_own

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class EdgeColumns:
    """Relationships of one type between two kinds as Arrow columns; see :class:`EdgeGroup`."""

    edge: Edge
    source_kind: str
    target_kind: str
    positions: Positions
    sources: pa.Array
    targets: pa.Array


@dataclass(frozen=True, slots=True)
class EdgeGroup:
    """Relationships of one type between two kinds; the record at ``positions[i]`` makes ``sources[i]`` ->
    ``targets[i]``.
    """

    edge: Edge
    source_kind: str
    target_kind: str
    positions: Positions
    sources: list[str]
    targets: list[str]


def edge_groups(table: Table, batch: pa.RecordBatch) -> list[EdgeGroup]:
    """The relationships whose ends the records tell by key or id; those matched ``by`` a property are left out.

    Ids of no known kind make no relationship.
    """
    return [
        EdgeGroup(
            found.edge,
            found.source_kind,
            found.target_kind,
            found.positions,
            found.sources.to_pylist(),
            found.targets.to_pylist(),
        )
        for found in edge_columns(table, batch)
    ]


def edge_columns(table: Table, batch: pa.RecordBatch) -> list[EdgeColumns]:
    """The same as :func:`edge_groups`, with ids as columns."""
    found: list[EdgeColumns] = []
    for edge in table.edges:
        if edge.source.by is None and edge.target.by is None:
            found += _groups_of(table, batch, edge)
    return found


def _groups_of(table: Table, batch: pa.RecordBatch, edge: Edge) -> list[EdgeColumns]:
    from_positions, from_ids = _end(table, batch, edge.source)
    to_positions, to_ids = _end(table, batch, edge.target)
    if edge.when is not None:
        wanted = np.asarray(pc.fill_null(pc.equal(batch.column(edge.when[0]), edge.when[1]), False))
        kept = np.flatnonzero(wanted[to_positions])
        to_positions, to_ids = to_positions[kept], pc.take(to_ids, pa.array(kept))
    if edge.source.many:
        positions, to_rows, from_rows = _joined(to_positions, from_positions, len(batch))
    else:
        positions, from_rows, to_rows = _joined(from_positions, to_positions, len(batch))
    sources, targets = pc.take(from_ids, pa.array(from_rows)), pc.take(to_ids, pa.array(to_rows))
    if edge.source.many or edge.target.many:
        positions, sources, targets = _distinct(positions, sources, targets)
    return _by_kinds(edge, positions, sources, targets)


def _end(table: Table, batch: pa.RecordBatch, end: End) -> tuple[Positions, pa.Array]:
    """Positions of the records that tell the end, and its ids; a position stands once for each list entry."""
    if is_own(table, end):
        return np.arange(len(batch)), batch.column("id")
    if end.many:
        lists = batch.column(end.columns[-1])
        positions = np.asarray(pc.list_parent_indices(lists)).astype(np.int64)
        values = pc.list_flatten(lists)
    else:
        positions, values = np.arange(len(batch)), _texts(table, batch, end.columns[-1])
    filled = np.flatnonzero(np.asarray(pc.is_valid(values)))
    positions, values = positions[filled], pc.take(values, pa.array(filled))
    if end.kind is None:
        return positions, values
    before = [
        pc.fill_null(pc.take(_texts(table, batch, name), pa.array(positions)), "")
        for name in end.columns[:-1]
    ]
    return positions, canonical_ids(end.kind, [*before, values])


def _texts(table: Table, batch: pa.RecordBatch, name: str) -> pa.Array:
    if table.column(name).type == "time":
        return time_texts(batch.column(name), batch.column(precision_name(name)))
    return batch.column(name)


def _joined(single: Positions, many: Positions, n: int) -> tuple[Positions, Positions, Positions]:
    """Records that tell both ends, and where their ends stand; ``single`` has each record at most once."""
    place = np.full(n, -1, np.int64)
    place[single] = np.arange(len(single))
    rows = np.flatnonzero(place[many] >= 0)
    return many[rows], place[many[rows]], rows


def _distinct(
    positions: Positions, sources: pa.Array, targets: pa.Array
) -> tuple[Positions, pa.Array, pa.Array]:
    triples = list(
        dict.fromkeys(zip(positions.tolist(), sources.to_pylist(), targets.to_pylist(), strict=True))
    )
    return (
        np.array([triple[0] for triple in triples], np.int64),
        pa.array([triple[1] for triple in triples], pa.string()),
        pa.array([triple[2] for triple in triples], pa.string()),
    )


def _by_kinds(edge: Edge, positions: Positions, sources: pa.Array, targets: pa.Array) -> list[EdgeColumns]:
    found: list[EdgeColumns] = []
    for source_kind, from_rows in _rows_of_kinds(edge.source, sources).items():
        here = pc.take(targets, pa.array(from_rows))
        for target_kind, to_rows in _rows_of_kinds(edge.target, here).items():
            rows = from_rows[to_rows]
            if len(rows):
                taken = pa.array(rows)
                found.append(
                    EdgeColumns(
                        edge,
                        source_kind,
                        target_kind,
                        positions[rows],
                        pc.take(sources, taken),
                        pc.take(targets, taken),
                    )
                )
    return found


def _rows_of_kinds(end: End, ids: pa.Array) -> dict[str, Positions]:
    if end.kind is not None:
        return {end.kind: np.arange(len(ids))}
    return rows_by_kind(ids)
