"""The most probable way of the goods from each origin, with the reasons that records give for every hop."""

from itertools import pairwise

import numpy as np

from suyuan.graph.snapshot import NOTHING_KNOWN, GraphSnapshot, Int32Array
from suyuan.traceback.explanation import Agreement, OriginWay
from suyuan.traceback.massflow import Flow, likeliest
from suyuan.traceback.massgraph import MassGraph
from suyuan.traceback.preparation import Prepared
from suyuan.traceback.results import Origin


def origin_ways(
    prepared: Prepared, graph: MassGraph, flow: Flow, origins: tuple[Origin, ...]
) -> tuple[OriginWay, ...]:
    """One chain for each origin, in their order; of equally probable ones the one found first."""
    best, before = likeliest(graph.rows, flow, graph.first_mass)
    made = np.flatnonzero(graph.rows.made & (graph.mass > 0.0))
    made = made[np.argsort(-best[made], kind="stable")]
    sites = prepared.snapshot.movements.from_site[graph.movement[made]]
    _, first = np.unique(sites, return_index=True)
    ends = dict(zip(sites[first].tolist(), made[first].tolist(), strict=True))
    return tuple(_way(prepared, graph, best, before, ends[origin.site]) for origin in origins)


def _way(prepared: Prepared, graph: MassGraph, best: np.ndarray, before: Int32Array, end: int) -> OriginWay:
    places = [end]
    while before[places[-1]] >= 0:
        places.append(int(before[places[-1]]))
    reached = [float(best[place]) for place in places]
    movements = [int(graph.movement[place]) for place in places]
    shares = [one / other for one, other in zip(reached, [*reached[1:], 1.0], strict=True)]
    agreements = [agreement_of(prepared, near, far) for far, near in pairwise(movements)]
    return OriginWay(reached[0], tuple(movements), tuple(shares), tuple(agreements))


def agreement_of(prepared: Prepared, near: int, far: int) -> Agreement:
    """How the recorded goods of two movements that follow one another agree."""
    snapshot = prepared.snapshot
    lot, other_lot = lot_of(snapshot, near), lot_of(snapshot, far)
    product, other_product = product_of(snapshot, near), product_of(snapshot, far)
    if product >= 0 and other_product >= 0 and product != other_product:
        return Agreement.PROCESSED
    if lot >= 0 and other_lot >= 0:
        code = snapshot.nodes["Lot"].columns["code"]
        return Agreement.SAME_LOT if code[lot] == code[other_lot] else Agreement.PROCESSED
    known = product >= 0 and other_product >= 0
    return Agreement.SAME_PRODUCT if known else Agreement.UNKNOWN


def lot_of(snapshot: GraphSnapshot, movement: int) -> int:
    """Position of the lot that a movement carries, -1 unknown."""
    return max(int(snapshot.movements.goods[movement]), -1)


def product_of(snapshot: GraphSnapshot, movement: int) -> int:
    """Position of the product that a movement carries, -1 unknown."""
    carried = int(snapshot.movements.goods[movement])
    if carried >= 0:
        return int(snapshot.nodes["Lot"].columns["product"][carried])
    return -1 if carried == NOTHING_KNOWN else -carried - 2
