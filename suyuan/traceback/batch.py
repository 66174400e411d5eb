# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false
"""Origins of many cases in one pass: what their chains share is weighed once.

Each place of the mass graph of all cases has one distribution over origins: the mean, by shares, of those of the
places it passes mass on to. Distributions are found from the origins forward, so each place costs as much as its row is
long, however many cases lead there. Cases are taken in parts, which bounds memory.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from typing import Final, NamedTuple

import numpy as np

from suyuan.graph.compiled import compiled
from suyuan.graph.snapshot import BoolArray, FloatArray, Int32Array, Int64Array
from suyuan.traceback.cases import CaseStart, case_product, first_movements
from suyuan.traceback.mass import given_lots, passed_on
from suyuan.traceback.massgraph import Rows
from suyuan.traceback.massrows import visit
from suyuan.traceback.outcomes import at_sites
from suyuan.traceback.parameters import DEFAULT_LIMITS, TraceLimits
from suyuan.traceback.preparation import Prepared
from suyuan.traceback.reachability import reach
from suyuan.traceback.trace import trace
from suyuan.traceback.visits import enlarged

CASES_A_PART: Final = 4096

Progress = Callable[[int], None]
"""Told how many cases are done."""


class OriginTable(NamedTuple):
    """Origins of cases: case i has ``site[start[i]:start[i + 1]]``, by position, with ``probability``, and
    ``unresolved[i]``.
    """

    start: Int64Array
    site: Int32Array
    probability: FloatArray
    unresolved: FloatArray


class Distributions(NamedTuple):
    """Distributions of places over sites, in ``[begin[i], end[i])``; the last site number stands for what stays
    unresolved. ``circling[i]``: undated movements in a circle lie behind place i, nothing is told of it.
    """

    begin: Int64Array
    end: Int64Array
    site: Int32Array
    probability: FloatArray
    circling: BoolArray


def origin_table(
    prepared: Prepared,
    cases: Sequence[tuple[str, int]],
    *,
    limits: TraceLimits = DEFAULT_LIMITS,
    progress: Progress | None = None,
) -> OriginTable:
    """Origins of many cases, as :func:`suyuan.traceback.trace.trace` gives them one by one.

    Parameters
    ----------
    cases : kinds and positions

    Notes
    -----
    Hops are counted from the nearest case of a part, and an undated movement is placed by the latest time that any of
    them leaves it, where a trace of one case goes by that case alone. Cases with undated circles behind them are
    traced one by one. Parts are worked on by as many threads as there are processors; each holds about 30
    bytes for each origin of each movement it touches.
    """
    _ = prepared.backward, prepared.mixing
    parts = [cases[low : low + CASES_A_PART] for low in range(0, len(cases), CASES_A_PART)]
    found: list[list[tuple[Int32Array, FloatArray, float]]] = []
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for part in threads.map(_part, repeat(prepared), parts, repeat(limits)):
            found.append(part)
            if progress is not None:
                progress(sum(map(len, found)))
    return _table([case for part in found for case in part])


def _table(cases: Sequence[tuple[Int32Array, FloatArray, float]]) -> OriginTable:
    sizes = [len(sites) for sites, _, _ in cases]
    nothing = np.empty(0, np.int32)
    return OriginTable(
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        np.concatenate([nothing, *(sites for sites, _, _ in cases)]).astype(np.int32),
        np.concatenate([np.empty(0), *(probability for _, probability, _ in cases)]),
        np.array([unresolved for _, _, unresolved in cases], np.float64),
    )


def _part(
    prepared: Prepared, cases: Sequence[tuple[str, int]], limits: TraceLimits
) -> list[tuple[Int32Array, FloatArray, float]]:
    """Sites, their probabilities and the unresolved share of each case."""
    starts = [first_movements(prepared, *case) for case in cases]
    products = [case_product(prepared, *case) for case in cases]
    sizes = [len(start.movements) for start in starts]
    movements = np.concatenate([np.empty(0, np.int32), *(start.movements for start in starts)])
    wanted = np.repeat(np.array(products, np.int32), sizes)
    place, told = _distributions(prepared, movements.astype(np.int32), wanted, limits)
    first = np.concatenate([[0], np.cumsum(sizes)])
    return [
        _case(prepared, case, start, product, place[low : low + len(start.movements)], told, limits)
        for case, start, product, low in zip(cases, starts, products, first.tolist(), strict=False)
    ]


def _distributions(
    prepared: Prepared, movements: Int32Array, products: Int32Array, limits: TraceLimits
) -> tuple[Int32Array, Distributions]:
    """Place of each first movement, and the distributions of all places."""
    walk, mixing = prepared.backward, prepared.mixing
    visits, _, _ = reach(walk, np.unique(movements), 1, limits.max_hops, limits.max_nodes)
    place, movement, rows, _, _ = visit(walk, mixing, visits, movements, products, 1, limits.max_hops)
    nothing = np.zeros(len(rows.made))
    movement, rows, _ = given_lots(walk, mixing, visits, movement, rows, nothing, ways=False)
    _, order = passed_on(rows, nothing)
    leaves = prepared.snapshot.movements.from_site[movement]
    return place, distributions(rows, leaves, order, len(prepared.snapshot.nodes["Site"]))


@compiled
def distributions(rows: Rows, leaves: Int32Array, order: Int32Array, n_sites: int) -> Distributions:
    """Distributions of all places, from the last in the order of completion to the first."""
    n = len(rows.made)
    begin, end = np.zeros(n, np.int64), np.zeros(n, np.int64)
    circling = np.ones(n, np.bool_)
    site, probability = np.empty(4 * n + 16, np.int32), np.empty(4 * n + 16)
    total, touched = np.zeros(n_sites + 1), np.empty(n_sites + 1, np.int32)
    filled = 0
    for back in range(len(order)):
        place = order[len(order) - 1 - back]
        count = add_up(rows, place, leaves, begin, end, site, probability, circling, total, touched)
        if filled + count > len(site):
            site, probability = enlarged(site, filled + count), enlarged(probability, filled + count)
        begin[place] = filled
        for i in range(count):
            site[filled], probability[filled] = touched[i], total[touched[i]]
            total[touched[i]] = 0.0
            filled += 1
        end[place] = filled
    return Distributions(begin, end, site[:filled].copy(), probability[:filled].copy(), circling)


@compiled
def add_up(
    rows: Rows,
    place: int,
    leaves: Int32Array,
    begin: Int64Array,
    end: Int64Array,
    site: Int32Array,
    probability: FloatArray,
    circling: BoolArray,
    total: FloatArray,
    touched: Int32Array,
) -> int:
    """Add up into ``total`` what becomes of a unit at a place; how many sites, which ``touched`` names."""
    count = 0
    circling[place] = False
    own = rows.rest[place] + rows.lost[place]
    last = len(total) - 1
    if rows.made[place] or own > 0.0:
        touched[count] = leaves[place] if rows.made[place] else last
        total[touched[count]] = 1.0 if rows.made[place] else own
        count += 1
    for entry in range(rows.start[place], rows.start[place + 1]):
        far = rows.far[entry]
        circling[place] = circling[place] or circling[far]
        for i in range(begin[far], end[far]):
            if rows.share[entry] * probability[i] <= 0.0:
                continue
            if total[site[i]] == 0.0:
                touched[count] = site[i]
                count += 1
            total[site[i]] += rows.share[entry] * probability[i]
    return count


def _case(
    prepared: Prepared,
    case: tuple[str, int],
    start: CaseStart,
    product: int,
    places: Int32Array,
    told: Distributions,
    limits: TraceLimits,
) -> tuple[Int32Array, FloatArray, float]:
    if len(start.sites):
        origins, gaps = at_sites(prepared, start.sites, start.site_weights, product)
    elif told.circling[places].any():
        result = trace(prepared, *case, limits=limits, paths=0)
        origins, gaps = result.origins, result.unresolved
    else:
        last = len(prepared.snapshot.nodes["Site"])
        return mean_of(told, places, start.weights, last)
    sites = np.array([origin.site for origin in origins], np.int32)
    order = np.argsort(sites)
    probability = np.array([origin.probability for origin in origins], np.float64)
    return sites[order], probability[order], float(sum(gap.probability for gap in gaps))


@compiled
def mean_of(
    told: Distributions, places: Int32Array, weights: FloatArray, last: int
) -> tuple[Int32Array, FloatArray, float]:
    """The mean of the distributions of some places, by weight: sites, their probabilities, what is unresolved."""
    size = 0
    for place in places:
        size += told.end[place] - told.begin[place]
    sites, parts = np.empty(size, np.int32), np.empty(size)
    filled, unresolved = 0, 0.0
    for i in range(len(places)):
        for entry in range(told.begin[places[i]], told.end[places[i]]):
            if told.site[entry] == last:
                unresolved += weights[i] * told.probability[entry]
            else:
                sites[filled], parts[filled] = told.site[entry], weights[i] * told.probability[entry]
                filled += 1
    order = np.argsort(sites[:filled], kind="mergesort")
    found, sums, count = np.empty(filled, np.int32), np.zeros(filled), 0
    for place in order:
        if count == 0 or found[count - 1] != sites[place]:
            found[count] = sites[place]
            count += 1
        sums[count - 1] += parts[place]
    return found[:count].copy(), sums[:count].copy(), unresolved
