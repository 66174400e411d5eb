"""Runs on a SQLite store: their numbers, the lease that makes them follow one another, undoing one."""

import json
import sqlite3
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from suyuan.errors import ConflictError
from suyuan.graph.store.base import RunInfo
from suyuan.graph.store.run_holder import Holder, is_running, this_process
from suyuan.graph.store.search_entries import is_indexed
from suyuan.graph.store.sqlite_file import SqliteFile
from suyuan.graph.store.sqlite_schema import comma, quoted, record_columns, search_table
from suyuan.graph.store.sqlite_seals import seal_run
from suyuan.graph.tables import TABLES

SILENCE_SECONDS = 60.0
"""A run whose process cannot be seen from here is dead when its heartbeat is older than this."""

_POLL_SECONDS = 0.02
_RUN_COLUMNS = "run_id, seq, state, fingerprint, started_at, ended_at, report"

LIVE_TOKENS: set[str] = set()
"""Tokens of the runs that this process holds."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A run that was begun or taken up, and the token that proves it is still held."""

    run: RunInfo
    token: str
    resumed: bool = False


def now() -> int:
    """The clock, microseconds UTC."""
    return time.time_ns() // 1000


def newest_finished(connection: sqlite3.Connection, known_at: int | None = None) -> int:
    """Number of the newest finished run (that had ended by ``known_at``), 0 if there is none."""
    found = connection.execute(
        "SELECT seq FROM suyuan_runs WHERE state = 'finished' AND ended_at <= ? ORDER BY seq DESC LIMIT 1",
        (2**63 - 1 if known_at is None else known_at,),
    ).fetchone()
    return found[0] if found else 0


def newest_runs(connection: sqlite3.Connection, last: int) -> list[RunInfo]:
    """The newest runs, newest first."""
    rows = connection.execute(f"SELECT {_RUN_COLUMNS} FROM suyuan_runs ORDER BY seq DESC LIMIT ?", (last,))
    return [_run_info(row) for row in rows]


def finished_after(connection: sqlite3.Connection, seq: int, first: int) -> list[RunInfo]:
    """The finished runs after a number, oldest first."""
    rows = connection.execute(
        f"SELECT {_RUN_COLUMNS} FROM suyuan_runs WHERE seq > ? AND state = 'finished' ORDER BY seq LIMIT ?",
        (seq, first),
    )
    return [_run_info(row) for row in rows]


def run_of_id(connection: sqlite3.Connection, run_id: str) -> RunInfo | None:
    """A run by its id, or None."""
    row = connection.execute(f"SELECT {_RUN_COLUMNS} FROM suyuan_runs WHERE run_id = ?", (run_id,)).fetchone()
    return _run_info(row) if row else None


def note_report(connection: sqlite3.Connection, seq: int, report: Mapping[str, object]) -> None:
    """Keeps with a run under way how far it is."""
    connection.execute(
        "UPDATE suyuan_runs SET report = ? WHERE seq = ?", (json.dumps(report, ensure_ascii=False), seq)
    )


def _run_info(row: tuple[Any, ...]) -> RunInfo:
    return RunInfo(*row[:-1], report=json.loads(row[-1]))


def _run(connection: sqlite3.Connection, seq: int) -> RunInfo:
    row = connection.execute(f"SELECT {_RUN_COLUMNS} FROM suyuan_runs WHERE seq = ?", (seq,)).fetchone()
    return _run_info(row)


def begin(file: SqliteFile, fingerprint: str, *, full: bool, wait_seconds: float) -> Begun:
    """Begins a run, or takes up a dead one with the same fingerprint; any other dead run is undone first.

    Raises
    ------
    ConflictError
        Another run went on for longer than ``wait_seconds``.
    """
    deadline = time.monotonic() + wait_seconds
    while True:
        with file.reading() as connection:
            blocking = _blocking(connection)
        if blocking is None:
            with file.writing() as connection:
                if _blocking(connection) is None:
                    return _acquired(connection, fingerprint, full)
        elif time.monotonic() >= deadline:
            raise ConflictError(f"{file.path}: {blocking} Wait for it to end, or stop that process.")
        time.sleep(_POLL_SECONDS)


def _blocking(connection: sqlite3.Connection) -> str | None:
    """A sentence about the live run that holds the store; None if it is free."""
    lease = connection.execute(
        "SELECT token, pid, host, place, born, since, heartbeat FROM suyuan_lease"
    ).fetchone()
    if lease is None:
        return None
    token, *process, since, heartbeat = lease
    if not _is_live(token, Holder(*process), heartbeat):
        return None
    start = datetime.fromtimestamp(since / 1e6, UTC).isoformat(timespec="seconds")
    return f"process {process[0]} on {process[1]} has been writing since {start}."


def _is_live(token: str, holder: Holder, heartbeat: int) -> bool:
    running = is_running(holder)
    if running is None:
        return now() - heartbeat < SILENCE_SECONDS * 1e6
    here = this_process()
    mine = (holder.pid, holder.place) == (here.pid, here.place)
    return running and (not mine or token in LIVE_TOKENS)


def _acquired(connection: sqlite3.Connection, fingerprint: str, full: bool) -> Begun:
    dead = connection.execute(
        "SELECT seq, fingerprint, full FROM suyuan_lease JOIN suyuan_runs USING (seq)"
    ).fetchone()
    if dead is not None and tuple(dead[1:]) == (fingerprint, int(full)):
        return Begun(_run(connection, dead[0]), _hold(connection, dead[0]), resumed=True)
    if dead is not None:
        undo(connection, dead[0])
    seq = connection.execute("SELECT coalesce(max(seq), 0) + 1 FROM suyuan_runs").fetchone()[0]
    connection.execute(
        "INSERT INTO suyuan_runs (seq, run_id, state, fingerprint, full, started_at)"
        " VALUES (?, ?, 'running', ?, ?, ?)",
        (seq, uuid.uuid4().hex, fingerprint, full, now()),
    )
    return Begun(_run(connection, seq), _hold(connection, seq))


def _hold(connection: sqlite3.Connection, seq: int) -> str:
    token, here = uuid.uuid4().hex, this_process()
    connection.execute(
        "INSERT OR REPLACE INTO suyuan_lease VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)",
        (token, seq, here.pid, here.host, here.place, here.born, now(), now()),
    )
    LIVE_TOKENS.add(token)
    return token


def keep(connection: sqlite3.Connection, token: str) -> None:
    """Notes that the holder lives.

    Raises
    ------
    ConflictError
        The run is no longer held: it was silent for so long that another process undid it or took it up.
    """
    kept = connection.execute("UPDATE suyuan_lease SET heartbeat = ? WHERE token = ?", (now(), token))
    if kept.rowcount != 1:
        raise ConflictError(
            "This run was silent for so long that another process took its place. Start it again."
        )


def release(connection: sqlite3.Connection, token: str) -> None:
    """Frees the store for the next run."""
    connection.execute("DELETE FROM suyuan_lease WHERE token = ?", (token,))


def mark_finished(connection: sqlite3.Connection, seq: int, report: Mapping[str, object]) -> RunInfo:
    """Makes a run visible. Ends of finished runs are distinct, in the order of their numbers."""
    newest = connection.execute(
        "SELECT ended_at FROM suyuan_runs WHERE state = 'finished' ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    last = newest[0] if newest else 0
    connection.execute(
        "UPDATE suyuan_runs SET state = 'finished', ended_at = ?, report = ? WHERE seq = ?",
        (max(now(), last + 1), json.dumps(report, ensure_ascii=False), seq),
    )
    seal_run(connection, seq)
    return _run(connection, seq)


def undo(connection: sqlite3.Connection, seq: int) -> None:
    """Takes back all that an unfinished run wrote, and frees the store."""
    changed = connection.execute("SELECT table_name FROM suyuan_changes WHERE seq = ?", (seq,)).fetchall()
    for (name,) in changed:
        _undo_table(connection, name, seq)
    connection.execute("DELETE FROM suyuan_changes WHERE seq = ?", (seq,))
    connection.execute("DELETE FROM suyuan_sources WHERE seq = ?", (seq,))
    connection.execute("UPDATE suyuan_runs SET state = 'abandoned', ended_at = ? WHERE seq = ?", (now(), seq))
    connection.execute("DELETE FROM suyuan_lease WHERE seq = ?", (seq,))


def _undo_table(connection: sqlite3.Connection, name: str, seq: int) -> None:
    table = TABLES[name]
    current, history = quoted(name), quoted(f"{name}_history")
    overwritten = f"SELECT record_no FROM {history} WHERE until = :seq"
    first_no = connection.execute(
        "SELECT first_no FROM suyuan_changes WHERE table_name = ? AND seq = ?", (name, seq)
    ).fetchone()[0]
    places = {"seq": seq, "first": first_no}
    if is_indexed(table):
        connection.execute(f"DELETE FROM {quoted(search_table(table))} WHERE rowid >= :first", places)
    connection.execute(f"DELETE FROM {current} WHERE record_no >= :first", places)
    connection.execute(f"DELETE FROM {current} WHERE record_no IN ({overwritten}) AND seq = :seq", places)
    columns = f"record_no, {comma(record_columns(table))}"
    connection.execute(
        f"INSERT INTO {current} ({columns}) SELECT {columns} FROM {history} WHERE until = :seq", places
    )
    connection.execute(f"DELETE FROM {history} WHERE until = :seq", places)
