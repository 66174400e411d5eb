"""The schema as a contract: kept in a file, described throughout, with the names that are fixed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType

from suyuan.api.schema import make_schema, schema_text
from suyuan.graph.model import EDGE_KINDS, NODE_KINDS
from suyuan.settings import Settings

SCHEMA = make_schema(Settings.model_construct()).graphql_schema
ROOT = Path(__file__).resolve().parents[2]


def _described() -> Iterator[tuple[str, str | None]]:
    for name, type_ in SCHEMA.type_map.items():
        if name.startswith("__"):
            continue
        yield name, type_.description
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for field_name, field in type_.fields.items():
                yield f"{name}.{field_name}", field.description
                for argument, value in getattr(field, "args", {}).items():
                    yield f"{name}.{field_name}({argument})", value.description
        if isinstance(type_, GraphQLEnumType):
            for value_name, value in type_.values.items():
                yield f"{name}.{value_name}", value.description


def test_everything_has_a_description() -> None:
    entries = list(_described())
    assert len(entries) > 700
    assert [name for name, text in entries if not text or not text.strip()] == []


def test_the_schema_is_the_one_that_is_kept() -> None:
    """Run `make schema` after a change of the API, and say in the changelog what changed."""
    assert (ROOT / "schema.graphql").read_text(encoding="utf-8") == schema_text()


@pytest.mark.parametrize(
    "line",
    [
        "node(id: ID!): Node",
        "search(text: String!, kinds: [NodeKind!], first: Int = 20, after: String): SearchConnection!",
        "neighbours(id: ID!, edgeKinds: [EdgeKind!], direction: Direction, first: Int = 50, after: String): "
        "EdgeConnection!",
        "trace(start: ID!, direction: Direction = BACKWARD, asOf: DateTime, knownAt: DateTime, "
        "maxHops: Int = 12, unknownTimes: UnknownTimes = INFER): Trace!",
        "path(from: ID!, to: ID!, first: Int = 5): [Path!]!",
        "forwardImpact(start: [ID!]!, asOf: DateTime, knownAt: DateTime): Impact!",
        "cutChain(origins: [ID!]!, share: Float!, asOf: DateTime, knownAt: DateTime): CutPlan!",
    ],
)
def test_names_and_arguments_that_clients_rely_on(line: str) -> None:
    without_descriptions = re.sub(r'"""[^"]*"""', "", schema_text())
    assert _squeezed(line) in _squeezed(without_descriptions)


def _squeezed(text: str) -> str:
    return re.sub(r"[\s,]", "", text)


def test_every_kind_is_a_type_with_the_fields_of_its_columns() -> None:
    for kind in NODE_KINDS:
        node = SCHEMA.type_map[kind]
        assert isinstance(node, GraphQLObjectType)
        assert [interface.name for interface in node.interfaces] == ["Node"]
    for name, kinds in (("NodeKind", NODE_KINDS), ("EdgeKind", EDGE_KINDS)):
        enum = SCHEMA.type_map[name]
        assert isinstance(enum, GraphQLEnumType)
        assert list(enum.values) == list(kinds)
