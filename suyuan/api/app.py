"""The web application."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import strawberry
from graphql import GraphQLError
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from strawberry.types import ExecutionResult

from suyuan.api.admission import caller_of
from suyuan.api.context import RequestContext
from suyuan.api.http_view import GraphQLView
from suyuan.api.middleware import Metrics, RateLimitMiddleware, RequestMiddleware
from suyuan.api.schema import make_schema
from suyuan.errors import AccessError, StoreError
from suyuan.service.tracing import Tracer
from suyuan.service.workspace import Workspace
from suyuan.settings import Settings
from suyuan.settings import settings as process_settings
from suyuan.web.assets import graphiql_page, landing_page, static_directory


class BudgetedView(GraphQLView):
    """A view whose operations end after the time budget."""

    time_budget_seconds: float = 15.0

    async def execute_single(self, *arguments: Any, **named: Any) -> ExecutionResult:
        """One operation within the budget."""
        try:
            return await asyncio.wait_for(
                super().execute_single(*arguments, **named), self.time_budget_seconds
            )
        except TimeoutError:
            message = f"No answer within {self.time_budget_seconds:g} s. Ask for less at a time."
            return ExecutionResult(data=None, errors=[GraphQLError(message, extensions={"code": "TIMEOUT"})])


class Application:
    """What the routes share: the opened store, the tracer, the settings."""

    def __init__(self, workspace: Workspace, settings: Settings) -> None:
        self.workspace = workspace
        self.settings = settings
        self.tracer = Tracer(workspace)
        self.metrics = Metrics()

    async def context(self, connection: HTTPConnection) -> RequestContext:
        """The resolvers' context of a request; raises AccessError for who may not ask."""
        caller = await caller_of(connection, self.workspace, self.settings)
        state: dict[str, Any] = connection.scope.get("state", {})
        known = {"request_id": state["request_id"]} if "request_id" in state else {}
        return RequestContext(self.workspace, self.tracer, self.settings, caller, **known)

    async def livez(self, request: Request) -> Response:
        """The process runs."""
        return PlainTextResponse("ok\n")

    async def readyz(self, request: Request) -> Response:
        """The store answers."""
        try:
            await run_in_threadpool(self.workspace.store.ping)
        except StoreError as error:
            return JSONResponse({"ready": False, "code": error.code}, 503)
        return JSONResponse({"ready": True, "seq": await run_in_threadpool(self.workspace.store.seq)})

    async def metrics_page(self, request: Request) -> Response:
        """Prometheus metrics, for callers who may use the API."""
        try:
            await caller_of(request, self.workspace, self.settings)
        except AccessError as error:
            return PlainTextResponse(f"{error}\n", 401, headers={"www-authenticate": "Bearer"})
        return Response(generate_latest(self.metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _page(text: str) -> Any:
    async def page(request: Request) -> Response:
        return HTMLResponse(text)

    return page


def make_app(workspace: Workspace | None = None, settings: Settings | None = None) -> Starlette:
    """The application over an opened workspace; without one, the settings' store is opened at start-up."""
    chosen = settings or process_settings()
    opened = workspace or Workspace.open(chosen.store, create=True)
    shared = Application(opened, chosen)
    schema = make_schema(chosen)
    view = BudgetedView(
        schema,
        make_context=shared.context,
        max_body_bytes=chosen.max_body_bytes,
        allowed_origins=chosen.allowed_origins,
    )
    view.time_budget_seconds = chosen.time_budget_seconds

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        if workspace is None:
            await run_in_threadpool(opened.close)

    routes = _routes(shared, view, schema, chosen)
    paths = frozenset(route.path for route in routes if isinstance(route, (Route, Mount)))
    return Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[
            Middleware(RequestMiddleware, shared.metrics, paths, chosen.slow_request_ms),
            Middleware(RateLimitMiddleware, shared.metrics, chosen.requests_per_minute),
        ],
    )


def _routes(
    shared: Application, view: BudgetedView, schema: strawberry.Schema, settings: Settings
) -> list[BaseRoute]:
    routes: list[BaseRoute] = [
        Route("/graphql", view),
        WebSocketRoute("/graphql", view),
        Route("/", _page(landing_page())),
        Route("/livez", shared.livez),
        Route("/readyz", shared.readyz),
        Route("/metrics", shared.metrics_page),
        Mount("/static", StaticFiles(directory=static_directory())),
    ]
    if not settings.production:
        text = schema.as_str() + "\n"

        async def schema_file(request: Request) -> Response:
            return PlainTextResponse(text)

        routes += [Route("/graphiql", _page(graphiql_page())), Route("/schema.graphql", schema_file)]
    return routes
