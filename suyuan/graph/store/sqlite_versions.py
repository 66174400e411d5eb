"""The versions of records that hold at one run."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from suyuan.graph.model import Table
from suyuan.graph.store.base import Provenance
from suyuan.graph.store.sqlite_rows import checked_rows
from suyuan.graph.store.sqlite_schema import comma, quoted, record_columns

_ORIGIN = "LEFT JOIN suyuan_runs r ON r.seq = t.seq LEFT JOIN suyuan_sources f ON f.number = t.source_file"


@dataclass(frozen=True, slots=True)
class Record:
    """A version of a record, checked against its digest. ``row`` is as ``RecordBatch.to_pylist`` gives it."""

    table: Table
    row: Mapping[str, Any]
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Part:
    """Where versions are kept: an SQL table, and the condition (on alias ``t``) that holds at the run."""

    name: str
    condition: str


@dataclass(frozen=True, slots=True)
class Versions:
    """Reads within one transaction.

    ``newest`` means that no later run has begun, so the current versions are the answer.
    """

    connection: sqlite3.Connection
    path: Path
    seq: int
    newest: bool
    counts: dict[str, int] = field(default_factory=dict)

    @classmethod
    def at(cls, connection: sqlite3.Connection, path: Path, seq: int) -> "Versions":
        """The versions at run ``seq``."""
        later = connection.execute("SELECT 1 FROM suyuan_runs WHERE seq > ? LIMIT 1", (seq,)).fetchone()
        return cls(connection, path, seq, later is None)

    def parts(self, table: Table) -> list[Part]:
        """Where versions of a table have to be looked for: nowhere, if it holds none.

        A table whose first load is under way has no index yet, and need not be read.
        """
        return self.all_parts(table) if self.count(table) else []

    def all_parts(self, table: Table) -> list[Part]:
        """Where versions of a table may be."""
        current = quoted(table.name)
        if self.newest:
            return [Part(current, "TRUE")]
        history = Part(quoted(f"{table.name}_history"), f"t.seq <= {self.seq} AND t.until > {self.seq}")
        return [Part(current, f"t.seq <= {self.seq}"), history]

    def all(self, table: Table, columns: Sequence[str], since: int) -> Iterator[sqlite3.Cursor]:
        """These columns of every version, or of those written after run ``since``; one cursor a part."""
        wanted = comma(list(columns), "t.")
        parts = self.parts(table)
        if since > 0 and parts:
            parts = self._since(table, parts, since)
        for part in parts:
            yield self.connection.execute(f"SELECT {wanted} FROM {part.name} t WHERE {part.condition}")

    def _since(self, table: Table, parts: list[Part], since: int) -> list[Part]:
        """New records have numbers from the first that a run gave out; the others left an older version."""
        name = quoted(table.name)
        first_no = self.connection.execute(
            "SELECT min(first_no) FROM suyuan_changes WHERE table_name = ? AND seq > ? AND seq <= ?",
            (table.name, since, self.seq),
        ).fetchone()[0]
        if first_no is None:
            return []
        later = f"t.seq > {since} AND t.seq <= {self.seq}"
        overwritten = f"SELECT record_no FROM {quoted(f'{table.name}_history')} WHERE until > {since}"
        new = Part(name, f"t.record_no >= {first_no} AND {later}")
        changed = Part(name, f"t.record_no < {first_no} AND t.record_no IN ({overwritten}) AND {later}")
        older = [Part(part.name, f"{part.condition} AND t.seq > {since}") for part in parts[1:]]
        return [new, changed, *older]

    def removed(self, table: Table, since: int) -> list[str]:
        """Ids of records that some run after ``since`` retired and that do not hold now."""
        history = quoted(f"{table.name}_history")
        holds = " OR ".join(
            f"EXISTS (SELECT 1 FROM {part.name} t WHERE t.id = h.id AND {part.condition})"
            for part in self.all_parts(table)
        )
        rows = self.connection.execute(
            f"SELECT DISTINCT h.id FROM {history} h WHERE h.until > ? AND h.until <= ? AND NOT ({holds})",
            (since, self.seq),
        )
        return [record for (record,) in rows]

    def overwritten(self, table: Table, since: int) -> set[str]:
        """Ids of records whose version at run ``since`` ceased to hold by this run."""
        rows = self.connection.execute(
            f"SELECT id FROM {quoted(f'{table.name}_history')}"
            " WHERE until > :since AND until <= :seq AND seq <= :since",
            {"since": since, "seq": self.seq},
        )
        return {record for (record,) in rows}

    def count(self, table: Table) -> int:
        """How many records hold."""
        if table.name not in self.counts:
            self.counts[table.name] = self._counted(table)
        return self.counts[table.name]

    def _counted(self, table: Table) -> int:
        found = self.connection.execute(
            "SELECT records FROM suyuan_changes WHERE table_name = ? AND seq <= ? AND records IS NOT NULL"
            " ORDER BY seq DESC LIMIT 1",
            (table.name, self.seq),
        ).fetchone()
        return found[0] if found else 0

    def by_id(self, table: Table, ids: Iterable[str]) -> list[Record]:
        """Those of the records that hold."""
        asked = json.dumps(list(dict.fromkeys(ids)))
        return [
            record
            for part in self.parts(table)
            for record in self._records(
                table, f"json_each(?) j CROSS JOIN {part.name} t ON t.id = j.value", part.condition, asked
            )
        ]

    def by_row(self, table: Table, part: Part, rows: Iterable[int]) -> dict[int, Record]:
        """The versions in these rows of a part."""
        asked = sorted(set(rows))
        found = self._records(
            table, f"json_each(?) j CROSS JOIN {part.name} t ON t.rowid = j.value", "TRUE", json.dumps(asked)
        )
        return dict(zip(asked, found, strict=True))

    def matching(self, table: Table, part: Part, tables: str, condition: str, asked: str) -> list[Record]:
        """The versions that a join with what is asked (JSON, bound to the first parameter) finds."""
        return list(self._records(table, tables, f"{part.condition} AND {condition}", asked))

    def _records(self, table: Table, tables: str, condition: str, asked: str) -> Iterator[Record]:
        columns = record_columns(table)
        rows = self.connection.execute(
            f"SELECT {comma(columns, 't.')}, r.run_id, f.name, f.sha256 FROM {tables} {_ORIGIN}"
            f" WHERE {condition}",
            (asked,),
        ).fetchall()
        if not rows:
            return
        records = checked_rows(self.path, table, columns, [row[:-3] for row in rows])
        for values, origin in zip(records, rows, strict=True):
            yield Record(table, values, _provenance(table, values, *origin[-3:]))


def _provenance(
    table: Table, values: Mapping[str, Any], run_id: str, file: str | None, sha256: str | None
) -> Provenance:
    return Provenance(
        table.name, values["id"], file or "", sha256 or "", values["row"] or 0, run_id, values["seq"]
    )
