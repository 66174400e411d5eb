"""Origins of all listings of a market in one pass against tracing one listing at a time; how long, how much memory.

    python -m benchmarks.batch_mass [--quick] [--large]

One at a time is :func:`suyuan.traceback.trace.trace` without ways and explanation, on the same prepared snapshot.
Markets of several sizes are copies of one simulated market beside each other.
"""

import argparse
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Final

import numpy as np

from benchmarks.growth import whole_preparation
from benchmarks.markets import Market, ingested, market, write_copies
from benchmarks.measure import Row, count, duration, median, print_rows, quantile, slope, timed, times
from suyuan.graph.build import build_from_view
from suyuan.graph.store.opening import open_store
from suyuan.traceback.batch import OriginTable, origin_table
from suyuan.traceback.preparation import Prepared
from suyuan.traceback.trace import trace

SIZES: Final = (25_000, 100_000, 1_000_000)
QUICK: Final = (25_000, 100_000)
LARGE: Final = 10_000_000
ALONE: Final = 200
ROUNDS: Final = 3
SECONDS: Final = 600.0
BYTES: Final = 6 * 2**30
TIMES: Final = 20.0
TOLERANCE: Final = 1e-9

Case = tuple[str, int]


def rows(quick: bool, large: bool = False) -> Iterable[Row]:
    """Per listing, in all, its growth, and one trace in the largest market."""
    sizes = QUICK if quick else (*SIZES, LARGE) if large else SIZES
    movements: list[int] = []
    seconds: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        one = market(folder / "one")
        for size in sizes:
            copies = max(1, round(size / one.movements))
            n, prepared = copied(one, copies, folder / str(size))
            cases: list[Case] = [("Listing", i) for i in range(len(prepared.snapshot.nodes["Listing"]))]
            told = f"{count(round(n, 2 - len(str(n))))} movements"
            if size == sizes[0]:
                origin_table(prepared, cases)
                yield per_listing(prepared, cases, told)
            row, took = in_all(prepared, cases, told, n)
            yield row
            movements.append(n)
            seconds.append(took)
            if size == sizes[-1]:
                yield one_trace(prepared, cases, told, n)
    yield growth(movements, seconds)


def copied(one: Market, copies: int, folder: Path) -> tuple[int, Prepared]:
    """So many copies of a market: how many movements, and the snapshot ready for traces."""
    n = write_copies(one, copies, folder / "tables")
    ingested(folder / "tables", folder / "store.db")
    store = open_store(f"sqlite:///{folder / 'store.db'}")
    prepared = whole_preparation(build_from_view(store.view()))
    store.close()
    for file in folder.rglob("*.*"):
        file.unlink()
    return n, prepared


def chosen(cases: Sequence[Case], wanted: int) -> list[int]:
    """Places of so many cases, drawn at random."""
    return np.random.default_rng(7).permutation(len(cases))[:wanted].tolist()


def check(prepared: Prepared, cases: Sequence[Case], table: OriginTable, places: Sequence[int]) -> None:
    """Raises where a case has other origins by itself than in the table."""
    for place in places:
        own = slice(table.start[place], table.start[place + 1])
        found = dict(zip(table.site[own].tolist(), table.probability[own].tolist(), strict=True))
        alone = trace(prepared, *cases[place], paths=0)
        wanted = {origin.site: origin.probability for origin in alone.origins}
        unresolved = sum(gap.probability for gap in alone.unresolved)
        differences = [
            abs(found.get(site, 0.0) - wanted.get(site, 0.0)) for site in found.keys() | wanted.keys()
        ]
        if max([*differences, abs(unresolved - table.unresolved[place])]) > TOLERANCE:
            raise AssertionError(f"{cases[place]} has other origins in the table than by itself")


def per_listing(prepared: Prepared, cases: Sequence[Case], size: str) -> Row:
    """Seconds of a listing in the batch and by itself, in turn."""
    places = chosen(cases, ALONE)
    check(prepared, cases, origin_table(prepared, cases), places)
    ours: list[float] = []
    alone: list[float] = []
    for _ in range(ROUNDS):
        ours.append(timed(lambda: origin_table(prepared, cases)) / len(cases))
        alone.append(timed(lambda: _traced(prepared, cases, places)) / len(places))
    ratio = median(alone) / median(ours)
    return Row(
        what=f"origins of a listing, all {len(cases):,} of a market of {size} at once",
        ours=f"{duration(median(ours))} a listing",
        opponent=f"one listing at a time {duration(median(alone))}",
        ratio=times(ratio),
        target=f">= {TIMES:g}x",
        met=ratio >= TIMES,
        note=f"same origins of {len(places)} listings drawn at random, which the mean of one at a time is of",
    )


def _traced(prepared: Prepared, cases: Sequence[Case], places: Sequence[int]) -> None:
    for place in places:
        trace(prepared, *cases[place], paths=0)


def in_all(prepared: Prepared, cases: Sequence[Case], size: str, n: int) -> tuple[Row, float]:
    """Seconds and peak memory of all listings of a market."""
    found: list[OriginTable] = []
    peak: list[int] = []
    done = Event()
    before = resident()
    watch = Thread(target=_watch, args=(peak, done))
    watch.start()
    took = timed(lambda: found.append(origin_table(prepared, cases)))
    done.set()
    watch.join()
    check(prepared, cases, found[0], chosen(cases, 20))
    most = max([before, *peak])
    row = Row(
        what=f"origins of all {len(cases):,} listings, {size}",
        ours=f"{duration(took)}, peak {most / 2**20:,.0f} MiB",
        target="<= 600 s, <= 6 GiB at 1 M movements",
        met=took <= SECONDS and most <= BYTES if 900_000 <= n <= 1_100_000 else None,
        note=f"{len(found[0].site):,} origins; {before / 2**20:,.0f} MiB of the peak were there before: "
        "the snapshot, and what was left of building it",
    )
    return row, took


def resident() -> int:
    """Bytes of memory that this process takes now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


def _watch(peak: list[int], done: Event) -> None:
    while not done.wait(0.05):
        peak.append(resident())


def one_trace(prepared: Prepared, cases: Sequence[Case], size: str, n: int) -> Row:
    """Single traces in the largest market."""
    places = chosen(cases, ALONE)
    seconds = [
        min(timed(lambda p=place: trace(prepared, *cases[p], paths=0)) for _ in range(ROUNDS))
        for place in places
    ]
    whole = [timed(lambda p=place: trace(prepared, *cases[p])) for place in places]
    p99 = quantile(seconds, 0.99)
    return Row(
        what=f"origins of one listing by itself, {size}, P99",
        ours=f"{duration(p99)}, P50 {duration(median(seconds))}",
        target="P99 <= 50 ms at 10 M movements",
        met=p99 <= 0.05 if n > 9_000_000 else None,
        note=f"{len(places)} listings drawn at random, best of {ROUNDS}; with ways: "
        f"P50 {duration(median(whole))}, P99 {duration(quantile(whole, 0.99))}",
    )


def growth(movements: Sequence[int], seconds: Sequence[float]) -> Row:
    """How the pass over all listings grows with the market."""
    found = slope(movements, seconds)
    return Row(
        what="growth: origins of all listings",
        ours=", ".join(
            f"{count(round(n, 2 - len(str(n))))} {duration(s)}"
            for n, s in zip(movements, seconds, strict=True)
        ),
        ratio=f"slope {found:.2f}",
        target="slope <= 1.1",
        met=found <= 1.1,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--large", action="store_true", help="10 M movements as well")
    given = parser.parse_args()
    print_rows(rows(given.quick, given.large))
