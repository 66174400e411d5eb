"""The graph in a notebook: as pandas frames, one a table, or as a networkx graph; and from there back to tables.

pandas and networkx are optional (extra ``notebook``) and imported when they are needed. What comes back are frames of
the exchange format; :func:`suyuan.service.notebooks.ingest_frames` writes them into a store the ordinary way.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from suyuan.errors import ConfigError, ParameterError
from suyuan.graph.drawn_graph import RESERVED, drawn, original_name
from suyuan.graph.exchange import exchange_table
from suyuan.graph.ids import split_id
from suyuan.graph.model import NODE_KINDS, Edge, End, Table
from suyuan.graph.selection import Selection
from suyuan.graph.store.base import View
from suyuan.graph.tables import TABLES, table_of_kind

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd

ALL: Final = Selection()
Attributes = dict[str, Any]


def _optional(name: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as missing:
        raise ConfigError(
            f"{missing.name} is not installed. Run: pip install 'suyuan[notebook]'."
        ) from missing


def to_frames(view: View, selection: Selection = ALL) -> "dict[str, pd.DataFrame]":
    """The selected records as frames by table, in the exchange format: one row a record, by id.

    Tables without records are left out. Times are ISO 8601 text at their own precision, lists are joined by ``;``,
    and undeclared columns stand last.

    Raises
    ------
    ConfigError
        pandas is not installed.
    """
    _optional("pandas")
    found: dict[str, pd.DataFrame] = {}
    for name, table in TABLES.items():
        content = exchange_table(view, table, selection)
        if content.num_rows:
            found[name] = content.to_pandas()
    return found


def to_networkx(view: View, selection: Selection = ALL) -> "nx.MultiDiGraph[str]":
    """The selected nodes and the relationships between them.

    A node is its canonical id; it has ``kind``, its properties, and ``stub`` if no record describes it. The key of
    an edge is its id; it has ``kind``, ``id``, ``record`` (the record that makes it) and its properties. Times are
    ISO 8601 text, lists are lists. Records that make neither node nor relationship are not in it.

    Raises
    ------
    ConfigError
        networkx is not installed.
    """
    networkx = _optional("networkx")
    found = drawn(view, selection, None)
    graph: Any = networkx.MultiDiGraph()
    for node, properties in found.nodes.items():
        stub = {"stub": True} if node in found.stubs else {}
        graph.add_nodes_from([(node, {**properties, "kind": node.partition(":")[0], **stub})])
    for edge in found.edges:
        attributes = {**edge.properties, "kind": edge.kind, "id": edge.id, "record": edge.record}
        graph.add_edges_from([(edge.source, edge.target, edge.id, attributes)])
    return graph


def from_networkx(graph: "nx.MultiDiGraph[str]") -> "dict[str, pd.DataFrame]":
    """The tables that a graph tells, as frames by table.

    Parameters
    ----------
    graph : nodes are canonical ids, edges have ``kind``. What :func:`to_networkx` gives comes back whole; nodes and
        edges that were added since need no other attributes; a node without any is only named.

    Raises
    ------
    ConfigError
        pandas is not installed.
    UnknownKindError, RecordError
        A node is no canonical id.
    ParameterError
        An edge has no kind, or its kind does not join what it joins.
    """
    pandas = _optional("pandas")
    rows = _Rows()
    for node, attributes in graph.nodes(data=True):
        rows.add_node(node, attributes)
    for source, target, attributes in graph.edges(data=True):
        rows.add_edge(source, target, attributes, graph.nodes[target])
    return {
        name: pandas.DataFrame(list(rows.tables[name].values())) for name in TABLES if name in rows.tables
    }


class _Rows:
    """Rows by table and record id."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, Attributes]] = defaultdict(dict)

    def add_node(self, node: str, attributes: Mapping[str, Any]) -> None:
        """The row of a node that is a record."""
        table = table_of_kind(split_id(node)[0])
        if table is not None and attributes and not attributes.get("stub"):
            self._row(table, node).update(_columns(attributes))

    def add_edge(
        self, source: str, target: str, attributes: Mapping[str, Any], there: Mapping[str, Any]
    ) -> None:
        """What an edge tells: a row of its own, or columns of the row at one of its ends."""
        record: str | None = attributes.get("record")
        table = TABLES.get(record.partition(":")[0]) if record else None
        if record and table is None:
            return  # the node of that record tells it
        made = _declared(source, target, attributes.get("kind"), [table] if table else TABLES.values())
        if made is None:
            raise ParameterError(
                "edge",
                f"({source})-[{attributes.get('kind')}]->({target})",
                "a relationship that the rows of a table make by their own columns",
            )
        table, edge = made
        if table.kind is None:
            row = self.tables[table.name].setdefault(record or f"{edge.kind}|{source}|{target}", {})
            row.update(_columns(attributes))
            row.update([edge.when] if edge.when else [])
            _fill(row, edge.source, source, {})
            _fill(row, edge.target, target, there)
            return
        own, end, other = (source, edge.target, target)
        if not _is_own(table, edge.source):
            own, end, other = target, edge.source, source
        row = self._row(table, own)
        row.update({name: attributes[name] for name in edge.properties if name in attributes})
        _fill(row, end, other, there)

    def _row(self, table: Table, node: str) -> Attributes:
        kind, key = split_id(node)
        return self.tables[table.name].setdefault(node, dict(zip(NODE_KINDS[kind].key, key, strict=True)))


def _columns(attributes: Mapping[str, Any]) -> Attributes:
    return {original_name(name): value for name, value in attributes.items() if name not in RESERVED}


def _declared(
    source: str, target: str, kind: str | None, tables: Iterable[Table]
) -> tuple[Table, Edge] | None:
    """The table, and its edge, whose rows tell such a relationship."""
    for table in tables:
        for edge in table.edges:
            told = table.kind is None or _is_own(table, edge.source) or _is_own(table, edge.target)
            if edge.kind == kind and told and _fits(edge.source, source) and _fits(edge.target, target):
                return table, edge
    return None


def _is_own(table: Table, end: End) -> bool:
    return end.kind == table.kind and end.columns == table.key


def _fits(end: End, node: str) -> bool:
    kind = split_id(node)[0]
    return kind == end.kind if end.kind is not None else not end.kinds or kind in end.kinds


def _fill(row: Attributes, end: End, node: str, there: Mapping[str, Any]) -> None:
    """Puts a node into the columns that tell an end."""
    if end.kind is None:
        key: tuple[Any, ...] = (node,)
    else:
        key = (there.get(end.by),) if end.by else split_id(node)[1]
    for column, value in zip(end.columns, key, strict=True):
        if end.many:
            listed = row.setdefault(column, [])
            row[column] = listed if value in listed else [*listed, value]
        elif row.setdefault(column, value) != value:
            raise ParameterError(
                "edge", node, f"a node whose {column} is {row[column]!r}, as the other end has it"
            )
