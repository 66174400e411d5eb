"""What resolvers know of a request: who asks, one state of the store, and batched reads."""

import secrets
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any, NamedTuple, TypeVar

from graphql import GraphQLError
from strawberry.dataloader import DataLoader

from suyuan.api.masking import Sight
from suyuan.api.workers import Workers
from suyuan.graph.snapshot import GraphSnapshot
from suyuan.graph.store.base import Direction, GraphEdge, Node, Scope, View
from suyuan.service.changes import ChangeFeed
from suyuan.service.origin_groups import OriginGroups
from suyuan.service.parametersets import ParameterSet, usual_parameters
from suyuan.service.risk_ranking import RiskRanking
from suyuan.service.tokens import SEES_PERSONAL_DATA, Token, require_active
from suyuan.service.tracing import Tracer
from suyuan.service.workspace import Workspace
from suyuan.settings import Settings

T = TypeVar("T")


class EdgePage(NamedTuple):
    """One page of relationships at one node."""

    node: str
    edge_kinds: tuple[str, ...] | None
    direction: Direction
    first: int
    after: str | None


@dataclass(frozen=True, slots=True)
class Services:
    """What all requests of an application share."""

    workspace: Workspace
    tracer: Tracer
    workers: Workers
    settings: Settings
    changes: ChangeFeed
    origin_groups: OriginGroups
    rankings: RiskRanking


@dataclass
class RequestContext:
    """Everything a resolver may use. One a request.

    Its reads see one state of the store and its computations one snapshot; ``store_calls`` counts the reads.
    ``caller`` is None for the machine's own user.
    """

    services: Services
    caller: Token | None
    request_id: str = field(default_factory=lambda: secrets.token_hex(8))
    store_calls: int = 0
    refusal: GraphQLError | None = None
    """Why the operation is not carried out, if it is known before."""

    def __post_init__(self) -> None:
        self.sight = Sight(personal=self.caller is None or self.caller.role in SEES_PERSONAL_DATA)
        self.renew()

    def renew(self) -> None:
        """Lets go of what was read, for an operation that goes on: what follows sees the store as it is then."""
        self.nodes: DataLoader[str, Node | None] = DataLoader(self._load_nodes)
        self.edges: DataLoader[EdgePage, list[GraphEdge]] = DataLoader(self._load_edges)
        self._lock = Lock()
        self._view: View | None = None
        self._snapshots: dict[int | None, GraphSnapshot] = {}

    @property
    def subject(self) -> str:
        """Who asks, as limits and logs name them."""
        return self.caller.subject if self.caller else "local"

    @property
    def scope(self) -> Scope:
        """The scope that goes into every store query."""
        return Scope(subject=self.subject)

    @property
    def settings(self) -> Settings:
        """The settings of the application."""
        return self.services.settings

    @property
    def parameters(self) -> ParameterSet:
        """Parameters of traces, as the settings name them."""
        return usual_parameters(self.settings.trace_parameters)

    def view(self) -> View:
        """The request's one view of the store. Blocks; for worker threads."""
        with self._lock:
            if self._view is None:
                self._view = self.services.workspace.view(self.scope)
            return self._view

    def snapshot(self, known_at: int | None = None) -> GraphSnapshot:
        """The request's one snapshot, or the one of what was known at a time. Blocks; for worker threads."""
        with self._lock:
            found = self._snapshots.get(known_at)
            if found is None:
                scope = Scope(subject=self.subject, known_at=known_at)
                found = self._snapshots[known_at] = self.services.workspace.snapshot(scope)
                if known_at is None and self._view is None:
                    self._view = self._view_beside(found)
            return found

    def _view_beside(self, snapshot: GraphSnapshot) -> View | None:
        """A view of the same run as a snapshot, unless a run ended in between."""
        view = self.services.workspace.view(self.scope)
        return view if view.seq == snapshot.seq else None

    async def read(self, work: Callable[[], T]) -> T:
        """The result of a store call, made in a worker thread."""
        self.store_calls += 1
        return await self.services.workers.read(work)

    async def compute(self, work: Callable[[], T]) -> T:
        """The result of a computation on a snapshot, made in a worker thread."""
        return await self.services.workers.compute(work)

    async def require_active(self) -> None:
        """Makes sure that the caller's token still holds.

        Raises
        ------
        AccessError
            It does not.
        """
        caller = self.caller
        if caller is not None:
            documents = self.services.workspace.store.documents
            await self.read(lambda: require_active(documents, caller))

    async def _load_nodes(self, ids: list[str]) -> list[Node | None]:
        found = await self.read(lambda: self.view().nodes(ids))
        return [found.get(node_id) for node_id in ids]

    async def _load_edges(self, pages: list[EdgePage]) -> list[list[GraphEdge]]:
        groups: dict[tuple[Any, ...], list[str]] = defaultdict(list)
        for page in pages:
            groups[page[1:]].append(page.node)
        found: dict[EdgePage, list[GraphEdge]] = {}
        for (edge_kinds, direction, first, after), nodes in groups.items():
            read = partial(
                self._read_edges, nodes, edge_kinds=edge_kinds, direction=direction, first=first, after=after
            )
            edges = await self.read(read)
            for node in nodes:
                found[EdgePage(node, edge_kinds, direction, first, after)] = edges.get(node, [])
        return [found[page] for page in pages]

    def _read_edges(self, nodes: list[str], **asked: Any) -> dict[str, list[GraphEdge]]:
        return self.view().neighbours(nodes, **asked)
