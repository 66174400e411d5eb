"""What GraphQL costs: a query that asks nothing, ten thousand values, a trace over HTTP.

    python -m benchmarks.graphql [--quick]

Fixed cost is the execution of ``{__typename}`` in process, from text to result, in the application's own schema.
The ten thousand values are the shipments of many paths: as objects with fields, and as one block of columns.
The server of the last line is a process of its own; ours is asked over one kept connection.
"""

import argparse
import asyncio
import csv
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any, Final, cast

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionResult

from benchmarks.markets import ingested
from benchmarks.measure import Row, digits, duration, in_turn, median, print_rows, quantile, times
from suyuan.api.scalars import SCALARS
from suyuan.api.schema import make_schema
from suyuan.api.trace_types import PathsTable, TracePath, paths_table
from suyuan.service.tracing import Tracer, TraceRequest
from suyuan.service.workspace import Workspace
from suyuan.settings import Settings
from suyuan.simulate.market import MarketOptions, simulate_market

VALUES: Final = 10_000
HOPS: Final = 5
TRACE: Final = """query($start: ID!) { trace(start: $start) {
  origins { siteId probability } paths { probability movementIds siteIds }
  unresolved { siteId probability reason } } }"""
PATIENCE_S: Final = 600.0


def rows(quick: bool) -> Iterable[Row]:
    """The three lines."""
    yield fixed_cost(200 if quick else 2_000)
    yield many_values(3 if quick else 15)
    with tempfile.TemporaryDirectory() as name:
        yield trace_over_http(Path(name), 30 if quick else 300)


def fixed_cost(repeat: int) -> Row:
    """``{__typename}`` with and without caches of parsed and validated documents."""
    settings = Settings.model_construct()
    cached, uncached = make_schema(settings), make_schema(settings, cached=False)

    async def timed_both() -> tuple[list[float], list[float]]:
        seconds: tuple[list[float], list[float]] = ([], [])
        for schema in (cached, uncached) * 50:
            await schema.execute("{__typename}")
        for _ in range(repeat):
            for schema, taken in zip((cached, uncached), seconds, strict=True):
                begin = time.perf_counter()
                result = await schema.execute("{__typename}")
                taken.append(time.perf_counter() - begin)
                if result.data != {"__typename": "Query"}:
                    raise AssertionError(result.errors)
        return seconds

    ours, theirs = asyncio.run(timed_both())
    return Row(
        what="GraphQL fixed cost ({__typename}, in process)",
        ours=duration(median(ours)),
        opponent=f"without caches {duration(median(theirs))}",
        ratio=times(median(theirs) / median(ours)),
        target="<= 0.3 ms",
        met=median(ours) <= 0.0003,
        note=f"P99 {duration(quantile(ours, 0.99))}",
    )


@strawberry.type
class PathRow:
    """A row of the table as an object."""

    path: int
    probability: float
    hop: int
    movement: strawberry.ID
    from_site: strawberry.ID
    to_site: strawberry.ID


@strawberry.type
class _Paths:
    """The same rows both ways."""

    @strawberry.field
    def rows(self, info: strawberry.Info) -> list[PathRow]:
        """As objects."""
        return cast("list[PathRow]", info.context["rows"])

    @strawberry.field
    def paths_table(self, info: strawberry.Info) -> PathsTable:
        """As columns."""
        return paths_table(cast("list[TracePath]", info.context["paths"]))


def _paths(values: int) -> tuple[list[TracePath], list[PathRow]]:
    paths = [
        TracePath(
            probability=1 / (n + 2),
            movement_ids=[strawberry.ID(f"Shipment:SH{n * HOPS + hop:07}") for hop in range(HOPS)],
            site_ids=[strawberry.ID(f"Site:S{(n + hop) % 500:05}") for hop in range(HOPS + 1)],
        )
        for n in range(values // (6 * HOPS))
    ]
    rows_ = [
        PathRow(
            path=index,
            probability=path.probability,
            hop=hop,
            movement=movement,
            from_site=path.site_ids[hop],
            to_site=path.site_ids[hop + 1],
        )
        for index, path in enumerate(paths)
        for hop, movement in enumerate(path.movement_ids)
    ]
    return paths, rows_


def many_values(repeat: int) -> Row:
    """The shipments of many paths, encoded as JSON, both ways."""
    schema = strawberry.Schema(_Paths, config=StrawberryConfig(scalar_map=SCALARS))
    paths, objects = _paths(VALUES)
    context = {"paths": paths, "rows": objects}
    as_objects = "{ rows { path probability hop movement fromSite toSite } }"
    as_columns = "{ pathsTable { path probability hop movement from to } }"

    def answer(query: str) -> Callable[[], str]:
        def ask() -> str:
            work = cast("Coroutine[Any, Any, ExecutionResult]", schema.execute(query, context_value=context))
            return json.dumps(asyncio.run(work).data)

        return ask

    columns = json.loads(answer(as_columns)())["pathsTable"]
    found = [list(row.values()) for row in json.loads(answer(as_objects)())["rows"]]
    if found != [list(row) for row in zip(*columns.values(), strict=True)]:
        raise AssertionError("the two forms differ")
    values = sum(map(len, columns.values()))
    ours, theirs = in_turn(answer(as_columns), answer(as_objects), repeat)
    per_value = median(theirs) / values
    return Row(
        what=f"GraphQL answer of {values:,} values (shipments of paths), with JSON",
        ours=f"one block of columns {duration(median(ours))}",
        opponent=f"objects with fields {duration(median(theirs))}",
        ratio=times(median(theirs) / median(ours)),
        target=">= 10x",
        met=median(theirs) >= 10 * median(ours),
        note=f"{duration(per_value)} a value as fields",
    )


def trace_over_http(folder: Path, repeat: int) -> Row:
    """One trace asked over HTTP and called in process, in turn."""
    simulate_market(MarketOptions(), folder / "market")
    ingested(folder / "market", folder / "market.db")
    url = f"sqlite:///{folder / 'market.db'}"
    with (folder / "market" / "truth.csv").open(encoding="utf-8") as file:
        cases = [row["case"] for row in csv.DictReader(file)]
    port = _free_port()
    words = [sys.executable, "-m", "suyuan.cli", "serve", "--port", str(port), "--store", url]
    environment = {**os.environ, "SUYUAN_TIME_BUDGET_SECONDS": str(PATIENCE_S)}
    with Workspace.open(url) as workspace:
        Tracer(workspace).warm_up()  # so that the server finds the compiled kernels in the cache
        server = subprocess.Popen(
            words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            return _both(workspace, _connected(server, port), cases, repeat)
        finally:
            server.terminate()
            server.wait(timeout=60)


def _both(workspace: Workspace, connection: http.client.HTTPConnection, cases: list[str], repeat: int) -> Row:
    tracer = Tracer(workspace)
    over_http: list[float] = []
    in_process: list[float] = []
    for number in range(-len(cases), repeat):
        case = cases[number % len(cases)]
        begin = time.perf_counter()
        answer = _asked(connection, TRACE, start=case)["trace"]
        between = time.perf_counter()
        report = tracer.report(case, TraceRequest())
        end = time.perf_counter()
        if [o["siteId"] for o in answer["origins"]] != [o["site"] for o in report["origins"]]:
            raise AssertionError(f"other origins for {case}")
        if number >= 0:
            over_http.append(between - begin)
            in_process.append(end - between)
    more = median([ours - theirs for ours, theirs in zip(over_http, in_process, strict=True)])
    nothing = [_timed_nothing(connection) for _ in range(repeat)]
    return Row(
        what="trace of one case over HTTP (demo market)",
        ours=duration(median(over_http)),
        opponent=f"in process {duration(median(in_process))}",
        ratio=f"+ {digits(more * 1000)} ms",
        target="+ <= 5 ms at P50",
        met=more <= 0.005,
        note=f"P99 {duration(quantile(over_http, 0.99))} against {duration(quantile(in_process, 0.99))}; "
        f"{{__typename}} over HTTP {duration(median(nothing))}",
    )


def _timed_nothing(connection: http.client.HTTPConnection) -> float:
    begin = time.perf_counter()
    _asked(connection, "{__typename}")
    return time.perf_counter() - begin


def _asked(connection: http.client.HTTPConnection, query: str, **variables: object) -> dict[str, Any]:
    body = json.dumps({"query": query, "variables": variables})
    connection.request("POST", "/graphql", body, {"content-type": "application/json"})
    found = json.loads(connection.getresponse().read())
    if "errors" in found:
        raise AssertionError(found["errors"])
    return found["data"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _connected(server: subprocess.Popen[bytes], port: int) -> http.client.HTTPConnection:
    """A kept connection to the server as soon as it answers."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and server.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        try:
            connection.request("GET", "/readyz")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.05)
        else:
            return connection
    raise AssertionError("the server did not start")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    print_rows(rows(parser.parse_args().quick))
