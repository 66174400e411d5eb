"""What a client may see of an error: a stable code and a message that gives nothing away."""

import re
import traceback
import uuid
from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

import structlog
from graphql import ExecutionResult as CoreExecutionResult
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.types import ExecutionResult

from suyuan.errors import SuyuanError

BAD_USER_INPUT = "BAD_USER_INPUT"
INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"
PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
TIMEOUT = "TIMEOUT"
UNAUTHENTICATED = "UNAUTHENTICATED"

HTTP_STATUS = {
    BAD_USER_INPUT: 400,
    UNAUTHENTICATED: 401,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "CONFLICT": 409,
    PAYLOAD_TOO_LARGE: 413,
    "QUERY_TOO_COMPLEX": 400,
    "RATE_LIMITED": 429,
    TIMEOUT: 503,
    "STORE_UNAVAILABLE": 503,
    INTERNAL_SERVER_ERROR: 500,
}
"""Every code with the HTTP status of a request that is refused with it."""

_LONGEST_MESSAGE = 1_000
_LONG_NUMBER = re.compile(r"\d{7,}")

_log = structlog.get_logger("suyuan.api")


@runtime_checkable
class HasRequestId(Protocol):
    """A request context that knows the id under which the request is logged."""

    request_id: str


def labelled(error: GraphQLError, *, request_id: str | None = None) -> GraphQLError:
    """Give an error its ``extensions.code``; hide and log what nobody raised on purpose.

    Parameters
    ----------
    error : as GraphQL reports it; one that already carries a code is returned as it is
    request_id : named in the message and in the log; a new one is made when there is none

    Returns
    -------
    An error with the same path and place. The code is that of the :class:`SuyuanError` behind it,
    ``BAD_USER_INPUT`` when the request itself is wrong (syntax, validation, variables), and
    ``INTERNAL_SERVER_ERROR`` with a general message for any other exception.
    """
    if "code" in (error.extensions or {}):
        return error
    cause = _cause(error)
    if cause is None:
        return _with_code(error, error.message, {"code": BAD_USER_INPUT})
    if isinstance(cause, SuyuanError) and cause.code != INTERNAL_SERVER_ERROR:
        return _with_code(error, cause.message, {"code": cause.code})
    return _hidden(error, cause, request_id or uuid.uuid4().hex)


def _cause(error: GraphQLError) -> Exception | None:
    """Find the exception behind an error that is not GraphQL's own, if there is one."""
    cause: Exception | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def _hidden(error: GraphQLError, cause: Exception, request_id: str) -> GraphQLError:
    # Formatted here: a renderer given the exception may print local variables, and with them tokens.
    # Long numbers in messages may be phones or identity cards.
    trace = _LONG_NUMBER.sub("#", "".join(traceback.format_exception(cause)))
    _log.error("unexpected error", request_id=request_id, path=error.path, exception=trace)
    message = f"The server failed on this request. Give request id {request_id} to whoever runs it."
    return _with_code(error, message, {"code": INTERNAL_SERVER_ERROR, "requestId": request_id})


def _with_code(error: GraphQLError, message: str, extensions: dict[str, Any]) -> GraphQLError:
    short = message if len(message) <= _LONGEST_MESSAGE else message[:_LONGEST_MESSAGE] + "…"
    return GraphQLError(
        short,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions={**(error.extensions or {}), **extensions},
    )


def without_suggestion(message: str) -> str:
    """A message of GraphQL's validation without the names that it proposes.

    Examples
    --------
    >>> without_suggestion("Cannot query field 'nod' on type 'Query'. Did you mean 'node'?")
    "Cannot query field 'nod' on type 'Query'."
    """
    return message.partition(" Did you mean ")[0]


class LabelErrors(SchemaExtension):
    """Labels the errors of every result, over HTTP and over WebSocket.

    List it first among a schema's extensions, so that it sees the errors of the others too, and give the
    schema a ``process_errors`` that does nothing: what has to be logged is logged here.
    """

    def on_operation(self) -> Iterator[None]:
        """Label the one result of a query or mutation."""
        yield
        self._label(self.execution_context.result)

    def on_stream_result(self, result: object) -> Iterator[None]:
        """Label each result of a subscription before it is sent."""
        self._label(result)
        yield

    def _label(self, result: object) -> None:
        if isinstance(result, (CoreExecutionResult, ExecutionResult)) and result.errors:
            context = self.execution_context.context
            request_id = context.request_id if isinstance(context, HasRequestId) else None
            result.errors = [labelled(error, request_id=request_id) for error in result.errors]
