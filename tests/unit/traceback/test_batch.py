"""Origins of many cases at once are those of each case alone."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from suyuan.traceback import batch
from suyuan.traceback.batch import origin_table
from suyuan.traceback.parameters import TraceParameters
from suyuan.traceback.preparation import Prepared, prepare
from suyuan.traceback.trace import trace
from tests.unit.traceback.worlds import Move, World, worlds

INFERRING = TraceParameters(infer_products=True, infer_makers=True, match_lot_unknown=0.5)


def assert_as_one_by_one(prepared: Prepared, cases: list[tuple[str, int]]) -> None:
    table = origin_table(prepared, cases)
    for number, case in enumerate(cases):
        own = slice(table.start[number], table.start[number + 1])
        found = dict(zip(table.site[own].tolist(), table.probability[own].tolist(), strict=True))
        alone = trace(prepared, *case, paths=0)
        assert found == pytest.approx({one.site: one.probability for one in alone.origins}, abs=1e-9)
        assert table.unresolved[number] == pytest.approx(
            sum(one.probability for one in alone.unresolved), abs=1e-9
        )
        assert (np.diff(table.site[own]) > 0).all()


@settings(max_examples=100, deadline=None)
@given(worlds())
def test_many_cases_at_once(world: World) -> None:
    graph = world.graph()
    cases = [
        *(("Shipment", position) for position in range(len(world.moves))),
        *(("Site", position) for position in range(len(graph.nodes["Site"]))),
    ]
    for parameters in (TraceParameters(), INFERRING):
        assert_as_one_by_one(prepare(graph, parameters), cases)


@settings(max_examples=60, deadline=None)
@given(
    worlds().map(
        lambda world: replace(world, moves=tuple(replace(m, left=None, came=None) for m in world.moves))
    )
)
def test_circles_are_solved_case_by_case(world: World) -> None:
    prepared = prepare(world.graph(), TraceParameters())
    assert_as_one_by_one(prepared, [("Shipment", position) for position in range(len(world.moves))])


def test_parts_give_what_the_whole_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    moves = [
        *(Move(f"in{i}", "A" if i % 2 else "B", "C", float(i), float(i) + 1) for i in range(20)),
        *(Move(f"out{i}", "C", "D", float(i) + 2, float(i) + 3) for i in range(20)),
    ]
    world = World(tuple(moves), {"A": "factory", "B": "factory", "C": "warehouse", "D": None})
    prepared = prepare(world.graph(), TraceParameters())
    cases = [("Shipment", position) for position in range(len(moves))]
    whole = origin_table(prepared, cases)
    told: list[int] = []
    monkeypatch.setattr(batch, "CASES_A_PART", 7)
    parts = origin_table(prepared, cases, progress=told.append)
    assert told == [7, 14, 21, 28, 35, 40]
    for one, other in zip(whole, parts, strict=True):
        assert np.allclose(one, other, atol=1e-12)


def test_no_case_makes_an_empty_table() -> None:
    table = origin_table(prepare(World((), {"A": None}).graph(), TraceParameters()), [])
    assert table.start.tolist() == [0]
    assert not len(table.site)
