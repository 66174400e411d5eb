# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportIncompatibleMethodOverride=false
"""Origin mass: the probability that the goods of a case were made at each site, and what stays unresolved.

Mass runs along the rows (:mod:`suyuan.traceback.massrows`) in an order in which every place is complete before it
passes anything on. Where undated movements form circles there is no such order; what is left then is solved as an
absorbing Markov chain.
"""

import numpy as np

from suyuan.graph.compiled import compiled
from suyuan.graph.snapshot import FloatArray, Int32Array, Int64Array
from suyuan.traceback.chainsolve import in_order
from suyuan.traceback.circles import solved_circles
from suyuan.traceback.lotmakers import (
    ends_there,
    given_makers,
    straight_to_makers,
    told_by_lots,
)
from suyuan.traceback.massgraph import MassGraph, Rows
from suyuan.traceback.massrows import visit
from suyuan.traceback.mixingmodel import Mixing
from suyuan.traceback.visits import Visits, place_of
from suyuan.traceback.walking import Walk


def passed_on(rows: Rows, first_mass: FloatArray) -> tuple[FloatArray, Int32Array]:
    """Mass on each movement, and the order of completion; circles and what hangs on them are left."""
    return in_order(rows.start, rows.far, rows.share, first_mass)


def mass_of(
    walk: Walk,
    mixing: Mixing,
    reached: Visits,
    starts: Int32Array,
    weights: FloatArray,
    *,
    product: int = -1,
    first_hop: int,
    max_hops: int,
    ways: bool = True,
) -> MassGraph:
    """Mass on all movements that a case can have come by.

    Parameters
    ----------
    reached : the visits of :func:`suyuan.traceback.reachability.reach` from the same movements with the
    same limits;
        mass stays among them, and a movement's limit is the one found there.
    starts, weights : first movements, each once, and their shares, which sum to at most 1.
    product : what the case is about, -1 where that is not known.
    first_hop : hop of the first movements.
    ways : whether the ways from origins are asked for. If not, goods whose lot names its maker go straight
        there, which is less work; origins and what stays unresolved are the same.

    Notes
    -----
    Where all that is left circles without a way out, the movements of that circle keep the mass: their rows
    become empty and their rest 1, with the gap CYCLE.
    """
    products = np.full(len(starts), product, np.int32)
    place, movement, rows, by_hops, by_nodes = visit(
        walk, mixing, reached, starts, products, first_hop, max_hops
    )
    first_mass = np.zeros(len(rows.made))
    first_mass[place] = weights
    movement, rows, first_mass = given_lots(walk, mixing, reached, movement, rows, first_mass, ways=ways)
    mass, order = passed_on(rows, first_mass)
    if len(order) < len(rows.made):
        rows, mass = solved_circles(rows, mass, order)
    return MassGraph(movement, rows, first_mass, mass, by_hops, by_nodes)


def given_lots(
    walk: Walk,
    mixing: Mixing,
    reached: Visits,
    movement: Int32Array,
    rows: Rows,
    first_mass: FloatArray,
    *,
    ways: bool,
) -> tuple[Int32Array, Rows, FloatArray]:
    """Movements of places, their rows and the first mass, given the makers that lots name, if they are asked for."""
    if not len(mixing.makers.site):
        return movement, rows, first_mass
    latest = limits_of(reached, movement)
    told = told_by_lots(mixing.makers, movement, rows, walk.carried, mixing.departed, latest)
    if not len(told.site):
        return movement, rows, first_mass
    if not ways:
        return *straight_to_makers(rows, movement, told), first_mass
    _, order = passed_on(rows, first_mass)
    left_over = np.setdiff1d(np.arange(len(movement), dtype=np.int32), order, assume_unique=True)
    chance = ends_there(rows, walk.leaves[movement], told, np.concatenate([left_over, order])[::-1].copy())
    return given_makers(rows, movement, first_mass, told, chance)


@compiled
def limits_of(reached: Visits, movement: Int32Array) -> Int64Array:
    """Latest time by which each of some movements that were reached can have left."""
    limit = np.empty(len(movement), np.int64)
    for i in range(len(movement)):
        limit[i] = reached.limit[place_of(reached, movement[i])]
    return limit
