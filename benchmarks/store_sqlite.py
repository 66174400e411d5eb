"""Writing and reading one million shipments in SQLite, against the bare ``sqlite3`` module doing the same.

Run with ``python -m benchmarks.store_sqlite [--rows N] [--repeat N]``. Each line shows both times of the same
run and their ratio; the ratio counts, since other work on the machine slows both.
"""

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.measure import Row, count, duration, times
from suyuan.graph.gather import DIGEST, columns_needed
from suyuan.graph.records import batch_schema
from suyuan.graph.store.sqlite import SqliteStore
from suyuan.graph.tables import TABLES

SHIPMENTS = TABLES["shipments"]
BATCH_ROWS = 50_000
_YEAR = 31_536_000_000_000


def generated(n: int, seed: int = 1) -> pa.RecordBatch:
    """Shipments between twenty thousand sites, with the columns a market fills."""
    random = np.random.default_rng(seed)
    keys = [f"SH{i:08}" for i in range(n)]
    departed = 1_700_000_000_000_000 + random.integers(0, _YEAR, n)
    columns = {
        "id": [f"Shipment:{key}" for key in keys],
        "shipment_id": keys,
        "from_site": [f"S{i:06}" for i in random.integers(0, 20_000, n)],
        "to_site": [f"S{i:06}" for i in random.integers(0, 20_000, n)],
        "departed_at": departed,
        "departed_at_precision": np.zeros(n, np.int8),
        "arrived_at": departed + random.integers(0, 10**12, n),
        "arrived_at_precision": np.zeros(n, np.int8),
        "product_id": [f"P{i:04}" for i in random.integers(0, 500, n)],
        "lot_id": [f"L{i:08}" for i in random.integers(0, n // 3 + 1, n)],
        "quantity": np.round(random.random(n) * 100, 2),
        "unit": ["件"] * n,
        "carrier": ["顺丰速运"] * n,
        "waybill": [f"SF{i:012}" for i in random.integers(0, 10**12, n)],
        "row": np.arange(1, n + 1),
    }
    arrays = [
        pa.array(columns[field.name], field.type) if field.name in columns else pa.nulls(n, field.type)
        for field in batch_schema(SHIPMENTS)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=batch_schema(SHIPMENTS))


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Elapsed and processor seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def bare_upsert(path: Path, rows: list[tuple[object, ...]]) -> None:
    """The same values by ``executemany``, without provenance, digest, versions, indexes and search."""
    names = [column.name for column in SHIPMENTS.columns]
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"CREATE TABLE shipments ({', '.join(names)}, PRIMARY KEY (shipment_id))")
    assignments = ", ".join(f"{name} = excluded.{name}" for name in names[1:])
    connection.executemany(
        f"INSERT INTO shipments VALUES ({', '.join('?' * len(names))})"
        f" ON CONFLICT (shipment_id) DO UPDATE SET {assignments}",
        rows,
    )
    connection.commit()
    connection.close()


def store_upsert(path: Path, batch: pa.RecordBatch) -> None:
    """A whole run."""
    store = SqliteStore.open(f"sqlite:///{path}")
    with store.writer("benchmark") as writer:
        number = writer.add_source("shipments.csv", "0" * 64, 1).number
        position = batch.schema.get_field_index("source_file")
        numbers = pa.array(np.full(batch.num_rows, number, np.int32))
        batch = batch.set_column(position, batch.schema.field(position), numbers)
        for start in range(0, batch.num_rows, BATCH_ROWS):
            writer.upsert("shipments", batch.slice(start, BATCH_ROWS))
        writer.finish({})
    store.close()


def raw_read(path: Path) -> None:
    """The columns a snapshot needs, fetched by the bare module."""
    connection = sqlite3.connect(path)
    names = ", ".join(("id", *columns_needed(SHIPMENTS), DIGEST))
    rows = connection.execute(f"SELECT {names} FROM shipments")
    while rows.fetchmany(1_024):
        pass
    connection.close()


def store_read(path: Path) -> None:
    """The same columns as Arrow batches."""
    store = SqliteStore.open(f"sqlite:///{path}")
    for _ in store.view().batches("shipments", (*columns_needed(SHIPMENTS), DIGEST)):
        pass
    store.close()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Medians of the same work by the bare module and by the store: elapsed and processor seconds of each."""

    what: str
    bare: tuple[float, float]
    ours: tuple[float, float]

    def __str__(self) -> str:
        (bare, bare_cpu), (wall, cpu) = self.bare, self.ours
        return (
            f"{self.what}: bare {bare:.2f} s ({bare_cpu:.2f} s cpu), store {wall:.2f} s ({cpu:.2f} s cpu), "
            f"store speed = {bare / wall:.2f} x bare ({bare_cpu / cpu:.2f} x by cpu)"
        )


def compared(what: str, repeat: int, bare: Callable[[], object], ours: Callable[[], object]) -> Comparison:
    """Both in turn, ``repeat`` times."""
    pairs = [(timed(bare), timed(ours)) for _ in range(repeat)]
    medians = [
        (
            statistics.median(pair[side][0] for pair in pairs),
            statistics.median(pair[side][1] for pair in pairs),
        )
        for side in range(2)
    ]
    return Comparison(what, medians[0], medians[1])


def plain_rows(batch: pa.RecordBatch) -> list[tuple[object, ...]]:
    """What the bare module is given."""
    return list(zip(*(batch.column(column.name).to_pylist() for column in SHIPMENTS.columns), strict=True))


def comparisons(n: int, repeat: int) -> Iterator[Comparison]:
    """Writing, writing again, reading."""
    batch = generated(n)
    values = plain_rows(batch)
    with tempfile.TemporaryDirectory() as folder:
        ours, bare = Path(folder) / "store.db", Path(folder) / "bare.db"

        def fresh(path: Path) -> Path:
            for old in Path(folder).glob(f"{path.name}*"):
                old.unlink()
            return path

        yield compared(
            f"write {count(n)} shipments",
            repeat,
            lambda: bare_upsert(fresh(bare), values),
            lambda: store_upsert(fresh(ours), batch),
        )
        print(f"file: {ours.stat().st_size / 1e6:.0f} MB")
        yield compared(
            f"write {count(n)} shipments again (unchanged)",
            1,
            lambda: bare_again(bare, values),
            lambda: store_upsert(ours, batch),
        )
        yield compared(
            f"read a snapshot's columns of {count(n)} shipments",
            repeat,
            lambda: raw_read(ours),
            lambda: store_read(ours),
        )


def rows(quick: bool) -> Iterator[Row]:
    """The lines of the table; see :mod:`benchmarks.measure`."""
    for found in comparisons(50_000 if quick else 1_000_000, 3):
        ratio = found.bare[0] / found.ours[0]
        wanted = 0.5 if found.what.startswith("write") and "again" not in found.what else None
        yield Row(
            what=f"SQLite store: {found.what}",
            ours=duration(found.ours[0]),
            opponent=f"bare sqlite3 {duration(found.bare[0])}",
            ratio=times(ratio),
            target="-" if wanted is None else f">= {wanted}x",
            met=None if wanted is None else ratio >= wanted,
            note=f"by processor time {times(found.bare[1] / found.ours[1])}",
        )


def main() -> None:
    """Prints one line a comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    for found in comparisons(options.rows, options.repeat):
        print(found)


def bare_again(path: Path, rows: list[tuple[object, ...]]) -> None:
    """The upsert once more, every row overwritten with itself."""
    names = [column.name for column in SHIPMENTS.columns]
    connection = sqlite3.connect(path)
    assignments = ", ".join(f"{name} = excluded.{name}" for name in names[1:])
    connection.executemany(
        f"INSERT INTO shipments VALUES ({', '.join('?' * len(names))})"
        f" ON CONFLICT (shipment_id) DO UPDATE SET {assignments}",
        rows,
    )
    connection.commit()
    connection.close()


if __name__ == "__main__":
    main()
