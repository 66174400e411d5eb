"""Answers of requests that fail as a whole, in the shape that GraphQL answers have."""

from collections.abc import Mapping
from typing import Final

from graphql import GraphQLError
from starlette.responses import JSONResponse, Response

from suyuan.api.error_codes import HTTP_STATUS, labelled
from suyuan.errors import BusyError, StoreUnavailableError

COMMON_HEADERS: Final = {
    "cache-control": "no-store",
    "vary": "accept",
    "x-content-type-options": "nosniff",
}
_RETRY_UNAVAILABLE: Final = 5


def refusal(message: str, code: str, status: int, headers: Mapping[str, str]) -> Response:
    """Answer what is no proper request, or somebody who may not ask."""
    challenge = {"www-authenticate": "Bearer"} if status == 401 else {}
    body = {"errors": [{"message": message, "extensions": {"code": code}}]}
    return JSONResponse(body, status, headers={**COMMON_HEADERS, **challenge, **headers})


def failure(error: Exception, *, request_id: str | None = None) -> Response:
    """Answer a request that failed; an internal error keeps its message to itself."""
    visible = labelled(GraphQLError(str(error), original_error=error), request_id=request_id)
    code = str((visible.extensions or {})["code"])
    return refusal(visible.message, code, HTTP_STATUS[code], _retry(error))


def _retry(error: Exception) -> dict[str, str]:
    if isinstance(error, BusyError):
        return {"retry-after": str(error.retry_after_seconds)}
    return {"retry-after": str(_RETRY_UNAVAILABLE)} if isinstance(error, StoreUnavailableError) else {}
