"""Seals of finished runs: what a store tells of its runs, their counts and sources is as it was written.

Which versions hold depends on a few rows only, and a damaged one would hide a run or a table. The seal of a run is
a digest of them and of the seal before it; the newest is kept a second time, so that none can go unnoticed.
"""

import hashlib
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from suyuan.graph.store.sqlite_file import damaged

_SEAL_BYTES: Final = 16
_RUN: Final = "seq, run_id, fingerprint, full, started_at, ended_at, report"
_NEWEST: Final = "newest_seal"

Rows = dict[int, list[tuple[Any, ...]]]
"""By number of the run."""


def seal_run(connection: sqlite3.Connection, seq: int) -> None:
    """Seals a run that was just marked as finished."""
    before = connection.execute(
        "SELECT seal FROM suyuan_runs WHERE state = 'finished' AND seq < ? ORDER BY seq DESC LIMIT 1", (seq,)
    ).fetchone()
    for run, _, seal in _seals(connection, seq - 1, before[0] if before else b""):
        connection.execute("UPDATE suyuan_runs SET seal = ? WHERE seq = ?", (seal, run))
        connection.execute("INSERT OR REPLACE INTO suyuan_meta VALUES (?, ?)", (_NEWEST, _mark(run, seal)))


def seal_all(connection: sqlite3.Connection) -> None:
    """Seals the runs of a store that was made before there were seals."""
    for run, _, seal in list(_seals(connection, 0, b"")):
        connection.execute("UPDATE suyuan_runs SET seal = ? WHERE seq = ?", (seal, run))
        connection.execute("INSERT OR REPLACE INTO suyuan_meta VALUES (?, ?)", (_NEWEST, _mark(run, seal)))


def require_sealed(connection: sqlite3.Connection, path: Path, since: int) -> None:
    """Looks at the seals of all runs after ``since``, which was found whole before.

    Raises
    ------
    CorruptStoreError
        What is told of a run is not what was written, or a run is gone.
    """
    row = connection.execute(
        "SELECT seal FROM suyuan_runs WHERE seq = ? AND state = 'finished'", (since,)
    ).fetchone()
    mark = _mark(since, row[0]) if row else None
    for run, kept, seal in _seals(connection, since if row else 0, row[0] if row else b""):
        if kept != seal:
            raise damaged(
                path, f"in table suyuan_runs, run {run} or what belongs to it is not as it was written"
            )
        mark = _mark(run, seal)
    newest = connection.execute("SELECT value FROM suyuan_meta WHERE key = ?", (_NEWEST,)).fetchone()
    if (newest[0] if newest else None) != mark:
        raise damaged(path, "in table suyuan_runs, the newest run is missing or not as it was written")


def _mark(run: int, seal: object) -> str:
    return f"{run} {seal.hex() if isinstance(seal, bytes) else seal}"


def _seals(connection: sqlite3.Connection, since: int, before: Any) -> Iterator[tuple[int, Any, bytes]]:
    """Number, seal as kept and seal as it should be, of each finished run after ``since``."""
    changes = _by_run(
        connection.execute(
            "SELECT seq, table_name, first_no, records FROM suyuan_changes WHERE seq > ? ORDER BY seq, table_name",
            (since,),
        )
    )
    sources = _by_run(
        connection.execute(
            "SELECT seq, number, name, sha256, size FROM suyuan_sources WHERE seq > ? ORDER BY number",
            (since,),
        )
    )
    runs = connection.execute(
        f"SELECT seal, {_RUN} FROM suyuan_runs WHERE seq > ? AND state = 'finished' ORDER BY seq", (since,)
    ).fetchall()
    seal = before
    for kept, seq, *told in runs:
        content = repr((seal, seq, told, changes[seq], sources[seq])).encode()
        seal = hashlib.blake2b(content, digest_size=_SEAL_BYTES).digest()
        yield seq, kept, seal


def _by_run(rows: sqlite3.Cursor) -> Rows:
    found: Rows = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    return found
