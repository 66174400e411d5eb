"""What is wrong with the data in Neo4j: schema, digests, relationships against the records that make them."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from suyuan.errors import CorruptStoreError
from suyuan.graph.model import Table
from suyuan.graph.store import cypher, cypher_read
from suyuan.graph.store.base import Problem
from suyuan.graph.store.cypher import Home, edges_by_property, homes, stored_properties
from suyuan.graph.store.neo4j_connection import Connection, answer, columns
from suyuan.graph.store.neo4j_edges import edge_groups
from suyuan.graph.store.neo4j_rows import PackedBatch, fields_of, packed, unpacked
from suyuan.graph.tables import TABLES

CHUNK = 5_000
SHOWN = 20
"""So many of a kind of problem are told one by one."""

_Edges = dict[tuple[str, str, str, str], dict[str, Any]]
"""(record, kind, source, target) -> properties."""


def schema_problems(connection: Connection) -> list[Problem]:
    """Constraints and indexes that are missing or not ready."""
    states = connection.read(lambda tx: {r["name"]: r["state"] for r in tx.run(cypher.SHOW_INDEXES)})
    found: list[Problem] = []
    for name in cypher.schema():
        if name not in states:
            found.append(Problem("index missing", name, "Open the store again; it is made then."))
        elif states[name] != "ONLINE":
            found.append(Problem("index not ready", name, f"It is {states[name]}; see the server's log."))
    return found


def deep_problems(connection: Connection, seq: int) -> Iterator[Problem]:
    """Records and versions that differ from what was written, relationships that no record makes or that lack.

    Meant for a store that nobody is writing to.
    """
    made: Counter[str] = Counter()
    filled = connection.read(lambda tx: answer(tx, cypher_read.counts_of_tables(), since=0, seq=seq))
    for table in (TABLES[name] for name, _ in filled):
        for home in homes(table):
            yield from _check_home(connection, table, home, seq, made)
    overwritten = connection.read(lambda tx: answer(tx, cypher_read.ALL_VERSIONS, tables=list(TABLES)))
    for table in (TABLES[name] for name, _ in overwritten):
        yield from _check_versions(connection, table)
    yield from _check_totals(connection, made)
    for node in connection.read(lambda tx: answer(tx, cypher_read.forgotten_nodes(), limit=SHOWN)):
        yield Problem("node without meaning", node, "It is no record and nothing names it.")


def _check_home(
    connection: Connection, table: Table, home: Home, seq: int, made: Counter[str]
) -> Iterator[Problem]:
    properties = (home.key, *stored_properties(table))
    text = cypher_read.page_of_records(home, properties)
    asked: dict[str, Any] = {"since": 0, "seq": seq, "table": table.name, "limit": CHUNK, "after": ""}
    while True:
        page = connection.read(lambda tx: columns(tx, text, **asked))
        if not page[0]:
            return
        try:
            batch, found = _compared(table, properties, page)
        except CorruptStoreError as error:
            yield Problem("record damaged", f"{table.name} after {asked['after']!r}", error.message)
        else:
            yield from found
            yield from _check_edges(connection, table, batch, made)
        asked["after"] = page[0][-1]


def _compared(
    table: Table, properties: Sequence[str], page: Sequence[list[Any]]
) -> tuple[pa.RecordBatch, list[Problem]]:
    """The records of a page, and which of them are not what was written."""
    batch = unpacked(table, fields_of(table, None), properties, page)
    fresh, stored = packed(table, batch), dict(zip(properties, page, strict=True))
    found = [
        Problem("record damaged", fresh.ids[i], "Its digest differs; ingest its source again.")
        for i, digest in enumerate(stored["_digest"])
        if digest != fresh.digests[i]
    ]
    for name in ("_search", "_name"):
        if name in stored and stored[name] != fresh.values[name]:
            found += [
                Problem("search entry differs", record, f"Its {name} is not made of its properties.")
                for record, is_, was in zip(fresh.ids, fresh.values[name], stored[name], strict=True)
                if is_ != was
            ]
    return batch, found


def _check_versions(connection: Connection, table: Table) -> Iterator[Problem]:
    properties = ("record", *stored_properties(table), "until")
    text = cypher_read.page_of_versions(properties)
    asked: dict[str, Any] = {"table": table.name, "limit": CHUNK, "after": "", "until": 0}
    while True:
        page = connection.read(lambda tx: columns(tx, text, **asked))
        if not page[0]:
            return
        asked["after"], asked["until"] = page[0][-1], page[-1][-1]
        try:
            yield from _compared(table, properties, page)[1]
        except CorruptStoreError as error:
            yield Problem("version damaged", f"{table.name} until {asked['after']!r}", error.message)


def _check_edges(
    connection: Connection, table: Table, batch: pa.RecordBatch, made: Counter[str]
) -> Iterator[Problem]:
    fresh = packed(table, batch)
    wanted = _wanted(connection, table, batch, fresh)
    made.update(kind for _, kind, _, _ in wanted)
    there: _Edges = {}
    for text in cypher_read.edges_of_records(table):
        for row in connection.read(lambda tx, text=text: answer(tx, text, ids=fresh.ids)):
            key = (row[0], row[1], row[2], row[3])
            if key in there:
                yield _edge_problem("relationship twice", key)
            there[key] = row[4]
    for key in sorted(wanted.keys() - there.keys()):
        yield _edge_problem("relationship missing", key)
    for key in sorted(there.keys() - wanted.keys()):
        yield _edge_problem("relationship that the record does not make", key)
    for key in sorted(wanted.keys() & there.keys()):
        if any(there[key].get(name) != value for name, value in wanted[key].items()):
            yield _edge_problem("properties of a relationship differ", key)


def _edge_problem(what: str, key: tuple[str, str, str, str]) -> Problem:
    record, kind, source, target = key
    return Problem(what, record, f"({source})-[:{kind}]->({target})")


def _wanted(connection: Connection, table: Table, batch: pa.RecordBatch, fresh: PackedBatch) -> _Edges:
    found: _Edges = {}
    for group in edge_groups(table, batch):
        kind, names = group.edge.kind, group.edge.properties
        for i, source, target in zip(group.positions.tolist(), group.sources, group.targets, strict=True):
            found[fresh.ids[i], kind, source, target] = {name: fresh.values[name][i] for name in names}
    for owner, edge in edges_by_property():
        if owner.name == table.name and edge.target.by is not None:
            lists = fresh.values[edge.target.columns[0]]
            values = sorted({value for entries in lists for value in entries or ()})
            text = cypher_read.nodes_of_values(edge.target.kind or "", edge.target.by)
            rows = connection.read(lambda tx, text=text, values=values: answer(tx, text, values=values))
            nodes: dict[str, list[str]] = defaultdict(list)
            for value, node in rows:
                nodes[value].append(node)
            for record, entries in zip(fresh.ids, lists, strict=True):
                for node in (node for value in entries or () for node in nodes[value]):
                    found[record, edge.kind, record, node] = {}
    return found


def _check_totals(connection: Connection, made: Counter[str]) -> Iterator[Problem]:
    for kind, there in connection.read(lambda tx: answer(tx, cypher_read.counts_of_edges())):
        if there > made[kind]:
            yield Problem(
                "relationships of no record", kind, f"{there - made[kind]} more than the records make."
            )
