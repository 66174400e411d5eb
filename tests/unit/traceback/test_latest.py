"""The pass over everything against the hop-by-hop walk of a plain graph search."""

import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.graph.rows import snapshot_of_rows
from suyuan.traceback.latest import by_departure, latest_departures
from suyuan.traceback.times import EARLIEST, LATEST

MOVES = st.lists(
    st.tuples(st.sampled_from("ABCDE"), st.sampled_from("ABCDE"), st.integers(0, 6), st.integers(0, 2)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=100, deadline=None)
@given(MOVES, st.sets(st.sampled_from("ABCDE"), min_size=1))
def test_one_pass_finds_what_graph_search_finds(
    moves: list[tuple[str, str, int, int]], ends: set[str]
) -> None:
    rows = [
        {
            "shipment_id": f"{number:02}",
            "from_site": start,
            "to_site": end,
            "departed_at": left,
            "arrived_at": left + took,
        }
        for number, (start, end, left, took) in enumerate(moves)
    ]
    graph = snapshot_of_rows({"shipments": rows, "sites": [{"site_id": site} for site in "ABCDE"]})
    onward: nx.DiGraph[int] = nx.DiGraph()
    onward.add_nodes_from(range(len(moves)))
    for f, (_, place, left, took) in enumerate(moves):
        onward.add_edges_from(
            (f, e)
            for e, other in enumerate(moves)
            if e != f and other[0] == place and left + took <= other[2]
        )
    good = {f for f, move in enumerate(moves) if move[1] in ends}
    expected = good | {f for f in onward if nx.descendants(onward, f) & good}
    movements, sites = graph.movements, graph.nodes["Site"]
    order = by_departure(movements, movements.arrived, movements.departed)
    targets = np.array(sorted(sites.position(f"Site:{site}") for site in ends), np.int32)
    latest, counts = latest_departures(order, targets, len(sites))
    found = {int(graph.nodes["Shipment"].id_at(m).partition(":")[2]) for m in order.movement[counts]}
    assert found == expected
    for site in "ABCDE":
        leaving = [moves[f][2] for f in expected if moves[f][0] == site]
        best = max(leaving) if leaving else EARLIEST
        assert latest[sites.position(f"Site:{site}")] == (LATEST if site in ends else best)
