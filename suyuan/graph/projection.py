"""The edges that a record makes, by the declarations of its table."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suyuan.graph.ids import canonical_id
from suyuan.graph.model import Column, Edge, End, Table
from suyuan.graph.records import precision_name, time_text

Row = Mapping[str, Any]
"""One record as ``RecordBatch.to_pylist`` gives it."""

NodesBy = Callable[[str, str, str], Sequence[str]]
"""(kind, property, value) -> ids of the nodes of that kind with that value."""


@dataclass(frozen=True, slots=True)
class ProjectedEdge:
    """An edge as a record makes it; ``properties`` are plain values, times as ISO text."""

    kind: str
    source: str
    target: str
    record: str
    properties: dict[str, Any]

    @property
    def id(self) -> str:
        """``KIND|source|target|record``."""
        return f"{self.kind}|{self.source}|{self.target}|{self.record}"


def edges_of(table: Table, row: Row, nodes_by: NodesBy) -> Iterator[ProjectedEdge]:
    """The edges of one record, in the order of their declarations."""
    for edge in table.edges:
        if edge.when is not None and row[edge.when[0]] != edge.when[1]:
            continue
        sources = end_ids(table, edge.source, row, nodes_by)
        if not sources:
            continue
        properties = edge_properties(table, edge, row)
        for target in end_ids(table, edge.target, row, nodes_by):
            for source in sources:
                yield ProjectedEdge(edge.kind, source, target, row["id"], properties)


def end_ids(table: Table, end: End, row: Row, nodes_by: NodesBy) -> list[str]:
    """Ids of the nodes at one end of an edge; empty where the record does not tell."""
    last = row[end.columns[-1]]
    if last is None:
        return []
    values = list(dict.fromkeys(last)) if end.many else [last]
    if end.kind is None:
        return values
    if end.by is not None:
        return [node for value in values for node in nodes_by(end.kind, end.by, value)]
    before = [_key_text(table.column(name), row) for name in end.columns[:-1]]
    if end.many:
        return [canonical_id(end.kind, *before, value) for value in values]
    return [canonical_id(end.kind, *before, _key_text(table.column(end.columns[-1]), row))]


def edge_properties(table: Table, edge: Edge, row: Row) -> dict[str, Any]:
    """The filled properties of an edge."""
    found = ((name, plain_value(table.column(name), row)) for name in edge.properties)
    return {name: value for name, value in found if value is not None}


def plain_value(column: Column, row: Row) -> Any:
    """A property as people and files see it: times as ISO text at their own precision."""
    value = row[column.name]
    if value is None or column.type != "time":
        return value
    return time_text(value, row[precision_name(column.name)] or 0)


def _key_text(column: Column, row: Row) -> str:
    value = plain_value(column, row)
    return "" if value is None else str(value)
