"""Opening a SQLite store: recognising the file, making and migrating its schema."""

import hashlib
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib.resources import files
from pathlib import Path

from suyuan.errors import ConfigError, CorruptStoreError
from suyuan.graph.store.row_checks import checked_columns
from suyuan.graph.store.search_entries import entry_columns, is_indexed
from suyuan.graph.store.sqlite_checking import check_anew
from suyuan.graph.store.sqlite_file import SqliteFile, create, damaged, transaction
from suyuan.graph.store.sqlite_schema import (
    APPLICATION_ID,
    column_types,
    indexes,
    link_name,
    list_ends,
    quoted,
    search_table,
    table_ddl,
)
from suyuan.graph.store.sqlite_seals import seal_all
from suyuan.graph.store.sqlite_search import rebuild
from suyuan.graph.tables import TABLES

_HEADER = b"SQLite format 3\x00"
_NUMBERED = re.compile(r"sqlite_(\d{4})_\w+\.sql")
_SEARCH_VERSION = 1
"""To be raised when the tokens of :mod:`suyuan.graph.searchtext` change."""
_CHECKS_VERSION = 1
"""To be raised when the numbers of :mod:`suyuan.graph.store.row_checks` change."""
_FIRST_SEALED = 2
"""Schema since which runs have seals."""


def opened(path: Path, *, create_missing: bool) -> SqliteFile:
    """The store in a file, its schema up to date.

    Raises
    ------
    ConfigError
        The file is missing, or its folder.
    CorruptStoreError
        The file is no Suyuan store.
    """
    _require_store_file(path, create_missing)
    file = SqliteFile(path)
    try:
        with closing(file.connect()) as connection, file.errors():
            _bring_up_to_date(path, connection)
    except BaseException:
        file.close()
        raise
    return file


def _require_store_file(path: Path, create_missing: bool) -> None:
    if path.is_dir() or not path.parent.is_dir():
        raise ConfigError(f"{path} cannot be a store: expected the path of a file in a folder that exists.")
    if not path.exists():
        if not create_missing:
            raise ConfigError(
                f"There is no store at {path}. Make one with `suyuan ingest`, or check the store URL."
            )
        return
    try:
        with path.open("rb") as stream:
            header = stream.read(len(_HEADER))
    except OSError as error:
        raise ConfigError(f"The store {path} cannot be read: {error.strerror}.") from error
    if header and header != _HEADER:
        raise CorruptStoreError(
            f"{path} is not a SQLite file (it begins with {header[:8]!r}). Give the path of a store, or of a "
            "file that does not exist yet."
        )


def _bring_up_to_date(path: Path, connection: sqlite3.Connection) -> None:
    application, version = _pragma(connection, "application_id"), _pragma(connection, "user_version")
    empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    if application != APPLICATION_ID and not (empty and application == version == 0):
        raise CorruptStoreError(
            f"{path} is a SQLite file of another program. Give the path of a store, or of a file that does "
            "not exist yet."
        )
    newest = max(number for number, _ in migrations())
    if version > newest:
        raise ConfigError(
            f"{path} was written by a newer Suyuan (schema {version}, this one knows up to {newest}). "
            "Install that version or a later one."
        )
    if empty:
        create(connection)
    if version < newest or _known_model(connection) != _model():
        with transaction(connection):
            _migrate(path, connection)


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def migrations() -> list[tuple[int, str]]:
    """Number and SQL of each migration, in order."""
    folder = files("suyuan.graph.store").joinpath("migrations")
    found = [(_NUMBERED.fullmatch(entry.name), entry) for entry in folder.iterdir()]
    return sorted((int(name[1]), entry.read_text("utf-8")) for name, entry in found if name)


def _known_model(connection: sqlite3.Connection) -> str | None:
    row = connection.execute("SELECT value FROM suyuan_meta WHERE key = 'model'").fetchone()
    return row[0] if row else None


def _model() -> str:
    """Stands for the declared tables, as far as the schema derives from them."""
    parts = [
        statement for table in TABLES.values() for statement in (*table_ddl(table), *indexes(table).values())
    ]
    parts += [link for link, _, _ in _links()]
    parts += [_search_model(name) for name in TABLES]
    parts += [f"{name} {_checks_model(name)}" for name in TABLES]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _links() -> Iterator[tuple[str, str, str]]:
    for table in TABLES.values():
        for column in list_ends(table):
            yield link_name(table, column), table.name, column


def _search_model(name: str) -> str:
    return f"{_SEARCH_VERSION} {' '.join(entry_columns(TABLES[name]))}"


def _checks_model(name: str) -> str:
    return f"{_CHECKS_VERSION} {' '.join(checked_columns(TABLES[name]))}"


def _migrate(path: Path, connection: sqlite3.Connection) -> None:
    """One transaction; another process may have done it in between."""
    version = _pragma(connection, "user_version")
    for number, script in migrations():
        if number > version:
            for statement in script.split(";\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
    if version < _FIRST_SEALED:
        seal_all(connection)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    if _known_model(connection) == _model():
        return
    for name, table in TABLES.items():
        for statement in table_ddl(table):
            connection.execute(statement)
        _add_columns(path, connection, name)
    for name, table in TABLES.items():
        if _changed(connection, f"checks {name}", _checks_model(name)):
            check_anew(connection, path, table)
    _follow_model(connection)
    connection.execute("INSERT OR REPLACE INTO suyuan_meta VALUES ('model', ?)", (_model(),))


def _add_columns(path: Path, connection: sqlite3.Connection, name: str) -> None:
    for stored in (name, f"{name}_history"):
        there = {row[1] for row in connection.execute(f"PRAGMA table_info({quoted(stored)})")}
        for column, sql in column_types(TABLES[name]).items():
            if column in there:
                continue
            if "NOT NULL" in sql and "DEFAULT" not in sql:
                raise damaged(path, f"table {stored} has no column {column}")
            connection.execute(f"ALTER TABLE {quoted(stored)} ADD COLUMN {quoted(column)} {sql}")


def _follow_model(connection: sqlite3.Connection) -> None:
    """Makes what derives from the records anew where its declaration changed."""
    for name, table in TABLES.items():
        filled = connection.execute(f"SELECT 1 FROM {quoted(name)} LIMIT 1").fetchone() is not None
        if filled:
            for statement in indexes(table).values():
                connection.execute(statement)
        if is_indexed(table) and _changed(connection, search_table(table), _search_model(name)) and filled:
            rebuild(connection, table)
    for link, name, column in _links():
        if _changed(connection, f"link {link}", "1"):
            for stored in (name, f"{name}_history"):
                connection.execute(
                    "INSERT OR IGNORE INTO suyuan_links (link, value, record)"
                    f" SELECT ?, e.value, t.id FROM {quoted(stored)} t, json_each(t.{quoted(column)}) e",
                    (link,),
                )


def _changed(connection: sqlite3.Connection, key: str, value: str) -> bool:
    row = connection.execute("SELECT value FROM suyuan_meta WHERE key = ?", (key,)).fetchone()
    connection.execute("INSERT OR REPLACE INTO suyuan_meta VALUES (?, ?)", (key, value))
    return row is None or row[0] != value
