"""Intervals of origin probabilities: by hand, and each draw against a trace in which the drawn times are recorded."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from suyuan.graph.rows import snapshot_of_rows
from suyuan.graph.snapshot import GraphSnapshot
from suyuan.traceback.calibration import Calibration, calibrated
from suyuan.traceback.cases import first_movements
from suyuan.traceback.cutout import Cutout, cutout_of
from suyuan.traceback.intervals import Intervals, NoIntervals, intervals_of, origin_draws
from suyuan.traceback.missingtimes import Missing, Times, drawn, inferred, missing_times, uniform
from suyuan.traceback.parameters import (
    DEFAULT_LIMITS,
    TraceLimits,
    TraceParameters,
    UnknownTimes,
    role_values,
)
from suyuan.traceback.preparation import Prepared, prepare
from suyuan.traceback.times import UNDATED
from suyuan.traceback.trace import trace, walk_from
from suyuan.traceback.uncertainty import Uncertainty
from tests.unit.traceback.worlds import DAY, EPOCH, Move, World, name_of, positions, worlds

SURE = Uncertainty((), ())
UNSURE = Uncertainty.of(("bandwidth", "dwell_days"), np.diag([0.25, 0.25]))
ROLES = {"A": "factory", "B": "factory", "C": "warehouse", "D": "warehouse"}
PARAMETERS = TraceParameters(dwell_days=(5.0,) * 9, fifo_share=0.2)
DATED = World(
    (
        Move("a", "A", "C", 0, 1, "P", None, 100.0),
        Move("b", "B", "C", 4, 5, "P", None, 50.0),
        Move("end", "C", "D", 6, 7, "P", None, 30.0),
    ),
    ROLES,
)


def with_move(world: World, name: str, left: float | None, came: float | None) -> World:
    moves = (replace(move, left=left, came=came) if move.name == name else move for move in world.moves)
    return replace(world, moves=tuple(moves))


def found(
    world: World,
    uncertainty: Uncertainty,
    *,
    seed: int = 5,
    calibration: Calibration | None = None,
    parameters: TraceParameters = PARAMETERS,
) -> dict[str, tuple[float, float, float]]:
    """Probability, low and high of each origin of the movement ``end``."""
    graph = world.graph()
    prepared = prepare(graph, parameters)
    (end,) = positions(graph, "Shipment", ["end"])
    result = calibrated(trace(prepared, "Shipment", end), calibration)
    one = intervals_of(
        prepared, "Shipment", end, result.origins, uncertainty, seed=seed, calibration=calibration
    )
    assert isinstance(one, Intervals)
    return {
        name_of(graph, "Site", origin.site): (origin.probability, low, high)
        for origin, low, high in zip(result.origins, one.low, one.high, strict=True)
    }


@pytest.mark.parametrize("calibration", [None, Calibration(2.0, 60)])
def test_sure_parameters_and_full_dates_leave_no_doubt(calibration: Calibration | None) -> None:
    for probability, low, high in found(DATED, SURE, calibration=calibration).values():
        assert 0.0 < probability < 1.0
        assert_allclose((low, high), probability, atol=2e-12)


def test_unsure_parameters_leave_some() -> None:
    for probability, low, high in found(DATED, UNSURE).values():
        assert low < probability - 0.01
        assert high > probability + 0.01


def test_a_missing_time_that_matters_leaves_doubt_with_sure_parameters() -> None:
    """Goods of B came somewhere between A's arrival and the departure: soon after, or just before it."""
    undated = with_move(DATED, "b", None, None)
    widths = {site: high - low for site, (_, low, high) in found(undated, SURE).items()}
    assert set(widths) == {"A", "B"}
    assert min(widths.values()) > 0.02


def test_a_missing_time_that_does_not_matter_leaves_none() -> None:
    """Nothing but goods of A, which all left A, comes to the place: when the last of them came is the same."""
    only_a = World(
        (
            Move("a", "A", "C", 0, 1, "P"),
            Move("b", "A", "C", None, None, "P"),
            Move("end", "C", "D", 6, 7, "P"),
        ),
        ROLES,
    )
    ((probability, low, high),) = found(only_a, SURE).values()
    assert_allclose((low, high), probability, atol=2e-12)


def test_what_elsewhere_is_undated_makes_no_difference() -> None:
    undated = with_move(DATED, "b", None, None)
    more = replace(
        undated,
        moves=(Move("0", "D", "E", None, None, "Q"), *undated.moves, Move("z", "E", "D", None, None, "Q")),
    )
    assert found(more, UNSURE) == found(undated, UNSURE)


@pytest.mark.parametrize("calibration", [None, Calibration(2.0, 60)])
def test_places_elsewhere_lend_nothing_of_their_stays(calibration: Calibration | None) -> None:
    """Streams of other places have lower numbers, so that the case's own are numbered otherwise in the cut-out."""
    ports = {f"{number}": "port" for number in range(4)}
    world = replace(
        DATED,
        moves=(*(Move(f"u{n}", f"{n}", f"{n + 1}", n, n + 1, "0", "L") for n in range(3)), *DATED.moves),
        roles=ports | ROLES,
    )
    unlike = replace(
        PARAMETERS, dwell_days=role_values(5.0, warehouse=2.0, port=60.0, factory=30.0), infer_stays=True
    )
    for probability, low, high in found(world, SURE, calibration=calibration, parameters=unlike).values():
        assert 0.0 < probability < 1.0
        assert_allclose((low, high), probability, atol=2e-12)


def test_the_order_of_input_makes_no_difference_and_the_seed_does() -> None:
    undated = with_move(DATED, "b", None, None)
    turned = replace(undated, moves=undated.moves[::-1], roles=dict(reversed(ROLES.items())))
    assert found(turned, UNSURE) == found(undated, UNSURE) == found(undated, UNSURE)
    assert found(undated, UNSURE, seed=6) != found(undated, UNSURE)


def test_an_interval_holds_its_probability_and_tells_how_often_it_had_to_be_widened() -> None:
    graph = with_move(DATED, "a", None, None).graph()
    prepared = prepare(graph, PARAMETERS)
    (end,) = positions(graph, "Shipment", ["end"])
    origins = trace(prepared, "Shipment", end).origins
    moved = tuple(one._replace(probability=p) for one, p in zip(origins, (0.999, 0.0), strict=True))
    one = intervals_of(prepared, "Shipment", end, moved, SURE, seed=1)
    assert isinstance(one, Intervals)
    assert one.widened == 2
    assert one.high[0] == 0.999
    assert one.low[1] == 0.0


def test_goods_at_a_site_without_movements_are_there_whatever_the_parameters() -> None:
    graph = World((Move("a", "A", "C", 0, 1, "P"),), {**ROLES, "E": "factory"}).graph()
    prepared = prepare(graph, PARAMETERS)
    (site,) = positions(graph, "Site", ["E"])
    result = trace(prepared, "Site", site)
    assert [origin.probability for origin in result.origins] == [1.0]
    assert intervals_of(prepared, "Site", site, result.origins, UNSURE, seed=1) == Intervals(
        (1.0,), (1.0,), 0, 0
    )


def test_a_cut_or_too_large_trace_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = DATED.graph()
    prepared = prepare(graph, PARAMETERS)
    (end,) = positions(graph, "Shipment", ["end"])
    origins = trace(prepared, "Shipment", end).origins
    few = TraceLimits(max_nodes=2)
    assert intervals_of(prepared, "Shipment", end, origins, SURE, seed=1, limits=few) is NoIntervals.CUT
    monkeypatch.setattr("suyuan.traceback.intervals.MOST_PAIRS", 1)
    assert intervals_of(prepared, "Shipment", end, origins, SURE, seed=1) is NoIntervals.TOO_LARGE


@settings(max_examples=40, deadline=None)
@given(worlds(), st.booleans(), st.sampled_from((None, 6.0)), st.integers(0, 7))
def test_sure_parameters_and_full_dates_leave_no_doubt_anywhere(
    world: World, infers: bool, longest: float | None, number: int
) -> None:
    graph = world.graph()
    prepared = prepare(
        graph, replace(PARAMETERS, infer_products=infers, infer_makers=infers, max_dwell_days=longest)
    )
    (position,) = positions(graph, "Shipment", [world.moves[number % len(world.moves)].name])
    origins = trace(prepared, "Shipment", position).origins
    one = intervals_of(prepared, "Shipment", position, origins, SURE, seed=1, draws=2)
    assert isinstance(one, Intervals)
    for origin, low, high in zip(origins, one.low, one.high, strict=True):
        assert_allclose((low, high), origin.probability, atol=2e-12)


def test_records_of_what_went_on_with_what_are_kept() -> None:
    """Of three movements that came before, a record names two; one of them came at an unknown time."""
    moves = (
        Move("a", "A", "C", 0, 1, "P"),
        Move("b", "B", "C", None, None, "P"),
        Move("c", "A", "C", 4, 5, "P"),
        Move("end", "C", "D", 6, 7, "P"),
    )
    tables = World(moves, ROLES).tables()
    tables["continuations"] = [{"from_shipment": name, "to_shipment": "end"} for name in "bc"]
    graph = snapshot_of_rows(tables)
    prepared = prepare(graph, replace(PARAMETERS, fifo_share=0.0))
    (end,) = positions(graph, "Shipment", ["end"])
    origins = trace(prepared, "Shipment", end).origins
    one = intervals_of(prepared, "Shipment", end, origins, SURE, seed=1)
    assert isinstance(one, Intervals)
    assert {name_of(graph, "Site", origin.site) for origin in origins} == {"A", "B"}
    assert one.missing == 1
    # Goods stay five days: B's came zero to six days before they left, A's one day.
    of_b = [origin.site for origin in origins].index(positions(graph, "Site", ["B"])[0])
    shares = [0.99 * stay / (stay + np.exp(-0.2)) for stay in (np.exp(-6 / 5), 1.0)]
    assert shares[0] <= one.low[of_b] < one.high[of_b] <= shares[1]
    assert one.low[of_b] == pytest.approx(shares[0], abs=0.06)
    assert one.high[of_b] == pytest.approx(shares[1], abs=0.06)


def cut_out(prepared: Prepared, position: int) -> tuple[Cutout, Missing]:
    start = first_movements(prepared, "Shipment", position)
    cutout = cutout_of(prepared, start, walk_from(prepared, start), DEFAULT_LIMITS, -1)
    return cutout, missing_times(prepared, cutout, 3)


@pytest.mark.parametrize("mode", [UnknownTimes.EXCLUDE, UnknownTimes.INCLUDE])
def test_times_are_drawn_only_where_they_are_inferred(mode: UnknownTimes) -> None:
    graph = with_move(DATED, "b", None, 5).graph()
    (end,) = positions(graph, "Shipment", ["end"])
    assert len(cut_out(prepare(graph, PARAMETERS), end)[1].movement) == 1
    assert not len(cut_out(prepare(graph, PARAMETERS, unknown_times=mode), end)[1].movement)


def test_spans_of_missing_times_are_those_the_model_takes_the_middle_of() -> None:
    """b: departure within 4 days before its arrival; c: arrival within 4 days; u: between its neighbours' times."""
    world = World(
        (
            Move("b", "B", "C", None, 5, "P"),
            Move("c", "A", "C", 3, None, "P"),
            Move("u", "C", "D", None, None, "P"),
            Move("end", "D", "E", 9, 10, "P"),
        ),
        ROLES,
    )
    graph = world.graph()
    cutout, missing = cut_out(prepare(graph, PARAMETERS), positions(graph, "Shipment", ["end"])[0])
    spans = {
        name_of(graph, "Shipment", int(cutout.movements[movement])): (
            (low - EPOCH) / DAY,
            (high - EPOCH) / DAY,
        )
        for movement, low, high in zip(missing.movement, missing.low, missing.high, strict=True)
    }
    assert set(spans) == {"b", "c", "u"}
    assert_allclose([spans["b"], spans["c"], spans["u"]], [(1, 5), (3, 7), (3, 9)], atol=1e-9)
    for number in range(20):
        times = drawn(inferred(cutout), missing, number)
        for movement, low, high in zip(missing.movement, missing.low, missing.high, strict=True):
            assert low <= times.departed[movement] <= high or low <= times.arrived[movement] <= high


def test_uniform_numbers_are_even_and_of_a_mark_alone() -> None:
    marks = np.arange(5000, dtype=np.uint64) * np.uint64(7919)
    one, other = uniform(marks, 0), uniform(marks, 1)
    assert 0.0 <= one.min() <= one.max() < 1.0
    assert abs(one.mean() - 0.5) < 0.02
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.05
    assert_allclose(uniform(marks[::-1].copy(), 1), other[::-1])


def recorded(
    world: World, graph: GraphSnapshot, cutout: Cutout, missing: Missing, times: Times
) -> GraphSnapshot:
    """The same world with the drawn times recorded."""
    rows = {row["shipment_id"]: row for row in world.tables()["shipments"]}
    for movement, departure, arrival in zip(
        missing.movement, missing.departure, missing.arrival, strict=True
    ):
        row = rows[name_of(graph, "Shipment", int(cutout.movements[movement]))]
        if departure:
            row["departed_at"] = int(times.departed[movement])
        if arrival:
            row["arrived_at"] = int(times.arrived[movement])
    return snapshot_of_rows({**world.tables(), "shipments": list(rows.values())})


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(worlds(undated=True), st.booleans(), st.integers(0, 7))
def test_a_draw_is_the_trace_with_the_drawn_times_recorded(world: World, infers: bool, number: int) -> None:
    graph = world.graph()
    move = world.moves[number % len(world.moves)]
    (position,) = positions(graph, "Shipment", [move.name])
    parameters = replace(PARAMETERS, infer_products=infers)
    prepared = prepare(graph, parameters)
    cutout, missing = cut_out(prepared, position)
    undated = graph.movements.flags[cutout.movements] & UNDATED > 0
    assume(undated.sum() == len(missing.movement))
    changed = replace(parameters, bandwidth=1.0, match_unknown=0.3, floor=(0.05,) * 9)
    sites = np.arange(len(graph.nodes["Site"]), dtype=np.int32)
    leaving = np.unique(graph.movements.from_site[cutout.movements[cutout.frame.near]])
    sites = sites[np.isin(sites, leaving)]
    rows = origin_draws(prepared, cutout, missing, [changed] * 2, sites)
    for draw, row in enumerate(rows):
        told = recorded(world, graph, cutout, missing, drawn(inferred(cutout), missing, draw))
        (same,) = positions(told, "Shipment", [move.name])
        expected = {
            name_of(told, "Site", one.site): one.probability
            for one in trace(prepare(told, changed), "Shipment", same).origins
        }
        ours = {name_of(graph, "Site", int(site)): p for site, p in zip(sites, row, strict=True) if p > 0.0}
        assert set(ours) == set(expected)
        for site, probability in expected.items():
            assert ours[site] == pytest.approx(probability, abs=1e-9)
