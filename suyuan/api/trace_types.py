"""GraphQL types of a trace."""

import asyncio
from typing import Any

import strawberry
from strawberry.scalars import JSON

from suyuan.api.kinds import Direction, UnknownTimes
from suyuan.api.nodes import Info, Node, shown
from suyuan.service.tracing import Tracer, TraceRequest


@strawberry.type(description="A probable origin: machine estimate, not a finding.")
class Origin:
    """A site where backward chains end."""

    site_id: strawberry.ID = strawberry.field(description="Canonical id of the site.")
    name: str | None = strawberry.field(description="Name of the site.")
    probability: float = strawberry.field(description="Probability that the goods were made here.")
    reasons: list[str] = strawberry.field(description="Why, in sentences.")

    @strawberry.field(description="The site.")
    async def site(self, info: Info) -> Node | None:
        """The site as a node."""
        return shown(info.context, await info.context.nodes.load(self.site_id))


@strawberry.type(description="A place beyond which the records do not tell where the goods came from.")
class UnresolvedPlace:
    """Mass that stops at a site."""

    site_id: strawberry.ID = strawberry.field(description="Canonical id of the site.")
    probability: float = strawberry.field(description="Share of the goods whose chain stops here.")
    reason: str = strawberry.field(description="Why it stops.")

    @strawberry.field(description="The site.")
    async def site(self, info: Info) -> Node | None:
        """The site as a node."""
        return shown(info.context, await info.context.nodes.load(self.site_id))


@strawberry.type(description="One way the goods can have come, in their direction.")
class TracePath:
    """A chain of movements from an origin to the start."""

    probability: float = strawberry.field(description="Probability of exactly this way.")
    movement_ids: list[strawberry.ID] = strawberry.field(description="Shipments, first to last.")
    site_ids: list[strawberry.ID] = strawberry.field(description="Sites, first to last.")

    @strawberry.field(description="The sites.")
    async def sites(self, info: Info) -> list[Node | None]:
        """Sites as nodes."""
        return [shown(info.context, node) for node in await info.context.nodes.load_many(self.site_ids)]

    @strawberry.field(description="The shipments.")
    async def movements(self, info: Info) -> list[Node | None]:
        """Shipments as nodes."""
        return [shown(info.context, node) for node in await info.context.nodes.load_many(self.movement_ids)]


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
    as_of: str | None = strawberry.field(description="Only events up to this time.")
    known_at: str | None = strawberry.field(description="Only facts the store had by this time.")
    snapshot: str = strawberry.field(description="SHA-256 of the graph the answer was computed on.")
    parameters: JSON = strawberry.field(description="Parameters of the computation.")
    origins: list[Origin] = strawberry.field(description="Probable origins, most probable first.")
    unresolved: list[UnresolvedPlace] = strawberry.field(
        description="Where chains stop, largest share first."
    )
    paths: list[TracePath] = strawberry.field(description="Most probable ways, most probable first.")
    paths_table: JSON = strawberry.field(
        description="The same ways as one block of columns: path, probability, hop, movement, from, to."
    )
    reachable: Reachable = strawberry.field(description="Size of what is reachable.")
    truncated: bool = strawberry.field(description="Whether a limit cut something off.")
    truncated_counts: list[TruncatedCount] = strawberry.field(description="What was cut off.")
    elapsed_ms: float = strawberry.field(description="Time of the computation, milliseconds.")

    @strawberry.field(description="The start.")
    async def start_node(self, info: Info) -> Node | None:
        """The start as a node."""
        return shown(info.context, await info.context.nodes.load(self.start))


async def trace_of(tracer: Tracer, start: str, request: TraceRequest) -> Trace:
    """Runs a trace in a worker thread and shapes the answer."""
    return _trace(await asyncio.to_thread(tracer.report, start, request))


def _trace(report: dict[str, Any]) -> Trace:
    paths = report["paths"]
    return Trace(
        start=report["start"],
        rule=report["rule"],
        direction=Direction(report["direction"]),
        as_of=report["as_of"],
        known_at=report["known_at"],
        snapshot=report["snapshot"],
        parameters=report["parameters"],
        origins=[
            Origin(site_id=o["site"], name=o["name"], probability=o["probability"], reasons=o["reasons"])
            for o in report["origins"]
        ],
        unresolved=[
            UnresolvedPlace(site_id=u["site"], probability=u["probability"], reason=u["reason"])
            for u in report["unresolved"]
        ],
        paths=[
            TracePath(probability=p["probability"], movement_ids=p["movements"], site_ids=p["sites"])
            for p in paths
        ],
        paths_table=_paths_table(paths),
        reachable=Reachable(**report["reachable"]),
        truncated=report["truncated"],
        truncated_counts=[
            TruncatedCount(limit=k, count=v) for k, v in sorted(report["truncated_counts"].items())
        ],
        elapsed_ms=report["elapsed_ms"],
    )


def _paths_table(paths: list[dict[str, Any]]) -> dict[str, list[Any]]:
    rows = [
        (index, path["probability"], hop, movement, path["sites"][hop], path["sites"][hop + 1])
        for index, path in enumerate(paths)
        for hop, movement in enumerate(path["movements"])
    ]
    columns = ("path", "probability", "hop", "movement", "from", "to")
    return {name: [row[i] for row in rows] for i, name in enumerate(columns)}


def trace_request(
    context: Any,
    direction: Direction,
    as_of: Any,
    known_at: Any,
    max_hops: int,
    unknown_times: UnknownTimes,
) -> TraceRequest:
    """The request of the arguments of the field ``trace``."""
    return TraceRequest(
        direction=direction.value,
        as_of=as_of.isoformat() if as_of else None,
        known_at=known_at.isoformat() if known_at else None,
        max_hops=max_hops,
        unknown_times=unknown_times.value,
        scope=context.scope,
    )
