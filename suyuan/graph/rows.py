"""Small graphs written down as rows: for tests, notebooks and examples."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from suyuan.errors import RecordError
from suyuan.graph.build import build_snapshot
from suyuan.graph.model import Column, Table
from suyuan.graph.records import Precision, batch_schema, precision_name, record_id, time_text
from suyuan.graph.snapshot import GraphSnapshot
from suyuan.graph.tables import TABLES

Row = Mapping[str, Any]

_SPANS = {4: Precision.YEAR, 7: Precision.MONTH, 10: Precision.DAY}


def snapshot_of_rows(rows: Mapping[str, Sequence[Row]], seq: int = 0) -> GraphSnapshot:
    """The graph of rows by table.

    Parameters
    ----------
    rows : by table, dictionaries with the columns of the exchange format. Times are ISO 8601 texts (``2025``,
        ``2025-03``, ``2025-03-02``, ``2025-03-02T10:10:00Z``) or microseconds; lists are lists, or texts with
        ``;`` between the entries.

    Raises
    ------
    RecordError
        A row lacks its key, or a time cannot be read.

    Examples
    --------
    >>> graph = snapshot_of_rows({"shipments": [{"shipment_id": "1", "from_site": "A", "to_site": "B"}]})
    >>> len(graph.movements), graph.nodes["Site"].ids.to_pylist()
    (1, ['Site:A', 'Site:B'])
    """
    return build_snapshot({name: [batch_of_rows(TABLES[name], rows[name])] for name in rows}, seq)


def batch_of_rows(table: Table, rows: Iterable[Row]) -> pa.RecordBatch:
    """Rows as a batch of records; of rows with the same key the last one counts."""
    records = {}
    for number, row in enumerate(rows, start=1):
        record = _record(table, row, number)
        records[record["id"]] = record
    return pa.RecordBatch.from_pylist(list(records.values()), schema=batch_schema(table))


def _record(table: Table, row: Row, number: int) -> dict[str, Any]:
    record: dict[str, Any] = {"source_file": 0, "row": number}
    for column in table.columns:
        value = row.get(column.name)
        if value is None or value == "":
            continue
        record |= _value(table, column, value, number)
    extra = {name: row[name] for name in sorted(row) if name not in table.by_name}
    record["extra"] = json.dumps(extra, ensure_ascii=False, sort_keys=True) if extra else None
    record["id"] = record_id(table, [_key(table, name, record, number) for name in table.key])
    return record


def _value(table: Table, column: Column, value: Any, number: int) -> dict[str, Any]:
    if column.type == "time":
        micros, precision = _time(table, column, value, number)
        return {column.name: micros, precision_name(column.name): int(precision)}
    if column.type in ("list", "ids") and isinstance(value, str):
        return {column.name: [entry for entry in value.split(";") if entry]}
    if column.type == "number":
        return {column.name: float(value)}
    return {column.name: value}


def _time(table: Table, column: Column, value: Any, number: int) -> tuple[int, Precision]:
    if isinstance(value, int):
        return value, Precision.EXACT
    precision = _SPANS.get(len(value), Precision.EXACT)
    try:
        moment = datetime.fromisoformat((value + "-01-01")[:10] if precision else value)
    except ValueError as error:
        raise RecordError(
            f"{value!r} is no time; expected ISO 8601: 2025-03-02T10:10:00Z, 2025-03-02, 2025-03 or 2025",
            source=table.name,
            row=number,
            field=column.name,
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds, precision


def _key(table: Table, name: str, record: Mapping[str, Any], number: int) -> str:
    if name not in record:
        raise RecordError(
            "the key column is empty; expected a value", source=table.name, row=number, field=name
        )
    if table.column(name).type == "time":
        return time_text(record[name], record[precision_name(name)])
    return str(record[name])
