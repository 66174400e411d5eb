"""The snapshots of a store, kept fresh for services."""

from collections import OrderedDict
from threading import Lock
from typing import Final

from suyuan.graph.build import build_from_view
from suyuan.graph.refresh import refresh
from suyuan.graph.snapshot import GraphSnapshot
from suyuan.graph.store.base import Scope, Store

_PAST_KEPT: Final = 2


class SnapshotKeeper:
    """Holds the newest snapshot of a store and a few of earlier knowledge. Thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._newest: GraphSnapshot | None = None
        self._past: OrderedDict[int, GraphSnapshot] = OrderedDict()

    def current(self, scope: Scope = Scope()) -> GraphSnapshot:  # noqa: B008
        """The snapshot of the newest finished run, or of what was known at ``scope.known_at``."""
        with self._lock:
            if scope.known_at is not None:
                return self._known(scope)
            if self._newest is None:
                self._newest = build_from_view(self._store.view(scope))
            elif self._newest.seq != self._store.seq():
                self._newest = refresh(self._newest, self._store.view(scope))
            return self._newest

    def _known(self, scope: Scope) -> GraphSnapshot:
        view = self._store.view(scope)
        found = self._past.pop(view.seq, None)
        self._past[view.seq] = found if found is not None else build_from_view(view)
        while len(self._past) > _PAST_KEPT:
            self._past.popitem(last=False)
        return self._past[view.seq]

    def close(self) -> None:
        """Lets go of the snapshots."""
        with self._lock:
            self._newest = None
            self._past.clear()
