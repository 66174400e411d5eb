"""What a query may ask for: nesting, aliases, directives, and cost (list sizes multiplied down).

All are refused with ``QUERY_TOO_COMPLEX`` before the query is validated, since validating a hostile query is
what costs most.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)
from graphql.pyutils import Undefined

from suyuan.settings import Settings

QUERY_TOO_COMPLEX: Final = "QUERY_TOO_COMPLEX"

INTROSPECTION_LISTS_MAX: Final = 3
"""Lists within lists in an introspection query; the editors' standard query has two."""

INTROSPECTION_DEPTH_MAX: Final = 20
"""The editors' standard introspection query nests 14 deep."""

REPEATS_MAX: Final = 20
"""How often one name may be asked for at one place; validation compares each with each."""

FRAGMENTS_MAX: Final = 50
"""Fragments of a document; validation compares each with each."""

SELECTIONS_MAX: Final = 5_000
"""Fields and fragments looked at, those of repeated fragments each time; a query that doubles itself stops here."""

LIST_SIZE: Final = 10
"""Size assumed of a list that has no ``first``."""

COSTS: Final[Mapping[str, int]] = {
    "trace": 50,
    "Trace.intervals": 200,
    "Origin.low": 20,
    "Origin.high": 20,
    "path": 100,
    "search": 10,
    "forwardImpact": 100,
    "cutChain": 200,
    "Query.origins": 500,
    "Query.actor": 100,
    **{f"{kind}.actor": 20 for kind in ("Seller", "Firm", "Person")},
    "offenderNetworks": 200,
    "offenderNetwork": 200,
    "Mutation.judge": 300,
    "Mutation.undoJudgement": 300,
}
"""Fields that cost more than a value: they compute or search. With its type where others have the name too."""

_INTROSPECTION_LISTS: Final = frozenset({"fields", "interfaces", "possibleTypes", "inputFields", "args"})


@dataclass(frozen=True, slots=True)
class Measure:
    """Size of an operation.

    depth : deepest nesting of fields
    cost : values asked for, counting stopped above the limit
    repeats : how often the same name is asked for at the same place
    introspection_depth, introspection_lists : nesting, and lists within lists, below ``__schema``, ``__type``
    uses_variables : whether the cost depends on the values of variables
    """

    depth: int
    aliases: int
    directives: int
    cost: int
    repeats: int
    fragments: int
    introspection_depth: int
    introspection_lists: int
    uses_variables: bool


def measure(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
    settings: Settings,
) -> Measure:
    """Size of an operation that need not be valid.

    Every field costs 1 (some more, see COSTS); what stands below a list costs as often as the list has
    entries: ``first``, or LIST_SIZE. Counting stops above the limit, so a query that blows up costs no time
    to measure.
    """
    counter = _Counter(schema, document, operation, variables, settings)
    counter.directives += len(operation.directives or ())
    root = schema.get_root_type(operation.operation)
    cost = counter.selections(operation.selection_set, _Place(root, 0), Counter())
    return Measure(
        depth=counter.depth,
        aliases=counter.aliases,
        directives=counter.directives,
        cost=cost,
        repeats=counter.repeats,
        fragments=len(counter.fragments),
        introspection_depth=counter.introspection_depth,
        introspection_lists=counter.introspection_lists,
        uses_variables=counter.uses_variables,
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a selection set stands; ``parent`` is None where the query does not fit the schema."""

    parent: GraphQLNamedType | None
    depth: int
    introspecting: bool = False
    lists: int = 0
    page: bool = False


class _Counter:
    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
        settings: Settings,
    ) -> None:
        self.fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self.depth = self.aliases = self.directives = self.repeats = 0
        self.introspection_depth = self.introspection_lists = 0
        self.uses_variables = False
        self._schema = schema
        self._variables = {**_defaults(operation), **variables}
        self._cost_max = settings.max_cost
        self._page_max = settings.max_page
        self._walked = 0
        self._open: set[str] = set()

    def selections(self, node: SelectionSetNode | None, place: _Place, names: Counter[str]) -> int:
        """Cost of a selection set; ``names`` counts what is asked for at its place, fragments included."""
        cost = 0
        for selection in node.selections if node else ():
            self._walked += 1
            if self._walked > SELECTIONS_MAX:
                return self._cost_max + 1
            self.directives += len(selection.directives or ())
            cost += self._selection(selection, place, names)
        return cost

    def _selection(self, selection: SelectionNode, place: _Place, names: Counter[str]) -> int:
        if isinstance(selection, FieldNode):
            return self._field(selection, place, names)
        if isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            inner = self._as_type(place, condition.name.value) if condition else place
            return self.selections(selection.selection_set, inner, names)
        if isinstance(selection, FragmentSpreadNode):
            return self._spread(selection.name.value, place, names)
        return 0

    def _spread(self, name: str, place: _Place, names: Counter[str]) -> int:
        fragment = self.fragments.get(name)
        if fragment is None or name in self._open:
            return 0  # validation refuses both
        self._open.add(name)
        inner = self._as_type(place, fragment.type_condition.name.value)
        cost = self.selections(fragment.selection_set, inner, names)
        self._open.discard(name)
        return cost

    def _as_type(self, place: _Place, name: str) -> _Place:
        parent = self._schema.get_type(name)
        return _Place(parent, place.depth, place.introspecting, place.lists, place.page)

    def _field(self, field: FieldNode, place: _Place, names: Counter[str]) -> int:
        name = field.name.value
        key = field.alias.value if field.alias else name
        self.aliases += field.alias is not None
        names[key] += 1
        self.repeats = max(self.repeats, names[key])
        inner = self._below(name, place)
        if inner.introspecting:
            self.introspection_depth = max(self.introspection_depth, inner.depth)
            self.introspection_lists = max(self.introspection_lists, inner.lists)
            return 1 + self.selections(field.selection_set, inner, Counter())
        self.depth = max(self.depth, inner.depth)
        definition = _definition(place.parent, name)
        below = self.selections(field.selection_set, inner, Counter()) if field.selection_set else 0
        return _own_cost(place.parent, name) + below * (self._size(field, definition, place) if below else 1)

    def _below(self, name: str, place: _Place) -> _Place:
        if place.introspecting or name in ("__schema", "__type"):
            depth = place.depth + 1 if place.introspecting else 1
            return _Place(None, depth, True, place.lists + (name in _INTROSPECTION_LISTS))
        definition = _definition(place.parent, name)
        parent = get_named_type(definition.type) if definition else None
        return _Place(parent, place.depth + 1, page=definition is not None and "first" in definition.args)

    def _size(self, field: FieldNode, definition: GraphQLField | None, place: _Place) -> int:
        """Entries of what a field gives."""
        if definition is None:
            return 1
        if "first" in definition.args:
            return max(1, min(self._first(field, definition), self._page_max))
        # The entries of a page were counted at the field that has ``first``.
        return LIST_SIZE if _is_list(definition.type) and not place.page else 1

    def _first(self, field: FieldNode, definition: GraphQLField) -> int:
        given: Any = Undefined
        for argument in field.arguments or ():
            if argument.name.value != "first":
                continue
            if isinstance(argument.value, IntValueNode):
                given = int(argument.value.value)
            elif isinstance(argument.value, VariableNode):
                self.uses_variables = True
                given = self._variables.get(argument.value.name.value)
        if isinstance(given, int):
            return given
        usual = definition.args["first"].default_value
        return usual if isinstance(usual, int) else self._page_max


def _defaults(operation: OperationDefinitionNode) -> dict[str, int]:
    return {
        definition.variable.name.value: int(definition.default_value.value)
        for definition in operation.variable_definitions or ()
        if isinstance(definition.default_value, IntValueNode)
    }


def _own_cost(parent: GraphQLNamedType | None, name: str) -> int:
    """Cost of a field without what stands below it."""
    of_type = f"{parent.name}.{name}" if parent is not None else name
    return COSTS.get(of_type, COSTS.get(name, 1))


def _definition(parent: GraphQLNamedType | None, name: str) -> GraphQLField | None:
    return parent.fields.get(name) if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else None


def _is_list(type_: GraphQLOutputType) -> bool:
    return is_list_type(get_nullable_type(type_))


def too_large(found: Measure, settings: Settings) -> GraphQLError | None:
    """The refusal that names the first limit that is passed, or None."""
    checks: Iterable[tuple[str, int, int]] = (
        ("levels of fields", found.depth, settings.max_depth),
        ("aliases", found.aliases, settings.max_aliases),
        ("directives", found.directives, settings.max_directives),
        ("fragments", found.fragments, FRAGMENTS_MAX),
        ("times the same field at one place", found.repeats, REPEATS_MAX),
        ("levels of introspection", found.introspection_depth, INTROSPECTION_DEPTH_MAX),
        ("lists within lists in introspection", found.introspection_lists, INTROSPECTION_LISTS_MAX),
        ("values (list sizes multiplied)", found.cost, settings.max_cost),
    )
    for what, count, limit in checks:
        if count > limit:
            return refusal(f"more than {limit} {what}")
    return None


def refusal(what: str) -> GraphQLError:
    """The error of a query that asks for too much."""
    return GraphQLError(
        f"The query is too large: {what}. Ask for less at a time.", extensions={"code": QUERY_TOO_COMPLEX}
    )
