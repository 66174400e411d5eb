"""SQL functions and expressions that spell canonical ids."""

import sqlite3

from suyuan.graph.ids import escape_key
from suyuan.graph.model import End, Table
from suyuan.graph.store.sqlite_schema import own, quoted

_RESERVED = "%\x01-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"


def add_functions(connection: sqlite3.Connection) -> None:
    """Makes the functions that expressions of this module call known to a connection."""
    connection.create_function("suyuan_escape", 1, _escape, deterministic=True)


def _escape(text: str) -> str:
    return escape_key(text, last=True)


def end_id(table: Table, end: End, prefix: str) -> str:
    """SQL for the canonical id at an end named by columns; ``prefix`` is the table's alias and a dot."""
    if own(table, end):
        return f"{prefix}id"
    columns = [prefix + quoted(column) for column in end.columns]
    if end.kind is None:
        return columns[0]
    parts = [_escaped(f"coalesce({column}, '')", last=False) for column in columns[:-1]]
    return " || ':' || ".join([f"'{end.kind}'", *parts, _escaped(columns[-1], last=True)])


def _escaped(value: str, *, last: bool) -> str:
    plain = value if last else f"replace({value}, ':', '%3A')"
    escaped = f"suyuan_escape({value})"
    escaped = escaped if last else f"replace({escaped}, ':', '%3A')"
    return f"CASE WHEN {value} GLOB '*[{_RESERVED}]*' THEN {escaped} ELSE {plain} END"
