"""What part of each movement came from a start: against the plain model, and against traces backward."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from suyuan.graph.rows import snapshot_of_rows
from suyuan.traceback.parameters import TraceLimits, TraceParameters, role_values
from suyuan.traceback.preparation import Prepared, prepare
from suyuan.traceback.spread import amounts_of, forward_start, spread_of
from suyuan.traceback.trace import trace
from tests.unit.traceback.plain_model import PlainModel, Settings
from tests.unit.traceback.test_mass import SETTINGS, parameters
from tests.unit.traceback.worlds import Move, World, name_of, positions, worlds


def parts(prepared: Prepared, site: str) -> dict[str, float]:
    """Part of each movement that came from a site, by name."""
    (position,) = positions(prepared.snapshot, "Site", [site])
    spread = spread_of(prepared, forward_start(prepared, [("Site", position)]))
    named = {name_of(prepared.snapshot, "Shipment", m): float(part) for m, part in enumerate(spread.part)}
    assert {m for m, part in enumerate(spread.part) if part > 0} == set(spread.reached.tolist())
    return named


def met(model: PlainModel, site: str) -> dict[str, float]:
    """How probably a unit on each movement, followed backward, meets one that left a site."""
    chance = {move.name: 1.0 if move.start == site else 0.0 for move in model.moves}
    rows = {
        move.name: {} if move.start == site or model.is_origin(move) else model.shares(move)[0]
        for move in model.moves
    }
    change = 1.0
    while change > 1e-14:
        sums = {
            name: sum(weight * chance[far] for far, weight in row.items())
            for name, row in rows.items()
            if row
        }
        change = max((abs(value - chance[name]) for name, value in sums.items()), default=0.0)
        chance |= sums
    return chance


@settings(max_examples=50, deadline=None)
@given(worlds(), SETTINGS)
def test_parts_are_those_of_all_histories(world: World, chosen: Settings) -> None:
    prepared, model = prepare(world.graph(), parameters(chosen)), PlainModel(world, chosen)
    for site in {move.start for move in world.moves}:
        assert parts(prepared, site) == pytest.approx(met(model, site), abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(worlds(), SETTINGS)
def test_parts_are_those_of_all_histories_in_circles(world: World, chosen: Settings) -> None:
    undated = replace(world, moves=tuple(replace(move, left=None, came=None) for move in world.moves))
    prepared, model = prepare(undated.graph(), parameters(chosen)), PlainModel(undated, chosen)
    for site in {move.start for move in world.moves}:
        assert parts(prepared, site) == pytest.approx(met(model, site), abs=1e-8)


@settings(max_examples=50, deadline=None)
@given(worlds(), SETTINGS)
def test_forward_from_a_factory_says_what_traces_backward_say(world: World, chosen: Settings) -> None:
    """A factory of everything: all that leaves it was made there, so its part is its origin probability."""
    makers = replace(world, roles={**world.roles, "A": "factory"}, makes=())
    prepared = prepare(makers.graph(), parameters(chosen))
    if not any(move.start == "A" for move in world.moves):
        return
    part = parts(prepared, "A")
    (factory,) = positions(prepared.snapshot, "Site", ["A"])
    for move in makers.moves:
        (position,) = positions(prepared.snapshot, "Shipment", [move.name])
        origins = {
            origin.site: origin.probability for origin in trace(prepared, "Shipment", position).origins
        }
        assert part[move.name] == pytest.approx(origins.get(factory, 0.0), abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(worlds(undated=True), SETTINGS)
def test_parts_of_all_sites_that_nothing_comes_before_sum_to_at_most_one(
    world: World, chosen: Settings
) -> None:
    prepared = prepare(world.graph(), parameters(chosen))
    came = {move.end for move in world.moves}
    sources = sorted({move.start for move in world.moves} - came)
    total = np.zeros(len(world.moves))
    for site in sources:
        (position,) = positions(prepared.snapshot, "Site", [site])
        total += spread_of(prepared, forward_start(prepared, [("Site", position)])).part
    assert (total <= 1.0 + 1e-9).all()
    together = [("Site", positions(prepared.snapshot, "Site", [site])[0]) for site in sources]
    if together:
        at_once = spread_of(prepared, forward_start(prepared, together))
        np.testing.assert_allclose(at_once.part, total, atol=1e-9)


MIXED = World(
    (
        Move("f", "A", "C", 1, 2, "P", None, 10.0),
        Move("g", "B", "C", 1, 2, "P", None, 30.0),
        Move("out", "C", "D", 3, 4, "P", None, 20.0),
        Move("on", "D", "E", 5, 6, "P", None, None),
    ),
    {"A": "factory", "B": "factory", "C": "wholesale_market", "D": "warehouse", "E": None},
)
PLAIN = TraceParameters(fifo_share=0.0, floor=role_values(0.0))


def test_a_quarter_of_the_stock_is_a_quarter_of_what_leaves() -> None:
    prepared = prepare(MIXED.graph(), PLAIN)
    assert parts(prepared, "A") == pytest.approx({"f": 1.0, "g": 0.0, "out": 0.25, "on": 0.25})


def test_what_a_factory_makes_came_from_nowhere_else() -> None:
    world = replace(MIXED, roles={**MIXED.roles, "D": "factory"})
    assert parts(prepare(world.graph(), PLAIN), "A")["on"] == 0.0


def test_from_the_end_of_a_chain_goods_are_followed_from_its_origins() -> None:
    tables = MIXED.tables()
    tables["seizures"] = [{"seizure_id": "z", "port_site": "E", "shipment_id": "out", "product_id": "P"}]
    graph = snapshot_of_rows(tables)
    prepared = prepare(graph, PLAIN)
    start = forward_start(prepared, [("Seizure", 0)])
    named = {name_of(graph, "Shipment", m): p for m, p in zip(start.movements, start.parts, strict=True)}
    assert start.rules == ("origins",)
    assert named == pytest.approx({"f": 0.25, "g": 0.75})
    out = spread_of(prepared, start).part[positions(graph, "Shipment", ["out"])[0]]
    assert out == pytest.approx(0.25 * 0.25 + 0.75 * 0.75)


def test_an_unknown_quantity_is_the_usual_one_and_units_that_differ_are_not_added() -> None:
    (start,) = positions(MIXED.graph(), "Site", ["A"])
    prepared = prepare(MIXED.graph(), PLAIN)
    amounts = amounts_of(prepared, spread_of(prepared, forward_start(prepared, [("Site", start)])))
    (on,) = positions(prepared.snapshot, "Shipment", ["on"])
    assert (amounts.counted_in, amounts.amount[on]) == ("units", 1.0)
    tables = MIXED.tables()
    for row, unit in zip(tables["shipments"], ("箱", "箱", "kg", None), strict=True):
        row["unit"] = unit
    prepared = prepare(snapshot_of_rows(tables), PLAIN)
    (start,) = positions(prepared.snapshot, "Site", ["A"])
    amounts = amounts_of(prepared, spread_of(prepared, forward_start(prepared, [("Site", start)])))
    assert (amounts.counted_in, set(amounts.amount.tolist())) == ("movements", {1.0})


def test_what_limits_cut_is_counted() -> None:
    prepared = prepare(MIXED.graph(), PLAIN)
    (start,) = positions(prepared.snapshot, "Site", ["A"])
    first = forward_start(prepared, [("Site", start)])
    assert spread_of(prepared, first, TraceLimits(max_hops=2)).truncated_counts == {"max_hops": 1}
    assert spread_of(prepared, first).truncated_counts == {}


def test_a_site_that_nothing_leaves_spreads_nothing() -> None:
    prepared = prepare(MIXED.graph(), PLAIN)
    (end,) = positions(prepared.snapshot, "Site", ["E"])
    spread = spread_of(prepared, forward_start(prepared, [("Site", end)]))
    assert len(spread.reached) == 0
