"""The reading statements of the Neo4j store. Values are columns or lists, which travel faster than maps."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import LiteralString

from suyuan.graph.model import EDGE_KINDS, NODE_KINDS, Table
from suyuan.graph.store.base import Direction
from suyuan.graph.store.cypher import (
    SEARCH_INDEX,
    UNLINKED_HOME,
    VERSION_HOME,
    VERSION_SEARCH_INDEX,
    Home,
    homes,
    is_own,
    label,
    node_by_id,
    query,
    quoted,
    relationship,
)
from suyuan.graph.tables import TABLES

_EDGE = "[record, edge, kind, source, target, properties]"


def _columns(properties: Sequence[str]) -> str:
    return ", ".join(f"[x IN part | x.{quoted(name)}]" for name in properties)


def _values(properties: Sequence[str]) -> str:
    return "[" + ", ".join(f"x.{quoted(name)}" for name in properties) + "]"


def _held(home: Home) -> str:
    """Of the records of a home, those of the table that were written after ``$since`` and held at ``$seq``."""
    held = "x._seq > $since AND x._seq <= $seq"
    if home == VERSION_HOME:
        return f"x.table = $table AND {held} AND x.until > $seq"
    return f"x.table = $table AND {held}" if home == UNLINKED_HOME else held


def _hint(home: Home, *, by_id: bool) -> str:
    if home == VERSION_HOME:
        return f"USING INDEX x:Version(table, {'record' if by_id else 'until'})"
    return f"USING INDEX x:{quoted(home.name)}({home.key if by_id else '_seq'})"


@cache
def page_of_records(home: Home, properties: tuple[str, ...]) -> LiteralString:
    """The first ``$limit`` records by id after ``$after``, as columns."""
    return query(
        f"MATCH {home.pattern()} {_hint(home, by_id=True)} WHERE x.{home.key} > $after AND {_held(home)} "
        f"WITH x ORDER BY x.{home.key} LIMIT $limit WITH collect(x) AS part RETURN {_columns(properties)}"
    )


@cache
def slices_of_records(home: Home, properties: tuple[str, ...]) -> LiteralString:
    """All records in slices of ``$limit``, as columns; for those that are few among many."""
    return query(
        f"MATCH {home.pattern()} {_hint(home, by_id=False)} WHERE {_held(home)} WITH collect(x) AS xs "
        "UNWIND range(0, size(xs) - 1, $limit) AS i WITH xs[i..i + $limit] AS part "
        f"RETURN {_columns(properties)}"
    )


@cache
def count_of_records(home: Home) -> LiteralString:
    """How many records there are."""
    return query(f"MATCH {home.pattern()} {_hint(home, by_id=False)} WHERE {_held(home)} RETURN count(x)")


@cache
def counts_of_tables() -> LiteralString:
    """[table, number] of the records written after ``$since`` and by ``$seq``, where they now stand."""
    branches: list[str] = []
    for table in TABLES.values():
        for home in homes(table):
            held = _held(home).replace("$table", f"'{table.name}'")
            found = f"MATCH {home.pattern()} {_hint(home, by_id=False)} WHERE {held}"
            branches.append(f"{found} RETURN '{table.name}' AS name, count(x) AS n")
    return query(
        f"CALL () {{ {' UNION ALL '.join(branches)} }} WITH name, sum(n) AS n WHERE n > 0 RETURN collect([name, n])"
    )


@cache
def counts_of_versions() -> LiteralString:
    """[table, number] of the versions that held at ``$seq`` and no longer stand in the graph."""
    branches: list[str] = []
    for table in TABLES.values():
        stands = " ".join(
            f"AND NOT EXISTS {{ {home.by_id('v.record')} WHERE x._seq = v._seq }}" for home in homes(table)
        )
        branches.append(
            f"MATCH (v:Version) USING INDEX v:Version(table, until) WHERE v.table = '{table.name}' "
            f"AND v.until > $seq AND v._seq <= $seq {stands} RETURN '{table.name}' AS name, count(v) AS n"
        )
    return query(
        f"CALL () {{ {' UNION ALL '.join(branches)} }} WITH name, n WHERE n > 0 RETURN collect([name, n])"
    )


def _versions_by_table(condition: str) -> LiteralString:
    return query(
        "UNWIND $tables AS name MATCH (x:Version) USING INDEX x:Version(table, until) WHERE x.table = name "
        f"AND {condition} WITH name, count(x) AS n RETURN collect([name, n])"
    )


VERSIONS_BEFORE = _versions_by_table("x.until = $seq")
"""[table, number] of the versions that the run overwrote or retired."""

ALL_VERSIONS = _versions_by_table("x.until > 0")
"""[table, number] of the versions."""


@cache
def states(home: Home) -> LiteralString:
    """[id, seq, digest] of those of ``$ids`` that are there; of stubs without seq and digest."""
    return query(f"UNWIND $ids AS id {home.by_id('id')} RETURN collect([id, x._seq, x._digest])")


@cache
def records_by_id(home: Home, properties: tuple[str, ...]) -> LiteralString:
    """Those of ``$ids`` that are records, whatever run wrote them, as columns."""
    return query(
        f"UNWIND $ids AS id {home.by_id('id')} WHERE x._seq IS NOT NULL "
        f"WITH collect(x) AS part RETURN {_columns(properties)}"
    )


@cache
def values_by_id(home: Home, properties: tuple[str, ...]) -> LiteralString:
    """[id, values] of those of ``$ids`` that held at ``$seq``."""
    condition = "x._seq <= $seq"
    if home == VERSION_HOME:
        condition += " AND x.table = $table AND x.until > $seq"
    return query(
        f"UNWIND $ids AS id {home.by_id('id')} WHERE {condition} RETURN collect([id, {_values(properties)}])"
    )


@cache
def nodes_by_id(kind: str, properties: tuple[str, ...]) -> LiteralString:
    """[id, values or null] of those of ``$ids`` that were there at ``$seq``; null for nodes only named."""
    return query(
        f"UNWIND $ids AS id {node_by_id('x', kind, 'id')} WITH id, x, coalesce(x._seq <= $seq, false) AS held "
        "WHERE held OR EXISTS { (x)-[r]-() WHERE r._seq <= $seq } "
        f"RETURN collect([id, CASE WHEN held THEN {_values(properties)} END])"
    )


NAMED_BY_VERSIONS: LiteralString = """
UNWIND $ids AS id WITH id WHERE
EXISTS { MATCH (e:EdgeVersion {_start: id}) WHERE e._seq <= $seq AND e.until > $seq }
OR EXISTS { MATCH (e:EdgeVersion {_end: id}) WHERE e._seq <= $seq AND e.until > $seq }
RETURN collect(id)"""
"""Those of ``$ids`` that an edge named at ``$seq`` which was overwritten since."""


@cache
def neighbours(kind: str, direction: Direction, edge_kinds: tuple[str, ...]) -> LiteralString:
    """[node, edge id, kind, source, target, record, properties], the first ``$first`` after ``$after`` each."""
    types = "|".join(relationship(name) for name in edge_kinds)
    left, right = ("<-" if direction == "in" else "-"), ("->" if direction == "out" else "-")
    return query(
        f"UNWIND $ids AS id {node_by_id('x', kind, 'id')} "
        f"CALL (x) {{ MATCH (x){left}[r{':' + types if types else ''}]{right}() WHERE r._seq <= $seq "
        "WITH DISTINCT r, startNode(r).id AS source, endNode(r).id AS target "
        "WITH r, source, target, type(r) + '|' + source + '|' + target + '|' + r.record AS edge "
        "WHERE edge > $after RETURN r, source, target, edge ORDER BY edge LIMIT $first } "
        "RETURN collect([id, edge, type(r), source, target, r.record, properties(r)])"
    )


@cache
def edge_versions(direction: Direction) -> LiteralString:
    """The same from the relationships that were overwritten since ``$seq``; ``$kinds`` null means all."""
    sides = {"out": ("_start",), "in": ("_end",), "both": ("_start", "_end")}[direction]
    found = " UNION ".join(
        f"MATCH (e:EdgeVersion {{{side}: id}}) WHERE e._seq <= $seq AND e.until > $seq "
        "AND ($kinds IS NULL OR e._kind IN $kinds) RETURN e"
        for side in sides
    )
    return query(
        f"UNWIND $ids AS id CALL (id) {{ CALL (id) {{ {found} }} "
        "WITH e, e._kind + '|' + e._start + '|' + e._end + '|' + e.record AS edge WHERE edge > $after "
        "RETURN e, edge ORDER BY edge LIMIT $first } "
        "RETURN collect([id, edge, e._kind, e._start, e._end, e.record, properties(e)])"
    )


@cache
def search(properties: tuple[str, ...], *, versions: bool) -> LiteralString:
    """[rank, id, values] of the first ``$first`` nodes that ``$text`` finds, after (``$rank``, ``$after``)."""
    index = VERSION_SEARCH_INDEX if versions else SEARCH_INDEX
    key = "x.record" if versions else "x.id"
    held = "x._seq <= $seq" + (" AND x.until > $seq" if versions else "")
    return query(
        f"CALL db.index.fulltext.queryNodes('{index}', $text) YIELD node AS x WHERE {held} "
        f"WITH x, {key} AS id, CASE WHEN x._name = $name THEN 0 WHEN x._name STARTS WITH $name THEN 1 ELSE 2 END "
        "AS rank WHERE (rank > $rank OR rank = $rank AND id > $after) "
        "AND ($kinds IS NULL OR split(id, ':')[0] IN $kinds) AND ($exact IS NULL OR id <> $exact) "
        f"WITH x, id, rank ORDER BY rank, id LIMIT $first RETURN collect([rank, id, {_values(properties)}])"
    )


@cache
def removed(table: Table) -> LiteralString:
    """Ids retired after ``$since`` by the runs up to ``$seq``; those that came back are among them."""
    return query(
        "MATCH (x:Version) USING INDEX x:Version(table, until) WHERE x.table = $table AND x.until > $since "
        "AND x.until <= $seq AND x.retired RETURN collect(DISTINCT x.record)"
    )


OVERWRITTEN: LiteralString = """
MATCH (x:Version) USING INDEX x:Version(table, until)
WHERE x.table = $table AND x.until > $since AND x.until <= $seq AND x._seq <= $since
RETURN collect(DISTINCT x.record)"""
"""Ids of records whose version at ``$since`` was overwritten or retired by the runs up to ``$seq``."""


@cache
def edges_of_records(table: Table) -> tuple[LiteralString, ...]:
    """[record, kind, source, target, properties] of the relationships of ``$ids``, one statement a way to them."""
    return tuple(
        query(
            f"UNWIND $ids AS id {match} WHERE r.record = id "
            "RETURN collect([id, type(r), startNode(r).id, endNode(r).id, properties(r)])"
        )
        for match in matches_of_edges(table)
    )


@cache
def matches_of_edges(table: Table) -> tuple[str, ...]:
    """MATCHes from the record ``id`` to its relationships ``r``; the hits must have it as ``record``."""
    outward = _types(edge.kind for edge in table.edges if is_own(table, edge.source))
    inward = _types(
        edge.kind for edge in table.edges if is_own(table, edge.target) and not is_own(table, edge.source)
    )
    found: list[str] = []
    if outward:
        found.append(node_by_id("x", table.kind or "", "id", f"-[r:{outward}]->()"))
    if inward:
        found.append(node_by_id("x", table.kind or "", "id", f"<-[r:{inward}]-()"))
    far = (e.kind for e in table.edges if not is_own(table, e.source) and not is_own(table, e.target))
    return (*found, *(_far(relationship(kind)) for kind in dict.fromkeys(far)))


def _far(kind: str) -> str:
    return f"MATCH ()-[r:{kind} {{record: id}}]->() USING INDEX SEEK r:{kind}(record)"


def _types(kinds: Iterable[str]) -> str:
    return "|".join(relationship(kind) for kind in dict.fromkeys(kinds))


@cache
def counts_of_edges() -> LiteralString:
    """[kind, number] of the relationships of each type, whoever made them."""
    branches = (
        f"MATCH ()-[r:{relationship(kind)}]->() RETURN '{kind}' AS kind, count(r) AS n" for kind in EDGE_KINDS
    )
    return query(f"CALL () {{ {' UNION ALL '.join(branches)} }} RETURN collect([kind, n])")


@cache
def nodes_of_values(kind: str, by: str) -> LiteralString:
    """[value, id] of the records that have one of ``$values`` in a property."""
    return query(
        f"MATCH (x:{label(kind)}) USING INDEX x:{label(kind)}({quoted(by)}) "
        f"WHERE x.{quoted(by)} IN $values AND x._seq IS NOT NULL "
        f"RETURN collect([x.{quoted(by)}, x.id])"
    )


@cache
def forgotten_nodes() -> LiteralString:
    """Ids of at most ``$limit`` nodes of each kind that are no records and that nothing names."""
    branches = (
        f"MATCH (x:{label(kind)}) WHERE x._seq IS NULL AND NOT EXISTS {{ (x)--() }} "
        "WITH x LIMIT $limit RETURN x.id AS id"
        for kind in NODE_KINDS
    )
    return query(f"CALL () {{ {' UNION ALL '.join(branches)} }} RETURN collect(id)")


@cache
def page_of_versions(properties: tuple[str, ...]) -> LiteralString:
    """The first ``$limit`` versions of a table by (record, until) after (``$after``, ``$until``), as columns."""
    return query(
        "MATCH (x:Version) USING INDEX x:Version(table, record) WHERE x.table = $table AND x.record >= $after "
        "AND (x.record > $after OR x.until > $until) WITH x ORDER BY x.record, x.until LIMIT $limit "
        f"WITH collect(x) AS part RETURN {_columns(properties)}"
    )
