"""How often the true factory stands first after a fit on other markets, and how far its probability can be trusted.

    python -m benchmarks.fitted_accuracy [--quick]

The parameters are those of ``benchmarks/fitted_parameters.json`` (``python -m benchmarks.fitted``), fitted with their
calibration on seeds 21-25. They are judged on ten other markets of the same setting, and on markets whose stock
follows other rules. The calibration error is over all cases of all markets together, in 10 bins of equal size. Every
market has to count as a test, see benchmarks/traceback_accuracy.py. Writes docs/accuracy/fitted.md.
"""

import argparse
import statistics
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, get_args

import numpy as np

from benchmarks import fitted
from benchmarks.accuracy_pages import calibration_plot, page, table
from benchmarks.measure import Row, print_rows
from benchmarks.traceback_accuracy import (
    CASES,
    NAMES,
    OURS,
    Market,
    loaded,
    measured,
    print_market,
    print_together,
    spread,
)
from suyuan.service.parametersets import ParameterSet
from suyuan.simulate.market import MarketOptions
from suyuan.simulate.options import Mixing
from suyuan.traceback.evaluation import calibration_bins, calibration_error, score
from suyuan.traceback.preparation import prepare

SEEDS: Final = tuple(range(31, 41))
OTHER_SEEDS: Final = (41, 42, 43, 44)
TOP1, TOP3, ERROR, FALL = 0.82, 0.95, 0.05, 0.05
USUAL: Final[Mixing] = "partly_fifo"


def market_of(options: MarketOptions, parameters: ParameterSet) -> Market:
    """One market, judged by a set of parameters."""
    with tempfile.TemporaryDirectory() as name:
        snapshot, truth = loaded(options, Path(name))
    return measured(options.seed, prepare(snapshot, parameters.parameters), truth, parameters.calibration)


def judged_on(options: Iterable[MarketOptions], parameters: ParameterSet) -> list[Market]:
    """Several markets, each printed when it is done."""
    found: list[Market] = []
    for one in options:
        print(f"{one.mixing}, ", end="")
        found.append(market_of(one, parameters))
        print_market(found[-1])
    return found


def pooled(markets: Sequence[Market]) -> tuple[np.ndarray, np.ndarray]:
    """Probability of the first answer, and whether it is right, of all cases."""
    probability = np.concatenate([market.probability for market in markets])
    return probability, np.concatenate([market.correct() for market in markets])


def top1(markets: Sequence[Market], name: str = OURS) -> float:
    """Mean over the markets."""
    return statistics.fmean(market.top1(name) for market in markets)


def rows(quick: bool = False) -> Iterable[Row]:
    """Lines of the table of benchmarks."""
    seeds, others, cases = (SEEDS[:2], OTHER_SEEDS[:1], 100) if quick else (SEEDS, OTHER_SEEDS, CASES)
    parameters = fitted.kept()
    usual = judged_on([MarketOptions(seed=seed, cases=cases) for seed in seeds], parameters)
    print_together(usual)
    other = {
        mixing: judged_on(
            [replace(MarketOptions(seed=seed, cases=cases), mixing=mixing) for seed in others], parameters
        )
        for mixing in get_args(Mixing)
    }
    if not quick:
        write_page(parameters, usual, other)
    yield from _usual_rows(usual)
    falls = {mixing: top1(other[USUAL]) - top1(markets) for mixing, markets in other.items()}
    worst = max(falls, key=falls.__getitem__)
    yield Row(
        what=f"true factory, top-1, other stock rules, {len(others)} seeds each: greatest fall",
        ours=f"{falls[worst]:.3f} ({worst})",
        opponent="own setting: " + f"{top1(other[USUAL]):.3f}",
        target=f"<= {FALL:.2f}",
        met=falls[worst] <= FALL,
        note=", ".join(f"{mixing} {top1(markets):.3f}" for mixing, markets in other.items()),
    )


def _usual_rows(markets: Sequence[Market]) -> Iterable[Row]:
    note = "" if all(market.qualifies() for market in markets) else "a market was no fair test"
    for what, target, place in (("top-1", TOP1, 0), ("top-3", TOP3, 1)):
        values = {
            name: [(score(m.hits[name]).top1, score(m.hits[name]).top3)[place] for m in markets]
            for name in NAMES
        }
        best = max(NAMES[1:], key=lambda name: statistics.fmean(values[name]))
        yield Row(
            what=f"true factory, {what}, fitted on other seeds, {len(markets)} seeds",
            ours=spread(values[OURS]),
            opponent=f"{best}: {spread(values[best])}",
            target=f">= {target:.2f}",
            met=statistics.fmean(values[OURS]) >= target,
            note=note,
        )
    error = calibration_error(*pooled(markets))
    yield Row(
        what=f"calibration error, all cases of {len(markets)} seeds",
        ours=f"{error:.3f}",
        target=f"<= {ERROR:.2f}",
        met=error <= ERROR,
        note=f"by seed {spread([market.calibration() for market in markets])}",
    )


def write_page(parameters: ParameterSet, usual: Sequence[Market], other: dict[Mixing, list[Market]]) -> None:
    """The page with every figure and the plot of calibration."""
    calibration_plot("calibration-fitted.svg", *pooled(usual))
    head = ("seed", "cases", "factories reachable", *(f"{name}, top-1" for name in NAMES), "top-3", "error")
    by_seed = [
        (
            str(market.seed),
            str(len(market.probability)),
            f"{statistics.median(market.reachable):.0f}",
            *(f"{market.top1(name):.3f}" for name in NAMES),
            f"{score(market.hits[OURS]).top3:.3f}",
            f"{market.calibration():.3f}",
        )
        for market in usual
    ]
    by_rule = [
        (mixing, f"{top1(markets):.3f}", f"{top1(other[USUAL]) - top1(markets):.3f}")
        for mixing, markets in other.items()
    ]
    bins = [
        (f"{given:.3f}", f"{right:.3f}", str(count))
        for given, right, count in calibration_bins(*pooled(usual))
    ]
    page(
        "fitted",
        "Accuracy after a fit",
        f"Parameters `{parameters.fit['name']}`, fitted on seeds {', '.join(map(str, fitted.SEEDS))}; figures by"
        " `python -m benchmarks.fitted_accuracy`. Reachable factories: median over the cases.",
        ("Ten other markets", table(head, by_seed)),
        (
            f"Calibration: all cases together, error {calibration_error(*pooled(usual)):.3f}",
            "![Probability given against how often it was right](../images/calibration-fitted.svg)\n\n"
            + table(("mean probability of the first", "how often right", "cases"), bins),
        ),
        (
            f"Markets with other stock rules, seeds {', '.join(map(str, (m.seed for m in other[USUAL])))}",
            table(("how stock mixes", "top-1", "fall"), by_rule),
        ),
    )


def main() -> None:
    """Parse arguments, print everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="few markets; the page is left as it is")
    print_rows(list(rows(quick=parser.parse_args().quick)))


if __name__ == "__main__":
    main()
