"""The record behind an edge: what a claim that rests on the edge can be traced to."""

from functools import cache

from suyuan.errors import UnknownKindError
from suyuan.graph.edgebuild import RECORD, EdgeKey, in_movements
from suyuan.graph.gather import is_own
from suyuan.graph.ids import split_id
from suyuan.graph.model import EDGE_KINDS, Edge, Table
from suyuan.graph.records import record_id
from suyuan.graph.snapshot import EdgeSet, GraphSnapshot
from suyuan.graph.tables import TABLES


def record_of_edge(snapshot: GraphSnapshot, edges: EdgeSet, place: int) -> tuple[str, str]:
    """Table and id of the record that makes an edge: what ``View.records`` gives the source file and row of.

    Parameters
    ----------
    edges : one of ``snapshot.edges``.
    place : of the edge in it.
    """
    table, edge = _declaration((edges.kind, edges.source_kind, edges.target_kind))
    source = snapshot.nodes[edges.source_kind].id_at(edges.source[place])
    target = snapshot.nodes[edges.target_kind].id_at(edges.target[place])
    if is_own(table, edge.source):
        return table.name, source
    if is_own(table, edge.target):
        return table.name, target
    if RECORD in edges.columns:
        return table.name, snapshot.nodes[table.kind or ""].id_at(edges.columns[RECORD][place])
    key: dict[str, str] = {}
    for end, node_id in ((edge.source, source), (edge.target, target)):
        parts = (node_id,) if end.kind is None else split_id(node_id)[1]
        key.update(zip(end.columns, parts, strict=True))
    return table.name, record_id(table, [key[name] for name in table.key])


@cache
def _declaration(key: EdgeKey) -> tuple[Table, Edge]:
    kind, source, target = key
    for table in TABLES.values():
        for edge in table.edges:
            if (
                edge.kind == kind
                and not in_movements(edge)
                and edge.source.kind in (None, source)
                and edge.target.kind in (None, target)
            ):
                return table, edge
    raise UnknownKindError(kind, sorted(EDGE_KINDS))
