"""Writing the records of one table within a run."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from suyuan.errors import CorruptStoreError
from suyuan.graph.model import Table
from suyuan.graph.records import batch_schema, digests, precision_name
from suyuan.graph.store.base import UpsertCounts
from suyuan.graph.store.row_checks import digest_words, row_checks
from suyuan.graph.store.search_entries import is_indexed
from suyuan.graph.store.sqlite_rows import batch_of, damaged_records, to_arrow, to_sql
from suyuan.graph.store.sqlite_schema import arrow_types, comma, link_name, list_ends, quoted, record_columns
from suyuan.graph.store.sqlite_search import add_entries, drop_entries


@dataclass(frozen=True, slots=True)
class _Stored:
    """What the table holds of a batch's ids."""

    record_no: int
    seq: int
    digest: bytes
    kept: tuple[Any, ...]
    """Values of the columns that the source lacks."""


@dataclass(slots=True)
class TableWriter:
    """A table while a run writes it.

    ``first_no`` is the first number that this run gives out; ``fresh`` means that the table was empty when
    the run came to it and has been given no record twice since, so there is nothing to look up. What a resumed
    run wrote before it was cut off counts as written when it comes again.
    """

    table: Table
    seq: int
    full: bool
    resumed: bool
    first_no: int
    next_no: int
    fresh: bool
    named: str = field(init=False)

    def __post_init__(self) -> None:
        self.named = quoted(f"named_{self.table.name}")

    @classmethod
    def begin(
        cls, connection: sqlite3.Connection, table: Table, seq: int, *, full: bool, resumed: bool
    ) -> Self:
        """Notes that the run comes to the table (again, if it was taken up)."""
        next_no = connection.execute(
            f"SELECT coalesce(max(record_no), 0) + 1 FROM {quoted(table.name)}"
        ).fetchone()[0]
        connection.execute(
            "INSERT OR IGNORE INTO suyuan_changes (table_name, seq, first_no) VALUES (?, ?, ?)",
            (table.name, seq, next_no),
        )
        first_no = connection.execute(
            "SELECT first_no FROM suyuan_changes WHERE table_name = ? AND seq = ?", (table.name, seq)
        ).fetchone()[0]
        writer = cls(table, seq, full, resumed, first_no, max(first_no, next_no), next_no == 1)
        connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {writer.named} (record_no INTEGER PRIMARY KEY)")
        return writer

    def existing(self, connection: sqlite3.Connection, ids: Sequence[str]) -> set[str]:
        """Those of the ids that the table holds."""
        rows = connection.execute(
            f"SELECT t.id FROM json_each(?) j CROSS JOIN {quoted(self.table.name)} t ON t.id = j.value",
            (json.dumps(list(ids)),),
        )
        return {record for (record,) in rows}

    def upsert(
        self, connection: sqlite3.Connection, batch: pa.RecordBatch, present: Sequence[str] | None
    ) -> UpsertCounts:
        """Writes a batch and tells what became of it."""
        batch = _storable(batch)
        if self.fresh:
            connection.execute("SAVEPOINT fresh")
            try:
                self._insert(connection, batch, digests(self.table, batch))
                return UpsertCounts(batch.num_rows, 0)
            except sqlite3.IntegrityError:
                connection.execute("ROLLBACK TO fresh")
                self.fresh = False
        return self._merge(connection, batch, present)

    def _merge(
        self, connection: sqlite3.Connection, batch: pa.RecordBatch, present: Sequence[str] | None
    ) -> UpsertCounts:
        lacking = _lacking(self.table, present)
        ids = batch.column("id").to_pylist()
        stored = self._stored(connection, ids, lacking)
        batch = _filled_in(self.table, batch, lacking, [stored.get(record) for record in ids])
        content = digests(self.table, batch)
        new: list[int] = []
        changed: list[int] = []
        unchanged: list[int] = []
        unchanged_at: list[int] = []
        for place, (record, digest) in enumerate(zip(ids, content, strict=True)):
            known = stored.get(record)
            if known is None:
                new.append(place)
            elif known.digest != digest:
                changed.append(place)
            elif known.seq < self.seq or not self.resumed:
                unchanged.append(known.record_no)
                unchanged_at.append(place)
        if new:
            self._insert(connection, batch.take(pa.array(new)), [content[place] for place in new])
        if changed:
            before = [stored[ids[place]] for place in changed]
            self._change(connection, batch.take(pa.array(changed)), [content[p] for p in changed], before)
        if self.full:
            rows = [(number,) for number in unchanged]
            connection.executemany(f"INSERT OR IGNORE INTO temp.{self.named} VALUES (?)", rows)
        return UpsertCounts(batch.num_rows - len(unchanged), len(unchanged), unchanged_at)

    def _stored(
        self, connection: sqlite3.Connection, ids: list[str], lacking: list[str]
    ) -> dict[str, _Stored]:
        whole = record_columns(self.table) if lacking else []
        columns = comma(["id", "record_no", "seq", "digest", *lacking, *whole], "t.")
        rows = connection.execute(
            f"SELECT {columns} FROM json_each(?) j CROSS JOIN {quoted(self.table.name)} t ON t.id = j.value",
            (json.dumps(ids),),
        ).fetchall()
        end = 4 + len(lacking)
        if whole:
            self._require_whole(whole, [row[end:] for row in rows])
        return {row[0]: _Stored(*row[1:4], kept=row[4:end]) for row in rows}

    def _require_whole(self, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
        """What is kept of a record goes into its new digest, which must not cover up damage."""
        for record in damaged_records(self.table, batch_of(self.table, columns, rows)):
            raise CorruptStoreError(
                f"In table {self.table.name}, {record} is not as it was written, and a source that lacks columns "
                "would keep its values. Run `suyuan doctor --deep`; restore a backup, or ingest into a new store."
            )

    def _insert(self, connection: sqlite3.Connection, batch: pa.RecordBatch, content: list[bytes]) -> None:
        """Writes records that the table does not hold. Columns without any value are not even named."""
        numbers = range(self.next_no, self.next_no + batch.num_rows)
        filled = [name for name in batch.schema.names if batch.column(name).null_count < batch.num_rows]
        columns = ["record_no", *filled, "digest", "crc", "seq"]
        values = [to_sql(batch.column(name)) for name in filled]
        marks = ", ".join("?" * (len(columns) - 1))
        connection.executemany(
            f"INSERT INTO {quoted(self.table.name)} ({comma(columns)}) VALUES ({marks}, {self.seq})",
            zip(numbers, *values, content, self._checks(batch, content), strict=True),
        )
        if is_indexed(self.table):
            add_entries(connection, self.table, numbers, batch)
        self._link(connection, batch)
        self.next_no += batch.num_rows

    def _change(
        self,
        connection: sqlite3.Connection,
        batch: pa.RecordBatch,
        content: list[bytes],
        before: list[_Stored],
    ) -> None:
        self._keep_versions(connection, [known.record_no for known in before if known.seq < self.seq])
        columns = [*batch.schema.names[1:], "digest", "crc"]
        values = [to_sql(batch.column(name)) for name in columns[:-2]]
        checks = self._checks(batch, content)
        assignments = ", ".join(f"{quoted(name)} = ?" for name in columns)
        connection.executemany(
            f"UPDATE {quoted(self.table.name)} SET {assignments}, seq = {self.seq} WHERE record_no = ?",
            zip(*values, content, checks, [known.record_no for known in before], strict=True),
        )
        self._index_again(connection, batch, [known.record_no for known in before])
        self._link(connection, batch)

    def _checks(self, batch: pa.RecordBatch, content: list[bytes]) -> list[int]:
        return row_checks(self.table, batch, digest_words(content), self.seq).tolist()

    def _keep_versions(self, connection: sqlite3.Connection, numbers: list[int]) -> None:
        columns = ["record_no", *record_columns(self.table)]
        connection.execute(
            f"INSERT INTO {quoted(f'{self.table.name}_history')} ({comma(columns)}, until)"
            f" SELECT {comma(columns, 't.')}, ? FROM json_each(?) j"
            f" CROSS JOIN {quoted(self.table.name)} t ON t.record_no = j.value",
            (self.seq, json.dumps(numbers)),
        )

    def _index_again(self, connection: sqlite3.Connection, batch: pa.RecordBatch, numbers: list[int]) -> None:
        """Mends the entries of records that this run made itself; those of older ones wait for its end."""
        mine = [place for place, number in enumerate(numbers) if number >= self.first_no]
        if not mine or not is_indexed(self.table):
            return
        drop_entries(connection, self.table, [numbers[place] for place in mine])
        add_entries(connection, self.table, [numbers[place] for place in mine], batch.take(pa.array(mine)))

    def _link(self, connection: sqlite3.Connection, batch: pa.RecordBatch) -> None:
        for column in list_ends(self.table):
            lists = batch.column(column)
            records = pc.take(batch.column("id"), pc.list_parent_indices(lists))
            connection.executemany(
                "INSERT OR IGNORE INTO suyuan_links (link, value, record) VALUES"
                f" ('{link_name(self.table, column)}', ?, ?)",
                zip(pc.list_flatten(lists).to_pylist(), records.to_pylist(), strict=True),
            )


def retire(connection: sqlite3.Connection, table: Table, seq: int, source_names: Sequence[str]) -> int:
    """Retires the records that came from a source of one of these names and were not named by this run."""
    name, columns = quoted(table.name), comma(["record_no", *record_columns(table)])
    unnamed = (
        f"FROM {name} WHERE seq < :seq AND source_file IN (SELECT number FROM suyuan_sources WHERE name IN"
        " (SELECT value FROM json_each(:names)))"
        f" AND record_no NOT IN (SELECT record_no FROM temp.{quoted(f'named_{table.name}')})"
    )
    places = {"seq": seq, "names": json.dumps(list(source_names))}
    connection.execute(
        f"INSERT INTO {quoted(f'{table.name}_history')} ({columns}, until) SELECT {columns}, :seq {unnamed}",
        places,
    )
    return connection.execute(f"DELETE {unnamed}", places).rowcount


def _storable(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with the numbers that SQLite keeps: not-a-number is unknown, minus zero is zero."""
    for place, column in enumerate(batch.schema):
        values = batch.column(place)
        if pa.types.is_floating(column.type) and values.null_count < len(values):
            finite = pc.if_else(pc.is_nan(values), pa.scalar(None, column.type), pc.add(values, 0.0))
            batch = batch.set_column(place, column, finite)
    return batch


def _lacking(table: Table, present: Sequence[str] | None) -> list[str]:
    """Columns, with the companions of times, that a source does not have."""
    if present is None:
        return []
    had = {"id", "source_file", "row", *table.key, *present}
    had |= {precision_name(name) for name in had}
    return [name for name in batch_schema(table).names if name not in had]


def _filled_in(
    table: Table, batch: pa.RecordBatch, lacking: list[str], stored: list[_Stored | None]
) -> pa.RecordBatch:
    """The batch with what is stored in the columns that its source lacks."""
    types = arrow_types(table)
    arrays = {name: batch.column(name) for name in batch.schema.names}
    for place, name in enumerate(lacking):
        kept = [None if known is None else known.kept[place] for known in stored]
        if any(value is not None for value in kept):
            is_known = pa.array([known is not None for known in stored])
            arrays[name] = pc.if_else(is_known, to_arrow(kept, types[name]), arrays[name])
    return pa.RecordBatch.from_arrays(list(arrays.values()), schema=batch.schema)
