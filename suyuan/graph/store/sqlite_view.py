"""Reading a SQLite store as of one finished run.

Versions written by later runs are told apart by their number, and versions that later runs overwrote are
found in the history, so a view answers the same for ever without holding a lock. While no later run has
begun there is nothing to tell apart, and only current versions are read.
"""

import json
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby

import pyarrow as pa

from suyuan.graph.model import NODE_KINDS, Table
from suyuan.graph.projection import plain_value
from suyuan.graph.records import batch_schema
from suyuan.graph.store.base import Direction, GraphEdge, Node, Provenance, Scalar, SearchHit
from suyuan.graph.store.search_entries import entry_columns
from suyuan.graph.store.sqlite_batches import checked_batches
from suyuan.graph.store.sqlite_codes import code_matches
from suyuan.graph.store.sqlite_edges import Asked, Page, named, neighbour_edges, taken_apart
from suyuan.graph.store.sqlite_file import SqliteFile
from suyuan.graph.store.sqlite_schema import code_columns
from suyuan.graph.store.sqlite_seals import require_sealed
from suyuan.graph.store.sqlite_search import last_key, matches, named_node, searched_tables
from suyuan.graph.store.sqlite_versions import Record, Versions
from suyuan.graph.tables import TABLES, table_of_kind


class SqliteView:
    """Reads at one run; see :class:`suyuan.graph.store.base.View`."""

    def __init__(self, file: SqliteFile, seq: int) -> None:
        self.seq = seq
        self._file = file
        self._sealed_since = seq + 1

    @contextmanager
    def _reading(self) -> Generator[Versions, None, None]:
        with self._file.reading() as connection:
            yield Versions.at(connection, self._file.path, self.seq)

    def batches(
        self, table: str, columns: Sequence[str] | None = None, *, since: int = 0
    ) -> Iterator[pa.RecordBatch]:
        """Records of a table as Arrow batches."""
        declared = TABLES[table]
        asked = batch_schema(declared).names if columns is None else columns
        names = ["id", *(name for name in asked if name != "id")]
        with self._reading() as versions:
            if since < self._sealed_since:
                require_sealed(versions.connection, versions.path, since)
                self._sealed_since = since
            yield from checked_batches(versions, declared, names, since)

    def removed(self, since: int) -> Iterator[tuple[str, str]]:
        """(table, record id) of records retired after ``since``."""
        with self._reading() as versions:
            gone = [
                (name, record) for name, table in TABLES.items() for record in versions.removed(table, since)
            ]
        yield from gone

    def overwritten(self, table: str, since: int) -> set[str]:
        """Ids of records that held at a run and that a later one, up to this view, changed or retired."""
        with self._reading() as versions:
            return versions.overwritten(TABLES[table], since)

    def nodes(self, ids: Sequence[str]) -> dict[str, Node]:
        """The nodes among ``ids`` that exist, by id."""
        with self._reading() as versions:
            return _nodes(versions, taken_apart(ids))

    def neighbours(
        self,
        ids: Sequence[str],
        *,
        edge_kinds: Sequence[str] | None = None,
        direction: Direction = "both",
        first: int = 50,
        after: str | None = None,
    ) -> dict[str, list[GraphEdge]]:
        """Edges at each node, ordered by edge id."""
        nodes = taken_apart(ids)
        with self._reading() as versions:
            found = neighbour_edges(versions, nodes, edge_kinds, direction, Page(first, after or ""))
        return {node_id: found.get(node_id, []) for node_id in ids}

    def search(
        self,
        text: str,
        *,
        kinds: Sequence[str] | None = None,
        first: int = 20,
        after: tuple[int, str] | None = None,
    ) -> list[SearchHit]:
        """Nodes by text, ordered by (rank, id)."""
        with self._reading() as versions:
            exact = _exact_hit(versions, text, kinds)
            hits = {(0, exact)} if exact is not None and (after is None or (0, exact) > after) else set()
            for table in searched_tables(kinds):
                found = matches(versions, table, text, first=first + 1, after=after)
                if code_columns(table):
                    found += code_matches(versions, table, text, first=first + 1, after=after)
                hits.update(hit for hit in found if hit[1] != exact)
            return _shown(versions, sorted(hits)[:first])

    def records(self, table: str, ids: Sequence[str]) -> dict[str, Provenance]:
        """Provenance of records by id."""
        with self._reading() as versions:
            found = versions.by_id(TABLES[table], ids)
        return {record.row["id"]: record.provenance for record in found}

    def counts(self) -> dict[str, int]:
        """Records by table."""
        with self._reading() as versions:
            return {name: versions.count(table) for name, table in TABLES.items()}


def _nodes(versions: Versions, asked: Sequence[Asked]) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for kind, group in groupby(sorted(asked, key=lambda node: node.kind), lambda node: node.kind):
        table = table_of_kind(kind)
        if table is not None:
            records = versions.by_id(table, [node.id for node in group])
            found |= {record.row["id"]: _node(record) for record in records}
    rest = [node for node in asked if node.id not in found]
    if rest:
        names = named(versions, rest)
        found |= {node.id: _named_node(node) for node in rest if node.id in names}
    return found


def _node(record: Record) -> Node:
    table, row = record.table, record.row
    shown = ((column.name, plain_value(column, row)) for column in table.columns)
    properties: dict[str, Scalar] = {name: value for name, value in shown if value is not None}
    extra = json.loads(row["extra"]) if row["extra"] else {}
    return Node(row["id"], table.kind or "", properties, extra, record.provenance)


def _named_node(asked: Asked) -> Node:
    """A node that is only named by others shows its key."""
    columns = NODE_KINDS[asked.kind].key[-len(asked.key) :]
    properties = {name: part for name, part in zip(columns, asked.key, strict=True) if part}
    return Node(asked.id, asked.kind, properties)


def _exact_hit(versions: Versions, text: str, kinds: Sequence[str] | None) -> str | None:
    node_id = named_node(text)
    if node_id is None:
        return None
    found = [node for node in taken_apart([node_id]) if kinds is None or node.kind in kinds]
    return node_id if _nodes(versions, found) else None


def _shown(versions: Versions, hits: Sequence[tuple[int, str]]) -> list[SearchHit]:
    asked = {node.id: node for node in taken_apart(node_id for _, node_id in hits)}
    texts: dict[str, str] = {}
    for kind in {node.kind for node in asked.values()}:
        table = table_of_kind(kind)
        if table is not None:
            ids = [node.id for node in asked.values() if node.kind == kind]
            texts |= {record.row["id"]: _name(table, record) for record in versions.by_id(table, ids)}
    return [
        SearchHit(node_id, asked[node_id].kind, rank, texts.get(node_id) or last_key(node_id))
        for rank, node_id in hits
    ]


def _name(table: Table, record: Record) -> str:
    """The first filled column of the search entry."""
    values = (record.row[name] for name in entry_columns(table))
    return next((str(value) for value in values if value is not None), "")
