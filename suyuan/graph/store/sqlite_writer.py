"""One run's way into a SQLite store."""

import sqlite3
import threading
import time
import weakref
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import pyarrow as pa

from suyuan.errors import StoreError, SuyuanError
from suyuan.graph.model import Table
from suyuan.graph.records import batch_schema
from suyuan.graph.store.base import PROGRESS_SECONDS, RunInfo, SourceFile, UpsertCounts
from suyuan.graph.store.documents import NewDocument
from suyuan.graph.store.search_entries import is_indexed
from suyuan.graph.store.sqlite_documents import write_documents
from suyuan.graph.store.sqlite_file import SqliteFile, transaction
from suyuan.graph.store.sqlite_runs import (
    LIVE_TOKENS,
    Begun,
    keep,
    mark_finished,
    note_report,
    release,
    undo,
)
from suyuan.graph.store.sqlite_schema import indexes, quoted
from suyuan.graph.store.sqlite_search import follow_changes
from suyuan.graph.store.sqlite_upsert import TableWriter, retire
from suyuan.graph.tables import TABLES

_HEARTBEAT_SECONDS = 10.0


class SqliteWriter:
    """Writes one run; see :class:`suyuan.graph.store.base.Writer`.

    Each upsert is one transaction, written to the log file before it is acknowledged, so it survives the
    death of the process; :meth:`finish` also waits until the disk has everything, so a finished run
    survives a power cut.
    """

    def __init__(self, file: SqliteFile, begun: Begun, *, full: bool) -> None:
        self.run: RunInfo = begun.run
        self._file = file
        self._token = begun.token
        self._full = full
        self._resumed = begun.resumed
        self._tables: dict[str, TableWriter] = {}
        self._open = True
        self._next_note = 0.0
        self._connection = file.connect()
        self._configure()
        self._stop = threading.Event()
        self._heart = threading.Thread(
            target=_beat, args=(weakref.ref(self), self._stop), name="suyuan-heartbeat", daemon=True
        )
        self._heart.start()

    def _configure(self) -> None:
        self._connection.execute("PRAGMA cache_size = -131072")
        self._connection.execute("PRAGMA wal_autocheckpoint = 8000")
        self._connection.execute("PRAGMA threads = 4")

    def add_source(self, name: str, sha256: str, size: int) -> SourceFile:
        """Registers a file; its number is unique in the store."""
        return self.add_sources([(name, sha256, size)])[0]

    def add_sources(self, files: Sequence[tuple[str, str, int]]) -> list[SourceFile]:
        """Registers files, in one transaction."""
        with self._step() as connection:
            return [self._registered(connection, *file) for file in files]

    def _registered(self, connection: sqlite3.Connection, name: str, sha256: str, size: int) -> SourceFile:
        connection.execute(
            "INSERT OR IGNORE INTO suyuan_sources (seq, name, sha256, size) VALUES (?, ?, ?, ?)",
            (self.run.seq, name, sha256, size),
        )
        number, kept = connection.execute(
            "SELECT number, size FROM suyuan_sources WHERE seq = ? AND name = ? AND sha256 = ?",
            (self.run.seq, name, sha256),
        ).fetchone()
        return SourceFile(number, name, sha256, kept)

    def upsert(
        self, table: str, batch: pa.RecordBatch, *, present: Sequence[str] | None = None
    ) -> UpsertCounts:
        """Writes records, in one transaction."""
        declared = TABLES[table]
        if batch.schema.names != batch_schema(declared).names:
            raise StoreError(
                f"A batch for table {table} has the columns {', '.join(batch.schema.names)}; "
                f"expected {', '.join(batch_schema(declared).names)}."
            )
        if batch.num_rows == 0:
            return UpsertCounts(0, 0)
        with self._step() as connection:
            return self._table(connection, declared).upsert(connection, batch, present)

    def retire_unnamed(self, table: str, source_names: Sequence[str]) -> int:
        """Retires records that came from these sources and were not named by this run."""
        if not self._full:
            raise StoreError("Only a run begun with full=True retires what its sources no longer name.")
        with self._step() as connection:
            self._table(connection, TABLES[table])
            return retire(connection, TABLES[table], self.run.seq, source_names)

    def existing(self, table: str, ids: Sequence[str]) -> set[str]:
        """Those of the record ids that the store holds."""
        with self._step() as connection:
            return self._table(connection, TABLES[table]).existing(connection, ids)

    def note_progress(self, report: Mapping[str, object]) -> None:
        """Tells how far the run is, four times a second at most."""
        if time.monotonic() < self._next_note:
            return
        self._next_note = time.monotonic() + PROGRESS_SECONDS
        with self._step() as connection:
            note_report(connection, self.run.seq, report)

    def finish(self, report: Mapping[str, object], documents: Sequence[NewDocument] = ()) -> RunInfo:
        """Makes the run visible; it is on disk when this returns."""
        for name in self._changed():
            for statement in indexes(TABLES[name]).values():
                with self._step() as connection:
                    connection.execute(statement)
        with self._file.errors():
            self._connection.execute("PRAGMA synchronous = FULL")
        with self._step() as connection:
            self._follow(connection)
            write_documents(connection, documents)
            self.run = mark_finished(connection, self.run.seq, report)
            release(connection, self._token)
        self._close()
        return self.run

    def abandon(self) -> None:
        """Undoes all the run did."""
        try:
            with self._step() as connection:
                undo(connection, self.run.seq)
        finally:
            self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._open:
            return
        try:
            self.abandon()
        except SuyuanError:
            if error is None:
                raise

    def _changed(self) -> list[str]:
        with self._step() as connection:
            rows = connection.execute(
                "SELECT table_name FROM suyuan_changes WHERE seq = ?", (self.run.seq,)
            ).fetchall()
        return [name for (name,) in rows]

    def _follow(self, connection: sqlite3.Connection) -> None:
        changed = connection.execute(
            "SELECT table_name FROM suyuan_changes WHERE seq = ?", (self.run.seq,)
        ).fetchall()
        for (name,) in changed:
            if is_indexed(TABLES[name]):
                follow_changes(connection, TABLES[name], self.run.seq)
            connection.execute(
                f"UPDATE suyuan_changes SET records = {self._count(name)} WHERE table_name = :name AND seq = :seq",
                {"name": name, "seq": self.run.seq},
            )

    def _count(self, name: str) -> str:
        """An expression for the records of a changed table: those of before and the new ones, else all counted."""
        counted = f"SELECT count(*) FROM {quoted(name)}"
        if self._full:
            return f"({counted})"
        before = (
            "SELECT records FROM suyuan_changes WHERE table_name = :name AND seq < :seq AND records IS NOT NULL"
            " ORDER BY seq DESC LIMIT 1"
        )
        return f"coalesce(({before}) + ({counted} WHERE record_no >= first_no), ({counted}))"

    def _table(self, connection: sqlite3.Connection, table: Table) -> TableWriter:
        if table.name not in self._tables:
            self._tables[table.name] = TableWriter.begin(
                connection, table, self.run.seq, full=self._full, resumed=self._resumed
            )
        return self._tables[table.name]

    @contextmanager
    def _step(self) -> Generator[sqlite3.Connection, None, None]:
        if not self._open:
            raise StoreError(f"Run {self.run.run_id} has ended; begin a new one.")
        try:
            with self._file.errors(), transaction(self._connection):
                keep(self._connection, self._token)
                yield self._connection
        except BaseException:
            self._tables.clear()
            raise

    def beat(self) -> None:
        """Notes in the store that this run lives."""
        if self._open:
            with self._file.writing() as connection:
                keep(connection, self._token)

    def _close(self) -> None:
        self._open = False
        self._stop.set()
        LIVE_TOKENS.discard(self._token)
        self._connection.close()

    def __del__(self) -> None:
        if getattr(self, "_open", False):
            self._close()


def _beat(writer: "weakref.ref[SqliteWriter]", stop: threading.Event) -> None:
    while not stop.wait(_HEARTBEAT_SECONDS):
        held = writer()
        if held is None:
            return
        try:
            held.beat()
        except SuyuanError:
            continue
        finally:
            del held
