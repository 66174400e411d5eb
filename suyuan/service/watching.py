"""Use case: a folder whose files are read as they come, each once.

A file is complete when its size and time have not changed for a while; one that is moved in whole keeps the time it
was written at and need not wait. What has been read is remembered in the store by name and SHA-256, so another start,
or another process on the same folder, does not read it again.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from suyuan.errors import ConflictError, IngestError, StoreError
from suyuan.graph.store.base import Store
from suyuan.graph.store.documents import ABSENT
from suyuan.ingest.run import IngestOptions, ingest

COLLECTION: Final = "watched_files"

_CHUNK: Final = 1 << 20
_LONGEST_PAUSE: Final = 30.0
_NAP_SECONDS: Final = 0.1
_WAIT_SECONDS: Final = 5.0
"""How long a file waits for another run to end before the folder is looked at again."""

_UNFINISHED: Final = (".tmp", ".part", ".partial", ".crdownload", "~")
"""Endings that programs give to files they have not finished writing."""

State = tuple[int, int]
"""Size and time of a file."""


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of a file: its run report, or why it was not read. ``later`` when it will be tried again."""

    name: str
    report: dict[str, Any] | None = None
    problem: str | None = None
    later: bool = False


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """What is asked of a watch.

    Attributes
    ----------
    ingest : how each file is read; its ``rejects`` gets a folder a file
    poll_seconds : how often the folder is looked at
    settle_seconds : how long a file must have stayed the same
    move_to : folder for files that were read; None leaves them where they are
    """

    ingest: IngestOptions = field(default_factory=IngestOptions)
    poll_seconds: float = 1.0
    settle_seconds: float = 2.0
    move_to: Path | None = None


class _StoppedError(Exception):
    """Ends a run that is under way."""


class FolderWatch:
    """A folder being watched.

    Parameters
    ----------
    tell : called with what became of each file
    """

    def __init__(
        self, store: Store, folder: Path, options: WatchOptions, tell: Callable[[FileOutcome], None]
    ) -> None:
        self._store = store
        self._folder = folder
        self._options = options
        self._tell = tell
        self._stopped = False
        self._seen: dict[Path, tuple[State, float]] = {}
        self._done: dict[Path, State] = {}
        self._away = False

    def stop(self) -> None:
        """Ends the watch; a file that is being read is given up and leaves the store as it was.

        May be called by a signal handler: it takes no lock.
        """
        self._stopped = True

    def run(self) -> None:
        """Watches until :meth:`stop`.

        Raises
        ------
        IngestError
            The folder is not there at the start.
        """
        if not self._folder.is_dir():
            raise IngestError("there is no such folder to watch; make it first.", source=str(self._folder))
        pause = self._options.poll_seconds
        while not self._stopped:
            pause = self._options.poll_seconds if self.look() else min(2 * pause, _LONGEST_PAUSE)
            until = time.monotonic() + pause
            while not self._stopped and time.monotonic() < until:
                time.sleep(min(pause, _NAP_SECONDS))

    def look(self) -> bool:
        """Reads what is complete now; False if the store did not answer."""
        for path, state in sorted(self._complete()):
            if self._stopped:
                return True
            try:
                self._read(path, state)
            except StoreError as error:
                if not error.retryable:
                    raise
                if not self._away:
                    self._tell(FileOutcome(self._name(path), problem=error.message, later=True))
                self._away = True
                return False
            except _StoppedError:
                problem = "stopped before its end; nothing of it was written"
                self._tell(FileOutcome(self._name(path), problem=problem, later=True))
                return True
            self._away = False
        return True

    def _name(self, path: Path) -> str:
        return path.relative_to(self._folder).as_posix()

    def _complete(self) -> Iterator[tuple[Path, State]]:
        """Files that have stayed the same and were not dealt with as they are."""
        now, settle = time.monotonic(), self._options.settle_seconds
        files = dict(self._files())
        self._done = {path: state for path, state in self._done.items() if path in files}
        seen: dict[Path, tuple[State, float]] = {}
        for path, state in files.items():
            if self._done.get(path) == state:
                continue
            known = self._seen.get(path)
            since = known[1] if known is not None and known[0] == state else now
            seen[path] = (state, since)
            whole_when_found = known is None and time.time() - state[1] / 1e9 >= settle
            if whole_when_found or now - since >= settle:
                yield path, state
        self._seen = seen

    def _files(self) -> Iterator[tuple[Path, State]]:
        for folder, inner, names in os.walk(self._folder):
            inner[:] = [name for name in inner if self._is_watched(Path(folder, name))]
            for name in names:
                path = Path(folder, name)
                if name.startswith(".") or name.endswith(_UNFINISHED) or path.is_symlink():
                    continue
                with suppress(OSError):  # gone meanwhile
                    found = path.stat()
                    yield path, (found.st_size, found.st_mtime_ns)

    def _is_watched(self, folder: Path) -> bool:
        own = (self._options.move_to, self._options.ingest.rejects)
        return not folder.name.startswith(".") and all(
            other is None or folder.resolve() != other.resolve() for other in own
        )

    def _read(self, path: Path, state: State) -> None:
        name = self._name(path)
        try:
            sha256 = _sha256(path)
        except OSError as error:
            self._give_up(path, state, f"cannot be read ({error.strerror or error})")
            return
        key = f"{name}|{sha256}"
        if self._store.documents.get(COLLECTION, key) is not None:
            self._finish(path, state)
            return
        try:
            report = self._ingest(path, sha256)
        except IngestError as error:
            if _state(path) == state:
                self._give_up(path, state, error.message.removeprefix(f"{error.source}: "))
            return
        if not report["failed"]:
            self._remember(key, report)
        self._tell(FileOutcome(name, report=report))
        self._finish(path, state)

    def _ingest(self, path: Path, sha256: str) -> dict[str, Any]:
        options = self._options.ingest
        rejects = options.rejects and options.rejects / f"{path.name}-{sha256[:8]}"
        try:
            chosen = replace(options, rejects=rejects, wait_seconds=_WAIT_SECONDS)
            report = ingest(self._store, [path], chosen, self._progress)
        finally:
            if rejects:
                with suppress(OSError):  # not empty: it holds rejects
                    rejects.rmdir()
        return report.to_json()

    def _progress(self, file: str, rows: int, bytes_done: int, bytes_total: int) -> None:
        if self._stopped:
            raise _StoppedError

    def _remember(self, key: str, report: dict[str, Any]) -> None:
        value = {"run_id": report["run_id"], "ended": report["ended"]}
        with suppress(ConflictError):  # another watch was as fast
            self._store.documents.put(COLLECTION, key, value, expected_version=ABSENT)

    def _finish(self, path: Path, state: State) -> None:
        self._done[path] = state
        target = self._options.move_to
        if target is None:
            return
        try:
            target.mkdir(parents=True, exist_ok=True)
            shutil.move(path, _free(target / path.name))
        except OSError as error:
            problem = f"was read, but cannot be moved to {target} ({error.strerror or error})"
            self._tell(FileOutcome(self._name(path), problem=problem))

    def _give_up(self, path: Path, state: State, problem: str) -> None:
        """Leaves a file alone until it changes."""
        self._done[path] = state
        self._tell(FileOutcome(self._name(path), problem=problem))


def _state(path: Path) -> State | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _free(path: Path) -> Path:
    """The path, or with a number where another file has that name."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
