"""What a query may ask for: nesting, aliases, directives, and cost (list sizes multiplied down).

All four are refused before anything is resolved, with ``QUERY_TOO_COMPLEX``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)
from strawberry.extensions import SchemaExtension

from suyuan.settings import Settings

INTROSPECTION_DEPTH_MAX: Final = 20
"""The standard introspection query of editors nests 14 deep."""

DEFAULT_PAGE: Final = 20
"""List size assumed where a connection's ``first`` is not given."""

COST_WORDS: Final[Mapping[str, int]] = {"trace": 50, "path": 100, "search": 10}
"""Fields that cost more than a value: they compute or search."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Size of a query: deepest nesting, aliases, directives, cost in values."""

    depth: int
    aliases: int
    directives: int
    cost: int


def measure(
    document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any], cost_max: int
) -> Measure:
    """Size of an operation with its variables.

    Every field costs 1 (some more, see COST_WORDS); what stands below a field with ``first`` costs ``first`` times.
    Counting stops above ``cost_max``, so a query that blows up costs no time to measure. A document in which a
    fragment contains itself is refused by validation before.
    """
    fragments = {
        node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    counter = _Counter(fragments, variables, cost_max)
    counter.directives += len(operation.directives)
    cost, depth = counter.selections(operation.selection_set, 0)
    return Measure(depth, counter.aliases, counter.directives, cost)


class _Counter:
    def __init__(
        self, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any], cost_max: int
    ) -> None:
        self._fragments = fragments
        self._variables = variables
        self._cost_max = cost_max
        self._walked = 0
        self.aliases = 0
        self.directives = 0

    def selections(self, node: SelectionSetNode | None, depth: int) -> tuple[int, int]:
        cost, deepest = 0, depth
        for selection in node.selections if node else ():
            self._walked += 1
            if self._walked > self._cost_max:
                return self._cost_max + 1, deepest
            self.directives += len(selection.directives)
            part, below = self._selection(selection, depth)
            cost, deepest = cost + part, max(deepest, below)
        return cost, deepest

    def _selection(self, selection: Any, depth: int) -> tuple[int, int]:
        if isinstance(selection, FieldNode):
            return self._field(selection, depth)
        if isinstance(selection, InlineFragmentNode):
            return self.selections(selection.selection_set, depth)
        if isinstance(selection, FragmentSpreadNode) and selection.name.value in self._fragments:
            return self.selections(self._fragments[selection.name.value].selection_set, depth)
        return 0, depth

    def _field(self, field: FieldNode, depth: int) -> tuple[int, int]:
        self.aliases += field.alias is not None
        name = field.name.value
        if name.startswith("__"):
            cost, deepest = self.selections(field.selection_set, 0)
            return cost + 1, depth + 1 + max(0, deepest - INTROSPECTION_DEPTH_MAX)
        cost, deepest = self.selections(field.selection_set, depth + 1)
        return COST_WORDS.get(name, 1) + cost * self._size(field), deepest

    def _size(self, field: FieldNode) -> int:
        for argument in field.arguments:
            if argument.name.value != "first":
                continue
            value = argument.value
            if isinstance(value, IntValueNode):
                return max(1, int(value.value))
            if isinstance(value, VariableNode):
                given = self._variables.get(value.name.value)
                return max(1, given) if isinstance(given, int) else DEFAULT_PAGE
        return DEFAULT_PAGE if self._is_connection(field) else 1

    def _is_connection(self, field: FieldNode) -> bool:
        inner = field.selection_set.selections if field.selection_set else ()
        return any(isinstance(part, FieldNode) and part.name.value == "edges" for part in inner)


def refuse_large(found: Measure, settings: Settings) -> None:
    """Raises QUERY_TOO_COMPLEX naming the first limit that is passed."""
    checks = (
        ("deep", found.depth, settings.max_depth),
        ("aliases", found.aliases, settings.max_aliases),
        ("directives", found.directives, settings.max_directives),
        ("values (list sizes multiplied)", found.cost, settings.max_cost),
    )
    for what, count, limit in checks:
        if count > limit:
            shown = f"more than {limit}" if what.startswith("values") else str(count)
            raise GraphQLError(
                f"The query is too large: {shown} {what}, allowed are {limit}. Ask for less at a time.",
                extensions={"code": "QUERY_TOO_COMPLEX"},
            )


class QueryLimits(SchemaExtension):
    """Measures every validated operation and refuses those that are too large."""

    settings: Settings

    def on_execute(self) -> Iterator[None]:
        """Before anything is resolved."""
        execution = self.execution_context
        document = execution.graphql_document
        operation = next(
            (
                node
                for node in (document.definitions if document else ())
                if isinstance(node, OperationDefinitionNode)
                and (
                    execution.operation_name is None
                    or (node.name and node.name.value == execution.operation_name)
                )
            ),
            None,
        )
        if document is not None and operation is not None:
            found = measure(document, operation, execution.variables or {}, self.settings.max_cost)
            refuse_large(found, self.settings)
        yield


def query_limits(settings: Settings) -> type[QueryLimits]:
    """The extension with these settings."""
    return type("QueryLimits", (QueryLimits,), {"settings": settings})
