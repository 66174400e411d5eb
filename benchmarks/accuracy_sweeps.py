"""Accuracy as records get worse, stock mixes otherwise, places get larger and leads are false.

    python -m benchmarks.accuracy_sweeps [--quick]

One thing at a time is changed in the simulated market of benchmarks/traceback_accuracy.py, from no lost records to
60 %. Ours stands with the defaults and with the parameters fitted on other seeds of the usual setting; a cell in
which a simpler score is as good is counted as lost. Some cells are no fair tests (with complete records everything
finds the origin); the table says which. The parts of the method, each switched off, stand beside. Writes
docs/accuracy/sweeps.md.
"""

import argparse
import statistics
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Any, Final

from benchmarks import fitted
from benchmarks.accuracy_pages import page, table
from benchmarks.fitted_accuracy import market_of, pooled
from benchmarks.many_cases import OURS as MIXTURE
from benchmarks.many_cases import Setting, case_market
from benchmarks.many_cases import measured as groups_of
from benchmarks.measure import Row, print_rows
from benchmarks.traceback_accuracy import NAMES, OURS, Market
from suyuan.service.parametersets import ParameterSet
from suyuan.simulate.market import MarketOptions
from suyuan.traceback.evaluation import calibration_error, score
from suyuan.traceback.parameters import role_values

SEEDS: Final = (51, 52)
CASES: Final = 300
SHARES: Final = (0.0, 0.15, 0.30, 0.45, 0.60)
SWEEPS: Final[dict[str, tuple[tuple[str, dict[str, Any]], ...]]] = {
    "movements missing": tuple((f"{share:.0%}", {"missing_rate": share}) for share in SHARES),
    "products unknown": tuple((f"{share:.0%}", {"product_unknown_rate": share}) for share in SHARES),
    "lots unknown": tuple((f"{share:.0%}", {"lot_unknown_rate": share}) for share in SHARES),
    "undated": tuple((f"{share:.0%}", {"undated_rate": share}) for share in SHARES),
    "first in, first out": tuple(
        (f"{share:.0%}", {"mixing": "partly_fifo", "fifo_share": share})
        for share in (0.0, 0.25, 0.5, 0.75, 1.0)
    ),
    "goods through each hub": tuple((f"{size:g}x", {"hub_size": size}) for size in (0.5, 1.0, 2.0, 4.0)),
}
GROUP: Final = 10
"""Cases of a group in the sweep of false leads."""
DRAWS: Final = 100


@dataclass(frozen=True, slots=True)
class Cell:
    """One setting of one sweep, judged on every seed by the defaults and by the fitted parameters."""

    sweep: str
    value: str
    default: Sequence[Market]
    fitted: Sequence[Market]

    def top1(self, name: str) -> float:
        """Mean of a score over the seeds; ours with fitted parameters."""
        return statistics.fmean(market.top1(name) for market in self.fitted)

    def best_baseline(self) -> str:
        """Which of the simpler scores is best."""
        return max(NAMES[1:], key=self.top1)

    def lost(self) -> bool:
        """Whether a simpler score is as good as ours."""
        return self.top1(OURS) <= self.top1(self.best_baseline())

    def line(self) -> tuple[str, ...]:
        """A row of the table of its sweep."""
        default = statistics.fmean(market.top1(OURS) for market in self.default)
        top3 = statistics.fmean(score(market.hits[OURS]).top3 for market in self.fitted)
        reachable = statistics.median(value for market in self.fitted for value in market.reachable)
        return (
            self.value,
            f"{default:.3f}",
            f"{self.top1(OURS):.3f}",
            f"{top3:.3f}",
            f"{calibration_error(*pooled(self.fitted)):.3f}",
            *(f"{self.top1(name):.3f}" for name in NAMES[1:]),
            f"{reachable:.0f}",
            "yes" if all(market.qualifies() for market in self.fitted) else "no",
            "lost" if self.lost() else "",
        )


HEAD: Final = (
    *("", "defaults, top-1", "fitted, top-1", "fitted, top-3", "error"),
    *(f"{name}, top-1" for name in NAMES[1:]),
    *("factories reachable", "a fair test", ""),
)


def _judged(job: tuple[MarketOptions, ParameterSet]) -> Market:
    return market_of(*job)


def cells(seeds: Sequence[int], cases: int, fit: ParameterSet) -> list[Cell]:
    """All sweeps, on both processors."""
    settings = [(sweep, value, changed) for sweep, values in SWEEPS.items() for value, changed in values]
    options = [
        replace(MarketOptions(seed=seed, cases=cases), **changed)
        for *_, changed in settings
        for seed in seeds
    ]
    jobs = [(one, parameters) for one in options for parameters in (ParameterSet(), fit)]
    with ProcessPoolExecutor() as pool:
        found = list(pool.map(_judged, jobs))
    width = 2 * len(seeds)
    parts = [found[low : low + width] for low in range(0, len(found), width)]
    return [
        Cell(sweep, value, part[::2], part[1::2])
        for (sweep, value, _), part in zip(settings, parts, strict=True)
    ]


def ablations(fit: ParameterSet) -> dict[str, ParameterSet]:
    """The fitted set, and the same with one part of the method switched off, without fitting the others anew."""
    parameters = fit.parameters
    without: dict[str, dict[str, Any]] = {
        "products inferred": {"infer_products": False},
        "makers of lots inferred": {"infer_makers": False},
        "stays by place inferred": {"infer_stays": False},
        "lots weighed": {"match_lot_unknown": 1.0},
        "agreement of goods weighed": {"match_unknown": 1.0, "match_lot_unknown": 1.0},
        "first in, first out": {"fifo_share": 0.0},
        "stays weighed": {"dwell_days": role_values(1e6), "fifo_share": 0.0},
    }
    sets = {"everything": fit, "no calibration": replace(fit, calibration=None)}
    for name, changed in without.items():
        sets[f"without: {name}"] = replace(fit, parameters=replace(parameters, **changed))
    return sets


def ablated(seeds: Sequence[int], cases: int, fit: ParameterSet) -> dict[str, list[Market]]:
    """Every set on the usual markets."""
    sets = ablations(fit)
    options = [MarketOptions(seed=seed, cases=cases) for seed in seeds]
    with ProcessPoolExecutor() as pool:
        found = list(
            pool.map(_judged, [(one, parameters) for parameters in sets.values() for one in options])
        )
    return {name: found[place * len(seeds) : (place + 1) * len(seeds)] for place, name in enumerate(sets)}


def false_leads(seeds: Sequence[int], draws: int, fit: ParameterSet) -> list[tuple[str, ...]]:
    """Groups of ten cases of one origin, up to four of them false: how often the origin is first, and baselines."""
    settings = [Setting((GROUP - false,), false, 0.0) for false in range(5)]
    with ProcessPoolExecutor() as pool:
        markets = list(pool.map(case_market, seeds, repeat(400), repeat(fit.parameters)))
    lines: list[tuple[str, ...]] = []
    for setting in settings:
        found = [groups_of(market, setting, draws) for market in markets]
        means = [statistics.fmean(one.mean(name) for one in found) for name in found[0].found]
        named = statistics.fmean(statistics.fmean(one.highest) for one in found) if setting.false else None
        share = f"{setting.false / GROUP:.0%}"
        lines.append((share, *(f"{mean:.3f}" for mean in means), "-" if named is None else f"{named:.3f}"))
    return lines


def rows(quick: bool = False) -> Iterable[Row]:
    """Lines of the table of benchmarks."""
    seeds, cases, draws = (SEEDS[:1], 60, 10) if quick else (SEEDS, CASES, DRAWS)
    fit = fitted.kept()
    found = cells(seeds, cases, fit)
    parts = ablated(seeds, cases, fit)
    leads = false_leads(seeds, draws, fit)
    sections = [
        (sweep, table(HEAD, [cell.line() for cell in found if cell.sweep == sweep])) for sweep in SWEEPS
    ]
    sections += [
        (
            f"False leads among {GROUP} cases of one origin",
            table(
                ("false", MIXTURE, "product of masses", "share of reachable", "a false one named first"),
                leads,
            ),
        ),
        ("Parts of the method switched off", table(("", "top-1", "top-3", "error"), _part_lines(parts))),
    ]
    for heading, text in sections:
        print(f"\n{heading}\n{text}")
    if not quick:
        page("sweeps", "Accuracy as records get worse", _introduction(seeds, cases), *sections)
    lost = [f"{cell.sweep} {cell.value}" for cell in found if cell.lost()]
    yield Row(
        what=f"cells of the sweeps in which ours is above every baseline, top-1, {len(seeds)} seeds",
        ours=f"{len(found) - len(lost)} of {len(found)}",
        target="all",
        met=not lost,
        note="lost: " + ", ".join(lost) if lost else "docs/accuracy/sweeps.md",
    )


def _introduction(seeds: Sequence[int], cases: int) -> str:
    return (
        f"Seeds {', '.join(map(str, seeds))}, {cases} cases each; figures by `python -m benchmarks.accuracy_sweeps`."
        f" Fitted: `{fitted.kept().fit['name']}`, fitted on markets of the usual setting (15 % of movements missing,"
        " 20 % of products and 70 % of lots unknown, 5 % undated, 70 % first in first out). Error: calibration"
        " error of the fitted parameters, all cases together. Lost: a simpler score is as good."
    )


def _part_lines(parts: dict[str, list[Market]]) -> list[tuple[str, ...]]:
    return [
        (
            name,
            f"{statistics.fmean(market.top1(OURS) for market in markets):.3f}",
            f"{statistics.fmean(score(market.hits[OURS]).top3 for market in markets):.3f}",
            f"{calibration_error(*pooled(markets)):.3f}",
        )
        for name, markets in parts.items()
    ]


def main() -> None:
    """Parse arguments, print everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one seed, few cases; the page is left as it is")
    print_rows(list(rows(quick=parser.parse_args().quick)))


if __name__ == "__main__":
    main()
