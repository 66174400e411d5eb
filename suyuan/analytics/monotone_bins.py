"""A quantity as evidence: the share of positive rows in its bins, made to rise or fall throughout."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import logit
from sklearn.isotonic import isotonic_regression

from suyuan.analytics.coded_table import binned, cuts_of
from suyuan.analytics.histories import Labels
from suyuan.graph.snapshot import FloatArray

BINS: Final = 20
_STRENGTH: Final = 20.0
"""Rows with the overall share that are added to each bin."""


@dataclass(frozen=True, slots=True)
class MonotoneBins:
    """Where a quantity is cut, and the change of log-odds in each bin; the last one is for missing values."""

    cuts: FloatArray
    evidence: FloatArray

    def of(self, quantity: FloatArray) -> FloatArray:
        """Change of log-odds of each value, shape (n,)."""
        return self.evidence[binned(quantity, self.cuts)]


def fit_bins(quantity: FloatArray, labels: Labels) -> tuple[MonotoneBins, FloatArray]:
    """Bins of a quantity, and their evidence for the training rows, each without the labels of its own fold.

    Notes
    -----
    Whether the share rises or falls with the quantity is what fits all rows better; every fold keeps to it.
    """
    cuts = cuts_of(quantity, BINS)
    bins, n = binned(quantity, cuts), len(cuts) + 2
    count, positive = labels.counts(bins, n)
    count_all, positive_all = count.sum(axis=1), positive.sum(axis=1)
    whole, rising = labels.whole, _rises(count_all, positive_all, labels.whole)
    outside: FloatArray = np.empty((n, labels.folds))
    for fold in range(labels.folds):
        rest = labels.fold == fold
        base = float(labels.base[rest][0]) if rest.any() else whole
        outside[:, fold] = _evidence(
            count_all - count[:, fold], positive_all - positive[:, fold], base, rising
        )
    evidence = _evidence(count_all, positive_all, whole, rising)
    return MonotoneBins(cuts, evidence), outside[bins, labels.fold]


def _shares(count: FloatArray, positive: FloatArray, base: float) -> FloatArray:
    return (positive + _STRENGTH * base) / (count + _STRENGTH)


def _rises(count: FloatArray, positive: FloatArray, base: float) -> bool:
    shares, weight = _shares(count, positive, base)[:-1], count[:-1] + _STRENGTH
    errors = [
        float(
            (weight * (isotonic_regression(shares, sample_weight=weight, increasing=way) - shares) ** 2).sum()
        )
        for way in (True, False)
    ]
    return errors[0] <= errors[1]


def _evidence(count: FloatArray, positive: FloatArray, base: float, rising: bool) -> FloatArray:
    shares = _shares(count, positive, base)
    weight = count[:-1] + _STRENGTH
    shares[:-1] = isotonic_regression(shares[:-1], sample_weight=weight, increasing=rising)
    return logit(shares) - logit(base)
