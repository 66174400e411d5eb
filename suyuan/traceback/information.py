"""How sure a fit is of its parameters: the information that its cases hold on them.

The covariance of estimates of greatest likelihood is taken as the inverse of the information, and that as the sum, over
cases, of the products of scores: derivatives of the logarithm of a case's likelihood (and what the prior of the roles'
factors adds). Berndt, Hall, Hall, Hausman: Estimation and inference in nonlinear structural models, Annals of
Economic and Social Measurement 3, 1974, 653-665. It takes two likelihoods a coordinate where second derivatives take a
number that grows with the square, and is never negative. Scores are held against their mean, because the search
stops near the top of the likelihood, not on it.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from suyuan.graph.snapshot import FloatArray
from suyuan.traceback.fitting import ROLE_SPREAD, WalkedCase, likelihoods, roles_passed, spread
from suyuan.traceback.parameters import TraceParameters
from suyuan.traceback.uncertainty import SCALES, SHARES, Uncertainty, coordinates, shifted

STEP: Final = 0.1
WIDEST: Final = 1.0
"""Greatest standard deviation of a direction of which the cases tell nothing: a factor of e either way."""


def uncertainty_of(
    cases: Sequence[WalkedCase], parameters: TraceParameters, progress: Callable[[float], None] | None = None
) -> Uncertainty:
    """How uncertain parameters fitted to some cases are.

    Parameters
    ----------
    cases : those :func:`suyuan.traceback.fitting.fitted` was given
    progress : told the share that is done

    Notes
    -----
    The likelihood is computed twice for each coordinate: 24 times for the usual 12.
    """
    cases = spread(cases)
    names = coordinates(roles_passed(cases))
    done = 0

    def of_cases(offsets: FloatArray) -> FloatArray:
        nonlocal done
        found = likelihoods(cases, shifted(parameters, names, offsets))
        done += 1
        if progress is not None:
            progress(done / (2 * len(names)))
        return found

    prior = [0.0 if name in (*SHARES, *SCALES) else 1.0 / ROLE_SPREAD**2 for name in names]
    information = products_of_scores(scores(of_cases, len(names))) + np.diag(prior)
    return Uncertainty.of(names, inverse_information(information))


def scores(function: Callable[[FloatArray], FloatArray], size: int, step: float = STEP) -> FloatArray:
    """Derivatives at 0 of functions of so many coordinates, shape (n_functions, size), by central differences.

    Examples
    --------
    >>> scores(lambda x: np.array([3.0 * x[0], x[0] + x[1] ** 2]), 2).round(6).tolist()
    [[3.0, 0.0], [1.0, 0.0]]
    """
    steps = step * np.eye(size)
    return np.array([(function(one) - function(-one)) / (2.0 * step) for one in steps]).T


def products_of_scores(scores: FloatArray) -> FloatArray:
    """The information of cases by their scores, shape (n_cases, size), held against their mean."""
    centred = scores - scores.mean(axis=0)
    return centred.T @ centred


def inverse_information(information: FloatArray) -> FloatArray:
    """The covariance of an information matrix; directions of which it tells little are given the width WIDEST."""
    values, vectors = np.linalg.eigh(0.5 * (information + information.T))
    return (vectors / np.maximum(values, 1.0 / WIDEST**2)) @ vectors.T
