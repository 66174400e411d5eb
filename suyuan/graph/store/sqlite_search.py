"""Full-text search in SQLite: one index a table, brought up to date when a run ends."""

import sqlite3
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from suyuan.errors import SuyuanError
from suyuan.graph.ids import normal_id, split_id
from suyuan.graph.model import Table
from suyuan.graph.searchtext import fold, phrases
from suyuan.graph.store.search_entries import bodies, entry_columns, folded, is_indexed, names
from suyuan.graph.store.sqlite_codes import needs_entry
from suyuan.graph.store.sqlite_rows import batch_of
from suyuan.graph.store.sqlite_schema import comma, quoted, search_table
from suyuan.graph.store.sqlite_versions import Versions
from suyuan.graph.tables import TABLES

_AT_ONCE = 50_000


def add_entries(
    connection: sqlite3.Connection, table: Table, numbers: Sequence[int], batch: pa.RecordBatch
) -> None:
    """Indexes records; ``batch`` has ``id`` and the entry columns. Plain codes are found without an entry."""
    needed = needs_entry(table, batch)
    if not pc.all(needed).as_py():
        numbers = pc.filter(pa.array(numbers, pa.int64()), needed).to_pylist()
        batch = batch.filter(needed)
    if not numbers:
        return
    rows = zip(
        numbers,
        batch.column("id").to_pylist(),
        folded(names(table, batch)).to_pylist(),
        bodies(table, batch).to_pylist(),
        strict=True,
    )
    connection.executemany(
        f"INSERT INTO {quoted(search_table(table))} (rowid, id, name, body) VALUES (?, ?, ?, ?)", rows
    )


def drop_entries(connection: sqlite3.Connection, table: Table, numbers: Sequence[int]) -> None:
    """Takes records out of the index."""
    connection.executemany(
        f"DELETE FROM {quoted(search_table(table))} WHERE rowid = ?", [(number,) for number in numbers]
    )


def follow_changes(connection: sqlite3.Connection, table: Table, seq: int) -> None:
    """Brings the index up to date with what a run changed or retired; new records are in it already."""
    current, history = quoted(table.name), quoted(f"{table.name}_history")
    joined = f"{history} h LEFT JOIN {current} t ON t.record_no = h.record_no AND t.id = h.id"
    differs = " OR ".join(f"t.{quoted(name)} IS NOT h.{quoted(name)}" for name in entry_columns(table))
    changed = connection.execute(
        f"SELECT h.record_no FROM {joined} WHERE h.until = ? AND (t.id IS NULL OR {differs})", (seq,)
    )
    numbers = [number for (number,) in changed]
    for start in range(0, len(numbers), _AT_ONCE):
        part = numbers[start : start + _AT_ONCE]
        drop_entries(connection, table, part)
        _index(connection, table, part)


def _index(connection: sqlite3.Connection, table: Table, numbers: Sequence[int]) -> None:
    columns = ["id", *dict.fromkeys(entry_columns(table))]
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS suyuan_numbers (number INTEGER PRIMARY KEY)")
    connection.execute("DELETE FROM suyuan_numbers")
    connection.executemany("INSERT INTO suyuan_numbers VALUES (?)", [(number,) for number in numbers])
    rows = connection.execute(
        f"SELECT t.record_no, {comma(columns, 't.')} FROM temp.suyuan_numbers n"
        f" CROSS JOIN {quoted(table.name)} t ON t.record_no = n.number"
    ).fetchall()
    batch = batch_of(table, columns, [row[1:] for row in rows])
    add_entries(connection, table, [row[0] for row in rows], batch)


def rebuild(connection: sqlite3.Connection, table: Table) -> None:
    """Makes the index of a table anew from its current records."""
    connection.execute(f"DELETE FROM {quoted(search_table(table))}")
    numbers = [number for (number,) in connection.execute(f"SELECT record_no FROM {quoted(table.name)}")]
    for start in range(0, len(numbers), _AT_ONCE):
        _index(connection, table, numbers[start : start + _AT_ONCE])


def searched_tables(kinds: Sequence[str] | None) -> list[Table]:
    """The indexed tables of these kinds (of all, if None)."""
    return [
        table for table in TABLES.values() if is_indexed(table) and (kinds is None or table.kind in kinds)
    ]


def match_query(text: str) -> str | None:
    """The full-text query for a text; None if it has no word in it."""
    terms = [f'"{" ".join(phrase.tokens)}"' + (" *" if phrase.prefix else "") for phrase in phrases(text)]
    return " AND ".join(terms) or None


def matches(
    versions: Versions, table: Table, text: str, *, first: int, after: tuple[int, str] | None
) -> list[tuple[int, str]]:
    """(rank, id) of the records whose entries a text finds, in order, at most ``first`` after ``after``."""
    query = match_query(text)
    if query is None or not versions.count(table):
        return []
    name = quoted(search_table(table))
    rank = "CASE WHEN name = :folded THEN 0 WHEN substr(name, 1, length(:folded)) = :folded THEN 1 ELSE 2 END"
    visible = "" if versions.newest else f" AND {_existed(table)}"
    return versions.connection.execute(
        f"SELECT {rank} AS place, id FROM {name} AS s WHERE {name} MATCH :query"
        f" AND ({rank}, id) > (:rank, :id){visible} ORDER BY place, id LIMIT :first",
        {
            "folded": fold(text),
            "query": query,
            "rank": after[0] if after else -1,
            "id": after[1] if after else "",
            "seq": versions.seq,
            "first": first,
        },
    ).fetchall()


def _existed(table: Table) -> str:
    current, history = quoted(table.name), quoted(f"{table.name}_history")
    return (
        f"(EXISTS (SELECT 1 FROM {current} t WHERE t.id = s.id AND t.seq <= :seq)"
        f" OR EXISTS (SELECT 1 FROM {history} h WHERE h.id = s.id AND h.seq <= :seq AND h.until > :seq))"
    )


def named_node(text: str) -> str | None:
    """The canonical id that a text spells, if it does."""
    try:
        return normal_id(text)
    except SuyuanError:
        return None


def last_key(node_id: str) -> str:
    """The last key column of an id, what a node without a name is called."""
    return split_id(node_id)[1][-1]
