"""Origins of many cases at once are those of each case alone."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.graph.snapshot import GraphSnapshot
from suyuan.traceback import batch
from suyuan.traceback.batch import origin_table
from suyuan.traceback.calibration import Calibration, calibrated
from suyuan.traceback.parameters import DEFAULT_LIMITS, TraceLimits, TraceParameters, UnknownTimes
from suyuan.traceback.preparation import Prepared, prepare
from suyuan.traceback.trace import trace
from tests.unit.traceback.worlds import Move, World, worlds


@pytest.fixture(autouse=True, scope="module")
def few_are_worked_out_together() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "FEW", 0)
        yield


INFERRING = TraceParameters(infer_products=True, infer_makers=True, match_lot_unknown=0.5)


def assert_as_one_by_one(
    prepared: Prepared,
    cases: list[tuple[str, int]],
    limits: TraceLimits = DEFAULT_LIMITS,
    calibration: Calibration | None = None,
) -> None:
    table = origin_table(prepared, cases, limits=limits, calibration=calibration)
    for number, case in enumerate(cases):
        own = slice(table.start[number], table.start[number + 1])
        found = dict(zip(table.site[own].tolist(), table.probability[own].tolist(), strict=True))
        alone = calibrated(trace(prepared, *case, limits=limits, paths=0), calibration)
        assert found == pytest.approx({one.site: one.probability for one in alone.origins}, abs=1e-9)
        assert table.unresolved[number] == pytest.approx(
            sum(one.probability for one in alone.unresolved), abs=1e-9
        )
        assert (np.diff(table.site[own]) > 0).all()


def all_cases(graph: GraphSnapshot) -> list[tuple[str, int]]:
    return [
        (kind, position) for kind in ("Shipment", "Site", "Lot") for position in range(len(graph.nodes[kind]))
    ]


@settings(max_examples=100, deadline=None)
@given(worlds(), worlds(undated=True))
def test_many_cases_at_once(dated: World, undated: World) -> None:
    for world in (dated, undated):
        graph = world.graph()
        for parameters in (TraceParameters(), INFERRING):
            assert_as_one_by_one(prepare(graph, parameters), all_cases(graph))


@settings(max_examples=40, deadline=None)
@given(
    worlds(undated=True),
    st.sampled_from(UnknownTimes),
    st.integers(1, 4),
    st.integers(1, 6),
    st.sampled_from((0.5, 1.5, 4.0)),
)
def test_limits_modes_and_temperatures_count_as_in_one_trace(
    world: World, mode: UnknownTimes, max_hops: int, max_nodes: int, temperature: float
) -> None:
    graph = world.graph()
    for parameters in (TraceParameters(), replace(INFERRING, max_dwell_days=6.0)):
        prepared = prepare(graph, parameters, unknown_times=mode)
        calibration = Calibration(temperature, 60)
        for limits in (TraceLimits(max_hops=max_hops), TraceLimits(max_nodes=max_nodes)):
            assert_as_one_by_one(prepared, all_cases(graph), limits, calibration)


@settings(max_examples=60, deadline=None)
@given(
    worlds().map(
        lambda world: replace(world, moves=tuple(replace(m, left=None, came=None) for m in world.moves))
    )
)
def test_circles_without_any_time(world: World) -> None:
    prepared = prepare(world.graph(), TraceParameters())
    assert_as_one_by_one(prepared, [("Shipment", position) for position in range(len(world.moves))])


def two_late_and_early() -> World:
    """An undated movement that two cases meet, one of which leaves late."""
    moves = (
        Move("early", "A", "W", 0.0, 1.0),
        Move("late", "B", "W", 8.0, 9.0),
        Move("undated", "W", "V", None, None),
        Move("first", "V", "D", 10.0, 11.0),
        Move("last", "V", "D", 40.0, 41.0),
    )
    return World(moves, {"A": "factory", "B": "factory", "W": "warehouse", "V": "warehouse", "D": None})


def test_an_undated_movement_lies_where_each_case_puts_it() -> None:
    graph = two_late_and_early().graph()
    prepared = prepare(graph, TraceParameters())
    cases = [("Shipment", graph.nodes["Shipment"].position(f"Shipment:{name}")) for name in ("first", "last")]
    assert_as_one_by_one(prepared, cases)
    table = origin_table(prepared, cases)
    first, last = (
        dict(
            zip(
                table.site[table.start[i] : table.start[i + 1]].tolist(),
                table.probability[table.start[i] : table.start[i + 1]].tolist(),
                strict=True,
            )
        )
        for i in range(2)
    )
    factory = graph.nodes["Site"].position("Site:B")
    assert abs(first[factory] - last[factory]) > 1e-3


def test_equal_starts_are_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = two_late_and_early().graph()
    prepared = prepare(graph, TraceParameters())
    first, last = (
        ("Shipment", graph.nodes["Shipment"].position(f"Shipment:{name}")) for name in ("first", "last")
    )
    seen: list[int] = []
    original = batch.shared_rows

    def counted(prepared: Prepared, movements: np.ndarray, *given: Any) -> Any:
        seen.append(len(movements))
        return original(prepared, movements, *given)

    monkeypatch.setattr(batch, "shared_rows", counted)
    table = origin_table(prepared, [first, first, last, first])
    assert seen == [2]
    assert np.diff(table.start).tolist() == [2, 2, 2, 2]
    of_case = table.probability.reshape(4, 2)
    assert (of_case[[1, 3]] == of_case[0]).all()
    assert (of_case[2] != of_case[0]).all()


def test_parts_give_what_the_whole_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    moves = [
        *(Move(f"in{i}", "A" if i % 2 else "B", "C", float(i), float(i) + 1) for i in range(20)),
        *(Move(f"out{i}", "C", "D", float(i) + 2, float(i) + 3) for i in range(20)),
    ]
    world = World(tuple(moves), {"A": "factory", "B": "factory", "C": "warehouse", "D": None})
    prepared = prepare(world.graph(), TraceParameters())
    cases = [("Shipment", position) for position in range(len(moves))]
    whole = origin_table(prepared, cases)
    told: list[float] = []
    monkeypatch.setattr(batch, "CASES_A_PART", 7)
    parts = origin_table(prepared, cases, progress=lambda _, share: told.append(share))
    assert told == pytest.approx([0.0, *(0.2 + 0.8 * done / 40 for done in (7, 14, 21, 28, 35, 40))])
    for one, other in zip(whole, parts, strict=True):
        assert np.allclose(one, other, atol=1e-12)


def test_few_are_traced_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = prepare(two_late_and_early().graph(), TraceParameters())
    cases = [("Shipment", position) for position in range(5)]
    together = origin_table(prepared, cases)
    told: list[float] = []
    monkeypatch.setattr(batch, "FEW", 6)
    monkeypatch.setattr(batch, "shared_rows", None)
    alone = origin_table(prepared, cases, progress=lambda _, share: told.append(share))
    for one, other in zip(together, alone, strict=True):
        assert np.allclose(one, other, atol=1e-9)
    assert told == sorted(told)


def test_no_case_makes_an_empty_table() -> None:
    table = origin_table(prepare(World((), {"A": None}).graph(), TraceParameters()), [])
    assert table.start.tolist() == [0]
    assert not len(table.site)


def test_starts_at_which_nothing_moved_have_a_part_of_their_own() -> None:
    roles = {f"S{number}": ("factory" if number % 2 else None) for number in range(40)}
    prepared = prepare(World((), roles).graph(), TraceParameters())
    assert_as_one_by_one(prepared, [("Site", position) for position in range(40)])


@settings(max_examples=30, deadline=None)
@given(worlds(undated=True))
def test_stays_by_place_count_as_in_one_trace(world: World) -> None:
    graph = world.graph()
    parameters = replace(INFERRING, infer_stays=True)
    assert_as_one_by_one(prepare(graph, parameters), all_cases(graph))
