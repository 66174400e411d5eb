"""Measures of whole graphs: components, rank by links (PageRank), hops and distances from one node.

A graph is a square sparse matrix; ``graph[i, j]`` is the weight, above 0, of the edge from node i to node j.
"""

from typing import Final

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from suyuan.graph.snapshot import FloatArray, Int32Array, Int64Array

DAMPING: Final = 0.85
EXACTNESS: Final = 1e-12
"""Sum of changes of all ranks below which they are taken for final."""

MOST_ROUNDS: Final = 1_000
UNREACHED: Final = -1


def components(graph: sparse.csr_array) -> Int32Array:
    """The weakly connected component of each node, named by its least member: shape (n,)."""
    _, label = csgraph.connected_components(graph, directed=True, connection="weak")
    least = np.full(label.max(initial=-1) + 1, graph.shape[0], np.int32)
    np.minimum.at(least, label, np.arange(graph.shape[0], dtype=np.int32))
    return least[label]


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
    damping : probability that a step follows an edge
    rounds : how many rounds; until the ranks change no more if not given

    Returns
    -------
    Shape (n,), summing to 1. Source: Page, Brin, Motwani, Winograd: The PageRank citation ranking, Stanford 1999.
    """
    n = graph.shape[0]
    begin = np.full(n, 1.0 / max(n, 1)) if restart is None else restart / restart.sum()
    out = np.asarray(graph.sum(axis=1)).ravel()
    ends = out <= 0.0
    step = (sparse.diags_array(np.divide(1.0, out, out=np.zeros(n), where=~ends)) @ graph).T.tocsr()
    rank = begin
    for _ in range(MOST_ROUNDS if rounds is None else rounds):
        following = step @ rank + rank[ends].sum() * begin
        new = damping * following + (1.0 - damping) * begin
        change = float(np.abs(new - rank).sum())
        rank = new
        if rounds is None and change < EXACTNESS:
            break
    return rank


def hops_from(graph: sparse.csr_array, source: int) -> Int64Array:
    """Fewest edges from a node to each, along their direction: shape (n,), UNREACHED where there is no way."""
    found = csgraph.dijkstra(graph, indices=[source], unweighted=True)[0]
    return np.where(np.isinf(found), UNREACHED, found).astype(np.int64)


def distances_from(graph: sparse.csr_array, source: int) -> FloatArray:
    """Least sum of weights from a node to each, along the edges' direction: shape (n,), infinite where none leads."""
    return csgraph.dijkstra(graph, indices=[source])[0]
