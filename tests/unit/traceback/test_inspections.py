"""Expected gains against the mass run again with every answer, and worked by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from suyuan.traceback.chainends import ends_of_chains, masses_at
from suyuan.traceback.explanation import Inspection
from suyuan.traceback.inspections import entropy_bits, next_inspections
from suyuan.traceback.massflow import flow_of
from suyuan.traceback.massgraph import MassGraph
from suyuan.traceback.parameters import TraceParameters, role_values
from suyuan.traceback.preparation import Prepared, prepare
from suyuan.traceback.questions import questions, shares_after
from tests.unit.traceback.test_chokepoints import graph_of, steps
from tests.unit.traceback.worlds import Move, World, name_of, worlds

EVENLY = TraceParameters(
    fifo_share=0.0, floor=role_values(0.0), dwell_days=role_values(1e6), match_unknown=1.0
)
ROLES = {"F": "factory", "G": "factory", "H": "factory", "M": "wholesale_market", "W": "warehouse", "R": None}


def inspected(world: World, name: str, parameters: TraceParameters = EVENLY) -> dict[tuple[str, str], float]:
    prepared = prepare(world.graph(), parameters)
    (move,) = (move for move in world.moves if move.name == name)
    graph = graph_of(prepared, move)
    found = next_inspections(prepared, graph, flow_of(graph.rows))
    return {
        (name_of(prepared.snapshot, one.kind, one.position), one.question): one.expected_gain_bits
        for one in found
    }


def market(*, lots: tuple[str | None, ...], left: float | None = 9, product: str | None = "P") -> World:
    """Equal quantities from F, G and H come to M, of which one shipment goes to R."""
    came = tuple(
        Move(f"from{site}", site, "M", day, day + 1, "P", lot, 4.0)
        for site, day, lot in zip("FGH", (1, 3, 5), lots, strict=True)
    )
    return World((*came, Move("out", "M", "R", left, None if left is None else left + 1, product)), ROLES)


def test_a_lot_that_tells_all_gains_the_whole_entropy() -> None:
    gains = inspected(market(lots=("1", "2", "3")), "out")
    assert gains == {("out", "lot"): pytest.approx(np.log2(3))}


def test_a_lot_shared_by_two_makers_gains_less() -> None:
    # Lot 1: F or G, one bit left with probability 2/3; lot 2: H.
    gains = inspected(market(lots=("1", "1", "2")), "out")
    assert gains["out", "lot"] == pytest.approx(np.log2(3) - 2 / 3)


def test_predecessors_without_a_lot_agree_with_any() -> None:
    # After lot 1 or 2 two are left with equal weight; after another lot, with probability 1/3, H alone.
    gains = inspected(market(lots=("1", "2", None)), "out")
    assert gains["out", "lot"] == pytest.approx(np.log2(3) - 2 / 3)


def test_nothing_is_asked_where_all_is_recorded_or_the_same() -> None:
    assert inspected(market(lots=("1", "1", "1")), "out") == {}


def test_an_unknown_departure_is_asked_for() -> None:
    world = market(lots=("1", "1", "1"), left=None)
    quick = replace(EVENLY, dwell_days=role_values(0.5))
    gains = inspected(world, "out", quick)
    assert set(gains) == {("out", "departure"), ("out", "arrival")}
    assert gains["out", "departure"] > gains["out", "arrival"] > 0.0


def test_missing_inflow_is_split_over_the_origins_known_there() -> None:
    # Half of what left M is not covered. What came: F and G equally. Ends: 1/4, 1/4, 1/2; H = 1.5 bits.
    # Split likewise: 1/2, 1/2; H = 1 bit.
    world = World(
        (
            Move("a", "F", "M", 1, 2, "P", "1", 5.0),
            Move("b", "G", "M", 1, 2, "P", "1", 5.0),
            Move("d", "M", "R", 5, 6, "P", "1", 20.0),
        ),
        ROLES,
    )
    assert inspected(world, "d") == {("M", "inflow"): pytest.approx(0.5)}


def test_an_answer_also_tells_of_the_movements_that_goods_go_on_with() -> None:
    # out (P) came by a (P, from F) with weight 1, by b with 1/2 as its product is not known: 2/3 and 1/3; b came from
    # G (P) or H (Q). Ends 2/3, 1/6, 1/6. That b carried P: 1/3, since goods of out did, and half of the other 2/3.
    # Then F and G have 1/2 each, 1 bit; with Q it was F, no bit. log2(3) - 1/3 - 2/3.
    world = World(
        (
            Move("g", "G", "W", 1, 2, "P", "1", 4.0),
            Move("h", "H", "W", 1, 2, "Q", "2", 4.0),
            Move("b", "W", "M", 3, 4, None, None, 4.0),
            Move("a", "F", "M", 3, 4, "P", "3", 4.0),
            Move("out", "M", "R", 5, 6, "P", None, 4.0),
        ),
        ROLES,
    )
    gains = inspected(world, "out", replace(EVENLY, match_unknown=0.5))
    assert gains["b", "product"] == pytest.approx(np.log2(3) - 1.0)


@pytest.mark.parametrize(("sent", "after"), [(10.0, (0.9, 0.1)), (5.0, None)])
def test_the_floor_of_the_model_is_no_missing_record(sent: float, after: tuple[float, ...] | None) -> None:
    # The floor is 1/10. Of 10 half is not covered: 1 bit; records can bring that down to the floor. Of 5 all is.
    world = World(
        (Move("a", "F", "M", 1, 2, "P", "1", 5.0), Move("d", "M", "R", 5, 6, "P", "1", sent)),
        ROLES,
    )
    gains = inspected(world, "d", replace(EVENLY, floor=role_values(0.1)))
    expected = {} if after is None else {("M", "inflow"): pytest.approx(1.0 - entropy_bits(np.array(after)))}
    assert gains == expected


def test_a_dead_end_is_split_over_the_origins_of_the_case() -> None:
    # W is a dead end: half of the goods stay unresolved there, the other half came from F.
    world = World(
        (
            Move("a", "F", "M", 1, 2, "P", "1", 5.0),
            Move("b", "W", "M", 1, 2, "P", "1", 5.0),
            Move("d", "M", "R", 5, 6, "P", "1", 10.0),
        ),
        ROLES,
    )
    assert inspected(world, "d") == {("W", "inflow"): pytest.approx(1.0)}


def test_equal_gains_are_listed_by_id() -> None:
    world = World(
        (
            Move("f", "F", "A", 1, 2, "P", "1", 1.0),
            Move("g", "G", "A", 1, 2, "P", "2", 1.0),
            Move("h", "F", "B", 1, 2, "P", "3", 1.0),
            Move("i", "H", "B", 1, 2, "P", "4", 1.0),
            Move("z", "A", "M", 3, 4, "P", None, 1.0),
            Move("y", "B", "M", 3, 4, "P", None, 1.0),
            Move("out", "M", "R", 5, 6, "P", None, 1.0),
        ),
        ROLES | {"A": "warehouse", "B": "warehouse"},
    )
    prepared = prepare(world.graph(), EVENLY)
    graph = graph_of(prepared, world.moves[-1])
    found = next_inspections(prepared, graph, flow_of(graph.rows))
    names = [name_of(prepared.snapshot, one.kind, one.position) for one in found]
    assert names == ["y", "z"]
    assert found[0].expected_gain_bits == pytest.approx(found[1].expected_gain_bits)
    assert next_inspections(prepared, graph, flow_of(graph.rows), most=1) == found[:1]


def gains_by_matrix(prepared: Prepared, graph: MassGraph) -> dict[tuple[int, str], float]:
    """Every question by solving the whole chain anew for every answer."""
    ends = ends_of_chains(graph, prepared.snapshot.movements.from_site).ends
    now = float(entropy_bits(masses_at(ends, graph.rows, graph.mass)))
    found: dict[tuple[int, str], float] = {}
    starts = graph.rows.start[:-1][np.diff(graph.rows.start) > 0]
    for question in questions(prepared, graph):
        left = 0.0
        for answer, weight in enumerate(question.weight / question.weight.sum()):
            share = shares_after(graph, question, answer)
            assert np.add.reduceat(share, starts) == pytest.approx(np.add.reduceat(graph.rows.share, starts))
            changed = graph._replace(rows=graph.rows._replace(share=share))
            matrix = steps(changed)
            mass = np.linalg.solve(np.eye(len(matrix)) - matrix.T, graph.first_mass)
            left += weight * float(entropy_bits(masses_at(ends, changed.rows, mass.astype(np.float64))))
        found[question.movement, question.asks] = now - left
    return found


def check(world: World) -> None:
    prepared = prepare(world.graph(), TraceParameters(floor=role_values(0.02)))
    for move in world.moves:
        graph = graph_of(prepared, move)
        found = next_inspections(prepared, graph, flow_of(graph.rows), most=1000)
        ours = {(one.position, one.question): one.expected_gain_bits for one in _records(found)}
        expected = gains_by_matrix(prepared, graph)
        for key, gain in expected.items():
            assert ours.get(key, 0.0) == pytest.approx(max(gain, 0.0), abs=2e-9)
        assert ours.keys() <= expected.keys()
        gains = [round(one.expected_gain_bits, 12) for one in found]
        assert gains == sorted(gains, reverse=True)


def _records(found: tuple[Inspection, ...]) -> list[Inspection]:
    return [one for one in found if one.kind == "Shipment"]


@settings(max_examples=30, deadline=None)
@given(worlds(undated=True))
def test_gains_are_those_of_the_mass_run_again(world: World) -> None:
    check(world)


@settings(max_examples=30, deadline=None)
@given(worlds(products=(None, "P")))
def test_gains_are_right_on_circles(world: World) -> None:
    check(replace(world, moves=tuple(replace(move, left=None, came=None) for move in world.moves)))


def test_entropy_of_nothing_is_nothing() -> None:
    assert entropy_bits(np.array([[1.0, 0.0], [0.5, 0.5]])).tolist() == [0.0, 1.0]
