"""Calibrated probabilities: how sure the model is, corrected by how often it was right on confirmed origins.

A temperature T turns probabilities p into p^(1/T), normalised to the same sum; it changes no order. T > 1 says that
the model was surer than it was right. Guo, Pleiss, Sun, Weinberger: On calibration of modern neural networks,
ICML 2017, section 4.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from suyuan.errors import ParameterError
from suyuan.graph.snapshot import FloatArray
from suyuan.traceback.explanation import Explanation, Parts
from suyuan.traceback.results import TraceResult

LEAST_CASES: Final = 50
"""Confirmed origins below which no calibration is made: a temperature from fewer is mostly chance."""

LOWEST, HIGHEST = 0.2, 5.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """A temperature and the number of confirmed origins it rests on.

    Raises
    ------
    ParameterError
        A temperature that is no number from 0.2 to 5.
    """

    temperature: float
    cases: int

    def __post_init__(self) -> None:
        if not LOWEST <= self.temperature <= HIGHEST:
            raise ParameterError("temperature", self.temperature, f"{LOWEST} to {HIGHEST}")


def at_temperature(probability: FloatArray, temperature: float) -> FloatArray:
    """Probabilities at a temperature, of the same sum.

    Examples
    --------
    >>> at_temperature(np.array([0.8, 0.2]), 2.0).round(3).tolist()
    [0.667, 0.333]
    """
    total = float(probability.sum())
    if total <= 0.0:
        return probability
    raised = np.where(probability > 0.0, probability / probability.max(), 0.0) ** (1.0 / temperature)
    return raised * (total / raised.sum())


def calibrated(result: TraceResult, calibration: Calibration | None) -> TraceResult:
    """The result with calibrated probabilities; a chain keeps its share of what its origin has.

    Shares of choke points and gains of inspections stay those of the model.
    """
    if calibration is None or not result.origins:
        return result
    before = np.array([part.probability for part in (*result.origins, *result.unresolved)])
    after = at_temperature(before, calibration.temperature).tolist()
    n = len(result.origins)
    origins = tuple(one._replace(probability=p) for one, p in zip(result.origins, after[:n], strict=True))
    gaps = tuple(one._replace(probability=p) for one, p in zip(result.unresolved, after[n:], strict=True))
    factor = {
        one.site: now / was
        for one, was, now in zip(result.origins, before.tolist(), after, strict=False)
        if was
    }
    paths = tuple(
        replace(path, probability=path.probability * factor.get(path.sites[0], 1.0)) for path in result.paths
    )
    explanation = result.explanation
    if explanation is not None and Parts.ORIGINS in explanation.parts:
        explanation = _with_ways(explanation, [factor[one.site] for one in origins])
    return replace(result, origins=origins, unresolved=gaps, paths=paths, explanation=explanation)


def _with_ways(explanation: Explanation, factors: Sequence[float]) -> Explanation:
    """The same with the probabilities of the ways scaled, origin by origin."""
    ways = tuple(
        way and replace(way, probability=way.probability * factor)
        for way, factor in zip(explanation.ways, factors, strict=True)
    )
    return replace(explanation, ways=ways)
