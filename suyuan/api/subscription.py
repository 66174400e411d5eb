"""The subscription type: what runs change, and how far a run is."""

import asyncio
from collections.abc import AsyncGenerator, Generator, Iterable
from contextlib import contextmanager, suppress
from enum import Enum
from itertools import islice
from typing import Annotated, Any, Final

import strawberry

from suyuan.api.context import RequestContext
from suyuan.api.kinds import NODE_KIND_MEMBERS, NodeKind
from suyuan.api.nodes import Info, Node, node_of
from suyuan.api.scalars import DateTime
from suyuan.api.selection import selects
from suyuan.errors import BusyError, NotFoundError, StoreError
from suyuan.graph.records import time_text
from suyuan.graph.store.base import RunInfo
from suyuan.service.changes import Change, RunChanges

_AT_ONCE: Final = 200
_AWAY_SECONDS: Final = 1.0
_PROGRESS_SECONDS: Final = 0.25
_RETRY_SECONDS: Final = 30


@strawberry.enum(description="What happened to the row of a node.")
class GraphChange(Enum):
    """Created, updated or removed."""

    CREATED = strawberry.enum_value(
        "created", description="Its first row was read; others may have named it before."
    )
    UPDATED = strawberry.enum_value("updated", description="Its row says something else than before.")
    REMOVED = strawberry.enum_value("removed", description="A full copy of its source no longer names it.")


@strawberry.enum(description="Where a run stands.")
class RunState(Enum):
    """Running, finished or abandoned."""

    RUNNING = strawberry.enum_value(
        "running", description="Under way, or cut off and not yet taken up or undone."
    )
    FINISHED = strawberry.enum_value("finished", description="All it wrote can be seen.")
    ABANDONED = strawberry.enum_value("abandoned", description="Undone: it changed nothing.")


@strawberry.type(description="One node that a run changed. Rows that are relationships only make no event.")
class GraphEvent:
    """A change of one node's row."""

    id: strawberry.ID = strawberry.field(description="Canonical id of the node.")
    kind: NodeKind = strawberry.field(description="What it is.")
    change: GraphChange = strawberry.field(description="What happened to it.")
    seq: int = strawberry.field(description="Number of the run in the store's change sequence.")
    run: strawberry.ID = strawberry.field(description="Id of the run.")
    at: DateTime = strawberry.field(
        description="When the run ended; as `knownAt` the first time it is known at."
    )

    @strawberry.field(description="The node as it is now and as you may see it; null if it is gone.")
    async def node(self, info: Info) -> Node | None:
        """The node."""
        return await node_of(info.context, self.id)


@strawberry.type(description="How far a run is.")
class IngestProgress:
    """Rows so far."""

    run: strawberry.ID = strawberry.field(description="Id of the run.")
    state: RunState = strawberry.field(description="Where it stands.")
    rows_read: int = strawberry.field(description="Rows read so far.")
    written: int = strawberry.field(description="Records so far that are new or changed.")
    unchanged: int = strawberry.field(description="Records so far that the store had already.")
    rejected: int = strawberry.field(description="Rows so far that made no record.")
    started_at: DateTime = strawberry.field(description="When it began.")
    ended_at: DateTime | None = strawberry.field(description="When it ended.")


@strawberry.type(description="What can be watched, over WebSocket by graphql-transport-ws.")
class Subscription:
    """Entry points of subscriptions."""

    @strawberry.subscription(
        description="Nodes whose rows are created, updated or removed from now on, each change once, in the order "
        "of the runs, whichever process makes them."
    )
    async def graph_events(
        self,
        info: Info,
        kinds: Annotated[
            list[NodeKind] | None, strawberry.argument(description="Only these kinds; all if not given.")
        ] = None,
    ) -> AsyncGenerator[GraphEvent, None]:
        """Changes of the graph."""
        context = info.context
        wanted = context.sight.node_kinds(None if kinds is None else [str(kind.value) for kind in kinds])
        shows_nodes = selects(info.selected_fields, "node")
        async for run in _runs_from_now(context):
            changes = run.changes(None if wanted is None else frozenset(wanted))
            while chunk := list(islice(changes, _AT_ONCE)):
                context.renew()
                if shows_nodes:
                    await _load_together(context, chunk)
                for change in chunk:
                    yield _event(run.run, change)

    @strawberry.subscription(description="How far a run is, in whatever process; ends when the run ends.")
    async def ingest_progress(
        self,
        info: Info,
        run: Annotated[strawberry.ID, strawberry.argument(description="Id of the run.")],
    ) -> AsyncGenerator[IngestProgress, None]:
        """Progress of a run."""
        context, told = info.context, None
        changes = context.services.changes
        with _counted(context):
            while True:
                found = await context.read(lambda: changes.run(run))
                if found is None:
                    raise NotFoundError("run", run)
                progress = _progress(found)
                if progress != told:
                    await context.require_active()
                    told = progress
                    yield progress
                if found.state != "running":
                    return
                await asyncio.sleep(_PROGRESS_SECONDS)


@contextmanager
def _counted(context: RequestContext, wake: Any = lambda: None) -> Generator[None]:
    changes, most = context.services.changes, context.settings.max_subscriptions
    if changes.listening >= most:
        raise BusyError(
            f"{most} subscriptions are open. Try again later.", retry_after_seconds=_RETRY_SECONDS
        )
    with changes.listener(wake):
        yield


async def _runs_from_now(context: RequestContext) -> AsyncGenerator[RunChanges, None]:
    """The changes of every run that finishes from now on."""
    changes, loop, woken = context.services.changes, asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(woken.set)

    with _counted(context, wake):
        seq = await context.read(changes.now)
        while True:
            woken.clear()
            if changes.newest <= seq:
                await woken.wait()
                continue
            try:
                run = changes.kept_after(seq)
                if run is None:
                    run = await loop.run_in_executor(changes.readers, changes.after, seq)
                await context.require_active()
            except StoreError as error:
                if not error.retryable:
                    raise
                await asyncio.sleep(_AWAY_SECONDS)
                continue
            if run is not None:
                seq = run.run.seq
                yield run


async def _load_together(context: RequestContext, changes: Iterable[Change]) -> None:
    """Reads the nodes of several events at once; what fails here fails again, and is told, at its event."""
    with suppress(StoreError):
        await context.nodes.load_many([change.id for change in changes])


def _event(run: RunInfo, change: Change) -> GraphEvent:
    return GraphEvent(
        id=strawberry.ID(change.id),
        kind=NODE_KIND_MEMBERS[change.kind],
        change=GraphChange(change.happened),
        seq=run.seq,
        run=strawberry.ID(run.run_id),
        at=DateTime(time_text(run.ended_at or run.started_at)),
    )


def _progress(run: RunInfo) -> IngestProgress:
    def rows(name: str) -> int:
        found = run.report.get(name)
        return found if isinstance(found, int) else 0

    return IngestProgress(
        run=strawberry.ID(run.run_id),
        state=RunState(run.state),
        rows_read=rows("rows_read"),
        written=rows("written"),
        unchanged=rows("unchanged"),
        rejected=rows("rejected"),
        started_at=DateTime(time_text(run.started_at)),
        ended_at=None if run.ended_at is None else DateTime(time_text(run.ended_at)),
    )
