"""What runs changed in the graph, run after run, for those who watch it.

One thread a process looks for finished runs, whichever process made them, and wakes all who listen. Each listener keeps
the number of the run it has seen last and asks for the next one, so that nobody misses a change or sees one twice,
however slow they are: what is no longer in memory is read from the store again.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from suyuan.errors import StoreError
from suyuan.graph.model import Table
from suyuan.graph.store.base import RunInfo, Scope, Store, View
from suyuan.graph.tables import TABLES

Happened = Literal["created", "updated", "removed"]

_POLL_SECONDS: Final = 0.2
_KEPT_CHANGES: Final = 200_000
"""So many changes are kept for listeners that are a little behind."""


_RUNS_KEPT: Final = 16


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to the row of one node."""

    id: str
    kind: str
    happened: Happened


@dataclass(frozen=True, slots=True)
class RunChanges:
    """What one run changed: sorted ids by (kind, what happened)."""

    run: RunInfo
    ids: dict[tuple[str, Happened], pa.Array]

    def __len__(self) -> int:
        return sum(map(len, self.ids.values()))

    def changes(self, kinds: frozenset[str] | None = None) -> Iterator[Change]:
        """The changes to nodes of these kinds (None: of all)."""
        for (kind, happened), ids in self.ids.items():
            if kinds is None or kind in kinds:
                yield from (Change(value.as_py(), kind, happened) for value in ids)


class ChangeFeed:
    """The changes of a store. Thread-safe; nothing runs while nobody listens."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._listeners: dict[object, Callable[[], None]] = {}
        self._kept: OrderedDict[int, RunChanges] = OrderedDict()
        self._stop = threading.Event()
        self._poller: threading.Thread | None = None
        self._runs: dict[str, tuple[float, RunInfo | None]] = {}
        self.newest = 0
        """Number of the newest finished run, as far as has been looked while somebody listens."""
        self.readers = ThreadPoolExecutor(1, "suyuan-changes")
        """One thread for all: what one listener has had read, the others find in memory."""

    def now(self) -> int:
        """The number of the newest finished run."""
        return self._store.seq()

    @property
    def listening(self) -> int:
        """How many listen."""
        return len(self._listeners)

    @contextmanager
    def listener(self, wake: Callable[[], None]) -> Generator[None]:
        """Has ``wake`` called, from another thread, whenever runs have finished."""
        token = object()
        with self._lock:
            self._listeners[token] = wake
            if self._poller is None:
                self._poller = threading.Thread(target=self._poll, name="suyuan-changes-poll", daemon=True)
                self._poller.start()
        try:
            yield
        finally:
            with self._lock:
                del self._listeners[token]

    def kept_after(self, seq: int) -> RunChanges | None:
        """:meth:`after`, if it is in memory."""
        with self._lock:
            return self._kept.get(seq)

    def after(self, seq: int) -> RunChanges | None:
        """What the first run that finished after ``seq`` changed; None if there is none yet. Blocks.

        Raises
        ------
        StoreError
        """
        found = self.kept_after(seq)
        if found is None:
            runs = self._store.runs_after(seq, first=1)
            if not runs:
                return None
            found = run_changes(self._store, runs[0])
            self._keep(seq, found)
        return found

    def run(self, run_id: str) -> RunInfo | None:
        """A run as it stood a moment ago. Blocks."""
        looked, found = self._runs.get(run_id, (0.0, None))
        if time.monotonic() - looked > _POLL_SECONDS:
            found = self._store.run(run_id)
            self._runs = {run_id: (time.monotonic(), found), **dict(islice(self._runs.items(), _RUNS_KEPT))}
        return found

    def close(self) -> None:
        """Stops looking."""
        self._stop.set()
        self.readers.shutdown(cancel_futures=True)

    def _keep(self, seq: int, changes: RunChanges) -> None:
        with self._lock:
            self._kept[seq] = changes
            while len(self._kept) > 1 and sum(map(len, self._kept.values())) > _KEPT_CHANGES:
                self._kept.popitem(last=False)
            while len(self._kept) > 1_000:
                self._kept.popitem(last=False)

    def _poll(self) -> None:
        while not self._stop.wait(_POLL_SECONDS):
            with self._lock:
                if not self._listeners:
                    self._poller = None
                    return
            try:
                newest = self._store.seq()
            except StoreError:
                continue  # away for a while; what happens meanwhile is found by its number
            if newest > self.newest:
                self.newest = newest
                self._wake_all()

    def _wake_all(self) -> None:
        with self._lock:
            wakes = list(self._listeners.values())
        for wake in wakes:
            wake()


def run_changes(store: Store, run: RunInfo) -> RunChanges:
    """What a finished run changed, whatever was written since."""
    view = store.view()
    if view.seq != run.seq:
        view = store.view(Scope(known_at=run.ended_at))
    ids: dict[tuple[str, Happened], pa.Array] = {}
    for table in _tables_changed(run):
        if table.kind is not None:
            found = _table_changes(view, table)
            ids.update({(table.kind, happened): part for happened, part in found.items() if len(part)})
    return RunChanges(run, ids)


def _tables_changed(run: RunInfo) -> list[Table]:
    """The tables that a run wrote, as its report says; all where the report does not tell."""
    counts: Any = run.report.get("by_table")
    if not isinstance(counts, dict):
        return list(TABLES.values())
    return [
        table
        for name, table in TABLES.items()
        if name in counts and (counts[name].get("written") or counts[name].get("retired"))
    ]


def _table_changes(view: View, table: Table) -> dict[Happened, pa.Array]:
    since = view.seq - 1
    parts = [batch.column("id") for batch in view.batches(table.name, ["id"], since=since)]
    written = _sorted(pa.chunked_array(parts, pa.string()))
    before = _sorted(pa.chunked_array([pa.array(sorted(view.overwritten(table.name, since)), pa.string())]))
    was_there = pc.is_in(written, value_set=before)
    removed = pc.filter(before, pc.invert(pc.is_in(before, value_set=written)))
    return {
        "created": written.filter(pc.invert(was_there)),
        "updated": written.filter(was_there),
        "removed": removed,
    }


def _sorted(ids: pa.ChunkedArray) -> pa.Array:
    whole = ids.combine_chunks()
    return whole.take(pc.sort_indices(whole))
