"""Writing and reading shipments in Neo4j, against the loader everybody writes first.

Run with ``python -m benchmarks.store_neo4j [--rows N] [--rounds N] [--store URL]``. Without a URL a server of
its own is started (2 GB heap) and removed afterwards.

The opponent sends one thousand maps a transaction into ``UNWIND $rows AS row MERGE ...``, with constraints and through
the driver without its Rust extension, once as one statement for all and once as one for each type; it makes the same
nodes and relationships, but no provenance, digests, versions or search. All load by turns into one database, so all are
equally warm; the ratio counts.
"""

import argparse
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.measure import Row, count, times

PLAIN_BATCH = 1_000
PLAIN_SCHEMA = tuple(
    f"CREATE CONSTRAINT plain_{kind} IF NOT EXISTS FOR (x:Plain{kind}) REQUIRE x.id IS UNIQUE"
    for kind in ("Shipment", "Site", "Lot", "Product")
)
PLAIN_NODES = "UNWIND $rows AS row MERGE (s:PlainShipment {id: row.id}) SET s += row"
PLAIN = f"""{PLAIN_NODES}
MERGE (a:PlainSite {{id: row.from_site}}) MERGE (b:PlainSite {{id: row.to_site}})
MERGE (l:PlainLot {{id: row.product_id + ':' + row.lot_id}}) MERGE (p:PlainProduct {{id: row.product_id}})
MERGE (a)-[:DEPARTS {{departed_at: row.departed_at}}]->(s)
MERGE (s)-[:ARRIVES {{arrived_at: row.arrived_at}}]->(b)
MERGE (a)-[:SHIPPED_TO {{record: row.id, departed_at: row.departed_at, arrived_at: row.arrived_at}}]->(b)
MERGE (s)-[:CARRIES {{quantity: row.quantity, unit: row.unit}}]->(l)
MERGE (s)-[:CARRIES {{quantity: row.quantity, unit: row.unit}}]->(p)"""

PLAIN_BY_TYPE = (
    PLAIN_NODES,
    """UNWIND $rows AS row MERGE (a:PlainSite {id: row.from_site}) MERGE (s:PlainShipment {id: row.id})
    MERGE (a)-[:DEPARTS {departed_at: row.departed_at}]->(s)""",
    """UNWIND $rows AS row MERGE (s:PlainShipment {id: row.id}) MERGE (b:PlainSite {id: row.to_site})
    MERGE (s)-[:ARRIVES {arrived_at: row.arrived_at}]->(b)""",
    """UNWIND $rows AS row MERGE (a:PlainSite {id: row.from_site}) MERGE (b:PlainSite {id: row.to_site})
    MERGE (a)-[:SHIPPED_TO {record: row.id, departed_at: row.departed_at, arrived_at: row.arrived_at}]->(b)""",
    """UNWIND $rows AS row MERGE (s:PlainShipment {id: row.id})
    MERGE (l:PlainLot {id: row.product_id + ':' + row.lot_id})
    MERGE (s)-[:CARRIES {quantity: row.quantity, unit: row.unit}]->(l)""",
    """UNWIND $rows AS row MERGE (s:PlainShipment {id: row.id}) MERGE (p:PlainProduct {id: row.product_id})
    MERGE (s)-[:CARRIES {quantity: row.quantity, unit: row.unit}]->(p)""",
)


def plain_loader(url: str, pipe: Connection) -> None:
    """Another process: loads the rows it is given and answers with the seconds it took."""
    sys.modules["neo4j._rust"] = None  # type: ignore[assignment]
    from neo4j import GraphDatabase

    from suyuan.graph.store.neo4j_connection import address_of

    address = address_of(url)
    auth = (address.user, address.password)
    with GraphDatabase.driver(address.uri, auth=auth, notifications_min_severity="OFF") as driver:
        for text in PLAIN_SCHEMA:
            driver.execute_query(text, database_=address.database)
        while asked := pipe.recv():
            texts, rows = asked
            started = time.perf_counter()
            for start in range(0, len(rows), PLAIN_BATCH):
                part = rows[start : start + PLAIN_BATCH]
                for text in texts:
                    driver.execute_query(text, {"rows": part}, database_=address.database)
            pipe.send(time.perf_counter() - started)


def plain_rows(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """The filled columns as maps, times as text."""
    from suyuan.graph.records import time_texts

    columns: dict[str, list[Any]] = {}
    for name in batch.schema.names:
        if name.endswith("_precision"):
            continue
        values = batch.column(name)
        precision = f"{name}_precision"
        if precision in batch.schema.names:
            values = time_texts(values, batch.column(precision))
        columns[name] = values.to_pylist()
    return [
        {name: value for name, value in zip(columns, row, strict=True) if value is not None}
        for row in zip(*columns.values(), strict=True)
    ]


@contextmanager
def server(url: str | None) -> Iterator[str]:
    """The server at a URL, or one of our own."""
    if url is not None:
        yield url
        return
    from suyuan.graph.store.local_server import LocalServer

    with tempfile.TemporaryDirectory() as folder:
        home, local = Path(folder) / "home", LocalServer()
        try:
            yield local.start(home, heap_mb=2_500, page_cache_mb=1_024).url
        finally:
            local.stop(home)


def timed(work: Callable[[], object]) -> float:
    """Elapsed seconds."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


@dataclass(frozen=True, slots=True)
class Rates:
    """Rows a second of each round but the first: the store, the plain loader, that with a statement a type."""

    ours: list[float]
    plain: list[float]
    plain_by_type: list[float]


def load_by_turns(url: str, rows: int, rounds: int) -> Rates:
    """Prints both rates of each round and the medians."""
    from benchmarks.store_sqlite import generated
    from suyuan.graph.store.neo4j import Neo4jStore

    batch = generated(rows)
    part = rows // rounds
    rates: dict[str, list[float]] = {name: [] for name in ("one statement", "one a type", "store")}
    here, there = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=plain_loader, args=(url, there), daemon=True)
    process.start()
    store = Neo4jStore.open(url)
    with store.writer("benchmark") as writer:
        source = writer.add_source("shipments.parquet", "0" * 64, 1)
        numbers = pa.array([source.number] * part, pa.int32())
        for turn in range(rounds):
            piece = batch.slice(turn * part, part)
            maps = plain_rows(piece)
            here.send(((PLAIN,), maps))
            rates["one statement"].append(part / here.recv())
            here.send((PLAIN_BY_TYPE, [{**row, "id": f"{row['id']}/t"} for row in maps]))
            rates["one a type"].append(part / here.recv())
            at = piece.schema.get_field_index("source_file")
            numbered = piece.set_column(at, piece.schema.field(at), numbers)
            rates["store"].append(part / timed(lambda rows=numbered: writer.upsert("shipments", rows)))
            last = ", ".join(f"{name} {values[-1]:,.0f}" for name, values in rates.items())
            print(f"round {turn + 1}, rows/s: {last}", flush=True)
        print(f"finish: {timed(lambda: writer.finish({})):.2f} s")
    here.send(None)
    process.join()
    ours = rates["store"][1:]
    print(f"ingest, median of rounds 2-{rounds}: store {statistics.median(ours):,.0f} rows/s")
    for name in ("one statement", "one a type"):
        theirs = rates[name][1:]
        ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
        print(f"  against plain, {name}: {statistics.median(theirs):,.0f} rows/s, {ratio:.1f}x")
    again = batch.slice(0, min(rows, 50_000))
    with store.writer("again") as writer:
        seconds = timed(lambda: writer.upsert("shipments", again))
        print(f"the same again: {len(again) / seconds:,.0f} rows/s unchanged")
    read_back(store, rows)
    store.close()
    return Rates(ours, rates["one statement"][1:], rates["one a type"][1:])


def rows(quick: bool) -> Iterator[Row]:
    """The line of the table; see :mod:`benchmarks.measure`."""
    n, rounds = (20_000, 4) if quick else (200_000, 10)
    with server(None) as url:
        rates = load_by_turns(url, n, rounds)
    ratio = statistics.median(a / b for a, b in zip(rates.ours, rates.plain, strict=True))
    yield Row(
        what=f"ingest into Neo4j over Bolt, {count(n)} shipments",
        ours=f"{statistics.median(rates.ours):,.0f} rows/s",
        opponent=f"UNWIND $rows MERGE, 1,000 maps a batch {statistics.median(rates.plain):,.0f} rows/s",
        ratio=times(ratio),
        target=">= 3x",
        met=ratio >= 3,
        note="the opponent makes the same nodes and relationships, but no provenance, versions or search; with "
        f"one statement for each relationship type it makes {statistics.median(rates.plain_by_type):,.0f} rows/s",
    )


def read_back(store: Any, rows: int) -> None:
    """Prints how fast a snapshot's columns come back."""
    from suyuan.graph.gather import DIGEST, columns_needed
    from suyuan.graph.tables import TABLES

    wanted = (*columns_needed(TABLES["shipments"]), DIGEST)
    for name, columns in (("snapshot columns", wanted), ("all columns", None)):
        seconds = timed(lambda columns=columns: sum(map(len, store.view().batches("shipments", columns))))
        print(f"read {name}: {rows / seconds:,.0f} rows/s")


def main() -> None:
    """Runs the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--store", help="an empty database; without it a server is started")
    options = parser.parse_args()
    with server(options.store) as url:
        load_by_turns(url, options.rows, options.rounds)


if __name__ == "__main__":
    main()
