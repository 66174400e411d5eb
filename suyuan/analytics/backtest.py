"""Which scorecard is better, and how far it can be trusted: fitted to earlier rows, held against later ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from suyuan.analytics.coded_table import CodedTable, content_folds
from suyuan.analytics.ranking_measures import auroc, calibration_error, log_loss, precision_at
from suyuan.analytics.scorecard import Model, Scorecard, fit_scorecards
from suyuan.graph.snapshot import FloatArray, Int64Array

WINDOWS: Final = ((0.6, 0.8), (0.8, 1.0))
"""Shares of the rows in order of time: fitted to what is before the first, held against what is up to the second."""

_LEAST_ROWS: Final = 30
"""Rows of each kind that a window needs on either side."""


@dataclass(frozen=True, slots=True)
class BackTest:
    """Figures of one model over the windows, before its calibration."""

    model: Model
    log_loss: float
    auroc: float | None
    precision_at_5: float | None
    calibration_error: float


@dataclass(frozen=True, slots=True)
class Choice:
    """The scorecard chosen, calibrated and fitted to all rows; ``tests`` is empty where rows were too few."""

    scorecard: Scorecard
    tests: tuple[BackTest, ...]


def fit_chosen(table: CodedTable, positive: FloatArray, time: Int64Array | None) -> Choice:
    """Fit the model that a back-test on the training rows prefers, by log-likelihood.

    Parameters
    ----------
    table, positive : training rows and labels, as for ``fit_scorecards``
    time : shape (n,), when each row was; windows are drawn by content if there is none

    Notes
    -----
    Later rows never help to predict earlier ones: a window is predicted by a model of the rows before it. What was
    predicted there also calibrates the model, by a logistic regression on its log-odds (Platt 1999).
    """
    held: dict[Model, list[FloatArray]] = {model: [] for model in Model}
    outcomes: list[FloatArray] = []
    for before, window in _windows(table, positive, time):
        outcomes.append(positive[window])
        for model, card in fit_scorecards(table.take(before), positive[before]).items():
            held[model].append(card.log_odds(table.take(window)))
    cards = fit_scorecards(table, positive)
    if not outcomes:
        return Choice(cards[Model.SCORECARD], ())
    outcome = np.concatenate(outcomes)
    log_odds = {model: np.concatenate(parts) for model, parts in held.items()}
    tests = tuple(_tested(model, outcome, log_odds[model]) for model in Model)
    best = min(tests, key=lambda test: test.log_loss).model
    return Choice(cards[best].calibrated(*_platt(outcome, log_odds[best])), tests)


def _windows(
    table: CodedTable, positive: FloatArray, time: Int64Array | None
) -> Sequence[tuple[Int64Array, Int64Array]]:
    """Positions of the rows before each window and in it."""
    if time is None:
        fold = content_folds(table, 5)
        pairs = [(np.flatnonzero(fold != one), np.flatnonzero(fold == one)) for one in (0, 1)]
    else:
        ordered = np.sort(time)
        pairs = []
        for low, high in WINDOWS:
            begin = ordered[min(int(low * len(time)), len(time) - 1)]
            inside = time >= begin
            if high < 1.0:
                inside &= time < ordered[int(high * len(time))]
            pairs.append((np.flatnonzero(time < begin), np.flatnonzero(inside)))
    return [pair for pair in pairs if all(_enough(positive[rows]) for rows in pair)]


def _enough(positive: FloatArray) -> bool:
    return min(positive.sum(), len(positive) - positive.sum()) >= _LEAST_ROWS


def _tested(model: Model, outcome: FloatArray, log_odds: FloatArray) -> BackTest:
    probability = expit(log_odds)
    return BackTest(
        model,
        log_loss(outcome, probability),
        auroc(outcome, log_odds),
        precision_at(outcome, log_odds, 0.05),
        calibration_error(outcome, probability),
    )


def _platt(outcome: FloatArray, log_odds: FloatArray) -> tuple[float, float]:
    """Slope and shift; as it is where the slope would turn the order round."""
    order = np.lexsort((outcome, log_odds))
    fitted = LogisticRegression(C=np.inf, tol=1e-8).fit(log_odds[order, None], outcome[order])
    slope, shift = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    return (slope, shift) if slope > 0.0 else (1.0, 0.0)
