"""The GraphQL endpoint: GraphQL over HTTP, and subscriptions over WebSocket."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import cast

from cross_web import AsyncHTTPRequestAdapter, HTTPException, StarletteRequestAdapter
from graphql import GraphQLError
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError, MissingQueryError
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.http.base import BaseRequestProtocol
from strawberry.schema import BaseSchema
from strawberry.schema.exceptions import (
    CannotGetOperationTypeError,
    InvalidOperationTypeError,
)
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType
from strawberry.types.unset import UNSET, UnsetType

from suyuan.api.answers import COMMON_HEADERS, failure, refusal
from suyuan.api.error_codes import (
    BAD_USER_INPUT,
    HTTP_STATUS,
    INTERNAL_SERVER_ERROR,
    TIMEOUT,
    labelled,
)
from suyuan.api.http_request import RequestRefusedError, decode_json, read_request
from suyuan.api.media_types import GRAPHQL_RESPONSE, JSON, negotiate
from suyuan.errors import AccessError, SuyuanError

MakeContext = Callable[[HTTPConnection], Awaitable[object]]
Admit = Callable[[object], Awaitable[None]]

_WEBSOCKET_UNAUTHORIZED = 4401
_WEBSOCKET_FORBIDDEN = 4403
_WEBSOCKET_TRY_LATER = 1013


class _RequestAdapter(StarletteRequestAdapter):
    """What Strawberry sees of a request, with the request itself at hand."""

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self.request = request


class GraphQLView(GraphQL[object, None]):
    """Serves one schema at one path, for HTTP and WebSocket alike.

    HTTP follows GraphQL over HTTP: POST with JSON, GET for queries, ``application/graphql-response+json``
    with 4xx and 5xx for requests that fail as a whole, ``application/json`` for clients that ask for it or
    for nothing. Forms, multipart bodies and batches are refused, so a page of another origin cannot send
    an operation without the browser asking first. Subscriptions go by ``graphql-transport-ws`` only.

    Parameters
    ----------
    schema : what is served; its extensions should begin with :class:`LabelErrors` and
        :class:`RequireOperationName`
    make_context : awaited once a request or connection; what it returns is the ``context`` of the resolvers.
        It may raise :class:`AccessError` to refuse the caller. For a WebSocket it is awaited before the
        ``connection_init`` message; if the context has an attribute ``connection_params``, that is set to the
        message's payload before ``admit`` is awaited. A context with ``request_id: str`` has it in errors.
    admit : awaited with the context after ``connection_init``; raises :class:`AccessError` to refuse
    max_body_bytes : longest request body
    time_budget_seconds : longest time from the head of an HTTP request to its answer; None for any
    max_subscriptions_per_connection : running operations of one WebSocket
    allowed_origins : origins besides the server's own whose pages may open a WebSocket

    Notes
    -----
    The length of a WebSocket message and the Host header are the server's to check
    (``ws_max_size`` of uvicorn, ``TrustedHostMiddleware`` of Starlette).

    References
    ----------
    GraphQL over HTTP, working draft; graphql-transport-ws, protocol of the package graphql-ws.
    """

    request_adapter_class = _RequestAdapter

    def __init__(
        self,
        schema: BaseSchema,
        *,
        make_context: MakeContext,
        admit: Admit | None = None,
        max_body_bytes: int = 1_000_000,
        time_budget_seconds: float | None = None,
        max_subscriptions_per_connection: int = 20,
        allowed_origins: Sequence[str] = (),
    ) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=timedelta(seconds=10),
            max_subscriptions_per_connection=max_subscriptions_per_connection,
            allowed_origins=allowed_origins,
        )
        self._make_context = make_context
        self._admit = admit
        self._max_body_bytes = max_body_bytes
        self._time_budget_seconds = time_budget_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request or serve one WebSocket connection."""
        if scope["type"] == "websocket":
            await self._serve_websocket(WebSocket(scope, receive, send))
            return
        request = Request(scope, receive)
        try:
            async with asyncio.timeout(self._time_budget_seconds):
                response = await self.run(request)
        except TimeoutError:
            message = f"No answer within {self._time_budget_seconds:g} s. Ask for less at a time."
            # The request may not have been read to its end, so the connection cannot be used again.
            response = refusal(message, TIMEOUT, HTTP_STATUS[TIMEOUT], {"connection": "close"})
        except RequestRefusedError as error:
            response = refusal(error.reason, error.code, error.status_code, error.headers)
        except HTTPException as error:
            response = refusal(error.reason, BAD_USER_INPUT, error.status_code, {})
        except SuyuanError as error:
            response = failure(error)
        await response(scope, receive, send)

    async def _serve_websocket(self, websocket: WebSocket) -> None:
        try:
            await self.run(websocket)
        except AccessError as error:
            code = _WEBSOCKET_FORBIDDEN if error.authenticated else _WEBSOCKET_UNAUTHORIZED
            await websocket.close(code=code, reason=error.code)
        except RequestRefusedError as error:
            await websocket.close(code=_WEBSOCKET_TRY_LATER, reason=error.code)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> object:
        """Make the resolvers' context by the function the view was given."""
        return await self._make_context(request)

    async def on_ws_connect(self, context: object) -> UnsetType | dict[str, object] | None:
        """Let the caller of a WebSocket in, or not."""
        if self._admit is not None:
            try:
                await self._admit(context)
            except (AccessError, RequestRefusedError) as error:
                raise ConnectionRejectionError from error
        return UNSET

    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        """Check method and ``Accept`` before anything else is done for a request."""
        if request.scope["method"] not in ("GET", "POST"):
            message = "GraphQL is served for GET and POST only."
            raise RequestRefusedError(message, status=405, headers={"allow": "GET, POST"})
        media_type = negotiate(request.headers.getlist("accept"))
        if media_type is None:
            found = ", ".join(request.headers.getlist("accept"))
            message = (
                f"Neither {JSON} nor {GRAPHQL_RESPONSE} is accepted (found {found}); accept one of them."
            )
            raise RequestRefusedError(message, status=406)
        sub_response = await super().get_sub_response(request)
        sub_response.media_type = media_type
        return sub_response

    def should_render_graphql_ide(self, request: BaseRequestProtocol) -> bool:
        """Never: the query page is served at a path of its own."""
        return False

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> GraphQLRequestData:
        """Read the GraphQL request with the view's limits."""
        adapter = cast("_RequestAdapter", request)
        return await read_request(adapter.request, max_body_bytes=self._max_body_bytes)

    async def execute_single(
        self,
        request: Request,
        request_adapter: AsyncHTTPRequestAdapter,
        sub_response: Response,
        context: object,
        root_value: None,
        request_data: GraphQLRequestData,
    ) -> ExecutionResult:
        """Run one operation; what HTTP does not allow is refused, what GraphQL refuses is a result."""
        try:
            return await self.schema.execute(
                request_data.query,
                root_value=root_value,
                variable_values=request_data.variables,
                context_value=context,
                operation_name=request_data.operation_name,
                allowed_operation_types=_allowed_operations(request_adapter.method),
                operation_extensions=request_data.extensions,
            )
        except MissingQueryError as error:
            message = "The request has no GraphQL document. Give it as the parameter 'query'."
            raise RequestRefusedError(message) from error
        except InvalidOperationTypeError as error:
            raise _operation_refused(error.operation_type) from error
        except CannotGetOperationTypeError as error:
            return ExecutionResult(data=None, errors=[GraphQLError(_no_operation(error.operation_name))])

    async def process_result(self, request: Request, result: ExecutionResult) -> GraphQLHTTPResponse:
        """Shape a result as the specification wants it: no ``data`` when the request failed as a whole."""
        errors = result.errors or []
        failed_as_a_whole = bool(errors) and result.data is None and not any(error.path for error in errors)
        answer = GraphQLHTTPResponse() if failed_as_a_whole else GraphQLHTTPResponse(data=result.data)
        if errors:
            answer["errors"] = [labelled(error).formatted for error in errors]
        if result.extensions:
            answer["extensions"] = result.extensions
        return answer

    def create_response(
        self,
        response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse],
        sub_response: Response,
    ) -> Response:
        """Encode an answer in the media type that was negotiated."""
        response = Response(
            self.encode_json(response_data),
            status_code=sub_response.status_code or _status(response_data, sub_response.media_type),
            headers=COMMON_HEADERS,
            media_type=f"{sub_response.media_type}; charset=utf-8",
            background=sub_response.background,
        )
        response.raw_headers.extend(sub_response.raw_headers)
        return response

    def decode_json(self, data: str | bytes) -> object:
        """Decode a WebSocket message, which is an object and may have an object as ``payload``."""
        message = decode_json(data)
        if isinstance(message, dict):
            message = cast("dict[str, object]", message)
            if isinstance(message.get("payload"), (dict, type(None))):
                return message
        raise json.JSONDecodeError("not a message of graphql-transport-ws", "", 0)

    def encode_json(self, data: object) -> str:
        """Encode an answer; Chinese is sent as it is, half a surrogate pair (no text) as an escape."""
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        try:
            text.encode()
        except UnicodeEncodeError:
            return json.dumps(data, separators=(",", ":"))
        return text


def _allowed_operations(method: str) -> set[OperationType]:
    return {OperationType.QUERY} if method == "GET" else {OperationType.QUERY, OperationType.MUTATION}


def _operation_refused(operation: OperationType) -> RequestRefusedError:
    if operation is OperationType.SUBSCRIPTION:
        return RequestRefusedError(
            "Subscriptions are served over WebSocket by graphql-transport-ws, not over HTTP."
        )
    return RequestRefusedError("Mutations are taken by POST only.", status=405, headers={"allow": "POST"})


def _no_operation(name: str | None) -> str:
    if name is None:
        return "The document has no operation. Give it a query, mutation or subscription."
    return f"The document has no operation named {name!r}."


def _status(answer: GraphQLHTTPResponse | list[GraphQLHTTPResponse], media_type: str | None) -> int:
    """HTTP status of an answer: the older media type has 200 for all that GraphQL has looked at."""
    if media_type != GRAPHQL_RESPONSE or isinstance(answer, list) or "data" in answer:
        return 200
    first = cast("dict[str, dict[str, str]]", (answer.get("errors") or [{}])[0])
    return HTTP_STATUS.get(first["extensions"]["code"], HTTP_STATUS[INTERNAL_SERVER_ERROR])
