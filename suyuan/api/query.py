"""The query type."""

from typing import Annotated, Any, Final

import strawberry

from suyuan.api.actor_types import Actor, actor_of_id, seen_records
from suyuan.api.connections import (
    EDGE_PAGE,
    PAGE,
    After,
    First,
    PageInfo,
    encode_cursor,
    page_info,
    page_size,
)
from suyuan.api.cut_types import CutPlan, cut_chain
from suyuan.api.given_ids import beginning, canonical_id
from suyuan.api.impact_types import Impact, forward_impact
from suyuan.api.kinds import EDGE_KIND_MEMBERS, Direction, EdgeKind, NodeKind, UnknownTimes
from suyuan.api.network_types import (
    NetworkConnection,
    OffenderNetwork,
    offender_network,
    offender_networks,
)
from suyuan.api.nodes import (
    EdgeConnection,
    EdgeKinds,
    EdgeWay,
    Info,
    Node,
    completed_types,
    neighbour_page,
    node_of,
    nodes_of,
    shown,
)
from suyuan.api.origin_types import Cases, OriginReport, SourceCount, origins_of_group
from suyuan.api.pages import visible_hits
from suyuan.api.ranking_types import RankingConnection, ranking_field
from suyuan.api.trace_types import (
    AsOf,
    KnownAt,
    MaxHops,
    Trace,
    TraceDirection,
    UnknownTimesMode,
    trace_of,
)
from suyuan.errors import NotFoundError, ParameterError
from suyuan.graph.model import NODE_KINDS
from suyuan.service.connecting import connections
from suyuan.service.tracing import DEFAULT_MAX_HOPS
from suyuan.traceback.cases import START_KINDS

_PATHS: Final = 5
_TEXT_MAX: Final = 200

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


@strawberry.type(description="One relationship on a way.")
class PathHop:
    """A relationship in its own direction, which may be against the way."""

    kind: EdgeKind = strawberry.field(description="Kind of relationship.")
    source_id: strawberry.ID = strawberry.field(description="Id of the node it begins at.")
    target_id: strawberry.ID = strawberry.field(description="Id of the node it ends at.")


@strawberry.type(description="A way from one thing to another.")
class Path:
    """Nodes and the relationships between them."""

    node_ids: list[strawberry.ID] = strawberry.field(description="Ids along the way, first to last.")
    hops: list[PathHop] = strawberry.field(description="Relationships between them, in the same order.")

    @strawberry.field(description="The things along the way, first to last.")
    async def nodes(self, info: Info) -> list[Node | None]:
        """Nodes of the path."""
        return await nodes_of(info.context, self.node_ids)


@strawberry.type(description="What can be asked.")
class Query:
    """Entry points of the API."""

    @strawberry.field(description="Anything by its canonical id; null if there is no such thing.")
    async def node(self, info: Info, id: Id) -> Node | None:
        """One node."""
        return await node_of(info.context, canonical_id("id", id))

    @strawberry.field(
        description="Things by text: names, titles, numbers, addresses, ids. Chinese words of any length are "
        "found; of several words all must be there."
    )
    async def search(
        self,
        info: Info,
        text: Annotated[str, strawberry.argument(description="Words to look for, separated by blanks.")],
        kinds: Annotated[
            list[NodeKind] | None, strawberry.argument(description="Only these kinds; all if not given.")
        ] = None,
        first: First = PAGE,
        after: After = None,
    ) -> SearchConnection:
        """Full-text search."""
        context = info.context
        if len(text) > _TEXT_MAX:
            raise ParameterError("text", beginning(text), f"at most {_TEXT_MAX} characters")
        size = page_size(first, PAGE, context.settings.max_page)
        names = context.sight.node_kinds(None if kinds is None else [str(kind.value) for kind in kinds])
        hits = await visible_hits(context, text, names, size + 1, after)
        edges = [
            SearchEdge(
                cursor=encode_cursor(hit.rank, hit.id),
                node=made,
                rank=hit.rank,
                text=hit.text if context.sight.personal else made.display_name,
            )
            for hit, node in hits[:size]
            if (made := shown(context, node)) is not None
        ]
        cursors = [edge.cursor for edge in edges]
        return SearchConnection(edges=edges, page_info=page_info(cursors, more=len(hits) > size, after=after))

    @strawberry.field(description="Relationships at a thing, with what is at their other ends.")
    async def neighbours(
        self,
        info: Info,
        id: Id,
        edge_kinds: EdgeKinds = None,
        direction: EdgeWay = None,
        first: First = EDGE_PAGE,
        after: After = None,
    ) -> EdgeConnection:
        """A page of relationships at a node."""
        node_id = canonical_id("id", id)
        if await node_of(info.context, node_id) is None:
            raise NotFoundError(*node_id.split(":", 1))
        return await neighbour_page(info.context, node_id, edge_kinds, direction, first, after)

    @strawberry.field(
        description="Where a listing, seller, shipment, lot, site, seizure, exhibit or lead came from, or "
        "went to, with probabilities and reasons. A machine estimate, not a finding."
    )
    async def trace(
        self,
        info: Info,
        start: Id,
        direction: TraceDirection = Direction.BACKWARD,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        max_hops: MaxHops = DEFAULT_MAX_HOPS,
        unknown_times: UnknownTimesMode = UnknownTimes.INFER,
    ) -> Trace:
        """A trace."""
        node_id = canonical_id("start", start)
        return await trace_of(info, node_id, direction, as_of, known_at, max_hops, unknown_times)

    actor: Actor | None = strawberry.field(
        resolver=actor_of_id,
        description="Who is behind a record; null if there is no such thing. A machine estimate, not a finding.",
    )
    offender_networks: NetworkConnection = strawberry.field(
        resolver=offender_networks,
        description="Networks of linked accounts, the most findings first. A machine estimate, not a finding.",
    )
    offender_network: OffenderNetwork | None = strawberry.field(
        resolver=offender_network,
        description="One network; null if there is none. A machine estimate, not a finding.",
    )
    forward_impact: Impact = strawberry.field(
        resolver=forward_impact,
        description="What goods from some starts came to: sites, shops, listings, rights and divisions, with "
        "expected units. A machine estimate, not a finding.",
    )
    cut_chain: CutPlan = strawberry.field(
        resolver=cut_chain,
        description="The fewest sites and shops whose closing stops a share of the flow from some origins to the "
        "market, and the other trade it costs. The origins are never closed. A machine estimate, not a finding.",
    )

    firm_ranking: RankingConnection = ranking_field("firms", "Firms")
    seller_ranking: RankingConnection = ranking_field("sellers", "Shops")
    actor_ranking: RankingConnection = ranking_field("actors", "Linked accounts")
    product_ranking: RankingConnection = ranking_field("products", "Goods")
    right_ranking: RankingConnection = ranking_field("rights", "Rights, the easily infringed ones first,")
    site_ranking: RankingConnection = ranking_field("sites", "Places")

    @strawberry.field(
        description="The one or few origins that explain many cases, some of which may be false leads. A machine "
        "estimate, not a finding."
    )
    async def origins(
        self,
        info: Info,
        cases: Cases,
        sources: SourceCount = None,
        keep_licensed: Annotated[
            bool,
            strawberry.argument(
                description="Count factories also for goods that they made under licence, which are left out otherwise."
            ),
        ] = False,
        as_of: AsOf = None,
        known_at: KnownAt = None,
    ) -> OriginReport:
        """Common origins of a group of cases."""
        return await origins_of_group(info.context, cases, sources, keep_licensed, as_of, known_at)

    @strawberry.field(
        description="The shortest ways from one thing to another, whatever relationships they are made of. "
        "Those of an actor begin and end at any of its records."
    )
    async def path(
        self,
        info: Info,
        from_: Annotated[
            strawberry.ID, strawberry.argument(name="from", description="Where the ways begin.")
        ],
        to: Annotated[strawberry.ID, strawberry.argument(description="Where they end.")],
        first: Annotated[int | None, strawberry.argument(description="At most so many ways.")] = _PATHS,
    ) -> list[Path]:
        """Connections between two nodes."""
        context = info.context
        most = page_size(first, _PATHS, context.settings.max_page)
        starts, goals = await _visible(info, "from", from_), await _visible(info, "to", to)
        without = context.sight.withheld_kinds()
        found = await context.compute(
            lambda: connections(context.snapshot(), starts, goals, most, without=without) if most else []
        )
        return [
            Path(
                node_ids=[strawberry.ID(node) for node in way.nodes],
                hops=[
                    PathHop(
                        kind=EDGE_KIND_MEMBERS[hop.kind],
                        source_id=strawberry.ID(hop.source),
                        target_id=strawberry.ID(hop.target),
                    )
                    for hop in way.hops
                ],
            )
            for way in found
        ]


async def _visible(info: Info, name: str, given: str) -> list[str]:
    """Records that an id stands for, spelt canonically; for a withheld one the same error as for one not there."""
    if given.strip().casefold().startswith("actor:"):
        return await seen_records(info, given)
    node_id = canonical_id(name, given)
    kind, _, key = node_id.partition(":")
    if not info.context.sight.sees_kind(kind):
        raise NotFoundError(kind, key)
    return [node_id]


async def _trace_field(
    root: Node,
    info: Info,
    direction: TraceDirection = Direction.BACKWARD,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    max_hops: MaxHops = DEFAULT_MAX_HOPS,
    unknown_times: UnknownTimesMode = UnknownTimes.INFER,
) -> Trace:
    return await trace_of(info, root.id, direction, as_of, known_at, max_hops, unknown_times)


async def _actor_field(root: Node, info: Info) -> Actor | None:
    return await actor_of_id(info, root.id)


def _computed_fields(kind: str) -> dict[str, Any]:
    """Fields of a kind that are worked out, not stored."""
    fields: dict[str, Any] = {}
    if kind in START_KINDS:
        fields["trace"] = strawberry.field(
            resolver=_trace_field, description="Where it came from, or went to."
        )
    if kind in ("Seller", "Firm", "Person"):
        fields["actor"] = strawberry.field(
            resolver=_actor_field, description="The linked accounts it is one of."
        )
    return fields


DOMAIN_TYPES: Final = completed_types({kind: _computed_fields(kind) for kind in NODE_KINDS})
