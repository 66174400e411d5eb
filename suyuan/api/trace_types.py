"""GraphQL types of a trace."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, TypeVar

import strawberry
from strawberry.scalars import JSON

from suyuan.api.explanation_types import (
    ChokePoint,
    NextInspection,
    Overrun,
    Standing,
    choke_point_of,
    inspection_of,
    overrun_of,
)
from suyuan.api.kinds import Direction, UnknownTimes
from suyuan.api.nodes import SHIPMENTS, SITE, SITES, Info, Node, node_of, nodes_of
from suyuan.api.scalars import DateTime, FloatColumn, IdColumn, IntColumn
from suyuan.api.selection import selects
from suyuan.service.times import microseconds
from suyuan.service.tracing import DEFAULT_MAX_HOPS, TraceRequest
from suyuan.service.tracing import Direction as Way
from suyuan.traceback.explanation import Parts

T = TypeVar("T")

TraceDirection = Annotated[
    Direction | None, strawberry.argument(description="BACKWARD: where it came from; FORWARD: where it went.")
]
AsOf = Annotated[DateTime | None, strawberry.argument(description="Look at events up to this time only.")]
KnownAt = Annotated[
    DateTime | None,
    strawberry.argument(description="Look at what the store had been told by this time only."),
]
MaxHops = Annotated[int | None, strawberry.argument(description="Longest chain of shipments looked at.")]
UnknownTimesMode = Annotated[
    UnknownTimes | None, strawberry.argument(description="What is assumed of shipments without times.")
]

_INTERVALS: Final = (("intervals",), ("origins", "low"), ("origins", "high"))
"""Fields for which intervals have to be made."""

_EXPLAIN: Final[Mapping[tuple[str, ...], Parts]] = {
    ("origins", "licensed"): Parts.ORIGINS,
    ("origins", "infringing"): Parts.ORIGINS,
    ("origins", "standing"): Parts.ORIGINS,
    ("origins", "overrun"): Parts.ORIGINS,
    ("origins", "reasons"): Parts.ORIGINS,
    ("chokePoints",): Parts.CHOKE_POINTS,
    ("nextInspections",): Parts.INSPECTIONS,
}
"""Which fields need which part of an explanation."""

_NOT_ASKED: Final[Any] = object()
"""Stands where a field was not selected; it fits no type, so it can never be taken for an answer."""

_WAYS: Final[Mapping[Direction, Way]] = {Direction.BACKWARD: "backward", Direction.FORWARD: "forward"}


@strawberry.type(description="A probable origin: machine estimate, not a finding.")
class Origin:
    """A site where backward chains end."""

    site_id: strawberry.ID = strawberry.field(description="Canonical id of the site.")
    name: str | None = strawberry.field(description="Name of the site.")
    display_label: str = strawberry.field(description="What the site may be called.")
    probability: float = strawberry.field(description="Probability that the goods were made here.")
    low: float | None = strawberry.field(
        description="5th percentile of the probability; null where there is none, which `intervals` explains."
    )
    high: float | None = strawberry.field(
        description="95th percentile of the probability; null where there is none, which `intervals` explains."
    )
    licensed: list[strawberry.ID] = strawberry.field(
        description="Licences to make that cover goods of the case and were in force when they left."
    )
    infringing: bool | None = strawberry.field(
        description="False where licences cover all of them; null: not known. No licence known is not unlicensed."
    )
    standing: Standing = strawberry.field(description="What findings say of the site.")
    overrun: Overrun | None = strawberry.field(description="What was shipped beyond the licences, if known.")
    reasons: list[str] = strawberry.field(description="Why, in sentences, English and Chinese.")

    @strawberry.field(description="The site.", graphql_type=SITE)
    async def site(self, info: Info) -> Node | None:
        """The site as a node."""
        return await node_of(info.context, self.site_id)


@strawberry.type(description="A place beyond which the records do not tell where the goods came from.")
class UnresolvedPlace:
    """Mass that stops at a site."""

    site_id: strawberry.ID = strawberry.field(description="Canonical id of the site.")
    probability: float = strawberry.field(description="Share of the goods whose chain stops here.")
    reason: str = strawberry.field(description="Why it stops.")

    @strawberry.field(description="The site.", graphql_type=SITE)
    async def site(self, info: Info) -> Node | None:
        """The site as a node."""
        return await node_of(info.context, self.site_id)


@strawberry.type(description="One way the goods can have come, in their direction.")
class TracePath:
    """A chain of movements from an origin to the start."""

    probability: float = strawberry.field(description="Probability of exactly this way.")
    movement_ids: list[strawberry.ID] = strawberry.field(description="Shipments, first to last.")
    site_ids: list[strawberry.ID] = strawberry.field(description="Sites, first to last.")

    @strawberry.field(description="The sites, first to last.", graphql_type=SITES)
    async def sites(self, info: Info) -> list[Node | None]:
        """Sites as nodes."""
        return await nodes_of(info.context, self.site_ids)

    @strawberry.field(description="The shipments, first to last.", graphql_type=SHIPMENTS)
    async def movements(self, info: Info) -> list[Node | None]:
        """Shipments as nodes."""
        return await nodes_of(info.context, self.movement_ids)


@strawberry.type(
    description="The shipments of all paths as columns: one value a column, so that many cost little."
)
class PathsTable:
    """Row i of the table is entry i of each column; a row is a shipment of a path."""

    path: IntColumn = strawberry.field(description="Which path, from 0, most probable first.")
    probability: FloatColumn = strawberry.field(description="Probability of exactly this path.")
    hop: IntColumn = strawberry.field(description="Place of the shipment on the path, from 0.")
    movement: IdColumn = strawberry.field(description="The shipment.")
    from_: IdColumn = strawberry.field(name="from", description="Site it left.")
    to: IdColumn = strawberry.field(description="Site it came to.")


@strawberry.type(description="How much can have fed into (backward) or come from (forward) the start.")
class Reachable:
    """Sizes of the reachable set."""

    sites: int = strawberry.field(description="Number of sites.")
    movements: int = strawberry.field(description="Number of shipments.")


@strawberry.type(description="A limit that cut something off, and how much.")
class TruncatedCount:
    """One entry of what was cut."""

    limit: str = strawberry.field(description="Which limit.")
    count: int = strawberry.field(description="How many were cut.")


@strawberry.type(description="Where something came from, or went to. Machine estimate, not a finding.")
class Trace:
    """Answer of a trace; the same content as `suyuan trace --json`."""

    start: strawberry.ID = strawberry.field(description="What the trace starts from.")
    rule: str = strawberry.field(description="Rule by which the first movements were found.")
    direction: Direction = strawberry.field(description="Against or along the goods.")
    as_of: DateTime | None = strawberry.field(description="Only events up to this time.")
    known_at: DateTime | None = strawberry.field(description="Only facts the store had by this time.")
    snapshot: str = strawberry.field(description="SHA-256 of the graph the answer was computed on.")
    parameters: JSON = strawberry.field(description="Parameters of the computation.")
    origins: list[Origin] = strawberry.field(description="Probable origins, most probable first.")
    intervals: str | None = strawberry.field(description="How intervals were made, or why there are none.")
    unresolved: list[UnresolvedPlace] = strawberry.field(
        description="Where chains stop, largest share first."
    )
    paths: list[TracePath] = strawberry.field(description="Most probable ways, most probable first.")
    reachable: Reachable = strawberry.field(description="Size of what is reachable.")
    choke_points: list[ChokePoint] = strawberry.field(
        description="Places most of the goods passed, largest share first."
    )
    next_inspections: list[NextInspection] = strawberry.field(
        description="What to look into next, what tells most first."
    )
    truncated: bool = strawberry.field(description="Whether a limit cut something off.")
    truncated_counts: list[TruncatedCount] = strawberry.field(description="What was cut off.")
    elapsed_ms: float = strawberry.field(description="Time of the computation, milliseconds.")

    @strawberry.field(description="The same ways as `paths`, as one block of columns.")
    def paths_table(self) -> PathsTable:
        """Paths by columns."""
        return paths_table(self.paths)

    @strawberry.field(description="The start.")
    async def start_node(self, info: Info) -> Node | None:
        """The start as a node."""
        return await node_of(info.context, self.start)


def paths_table(paths: list[TracePath]) -> PathsTable:
    """The shipments of paths as columns."""
    lengths = [len(path.movement_ids) for path in paths]
    return PathsTable(
        path=IntColumn([index for index, length in enumerate(lengths) for _ in range(length)]),
        probability=FloatColumn([path.probability for path in paths for _ in path.movement_ids]),
        hop=IntColumn([hop for length in lengths for hop in range(length)]),
        movement=IdColumn([movement for path in paths for movement in path.movement_ids]),
        from_=IdColumn([site for path in paths for site in path.site_ids[:-1]]),
        to=IdColumn([site for path in paths for site in path.site_ids[1:]]),
    )


async def trace_of(
    info: Info,
    start: str,
    direction: Direction | None,
    as_of: DateTime | None,
    known_at: DateTime | None,
    max_hops: int | None,
    unknown_times: UnknownTimes | None,
) -> Trace:
    """Runs a trace in a worker thread and shapes the answer; explains, and makes intervals, where that is selected."""
    context, selected, explain = info.context, info.selected_fields, Parts.NOTHING
    for path, part in _EXPLAIN.items():
        explain |= part if selects(selected, *path) else Parts.NOTHING
    way = direction or Direction.BACKWARD
    request = TraceRequest(
        direction=_WAYS[way],
        as_of=as_of,
        known_at=known_at,
        max_hops=DEFAULT_MAX_HOPS if max_hops is None else max_hops,
        unknown_times=str((unknown_times or UnknownTimes.INFER).value),
        parameters=context.parameters,
        intervals=any(selects(selected, *path) for path in _INTERVALS),
        explain=explain,
    )
    moment = microseconds("knownAt", known_at)
    report = await context.compute(
        lambda: context.services.tracer.report(start, request, context.snapshot(moment))
    )
    return _trace(report, way)


def _trace(report: Mapping[str, Any], direction: Direction) -> Trace:
    return Trace(
        start=report["start"],
        rule=report["rule"],
        direction=direction,
        as_of=report["as_of"],
        known_at=report["known_at"],
        snapshot=report["snapshot"],
        parameters=report["parameters"],
        origins=[_origin(entry) for entry in report["origins"]],
        intervals=report["intervals"],
        unresolved=[
            UnresolvedPlace(site_id=u["site"], probability=u["probability"], reason=u["reason"])
            for u in report["unresolved"]
        ],
        paths=[
            TracePath(probability=p["probability"], movement_ids=p["movements"], site_ids=p["sites"])
            for p in report["paths"]
        ],
        reachable=Reachable(**report["reachable"]),
        choke_points=_listed(report, "choke_points", choke_point_of),
        next_inspections=_listed(report, "next_inspections", inspection_of),
        truncated=report["truncated"],
        truncated_counts=[
            TruncatedCount(limit=k, count=v) for k, v in sorted(report["truncated_counts"].items())
        ],
        elapsed_ms=report["elapsed_ms"],
    )


def _listed(report: Mapping[str, Any], name: str, shaped: Callable[[Mapping[str, Any]], T]) -> list[T]:
    """Entries of a list of a report, if it was asked for."""
    return [shaped(entry) for entry in report[name]] if name in report else _NOT_ASKED


def _origin(report: Mapping[str, Any]) -> Origin:
    explained = "standing" in report
    return Origin(
        site_id=report["site"],
        name=report["name"],
        display_label=report["display_label"],
        probability=report["probability"],
        low=report["low"],
        high=report["high"],
        licensed=report.get("licensed", _NOT_ASKED),
        infringing=report.get("infringing", _NOT_ASKED),
        standing=Standing[report["standing"]] if explained else _NOT_ASKED,
        overrun=overrun_of(report["overrun"]) if explained else _NOT_ASKED,
        reasons=report.get("reasons", _NOT_ASKED),
    )
