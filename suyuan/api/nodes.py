"""The domain types: one GraphQL type per node kind, made from the declared columns and links."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import strawberry
from strawberry.scalars import JSON
from strawberry.types import Info as StrawberryInfo

from suyuan.api.connections import connection_types, decode_cursor, encode_cursor, page_info, page_size
from suyuan.api.context import NeighbourKey, RequestContext
from suyuan.api.kinds import EdgeDirection, EdgeKind, NodeKind, Property, Source, properties_of, source_of
from suyuan.api.links import LINKS, Link
from suyuan.api.masking import WITHHELD_EDGE_KINDS, WITHHELD_NODE_KINDS, masked_properties
from suyuan.graph.ids import split_id
from suyuan.graph.model import EDGE_KINDS, NODE_KINDS, Column, ValueType
from suyuan.graph.store.base import GraphEdge as StoredEdge
from suyuan.graph.store.base import Node as StoredNode
from suyuan.graph.tables import table_of_kind

Info = StrawberryInfo[RequestContext, None]

_TYPES: dict[ValueType, Any] = {
    "text": str,
    "id": strawberry.ID,
    "number": float,
    "integer": int,
    "boolean": bool,
    "time": str,
    "list": list[str],
    "ids": list[strawberry.ID],
}


@strawberry.interface(description="Anything in the graph, by its canonical id.")
class Node:
    """What all domain types have in common."""

    id: strawberry.ID = strawberry.field(description="Canonical id, such as `Listing:shop:L000001`.")
    node_kind: NodeKind = strawberry.field(description="What it is.")  # pyright: ignore[reportInvalidTypeForm]
    display_name: str = strawberry.field(description="Name or title if known, else the key.")
    stub: bool = strawberry.field(
        description="Whether it is only named by others: no row of its own was read."
    )
    provenance: Source | None = strawberry.field(description="File and row the fact was read from.")
    extra: JSON | None = strawberry.field(description="Columns of the source outside the exchange format.")

    @strawberry.field(description="Relationships at this thing, with what is at their other ends.")
    async def neighbours(
        self,
        info: Info,
        edge_kinds: list[EdgeKind] | None = None,  # pyright: ignore[reportInvalidTypeForm]
        direction: EdgeDirection = EdgeDirection.BOTH,
        first: int = 50,
        after: str | None = None,
    ) -> "EdgeConnection":
        """A page of relationships."""
        return await neighbour_page(info.context, self.id, edge_kinds, direction, first, after)


@strawberry.type(description="A relationship, with the record that says so.")
class GraphEdge:
    """One edge as seen from a node."""

    id: strawberry.ID = strawberry.field(description="Id of the relationship.")
    kind: EdgeKind = strawberry.field(description="Kind of relationship.")  # pyright: ignore[reportInvalidTypeForm]
    source_id: strawberry.ID = strawberry.field(description="Id of the node it begins at.")
    target_id: strawberry.ID = strawberry.field(description="Id of the node it ends at.")
    properties: list[Property] = strawberry.field(description="What the record says of it.")
    provenance: Source | None = strawberry.field(description="File and row behind it.")
    other_id: strawberry.Private[str]

    @strawberry.field(description="The node at the other end.")
    async def node(self, info: Info) -> Node | None:
        """The other end."""
        return shown(info.context, await info.context.nodes.load(self.other_id))


EdgeEdge, EdgeConnection = connection_types("Edge", GraphEdge, "relationships")
NodeEdge, NodeConnection = connection_types("Node", Node, "things in the graph")


async def neighbour_page(
    context: RequestContext,
    node_id: str,
    edge_kinds: Sequence[Any] | None,
    direction: EdgeDirection,
    first: int,
    after: str | None,
) -> Any:
    """One page of relationships at a node."""
    size = page_size(first, context.settings.max_page)
    edges = await _edges(
        context, node_id, allowed_edge_kinds(context, edge_kinds), direction.value, size + 1, after
    )
    entries = [_edge_entry(edge, node_id) for edge in edges[:size]]
    cursors = [entry.cursor for entry in entries]
    return EdgeConnection(edges=entries, page_info=page_info(cursors, more=len(edges) > size, after=after))


def allowed_edge_kinds(context: RequestContext, wanted: Sequence[Any] | None) -> tuple[str, ...] | None:
    """The edge kinds to read: those wanted that the caller may see; None = all."""
    names = None if wanted is None else [kind.value for kind in wanted]
    if context.sees_personal_data:
        return None if names is None else tuple(names)
    return tuple(kind for kind in (EDGE_KINDS if names is None else names) if kind not in WITHHELD_EDGE_KINDS)


async def _edges(
    context: RequestContext,
    node_id: str,
    kinds: tuple[str, ...] | None,
    direction: Any,
    first: int,
    after: str | None,
) -> list[StoredEdge]:
    key = decode_cursor(after, str)
    if kinds == ():
        return []
    return await context.neighbours.load(
        NeighbourKey(node_id, kinds, direction, first, key[0] if key else None)
    )


def _edge_entry(edge: StoredEdge, at: str) -> Any:
    made = GraphEdge(
        id=strawberry.ID(edge.id),
        kind=EdgeKind(edge.kind),
        source_id=strawberry.ID(edge.source),
        target_id=strawberry.ID(edge.target),
        properties=properties_of(edge, frozenset()),
        provenance=source_of(edge.provenance),
        other_id=edge.target if edge.source == at else edge.source,
    )
    return EdgeEdge(cursor=encode_cursor(edge.id), node=made)


def _property_type(column: Column) -> Any:
    return Optional[_TYPES[column.type]]  # noqa: UP045 - built at run time


def _bare_type(kind: str) -> Any:
    """A class with the declared columns as optional fields; links are added when all types exist."""
    table = table_of_kind(kind)
    columns = (
        table.columns
        if table
        else tuple(Column(name, "text", "Part of the key.") for name in NODE_KINDS[kind].key)
    )
    namespace: dict[str, Any] = {"__annotations__": {}}
    for column in columns:
        namespace["__annotations__"][column.name] = _property_type(column)
        about = column.description + (" ISO 8601, at its own precision." if column.type == "time" else "")
        namespace[column.name] = strawberry.field(description=about, default=None)
    return type(kind, (Node,), namespace)


_DOMAIN: dict[str, Any] = {kind: _bare_type(kind) for kind in NODE_KINDS}
_CONNECTIONS: dict[str, tuple[Any, Any]] = {
    kind: connection_types(kind, domain, f"things of kind {kind}") for kind, domain in _DOMAIN.items()
}


def _resolver(function: Callable[..., Awaitable[Any]], returns: Any) -> Callable[..., Awaitable[Any]]:
    function.__annotations__["return"] = returns
    return function


def _link_to_one(link: Link) -> Any:
    async def resolve(root: Node, info: Info) -> Any:
        context = info.context
        edges = await _edges(context, root.id, allowed_link(context, link), _way(link), 10, None)
        ends = [edge.source if link.inward else edge.target for edge in edges]
        fitting = [end for end in ends if link.target is None or split_id(end)[0] == link.target]
        return shown(context, await context.nodes.load(fitting[0])) if fitting else None

    target = _DOMAIN[link.target] if link.target else Node
    return strawberry.field(resolver=_resolver(resolve, Optional[target]), description=link.description)  # noqa: UP045


def _link_to_many(link: Link) -> Any:
    edge_type, connection_type = _CONNECTIONS[link.target] if link.target else (NodeEdge, NodeConnection)

    async def resolve(root: Node, info: Info, first: int = 20, after: str | None = None) -> Any:
        context = info.context
        size = page_size(first, context.settings.max_page)
        edges = await _edges(context, root.id, allowed_link(context, link), _way(link), size + 1, after)
        shown_edges = edges[:size]
        nodes = await context.nodes.load_many([_end(link, edge) for edge in shown_edges])
        entries = [
            edge_type(cursor=encode_cursor(edge.id), node=shown(context, node))
            for edge, node in zip(shown_edges, nodes, strict=True)
            if node is not None
        ]
        cursors = [encode_cursor(edge.id) for edge in shown_edges]
        return connection_type(
            edges=entries, page_info=page_info(cursors, more=len(edges) > size, after=after)
        )

    return strawberry.field(resolver=_resolver(resolve, connection_type), description=link.description)


def _end(link: Link, edge: StoredEdge) -> str:
    if link.records:
        return edge.provenance.record
    return edge.source if link.inward else edge.target


def _way(link: Link) -> str:
    return "in" if link.inward else "out"


def allowed_link(context: RequestContext, link: Link) -> tuple[str, ...]:
    """The edge kinds a link follows for this caller."""
    withheld = not context.sees_personal_data and link.edge in WITHHELD_EDGE_KINDS
    return () if withheld else (link.edge,)


for _link in LINKS:
    _domain = _DOMAIN[_link.source]
    _field = _link_to_many(_link) if _link.many else _link_to_one(_link)
    setattr(_domain, _link.name, _field)


@dataclass(frozen=True, slots=True)
class DomainTypes:
    """All generated types, to be completed once with fields that other modules add."""

    by_kind: dict[str, Any]


def complete_types(extra_fields: dict[str, dict[str, Any]]) -> DomainTypes:
    """Makes GraphQL types of the classes. ``extra_fields``: kind -> field name -> strawberry field."""
    for kind, domain in _DOMAIN.items():
        for name, made in extra_fields.get(kind, {}).items():
            setattr(domain, name, made)
        if (
            not hasattr(domain, "__strawberry_definition__")
            or domain.__strawberry_definition__.origin is not domain
        ):
            strawberry.type(domain, name=kind, description=NODE_KINDS[kind].description)
    return DomainTypes(_DOMAIN)


def shown(context: RequestContext, node: StoredNode | None) -> Any:
    """A stored node as the caller may see it; None for none and for what is withheld."""
    if node is None or (node.kind in WITHHELD_NODE_KINDS and not context.sees_personal_data):
        return None
    table = table_of_kind(node.kind)
    properties = dict(node.properties)
    if not context.sees_personal_data:
        properties = masked_properties(table, properties)
    key = node.id.split(":", 1)[1]
    name = next((str(properties[c]) for c in ("name", "title") if properties.get(c)), key)
    known = {column.name for column in table.columns} if table else set(NODE_KINDS[node.kind].key)
    return _DOMAIN[node.kind](
        id=strawberry.ID(node.id),
        node_kind=NodeKind(node.kind),
        display_name=name,
        stub=node.stub,
        provenance=source_of(node.provenance),
        extra=dict(node.extra) if node.extra and context.sees_personal_data else None,
        **{column: value for column, value in properties.items() if column in known},
    )
