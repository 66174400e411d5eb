"""The snapshot that a process answers from: the newest one of a store, and a few of earlier knowledge."""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

from suyuan.errors import SnapshotError
from suyuan.graph.build import Progress, build_from_view
from suyuan.graph.persist import FILE_NAME, read_saved, save
from suyuan.graph.refresh import refresh
from suyuan.graph.snapshot import GraphSnapshot
from suyuan.graph.store.base import Scope, Store, View

EARLIER_KEPT: Final = 2
_RUNS_LOOKED_AT: Final = 1000

OnProblem = Callable[[SnapshotError], None]
"""Told when a saved snapshot could not be used or written. Answers do not depend on it."""


class SnapshotKeeper:
    """Holds the newest snapshot of a store and brings it up to date when the store has moved on.

    Parameters
    ----------
    store : the store; it is not closed.
    folder : where the snapshot is kept for the next start; None keeps none.
    save_interval_s : seconds between two writings of it, at least. :meth:`close` writes the last state.
    least_records : a snapshot of fewer is not kept: it is built as fast as it is opened.
    progress : told of each table when a snapshot is built.

    Notes
    -----
    May be used by several threads. While one brings the snapshot up to date the others wait, so that whoever
    has seen a run finish sees its facts. Snapshots of earlier knowledge are built one at a time, each once however
    many ask for it, and hold up only those who ask for earlier knowledge too.
    """

    def __init__(
        self,
        store: Store,
        folder: Path | None = None,
        *,
        save_interval_s: float = 60.0,
        least_records: int = 0,
        progress: Progress | None = None,
        on_problem: OnProblem | None = None,
    ) -> None:
        self._store = store
        self._folder = folder
        self._progress = progress
        self._on_problem = on_problem
        self._lock = threading.Lock()
        self._newest: GraphSnapshot | None = None
        self._building_earlier = threading.Lock()
        self._lock_of_earlier = threading.Lock()
        self._earlier: OrderedDict[int, Future[GraphSnapshot]] = OrderedDict()
        self._least_records = least_records
        self.began_with: Literal["built", "saved"] | None = None
        """Where the first newest snapshot came from: built from the store, or opened from the folder."""
        self._saver = None if folder is None else _Saver(folder, save_interval_s, self._report)

    def current(self, scope: Scope | None = None) -> GraphSnapshot:
        """The snapshot of what a scope may know (by default, of all that is known now).

        Raises
        ------
        StoreError
            The store does not answer or is damaged.
        """
        if scope is None or scope.known_at is None:
            with self._lock:
                return self._current()
        return self._as_of(self._store.view(scope))

    def close(self) -> None:
        """Writes the newest snapshot to the folder if that is not done yet."""
        if self._saver:
            self._saver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _current(self) -> GraphSnapshot:
        held, seq = self._newest, self._store.seq()
        if held is not None and held.seq == seq:
            return held
        view = self._store.view()
        start = held or self._saved()
        usable = start is not None and start.seq <= view.seq
        if self.began_with is None:
            self.began_with = "saved" if usable else "built"
        newest = refresh(start, view) if start and usable else build_from_view(view, self._progress)
        self._newest = newest
        if self._saver and newest is not start and newest.n_records >= self._least_records:
            run = _run_of(self._store, newest.seq)
            if run:
                self._saver.offer(newest, run)
        return newest

    def _as_of(self, view: View) -> GraphSnapshot:
        if view.seq == self._store.seq():
            return self.current()
        with self._lock_of_earlier:
            found = self._earlier.get(view.seq)
            mine = found is None
            if found is None:
                found = self._earlier[view.seq] = Future()
                while len(self._earlier) > EARLIER_KEPT:
                    self._earlier.popitem(last=False)
            else:
                self._earlier.move_to_end(view.seq)
        if mine:
            self._build_earlier(view, found)
        return found.result()

    def _build_earlier(self, view: View, built: "Future[GraphSnapshot]") -> None:
        try:
            with self._building_earlier:
                built.set_result(build_from_view(view, self._progress))
        except BaseException as error:
            with self._lock_of_earlier:
                if self._earlier.get(view.seq) is built:
                    del self._earlier[view.seq]
            built.set_exception(error)

    def _saved(self) -> GraphSnapshot | None:
        """The snapshot in the folder, if there is one of this store."""
        if self._folder is None or not os.path.exists(self._folder / FILE_NAME):
            return None
        try:
            saved = read_saved(self._folder)
        except SnapshotError as problem:
            self._report(problem)
            return None
        return saved.snapshot if saved.store == _run_of(self._store, saved.snapshot.seq) else None

    def _report(self, problem: SnapshotError) -> None:
        if self._on_problem:
            self._on_problem(problem)


def _run_of(store: Store, seq: int) -> str | None:
    """Id of the run that a state of a store ends with: no two stores share one."""
    runs = store.runs(last=_RUNS_LOOKED_AT)
    return next((run.run_id for run in runs if run.seq == seq and run.state == "finished"), None)


class _Saver:
    """Writes the newest snapshot offered, in a thread of its own, not too often."""

    def __init__(self, folder: Path, interval_s: float, report: OnProblem) -> None:
        self._folder = folder
        self._interval_s = interval_s
        self._report = report
        self._pending: tuple[GraphSnapshot, str] | None = None
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def offer(self, snapshot: GraphSnapshot, run: str) -> None:
        with self._changed:
            self._pending = (snapshot, run)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="snapshot-saver", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        self._closing.set()
        with self._changed:
            self._changed.notify()
        if self._thread:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._pending is not None or self._closing.is_set())
                pending, self._pending = self._pending, None
            if pending is None:
                return
            snapshot, run = pending
            try:
                save(snapshot, self._folder, store=run)
            except SnapshotError as problem:
                self._report(problem)
            self._closing.wait(self._interval_s)
