"""How time grows with the number of movements: ingest, snapshot, everything reachable, one trace.

    python -m benchmarks.growth [--quick] [--large]

The data are copies of one simulated market, so a trace meets the same surroundings at every size; that it gives
the same answer is checked. Slopes are those of logarithms: 1 is proportional growth, 0 none.
"""

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.batch_reach import chain_ends, everything
from benchmarks.markets import Market, ingested, listing_ids, market, write_copies
from benchmarks.measure import Row, count, duration, median, print_rows, quantile, slope, timed
from suyuan.graph.build import build_from_view
from suyuan.graph.snapshot import GraphSnapshot
from suyuan.graph.store.opening import open_store
from suyuan.traceback.parameters import DEFAULT_PARAMETERS
from suyuan.traceback.preparation import Prepared, prepare
from suyuan.traceback.trace import trace

SIZES: Final = (100_000, 1_000_000, 3_000_000)
QUICK: Final = (25_000, 100_000)
LARGE: Final = 10_000_000
TRACES: Final = 60
TARGETS: Final = {
    "ingest CSV into SQLite": 1.1,
    "snapshot build": 1.1,
    "preparing for traces": 1.1,
    "everything reachable (batch pass)": 1.1,
    "one trace, same surroundings, P50": 0.3,
    "one trace, same surroundings, P99": None,
}


def rows(quick: bool, large: bool = False) -> Iterable[Row]:
    """One row for each part, over all sizes."""
    sizes = QUICK if quick else (*SIZES, LARGE) if large else SIZES
    seconds: dict[str, list[float]] = defaultdict(list)
    reached: list[int] = []
    movements: list[int] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        one = market(folder / "one")
        measured(one, 1, folder / "warm", defaultdict(list), [])
        for size in sizes:
            copies = max(1, round(size / one.movements))
            movements.append(measured(one, copies, folder / str(size), seconds, reached))
    if len(set(reached)) > 1:
        raise AssertionError(f"traces reached {reached} movements: not the same at every size")
    for what, values in seconds.items():
        yield _row(what, movements, values)


def measured(
    one: Market, copies: int, folder: Path, seconds: dict[str, list[float]], reached: list[int]
) -> int:
    """Runs every part at one size; how many movements it had."""
    n = write_copies(one, copies, folder / "tables")
    path = folder / "store.db"
    seconds["ingest CSV into SQLite"].append(timed(lambda: ingested(folder / "tables", path)))
    store = open_store(f"sqlite:///{path}")
    built: list[GraphSnapshot] = []
    seconds["snapshot build"].append(timed(lambda: built.append(build_from_view(store.view()))))
    store.close()
    ready: list[Prepared] = []
    seconds["preparing for traces"].append(timed(lambda: ready.append(whole_preparation(built[0]))))
    prepared = ready[0]
    ends = chain_ends(prepared.snapshot)
    seconds["everything reachable (batch pass)"].append(timed(lambda: everything(prepared, ends)))
    each, total = traced(prepared, one, copies)
    seconds["one trace, same surroundings, P50"].append(median(each))
    seconds["one trace, same surroundings, P99"].append(quantile(each, 0.99))
    reached.append(total)
    for file in folder.glob("store.db*"):
        file.unlink()
    return n


def whole_preparation(snapshot: GraphSnapshot) -> Prepared:
    """All that traces share, lazy parts too."""
    prepared = prepare(snapshot, DEFAULT_PARAMETERS)
    _ = prepared.backward, prepared.mixing
    return prepared


def traced(prepared: Prepared, one: Market, copies: int) -> tuple[list[float], int]:
    """Seconds of traces of the same listings, each in a copy taken at random; movements reached in all."""
    names = one.bought()[:TRACES]
    chosen = np.random.default_rng(3).integers(0, copies, len(names))
    listings = prepared.snapshot.nodes["Listing"]
    cases = [listings.position(text) for text in listing_ids(names, iter(chosen.tolist()))]
    trace(prepared, "Listing", cases[0])
    seconds: list[float] = []
    total = 0
    for position in cases:
        seconds.append(min(timed(lambda p=position: trace(prepared, "Listing", p)) for _ in range(3)))
        total += len(trace(prepared, "Listing", position).reach.movements)
    return seconds, total


def _row(what: str, movements: list[int], seconds: list[float]) -> Row:
    found, target = slope(movements, seconds), TARGETS[what]
    return Row(
        what=f"growth: {what}",
        ours=", ".join(
            f"{count(n)} {duration(s)}" for n, s in zip(_rounded(movements), seconds, strict=True)
        ),
        ratio=f"slope {found:.2f}",
        target="-" if target is None else f"slope <= {target}",
        met=None if target is None else found <= target,
    )


def _rounded(movements: list[int]) -> list[int]:
    return [round(n, 2 - len(str(n))) for n in movements]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--large", action="store_true", help="10 M movements as well")
    given = parser.parse_args()
    print_rows(rows(given.quick, given.large))
