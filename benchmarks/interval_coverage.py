"""Do intervals of origin probabilities hold what they should: probabilities by other fits, and by the true times?

    python -m benchmarks.interval_coverage [--seeds 21 22] [--others 24 25 26] [--judged 31] [--cases 60] [--quick]

What a probability truly is cannot be known, but what an interval is made of can be checked. Parameters are fitted to
the cases of one simulated market, and again to those of others; the cases of one more market are traced by all these
fits. Does the interval by the first hold the probability by another? Both fits are off by chance, each as far as the
other, so an interval of 90 % that only told of parameters would hold 75.5 % of them, and 84.6 % of the means of three
others: a normal variable lies within 1.645 standard deviations, but differences are sqrt(1 + 1/n) times as wide.
That it also tells of missing times makes it wider than that. Then the missing times of the judged market are filled
in as they were, which its simulation knows: do intervals that tell of missing times alone hold the probability that
comes out? Counted are cases that leave some doubt: the first origin below 99.5 %.
"""

import argparse
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import NormalDist
from typing import Final

import numpy as np

from benchmarks.measure import Row, duration, median, print_rows, quantile
from benchmarks.next_inspection import World, world_of
from benchmarks.traceback_accuracy import confirmed_origin, loaded
from suyuan.graph.ids import split_id
from suyuan.graph.snapshot import GraphSnapshot
from suyuan.service.fitting import START
from suyuan.simulate.market import MarketOptions
from suyuan.traceback.fitting import WalkedCase, fitted, spread, walked
from suyuan.traceback.information import uncertainty_of
from suyuan.traceback.intervals import Intervals, NoIntervals, intervals_of
from suyuan.traceback.parameters import TraceParameters
from suyuan.traceback.preparation import prepare
from suyuan.traceback.results import Origin
from suyuan.traceback.trace import trace
from suyuan.traceback.uncertainty import Uncertainty

SEEDS: Final = (21, 22)
OTHERS: Final = (24, 25, 26)
JUDGED: Final = 31
CASES: Final = 60
FITTED_TO, EVALUATIONS = 120, 160
WANTED, LEAST = 0.90, 0.80
SECONDS: Final = 2.0
DOUBT: Final = 0.995
COUNTED: Final = 0.01
ENOUGH: Final = 30
"""Intervals below which a share says nothing."""

SURE: Final = Uncertainty((), ())


@dataclass(frozen=True)
class Fit:
    """Parameters by the cases of one market, and how sure they are."""

    parameters: TraceParameters
    uncertainty: Uncertainty


@dataclass
class Held:
    """Whether intervals held a value: of the first origins, and of all of 1 % or more; how wide the first were."""

    first: list[bool] = field(default_factory=list)
    each: list[bool] = field(default_factory=list)
    width: list[float] = field(default_factory=list)

    def note(self, origins: Sequence[Origin], one: Intervals, values: dict[int, float]) -> None:
        """Take down one case, with the value of each site."""
        if not origins or origins[0].probability >= DOUBT:
            return
        held = [
            low - 1e-9 <= values.get(origin.site, 0.0) <= high + 1e-9
            for origin, low, high in zip(origins, one.low, one.high, strict=True)
            if origin.probability >= COUNTED
        ]
        self.first.append(held[0])
        self.each += held
        self.width.append(one.high[0] - one.low[0])

    def middle_width(self) -> float:
        """Median width of the intervals of first origins."""
        return median(self.width) if self.width else 0.0

    def row(self, what: str, note: str, target: float | None) -> Row:
        """A line of the table."""
        share = float(np.mean(self.first)) if self.first else 0.0
        return Row(
            what=what,
            ours=f"{share:.3f} of first origins, {float(np.mean(self.each or [0.0])):.3f} of all of 1 % or more",
            target="-" if target is None else f">= {target:.2f}",
            met=None if target is None or len(self.first) < ENOUGH else share >= target,
            note=f"{len(self.first)} first origins, median width {self.middle_width():.3f}; {note}",
        )


def fit_of(seed: int, cases: int, evaluations: int) -> Fit:
    """Fitted to so many cases of one market."""
    with tempfile.TemporaryDirectory() as name:
        snapshot, truth = loaded(MarketOptions(seed=seed, cases=400), Path(name))
    prepared = prepare(snapshot, START)
    found = [walked(prepared, confirmed_origin(snapshot, case, factory)) for case, factory in truth]
    known: list[WalkedCase] = spread([case for case in found if case is not None], cases)
    parameters = fitted(known, START, evaluations=evaluations)
    fit = Fit(parameters, uncertainty_of(known, parameters))
    names, deviations = fit.uncertainty.names, np.sqrt(np.diag(fit.uncertainty.covariance)).tolist()
    print(f"seed {seed}: fitted to {len(known)} cases; standard deviations of coordinates:")
    print("    " + ", ".join(f"{name} {value:.2f}" for name, value in zip(names, deviations, strict=True)))
    return fit


def positions(snapshot: GraphSnapshot, cases: Sequence[str]) -> list[tuple[str, int]]:
    """Kind and position of each case."""
    return [(split_id(case)[0], snapshot.nodes[split_id(case)[0]].position(case)) for case in cases]


def probabilities(
    snapshot: GraphSnapshot, cases: Sequence[str], parameters: TraceParameters
) -> list[tuple[Origin, ...]]:
    """Origins of each case."""
    prepared = prepare(snapshot, parameters)
    return [trace(prepared, *case, paths=0).origins for case in positions(snapshot, cases)]


def by_site(snapshot: GraphSnapshot, origins: Iterable[Origin], other: GraphSnapshot) -> dict[int, float]:
    """Probabilities by the position that a site has in another snapshot."""
    ids, sites = snapshot.nodes["Site"], other.nodes["Site"]
    return {sites.position(ids.id_at(one.site)): one.probability for one in origins}


def mean_of(values: Sequence[dict[int, float]]) -> dict[int, float]:
    """Means by site."""
    sites = {site for one in values for site in one}
    return {site: float(np.mean([one.get(site, 0.0) for one in values])) for site in sites}


@dataclass
class Judged:
    """All that is counted on the judged market."""

    by_other: Held = field(default_factory=Held)
    by_mean: Held = field(default_factory=Held)
    by_true_times: Held = field(default_factory=Held)
    seconds: list[float] = field(default_factory=list)


def judged(world: World, cases: Sequence[str], fits: Sequence[Fit], others: Sequence[Fit]) -> Judged:
    """Intervals by each fit against what the other fits, and the true times, say of the same cases."""
    counted = Judged()
    snapshot = world.snapshot()
    dated = world.snapshot(world.with_missing_times(snapshot))
    same = [probabilities(snapshot, cases, other.parameters) for other in others]
    for fit in fits:
        prepared = prepare(snapshot, fit.parameters)
        true = probabilities(dated, cases, fit.parameters)
        for number, case in enumerate(positions(snapshot, cases)):
            origins = trace(prepared, *case, paths=0).origins
            began = time.perf_counter()
            found = intervals_of(prepared, *case, origins, fit.uncertainty, seed=1)
            counted.seconds.append(time.perf_counter() - began)
            of_times = intervals_of(prepared, *case, origins, SURE, seed=1)
            if isinstance(found, NoIntervals) or isinstance(of_times, NoIntervals):
                continue
            values = [by_site(snapshot, one[number], snapshot) for one in same]
            for one in values:
                counted.by_other.note(origins, found, one)
            counted.by_mean.note(origins, found, mean_of(values))
            counted.by_true_times.note(origins, of_times, by_site(dated, true[number], snapshot))
    return counted


def compared(
    seeds: Sequence[int],
    others: Sequence[int],
    judged_seed: int,
    cases: int,
    fitted_to: int,
    evaluations: int,
) -> Iterable[Row]:
    """Lines of the table."""
    fits = [fit_of(seed, fitted_to, evaluations) for seed in seeds]
    other_fits = [fit_of(seed, fitted_to, evaluations) for seed in others]
    with tempfile.TemporaryDirectory() as name:
        world = world_of(judged_seed, cases, Path(name))
    found = judged(world, list(world.market.cases.case_ids), fits, other_fits)
    size = f"{fitted_to} cases a fit"
    yield found.by_other.row(
        f"probability by another fit within the interval, {size}",
        f"{_expected(1):.1%} would be right if parameters were all that is uncertain",
        None,
    )
    yield found.by_mean.row(
        f"mean probability of {len(others)} other fits within the interval, {size}",
        f"{_expected(len(others)):.1%} would be right if parameters were all that is uncertain",
        LEAST,
    )
    yield found.by_true_times.row(
        "probability by true times within the interval of missing times alone",
        f"{WANTED:.0%} would be right",
        LEAST,
    )
    movements = len(world.snapshot().movements)
    p90 = quantile(found.seconds, 0.9)
    yield Row(
        what=f"intervals of one trace, 200 draws, {movements:,} movements, P50",
        ours=duration(median(found.seconds)),
        target=f"P50 <= {SECONDS:g} s",
        met=median(found.seconds) <= SECONDS,
        note=f"P90 {duration(p90)}, {len(found.seconds)} traces",
    )


def _expected(others: int) -> float:
    """Share of the means of so many other fits that lie within intervals of 90 % of the parameters alone."""
    law = NormalDist()
    return 2.0 * law.cdf(law.inv_cdf(0.95) / (1.0 + 1.0 / others) ** 0.5) - 1.0


def rows(quick: bool = False) -> Iterable[Row]:
    """Lines of the table of benchmarks."""
    if quick:
        return compared(SEEDS[:1], OTHERS[:1], JUDGED, 15, 40, 30)
    return compared(SEEDS, OTHERS, JUDGED, CASES, FITTED_TO, EVALUATIONS)


def main() -> None:
    """Parse arguments, print everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS), help="markets fitted to")
    parser.add_argument(
        "--others", type=int, nargs="+", default=list(OTHERS), help="markets of the other fits"
    )
    parser.add_argument("--judged", type=int, default=JUDGED, help="market whose cases are traced")
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    if given.quick:
        print_rows(rows(quick=True))
        return
    print_rows(compared(given.seeds, given.others, given.judged, given.cases, FITTED_TO, EVALUATIONS))


if __name__ == "__main__":
    main()
