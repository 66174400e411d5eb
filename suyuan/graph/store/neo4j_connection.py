"""The way to a Neo4j server: URL, driver, managed transactions, errors in our own words."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any, LiteralString, Protocol, TypeVar
from urllib.parse import unquote, urlsplit

from neo4j import Driver, GraphDatabase, ManagedTransaction, Session
from neo4j import exceptions as failures
from neo4j.api import BookmarkManager

from suyuan.errors import ConfigError, ConflictError, StoreError, StoreUnavailableError

T = TypeVar("T")
Work = Callable[[ManagedTransaction], T]


class Transactions(Protocol):
    """What runs work in transactions that may write."""

    def __call__(self, work: Work[T], /) -> T:
        """Runs ``work``, which must be repeatable, in a transaction and gives what it gives."""
        ...


DEFAULT_DATABASE = "neo4j"
DEFAULT_PORT = 7687
FETCH_SIZE = 10_000
READ_RETRY_SECONDS = 5.0
"""A reader is told soon that the server is gone; a load waits longer for it to come back."""
WRITE_RETRY_SECONDS = 30.0

_UNAVAILABLE = (
    failures.ServiceUnavailable,
    failures.SessionExpired,
    failures.ConnectionAcquisitionTimeoutError,
)
_NO_SUCH_DATABASE = "Neo.ClientError.Database.DatabaseNotFound"


@dataclass(frozen=True, slots=True)
class Address:
    """What a store URL says: ``uri`` and ``shown`` are without password."""

    uri: str
    user: str
    password: str
    database: str
    shown: str


def address_of(url: str) -> Address:
    """Takes ``neo4j://user:password@host:7687/database`` apart; a query (``?policy=...``) goes to the driver.

    Raises
    ------
    ConfigError
        There is no host.
    """
    parts = urlsplit(url)
    if not parts.hostname:
        raise ConfigError(
            f"The store URL names no host; expected {parts.scheme}://user:password@host:7687/database."
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = f"{host}:{parts.port or DEFAULT_PORT}"
    options = f"?{parts.query}" if parts.query else ""
    database = unquote(parts.path.strip("/")) or DEFAULT_DATABASE
    user = f"{parts.username}@" if parts.username else ""
    return Address(
        uri=f"{parts.scheme}://{place}{options}",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        database=database,
        shown=f"{parts.scheme}://{user}{place}/{database}",
    )


class _Bookmarks:
    """One bookmark manager for each database, so that every store of a process reads what any has written."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._managers: dict[tuple[str, str], BookmarkManager] = {}

    def of(self, address: Address) -> BookmarkManager:
        with self._lock:
            key = (address.uri, address.database)
            if key not in self._managers:
                self._managers[key] = GraphDatabase.bookmark_manager()
            return self._managers[key]

    def forget(self, address: Address) -> None:
        with self._lock:
            self._managers.pop((address.uri, address.database), None)


_BOOKMARKS = _Bookmarks()


def forget_bookmarks(url: str) -> None:
    """Forgets how far a database had got, because another one has taken its place: it counts from the start."""
    _BOOKMARKS.forget(address_of(url))


class Connection:
    """Managed transactions on one database; the driver repeats them after transient failures."""

    def __init__(self, url: str) -> None:
        self.address = address_of(url)
        self._bookmarks = _BOOKMARKS.of(self.address)
        auth = (self.address.user, self.address.password) if self.address.user else None
        try:
            self.driver: Driver = GraphDatabase.driver(
                self.address.uri, auth=auth, notifications_min_severity="OFF", user_agent="suyuan"
            )
        except (ValueError, failures.ConfigurationError) as error:
            raise ConfigError(f"{self.address.shown} cannot be used as a store URL: {error}") from error

    @contextmanager
    def _session(self, retry_seconds: float) -> Generator[Session]:
        session = self.driver.session(
            database=self.address.database,
            bookmark_manager=self._bookmarks,
            fetch_size=FETCH_SIZE,
            max_transaction_retry_time=retry_seconds,
        )
        try:
            yield session
        finally:
            try:
                session.close()
            finally:
                # Where rolling back on a cut connection failed, the first call left the session open.
                session.close()

    def read(self, work: Work[T]) -> T:
        """Runs ``work`` in a transaction that only reads."""
        with self.errors(), self._session(READ_RETRY_SECONDS) as session:
            return session.execute_read(work)

    def write(self, work: Work[T]) -> T:
        """Runs ``work`` in a transaction that may write; it must be repeatable."""
        with self.errors(), self._session(WRITE_RETRY_SECONDS) as session:
            return session.execute_write(work)

    def ping(self) -> None:
        """Raises StoreUnavailableError if the server does not answer, without trying again."""
        with self.errors(), self._session(0.0) as session:
            session.run("RETURN 1").consume()

    def close(self) -> None:
        """Gives the connections back."""
        self.driver.close()

    @contextmanager
    def errors(self) -> Generator[None]:
        """Turns the driver's errors into the store's."""
        try:
            yield
        except (failures.Neo4jError, failures.DriverError, OSError) as error:
            raise self._wrapped(error) from error

    def _wrapped(self, error: Exception) -> Exception:
        shown, user = self.address.shown, self.address.user
        if isinstance(error, failures.AuthError):
            return ConfigError(
                f"Neo4j at {shown} refused user {user!r}. Check user and password in the store URL."
            )
        if isinstance(error, failures.Neo4jError):
            return self._wrapped_answer(error)
        if isinstance(error, failures.ConfigurationError):
            return ConfigError(f"{shown} cannot be used as a store URL: {error}")
        if isinstance(error, (*_UNAVAILABLE, OSError)):
            return StoreUnavailableError(
                f"Neo4j at {shown} does not answer ({error}). Start it, or check host and port of the store URL."
            )
        return StoreError(f"The connection to Neo4j at {shown} failed: {error}")

    def _wrapped_answer(self, error: failures.Neo4jError) -> Exception:
        shown = self.address.shown
        if error.code == _NO_SUCH_DATABASE:
            return ConfigError(
                f"Neo4j at {shown} has no database {self.address.database!r}. Check the end of the store URL."
            )
        if isinstance(error, failures.ConstraintError):
            return ConflictError(f"Neo4j at {shown} holds another thing of the same key: {error.message}")
        if isinstance(error, failures.DatabaseUnavailable):
            return StoreUnavailableError(f"The database of {shown} is not available: {error.message}")
        return StoreError(
            f"Neo4j at {shown} answered: {error.message} ({error.code})", retryable=error.is_retryable()
        )


def answer(tx: ManagedTransaction, text: LiteralString, /, **parameters: Any) -> Any:
    """The one value that a statement returns."""
    return tx.run(text, parameters).single(strict=True).value()


def columns(tx: ManagedTransaction, text: LiteralString, /, **parameters: Any) -> list[Any]:
    """The values of the one row that a statement returns."""
    return tx.run(text, parameters).single(strict=True).values()


def carry_out(tx: ManagedTransaction, text: LiteralString, /, **parameters: Any) -> None:
    """Runs a statement that returns nothing."""
    tx.run(text, parameters).consume()
