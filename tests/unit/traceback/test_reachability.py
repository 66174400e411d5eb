"""Reachable sets against textbook graph algorithms, and against what must hold of them."""

from collections.abc import Iterator
from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.graph.rows import snapshot_of_rows
from suyuan.traceback.feasibility import feasible_predecessors, feasible_successors
from suyuan.traceback.parameters import TraceLimits, TraceParameters, UnknownTimes
from suyuan.traceback.preparation import Prepared, prepare
from suyuan.traceback.results import Direction, TraceResult
from suyuan.traceback.times import EARLIEST, LATEST
from suyuan.traceback.trace import trace
from tests.unit.traceback.plain_model import PlainModel, Settings
from tests.unit.traceback.worlds import DAY, EPOCH, Move, World, name_of, names, positions, worlds

PLAIN = Settings(match_unknown=1, fifo_share=0, bandwidth=1, dwell_days=1, floor=0)
FAR = 10**6


def trace_of(
    prepared: Prepared, name: str, direction: Direction = "backward", kind: str = "Shipment", **limits: int
) -> TraceResult:
    (position,) = positions(prepared.snapshot, kind, [name])
    return trace(prepared, kind, position, direction=direction, limits=TraceLimits(**limits))


def reached(prepared: Prepared, name: str, direction: Direction = "backward", **limits: int) -> set[str]:
    return names(
        prepared.snapshot,
        "Shipment",
        trace_of(prepared, name, direction, "Shipment", **limits).reach.movements,
    )


def feasible_graph(world: World) -> "nx.DiGraph[str]":
    """Edges from each movement to those that can have come before it, where all times are known."""
    model = PlainModel(world, PLAIN)
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(move.name for move in world.moves)
    graph.add_edges_from((e.name, f.name) for e in world.moves for f in world.moves if model.feasible(f, e))
    return graph


@settings(max_examples=60, deadline=None)
@given(worlds(), st.integers(1, 5))
def test_reachable_is_what_graph_search_reaches(world: World, max_hops: int) -> None:
    before = feasible_graph(world)
    after = before.reverse()
    prepared = prepare(world.graph(), TraceParameters())
    for move in world.moves:
        for direction, steps in (("backward", before), ("forward", after)):
            hops = nx.single_source_shortest_path_length(steps, move.name, cutoff=max_hops)
            result = trace_of(prepared, move.name, direction, max_hops=max_hops)  # pyright: ignore
            ours = dict(
                zip(
                    (name_of(prepared.snapshot, "Shipment", m) for m in result.reach.movements),
                    result.reach.hops.tolist(),
                    strict=True,
                )
            )
            assert ours == {name: count for name, count in hops.items() if name != move.name}
            beyond = nx.single_source_shortest_path_length(steps, move.name, cutoff=max_hops + 1)
            last = {name for name, count in hops.items() if count == max_hops}
            cut = {name for name in last if any(beyond.get(far) == max_hops + 1 for far in steps[name])}
            assert result.reach.truncated_counts.get("max_hops", 0) == len(cut)


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_one_step_is_what_is_feasible(world: World) -> None:
    before = feasible_graph(world)
    prepared = prepare(world.graph(), TraceParameters())
    for move in world.moves:
        (position,) = positions(prepared.snapshot, "Shipment", [move.name])
        assert names(prepared.snapshot, "Shipment", feasible_predecessors(prepared, position)) == set(
            before.successors(move.name)
        )
        assert names(prepared.snapshot, "Shipment", feasible_successors(prepared, position)) == set(
            before.predecessors(move.name)
        )


@settings(max_examples=60, deadline=None)
@given(worlds(undated=True))
def test_backward_is_forward_on_the_reversed_graph(world: World) -> None:
    prepared = prepare(world.graph(), TraceParameters())
    mirrored = prepare(world.reversed().graph(), TraceParameters())
    for move in world.moves:
        assert reached(prepared, move.name) == reached(mirrored, move.name, "forward")
        assert reached(prepared, move.name, "forward") == reached(mirrored, move.name)


@settings(max_examples=50, deadline=None)
@given(worlds(undated=True), st.sampled_from((1.0, 3.0, 8.0)))
def test_a_wider_window_never_loses_a_movement(world: World, days: float) -> None:
    graph = world.graph()
    widths = [TraceParameters(max_dwell_days=width) for width in (days, 2 * days, None)]
    prepared = [prepare(graph, width) for width in widths]
    for move in world.moves:
        narrow, wide, unbounded = (reached(one, move.name) for one in prepared)
        assert narrow <= wide <= unbounded


@settings(max_examples=40, deadline=None)
@given(worlds(), st.sampled_from((1.0, 3.0, 8.0)))
def test_no_stay_is_longer_than_allowed(world: World, days: float) -> None:
    model = PlainModel(world, PLAIN)
    prepared = prepare(world.graph(), TraceParameters(max_dwell_days=days))
    for e in world.moves:
        (position,) = positions(prepared.snapshot, "Shipment", [e.name])
        expected = {
            f.name for f in world.moves if model.feasible(f, e) and (e.left or 0) - (f.came or 0) <= days
        }
        assert names(prepared.snapshot, "Shipment", feasible_predecessors(prepared, position)) == expected


def own_bounds(move: Move) -> tuple[float, float]:
    """Earliest arrival and latest departure by a movement's own times, in days."""
    earliest = move.came if move.came is not None else move.left if move.left is not None else -FAR
    latest = move.left if move.left is not None else move.came if move.came is not None else FAR
    return earliest, latest


class InferringModel:
    """Feasible chains where times are missing, each found by itself; bounds are inferred by plain iteration."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.plain = PlainModel(world, PLAIN)
        makers = {site for site, _ in world.makes}
        self.free = {site for site, role in world.roles.items() if role == "factory"} | makers
        self.earliest = {m.name: own_bounds(m)[0] for m in world.moves}
        self.latest = {m.name: own_bounds(m)[1] for m in world.moves}
        undated = [m for m in world.moves if m.left is None and m.came is None]
        for move in undated:
            self.earliest[move.name] = self.bound(move, set(), before=True)
            self.latest[move.name] = -self.bound(move, set(), before=False)

    def fits(self, f: Move, e: Move) -> bool:
        return f is not e and f.end == e.start and self.plain.agreement(f, e) != "no"

    def bound(self, move: Move, through: set[str], *, before: bool) -> float:
        """Least earliest arrival (or minus latest departure) over the dated ends of chains of undated movements."""
        if (move.start if before else move.end) in self.free:
            return -FAR
        others = [
            other
            for other in self.world.moves
            if (self.fits(other, move) if before else self.fits(move, other))
        ]
        if not others:
            return -FAR
        ends: list[float] = []
        for other in others:
            if other.left is not None or other.came is not None:
                ends.append(own_bounds(other)[0] if before else -own_bounds(other)[1])
            elif other.name not in through:
                ends.append(self.bound(other, through | {move.name}, before=before))
        finite = [end for end in ends if end != FAR]
        return min(finite) if finite else FAR

    def settled(self) -> None:
        for name, value in self.earliest.items():
            self.earliest[name] = -FAR if value == FAR else value
        for name, value in self.latest.items():
            self.latest[name] = FAR if value == -FAR else value

    def chains(self, e: Move, limit: float, seen: frozenset[str]) -> Iterator[tuple[str, float]]:
        for f in self.world.moves:
            if f.name not in seen and self.fits(f, e) and self.earliest[f.name] <= limit:
                at = min(self.latest[f.name], limit)
                yield f.name, at
                yield from self.chains(f, at, seen | {f.name})

    def reachable(self, start: Move) -> dict[str, float]:
        found: dict[str, float] = {}
        for name, limit in self.chains(start, self.latest[start.name], frozenset({start.name})):
            found[name] = max(found.get(name, -FAR), limit)
        return found


@settings(max_examples=80, deadline=None)
@given(worlds(undated=True))
def test_missing_times_are_bounded_by_what_surrounds_them(world: World) -> None:
    model = InferringModel(world)
    model.settled()
    prepared = prepare(world.graph(), TraceParameters())
    for move in world.moves:
        result = trace_of(prepared, move.name, max_hops=20)
        found = names(prepared.snapshot, "Shipment", result.reach.movements)
        expected = model.reachable(move)
        assert found == set(expected)
        for position, latest in zip(result.reach.movements, result.reach.latest.tolist(), strict=True):
            limit = expected[name_of(prepared.snapshot, "Shipment", int(position))]
            if abs(limit) == FAR:
                assert latest == (LATEST if limit > 0 else EARLIEST)
            else:
                assert latest == EPOCH + int(limit * DAY)


@settings(max_examples=40, deadline=None)
@given(worlds(undated=True))
def test_the_modes_of_unknown_times_contain_one_another(world: World) -> None:
    graph = world.graph()
    order = (UnknownTimes.EXCLUDE, UnknownTimes.INFER, UnknownTimes.INCLUDE)
    modes = [prepare(graph, TraceParameters(), unknown_times=mode) for mode in order]
    for move in world.moves:
        exclude, infer, include = (reached(mode, move.name) for mode in modes)
        assert exclude <= infer <= include


def test_each_mode_does_what_it_says() -> None:
    moves = (
        Move("early", "A", "B", 1, 2),
        Move("late", "A", "B", 8, 9),
        Move("unfinished", "A", "B", 1, None),
        Move("departed-late", "A", "B", 8, None),
        Move("undated", "A", "B", None, None),
        Move("last", "B", "C", 5, 6),
    )
    graph = World(moves, {}).graph()

    def found(mode: UnknownTimes) -> set[str]:
        return reached(prepare(graph, TraceParameters(), unknown_times=mode), "last")

    assert found(UnknownTimes.EXCLUDE) == {"early"}
    assert found(UnknownTimes.INFER) == {"early", "unfinished", "undated"}
    assert found(UnknownTimes.INCLUDE) == {"early", "unfinished", "departed-late", "undated"}


@settings(max_examples=40, deadline=None)
@given(worlds(undated=True))
def test_witnesses_are_feasible_chains_to_the_start(world: World) -> None:
    prepared = prepare(world.graph(), TraceParameters())
    for move in world.moves:
        result = trace_of(prepared, move.name)
        (start,) = positions(prepared.snapshot, "Shipment", [move.name])
        for place, position in enumerate(result.reach.movements):
            chain = result.reach.witness(place)
            assert chain[0] == position
            assert len(chain) == result.reach.hops[place]
            for far, near in zip(chain, (*chain[1:], start), strict=True):
                assert far in feasible_predecessors(prepared, near)


@settings(max_examples=40, deadline=None)
@given(worlds(undated=True))
def test_the_start_is_never_in_its_own_lists(world: World) -> None:
    graph = world.graph()
    prepared = prepare(graph, TraceParameters())
    for direction in ("backward", "forward"):
        for move in world.moves:
            assert move.name not in reached(prepared, move.name, direction)  # pyright: ignore
        for site in range(len(graph.nodes["Site"])):
            result = trace(prepared, "Site", site, direction=direction)  # pyright: ignore
            assert site not in result.reach.sites
        for lot in range(len(graph.nodes["Lot"])):
            result = trace(prepared, "Lot", lot, direction=direction)  # pyright: ignore
            assert lot not in result.reach.lots


@settings(max_examples=40, deadline=None)
@given(worlds(undated=True))
def test_reachable_sites_are_the_ends_of_reachable_movements(world: World) -> None:
    prepared = prepare(world.graph(), TraceParameters())
    movements = prepared.snapshot.movements
    for move in world.moves:
        found = trace_of(prepared, move.name).reach
        ends = {*movements.from_site[found.movements].tolist(), *movements.to_site[found.movements].tolist()}
        assert found.sites.tolist() == sorted(ends)
        lots = movements.goods[found.movements]
        assert found.lots.tolist() == sorted(set(lots[lots >= 0].tolist()))


@settings(max_examples=40, deadline=None)
@given(worlds(undated=True), st.integers(0, 24))
def test_as_of_answers_as_if_later_rows_were_not_there(world: World, day: int) -> None:
    def begun(move: Move) -> bool:
        first = move.left if move.left is not None else move.came
        return first is None or first <= day

    graph = world.graph()
    kept = tuple(move for move in world.moves if begun(move))
    earlier = replace(world, moves=kept).graph() if kept else None
    prepared = prepare(graph, TraceParameters(), as_of=EPOCH + day * DAY)
    if earlier is None:
        return
    other = prepare(earlier, TraceParameters(), as_of=EPOCH + day * DAY)
    for move in kept:
        for direction in ("backward", "forward"):
            ours, theirs = (trace_of(one, move.name, direction) for one in (prepared, other))  # pyright: ignore
            assert names(graph, "Shipment", ours.reach.movements) == names(
                earlier, "Shipment", theirs.reach.movements
            )
            assert {name_of(graph, "Site", o.site): o.probability for o in ours.origins} == pytest.approx(
                {name_of(earlier, "Site", o.site): o.probability for o in theirs.origins}
            )


def test_recorded_continuations_decide() -> None:
    moves = (
        Move("in1", "A", "B", 1, 2),
        Move("in2", "A", "B", 1, 2),
        Move("in3", "A", "B", 1, 2),
        Move("out1", "B", "C", 3, 4),
        Move("out2", "B", "C", 3, 4),
    )
    tables = World(moves, {}).tables()
    tables["continuations"] = [
        {"from_shipment": "in1", "to_shipment": "out1"},
        {"from_shipment": "in1", "to_shipment": "elsewhere"},
    ]
    prepared = prepare(snapshot_of_rows(tables), TraceParameters())
    assert reached(prepared, "out1") == {"in1"}
    assert reached(prepared, "out2") == {"in2", "in3"}
    assert reached(prepared, "in1", "forward") == {"out1"}
    assert reached(prepared, "in2", "forward") == {"out2"}


def test_a_large_hub_is_walked_in_full() -> None:
    """Growth of every table on the way: thousands of movements, of many lots."""
    moves = [
        Move(f"in{n}", f"F{n % 50}", "H", n % 100, n % 100 + 1, "P", f"lot{n % 700}") for n in range(3000)
    ]
    moves += [Move(f"out{n}", "H", "W", n % 100 + 1, n % 100 + 2, "P", f"lot{n % 700}") for n in range(3000)]
    moves += [Move("last", "W", "X", 300, 301, "P", None)]
    prepared = prepare(World(tuple(moves), {}).graph(), TraceParameters())
    result = trace_of(prepared, "last")
    assert len(result.reach.movements) == 6000
    assert np.unique(result.reach.movements).size == 6000
    assert len(result.reach.lots) == 700
