"""What is wrong with a SQLite store."""

import sqlite3
from collections.abc import Iterator
from itertools import islice

import pyarrow as pa

from suyuan.errors import CorruptStoreError
from suyuan.graph.model import Table
from suyuan.graph.store.base import Problem
from suyuan.graph.store.search_entries import bodies, entry_columns, folded, is_indexed, names
from suyuan.graph.store.sqlite_codes import needs_entry
from suyuan.graph.store.sqlite_file import SqliteFile
from suyuan.graph.store.sqlite_rows import batch_of, damaged_records
from suyuan.graph.store.sqlite_runs import newest_finished
from suyuan.graph.store.sqlite_schema import (
    column_types,
    comma,
    indexes,
    link_name,
    list_ends,
    quoted,
    record_columns,
    search_table,
)
from suyuan.graph.store.sqlite_seals import require_sealed
from suyuan.graph.store.sqlite_versions import Versions
from suyuan.graph.tables import TABLES

_ROWS_AT_ONCE = 20_000
_MOST = 1_000
"""Problems told; more say nothing new."""


def problems(file: SqliteFile, *, deep: bool) -> list[Problem]:
    """Schema and counts; with ``deep`` the file's structure, every record, list entry and search entry."""
    found: list[Problem] = []
    try:
        with file.reading() as connection:
            connection.text_factory = _readable
            try:
                found += islice(_problems(connection, file, deep), _MOST)
            finally:
                connection.text_factory = str
        if deep and not found:
            found += _full_text(file)
    except CorruptStoreError as error:
        found.append(Problem("damaged file", str(file.path), error.message))
    return found


def _full_text(file: SqliteFile) -> Iterator[Problem]:
    """Full-text indexes against their own entries; the engine does that under the write lock."""
    for table in TABLES.values():
        if not is_indexed(table):
            continue
        name = quoted(search_table(table))
        try:
            with file.writing() as connection:
                connection.execute(f"INSERT INTO {name} ({name}) VALUES ('integrity-check')")
        except CorruptStoreError as error:
            yield Problem("damaged search index", search_table(table), error.message)


def _readable(text: bytes) -> str:
    """Damaged text as far as it can be read; its digest tells."""
    return text.decode("utf-8", errors="replace")


def _problems(connection: sqlite3.Connection, file: SqliteFile, deep: bool) -> Iterator[Problem]:
    versions = Versions.at(connection, file.path, newest_finished(connection))
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    for table in TABLES.values():
        broken = list(_schema(versions, table, there))
        yield from broken
        if deep and not broken:
            yield from _deep(versions, table)
    if deep:
        yield from _runs(connection, file)
        yield from _structure(connection)


def _runs(connection: sqlite3.Connection, file: SqliteFile) -> Iterator[Problem]:
    try:
        require_sealed(connection, file.path, 0)
    except CorruptStoreError as error:
        yield Problem("damaged record", "suyuan_runs", error.message)


def _schema(versions: Versions, table: Table, there: set[str]) -> Iterator[Problem]:
    stored = [table.name, f"{table.name}_history"]
    for name in [*stored, *([search_table(table)] if is_indexed(table) else [])]:
        if name not in there:
            yield Problem("missing table", name, "restore a backup, or ingest into a new store")
        elif name in stored:
            columns = {row[1] for row in versions.connection.execute(f"PRAGMA table_info({quoted(name)})")}
            for column in sorted(column_types(table).keys() - columns):
                yield Problem("missing column", f"{name}.{column}", "restore a backup")
    if versions.count(table):
        for name in indexes(table).keys() - there:
            yield Problem("missing index", name, "edges and codes are found slowly without it")


def _structure(connection: sqlite3.Connection) -> Iterator[Problem]:
    for (line,) in connection.execute("PRAGMA integrity_check(100)"):
        if line != "ok":
            yield Problem("damaged file", "integrity_check", line)


def _deep(versions: Versions, table: Table) -> Iterator[Problem]:
    stored = (table.name, f"{table.name}_history")
    damaged = [problem for name in stored for problem in _records(versions.connection, table, name)]
    yield from damaged
    yield from _count(versions, table)
    if damaged:
        return
    for column in list_ends(table):
        for name in stored:
            yield from _links(versions.connection, table, name, column)
    if is_indexed(table):
        yield from _search(versions, table)


def _records(connection: sqlite3.Connection, table: Table, stored: str) -> Iterator[Problem]:
    columns = record_columns(table)
    rows = connection.execute(f"SELECT {comma(columns)} FROM {quoted(stored)}")
    while part := rows.fetchmany(_ROWS_AT_ONCE):
        yield from (
            Problem(
                "damaged record", f"{stored} {record}", f"{record} does not fit its digest or check number"
            )
            for record in _damaged(table, columns, part)
        )


def _damaged(table: Table, columns: list[str], rows: list[tuple[object, ...]]) -> list[str]:
    try:
        return damaged_records(table, batch_of(table, columns, rows))
    except CorruptStoreError:
        if len(rows) == 1:
            return [str(rows[0][0])]
    half = len(rows) // 2
    return _damaged(table, columns, rows[:half]) + _damaged(table, columns, rows[half:])


def _links(connection: sqlite3.Connection, table: Table, stored: str, column: str) -> Iterator[Problem]:
    missing = connection.execute(
        f"SELECT DISTINCT t.id, e.value FROM {quoted(stored)} t, json_each(t.{quoted(column)}) e"
        " WHERE NOT EXISTS (SELECT 1 FROM suyuan_links l"
        " WHERE l.link = ? AND l.value = e.value AND l.record = t.id)",
        (link_name(table, column),),
    )
    for record, value in missing:
        yield Problem(
            "missing link", f"{stored} {record}", f"{column} names {value!r}, which does not lead back"
        )


def _count(versions: Versions, table: Table) -> Iterator[Problem]:
    selects = [
        f"SELECT count(*) FROM {part.name} t WHERE {part.condition}" for part in versions.all_parts(table)
    ]
    found = sum(versions.connection.execute(select).fetchone()[0] for select in selects)
    if found != versions.count(table):
        yield Problem("wrong count", table.name, f"{found} records, {versions.count(table)} were written")


def _search(versions: Versions, table: Table) -> Iterator[Problem]:
    """Every record against its entry; entries of records that a running run made are left out."""
    name = quoted(search_table(table))
    columns = ["id", *dict.fromkeys(entry_columns(table))]
    rows = versions.connection.execute(
        f"SELECT s.id, s.name, s.body, {comma(columns, 't.')} FROM {_visible(versions, table, columns)} t"
        f" LEFT JOIN {name} s ON s.rowid = t.record_no"
    )
    entries = 0
    while part := rows.fetchmany(_ROWS_AT_ONCE):
        wanted = list(_entries(table, batch_of(table, columns, [row[3:] for row in part])))
        entries += sum(entry is not None for entry in wanted)
        for entry, stored in zip(wanted, part, strict=True):
            if (entry or (None, None, None)) != stored[:3]:
                record = stored[3]
                yield Problem(
                    "wrong search entry", f"{table.name} {record}", f"{record} is not found as named"
                )
    total = versions.connection.execute(
        f"SELECT count(*) FROM {name} WHERE rowid < {_first_unfinished(versions, table)}"
    ).fetchone()[0]
    if total != entries:
        yield Problem("wrong search entry", table.name, f"{total} entries for {entries} records")


def _entries(table: Table, batch: pa.RecordBatch) -> Iterator[tuple[str, str, str] | None]:
    """Id, name and body of each record; None for one that has no entry."""
    entries = zip(
        batch.column("id").to_pylist(),
        folded(names(table, batch)).to_pylist(),
        bodies(table, batch).to_pylist(),
        strict=True,
    )
    for entry, needed in zip(entries, needs_entry(table, batch).to_pylist(), strict=True):
        yield entry if needed else None


def _visible(versions: Versions, table: Table, columns: list[str]) -> str:
    selects = [
        f"SELECT t.record_no, {comma(columns, 't.')} FROM {part.name} t WHERE {part.condition}"
        for part in versions.all_parts(table)
    ]
    return f"({' UNION ALL '.join(selects)})"


def _first_unfinished(versions: Versions, table: Table) -> int:
    found = versions.connection.execute(
        "SELECT min(first_no) FROM suyuan_changes WHERE table_name = ? AND seq > ?",
        (table.name, versions.seq),
    ).fetchone()[0]
    return 2**62 if found is None else found
