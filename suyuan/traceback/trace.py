"""One trace: from a case to origins, gaps, paths and everything reachable."""

from typing import Final, NamedTuple

import numpy as np

from suyuan.errors import ParameterError
from suyuan.graph.ordering import distinct
from suyuan.graph.snapshot import Int32Array
from suyuan.traceback.cases import CaseStart, case_product, first_movements, lead_subject, origin_start
from suyuan.traceback.eventchains import chains_from
from suyuan.traceback.events import events_and_lots
from suyuan.traceback.explaining import explained
from suyuan.traceback.explanation import Explanation, Parts
from suyuan.traceback.mass import mass_of
from suyuan.traceback.massgraph import MassGraph
from suyuan.traceback.mixingmodel import Mixing
from suyuan.traceback.outcomes import at_sites, origins_of, unresolved_of
from suyuan.traceback.parameters import DEFAULT_LIMITS, TraceLimits
from suyuan.traceback.paths import best_paths
from suyuan.traceback.preparation import Prepared
from suyuan.traceback.reachability import ends_of, reach
from suyuan.traceback.results import Direction, Origin, OriginPath, Reach, TraceResult, Unresolved
from suyuan.traceback.visits import Visits

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
    explain: Parts = Parts.NOTHING,
) -> TraceResult:
    """Where the goods of a case were made, or where goods from there can have gone.

    Parameters
    ----------
    kind, position : the case, one of :data:`suyuan.traceback.cases.START_KINDS`.
    paths : how many of the most probable chains to give.
    explain : what to say besides: why and who is licensed, where chains can be cut, what to inspect next (backward
        only).

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
    walked = walk_from(prepared, start, direction, limits)
    answer = NO_ANSWER
    if direction == "backward":
        product = case_product(prepared, kind, position)
        ways = paths > 0 or bool(explain)
        graph = mass_graph(prepared, start, walked, limits, product=product, ways=ways)
        answer = _answer(prepared, start, graph, product, paths, explain)
    reached = _reached(prepared, start, walked, kind, position, direction)
    event_chains, more = (
        chains_from(prepared.snapshot, position, as_of=prepared.as_of)
        if (kind, direction) == ("Lot", "backward")
        else ((), 0)
    )
    return TraceResult(
        kind=kind,
        position=position,
        rule=start.rule,
        direction=direction,
        origins=answer.origins,
        unresolved=answer.unresolved,
        paths=answer.paths,
        reach=reached,
        truncated_counts=reached.truncated_counts | answer.counts | ({"event_chains": more} if more else {}),
        event_chains=event_chains,
        explanation=answer.explanation,
    )


class Answer(NamedTuple):
    """What the mass of a case tells, and how many rows the limits cut."""

    origins: tuple[Origin, ...]
    unresolved: tuple[Unresolved, ...]
    paths: tuple[OriginPath, ...]
    counts: dict[str, int]
    explanation: Explanation | None


NO_ANSWER: Final = Answer((), (), (), {}, None)


def _answer(
    prepared: Prepared, start: CaseStart, graph: MassGraph, product: int, paths: int, explain: Parts
) -> Answer:
    """Origins, gaps and ways of a backward trace."""
    origins, unresolved = ends_of_case(prepared, start, graph, product)
    movements = prepared.snapshot.movements
    chains = best_paths(graph, movements.from_site, movements.to_site, wanted=paths)
    counts = _counts(graph.cut_by_hops, graph.cut_by_nodes, "mass_")
    explanation = explained(prepared, start, graph, origins, product, explain) if explain else None
    return Answer(origins, unresolved, chains, counts, explanation)


class Walked(NamedTuple):
    """What a walk from the first movements of a case visited, and how much the limits cut."""

    visits: Visits
    cut_by_hops: int
    cut_by_nodes: int


def walk_from(
    prepared: Prepared,
    start: CaseStart,
    direction: Direction = "backward",
    limits: TraceLimits = DEFAULT_LIMITS,
) -> Walked:
    """Walk from the first movements of a case to all that is reachable."""
    walk = prepared.backward if direction == "backward" else prepared.forward
    first_hop = 0 if start.is_start else 1
    return Walked(*reach(walk, start.movements, first_hop, limits.max_hops, limits.max_nodes))


def mass_graph(
    prepared: Prepared,
    start: CaseStart,
    walked: Walked,
    limits: TraceLimits = DEFAULT_LIMITS,
    *,
    product: int = -1,
    ways: bool = True,
    mixing: Mixing | None = None,
) -> MassGraph:
    """The mass of a case on all movements it can have come by.

    Parameters
    ----------
    walked : the walk backward from the case
    product : what it is about, -1 where that is not known
    mixing : another model than that of the prepared parameters
    ways : whether chains are asked for (:func:`suyuan.traceback.mass.mass_of`)
    """
    return mass_of(
        prepared.backward,
        mixing or prepared.mixing,
        walked.visits,
        start.movements,
        start.weights,
        product=product,
        first_hop=0 if start.is_start else 1,
        max_hops=limits.max_hops,
        ways=ways,
    )


def ends_of_case(
    prepared: Prepared, start: CaseStart, graph: MassGraph, product: int
) -> tuple[tuple[Origin, ...], tuple[Unresolved, ...]]:
    """Origins and gaps of a backward trace."""
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
    walked = walk_from(prepared, start, "backward", limits)
    graph = mass_graph(prepared, start, walked, limits, product=product, ways=False)
    origins, _ = ends_of_case(prepared, start, graph, product)
    return origin_start(prepared, np.array([origin.site for origin in origins], np.int32), product)


def _reached(
    prepared: Prepared, start: CaseStart, walked: Walked, kind: str, position: int, direction: Direction
) -> Reach:
    """All that goods of a case can have come from, or gone to; the case itself left out."""
    visits = walked.visits
    count = int(visits.count[0])
    begin = len(start.movements) if start.is_start else 0
    movements = visits.movement[begin:count].copy()
    columns = prepared.snapshot.movements
    sites, lots = ends_of(movements, columns.from_site, columns.to_site, columns.goods)
    events, lots = events_and_lots(prepared.snapshot, kind, position, lots, direction, prepared.as_of)
    latest = visits.limit[begin:count]
    return Reach(
        movements=movements,
        hops=visits.hop[begin:count].copy(),
        latest=latest.copy() if direction == "backward" else -latest,
        onward=np.maximum(visits.onward[begin:count] - begin, -1),
        sites=_without(distinct(np.concatenate([sites, start.sites])), kind == "Site", position),
        lots=_without(lots, kind == "Lot", position),
        events=events,
        truncated_counts=_counts(walked.cut_by_hops, walked.cut_by_nodes),
    )


def _without(positions: Int32Array, applies: bool, position: int) -> Int32Array:
    return positions[positions != position] if applies else positions


def _counts(by_hops: int, by_nodes: int, prefix: str = "") -> dict[str, int]:
    counts = {f"{prefix}max_hops": int(by_hops), f"{prefix}max_nodes": int(by_nodes)}
    return {name: count for name, count in counts.items() if count}
