"""Products of movements that name none, and makers that lots name: by hand, and by what must hold."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.graph.snapshot import GraphSnapshot
from suyuan.traceback.parameters import TraceParameters, role_values
from suyuan.traceback.preparation import prepare
from suyuan.traceback.results import TraceResult
from suyuan.traceback.trace import trace
from tests.unit.traceback.worlds import Move, World, name_of, positions, worlds

PLAIN = TraceParameters(fifo_share=0.0, dwell_days=role_values(1e6), floor=role_values(0.0))
PRODUCTS = replace(PLAIN, infer_products=True)
MAKERS = replace(PLAIN, infer_makers=True)
BOTH = replace(PLAIN, infer_products=True, infer_makers=True, match_lot_unknown=0.5)


def traced(world: World, name: str, parameters: TraceParameters) -> tuple[GraphSnapshot, TraceResult]:
    graph = world.graph()
    (position,) = positions(graph, "Shipment", [name])
    return graph, trace(prepare(graph, parameters), "Shipment", position)


def origins(world: World, name: str, parameters: TraceParameters) -> dict[str, float]:
    graph, result = traced(world, name, parameters)
    return {name_of(graph, "Site", origin.site): origin.probability for origin in result.origins}


ROLES = {"A": "factory", "B": "factory", "C": "warehouse", "D": "warehouse", "E": "wholesale_market"}


def test_goods_keep_their_product_through_movements_that_name_none() -> None:
    """C gets P from A and Q from B, sends on to D without a name; what leaves D is P."""
    world = World(
        moves=(
            Move("a", "A", "C", 0, 1, "P"),
            Move("b", "B", "C", 0, 1, "Q"),
            Move("between", "C", "D", 2, 3),
            Move("end", "D", "E", 4, 5, "P"),
        ),
        roles=ROLES,
    )
    assert origins(world, "end", PLAIN) == pytest.approx({"A": 0.5, "B": 0.5})
    assert origins(world, "end", PRODUCTS) == pytest.approx({"A": 1.0})


def test_the_chance_of_a_product_is_what_the_two_places_name_else() -> None:
    """From C to D: P named three times, Q once; from E to D: Q named four times. All are of one unit.

    D deals in P: 3 in and 1 out of 9 named at D, so share(P) = 4 / 9. An unnamed unit from C is P with
    (3 + 0.5 * 4 / 9) / 4.5, from E with (0 + 0.5 * 4 / 9) / 4.5. Of the two unnamed units 8 / 9 count as P, which does
    not cover the one that left.
    """
    named = (
        *(Move(f"p{i}", "C", "D", 10 + i, 11 + i, "P") for i in range(3)),
        Move("q", "C", "D", 10, 11, "Q"),
        *(Move(f"e{i}", "E", "D", 10 + i, 11 + i, "Q") for i in range(4)),
    )
    world = World(
        moves=(
            Move("from_c", "C", "D", 2, 3),
            Move("from_e", "E", "D", 2, 3),
            Move("a", "A", "C", 0, 1, "P"),
            Move("b", "B", "E", 0, 1, "P"),
            Move("end", "D", "A", 4, 5, "P"),
            *named,
        ),
        roles=ROLES,
    )
    from_c, from_e = (3 + 0.5 * 4 / 9) / 4.5, (0.5 * 4 / 9) / 4.5
    each = 8 / 9 / (from_c + from_e)
    assert origins(world, "end", PRODUCTS) == pytest.approx({"A": from_c * each, "B": from_e * each})


def test_a_sender_known_to_make_other_products_sent_none_of_this_one() -> None:
    world = World(
        moves=(
            Move("a", "A", "C", 0, 1),
            Move("b", "B", "C", 0, 1, "P"),
            Move("end", "C", "E", 4, 5, "P"),
        ),
        roles=ROLES,
        makes=(("A", "Q"),),
    )
    assert origins(world, "end", PRODUCTS) == pytest.approx({"B": 1.0})


LOT = World(
    moves=(
        Move("a", "A", "E", 0, 1, "P", "7"),
        Move("b", "B", "D", 0, 1, "P"),
        Move("missing_between", "D", "C", 2, 3, "P", "7"),
    ),
    roles=ROLES,
)


def test_a_lot_seen_to_leave_its_maker_was_made_there() -> None:
    """No record leads from E to D; by the records between alone B sent the goods."""
    assert origins(LOT, "missing_between", PLAIN) == pytest.approx({"B": 1.0})
    assert origins(LOT, "missing_between", MAKERS) == pytest.approx({"A": 1.0})
    graph, result = traced(LOT, "missing_between", MAKERS)
    assert [name_of(graph, "Shipment", movement) for movement in result.paths[0].movements] == [
        "a",
        "missing_between",
    ]


def test_chains_to_the_maker_are_preferred_to_a_gap_in_the_records() -> None:
    """A sent to E by two ways of 1 and 3 units, B 4 units: given A, the ways of A keep their shares."""
    world = World(
        moves=(
            Move("one", "A", "E", 0, 1, "P", "7", 1.0),
            Move("three", "A", "E", 0, 1, "P", None, 3.0),
            Move("other", "B", "E", 0, 1, "P", None, 4.0),
            Move("end", "E", "C", 2, 3, "P", "7"),
        ),
        roles=ROLES,
    )
    graph, result = traced(world, "end", MAKERS)
    ways = {name_of(graph, "Shipment", path.movements[0]): path.probability for path in result.paths}
    assert ways == pytest.approx({"one": 0.25, "three": 0.75})


def test_a_lot_that_two_makers_sent_tells_nothing() -> None:
    world = replace(LOT, moves=(*LOT.moves, Move("c", "B", "E", 0, 1, "P", "7")))
    assert origins(world, "missing_between", MAKERS) == pytest.approx({"B": 1.0})


def test_a_departure_after_the_goods_left_tells_nothing() -> None:
    late = (replace(LOT.moves[0], left=8.0, came=9.0), *LOT.moves[1:])
    assert origins(replace(LOT, moves=late), "missing_between", MAKERS) == pytest.approx({"B": 1.0})


def test_a_number_used_for_another_product_tells_nothing() -> None:
    other = (replace(LOT.moves[0], product="Q"), *LOT.moves[1:])
    assert origins(replace(LOT, moves=other), "missing_between", MAKERS) == pytest.approx({"B": 1.0})


def test_an_inflow_without_a_lot_counts_less_for_goods_of_a_known_one() -> None:
    world = World(
        moves=(
            Move("a", "A", "C", 0, 1, "P", "7"),
            Move("b", "B", "C", 0, 1, "P"),
            Move("end", "C", "E", 2, 3, "P", "7"),
        ),
        roles=ROLES,
    )
    found = origins(world, "end", replace(PLAIN, match_lot_unknown=0.25))
    assert found == pytest.approx({"A": 0.8, "B": 0.2})


@settings(max_examples=100, deadline=None)
@given(worlds(undated=True))
def test_masses_still_sum_to_one(world: World) -> None:
    for move in world.moves:
        _, result = traced(world, move.name, BOTH)
        total = sum(end.probability for end in (*result.origins, *result.unresolved))
        assert total == pytest.approx(1.0, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(worlds(undated=True))
def test_origins_are_the_same_whether_ways_are_asked_for_or_not(world: World) -> None:
    graph = world.graph()
    prepared = prepare(graph, BOTH)
    for move in world.moves:
        (position,) = positions(graph, "Shipment", [move.name])
        with_ways, without = (trace(prepared, "Shipment", position, paths=paths) for paths in (5, 0))
        for found, expected in (
            (without.origins, with_ways.origins),
            (without.unresolved, with_ways.unresolved),
        ):
            assert {one.site: one.probability for one in found} == pytest.approx(
                {one.site: one.probability for one in expected}, abs=1e-9
            )


@settings(max_examples=60, deadline=None)
@given(worlds(undated=True), st.permutations(range(8)))
def test_order_of_rows_still_changes_nothing(world: World, order: list[int]) -> None:
    shuffled = replace(world, moves=tuple(world.moves[i] for i in order if i < len(world.moves)))
    for move in world.moves:
        assert origins(shuffled, move.name, BOTH) == pytest.approx(origins(world, move.name, BOTH), abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_goods_of_a_lot_come_from_the_maker_it_left(world: World) -> None:
    """Whatever else is recorded: one labelled departure from a factory that no other place can have made."""
    labelled = (
        Move("departure", "A", "B", 0, 1, "P", "unique"),
        Move("later", "D", "C", 30, 31, "P", "unique"),
    )
    sure = replace(
        world,
        moves=(*world.moves, *labelled),
        roles={**world.roles, "A": "factory", "D": "warehouse"},
        makes=(),
    )
    assert origins(sure, "later", BOTH) == pytest.approx({"A": 1.0})


def test_the_table_of_the_page_on_the_method() -> None:
    """The example by hand in docs/user/method.md."""
    world = World(
        moves=(
            Move("a", "A", "C", 0, 1, "P", None, 100.0),
            Move("b", "B", "C", 4, 5, "P", None, 50.0),
            Move("end", "C", "E", 6, 7, "P", None, 30.0),
        ),
        roles=ROLES,
    )
    assert origins(world, "end", TraceParameters()) == pytest.approx({"A": 0.5637, "B": 0.4263}, abs=1e-4)
