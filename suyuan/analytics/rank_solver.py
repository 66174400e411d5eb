"""PageRank as a system of linear equations, solved to a bound on the error.

Let P[i, j] be the share of the weight out of node i that leads to j, a the damping and b the restart. The solver finds
z = b + a P' z and divides it by its sum. Nodes without edges out lead to b as well, which P leaves out: with y(E) their
rank, y = a P' y + (a y(E) + 1 - a) b, so y is z times a number.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from suyuan.errors import ParameterError
from suyuan.graph.compiled import compiled
from suyuan.graph.snapshot import FloatArray

UInt32Array = npt.NDArray[np.uint32]

EXACTNESS: Final = 1e-12
"""Sum of errors of all ranks below which they are taken for final."""

MOST_ROUNDS: Final = 1_000
"""More rounds of conjugate gradients are not made; sweeps end where the answer is exact, however many that takes."""


class Links(NamedTuple):
    """A graph as the compiled functions take it."""

    start: UInt32Array
    other: UInt32Array
    weight: FloatArray
    out: FloatArray
    """Shape (n,): sum of weights out of each node; 1 where it has none, which changes nothing without edges."""

    stay: FloatArray
    """Shape (n,): the share of them that leads back to the node itself."""


class Pairs(NamedTuple):
    """Edges in ascending order of their first nodes."""

    first: UInt32Array
    second: UInt32Array
    weight: FloatArray


def solve_ranks(graph: sparse.csr_array, begin: FloatArray, damping: float) -> FloatArray:
    """Ranks whose errors sum up to less than EXACTNESS: shape (n,), summing to 1.

    Parameters
    ----------
    graph : shape (n, n), weights of edges
    begin : shape (n,), restart, summing to 1
    damping : at least 0 and below 1

    Raises
    ------
    ParameterError
        where damping is not that

    Notes
    -----
    What is missing from the equations, r = b + a P' z - z, tells the error: P' lengthens no sum of absolute values, so
    z errs by |r| / (1 - a) at most, and z divided by its sum by twice that over the sum. Ranks sum to 1 however they
    err, so one alone errs by half of EXACTNESS at most, whatever the order of nodes.
    """
    if not 0.0 <= damping < 1.0:
        raise ParameterError("damping", damping, "at least 0 and below 1")
    links = links_of(graph)
    enough = EXACTNESS * (1.0 - damping) / 2.0
    guess = symmetric_guess(links, begin, damping, enough)
    rank = np.maximum(_by_sweeps(links, begin, damping, guess, enough), 0.0)
    return rank / rank.sum()


def links_of(graph: sparse.csr_array) -> Links:
    """The graph as the compiled functions take it; nothing is copied where indices are int32 and weights float64."""
    # numba asks of each signed index whether it is negative; of unsigned ones it need not
    start, other = (
        part.astype(np.int32, copy=False).view(np.uint32) for part in (graph.indptr, graph.indices)
    )
    weight = graph.data.astype(np.float64, copy=False)
    return Links(start, other, weight, *_out_and_stay(start, other, weight))


def symmetric_guess(links: Links, begin: FloatArray, damping: float, enough: float) -> FloatArray:
    """The solution where edges lead both ways alike, so that conjugate gradients find it; nothing for other graphs.

    In y = z / (out root) the equations are symmetric, with ones on the diagonal.
    """
    start, other, weight, out, stay = links
    symmetric, lesser_end, greater_start = symmetric_halves(start, other, weight)
    if not symmetric:
        return np.zeros(len(begin))
    root = 1.0 / np.sqrt(out * (1.0 - damping * stay))
    scale, size = root * np.sqrt(damping), out * root
    lesser = _pairs(start[:-1], lesser_end, other, weight, scale)
    greater = _pairs(greater_start, start[1:], other, weight, scale)
    # r is a fraction of the sum that is watched there; whether it is little enough is for the sweeps to see
    return size * _by_conjugate_gradients(lesser, greater, begin * root, size, 2.0 * enough)


@compiled
def _out_and_stay(
    start: UInt32Array, other: UInt32Array, weight: FloatArray
) -> tuple[FloatArray, FloatArray]:
    n = len(start) - 1
    out, stay = np.empty(n), np.empty(n)
    for node in range(n):
        whole, own = 0.0, 0.0
        for place in range(start[node], start[node + 1]):
            whole += weight[place]
            if other[place] == node:
                own += weight[place]
        out[node] = whole if whole > 0.0 else 1.0
        stay[node] = own / out[node]
    return out, stay


@compiled
def symmetric_halves(
    start: UInt32Array, other: UInt32Array, weight: FloatArray
) -> tuple[bool, UInt32Array, UInt32Array]:
    """Whether the graph is symmetric; if so, where each row's edges to lesser nodes end, and those to greater begin.

    Edges to lesser nodes are met in ascending order of their first node: in sorted rows of a symmetric graph each has
    its like at the first place not yet taken. A graph whose rows are not sorted passes for one without symmetry.
    """
    n, one = len(start) - 1, np.uint32(1)
    lesser_end, greater_start, untaken = (
        np.empty(n, np.uint32),
        np.empty(n, np.uint32),
        np.empty(n, np.uint32),
    )
    for node in range(n):
        place, end = start[node], start[node + 1]
        while place < end and other[place] < node:
            like = untaken[other[place]]
            if like == start[other[place] + 1] or other[like] != node or weight[like] != weight[place]:
                return False, lesser_end, greater_start
            untaken[other[place]] = like + one
            place += one
        lesser_end[node] = place
        while place < end and other[place] == node:
            place += one
        greater_start[node] = untaken[node] = place
    for node in range(n):
        if untaken[node] != start[node + 1]:
            return False, lesser_end, greater_start
    return True, lesser_end, greater_start


@compiled
def _pairs(
    start: UInt32Array, end: UInt32Array, other: UInt32Array, weight: FloatArray, scale: FloatArray
) -> Pairs:
    """Edges from ``start`` to ``end`` of each row, with weights times the scales of both nodes."""
    most = 0
    for node in range(len(scale)):
        most += end[node] - start[node]
    first, second, scaled = np.empty(most, np.uint32), np.empty(most, np.uint32), np.empty(most)
    pair = 0
    for node in range(len(scale)):
        for place in range(start[node], end[node]):
            first[pair], second[pair] = node, other[place]
            scaled[pair] = weight[place] * scale[node] * scale[other[place]]
            pair += 1
    return Pairs(first, second, scaled)


@compiled
def _by_conjugate_gradients(
    lesser: Pairs, greater: Pairs, right: FloatArray, size: FloatArray, enough: float
) -> FloatArray:
    """Solve (1 - L - L') y = right, where L is ``lesser``: each round a Gauss-Seidel sweep there and back.

    The residual is kept as (1 - L)^-1 r, so that a round passes each edge twice only. Source: Eisenstat: Efficient
    implementation of a class of preconditioned conjugate gradient methods, SIAM J. Sci. Stat. Comput. 2, 1981.
    Ends when the sum of that, times ``size``, is below ``enough`` of the sum of y times ``size``.
    """
    n = len(right)
    found, rest, forth = np.zeros(n), right.copy(), np.empty(n)
    _forth(greater, rest)
    way, back = rest.copy(), rest.copy()
    square = np.sum(rest * rest)
    for _ in range(MOST_ROUNDS):
        _back(lesser, back)
        for node in range(n):
            forth[node] = way[node] - back[node]
        _forth(greater, forth)
        bend = 0.0
        for node in range(n):
            bend += way[node] * (forth[node] + back[node])
        if not bend > 0.0:  # numbers that are none end here, too
            break
        step, before = square / bend, square
        square, missing, whole = 0.0, 0.0, 0.0
        for node in range(n):
            found[node] += step * back[node]
            rest[node] -= step * (forth[node] + back[node])
            square += rest[node] * rest[node]
            missing += abs(rest[node]) * size[node]
            whole += found[node] * size[node]
        if missing <= enough * whole:
            break
        for node in range(n):
            way[node] = rest[node] + square / before * way[node]
            back[node] = way[node]
    return found


@compiled
def _forth(greater: Pairs, values: FloatArray) -> None:
    """Solve (1 - L) y = values in place, by columns of L: adding to one value over and over would wait for itself."""
    first, second, weight = greater
    for pair in range(len(first)):
        values[second[pair]] += weight[pair] * values[first[pair]]


@compiled
def _back(lesser: Pairs, values: FloatArray) -> None:
    """Solve (1 - L') y = values in place."""
    first, second, weight = lesser
    for pair in range(len(first) - 1, -1, -1):
        values[second[pair]] += weight[pair] * values[first[pair]]


@compiled
def _by_sweeps(
    links: Links, begin: FloatArray, damping: float, guess: FloatArray, enough: float
) -> FloatArray:
    """Solve z = begin + damping P' z by Gauss-Seidel from a guess, until |r| is at most ``enough`` of the sum of z.

    What is missing at a node is moved into its z, and on along its edges: no transposed graph is needed. A sweep moves
    all that was there at its beginning, and a move leaves the share ``damping`` of it: so |r| shrinks by that at least.
    """
    start, other, weight, out, stay = links
    n = len(begin)
    found, missing = guess.copy(), begin.copy()
    for node in range(n):
        missing[node] -= guess[node]
        if guess[node] != 0.0:
            each = damping * guess[node] / out[node]
            for place in range(start[node], start[node + 1]):
                missing[other[place]] += each * weight[place]
    while True:
        whole, error = 0.0, 0.0
        for node in range(n):
            whole += found[node]
            error += abs(missing[node])
        if not error > enough * whole:  # ends with numbers that are none, too
            return found
        for node in range(n):
            if missing[node] != 0.0:
                more = missing[node] / (1.0 - damping * stay[node])
                found[node] += more
                missing[node] -= more  # edges to itself bring the rest
                each = damping * more / out[node]
                for place in range(start[node], start[node + 1]):
                    missing[other[place]] += each * weight[place]
