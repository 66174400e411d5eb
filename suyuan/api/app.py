"""The web application."""

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final

import strawberry
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from strawberry.http import GraphQLHTTPResponse
from strawberry.types import ExecutionResult

from suyuan.api.admission import Admission
from suyuan.api.context import RequestContext, Services
from suyuan.api.error_codes import HTTP_STATUS, INTERNAL_SERVER_ERROR
from suyuan.api.http_request import RequestRefusedError
from suyuan.api.http_view import GraphQLView
from suyuan.api.middleware import Metrics, RequestMiddleware
from suyuan.api.posting import PostEndpoint
from suyuan.api.schema import make_schema
from suyuan.api.sockets import SocketContext
from suyuan.api.workers import Workers
from suyuan.errors import StoreError, SuyuanError
from suyuan.service.changes import ChangeFeed
from suyuan.service.origin_groups import OriginGroups
from suyuan.service.posting import PostQueue
from suyuan.service.risk_ranking import RiskRanking
from suyuan.service.tracing import Tracer
from suyuan.service.workspace import Workspace
from suyuan.settings import Settings
from suyuan.settings import settings as process_settings
from suyuan.web.assets import graphiql_page, landing_page, static_directory

_log = structlog.get_logger("suyuan.api")

_POSTS_OF_FULL_SIZE: Final = 4
"""So many posts of the largest size may be in memory."""

Page = Callable[[Request], Awaitable[Response]]


class CountingView(GraphQLView):
    """A view that counts the errors it answers, by code."""

    metrics: Metrics

    async def process_result(self, request: Request, result: ExecutionResult) -> GraphQLHTTPResponse:
        """Shape a result; see :class:`GraphQLView`."""
        answer = await super().process_result(request, result)
        for error in answer.get("errors") or []:
            self.metrics.errors.labels(_code(error)).inc()
        return answer


class Application:
    """What the routes share: the opened store, the tracer, the threads, the settings."""

    def __init__(self, workspace: Workspace, settings: Settings) -> None:
        self.metrics = Metrics()
        self.workspace = workspace
        self.workers = Workers()
        self.changes = ChangeFeed(workspace.store)
        tracer = Tracer(workspace)
        groups = OriginGroups(tracer)
        rankings = RiskRanking(workspace)
        self.services = Services(workspace, tracer, self.workers, settings, self.changes, groups, rankings)
        self.admission = Admission(workspace.store.documents, self.workers, settings)
        self.posts = PostQueue(
            workspace.store,
            posts_max=settings.posts_waiting,
            bytes_max=_POSTS_OF_FULL_SIZE * settings.max_ingest_bytes,
        )

    async def context(self, connection: HTTPConnection) -> RequestContext | SocketContext:
        """The context of a request or connection; raises AccessError for who may not ask."""
        if connection.scope["type"] == "websocket":
            return await SocketContext.of(connection, self.services, self.admission)
        caller = await self.admission.caller(connection)
        return RequestContext(self.services, caller, connection.state.request_id)

    async def admit(self, context: object) -> None:
        """Lets the caller of a WebSocket in after its first message."""
        if isinstance(context, SocketContext):
            await context.admit()

    def close(self) -> None:
        """Writes what was posted and ends the threads."""
        self.posts.close()
        self.changes.close()
        self.workers.close()

    def warm_up(self) -> None:
        """Takes the first snapshot, so that the first request does not wait for it."""
        try:
            self.services.tracer.warm_up()
        except SuyuanError as error:
            _log.warning("no snapshot yet", code=error.code, reason=error.message)

    async def livez(self, request: Request) -> Response:
        """The process runs."""
        return PlainTextResponse("ok\n")

    async def readyz(self, request: Request) -> Response:
        """The store answers."""
        store = self.workspace.store
        try:
            await self.workers.read(store.ping)
            seq = await self.workers.read(store.seq)
        except StoreError as error:
            return JSONResponse({"ready": False, "code": error.code}, 503)
        return JSONResponse({"ready": True, "seq": seq})

    async def metrics_page(self, request: Request) -> Response:
        """Prometheus metrics, for callers who may use the API."""
        try:
            await self.admission.caller(request)
        except RequestRefusedError as error:
            return PlainTextResponse(f"{error.reason}\n", error.status_code, headers=error.headers)
        except SuyuanError as error:
            return PlainTextResponse(
                f"{error}\n", HTTP_STATUS[error.code], headers={"www-authenticate": "Bearer"}
            )
        return Response(generate_latest(self.metrics.registry), media_type=CONTENT_TYPE_LATEST)


def make_app(workspace: Workspace | None = None, settings: Settings | None = None) -> Starlette:
    """The application over an opened workspace; without one, over the settings' store.

    Raises
    ------
    ConfigError, StoreError
    """
    chosen = settings or process_settings()
    opened = workspace or Workspace.open(chosen.store, create=True)
    shared = Application(opened, chosen)
    schema = make_schema(chosen)
    view = CountingView(
        schema,
        make_context=shared.context,
        admit=shared.admit,
        allowed_origins=chosen.allowed_origins,
        max_body_bytes=chosen.max_body_bytes,
        time_budget_seconds=chosen.time_budget_seconds,
    )
    view.metrics = shared.metrics

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        shared.workers.start(shared.warm_up)
        yield
        shared.close()
        if workspace is None:
            opened.close()

    routes = _routes(shared, view, schema, chosen)
    paths = frozenset(route.path for route in routes if isinstance(route, Route | Mount))
    middleware = Middleware(RequestMiddleware, shared.metrics, paths, chosen.slow_request_ms)
    return Starlette(routes=routes, lifespan=lifespan, middleware=[middleware])


def _routes(
    shared: Application, view: GraphQLView, schema: strawberry.Schema, settings: Settings
) -> list[BaseRoute]:
    routes: list[BaseRoute] = [
        Route("/graphql", view),
        WebSocketRoute("/graphql", view),
        Route(
            "/ingest/{table}", PostEndpoint(shared.posts, shared.admission, settings).post, methods=["POST"]
        ),
        Route("/", _page(landing_page(explorer=not settings.production))),
        Route("/livez", shared.livez),
        Route("/readyz", shared.readyz),
        Route("/metrics", shared.metrics_page),
        Mount("/static", StaticFiles(directory=static_directory())),
    ]
    if not settings.production:
        text = schema.as_str() + "\n"
        routes += [
            Route("/graphiql", _page(graphiql_page())),
            Route("/schema.graphql", _page(text, media_type="text/plain")),
        ]
    return routes


def _code(error: object) -> str:
    match error:
        case {"extensions": {"code": str(code)}}:
            return code
        case _:
            return INTERNAL_SERVER_ERROR


def _page(text: str, media_type: str = "text/html") -> Page:
    async def page(request: Request) -> Response:
        return Response(text, media_type=media_type)

    return page
