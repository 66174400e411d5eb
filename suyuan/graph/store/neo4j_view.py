"""Reading Neo4j at the end of one run.

The newest versions of records stand in the graph; a view takes those that were written by then, and beside them the
versions that were overwritten since. A record that a run overwrites while it is read moves from the one to the other:
it is kept in one transaction and overwritten in the next (:mod:`suyuan.graph.store.neo4j_keeping`), so the graph is
read first, and what it no longer shows is already among the versions. In between it stands in both, so each thing is
taken once. A statement tests the number of a record before it reads the values, and what others commit in between is
seen, so the number is looked at once more after the values. Only undoing a run moves records the other way; readers
see that by a count and read again.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, LiteralString, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from neo4j import ManagedTransaction

from suyuan.errors import SuyuanError
from suyuan.graph.ids import split_id
from suyuan.graph.model import EDGE_KINDS, Table
from suyuan.graph.store import cypher_read, cypher_runs
from suyuan.graph.store.base import Direction, GraphEdge, Node, Provenance, Scalar, SearchHit
from suyuan.graph.store.cypher import VERSION_HOME, Home, homes
from suyuan.graph.store.neo4j_connection import Connection, answer, columns
from suyuan.graph.store.neo4j_rows import fields_of, named_keys, properties_for, record_properties, unpacked
from suyuan.graph.store.neo4j_search import Hit, Search
from suyuan.graph.store.neo4j_sources import Sources
from suyuan.graph.tables import TABLES, table_of_kind

PAGE = 20_000
FEW = 200_000
"""So many changed records are read in one transaction; more are read page by page in the order of their ids."""

T = TypeVar("T")
Counter = tuple[int, int, int]
"""Newest finished run, newest number given, how often something was undone."""


class Neo4jView:
    """See :class:`suyuan.graph.store.base.View`."""

    def __init__(self, connection: Connection, sources: Sources, seq: int, undone: int) -> None:
        self.seq = seq
        self._connection = connection
        self._sources = sources
        self._undone = undone

    # Reading that holds against a run under way

    def _steadily(
        self, live: Callable[[ManagedTransaction], T], older: Callable[[ManagedTransaction, T], T]
    ) -> T:
        """``live`` and, where something was written since this view's run, ``older``, in this order."""

        def work(tx: ManagedTransaction) -> tuple[T, int]:
            found = live(tx)
            _, newest, undone = counter(tx)
            if newest > self.seq:
                found = older(tx, found)
                undone = counter(tx)[2]
            return found, undone

        while True:
            before = self._undone
            found, undone = self._connection.read(work)
            if undone == before:
                return found
            self._undone = undone

    def batches(
        self, table: str, columns: Sequence[str] | None = None, *, since: int = 0
    ) -> Iterator[pa.RecordBatch]:
        """Records of a table as Arrow batches; see :meth:`suyuan.graph.store.base.View.batches`."""
        declared = TABLES[table]
        fields = fields_of(declared, columns)
        seen: list[pa.Array] = []
        again = False
        while True:
            undone = self._undone
            for home in (*homes(declared), VERSION_HOME):
                properties = properties_for(declared, home.key, fields)
                for part in self._parts(declared, home, properties, since):
                    batch = unpacked(declared, fields, properties, part)
                    if again or home == VERSION_HOME:
                        batch = _unseen(batch, seen)
                    if len(batch):
                        seen.append(batch.column("id"))
                        yield batch
            self._undone = self._connection.read(counter)[2]
            if self._undone == undone:
                return
            again = True

    def _parts(
        self, table: Table, home: Home, properties: tuple[str, ...], since: int
    ) -> Iterator[list[list[Any]]]:
        parameters: dict[str, Any] = {"seq": self.seq, "since": since, "table": table.name, "limit": PAGE}
        if home == VERSION_HOME and self._connection.read(counter)[1] <= self.seq:
            return
        if (since or home == VERSION_HOME) and self._count(home, parameters) <= FEW:
            text = cypher_read.slices_of_records(home, properties)
            yield from self._connection.read(lambda tx: self._slices(tx, home, text, parameters))
            return
        text = cypher_read.page_of_records(home, properties)
        after = ""
        while True:
            asked = {**parameters, "after": after}
            page, kept = self._connection.read(lambda tx, asked=asked: self._page(tx, home, text, asked))
            if kept[0]:
                yield kept
            if len(page[0]) < PAGE:
                return
            after = page[0][-1]

    def _slices(
        self, tx: ManagedTransaction, home: Home, text: LiteralString, asked: dict[str, Any]
    ) -> list[list[list[Any]]]:
        found = tx.run(text, asked).values()
        return [self._still_held(tx, home, asked["table"], part) for part in found]

    def _page(
        self, tx: ManagedTransaction, home: Home, text: LiteralString, asked: dict[str, Any]
    ) -> tuple[list[list[Any]], list[list[Any]]]:
        page = columns(tx, text, **asked)
        return page, self._still_held(tx, home, asked["table"], page)

    def _still_held(
        self, tx: ManagedTransaction, home: Home, table: str, part: list[list[Any]]
    ) -> list[list[Any]]:
        """Columns without the records that were overwritten, or the versions dropped, while they were read."""
        _, newest, undone = counter(tx)
        if newest <= self.seq:
            return part
        if home != VERSION_HOME:
            states = answer(tx, cypher_read.states(home), ids=part[0])
            held = {record for record, seq, _ in states if seq is not None and seq <= self.seq}
        elif undone != self._undone:
            held = set[str]()  # they are read again
        else:
            text = cypher_read.values_by_id(home, ())
            held = {record for record, _ in answer(tx, text, ids=part[0], seq=self.seq, table=table)}
        if len(held) == len(part[0]):
            return part
        places = [i for i, record in enumerate(part[0]) if record in held]
        return [[column[i] for i in places] for column in part]

    def _count(self, home: Home, parameters: Mapping[str, Any]) -> int:
        return self._connection.read(lambda tx: answer(tx, cypher_read.count_of_records(home), **parameters))

    def removed(self, since: int) -> Iterator[tuple[str, str]]:
        """(table, record id) of records retired after ``since`` that did not come back."""
        for name, table in TABLES.items():
            text = cypher_read.removed(table)
            found = self._connection.read(
                lambda tx, text=text, name=name: answer(tx, text, table=name, since=since, seq=self.seq)
            )
            back = self.records(name, found) if found else {}
            yield from ((name, record) for record in sorted(found) if record not in back)

    def overwritten(self, table: str, since: int) -> set[str]:
        """Ids of records that held at a run and that a later one, up to this view, changed or retired."""
        asked: dict[str, Any] = {"table": table, "since": since, "seq": self.seq}
        return set(self._connection.read(lambda tx: answer(tx, cypher_read.OVERWRITTEN, **asked)))

    def counts(self) -> dict[str, int]:
        """Records by table."""

        def work(tx: ManagedTransaction) -> tuple[dict[str, int], dict[str, int], dict[str, int], int]:
            before = self._overwritten(tx)
            live = dict(answer(tx, cypher_read.counts_of_tables(), since=0, seq=self.seq))
            return before, live, self._overwritten(tx), counter(tx)[2]

        while True:
            mark = self._undone
            before, live, after, self._undone = self._connection.read(work)
            if before == after and mark == self._undone:
                return {name: live.get(name, 0) + after.get(name, 0) for name in TABLES}

    def _overwritten(self, tx: ManagedTransaction) -> dict[str, int]:
        if counter(tx)[1] <= self.seq:
            return {}
        return dict(answer(tx, cypher_read.counts_of_versions(), seq=self.seq))

    def nodes(self, ids: Sequence[str]) -> dict[str, Node]:
        """The nodes among ``ids`` that exist (stubs too), by id."""
        by_kind = known_kinds(ids)

        def live(tx: ManagedTransaction) -> dict[str, list[Any] | None]:
            found: dict[str, list[Any] | None] = {}
            for kind, wanted in by_kind.items():
                text = cypher_read.nodes_by_id(kind, _shown(kind))
                rows = answer(tx, text, ids=wanted, seq=self.seq)
                found.update((node_id, values) for node_id, values in rows if self._held(values))
            return found

        def older(tx: ManagedTransaction, found: dict[str, list[Any] | None]) -> dict[str, list[Any] | None]:
            for kind, wanted in by_kind.items():
                self._find_older(tx, kind, wanted, found)
            return found

        found = self._steadily(live, older)
        self._sources.learn((v[-1], v[-3]) for v in found.values() if v is not None)
        return {
            node_id: self._node(node_id, found[node_id]) for node_id in dict.fromkeys(ids) if node_id in found
        }

    def _held(self, values: list[Any] | None) -> bool:
        """Whether values, the number last, are still those of this view; None: of a node that is only named."""
        return values is None or values[-1] <= self.seq

    def _find_older(
        self, tx: ManagedTransaction, kind: str, wanted: Sequence[str], found: dict[str, list[Any] | None]
    ) -> None:
        table = table_of_kind(kind)
        missing = [node_id for node_id in wanted if found.get(node_id) is None]
        if table is not None and missing:
            text = cypher_read.values_by_id(VERSION_HOME, _shown(kind))
            found.update(answer(tx, text, ids=missing, seq=self.seq, table=table.name))
        missing = [node_id for node_id in wanted if node_id not in found]
        if missing:
            named = answer(tx, cypher_read.NAMED_BY_VERSIONS, ids=missing, seq=self.seq)
            found.update(dict.fromkeys(named))

    def _node(self, node_id: str, values: list[Any] | None) -> Node:
        kind = node_id.partition(":")[0]
        if values is None:
            return Node(node_id, kind, named_keys(node_id))
        table = table_of_kind(kind)
        if table is None:
            raise ValueError(f"{kind} nodes are no records.")
        properties = {
            column.name: value
            for column, value in zip(table.columns, values, strict=False)
            if value is not None
        }
        extra, source, row, seq = values[-4:]
        provenance = self._sources.provenance(table.name, node_id, source, row, seq)
        return Node(node_id, kind, properties, json.loads(extra) if extra else {}, provenance)

    def records(self, table: str, ids: Sequence[str]) -> dict[str, Provenance]:
        """Provenance of records by id."""
        declared = TABLES[table]
        stamps = ("_source", "_row", "_seq")

        def live(tx: ManagedTransaction) -> dict[str, list[int]]:
            found: dict[str, list[int]] = {}
            for home in homes(declared):
                text = cypher_read.values_by_id(home, stamps)
                rows = answer(tx, text, ids=list(ids), seq=self.seq)
                found.update((record, values) for record, values in rows if self._held(values))
            return found

        def older(tx: ManagedTransaction, found: dict[str, list[int]]) -> dict[str, list[int]]:
            missing = [record for record in ids if record not in found]
            text = cypher_read.values_by_id(VERSION_HOME, stamps)
            return {**found, **dict(answer(tx, text, ids=missing, seq=self.seq, table=table))}

        found = self._steadily(live, older)
        self._sources.learn((seq, source) for source, _, seq in found.values())
        return {
            record: self._sources.provenance(table, record, *found[record])
            for record in dict.fromkeys(ids)
            if record in found
        }

    def neighbours(
        self,
        ids: Sequence[str],
        *,
        edge_kinds: Sequence[str] | None = None,
        direction: Direction = "both",
        first: int = 50,
        after: str | None = None,
    ) -> dict[str, list[GraphEdge]]:
        """Edges at each node, ordered by edge id; round trips depend on the kinds of the nodes, not their number."""
        kinds = None if edge_kinds is None else tuple(sorted(k for k in set(edge_kinds) if k in EDGE_KINDS))
        found: dict[str, dict[str, list[Any]]] = {}
        if kinds != ():
            found = self._edges(
                ids, kinds, direction, {"first": first, "after": after or "", "seq": self.seq}
            )
        chosen = {
            node_id: [found[node_id][edge] for edge in sorted(found[node_id])[:first]]
            for node_id in dict.fromkeys(ids)
            if node_id in found
        }
        made = self._graph_edges(row for rows in chosen.values() for row in rows)
        return {node_id: [made[row[1]] for row in chosen.get(node_id, [])] for node_id in dict.fromkeys(ids)}

    def _edges(
        self,
        ids: Sequence[str],
        kinds: tuple[str, ...] | None,
        direction: Direction,
        parameters: dict[str, Any],
    ) -> dict[str, dict[str, list[Any]]]:
        by_kind = known_kinds(ids)

        def live(tx: ManagedTransaction) -> list[list[Any]]:
            rows: list[list[Any]] = []
            for kind, wanted in by_kind.items():
                text = cypher_read.neighbours(kind, direction, kinds or ())
                rows += answer(tx, text, ids=wanted, **parameters)
            return rows

        def older(tx: ManagedTransaction, rows: list[list[Any]]) -> list[list[Any]]:
            wanted = [node_id for group in by_kind.values() for node_id in group]
            text = cypher_read.edge_versions(direction)
            return rows + answer(tx, text, ids=wanted, kinds=kinds, **parameters)

        found: dict[str, dict[str, list[Any]]] = defaultdict(dict)
        for row in self._steadily(live, older):
            found[row[0]][row[1]] = row
        return found

    def _graph_edges(self, rows: Iterable[list[Any]]) -> dict[str, GraphEdge]:
        by_id = {row[1]: row for row in rows}
        records: dict[str, set[str]] = defaultdict(set)
        for row in by_id.values():
            records[table_of_record(row[5]).name].add(row[5])
        known: dict[str, Provenance] = {}
        for table, wanted in records.items():
            known.update(self.records(table, sorted(wanted)))
        return {
            edge_id: GraphEdge(
                edge_id, kind, source, target, _edge_properties(kind, record, found), known[record]
            )
            for edge_id, (_, _, kind, source, target, record, found) in by_id.items()
        }

    def search(
        self,
        text: str,
        *,
        kinds: Sequence[str] | None = None,
        first: int = 20,
        after: tuple[int, str] | None = None,
    ) -> list[SearchHit]:
        """Nodes by text, ordered by (rank, id), after that pair."""
        asked = Search.of(text, kinds, first, after)
        hits: list[Hit] = []
        if asked.lucene:
            hits = self._steadily(
                lambda tx: asked.hits(tx, self.seq, versions=False),
                lambda tx, found: asked.merged(found, asked.hits(tx, self.seq, versions=True)),
            )
        if asked.exact is not None and asked.admits(0, asked.exact):
            node = self.nodes([asked.exact]).get(asked.exact)
            if node is not None:
                hits = asked.merged(hits, [Hit(0, node.id, asked.name_of(node))])
        return [SearchHit(hit.id, hit.id.partition(":")[0], hit.rank, hit.text) for hit in hits]


def counter(tx: ManagedTransaction) -> Counter:
    """Where the sequence of runs stands."""
    finished, newest, undone = columns(tx, cypher_runs.COUNTER)
    return finished, newest, undone


def _unseen(batch: pa.RecordBatch, seen: Sequence[pa.Array]) -> pa.RecordBatch:
    """The records whose ids were not given before, once: a run and, after its undoing, the next keep the same one."""
    if seen:
        batch = batch.filter(pc.invert(pc.is_in(batch.column("id"), pa.chunked_array(seen))))
    places = {record: i for i, record in enumerate(batch.column("id").to_pylist())}
    return batch if len(places) == len(batch) else batch.take(pa.array(sorted(places.values()), pa.int64()))


def known_kinds(ids: Iterable[str]) -> dict[str, list[str]]:
    """Well-formed ids by kind, each once."""
    found: dict[str, list[str]] = defaultdict(list)
    for node_id in dict.fromkeys(ids):
        try:
            kind, _ = split_id(node_id)
        except SuyuanError:
            continue
        if node_id.startswith(f"{kind}:"):
            found[kind].append(node_id)
    return found


def table_of_record(record: str) -> Table:
    """The table that a record id belongs to."""
    name = record.partition(":")[0]
    return table_of_kind(name) or TABLES[name]


def _shown(kind: str) -> tuple[str, ...]:
    table = table_of_kind(kind)
    return () if table is None else (*record_properties(table), "_seq")


def _edge_properties(kind: str, record: str, stored: Mapping[str, Any]) -> dict[str, Scalar]:
    names = {n for edge in table_of_record(record).edges if edge.kind == kind for n in edge.properties}
    return {name: value for name, value in stored.items() if name in names}
