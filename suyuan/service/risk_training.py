"""Fitting a risk scorecard to what came of entities after earlier cut-offs, none of it later than the last one."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

import numpy as np
from scipy.optimize import brentq, minimize
from scipy.special import expit
from threadpoolctl import threadpool_limits

from suyuan.analytics.risk_features import FEATURES, STEPS
from suyuan.analytics.step_scorecard import StepPrior, StepScorecard, bound, fit_boosted_steps, fit_steps
from suyuan.graph.snapshot import BoolArray, FloatArray
from suyuan.graph.times import MICROSECONDS_PER_DAY
from suyuan.service.risk_cards import HORIZON_DAYS, Sample, model_card, tested
from suyuan.service.risk_entities import FindingIndex, counted, counts
from suyuan.service.risk_facts import RiskFacts
from suyuan.service.risk_features import EntityTable

Json = dict[str, Any]

SPACING_DAYS: Final = 45
CUTOFFS: Final = 9
"""Earlier cut-offs that are learnt from, and days between them."""

HELD: Final = (4, 2)
"""Earlier cut-offs, counted back from the last, whose outcomes are predicted from what was known by then."""

LEAST_POSITIVE: Final = 5
"""Entities with a finding below which nothing is fitted and the prior scorecard stands as it is."""

LEAST_ROWS: Final = 20
PRIOR_SPREAD: Final = 0.2
_SLOPE_SPREAD: Final = 0.3
"""Standard deviation of the slope of the calibration around 1 before any outcome."""

RECENT: Final = HORIZON_DAYS // SPACING_DAYS
"""Latest cut-offs, whose share of findings sets the level of the probabilities."""

_CLEARLY: Final = 2.0
"""Standard errors by which boosting has to predict better to be taken."""

_PRIOR_FILE: Final = "risk_prior.json"


@dataclass(frozen=True, slots=True)
class Cutoff:
    """An earlier cut-off: facts and features as they were then."""

    facts: RiskFacts
    table: EntityTable


@dataclass(frozen=True, slots=True)
class Fit:
    """A scorecard and its model card."""

    scorecard: StepScorecard
    card: Json


def ranked_mask(table: EntityTable) -> BoolArray:
    """Which entities are ranked: open ones with enough evidence."""
    return np.array(
        [one.open and enough for one, enough in zip(table.entities, table.evidenced, strict=True)], np.bool_
    )


def sample_of(cutoff: Cutoff, findings: FindingIndex, until: int) -> Sample:
    """Rows of one cut-off with what followed up to ``until`` (microseconds), at most the horizon.

    Parameters
    ----------
    findings : those known at ``until`` or later; what was decided after it is disregarded
    """
    table = cutoff.table
    begin = table.as_of
    end = min(until, begin + HORIZON_DAYS * MICROSECONDS_PER_DAY)
    chosen = np.flatnonzero(ranked_mask(table))
    positive = np.array(
        [
            any(
                counts(one) and one.day is not None and begin < one.day * MICROSECONDS_PER_DAY <= end
                for one in counted(table.kind, table.entities[row], cutoff.facts, findings)
            )
            for row in chosen.tolist()
        ],
        np.float64,
    )
    followed = (end - begin) / (HORIZON_DAYS * MICROSECONDS_PER_DAY)
    weight = np.where(positive > 0.5, 1.0, followed) * (SPACING_DAYS / HORIZON_DAYS)
    return Sample(
        table.values[chosen], positive, weight, tuple(table.entities[row].id for row in chosen.tolist())
    )


def fit_risk(kind: str, cutoffs: Sequence[Cutoff], findings: FindingIndex, as_of: int) -> Fit:
    """Fit to what is known at ``as_of``.

    Parameters
    ----------
    cutoffs : earlier ones, the latest first, ``SPACING_DAYS`` apart
    findings : those decided by ``as_of``

    Notes
    -----
    A window that is not over at ``as_of`` is cut off there and its negative rows count for the part that was seen, as
    in a rate of events by time at risk. The choice between the two kinds of models and the slope of the calibration
    come from earlier cut-offs, predicted without anything found after them; its shift comes from the latest ones.
    """
    prior = prior_of(kind)
    tests: list[Json] = []
    held: dict[str, list[FloatArray]] = {"scorecard": [], "boosted": []}
    outcomes: list[tuple[FloatArray, FloatArray]] = []
    for back in HELD:
        if back > len(cutoffs):
            continue
        at = cutoffs[back - 1]
        known = _joined([sample_of(one, findings, at.table.as_of) for one in cutoffs[back:]])
        sample = sample_of(at, findings, as_of)
        if not _enough(sample) or not len(known):
            continue
        outcomes.append((sample.positive, sample.weight))
        for model, card in _both(known, prior).items():
            log_odds = card.log_odds(sample.values)
            held[model].append(log_odds)
            tests.append(tested(model, at.table.as_of, as_of, sample, log_odds))
    everything = _joined([sample_of(one, findings, as_of) for one in cutoffs])
    cards = _both(everything, prior)
    chosen, slope = "scorecard", 1.0
    if outcomes:
        outcome = np.concatenate([one for one, _ in outcomes])
        weight = np.concatenate([one for _, one in outcomes])
        joined = {model: np.concatenate(parts) for model, parts in held.items()}
        if _clearly_better(outcome, weight, joined["boosted"], joined["scorecard"]):
            chosen = "boosted"
        slope = _slope(outcome, weight, joined[chosen])
    card = cards[chosen].calibrated(slope, (1.0 - slope) * cards[chosen].intercept)
    recent = _joined([sample_of(one, findings, as_of) for one in cutoffs[:RECENT]])
    if _enough(everything):
        card = card.calibrated(slope, card.shift + _shift(recent, card.log_odds(recent.values)))
    return Fit(card, model_card(kind, card, everything, tests, as_of, len(cutoffs)))


def _enough(sample: Sample) -> bool:
    return sample.positive.sum() >= LEAST_POSITIVE and len(sample) >= LEAST_ROWS


def _joined(samples: Sequence[Sample]) -> Sample:
    return Sample(
        np.concatenate([np.empty((0, len(FEATURES))), *(one.values for one in samples)]),
        np.concatenate([np.empty(0), *(one.positive for one in samples)]),
        np.concatenate([np.empty(0), *(one.weight for one in samples)]),
        tuple(name for one in samples for name in one.ids),
    )


def _both(sample: Sample, prior: StepPrior) -> dict[str, StepScorecard]:
    """Scorecards of both kinds; the prior's alone while there are too few findings."""
    if not _enough(sample):
        n = 1 + len(prior.changes)
        kept = StepScorecard(
            "prior", STEPS, prior.intercept, prior.changes, np.diag(np.full(n, prior.spread**2))
        )
        return {"scorecard": kept, "boosted": kept}
    # Several threads on so few rows wait for one another longer than they work.
    with threadpool_limits(1):
        fitted = fit_steps(STEPS, sample.values, sample.positive, sample.weight, prior)
        boosted = fit_boosted_steps(STEPS, sample.values, sample.positive, sample.weight, fitted)
    return {"scorecard": fitted, "boosted": boosted}


def _clearly_better(outcome: FloatArray, weight: FloatArray, one: FloatArray, other: FloatArray) -> bool:
    """Whether one's log loss is lower by more than chance explains, so that a few findings do not change the model."""
    gained = (np.logaddexp(0.0, other) - outcome * other) - (np.logaddexp(0.0, one) - outcome * one)
    mean = float((weight * gained).sum() / weight.sum())
    error = float(np.sqrt((weight**2 * (gained - mean) ** 2).sum()) / weight.sum())
    return mean > _CLEARLY * error


def _slope(outcome: FloatArray, weight: FloatArray, log_odds: FloatArray) -> float:
    """How far differences of log-odds can be trusted, by logistic regression (Platt 1999), drawn to 1.

    Notes
    -----
    Its intercept is dropped: findings may have become more or fewer since the earlier cut-off, and the later fit knows.
    """
    order = np.lexsort((weight, outcome, log_odds))
    outcome, weight, log_odds = outcome[order], weight[order], log_odds[order]
    centre = float((weight * log_odds).sum() / weight.sum())

    def loss(place: FloatArray) -> float:
        moved = centre + place[0] * (log_odds - centre) + place[1]
        away = (place[0] - 1.0) ** 2 / (2.0 * _SLOPE_SPREAD**2)
        return float((weight * (np.logaddexp(0.0, moved) - outcome * moved)).sum()) + away

    bounds = [(0.05, 3.0), (-5.0, 5.0)]
    return float(minimize(loss, np.array([1.0, 0.0]), method="L-BFGS-B", bounds=bounds).x[0])


def _shift(recent: Sample, log_odds: FloatArray) -> float:
    """What makes the mean probability of recent rows the share that was positive among them; 0 without any."""
    wanted = float((recent.weight * recent.positive).sum())
    if not wanted:
        return 0.0

    def excess(shift: float) -> float:
        return float((recent.weight * expit(log_odds + shift)).sum()) - wanted

    return float(brentq(excess, -8.0, 8.0)) if excess(-8.0) < 0.0 < excess(8.0) else 0.0


@cache
def _priors() -> Mapping[str, Any]:
    try:
        text = resources.files("suyuan.service").joinpath(_PRIOR_FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    return json.loads(text)


def prior_of(kind: str) -> StepPrior:
    """The prior scorecard of a kind, which was fitted to simulated markets (docs/user/rank.md)."""
    kept = _priors().get(kind)
    changes: list[float] = []
    for feature in FEATURES:
        known = dict(zip(feature.cuts, (kept or {}).get("changes", {}).get(feature.name, ()), strict=False))
        changes += [float(known.get(cut, 0.0)) for cut in feature.cuts]
    return StepPrior(
        float((kept or {}).get("intercept", -4.0)), bound(STEPS, np.array(changes)), PRIOR_SPREAD
    )


def earlier_cutoffs(as_of: int, earliest: int) -> Iterator[int]:
    """Cut-offs to learn from, the latest first, as far back as there is anything."""
    for back in range(1, CUTOFFS + 1):
        at = as_of - back * SPACING_DAYS * MICROSECONDS_PER_DAY
        if at <= earliest:
            return
        yield at
