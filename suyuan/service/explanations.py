"""What an answer carries besides probabilities, in the shape of ``suyuan trace --json``."""

from collections.abc import Iterable
from typing import Any, Final

from suyuan.graph.snapshot import GraphSnapshot
from suyuan.service.reasons import inspection_text, origin_reasons
from suyuan.traceback.explanation import ChokePoint, Explanation, Inspection, Licensing, Parts
from suyuan.traceback.intervals import Intervals
from suyuan.traceback.results import TraceResult

Json = dict[str, Any]

DISPLAY_LABEL: Final = "probable origin 可能来源地"
_DIGITS: Final = 12


def origin_entries(
    snapshot: GraphSnapshot, result: TraceResult, intervals: Intervals | None = None
) -> list[Json]:
    """The origins of a result, with their intervals if there are any, and what explains them if that was asked for."""
    return [
        {**_origin(snapshot, result, intervals, number), **_about(snapshot, result, number)}
        for number in range(len(result.origins))
    ]


def other_entries(snapshot: GraphSnapshot, result: TraceResult, parts: Parts) -> Json:
    """Choke points and inspections, those of them that are asked for."""
    explanation = result.explanation or Explanation(parts)
    found: Json = {}
    if Parts.CHOKE_POINTS in parts:
        found["choke_points"] = choke_point_entries(snapshot, explanation.choke_points)
    if Parts.INSPECTIONS in parts:
        found["next_inspections"] = inspection_entries(snapshot, explanation.next_inspections)
    return found


def _origin(snapshot: GraphSnapshot, result: TraceResult, intervals: Intervals | None, number: int) -> Json:
    sites, origin = snapshot.nodes["Site"], result.origins[number]
    return {
        "site": sites.id_at(origin.site),
        "name": sites.columns["name"][origin.site].as_py(),
        "display_label": DISPLAY_LABEL,
        "probability": round(origin.probability, _DIGITS),
        "low": None if intervals is None else intervals.low[number],
        "high": None if intervals is None else intervals.high[number],
    }


def _about(snapshot: GraphSnapshot, result: TraceResult, number: int) -> Json:
    """Why one origin is probable, and what licences and findings say of it."""
    origin, explanation = result.origins[number], result.explanation
    if explanation is None or Parts.ORIGINS not in explanation.parts:
        return {}
    licensing, standing = explanation.licensing[number], explanation.standing[number]
    way = explanation.ways[number]
    return {
        "licensed": [snapshot.nodes["Licence"].id_at(licence) for licence in licensing.licences],
        "infringing": False if licensing.covered else None,
        "standing": standing.value,
        "overrun": _overrun(snapshot, licensing),
        "reasons": origin_reasons(snapshot, origin.site, origin.probability, way, licensing, standing),
    }


def _overrun(snapshot: GraphSnapshot, licensing: Licensing) -> Json | None:
    if licensing.overrun is None:
        return None
    licence, quantity, outside = licensing.overrun
    return {
        "quantity": quantity,
        "licence": snapshot.nodes["Licence"].id_at(licence),
        "outside_territory": outside,
    }


def choke_point_entries(snapshot: GraphSnapshot, points: Iterable[ChokePoint]) -> list[Json]:
    """Choke points, largest share first."""
    sites = snapshot.nodes["Site"]
    return [
        {
            "site": sites.id_at(point.site),
            "name": sites.columns["name"][point.site].as_py(),
            "share": round(point.share, _DIGITS),
            "dominates": point.dominates,
        }
        for point in points
    ]


def inspection_entries(snapshot: GraphSnapshot, inspections: Iterable[Inspection]) -> list[Json]:
    """Inspections, those that tell most first."""
    return [
        {
            "about": snapshot.nodes[inspection.kind].id_at(inspection.position),
            "question": inspection.question,
            "expected_gain_bits": round(inspection.expected_gain_bits, _DIGITS),
            "text": inspection_text(snapshot, inspection),
        }
        for inspection in inspections
    ]
