"""Names, places and schema of the graph in Neo4j, derived from the declared model.

Labels, relationship types and property names come from the declarations alone; values only ever travel as
parameters. A node of a table carries its kind as label, its columns as properties and, as bookkeeping, ``_digest``,
``_source``, ``_row``, ``_seq`` and (where it is searched) ``_search`` and ``_name``. A relationship carries the id of
its record in ``record`` and the number of the run that made it in ``_seq``; where a table's records are relationships
only, it carries the record's columns and bookkeeping too.

``Version`` nodes are overwritten or retired versions of records, ``EdgeVersion`` nodes the relationships that went
with them; they stand apart, linked to nothing. ``Unlinked`` nodes are records of relationship tables that name no
relationship. A version holds from ``_seq`` until before ``until``.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import LiteralString, cast

from suyuan.graph.model import EDGE_KINDS, NODE_KINDS, Edge, End, Table
from suyuan.graph.store.search_entries import is_indexed
from suyuan.graph.tables import TABLES

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

SEARCH_INDEX = "suyuan_search"
VERSION_SEARCH_INDEX = "suyuan_version_search"
ANALYZER = "whitespace"
"""Texts are indexed as tokens between blanks (:mod:`suyuan.graph.searchtext`), so blanks are all it may split at."""

KEYED_KINDS = ("Lot", "Identifier", "WatchList")
"""Kinds that no table describes: their nodes carry the columns of their key."""

_TAIL = ("extra", "_digest", "_source", "_row")
_SEARCH = ("_search", "_name")


def query(text: str) -> LiteralString:
    """Marks a composed text as a query; only called on texts made of declared names, in this package's Cypher."""
    return cast("LiteralString", text)


def quoted(name: str) -> str:
    """A declared name as it stands in a query.

    Raises
    ------
    ValueError
        It is no plain name.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot be a label, type or property name.")
    return f"`{name}`"


def label(kind: str) -> str:
    """The label of a declared node kind."""
    if kind not in NODE_KINDS:
        raise ValueError(f"{kind!r} is no declared kind of node.")
    return quoted(kind)


def relationship(kind: str) -> str:
    """The type of a declared edge kind."""
    if kind not in EDGE_KINDS:
        raise ValueError(f"{kind!r} is no declared kind of edge.")
    return quoted(kind)


@dataclass(frozen=True, slots=True)
class Home:
    """Where records of a table stand: nodes of a label or relationships of a type; ``key`` holds the record's id."""

    name: str
    key: str
    is_edge: bool = False

    def pattern(self) -> str:
        """Matches its records as ``x``."""
        return self._around("")

    def by_id(self, id_: str) -> str:
        """MATCH of the records ``x`` with the id of an expression."""
        index = "table, record" if self.name == "Version" else self.key
        found = self._around(f" {{{self.key}: {id_}}}")
        return f"MATCH {found} USING INDEX SEEK x:{quoted(self.name)}({index})"

    def _around(self, properties: str) -> str:
        inner = f"x:{quoted(self.name)}{properties}"
        return f"()-[{inner}]->()" if self.is_edge else f"({inner})"


def node_by_id(name: str, kind: str, id_: str, rest: str = "") -> str:
    """MATCH of a node by the id of an expression, with the rest of its pattern.

    The hint stands here and in :meth:`Home.by_id` because a plan made while the server's statistics still call the
    graph empty scans an index for each id, and is kept when the graph has grown.
    """
    return f"MATCH ({name}:{label(kind)} {{id: {id_}}}){rest} USING INDEX SEEK {name}:{label(kind)}(id)"


VERSION_HOME = Home("Version", "record")
UNLINKED_HOME = Home("Unlinked", "record")


@cache
def homes(table: Table) -> tuple[Home, ...]:
    """Where the newest versions of a table's records stand."""
    if table.kind is not None:
        return (Home(table.kind, "id"),)
    return (*(Home(edge.kind, "record", is_edge=True) for edge in table.edges), UNLINKED_HOME)


@cache
def stored_properties(table: Table) -> tuple[str, ...]:
    """Properties of a record in the order of its row, ``_seq`` apart; the id comes before them."""
    columns = tuple(column.name for column in table.columns)
    return (*columns, *_TAIL, *(_SEARCH if is_indexed(table) else ()))


def is_own(table: Table, end: End) -> bool:
    """Whether an edge's end is the very node that the record is."""
    return table.kind is not None and end.kind == table.kind and end.columns == table.key


def edges_by_property() -> list[tuple[Table, Edge]]:
    """The declared edges whose target is told by a property."""
    return [(table, edge) for table in TABLES.values() for edge in table.edges if edge.target.by is not None]


@cache
def second_labels(table: Table) -> dict[str, str]:
    """Label by value of the column that gives the nodes of a table a second label (the role of a site)."""
    if table.kind != "Site":
        return {}
    return {role: "".join(word.title() for word in role.split("_")) for role in table.column("role").choices}


# Schema


@cache
def schema() -> dict[str, LiteralString]:
    """Constraints and indexes by name."""
    found: dict[str, str] = {}
    for kind in NODE_KINDS:
        found[f"suyuan_{kind}_id"] = f"FOR (x:{label(kind)}) REQUIRE x.id IS UNIQUE"
    for table in TABLES.values():
        found.update(_table_schema(table))
    found |= {
        "suyuan_Unlinked_record": "FOR (x:Unlinked) REQUIRE x.record IS UNIQUE",
        "suyuan_Unlinked_seq": "FOR (x:Unlinked) ON (x._seq)",
        "suyuan_Version_record": "FOR (x:Version) ON (x.table, x.record)",
        "suyuan_Version_until": "FOR (x:Version) ON (x.table, x.until)",
        "suyuan_EdgeVersion_start": "FOR (x:EdgeVersion) ON (x._start)",
        "suyuan_EdgeVersion_end": "FOR (x:EdgeVersion) ON (x._end)",
        "suyuan_EdgeVersion_record": "FOR (x:EdgeVersion) ON (x.record)",
        "suyuan_EdgeVersion_until": "FOR (x:EdgeVersion) ON (x.until)",
        "suyuan_Run_id": "FOR (x:Run) REQUIRE x.run_id IS UNIQUE",
        "suyuan_Run_seq": "FOR (x:Run) REQUIRE x.seq IS UNIQUE",
        "suyuan_Run_ended": "FOR (x:Run) ON (x.ended_at)",
        "suyuan_Source_number": "FOR (x:Source) REQUIRE (x.seq, x.number) IS UNIQUE",
        "suyuan_Counter_name": "FOR (x:Counter) REQUIRE x.name IS UNIQUE",
        "suyuan_Document_key": "FOR (x:Document) REQUIRE (x.collection, x.key) IS UNIQUE",
        SEARCH_INDEX: f"FOR (x:{'|'.join(label(kind) for kind in _searched_kinds())}) ON EACH [x._search]",
        VERSION_SEARCH_INDEX: "FOR (x:Version) ON EACH [x._search]",
    }
    return {name: _create(name, what) for name, what in found.items()}


def _table_schema(table: Table) -> dict[str, str]:
    found: dict[str, str] = {}
    if table.kind is not None:
        found[f"suyuan_{table.kind}_seq"] = f"FOR (x:{label(table.kind)}) ON (x._seq)"
    for edge in table.edges:
        pattern = f"FOR ()-[x:{relationship(edge.kind)}]-()"
        if table.kind is None:
            found[f"suyuan_{edge.kind}_record"] = f"{pattern} REQUIRE x.record IS UNIQUE"
            found[f"suyuan_{edge.kind}_seq"] = f"{pattern} ON (x._seq)"
        elif not is_own(table, edge.source) and not is_own(table, edge.target):
            found[f"suyuan_{edge.kind}_record"] = f"{pattern} ON (x.record)"
        if edge.target.by is not None:
            found[f"suyuan_{edge.kind}_seq"] = f"{pattern} ON (x._seq)"
            name = f"suyuan_{edge.target.kind}_{edge.target.by}"
            found[name] = f"FOR (x:{label(edge.target.kind or '')}) ON (x.{quoted(edge.target.by)})"
    return found


def _searched_kinds() -> list[str]:
    return [table.kind for table in TABLES.values() if table.kind is not None and is_indexed(table)]


def _create(name: str, what: str) -> LiteralString:
    if " ON EACH " in what:
        options = f"OPTIONS {{indexConfig: {{`fulltext.analyzer`: '{ANALYZER}'}}}}"
        return query(f"CREATE FULLTEXT INDEX {quoted(name)} IF NOT EXISTS {what} {options}")
    sort = "CONSTRAINT" if " REQUIRE " in what else "INDEX"
    return query(f"CREATE {sort} {quoted(name)} IF NOT EXISTS {what}")


SHOW_INDEXES: LiteralString = "SHOW INDEXES YIELD name, state RETURN name, state"
SHOW_CONSTRAINTS: LiteralString = "SHOW CONSTRAINTS YIELD name RETURN name"
AWAIT_INDEXES: LiteralString = "CALL db.awaitIndexes(600)"
