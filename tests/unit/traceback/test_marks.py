"""What a walk looked at, when that is more than there was room for."""

from suyuan.traceback.parameters import TraceParameters
from suyuan.traceback.preparation import prepare
from suyuan.traceback.trace import trace
from tests.unit.traceback.worlds import Move, World, positions


def test_there_is_room_for_every_place_a_walk_comes_to() -> None:
    """Goods of an unknown product leave many places that keep two products and that nothing came to."""
    moves = [Move(f"sent{n}", f"W{n}", "H", n % 50, n % 50 + 1) for n in range(900)]
    moves += [Move(f"other{n}", f"W{n}", "X", 90, 91, "P") for n in range(900)]
    graph = World((*moves, Move("last", "H", "Y", 60, 61)), {}).graph()
    (last,) = positions(graph, "Shipment", ["last"])
    found = trace(prepare(graph, TraceParameters()), "Shipment", last).reach
    assert len(found.movements) == 900
    assert len(found.sites) == 901


def test_a_stream_is_looked_through_again_only_beyond_what_was_seen() -> None:
    """Later outflow of one site after earlier outflow: every inflow is found once."""
    moves = [Move(f"in{n}", "A", "B", n, n + 1, "P") for n in range(40)]
    moves += [Move(f"out{n}", "B", "C", n * 7 % 40 + 2, n * 7 % 40 + 3, "P") for n in range(40)]
    graph = World((*moves, Move("last", "C", "D", 60, 61, "P")), {}).graph()
    (last,) = positions(graph, "Shipment", ["last"])
    found = trace(prepare(graph, TraceParameters()), "Shipment", last).reach
    assert sorted(found.movements.tolist()) == sorted(set(found.movements.tolist()))
    assert len(found.movements) == 80
