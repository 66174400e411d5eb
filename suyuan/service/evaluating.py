"""Use case: how often traces find the origin, where it is known, beside simpler scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from suyuan.graph.snapshot import GraphSnapshot
from suyuan.service.parametersets import ParameterSet
from suyuan.traceback.baselines import (
    Reached,
    indifference,
    nearness,
    path_counts,
    reached_origins,
    shares_of_cases,
)
from suyuan.traceback.calibration import Calibration, calibrated
from suyuan.traceback.cases import first_movements
from suyuan.traceback.evaluation import Hit, calibration_error, hit, score
from suyuan.traceback.fitting import Confirmed
from suyuan.traceback.preparation import Prepared, prepare
from suyuan.traceback.trace import trace, walk_from

_DIGITS: Final = 6

BASELINES: Final = ("share of reachable", "path count", "shortest path", "random")


@dataclass(frozen=True, slots=True)
class Judged:
    """How a trace of a case with a known origin fares.

    Parameters
    ----------
    rule : how its first movements were found
    hit : how the ranking of origins fares
    probability : that of the first origin, 0 where there is none
    reached : origins it can have come from at all
    """

    rule: str
    hit: Hit
    probability: float
    reached: Reached


def judged(prepared: Prepared, case: Confirmed, calibration: Calibration | None = None) -> Judged:
    """Trace a case and hold it against its known origin."""
    result = calibrated(trace(prepared, case.kind, case.position, paths=0), calibration)
    sites = np.array([origin.site for origin in result.origins], np.int32)
    probability = np.array([origin.probability for origin in result.origins])
    start = first_movements(prepared, case.kind, case.position)
    return Judged(
        rule=result.rule,
        hit=hit(sites, probability, case.site),
        probability=float(probability[0]) if len(probability) else 0.0,
        reached=reached_origins(prepared, walk_from(prepared, start).visits, start.movements),
    )


def baseline_hits(reached: Sequence[Reached], truth: Sequence[int]) -> dict[str, list[Hit]]:
    """How each of the simpler scores fares on the same cases."""
    hits: dict[str, list[Hit]] = {name: [] for name in BASELINES}
    for case, shares, true in zip(reached, shares_of_cases(reached), truth, strict=True):
        scores = (shares, path_counts(case), nearness(case), indifference(case))
        for name, values in zip(BASELINES, scores, strict=True):
            hits[name].append(hit(case.sites, values, true))
    return hits


def evaluated(
    snapshot: GraphSnapshot, cases: Sequence[Confirmed], parameters: ParameterSet
) -> dict[str, Any]:
    """Figures over all cases: ``cases``, ``top1``, ``top3``, ``mrr``, ``ece`` and the ``baselines``.

    Notes
    -----
    The parameters are judged as given; figures on the cases they were fitted to flatter them.
    """
    prepared = prepare(snapshot, parameters.parameters)
    found = [judged(prepared, case, parameters.calibration) for case in cases]
    probability = np.array([one.probability for one in found])
    error = calibration_error(probability, np.array([one.hit.top1 for one in found]))
    baselines = baseline_hits([one.reached for one in found], [case.site for case in cases])
    return {
        "cases": len(cases),
        **_figures([one.hit for one in found]),
        "ece": round(error, _DIGITS),
        "baselines": {name: _figures(hits) for name, hits in baselines.items()},
        "parameters": parameters.in_answer(),
    }


def _figures(hits: Sequence[Hit]) -> dict[str, float]:
    total = score(hits)
    return {name: round(getattr(total, name), _DIGITS) for name in ("top1", "top3", "mrr")}
