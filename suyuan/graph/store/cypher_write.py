"""The writing statements of the Neo4j store. Rows travel as lists, many a statement.

``$seq`` is the number of the run that writes. What it overwrites is kept as versions that hold until ``$seq``,
unless the run wrote it itself. Keeping and overwriting are different statements, because they are different
transactions: see :mod:`suyuan.graph.store.neo4j_keeping`.
"""

from dataclasses import dataclass
from functools import cache
from typing import LiteralString

from suyuan.graph.model import NODE_KINDS, Edge, End, Table
from suyuan.graph.store.cypher import (
    KEYED_KINDS,
    UNLINKED_HOME,
    Home,
    is_own,
    label,
    node_by_id,
    query,
    quoted,
    relationship,
    second_labels,
    stored_properties,
)
from suyuan.graph.store.cypher_read import matches_of_edges


def _row_map(names: tuple[str, ...], start: int) -> str:
    return ", ".join(f"{quoted(name)}: r[{i}]" for i, name in enumerate(names, start))


@dataclass(frozen=True, slots=True)
class Link:
    """A relationship that a record makes between nodes of these kinds, neither end being a list."""

    edge: Edge
    source: str
    target: str

    def far_ends(self, table: Table) -> tuple[tuple[End, str], ...]:
        """The ends that are not the record itself, with their kinds."""
        ends = ((self.edge.source, self.source), (self.edge.target, self.target))
        return tuple((end, kind) for end, kind in ends if not is_own(table, end))


def far_ends(table: Table, links: tuple[Link, ...]) -> tuple[tuple[End, str], ...]:
    """Every end that is not the record itself, once."""
    return tuple(dict.fromkeys(end for link in links for end in link.far_ends(table)))


@cache
def create_linked_nodes(table: Table, links: tuple[Link, ...]) -> LiteralString:
    """Makes nodes of records together with their relationships to nodes that are there.

    Rows: id, stored properties, ids of the :func:`far_ends`.
    """
    names = ("id", *stored_properties(table))
    ends = {end: f"n{i}" for i, end in enumerate(far_ends(table, links))}
    finds = " ".join(
        node_by_id(name, kind, f"r[{i}]") for i, ((_, kind), name) in enumerate(ends.items(), len(names))
    )
    made = ", ".join(_link(table, link, ends, names) for link in links)
    return query(
        f"UNWIND $rows AS r {finds} CREATE (x:{label(table.kind or '')} {{{_row_map(names, 0)}, _seq: $seq}})"
        f"{', ' if made else ''}{made}"
    )


def _link(table: Table, link: Link, ends: dict[tuple[End, str], str], names: tuple[str, ...]) -> str:
    edge = link.edge
    source = "x" if is_own(table, edge.source) else ends[edge.source, link.source]
    target = "x" if is_own(table, edge.target) else ends[edge.target, link.target]
    carried = "".join(f", {quoted(name)}: r[{names.index(name)}]" for name in edge.properties)
    return f"({source})-[:{relationship(edge.kind)} {{record: r[0], _seq: $seq{carried}}}]->({target})"


@cache
def replace_nodes(table: Table) -> LiteralString:
    """Gives nodes that are there the properties of records. Rows: id, stored properties."""
    properties = _row_map(("id", *stored_properties(table)), 0)
    return query(
        f"UNWIND $rows AS r {node_by_id('x', table.kind or '', 'r[0]')} SET x = {{{properties}, _seq: $seq}}"
    )


@cache
def create_unlinked(table: Table) -> LiteralString:
    """Keeps records of a relationship table that name no relationship. Rows: id, stored properties."""
    properties = _row_map(("record", *stored_properties(table)), 0)
    return query(f"UNWIND $rows AS r CREATE (:Unlinked {{{properties}, table: $table, _seq: $seq}})")


@cache
def create_edges(kind: str, source: str, target: str, properties: tuple[str, ...]) -> LiteralString:
    """Makes relationships between nodes that are there. Rows: source, target, record, properties."""
    carried = _row_map(("record", *properties), 2)
    return query(
        f"UNWIND $rows AS r {node_by_id('a', source, 'r[0]')} {node_by_id('b', target, 'r[1]')} "
        f"CREATE (a)-[:{relationship(kind)} {{{carried}, _seq: $seq}}]->(b)"
    )


@cache
def restore_edges(kind: str, source: str, target: str) -> LiteralString:
    """Makes relationships again as they were, where they are gone. Rows: source, target, properties."""
    return query(
        f"UNWIND $rows AS r {node_by_id('a', source, 'r[0]')} {node_by_id('b', target, 'r[1]')} "
        f"MERGE (a)-[x:{relationship(kind)} {{record: r[2].record, _seq: r[2]._seq}}]->(b) ON CREATE SET x = r[2]"
    )


@cache
def merge_ends(kind: str) -> LiteralString:
    """Makes the nodes of a kind that are only named. Rows: id, key columns (for kinds without a table)."""
    keys = ", ".join(f"x.{quoted(name)} = r[{i}]" for i, name in enumerate(NODE_KINDS[kind].key, 1))
    made = f" ON CREATE SET {keys}" if kind in KEYED_KINDS else ""
    return query(f"UNWIND $rows AS r MERGE (x:{label(kind)} {{id: r[0]}}){made}")


def second_label_column(table: Table) -> str:
    """The column that gives the nodes of a table their second label; only for tables that have one."""
    labels = tuple(second_labels(table))
    return next(column.name for column in table.columns if column.choices == labels)


@cache
def set_second_label(table: Table, value: str) -> LiteralString:
    """Gives the nodes of ``$ids`` the second label of a value."""
    return query(
        f"UNWIND $ids AS id {node_by_id('x', table.kind or '', 'id')} SET x:{quoted(second_labels(table)[value])}"
    )


@cache
def drop_second_labels(table: Table) -> LiteralString:
    """Takes every second label off the nodes of ``$ids``."""
    labels = ":".join(quoted(name) for name in second_labels(table).values())
    return query(f"UNWIND $ids AS id {node_by_id('x', table.kind or '', 'id')} REMOVE x:{labels}")


@cache
def keep_versions(home: Home) -> LiteralString:
    """Copies the records of ``$ids`` before they are overwritten or (``$retired``: true) retired."""
    return query(
        f"UNWIND $ids AS id {home.by_id('id')} WHERE x._seq < $seq "
        "CREATE (v:Version) SET v = properties(x), v.table = $table, v.record = id, v.until = $seq, "
        "v.retired = $retired REMOVE v.id"
    )


@cache
def keep_edges(table: Table) -> tuple[LiteralString, ...]:
    """Copies the relationships of the records of ``$ids``."""
    return tuple(
        query(f"UNWIND $ids AS id {match} WHERE r.record = id AND r._seq < $seq {_KEEP}")
        for match in matches_of_edges(table)
    )


_KEEP = (
    "CREATE (e:EdgeVersion) SET e = properties(r), e._kind = type(r), "
    "e._start = startNode(r).id, e._end = endNode(r).id, e.until = $seq"
)


@cache
def detach_edges(table: Table) -> tuple[LiteralString, ...]:
    """Deletes the relationships of the records of ``$ids`` and gives the ids of their ends."""
    return tuple(
        query(f"UNWIND $ids AS id {match} WHERE r.record = id {_DETACH}") for match in matches_of_edges(table)
    )


_DETACH = (
    "WITH r, startNode(r).id AS source, endNode(r).id AS target "
    "DELETE r RETURN collect(DISTINCT source) + collect(DISTINCT target)"
)

DELETE_UNLINKED: LiteralString = """
UNWIND $ids AS id MATCH (x:Unlinked {record: id}) USING INDEX SEEK x:Unlinked(record) DELETE x"""


@cache
def strip_nodes(kind: str) -> LiteralString:
    """Leaves of the nodes of ``$ids`` no more than that they are named."""
    return query(f"UNWIND $ids AS id {node_by_id('x', kind, 'id')} SET x = {{id: id}}")


@cache
def drop_orphans(kind: str) -> LiteralString:
    """Deletes those of the nodes of ``$ids`` that are no records and that nothing names."""
    return query(
        f"UNWIND $ids AS id {node_by_id('x', kind, 'id')} "
        "WHERE x._seq IS NULL AND NOT EXISTS { (x)--() } DELETE x"
    )


# Relationships to nodes that are found by a property (numbers printed on a page)


def _by(table: Table, edge: Edge) -> tuple[str, str, str, str, str]:
    target = edge.target
    return (
        label(table.kind or ""),
        relationship(edge.kind),
        label(target.kind or ""),
        quoted(target.by or ""),
        quoted(target.columns[0]),
    )


@cache
def naming_records(table: Table, edge: Edge) -> LiteralString:
    """Ids of the first ``$limit`` records of this run, by id after ``$after``, that name something by a property."""
    own, _, _, _, column = _by(table, edge)
    return query(
        f"MATCH (x:{own}) USING INDEX x:{own}(_seq) WHERE x._seq = $seq AND x.{column} IS NOT NULL "
        "AND x.id > $after WITH x.id AS id ORDER BY id LIMIT $limit RETURN collect(id)"
    )


@cache
def values_named(table: Table, edge: Edge) -> LiteralString:
    """Values of the property at the named nodes that this run wrote."""
    _, _, other, by, _ = _by(table, edge)
    return query(
        f"MATCH (y:{other}) WHERE y._seq = $seq AND y.{by} IS NOT NULL RETURN collect(DISTINCT y.{by})"
    )


@cache
def older_naming_records(table: Table, edge: Edge) -> LiteralString:
    """Ids of records of earlier runs that name one of ``$values``."""
    own, _, _, _, column = _by(table, edge)
    return query(
        f"MATCH (x:{own}) WHERE x._seq < $seq AND x.{column} IS NOT NULL "
        f"AND any(value IN x.{column} WHERE value IN $values) RETURN collect(x.id)"
    )


@cache
def link_by_property(table: Table, edge: Edge) -> LiteralString:
    """Makes the missing relationships from the records of ``$ids`` to the nodes they name by a property."""
    _, kind, other, by, column = _by(table, edge)
    return query(
        f"UNWIND $ids AS id {node_by_id('x', table.kind or '', 'id')} UNWIND x.{column} AS value "
        "WITH DISTINCT x, value "
        f"MATCH (y:{other} {{{by}: value}}) USING INDEX SEEK y:{other}({by}) WHERE y._seq IS NOT NULL "
        f"MERGE (x)-[r:{kind} {{record: x.id}}]->(y) ON CREATE SET r._seq = $seq"
    )


@cache
def stale_links(table: Table, edge: Edge) -> LiteralString:
    """[source, target] of at most ``$limit`` links to nodes that this run wrote without the value named."""
    own, kind, other, by, column = _by(table, edge)
    return query(
        f"MATCH (x:{own})-[r:{kind}]->(y:{other}) WHERE y._seq = $seq "
        f"AND NOT coalesce(y.{by} IN x.{column}, false) WITH x, y LIMIT $limit RETURN collect([x.id, y.id])"
    )


@cache
def links_to(table: Table, edge: Edge) -> LiteralString:
    """[source, target] of the links to the named nodes of ``$ids``."""
    own, kind, *_ = _by(table, edge)
    match = node_by_id("y", edge.target.kind or "", "id", f"<-[r:{kind}]-(x:{own})")
    return query(f"UNWIND $ids AS id {match} RETURN collect([x.id, y.id])")


@cache
def keep_links(table: Table, edge: Edge) -> LiteralString:
    """Copies links. Rows: source, target."""
    return query(f"UNWIND $rows AS row {_link_by_ends(table, edge)} WHERE r._seq < $seq {_KEEP}")


@cache
def drop_links(table: Table, edge: Edge) -> LiteralString:
    """Deletes links. Rows: source, target."""
    return query(f"UNWIND $rows AS row {_link_by_ends(table, edge)} DELETE r")


def _link_by_ends(table: Table, edge: Edge) -> str:
    target = f"-[r:{relationship(edge.kind)}]->({{id: row[1]}})"
    return node_by_id("x", table.kind or "", "row[0]", target)


@cache
def unlink_made(kind: str) -> LiteralString:
    """Deletes relationships of a type that this run made, at most ``$limit``."""
    return query(f"MATCH ()-[r:{relationship(kind)}]->() WHERE r._seq = $seq WITH r LIMIT $limit {_DETACH}")


# Undoing a run


@cache
def written_ids(home: Home) -> LiteralString:
    """Ids of at most ``$limit`` records that the run wrote."""
    table = " AND x.table = $table" if home == UNLINKED_HOME else ""
    return query(
        f"MATCH {home.pattern()} WHERE x._seq = $seq{table} WITH x LIMIT $limit RETURN collect(x.{home.key})"
    )


@cache
def restore_nodes(table: Table) -> LiteralString:
    """Makes at most ``$limit`` nodes what they were and gives [id, value behind the second label]."""
    column = f"x.{quoted(second_label_column(table))}" if second_labels(table) else "null"
    return query(
        f"MATCH (v:Version) USING INDEX v:Version(table, until) WHERE v.table = $table AND v.until = $seq "
        f"WITH v LIMIT $limit MERGE (x:{label(table.kind or '')} {{id: v.record}}) "
        "SET x = properties(v), x.id = v.record REMOVE x.record, x.table, x.until, x.retired "
        f"RETURN collect([x.id, {column}])"
    )


RESTORE_UNLINKED: LiteralString = """
MATCH (v:Version) USING INDEX v:Version(table, until) WHERE v.table = $table AND v.until = $seq WITH v LIMIT $limit
FOREACH (_ IN CASE WHEN EXISTS { (:EdgeVersion {record: v.record, until: $seq}) } THEN [] ELSE [1] END |
  MERGE (x:Unlinked {record: v.record}) SET x = properties(v) REMOVE x.until, x.retired)
RETURN collect([v.record, null])"""
"""Of a relationship table: makes those of at most ``$limit`` records again that named no relationship."""

DROP_VERSIONS: LiteralString = """
UNWIND $ids AS id MATCH (v:Version {table: $table, record: id}) USING INDEX SEEK v:Version(table, record)
WHERE v.until = $seq DELETE v"""
"""Drops what the run kept of the records of ``$ids``."""

EDGE_VERSIONS: LiteralString = """
MATCH (e:EdgeVersion) WHERE e.until = $seq WITH e LIMIT $limit RETURN collect(properties(e))"""
"""At most ``$limit`` relationships that the run kept."""

DROP_EDGE_VERSIONS: LiteralString = """
UNWIND $rows AS r MATCH (e:EdgeVersion {record: r[0]}) USING INDEX SEEK e:EdgeVersion(record)
WHERE e.until = $seq AND e._kind = r[1] AND e._start = r[2] AND e._end = r[3] DELETE e"""
"""Drops relationships that the run kept. Rows: record, kind, source, target."""


# What a run kept and then did not overwrite


@cache
def still_there(home: Home) -> LiteralString:
    """Ids of the records that the run kept and that stand as they were."""
    return query(
        "MATCH (v:Version) USING INDEX v:Version(table, until) WHERE v.table = $table AND v.until = $seq "
        f"WITH collect([v.record, v._seq]) AS kept UNWIND kept AS k WITH k[0] AS record, k[1] AS seq "
        f"{home.by_id('record')} WHERE x._seq = seq RETURN collect(DISTINCT record)"
    )


EDGES_KEPT: LiteralString = """
MATCH (e:EdgeVersion) WHERE e.until = $seq AND (e.record IN $ids OR e._kind IN $kinds)
RETURN collect([e.record, e._kind, e._start, e._end, e._seq])"""
"""[record, kind, source, target, seq] of relationships that the run kept: of ``$ids`` and of ``$kinds``."""


@cache
def edges_still_there(kind: str, source: str, target: str) -> LiteralString:
    """Those of the rows whose relationship stands as it was."""
    return query(
        f"UNWIND $rows AS r {node_by_id('a', source, 'r[2]')} "
        f"WHERE EXISTS {{ (a)-[:{relationship(kind)} {{record: r[0], _seq: r[4]}}]->(:{label(target)} {{id: r[3]}}) }} "
        "RETURN collect(r)"
    )
