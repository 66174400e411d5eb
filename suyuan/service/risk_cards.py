"""Model cards of risk scorecards: what they were fitted to, and how good they were on earlier cut-offs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.special import expit

from suyuan.analytics.ranking_measures import auroc, calibration_error, log_loss, precision_at
from suyuan.analytics.risk_features import FEATURES, PLACE_OF
from suyuan.analytics.step_scorecard import StepScorecard
from suyuan.graph.snapshot import FloatArray
from suyuan.graph.times import MICROSECONDS_PER_DAY

Json = dict[str, Any]

HORIZON_DAYS: Final = 180
"""A ranking tells the probability of an infringing finding within so many days after the cut-off."""

_PLOT_POINTS: Final = 10

BASELINES: Final = {
    "past_findings": "own_findings",
    "listing_count": "listings",
    "price_discount": "discount",
}
"""Rankings by one feature alone, which stand beside."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Open entities with enough evidence at one cut-off, and what came of them by a later time.

    Parameters
    ----------
    values : shape (n, features)
    positive : shape (n,), 1 where an infringing finding followed
    weight : shape (n,): a row that was followed for a part of the horizon counts that part, unless it is positive
    ids : of the entities
    """

    values: FloatArray
    positive: FloatArray
    weight: FloatArray
    ids: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.positive)


def tested(model: str, begin: int, as_of: int, sample: Sample, log_odds: FloatArray) -> Json:
    """How well one earlier cut-off was predicted, for the model card."""
    days = min(HORIZON_DAYS, (as_of - begin) // MICROSECONDS_PER_DAY)
    probability = expit(log_odds)
    return {
        "model": model,
        "cut_off": begin,
        "days": int(days),
        "entities": len(sample),
        "positive": int(sample.positive.sum()),
        "auroc": auroc(sample.positive, log_odds),
        "precision_at_1": precision_at(sample.positive, log_odds, 0.01),
        "brier": float(((probability - sample.positive) ** 2).mean()),
        "log_loss": log_loss(sample.positive, probability),
        "calibration_error": calibration_error(sample.positive, probability),
        **{
            f"precision_at_1_{name}": precision_at(sample.positive, sample.values[:, PLACE_OF[feature]], 0.01)
            for name, feature in BASELINES.items()
        },
    }


def model_card(
    kind: str, card: StepScorecard, sample: Sample, tests: Sequence[Json], as_of: int, cutoffs: int
) -> Json:
    """What a scorecard was fitted to and what it says; times in microseconds since 1970 UTC."""
    return {
        "kind": kind,
        "model": card.model,
        "data_cut_off": as_of,
        "horizon_days": HORIZON_DAYS,
        "trained_on": {
            "cut_offs": cutoffs,
            "rows": len(sample),
            "positive": int(sample.positive.sum()),
            "entities": len(set(sample.ids)),
        },
        "base": card.base,
        "calibration": {"slope": card.slope, "shift": card.shift, "plot": _plot(card, sample)},
        "features": _feature_points(card),
        "back_test": list(tests),
    }


def _feature_points(card: StepScorecard) -> list[Json]:
    """Cuts of each feature, and the points of a value at or above each."""
    points: list[Json] = []
    place = 0
    for feature in FEATURES:
        changes = card.changes[place : place + len(feature.cuts)]
        place += len(feature.cuts)
        points.append(
            {
                "feature": feature.name,
                "direction": feature.direction,
                "cuts": list(feature.cuts),
                "points": (card.slope * np.cumsum(changes)).tolist(),
            }
        )
    return points


def _plot(card: StepScorecard, sample: Sample) -> list[Json]:
    """Mean probability and share with a finding in tenths of the training rows by probability, weighed."""
    if not len(sample):
        return []
    probability = expit(card.log_odds(sample.values))
    parts = np.array_split(np.lexsort((sample.positive, np.round(probability, 12))), _PLOT_POINTS)
    return [
        {
            "predicted": float(np.average(probability[rows], weights=sample.weight[rows])),
            "observed": float(np.average(sample.positive[rows], weights=sample.weight[rows])),
            "rows": len(rows),
        }
        for rows in parts
        if len(rows)
    ]
