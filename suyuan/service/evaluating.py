"""Use case: how often traces find the origin, where it is known, beside simpler scores."""

from collections.abc import Sequence
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
from suyuan.traceback.calibration import calibrated
from suyuan.traceback.cases import first_movements
from suyuan.traceback.evaluation import Hit, calibration_error, hit, score
from suyuan.traceback.fitting import Confirmed
from suyuan.traceback.preparation import prepare
from suyuan.traceback.trace import trace, walk_from

BASELINES: Final = ("share of reachable", "path count", "shortest path", "random")


def evaluated(
    snapshot: GraphSnapshot, cases: Sequence[Confirmed], parameters: ParameterSet
) -> dict[str, Any]:
    """Figures over all cases: ``cases``, ``top1``, ``top3``, ``mrr``, ``ece`` and the ``baselines``.

    Notes
    -----
    The parameters are judged as given; figures on the cases they were fitted to flatter them.
    """
    prepared = prepare(snapshot, parameters.parameters)
    reached: list[Reached] = []
    ours: list[Hit] = []
    first: list[float] = []
    for case in cases:
        result = calibrated(trace(prepared, case.kind, case.position, paths=0), parameters.calibration)
        sites = np.array([origin.site for origin in result.origins], np.int32)
        probability = np.array([origin.probability for origin in result.origins])
        ours.append(hit(sites, probability, case.site))
        first.append(float(probability[0]) if len(probability) else 0.0)
        start = first_movements(prepared, case.kind, case.position)
        reached.append(reached_origins(prepared, walk_from(prepared, start).visits, start.movements))
    error = calibration_error(np.array(first), np.array([one.top1 for one in ours]))
    total = score(ours)
    return {
        "cases": len(cases),
        "top1": round(total.top1, 6),
        "top3": round(total.top3, 6),
        "mrr": round(total.mrr, 6),
        "ece": round(error, 6),
        "baselines": _baselines(reached, [case.site for case in cases]),
        "parameters": parameters.in_answer(),
    }


def _baselines(reached: Sequence[Reached], truth: Sequence[int]) -> dict[str, dict[str, float]]:
    hits: dict[str, list[Hit]] = {name: [] for name in BASELINES}
    for case, shares, true in zip(reached, shares_of_cases(reached), truth, strict=True):
        scores = (shares, path_counts(case), nearness(case), indifference(case))
        for name, values in zip(BASELINES, scores, strict=True):
            hits[name].append(hit(case.sites, values, true))
    totals = {name: score(found) for name, found in hits.items()}
    return {
        name: {"top1": round(one.top1, 6), "top3": round(one.top3, 6), "mrr": round(one.mrr, 6)}
        for name, one in totals.items()
    }
