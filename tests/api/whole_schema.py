"""Queries that ask for everything a type has, made from the schema itself."""

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema, get_named_type, is_leaf_type
from graphql.type import is_required_argument

CONNECTION = "Connection"
PAGE = "pageInfo { hasNextPage endCursor startCursor }"
NODE_FIELDS = "__typename id displayName stub extra provenance { table record file sha256 row run }"
EDGE_FIELDS = (
    "id kind sourceId targetId properties { name value } provenance { record } node { id displayName }"
)


def selection(schema: GraphQLSchema, kind: str, depth: int = 1) -> str:
    """All leaf fields of a domain type; with ``depth``, what its links lead to as well."""
    node = schema.type_map[kind]
    assert isinstance(node, GraphQLObjectType)
    parts = [_part(schema, name, field, depth) for name, field in node.fields.items()]
    return " ".join(part for part in parts if part)


def _part(schema: GraphQLSchema, name: str, field: GraphQLField, depth: int) -> str:
    inner = get_named_type(field.type)
    if any(map(is_required_argument, field.args.values())) or name == "trace":
        return ""
    if is_leaf_type(inner):
        return name
    if name == "provenance":
        return f"{name} {{ table record file sha256 row run }}"
    if depth == 0:
        return ""
    if name == "neighbours":
        return f"{name}(first: 100) {{ {PAGE} edges {{ cursor node {{ {EDGE_FIELDS} }} }} }}"
    if inner.name.endswith(CONNECTION):
        target = inner.name.removesuffix(CONNECTION)
        below = NODE_FIELDS if target == "Node" else selection(schema, target, 0)
        return f"{name}(first: 100) {{ {PAGE} edges {{ cursor node {{ __typename {below} }} }} }}"
    below = NODE_FIELDS if inner.name == "Node" else selection(schema, inner.name, 0)
    return f"{name} {{ __typename {below} }}"
