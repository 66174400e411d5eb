"""Random small graphs: rows of every table, and a dictionary that keeps them as a store would."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from suyuan.graph.ids import canonical_id
from suyuan.graph.model import EDGE_KINDS, NODE_KINDS, Column, Table
from suyuan.graph.records import digests
from suyuan.graph.rows import batch_of_rows
from suyuan.graph.tables import TABLES

KEYS = ("1", "2", "a:b", "义 乌", "100%")
TIMES = ("2024", "2024-03", "2024-03-02", "2024-03-02T10:00:00Z", "2024-03-01T23:59:59.000001Z", "1969")
UNITS = ("kg", "piece")


def random_row(table: Table, stream: random.Random) -> dict[str, Any]:
    """A row of a table; every column but the key is empty now and then."""
    row: dict[str, Any] = {}
    for column in table.columns:
        if column.name in table.key or stream.random() < 0.75:
            row[column.name] = _value(table, column, stream)
    return row


def _value(table: Table, column: Column, stream: random.Random) -> Any:
    if column.choices and column.type == "text":
        return stream.choice(column.choices)
    if column.type == "id":
        return random_id(_kinds(table, column.name), stream)
    if column.type == "ids":
        return [random_id(("Lot",), stream) for _ in range(stream.randint(0, 3))]
    if column.type == "list":
        return [stream.choice(column.choices or KEYS) for _ in range(stream.randint(0, 3))]
    if column.type == "time":
        return stream.choice(TIMES)
    if column.type == "number":
        return stream.choice((0.0, 0.5, 1.0))
    if column.type == "boolean":
        return stream.random() < 0.5
    return stream.choice(UNITS if column.name == "unit" else KEYS)


def _kinds(table: Table, column: str) -> Sequence[str]:
    for edge in table.edges:
        for end, kinds in ((edge.source, 0), (edge.target, 1)):
            if end.kind is None and end.columns == (column,):
                declared = EDGE_KINDS[edge.kind]
                return end.kinds or (declared.targets if kinds else declared.sources)
    return ("Firm",)


def random_id(kinds: Sequence[str], stream: random.Random) -> str:
    """A canonical id of one of the kinds."""
    kind = stream.choice(kinds)
    if kind == "Lot" and stream.random() < 0.2:
        return f"Lot:urn:x:{stream.choice('12')}"
    return canonical_id(kind, *(stream.choice(KEYS) for _ in NODE_KINDS[kind].key))


def random_tables(stream: random.Random, most: int = 5) -> dict[str, list[dict[str, Any]]]:
    """Rows of every table."""
    return {
        name: [random_row(table, stream) for _ in range(stream.randint(0, most))]
        for name, table in TABLES.items()
    }


class DictionaryView:
    """What a store shows, kept in dictionaries: a record's row and the number of its last change."""

    def __init__(self, stream: random.Random) -> None:
        self.seq = 0
        self._stream = stream
        self._records: dict[str, dict[str, tuple[dict[str, Any], int]]] = {name: {} for name in TABLES}
        self._retired: dict[tuple[str, str], int] = {}

    def write(self, rows: dict[str, list[dict[str, Any]]], retire: int = 0) -> None:
        """One run: writes rows, then retires some records."""
        self.seq += 1
        for name, table_rows in rows.items():
            batch = batch_of_rows(TABLES[name], table_rows)
            for record in batch.to_pylist():
                self._records[name][record["id"]] = (record, self.seq)
        held = [(name, record) for name, records in self._records.items() for record in records]
        for name, record in self._stream.sample(held, min(retire, len(held))):
            del self._records[name][record]
            self._retired[name, record] = self.seq

    def batches(
        self, table: str, columns: Sequence[str] | None = None, *, since: int = 0
    ) -> Iterator[pa.RecordBatch]:
        """Records in any order, in batches of any size."""
        rows = [record for record, seq in self._records[table].values() if seq > since]
        self._stream.shuffle(rows)
        size = self._stream.randint(1, 4)
        schema = batch_of_rows(TABLES[table], []).schema
        for begin in range(0, len(rows), size):
            batch = pa.RecordBatch.from_pylist(rows[begin : begin + size], schema=schema)
            batch = batch.append_column("digest", pa.array(digests(TABLES[table], batch), pa.binary(16)))
            yield batch.select(["id", *(columns if columns is not None else schema.names[1:])])

    def removed(self, since: int) -> Iterator[tuple[str, str]]:
        """Records retired after ``since`` (some of them written again later)."""
        yield from (record for record, seq in self._retired.items() if seq > since)

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """All records as Arrow gives them, by table."""
        return {name: [row for row, _ in records.values()] for name, records in self._records.items()}
