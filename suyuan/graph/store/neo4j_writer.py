"""Writing a run into Neo4j."""

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

import pyarrow as pa
from neo4j import ManagedTransaction

from suyuan.errors import StoreError
from suyuan.graph.model import Edge, Table
from suyuan.graph.store import cypher_read, cypher_runs, cypher_write
from suyuan.graph.store.base import PROGRESS_SECONDS, RunInfo, SourceFile, UpsertCounts
from suyuan.graph.store.cypher import edges_by_property, homes
from suyuan.graph.store.documents import NewDocument
from suyuan.graph.store.neo4j_connection import Connection, answer, carry_out, columns
from suyuan.graph.store.neo4j_edges import edge_groups
from suyuan.graph.store.neo4j_keeping import keep, settle
from suyuan.graph.store.neo4j_merge import with_stored_columns
from suyuan.graph.store.neo4j_rows import packed
from suyuan.graph.store.neo4j_runs import Lease
from suyuan.graph.store.neo4j_undo import strip
from suyuan.graph.store.neo4j_upsert import Chunk, Outcome, detach, drop_orphans, write_chunk
from suyuan.graph.tables import TABLES

CHUNK = 10_000
RETIRE_CHUNK = 2_000
KNOWN_ENDS = 2_000_000
"""So many nodes are remembered to be there before the memory is cleared."""

T = TypeVar("T")
Links = list[list[str]]
"""Source and target of relationships of a type."""


class Neo4jWriter:
    """One run's way in; see :class:`suyuan.graph.store.base.Writer`."""

    def __init__(self, connection: Connection, lease: Lease, *, full: bool) -> None:
        self.run: RunInfo = lease.run
        self._connection = connection
        self._lease = lease
        self._named: dict[str, list[pa.Array]] | None = {} if full else None
        self._known_ends: set[str] = set()
        self._next_note = 0.0
        self._settled = not lease.resumed
        self._sources = self._registered_sources() if lease.resumed else {}

    def _write(self, work: Callable[[ManagedTransaction], T]) -> T:
        def held(tx: ManagedTransaction) -> T:
            self._lease.require(tx)
            return work(tx)

        if self.run.state != "running":
            raise StoreError(f"Run {self.run.run_id} is {self.run.state}; begin another to write more.")
        return self._connection.write(held)

    @contextmanager
    def _overwriting(self) -> Generator[None]:
        """Around keeping and overwriting; takes up cleanly after an attempt that got no further than keeping."""
        if not self._settled:
            settle(self._write, self.run.seq)
        self._settled = False
        yield
        self._settled = True

    def _registered_sources(self) -> dict[tuple[str, str], SourceFile]:
        rows = self._connection.read(lambda tx: answer(tx, cypher_runs.SOURCES_OF_RUN, seq=self.run.seq))
        return {(name, sha256): SourceFile(number, name, sha256, size) for number, name, sha256, size in rows}

    def add_source(self, name: str, sha256: str, size: int) -> SourceFile:
        """Registers a file; the same (name, sha256) in the same run gives the same number."""
        return self.add_sources([(name, sha256, size)])[0]

    def add_sources(self, files: Sequence[tuple[str, str, int]]) -> list[SourceFile]:
        """Registers files, in one transaction."""
        added: dict[tuple[str, str], SourceFile] = {}
        for name, sha256, size in files:
            key = (name, sha256)
            if key not in self._sources and key not in added:
                number = len(self._sources) + len(added) + 1
                added[key] = SourceFile(number, name, sha256, size)
        if added:
            rows = [[each.number, each.name, each.sha256, each.size] for each in added.values()]
            self._write(lambda tx: carry_out(tx, cypher_runs.ADD_SOURCES, seq=self.run.seq, rows=rows))
            self._sources |= added
        return [self._sources[name, sha256] for name, sha256, _ in files]

    def upsert(
        self, table: str, batch: pa.RecordBatch, *, present: Sequence[str] | None = None
    ) -> UpsertCounts:
        """Writes records, ten thousand a transaction; a record and its relationships come in one."""
        declared = TABLES[table]
        if self._named is not None:
            self._named.setdefault(table, []).append(batch.column("id"))
        written = 0
        unchanged_at: list[int] = []
        parts = [batch.slice(start, CHUNK) for start in range(0, len(batch), CHUNK)]
        with ThreadPoolExecutor(1) as pool:
            # The next part is made ready while the server works on this one.
            ready = [pool.submit(self._prepared, declared, part, present) for part in parts[:1]]
            for place, following in enumerate((*parts[1:], None)):
                if not ready:
                    break
                chunk = ready.pop().result()
                if following is not None:
                    ready.append(pool.submit(self._prepared, declared, following, present))
                outcome = self._write_chunk(chunk)
                written += outcome.written
                unchanged_at += [place * CHUNK + i for i in outcome.unchanged_at]
        return UpsertCounts(written, len(unchanged_at), unchanged_at)

    def _prepared(self, table: Table, part: pa.RecordBatch, present: Sequence[str] | None) -> Chunk:
        if present is not None:
            part = with_stored_columns(self._connection, table, part, present)
        return Chunk(
            seq=self.run.seq,
            batch=packed(table, part),
            groups=edge_groups(table, part),
            resumed=self._lease.resumed,
            known_ends=self._known_ends,
        )

    def _write_chunk(self, chunk: Chunk) -> Outcome:
        with self._overwriting():
            outcome = write_chunk(self._write, chunk)
        if len(self._known_ends) > KNOWN_ENDS:
            self._known_ends.clear()
        self._known_ends |= outcome.ends
        self._known_ends -= outcome.dropped - outcome.ends
        return outcome

    def existing(self, table: str, ids: Sequence[str]) -> set[str]:
        """Those of the record ids that the store holds (this run's own included)."""
        found: set[str] = set()
        for home in homes(TABLES[table]):
            rows = self._connection.read(
                lambda tx, home=home: answer(tx, cypher_read.states(home), ids=list(ids))
            )
            found.update(record for record, seq, _ in rows if seq is not None)
        return found

    def retire_unnamed(self, table: str, source_names: Sequence[str]) -> int:
        """Retires what no file of this run named any more."""
        if self._named is None:
            raise StoreError("Records are retired only in a run declared full; begin it with full=True.")
        named: set[str] = set()
        for ids in self._named.get(table, []):
            named.update(ids.to_pylist())
        rows = self._connection.read(
            lambda tx: answer(tx, cypher_runs.SOURCES_NAMED, names=list(source_names))
        )
        sources = {(seq, number) for seq, number in rows}
        gone = [
            record
            for record, source in self._held(TABLES[table])
            if source in sources and record not in named
        ]
        for start in range(0, len(gone), RETIRE_CHUNK):
            ids = gone[start : start + RETIRE_CHUNK]
            with self._overwriting():
                self._retire(TABLES[table], ids)
        self._known_ends.clear()
        return len(gone)

    def _held(self, table: Table) -> list[tuple[str, tuple[int, int]]]:
        found: list[tuple[str, tuple[int, int]]] = []
        for home in homes(table):
            text = cypher_read.page_of_records(home, (home.key, "_seq", "_source"))
            after = ""
            while True:
                parameters: dict[str, Any] = {
                    "after": after,
                    "since": 0,
                    "seq": self.run.seq,
                    "limit": CHUNK,
                    "table": table.name,
                }
                ids, seqs, sources = self._connection.read(
                    lambda tx, text=text, parameters=parameters: columns(tx, text, **parameters)
                )
                found += zip(ids, zip(seqs, sources, strict=True), strict=True)
                if len(ids) < CHUNK:
                    break
                after = ids[-1]
        return found

    def _retire(self, table: Table, ids: list[str]) -> None:
        named = [(owner, edge) for owner, edge in edges_by_property() if edge.target.kind == table.kind]

        def keep_all(tx: ManagedTransaction) -> list[Links]:
            keep(tx, table, ids, self.run.seq, retired=True)
            found = [answer(tx, cypher_write.links_to(*link), ids=ids) for link in named]
            for link, rows in zip(named, found, strict=True):
                carry_out(tx, cypher_write.keep_links(*link), rows=rows, seq=self.run.seq)
            return found

        def retire(tx: ManagedTransaction, found: list[Links]) -> None:
            ends = detach(tx, table, ids)
            for link, rows in zip(named, found, strict=True):
                ends |= _drop_links(tx, *link, rows)
            if table.kind is not None:
                strip(tx, table, ids)
                ends.update(ids)
            drop_orphans(tx, ends)

        kept = self._write(keep_all)
        self._write(lambda tx: retire(tx, kept))

    def _link_by_property(self, table: Table, edge: Edge) -> None:
        seq = self.run.seq
        with self._overwriting():
            while rows := self._write(lambda tx: self._keep_stale(tx, table, edge)):
                self._write(lambda tx, rows=rows: drop_orphans(tx, _drop_links(tx, table, edge, rows)))
        after = ""
        while True:
            parameters: dict[str, Any] = {"seq": seq, "after": after, "limit": CHUNK}
            ids = self._connection.read(
                lambda tx, parameters=parameters: answer(
                    tx, cypher_write.naming_records(table, edge), **parameters
                )
            )
            self._link(table, edge, ids)
            if len(ids) < CHUNK:
                break
            after = ids[-1]
        values = self._connection.read(lambda tx: answer(tx, cypher_write.values_named(table, edge), seq=seq))
        if values:
            text = cypher_write.older_naming_records(table, edge)
            older = self._connection.read(lambda tx: answer(tx, text, seq=seq, values=values))
            for start in range(0, len(older), CHUNK):
                self._link(table, edge, older[start : start + CHUNK])

    def _keep_stale(self, tx: ManagedTransaction, table: Table, edge: Edge) -> Links:
        seq = self.run.seq
        rows: Links = answer(tx, cypher_write.stale_links(table, edge), seq=seq, limit=CHUNK)
        carry_out(tx, cypher_write.keep_links(table, edge), rows=rows, seq=seq)
        return rows

    def _link(self, table: Table, edge: Edge, ids: list[str]) -> None:
        if ids:
            text = cypher_write.link_by_property(table, edge)
            self._write(lambda tx: carry_out(tx, text, ids=ids, seq=self.run.seq))

    def note_progress(self, report: Mapping[str, object]) -> None:
        """Tells how far the run is, four times a second at most."""
        if time.monotonic() >= self._next_note:
            self._next_note = time.monotonic() + PROGRESS_SECONDS
            self._lease.note(report)

    def finish(self, report: Mapping[str, object], documents: Sequence[NewDocument] = ()) -> RunInfo:
        """Links what is named by a property, then makes the run visible."""
        for table, edge in edges_by_property():
            self._link_by_property(table, edge)
        self.run = self._lease.finish(report, documents)
        return self.run

    def abandon(self) -> None:
        """Undoes all the run did."""
        if self.run.state == "running":
            self.run = self._lease.abandon()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.abandon()
        except StoreError:
            if error is None:
                raise
        finally:
            self._lease.release()


def _drop_links(tx: ManagedTransaction, table: Table, edge: Edge, rows: Links) -> set[str]:
    """Deletes relationships and gives the ids of their ends."""
    carry_out(tx, cypher_write.drop_links(table, edge), rows=rows)
    return {end for row in rows for end in row}
