"""What must hold of the origin mass whatever the market: the invariants of its definition.

Some are tested beside the plain model in ``test_mass.py`` and ``test_reachability.py``; here are those that are
left, and the same ones for starts of every kind.
"""

from dataclasses import replace
from math import exp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.graph.snapshot import GraphSnapshot
from suyuan.traceback.parameters import TraceLimits, TraceParameters, UnknownTimes, role_values
from suyuan.traceback.preparation import prepare
from suyuan.traceback.results import TraceResult
from suyuan.traceback.trace import trace
from tests.unit.traceback.plain_model import Settings
from tests.unit.traceback.test_mass import SETTINGS, assert_same, ends_of, parameters
from tests.unit.traceback.worlds import SITES, Move, World, name_of, names, positions, worlds

Starts = list[tuple[str, int]]


def starts_of(graph: GraphSnapshot) -> Starts:
    """Every movement, site and lot."""
    return [(kind, at) for kind in ("Shipment", "Site", "Lot") for at in range(len(graph.nodes[kind]))]


def total(result: TraceResult) -> float:
    return sum(end.probability for end in (*result.origins, *result.unresolved))


@settings(max_examples=30, deadline=None)
@given(
    worlds(undated=True),
    SETTINGS,
    st.sampled_from(tuple(UnknownTimes)),
    st.sampled_from((1, 2, 12)),
    st.sampled_from((1, 2, 100)),
)
def test_mass_sums_to_one_from_every_start_in_every_mode_within_every_limit(
    world: World, chosen: Settings, mode: UnknownTimes, max_hops: int, max_nodes: int
) -> None:
    graph = world.graph()
    prepared = prepare(graph, parameters(chosen), unknown_times=mode)
    limits = TraceLimits(max_hops=max_hops, max_nodes=max_nodes)
    for kind, position in starts_of(graph):
        result = trace(prepared, kind, position, limits=limits)
        if result.rule != "nothing_recorded":
            assert total(result) == pytest.approx(1.0, abs=1e-9)
        for end in (*result.origins, *result.unresolved):
            assert -1e-12 <= end.probability <= 1.0 + 1e-9


@settings(max_examples=30, deadline=None)
@given(worlds(undated=True), SETTINGS, st.permutations(range(8)), st.permutations(SITES))
def test_names_and_order_change_nothing_for_sites_and_lots(
    world: World, chosen: Settings, order: list[int], letters: list[str]
) -> None:
    """Sites and movements get other names and places in the file; so do lots, whose ids only have to stay apart."""
    site = dict(zip(SITES, letters, strict=True))
    lot = {None: None, "1": "z", "2": "a"}
    moves = [
        replace(
            world.moves[i], name=f"x{9 - i}", start=site[world.moves[i].start], end=site[world.moves[i].end],
            lot=lot[world.moves[i].lot],
        )
        for i in order
        if i < len(world.moves)
    ]  # fmt: skip
    renamed = World(
        tuple(moves),
        {site[one]: role for one, role in reversed(list(world.roles.items()))},
        tuple((site[one], product) for one, product in world.makes),
        tuple(
            (site[one], (before[0], str(lot[before[1]])), (after[0], str(lot[after[1]])))
            for one, before, after in reversed(world.repacked)
        ),
    )
    graph, other = world.graph(), renamed.graph()
    prepared, other_prepared = prepare(graph, parameters(chosen)), prepare(other, parameters(chosen))
    for kind, position in starts_of(graph):
        name = name_of(graph, kind, position)
        if kind == "Site":
            twin = site[name]
        elif kind == "Shipment":
            twin = f"x{9 - int(name[1:])}"
        else:
            product, _, code = name.rpartition(":")
            twin = f"{product}:{lot[code]}"
        ours = trace(prepared, kind, position)
        theirs = trace(other_prepared, kind, positions(other, kind, [twin])[0])
        expected = {(end, site[at]): mass for (end, at), mass in ends_of(graph, ours).items()}
        assert_same(expected, ends_of(other, theirs))
        assert sorted(path.probability for path in ours.paths) == pytest.approx(
            sorted(path.probability for path in theirs.paths), abs=1e-9
        )


@settings(max_examples=30, deadline=None)
@given(worlds(products=("P", "P", "Q")), worlds(products=("P", "P", "Q")), SETTINGS)
def test_what_happens_later_changes_nothing(world: World, later: World, chosen: Settings) -> None:
    """Later movements at the same places cannot be reached backward; with quantities known they tell nothing either."""

    def counted(move: Move) -> Move:
        return replace(move, quantity=move.quantity or 4.0)

    moves = tuple(map(counted, world.moves))
    afterwards = tuple(
        replace(counted(move), name=f"z{move.name}", left=(move.left or 0) + 100, came=(move.came or 0) + 100)
        for move in later.moves
    )
    # A place that nothing has come to yet counts as an origin; what comes to it later tells that it is none.
    came = {move.end for move in moves}
    roles = {site: role or ("port" if site not in came else None) for site, role in world.roles.items()}
    graph = replace(world, moves=moves, roles=roles).graph()
    larger = replace(world, moves=(*moves, *afterwards), roles=roles).graph()
    settled = parameters(replace(chosen, fifo_share=0.0))
    prepared, other = prepare(graph, settled), prepare(larger, settled)
    for move in moves:
        (start,) = positions(graph, "Shipment", [move.name])
        (twin,) = positions(larger, "Shipment", [move.name])
        ours, theirs = trace(prepared, "Shipment", start), trace(other, "Shipment", twin)
        assert_same(ends_of(graph, ours), ends_of(larger, theirs))
        assert names(graph, "Shipment", ours.reach.movements) == names(
            larger, "Shipment", theirs.reach.movements
        )


@settings(max_examples=30, deadline=None)
@given(worlds(undated=True))
def test_sites_and_lots_backward_are_those_forward_on_the_reversed_graph(world: World) -> None:
    graph, turned = world.graph(), world.reversed().graph()
    prepared, mirrored = prepare(graph, TraceParameters()), prepare(turned, TraceParameters())
    for move in world.moves:
        (start,) = positions(graph, "Shipment", [move.name])
        (twin,) = positions(turned, "Shipment", [move.name])
        backward = trace(prepared, "Shipment", start).reach
        forward = trace(mirrored, "Shipment", twin, direction="forward").reach
        assert names(graph, "Site", backward.sites) == names(turned, "Site", forward.sites)
        assert names(graph, "Lot", backward.lots) == names(turned, "Lot", forward.lots)
        assert sorted(backward.hops.tolist()) == sorted(forward.hops.tolist())


@settings(max_examples=30, deadline=None)
@given(worlds(), SETTINGS)
def test_the_mass_of_several_movements_is_the_mean_of_theirs(world: World, chosen: Settings) -> None:
    """A site backward starts at what came to it, by quantity: one unit among them has the mean of their histories."""
    moves = tuple(replace(move, quantity=move.quantity or 4.0) for move in world.moves)
    graph = replace(world, moves=moves).graph()
    prepared = prepare(graph, parameters(chosen))
    for site in {move.end for move in moves}:
        inflow = [move for move in moves if move.end == site]
        quantity = sum(move.quantity or 0.0 for move in inflow)
        expected: dict[tuple[str, str], float] = {}
        for move in inflow:
            (start,) = positions(graph, "Shipment", [move.name])
            for end, mass in ends_of(graph, trace(prepared, "Shipment", start)).items():
                expected[end] = expected.get(end, 0.0) + mass * (move.quantity or 0.0) / quantity
        (position,) = positions(graph, "Site", [site])
        assert_same(ends_of(graph, trace(prepared, "Site", position)), expected)


def distance(ours: dict[tuple[str, str], float], theirs: dict[tuple[str, str], float]) -> float:
    """Total variation between two answers."""
    return 0.5 * sum(abs(ours.get(key, 0.0) - theirs.get(key, 0.0)) for key in ours.keys() | theirs.keys())


@settings(max_examples=30, deadline=None)
@given(worlds(products=("P", "P", "Q")), SETTINGS, st.integers(0, 7), st.sampled_from((0.1, 0.4, 1.0)))
def test_splitting_a_movement_changes_no_more_than_the_bandwidth_allows(
    world: World, chosen: Settings, which: int, fifo_share: float
) -> None:
    """Positions in the stock stay; the mean inflow, in which gaps are counted, is that of one movement more.

    So a gap of d becomes d (n + 1) / n where the halves come to, each F shrinks by a factor between
    exp(-d / (n bandwidth)) and 1, and each unit that passes there changes its way with a probability of no more than
    the FIFO share times one minus that factor.
    """
    bandwidth = 40.0
    moves = tuple(replace(move, quantity=move.quantity or 4.0) for move in world.moves)
    cut = moves[which % len(moves)]
    half = replace(cut, quantity=(cut.quantity or 0.0) / 2)
    halves = (*(move for move in moves if move is not cut), half, replace(half, name="other half"))
    settled = parameters(replace(chosen, fifo_share=fifo_share, bandwidth=bandwidth))
    graph, divided = replace(world, moves=moves).graph(), replace(world, moves=halves).graph()
    prepared, other = prepare(graph, settled), prepare(divided, settled)
    came = [move.quantity or 0.0 for move in moves if (move.end, move.product) == (cut.end, cut.product)]
    gone = [move.quantity or 0.0 for move in moves if (move.start, move.product) == (cut.end, cut.product)]
    widest = (sum(came) + sum(gone)) / (sum(came) / len(came))
    once = fifo_share * (1.0 - exp(-widest / (len(came) * bandwidth)))
    passing = len(gone)
    for move in moves:
        if move is not cut:
            (start,) = positions(graph, "Shipment", [move.name])
            (twin,) = positions(divided, "Shipment", [move.name])
            ours = ends_of(graph, trace(prepared, "Shipment", start))
            theirs = ends_of(divided, trace(other, "Shipment", twin))
            assert distance(ours, theirs) <= once * passing + 1e-9


@st.composite
def identified_worlds(draw: st.DrawFn) -> World:
    """Lots that go whole from their factory along places of any role; every paper names the lot."""
    moves: list[Move] = []
    for lot in range(draw(st.integers(1, 4))):
        at, day = draw(st.sampled_from(("F", "G"))), draw(st.integers(0, 9))
        product, quantity = draw(st.sampled_from("PQ")), draw(st.sampled_from((1.0, 3.0, 10.0)))
        for leg in range(draw(st.integers(1, 4))):
            target = draw(st.sampled_from([place for place in "ABC" if place != at]))
            moves.append(Move(f"{lot}.{leg}", at, target, day, day + 1, product, f"lot{lot}", quantity))
            at, day = target, day + 1 + draw(st.integers(0, 5))
    roles = {place: draw(st.sampled_from((None, "warehouse", "wholesale_market", "port"))) for place in "ABC"}
    return World(tuple(moves), {"F": "factory", "G": "factory", **roles})


@settings(max_examples=30, deadline=None)
@given(identified_worlds(), SETTINGS)
def test_lots_on_every_paper_lead_to_the_true_origin_alone(world: World, chosen: Settings) -> None:
    graph = world.graph()
    prepared = prepare(graph, replace(parameters(chosen), floor=role_values(0.0)))
    truth = {move.lot: move.start for move in world.moves if move.start in ("F", "G")}
    for move in world.moves:
        (start,) = positions(graph, "Shipment", [move.name])
        assert_same(ends_of(graph, trace(prepared, "Shipment", start)), {("origin", truth[move.lot]): 1.0})
    for lot in range(len(graph.nodes["Lot"])):
        maker = truth[name_of(graph, "Lot", lot).rpartition(":")[2]]
        assert_same(ends_of(graph, trace(prepared, "Lot", lot)), {("origin", maker): 1.0})


@settings(max_examples=30, deadline=None)
@given(worlds(undated=True), st.sampled_from((1.0, 3.0, 8.0)))
def test_a_wider_window_loses_no_site_and_no_lot(world: World, days: float) -> None:
    graph = world.graph()
    widths = [prepare(graph, TraceParameters(max_dwell_days=width)) for width in (days, 2 * days, None)]
    for kind, position in starts_of(graph):
        for direction in ("backward", "forward"):
            narrow, wide, open_end = (
                trace(prepared, kind, position, direction=direction).reach  # pyright: ignore[reportArgumentType]
                for prepared in widths
            )
            assert set(narrow.sites) <= set(wide.sites) <= set(open_end.sites)
            assert set(narrow.lots) <= set(wide.lots) <= set(open_end.lots)
