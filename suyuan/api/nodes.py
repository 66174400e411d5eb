"""The domain types: one GraphQL type per node kind, made from the declared columns and links."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, Final, Optional

import strawberry
from strawberry.scalars import JSON
from strawberry.types import Info as StrawberryInfo

from suyuan.api.connections import (
    EDGE_PAGE,
    PAGE,
    After,
    First,
    PageInfo,
    connection_types,
    encode_cursor,
    page_info,
    page_size,
)
from suyuan.api.context import RequestContext
from suyuan.api.kinds import (
    EDGE_KIND_MEMBERS,
    NODE_KIND_MEMBERS,
    Direction,
    EdgeKind,
    NodeKind,
    Property,
    Source,
    source_of,
)
from suyuan.api.links import LINKS, Link
from suyuan.api.pages import edge_page, visible_edges
from suyuan.graph.model import NODE_KINDS, Column, ValueType
from suyuan.graph.store.base import Direction as EdgeDirection
from suyuan.graph.store.base import GraphEdge as StoredEdge
from suyuan.graph.store.base import Node as StoredNode
from suyuan.graph.tables import table_of_kind

Info = StrawberryInfo[RequestContext, None]

EdgeKinds = Annotated[
    list[EdgeKind] | None,
    strawberry.argument(description="Only these kinds of relationships; all if not given."),
]
EdgeWay = Annotated[
    Direction | None,
    strawberry.argument(description="Only relationships that begin (FORWARD) or end (BACKWARD) here."),
]

_TYPES: Final[Mapping[ValueType, Any]] = {
    "text": str,
    "id": strawberry.ID,
    "number": float,
    "integer": int,
    "boolean": bool,
    "time": str,
    "list": list[str],
    "ids": list[strawberry.ID],
}
_ENDS_LOOKED_AT: Final = 10
"""Relationships read for a link to one thing; the rest would be of other kinds."""


@strawberry.interface(description="Anything in the graph, by its canonical id.")
class Node:
    """What all domain types have in common."""

    id: strawberry.ID = strawberry.field(description="Canonical id, such as `Listing:shop:L000001`.")
    node_kind: NodeKind = strawberry.field(description="What it is.")
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
        edge_kinds: EdgeKinds = None,
        direction: EdgeWay = None,
        first: First = EDGE_PAGE,
        after: After = None,
    ) -> "EdgeConnection":
        """A page of relationships."""
        return await neighbour_page(info.context, self.id, edge_kinds, direction, first, after)


@strawberry.type(description="A relationship, with the record that says so.")
class GraphEdge:
    """One edge as seen from a node."""

    id: strawberry.ID = strawberry.field(description="Id of the relationship.")
    kind: EdgeKind = strawberry.field(description="Kind of relationship.")
    source_id: strawberry.ID = strawberry.field(description="Id of the node it begins at.")
    target_id: strawberry.ID = strawberry.field(description="Id of the node it ends at.")
    properties: list[Property] = strawberry.field(description="What the record says of it.")
    provenance: Source | None = strawberry.field(description="File and row behind it.")
    other_id: strawberry.Private[str]

    @strawberry.field(description="The node at the other end.")
    async def node(self, info: Info) -> Node | None:
        """The other end."""
        return await node_of(info.context, self.other_id)


@strawberry.type(description="An entry of a list of relationships.")
class EdgeEdge:
    """A relationship with its cursor."""

    cursor: str = strawberry.field(description="Where to go on after this entry.")
    node: GraphEdge = strawberry.field(description="The entry.")


@strawberry.type(description="A page of relationships.")
class EdgeConnection:
    """Relationships ordered by id."""

    edges: list[EdgeEdge] = strawberry.field(description="The entries of this page.")
    page_info: PageInfo = strawberry.field(description="Whether there is more.")


async def neighbour_page(
    context: RequestContext,
    node_id: str,
    edge_kinds: Sequence[EdgeKind] | None,
    direction: Direction | None,
    first: int | None,
    after: str | None,
) -> EdgeConnection:
    """One page of relationships at a node."""
    size = page_size(first, EDGE_PAGE, context.settings.max_page)
    kinds = context.sight.edge_kinds(None if edge_kinds is None else [str(kind.value) for kind in edge_kinds])
    page = edge_page(node_id, kinds, _ways(direction), size + 1, after)
    edges = await visible_edges(context, page, lambda edge: True)
    entries = [_edge_entry(context, edge, node_id) for edge in edges[:size]]
    cursors = [entry.cursor for entry in entries]
    return EdgeConnection(edges=entries, page_info=page_info(cursors, more=len(edges) > size, after=after))


def _ways(direction: Direction | None) -> EdgeDirection:
    if direction is None:
        return "both"
    return "out" if direction is Direction.FORWARD else "in"


def _edge_entry(context: RequestContext, edge: StoredEdge, at: str) -> EdgeEdge:
    properties = context.sight.properties(edge.provenance.table, edge.properties)
    made = GraphEdge(
        id=strawberry.ID(edge.id),
        kind=EDGE_KIND_MEMBERS[edge.kind],
        source_id=strawberry.ID(edge.source),
        target_id=strawberry.ID(edge.target),
        properties=[Property(name=name, value=_text(value)) for name, value in sorted(properties.items())],
        provenance=source_of(edge.provenance),
        other_id=edge.target if edge.source == at else edge.source,
    )
    return EdgeEdge(cursor=encode_cursor(edge.id), node=made)


def _text(value: object) -> str:
    return ";".join(map(str, value)) if isinstance(value, list) else str(value)


def _columns(kind: str) -> tuple[Column, ...]:
    table = table_of_kind(kind)
    if table is not None:
        return table.columns
    return tuple(Column(name, "text", "Part of the key.") for name in NODE_KINDS[kind].key)


def _bare_type(kind: str) -> Any:
    """A class with the declared columns as optional fields; links are added when all types exist."""
    namespace: dict[str, Any] = {"__annotations__": {}}
    for column in _columns(kind):
        namespace["__annotations__"][column.name] = Optional[_TYPES[column.type]]  # noqa: UP045 - made at run time
        about = column.description + (" ISO 8601, at its own precision." if column.type == "time" else "")
        namespace[column.name] = strawberry.field(description=about, default=None)
    return type(kind, (Node,), namespace)


_DOMAIN: Final[dict[str, Any]] = {kind: _bare_type(kind) for kind in NODE_KINDS}


def _or_none(kind: str) -> Any:
    domain = _DOMAIN[kind]
    return Optional[domain]  # noqa: UP045 - made at run time


SITE: Final = _or_none("Site")
SITES: Final = list[SITE]
SHIPMENTS: Final = list[_or_none("Shipment")]
"""GraphQL types of fields that lead to sites and shipments."""

SELLER, LISTING, RIGHT, DIVISION = (_or_none(kind) for kind in ("Seller", "Listing", "Right", "Division"))
"""Likewise of fields that lead to one of these."""

_CONNECTIONS: Final[dict[str | None, tuple[Any, Any]]] = {
    kind: connection_types(kind, domain, f"things of kind {kind}") for kind, domain in _DOMAIN.items()
}
_CONNECTIONS[None] = connection_types("Node", Node, "things in the graph")
_COLUMNS: Final = {kind: frozenset(column.name for column in _columns(kind)) for kind in NODE_KINDS}


def _resolver(function: Callable[..., Awaitable[Any]], returns: Any) -> Callable[..., Awaitable[Any]]:
    function.__annotations__["return"] = returns
    return function


def _link_to_one(link: Link) -> Any:
    async def resolve(root: Node, info: Info) -> Any:
        context = info.context
        page = edge_page(root.id, context.sight.edge_kinds([link.edge]), _way(link), _ENDS_LOOKED_AT, None)
        edges = await visible_edges(context, page, lambda edge: _fits(link, edge))
        return await node_of(context, _end(link, edges[0])) if edges else None

    target = _or_none(link.target) if link.target else Node | None
    return strawberry.field(resolver=_resolver(resolve, target), description=link.description)


def _link_to_many(link: Link) -> Any:
    edge_type, connection_type = _CONNECTIONS[link.target]

    async def resolve(root: Node, info: Info, first: First = PAGE, after: After = None) -> Any:
        context = info.context
        size = page_size(first, PAGE, context.settings.max_page)
        page = edge_page(root.id, context.sight.edge_kinds([link.edge]), _way(link), size + 1, after)
        edges = await visible_edges(context, page, lambda edge: _fits(link, edge))
        nodes = await context.nodes.load_many([_end(link, edge) for edge in edges[:size]])
        entries = [
            edge_type(cursor=encode_cursor(edge.id), node=made)
            for edge, node in zip(edges, nodes, strict=False)
            if (made := shown(context, node)) is not None
        ]
        cursors = [encode_cursor(edge.id) for edge in edges[:size]]
        info_of_page = page_info(cursors, more=len(edges) > size, after=after)
        return connection_type(edges=entries, page_info=info_of_page)

    return strawberry.field(resolver=_resolver(resolve, connection_type), description=link.description)


def _end(link: Link, edge: StoredEdge) -> str:
    if link.records:
        return edge.provenance.record
    return edge.source if link.inward else edge.target


def _fits(link: Link, edge: StoredEdge) -> bool:
    """Whether an edge leads to the kind that the link promises: some edge kinds lead to several."""
    return link.records or link.target is None or _end(link, edge).startswith(f"{link.target}:")


def _way(link: Link) -> EdgeDirection:
    return "in" if link.inward else "out"


for _link in LINKS:
    setattr(_DOMAIN[_link.source], _link.name, _link_to_many(_link) if _link.many else _link_to_one(_link))


def completed_types(extra_fields: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The GraphQL types by kind, with fields added: kind -> field name -> strawberry field. Called once."""
    for kind, domain in _DOMAIN.items():
        for name, made in extra_fields.get(kind, {}).items():
            setattr(domain, name, made)
        strawberry.type(domain, name=kind, description=NODE_KINDS[kind].description)
    return dict(_DOMAIN)


async def node_of(context: RequestContext, node_id: str) -> Any:
    """The node of an id as the caller may see it; None if there is none to be seen."""
    return shown(context, await context.nodes.load(node_id))


async def nodes_of(context: RequestContext, ids: Sequence[str]) -> list[Any]:
    """:func:`node_of` of several ids."""
    return [shown(context, node) for node in await context.nodes.load_many(list(ids))]


def shown(context: RequestContext, node: StoredNode | None) -> Any:
    """A stored node as the caller may see it; None for none and for what is withheld."""
    if node is None or not context.sight.sees_kind(node.kind):
        return None
    table = table_of_kind(node.kind)
    properties = context.sight.properties(table.name if table else None, node.properties)
    known = _COLUMNS[node.kind]
    name = next((str(properties[c]) for c in ("name", "title") if properties.get(c)), None)
    return _DOMAIN[node.kind](
        id=strawberry.ID(node.id),
        node_kind=NODE_KIND_MEMBERS[node.kind],
        display_name=name or node.id.partition(":")[2],
        stub=node.stub,
        provenance=source_of(node.provenance),
        extra=dict(node.extra) if node.extra and context.sight.personal else None,
        **{column: value for column, value in properties.items() if column in known},
    )
