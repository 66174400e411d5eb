"""From the text of a query to a document that may be executed: parsed, measured, validated."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    Lexer,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    Source,
    TokenKind,
    parse,
    specified_rules,
    validate,
)
from strawberry.extensions import SchemaExtension

from suyuan.api.limits import Measure, measure, refusal, too_large
from suyuan.api.operation_choice import operation_named, require_operation_name
from suyuan.settings import Settings

_KEPT: Final = 500
_LONGEST_KEPT: Final = 20_000
"""Longer texts are mostly literals that no other request will repeat."""

_LONGEST: Final = 100_000
"""Characters; text with values of this size belongs into variables or an upload."""

_NESTING_MAX: Final = 100
_OPENING: Final = frozenset({TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L})
_CLOSING: Final = frozenset({TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R})
_ERRORS_SHOWN: Final = 20


@dataclass(slots=True)
class ReadDocument:
    """A parsed document with what has been found out about it; ``errors`` is None until it is validated."""

    document: DocumentNode
    errors: list[GraphQLError] | None = None
    measures: dict[str | None, Measure] = field(default_factory=dict[str | None, Measure])


class Reader:
    """Reads the documents of one schema. ``cached=False`` reads each anew.

    Not to be shared by event loops of several threads.
    """

    def __init__(self, settings: Settings, *, cached: bool = True) -> None:
        self._settings = settings
        self._rules = _rules(settings)
        self._cached: Callable[[str], ReadDocument] = (
            lru_cache(maxsize=_KEPT)(self._parse) if cached else self._parse
        )

    def parsed(self, text: str) -> ReadDocument:
        """The document of a text.

        Raises
        ------
        GraphQLError
            It is too long, has too many tokens, nests too deep (``QUERY_TOO_COMPLEX``), or is no GraphQL.
        """
        if len(text) > _LONGEST:
            raise refusal(f"more than {_LONGEST} characters")
        return self._cached(text) if len(text) <= _LONGEST_KEPT else self._parse(text)

    def errors(
        self,
        schema: GraphQLSchema,
        read: ReadDocument,
        operation_name: str | None,
        variables: Mapping[str, Any],
    ) -> list[GraphQLError]:
        """Why the operation is not executed: too large, or not valid."""
        operation = operation_named(read.document, operation_name)
        if operation is not None:
            refused = too_large(
                self._measured(schema, read, operation, operation_name, variables), self._settings
            )
            if refused is not None:
                return [refused]
        if read.errors is None:
            read.errors = validate(schema, read.document, self._rules, max_errors=_ERRORS_SHOWN)
        return read.errors

    def _measured(
        self,
        schema: GraphQLSchema,
        read: ReadDocument,
        operation: OperationDefinitionNode,
        operation_name: str | None,
        variables: Mapping[str, Any],
    ) -> Measure:
        known = read.measures.get(operation_name)
        if known is not None:
            return known
        found = measure(schema, read.document, operation, variables, self._settings)
        if not found.uses_variables:
            read.measures[operation_name] = found
        return found

    def _parse(self, text: str) -> ReadDocument:
        tokens = self._settings.max_tokens
        try:
            return ReadDocument(parse(text, max_lexical_tokens=tokens))
        except GraphQLSyntaxError as error:
            raise _refused_for_size(text, tokens) or error from error


def _rules(settings: Settings) -> Collection[type[ASTValidationRule]]:
    if not settings.production:
        return specified_rules
    return (*specified_rules, NoSchemaIntrospectionCustomRule)


def _refused_for_size(text: str, tokens_max: int) -> GraphQLError | None:
    """Whether a text that cannot be parsed is too large rather than wrong."""
    lexer = Lexer(Source(text))
    nesting = 0
    for count in range(tokens_max + 1):
        try:
            kind = lexer.advance().kind
        except GraphQLSyntaxError:
            return None
        nesting += (kind in _OPENING) - (kind in _CLOSING)
        if nesting > _NESTING_MAX:
            return refusal(f"more than {_NESTING_MAX} brackets within brackets")
        if kind is TokenKind.EOF:
            return None
        if count == tokens_max:
            return refusal(f"more than {tokens_max} tokens")
    return None


class ReadOperations(SchemaExtension):
    """Parsing, limits and validation of every operation, in place of Strawberry's own."""

    reader: Reader

    def on_parse(self) -> Iterator[None]:
        """Parse, and find out which operation is meant."""
        execution = self.execution_context
        refusal = getattr(execution.context, "refusal", None)
        if isinstance(refusal, GraphQLError):
            raise refusal
        self._read = self.reader.parsed(execution.query or "")
        execution.graphql_document = self._read.document
        require_operation_name(execution)
        yield

    def on_validate(self) -> Iterator[None]:
        """Measure and validate."""
        execution = self.execution_context
        graphql_schema: GraphQLSchema = execution.schema._schema  # pyright: ignore[reportAttributeAccessIssue, reportPrivateUsage]
        execution.pre_execution_errors = self.reader.errors(
            graphql_schema, self._read, execution.operation_name, execution.variables or {}
        )
        yield


def read_operations(reader: Reader) -> type[ReadOperations]:
    """The extension with this reader."""
    return type("ReadOperations", (ReadOperations,), {"reader": reader})
