"""An additive scorecard of steps whose directions are declared: a feature that speaks for risk never lowers it.

Each feature is cut at fixed places, and its points change by the same sign at every cut. So the direction of each
feature holds whatever the data are, which histories learnt from labels (``scorecard``) cannot promise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingClassifier

from suyuan.analytics.coded_table import canonical_matrix_order
from suyuan.graph.snapshot import FloatArray, Int64Array

_BASE_SPREAD: Final = 10.0
"""Standard deviation of the base's prior: next to none."""

_LEAST_CURVATURE: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Steps:
    """A feature's declared form.

    Parameters
    ----------
    name : of the feature
    direction : 1 where higher values never lower the risk, -1 where they never raise it
    cuts : sorted; a value has passed a cut when it is at or above it
    least : change at the first cut, in its direction, that it has at least
    """

    name: str
    direction: int
    cuts: tuple[float, ...]
    least: float = 0.0


@dataclass(frozen=True, slots=True)
class StepScorecard:
    """A fitted scorecard.

    Parameters
    ----------
    model : what it was fitted by
    steps : the form of each feature
    intercept : log-odds below all cuts, before calibration
    changes : shape (all cuts,), feature by feature: change of the log-odds at each cut, before calibration; never
        against its direction
    covariance : shape (1 + all cuts, 1 + all cuts): posterior covariance of intercept and changes
    slope, shift : calibration; log-odds times ``slope``, plus ``shift``
    """

    model: str
    steps: tuple[Steps, ...]
    intercept: float
    changes: FloatArray
    covariance: FloatArray
    slope: float = 1.0
    shift: float = 0.0

    @property
    def base(self) -> float:
        """Log-odds before any contribution."""
        return self.slope * self.intercept + self.shift

    def contributions(self, values: FloatArray) -> FloatArray:
        """What each feature adds to the log-odds: shape (n, features).

        Parameters
        ----------
        values : shape (n, features), no NaN
        """
        passed = passed_cuts(self.steps, values) * self.changes
        starts = np.cumsum([0, *(len(one.cuts) for one in self.steps)])[:-1]
        return self.slope * np.add.reduceat(passed, starts, axis=1)

    def log_odds(self, values: FloatArray) -> FloatArray:
        """``base`` and the contributions together: shape (n,)."""
        return self.base + self.contributions(values).sum(axis=1)

    def spread(self, values: FloatArray) -> FloatArray:
        """Posterior standard deviation of the log-odds: shape (n,)."""
        design = np.hstack([np.ones((len(values), 1)), passed_cuts(self.steps, values)])
        variance = np.einsum("ij,jk,ik->i", design, self.covariance, design)
        return self.slope * np.sqrt(np.maximum(variance, 0.0))

    def calibrated(self, slope: float, shift: float) -> Self:
        """The same with another calibration."""
        return replace(self, slope=slope, shift=shift)

    def to_json(self) -> dict[str, Any]:
        """As plain values, for a document."""
        return {
            "model": self.model,
            "steps": [
                {"name": one.name, "direction": one.direction, "cuts": list(one.cuts)} for one in self.steps
            ],
            "intercept": self.intercept,
            "changes": self.changes.tolist(),
            "covariance": self.covariance.tolist(),
            "slope": self.slope,
            "shift": self.shift,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """From what ``to_json`` gave."""
        steps = tuple(
            Steps(str(one["name"]), int(one["direction"]), tuple(float(cut) for cut in one["cuts"]))
            for one in kept["steps"]
        )
        return cls(
            str(kept["model"]),
            steps,
            float(kept["intercept"]),
            np.array(kept["changes"], np.float64),
            np.array(kept["covariance"], np.float64),
            float(kept["slope"]),
            float(kept["shift"]),
        )


@dataclass(frozen=True, slots=True)
class StepPrior:
    """What is thought of the changes before any label.

    Parameters
    ----------
    intercept : log-odds below all cuts
    changes : shape (all cuts,), their most probable values
    spread : standard deviation of each change around it
    """

    intercept: float
    changes: FloatArray
    spread: float


def passed_cuts(steps: Sequence[Steps], values: FloatArray) -> FloatArray:
    """Which cuts each row has passed: shape (n, all cuts), 0 or 1, features one after the other."""
    columns = [values[:, place, None] >= np.array(one.cuts)[None, :] for place, one in enumerate(steps)]
    return np.hstack([np.empty((len(values), 0)), *columns]).astype(np.float64)


def directions(steps: Sequence[Steps]) -> FloatArray:
    """The direction of each cut: shape (all cuts,)."""
    return np.repeat(np.array([one.direction for one in steps], np.float64), [len(one.cuts) for one in steps])


def least_changes(steps: Sequence[Steps]) -> FloatArray:
    """The change that each cut has at least, in its direction: shape (all cuts,)."""
    return np.array(
        [one.direction * one.least * (place == 0) for one in steps for place in range(len(one.cuts))]
    )


def bound(steps: Sequence[Steps], changes: FloatArray) -> FloatArray:
    """Changes drawn up to the least that their features have: shape (all cuts,)."""
    ways = directions(steps)
    return ways * np.maximum(ways * changes, ways * least_changes(steps))


def fit_steps(
    steps: Sequence[Steps], values: FloatArray, positive: FloatArray, weight: FloatArray, prior: StepPrior
) -> StepScorecard:
    """The most probable scorecard, by logistic regression with changes bound to their directions.

    Parameters
    ----------
    values : shape (n, features)
    positive, weight : shape (n,), labels 0 or 1 and what each row counts
    prior : where the changes are drawn to; with few labels the scorecard is nearly the prior's

    Notes
    -----
    The intercept is free. The result does not depend on the order of the rows. The covariance is that of a normal law
    around the most probable changes (Laplace's approximation), bounds disregarded.
    """
    order = canonical_matrix_order(np.column_stack([values, positive, weight]))
    design = np.hstack([np.ones((len(values), 1)), passed_cuts(steps, values)])[order]
    positive, weight = positive[order], weight[order]
    centre = np.concatenate([[prior.intercept], prior.changes])
    precision = np.full(len(centre), prior.spread**-2.0)
    precision[0] = _BASE_SPREAD**-2.0

    def loss(place: FloatArray) -> tuple[float, FloatArray]:
        log_odds = design @ place
        away = place - centre
        value = (weight * (np.logaddexp(0.0, log_odds) - positive * log_odds)).sum()
        slope = design.T @ (weight * (expit(log_odds) - positive))
        return float(value + 0.5 * (precision * away**2).sum()), slope + precision * away

    least = least_changes(steps).tolist()
    ways = zip(directions(steps), least, strict=True)
    bounds = [(None, None), *((low, None) if way > 0 else (None, low) for way, low in ways)]
    found = minimize(
        loss, centre, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500, "ftol": 1e-10}
    ).x
    probability = expit(design @ found)
    curvature = design.T @ (design * (weight * probability * (1.0 - probability))[:, None])
    curvature[np.diag_indices_from(curvature)] += precision + _LEAST_CURVATURE
    changes: FloatArray = found[1:]
    return StepScorecard(
        "scorecard",
        tuple(steps),
        float(found[0]),
        changes,
        np.linalg.inv(curvature).astype(np.float64),
    )


def fit_boosted_steps(
    steps: Sequence[Steps], values: FloatArray, positive: FloatArray, weight: FloatArray, like: StepScorecard
) -> StepScorecard:
    """The same form, fitted by gradient boosting of trees with one feature each, monotone as declared.

    Parameters
    ----------
    like : the scorecard fitted to the same rows, whose covariance stands in for its own

    Notes
    -----
    Trees of one feature add up to steps, so that nothing is lost by writing them down as such.
    """
    order = canonical_matrix_order(np.column_stack([values, positive, weight]))
    passed = passed_counts(steps, values)
    trees = HistGradientBoostingClassifier(
        max_iter=100,
        learning_rate=0.05,
        max_leaf_nodes=6,
        l2_regularization=1.0,
        interaction_cst="no_interactions",
        monotonic_cst=[one.direction for one in steps],
        early_stopping=False,  # pyright: ignore[reportArgumentType]
        random_state=0,
    )
    trees.fit(passed[order], positive[order], sample_weight=weight[order])
    zero = np.zeros((1, len(steps)))
    intercept = float(trees.decision_function(zero)[0])
    risen: list[FloatArray] = []
    for place, one in enumerate(steps):
        ladder = np.zeros((len(one.cuts) + 1, len(steps)))
        ladder[:, place] = np.arange(len(one.cuts) + 1)
        risen.append(np.diff(trees.decision_function(ladder)))
    return replace(like, model="boosted", intercept=intercept, changes=bound(steps, np.concatenate(risen)))


def passed_counts(steps: Sequence[Steps], values: FloatArray) -> Int64Array:
    """How many cuts of each feature every row has passed: shape (n, features)."""
    return np.column_stack(
        [
            np.searchsorted(np.array(one.cuts), values[:, place], side="right")
            for place, one in enumerate(steps)
        ]
    ).astype(np.int64)
