"""Use case: how two things hang together."""

from suyuan.analytics.connections import Connection, Place, shortest_connections
from suyuan.graph.ids import normal_id, split_id
from suyuan.graph.snapshot import GraphSnapshot
from suyuan.graph.store.base import Scope
from suyuan.service.workspace import Workspace


def connections(
    workspace: Workspace, start: str, goal: str, most: int, *, scope: Scope, without: frozenset[str]
) -> list[dict[str, list[str]]]:
    """The shortest connections between two ids: ``nodes`` and the ``edges`` between them by kind.

    Raises
    ------
    UnknownKindError, UnknownNodeError, RecordError, ParameterError, LimitError
    """
    snapshot = workspace.snapshot(scope)
    found = shortest_connections(
        snapshot, _place(snapshot, start), _place(snapshot, goal), most=most, without=without
    )
    return [_report(snapshot, connection) for connection in found]


def _place(snapshot: GraphSnapshot, given: str) -> Place:
    node_id = normal_id(given)
    kind = split_id(node_id)[0]
    return Place(kind, snapshot.nodes[kind].position(node_id))


def _report(snapshot: GraphSnapshot, connection: Connection) -> dict[str, list[str]]:
    return {
        "nodes": [snapshot.nodes[place.kind].id_at(place.position) for place in connection.places],
        "edges": [hop.edge_kind if hop.onward else f"{hop.edge_kind} (reversed)" for hop in connection.hops],
    }
