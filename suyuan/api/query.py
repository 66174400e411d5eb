"""The query type."""

from datetime import datetime
from typing import Annotated

import strawberry

from suyuan.api.connections import (
    PageInfo,
    decode_cursor,
    encode_cursor,
    page_info,
    page_size,
)
from suyuan.api.kinds import Direction, EdgeDirection, EdgeKind, NodeKind, UnknownTimes
from suyuan.api.masking import WITHHELD_EDGE_KINDS, WITHHELD_NODE_KINDS
from suyuan.api.nodes import EdgeConnection, Info, Node, complete_types, neighbour_page, shown
from suyuan.api.trace_types import Trace, trace_of, trace_request
from suyuan.errors import NotFoundError
from suyuan.graph.ids import normal_id
from suyuan.service.connecting import connections

_START_KINDS = ("Listing", "Seller", "Shipment", "Lot", "Site", "Seizure", "Exhibit", "Lead")

Id = Annotated[
    strawberry.ID, strawberry.argument(description="Canonical id, such as `Listing:shop:L000001`.")
]


@strawberry.type(description="A thing found by text.")
class SearchEdge:
    """One hit with its place in the order."""

    cursor: str = strawberry.field(description="Where to go on after this hit.")
    node: Node = strawberry.field(description="What was found.")
    rank: int = strawberry.field(description="0 the name is the text, 1 it begins with it, 2 it contains it.")
    text: str = strawberry.field(description="The name that was compared.")


@strawberry.type(description="A page of things found by text.")
class SearchConnection:
    """Hits ordered by rank, then id."""

    edges: list[SearchEdge] = strawberry.field(description="The hits of this page.")
    page_info: PageInfo = strawberry.field(description="Whether there is more.")


@strawberry.type(description="A way from one thing to another.")
class Path:
    """Nodes and the relationships between them."""

    node_ids: list[strawberry.ID] = strawberry.field(description="Ids along the way.")
    edge_kinds: list[str] = strawberry.field(description="Relationships between them, in order.")

    @strawberry.field(description="The things along the way.")
    async def nodes(self, info: Info) -> list[Node | None]:
        """Nodes of the path."""
        return [shown(info.context, node) for node in await info.context.nodes.load_many(self.node_ids)]


@strawberry.type(description="What can be asked.")
class Query:
    """Entry points of the API."""

    @strawberry.field(description="Anything by its canonical id; null if there is no such thing.")
    async def node(self, info: Info, id: Id) -> Node | None:
        """One node."""
        return shown(info.context, await info.context.nodes.load(normal_id(id)))

    @strawberry.field(
        description="Things by text: names, titles, numbers, addresses, ids. Chinese words of any length are found."
    )
    async def search(
        self,
        info: Info,
        text: str,
        kinds: list[NodeKind] | None = None,  # pyright: ignore[reportInvalidTypeForm]
        first: int = 20,
        after: str | None = None,
    ) -> SearchConnection:
        """Full-text search."""
        context = info.context
        size = page_size(first, context.settings.max_page)
        names = None if kinds is None else [kind.value for kind in kinds]
        key = decode_cursor(after, int, str)
        hits = await context.call(
            lambda: context.view().search(
                text, kinds=names, first=size + 1, after=(key[0], key[1]) if key else None
            )
        )
        page = [
            hit for hit in hits[:size] if context.sees_personal_data or hit.kind not in WITHHELD_NODE_KINDS
        ]
        nodes = await context.nodes.load_many([hit.id for hit in page])
        edges = [
            SearchEdge(
                cursor=encode_cursor(hit.rank, hit.id),
                node=made,
                rank=hit.rank,
                text=hit.text if context.sees_personal_data else made.display_name,
            )
            for hit, node in zip(page, nodes, strict=True)
            if (made := shown(context, node)) is not None
        ]
        cursors = [encode_cursor(hit.rank, hit.id) for hit in hits[:size]]
        return SearchConnection(edges=edges, page_info=page_info(cursors, more=len(hits) > size, after=after))

    @strawberry.field(description="Relationships at a thing, with what is at their other ends.")
    async def neighbours(
        self,
        info: Info,
        id: Id,
        edge_kinds: list[EdgeKind] | None = None,  # pyright: ignore[reportInvalidTypeForm]
        direction: EdgeDirection = EdgeDirection.BOTH,
        first: int = 50,
        after: str | None = None,
    ) -> EdgeConnection:  # pyright: ignore[reportInvalidTypeForm]
        """A page of relationships at a node."""
        node_id = normal_id(id)
        if shown(info.context, await info.context.nodes.load(node_id)) is None:
            raise NotFoundError(*node_id.split(":", 1))
        return await neighbour_page(info.context, node_id, edge_kinds, direction, first, after)

    @strawberry.field(
        description="Where a listing, seller, shipment, lot, site, seizure, exhibit or lead came from (or went to), "
        "with probabilities and reasons. A machine estimate, not a finding."
    )
    async def trace(
        self,
        info: Info,
        start: Id,
        direction: Direction = Direction.BACKWARD,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        max_hops: int = 12,
        unknown_times: UnknownTimes = UnknownTimes.INFER,
    ) -> Trace:
        """A trace."""
        request = trace_request(info.context, direction, as_of, known_at, max_hops, unknown_times)
        return await trace_of(info.context.tracer, start, request)

    @strawberry.field(
        description="The shortest ways from one thing to another, whatever relationships they are made of."
    )
    async def path(
        self,
        info: Info,
        from_: Annotated[
            strawberry.ID, strawberry.argument(name="from", description="Where the ways begin.")
        ],
        to: Annotated[strawberry.ID, strawberry.argument(description="Where they end.")],
        first: int = 5,
    ) -> list[Path]:
        """Connections between two nodes."""
        context = info.context
        most = page_size(first, context.settings.max_page)
        without = frozenset[str]() if context.sees_personal_data else WITHHELD_EDGE_KINDS
        found = await context.call(
            lambda: connections(context.workspace, from_, to, most, scope=context.scope, without=without)
        )
        return [Path(node_ids=way["nodes"], edge_kinds=way["edges"]) for way in found]


async def _trace_field(
    root: Node,
    info: Info,
    direction: Direction = Direction.BACKWARD,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
    max_hops: int = 12,
    unknown_times: UnknownTimes = UnknownTimes.INFER,
) -> Trace:
    request = trace_request(info.context, direction, as_of, known_at, max_hops, unknown_times)
    return await trace_of(info.context.tracer, root.id, request)


DOMAIN_TYPES = complete_types(
    {
        kind: {
            "trace": strawberry.field(resolver=_trace_field, description="Where it came from, or went to.")
        }
        for kind in _START_KINDS
    }
)
