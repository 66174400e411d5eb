"""``POST /ingest/{table}``: rows as JSON lines, answered when they are in the store."""

import asyncio
import re
from typing import Final
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from suyuan.api.admission import Admission
from suyuan.api.answers import COMMON_HEADERS, failure, refusal
from suyuan.api.error_codes import BAD_USER_INPUT, HTTP_STATUS, TIMEOUT
from suyuan.api.http_request import RequestRefusedError, announced_length, read_body
from suyuan.api.media_types import parse_media_type
from suyuan.errors import NotFoundError
from suyuan.graph.tables import TABLES
from suyuan.service.posting import PostQueue, delivery
from suyuan.settings import Settings

_ID_HEADERS: Final = ("idempotency-key", "x-batch-id")
_ID: Final = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,198}")
_BODY_SECONDS: Final = 60.0


class PostEndpoint:
    """Takes posts of rows; see :mod:`suyuan.service.posting`."""

    def __init__(self, queue: PostQueue, admission: Admission, settings: Settings) -> None:
        self._queue = queue
        self._admission = admission
        self._max_bytes = settings.max_ingest_bytes

    async def post(self, request: Request) -> Response:
        """Answer one post."""
        try:
            return await self._answer(request)
        except RequestRefusedError as error:
            return refusal(error.reason, error.code, error.status_code, error.headers)
        except TimeoutError:
            message = f"The rows did not arrive within {_BODY_SECONDS:g} s. Send fewer at a time."
            return refusal(message, TIMEOUT, HTTP_STATUS[TIMEOUT], {"connection": "close"})
        except Exception as error:
            return failure(error, request_id=request.state.request_id)

    async def _answer(self, request: Request) -> Response:
        caller = await self._admission.sender(request)
        table = str(request.path_params["table"])
        if table not in TABLES:
            raise NotFoundError("table", table)
        batch_id = _batch_id(request)
        _check_content(request)
        announced = announced_length(request, self._max_bytes)
        with self._queue.place(self._max_bytes if announced is None else announced):
            async with asyncio.timeout(_BODY_SECONDS):
                body = await read_body(request, self._max_bytes)
            what = delivery(table, body, subject=caller.subject if caller else "local", batch_id=batch_id)
            answer = await asyncio.wrap_future(self._queue.submit(what))
        return JSONResponse(answer, headers=COMMON_HEADERS)


def _batch_id(request: Request) -> str | None:
    """The sender's id of the post; quotes around it (RFC 8941 strings) are not part of it."""
    given = {name: request.headers[name] for name in _ID_HEADERS if name in request.headers}
    ids = {name: text[1:-1] if re.fullmatch(r'".*"', text) else text for name, text in given.items()}
    if len(set(ids.values())) > 1:
        raise RequestRefusedError("Idempotency-Key and X-Batch-Id differ. Send one of them.")
    for name, text in ids.items():
        if not _ID.fullmatch(text):
            raise RequestRefusedError(
                f"{name} must be 1 to 199 printable ASCII characters, such as {uuid4()}."
            )
    return next(iter(ids.values()), None)


def _check_content(request: Request) -> None:
    encoding = request.headers.get("content-encoding", "identity")
    found = request.headers.get("content-type", "")
    if encoding != "identity" or parse_media_type(found).name == "multipart/form-data":
        raise RequestRefusedError(
            f"The body is {found or 'of no type'}, encoding {encoding}; expected plain application/x-ndjson.",
            code=BAD_USER_INPUT,
            status=415,
            headers={"accept-post": "application/x-ndjson"},
        )
