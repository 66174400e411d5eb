"""The schema, put together."""

from collections.abc import Sequence

import strawberry
from graphql import GraphQLError
from strawberry.extensions import (
    DisableIntrospection,
    MaxTokensLimiter,
    ParserCache,
    SchemaExtension,
    ValidationCache,
)
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from suyuan.api.error_codes import LabelErrors
from suyuan.api.limits import query_limits
from suyuan.api.operation_choice import RequireOperationName
from suyuan.api.query import DOMAIN_TYPES, Query
from suyuan.settings import Settings

_CACHED_DOCUMENTS = 500


class Schema(strawberry.Schema):
    """Errors are logged where they are labelled, so that nothing is logged twice."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Nothing: see :class:`suyuan.api.error_codes.LabelErrors`."""


def make_schema(settings: Settings) -> Schema:
    """The schema with the limits of these settings."""
    extensions: list[type[SchemaExtension] | SchemaExtension] = [
        LabelErrors,
        MaxTokensLimiter(max_token_count=settings.max_tokens),
        ParserCache(maxsize=_CACHED_DOCUMENTS),
        ValidationCache(maxsize=_CACHED_DOCUMENTS),
        RequireOperationName,
        query_limits(settings),
    ]
    if settings.production:
        extensions.append(DisableIntrospection())
    return Schema(
        query=Query,
        types=_types(),
        extensions=extensions,
        config=StrawberryConfig(disable_field_suggestions=settings.production),
    )


def _types() -> Sequence[type]:
    return list(DOMAIN_TYPES.by_kind.values())


def schema_text() -> str:
    """The schema in GraphQL's own language, as kept in ``schema.graphql``."""
    return make_schema(Settings()).as_str() + "\n"  # pyright: ignore[reportCallIssue]
