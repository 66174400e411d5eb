"""The graph as nodes and relationships with plain properties: what GraphML and GEXF are written from."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from suyuan.graph.ids import split_id
from suyuan.graph.model import NODE_KINDS, Column, Table, ValueType
from suyuan.graph.projection import ProjectedEdge, edges_of, plain_value
from suyuan.graph.selection import Selection
from suyuan.graph.store.base import View
from suyuan.graph.tables import TABLES

Progress = Callable[[str, float], None]

RESERVED: Final = ("kind", "id", "record", "stub")
"""What nodes and relationships are told apart by. A property of such a name has a low line behind it: ``kind_``."""

_TYPES: Final[dict[ValueType, str]] = {"number": "double", "integer": "long", "boolean": "boolean"}
_FORBIDDEN = dict.fromkeys([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0xFFFE, 0xFFFF])


@dataclass(frozen=True, slots=True)
class DrawnGraph:
    """Nodes by id, relationships in order of their ids; all ends are there.

    ``stubs`` are the nodes that no record describes: others name them.
    """

    nodes: dict[str, dict[str, Any]]
    edges: list[ProjectedEdge]
    stubs: frozenset[str]

    @property
    def counts(self) -> dict[str, int]:
        """How many of both."""
        return {"nodes": len(self.nodes), "edges": len(self.edges)}

    def property_types(self) -> dict[tuple[str, str], str]:
        """Type by side (``node``, ``edge``) and name, for every property there is and ``kind``.

        It is ``double``, ``long``, ``boolean`` or ``string``, the last where tables disagree.
        """
        node_names = {"kind", *(name for values in self.nodes.values() for name in values)}
        edge_names = {"kind", *(name for edge in self.edges for name in edge.properties)}
        declared = _declared_types()
        sides = (("node", node_names), ("edge", edge_names))
        return {(side, name): declared.get(name, "string") for side, names in sides for name in sorted(names)}


def drawn(view: View, selection: Selection, progress: Progress | None) -> DrawnGraph:
    """The selected nodes and the relationships between them."""
    by_number = _rights_by_number(view)

    def nodes_by(kind: str, name: str, value: str) -> list[str]:
        return by_number.get(value, [])

    edges: list[ProjectedEdge] = []
    nodes: dict[str, dict[str, Any]] = {}
    for done, table in enumerate(TABLES.values()):
        if progress:
            progress(table.name, 0.6 * done / len(TABLES))
        for row in _rows(view, table, selection):
            if table.kind:
                nodes[row["id"]] = _properties(table, row)
            edges.extend(_with_extra(table, row, edge) for edge in edges_of(table, row, nodes_by))
    stubs = {end for edge in edges for end in (edge.source, edge.target)} - nodes.keys()
    nodes.update((end, _key_properties(end)) for end in stubs)
    nodes = _selected(nodes, selection)
    edges = [edge for edge in edges if edge.source in nodes and edge.target in nodes]
    edges.sort(key=lambda edge: edge.id)
    return DrawnGraph({node: nodes[node] for node in sorted(nodes)}, edges, frozenset(stubs & nodes.keys()))


def _with_extra(table: Table, row: dict[str, Any], edge: ProjectedEdge) -> ProjectedEdge:
    """An edge that is all of its record has the record's undeclared columns too."""
    if table.kind is not None or not row["extra"]:
        return edge
    return replace(edge, properties=_renamed({**json.loads(row["extra"]), **edge.properties}))


def _renamed(properties: dict[str, Any]) -> dict[str, Any]:
    return {f"{name}_" if name.rstrip("_") in RESERVED else name: value for name, value in properties.items()}


def original_name(name: str) -> str:
    """The name of a property in its table."""
    return name.removesuffix("_") if name.rstrip("_") in RESERVED else name


def _selected(nodes: dict[str, dict[str, Any]], selection: Selection) -> dict[str, dict[str, Any]]:
    if selection.kinds:
        nodes = {node: found for node, found in nodes.items() if node.partition(":")[0] in selection.kinds}
    if selection.ids is not None:
        chosen = set(selection.ids.to_pylist())
        nodes = {node: found for node, found in nodes.items() if node in chosen}
    return nodes


def _rows(view: View, table: Table, selection: Selection) -> Iterator[dict[str, Any]]:
    for batch in selection.batches(view, table):
        yield from batch.to_pylist()


def _rights_by_number(view: View) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for batch in view.batches("rights", ["number"]):
        for row in batch.to_pylist():
            if row["number"] is not None:
                found.setdefault(row["number"], []).append(row["id"])
    return found


def _properties(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    values = {column.name: plain_value(column, row) for column in table.columns}
    extra = json.loads(row["extra"]) if row.get("extra") else {}
    filled = {name: value for name, value in {**extra, **values}.items() if value is not None}
    return _renamed(filled)


def _key_properties(node_id: str) -> dict[str, Any]:
    kind, key = split_id(node_id)
    return dict(zip(NODE_KINDS[kind].key[-len(key) :], key, strict=True))


def _declared_types() -> dict[str, str]:
    columns: list[Column] = [column for table in TABLES.values() for column in table.columns]
    names: dict[str, set[str]] = {}
    for column in columns:
        names.setdefault(column.name, set()).add(_TYPES.get(column.type, "string"))
    return {name: found.pop() for name, found in names.items() if len(found) == 1}


def value_text(value: Any) -> str:
    """A property as text that XML can hold; lists are joined by ``;``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = ";".join(map(str, value)) if isinstance(value, list) else str(value)
    return xml_text(text)


def xml_text(text: str) -> str:
    """A text without the characters that XML 1.0 forbids."""
    return text.translate(_FORBIDDEN)
