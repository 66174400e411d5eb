"""Shortest connections between things in the graph, whatever relationships they are made of."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from suyuan.errors import LimitError, ParameterError
from suyuan.graph.snapshot import EdgeSet, GraphSnapshot


class Place(NamedTuple):
    """A node by kind and position."""

    kind: str
    position: int


class Hop(NamedTuple):
    """One relationship on a way: its kind, and whether it is walked in its own direction."""

    edge_kind: str
    onward: bool


@dataclass(frozen=True, slots=True)
class Connection:
    """A way from one thing to another; ``hops[i]`` leads from ``places[i]`` to ``places[i + 1]``."""

    places: tuple[Place, ...]
    hops: tuple[Hop, ...]


_MOVEMENT_EDGES = frozenset({"DEPARTS", "ARRIVES"})


def shortest_connections(
    snapshot: GraphSnapshot,
    starts: Iterable[Place],
    goals: Iterable[Place],
    *,
    most: int = 5,
    max_hops: int = 8,
    max_nodes: int = 200_000,
    without: frozenset[str] = frozenset(),
) -> list[Connection]:
    """The connections of the least number of hops, in the order of the ids along them.

    Parameters
    ----------
    snapshot : the graph; relationships are walked both ways
    starts, goals : where the connections begin and end: at any of them, wherever the way is shortest
    most : at most so many connections, >= 1
    max_hops : longest connection looked for, >= 1
    max_nodes : most nodes visited
    without : kinds of relationships that are not walked, and of nodes that are not entered

    Returns
    -------
    Empty if there is none within ``max_hops``; those without hops if some start is a goal.

    Raises
    ------
    ParameterError
        ``most`` or ``max_hops`` below 1.
    LimitError
        ``max_nodes`` were visited without finding a goal.

    Notes
    -----
    Breadth-first from the starts, then all shortest ways back from the goals. Cost grows with the edges of the nodes
    visited; a hub's edges count each.

    Examples
    --------
    >>> from suyuan.graph.rows import snapshot_of_rows
    >>> graph = snapshot_of_rows({"shipments": [{"shipment_id": "1", "from_site": "A", "to_site": "B"}]})
    >>> [hop.edge_kind for hop in shortest_connections(graph, [Place("Site", 0)], [Place("Site", 1)])[0].hops]
    ['DEPARTS', 'ARRIVES']
    """
    for name, value in (("most", most), ("max_hops", max_hops)):
        if value < 1:
            raise ParameterError(name, value, "1 or more")
    begin, end = frozenset(starts), frozenset(goals)
    before = _search(snapshot, begin, end, max_hops, max_nodes, without)
    ways = _ways_back(snapshot, before, begin, end)
    return [connection for _, connection in zip(range(most), ways, strict=False)]


_Before = dict[Place, list[tuple[Place, Hop]]]


def _search(
    snapshot: GraphSnapshot,
    starts: frozenset[Place],
    goals: frozenset[Place],
    max_hops: int,
    max_nodes: int,
    without: frozenset[str],
) -> _Before:
    layer = sorted(starts)
    before: _Before = {start: [] for start in layer}
    for _ in range(0 if starts & goals else max_hops):
        reached: _Before = {}
        for place in layer:
            for other, hop in _steps(snapshot, place, without):
                if other not in before:
                    reached.setdefault(other, []).append((place, hop))
            if len(before) + len(reached) > max_nodes and reached.keys().isdisjoint(goals):
                raise LimitError("things within reach of the start", max_nodes)
        before.update(reached)
        if not reached or not reached.keys().isdisjoint(goals):
            break
        layer = list(reached)
    return before


def _steps(snapshot: GraphSnapshot, place: Place, without: frozenset[str]) -> Iterator[tuple[Place, Hop]]:
    for edges in snapshot.edges.values():
        if edges.kind in without or edges.source_kind in without or edges.target_kind in without:
            continue
        yield from _along(edges, place)
    if not without & _MOVEMENT_EDGES:
        yield from _moves(snapshot, place)


def _along(edges: EdgeSet, place: Place) -> Iterator[tuple[Place, Hop]]:
    if edges.source_kind == place.kind:
        for target in edges.targets_of(place.position):
            yield Place(edges.target_kind, int(target)), Hop(edges.kind, True)
    if edges.target_kind == place.kind:
        for source in edges.sources_of(place.position):
            yield Place(edges.source_kind, int(source)), Hop(edges.kind, False)


def _moves(snapshot: GraphSnapshot, place: Place) -> Iterator[tuple[Place, Hop]]:
    movements, at = snapshot.movements, place.position
    if place.kind == "Site":
        for movement in movements.outflow[movements.outflow_start[at] : movements.outflow_start[at + 1]]:
            yield Place("Shipment", int(movement)), Hop("DEPARTS", True)
        for movement in range(int(movements.inflow_start[at]), int(movements.inflow_start[at + 1])):
            yield Place("Shipment", movement), Hop("ARRIVES", False)
    elif place.kind == "Shipment" and at < len(movements):
        yield Place("Site", int(movements.to_site[at])), Hop("ARRIVES", True)
        yield Place("Site", int(movements.from_site[at])), Hop("DEPARTS", False)
        yield from _goods(snapshot, at)
    elif place.kind in ("Lot", "Product"):
        wanted = at if place.kind == "Lot" else -at - 2
        for movement in (movements.goods == wanted).nonzero()[0]:
            yield Place("Shipment", int(movement)), Hop("CARRIES", False)


def _goods(snapshot: GraphSnapshot, movement: int) -> Iterator[tuple[Place, Hop]]:
    goods = int(snapshot.movements.goods[movement])
    if goods >= 0:
        yield Place("Lot", goods), Hop("CARRIES", True)
        product = int(snapshot.nodes["Lot"].columns["product"][goods])
        if product >= 0:
            yield Place("Product", product), Hop("CARRIES", True)
    elif goods <= -2:
        yield Place("Product", -goods - 2), Hop("CARRIES", True)


def _ways_back(
    snapshot: GraphSnapshot, before: _Before, starts: frozenset[Place], goals: frozenset[Place]
) -> Iterator[Connection]:
    """Goal by goal in the order of their ids; all that were reached are as far from the starts."""
    reached = sorted(goals.intersection(before), key=lambda place: _id(snapshot, place), reverse=True)
    stack: list[tuple[tuple[Place, ...], tuple[Hop, ...]]] = [((goal,), ()) for goal in reached]
    while stack:
        places, hops = stack.pop()
        if places[0] in starts:
            yield Connection(places, hops)
            continue
        steps = sorted(
            set(before[places[0]]), key=lambda step: (_id(snapshot, step[0]), step[1]), reverse=True
        )
        stack.extend(((place, *places), (hop, *hops)) for place, hop in steps)


def _id(snapshot: GraphSnapshot, place: Place) -> str:
    return snapshot.nodes[place.kind].id_at(place.position)
