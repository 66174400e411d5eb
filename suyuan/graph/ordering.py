"""Counting sorts that snapshots are put in order with."""

import numpy as np

from suyuan.graph.compiled import compiled
from suyuan.graph.snapshot import Int32Array, Int64Array

_SHORT = 24


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
    """
    order, start = group_places(group, n_groups)
    for g in range(n_groups):
        low, high = start[g], start[g + 1]
        if high - low > _SHORT:
            part = order[low:high].copy()
            order[low:high] = part[np.argsort(key[part], kind="mergesort")]
            continue
        for i in range(low + 1, high):
            moving = order[i]
            j = i
            while j > low and key[order[j - 1]] > key[moving]:
                order[j] = order[j - 1]
                j -= 1
            order[j] = moving
    return order, start


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
