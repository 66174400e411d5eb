"""The first load of a market into Neo4j: offline, from the files of an export, against ingest over Bolt.

    python -m benchmarks.first_load [--quick]

Both sides begin with a stopped server and an empty database, and end with a running one that has every constraint and
index online; then both graphs have the same hash. The offline side is timed alone and together with the export of its
files from SQLite; the other one reads the tables.
"""

import argparse
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.markets import ingested, market, write_copies
from benchmarks.measure import Row, count, duration, print_rows, timed, times
from suyuan.graph.contenthash import content_hash
from suyuan.graph.store.local_server import LocalServer
from suyuan.graph.store.local_server_import import import_folder
from suyuan.graph.store.opening import open_store
from suyuan.ingest.run import IngestOptions, ingest
from suyuan.service.exporting import ExportRequest, export_graph
from suyuan.service.workspace import Workspace

COPIES = 40
"""Copies of a market of 25,000 movements."""

HEAP_MB = 2_500
PAGE_CACHE_MB = 1_024


@dataclass(frozen=True, slots=True)
class Offline:
    """Seconds of the export and of the import, and the graph's hash."""

    export: float
    load: float
    snapshot: str


def offline(store: Path, folder: Path) -> Offline:
    """Exports a store and loads it."""
    server, home = LocalServer(), folder / "offline"
    _prepare(server, home)
    with Workspace.open(f"sqlite:///{store}") as workspace:
        request = ExportRequest(format="neo4j-admin")
        export = timed(lambda: export_graph(workspace, folder / "files", request, None))
    begin = time.perf_counter()
    try:
        info, _ = import_folder(server, home, folder / "files", replace=True, heap_mb=HEAP_MB)
        seconds = time.perf_counter() - begin
        return Offline(export, seconds, _hash(info.url))
    finally:
        server.stop(home)


def over_bolt(tables: Path, folder: Path) -> tuple[float, str]:
    """Reads the tables into a server; seconds and the graph's hash."""
    server, home = LocalServer(), folder / "bolt"
    _prepare(server, home)
    begin = time.perf_counter()
    try:
        info = server.start(home, heap_mb=HEAP_MB, page_cache_mb=PAGE_CACHE_MB)
        store = open_store(info.url)
        ingest(store, [tables], IngestOptions())
        store.close()
        seconds = time.perf_counter() - begin
        return seconds, _hash(info.url)
    finally:
        server.stop(home)


def _prepare(server: LocalServer, home: Path) -> None:
    """A home that has its password: what the very first start of a server does is left out."""
    server.start(home, heap_mb=HEAP_MB, page_cache_mb=PAGE_CACHE_MB)
    server.stop(home)


def _hash(url: str) -> str:
    store = open_store(url)
    try:
        return content_hash(store.view())
    finally:
        store.close()


def rows(quick: bool) -> Iterable[Row]:
    """One million movements; 25,000 when quick."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        movements = write_copies(market(folder / "one"), 1 if quick else COPIES, folder / "tables")
        ingested(folder / "tables", folder / "market.db")
        ours = offline(folder / "market.db", folder)
        bolt, found = over_bolt(folder / "tables", folder)
    if found != ours.snapshot:
        raise AssertionError(f"{ours.snapshot} was loaded offline, {found} over Bolt")
    ratio = bolt / ours.load
    what = f"first load into Neo4j, market of {count(movements)} movements"
    yield Row(
        what=f"{what}, from exported files",
        ours=duration(ours.load),
        opponent=f"ingest of its tables over Bolt {duration(bolt)}",
        ratio=times(ratio),
        target=">= 10x",
        met=None if quick else ratio >= 10,
        note="both from a stopped server to a running one with every constraint and index online; same graph hash",
    )
    whole = ours.export + ours.load
    yield Row(
        what=f"{what}, with the export from SQLite",
        ours=f"{duration(whole)}, {duration(ours.export)} of them export",
        opponent=f"ingest of its tables over Bolt {duration(bolt)}",
        ratio=times(bolt / whole),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    print_rows(rows(parser.parse_args().quick))
