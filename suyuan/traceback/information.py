"""How sure a fit is of its parameters: the curvature of the likelihood where it was found.

The covariance of estimates of greatest likelihood is taken as the inverse of the observed information, minus the
matrix of second derivatives of the logarithm of the likelihood (and of the prior of the roles' factors). Efron and
Hinkley, Biometrika 65, 1978, 457-487. The derivatives are second differences over a step of about the size of what
is uncertain, because the search stops near the top, not on it.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from suyuan.graph.snapshot import FloatArray
from suyuan.traceback.fitting import ROLE_SPREAD, WalkedCase, likelihoods, roles_passed, spread
from suyuan.traceback.parameters import TraceParameters
from suyuan.traceback.uncertainty import SCALES, SHARES, Uncertainty, coordinates, shifted

STEP: Final = 0.2
WIDEST: Final = 1.0
"""Greatest standard deviation of a coordinate of which the cases tell nothing: a factor of e either way."""


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
    The likelihood is computed 1 + (d^2 + 3 d) / 2 times for d coordinates: 91 times for the usual 12.
    """
    cases = spread(cases)
    names = coordinates(roles_passed(cases))
    size, done = len(names), 0

    def total(offsets: FloatArray) -> float:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done / (1 + (size * size + 3 * size) // 2))
        return float(likelihoods(cases, shifted(parameters, names, offsets)).sum())

    information = -second_differences(total, size)
    information[np.diag_indices(size)] += [
        0.0 if name in (*SHARES, *SCALES) else 1.0 / ROLE_SPREAD**2 for name in names
    ]
    return Uncertainty.of(names, inverse_information(information))


def second_differences(function: Callable[[FloatArray], float], size: int, step: float = STEP) -> FloatArray:
    """Second derivatives at 0 of a function of so many coordinates, shape (size, size).

    Examples
    --------
    >>> second_differences(lambda x: float(x[0] ** 2 + 3.0 * x[0] * x[1]), 2).round(6).tolist()
    [[2.0, 3.0], [3.0, 0.0]]
    """
    steps = step * np.eye(size)
    middle = function(np.zeros(size))
    after, before = ([function(sign * one) for one in steps] for sign in (1.0, -1.0))
    found = np.diag([(a + b - 2.0 * middle) / step**2 for a, b in zip(after, before, strict=True)])
    for i in range(size):
        for j in range(i):
            both = function(steps[i] + steps[j])
            found[i, j] = found[j, i] = (both - after[i] - after[j] + middle) / step**2
    return found


def inverse_information(information: FloatArray) -> FloatArray:
    """The covariance of an information matrix; no direction is wider than WIDEST.

    Directions in which the likelihood is flat, or bends upward, are given that width.
    """
    values, vectors = np.linalg.eigh(0.5 * (information + information.T))
    return (vectors / np.maximum(values, 1.0 / WIDEST**2)) @ vectors.T
