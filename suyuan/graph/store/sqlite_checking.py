"""Giving stored rows their check numbers, when a store was made before there were any or when they stand for more."""

import sqlite3
from pathlib import Path
from typing import Any, Final

from suyuan.graph.model import Table
from suyuan.graph.store.row_checks import digest_words, row_checks
from suyuan.graph.store.sqlite_file import damaged
from suyuan.graph.store.sqlite_rows import batch_of, unlike_digest
from suyuan.graph.store.sqlite_schema import comma, quoted, record_columns

_ROWS_AT_ONCE: Final = 20_000


def check_anew(connection: sqlite3.Connection, path: Path, table: Table) -> None:
    """Computes the check number of every version of a table, in the transaction that is under way.

    Raises
    ------
    CorruptStoreError
        A record does not fit its digest: the new number would hide that.
    """
    for stored in (table.name, f"{table.name}_history"):
        last = 0
        while rows := _rows_after(connection, table, stored, last):
            _check(connection, path, table, stored, rows)
            last = rows[-1][0]


def _rows_after(
    connection: sqlite3.Connection, table: Table, stored: str, last: int
) -> list[tuple[Any, ...]]:
    return connection.execute(
        f"SELECT rowid, {comma(record_columns(table))} FROM {quoted(stored)} WHERE rowid > ?"
        f" ORDER BY rowid LIMIT {_ROWS_AT_ONCE}",
        (last,),
    ).fetchall()


def _check(
    connection: sqlite3.Connection, path: Path, table: Table, stored: str, rows: list[tuple[Any, ...]]
) -> None:
    batch = batch_of(table, ["rowid", *record_columns(table)], rows)
    for record in unlike_digest(table, batch):
        raise damaged(path, f"in table {stored}, {record} is not as it was written")
    checks = row_checks(table, batch, digest_words(batch.column("digest")), batch.column("seq"))
    connection.executemany(
        f"UPDATE {quoted(stored)} SET crc = ? WHERE rowid = ?",
        zip(checks.tolist(), (row[0] for row in rows), strict=True),
    )
