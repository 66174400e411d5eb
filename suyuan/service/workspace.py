"""An opened store with the snapshot of its graph: what every use case starts from."""

from types import TracebackType
from typing import Final, Literal, Self

from suyuan.graph.keeper import SnapshotKeeper
from suyuan.graph.snapshot import GraphSnapshot
from suyuan.graph.store.base import Scope, Store, View
from suyuan.graph.store.opening import open_store
from suyuan.service.snapshot_folder import snapshot_folder
from suyuan.settings import settings

LEAST_RECORDS_KEPT: Final = 50_000
"""A snapshot of fewer records is built faster than it is worth keeping."""


def store_url(given: str | None) -> str:
    """The store asked for on the command line, else the one of the settings."""
    return given or settings().store


class Workspace:
    """A store, its snapshots, and their closing. Safe to share between threads."""

    def __init__(self, store: Store, keeper: SnapshotKeeper) -> None:
        self.store = store
        self._keeper = keeper

    @classmethod
    def open(cls, url: str | None = None, *, create: bool = False) -> Self:
        """Opens the store at ``url`` (default: the settings').

        Raises
        ------
        ConfigError, StoreError
        """
        store = open_store(store_url(url), create=create)
        folder = snapshot_folder(store.url)
        return cls(store, SnapshotKeeper(store, folder, least_records=LEAST_RECORDS_KEPT))

    def view(self, scope: Scope = Scope()) -> View:  # noqa: B008
        """A consistent reader within a scope."""
        return self.store.view(scope)

    def snapshot(self, scope: Scope = Scope()) -> GraphSnapshot:  # noqa: B008
        """The graph in arrays, refreshed if the store has moved on."""
        return self._keeper.current(scope)

    @property
    def began_with(self) -> Literal["built", "saved"] | None:
        """Where the first snapshot came from: built from the store, or opened as it was kept; None before it."""
        return self._keeper.began_with

    def close(self) -> None:
        """Keeps the snapshot for the next start and closes the store."""
        self._keeper.close()
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
