# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportIncompatibleMethodOverride=false
"""Simple scores of origins, to compare the origin mass with: what other ways of tracing would answer.

All of them know which origins a case can have come from, by the same feasible steps as the mass, and stop
where the goods are made; none of them weighs one way against another.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from suyuan.graph.compiled import compiled
from suyuan.graph.snapshot import FloatArray, Int32Array, Int64Array
from suyuan.traceback.goods import product_of
from suyuan.traceback.mixing import is_made_at
from suyuan.traceback.mixingmodel import Mixing
from suyuan.traceback.preparation import Prepared
from suyuan.traceback.visits import Visits, add_visit, empty_visits, enlarged, place_of
from suyuan.traceback.walking import NOTHING_SCANNED, Walk, steps


@dataclass(frozen=True, slots=True)
class Reached:
    """Origins that a case can have come from.

    Parameters
    ----------
    sites : int32, shape (n,)
        Positions, sorted.
    hops : int32, shape (n,)
        Movements on the shortest chain from each.
    paths : float64, shape (n,)
        Number of chains from each that hold no circle.
    """

    sites: Int32Array
    hops: Int32Array
    paths: FloatArray


def reached_origins(prepared: Prepared, visits: Visits, starts: Int32Array) -> Reached:
    """Origins reachable from first movements.

    Parameters
    ----------
    visits : of the walk backward from them (:func:`suyuan.traceback.trace.walk_from`).
    """
    movement, hops, paths = _made(prepared.backward, prepared.mixing, visits, starts)
    sites = prepared.snapshot.movements.from_site[movement]
    found, place = np.unique(sites, return_inverse=True)
    shortest = np.full(len(found), np.iinfo(np.int32).max, np.int32)
    np.minimum.at(shortest, place, hops)
    return Reached(found, shortest, np.bincount(place, weights=paths, minlength=len(found)))


@compiled
def _made(
    walk: Walk, mixing: Mixing, reached: Visits, starts: Int32Array
) -> tuple[Int32Array, Int32Array, FloatArray]:
    """Movements out of origins, with the hops and the number of chains to each."""
    visits = empty_visits(64)
    for start in starts:
        visits = add_visit(visits, start, 1, 0, -1)
    row_start = np.zeros(64, np.int64)
    rows = np.empty(256, np.int32)
    made = np.zeros(64, np.bool_)
    room = (np.empty(256, np.int32), np.empty(256, np.int32))
    filled, place = 0, 0
    while place < visits.count[0]:
        if place + 1 >= len(row_start):
            row_start, made = enlarged(row_start, 0), enlarged(made, 0)
        near = visits.movement[place]
        product = product_of(walk.carried[near], walk.goods.lot_product)
        made[place] = is_made_at(walk, mixing, near, product)
        if not made[place]:
            limit = reached.limit[place_of(reached, near)]
            count, found, kinds = steps(walk, near, limit, NOTHING_SCANNED, room[0], room[1])
            room = (found, kinds)
            if filled + count > len(rows):
                rows = enlarged(rows, filled + count)
            for i in range(count):
                if place_of(reached, found[i]) < 0:
                    continue
                if place_of(visits, found[i]) < 0:
                    visits = add_visit(visits, found[i], visits.hop[place] + 1, 0, place)
                rows[filled] = place_of(visits, found[i])
                filled += 1
        place += 1
        row_start[place] = filled
    paths = _chains(row_start[: place + 1], rows[:filled], len(starts))
    ends = np.flatnonzero(made[:place])
    return visits.movement[ends], visits.hop[ends], paths[ends]


@compiled
def _chains(row_start: Int64Array, rows: Int32Array, n_starts: int) -> FloatArray:
    """Number of chains from the starts to each place; places in circles, and beyond them, are not counted."""
    n = len(row_start) - 1
    waiting = np.zeros(n, np.int64)
    for entry in range(len(rows)):
        waiting[rows[entry]] += 1
    paths = np.zeros(n)
    for place in range(n_starts):
        paths[place] = 1.0
    stack = np.empty(n, np.int64)
    height = 0
    for place in range(n):
        if waiting[place] == 0:
            stack[height] = place
            height += 1
    while height > 0:
        height -= 1
        place = stack[height]
        for entry in range(row_start[place], row_start[place + 1]):
            paths[rows[entry]] += paths[place]
            waiting[rows[entry]] -= 1
            if waiting[rows[entry]] == 0:
                stack[height] = rows[entry]
                height += 1
    return paths


def shares_of_cases(cases: Sequence[Reached]) -> list[FloatArray]:
    """For each case, by site: the share of all cases that the site can have supplied."""
    counts: dict[int, int] = {}
    for case in cases:
        for site in case.sites.tolist():
            counts[site] = counts.get(site, 0) + 1
    return [np.array([counts[site] / len(cases) for site in case.sites.tolist()]) for case in cases]


def path_counts(case: Reached) -> FloatArray:
    """By site: the number of chains."""
    return case.paths


def nearness(case: Reached) -> FloatArray:
    """By site: the shorter the shortest chain, the higher."""
    return -case.hops.astype(np.float64)


def indifference(case: Reached) -> FloatArray:
    """By site: all alike, so that the order is left to chance."""
    return np.zeros(len(case.sites))
