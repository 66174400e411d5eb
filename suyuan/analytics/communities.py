"""Communities of a graph: groups of nodes tied to one another more than to the rest (Leiden).

Source: Traag, Waltman, van Eck: From Louvain to Leiden, Scientific Reports 9, 5233 (2019), as scikit-network does it.
"""

from typing import Final

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph
from sknetwork.clustering import Leiden

from suyuan.analytics.refinement import refined
from suyuan.errors import ParameterError
from suyuan.graph.snapshot import FloatArray, Int32Array

LEAST_GAIN: Final = 1e-4
"""Modularity that a round must add for another to follow; with ten times as much it stops early on large graphs."""


class _Leiden(Leiden):
    """scikit-network's Leiden with a middle step that ends and that a seed decides (see ``refinement``)."""

    def __init__(self, seed: int) -> None:
        super().__init__(
            tol_aggregation=LEAST_GAIN, sort_clusters=False, return_probs=False, return_aggregate=False
        )
        self._draws = np.random.default_rng(seed)

    def _optimize_refine(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        labels: Int32Array,
        labels_refined: Int32Array,
        adjacency: sparse.csr_matrix,
        out_weights: FloatArray,
        in_weights: FloatArray,
    ) -> Int32Array:
        return refined(
            labels.astype(np.int32),
            adjacency.indptr.astype(np.int32),
            adjacency.indices.astype(np.int32),
            adjacency.data.astype(np.float64),
            out_weights.astype(np.float64),
            float(self.resolution),
            self._draws.random(len(labels)),
        )


def leiden_communities(
    n: int, left: Int32Array, right: Int32Array, weight: FloatArray, *, seed: int = 1
) -> Int32Array:
    """The community of each node, named by its least member.

    Parameters
    ----------
    n : how many nodes.
    left, right : int32, shape (n_edges,), ends of edges without direction, in any order; an edge from a node to itself
        is left out, the weights of the same edge given more than once add up.
    weight : float64, shape (n_edges,), above 0.
    seed : where the search begins, >= 0; the same graph and seed give the same communities.

    Returns
    -------
    int32, shape (n,). A community is connected; a node without edges is one of its own.

    Raises
    ------
    ParameterError
        A weight is not above 0.

    Examples
    --------
    >>> two = np.array([0, 0, 1, 3, 3, 4, 2], np.int32), np.array([1, 2, 2, 4, 5, 5, 3], np.int32)
    >>> leiden_communities(7, *two, np.ones(7)).tolist()
    [0, 0, 0, 3, 3, 3, 6]
    """
    wrong = np.flatnonzero(~((weight > 0.0) & np.isfinite(weight)))
    if len(wrong):
        raise ParameterError("weight", float(weight[wrong[0]]), "above 0")
    graph = undirected_graph(n, left, right, weight)
    if not graph.nnz:
        return np.arange(n, dtype=np.int32)
    found = _Leiden(seed).fit_predict(graph)
    return _connected_parts(graph, np.asarray(found))


def undirected_graph(n: int, left: Int32Array, right: Int32Array, weight: FloatArray) -> sparse.csr_matrix:
    """Symmetric adjacency, shape (n, n), the same to the last bit for every order and direction of the edges."""
    other = np.flatnonzero(left != right)
    low, high = np.minimum(left[other], right[other]), np.maximum(left[other], right[other])
    key = low.astype(np.int64) * max(n, 1) + high
    # Sums depend on the order of what is added, so weights of one edge are sorted too.
    order = np.lexsort((weight[other], key)) if len(np.unique(weight)) > 1 else np.argsort(key)
    key = key[order]
    start = np.flatnonzero(np.diff(key, prepend=-1))
    total = np.add.reduceat(weight[other][order], start) if len(start) else np.zeros(0)
    rows, columns = np.divmod(key[start], max(n, 1))
    half = sparse.csr_matrix((total, (rows.astype(np.int32), columns.astype(np.int32))), shape=(n, n))
    return sparse.csr_matrix(half + half.T)


def _connected_parts(graph: sparse.csr_matrix, label: Int32Array) -> Int32Array:
    """Communities cut where they do not hang together, which the last round of moves may leave; least member first."""
    n = graph.shape[0]
    rows = np.repeat(np.arange(n, dtype=np.int32), np.diff(graph.indptr))
    inside = label[rows] == label[graph.indices]
    within = sparse.csr_matrix(
        (np.ones(int(inside.sum()), np.int8), (rows[inside], graph.indices[inside])), shape=(n, n)
    )
    count, part = csgraph.connected_components(within, directed=False)
    least = np.full(count, n, np.int32)
    np.minimum.at(least, part, np.arange(n, dtype=np.int32))
    return least[part]
