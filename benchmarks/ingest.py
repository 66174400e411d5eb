"""Reading a CSV table into the SQLite store with every check, against the bare ``sqlite3`` module given the rows.

    python -m benchmarks.ingest [--quick]

The opponent upserts the same values, ready in memory: it reads no file, checks nothing and keeps no provenance.
"""

import argparse
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv

from benchmarks.measure import Row, count, digits, duration, in_turn, median, print_rows, times
from benchmarks.store_sqlite import SHIPMENTS, bare_upsert, generated, plain_rows
from suyuan.graph.records import precision_name, time_texts
from suyuan.graph.store.opening import open_store
from suyuan.ingest.run import IngestOptions, ingest


def write_table(batch: pa.RecordBatch, path: Path) -> None:
    """Shipments as a table of the exchange format."""
    columns: dict[str, pa.Array] = {}
    for column in SHIPMENTS.columns:
        values = batch.column(column.name)
        if values.null_count == len(values):
            continue
        columns[column.name] = (
            time_texts(values, batch.column(precision_name(column.name))) if column.type == "time" else values
        )
    pa_csv.write_csv(pa.table(columns), path)


def ours(table: Path, store_path: Path) -> None:
    """A whole run into a new store."""
    store = open_store(f"sqlite:///{store_path}")
    try:
        report = ingest(store, [table], IngestOptions()).to_json()
    finally:
        store.close()
    if report["rejected"] or report["written"] != report["rows_read"]:
        raise AssertionError(f"{report['written']} of {report['rows_read']} rows written")


def rows(quick: bool) -> Iterable[Row]:
    """One million shipments; 50,000 when quick."""
    n = 50_000 if quick else 1_000_000
    batch = generated(n)
    values = plain_rows(batch)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = folder / "shipments.csv"
        write_table(batch, table)

        def fresh(file: str) -> Path:
            for old in folder.glob(f"{file}*"):
                old.unlink()
            return folder / file

        mine, bare = in_turn(
            lambda: ours(table, fresh("store.db")), lambda: bare_upsert(fresh("bare.db"), values), 3
        )
    ratio = median(bare) / median(mine)
    yield Row(
        what=f"ingest CSV into SQLite, all checks and provenance, {count(n)} shipments",
        ours=f"{duration(median(mine))}, {digits(n / median(mine))} rows/s",
        opponent=f"sqlite3.executemany upsert {duration(median(bare))}, {digits(n / median(bare))} rows/s",
        ratio=times(ratio),
        target=">= 0.5x",
        met=ratio >= 0.5,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    print_rows(rows(parser.parse_args().quick))
