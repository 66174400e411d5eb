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

from suyuan.graph.compiled import compiled, uncounted
from suyuan.graph.snapshot import BoolArray, FloatArray, Int32Array, Int64Array


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
    start: Int64Array, onto: Int32Array, share: FloatArray, given: FloatArray
) -> tuple[FloatArray, Int32Array]:
    """Values as far as one is complete after the other, and the order of completion.

    Place i passes its value on to ``onto[start[i]:start[i + 1]]``, by ``share``. Circles and what hangs on them are
    left, with what came to them from elsewhere.
    """
    values = given.copy()
    waiting, order = np.zeros(len(values), np.int32), np.empty(len(values), np.int32)
    count = put_in_order(start, onto, share, waiting, order, values)
    return values, order[:count]


@uncounted
def put_in_order(
    start: Int64Array,
    onto: Int32Array,
    share: FloatArray,
    waiting: Int32Array,
    order: Int32Array,
    values: FloatArray,
) -> int:
    """The same in room that is given; how many were completed."""
    for entry in range(len(onto)):
        waiting[onto[entry]] += 1
    count = 0
    for place in range(len(values)):
        if waiting[place] == 0:
            order[count] = place
            count += 1
    done = 0
    while done < count:
        place = order[done]
        done += 1
        for entry in range(start[place], start[place + 1]):
            other = onto[entry]
            values[other] += values[place] * share[entry]
            waiting[other] -= 1
            if waiting[other] == 0:
                order[count] = other
                count += 1
    return count


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
    entries = onward.tocoo()
    return reachable(entries.coords[0], entries.coords[1], given)


def reachable(tail: np.ndarray, head: np.ndarray, begun: BoolArray) -> BoolArray:
    """Which places edges lead to from those where it begins, these among them.

    Parameters
    ----------
    tail, head : ends of the edges
    begun : shape (n_places,)
    """
    n = len(begun)
    seeds = np.flatnonzero(begun)
    row, column = np.concatenate([tail, np.full(len(seeds), n)]), np.concatenate([head, seeds])
    graph = sparse.csr_array((np.ones(len(row)), (row, column)), shape=(n + 1, n + 1))
    found = np.zeros(n + 1, np.bool_)
    found[breadth_first_order(graph, n, directed=True, return_predecessors=False)] = True
    return found[:n]
