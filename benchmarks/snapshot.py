"""Snapshots: building against raw reading, memory, opening again, refreshing against rebuilding.

Run with ``python -m benchmarks.snapshot [--movements N] [--repeat N]``.
"""

import argparse
import ctypes
import gc
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.measure import Row, count, digits, duration, median, print_rows, times
from benchmarks.synthetic import batches, shipments, tables
from suyuan.graph.build import build_from_view, build_snapshot
from suyuan.graph.gather import DIGEST, columns_needed
from suyuan.graph.persist import open_saved, save
from suyuan.graph.refresh import refresh
from suyuan.graph.snapshot import EdgeSet, GraphSnapshot, Movements, NodeTable
from suyuan.graph.store.base import Store
from suyuan.graph.store.opening import open_store
from suyuan.graph.tables import TABLES

NEW_ROWS = 10_000
QUICK, FULL = 100_000, 1_000_000
TARGET_MOVEMENTS = 10_000_000


def rows(quick: bool) -> Iterator[Row]:
    """The lines of the table; see :mod:`benchmarks.measure`."""
    yield from measured(QUICK if quick else FULL, repeat=3)


def measured(n_movements: int, repeat: int) -> Iterator[Row]:
    """All lines at one size, on a SQLite store in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        store = open_store(f"sqlite:///{path}")
        load(store, n_movements)
        build_snapshot({})
        size = f"{count(n_movements)} movements"
        yield build_line(store, path, size, repeat)
        before = resident()
        snapshot = build_from_view(store.view())
        grown = resident() - before
        yield memory_line(snapshot, size, grown)
        yield edge_memory_line(snapshot, size)
        yield open_line(snapshot, Path(folder), size, n_movements, repeat)
        yield from refresh_lines(store, snapshot, size, n_movements, repeat)
        store.close()


def load(store: Store, n_movements: int) -> None:
    """Writes a synthetic market as one run."""
    with store.writer("synthetic") as writer:
        writer.add_source("synthetic", "0" * 64, 0)
        for name, parts in tables(n_movements):
            for batch in parts:
                writer.upsert(name, batch)
        writer.finish({})


def clocks(work: Callable[[], object]) -> tuple[float, float]:
    """Elapsed and processor seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def read_raw(path: Path) -> int:
    """Reads every column a snapshot needs, as the sqlite3 module gives them."""
    connection = sqlite3.connect(path)
    read = 0
    for name, table in TABLES.items():
        columns = ", ".join(f'"{column}"' for column in ("id", *columns_needed(table), DIGEST))
        found = connection.execute(f'SELECT {columns} FROM "{name}"')
        while part := found.fetchmany(65_536):
            read += len(part)
    connection.close()
    return read


def build_line(store: Store, path: Path, size: str, repeat: int) -> Row:
    """Building against reading."""
    view = store.view()
    pairs = [(clocks(lambda: build_from_view(view)), clocks(lambda: read_raw(path))) for _ in range(repeat)]
    ours, raw = median([a[0] for a, _ in pairs]), median([b[0] for _, b in pairs])
    ratio = median([a[0] / b[0] for a, b in pairs])
    processor = median([a[1] / b[1] for a, b in pairs])
    return Row(
        what=f"snapshot build from SQLite, {size}",
        ours=duration(ours),
        opponent=f"reading the same columns with sqlite3 {duration(raw)}",
        ratio=f"{times(ratio)} as long",
        target="2x as long",
        met=ratio <= 2,
        note=f"processor time {times(processor)} as long",
    )


def nbytes(value: Any) -> int:
    """Bytes of the arrays of a part of a snapshot."""
    if isinstance(value, np.ndarray | pa.Array):
        return int(value.nbytes)
    if isinstance(value, dict):
        return sum(nbytes(part) for part in value.values())
    if isinstance(value, Movements | EdgeSet | NodeTable):
        return sum(nbytes(getattr(value, field.name)) for field in fields(value))
    return 0


def memory_line(snapshot: GraphSnapshot, size: str, grown: int) -> Row:
    """Bytes a movement."""
    n, table = len(snapshot.movements), snapshot.nodes["Shipment"]
    own = (nbytes(snapshot.movements) + nbytes(table.is_stub) + nbytes(table.removed)) / n
    ids = (nbytes(table.ids) + nbytes(table.by_id)) / n
    return Row(
        what=f"memory of a movement, {size}",
        ours=f"{digits(own)} bytes",
        target="48 bytes",
        met=own <= 48,
        note=f"ids and their order {digits(ids)} bytes, digest 16 bytes; the process grew by "
        f"{digits(grown / n)} bytes a movement with everything else (lots, listings, sellers, edges)",
    )


def edge_memory_line(snapshot: GraphSnapshot, size: str) -> Row:
    """Bytes another edge."""
    total = sum(len(edges) for edges in snapshot.edges.values())
    own = sum(
        nbytes(edges) - nbytes(edges.source_start) - nbytes(edges.target_start)
        for edges in snapshot.edges.values()
    )
    starts = sum(nbytes(edges.source_start) + nbytes(edges.target_start) for edges in snapshot.edges.values())
    widest = max(snapshot.edges.values(), key=lambda edges: nbytes(edges) / len(edges))
    return Row(
        what=f"memory of another edge, {size}",
        ours=f"{digits(own / total)} bytes",
        target="24 bytes",
        met=own <= 24 * total,
        note=f"{total:,} edges; where those of a node begin: {digits(starts / total)} bytes an edge more; "
        f"widest: {widest.kind}",
    )


def open_line(snapshot: GraphSnapshot, folder: Path, size: str, n_movements: int, repeat: int) -> Row:
    """Opening a saved snapshot again."""
    written = clocks(lambda: save(snapshot, folder))[0]
    assert open_saved(folder).snapshot_id == snapshot.snapshot_id
    seconds = [clocks(lambda: open_saved(folder))[0] for _ in range(max(3, repeat))]
    mib = sum(path.stat().st_size for path in folder.glob("snapshot.suyuan")) / 2**20
    return Row(
        what=f"snapshot re-open, memory-mapped, every byte checked, {size}",
        ours=duration(median(seconds)),
        target="1 s at 10 M",
        met=median(seconds) <= 1 if n_movements >= TARGET_MOVEMENTS else None,
        note=f"{mib:.0f} MiB; writing it took {duration(written)}",
    )


def refresh_lines(
    store: Store, snapshot: GraphSnapshot, size: str, n_movements: int, repeat: int
) -> Iterator[Row]:
    """Merging in new rows against building again."""
    stream = np.random.default_rng(9)
    ours: list[float] = []
    for step in range(max(2, repeat)):
        numbers = n_movements + step * NEW_ROWS + np.arange(NEW_ROWS)
        with store.writer(f"new {step}") as writer:
            writer.add_source("synthetic", "0" * 64, 0)
            for batch in batches("shipments", shipments(numbers, n_movements, stream)):
                writer.upsert("shipments", batch)
            writer.finish({})
        view = store.view()
        kept = snapshot

        def update(kept: GraphSnapshot = kept, view: Any = view) -> None:
            nonlocal snapshot
            snapshot = refresh(kept, view)

        ours.append(clocks(update)[0])
    rebuilt: list[GraphSnapshot] = []
    full = clocks(lambda: rebuilt.append(build_from_view(store.view())))[0]
    if rebuilt[0].snapshot_id != snapshot.snapshot_id:
        raise AssertionError("the refreshed snapshot is not the rebuilt one")
    best = median(ours[1:])
    yield Row(
        what=f"refresh after {count(NEW_ROWS)} new shipments on {size}",
        ours=duration(best),
        opponent=f"full rebuild {duration(full)}",
        ratio=times(full / best),
        target="50x at 10 M",
        met=full / best >= 50 if n_movements >= TARGET_MOVEMENTS else None,
    )


def resident() -> int:
    """Bytes of memory in use, after giving back what is free; 0 where the system does not tell."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) * 1024
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--movements", type=int, default=FULL)
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    print_rows(measured(given.movements, given.repeat))
