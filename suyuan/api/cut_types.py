"""GraphQL types of plans that cut the chain."""

from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from suyuan.api.impact_types import (
    DIVISION_CODE,
    Starts,
    canonical_ids,
    common_fields,
    made,
    request_of,
    snapshot_of,
)
from suyuan.api.nodes import Info, Node, node_of
from suyuan.api.scalars import DateTime
from suyuan.api.trace_types import AsOf, KnownAt, TruncatedCount
from suyuan.service.impact import cut_report

Share = Annotated[
    float, strawberry.argument(description="Share of the flow to the market to stop, above 0, at most 1.")
]


@strawberry.type(description="A site or shop to close, in its place of the plan.")
class Closing:
    """One step of a plan."""

    target_id: strawberry.ID = strawberry.field(description="Canonical id of the site or shop.")
    name: str | None = strawberry.field(description="Its name.")
    division_code: str | None = strawberry.field(description=DIVISION_CODE)
    stops: float = strawberry.field(description="Share of the flow that it stops besides those before it.")
    share_stopped: float = strawberry.field(description="Share that it and those before it stop together.")
    lawful_units: float = strawberry.field(
        description="Its trade that is not from these origins, counted as lawful."
    )

    @strawberry.field(description="The site or shop.")
    async def target(self, info: Info) -> Node | None:
        """What is closed, as a node."""
        return await node_of(info.context, self.target_id)


@strawberry.type(description="Which places to close so that goods from some origins stop. Machine estimate.")
class CutPlan:
    """Answer of cutting the chain; the same content as `suyuan cut --json`."""

    origins: list[strawberry.ID] = strawberry.field(description="Where the flow begins; never closed.")
    share: float = strawberry.field(description="Share that was asked for.")
    rules: list[str] = strawberry.field(description="How the first shipments were found, origin by origin.")
    as_of: DateTime | None = strawberry.field(description="Only events up to this time.")
    known_at: DateTime | None = strawberry.field(description="Only facts the store had by this time.")
    snapshot: str = strawberry.field(description="SHA-256 of the graph the answer was computed on.")
    parameters: JSON = strawberry.field(description="Parameters of the computation.")
    counted_in: str = strawberry.field(description="The unit of all quantities; see `Impact`.")
    units: float = strawberry.field(description="Expected quantity from the origins that reaches the market.")
    closings: list[Closing] = strawberry.field(description="What to close, in order of effect.")
    share_stopped: float = strawberry.field(description="Share of the flow that all closings stop.")
    lawful_units: float = strawberry.field(
        description="Other trade lost, counted as lawful; what passes two closed places counts at both."
    )
    exact: bool = strawberry.field(description="Whether fewer closings are proven not to do.")
    least_closings: int = strawberry.field(description="So many closings are needed at least.")
    method: str = strawberry.field(description="`min_cut`, `integer_programme` or `greedy`.")
    candidates: int = strawberry.field(description="How many places could be closed.")
    truncated: bool = strawberry.field(description="Whether a limit cut something off.")
    truncated_counts: list[TruncatedCount] = strawberry.field(description="What was cut off.")
    elapsed_ms: float = strawberry.field(description="Time of the computation, milliseconds.")


async def cut_chain(
    info: Info, origins: Starts, share: Share, as_of: AsOf = None, known_at: KnownAt = None
) -> CutPlan:
    """Resolves `cutChain`."""
    context = info.context
    ids, request = canonical_ids("origins", origins), request_of(context, as_of, known_at)
    report = await context.compute(
        lambda: cut_report(context.services.tracer, ids, share, request, snapshot_of(context, known_at))
    )
    make = made(Closing, id="target_id", division="division_code")
    same = (
        "origins",
        "share",
        "share_stopped",
        "lawful_units",
        "exact",
        "least_closings",
        "method",
        "candidates",
    )
    return CutPlan(
        **{name: report[name] for name in same},
        **common_fields(report),
        closings=[make(closing) for closing in report["closings"]],
    )
