"""Origin mass against the plain model, and against what must hold of it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from suyuan.graph.rows import snapshot_of_rows
from suyuan.graph.snapshot import GraphSnapshot
from suyuan.traceback.mixing import shares
from suyuan.traceback.parameters import TraceLimits, TraceParameters, role_values
from suyuan.traceback.preparation import Prepared, prepare
from suyuan.traceback.results import Gap, TraceResult
from suyuan.traceback.trace import trace
from tests.unit.traceback.plain_model import PlainModel, Settings
from tests.unit.traceback.worlds import DAY, EPOCH, Move, World, name_of, positions, worlds

Ends = dict[tuple[str, str], float]

SETTINGS = st.builds(
    Settings,
    match_unknown=st.sampled_from((0.1, 0.5, 1.0)),
    fifo_share=st.sampled_from((0.0, 0.4, 1.0)),
    bandwidth=st.sampled_from((0.5, 2.0)),
    dwell_days=st.sampled_from((2.0, 9.0)),
    floor=st.sampled_from((0.02, 0.3)),
)


def parameters(chosen: Settings) -> TraceParameters:
    return TraceParameters(
        match_unknown=chosen.match_unknown,
        fifo_share=chosen.fifo_share,
        bandwidth=chosen.bandwidth,
        dwell_days=role_values(chosen.dwell_days),
        floor=role_values(chosen.floor),
    )


def ends_of(graph: GraphSnapshot, result: TraceResult) -> Ends:
    found: Ends = {}
    for origin in result.origins:
        found["origin", name_of(graph, "Site", origin.site)] = origin.probability
    for place in result.unresolved:
        key = ("unresolved", name_of(graph, "Site", place.site))
        found[key] = found.get(key, 0.0) + place.probability
    return found


def trace_of(prepared: Prepared, move: Move, **options: object) -> TraceResult:
    (position,) = positions(prepared.snapshot, "Shipment", [move.name])
    return trace(prepared, "Shipment", position, **options)  # pyright: ignore[reportArgumentType]


def assert_same(found: Ends, expected: Ends, tolerance: float = 1e-9) -> None:
    for key in found.keys() | expected.keys():
        assert found.get(key, 0.0) == pytest.approx(expected.get(key, 0.0), abs=tolerance), key


def undated(world: World) -> World:
    return replace(world, moves=tuple(replace(move, left=None, came=None) for move in world.moves))


@settings(max_examples=150, deadline=None)
@given(worlds(), SETTINGS)
def test_each_row_is_that_of_the_formula(world: World, chosen: Settings) -> None:
    model = PlainModel(world, chosen)
    graph = world.graph()
    prepared = prepare(graph, parameters(chosen))
    walk, mixing = prepared.backward, prepared.mixing
    for move in world.moves:
        (near,) = positions(graph, "Shipment", [move.name])
        room = np.empty(8, np.int32)
        row = shares(walk, mixing, near, walk.limit[near], (room, room.copy()))
        weights, rest = model.shares(move)
        ours = {
            name_of(graph, "Shipment", int(far)): float(weight)
            for far, weight in zip(row.movements, row.weights, strict=True)
        }
        for name in weights.keys() | ours.keys():
            assert ours.get(name, 0.0) == pytest.approx(weights.get(name, 0.0), abs=1e-9)
        assert row.rest == pytest.approx(rest, abs=1e-9)


@settings(max_examples=150, deadline=None)
@given(worlds(), SETTINGS)
def test_mass_is_that_of_all_histories_of_a_unit(world: World, chosen: Settings) -> None:
    model = PlainModel(world, chosen)
    graph = world.graph()
    prepared = prepare(graph, parameters(chosen))
    for move in world.moves:
        result = trace_of(prepared, move, limits=TraceLimits(max_hops=50))
        assert_same(ends_of(graph, result), model.mass(move))


@settings(max_examples=100, deadline=None)
@given(worlds().map(undated), SETTINGS)
def test_circles_of_undated_movements_are_solved(world: World, chosen: Settings) -> None:
    model = PlainModel(world, chosen)
    graph = world.graph()
    prepared = prepare(graph, parameters(chosen))
    for move in world.moves:
        result = trace_of(prepared, move, limits=TraceLimits(max_hops=50))
        assert_same(ends_of(graph, result), model.circling_mass(move))


@settings(max_examples=100, deadline=None)
@given(worlds(undated=True), SETTINGS)
def test_mass_sums_to_one_and_origins_are_reachable(world: World, chosen: Settings) -> None:
    graph = world.graph()
    prepared = prepare(graph, parameters(chosen))
    for move in world.moves:
        result = trace_of(prepared, move)
        total = sum(end.probability for end in (*result.origins, *result.unresolved))
        assert total == pytest.approx(1.0, abs=1e-9)
        (start,) = positions(graph, "Shipment", [move.name])
        own = int(graph.movements.from_site[start])
        assert {origin.site for origin in result.origins} <= {own, *result.reach.sites.tolist()}


@settings(max_examples=80, deadline=None)
@given(worlds(undated=True), SETTINGS, st.randoms(use_true_random=False))
def test_names_and_order_change_nothing(world: World, chosen: Settings, random: object) -> None:
    order = list(range(len(world.moves)))
    random.shuffle(order)  # pyright: ignore
    new_sites = dict(zip("ABCDE", "EADBC", strict=True))
    renamed = World(
        moves=tuple(
            replace(
                world.moves[i],
                name=f"x{9 - i}",
                start=new_sites[world.moves[i].start],
                end=new_sites[world.moves[i].end],
            )
            for i in order
        ),
        roles={new_sites[site]: role for site, role in world.roles.items()},
        makes=tuple((new_sites[site], product) for site, product in world.makes),
        repacked=tuple((new_sites[site], before, after) for site, before, after in world.repacked),
    )
    graph, other = world.graph(), renamed.graph()
    prepared, other_prepared = prepare(graph, parameters(chosen)), prepare(other, parameters(chosen))
    for number, move in enumerate(world.moves):
        twin = next(m for m in renamed.moves if m.name == f"x{9 - number}")
        ours = ends_of(graph, trace_of(prepared, move))
        theirs = ends_of(other, trace_of(other_prepared, twin))
        assert_same({(end, new_sites[site]): mass for (end, site), mass in ours.items()}, theirs)


@settings(max_examples=80, deadline=None)
@given(worlds(undated=True), SETTINGS, st.integers(-3000, 3000))
def test_a_shift_of_all_times_changes_nothing(world: World, chosen: Settings, days: int) -> None:
    graph, later = world.graph(), world.graph(shift=days * 86_400_000_000)
    prepared, shifted = prepare(graph, parameters(chosen)), prepare(later, parameters(chosen))
    for move in world.moves:
        assert_same(ends_of(graph, trace_of(prepared, move)), ends_of(later, trace_of(shifted, move)))


@settings(max_examples=80, deadline=None)
@given(worlds(undated=True), worlds(undated=True), SETTINGS)
def test_a_part_that_cannot_be_reached_changes_nothing(world: World, apart: World, chosen: Settings) -> None:
    elsewhere = World(
        moves=(
            *world.moves,
            *(
                replace(move, name=f"z{move.name}", start=f"z{move.start}", end=f"z{move.end}")
                for move in apart.moves
            ),
        ),
        roles={**world.roles, **{f"z{site}": role for site, role in apart.roles.items()}},
        makes=world.makes,
        repacked=world.repacked,
    )
    graph, larger = world.graph(), elsewhere.graph()
    prepared, other = prepare(graph, parameters(chosen)), prepare(larger, parameters(chosen))
    for move in world.moves:
        assert_same(ends_of(graph, trace_of(prepared, move)), ends_of(larger, trace_of(other, move)))


@settings(max_examples=80, deadline=None)
@given(worlds(), SETTINGS, st.integers(0, 7))
def test_splitting_a_movement_changes_nothing_without_fifo(
    world: World, chosen: Settings, which: int
) -> None:
    moves = tuple(replace(move, quantity=move.quantity or 4.0) for move in world.moves)
    cut = moves[which % len(moves)]
    half = replace(cut, quantity=(cut.quantity or 1.0) / 2)
    halves = (*tuple(m for m in moves if m is not cut), half, replace(half, name="other half"))
    whole_world, cut_world = replace(world, moves=moves), replace(world, moves=halves)
    settled = parameters(replace(chosen, fifo_share=0.0))
    graph, divided = whole_world.graph(), cut_world.graph()
    prepared, other = prepare(graph, settled), prepare(divided, settled)
    for move in moves:
        if move is not cut:
            assert_same(ends_of(graph, trace_of(prepared, move)), ends_of(divided, trace_of(other, move)))


def test_fully_identified_lots_lead_to_the_true_origin_alone() -> None:
    """Two makers, one hub, lots on every paper: nothing is left to guess, whatever the parameters."""
    moves: list[Move] = []
    for number, maker in enumerate("ABAB"):
        lot = f"lot {number}"
        moves.append(Move(f"in{number}", maker, "C", number, number + 1, "P", lot, 10.0))
        moves.append(Move(f"mid{number}", "C", "D", number + 3, number + 4, "P", lot, 10.0))
        moves.append(Move(f"out{number}", "D", "E", number + 6, number + 7, "P", lot, 10.0))
    world = World(tuple(moves), {"A": "factory", "B": "factory", "C": "wholesale_market", "D": "warehouse"})
    graph = world.graph()
    prepared = prepare(graph, TraceParameters(floor=role_values(0.0)))
    for number, maker in enumerate("ABAB"):
        result = trace_of(prepared, next(m for m in moves if m.name == f"out{number}"))
        assert_same(ends_of(graph, result), {("origin", maker): 1.0})
        (path,) = result.paths
        assert [name_of(graph, "Shipment", m) for m in path.movements] == [
            f"in{number}",
            f"mid{number}",
            f"out{number}",
        ]
        assert [name_of(graph, "Site", site) for site in path.sites] == [maker, "C", "D", "E"]


def test_a_circle_without_way_out_keeps_its_mass_there() -> None:
    moves = (
        Move("m1", "A", "B", None, None, None, None, 5.0),
        Move("m2", "B", "A", None, None, None, None, 5.0),
    )
    world = World(moves, {"A": "warehouse", "B": "warehouse"})
    graph = world.graph()
    result = trace_of(prepare(graph, TraceParameters(floor=role_values(0.0))), moves[0])
    assert sum(place.probability for place in result.unresolved) == pytest.approx(1.0)
    assert {place.gap for place in result.unresolved} == {Gap.CYCLE}


def chain(length: int) -> World:
    sites = [f"S{number}" for number in range(length + 1)]
    moves = tuple(
        Move(f"m{number}", sites[number], sites[number + 1], number, number + 0.5, "P", None, 1.0)
        for number in range(length)
    )
    return World(moves, {"S0": "factory", **dict.fromkeys(sites[1:], "warehouse")})


def test_what_the_hop_limit_cuts_is_unresolved_and_counted() -> None:
    world = chain(6)
    graph = world.graph()
    prepared = prepare(graph, TraceParameters(floor=role_values(0.0)))
    whole = trace_of(prepared, world.moves[-1], limits=TraceLimits(max_hops=5))
    assert_same(ends_of(graph, whole), {("origin", "S0"): 1.0})
    assert not whole.truncated
    cut = trace_of(prepared, world.moves[-1], limits=TraceLimits(max_hops=3))
    assert_same(ends_of(graph, cut), {("unresolved", "S2"): 1.0})
    assert cut.unresolved[0].reason == "hop limit"
    assert cut.truncated
    assert cut.truncated_counts == {"max_hops": 1, "mass_max_hops": 1}


def test_what_the_node_limit_cuts_is_unresolved_and_counted() -> None:
    world = chain(6)
    graph = world.graph()
    prepared = prepare(graph, TraceParameters(floor=role_values(0.0)))
    cut = trace_of(prepared, world.moves[-1], limits=TraceLimits(max_nodes=3))
    assert [place.reason for place in cut.unresolved] == ["node limit"]
    assert cut.unresolved[0].probability == pytest.approx(1.0)
    assert cut.truncated_counts["max_nodes"] == 1


def gap_case(*moves: Move, roles: dict[str, str | None] | None = None) -> TraceResult:
    last = Move("last", "V", "W", 10, 11, "P", None, 4.0)
    world = World((*moves, last), {"V": "warehouse", **(roles or {})})
    return trace_of(prepare(world.graph(), TraceParameters(floor=role_values(0.0))), last)


@pytest.mark.parametrize(
    ("moves", "gap", "text"),
    [
        ((), Gap.NO_INFLOW, "no recorded inflow"),
        ((Move("f", "U", "V", 20, 21, "P"),), Gap.NONE_BEFORE, "no recorded inflow before 2025-01-11"),
        (
            (Move("f", "U", "V", 1, 2, "Q"),),
            Gap.OTHER_GOODS,
            "no recorded inflow of these goods before 2025-01-11",
        ),
    ],
)
def test_a_gap_says_why(moves: tuple[Move, ...], gap: Gap, text: str) -> None:
    result = gap_case(*moves, roles={"U": "factory"})
    (place,) = result.unresolved
    assert (place.gap, place.reason, place.probability) == (gap, text, 1.0)
    assert not result.origins


def test_outflow_beyond_the_recorded_inflow_stays_unresolved() -> None:
    result = gap_case(Move("f", "U", "V", 1, 2, "P", None, 1.0), roles={"U": "factory"})
    (place,) = result.unresolved
    assert place.gap is Gap.NOT_COVERED
    assert place.probability == pytest.approx(0.75)
    assert result.origins[0].probability == pytest.approx(0.25)


def test_nothing_moved_supplies_nothing() -> None:
    result = gap_case(Move("f", "U", "V", 1, 2, "P", None, 0.0), roles={"U": "factory"})
    assert [place.gap for place in result.unresolved] == [Gap.NOT_COVERED]
    assert result.unresolved[0].probability == 1.0


def test_units_that_differ_are_not_compared() -> None:
    moves = (
        Move("f", "A", "V", 1, 2, "P", None, 1000.0, "g"),
        Move("g", "B", "V", 1, 2, "P", None, 1.0, "kg"),
    )
    result = gap_case(*moves, roles={"A": "factory", "B": "factory"})
    first, second = result.origins
    assert first.probability == pytest.approx(second.probability)


def test_a_maker_of_other_goods_is_no_origin_of_these() -> None:
    moves = (Move("m", "A", "B", 1, 2, "P"), Move("n", "A", "B", 1, 2, None), Move("o", "A", "B", 1, 2, "Q"))
    world = World(moves, {"A": "factory"}, makes=(("A", "Q"),))
    graph = world.graph()
    prepared = prepare(graph, TraceParameters())
    ends = [ends_of(graph, trace_of(prepared, move)) for move in moves]
    assert ends == [{("unresolved", "A"): 1.0}, {("origin", "A"): 1.0}, {("origin", "A"): 1.0}]


@settings(max_examples=60, deadline=None)
@given(worlds(), SETTINGS)
def test_the_best_chains_are_the_best_histories(world: World, chosen: Settings) -> None:
    model = PlainModel(world, chosen)
    graph = world.graph()
    prepared = prepare(graph, parameters(chosen))
    by_name = {move.name: move for move in world.moves}

    def chains(move: Move) -> list[tuple[float, tuple[str, ...]]]:
        if model.is_origin(move):
            return [(1.0, (move.name,))]
        weights, _ = model.shares(move)
        return [
            (weight * probability, (*chain, move.name))
            for name, weight in weights.items()
            for probability, chain in chains(by_name[name])
        ]

    for move in world.moves:
        expected = sorted(chains(move), reverse=True)
        assume(len(expected) < 500)
        result = trace_of(prepared, move, paths=4)
        assert [path.probability for path in result.paths] == pytest.approx(
            [probability for probability, _ in expected[:4]], abs=1e-12
        )
        known = {chain: probability for probability, chain in expected}
        for path in result.paths:
            chain_names = tuple(name_of(graph, "Shipment", m) for m in path.movements)
            assert known[chain_names] == pytest.approx(path.probability, abs=1e-12)
        assert len({path.movements for path in result.paths}) == len(result.paths)


def test_quantities_in_other_units_are_not_added_up() -> None:
    def mass(unit: str) -> Ends:
        world = World(
            moves=(
                Move("in", "A", "B", 1.0, 2.0, "P", None, 10.0, "箱"),
                Move("out", "B", "C", 3.0, 4.0, "P", None, 1000.0, unit),
            ),
            roles={"A": "factory", "B": "warehouse", "C": None},
        )
        prepared = prepare(world.graph(), TraceParameters())
        return ends_of(prepared.snapshot, trace_of(prepared, world.moves[1]))

    assert_same(mass("箱"), {("origin", "A"): 0.01, ("unresolved", "B"): 0.99})
    assert_same(mass("件"), {("origin", "A"): 0.99, ("unresolved", "B"): 0.01})


def test_a_transformation_after_as_of_joins_nothing() -> None:
    world = World(
        moves=(
            Move("in", "A", "B", 1.0, 2.0, "P", "1"),
            Move("out", "B", "C", 3.0, 4.0, "Q", "2"),
        ),
        roles={"A": "factory", "B": "warehouse", "C": None},
        repacked=(("B", ("P", "1"), ("Q", "2")),),
    )
    tables = world.tables()
    tables["transformations"][0]["at"] = EPOCH + 2 * DAY
    graph = snapshot_of_rows(tables)
    for as_of, joined in ((EPOCH + 3 * DAY, True), (EPOCH + DAY, False)):
        links = prepare(graph, TraceParameters(), as_of=as_of).backward.links
        assert (len(links.lot_near) > 0) == joined
