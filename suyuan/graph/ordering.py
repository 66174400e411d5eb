"""Counting sorts that snapshots are put in order with."""

import numpy as np

from suyuan.graph.compiled import compiled
from suyuan.graph.snapshot import Int32Array, Int64Array

_RUN = 16


@compiled
def group_order(group: np.ndarray, key: np.ndarray, n_groups: int) -> tuple[np.ndarray, np.ndarray]:
    """Order by (group, key), equal ones as they came.

    Parameters
    ----------
    group : integers in [0, n_groups), shape (n,).
    key : int64, shape (n,).

    Returns
    -------
    order : int32, shape (n,).
    start : int64, shape (n_groups + 1,): group g is ``order[start[g]:start[g + 1]]``.

    Notes
    -----
    A counting sort by group, then a merge sort within each group. Numba's own ``argsort`` would do, but takes
    seconds to compile.
    """
    order, start = group_places(group, n_groups)
    scratch = np.empty(len(order), np.int32)
    for g in range(n_groups):
        low, high = start[g], start[g + 1]
        for begin in range(low, high, _RUN):
            _insertion_sort(order, key, begin, min(begin + _RUN, high))
        width = _RUN
        while width < high - low:
            for begin in range(low, high - width, 2 * width):
                _merge(order, key, begin, begin + width, min(begin + 2 * width, high), scratch)
            width *= 2
    return order, start


@compiled
def _insertion_sort(order: np.ndarray, key: np.ndarray, begin: int, end: int) -> None:
    for i in range(begin + 1, end):
        moving = order[i]
        j = i
        while j > begin and key[order[j - 1]] > key[moving]:
            order[j] = order[j - 1]
            j -= 1
        order[j] = moving


@compiled
def _merge(
    order: np.ndarray, key: np.ndarray, begin: int, middle: int, end: int, scratch: np.ndarray
) -> None:
    """Merges two sorted neighbours; the left one wins ties."""
    if key[order[middle - 1]] <= key[order[middle]]:
        return
    left = middle - begin
    for i in range(left):
        scratch[i] = order[begin + i]
    i, j, k = 0, middle, begin
    while i < left:
        if j < end and key[order[j]] < key[scratch[i]]:
            order[k] = order[j]
            j += 1
        else:
            order[k] = scratch[i]
            i += 1
        k += 1


@compiled
def group_places(group: np.ndarray, n_groups: int) -> tuple[np.ndarray, np.ndarray]:
    """The same without a key: a stable counting sort."""
    start = np.zeros(n_groups + 1, np.int64)
    for i in range(len(group)):
        start[group[i] + 1] += 1
    for g in range(n_groups):
        start[g + 1] += start[g]
    place = start[:-1].copy()
    order = np.empty(len(group), np.int32)
    for i in range(len(group)):
        order[place[group[i]]] = i
        place[group[i]] += 1
    return order, start


def starts(sorted_group: Int32Array, n_groups: int) -> Int64Array:
    """Where each group begins in a sorted array; shape (n_groups + 1,)."""
    return np.searchsorted(sorted_group, np.arange(n_groups + 1)).astype(np.int64)
