# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportIncompatibleMethodOverride=false
"""Bounds for movements of which neither time is known, from what surrounds them.

The goods of such a movement must first have come to where it left: it cannot have arrived before the
earliest of the movements that can have supplied it. Likewise it cannot have left after the latest of those
that can have carried its goods on. Bounds run along chains of undated movements. A place that makes goods
bounds nothing, nor does one where no fitting movement is recorded.
"""

import numpy as np

from suyuan.graph.compiled import compiled
from suyuan.graph.snapshot import BoolArray, Int32Array, Int64Array
from suyuan.traceback.goods import DISAGREE, product_of
from suyuan.traceback.times import EARLIEST, LATEST
from suyuan.traceback.walking import Walk, agrees, recorded_far, streams_for


def inferred_keys(walk: Walk, undated: Int32Array, is_undated: BoolArray, free_site: BoolArray) -> Int64Array:
    """Keys of undated movements: the least key among those that can lie beyond them.

    Parameters
    ----------
    walk : with keys of their own times, EARLIEST where undated; its loose lists are not used.
    undated : int32, positions of the undated movements.
    is_undated : bool, shape (n_movements,).
    free_site : bool, shape (n_sites,), sites that bound nothing.

    Returns
    -------
    int64, one for each of ``undated``; EARLIEST where nothing bounds it.
    """
    if not len(undated):
        return np.empty(0, np.int64)
    order = np.lexsort((walk.carried[undated], walk.leaves[undated])).astype(np.int32)
    keys = np.full(len(walk.key), EARLIEST, np.int64)
    sorted_undated = undated[order]
    keys[sorted_undated] = LATEST
    _settle(walk, sorted_undated, is_undated, free_site, keys)
    found = keys[undated]
    found[found == LATEST] = EARLIEST
    return found


@compiled
def _settle(
    walk: Walk, undated: Int32Array, is_undated: BoolArray, free_site: BoolArray, keys: Int64Array
) -> None:
    """Lower the keys of undated movements until nothing changes; LATEST stays where only a circle leads."""
    changed = True
    while changed:
        changed = False
        before = -1
        least = LATEST
        for m in undated:
            if free_site[walk.leaves[m]]:
                least = EARLIEST
            elif not _same_question(walk, before, m):
                least = _least_beyond(walk, m, is_undated, keys)
            before = m
            if least < keys[m]:
                keys[m] = least
                changed = True


@compiled
def _same_question(walk: Walk, one: int, other: int) -> bool:
    """Whether two movements are surely bounded alike."""
    if one < 0 or len(walk.recorded.start) > 1 or walk.longest_stay > 0:
        return False
    return walk.leaves[one] == walk.leaves[other] and walk.carried[one] == walk.carried[other]


@compiled
def _least_beyond(walk: Walk, near: int, is_undated: BoolArray, keys: Int64Array) -> int:
    """Least key among the movements one step away; EARLIEST if there is none."""
    least = LATEST
    count = 0
    low, high = recorded_far(walk, near)
    for place in range(low, high):
        far = walk.recorded.far[place]
        count += 1
        least = min(least, keys[far] if is_undated[far] else walk.key[far])
    if low < high:
        return least
    product = product_of(walk.carried[near], walk.goods.lot_product)
    for stream in streams_for(walk, walk.leaves[near], product):
        for place in range(walk.start[stream], walk.start[stream + 1]):
            far = walk.order[place]
            if agrees(walk, near, far) == DISAGREE:
                continue
            count += 1
            if not is_undated[far]:
                least = min(least, walk.key[far])
                break
            least = min(least, keys[far])
    return least if count > 0 else EARLIEST
