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
    keys = np.empty(len(order), np.int64)
    for i in range(len(order)):
        keys[i] = key[order[i]]
    kept_order, kept_keys = np.empty_like(order), np.empty_like(keys)
    for g in range(n_groups):
        low, high = start[g], start[g + 1]
        for begin in range(low, high, _RUN):
            _insertion_sort(order, keys, begin, min(begin + _RUN, high))
        width = _RUN
        while width < high - low:
            for begin in range(low, high - width, 2 * width):
                end = min(begin + 2 * width, high)
                _merge(order, keys, (begin, begin + width, end), kept_order, kept_keys)
            width *= 2
    return order, start


@compiled
def _insertion_sort(order: np.ndarray, keys: np.ndarray, begin: int, end: int) -> None:
    for i in range(begin + 1, end):
        moving, moving_key = order[i], keys[i]
        j = i
        while j > begin and keys[j - 1] > moving_key:
            order[j], keys[j] = order[j - 1], keys[j - 1]
            j -= 1
        order[j], keys[j] = moving, moving_key


@compiled
def _merge(
    order: np.ndarray,
    keys: np.ndarray,
    span: tuple[int, int, int],
    kept_order: np.ndarray,
    kept_keys: np.ndarray,
) -> None:
    """Merges two sorted neighbours, ``begin:middle`` and ``middle:end``; the left one wins ties."""
    begin, middle, end = span
    if keys[middle - 1] <= keys[middle]:
        return
    for i in range(begin, middle):
        kept_order[i], kept_keys[i] = order[i], keys[i]
    i, j = begin, middle
    for k in range(begin, end):
        if i == middle:
            return
        if j < end and keys[j] < kept_keys[i]:
            order[k], keys[k] = order[j], keys[j]
            j += 1
        else:
            order[k], keys[k] = kept_order[i], kept_keys[i]
            i += 1


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


def chosen_rows(start: Int64Array, rows: np.ndarray) -> tuple[Int64Array, Int64Array]:
    """Some rows of a table, row i being entries ``start[i]:start[i + 1]``, put one behind the other in the order given.

    Returns
    -------
    Where each then begins, shape (n_rows + 1,), and which entries they are.

    Examples
    --------
    >>> chosen_rows(np.array([0, 2, 2, 5]), np.array([2, 0]))
    (array([0, 3, 5]), array([2, 3, 4, 0, 1]))
    """
    sizes = np.diff(start)[rows]
    begins = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return begins, np.arange(begins[-1]) + np.repeat(start[rows] - begins[:-1], sizes)


def distinct(values: np.ndarray) -> np.ndarray:
    """The distinct values of an integer array, sorted: ``np.unique``, which is many times slower.

    Examples
    --------
    >>> distinct(np.array([3, 1, 3]))
    array([1, 3])
    """
    ordered = np.sort(values)
    first = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return ordered[first]
