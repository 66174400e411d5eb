"""An additive scorecard: log-odds as the sum of what each feature contributes."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

import numpy as np
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from suyuan.analytics.coded_table import CodedTable, binned, canonical_order, content_folds, cuts_of
from suyuan.analytics.histories import Chain, Labels, chosen_columns, fit_chain
from suyuan.analytics.monotone_bins import MonotoneBins, fit_bins
from suyuan.graph.snapshot import FloatArray

FOLDS: Final = 5
QUANTITY_BINS: Final = (8, 16, 32, 64)
"""Numbers of bins of quantities in combinations, of which the best is taken."""

_INVERSE_PENALTY: Final = 0.1


class Model(StrEnum):
    """How the contributions are weighed."""

    SCORECARD = "scorecard"
    """Logistic regression with weights from 0 on."""

    BOOSTED = "boosted"
    """Gradient boosting, monotone, of trees with one feature each."""


@dataclass(frozen=True, slots=True)
class Features:
    """What is read off a row: steps of the chain, the history of each code, the bins of each quantity."""

    cuts: tuple[FloatArray, ...]
    chain: Chain | None
    singles: tuple[Chain, ...]
    bins: tuple[MonotoneBins, ...]
    terms: tuple[tuple[str, ...], ...]

    def values(self, table: CodedTable) -> FloatArray:
        """Change of log-odds by each term: shape (n, terms); higher speaks for a positive row."""
        coded = _with_bins(table, self.cuts)
        chains = (*(() if self.chain is None else (self.chain,)), *self.singles)
        parts = [chain.steps(coded) for chain in chains]
        parts += [one.of(table.quantities[:, place])[:, None] for place, one in enumerate(self.bins)]
        return np.hstack([np.empty((len(table), 0)), *parts])


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A fitted scorecard.

    Parameters
    ----------
    model : how it weighs
    features : what is read off a row
    weights : shape (terms,), for ``Model.SCORECARD``
    boosted : the trees, for ``Model.BOOSTED``
    intercept : log-odds where no term says anything, before calibration
    slope, shift : calibration; log-odds times ``slope``, plus ``shift``
    """

    model: Model
    features: Features
    weights: FloatArray
    boosted: Any
    intercept: float
    slope: float = 1.0
    shift: float = 0.0

    @property
    def base(self) -> float:
        """Log-odds before any contribution."""
        return self.slope * self.intercept + self.shift

    @property
    def terms(self) -> tuple[tuple[str, ...], ...]:
        """Columns of each term."""
        return self.features.terms

    def contributions(self, table: CodedTable) -> FloatArray:
        """What each term adds to the log-odds of each row: shape (n, terms)."""
        values = self.features.values(table)
        if self.boosted is None:
            return values * (self.weights * self.slope)
        return self.slope * _of_trees(self.boosted, values, self.intercept)

    def log_odds(self, table: CodedTable) -> FloatArray:
        """``base`` and the contributions of each row together: shape (n,)."""
        return self.base + self.contributions(table).sum(axis=1)

    def probability(self, table: CodedTable) -> FloatArray:
        """Probability that a row is positive: shape (n,)."""
        return expit(self.log_odds(table))

    def calibrated(self, slope: float, shift: float) -> "Scorecard":
        """The same with another calibration."""
        return replace(self, slope=slope, shift=shift)


def fit_scorecards(table: CodedTable, positive: FloatArray) -> dict[Model, Scorecard]:
    """Scorecards of both kinds on the same features.

    Parameters
    ----------
    table : training rows; no code of theirs is UNSEEN
    positive : shape (n,), 1 for positive rows and 0 for others; both occur

    Returns
    -------
    One for each kind of model, without calibration. They do not depend on the order of the rows.

    Notes
    -----
    Features that come from labels are made without the labels of the row's own fold; rows that are equal share a fold.
    Fitted to features that had seen the label, the weights would believe every rare code.
    """
    order = canonical_order(table, positive.astype(np.int64))
    table, positive = table.take(order), positive[order]
    labels = Labels.of(positive, content_folds(table, FOLDS), FOLDS)
    features, values = fit_features(table, labels)
    return {
        Model.SCORECARD: _fit_logistic(features, values, positive),
        Model.BOOSTED: _fit_boosted(features, values, positive),
    }


def _with_bins(table: CodedTable, cuts: tuple[FloatArray, ...]) -> CodedTable:
    """The table with each quantity as one more code column."""
    bins = [binned(table.quantities[:, place], cuts[place])[:, None] for place in range(len(cuts))]
    return replace(
        table,
        code_names=(*table.code_names, *table.quantity_names),
        codes=np.hstack([table.codes, *bins]),
        sizes=(*table.sizes, *(len(each) + 2 for each in cuts)),
    )


def fit_features(table: CodedTable, labels: Labels) -> tuple[Features, FloatArray]:
    """Features of training rows, and their values there, each without the labels of the row's own fold."""
    chain, steps, cuts = _fit_combination(table, labels)
    coded = _with_bins(table, cuts)
    singles = [fit_chain(coded, [column], labels) for column in range(len(table.code_names))]
    bins = [fit_bins(table.quantities[:, place], labels) for place in range(len(cuts))]
    columns = [] if chain is None else list(chain.columns)
    names = [tuple(coded.code_names[column] for column in columns[: n + 1]) for n in range(len(columns))]
    names += [(name,) for name in (*table.code_names, *table.quantity_names)]
    values = [steps, *(found for _, found in singles), *(found[:, None] for _, found in bins)]
    features = Features(
        cuts, chain, tuple(one for one, _ in singles), tuple(one for one, _ in bins), tuple(names)
    )
    return features, np.hstack(values)


def _fit_combination(
    table: CodedTable, labels: Labels
) -> tuple[Chain | None, FloatArray, tuple[FloatArray, ...]]:
    """The chain of columns, with the number of bins whose chain fits labels of other folds best."""
    best: tuple[float, Chain | None, FloatArray, tuple[FloatArray, ...]] | None = None
    for bins in QUANTITY_BINS if table.quantity_names else QUANTITY_BINS[:1]:
        cuts = tuple(cuts_of(table.quantities[:, place], bins) for place in range(len(table.quantity_names)))
        coded = _with_bins(table, cuts)
        columns = chosen_columns(coded, labels)
        chain, steps = fit_chain(coded, columns, labels) if columns else (None, np.empty((len(table), 0)))
        loss = labels.loss_of(steps.sum(axis=1))
        if best is None or loss < best[0]:
            best = (loss, chain, steps, cuts)
    assert best is not None  # noqa: S101 - there is a number of bins
    return best[1:]


def _fit_logistic(features: Features, values: FloatArray, positive: FloatArray) -> Scorecard:
    """Weights from 0 on: a term that would count against its own evidence is left out, and the rest fitted anew."""
    weights, kept = np.zeros(values.shape[1]), np.flatnonzero(values.std(axis=0) > 0.0)
    intercept = float(np.log(positive.sum() / (len(positive) - positive.sum())))
    while len(kept):
        fitted = LogisticRegression(C=_INVERSE_PENALTY, max_iter=1_000, tol=1e-8)
        fitted.fit(values[:, kept], positive)
        found: FloatArray = np.asarray(fitted.coef_)[0]
        if (found >= 0.0).all():
            weights[kept], intercept = found, float(np.asarray(fitted.intercept_)[0])
            break
        kept = kept[found >= 0.0]
    return Scorecard(Model.SCORECARD, features, weights, None, intercept)


def _fit_boosted(features: Features, values: FloatArray, positive: FloatArray) -> Scorecard:
    if not values.shape[1]:
        return replace(_fit_logistic(features, values, positive), model=Model.BOOSTED)
    trees = HistGradientBoostingClassifier(
        max_iter=300,
        learning_rate=0.05,
        max_leaf_nodes=6,
        interaction_cst="no_interactions",
        monotonic_cst=[1] * values.shape[1],
        early_stopping=False,  # pyright: ignore[reportArgumentType]
        random_state=0,
    )
    trees.fit(values, positive)
    intercept = float(trees.decision_function(np.zeros((1, values.shape[1])))[0])
    return Scorecard(Model.BOOSTED, features, np.zeros(values.shape[1]), trees, intercept)


def _of_trees(trees: Any, values: FloatArray, intercept: float) -> FloatArray:
    """What each feature adds: no tree holds two, so that the others may be anything, and are 0."""
    added = np.empty(values.shape)
    for term in range(values.shape[1]):
        distinct, place = np.unique(values[:, term], return_inverse=True)
        alone = np.zeros((len(distinct), values.shape[1]))
        alone[:, term] = distinct
        added[:, term] = (trees.decision_function(alone) - intercept)[place]
    return added
