"""The SQL of the declared tables.

A table of the exchange format is one SQL table of the same name (current versions) and one
``<name>_history`` (versions that no longer hold, with the run ``until`` which they held). Text is TEXT,
times INTEGER microseconds with a ``<column>_precision``, lists JSON text. ``record_no`` is the record's
number within the table, stable over its versions; ``crc`` is the row's check number
(:mod:`suyuan.graph.store.row_checks`). Edges have no rows: they are found through an index over
each set of columns that names a node, and through ``suyuan_links`` where a list names nodes.
"""

from collections.abc import Iterator
from functools import cache

import pyarrow as pa

from suyuan.graph.model import End, Table, ValueType
from suyuan.graph.records import DIGEST_BYTES, batch_schema
from suyuan.graph.store.search_entries import entry_columns, is_indexed
from suyuan.graph.tables import TABLES, table_of_kind

APPLICATION_ID = 0x53555955
"""``SUYU``: tells a Suyuan store from any other SQLite file."""

_CODES = frozenset({"waybill", "document_no"})
"""Searchable columns that hold codes rather than words."""

_SQL_TYPES: dict[ValueType, str] = {
    "text": "TEXT",
    "id": "TEXT",
    "number": "REAL",
    "integer": "INTEGER",
    "boolean": "INTEGER",
    "time": "INTEGER",
    "list": "TEXT",
    "ids": "TEXT",
}


def quoted(name: str) -> str:
    """A name of the model as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def comma(names: list[str], prefix: str = "") -> str:
    """Names as a list of SQL columns."""
    return ", ".join(prefix + quoted(name) for name in names)


@cache
def record_columns(table: Table) -> list[str]:
    """Columns of a version as stored: those of a batch, then ``digest``, ``seq`` and ``crc``."""
    return [*batch_schema(table).names, "digest", "seq", "crc"]


@cache
def arrow_types(table: Table) -> dict[str, pa.DataType]:
    """Arrow type of each of :func:`record_columns`, and of ``rowid``."""
    types = {field.name: field.type for field in batch_schema(table)}
    return {
        **types,
        "digest": pa.binary(DIGEST_BYTES),
        "seq": pa.int64(),
        "crc": pa.int64(),
        "rowid": pa.int64(),
    }


def own(table: Table, end: End) -> bool:
    """Whether an end is the node that the record itself is."""
    return end.kind is not None and end.kind == table.kind and end.columns == table.key


@cache
def list_ends(table: Table) -> list[str]:
    """List columns that name nodes."""
    ends = [end for edge in table.edges for end in (edge.source, edge.target) if end.many]
    return list(dict.fromkeys(end.columns[-1] for end in ends))


def link_name(table: Table, column: str) -> str:
    """What a list column is called in ``suyuan_links``."""
    return f"{table.name}.{column}"


@cache
def index_columns(table: Table) -> list[tuple[str, ...]]:
    """Column sets to be indexed: each that names a node, unless another set begins with it."""
    wanted = {
        end.columns
        for edge in table.edges
        for end in (edge.source, edge.target)
        if not end.many and not own(table, end)
    }
    ends = (end for each in TABLES.values() for edge in each.edges for end in (edge.source, edge.target))
    wanted |= {(end.by,) for end in ends if end.by and end.kind and table_of_kind(end.kind) is table}
    return sorted(
        columns
        for columns in wanted
        if not any(other != columns and other[: len(columns)] == columns for other in wanted)
    )


@cache
def code_columns(table: Table) -> list[str]:
    """The entry columns of a table whose texts are codes, two at most; none for all other tables."""
    columns = list(dict.fromkeys(entry_columns(table)))
    coded = is_indexed(table) and all(name in _CODES for name in columns[:-1]) and len(columns) <= 2
    return columns if coded else []


@cache
def indexes(table: Table) -> dict[str, str]:
    """The statements that make the indexes of current versions, by name.

    They are run once a table holds records.
    """
    wanted = {f"{table.name}_by_{'_and_'.join(names)}": comma(list(names)) for names in index_columns(table)}
    for name in code_columns(table):
        wanted[f"{table.name}_code_{name}"] = f"{quoted(name)} COLLATE NOCASE"
    return {
        name: f"CREATE INDEX IF NOT EXISTS {quoted(name)} ON {quoted(table.name)} ({columns})"
        for name, columns in wanted.items()
    }


def column_types(table: Table) -> dict[str, str]:
    """SQL type of each of :func:`record_columns`."""
    types = dict.fromkeys(record_columns(table), "INTEGER")
    types |= {column.name: _SQL_TYPES[column.type] for column in table.columns}
    return types | {
        "id": "TEXT NOT NULL",
        "extra": "TEXT",
        "digest": "BLOB NOT NULL",
        "seq": "INTEGER NOT NULL",
        "crc": "INTEGER NOT NULL DEFAULT 0",
    }


def table_ddl(table: Table) -> Iterator[str]:
    """The statements that make what a declared table needs, where it is not there."""
    name, history = quoted(table.name), quoted(f"{table.name}_history")
    columns = ", ".join(f"{quoted(column)} {sql}" for column, sql in column_types(table).items())
    yield f"CREATE TABLE IF NOT EXISTS {name} (record_no INTEGER PRIMARY KEY, {columns}, UNIQUE (id))"
    yield (
        f"CREATE TABLE IF NOT EXISTS {history} (version_no INTEGER PRIMARY KEY, record_no INTEGER NOT NULL,"
        f" {columns}, until INTEGER NOT NULL)"
    )
    for column in ("id", "until"):
        index = quoted(f"{table.name}_history_by_{column}")
        yield f"CREATE INDEX IF NOT EXISTS {index} ON {history} ({column})"
    if is_indexed(table):
        yield (
            f"CREATE VIRTUAL TABLE IF NOT EXISTS {quoted(search_table(table))} USING"
            " fts5(id UNINDEXED, name UNINDEXED, body, tokenize = 'ascii', columnsize = 0)"
        )


def search_table(table: Table) -> str:
    """Name of the full-text index of a table.

    Its tokenizer takes every byte beyond ASCII as part of a word, so the tokens are exactly those that
    :mod:`suyuan.graph.searchtext` has put between blanks, whatever the Unicode version of the SQLite library.
    """
    return f"{table.name}_search"
