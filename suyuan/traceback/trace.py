"""One trace: from a case to origins, gaps, paths and everything reachable."""

import numpy as np

from suyuan.errors import ParameterError
from suyuan.graph.snapshot import Int32Array
from suyuan.traceback.cases import CaseStart, case_product, first_movements, lead_subject, origin_start
from suyuan.traceback.events import events_and_lots
from suyuan.traceback.mass import mass_of
from suyuan.traceback.massgraph import MassGraph
from suyuan.traceback.outcomes import at_sites, origins_of, unresolved_of
from suyuan.traceback.parameters import DEFAULT_LIMITS, TraceLimits
from suyuan.traceback.paths import best_paths
from suyuan.traceback.preparation import Prepared
from suyuan.traceback.reachability import ends_of, reach
from suyuan.traceback.results import Direction, Origin, Reach, TraceResult, Unresolved

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
    if direction == "forward":
        start = _forward_start(prepared, start, kind, position, limits)
        graph = None
    else:
        graph = mass_graph(prepared, start, limits)
    ends = _ends(prepared, start, graph, case_product(prepared, kind, position))
    reached = reach_of(prepared, start, kind, position, direction, limits)
    counts = dict(reached.truncated_counts)
    if graph is not None:
        counts |= _counts(graph.cut_by_hops, graph.cut_by_nodes, "mass_")
    movements = prepared.snapshot.movements
    return TraceResult(
        kind=kind,
        position=position,
        rule=start.rule,
        direction=direction,
        origins=ends[0],
        unresolved=ends[1],
        paths=()
        if graph is None
        else best_paths(graph, movements.from_site, movements.to_site, wanted=paths),
        reach=reached,
        truncated_counts=counts,
    )


def mass_graph(prepared: Prepared, start: CaseStart, limits: TraceLimits = DEFAULT_LIMITS) -> MassGraph:
    """The mass of a case on all movements it can have come by."""
    return mass_of(
        prepared.backward,
        prepared.mixing,
        start.movements,
        start.weights,
        first_hop=0 if start.is_start else 1,
        max_hops=limits.max_hops,
        max_nodes=limits.max_nodes,
    )


def _ends(
    prepared: Prepared, start: CaseStart, graph: MassGraph | None, product: int
) -> tuple[tuple[Origin, ...], tuple[Unresolved, ...]]:
    """Origins and gaps of a backward trace."""
    if graph is None:
        return (), ()
    if len(start.sites):
        return at_sites(prepared, start.sites, start.site_weights, product)
    return origins_of(prepared, graph), unresolved_of(prepared, graph)


def _forward_start(
    prepared: Prepared, start: CaseStart, kind: str, position: int, limits: TraceLimits
) -> CaseStart:
    """A case that ends its chain starts forward at its origins."""
    subject = lead_subject(prepared, position) if kind == "Lead" else (kind, position)
    if subject is None or subject[0] not in END_KINDS:
        return start
    product = case_product(prepared, *subject)
    origins, _ = _ends(prepared, start, mass_graph(prepared, start, limits), product)
    return origin_start(prepared, np.array([origin.site for origin in origins], np.int32), product)


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


def _counts(by_hops: int, by_nodes: int, prefix: str = "") -> dict[str, int]:
    counts = {f"{prefix}max_hops": int(by_hops), f"{prefix}max_nodes": int(by_nodes)}
    return {name: count for name, count in counts.items() if count}
