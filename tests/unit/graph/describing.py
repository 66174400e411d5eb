"""Snapshots told without positions, so that two numberings of one graph can be compared."""

from typing import Any

import numpy as np

from suyuan.graph.movementbuild import arrival_key, departure_key
from suyuan.graph.records import precision_name
from suyuan.graph.snapshot import EdgeSet, GraphSnapshot, NodeTable
from suyuan.graph.tables import table_of_kind

POSITIONS = {"listing": "Listing", "shipment": "Shipment"}
EDGE_RECORDS = {
    "DISPATCHES_FROM": "Dispatch",
    "FULFILLED_BY": "Dispatch",
    "ASSIGNED_TO": "Assignment",
    "CONTAINS": "Event",
}


def described(snapshot: GraphSnapshot) -> dict[str, Any]:
    """Everything a snapshot tells, by id."""
    return {
        "snapshot_id": snapshot.snapshot_id,
        "seq": snapshot.seq,
        "nodes": {kind: _nodes(snapshot, table) for kind, table in snapshot.nodes.items()},
        "movements": sorted(_movement(snapshot, m) for m in range(len(snapshot.movements))),
        "edges": {key: _edges(snapshot, edges) for key, edges in snapshot.edges.items()},
        "loose": _loose(snapshot),
        "claims": _claims(snapshot),
        "ledger ids": {
            name: None if ledger.ids is None else ledger.ids.to_pylist()
            for name, ledger in snapshot.basis.ledgers.items()
        },
    }


def node_id(snapshot: GraphSnapshot, kind: str, position: int) -> str | None:
    return None if position < 0 else snapshot.nodes[kind].id_at(position)


def _nodes(snapshot: GraphSnapshot, table: NodeTable) -> dict[str, Any]:
    ids = table.ids.to_pylist()
    plain = {
        name: values.tolist() if isinstance(values, np.ndarray) else values.to_pylist()
        for name, values in table.columns.items()
    }
    if table.kind == "Lot":
        plain["product"] = [node_id(snapshot, "Product", p) for p in plain["product"]]
        basis = snapshot.basis
        text_of = dict(zip(basis.lot_text_codes.tolist(), basis.lot_texts.to_pylist(), strict=True))
        plain["code"] = [text_of[code] for code in plain["code"]]
    return {
        ids[i]: (bool(table.is_stub[i]), {name: values[i] for name, values in plain.items()})
        for i in range(len(ids))
        if not table.removed[i]
    }


def goods_id(snapshot: GraphSnapshot, goods: int) -> str | None:
    if goods >= 0:
        return node_id(snapshot, "Lot", goods)
    return node_id(snapshot, "Product", -goods - 2)


def _movement(snapshot: GraphSnapshot, m: int) -> tuple[Any, ...]:
    moves = snapshot.movements
    return (
        node_id(snapshot, "Shipment", m),
        node_id(snapshot, "Site", moves.from_site[m]),
        node_id(snapshot, "Site", moves.to_site[m]),
        goods_id(snapshot, moves.goods[m]) or "",
        float(moves.quantity[m]),
        snapshot.units[moves.unit[m]],
        int(moves.departed[m]),
        int(moves.arrived[m]),
        int(moves.flags[m]),
    )


def _loose(snapshot: GraphSnapshot) -> dict[str, Any]:
    basis, first = snapshot.basis, len(snapshot.movements)
    return {
        snapshot.nodes["Shipment"].id_at(first + i): (
            node_id(snapshot, "Site", basis.loose_from[i]),
            node_id(snapshot, "Site", basis.loose_to[i]),
            goods_id(snapshot, basis.loose_goods[i]),
        )
        for i in range(len(basis.loose_from))
    }


def _claims(snapshot: GraphSnapshot) -> list[Any]:
    basis = snapshot.basis
    listings = [node_id(snapshot, "Listing", p) for p in basis.claim_listing]
    return sorted(zip(listings, basis.claim_number.to_pylist(), strict=True))


def _edges(snapshot: GraphSnapshot, edges: EdgeSet) -> list[Any]:
    columns = {}
    for name, values in edges.columns.items():
        kind = EDGE_RECORDS.get(edges.kind) if name == "record" else POSITIONS.get(name)
        columns[name] = [node_id(snapshot, kind, p) for p in values] if kind else values.tolist()
    return sorted(
        (
            node_id(snapshot, edges.source_kind, edges.source[i]),
            node_id(snapshot, edges.target_kind, edges.target[i]),
            sorted((name, repr(values[i])) for name, values in columns.items()),
        )
        for i in range(len(edges))
    )


def check_structure(snapshot: GraphSnapshot) -> None:
    """What is promised of the arrays, numbering or not."""
    for table in snapshot.nodes.values():
        _check_nodes(table)
    _check_movements(snapshot)
    for edges in snapshot.edges.values():
        _check_edges(snapshot, edges)


def _check_nodes(table: NodeTable) -> None:
    ids = table.ids.to_pylist()
    ordered = [ids[p] for p in table.by_id]
    assert ordered == sorted(set(ids)), table.kind
    assert len(table.is_stub) == len(table.removed) == len(ids)
    for name, values in table.columns.items():
        assert len(values) == len(ids), (table.kind, name)
    for position, node in enumerate(ids):
        assert node.startswith(f"{table.kind}:")
        assert table.find(node) == position
    if table_of_kind(table.kind) is None:
        assert not table.is_stub.any()
    for name in table.columns:
        if f"{name}_known" in table.columns and precision_name(name) not in table.columns:
            assert table.columns[name].dtype == np.float64
    assert not table.by_id.flags.writeable


def _check_movements(snapshot: GraphSnapshot) -> None:
    moves, ids = snapshot.movements, snapshot.nodes["Shipment"].ids.to_pylist()
    n_sites, n = len(snapshot.nodes["Site"]), len(moves)
    arrival = arrival_key(moves.departed, moves.arrived, moves.flags)
    departure = departure_key(moves.departed, moves.arrived, moves.flags)
    keys = [(moves.to_site[m], arrival[m], ids[m]) for m in range(n)]
    assert keys == sorted(keys)
    out = [(moves.from_site[m], departure[m], ids[m]) for m in moves.outflow]
    assert out == sorted(out)
    assert sorted(moves.outflow.tolist()) == list(range(n))
    assert len(moves.inflow_start) == len(moves.outflow_start) == n_sites + 1
    for site in range(n_sites):
        assert (moves.to_site[moves.inflow_start[site] : moves.inflow_start[site + 1]] == site).all()
        leaving = moves.outflow[moves.outflow_start[site] : moves.outflow_start[site + 1]]
        assert (moves.from_site[leaving] == site).all()
    assert moves.inflow_start[-1] == moves.outflow_start[-1] == n
    assert len(snapshot.basis.loose_from) == len(ids) - n


def _check_edges(snapshot: GraphSnapshot, edges: EdgeSet) -> None:
    n_sources, n_targets = len(snapshot.nodes[edges.source_kind]), len(snapshot.nodes[edges.target_kind])
    assert len(edges) > 0
    assert len(edges.source_start) == n_sources + 1
    assert len(edges.target_start) == n_targets + 1
    at = np.zeros(len(edges), np.int64)
    if "at" in edges.columns:
        at = np.where(edges.columns["at_known"], edges.columns["at"], np.iinfo(np.int64).min)
    record = edges.columns.get("record", np.zeros(len(edges), np.int32))
    keys = list(zip(edges.source, edges.target, at, record, strict=True))
    assert keys == sorted(keys)
    for source in range(n_sources):
        part = edges.source[edges.source_start[source] : edges.source_start[source + 1]]
        assert (part == source).all()
    for target in range(n_targets):
        assert (edges.target[edges.edges_into(target)] == target).all()
    assert sorted(edges.by_target.tolist()) == list(range(len(edges)))
    for values in edges.columns.values():
        assert len(values) == len(edges)
