"""GraphML of the graph: every node and relationship with its properties, in order of ids."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO
from xml.sax.saxutils import escape, quoteattr

from suyuan.graph.drawn_graph import DrawnGraph, value_text, xml_text
from suyuan.service.whole_files import replacing

_Keys = Mapping[tuple[str, str], str]


def write_graphml(graph: DrawnGraph, path: Path) -> None:
    """Writes the graph to a file, which appears whole or not at all.

    References
    ----------
    GraphML primer and structural layer, http://graphml.graphdrawing.org/primer/graphml-primer.html
    """
    with replacing(path) as file:
        _write(file, graph)


def _write(file: TextIO, graph: DrawnGraph) -> None:
    types = graph.property_types()
    keys = {pair: f"d{number}" for number, pair in enumerate(types)}
    file.write(
        '<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    )
    for pair, type_ in types.items():
        side, name = pair
        file.write(
            f'<key id="{keys[pair]}" for="{side}" attr.name={_attribute(name)} attr.type="{type_}"/>\n'
        )
    file.write('<graph edgedefault="directed">\n')
    for node, properties in graph.nodes.items():
        values = {"kind": node.partition(":")[0], **properties}
        file.write(f"<node id={_attribute(node)}>{_data(values, 'node', keys)}</node>\n")
    for edge in graph.edges:
        values = {"kind": edge.kind, **edge.properties}
        ends = f"source={_attribute(edge.source)} target={_attribute(edge.target)}"
        file.write(f"<edge id={_attribute(edge.id)} {ends}>{_data(values, 'edge', keys)}</edge>\n")
    file.write("</graph>\n</graphml>\n")


def _data(values: Mapping[str, Any], side: str, keys: _Keys) -> str:
    return "".join(
        f'<data key="{keys[side, name]}">{escape(value_text(value))}</data>'
        for name, value in sorted(values.items())
    )


def _attribute(text: str) -> str:
    return quoteattr(xml_text(text))
