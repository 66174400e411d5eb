"""Snapshots against the edges that records are declared to make, one by one."""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.errors import UnknownNodeError
from suyuan.graph.build import build_from_view, build_snapshot
from suyuan.graph.contenthash import content_hash
from suyuan.graph.edgebuild import in_movements
from suyuan.graph.ids import canonical_id, split_id
from suyuan.graph.model import NODE_KINDS
from suyuan.graph.projection import edges_of
from suyuan.graph.rows import batch_of_rows, snapshot_of_rows
from suyuan.graph.snapshot import GraphSnapshot
from suyuan.graph.tables import TABLES
from tests.unit.graph.describing import check_structure, described
from tests.unit.graph.markets import DictionaryView, random_tables

SEEDS = st.integers(0, 2**32)


def _declared(view: DictionaryView, *, moving: bool | None = None) -> Iterator[tuple[str, str, str]]:
    """Edges that records make; ``moving``: only those that are columns of movements, or only the others."""
    rows = view.rows()
    rights: dict[str, list[str]] = defaultdict(list)
    for row in rows["rights"]:
        rights[row["number"]].append(row["id"])
    for name, table_rows in rows.items():
        edges = tuple(edge for edge in TABLES[name].edges if moving in (None, in_movements(edge)))
        table = replace(TABLES[name], edges=edges)
        for row in table_rows:
            for edge in edges_of(table, row, lambda kind, by, value: rights[value]):
                yield edge.kind, edge.source, edge.target


def _held(snapshot: GraphSnapshot) -> Iterator[tuple[str, str, str]]:
    for (kind, source_kind, target_kind), edges in snapshot.edges.items():
        sources = snapshot.nodes[source_kind].ids.to_pylist()
        targets = snapshot.nodes[target_kind].ids.to_pylist()
        for source, target in zip(edges.source, edges.target, strict=True):
            yield kind, sources[source], targets[target]


def _random_view(seed: int) -> DictionaryView:
    stream = random.Random(seed)
    view = DictionaryView(stream)
    view.write(random_tables(stream))
    return view


@settings(max_examples=12, deadline=None)
@given(SEEDS)
def test_edges_are_those_that_records_make(seed: int) -> None:
    view = _random_view(seed)
    snapshot = build_from_view(view)
    check_structure(snapshot)
    declared = list(_declared(view, moving=True))
    assert sorted(_held(snapshot)) == sorted(_declared(view, moving=False))
    told = described(snapshot)
    shipped = sorted(edge[1:] for edge in declared if edge[0] == "SHIPPED_TO")
    assert sorted(movement[1:3] for movement in told["movements"]) == shipped
    goods = {m[0]: m[3] for m in told["movements"]} | {s: loose[2] for s, loose in told["loose"].items()}
    carried = {source: target for kind, source, target in declared if kind == "CARRIES"}
    for _, source, target in (edge for edge in declared if edge[0] == "CARRIES"):
        if target.startswith("Lot:"):
            carried[source] = target
    assert {shipment: good for shipment, good in goods.items() if good} == carried


@settings(max_examples=12, deadline=None)
@given(SEEDS)
def test_nodes_are_records_and_what_they_name(seed: int) -> None:
    view = _random_view(seed)
    snapshot = build_from_view(view)
    records = {row["id"] for name, rows in view.rows().items() if TABLES[name].kind for row in rows}
    named = {node for _, source, target in _declared(view) for node in (source, target)}
    for row in view.rows()["dispatches"]:
        if row["listing_id"]:
            named.add(canonical_id("Listing", row["platform"], row["listing_id"]))
        if row["shipment_id"]:
            named.add(canonical_id("Shipment", row["shipment_id"]))
    lots = [split_id(node)[1] for node in named if node.startswith("Lot:")]
    named |= {canonical_id("Product", key[0]) for key in lots if len(key) == 2 and key[0]}
    found = {node: table for table in snapshot.nodes.values() for node in table.ids.to_pylist()}
    assert set(found) == records | named
    for node, table in found.items():
        stub = node not in records and table.kind not in ("Lot", "Identifier", "WatchList")
        assert table.is_stub[table.position(node)] == stub


@settings(max_examples=12, deadline=None)
@given(SEEDS)
def test_order_of_records_and_batches_changes_nothing(seed: int) -> None:
    view = _random_view(seed)
    first, second = build_from_view(view), build_from_view(view)
    assert described(first) == described(second)
    for kind in NODE_KINDS:
        assert first.nodes[kind].ids.equals(second.nodes[kind].ids)
    for name in ("from_site", "to_site", "goods", "departed", "outflow", "inflow_start", "unit"):
        assert np.array_equal(getattr(first.movements, name), getattr(second.movements, name))
    for key, edges in first.edges.items():
        assert np.array_equal(edges.source, second.edges[key].source)
        assert np.array_equal(edges.target, second.edges[key].target)
    assert first.snapshot_id == content_hash(view)


def test_batches_without_digest_and_view_give_the_same_snapshot() -> None:
    view = _random_view(7)
    tables = {
        name: [pa.RecordBatch.from_pylist(rows, schema=batch_of_rows(TABLES[name], []).schema)]
        for name, rows in view.rows().items()
    }
    assert described(build_snapshot(tables, view.seq)) == described(build_from_view(view))


def test_snapshot_id_tells_content_from_content() -> None:
    rows: dict[str, list[dict[str, Any]]] = {
        "sites": [{"site_id": "A", "role": "factory"}],
        "site_products": [{"site_id": "A", "product_id": "P", "relation": "makes"}],
    }
    ids = [snapshot_of_rows(rows).snapshot_id]
    rows["sites"][0]["name"] = "厂"
    ids.append(snapshot_of_rows(rows).snapshot_id)
    rows["site_products"][0]["relation"] = "stores"
    ids.append(snapshot_of_rows(rows).snapshot_id)
    ids.append(snapshot_of_rows({"sites": rows["sites"]}).snapshot_id)
    assert len(set(ids)) == 4


def test_empty_graph() -> None:
    snapshot = snapshot_of_rows({})
    check_structure(snapshot)
    assert len(snapshot.movements) == 0
    assert not snapshot.edges
    assert all(len(snapshot.nodes[kind]) == 0 for kind in NODE_KINDS)
    assert snapshot.edge_sets("SOLD_BY") == []
    with pytest.raises(UnknownNodeError, match="Site:A"):
        snapshot.nodes["Site"].position("Site:A")


def test_movement_keeps_spans_quantity_and_unit() -> None:
    row = {
        "shipment_id": "S", "from_site": "A", "to_site": "B", "departed_at": "2025-03", "arrived_at": "2025",
        "quantity": 3, "unit": "kg", "product_id": "P",
    }  # fmt: skip
    snapshot = snapshot_of_rows({"shipments": [row]})
    told = described(snapshot)["movements"][0]
    march, year = 1740787200000000, 1735689600000000
    flags = 2 << 3 | 3 << 5
    assert told == ("Shipment:S", "Site:A", "Site:B", "Product:P", 3.0, "kg", march, year, flags)


def test_lots_of_two_products_have_one_code_and_two_positions() -> None:
    rows = [
        {"shipment_id": str(i), "from_site": "A", "to_site": "B", "product_id": p, "lot_id": "001"}
        for i, p in enumerate(("P", "Q", None))
    ]
    lots = snapshot_of_rows({"shipments": rows}).nodes["Lot"]
    assert lots.ids.to_pylist() == ["Lot::001", "Lot:P:001", "Lot:Q:001"]
    assert lots.columns["code"].tolist() == [0, 0, 0]
    assert lots.columns["product"].tolist() == [-1, 0, 1]


def test_movements_of_one_site_stand_by_arrival() -> None:
    stream = random.Random(3)
    rows = [
        {"shipment_id": f"S{i:03}", "from_site": stream.choice("AB"), "to_site": "C",
         "arrived_at": stream.choice(["2025-01-01", "2025-01-02", None]), "departed_at": "2024-12-31"}
        for i in range(200)
    ]  # fmt: skip
    snapshot = snapshot_of_rows({"shipments": rows})
    check_structure(snapshot)
    arrived = [described(snapshot)["movements"][m][7] for m in range(200)]
    assert len(arrived) == 200
    into = snapshot.movements.arrived[snapshot.movements.flags & 2 == 0]
    assert all(a <= b for a, b in pairwise(into))
