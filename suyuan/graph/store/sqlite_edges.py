"""Edges in SQLite: found from either end through the columns that name it.

Where each end is one set of columns, SQL spells the ids of the edges, orders and cuts them, and only the
records of the edges asked for are read. Where a list names an end, or a property does, the records are read
and the edges projected from them.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from suyuan.errors import SuyuanError
from suyuan.graph.ids import canonical_id, split_id
from suyuan.graph.model import Edge, End, Table
from suyuan.graph.projection import edge_properties, end_ids
from suyuan.graph.store.base import Direction, GraphEdge
from suyuan.graph.store.sqlite_functions import end_id
from suyuan.graph.store.sqlite_schema import link_name, own, quoted
from suyuan.graph.store.sqlite_versions import Part, Record, Versions
from suyuan.graph.tables import TABLES, table_of_kind


@dataclass(frozen=True, slots=True)
class Asked:
    """A node that was asked for, taken apart."""

    id: str
    kind: str
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """At most ``first`` edges a node, after edge id ``after``."""

    first: int
    after: str


def taken_apart(ids: Iterable[str]) -> list[Asked]:
    """The ids that are spelt canonically; no others can exist."""
    found: list[Asked] = []
    for node_id in dict.fromkeys(ids):
        try:
            kind, key = split_id(node_id)
        except SuyuanError:
            continue
        if canonical_id(kind, *key) == node_id:
            found.append(Asked(node_id, kind, key))
    return found


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the record of an edge lies."""

    table: Table
    edge: Edge
    source: str
    target: str
    part: Part
    row: int


_Found = dict[str, dict[str, "_Place | GraphEdge"]]
"""Node id -> edge id -> the edge, or where its record lies."""


def neighbour_edges(
    versions: Versions,
    nodes: Sequence[Asked],
    edge_kinds: Sequence[str] | None,
    direction: Direction,
    page: Page,
) -> dict[str, list[GraphEdge]]:
    """The page of edges at each node, by edge id."""
    found: _Found = {node.id: {} for node in nodes}
    for table in TABLES.values():
        if not versions.count(table):
            continue
        for edge in table.edges:
            if edge_kinds is not None and edge.kind not in edge_kinds:
                continue
            ends = [
                *([edge.source] if direction != "in" else []),
                *([edge.target] if direction != "out" else []),
            ]
            for end in ends:
                for node_id, edge_id, place in _edges_at(versions, table, edge, end, nodes, page):
                    found[node_id][edge_id] = place
    cut = {node_id: dict(sorted(edges.items())[: page.first]) for node_id, edges in found.items()}
    return _loaded(versions, cut)


def _loaded(versions: Versions, found: _Found) -> dict[str, list[GraphEdge]]:
    """The edges, with the records behind them read once a table."""
    rows: dict[tuple[str, Part], set[int]] = {}
    for edges in found.values():
        for place in edges.values():
            if isinstance(place, _Place):
                rows.setdefault((place.table.name, place.part), set()).add(place.row)
    records = {
        (name, part): versions.by_row(TABLES[name], part, wanted) for (name, part), wanted in rows.items()
    }
    return {
        node_id: [
            _edge(
                place.edge,
                edge_id,
                records[place.table.name, place.part][place.row],
                place.source,
                place.target,
            )
            if isinstance(place, _Place)
            else place
            for edge_id, place in edges.items()
        ]
        for node_id, edges in found.items()
    }


def named(versions: Versions, nodes: Sequence[Asked]) -> set[str]:
    """Those of the nodes at which an edge ends."""
    found: set[str] = set()
    for table in TABLES.values():
        for edge in table.edges if versions.count(table) else ():
            for end in (edge.source, edge.target):
                if own(table, end) or end.by:
                    continue
                rest = [node for node in nodes if node.id not in found]
                asked = _asked(versions, end, rest)
                if asked:
                    found |= _ending_at(versions, table, edge, end, asked)
    return found


def _edges_at(
    versions: Versions, table: Table, edge: Edge, end: End, nodes: Sequence[Asked], page: Page
) -> Iterator[tuple[str, str, _Place | GraphEdge]]:
    asked = _asked(versions, end, nodes)
    if not asked:
        return
    listed = any(each.many or each.by for each in (edge.source, edge.target))
    find = _projected if listed else _spelt
    for part in versions.parts(table):
        yield from find(versions, table, edge, end, part, asked, page)


def _asked(versions: Versions, end: End, nodes: Sequence[Asked]) -> list[list[str]]:
    """What to look for at an end: each node that may be there, and the values of the end's columns."""
    if end.kind is None:
        return [[node.id, node.id] for node in nodes]
    fitting = [node for node in nodes if node.kind == end.kind]
    if end.by is not None:
        return [[node, value] for node, value in _values_by(versions, end, fitting)]
    return [[node.id, *node.key] for node in fitting if len(node.key) == len(end.columns)]


def _values_by(versions: Versions, end: End, nodes: Sequence[Asked]) -> list[tuple[str, str]]:
    table = table_of_kind(end.kind or "")
    if table is None or end.by is None or not nodes:
        return []
    found = versions.by_id(table, [node.id for node in nodes])
    return [(record.row["id"], record.row[end.by]) for record in found if record.row[end.by] is not None]


def _join(table: Table, end: End, part: Part) -> str:
    """What is asked (alias ``j``), joined with the versions (alias ``t``) that name it at this end."""
    if own(table, end):
        return f"json_each(?) j CROSS JOIN {part.name} t ON t.id = json_extract(j.value, '$[0]')"
    last = f"json_extract(j.value, '$[{len(end.columns)}]')"
    column = f"t.{quoted(end.columns[-1])}"
    if end.many:
        return (
            f"json_each(?) j CROSS JOIN suyuan_links l ON l.link = '{link_name(table, end.columns[-1])}'"
            f" AND l.value = {last} CROSS JOIN {part.name} t ON t.id = l.record"
            f" AND EXISTS (SELECT 1 FROM json_each({column}) e WHERE e.value = l.value)"
        )
    conditions = [
        f"t.{quoted(name)} IS nullif(json_extract(j.value, '$[{place}]'), '')"
        for place, name in enumerate(end.columns[:-1], 1)
    ]
    return f"json_each(?) j CROSS JOIN {part.name} t ON {' AND '.join([*conditions, f'{column} = {last}'])}"


def _made(table: Table, edge: Edge, part: Part) -> str:
    """When a version makes the edge, as far as SQL can tell."""
    conditions = [part.condition]
    conditions += [f"t.{quoted(end.columns[-1])} IS NOT NULL" for end in (edge.source, edge.target)]
    if edge.when is not None:
        conditions.append(f"t.{quoted(edge.when[0])} = '{edge.when[1]}'")
    return " AND ".join(conditions)


def _ending_at(versions: Versions, table: Table, edge: Edge, end: End, asked: list[list[str]]) -> set[str]:
    found: set[str] = set()
    for part in versions.parts(table):
        rows = versions.connection.execute(
            f"SELECT DISTINCT json_extract(j.value, '$[0]') FROM {_join(table, end, part)}"
            f" WHERE {_made(table, edge, part)}",
            (json.dumps(asked),),
        )
        found.update(node for (node,) in rows)
    return found


def _spelt(
    versions: Versions, table: Table, edge: Edge, end: End, part: Part, asked: list[list[str]], page: Page
) -> Iterator[tuple[str, str, _Place]]:
    source, target = end_id(table, edge.source, "t."), end_id(table, edge.target, "t.")
    rows = versions.connection.execute(
        "SELECT node, spelt, source, target, place FROM (SELECT *,"
        " row_number() OVER (PARTITION BY node ORDER BY spelt) AS rank FROM ("
        f"SELECT *, '{edge.kind}|' || source || '|' || target || '|' || record AS spelt FROM ("
        f"SELECT json_extract(j.value, '$[0]') AS node, {source} AS source, {target} AS target,"
        f" t.id AS record, t.rowid AS place FROM {_join(table, end, part)} WHERE {_made(table, edge, part)}"
        ")) WHERE spelt > ?) WHERE rank <= ?",
        (json.dumps(asked), page.after, page.first),
    )
    for node_id, edge_id, source_id, target_id, row in rows:
        yield node_id, edge_id, _Place(table, edge, source_id, target_id, part, row)


def _projected(
    versions: Versions, table: Table, edge: Edge, end: End, part: Part, asked: list[list[str]], page: Page
) -> Iterator[tuple[str, str, GraphEdge]]:
    nodes = {row[0] for row in asked}
    nodes_by = _lookup(versions)
    condition = _made(table, edge, part)
    seen = versions.matching(table, part, _join(table, end, part), condition, json.dumps(asked))
    for record in {each.row["id"]: each for each in seen}.values():
        ends = [end_ids(table, each, record.row, nodes_by) for each in (edge.source, edge.target)]
        for source, target in product(*ends):
            spelt = f"{edge.kind}|{source}|{target}|{record.row['id']}"
            at = source if end is edge.source else target
            if at in nodes and spelt > page.after:
                yield at, spelt, _edge(edge, spelt, record, source, target)


def _edge(edge: Edge, spelt: str, record: Record, source: str, target: str) -> GraphEdge:
    properties = edge_properties(record.table, edge, record.row)
    return GraphEdge(spelt, edge.kind, source, target, properties, record.provenance)


def _lookup(versions: Versions) -> Callable[[str, str, str], Sequence[str]]:
    """Finds nodes by a property; each value is looked up once."""
    known: dict[tuple[str, str, str], list[str]] = {}

    def nodes_by(kind: str, column: str, value: str) -> Sequence[str]:
        asked = (kind, column, value)
        if asked not in known:
            table = table_of_kind(kind)
            parts = versions.parts(table) if table else []
            selects = [
                f"SELECT id FROM {part.name} t WHERE t.{quoted(column)} = ? AND {part.condition}"
                for part in parts
            ]
            known[asked] = [
                row[0] for select in selects for row in versions.connection.execute(select, (value,))
            ]
        return known[asked]

    return nodes_by
