"""Use case: fit the parameters of traces to confirmed origins, check them on cases left out, calibrate them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from suyuan.errors import ConfigError
from suyuan.graph.records import time_text
from suyuan.graph.snapshot import FloatArray, GraphSnapshot
from suyuan.service.confirmed import confirmed_by, confirmed_in
from suyuan.service.parametersets import ParameterSet, name_of
from suyuan.service.workspace import Workspace
from suyuan.traceback.calibration import at_temperature
from suyuan.traceback.evaluation import Hit, calibration_error, hit, score
from suyuan.traceback.fitting import (
    EVALUATIONS,
    LEAST_CASES,
    CaseEnds,
    Confirmed,
    WalkedCase,
    ends_by,
    fitted,
    folds_of,
    likelihoods,
    walked,
)
from suyuan.traceback.information import uncertainty_of
from suyuan.traceback.parameters import DEFAULT_PARAMETERS
from suyuan.traceback.preparation import prepare
from suyuan.traceback.temperature import fitted_temperature
from suyuan.traceback.times import EARLIEST, LATEST

FOLD_EVALUATIONS: Final = 60
START: Final = replace(
    DEFAULT_PARAMETERS, infer_products=True, infer_makers=True, infer_stays=True, match_lot_unknown=0.3
)
"""Where the search begins: with everything inferred that the records allow to be."""

Update = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Market:
    """The cases of one store, with the group (of one shop) that each belongs to."""

    cases: list[WalkedCase]
    groups: list[int]
    confirmed: int
    cut_off: int


def fit_stores(
    urls: Sequence[str | None],
    truth: Path | None = None,
    *,
    evaluations: int = EVALUATIONS,
    progress: Update | None = None,
) -> ParameterSet:
    """Parameters fitted to the confirmed origins of stores, or to those of a file in one store.

    Raises
    ------
    ConfigError
        Too few confirmed origins, or a file with several stores.
    """
    if truth is not None and len(urls) > 1:
        raise ConfigError("A file of confirmed origins goes with one store: ids of several may be the same.")
    update: Update = progress or (lambda what, share: None)
    markets: list[Market] = []
    for number, url in enumerate(urls):
        update(f"walking the cases of store {number + 1} of {len(urls)}", 0.1 * number / len(urls))
        with Workspace.open(url) as workspace:
            snapshot = workspace.snapshot()
            found = confirmed_in(snapshot) if truth is None else confirmed_by(truth, snapshot)
            markets.append(market_of(snapshot, found))
    return fit_markets(markets, evaluations=evaluations, progress=update)


def market_of(snapshot: GraphSnapshot, confirmed: Sequence[Confirmed]) -> Market:
    """Walk the confirmed cases of a snapshot."""
    prepared = prepare(snapshot, START)
    pairs = [
        (walk, _shop(snapshot, case)) for case in confirmed if (walk := walked(prepared, case)) is not None
    ]
    return Market(
        [walk for walk, _ in pairs], [shop for _, shop in pairs], len(confirmed), _cut_off(snapshot)
    )


def _shop(snapshot: GraphSnapshot, case: Confirmed) -> int:
    """A number equal for cases of one seller; of others, one of their own."""
    edges = snapshot.edge_set("SOLD_BY", "Listing", "Seller")
    if case.kind == "Listing" and edges is not None:
        sellers = edges.targets_of(case.position)
        if len(sellers):
            return int(sellers[0])
    return -1 - case.position * 16 - len(case.kind)


def _cut_off(snapshot: GraphSnapshot) -> int:
    movements = snapshot.movements
    times = np.concatenate([movements.departed, movements.arrived])
    told = times[(times > EARLIEST) & (times < LATEST)]
    return int(told.max()) if len(told) else 0


def fit_markets(
    markets: Sequence[Market], *, evaluations: int = EVALUATIONS, progress: Update | None = None
) -> ParameterSet:
    """The same from cases that were walked; ``data_cut_off`` is the last time any of their movements has."""
    update: Update = progress or (lambda what, share: None)
    cases = [case for market in markets for case in market.cases]
    if len(cases) < LEAST_CASES:
        raise ConfigError(
            f"{len(cases)} confirmed origins can be traced; a fit takes {LEAST_CASES} at least. Confirmed origins go "
            "in as the table confirmed_origins (case, site), or as a file with columns case and factory."
        )
    groups = _numbered(markets)
    folds = folds_of(groups)
    held_out, by_default = _cross_validated(cases, folds, min(evaluations, FOLD_EVALUATIONS), update)

    def told(count: int, mean: float) -> None:
        update(
            f"fitting to {len(cases)} cases, log-likelihood {mean:.4f}",
            min(0.89, 0.6 + 0.3 * count / evaluations),
        )

    parameters = fitted(cases, START, evaluations=evaluations, progress=told)
    calibration = fitted_temperature(held_out.rows, held_out.truth)
    figures = {
        "name": name_of(parameters),
        "cases": len(cases),
        "not_traceable": sum(market.confirmed for market in markets) - len(cases),
        "stores": len(markets),
        "data_cut_off": time_text(max(market.cut_off for market in markets), 0),
        "log_likelihood": round(float(likelihoods(cases, parameters).mean()), 4),
        "cross_validation": {
            "folds": len(folds),
            **held_out.figures(None if calibration is None else calibration.temperature),
            "log_likelihood_of_defaults": round(float(by_default.mean()), 4),
        },
    }
    uncertainty = uncertainty_of(
        cases, parameters, lambda share: update("how sure the parameters are", 0.9 + 0.09 * share)
    )
    return ParameterSet(parameters, calibration, figures, uncertainty)


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What parameters fitted to other cases say of each case: its probabilities, where the truth stands in them."""

    rows: list[FloatArray]
    truth: list[int]
    hits: list[Hit]
    log_likelihood: FloatArray

    def figures(self, temperature: float | None) -> dict[str, Any]:
        """Figures over all cases."""
        total = score(self.hits)
        plain = self._calibration_error(1.0)
        error = plain if temperature is None else self._calibration_error(temperature)
        return {
            "cases": len(self.rows),
            "log_likelihood": round(float(self.log_likelihood.mean()), 4),
            "top1": round(total.top1, 4),
            "top3": round(total.top3, 4),
            "calibration_error": round(error, 4),
            "calibration_error_uncalibrated": round(plain, 4),
        }

    def _calibration_error(self, temperature: float) -> float:
        first = [float(at_temperature(row, temperature)[0]) if len(row) else 0.0 for row in self.rows]
        return calibration_error(np.array(first), np.array([one.top1 for one in self.hits]))


def _numbered(markets: Sequence[Market]) -> list[int]:
    """Groups told apart between markets."""
    numbers: dict[tuple[int, int], int] = {}
    return [
        numbers.setdefault((place, group), len(numbers))
        for place, market in enumerate(markets)
        for group in market.groups
    ]


def _cross_validated(
    cases: Sequence[WalkedCase], folds: Sequence[Sequence[int]], evaluations: int, update: Update
) -> tuple[HeldOut, FloatArray]:
    """Each fold judged by parameters fitted to the others; and the likelihoods the defaults give."""
    rows: list[FloatArray] = [np.empty(0)] * len(cases)
    truth, hits = [-1] * len(cases), [Hit(0.0, 0.0, 0.0)] * len(cases)
    likelihood = np.zeros(len(cases))
    for number, fold in enumerate(folds):
        update(f"cross-validation, part {number + 1} of {len(folds)}", 0.1 + 0.5 * number / len(folds))
        left_out = set(fold)
        others = [case for place, case in enumerate(cases) if place not in left_out]
        parameters = fitted(others, START, evaluations=evaluations) if others else START
        own = [cases[place] for place in fold]
        for place, case, ends in zip(fold, own, ends_by(own, parameters), strict=True):
            likelihood[place] = case.log_likelihood(ends)
            rows[place], truth[place], hits[place] = _judged(case, ends)
    return HeldOut(rows, truth, hits, likelihood), likelihoods(cases, DEFAULT_PARAMETERS)


def _judged(case: WalkedCase, ends: CaseEnds) -> tuple[FloatArray, int, Hit]:
    """Probabilities of origins, then gaps; the place of the true origin; how the ranking fares."""
    origins, gaps = ends
    sites = np.array([origin.site for origin in origins], np.int32)
    probability = np.array([origin.probability for origin in origins])
    place = np.flatnonzero(sites == case.truth)
    row = np.concatenate([probability, [gap.probability for gap in gaps]])
    return row, int(place[0]) if len(place) else -1, hit(sites, probability, case.truth)
