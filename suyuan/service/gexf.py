"""GEXF of the graph, for Gephi: every node and relationship with its properties, in order of ids."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TextIO
from xml.sax.saxutils import quoteattr

from suyuan.graph.drawn_graph import DrawnGraph, value_text, xml_text
from suyuan.graph.model import Column
from suyuan.graph.tables import table_of_kind
from suyuan.service.whole_files import replacing

_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n<gexf xmlns="http://gexf.net/1.3" version="1.3">\n'
_Keys = Mapping[tuple[str, str], str]


def write_gexf(graph: DrawnGraph, path: Path) -> None:
    """Writes the graph to a file, which appears whole or not at all. A node's label is its name, else its id.

    References
    ----------
    GEXF 1.3 primer, https://gexf.net/primer.html
    """
    with replacing(path) as file:
        _write(file, graph)


def _write(file: TextIO, graph: DrawnGraph) -> None:
    types = graph.property_types()
    keys = {pair: str(number) for number, pair in enumerate(types)}
    file.write(_HEAD + '<graph defaultedgetype="directed">\n')
    for side in ("node", "edge"):
        file.write(f'<attributes class="{side}">\n')
        for (of_side, name), type_ in types.items():
            if of_side == side:
                place = keys[of_side, name]
                file.write(f'<attribute id="{place}" title={_attribute(name)} type="{type_}"/>\n')
        file.write("</attributes>\n")
    file.write("<nodes>\n")
    for node, properties in graph.nodes.items():
        kind = node.partition(":")[0]
        label = _label(kind, node, properties)
        values = _values({"kind": kind, **properties}, "node", keys)
        file.write(f"<node id={_attribute(node)} label={_attribute(label)}>{values}</node>\n")
    file.write("</nodes>\n<edges>\n")
    for edge in graph.edges:
        ends = (
            f"source={_attribute(edge.source)} target={_attribute(edge.target)} label={_attribute(edge.kind)}"
        )
        values = _values({"kind": edge.kind, **edge.properties}, "edge", keys)
        file.write(f"<edge id={_attribute(edge.id)} {ends}>{values}</edge>\n")
    file.write("</edges>\n</graph>\n</gexf>\n")


def _label(kind: str, node: str, properties: Mapping[str, Any]) -> str:
    table = table_of_kind(kind)
    columns: tuple[Column, ...] = table.columns if table is not None else ()
    names = (properties.get(column.name) for column in columns if column.searchable)
    return str(next((name for name in names if name), node))


def _values(values: Mapping[str, Any], side: str, keys: _Keys) -> str:
    listed = "".join(
        f'<attvalue for="{keys[side, name]}" value={_attribute(value_text(value))}/>'
        for name, value in sorted(values.items())
    )
    return f"<attvalues>{listed}</attvalues>"


def _attribute(text: str) -> str:
    return quoteattr(xml_text(text))
