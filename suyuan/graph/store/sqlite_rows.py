"""Records between Arrow and SQL."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from suyuan.errors import CorruptStoreError
from suyuan.graph.model import Table
from suyuan.graph.records import batch_schema, digests
from suyuan.graph.row_digests import row_digests
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
                f"Table {table.name}, column {name}: a stored value is not of its type ({error}). "
                "Run `suyuan doctor --deep` to see which records are damaged."
            ) from error
    return pa.RecordBatch.from_arrays(
        arrays, schema=pa.schema([pa.field(name, types[name]) for name in columns])
    )


def damaged_records(table: Table, batch: pa.RecordBatch) -> list[str]:
    """Ids of the records whose content does not fit their digest; ``batch`` has all columns."""
    stored = batch.column("digest").to_pylist()
    content = batch.select(batch_schema(table).names)
    pairs = zip(stored, digests(table, content), batch.column("id").to_pylist(), strict=True)
    return [record for kept, now, record in pairs if kept != now]


def checked_rows(
    path: Path, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> list[dict[str, Any]]:
    """Rows as ``RecordBatch.to_pylist`` gives them; ``columns`` are those of a whole record.

    Raises
    ------
    CorruptStoreError
        A record does not fit its digest.
    """
    try:
        records = [_record(table, columns, row) for row in rows]
    except ValueError as error:
        raise damaged(path, f"a list in table {table.name} cannot be read ({error})") from error
    for record, digest in zip(records, row_digests(table, records), strict=True):
        if record["digest"] != digest:
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
