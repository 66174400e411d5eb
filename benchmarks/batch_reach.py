"""Everything from which goods can have come to any of many places, against a plain C loop that does the same.

    python -m benchmarks.batch_reach [--quick] [--large]

The C loop (``batch_reach.c``) knows times only: it passes once over movements sorted by departure, latest first.
It is compiled when the benchmark runs and is a floor, not a rival: it keeps neither hops nor witness paths.
"""

import argparse
import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.measure import Row, count, digits, duration, in_turn, median, print_rows, times
from benchmarks.network import network, snapshot_of
from suyuan.graph.snapshot import GraphSnapshot, Int32Array
from suyuan.traceback.latest import by_departure, latest_departures
from suyuan.traceback.parameters import DEFAULT_PARAMETERS
from suyuan.traceback.preparation import Prepared, prepare
from suyuan.traceback.reachability import reach

SOURCE: Final = Path(__file__).with_name("batch_reach.c")
NO_LIMIT: Final = 2**31 - 1
MAX_HOPS: Final = 10_000
END_SHARE: Final = 0.1
EARLIEST, LATEST = np.iinfo(np.int64).min, np.iinfo(np.int64).max


def chain_ends(snapshot: GraphSnapshot) -> Int32Array:
    """Movements into places that nothing leaves."""
    movements = snapshot.movements
    ends = np.diff(movements.outflow_start) == 0
    return np.flatnonzero(ends[movements.to_site]).astype(np.int32)


def everything(prepared: Prepared, starts: Int32Array) -> Int32Array:
    """All movements by which goods can have come, the starts among them."""
    visits, _, _ = reach(prepared.backward, starts, 1, MAX_HOPS, NO_LIMIT)
    return visits.movement[: int(visits.count[0])]


def compiled_loop(folder: Path) -> Callable[..., int] | None:
    """The C loop, None where there is no compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        return None
    library = folder / "batch_reach.so"
    words = [compiler, "-O3", "-march=native", "-shared", "-fPIC", str(SOURCE), "-o", str(library)]
    subprocess.run(words, check=True)
    function = ctypes.CDLL(str(library)).latest_departures
    function.restype = ctypes.c_int64
    return function


class Floor:
    """The C loop over the movements of a snapshot."""

    def __init__(self, loop: Callable[..., int], snapshot: GraphSnapshot, ends: np.ndarray) -> None:
        movements = snapshot.movements
        self.order = np.argsort(-movements.departed, kind="stable")
        self._columns = [
            np.ascontiguousarray(column[self.order])
            for column in (movements.from_site, movements.to_site, movements.departed, movements.arrived)
        ]
        self._loop = loop
        self._ends = ends
        self._n_sites = len(snapshot.nodes["Site"])
        self.reached = np.zeros(len(movements), np.uint8)
        self._latest = np.empty(self._n_sites, np.int64)

    def run(self) -> int:
        """One pass; how many movements it reached."""
        self._latest.fill(EARLIEST)
        self._latest[self._ends] = LATEST
        self.reached.fill(0)
        arrays = (*self._columns, self._latest, self.reached)
        pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in arrays]
        return self._loop(ctypes.c_int64(len(self.reached)), *pointers)


def rows(quick: bool, large: bool = False) -> Iterable[Row]:
    """The one pass, and the walk of a trace started everywhere, against the loop."""
    n_movements = 250_000 if quick else 10_000_000 if large else 5_000_000
    snapshot = snapshot_of(network(n_movements // 5, n_movements, 0.7))
    prepared = prepare(snapshot, DEFAULT_PARAMETERS)
    n_sites = len(snapshot.nodes["Site"])
    targets = np.flatnonzero(np.random.default_rng(4).random(n_sites) < END_SHARE).astype(np.int32)
    size = f"{count(n_movements)} edges"
    with tempfile.TemporaryDirectory() as folder:
        loop = compiled_loop(Path(folder))
        if loop is None:
            yield Row(what=f"everything reachable, {size}", ours="-", note="There is no C compiler here.")
            return
        floor = Floor(loop, snapshot, targets)
        yield _pass(prepared, targets, floor, size)
        yield _walk(prepared, targets, floor, size)


def _pass(prepared: Prepared, targets: Int32Array, floor: Floor, size: str) -> Row:
    bounds, n_sites = prepared.bounds, len(prepared.snapshot.nodes["Site"])
    order = by_departure(prepared.snapshot.movements, bounds.earliest_arrival, bounds.latest_departure)
    _, counts = latest_departures(order, targets, n_sites)
    _same(order.movement[counts], floor)
    mine, plain = in_turn(lambda: latest_departures(order, targets, n_sites), floor.run, 9)
    ratio, rate = median(mine) / median(plain), len(counts) / median(mine) / 1e6
    return Row(
        what=f"everything reachable, {size}: one latest-departure pass",
        ours=f"{duration(median(mine))}, {digits(rate)} M edges/s",
        opponent=f"plain C loop {duration(median(plain))}, {digits(median(plain) / len(counts) * 1e9)} ns an edge",
        ratio=f"{times(ratio)} as long",
        target="<= 1.5x as long (50 M edges/s)",
        met=ratio <= 1.5,
        note=f"same {int(counts.sum()):,} movements reached; sorting by departure, done once, is in neither",
    )


def _walk(prepared: Prepared, targets: Int32Array, floor: Floor, size: str) -> Row:
    into = np.zeros(len(prepared.snapshot.nodes["Site"]), np.bool_)
    into[targets] = True
    starts = np.flatnonzero(into[prepared.snapshot.movements.to_site]).astype(np.int32)
    _same(everything(prepared, starts), floor)
    mine, plain = in_turn(lambda: everything(prepared, starts), floor.run, 3)
    return Row(
        what=f"everything reachable, {size}: a trace's walk from all ends",
        ours=f"{duration(median(mine))}, {digits(len(floor.reached) / median(mine) / 1e6)} M edges/s",
        opponent=f"plain C loop {duration(median(plain))}",
        ratio=f"{times(median(mine) / median(plain))} as long",
        note="minds goods too, keeps hops, limits and witness paths",
    )


def _same(mine: np.ndarray, floor: Floor) -> None:
    floor.run()
    if not np.array_equal(np.sort(mine), np.sort(floor.order[floor.reached > 0])):
        raise AssertionError("ours and the C loop reach different movements")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--large", action="store_true", help="10 M movements")
    given = parser.parse_args()
    print_rows(rows(given.quick, given.large))
