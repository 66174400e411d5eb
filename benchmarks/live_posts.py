"""Posts of one listing each to a server over HTTP, by one sender and by many, into a store that is full already.

    python -m benchmarks.live_posts [--quick]

A sender waits for each answer, and so until its row is in the store and on disk. The opponent is the bare ``sqlite3``
module with one durable commit a row, without a server, checks or provenance.
"""

import argparse
import http.client
import json
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks.measure import CHECKOUT, Row, count, digits, print_rows
from suyuan.graph.store.opening import open_store
from suyuan.ingest.run import IngestOptions, ingest

SENDERS = 32
SECONDS = 8.0


def listing(name: str) -> str:
    """A row as it is sent."""
    row = {
        "platform": "shop",
        "listing_id": name,
        "seller_id": "s1",
        "title": f"保温杯 {name}",
        "price": 12.5,
    }
    return json.dumps(row, ensure_ascii=False) + "\n"


def fill(url: str, folder: Path, rows: int) -> None:
    """So many listings that are there before."""
    table = folder / "listings.jsonl"
    table.write_text("".join(listing(f"old-{number}") for number in range(rows)), "utf-8")
    store = open_store(url)
    try:
        ingest(store, [table], IngestOptions())
    finally:
        store.close()


def serve(url: str) -> tuple["subprocess.Popen[bytes]", int]:
    """A server process that answers, and its port."""
    port = 18_431
    command = [sys.executable, "-m", "suyuan.cli", "serve", "--store", url, "--port", str(port)]
    process = subprocess.Popen(command, cwd=CHECKOUT, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return process, port
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the server did not start")


def send(port: int, name: str, until: float, done: list[float]) -> None:
    """Posts rows until a time; the seconds of each."""
    connection, number = http.client.HTTPConnection("127.0.0.1", port), 0
    while time.perf_counter() < until:
        began, number = time.perf_counter(), number + 1
        headers = {"x-batch-id": f"{name}-{number}"}
        connection.request("POST", "/ingest/listings", listing(f"{name}-{number}").encode(), headers)
        answer = connection.getresponse()
        document = json.loads(answer.read())
        if answer.status == 429:
            time.sleep(float(answer.headers["retry-after"]))
        elif document.get("written") != 1:
            raise AssertionError(document)
        else:
            done.append(time.perf_counter() - began)


def posted(port: int, senders: int, name: str) -> list[float]:
    """Seconds of each post that was answered by so many senders."""
    done: list[float] = []
    until = time.perf_counter() + SECONDS
    threads = [
        threading.Thread(target=send, args=(port, f"{name}-{sender}", until, done))
        for sender in range(senders)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(done)


def bare_commits(path: Path) -> float:
    """Durable commits of one row a second."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE listings (id TEXT PRIMARY KEY, row TEXT)")
    until, number = time.perf_counter() + 2.0, 0
    while time.perf_counter() < until:
        number += 1
        connection.execute("INSERT INTO listings VALUES (?, ?)", (str(number), listing(str(number))))
    connection.close()
    return number / 2.0


def rows(quick: bool) -> Iterable[Row]:
    """A store of one million listings; of 20,000 when quick."""
    size = 20_000 if quick else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'live.db'}"
        fill(url, folder, size)
        process, port = serve(url)
        try:
            time.sleep(5.0)  # the server's first snapshot
            bare = bare_commits(folder / "bare.db")
            for senders in (1, SENDERS):
                took = posted(port, senders, f"new-{senders}")
                yield Row(
                    what=f"posts of one row over HTTP, {senders} at a time, store of {count(size)} listings",
                    ours=f"{digits(len(took) / SECONDS)} posts/s, P50 {took[len(took) // 2] * 1000:.0f} ms, "
                    f"P99 {took[len(took) * 99 // 100] * 1000:.0f} ms",
                    opponent=f"sqlite3, a durable commit a row: {digits(bare)} rows/s",
                    ratio=f"{len(took) / SECONDS / bare:.2f}x",
                    note="sender and server share the machine",
                )
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    print_rows(rows(parser.parse_args().quick))
