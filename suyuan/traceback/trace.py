"""One trace: from a case to origins, gaps, paths and everything reachable."""

import numpy as np

from suyuan.errors import ParameterError
from suyuan.graph.snapshot import Int32Array
from suyuan.traceback.cases import CaseStart, first_movements
from suyuan.traceback.events import events_and_lots
from suyuan.traceback.parameters import DEFAULT_LIMITS, TraceLimits
from suyuan.traceback.preparation import Prepared
from suyuan.traceback.reachability import ends_of, reach
from suyuan.traceback.results import Direction, Reach, TraceResult

END_KINDS = ("Listing", "Seller", "Seizure", "Exhibit")
"""Cases that are the end of their chain: forward, they are traced from their origins."""


def trace(
    prepared: Prepared,
    kind: str,
    position: int,
    *,
    direction: Direction = "backward",
    limits: TraceLimits = DEFAULT_LIMITS,
    paths: int = 5,
) -> TraceResult:
    """Where the goods of a case were made, or where goods from there can have gone.

    Parameters
    ----------
    kind, position : the case, one of :data:`suyuan.traceback.cases.START_KINDS`.
    paths : how many of the most probable chains to give.

    Raises
    ------
    ParameterError
        No trace starts from that kind, or the direction is none.
    """
    if direction not in ("backward", "forward"):
        raise ParameterError("direction", direction, "backward or forward")
    start = first_movements(prepared, kind, position, direction=direction)
    return TraceResult(
        kind=kind,
        position=position,
        rule=start.rule,
        direction=direction,
        origins=(),
        unresolved=(),
        paths=(),
        reach=reach_of(prepared, start, kind, position, direction, limits),
        truncated_counts={},
    )


def reach_of(
    prepared: Prepared,
    start: CaseStart,
    kind: str,
    position: int,
    direction: Direction,
    limits: TraceLimits,
) -> Reach:
    """All that goods of a case can have come from, or gone to; the case itself left out."""
    walk = prepared.backward if direction == "backward" else prepared.forward
    first_hop = 0 if start.is_start else 1
    visits, cut, unfinished = reach(walk, start.movements, first_hop, limits.max_hops, limits.max_nodes)
    count = int(visits.count[0])
    begin = len(start.movements) if start.is_start else 0
    movements = visits.movement[begin:count].copy()
    columns = prepared.snapshot.movements
    sites, lots = ends_of(movements, columns.from_site, columns.to_site, columns.goods)
    events, lots = events_and_lots(prepared.snapshot, kind, position, lots, direction)
    latest = visits.limit[begin:count]
    return Reach(
        movements=movements,
        hops=visits.hop[begin:count].copy(),
        latest=latest.copy() if direction == "backward" else -latest,
        onward=np.maximum(visits.onward[begin:count] - begin, -1),
        sites=_without(np.union1d(sites, start.sites).astype(np.int32), kind == "Site", position),
        lots=_without(lots, kind == "Lot", position),
        events=events,
        truncated_counts=_counts(cut, unfinished),
    )


def _without(positions: Int32Array, applies: bool, position: int) -> Int32Array:
    return positions[positions != position] if applies else positions


def _counts(cut: int, unfinished: int) -> dict[str, int]:
    counts = {"max_hops": int(cut), "max_nodes": int(unfinished)}
    return {name: count for name, count in counts.items() if count}
