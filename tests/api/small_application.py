"""An application of one GraphQL endpoint whose schema has a field for each way to succeed or fail."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import strawberry
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.routing import Route, WebSocketRoute

from suyuan.api.error_codes import LabelErrors
from suyuan.api.http_view import GraphQLView
from suyuan.api.operation_choice import RequireOperationName
from suyuan.errors import AccessError, NotFoundError

MAX_BODY_BYTES = 10_000


@dataclass
class Context:
    """Who asks, as the test's resolvers see it."""

    headers: dict[str, str]
    request_id: str = "request-1"
    connection_params: dict[str, Any] = field(default_factory=dict[str, Any])


@strawberry.type
class Query:
    @strawberry.field
    def greeting(self, name: str = "世界") -> str:
        return f"你好，{name}"

    @strawberry.field
    def missing(self) -> str | None:
        raise NotFoundError("Listing", "Listing:shop:1")

    @strawberry.field
    def broken(self) -> str | None:
        raise ZeroDivisionError("secret detail")

    @strawberry.field
    def broken_for_all(self) -> str:
        raise NotFoundError("Site", "Site:X")


@strawberry.type
class Mutation:
    @strawberry.mutation
    def shout(self, text: str) -> str:
        return text.upper()


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int) -> AsyncIterator[int]:
        for number in range(to):
            yield number

    @strawberry.subscription
    async def broken(self) -> AsyncIterator[int]:
        yield 1
        raise ZeroDivisionError("secret detail")


async def _make_context(connection: HTTPConnection) -> Context:
    if connection.headers.get("authorization") == "Bearer expired":
        raise AccessError("The token has expired. Ask for a new one.", authenticated=False)
    return Context(dict(connection.headers))


async def _admit(context: object) -> None:
    assert isinstance(context, Context)
    if context.connection_params.get("Authorization") == "Bearer wrong":
        raise AccessError("Unknown token.", authenticated=False)


def small_application() -> Starlette:
    schema = strawberry.Schema(Query, Mutation, Subscription, extensions=[LabelErrors, RequireOperationName])
    view = GraphQLView(
        schema,
        make_context=_make_context,
        admit=_admit,
        max_body_bytes=MAX_BODY_BYTES,
        max_subscriptions_per_connection=2,
    )
    return Starlette(routes=[Route("/graphql", view), WebSocketRoute("/graphql", view)])
