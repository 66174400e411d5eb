"""The SQLite store: one file, nothing to install."""

from pathlib import Path
from typing import Self

from suyuan.errors import ConfigError
from suyuan.graph.store.base import Problem, RunInfo, Scope
from suyuan.graph.store.sqlite_check import problems
from suyuan.graph.store.sqlite_documents import SqliteDocuments
from suyuan.graph.store.sqlite_file import SqliteFile, require_features
from suyuan.graph.store.sqlite_migration import opened
from suyuan.graph.store.sqlite_runs import begin, finished_after, newest_finished, newest_runs, run_of_id
from suyuan.graph.store.sqlite_view import SqliteView
from suyuan.graph.store.sqlite_writer import SqliteWriter

_SCHEME = "sqlite:///"
EVERYONE_NOW = Scope()


class SqliteStore:
    """A store in one SQLite file; see :class:`suyuan.graph.store.base.Store`.

    Any number of processes and threads may read while one run writes.
    """

    def __init__(self, file: SqliteFile, url: str) -> None:
        self.url = url
        self.documents = SqliteDocuments(file)
        self._file = file

    @classmethod
    def open(cls, url: str, *, create: bool = True) -> Self:
        """The store at ``sqlite:///relative.db`` or ``sqlite:////absolute.db``.

        Parameters
        ----------
        create : whether a missing file is made.

        Raises
        ------
        ConfigError
            The URL has no path, or the file is missing and may not be made.
        CorruptStoreError
            The file is no Suyuan store, or damaged.
        """
        path = url.removeprefix(_SCHEME)
        if path == url or not path:
            raise ConfigError(
                f"{url!r} names no file; expected sqlite:///relative.db or sqlite:////absolute.db."
            )
        require_features()
        return cls(opened(Path(path), create_missing=create), url)

    def view(self, scope: Scope = EVERYONE_NOW) -> SqliteView:
        """A consistent reader at the newest finished run (or the newest by ``scope.known_at``)."""
        with self._file.reading() as connection:
            return SqliteView(self._file, newest_finished(connection, scope.known_at))

    def writer(self, fingerprint: str, *, full: bool = False, wait_seconds: float = 600.0) -> SqliteWriter:
        """Begins a run; see :meth:`suyuan.graph.store.base.Store.writer`."""
        begun = begin(self._file, fingerprint, full=full, wait_seconds=wait_seconds)
        return SqliteWriter(self._file, begun, full=full)

    def seq(self) -> int:
        """Number of the newest finished run, 0 if none."""
        with self._file.reading() as connection:
            return newest_finished(connection)

    def runs(self, *, last: int = 20) -> list[RunInfo]:
        """The newest runs, newest first."""
        with self._file.reading() as connection:
            return newest_runs(connection, last)

    def runs_after(self, seq: int, *, first: int = 100) -> list[RunInfo]:
        """The finished runs after a number, oldest first."""
        with self._file.reading() as connection:
            return finished_after(connection, seq, first)

    def run(self, run_id: str) -> RunInfo | None:
        """A run by its id."""
        with self._file.reading() as connection:
            return run_of_id(connection, run_id)

    def check(self, *, deep: bool = False) -> list[Problem]:
        """What is wrong with the file, its schema, and with ``deep`` its records and indexes."""
        return problems(self._file, deep=deep)

    def ping(self) -> None:
        """Raises StoreUnavailableError if the file cannot be read."""
        self.seq()

    def close(self) -> None:
        """Closes the connections."""
        self._file.close()
