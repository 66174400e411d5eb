"""Steps read from the table against the same steps looked up one by one."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.traceback.mass import mass_of
from suyuan.traceback.parameters import TraceParameters, UnknownTimes
from suyuan.traceback.preparation import Prepared, prepare
from suyuan.traceback.reachability import reach
from suyuan.traceback.spans import EVERY_STREAM, LOOK_UP
from suyuan.traceback.walking import Walk
from tests.unit.traceback.worlds import Move, World, positions, worlds

MODES = st.sampled_from(tuple(UnknownTimes))
FULL = 1_000_000


def reached(walk: Walk, start: int, max_hops: int) -> dict[int, tuple[int, int]]:
    """Hops and limit of every movement, and what the hop limit cut under -1."""
    visits, by_hops, by_nodes = reach(walk, np.array([start], np.int32), 0, max_hops, FULL)
    count = int(visits.count[0])
    columns = (visits.movement[:count], visits.hop[:count], visits.limit[:count])
    found = {m: (hop, limit) for m, hop, limit in zip(*(c.tolist() for c in columns), strict=True)}
    return {**found, -1: (by_hops, by_nodes)}


@settings(max_examples=50, deadline=None)
@given(worlds(undated=True), MODES, st.integers(1, 6))
def test_a_walk_by_the_table_reaches_what_looking_up_reaches(
    world: World, mode: UnknownTimes, max_hops: int
) -> None:
    prepared = prepare(world.graph(), TraceParameters(), unknown_times=mode)
    for start in range(len(world.moves)):
        by_table = reached(prepared.backward, start, max_hops)
        assert by_table == reached(prepared.walk(forward=False), start, max_hops)
        by_table = reached(prepared.forward, start, max_hops)
        assert by_table == reached(prepared.walk(forward=True), start, max_hops)


def rows_of(prepared: Prepared, walk: Walk, start: int) -> list[list[float]]:
    first = np.array([start], np.int32)
    visits, _, _ = reach(walk, first, 0, 12, FULL)
    graph = mass_of(walk, prepared.mixing, visits, first, np.ones(1), first_hop=0, max_hops=12)
    return [graph.movement.tolist(), *(column.tolist() for column in graph.rows), graph.mass.tolist()]


@settings(max_examples=50, deadline=None)
@given(worlds(undated=True), MODES)
def test_rows_by_the_table_are_those_of_looking_up(world: World, mode: UnknownTimes) -> None:
    prepared = prepare(world.graph(), TraceParameters(), unknown_times=mode)
    for start in range(len(world.moves)):
        by_table = rows_of(prepared, prepared.backward, start)
        looked_up = rows_of(prepared, prepared.walk(forward=False), start)
        for ours, theirs in zip(by_table, looked_up, strict=True):
            assert ours == pytest.approx(theirs, abs=1e-12)


SIMPLE = World(
    (
        Move("in", "A", "B", 1, 2, "P"),
        Move("late", "A", "B", 8, 9, "P"),
        Move("unknown", "A", "B", 1, 2, None),
        Move("out", "B", "C", 5, 6, "P"),
        Move("any", "B", "C", 5, 6, None),
    ),
    {},
)


def test_the_table_holds_runs_cut_at_the_limit() -> None:
    graph = SIMPLE.graph()
    walk = prepare(graph, TraceParameters()).backward
    out, came, unknown = positions(graph, "Shipment", ["out", "in", "unknown"])
    low, high, own_low, own_high = walk.spans[out].tolist()
    assert walk.order[low:high].tolist() == [unknown]
    assert walk.order[own_low:own_high].tolist() == [came]
    (nothing_said,) = positions(graph, "Shipment", ["any"])
    assert walk.spans[nothing_said, 0] == EVERY_STREAM


def test_what_records_join_is_looked_up() -> None:
    repacked = replace(
        SIMPLE,
        moves=(*SIMPLE.moves, Move("packed", "B", "C", 5, 6, "Q", "1")),
        repacked=(("B", ("P", "7"), ("Q", "1")),),
    )
    graph = repacked.graph()
    (packed,) = positions(graph, "Shipment", ["packed"])
    assert prepare(graph, TraceParameters()).backward.spans[packed, 0] == LOOK_UP


def test_there_is_no_table_where_stays_are_bounded() -> None:
    assert not len(prepare(SIMPLE.graph(), TraceParameters(max_dwell_days=3.0)).backward.spans)
