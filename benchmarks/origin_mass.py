"""The full origin mass of one case against merely reading, with numpy, the edges that it weighs.

python -m benchmarks.origin_mass [--quick] [--large]
"""

import argparse
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.growth import whole_preparation
from benchmarks.markets import ingested, listing_ids, market, write_copies
from benchmarks.measure import Row, count, duration, median, print_rows, quantile, timed, times
from suyuan.graph.build import build_from_view
from suyuan.graph.snapshot import Int32Array, Movements
from suyuan.graph.store.opening import open_store
from suyuan.traceback.cases import first_movements
from suyuan.traceback.massgraph import MassGraph
from suyuan.traceback.preparation import Prepared
from suyuan.traceback.trace import mass_graph, trace, walk_from

CASES: Final = 150
ROUNDS: Final = 3
WITHIN: Final = 10.0


def mass(prepared: Prepared, position: int) -> MassGraph:
    """The mass of a listing on all movements."""
    start = first_movements(prepared, "Listing", position)
    return mass_graph(prepared, start, walk_from(prepared, start))


def touched(graph: MassGraph) -> Int32Array:
    """The movements of all pairs that were weighed, as often as they were."""
    return graph.movement[graph.rows.far]


def read(movements: Movements, edges: Int32Array) -> float:
    """Every column the mass depends on, read once for each pair."""
    total = float(movements.quantity[edges].sum())
    for column in (movements.departed, movements.arrived, movements.goods, movements.from_site):
        total += int(column[edges].sum())
    return total


def rows(quick: bool, large: bool = False) -> Iterable[Row]:
    """One million movements; ten when large."""
    wanted = 100_000 if quick else 10_000_000 if large else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        one = market(folder / "one")
        copies = round(wanted / one.movements)
        n = write_copies(one, copies, folder / "tables")
        ingested(folder / "tables", folder / "store.db")
        store = open_store(f"sqlite:///{folder / 'store.db'}")
        prepared = whole_preparation(build_from_view(store.view()))
        store.close()
    names = one.bought()[:CASES]
    chosen = np.random.default_rng(5).integers(0, copies, len(names)).tolist()
    listings = prepared.snapshot.nodes["Listing"]
    cases = [listings.position(text) for text in listing_ids(names, iter(chosen))]
    yield from compared(prepared, cases, f"{count(round(n, -5))} movements")


def compared(prepared: Prepared, cases: list[int], size: str) -> Iterable[Row]:
    """Mass, whole trace and reading, case by case in turn."""
    movements = prepared.snapshot.movements
    edges = {position: touched(mass(prepared, position)) for position in cases}
    ours: list[float] = []
    whole: list[float] = []
    reading: list[float] = []
    for _ in range(ROUNDS):
        for position in cases:
            ours.append(timed(lambda p=position: mass(prepared, p)))
            reading.append(timed(lambda p=position: read(movements, edges[p])))
            whole.append(timed(lambda p=position: trace(prepared, "Listing", p)))
    ratio = median([a / b for a, b in zip(ours, reading, strict=True)])
    sizes = [len(found) for found in edges.values()]
    p99 = quantile(ours, 0.99)
    yield Row(
        what=f"origin mass of one case, {size}, P50",
        ours=duration(median(ours)),
        opponent=f"reading the weighed pairs once with numpy {duration(median(reading))}",
        ratio=f"{times(ratio)} as long",
        target=f"<= {WITHIN:g}x as long",
        met=ratio <= WITHIN,
        note=f"{len(cases)} cases, {median(sizes):,.0f} pairs weighed (median), {max(sizes):,} (most); "
        f"the whole trace with paths and lists: P50 {duration(median(whole))}, "
        f"P99 {duration(quantile(whole, 0.99))}",
    )
    yield Row(
        what=f"origin mass of one case, {size}, P99",
        ours=duration(p99),
        opponent=f"reading {duration(quantile(reading, 0.99))}",
        ratio=f"{times(p99 / quantile(reading, 0.99))} as long",
        target="P99 <= 50 ms",
        met=p99 <= 0.05,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--large", action="store_true", help="10 M movements")
    given = parser.parse_args()
    print_rows(rows(given.quick, given.large))
