"""Every error Suyuan raises on purpose.

    SuyuanError
    ├── ConfigError                     a setting, environment variable or installation is wrong
    ├── IngestError                     a source could not be read (source, row, field)
    │   ├── MappingError                a column mapping does not fit the source
    │   └── RecordError                 a record breaks the exchange format
    ├── StoreError                      the store refused or failed (retryable)
    │   ├── StoreUnavailableError       the store does not answer
    │   ├── CorruptStoreError           what is stored is not what was written
    │   ├── ConflictError               somebody else holds or changed it
    │   ├── BusyError                   too much is waiting; later it will do (retry_after_seconds)
    │   └── NotFoundError               no such thing (kind, key)
    ├── GraphError
    │   ├── UnknownKindError            no such node or edge kind
    │   ├── UnknownNodeError            no such node in the snapshot
    │   └── SnapshotError               a saved snapshot cannot be used
    ├── AlgorithmError
    │   ├── ParameterError              a parameter is outside what is allowed
    │   ├── NotConvergedError           an iteration did not settle
    │   └── LimitError                  a limit was reached and no partial answer is possible
    └── AccessError                     not allowed, or not known who asks

``code`` is stable and is what GraphQL puts in ``extensions.code``; the message is for people.
"""

from collections.abc import Sequence
from typing import Self


class SuyuanError(Exception):
    """Base of every error raised on purpose."""

    code = "INTERNAL_SERVER_ERROR"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def at(self, place: str) -> Self:
        """The same error, with the place it was met at in front of its message."""
        self.message = f"{place}: {self.message}"
        self.args = (self.message,)
        return self

    def to_json(self) -> dict[str, object]:
        """Code, message and the typed fields."""
        fields = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        return {"code": self.code, "message": self.message, **fields}


class ConfigError(SuyuanError):
    """A setting, environment variable or installation is wrong."""

    code = "BAD_USER_INPUT"


class IngestError(SuyuanError):
    """A source could not be read.

    ``source`` is the file as the user named it, ``row`` counts data rows from 1, ``field`` is the column.
    """

    code = "BAD_USER_INPUT"

    def __init__(
        self, message: str, *, source: str, row: int | None = None, field: str | None = None
    ) -> None:
        place = source + (f", row {row}" if row is not None else "") + (f", column {field}" if field else "")
        super().__init__(f"{place}: {message}")
        self.source = source
        self.row = row
        self.field = field


class MappingError(IngestError):
    """A column mapping does not fit the source, or the mapping file itself is wrong."""


class RecordError(IngestError):
    """A record breaks the exchange format."""


class StoreError(SuyuanError):
    """The store refused or failed; ``retryable`` says whether the same call may succeed later."""

    code = "STORE_UNAVAILABLE"

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable


class StoreUnavailableError(StoreError):
    """The store does not answer."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=True)


class CorruptStoreError(StoreError):
    """What is stored is not what was written: a digest, a schema or a file does not fit."""

    code = "INTERNAL_SERVER_ERROR"


class ConflictError(StoreError):
    """Somebody else holds the thing or changed it in between; what was done once and for all is not ``retryable``."""

    code = "CONFLICT"

    def __init__(self, message: str, *, retryable: bool = True) -> None:
        super().__init__(message, retryable=retryable)


class BusyError(StoreError):
    """Too much is waiting, or somebody else writes; the same call will do after ``retry_after_seconds``."""

    code = "RATE_LIMITED"

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message, retryable=True)
        self.retry_after_seconds = retry_after_seconds


class NotFoundError(StoreError):
    """There is no such thing; ``kind`` and ``key`` name it."""

    code = "NOT_FOUND"

    def __init__(self, kind: str, key: str) -> None:
        super().__init__(
            f"There is no {kind} {key!r} in the store. Check the id, or ingest the data that names it."
        )
        self.kind = kind
        self.key = key


class GraphError(SuyuanError):
    """Something about the graph's kinds, nodes or snapshot is wrong."""

    code = "BAD_USER_INPUT"


class UnknownKindError(GraphError):
    """No node or edge kind of that name."""

    def __init__(self, name: str, allowed: Sequence[str]) -> None:
        super().__init__(f"{name!r} is no known kind; expected one of {', '.join(allowed)}.")
        self.name = name
        self.allowed = tuple(allowed)


class UnknownNodeError(GraphError):
    """The snapshot has no such node."""

    code = "NOT_FOUND"

    def __init__(self, node_id: str) -> None:
        super().__init__(
            f"There is no node {node_id!r} in the graph. Check the id, or ingest the data that names it."
        )
        self.node_id = node_id


class SnapshotError(GraphError):
    """A saved snapshot cannot be used: damaged, of another version, or not a snapshot."""

    code = "INTERNAL_SERVER_ERROR"


class AlgorithmError(SuyuanError):
    """A computation could not be carried out."""

    code = "BAD_USER_INPUT"


class ParameterError(AlgorithmError):
    """A parameter is outside what is allowed."""

    def __init__(self, name: str, value: object, allowed: str) -> None:
        super().__init__(f"{name} = {value!r} is not possible; expected {allowed}.")
        self.name = name
        self.value = value
        self.allowed = allowed


class NotConvergedError(AlgorithmError):
    """An iteration did not settle within its limit."""

    code = "INTERNAL_SERVER_ERROR"

    def __init__(self, n_iter: int, residual: float) -> None:
        super().__init__(f"No convergence after {n_iter} iterations (residual {residual:.3g}).")
        self.n_iter = n_iter
        self.residual = residual


class LimitError(AlgorithmError):
    """A limit was reached and no partial answer is possible."""

    code = "QUERY_TOO_COMPLEX"

    def __init__(self, what: str, limit: int, found: int | None = None) -> None:
        more = "" if found is None else f" (found {found})"
        super().__init__(f"More than {limit} {what}{more}. Ask for less, or raise the limit.")
        self.what = what
        self.limit = limit
        self.found = found


class AccessError(SuyuanError):
    """Not allowed (``FORBIDDEN``), or it is not known who asks (``UNAUTHENTICATED``)."""

    code = "FORBIDDEN"

    def __init__(self, message: str, *, authenticated: bool = True) -> None:
        super().__init__(message)
        self.authenticated = authenticated
        self.code = "FORBIDDEN" if authenticated else "UNAUTHENTICATED"
