"""Building a snapshot of a whole graph."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.claims import claim_edges, claims_of
from suyuan.graph.contenthash import content_id, ledger_of
from suyuan.graph.edgebuild import (
    EdgeKey,
    LooseEdges,
    concatenated,
    edge_set,
    edges_of,
    in_movements,
)
from suyuan.graph.freezing import frozen
from suyuan.graph.gather import DIGEST, Records, Rows, columns_needed, gather
from suyuan.graph.model import NODE_KINDS, End
from suyuan.graph.movementbuild import Legs, legs_of, movements_of
from suyuan.graph.naming import FreshNumbers, Numbered, number, references_of
from suyuan.graph.nodebuild import Columns, lot_columns, node_table, record_columns, spread
from suyuan.graph.references import Placed
from suyuan.graph.snapshot import (
    EdgeSet,
    GraphSnapshot,
    Int32Array,
    Movements,
    NodeTable,
    SnapshotBasis,
)
from suyuan.graph.tables import TABLES, table_of_kind
from suyuan.graph.texts import plain

Progress = Callable[[str, int], None]
"""Told the name of a table and how many of its records were read."""


def build_from_view(view: Records, progress: Progress | None = None) -> GraphSnapshot:
    """The graph that a view shows.

    Parameters
    ----------
    view : of either store; only its batches are read.
    progress : called after each table.

    Returns
    -------
    A snapshot whose arrays do not depend on the order in which the store gives the records.
    """
    tables: dict[str, Rows] = {}
    for name, table in TABLES.items():
        tables[name] = gather(table, view.batches(name, (*columns_needed(table), DIGEST)))
        if progress:
            progress(name, len(tables[name]))
    return _build(tables, view.seq)


def build_snapshot(tables: Mapping[str, Iterable[pa.RecordBatch]], seq: int = 0) -> GraphSnapshot:
    """The graph of record batches.

    Parameters
    ----------
    tables : by table of the exchange format, batches in the schema of
        :func:`suyuan.graph.records.batch_schema`; a ``digest`` column is taken as it is, else it is computed.
        Record ids are distinct.
    seq : which state of a store this is.
    """
    return _build({name: gather(TABLES[name], tables.get(name, ())) for name in TABLES}, seq)


@dataclass(frozen=True, slots=True)
class _Building:
    """The parts of a snapshot as they come to be."""

    tables: dict[str, Rows]
    ids: Mapping[str, pa.Array]
    numbered: Numbered
    units: list[str]

    def count(self, kind: str) -> int:
        return len(self.ids[kind])


def _build(tables: dict[str, Rows], seq: int) -> GraphSnapshot:
    numbers = FreshNumbers()
    numbered = number(tables, references_of(tables), numbers)
    parts = _Building(tables, numbers.ids, numbered, [""])
    ledgers = {name: ledger_of(rows, numbered.records.get(name)) for name, rows in tables.items()}
    movements, shipments, loose = _shipments(parts)
    lots, lot_texts = lot_columns(*numbers.lots, parts.ids["Product"])
    nodes = {kind: _nodes(parts, kind) for kind in NODE_KINDS if kind not in ("Shipment", "Lot")}
    nodes["Shipment"] = shipments
    nodes["Lot"] = _node_table_by_id("Lot", parts.ids["Lot"], _no_rows(parts.count("Lot")), lots)
    claim_listing, claim_number = claims_of(tables["listings"], numbered.records["listings"])
    claimed = claim_edges(
        claim_listing, claim_number, numbered.records["rights"], tables["rights"].columns["number"]
    )
    codes = np.arange(len(lot_texts), dtype=np.int32)
    snapshot_id = content_id(ledgers)
    return frozen(
        GraphSnapshot(
            snapshot_id=snapshot_id,
            numbering=snapshot_id,
            seq=seq,
            nodes=nodes,
            movements=movements,
            edges=_edges(parts, claimed),
            units=tuple(parts.units),
            basis=SnapshotBasis(ledgers, *loose, lot_texts, codes, claim_listing, claim_number),
        )
    )


def _no_rows(n: int) -> np.ndarray:
    return np.full(n, -1, np.int32)


def _nodes(parts: _Building, kind: str) -> NodeTable:
    ids = parts.ids[kind]
    table = table_of_kind(kind)
    row = _no_rows(len(ids))
    columns: Columns = {}
    if table:
        rows = parts.tables[table.name]
        row[parts.numbered.records[table.name]] = np.arange(len(rows), dtype=np.int32)
        columns = {name: spread(values, row, name) for name, values in record_columns(kind, rows).items()}
    return _node_table_by_id(kind, ids, row, columns)


def _node_table_by_id(kind: str, ids: pa.Array, row: np.ndarray, columns: Columns) -> NodeTable:
    return node_table(kind, ids, np.arange(len(ids), dtype=np.int32), row, columns)


def _shipments(parts: _Building) -> tuple[Movements, NodeTable, tuple[Int32Array, Int32Array, Int32Array]]:
    rows = parts.tables["shipments"]
    placed = parts.numbered.placed["shipments"]
    legs = legs_of(rows, placed, parts.units)
    place = parts.numbered.records["shipments"]
    row_at_place = _no_rows(parts.count("Shipment"))
    row_at_place[place] = np.arange(len(rows), dtype=np.int32)
    moves = (legs.from_site >= 0) & (legs.to_site >= 0)
    complete = (row_at_place >= 0) & np.append(moves, False)[row_at_place]
    movements, row = movements_of(legs, row_at_place[complete], parts.count("Site"))
    place_at = np.concatenate([place[row], np.flatnonzero(~complete)]).astype(np.int32)
    by_id = np.empty(len(place_at), np.int32)
    by_id[place_at] = np.arange(len(place_at), dtype=np.int32)
    _renumber(parts, by_id)
    ids = plain(pc.take(parts.ids["Shipment"], pa.array(place_at)))
    table = node_table("Shipment", ids, by_id, row_at_place[place_at], {})
    loose_rows = row_at_place[place_at[len(movements) :]]
    return movements, table, _loose(legs, loose_rows)


def _renumber(parts: _Building, position_of_place: Int32Array) -> None:
    """Shipments are numbered by their movements, so what names them must follow."""
    for ends in parts.numbered.placed.values():
        for end, named in ends.items():
            ends[end] = [
                Placed(part.kind, part.rows, position_of_place[part.positions])
                if part.kind == "Shipment"
                else part
                for part in named
            ]
    parts.numbered.records["shipments"] = position_of_place[parts.numbered.records["shipments"]]


def _loose(legs: Legs, rows: np.ndarray) -> tuple[Int32Array, Int32Array, Int32Array]:
    known = rows >= 0
    named = [_no_rows(len(rows)) for _ in range(3)]
    for column, values in zip(named, (legs.from_site, legs.to_site, legs.goods), strict=True):
        column[known] = values[rows[known]]
    return named[0], named[1], named[2]


def _edges(parts: _Building, claimed: LooseEdges) -> dict[EdgeKey, EdgeSet]:
    loose: dict[EdgeKey, list[LooseEdges]] = {}
    for name, rows in parts.tables.items():
        for edge in rows.table.edges:
            if in_movements(edge) or edge.target.by:
                continue
            placed: Mapping[End, list[Placed]] = parts.numbered.placed[name]
            for edges in edges_of(rows, edge, placed, parts.numbered.records.get(name)):
                loose.setdefault(edges.key, []).append(edges)
    if len(claimed.source):
        loose[claimed.key] = [claimed]
    return {
        key: edge_set(concatenated(loose[key]), parts.count(key[1]), parts.count(key[2]))
        for key in sorted(loose)
    }
