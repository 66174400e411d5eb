"""How good ranked origins are, where the true ones are known."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from suyuan.graph.snapshot import FloatArray, Int32Array

_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Hit:
    """How one ranking fares; equal scores stand in an order left to chance, so these are expectations.

    ``top1``, ``top3``: chance that the true origin stands first, or among the first three;
    ``reciprocal_rank``: mean of one over its rank. All are 0 where it is not listed.
    """

    top1: float
    top3: float
    reciprocal_rank: float


MISS = Hit(0.0, 0.0, 0.0)


def hit(sites: Int32Array, scores: FloatArray, truth: int) -> Hit:
    """How a ranking of sites by score fares.

    Examples
    --------
    >>> hit(np.array([3, 5, 8]), np.array([0.2, 0.4, 0.4]), 5)
    Hit(top1=0.5, top3=1.0, reciprocal_rank=0.75)
    """
    place = np.flatnonzero(sites == truth)
    if not len(place):
        return MISS
    rounded = np.round(scores, _DIGITS)
    own = rounded[place[0]]
    better, equal = int((rounded > own).sum()), int((rounded == own).sum())
    ranks = np.arange(better + 1, better + equal + 1)
    return Hit(float((ranks <= 1).mean()), float((ranks <= 3).mean()), float((1.0 / ranks).mean()))


@dataclass(frozen=True, slots=True)
class Score:
    """Means over cases."""

    cases: int
    top1: float
    top3: float
    mrr: float


def score(hits: Sequence[Hit]) -> Score:
    """Means over the hits of cases; zeros where there is none."""
    if not hits:
        return Score(0, 0.0, 0.0, 0.0)
    table = np.array([(one.top1, one.top3, one.reciprocal_rank) for one in hits])
    top1, top3, mrr = table.mean(axis=0).tolist()
    return Score(len(hits), top1, top3, mrr)


def calibration_error(probability: FloatArray, correct: FloatArray, bins: int = 10) -> float:
    """Mean distance between the probability given and how often it was right, over bins of equal size.

    Parameters
    ----------
    probability, correct : shape (n,), probability of the first answer of each case, and whether (or with
    which
        chance) it is right.

    Examples
    --------
    >>> calibration_error(np.array([0.5, 0.5]), np.array([1.0, 0.0]), bins=1)
    0.0
    """
    if not len(probability):
        return 0.0
    found = calibration_bins(probability, correct, bins)
    return float(sum(abs(given - right) * size for given, right, size in found) / len(probability))


def calibration_bins(
    probability: FloatArray, correct: FloatArray, bins: int = 10
) -> list[tuple[float, float, int]]:
    """Mean probability given, how often it was right, and the number of cases, by bins of equal size."""
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return [(float(probability[part].mean()), float(correct[part].mean()), len(part)) for part in parts]
