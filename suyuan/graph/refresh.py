"""Bringing a snapshot up to date from what a store wrote since, without building it again."""

from collections import defaultdict
from dataclasses import replace
from hashlib import sha256
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.build import build_from_view
from suyuan.graph.claims import CLAIMS
from suyuan.graph.contenthash import content_id
from suyuan.graph.delta import Delta, GrownNumbers, positions_of, read_delta
from suyuan.graph.edgebuild import EdgeKey, LooseEdges, edge_set
from suyuan.graph.edgechanges import EdgeChange, changed_claims, edge_changes, ends_of_dropped
from suyuan.graph.edgemerge import indexed, longer, merged
from suyuan.graph.freezing import frozen
from suyuan.graph.gather import Records
from suyuan.graph.liveness import named_by_edges, named_by_shipments
from suyuan.graph.model import NODE_KINDS
from suyuan.graph.movementbuild import legs_of
from suyuan.graph.naming import number, references_of
from suyuan.graph.nodemerge import merged_ledgers, merged_lots, merged_nodes, with_removed
from suyuan.graph.references import EDGE_LINKS
from suyuan.graph.shipmentmerge import Fresh, MergedShipments, merged_shipments
from suyuan.graph.snapshot import (
    EdgeSet,
    GraphSnapshot,
    Int32Array,
    Movements,
    NodeTable,
    SnapshotBasis,
)
from suyuan.graph.tables import TABLES, table_of_kind
from suyuan.graph.texts import joined, plain

LARGEST_SHARE: Final = 0.1
"""Of all records: where more have changed, a snapshot is built anew."""

ALWAYS_REFRESHED: Final = 1000
"""So many changes are always merged in."""

_NONE: Final = np.zeros(0, np.int32)
_NO_CHANGE: Final = EdgeChange(np.zeros(0, np.int64), [])


def refresh(snapshot: GraphSnapshot, view: Records) -> GraphSnapshot:
    """The snapshot of a view, made from an earlier one of the same store.

    Parameters
    ----------
    snapshot : taken at or before ``view.seq``. It is not changed.
    view : only its batches and removals are read.

    Returns
    -------
    A snapshot with the same content and id as :func:`suyuan.graph.build.build_from_view` gives. Positions of
    nodes stay (Shipment apart); new nodes follow the old ones.
    """
    if view.seq == snapshot.seq:
        return snapshot
    delta = read_delta(view, snapshot.seq)
    if len(delta) == 0:
        return replace(snapshot, seq=view.seq)
    if len(delta) > max(ALWAYS_REFRESHED, LARGEST_SHARE * snapshot.n_records):
        return build_from_view(view)
    return frozen(_Refresh(snapshot, delta).result(view.seq))


class _Refresh:
    """One refresh. Until :meth:`_shipments` shipments keep their positions, and new ones come behind."""

    def __init__(self, snapshot: GraphSnapshot, delta: Delta) -> None:
        self.old = snapshot
        self.delta = delta
        numbers = GrownNumbers(snapshot)
        self.numbered = number(delta.tables, references_of(delta.tables), numbers)
        self.growth = numbers.growth
        kinds = {name: table.kind for name, table in TABLES.items() if table.kind}
        self.retired = {name: self._known(kind, delta.retired[name]) for name, kind in kinds.items()}
        self.touched = {
            name: np.concatenate([self.numbered.records[name], self.retired[name]]) for name in kinds
        }
        self.suspects: dict[str, list[Int32Array]] = defaultdict(list)

    def result(self, seq: int) -> GraphSnapshot:
        """The snapshot after the change."""
        old, units = self.old, list(self.old.units)
        nodes = self._nodes()
        lots = merged_lots(old.nodes["Lot"], self.growth["Lot"], nodes["Product"], old.basis)
        nodes["Lot"] = lots[0]
        claims = changed_claims(old, self.delta, self.numbered, self.touched, nodes["Right"])
        edges = self._edges(nodes, claims.change)
        shipments = self._shipments(edges, units, len(nodes["Site"]))
        nodes["Shipment"] = shipments.table
        edges = {key: _renumbered(edges[key], shipments.position, nodes) for key in sorted(edges)}
        ledgers = merged_ledgers(old.basis.ledgers, old.nodes, self.delta)
        basis = SnapshotBasis(ledgers, *shipments.loose, *lots[1:], claims.listing, claims.number)
        self._bury(nodes, edges, shipments.movements, basis)
        snapshot_id = content_id(ledgers)
        return GraphSnapshot(
            snapshot_id=snapshot_id,
            numbering=sha256(f"{old.numbering}>{snapshot_id}".encode()).hexdigest(),
            seq=seq,
            nodes={kind: nodes[kind] for kind in old.nodes},
            movements=shipments.movements,
            edges=edges,
            units=tuple(units),
            basis=basis,
        )

    def _known(self, kind: str, ids: pa.Array) -> Int32Array:
        position = positions_of(self.old.nodes[kind], ids)[0]
        return position[position >= 0]

    def _nodes(self) -> dict[str, NodeTable]:
        """All node tables but those of lots and shipments."""
        nodes: dict[str, NodeTable] = {}
        for kind in NODE_KINDS:
            held, growth, table = self.old.nodes[kind], self.growth[kind], table_of_kind(kind)
            if table is None:
                nodes[kind] = merged_nodes(held, growth, None, _NONE, _NONE)
            elif kind != "Shipment":
                record, retired = self.numbered.records[table.name], self.retired[table.name]
                nodes[kind] = merged_nodes(held, growth, self.delta.tables[table.name], record, retired)
                self.suspects[kind].append(retired)
        return nodes

    def _edges(self, nodes: dict[str, NodeTable], claims: EdgeChange) -> dict[EdgeKey, EdgeSet]:
        changes = edge_changes(self.old, self.delta, self.numbered, self.touched)
        changes[CLAIMS] = claims
        count = {kind: len(table) for kind, table in nodes.items()}
        count["Shipment"] = len(self.old.nodes["Shipment"]) + len(self.growth["Shipment"].ids)
        edges: dict[EdgeKey, EdgeSet] = {}
        for key in {*self.old.edges, *changes}:
            held, change = self.old.edges.get(key), changes.get(key, _NO_CHANGE)
            if held is not None:
                for kind, positions in ends_of_dropped(held, change.drop):
                    self.suspects[kind].append(positions)
            result = merged(held, change.drop, change.add, count[key[1]], count[key[2]])
            if result is not None:
                edges[key] = result
        return edges

    def _shipments(self, edges: dict[EdgeKey, EdgeSet], units: list[str], n_sites: int) -> MergedShipments:
        table, growth = self.old.nodes["Shipment"], self.growth["Shipment"]
        record, retired = self.numbered.records["shipments"], self.retired["shipments"]
        suspects = np.concatenate([_NONE, *self.suspects["Shipment"]])
        suspects = np.setdiff1d(np.concatenate([suspects[table.is_stub[suspects]], retired]), record)
        named = named_by_edges("Shipment", suspects, edges)
        gone = np.union1d(np.concatenate([record[record < len(table)], retired]), suspects[~named])
        new = np.setdiff1d(np.arange(len(table), len(table) + len(growth.ids)), record)
        stubs = np.concatenate([np.intersect1d(suspects[named], retired), new])
        if len(gone) + len(record) + len(stubs) == 0:
            return self._same_shipments(n_sites)
        ids = joined([table.ids, growth.ids]) if len(stubs) else table.ids
        rows = self.delta.tables["shipments"]
        fresh = Fresh(
            number=np.concatenate([record, stubs]).astype(np.int32),
            ids=joined([rows.ids, plain(pc.take(ids, pa.array(stubs)))]),
            row=np.concatenate([np.arange(len(record)), np.full(len(stubs), -1)]).astype(np.int32),
            legs=legs_of(rows, self.numbered.placed["shipments"], units),
        )
        self._suspect_shipments(gone)
        return merged_shipments(self.old, gone.astype(np.int32), fresh, n_sites)

    def _same_shipments(self, n_sites: int) -> MergedShipments:
        table, held, basis = self.old.nodes["Shipment"], self.old.movements, self.old.basis
        movements = replace(
            held,
            inflow_start=longer(held.inflow_start, n_sites + 1),
            outflow_start=longer(held.outflow_start, n_sites + 1),
        )
        loose = (basis.loose_from, basis.loose_to, basis.loose_goods)
        return MergedShipments(movements, table, loose, np.arange(len(table), dtype=np.int32))

    def _suspect_shipments(self, gone: np.ndarray) -> None:
        """What the shipments named that go or change."""
        held, basis = self.old.movements, self.old.basis
        moves, loose = gone[gone < len(held)], gone[gone >= len(held)] - len(held)
        for values, others in (
            (held.from_site, basis.loose_from),
            (held.to_site, basis.loose_to),
        ):
            sites = np.concatenate([values[moves], others[loose]])
            self.suspects["Site"].append(sites[sites >= 0])
        goods = np.concatenate([held.goods[moves], basis.loose_goods[loose]])
        self.suspects["Lot"].append(goods[goods >= 0])
        self.suspects["Product"].append(-goods[goods < -1] - 2)

    def _bury(
        self,
        nodes: dict[str, NodeTable],
        edges: dict[EdgeKey, EdgeSet],
        movements: Movements,
        basis: SnapshotBasis,
    ) -> None:
        """Marks nodes that have no record and that nothing names any more."""
        for kind in sorted(NODE_KINDS, key=lambda kind: kind != "Lot"):
            table = nodes[kind]
            suspects = np.unique(np.concatenate([_NONE, *self.suspects[kind]]))
            if kind == "Shipment" or len(suspects) == 0:
                continue
            if table_of_kind(kind):
                suspects = suspects[table.is_stub[suspects]]
            named = named_by_edges(kind, suspects, edges)
            named |= named_by_shipments(kind, suspects, movements, basis, nodes["Lot"])
            removed = table.removed.copy()
            removed[suspects] = ~named
            nodes[kind] = with_removed(table, removed)
            if kind == "Lot":
                products = table.columns["product"][suspects[~named]]
                self.suspects["Product"].append(products[products >= 0])


def _renumbered(held: EdgeSet, position: Int32Array, nodes: dict[str, NodeTable]) -> EdgeSet:
    """The same edges after shipments were given new positions."""
    linked = [name for name, end in EDGE_LINKS.get(held.kind, ()) if end.kind == "Shipment"]
    if "Shipment" not in (held.source_kind, held.target_kind) and not linked:
        return held
    of = np.append(position, np.int32(-1))
    source = of[held.source] if held.source_kind == "Shipment" else held.source
    target = of[held.target] if held.target_kind == "Shipment" else held.target
    columns = {**held.columns, **{name: of[held.columns[name]] for name in linked}}
    key = (held.kind, held.source_kind, held.target_kind)
    counts = (len(nodes[held.source_kind]), len(nodes[held.target_kind]))
    pair = source.astype(np.int64) * max(1, counts[1]) + target
    if (pair[1:] < pair[:-1]).any():
        return edge_set(LooseEdges(key, source, target, columns), *counts)
    return indexed(key, source, target, columns, counts)
