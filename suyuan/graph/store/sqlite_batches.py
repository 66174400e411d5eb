"""Reading the records of a table in bulk, each checked before it is given out."""

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

import numpy as np
import pyarrow as pa

from suyuan.graph.model import Table
from suyuan.graph.snapshot import Int64Array
from suyuan.graph.store.row_checks import PLACE, checked_columns
from suyuan.graph.store.sqlite_file import damaged
from suyuan.graph.store.sqlite_rows import batch_of, damaged_records
from suyuan.graph.store.sqlite_schema import record_columns
from suyuan.graph.store.sqlite_versions import Versions

_BATCH_ROWS: Final = 65_536
_FETCHED_ROWS: Final = 1_024
"""So few that the values are still in the processor's cache when they are turned into columns."""


def checked_batches(
    versions: Versions, table: Table, names: Sequence[str], since: int
) -> Iterator[pa.RecordBatch]:
    """These columns of every version that holds, or of those written after run ``since``.

    More is read than asked for where a check number stands for it: see :mod:`suyuan.graph.store.row_checks`.

    Raises
    ------
    CorruptStoreError
        A record is not as it was written, or records are missing or found twice. What was given out before is
        whole.
    """
    read = columns_to_read(table, names)
    found = 0
    for rows in versions.all(table, ["rowid", *read], since):
        numbers: list[Int64Array] = []
        for batch in _gathered(_fetched(table, read, rows)):
            for record in damaged_records(table, batch):
                raise damaged(versions.path, f"in table {table.name}, {record} is not as it was written")
            numbers.append(np.asarray(batch.column("rowid")))
            found += batch.num_rows
            yield batch.select(list(names))
        _require_distinct(versions, table, numbers)
    if since == 0 and found != versions.count(table):
        raise damaged(
            versions.path, f"table {table.name} gives {found} records of {versions.count(table)} that hold"
        )


def columns_to_read(table: Table, names: Sequence[str]) -> list[str]:
    """What has to be read so that these columns can be checked."""
    wanted = {*names, *checked_columns(table), "digest", "crc"}
    place = {*PLACE, "digest", "crc"}
    if wanted & set(PLACE):
        wanted |= place
    if wanted - place - set(checked_columns(table)):
        return record_columns(table)
    return [name for name in record_columns(table) if name in wanted]


def _fetched(table: Table, read: list[str], rows: sqlite3.Cursor) -> Iterator[pa.RecordBatch]:
    while part := rows.fetchmany(_FETCHED_ROWS):
        yield batch_of(table, ["rowid", *read], part)


def _gathered(parts: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Small batches put together."""
    while some := list(islice(parts, _BATCH_ROWS // _FETCHED_ROWS)):
        yield from pa.Table.from_batches(some).combine_chunks().to_batches()


def _require_distinct(versions: Versions, table: Table, numbers: list[Int64Array]) -> None:
    """A damaged page can lead to the same row twice."""
    whole = np.concatenate(numbers) if numbers else np.zeros(0, np.int64)
    if (whole[1:] <= whole[:-1]).any() and len(np.unique(whole)) != len(whole):
        raise damaged(versions.path, f"table {table.name} gives a record twice")
