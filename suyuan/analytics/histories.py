"""What codes did before: the share of positive rows of a code, of a combination of codes, shrunk to what is above it.

A chain of columns is a ladder of ever narrower groups: all rows, those of a product code, those of it from one country,
and so on. Each step moves the log-odds from those of the wider group towards those of the narrower one, the further
the more rows the narrower one has. The steps of a chain add up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import logit

from suyuan.analytics.coded_table import UNSEEN, CodedTable
from suyuan.graph.snapshot import FloatArray, Int64Array

STRENGTHS: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 200.0)
"""Rows that the wider group counts for, of which the best is taken."""

CHAIN_LENGTH: Final = 6
_CHOSEN_WITH: Final = 2.0
_LEAST_GAIN: Final = 2.0
"""Times its standard error that a column has to gain in log-likelihood before it lengthens a chain."""


@dataclass(frozen=True, slots=True)
class Level:
    """The groups of one step: sorted keys (wider group times ``size`` plus code), rows and positive rows of each."""

    column: int
    size: int
    keys: Int64Array
    count: FloatArray
    positive: FloatArray


@dataclass(frozen=True, slots=True)
class Chain:
    """Histories of ever longer combinations of code columns."""

    levels: tuple[Level, ...]
    strength: float
    base: float

    @property
    def columns(self) -> tuple[int, ...]:
        """Positions of its columns."""
        return tuple(level.column for level in self.levels)

    def places(self, table: CodedTable) -> list[Int64Array]:
        """The group of each row at each level; UNSEEN where no training row was in it."""
        place = np.zeros(len(table), np.int64)
        found: list[Int64Array] = []
        for level in self.levels:
            code = table.codes[:, level.column]
            key = np.where((place < 0) | (code < 0), UNSEEN, place * level.size + code)
            place = np.searchsorted(level.keys, key)
            place = np.minimum(place, len(level.keys) - 1)
            place = np.where(level.keys[place] == key, place, UNSEEN)
            found.append(place)
        return found

    def steps(self, table: CodedTable) -> FloatArray:
        """Change of log-odds at each level: shape (n, levels); 0 where a combination is new."""
        share = np.full(len(table), self.base)
        steps = np.empty((len(table), len(self.levels)))
        for number, (level, place) in enumerate(zip(self.levels, self.places(table), strict=True)):
            known = place >= 0
            count, positive = (
                np.where(known, level.count[place], 0.0),
                np.where(known, level.positive[place], 0.0),
            )
            narrower = (positive + self.strength * share) / (count + self.strength)
            steps[:, number] = logit(narrower) - logit(share)
            share = narrower
        return steps


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels of training rows with the fold of each, and what the other folds say of all rows.

    ``base`` is the share of positive rows outside the fold of each row.
    """

    positive: FloatArray
    fold: Int64Array
    folds: int
    base: FloatArray

    @classmethod
    def of(cls, positive: FloatArray, fold: Int64Array, folds: int) -> "Labels":
        """With the shares outside each fold; half a row of either kind is added, so that none is 0 or 1."""
        count = len(positive) - np.bincount(fold, minlength=folds)
        outside = positive.sum() - np.bincount(fold, positive, folds)
        return cls(positive, fold, folds, ((outside + 0.5) / (count + 1.0))[fold])

    @property
    def whole(self) -> float:
        """Share of positive rows over all folds."""
        return float((self.positive.sum() + 0.5) / (len(self.positive) + 1.0))

    def counts(self, group: Int64Array, n: int) -> tuple[FloatArray, FloatArray]:
        """Rows and positive rows of each of ``n`` groups by fold: shapes (n, folds). ``group`` is that of each row."""
        cell = group * self.folds + self.fold
        count = np.bincount(cell, minlength=n * self.folds).astype(np.float64)
        positive = np.bincount(cell, self.positive, n * self.folds).astype(np.float64)
        return count.reshape(n, -1), positive.reshape(n, -1)

    def loss_of(self, steps: FloatArray) -> float:
        """Mean negative log-likelihood of the labels by changes of the log-odds outside each row's fold."""
        log_odds = logit(self.base) + steps
        return float(np.logaddexp(0.0, np.where(self.positive > 0.5, -log_odds, log_odds)).mean())


@dataclass(frozen=True, slots=True)
class _Groups:
    """Groups of the training rows: key and place of each row, and counts outside the fold of each row."""

    level: Level
    place: Int64Array
    count_outside: FloatArray
    positive_outside: FloatArray

    def share(self, wider: FloatArray, strength: float) -> FloatArray:
        return (self.positive_outside + strength * wider) / (self.count_outside + strength)


def _groups(table: CodedTable, place: Int64Array, column: int, labels: Labels) -> _Groups:
    size = max(table.sizes[column], 1)
    keys, narrower = np.unique(place * size + table.codes[:, column], return_inverse=True)
    count, positive = labels.counts(narrower, len(keys))
    count_all, positive_all = count.sum(axis=1), positive.sum(axis=1)
    return _Groups(
        Level(column, size, keys, count_all, positive_all),
        narrower,
        count_all[narrower] - count[narrower, labels.fold],
        positive_all[narrower] - positive[narrower, labels.fold],
    )


def _losses(share: FloatArray, labels: Labels) -> FloatArray:
    return -np.where(labels.positive > 0.5, np.log(share), np.log1p(-share))


def fit_chain(table: CodedTable, columns: Sequence[int], labels: Labels) -> tuple[Chain, FloatArray]:
    """The chain of some columns, and its steps for the training rows, each without the labels of its own fold.

    Parameters
    ----------
    table : training rows; no code of theirs is UNSEEN
    columns : positions of code columns, the widest group first

    Returns
    -------
    The chain with the strength whose shares fit the labels left out best, and steps of shape (n, len(columns)).
    """
    place = np.zeros(len(table), np.int64)
    ladder: list[_Groups] = []
    for column in columns:
        ladder.append(_groups(table, place, column, labels))
        place = ladder[-1].place
    tried = [(_shares(ladder, labels, strength), strength) for strength in STRENGTHS]
    shares, strength = min(tried, key=lambda one: float(_losses(one[0][-1], labels).mean()))
    steps = np.diff(logit(np.stack(shares, axis=1)), axis=1)
    return Chain(tuple(groups.level for groups in ladder), strength, labels.whole), steps


def _shares(ladder: Sequence[_Groups], labels: Labels, strength: float) -> list[FloatArray]:
    shares = [labels.base]
    for groups in ladder:
        shares.append(groups.share(shares[-1], strength))
    return shares


def chosen_columns(table: CodedTable, labels: Labels, *, longest: int = CHAIN_LENGTH) -> tuple[int, ...]:
    """The columns whose combinations tell most of labels left out, taken one after the other.

    Notes
    -----
    Greedy: each time the column whose narrower groups fit the labels of other folds best, as long as the gain in
    log-likelihood is more than twice its standard error.
    """
    place, share = np.zeros(len(table), np.int64), labels.base
    loss, chosen = _losses(share, labels), list[int]()
    while len(chosen) < min(longest, len(table.code_names)):
        best: tuple[float, int, _Groups, FloatArray] | None = None
        for column in range(len(table.code_names)):
            if column in chosen:
                continue
            groups = _groups(table, place, column, labels)
            narrower = groups.share(share, _CHOSEN_WITH)
            total = float(_losses(narrower, labels).sum())
            if best is None or total < best[0]:
                best = (total, column, groups, narrower)
        if best is None:
            break
        gain = loss - _losses(best[3], labels)
        if gain.sum() <= _LEAST_GAIN * np.sqrt(len(gain)) * gain.std():
            break
        chosen.append(best[1])
        place, share = best[2].place, best[3]
        loss = _losses(share, labels)
    return tuple(chosen)
