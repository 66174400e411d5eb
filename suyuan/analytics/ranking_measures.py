"""How good a ranking by probability is."""

from typing import Final

import numpy as np
from scipy.special import xlogy
from scipy.stats import rankdata

from suyuan.graph.snapshot import FloatArray

_BINS: Final = 10


def auroc(positive: FloatArray, score: FloatArray) -> float | None:
    """Probability that a positive row has the higher score than a negative one; equal ones count half.

    None if all rows are of one kind.

    Examples
    --------
    >>> auroc(np.array([0.0, 1.0, 1.0]), np.array([0.1, 0.1, 0.7]))
    0.75
    """
    n_positive = float(positive.sum())
    n_negative = len(positive) - n_positive
    if not n_positive or not n_negative:
        return None
    ranks = rankdata(score)[positive > 0.5].sum()
    return float((ranks - n_positive * (n_positive + 1.0) / 2.0) / (n_positive * n_negative))


def precision_at(positive: FloatArray, score: FloatArray, share: float) -> float | None:
    """Share of positive rows among the best ``share`` of all rows (rounded up); rows that tie count by their mean.

    None if there are no rows.

    Examples
    --------
    >>> precision_at(np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.9, 0.5, 0.5, 0.1]), 0.5)
    0.75
    """
    if not len(score):
        return None
    wanted = max(1, int(np.ceil(len(score) * share - 1e-9)))
    last = np.sort(score)[::-1][wanted - 1]
    above, ties = score > last, score == last
    return float((positive[above].sum() + (wanted - above.sum()) * positive[ties].mean()) / wanted)


def log_loss(positive: FloatArray, probability: FloatArray) -> float:
    """Mean negative log-likelihood."""
    return float(-(xlogy(positive, probability) + xlogy(1.0 - positive, 1.0 - probability)).mean())


def calibration_error(positive: FloatArray, probability: FloatArray) -> float:
    """Mean difference between probability and outcome over tenths of the rows by probability."""
    parts = np.array_split(np.argsort(probability, kind="stable"), _BINS)
    gaps = [
        abs(float(probability[rows].mean() - positive[rows].mean())) * len(rows)
        for rows in parts
        if len(rows)
    ]
    return sum(gaps) / max(len(probability), 1)
