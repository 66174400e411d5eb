"""Choke points against a dense Markov chain, and worked by hand."""

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings

from suyuan.graph.snapshot import FloatArray
from suyuan.traceback.cases import first_movements
from suyuan.traceback.chokepoints import choke_points
from suyuan.traceback.massflow import flow_of
from suyuan.traceback.massgraph import MassGraph
from suyuan.traceback.parameters import TraceLimits, TraceParameters, role_values
from suyuan.traceback.preparation import Prepared, prepare
from suyuan.traceback.trace import mass_graph, walk_from
from tests.unit.traceback.worlds import Move, World, name_of, positions, worlds

LIMITS = TraceLimits(max_hops=50)


def graph_of(prepared: Prepared, move: Move) -> MassGraph:
    (position,) = positions(prepared.snapshot, "Shipment", [move.name])
    start = first_movements(prepared, "Shipment", position)
    return mass_graph(prepared, start, walk_from(prepared, start, limits=LIMITS), LIMITS)


def steps(graph: MassGraph) -> FloatArray:
    """The rows as a dense matrix."""
    n = len(graph.mass)
    matrix = np.zeros((n, n))
    near = np.repeat(np.arange(n), np.diff(graph.rows.start))
    np.add.at(matrix, (near, graph.rows.far), graph.rows.share)
    return matrix


def shares_by_matrix(prepared: Prepared, graph: MassGraph) -> dict[str, float]:
    """Probability that a unit passes each site: first visits of a chain that stops there."""
    site = prepared.snapshot.movements.from_site[graph.movement]
    found: dict[str, float] = {}
    for number in np.unique(site):
        here = (site == number) & ~graph.rows.made
        matrix = steps(graph)
        matrix[here] = 0.0
        visits = np.linalg.solve(np.eye(len(matrix)) - matrix.T, graph.first_mass)
        found[name_of(prepared.snapshot, "Site", int(number))] = float(visits[here].sum())
    return found


def dominators(prepared: Prepared, graph: MassGraph) -> set[str]:
    """Sites without which no end can be reached."""
    site = prepared.snapshot.movements.from_site[graph.movement]
    made = graph.rows.made & (graph.mass > 0)
    ends = set(np.flatnonzero(made if made.any() else graph.rows.rest + graph.rows.lost > 0).tolist())
    starts = set(np.flatnonzero(graph.first_mass > 0).tolist())
    whole = nx.from_numpy_array(steps(graph), create_using=nx.DiGraph)
    found: set[str] = set()
    for number in np.unique(site):
        here = set(np.flatnonzero((site == number) & ~graph.rows.made).tolist())
        left = whole.subgraph(set(whole) - here)
        reached = {node for one in starts & set(left) for node in {one} | nx.descendants(left, one)}
        if here and not reached & ends:
            found.add(name_of(prepared.snapshot, "Site", int(number)))
    return found


def check(world: World) -> None:
    prepared = prepare(world.graph(), TraceParameters(floor=role_values(0.02)))
    for move in world.moves:
        graph = graph_of(prepared, move)
        flow = flow_of(graph.rows)
        assert sorted(flow.place.tolist()) == list(range(len(graph.mass)))
        from_site = prepared.snapshot.movements.from_site
        found = choke_points(graph, flow, from_site, prepared.site_rank, least=1e-6)
        shares = {name_of(prepared.snapshot, "Site", one.site): one.share for one in found}
        expected = shares_by_matrix(prepared, graph)
        for name, share in expected.items():
            assert shares.get(name, 0.0) == pytest.approx(share, abs=1.1e-6 if name not in shares else 1e-9)
        dominating = {name_of(prepared.snapshot, "Site", one.site) for one in found if one.dominates}
        assert dominating == dominators(prepared, graph)
        listed = [round(one.share, 12) for one in found]
        assert listed == sorted(listed, reverse=True)


@settings(max_examples=30, deadline=None)
@given(worlds())
def test_shares_are_those_of_first_visits(world: World) -> None:
    check(world)


@settings(max_examples=30, deadline=None)
@given(worlds(products=(None, "P")).map(lambda world: replace(world, moves=_undated(world))))
def test_a_unit_that_goes_round_counts_once(world: World) -> None:
    check(world)


def _undated(world: World) -> tuple[Move, ...]:
    return tuple(replace(move, left=None, came=None) for move in world.moves)


def test_goods_that_came_back_to_a_market_passed_it_once() -> None:
    # All goods of the case left M last; two thirds of them had left M before, by way of W.
    world = World(
        (
            Move("a", "F", "M", 1, 2, "P", quantity=1.0),
            Move("b", "M", "W", 3, 4, "P", quantity=2.0),
            Move("c", "W", "M", 5, 6, "P", quantity=2.0),
            Move("d", "M", "R", 7, 8, "P", quantity=1.0),
        ),
        {"F": "factory", "M": "wholesale_market", "W": "warehouse", "R": None},
    )
    prepared = prepare(
        world.graph(), TraceParameters(fifo_share=0.0, floor=role_values(0.0), dwell_days=role_values(1e6))
    )
    graph = graph_of(prepared, world.moves[3])
    points = choke_points(
        graph, flow_of(graph.rows), prepared.snapshot.movements.from_site, prepared.site_rank
    )
    shares = {name_of(prepared.snapshot, "Site", one.site): (one.share, one.dominates) for one in points}
    by_way = dict(zip(graph.movement.tolist(), graph.mass.tolist(), strict=True))
    (through_w,) = positions(prepared.snapshot, "Shipment", ["c"])
    assert shares["M"] == (pytest.approx(1.0), True)
    assert shares["W"] == (pytest.approx(by_way[through_w]), False)
    assert 0.1 < by_way[through_w] < 0.9
    assert "F" not in shares
    assert "R" not in shares


def test_a_place_all_origins_send_through_dominates_though_some_goods_stay_unresolved() -> None:
    # Half of what left W is not covered by what came: unresolved at W. All that is resolved came through M.
    world = World(
        (
            Move("a", "F", "M", 1, 2, "P", quantity=5.0),
            Move("b", "G", "M", 1, 2, "P", quantity=5.0),
            Move("c", "M", "W", 3, 4, "P", quantity=10.0),
            Move("d", "W", "R", 5, 6, "P", quantity=20.0),
        ),
        {"F": "factory", "G": "factory", "M": "wholesale_market", "W": "warehouse", "R": None},
    )
    prepared = prepare(world.graph(), TraceParameters(floor=role_values(0.0)))
    graph = graph_of(prepared, world.moves[3])
    points = choke_points(
        graph, flow_of(graph.rows), prepared.snapshot.movements.from_site, prepared.site_rank
    )
    found = [
        (name_of(prepared.snapshot, "Site", one.site), round(one.share, 9), one.dominates) for one in points
    ]
    assert found == [("W", 1.0, True), ("M", 0.5, True)]
