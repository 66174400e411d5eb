"""Nodes and edges as the declared tables say, from both ends."""

import pytest

from suyuan.graph.store.base import Direction, Store
from suyuan.graph.tables import TABLES
from tests.contract.building import Row, firm, load, sample_rows, shipment
from tests.contract.oracle import Oracle

DIRECTIONS: tuple[Direction, ...] = ("out", "in", "both")


@pytest.fixture
def sample(store: Store) -> Oracle:
    rows = sample_rows()
    load(store, rows)
    oracle = Oracle()
    oracle.put(rows)
    return oracle


def test_the_samples_make_every_declared_edge() -> None:
    oracle = Oracle()
    oracle.put(sample_rows())
    made = {(edge.kind, edge.record.split(":")[0]) for edge in oracle.edges().values()}
    declared = {(e.kind, table.kind or table.name) for table in TABLES.values() for e in table.edges}
    assert made == declared


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_neighbours_of_every_declared_edge(store: Store, sample: Oracle, direction: Direction) -> None:
    ids = sorted(sample.nodes())
    found = store.view().neighbours(ids, direction=direction, first=10_000)
    assert set(found) == set(ids)
    for node_id in ids:
        wanted = sample.neighbours(node_id, direction)
        assert [edge.id for edge in found[node_id]] == [edge.id for edge in wanted]
        for edge, expected in zip(found[node_id], wanted, strict=True):
            assert (edge.kind, edge.source, edge.target) == (expected.kind, expected.source, expected.target)
            assert dict(edge.properties) == expected.properties
            assert edge.provenance.record == expected.record
            assert edge.provenance.file == "a.csv"


def test_every_node_is_found_with_its_properties(store: Store, sample: Oracle) -> None:
    wanted = sample.nodes()
    found = store.view().nodes([*wanted, "Firm:nobody", "nonsense", "Nothing:1", "Seller:only-platform", ""])
    assert set(found) == set(wanted)
    records = {record for _, record in sample.records}
    for node_id, node in found.items():
        assert node.id == node_id
        assert node.kind == node_id.split(":")[0]
        assert dict(node.properties) == wanted[node_id]
        if node_id in records:
            assert node.provenance is not None
            assert node.provenance.record == node_id
        else:
            assert node.provenance is None
            assert node.stub == (node.kind not in ("Lot", "Identifier", "WatchList"))


def test_edge_kinds_restrict_the_answer(store: Store, sample: Oracle) -> None:
    ids = sorted(sample.nodes())
    for kinds in (["CARRIES"], ["AT", "CONCERNS"], ["CLAIMS", "HAS", "LISTED_ON"], []):
        found = store.view().neighbours(ids, edge_kinds=kinds, first=1_000)
        for node_id in ids:
            wanted = [edge.id for edge in sample.neighbours(node_id, kinds=kinds)]
            assert [edge.id for edge in found[node_id]] == wanted


def test_pages_of_neighbours_join_without_gap(store: Store, sample: Oracle) -> None:
    for node_id in ("Site:v%200:0%25", "Right:v%200:0%25", "Firm:k%200"):
        wanted = [edge.id for edge in sample.neighbours(node_id)]
        assert len(wanted) > 2
        got: list[str] = []
        while page := store.view().neighbours([node_id], first=2, after=got[-1] if got else None)[node_id]:
            assert len(page) <= 2
            got += [edge.id for edge in page]
        assert got == wanted


def test_each_node_gets_its_own_page(store: Store) -> None:
    load(store, {"shipments": [shipment(i, f"S{i % 3}", "HUB") for i in range(30)]})
    found = store.view().neighbours(["Site:S0", "Site:S1", "Site:HUB", "Site:none"], first=4)
    assert {node: len(edges) for node, edges in found.items()} == {
        "Site:S0": 4,
        "Site:S1": 4,
        "Site:HUB": 4,
        "Site:none": 0,
    }
    assert [edge.target for edge in found["Site:S1"]] == [f"Shipment:SH{i:05}" for i in (1, 4, 7, 10)]


def test_edges_are_ordered_by_code_point(store: Store) -> None:
    keys = ["a", "B", "ä", "义", "Ａ", "🧸", "\ue000", "1", "10", "2", "a:b", "a b", "a%", "a|", "~"]
    load(store, {"shipments": [shipment(i, "S", key) for i, key in enumerate(keys)]})
    found = store.view().neighbours(["Site:S"], edge_kinds=["SHIPPED_TO"], first=100)["Site:S"]
    ids = [edge.id for edge in found]
    assert len(ids) == len(keys)
    assert ids == sorted(ids)
    page = store.view().neighbours(["Site:S"], edge_kinds=["SHIPPED_TO"], first=100, after=ids[6])["Site:S"]
    assert [edge.id for edge in page] == ids[7:]


def test_a_loop_is_one_edge(store: Store) -> None:
    load(store, {"shipments": [shipment(1, "S", "S")]})
    found = store.view().neighbours(["Site:S"], edge_kinds=["SHIPPED_TO"])["Site:S"]
    assert [edge.id for edge in found] == ["SHIPPED_TO|Site:S|Site:S|Shipment:SH00001"]


def test_an_entry_named_twice_is_one_edge(store: Store) -> None:
    load(store, {"products": [{"product_id": "P", "right_ids": ["R", "Q", "R"]}]})
    found = store.view().neighbours(["Product:P", "Right:R"])
    assert [edge.target for edge in found["Product:P"]] == ["Right:Q", "Right:R"]
    assert len(found["Right:R"]) == 1


def test_an_edge_needs_both_ends(store: Store) -> None:
    rows: list[Row] = [{"shipment_id": "1", "from_site": "A"}, {"shipment_id": "2", "to_site": "B"}]
    load(store, {"shipments": rows, "site_products": [{"site_id": "C", "product_id": "P"}]})
    found = store.view().neighbours(["Site:A", "Site:B", "Site:C"])
    assert [edge.kind for edge in found["Site:A"]] == ["DEPARTS"]
    assert [edge.kind for edge in found["Site:B"]] == ["ARRIVES"]
    assert found["Site:C"] == []


def test_a_node_lives_while_something_names_it(store: Store) -> None:
    load(store, {"shipments": [shipment(1, "A", "B", lot_id="7", product_id="P")]})
    nodes = store.view().nodes(["Site:A", "Lot:P:7", "Product:P", "Site:C"])
    assert sorted(nodes) == ["Lot:P:7", "Product:P", "Site:A"]
    assert nodes["Site:A"].stub
    assert not nodes["Lot:P:7"].stub
    assert nodes["Lot:P:7"].properties == {"product_id": "P", "lot_id": "7"}
    load(store, {"shipments": [shipment(1, "C", "B", lot_id="7")], "sites": [{"site_id": "B", "name": "b"}]})
    nodes = store.view().nodes(["Site:A", "Site:B", "Site:C", "Lot:P:7", "Lot::7", "Product:P"])
    assert sorted(nodes) == ["Lot::7", "Site:B", "Site:C"]
    assert not nodes["Site:B"].stub
    assert nodes["Lot::7"].properties == {"lot_id": "7"}


def test_rights_are_claimed_by_number(store: Store) -> None:
    listing = {"platform": "p", "listing_id": "1", "claimed_rights": ["ZL1", "ZL2", "ZL9"]}
    load(store, {"listings": [listing]})
    assert store.view().neighbours(["Listing:p:1"])["Listing:p:1"] == []
    rights = [
        {"right_id": f"R{i}", "number": number} for i, number in enumerate(["ZL1", "ZL2", "ZL2", "ZL3"])
    ]
    load(store, {"rights": rights})
    wanted = [f"CLAIMS|Listing:p:1|Right:R{i}|Listing:p:1" for i in range(3)]
    assert [edge.id for edge in store.view().neighbours(["Listing:p:1"])["Listing:p:1"]] == wanted
    assert [edge.id for edge in store.view().neighbours(["Right:R1"])["Right:R1"]] == wanted[1:2]
    before = store.view()
    load(store, {"rights": [{"right_id": "R1", "number": "ZL4"}, {"right_id": "R3", "number": "ZL9"}]})
    found = store.view().neighbours(["Listing:p:1", "Right:R1", "Right:R3"])
    assert [edge.target for edge in found["Listing:p:1"]] == ["Right:R0", "Right:R2", "Right:R3"]
    assert found["Right:R1"] == []
    assert [edge.source for edge in found["Right:R3"]] == ["Listing:p:1"]
    assert [edge.id for edge in before.neighbours(["Listing:p:1"])["Listing:p:1"]] == wanted
    assert store.check(deep=True) == []


def test_edges_follow_their_record(store: Store) -> None:
    first = {"event_id": "E", "input_lots": ["Lot:P:1", "Lot:P:2"], "output_lots": ["Lot:Q:1"]}
    load(store, {"transformations": [first]})
    load(store, {"transformations": [{**first, "input_lots": ["Lot:P:2", "Lot:P:3"], "site_id": "S"}]})
    found = store.view().neighbours(["Event:E", "Lot:P:1", "Lot:P:3"])
    assert sorted((edge.kind, edge.source, edge.target) for edge in found["Event:E"]) == [
        ("AT", "Event:E", "Site:S"),
        ("INPUT", "Lot:P:2", "Event:E"),
        ("INPUT", "Lot:P:3", "Event:E"),
        ("OUTPUT", "Event:E", "Lot:Q:1"),
    ]
    assert found["Lot:P:1"] == []
    assert store.view().nodes(["Lot:P:1"]) == {}
    assert len(found["Lot:P:3"]) == 1


def test_identifiers_tie_their_owners(store: Store) -> None:
    owners = ["Seller:shop:1", "Firm:F", "Site:W"]
    rows = [{"owner": owner, "type": "phone", "value": "+86 139:1"} for owner in owners]
    load(store, {"identifiers": rows, "firms": [firm(1)]})
    phone = "Identifier:phone:+86%20139:1"
    node = store.view().nodes([phone])[phone]
    assert node.properties == {"type": "phone", "value": "+86 139:1"}
    assert not node.stub
    assert sorted(edge.source for edge in store.view().neighbours([phone])[phone]) == sorted(owners)


def test_asking_for_many_nodes_at_once(store: Store) -> None:
    load(store, {"shipments": [shipment(i, f"A{i}", f"B{i}") for i in range(3_000)]})
    ids = [f"Site:A{i}" for i in range(3_000)]
    found = store.view().neighbours(ids)
    assert all(len(found[node]) == 2 for node in ids)
    assert len(store.view().nodes([*ids, *ids])) == 3_000
