"""How long `suyuan serve` takes until it answers, against importing the big libraries it stands on.

    python -m benchmarks.cold_start [--quick]

The store is the demo's market. "Answers" is the first reply of /readyz, "traces" the first answered GraphQL trace.
The compiled kernels are cached from a start before; the time without that cache is in the note.
"""

import argparse
import csv
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.markets import ingested
from benchmarks.measure import Row, duration, median, print_rows, timed, times
from suyuan.simulate.market import MarketOptions, simulate_market

IMPORTS: Final = "import strawberry, starlette, numpy, numba"
PATIENCE_S: Final = 600.0
QUERY: Final = "query($start: ID!) { trace(start: $start) { origins { probability } } }"


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds from the start of the process to the first answer, and to the first trace."""

    answers: float
    traces: float


def serve_once(store: Path, case: str, numba_cache: Path | None = None) -> Start:
    """Starts a server, asks, ends it."""
    port = _free_port()
    environment = dict(os.environ)
    if numba_cache:
        environment["NUMBA_CACHE_DIR"] = str(numba_cache)
    words = [
        sys.executable,
        "-m",
        "suyuan.cli",
        "serve",
        "--port",
        str(port),
        "--store",
        f"sqlite:///{store}",
    ]
    begin = time.perf_counter()
    server = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _first_answer(server, f"http://127.0.0.1:{port}/readyz")
        answers = time.perf_counter() - begin
        _trace(f"http://127.0.0.1:{port}/graphql", case)
        return Start(answers, time.perf_counter() - begin)
    finally:
        _end(server)


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        server.kill()
        server.communicate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _first_answer(server: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            _, said = server.communicate()
            raise AssertionError(f"the server ended: {said.decode()[-500:]}")
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                answer.read()
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.01)
    raise AssertionError(f"no answer within {PATIENCE_S:g} s")


def _trace(url: str, case: str) -> None:
    """Asks until it is answered: while kernels compile, a request may run out of its time."""
    body = json.dumps({"query": QUERY, "variables": {"start": case}}).encode()
    request = urllib.request.Request(url, body, {"content-type": "application/json"})
    deadline = time.monotonic() + PATIENCE_S
    found: dict[str, Any] = {}
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                found = json.load(answer)
        except urllib.error.HTTPError as error:
            found = json.load(error)
        if "errors" not in found and found["data"]["trace"]["origins"]:
            return
        time.sleep(0.05)
    raise AssertionError(f"no trace: {found}")


def _a_case(truth: Path) -> str:
    with truth.open(encoding="utf-8") as file:
        return next(row["case"] for row in csv.DictReader(file) if row["case"].startswith("Listing:"))


def rows(quick: bool) -> Iterable[Row]:
    """Start against import, several times in turn."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        simulate_market(MarketOptions(movements=2_000 if quick else None), folder / "market")
        ingested(folder / "market", folder / "demo.db")
        case = _a_case(folder / "market" / "truth.csv")
        store = folder / "demo.db"
        serve_once(store, case)
        starts: list[Start] = []
        imports: list[float] = []
        for _ in range(2 if quick else 5):
            imports.append(timed(lambda: subprocess.run([sys.executable, "-c", IMPORTS], check=True)))
            starts.append(serve_once(store, case))
        cold = None if quick else serve_once(store, case, folder / "numba")
    answers, plain = median([start.answers for start in starts]), median(imports)
    traces = median([start.traces for start in starts])
    yield Row(
        what="cold start of suyuan serve, demo store",
        ours=duration(answers),
        opponent=f"{IMPORTS} {duration(plain)}",
        ratio=f"{times(answers / plain)} as long",
        target="<= 2x as long",
        met=answers <= 2 * plain,
        note=f"first trace answered after {duration(traces)}{_uncached(cold)}",
    )


def _uncached(cold: Start | None) -> str:
    if cold is None:
        return ""
    return f"; without cached kernels {duration(cold.answers)} and {duration(cold.traces)}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    print_rows(rows(parser.parse_args().quick))
