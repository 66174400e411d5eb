"""GraphQL types of forward impact."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final

import strawberry
from strawberry.scalars import JSON

from suyuan.api.connections import (
    PAGE,
    After,
    First,
    connection_types,
    decode_cursor,
    encode_cursor,
    page_info,
    page_size,
)
from suyuan.api.context import RequestContext
from suyuan.api.given_ids import canonical_id
from suyuan.api.nodes import DIVISION, LISTING, RIGHT, SELLER, SITE, Info, Node, node_of
from suyuan.api.scalars import DateTime
from suyuan.api.trace_types import AsOf, KnownAt, TruncatedCount
from suyuan.errors import ParameterError
from suyuan.graph.snapshot import GraphSnapshot
from suyuan.service.impact import impact_report
from suyuan.service.times import microseconds
from suyuan.service.tracing import TraceRequest

IDS_MAX: Final = 50
"""Starts of one question."""

Starts = Annotated[
    list[strawberry.ID],
    strawberry.argument(
        description="Sites, shipments, lots, sellers, listings, seizures, exhibits or leads, taken together."
    ),
]

_UNITS: Final = "Expected quantity, in what `countedIn` says."
_RULE: Final = "Rule by which its shipments were found."
DIVISION_CODE: Final = "Code of its division (GB/T 2260)."


@strawberry.type(description="A place that goods from the start came to: passed, not more than that.")
class ImpactSite:
    """A site that was reached."""

    site_id: strawberry.ID = strawberry.field(description="Canonical id of the site.")
    name: str | None = strawberry.field(description="Name of the site.")
    role: str | None = strawberry.field(description="What the site is.")
    division_code: str | None = strawberry.field(description=DIVISION_CODE)
    units: float = strawberry.field(description=_UNITS)
    mass: float = strawberry.field(description="Share of all recorded inflow that came from the start.")

    @strawberry.field(description="The site.", graphql_type=SITE)
    async def site(self, info: Info) -> Node | None:
        """The site as a node."""
        return await node_of(info.context, self.site_id)


@strawberry.type(description="A shop that can have sent goods from the start.")
class ImpactSeller:
    """A seller that was reached."""

    seller_id: strawberry.ID = strawberry.field(description="Canonical id of the shop.")
    name: str | None = strawberry.field(description="Name of the shop.")
    division_code: str | None = strawberry.field(description=DIVISION_CODE)
    units: float = strawberry.field(description=_UNITS)
    mass: float = strawberry.field(description="Probability that a unit it sends came from the start.")
    rule: str = strawberry.field(description=_RULE)

    @strawberry.field(description="The shop.", graphql_type=SELLER)
    async def seller(self, info: Info) -> Node | None:
        """The seller as a node."""
        return await node_of(info.context, self.seller_id)


@strawberry.type(description="An offer that can have been supplied from the start.")
class ImpactListing:
    """A listing that was reached."""

    listing_id: strawberry.ID = strawberry.field(description="Canonical id of the listing.")
    seller_id: strawberry.ID | None = strawberry.field(description="Canonical id of its shop.")
    units: float = strawberry.field(
        description=f"{_UNITS} Listings of one shop share its shipments, so they do not add up."
    )
    mass: float = strawberry.field(description="Probability that a unit sold by it came from the start.")
    rule: str = strawberry.field(description=_RULE)

    @strawberry.field(description="The listing.", graphql_type=LISTING)
    async def listing(self, info: Info) -> Node | None:
        """The listing as a node."""
        return await node_of(info.context, self.listing_id)


@strawberry.type(
    description="A right that covers goods from the start, or that listings supplied from there name."
)
class ImpactRight:
    """A right that was reached."""

    right_id: strawberry.ID = strawberry.field(description="Canonical id of the right.")
    right_type: str | None = strawberry.field(description="Type of right.")
    number: str | None = strawberry.field(description="Number of the patent or mark.")
    units: float = strawberry.field(description=f"{_UNITS} Counted where they left the start.")
    mass: float = strawberry.field(description="Share of all recorded flow of its products.")
    listings: int = strawberry.field(description="How many listings that were reached offer or claim it.")

    @strawberry.field(description="The right.", graphql_type=RIGHT)
    async def right(self, info: Info) -> Node | None:
        """The right as a node."""
        return await node_of(info.context, self.right_id)


@strawberry.type(description="An administrative division that goods from the start came to.")
class ImpactDivision:
    """A division that was reached."""

    division_code: str | None = strawberry.field(
        description="Code (GB/T 2260); null stands for all sites of which none is recorded."
    )
    units: float = strawberry.field(description=f"{_UNITS} What came into it, or began there.")
    mass: float = strawberry.field(description="Share of all that came into it.")
    sites: int = strawberry.field(description="Sites there that were reached.")
    sellers: int = strawberry.field(description="Shops there that were reached.")

    @strawberry.field(description="The division, if there is a row of it.", graphql_type=DIVISION)
    async def division(self, info: Info) -> Node | None:
        """The division as a node."""
        return (
            None
            if self.division_code is None
            else await node_of(info.context, f"Division:{self.division_code}")
        )


Entry = Mapping[str, Any]

_SITES: Final = connection_types("ImpactSite", ImpactSite, "places that goods came to")
_SELLERS: Final = connection_types("ImpactSeller", ImpactSeller, "shops that were reached")
_LISTINGS: Final = connection_types("ImpactListing", ImpactListing, "listings that were reached")
_RIGHTS: Final = connection_types("ImpactRight", ImpactRight, "rights that were reached")
_DIVISIONS: Final = connection_types("ImpactDivision", ImpactDivision, "divisions that were reached")


@strawberry.type(description="What came from the starts. Machine estimate, not a finding.")
class Impact:
    """Answer of forward impact; the same content as `suyuan impact --json`."""

    start: list[strawberry.ID] = strawberry.field(description="What was asked about.")
    rules: list[str] = strawberry.field(description="How the first shipments were found, start by start.")
    as_of: DateTime | None = strawberry.field(description="Only events up to this time.")
    known_at: DateTime | None = strawberry.field(description="Only facts the store had by this time.")
    snapshot: str = strawberry.field(description="SHA-256 of the graph the answer was computed on.")
    parameters: JSON = strawberry.field(description="Parameters of the computation.")
    counted_in: str = strawberry.field(
        description="The unit of all quantities; `units` where none is recorded, `movements` where units differ: "
        "then every shipment counts as one."
    )
    units: float = strawberry.field(description="Quantity on the first shipments.")
    movements: int = strawberry.field(description="Shipments that can hold goods from the start.")
    site_count: int = strawberry.field(description="How many `sites` there are.")
    seller_count: int = strawberry.field(description="How many `sellers` there are.")
    listing_count: int = strawberry.field(description="How many `listings` there are.")
    right_count: int = strawberry.field(description="How many `rights` there are.")
    truncated: bool = strawberry.field(description="Whether a limit cut something off.")
    truncated_counts: list[TruncatedCount] = strawberry.field(description="What was cut off.")
    elapsed_ms: float = strawberry.field(description="Time of the computation, milliseconds.")
    report: strawberry.Private[Entry]

    @strawberry.field(description="Places passed, most units first.", graphql_type=_SITES[1])
    def sites(self, info: Info, first: First = PAGE, after: After = None) -> Any:
        """A page of sites."""
        return self._page(info.context, "sites", "site", first, after)

    @strawberry.field(description="Shops, most units first.", graphql_type=_SELLERS[1])
    def sellers(self, info: Info, first: First = PAGE, after: After = None) -> Any:
        """A page of sellers."""
        return self._page(info.context, "sellers", "seller", first, after)

    @strawberry.field(description="Listings, most units first.", graphql_type=_LISTINGS[1])
    def listings(self, info: Info, first: First = PAGE, after: After = None) -> Any:
        """A page of listings."""
        return self._page(info.context, "listings", "listing", first, after)

    @strawberry.field(description="Rights, most units first.", graphql_type=_RIGHTS[1])
    def rights(self, info: Info, first: First = PAGE, after: After = None) -> Any:
        """A page of rights."""
        return self._page(info.context, "rights", "right", first, after)

    @strawberry.field(description="Divisions, most units first.", graphql_type=_DIVISIONS[1])
    def jurisdictions(self, info: Info, first: First = PAGE, after: After = None) -> Any:
        """A page of divisions."""
        return self._page(info.context, "jurisdictions", "division", first, after)

    def _page(
        self, context: RequestContext, name: str, key: str, first: int | None, after: str | None
    ) -> Any:
        edge_type, connection_type = _TYPES[name]
        entries: Sequence[Entry] = self.report[name]
        size = page_size(first, PAGE, context.settings.max_page)
        begin = _begin(entries, key, after)
        chosen = entries[begin : begin + size]
        cursors = [encode_cursor(entry[key] or "") for entry in chosen]
        edges = [
            edge_type(cursor=cursor, node=_NODES[name](entry))
            for cursor, entry in zip(cursors, chosen, strict=True)
        ]
        more = len(entries) > begin + size
        return connection_type(edges=edges, page_info=page_info(cursors, more=more, after=after))


_TYPES: Final[Mapping[str, tuple[Any, Any]]] = {
    "sites": _SITES,
    "sellers": _SELLERS,
    "listings": _LISTINGS,
    "rights": _RIGHTS,
    "jurisdictions": _DIVISIONS,
}


def made(type_: Callable[..., Any], **renamed: str) -> Callable[[Entry], Any]:
    """Entries of a report as objects of a type, some keys renamed."""

    def make(entry: Entry) -> Any:
        return type_(**{renamed.get(key, key): value for key, value in entry.items()})

    return make


_NODES: Final[Mapping[str, Callable[[Entry], Any]]] = {
    "sites": made(ImpactSite, site="site_id", division="division_code"),
    "sellers": made(ImpactSeller, seller="seller_id", division="division_code"),
    "listings": made(ImpactListing, listing="listing_id", seller="seller_id"),
    "rights": made(ImpactRight, right="right_id"),
    "jurisdictions": made(ImpactDivision, division="division_code"),
}


def _begin(entries: Sequence[Entry], key: str, after: str | None) -> int:
    """Where a page begins."""
    cursor = decode_cursor(after, str)
    if cursor is None:
        return 0
    for place, entry in enumerate(entries):
        if (entry[key] or "") == cursor[0]:
            return place + 1
    raise ParameterError("after", after, "a cursor that this connection gave")


async def forward_impact(info: Info, start: Starts, as_of: AsOf = None, known_at: KnownAt = None) -> Impact:
    """Resolves `forwardImpact`."""
    context = info.context
    ids, request = canonical_ids("start", start), request_of(context, as_of, known_at)
    report = await context.compute(
        lambda: impact_report(context.services.tracer, ids, request, snapshot_of(context, known_at))
    )
    return Impact(
        start=report["starts"],
        **common_fields(report),
        movements=report["movements"],
        site_count=len(report["sites"]),
        seller_count=len(report["sellers"]),
        listing_count=len(report["listings"]),
        right_count=len(report["rights"]),
        report=report,
    )


def canonical_ids(name: str, given: Sequence[str]) -> list[str]:
    """Canonical spellings of ids that a caller gave."""
    if not 1 <= len(given) <= IDS_MAX:
        raise ParameterError(name, len(given), f"1 to {IDS_MAX} ids")
    return [canonical_id(name, one) for one in given]


def request_of(context: RequestContext, as_of: DateTime | None, known_at: DateTime | None) -> TraceRequest:
    """The request of a question with these times."""
    return TraceRequest(
        direction="forward",
        as_of=as_of,
        known_at=known_at,
        parameters=context.parameters,
    )


def snapshot_of(context: RequestContext, known_at: DateTime | None) -> GraphSnapshot:
    """The graph to look in. Blocks; for worker threads."""
    return context.snapshot(microseconds("knownAt", known_at))


def common_fields(report: Entry) -> dict[str, Any]:
    """What both answers tell."""
    names = (
        "rules",
        "as_of",
        "known_at",
        "snapshot",
        "parameters",
        "counted_in",
        "units",
        "truncated",
        "elapsed_ms",
    )
    counts = [TruncatedCount(limit=k, count=v) for k, v in sorted(report["truncated_counts"].items())]
    return {**{name: report[name] for name in names}, "truncated_counts": counts}
