"""Records for the contract tests: batches from plain rows, and sample rows by the declared tables."""

from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa

from suyuan.graph.ids import canonical_id
from suyuan.graph.model import NODE_KINDS, Column, End, Table
from suyuan.graph.records import batch_schema, precision_name, record_id, time_text
from suyuan.graph.store.base import RunInfo, Store, Writer
from suyuan.graph.tables import TABLES

Row = Mapping[str, object]
"""Column -> value. A time is (microseconds, precision) or microseconds; ``extra`` is JSON text."""

DAY = 86_400_000_000
SHA = "5f" * 32


def moment(value: object) -> tuple[int, int]:
    """Microseconds and precision of a time as rows give it."""
    if isinstance(value, tuple):
        return int(value[0]), int(value[1])  # pyright: ignore[reportUnknownArgumentType]
    assert isinstance(value, int)
    return value, 0


def key_texts(table: Table, row: Row) -> list[str]:
    """The key columns of a row as they go into its id."""
    found: list[str] = []
    for name in table.key:
        value = row[name]
        found.append(time_text(*moment(value)) if table.column(name).type == "time" else str(value))
    return found


def id_of(table_name: str, row: Row) -> str:
    """The record id of a row."""
    table = TABLES[table_name]
    return record_id(table, key_texts(table, row))


def batch(table_name: str, rows: Sequence[Row], *, source: int = 1, first_row: int = 1) -> pa.RecordBatch:
    """Rows as a batch of records."""
    table = TABLES[table_name]
    full: list[dict[str, object]] = []
    for number, row in enumerate(rows, first_row):
        values: dict[str, object] = {"id": id_of(table_name, row), "source_file": source, "row": number}
        for column in table.columns:
            _fill(values, column, row.get(column.name))
        values["extra"] = row.get("extra")
        full.append(values)
    return pa.RecordBatch.from_pylist(full, schema=batch_schema(table))


def _fill(values: dict[str, object], column: Column, value: object) -> None:
    if column.type == "time" and value is not None:
        values[column.name], values[precision_name(column.name)] = moment(value)
    else:
        values[column.name] = value


def write(
    writer: Writer,
    data: Mapping[str, Sequence[Row]],
    *,
    file: str = "a.csv",
    present: Sequence[str] | None = None,
) -> tuple[int, int]:
    """Upserts rows by table from one file; (written, unchanged)."""
    source = writer.add_source(file, SHA, 100)
    written = unchanged = 0
    for table, rows in data.items():
        counts = writer.upsert(table, batch(table, rows, source=source.number), present=present)
        written += counts.written
        unchanged += counts.unchanged
    return written, unchanged


def load(
    store: Store,
    data: Mapping[str, Sequence[Row]],
    *,
    file: str = "a.csv",
    present: Sequence[str] | None = None,
) -> RunInfo:
    """One whole run."""
    with store.writer("load") as writer:
        write(writer, data, file=file, present=present)
        return writer.finish({"file": file})


def rows_of(store: Store, table: str, *columns: str) -> dict[str, tuple[object, ...]]:
    """Id -> values of the columns, at the newest finished run."""
    return values_of(store.view().batches(table, columns), columns)


def values_of(batches: Iterable[pa.RecordBatch], columns: Sequence[str]) -> dict[str, tuple[object, ...]]:
    """Id -> values of the columns; ids must be unique."""
    found: dict[str, tuple[object, ...]] = {}
    for part in batches:
        for values in part.to_pylist():
            assert values["id"] not in found
            found[values["id"]] = tuple(values[column] for column in columns)
    return found


def firm(number: int, name: str = "", **more: object) -> Row:
    """A firm."""
    return {"firm_id": f"F{number}", "name": name or f"Firm {number}", **more}


def shipment(number: int, source: str, target: str, **more: object) -> Row:
    """A shipment between two sites."""
    return {"shipment_id": f"SH{number:05}", "from_site": source, "to_site": target, **more}


def sample_rows(count: int = 3) -> dict[str, list[Row]]:
    """Rows of every table with every column filled; each declared edge is made at least once."""
    return {name: [_sample_row(table, i) for i in range(count)] for name, table in TABLES.items()}


def _sample_row(table: Table, i: int) -> Row:
    row: dict[str, object] = {column.name: _sample_value(table, column, i) for column in table.columns}
    row["extra"] = '{"note":"extra"}' if i == 0 else None
    return row


def _sample_value(table: Table, column: Column, i: int) -> object:
    if column.choices and column.type == "text":
        return column.choices[i % len(column.choices)]
    match column.type:
        case "number":
            return i + 0.25
        case "integer":
            return i
        case "boolean":
            return i % 2 == 0
        case "time":
            return (20_000 + i) * DAY + (0 if i % 2 else 3_600_000_001), 1 if i % 2 else 0
        case "list":
            return [_shared_text(column.name, 0), _shared_text(column.name, i)]
        case "id":
            return _sample_id(table, column.name, i)
        case "ids":
            return [_sample_id(table, column.name, 0), _sample_id(table, column.name, i + 1)]
        case _:
            return _shared_text(column.name, i)


def _shared_text(column: str, i: int) -> str:
    return f"number:{i}" if column in ("number", "claimed_rights") else f"v {i}:{i}%"


def _sample_id(table: Table, column: str, i: int) -> str:
    kinds = next(
        end.kinds or ("Firm", "Listing")
        for edge in table.edges
        for end in (edge.source, edge.target)
        if end.kind is None and end.columns == (column,)
    )
    kind = kinds[i % len(kinds)]
    return canonical_id(kind, *(f"k {i}" for _ in NODE_KINDS[kind].key))


def ends(table: Table) -> list[tuple[str, End, End]]:
    """Kind, source and target of each declared edge."""
    return [(edge.kind, edge.source, edge.target) for edge in table.edges]
