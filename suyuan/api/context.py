"""What resolvers know of a request: who asks, the store's view, and batched reads."""

import secrets
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, TypeVar

from starlette.concurrency import run_in_threadpool
from strawberry.dataloader import DataLoader

from suyuan.graph.store.base import Direction, GraphEdge, Node, Provenance, Scope, View
from suyuan.service.tokens import SEES_PERSONAL_DATA, Token
from suyuan.service.tracing import Tracer
from suyuan.service.workspace import Workspace
from suyuan.settings import Settings


T = TypeVar("T")


class NeighbourKey(NamedTuple):
    """One page of relationships at one node."""

    node: str
    edge_kinds: tuple[str, ...] | None
    direction: Direction
    first: int
    after: str | None


@dataclass
class RequestContext:
    """Everything a resolver may use. One a request; its reads see one state of the store."""

    workspace: Workspace
    tracer: Tracer
    settings: Settings
    caller: Token | None
    request_id: str = field(default_factory=lambda: secrets.token_hex(8))
    store_calls: int = 0

    def __post_init__(self) -> None:
        self._view: View | None = None
        self.nodes: DataLoader[str, Node | None] = DataLoader(self._load_nodes)
        self.neighbours: DataLoader[NeighbourKey, list[GraphEdge]] = DataLoader(self._load_neighbours)

    @property
    def subject(self) -> str:
        """Who asks, as limits and logs name them."""
        return self.caller.subject if self.caller else "local"

    @property
    def sees_personal_data(self) -> bool:
        """Whether phones, addresses and the like are shown in the clear: to officers, and to the machine's own user."""
        return self.caller is None or self.caller.role in SEES_PERSONAL_DATA

    @property
    def scope(self) -> Scope:
        """The scope that goes into every store query."""
        return Scope(subject=self.subject)

    def view(self) -> View:
        """The request's one view of the store."""
        if self._view is None:
            self._view = self.workspace.view(self.scope)
        return self._view

    async def call(self, work: Callable[[], T]) -> T:
        """Runs a blocking store call in a worker thread."""
        self.store_calls += 1
        return await run_in_threadpool(work)

    async def provenance(self, table: str, ids: Sequence[str]) -> dict[str, Provenance]:
        """Files and rows behind records."""
        return await self.call(lambda: self.view().records(table, ids))

    async def _load_nodes(self, ids: list[str]) -> list[Node | None]:
        found = await self.call(lambda: self.view().nodes(ids))
        return [found.get(node_id) for node_id in ids]

    async def _load_neighbours(self, keys: list[NeighbourKey]) -> list[list[GraphEdge]]:
        groups: dict[tuple[Any, ...], list[str]] = defaultdict(list)
        for key in keys:
            groups[key[1:]].append(key.node)
        found: dict[NeighbourKey, list[GraphEdge]] = {}
        for (edge_kinds, direction, first, after), nodes in groups.items():
            pages = await self.call(
                partial(
                    self.view().neighbours,
                    nodes,
                    edge_kinds=edge_kinds,
                    direction=direction,
                    first=first,
                    after=after,
                )
            )
            for node in nodes:
                found[NeighbourKey(node, edge_kinds, direction, first, after)] = pages.get(node, [])
        return [found[key] for key in keys]
