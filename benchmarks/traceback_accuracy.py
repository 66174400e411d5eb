"""How often the true factory stands first: origin mass against simpler scores, on simulated markets.

    python -m benchmarks.traceback_accuracy [--seeds 11 12 13 14 15] [--cases 400] [--parameters FILE] [--quick]

Each seed is a market with the default rates of missing, undated and unlabelled records, ingested into a SQLite
store; each case of its ``truth.csv`` is traced with the parameters given (the defaults, unless a file is). The seeds
were not looked at when the defaults were set. A market counts as a test when a case can come from 15 factories or
more (median), and neither the share of reachable cases (top-1 at most 0.10) nor the number of paths (0.15) finds
the true one.
"""

import argparse
import json
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.markets import stored
from benchmarks.measure import Row, print_rows
from suyuan.graph.build import build_from_view
from suyuan.graph.ids import split_id
from suyuan.graph.snapshot import GraphSnapshot
from suyuan.service.evaluating import BASELINES, baseline_hits, judged
from suyuan.simulate.market import MarketOptions
from suyuan.traceback.calibration import Calibration
from suyuan.traceback.evaluation import Hit, calibration_error, score
from suyuan.traceback.fitting import Confirmed
from suyuan.traceback.parameters import DEFAULT_PARAMETERS, TraceParameters
from suyuan.traceback.preparation import Prepared, prepare

SEEDS: Final = (11, 12, 13, 14, 15)
CASES: Final = 400
OURS: Final = "origin mass"
NAMES: Final = (OURS, *BASELINES)
TOP1, TOP3 = 0.70, 0.90
LEAST_REACHABLE, MOST_SHARE, MOST_PATHS = 15, 0.10, 0.15


@dataclass
class Market:
    """Figures of one market."""

    seed: int
    hits: dict[str, list[Hit]] = field(default_factory=lambda: defaultdict(list))
    by_rule: dict[str, list[Hit]] = field(default_factory=lambda: defaultdict(list))
    probability: list[float] = field(default_factory=list)
    reachable: list[int] = field(default_factory=list)

    def top1(self, name: str) -> float:
        """How often a score has the true factory first."""
        return score(self.hits[name]).top1

    def qualifies(self) -> bool:
        """Whether the market is hard enough to count."""
        return (
            statistics.median(self.reachable) >= LEAST_REACHABLE
            and self.top1("share of reachable") <= MOST_SHARE
            and self.top1("path count") <= MOST_PATHS
        )

    def correct(self) -> list[float]:
        """Whether the first answer of each case is right, or with which chance."""
        return [one.top1 for one in self.hits[OURS]]

    def calibration(self) -> float:
        """Calibration error of the probabilities as they were given."""
        return calibration_error(np.array(self.probability), np.array(self.correct()))


def loaded(options: MarketOptions, folder: Path) -> tuple[GraphSnapshot, list[tuple[str, str]]]:
    """The graph of a simulated market, and its cases with their true factories."""
    store, truth = stored(options, folder)
    snapshot = build_from_view(store.view())
    store.close()
    return snapshot, truth


def measured(
    seed: int,
    prepared: Prepared,
    cases: Sequence[tuple[str, str]],
    calibration: Calibration | None = None,
) -> Market:
    """All cases of a market, by every score."""
    market = Market(seed)
    confirmed = [confirmed_origin(prepared.snapshot, case, factory) for case, factory in cases]
    found = [judged(prepared, case, calibration) for case in confirmed]
    for one in found:
        market.hits[OURS].append(one.hit)
        market.by_rule[one.rule].append(one.hit)
        market.probability.append(one.probability)
        market.reachable.append(len(one.reached.sites))
    market.hits |= baseline_hits([one.reached for one in found], [case.site for case in confirmed])
    return market


def confirmed_origin(snapshot: GraphSnapshot, case: str, factory: str) -> Confirmed:
    """A case with its factory, by position."""
    kind = split_id(case)[0]
    return Confirmed(kind, snapshot.nodes[kind].position(case), snapshot.nodes["Site"].position(factory))


def markets(seeds: Iterable[int], cases: int, parameters: TraceParameters) -> list[Market]:
    """Every seed in turn."""
    found: list[Market] = []
    for seed in seeds:
        with tempfile.TemporaryDirectory() as name:
            snapshot, truth = loaded(MarketOptions(seed=seed, cases=cases), Path(name))
        found.append(measured(seed, prepare(snapshot, parameters), truth))
        print_market(found[-1])
    return found


def print_market(market: Market) -> None:
    """Figures of one market."""
    fit = "a test" if market.qualifies() else "NOT A TEST"
    print(
        f"seed {market.seed}: {len(market.probability)} cases, median of reachable factories"
        f" {statistics.median(market.reachable):.0f}, {fit}; calibration error {market.calibration():.3f}"
    )
    for name in NAMES:
        one = score(market.hits[name])
        print(f"    {name:20} top-1 {one.top1:.3f}  top-3 {one.top3:.3f}  MRR {one.mrr:.3f}")
    for rule, hits in sorted(market.by_rule.items()):
        one = score(hits)
        print(f"        {rule:16} {one.cases:4} cases  top-1 {one.top1:.3f}  top-3 {one.top3:.3f}")


def spread(values: Sequence[float]) -> str:
    """Mean, and least to greatest."""
    return f"{statistics.fmean(values):.3f} ({min(values):.3f}-{max(values):.3f})"


def print_together(found: Sequence[Market]) -> None:
    """Means over the markets with their spread."""
    print(f"\n{'score':20} {'top-1':22} {'top-3':22} MRR")
    for name in NAMES:
        scores = [score(market.hits[name]) for market in found]
        columns = ([s.top1 for s in scores], [s.top3 for s in scores], [s.mrr for s in scores])
        print(f"{name:20} " + " ".join(f"{spread(column):22}" for column in columns))
    print(f"calibration error of the probabilities as given: {spread([m.calibration() for m in found])}")


def rows(quick: bool = False) -> Iterable[Row]:
    """Lines of the table of benchmarks."""
    found = markets(SEEDS[:2] if quick else SEEDS, 150 if quick else CASES, DEFAULT_PARAMETERS)
    print_together(found)
    for what, target, place in (("top-1", TOP1, 0), ("top-3", TOP3, 1)):
        means = {
            name: statistics.fmean((score(m.hits[name]).top1, score(m.hits[name]).top3)[place] for m in found)
            for name in NAMES
        }
        best = max(NAMES[1:], key=means.__getitem__)
        yield Row(
            what=f"true factory, {what}, default parameters, {len(found)} seeds",
            ours=f"{means[OURS]:.3f}",
            opponent=f"{best}: {means[best]:.3f}",
            target=f">= {target:.2f}",
            met=means[OURS] >= target,
            note="" if all(m.qualifies() for m in found) else "a market was no fair test",
        )


def main() -> None:
    """Parse arguments, print everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--parameters", type=Path, help="JSON file with parameters of the mixing model")
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    if given.quick:
        print_rows(list(rows(quick=True)))
        return
    parameters = DEFAULT_PARAMETERS
    if given.parameters:
        parameters = TraceParameters.from_json(json.loads(given.parameters.read_text(encoding="utf-8")))
    print_together(markets(given.seeds, given.cases, parameters))


if __name__ == "__main__":
    main()
