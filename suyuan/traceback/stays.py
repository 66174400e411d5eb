# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportIncompatibleMethodOverride=false
"""How long goods stayed at a site, where that is known in part only."""

import numpy as np

from suyuan.graph.compiled import uncounted
from suyuan.traceback.inlining import inlined
from suyuan.traceback.times import EARLIEST


@uncounted
def mean_stay(longest: float, scale: float) -> float:
    """Mean of a stay of which only the longest possible length is known: half of it while short, else the
    scale.

    It is the mean of an exponential law of that scale, cut at ``longest``.
    """
    ratio = longest / scale
    if ratio < 1e-6:
        return 0.5 * longest
    return scale if ratio > 700.0 else scale - longest / np.expm1(ratio)


@inlined
def undated_log_stay(low: int, high: int, left: int, scale: float) -> float:
    """Logarithm of the mean of exp(-dwell / scale) over an arrival between ``low`` and ``high``.

    An arrival after ``left`` counts nothing. Where nothing tells how long the stay was, it is ``scale``.
    """
    if low <= EARLIEST or left <= EARLIEST:
        return -1.0
    last = max(low, min(left, high))
    whole, fitting = float(high - low) / scale, float(last - low) / scale
    after_last = -max(0.0, float(left - last)) / scale
    if whole < 1e-9:
        return after_last
    return after_last + np.log(-np.expm1(-max(fitting, 1e-9)) / whole)
