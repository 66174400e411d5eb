"""Why the origins of a case are what they are, who is licensed, where chains can be cut, and what to inspect next."""

from suyuan.traceback.cases import CaseStart
from suyuan.traceback.chokepoints import choke_points
from suyuan.traceback.explanation import Explanation, Licensing, Parts, Standing
from suyuan.traceback.inspections import next_inspections
from suyuan.traceback.licensing import NO_LICENCE, departures_by_site, licensing_of, product_judged
from suyuan.traceback.massflow import flow_of
from suyuan.traceback.massgraph import MassGraph
from suyuan.traceback.preparation import Prepared
from suyuan.traceback.results import Origin
from suyuan.traceback.standing import standing_of_site
from suyuan.traceback.ways import origin_ways


def explained(
    prepared: Prepared,
    start: CaseStart,
    graph: MassGraph,
    origins: tuple[Origin, ...],
    product: int,
    parts: Parts = Parts.EVERYTHING,
) -> Explanation:
    """Explain the origins of a case; ``product`` is the rank of its product, -1 unknown."""
    about = Parts.ORIGINS in parts
    standing = _standing(prepared, origins) if about else ()
    if len(start.sites) or not len(graph.movement):
        known = origins if about else ()
        return Explanation(parts, tuple(None for _ in known), tuple(NO_LICENCE for _ in known), standing)
    flow = flow_of(graph.rows)
    from_site = prepared.snapshot.movements.from_site
    return Explanation(
        parts,
        ways=origin_ways(prepared, graph, flow, origins) if about else (),
        licensing=_licensing(prepared, start, graph, origins, product) if about else (),
        standing=standing,
        choke_points=choke_points(graph, flow, from_site, prepared.site_rank)
        if Parts.CHOKE_POINTS in parts
        else (),
        next_inspections=next_inspections(prepared, graph, flow) if Parts.INSPECTIONS in parts else (),
    )


def _standing(prepared: Prepared, origins: tuple[Origin, ...]) -> tuple[Standing, ...]:
    return tuple(standing_of_site(prepared.snapshot, one.site, prepared.as_of) for one in origins)


def _licensing(
    prepared: Prepared, start: CaseStart, graph: MassGraph, origins: tuple[Origin, ...], product: int
) -> tuple[Licensing, ...]:
    departures = departures_by_site(prepared, graph, product_judged(prepared, start, product))
    return tuple(licensing_of(prepared, origin.site, departures[origin.site]) for origin in origins)
