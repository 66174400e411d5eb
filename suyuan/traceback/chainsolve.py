# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false
"""Values that follow from one another along a graph: x = A x + b, circles included.

Row e of A holds the shares by which e depends on others; they are not negative and sum to at most 1. What
depends on no circle is worked out in one pass; what is left is solved as a sparse linear system.
"""

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_order
from scipy.sparse.linalg import splu

from suyuan.graph.compiled import compiled
from suyuan.graph.snapshot import BoolArray, FloatArray, Int32Array


def solved(shares: sparse.csr_array, given: FloatArray) -> FloatArray:
    """The least solution x >= 0 of x = A x + b.

    Parameters
    ----------
    shares : A, shape (n, n); entries >= 0, rows that sum to at most 1.
    given : b, float64, shape (n,), >= 0.

    Returns
    -------
    float64, shape (n,); 0 where nothing that is given is depended on, as in a circle that only feeds itself.

    Examples
    --------
    >>> half = sparse.csr_array(np.array([[0.0, 0.0], [0.5, 0.5]]))
    >>> solved(half, np.array([1.0, 0.0])).tolist()
    [1.0, 1.0]
    """
    onward = shares.T.tocsr()
    start, near = onward.indptr.astype(np.int64), onward.indices.astype(np.int32)
    values, order = in_order(start, near, onward.data, given)
    if len(order) < len(given):
        _solve_circles(shares, onward, values, order)
    return values


@compiled
def in_order(
    start: np.ndarray, near: Int32Array, share: FloatArray, given: FloatArray
) -> tuple[FloatArray, Int32Array]:
    """Values as far as one is complete after the other, and the order of completion.

    What depends on place i is ``near[start[i]:start[i + 1]]``. Circles and what hangs on them are left, with what
    came to them from elsewhere.
    """
    n = len(given)
    values, order, waiting = given.copy(), np.empty(n, np.int32), np.zeros(n, np.int32)
    for entry in range(len(near)):
        waiting[near[entry]] += 1
    count = 0
    for place in range(n):
        if waiting[place] == 0:
            order[count] = place
            count += 1
    done = 0
    while done < count:
        place = order[done]
        done += 1
        for entry in range(start[place], start[place + 1]):
            values[near[entry]] += values[place] * share[entry]
            waiting[near[entry]] -= 1
            if waiting[near[entry]] == 0:
                order[count] = near[entry]
                count += 1
    return values, order[:count]


def _solve_circles(
    shares: sparse.csr_array, onward: sparse.csr_array, values: FloatArray, order: Int32Array
) -> None:
    """Complete the values that :func:`in_order` left, in place."""
    left = np.ones(len(values), np.bool_)
    left[order] = False
    places = np.flatnonzero(left)
    fed = places[_fed(onward[places][:, places].tocsr(), values[places] > 0.0)]
    values[places] = np.where(np.isin(places, fed), values[places], 0.0)
    if not len(fed):
        return
    chain = sparse.eye_array(len(fed), format="csc") - shares[fed][:, fed]
    values[fed] = splu(sparse.csc_array(chain)).solve(values[fed])


def _fed(onward: sparse.csr_array, given: BoolArray) -> BoolArray:
    """Which places depend, directly or not, on one that is given something."""
    n = len(given)
    seeds = np.flatnonzero(given)
    entries = onward.tocoo()
    row = np.concatenate([entries.coords[0], np.full(len(seeds), n)])
    column = np.concatenate([entries.coords[1], seeds])
    graph = sparse.csr_array((np.ones(len(row)), (row, column)), shape=(n + 1, n + 1))
    found = np.zeros(n + 1, np.bool_)
    found[breadth_first_order(graph, n, directed=True, return_predecessors=False)] = True
    return found[:n]
