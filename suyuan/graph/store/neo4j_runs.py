"""Runs in Neo4j: who may write, and what becomes of a writer that died."""

import json
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from neo4j import ManagedTransaction

from suyuan.errors import ConflictError, StoreError
from suyuan.graph.store import cypher_runs
from suyuan.graph.store.base import RunInfo
from suyuan.graph.store.documents import NewDocument
from suyuan.graph.store.neo4j_connection import Connection, answer, carry_out, columns
from suyuan.graph.store.neo4j_documents import write_documents
from suyuan.graph.store.neo4j_undo import undo
from suyuan.graph.store.run_holder import Holder, is_running, this_process

HEARTBEAT_SECONDS = 5.0
SILENT_SECONDS = 30.0
"""A run that has given no sign for so long is taken for dead."""

POLL_SECONDS = 0.1
_MICROSECONDS = 1_000_000
_HOLDER = ("pid", "host", "place", "born")


def now() -> int:
    """Microseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1000


def run_info(properties: Mapping[str, Any]) -> RunInfo:
    """A run as its node tells it."""
    return RunInfo(
        run_id=properties["run_id"],
        seq=properties["seq"],
        state=properties["state"],
        fingerprint=properties["fingerprint"],
        started_at=properties["started_at"],
        ended_at=properties.get("ended_at"),
        report=json.loads(properties.get("report", "{}")),
    )


class _OwnTokens:
    """Tokens of the runs that this process has under way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tokens: set[str] = set()

    def add(self, token: str) -> None:
        with self._lock:
            self._tokens.add(token)

    def discard(self, token: str) -> None:
        with self._lock:
            self._tokens.discard(token)

    def __contains__(self, token: str) -> bool:
        with self._lock:
            return token in self._tokens


_OWN = _OwnTokens()


@dataclass(frozen=True, slots=True)
class _Held:
    """The run that is under way, and for how many seconds it has been silent."""

    properties: Mapping[str, Any]
    silent_seconds: float

    @property
    def dead(self) -> bool:
        """Whether its process has ended, or has not been heard of for too long."""
        if self.silent_seconds > SILENT_SECONDS:
            return True
        holder = Holder(*(self.properties[name] for name in _HOLDER))
        if holder == this_process():
            return self.properties["token"] not in _OWN
        return is_running(holder) is False

    def says(self) -> str:
        started = datetime.fromtimestamp(self.properties["started_at"] / _MICROSECONDS, UTC)
        return (
            f"process {self.properties['pid']} on {self.properties['host']} has been writing since "
            f"{started:%Y-%m-%d %H:%M:%S} UTC"
        )


class Lease:
    """The right to write, held by one run and kept up by a heartbeat."""

    def __init__(self, connection: Connection, run: RunInfo, token: str, *, resumed: bool) -> None:
        self.run = run
        self.resumed = resumed
        self.token = token
        self._connection = connection
        self._ended = threading.Event()
        _OWN.add(token)
        self._thread = threading.Thread(target=self._beat, name="suyuan-heartbeat", daemon=True)
        self._thread.start()

    def _beat(self) -> None:
        while not self._ended.wait(HEARTBEAT_SECONDS):
            try:
                self._connection.write(
                    lambda tx: answer(tx, cypher_runs.HEARTBEAT, run_id=self.run.run_id, token=self.token)
                )
            except StoreError:
                continue  # the next write of the run tells its user

    def require(self, tx: ManagedTransaction) -> None:
        """Raises ConflictError if somebody else has taken the run for dead."""
        found = tx.run(cypher_runs.IS_HELD, {"run_id": self.run.run_id, "token": self.token}).single()
        if found is None or not found.value():
            raise ConflictError(
                f"Run {self.run.run_id} was silent for more than {SILENT_SECONDS:g} seconds and another process "
                "took the store over. Start the load again; it goes on where it stands."
            )

    def note(self, report: Mapping[str, object]) -> None:
        """Keeps with the run how far it is."""
        text = json.dumps(report, ensure_ascii=False)
        told: dict[str, Any] = {"run_id": self.run.run_id, "token": self.token, "report": text}
        self._connection.write(lambda tx: carry_out(tx, cypher_runs.NOTE_REPORT, **told))

    def finish(self, report: Mapping[str, object], documents: Sequence[NewDocument] = ()) -> RunInfo:
        """Makes the run visible."""
        text = json.dumps(report, ensure_ascii=False)
        return self._end(cypher_runs.FINISH_RUN, documents, report=text)

    def abandon(self) -> RunInfo:
        """Undoes the run."""
        parameters: dict[str, Any] = {"run_id": self.run.run_id, "token": self.token}
        self._connection.write(lambda tx: carry_out(tx, cypher_runs.MARK_UNDOING, **parameters))
        undo(self._connection, self.run.seq)
        return self._end(cypher_runs.ABANDON_RUN)

    def _end(self, statement: Any, documents: Sequence[NewDocument] = (), **parameters: Any) -> RunInfo:
        def work(tx: ManagedTransaction) -> RunInfo:
            carry_out(tx, cypher_runs.LOCK_COUNTER)
            self.require(tx)
            write_documents(tx, documents)
            parameters.update(run_id=self.run.run_id, token=self.token, now=now())
            return run_info(answer(tx, statement, **parameters))

        self.run = self._connection.write(work)
        self.release()
        return self.run

    def release(self) -> None:
        """Stops the heartbeat; a run that is still under way is taken for dead from now on."""
        self._ended.set()
        _OWN.discard(self.token)
        if threading.current_thread() is not self._thread:
            self._thread.join()


def take_lease(connection: Connection, fingerprint: str, wait_seconds: float) -> Lease:
    """Begins a run, or takes up a dead one of the same fingerprint after undoing any other.

    Raises
    ------
    ConflictError
        Another process still writes after ``wait_seconds``.
    """
    deadline = time.monotonic() + wait_seconds
    while True:
        taken = connection.write(lambda tx: _try_to_take(tx, fingerprint))
        if isinstance(taken, _Taken):
            if not taken.undoing:
                return Lease(connection, taken.run, taken.token, resumed=taken.resumed)
            Lease(connection, taken.run, taken.token, resumed=True).abandon()
            continue
        if time.monotonic() >= deadline:
            raise ConflictError(
                f"The store {connection.address.shown} is in use: {taken.says()}. "
                "Wait for it to end, or end it, and try again."
            )
        time.sleep(min(POLL_SECONDS, max(0.0, deadline - time.monotonic())))


@dataclass(frozen=True, slots=True)
class _Taken:
    run: RunInfo
    token: str
    resumed: bool
    undoing: bool


def _try_to_take(tx: ManagedTransaction, fingerprint: str) -> "_Taken | _Held":
    running = answer(tx, cypher_runs.LOCK_COUNTER)
    token = secrets.token_hex(16)
    mine: dict[str, Any] = {**asdict(this_process()), "token": token}
    if running is None:
        run_id = uuid4().hex
        begun = answer(tx, cypher_runs.BEGIN_RUN, run_id=run_id, fingerprint=fingerprint, now=now(), **mine)
        return _Taken(run_info(begun), token, resumed=False, undoing=False)
    properties, silent = columns(tx, cypher_runs.RUN_UNDER_WAY, run_id=running)
    held = _Held(properties, silent / 1000)
    if not held.dead:
        return held
    undoing = properties["fingerprint"] != fingerprint or bool(properties.get("undoing"))
    taken = answer(tx, cypher_runs.TAKE_UP_RUN, run_id=running, undoing=undoing or None, **mine)
    return _Taken(run_info(taken), token, resumed=True, undoing=undoing)
