"""Plans that cut the chain: against all sets of closings on small networks, and on a market worked by hand."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from suyuan.errors import ParameterError
from suyuan.graph.rows import snapshot_of_rows
from suyuan.graph.snapshot import GraphSnapshot
from suyuan.traceback.cutsearch import (
    effects,
    exact_cut,
    greedy_cut,
    least_closings,
    stopped_share,
    whole_cut,
)
from suyuan.traceback.cutting import CutPlan, cut_chain
from suyuan.traceback.flownetwork import FlowNetwork
from suyuan.traceback.preparation import prepare
from tests.unit.traceback.test_impact import PLAIN, dispatch, shipment

PLACES = 6


@st.composite
def networks(draw: st.DrawFn, *, circles: bool = False) -> FlowNetwork:
    """Six places; each is fed by the origins or by an earlier one, and by others; with circles also by later ones."""
    flows = np.zeros((PLACES, PLACES + 1))
    for place in range(PLACES):
        flows[place, draw(st.sampled_from([PLACES, *range(place)]))] += draw(st.integers(1, 5))
        others = [other for other in range(PLACES + 1) if other != place and (circles or other < place)]
        for other in draw(st.lists(st.sampled_from(others or [PLACES]), max_size=2)):
            flows[place, other] += draw(st.integers(1, 5))
    shares = flows / flows.sum(axis=1, keepdims=True)
    ends = draw(st.lists(st.sampled_from((0.0, 0.0, 1.0, 3.0, 4.0)), min_size=PLACES, max_size=PLACES))
    ends[-1] += 1.0
    other = draw(st.lists(st.integers(0, 9), min_size=PLACES, max_size=PLACES))
    closable = np.array(draw(st.lists(st.booleans(), min_size=PLACES, max_size=PLACES))) | (
        np.array(ends) > 0
    )
    return FlowNetwork(
        key=np.arange(PLACES),
        n_sites=PLACES,
        from_places=sparse.csr_array(shares[:, :PLACES]),
        from_origins=shares[:, PLACES],
        ends=np.array(ends),
        other=np.array(other, np.float64),
        closable=closable,
    )


def plain_stopped(network: FlowNetwork, closed: Sequence[Any]) -> float:
    """The share stopped, by dense linear algebra."""
    is_open = np.array([0.0 if place in closed else 1.0 for place in range(PLACES)])
    rows = is_open[:, None] * network.from_places.toarray()
    survives = np.linalg.solve(np.eye(PLACES) - rows, is_open * network.from_origins)
    return 1.0 - float(network.ends @ survives) / float(network.ends.sum())


def best_of_all(network: FlowNetwork, share: float) -> tuple[int, float]:
    """Fewest closings that do, and the least other trade they cost, by trying all sets."""
    closable = np.flatnonzero(network.closable).tolist()
    for size in range(1, len(closable) + 1):
        costs = [
            float(network.other[list(chosen)].sum())
            for chosen in combinations(closable, size)
            if plain_stopped(network, chosen) >= share - 1e-9
        ]
        if costs:
            return size, min(costs)
    raise AssertionError("all ends can be closed, so everything can be stopped")


def told(network: FlowNetwork, closed: np.ndarray) -> tuple[int, float]:
    return int(closed.sum()), float(network.other[closed].sum())


@settings(max_examples=150, deadline=None)
@given(networks(circles=True), st.sets(st.integers(0, PLACES - 1)))
def test_the_share_stopped_is_that_of_plain_algebra(network: FlowNetwork, closed: set[int]) -> None:
    mask = np.isin(np.arange(PLACES), list(closed))
    assert stopped_share(network, mask) == pytest.approx(plain_stopped(network, tuple(closed)), abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(networks(), st.sets(st.integers(0, PLACES - 1), max_size=3))
def test_effects_are_what_one_closing_more_stops(network: FlowNetwork, closed: set[int]) -> None:
    mask = np.isin(np.arange(PLACES), list(closed))
    before = plain_stopped(network, tuple(closed))
    for place, effect in enumerate(effects(network, mask)):
        if network.closable[place] and place not in closed:
            assert effect == pytest.approx(plain_stopped(network, (*closed, place)) - before, abs=1e-9)
        else:
            assert effect == 0.0


@settings(max_examples=100, deadline=None)
@given(networks(circles=True))
def test_stopping_everything_takes_a_minimum_cut(network: FlowNetwork) -> None:
    closed = whole_cut(network)
    assert (closed <= network.closable).all()
    assert told(network, closed) == best_of_all(network, 1.0)


@settings(max_examples=80, deadline=None)
@given(networks(circles=True), st.sampled_from((0.2, 0.5, 0.75, 0.9)))
def test_a_small_network_is_cut_with_the_fewest_closings(network: FlowNetwork, share: float) -> None:
    greedy = greedy_cut(network, share)
    assert plain_stopped(network, tuple(np.flatnonzero(greedy))) >= share - 1e-9
    closed, least = exact_cut(network, share, greedy)
    expected = best_of_all(network, share)
    assert told(network, closed) == expected
    assert least == expected[0]


@settings(max_examples=100, deadline=None)
@given(networks(circles=True), st.sampled_from((0.2, 0.5, 0.75, 0.9)))
def test_the_bound_is_one_and_no_closing_of_a_plan_is_useless(network: FlowNetwork, share: float) -> None:
    greedy = greedy_cut(network, share)
    fewest, _ = best_of_all(network, share)
    assert 1 <= least_closings(network, share) <= fewest <= int(greedy.sum())
    for place in np.flatnonzero(greedy):
        without = tuple(other for other in np.flatnonzero(greedy) if other != place)
        assert plain_stopped(network, without) < share - 1e-9


# F sends 60 to A and 40 to B. A sends all on to R1 and R2. B also has 10 from G, which it sends to R3 with F's goods,
# and 20 of another product for R4.
SHIPMENTS = [
    shipment("fa", "F", "A", 1, 60.0),
    shipment("fb", "F", "B", 1, 40.0),
    shipment("gb", "G", "B", 1, 10.0),
    shipment("gq", "G", "B", 1, 20.0, "Q"),
    shipment("ar1", "A", "R1", 3, 30.0),
    shipment("ar2", "A", "R2", 3, 30.0),
    shipment("br3", "B", "R3", 3, 50.0),
    shipment("br4", "B", "R4", 3, 20.0, "Q"),
]
SITES = [{"site_id": site, "role": "factory"} for site in "FG"]


def graph_of(*shipments: dict[str, Any], **tables: list[dict[str, Any]]) -> GraphSnapshot:
    return snapshot_of_rows({"sites": SITES, "shipments": list(shipments), **tables})


def plan_of(graph: GraphSnapshot, share: float, *ids: str, **options: Any) -> CutPlan:
    cases = [
        (one.partition(":")[0], graph.nodes[one.partition(":")[0]].position(one))
        for one in ids or ("Site:F",)
    ]
    return cut_chain(prepare(graph, PLAIN), cases, share, **options)


def closed_by(graph: GraphSnapshot, plan: CutPlan) -> list[tuple[str, float, float]]:
    return [
        (
            graph.nodes[closing.kind].id_at(closing.position),
            round(closing.share_stopped, 9),
            round(closing.other_units, 9),
        )
        for closing in plan.closings
    ]


def test_the_place_that_carries_most_is_closed_first() -> None:
    graph = graph_of(*SHIPMENTS)
    plan = plan_of(graph, 0.6)
    assert closed_by(graph, plan) == [("Site:A", 0.6, 0.0)]
    assert (plan.units, plan.exact, plan.least_closings, plan.method) == (100.0, True, 1, "integer_programme")
    assert (plan.share_stopped, plan.other_units) == (pytest.approx(0.6), 0.0)


@pytest.mark.parametrize("share", [1.0, 0.9])
def test_of_as_few_closings_those_that_cost_least_other_trade(share: float) -> None:
    """R3 takes only 10 that are not from F; B sends 30."""
    graph = graph_of(*SHIPMENTS)
    plan = plan_of(graph, share)
    assert closed_by(graph, plan) == [("Site:A", 0.6, 0.0), ("Site:R3", 1.0, 10.0)]
    assert plan.exact
    assert plan.method == ("min_cut" if share == 1.0 else "integer_programme")


def test_greedy_tells_a_bound() -> None:
    graph = graph_of(*SHIPMENTS)
    plan = plan_of(graph, 0.9, exact_places=0)
    assert [one for one, *_ in closed_by(graph, plan)] == ["Site:A", "Site:R3"]
    assert (plan.method, plan.least_closings, plan.exact) == ("greedy", 2, True)


SHOPS: dict[str, list[dict[str, Any]]] = {
    "sellers": [{"platform": "shop", "seller_id": name} for name in "stu"],
    "dispatches": [
        dispatch("s", "A", 3, source="waybill", shipment_id="ar1"),
        dispatch("s", "A", 4, source="declared"),
        dispatch("t", "A", 4, source="declared"),
        dispatch("u", "R3", 4, source="declared"),
    ],
}


def test_sellers_stand_between_their_sites_and_the_market() -> None:
    """s sent 30 by parcel and half of the other 30; R3, from where nothing is seen to leave, is the stock of u.

    The 20 of other goods at A were sent by s and t in equal parts.
    """
    others = (shipment("ga", "G", "A", 1, 20.0, "Q"), shipment("aq", "A", "R5", 3, 20.0, "Q"))
    graph = graph_of(*SHIPMENTS, *others, **SHOPS)
    assert closed_by(graph, plan_of(graph, 0.45)) == [("Seller:shop:s", 0.45, 10.0)]
    assert closed_by(graph, plan_of(graph, 0.6)) == [("Site:A", 0.6, 20.0)]
    whole = plan_of(graph, 1.0)
    assert closed_by(graph, whole) == [("Site:A", 0.6, 20.0), ("Site:R3", 1.0, 10.0)]


def test_a_seller_of_the_factory_itself_can_be_closed_but_not_the_factory() -> None:
    shops = {"sellers": SHOPS["sellers"], "dispatches": [dispatch("u", "F", 1, source="declared")]}
    graph = graph_of(shipment("direct", "F", "R", 1, 7.0), **shops)
    plan = plan_of(graph, 1.0)
    assert closed_by(graph, plan) == [("Seller:shop:u", 1.0, 0.0)]
    assert plan.candidates == 1


def test_two_origins_are_cut_together_and_neither_is_closed() -> None:
    graph = graph_of(*SHIPMENTS)
    plan = plan_of(graph, 1.0, "Site:F", "Site:G")
    assert closed_by(graph, plan) == [("Site:B", pytest.approx(70 / 130), 0.0), ("Site:A", 1.0, 0.0)]


def test_where_nothing_reaches_the_market_nothing_is_closed() -> None:
    graph = graph_of(*SHIPMENTS)
    plan = plan_of(graph, 0.9, "Site:R1")
    assert (plan.closings, plan.units, plan.share_stopped, plan.exact) == ((), 0.0, 0.0, True)


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1, float("nan")])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(ParameterError):
        plan_of(graph_of(*SHIPMENTS), share)


def test_the_order_of_rows_changes_no_plan() -> None:
    plans: list[Any] = []
    for turn in (1, -1):
        shops = {name: rows[::turn] for name, rows in SHOPS.items()}
        graph = graph_of(*SHIPMENTS[::turn], **shops)
        plans.append([closed_by(graph, plan_of(graph, share)) for share in (0.3, 0.5, 0.7, 0.95, 1.0)])
    assert plans[0] == plans[1]
