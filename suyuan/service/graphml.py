"""GraphML of the graph: every node and relationship with its properties, in order of ids."""

import json
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TextIO
from xml.sax.saxutils import escape, quoteattr

from suyuan.graph.ids import split_id
from suyuan.graph.model import NODE_KINDS, Column, Table, ValueType
from suyuan.graph.projection import ProjectedEdge, edges_of, plain_value
from suyuan.graph.store.base import View
from suyuan.graph.tables import TABLES

Progress = Callable[[str, float], None]

_TYPES: Final[dict[ValueType, str]] = {"number": "double", "integer": "long", "boolean": "boolean"}
_FORBIDDEN = dict.fromkeys([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0xFFFE, 0xFFFF])


def write_graphml(view: View, path: Path, kinds: frozenset[str], progress: Progress | None) -> dict[str, int]:
    """Writes the graph to a file; counts nodes and edges.

    ``kinds`` keeps nodes of those kinds and the edges between them; empty = everything. The file appears
    whole or not at all.

    References
    ----------
    GraphML primer and structural layer, http://graphml.graphdrawing.org/primer/graphml-primer.html
    """
    by_number = _rights_by_number(view)

    def nodes_by(kind: str, name: str, value: str) -> list[str]:
        return by_number.get(value, [])

    edges: list[ProjectedEdge] = []
    nodes: dict[str, dict[str, Any]] = {}
    for done, table in enumerate(TABLES.values()):
        if progress:
            progress(table.name, 0.6 * done / len(TABLES))
        for row in _rows(view, table):
            if table.kind:
                nodes[row["id"]] = _properties(table, row)
            edges.extend(edges_of(table, row, nodes_by))
    for edge in edges:
        for end in (edge.source, edge.target):
            if end not in nodes:
                nodes[end] = _key_properties(end)
    if kinds:
        nodes = {node: found for node, found in nodes.items() if node.partition(":")[0] in kinds}
        edges = [edge for edge in edges if edge.source in nodes and edge.target in nodes]
    edges.sort(key=lambda edge: edge.id)
    with _replacing(path) as file:
        _write(file, nodes, edges)
    return {"nodes": len(nodes), "edges": len(edges)}


def _rows(view: View, table: Table) -> Iterator[dict[str, Any]]:
    for batch in view.batches(table.name):
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
    return {name: value for name, value in {**extra, **values}.items() if value is not None}


def _key_properties(node_id: str) -> dict[str, Any]:
    kind, key = split_id(node_id)
    return dict(zip(NODE_KINDS[kind].key[-len(key) :], key, strict=True))


@contextmanager
def _replacing(path: Path) -> Generator[TextIO]:
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8") as file:
        yield file
    partial.replace(path)


def _write(file: TextIO, nodes: dict[str, dict[str, Any]], edges: list[ProjectedEdge]) -> None:
    keys = _keys(nodes, edges)
    file.write(
        '<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    )
    for (side, name), (key, type_) in keys.items():
        file.write(f'<key id="{key}" for="{side}" attr.name={quoteattr(name)} attr.type="{type_}"/>\n')
    file.write('<graph edgedefault="directed">\n')
    for node in sorted(nodes):
        values = {"kind": node.partition(":")[0], **nodes[node]}
        file.write(f"<node id={_attribute(node)}>{_data(values, 'node', keys)}</node>\n")
    for edge in edges:
        values = {"kind": edge.kind, **edge.properties}
        ends = f"source={_attribute(edge.source)} target={_attribute(edge.target)}"
        file.write(f"<edge id={_attribute(edge.id)} {ends}>{_data(values, 'edge', keys)}</edge>\n")
    file.write("</graph>\n</graphml>\n")


_Keys = dict[tuple[str, str], tuple[str, str]]


def _keys(nodes: dict[str, dict[str, Any]], edges: list[ProjectedEdge]) -> _Keys:
    node_names = {"kind", *(name for values in nodes.values() for name in values)}
    edge_names = {"kind", *(name for edge in edges for name in edge.properties)}
    wanted = [("node", name) for name in sorted(node_names)] + [("edge", name) for name in sorted(edge_names)]
    types = _declared_types()
    return {pair: (f"d{number}", types.get(pair[1], "string")) for number, pair in enumerate(wanted)}


def _declared_types() -> dict[str, str]:
    """GraphML type of each property name; ``string`` where tables disagree."""
    columns: list[Column] = [column for table in TABLES.values() for column in table.columns]
    names: dict[str, set[str]] = {}
    for column in columns:
        names.setdefault(column.name, set()).add(_TYPES.get(column.type, "string"))
    return {name: found.pop() if len(found) == 1 else "string" for name, found in names.items()}


def _data(values: dict[str, Any], side: str, keys: _Keys) -> str:
    return "".join(
        f'<data key="{keys[side, name][0]}">{escape(_text(value))}</data>'
        for name, value in sorted(values.items())
    )


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = ";".join(map(str, value)) if isinstance(value, list) else str(value)
    return text.translate(_FORBIDDEN)


def _attribute(text: str) -> str:
    return quoteattr(text.translate(_FORBIDDEN))
