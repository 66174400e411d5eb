"""Records between Arrow and SQL."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.errors import CorruptStoreError
from suyuan.graph.model import Table
from suyuan.graph.records import batch_schema, digests
from suyuan.graph.row_digests import row_digests
from suyuan.graph.snapshot import BoolArray
from suyuan.graph.store.row_checks import (
    PLACE,
    UInt64Array,
    content_checks,
    digest_words,
    fits_place,
    lower,
    place_checks,
    upper,
)
from suyuan.graph.store.sqlite_file import damaged
from suyuan.graph.store.sqlite_schema import arrow_types


def to_sql(values: pa.Array) -> list[Any]:
    """A column of a batch as SQL values: lists become JSON text."""
    found = values.to_pylist()
    if pa.types.is_list(values.type):
        return [None if value is None else json.dumps(value, ensure_ascii=False) for value in found]
    return found


def to_arrow(values: Sequence[Any], wanted: pa.DataType) -> pa.Array:
    """SQL values of one column as Arrow.

    Raises
    ------
    ValueError, pa.ArrowInvalid, pa.ArrowTypeError
        A value is not of the column's type: the stored row was damaged or edited.
    """
    if pa.types.is_list(wanted):
        lists = [None if value is None else json.loads(value) for value in values]
        return pa.array(lists, wanted)
    if pa.types.is_boolean(wanted):
        return pa.array(values, pa.int8()).cast(wanted)
    return pa.array(values, wanted)


def batch_of(table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> pa.RecordBatch:
    """Rows with these columns as a batch.

    Raises
    ------
    CorruptStoreError
        A value is not of its column's type.
    """
    types = arrow_types(table)
    lists = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrays: list[pa.Array] = []
    for name, values in zip(columns, lists, strict=True):
        try:
            arrays.append(to_arrow(values, types[name]))
        except (ValueError, TypeError, OverflowError, pa.ArrowException) as error:
            raise CorruptStoreError(
                f"Table {table.name}, {_first_wrong(columns, rows, values, types[name])}, column {name}: a stored "
                f"value is not of its type ({error}). `suyuan doctor --deep` lists all records that are damaged."
            ) from error
    return pa.RecordBatch.from_arrays(
        arrays, schema=pa.schema([pa.field(name, types[name]) for name in columns])
    )


def _first_wrong(
    columns: Sequence[str], rows: Sequence[tuple[Any, ...]], values: Sequence[Any], wanted: pa.DataType
) -> str:
    """Id of the first record whose value is not of its type."""
    for row, value in zip(rows, values, strict=True):
        try:
            to_arrow([value], wanted)
        except (ValueError, TypeError, OverflowError, pa.ArrowException):
            return str(row[columns.index("id")])
    return "a record"


def damaged_records(table: Table, batch: pa.RecordBatch) -> list[str]:
    """Ids of the records that do not fit their check number or digest, as far as ``batch`` has what it is of.

    The columns are those of :func:`suyuan.graph.store.sqlite_batches.columns_to_read`.
    """
    if batch.column("digest").null_count:
        return _ids(batch, np.asarray(pc.is_null(batch.column("digest"))))
    words = digest_words(batch.column("digest"))
    checks = np.asarray(batch.column("crc"))
    wrong = upper(checks) != content_checks(table, batch, words)
    names = set(batch.schema.names)
    if "seq" in names:
        place = place_checks(words, batch.column("seq"), batch.column("source_file"), batch.column("row"))
        wrong |= lower(checks) != place
    if names.issuperset(batch_schema(table).names):
        wrong |= _unlike(table, batch, words)
    return _ids(batch, wrong)


def unlike_digest(table: Table, batch: pa.RecordBatch) -> list[str]:
    """Ids of the records whose content does not fit their digest; ``batch`` has all columns."""
    return _ids(batch, _unlike(table, batch, digest_words(batch.column("digest"))))


def _unlike(table: Table, batch: pa.RecordBatch, words: UInt64Array) -> BoolArray:
    content = digest_words(digests(table, batch.select(batch_schema(table).names)))
    return (words != content).any(axis=1)


def _ids(batch: pa.RecordBatch, chosen: BoolArray) -> list[str]:
    return batch.column("id").filter(pa.array(chosen)).to_pylist() if chosen.any() else []


def checked_rows(
    path: Path, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> list[dict[str, Any]]:
    """Rows as ``RecordBatch.to_pylist`` gives them; ``columns`` are those of a whole record.

    Raises
    ------
    CorruptStoreError
        A record does not fit its digest, or its run and source do not fit its check number.
    """
    try:
        records = [_record(table, columns, row) for row in rows]
        whole = [
            record["digest"] == digest
            and fits_place(record["crc"], digest, *(record[name] for name in PLACE))
            for record, digest in zip(records, row_digests(table, records), strict=True)
        ]
    except (ValueError, TypeError, OverflowError) as error:
        raise damaged(path, f"a value in table {table.name} is not of its type ({error})") from error
    for record, fits in zip(records, whole, strict=True):
        if not fits:
            raise damaged(path, f"in table {table.name}, {record['id']} is not as it was written")
    return records


def _record(table: Table, columns: Sequence[str], row: tuple[Any, ...]) -> dict[str, Any]:
    record = dict(zip(columns, row, strict=True))
    for column in table.columns:
        value = record[column.name]
        if value is not None and column.type in ("list", "ids"):
            record[column.name] = json.loads(value)
        elif value is not None and column.type == "boolean":
            record[column.name] = bool(value)
    return record
