"""Measures of whole graphs: components, rank by links (PageRank), hops and distances from one node.

A graph is a square sparse matrix; ``graph[i, j]`` is the weight, above 0, of the edge from node i to node j.
"""

from typing import Final

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from suyuan.analytics.rank_solver import solve_ranks
from suyuan.graph.compiled import compiled
from suyuan.graph.snapshot import FloatArray, Int32Array, Int64Array

DAMPING: Final = 0.85
UNREACHED: Final = -1


def components(graph: sparse.csr_array) -> Int32Array:
    """The weakly connected component of each node, named by its least member: shape (n,)."""
    return _least_members(graph.indptr.astype(np.int32), graph.indices.astype(np.int32))


@compiled
def _least_members(start: Int32Array, other: Int32Array) -> Int32Array:
    """Rem's union-find with splicing: every step leads to a lesser node, so the root of a tree is its least member.

    Source: Patwary, Blair, Manne: Experiments on union-find algorithms for the disjoint-set data structure, SEA 2010.
    One pass over the edges as they lie; scipy's search needs the transposed graph as well.
    """
    n = len(start) - 1
    above = np.arange(n).astype(np.int32)
    for v in range(n):
        for place in range(start[v], start[v + 1]):
            one, two = v, other[place]
            while above[one] != above[two]:
                if above[one] < above[two]:
                    one, two = two, one
                following = above[one]
                above[one] = above[two]
                if following == one:
                    break
                one = following
    for v in range(n):
        above[v] = above[above[v]]
    return above


def page_rank(
    graph: sparse.csr_array,
    *,
    restart: FloatArray | None = None,
    damping: float = DAMPING,
    rounds: int | None = None,
) -> FloatArray:
    """Probability of standing at each node when a step follows an edge, by its weight, or begins anew.

    Parameters
    ----------
    restart : shape (n,), probability of beginning at each node; all alike if not given. It is also where a node without
        edges out leads.
    damping : probability that a step follows an edge, below 1
    rounds : how many rounds; if not given, ranks whose errors sum up to less than ``rank_solver.EXACTNESS``

    Returns
    -------
    Shape (n,), summing to 1. Source: Page, Brin, Motwani, Winograd: The PageRank citation ranking, Stanford 1999.
    """
    n = graph.shape[0]
    begin = np.full(n, 1.0 / max(n, 1)) if restart is None else restart / restart.sum()
    if rounds is None:
        return solve_ranks(graph, begin, damping)
    out = np.asarray(graph.sum(axis=1)).ravel()
    ends = out <= 0.0
    each = np.divide(damping, out, out=np.zeros(n), where=~ends)
    rank = begin
    for _ in range(rounds):
        rank = graph.T @ (each * rank) + (damping * rank[ends].sum() + 1.0 - damping) * begin
    return rank


def hops_from(graph: sparse.csr_array, source: int) -> Int64Array:
    """Fewest edges from a node to each, along their direction: shape (n,), UNREACHED where there is no way."""
    found = csgraph.dijkstra(graph, indices=[source], unweighted=True)[0]
    return np.where(np.isinf(found), UNREACHED, found).astype(np.int64)


def distances_from(graph: sparse.csr_array, source: int) -> FloatArray:
    """Least sum of weights from a node to each, along the edges' direction: shape (n,), infinite where none leads."""
    return csgraph.dijkstra(graph, indices=[source])[0]
