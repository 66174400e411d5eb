"""Shortest connections against networkx and by hand."""

import networkx as nx
import numpy as np
import pytest

from suyuan.analytics.connections import Connection, Place, shortest_connections
from suyuan.errors import LimitError, ParameterError
from suyuan.graph.rows import snapshot_of_rows
from suyuan.graph.snapshot import GraphSnapshot


def _random_market(seed: int) -> tuple[GraphSnapshot, nx.Graph]:
    random = np.random.default_rng(seed)
    rows = [
        {"shipment_id": str(i), "from_site": str(random.integers(8)), "to_site": str(random.integers(8))}
        for i in range(10)
    ]
    oracle = nx.Graph()
    for row in rows:
        oracle.add_edge(f"Site:{row['from_site']}", f"Shipment:{row['shipment_id']}")
        oracle.add_edge(f"Site:{row['to_site']}", f"Shipment:{row['shipment_id']}")
    return snapshot_of_rows({"shipments": rows}), oracle


@pytest.mark.parametrize("seed", range(20))
def test_as_many_and_as_short_as_networkx(seed: int) -> None:
    graph, oracle = _random_market(seed)
    sites = graph.nodes["Site"]
    for goal in range(1, len(sites)):
        found = shortest_connections(graph, [Place("Site", 0)], [Place("Site", goal)], most=1000)
        ids = sorted(
            [graph.nodes[p.kind].id_at(p.position) for p in connection.places] for connection in found
        )
        first, last = sites.id_at(0), sites.id_at(goal)
        expected = (
            sorted(nx.all_shortest_paths(oracle, first, last)) if nx.has_path(oracle, first, last) else []
        )
        within = [path for path in expected if len(path) <= 9]
        assert ids == within


def test_shops_are_connected_by_a_phone_and_not_when_phones_are_left_out() -> None:
    graph = snapshot_of_rows(
        {
            "identifiers": [
                {"owner": "Seller:p:a", "type": "phone", "value": "+86139"},
                {"owner": "Seller:p:b", "type": "phone", "value": "+86139"},
            ]
        }
    )
    ends = [Place("Seller", 0)], [Place("Seller", 1)]
    (found,) = shortest_connections(graph, *ends)
    assert list(found.hops) == [("HAS", True), ("HAS", False)]
    assert shortest_connections(graph, *ends, without=frozenset({"HAS"})) == []


def test_limits_are_told() -> None:
    graph, _ = _random_market(1)
    with pytest.raises(LimitError):
        shortest_connections(graph, [Place("Site", 0)], [Place("Site", 5)], max_nodes=1)
    with pytest.raises(ParameterError) as error:
        shortest_connections(graph, [Place("Site", 0)], [Place("Site", 1)], most=0)
    assert error.value.name == "most"


@pytest.mark.parametrize("seed", range(5))
def test_between_groups_as_short_as_the_nearest_pair(seed: int) -> None:
    graph, oracle = _random_market(seed)
    sites = graph.nodes["Site"]
    starts, goals = [0, 1], [2, 3, 4]
    found = shortest_connections(
        graph, [Place("Site", at) for at in starts], [Place("Site", at) for at in goals], most=1000
    )
    pairs = [
        (sites.id_at(one), sites.id_at(other))
        for one in starts
        for other in goals
        if nx.has_path(oracle, sites.id_at(one), sites.id_at(other))
    ]
    ways = [way for pair in pairs for way in nx.all_shortest_paths(oracle, *pair)]
    least = min(len(way) for way in ways)
    ids = [[graph.nodes[p.kind].id_at(p.position) for p in connection.places] for connection in found]
    assert sorted(ids) == sorted(way for way in ways if len(way) == least)


def test_groups_that_share_a_member_are_connected_there() -> None:
    graph, _ = _random_market(0)
    one, other, common = (Place("Site", at) for at in range(3))
    assert shortest_connections(graph, [one, common], [other, common]) == [Connection((common,), ())]
