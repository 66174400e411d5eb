"""The schema, put together."""

from contextlib import aclosing
from typing import Any, Final

import strawberry
from graphql import GraphQLError, GraphQLSchema
from graphql.pyutils import Undefined
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StreamResult
from strawberry.types import ExecutionContext
from strawberry.types.execution import PreExecutionError

from suyuan.api.error_codes import LabelErrors, labelled, without_suggestion
from suyuan.api.mutation import Mutation
from suyuan.api.query import DOMAIN_TYPES, Query
from suyuan.api.reading import Reader, read_operations
from suyuan.api.scalars import SCALARS
from suyuan.api.sockets import SocketContext
from suyuan.api.subscription import Subscription
from suyuan.settings import Settings

_DEFAULTS: Final = Settings.model_construct()


class Schema(strawberry.Schema):
    """Strawberry's schema, with errors logged only where they are labelled."""

    hide_suggestions: bool = False

    @property
    def graphql_schema(self) -> GraphQLSchema:
        """The schema as graphql-core has it."""
        return self._schema

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Takes out what errors tell of the schema in production; see also :class:`LabelErrors`."""
        if self.hide_suggestions:
            for error in errors:
                error.message = without_suggestion(error.message)

    async def stream(self, query: str | None, *args: Any, **options: Any) -> StreamResult:
        """Runs an operation of a WebSocket; each sees the store and its caller's rights as they are then."""
        context = options.get("context_value")
        if isinstance(context, SocketContext):
            options["context_value"] = await context.request()
        return _with_refusals(await super().stream(query, *args, **options))


async def _with_refusals(results: StreamResult) -> StreamResult:
    """What is refused while it is read, as the one result that a client of a stream understands."""
    try:
        async with aclosing(results):
            async for result in results:
                yield result
    except GraphQLError as error:
        yield PreExecutionError(data=None, errors=[labelled(error)])


def make_schema(settings: Settings, *, cached: bool = True) -> Schema:
    """The schema with the limits of these settings.

    Parameters
    ----------
    cached : whether parsed and validated documents are kept
    """
    extensions: list[type[SchemaExtension]] = [
        LabelErrors,
        read_operations(Reader(settings, cached=cached)),
    ]
    schema = Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=list(DOMAIN_TYPES.values()),
        extensions=extensions,
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    schema.hide_suggestions = settings.production
    _drop_null_defaults(schema.graphql_schema)
    return schema


def _drop_null_defaults(schema: GraphQLSchema) -> None:
    """An argument that may be left out is written without ``= null``, which says nothing more."""
    for type_ in schema.type_map.values():
        for field in getattr(type_, "fields", {}).values():
            for argument in getattr(field, "args", {}).values():
                if argument.default_value is None:
                    argument.default_value = Undefined


def schema_text() -> str:
    """The schema in GraphQL's own language, as kept in ``schema.graphql``."""
    return make_schema(_DEFAULTS).as_str() + "\n"
