"""The Neo4j store: the graph as an analyst browses it, and the record of truth for a shared server.

What stands where in the graph is told in :mod:`suyuan.graph.store.cypher`.
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import LiteralString, Self

from neo4j import ManagedTransaction

from suyuan.errors import ConflictError, StoreError
from suyuan.graph.store import cypher, cypher_runs
from suyuan.graph.store.base import Problem, RunInfo, Scope
from suyuan.graph.store.neo4j_check import deep_problems, schema_problems
from suyuan.graph.store.neo4j_connection import Connection, answer, carry_out
from suyuan.graph.store.neo4j_documents import Neo4jDocuments
from suyuan.graph.store.neo4j_runs import run_info, take_lease
from suyuan.graph.store.neo4j_sources import Sources
from suyuan.graph.store.neo4j_view import Neo4jView, counter
from suyuan.graph.store.neo4j_writer import Neo4jWriter

_NOW = Scope()
_SCHEMA_TRIES = 5


class Neo4jStore:
    """See :class:`suyuan.graph.store.base.Store`."""

    def __init__(self, connection: Connection) -> None:
        self.url = connection.address.shown
        self.documents = Neo4jDocuments(connection)
        self._connection = connection
        self._sources = Sources(connection)

    @classmethod
    def open(cls, url: str) -> Self:
        """The store at ``neo4j://user:password@host:7687/database`` (also ``neo4j+s``, ``bolt`` and the like).

        Constraints and indexes that are missing are made.

        Raises
        ------
        ConfigError
            The URL, user, password or database is wrong.
        StoreUnavailableError
            The server does not answer.
        """
        connection = Connection(url)
        try:
            connection.ping()
            _make_schema(connection)
        except BaseException:
            connection.close()
            raise
        return cls(connection)

    def view(self, scope: Scope = _NOW) -> Neo4jView:
        """A reader at the newest finished run, or the newest by ``scope.known_at``."""

        def work(tx: ManagedTransaction) -> tuple[int, int]:
            finished, _, undone = counter(tx)
            if scope.known_at is not None:
                finished = answer(tx, cypher_runs.FINISHED_BY, known_at=scope.known_at)
            return finished, undone

        return Neo4jView(self._connection, self._sources, *self._connection.read(work))

    def writer(self, fingerprint: str, *, full: bool = False, wait_seconds: float = 600.0) -> Neo4jWriter:
        """Begins a run, or takes up a dead one with the same fingerprint."""
        lease = take_lease(self._connection, fingerprint, wait_seconds)
        return Neo4jWriter(self._connection, lease, full=full)

    def seq(self) -> int:
        """Number of the newest finished run, 0 if none."""
        return self._connection.read(counter)[0]

    def runs(self, *, last: int = 20) -> list[RunInfo]:
        """The newest runs, newest first."""
        found = self._connection.read(lambda tx: answer(tx, cypher_runs.RUNS, last=last))
        return [run_info(properties) for properties in found]

    def runs_after(self, seq: int, *, first: int = 100) -> list[RunInfo]:
        """The finished runs after a number, oldest first."""
        found = self._connection.read(lambda tx: answer(tx, cypher_runs.RUNS_AFTER, seq=seq, first=first))
        return [run_info(properties) for properties in found]

    def run(self, run_id: str) -> RunInfo | None:
        """A run by its id."""
        found = self._connection.read(lambda tx: answer(tx, cypher_runs.RUN, run_id=run_id))
        return run_info(found) if found is not None else None

    def check(self, *, deep: bool = False) -> list[Problem]:
        """What is wrong: constraints and indexes; ``deep``: every record and the relationships it makes."""
        found = schema_problems(self._connection)
        return [*found, *deep_problems(self._connection, self.seq())] if deep else found

    def ping(self) -> None:
        """Raises StoreUnavailableError if the server does not answer."""
        self._connection.ping()

    def close(self) -> None:
        """Gives the connections back; a run still under way is left for dead."""
        self._connection.close()


def _make_schema(connection: Connection) -> None:
    for attempt in range(_SCHEMA_TRIES):
        there = set(connection.read(lambda tx: tx.run(cypher.SHOW_INDEXES).value("name")))
        missing: list[LiteralString] = [text for name, text in cypher.schema().items() if name not in there]
        if not missing:
            break
        try:
            connection.write(lambda tx, missing=missing: _create(tx, missing))
        except StoreError:
            if attempt == _SCHEMA_TRIES - 1:
                raise
            continue  # another process makes it at the same moment
        connection.read(lambda tx: carry_out(tx, cypher.AWAIT_INDEXES))
    with suppress(ConflictError):  # likewise
        connection.write(lambda tx: carry_out(tx, cypher_runs.MAKE_COUNTER))


def _create(tx: ManagedTransaction, texts: Iterable[LiteralString]) -> None:
    for text in texts:
        carry_out(tx, text)
