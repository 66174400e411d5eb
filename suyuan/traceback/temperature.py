"""The temperature that calibrates probabilities, from confirmed origins.

Apart from what applies it, as a search takes a part of scipy that is slow to load.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.optimize import minimize_scalar

from suyuan.graph.snapshot import FloatArray
from suyuan.traceback.calibration import HIGHEST, LEAST_CASES, LOWEST, Calibration, at_temperature

_LEAST_PROBABILITY: Final = 1e-9


def fitted_temperature(rows: Sequence[FloatArray], truth: Sequence[int]) -> Calibration | None:
    """The temperature that makes confirmed origins most likely; None with fewer than LEAST_CASES.

    Parameters
    ----------
    rows : probabilities of the origins and gaps of each case, of cases that were not used to fit the model
    truth : place of the confirmed origin in each row; -1 where it is not listed, which no temperature changes
    """
    told = [(row, place) for row, place in zip(rows, truth, strict=True) if place >= 0]
    if len(told) < LEAST_CASES:
        return None

    def loss(log_temperature: float) -> float:
        return -sum(
            np.log(max(float(at_temperature(row, float(np.exp(log_temperature)))[place]), _LEAST_PROBABILITY))
            for row, place in told
        )

    best = minimize_scalar(loss, bounds=(float(np.log(LOWEST)), float(np.log(HIGHEST))), method="bounded")
    return Calibration(round(float(np.exp(best.x)), 4), len(told))
