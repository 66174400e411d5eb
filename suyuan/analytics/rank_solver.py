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


class Links(NamedTuple):
    """A graph as the compiled functions take it."""

    start: UInt32Array
    other: UInt32Array
    weight: FloatArray
    out: FloatArray
    """Shape (n,): sum of weights out of each node; 1 where it has none, which changes nothing without edges."""

    stay: FloatArray
    """Shape (n,): the share of them that leads back to the node itself."""


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
    # numba asks of each signed index whether it is negative; of unsigned ones it need not
    start, other = (
        part.astype(np.int32, copy=False).view(np.uint32) for part in (graph.indptr, graph.indices)
    )
    weight = graph.data.astype(np.float64, copy=False)
    out, stay = _out_and_stay(start, other, weight)
    links = Links(start, other, weight, out, stay)
    enough = EXACTNESS * (1.0 - damping) / 2.0
    guess = _guess(links, begin, damping, enough)
    rank = np.maximum(_by_sweeps(links, begin, damping, guess, enough), 0.0)
    return rank / rank.sum()


def _guess(links: Links, begin: FloatArray, damping: float, enough: float) -> FloatArray:
    """The solution where edges lead both ways alike, so that conjugate gradients find it; nothing for other graphs.

    In y = z / (out root) the equations are symmetric, with ones on the diagonal.
    """
    root = 1.0 / np.sqrt(links.out * (1.0 - damping * links.stay))
    scale = root * np.sqrt(damping)
    symmetric, low, high, weight = symmetric_pairs(links.start, links.other, links.weight, scale)
    if not symmetric:
        return np.zeros(len(begin))
    size = links.out * root
    return size * _by_conjugate_gradients(low, high, weight, begin * root, size, enough / 2.0)


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
def symmetric_pairs(
    start: UInt32Array, other: UInt32Array, weight: FloatArray, scale: FloatArray
) -> tuple[bool, UInt32Array, UInt32Array, FloatArray]:
    """Whether the graph is symmetric, and its edges once each, by their greater node, times the scales of both nodes.

    Edges to lesser nodes are met in ascending order of their first node: in sorted rows of a symmetric graph each has
    its like at the first place not yet taken. A graph whose rows are not sorted passes for one without symmetry.
    """
    n, most = len(scale), len(other) // 2
    low, high, scaled = np.empty(most, np.uint32), np.empty(most, np.uint32), np.empty(most)
    untaken, one = start[:-1].copy(), np.uint32(1)
    pairs = 0
    for node in range(n):
        place, end = start[node], start[node + 1]
        while place < end and other[place] < node:
            less = other[place]
            like = untaken[less]
            if like == start[less + 1] or other[like] != node or weight[like] != weight[place]:
                return False, low, high, scaled
            untaken[less] = like + one
            low[pairs], high[pairs] = less, node
            scaled[pairs] = weight[place] * scale[node] * scale[less]
            pairs += 1
            place += one
        while place < end and other[place] == node:
            place += one
        untaken[node] = place
    for node in range(n):
        if untaken[node] != start[node + 1]:
            return False, low, high, scaled
    return True, low[:pairs], high[:pairs], scaled[:pairs]


@compiled
def _by_conjugate_gradients(
    low: UInt32Array,
    high: UInt32Array,
    weight: FloatArray,
    right: FloatArray,
    size: FloatArray,
    enough: float,
) -> FloatArray:
    """Solve (1 - L - L') y = right, where L[high, low] = weight: each round a Gauss-Seidel sweep there and back.

    The residual is kept as (1 - L)^-1 r, so that a round passes each edge twice only. Source: Eisenstat: Efficient
    implementation of a class of preconditioned conjugate gradient methods, SIAM J. Sci. Stat. Comput. 2, 1981.
    Ends when the sum of that, times ``size``, is below ``enough`` of the sum of y times ``size``.
    """
    n = len(right)
    found, rest, forth = np.zeros(n), right.copy(), np.empty(n)
    _forth(low, high, weight, rest)
    way, back = rest.copy(), rest.copy()
    square = np.sum(rest * rest)
    for _ in range(MOST_ROUNDS):
        _back(low, high, weight, back)
        for node in range(n):
            forth[node] = way[node] - back[node]
        _forth(low, high, weight, forth)
        bend = 0.0
        for node in range(n):
            forth[node] += back[node]
            bend += way[node] * forth[node]
        if bend <= 0.0:
            break
        step, before = square / bend, square
        square, missing, whole = 0.0, 0.0, 0.0
        for node in range(n):
            found[node] += step * back[node]
            rest[node] -= step * forth[node]
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
def _forth(low: UInt32Array, high: UInt32Array, weight: FloatArray, values: FloatArray) -> None:
    """Solve (1 - L) y = values in place."""
    for pair in range(len(low)):
        values[high[pair]] += weight[pair] * values[low[pair]]


@compiled
def _back(low: UInt32Array, high: UInt32Array, weight: FloatArray, values: FloatArray) -> None:
    """Solve (1 - L') y = values in place."""
    for pair in range(len(low) - 1, -1, -1):
        values[low[pair]] += weight[pair] * values[high[pair]]


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
