"""Use case: how two things hang together."""

from collections.abc import Sequence
from dataclasses import dataclass

from suyuan.analytics.connections import Connection, Place, shortest_connections
from suyuan.graph.ids import normal_id, split_id
from suyuan.graph.snapshot import GraphSnapshot


@dataclass(frozen=True, slots=True)
class ConnectionHop:
    """One relationship on a way, in its own direction: kind, and the ids of its ends."""

    kind: str
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    """A way by ids; ``hops[i]`` joins ``nodes[i]`` and ``nodes[i + 1]``."""

    nodes: tuple[str, ...]
    hops: tuple[ConnectionHop, ...]


def connections(
    snapshot: GraphSnapshot,
    starts: Sequence[str],
    goals: Sequence[str],
    most: int,
    *,
    without: frozenset[str],
) -> list[ConnectionReport]:
    """The shortest connections from any of some ids to any of others.

    Parameters
    ----------
    starts, goals : one id each, or the records of an actor
    most : at most so many, >= 1
    without : kinds of relationships that are not walked, and of nodes that are not entered

    Raises
    ------
    UnknownKindError, UnknownNodeError, RecordError, ParameterError, LimitError
    """
    found = shortest_connections(
        snapshot,
        [_place(snapshot, start) for start in starts],
        [_place(snapshot, goal) for goal in goals],
        most=most,
        without=without,
    )
    return [_report(snapshot, connection) for connection in found]


def _place(snapshot: GraphSnapshot, given: str) -> Place:
    node_id = normal_id(given)
    kind = split_id(node_id)[0]
    return Place(kind, snapshot.nodes[kind].position(node_id))


def _report(snapshot: GraphSnapshot, connection: Connection) -> ConnectionReport:
    nodes = tuple(snapshot.nodes[place.kind].id_at(place.position) for place in connection.places)
    hops = tuple(
        ConnectionHop(hop.edge_kind, *((left, right) if hop.onward else (right, left)))
        for left, right, hop in zip(nodes, nodes[1:], connection.hops, strict=False)
    )
    return ConnectionReport(nodes, hops)
