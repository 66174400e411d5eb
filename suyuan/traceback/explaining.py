"""Why the origins of a case are what they are, who is licensed, where chains can be cut, and what to inspect next."""

import numpy as np

from suyuan.traceback.cases import CaseStart
from suyuan.traceback.chokepoints import choke_points
from suyuan.traceback.explanation import Explanation
from suyuan.traceback.inspections import next_inspections
from suyuan.traceback.licensing import NO_LICENCE, departures_by_site, licensing_of
from suyuan.traceback.massflow import flow_of
from suyuan.traceback.massgraph import MassGraph
from suyuan.traceback.preparation import Prepared, products_carried
from suyuan.traceback.results import Origin
from suyuan.traceback.standing import standing_of_site
from suyuan.traceback.ways import origin_ways


def explained(
    prepared: Prepared, start: CaseStart, graph: MassGraph, origins: tuple[Origin, ...], product: int
) -> Explanation:
    """Explain the origins of a case; ``product`` is the rank of its product, -1 unknown."""
    standing = tuple(standing_of_site(prepared.snapshot, one.site, prepared.as_of) for one in origins)
    if len(start.sites) or not len(graph.movement):
        nothing = tuple(NO_LICENCE for _ in origins)
        return Explanation(tuple(None for _ in origins), nothing, standing, (), ())
    flow = flow_of(graph.rows)
    product = _product(prepared, start, product)
    departures = departures_by_site(prepared, graph)
    licensing = tuple(
        licensing_of(prepared, origin.site, departures[origin.site], product) for origin in origins
    )
    from_site = prepared.snapshot.movements.from_site
    return Explanation(
        ways=origin_ways(prepared, graph, flow, origins),
        licensing=licensing,
        standing=standing,
        choke_points=choke_points(graph, flow, from_site, prepared.site_rank),
        next_inspections=next_inspections(prepared, graph, flow),
    )


def _product(prepared: Prepared, start: CaseStart, product: int) -> int:
    """The product of the case; where it names none, the one that all its first movements carry."""
    if product >= 0:
        return product
    carried = np.unique(products_carried(prepared.carried[start.movements], prepared.goods.lot_product))
    return int(carried[0]) if len(carried) == 1 else -1
