"""A SQLite file: its connections, its transactions, its errors."""

import os
import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from suyuan.errors import ConfigError, ConflictError, CorruptStoreError, StoreError, StoreUnavailableError
from suyuan.graph.store.sqlite_functions import add_functions

LOCK_SECONDS = 120.0
"""How long a statement waits for another process to end its transaction; a load's transactions are short."""

_IDLE_CONNECTIONS = 16
_PAGE_BYTES = 8192
_SIGNS_OF_DAMAGE = ("decode to UTF-8", "no such column", "no such table", "has no column named")
_OLDEST_SQLITE = (3, 31, 0)


class SqliteFile:
    """Connections to one file, lent to one thread at a time.

    A connection goes back to the pool after its transaction, so any number of threads may read; a process
    made by ``fork`` does not use its parent's connections.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._inherited: list[sqlite3.Connection] = []
        self._pid = os.getpid()
        self._closed = False

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection, None, None]:
        """A connection inside a read transaction: all its statements see one state."""
        with self._lent() as connection, self.errors():
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                rolled_back(connection)

    @contextmanager
    def writing(self, *, durable: bool = False) -> Generator[sqlite3.Connection, None, None]:
        """A connection inside a write transaction, committed at the end; ``durable`` waits for the disk."""
        with self._lent() as connection, self.errors():
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            with transaction(connection):
                yield connection

    def connect(self) -> sqlite3.Connection:
        """A new connection, to be closed by the caller."""
        with self.errors():
            connection = sqlite3.connect(
                self.path,
                timeout=LOCK_SECONDS,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=1024,
            )
            try:
                _prepare(connection)
            except BaseException:
                connection.close()
                raise
        return connection

    @contextmanager
    def errors(self) -> Generator[None, None, None]:
        """Turns what SQLite raises into errors of the tree."""
        try:
            yield
        except sqlite3.Error as error:
            raise store_error(self.path, error) from error
        except UnicodeDecodeError as error:  # what SQLite says quotes a damaged name
            raise damaged(self.path, str(error)) from error

    def close(self) -> None:
        """Closes the connections; those lent out are closed when they come back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextmanager
    def _lent(self) -> Generator[sqlite3.Connection, None, None]:
        connection = self._take()
        try:
            yield connection
        finally:
            self._give_back(connection)

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._closed:
                raise StoreUnavailableError(f"The store {self.path} was closed.")
            if self._pid != os.getpid():
                self._inherited += self._idle
                self._idle, self._pid = [], os.getpid()
            if self._idle:
                return self._idle.pop()
        return self.connect()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            if not self._closed and self._pid == os.getpid() and len(self._idle) < _IDLE_CONNECTIONS:
                self._idle.append(connection)
                return
        connection.close()


@contextmanager
def transaction(connection: sqlite3.Connection) -> Generator[None, None, None]:
    """A write transaction, committed at the end, undone on any error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        rolled_back(connection)


def rolled_back(connection: sqlite3.Connection) -> None:
    """Ends a transaction that is still open."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA cache_size = -16384")
    add_functions(connection)


def create(connection: sqlite3.Connection) -> None:
    """What can only be said of a file before its first table."""
    connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode = WAL")


def require_features() -> None:
    """Raises ConfigError if Python's SQLite library cannot keep a store."""
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        wanted = ".".join(map(str, _OLDEST_SQLITE))
        raise ConfigError(
            f"Python's SQLite library is {sqlite3.sqlite_version}; a store needs {wanted} or newer. "
            "Use a newer Python or a Neo4j store."
        )


def store_error(path: Path, error: sqlite3.Error) -> StoreError:
    """The error of the tree that says what SQLite's means for the user."""
    name = getattr(error, "sqlite_errorname", "") or ""
    operational = isinstance(error, sqlite3.OperationalError)
    if (operational and any(sign in str(error) for sign in _SIGNS_OF_DAMAGE)) or name.startswith(
        ("SQLITE_NOTADB", "SQLITE_CORRUPT")
    ):
        return damaged(path, str(error))
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return ConflictError(
            f"{path} was locked by another process for {LOCK_SECONDS:.0f} seconds. Try again when it is done."
        )
    if name.startswith("SQLITE_FULL"):
        return StoreError(
            f"There is no room left for {path}. Nothing was lost; free space on the disk, then run it again.",
            retryable=True,
        )
    if name.startswith("SQLITE_READONLY"):
        return StoreError(f"{path} cannot be written: file or folder is read-only. Allow writing to both.")
    if name.startswith("SQLITE_CANTOPEN"):
        return StoreUnavailableError(
            f"{path} cannot be opened. Check that the folder exists and may be used."
        )
    if name.startswith("SQLITE_IOERR"):
        return StoreError(
            f"Reading or writing {path} failed ({name}). Check the disk and its quota, then run it again.",
            retryable=True,
        )
    return StoreError(f"The store {path} failed: {error} ({name or type(error).__name__}).")


def damaged(path: Path, what: str) -> CorruptStoreError:
    """A store that is not as it was written."""
    return CorruptStoreError(
        f"The store {path} is damaged: {what}. Restore it from a backup, or move it away and ingest again; "
        "`suyuan doctor --deep` says what is damaged."
    )
