"""Components, PageRank and Leiden of a large graph, beside networkx and the bare call of the library that does it.

    python -m benchmarks.graph_measures [--quick]

The graph has communities of about 200 nodes and ties between them; PageRank follows edges both ways, as guilt does.
networkx gets a graph of the same kind that it can finish, made ready beforehand; the ratio is taken at that size. It
has no Leiden of its own (``leiden_communities`` is for other libraries to fill in), so its Louvain stands in. The bare
calls are ``scipy.sparse.csgraph`` and scikit-network on the ready matrix; ours begins with the columns of edges where
it is Leiden. scikit-network's own Leiden draws from the C library's generator and does not end on some graphs; on this
one it does.
"""

import argparse
import ctypes
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import networkx as nx
import numpy as np
from scipy import sparse
from scipy.sparse import csgraph
from sknetwork.clustering import Leiden, get_modularity
from sknetwork.ranking import PageRank

from benchmarks.measure import Row, count, duration, in_turn, median, print_rows, times
from suyuan.analytics.communities import leiden_communities
from suyuan.analytics.measures import DAMPING, components, page_rank
from suyuan.analytics.rank_solver import EXACTNESS, MOST_ROUNDS
from suyuan.graph.snapshot import FloatArray, Int32Array

COMMUNITY: Final = 200
BARE: Final = 1.2
NETWORKX: Final = {"components": 25, "PageRank": 40, "Leiden": 20}
WORSE: Final = 0.005
"""Modularity that a partition found by chance may be behind another."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Edges with direction, and the matrices made of them."""

    n: int
    left: Int32Array
    right: Int32Array
    directed: sparse.csr_array
    undirected: sparse.csr_matrix

    def networkx(self) -> nx.DiGraph:
        """The same graph, as networkx holds it."""
        found = nx.DiGraph()
        found.add_nodes_from(range(self.n))
        found.add_edges_from(zip(self.left.tolist(), self.right.tolist(), strict=True), weight=1.0)
        return found


def graph(n_edges: int, *, between: float, seed: int = 1) -> Graph:
    """A fifth as many nodes as edges, each edge once; a share of the edges leads anywhere."""
    stream = np.random.default_rng(seed)
    n = n_edges // 5
    left = stream.integers(0, n, n_edges)
    near = left // COMMUNITY * COMMUNITY + stream.integers(0, COMMUNITY, n_edges)
    right = np.where(
        stream.random(n_edges) < between, stream.integers(0, n, n_edges), np.minimum(near, n - 1)
    )
    chain = np.flatnonzero(np.arange(1, n) % COMMUNITY)  # none is without edges
    left, right = np.concatenate([left, chain]), np.concatenate([right, chain + 1])
    key = np.unique(np.minimum(left, right) * n + np.maximum(left, right))
    low, high = (part.astype(np.int32) for part in np.divmod(key, n))
    kept = low != high
    turned = stream.random(int(kept.sum())) < 0.5
    left, right = np.where(turned, low[kept], high[kept]), np.where(turned, high[kept], low[kept])
    directed = sparse.csr_array((np.ones(len(left)), (left, right)), shape=(n, n))
    undirected = sparse.csr_matrix(directed + directed.T)
    return Graph(n, left, right, directed, undirected)


def restart(n: int) -> FloatArray:
    """One node in a hundred is known to be guilty."""
    stream = np.random.default_rng(2)
    return (stream.random(n) < 0.01).astype(np.float64)


def same_partition(one: Int32Array, other: Int32Array) -> bool:
    """Whether two labellings part nodes alike."""
    pairs = len(np.unique(one.astype(np.int64) * (int(other.max()) + 1) + other))
    return pairs == len(np.unique(one)) == len(np.unique(other))


def check(equal: bool, what: str) -> None:
    """Answers are compared before times."""
    if not equal:
        raise AssertionError(f"{what}: the answers differ")


def same_ranks(one: FloatArray, other: FloatArray) -> bool:
    """To nine digits, and the first thousand in the same order."""
    order = np.argsort(-np.round(one, 12), kind="stable")[:1000]
    return bool(
        np.allclose(one, other, rtol=1e-9, atol=1e-15)
        and (order == np.argsort(-np.round(other, 12), kind="stable")[:1000]).all()
    )


def _bare_row(what: str, size: int, ours: list[float], bare: list[float], name: str, note: str = "") -> Row:
    ratio = median(ours) / median(bare)
    return Row(
        what=f"{what}, {count(size)} edges, against the bare call",
        ours=duration(median(ours)),
        opponent=f"{name} {duration(median(bare))}",
        ratio=f"{times(ratio)} as long",
        target=f"<= {BARE}x as long",
        met=ratio <= BARE,
        note=note,
    )


def _networkx_row(what: str, size: int, ours: list[float], theirs: list[float], note: str = "") -> Row:
    ratio, least = median(theirs) / median(ours), NETWORKX[what.split()[0]]
    return Row(
        what=f"{what}, {count(size)} edges",
        ours=duration(median(ours)),
        opponent=f"networkx {duration(median(theirs))}",
        ratio=times(ratio),
        target=f">= {least}x",
        met=ratio >= least,
        note=note,
    )


def component_rows(large: int, small: int, repeat: int) -> Iterable[Row]:
    """Components of a graph without ties between communities."""
    whole = graph(large, between=0.0)

    def bare() -> Int32Array:
        return csgraph.connected_components(whole.directed, directed=True, connection="weak")[1]

    check(same_partition(components(whole.directed), bare()), "components")
    ours, theirs = in_turn(lambda: components(whole.directed), bare, repeat)
    yield _bare_row("components", large, ours, theirs, "scipy")
    part = graph(small, between=0.0)
    ready = part.networkx()
    label = np.zeros(part.n, np.int32)
    for members in nx.weakly_connected_components(ready):
        label[list(members)] = min(members)
    check(bool((components(part.directed) == label).all()), "components")
    ours, theirs = in_turn(
        lambda: components(part.directed), lambda: list(nx.weakly_connected_components(ready)), repeat
    )
    yield _networkx_row("components", small, ours, theirs)


def rank_rows(large: int, small: int, repeat: int) -> Iterable[Row]:
    """PageRank that begins anew at the guilty."""
    whole = graph(large, between=0.1)
    begin = restart(whole.n)
    bare = PageRank(damping_factor=DAMPING, solver="piteration", n_iter=MOST_ROUNDS, tol=EXACTNESS)

    def theirs_ranks() -> FloatArray:
        return bare.fit_predict(whole.undirected, weights=begin)

    found: list[FloatArray] = []
    others: list[FloatArray] = []
    ours, theirs = in_turn(
        lambda: found.append(page_rank(whole.undirected, restart=begin)),
        lambda: others.append(theirs_ranks()),
        repeat,
    )
    check(same_ranks(found[0], others[0]), "PageRank")
    yield _bare_row("PageRank from the guilty", large, ours, theirs, "scikit-network", "same ranks")
    part = graph(small, between=0.1)
    ready, begin = nx.Graph(part.networkx()), restart(part.n)
    given = dict(enumerate(begin.tolist()))

    def networkx_ranks() -> dict[int, float]:
        return nx.pagerank(
            ready, DAMPING, personalization=given, tol=EXACTNESS / part.n, max_iter=MOST_ROUNDS
        )

    ranks = networkx_ranks()
    check(
        same_ranks(page_rank(part.undirected, restart=begin), np.array([ranks[v] for v in range(part.n)])),
        "PageRank",
    )
    ours, theirs = in_turn(lambda: page_rank(part.undirected, restart=begin), networkx_ranks, repeat)
    yield _networkx_row(
        "PageRank from the guilty",
        small,
        ours,
        theirs,
        "same ranks, to the same exactness; networkx makes a scipy matrix of its graph and iterates on that",
    )


def community_rows(large: int, small: int, repeat: int) -> Iterable[Row]:
    """Leiden; partitions are judged by their modularity."""
    whole = graph(large, between=0.1)
    leiden_communities(3, np.zeros(1, np.int32), np.ones(1, np.int32), np.ones(1))

    def ours_of(given: Graph) -> Int32Array:
        return leiden_communities(given.n, given.left, given.right, np.ones(len(given.left)))

    def bare() -> Int32Array:
        ctypes.CDLL(None).srand(7)
        return Leiden(return_probs=False, return_aggregate=False).fit_predict(whole.undirected)

    found: list[Int32Array] = []
    others: list[Int32Array] = []
    ours, theirs = in_turn(lambda: found.append(ours_of(whole)), lambda: others.append(bare()), repeat)
    here, there = (float(get_modularity(whole.undirected, labels[0])) for labels in (found, others))
    check(here >= there - WORSE, "Leiden")
    check(all((label == found[0]).all() for label in found), "Leiden, once more")
    note = f"modularity {here:.4f}, of the bare call {there:.4f}; ours with the matrix made of the edges"
    yield _bare_row("Leiden", large, ours, theirs, "scikit-network", note)
    part = graph(small, between=0.1)
    ready = nx.Graph(part.networkx())
    louvain = nx.community.louvain_communities(ready, seed=1)
    here = float(get_modularity(part.undirected, ours_of(part)))
    there = float(nx.community.modularity(ready, louvain))
    check(here >= there - WORSE, "Leiden")
    ours, theirs = in_turn(
        lambda: ours_of(part), lambda: nx.community.louvain_communities(ready, seed=1), repeat
    )
    note = f"modularity {here:.4f}, of networkx {there:.4f}, which has Louvain but no Leiden of its own"
    yield _networkx_row("Leiden", small, ours, theirs, note)


def rows(quick: bool = False) -> Iterable[Row]:
    """Lines of the table of benchmarks."""
    large, repeat = (200_000, 1) if quick else (5_000_000, 3)
    small = 50_000 if quick else 500_000
    yield from component_rows(large, small, repeat + 2)
    yield from rank_rows(large, small, repeat)
    yield from community_rows(large, small // 5, repeat)


def main() -> None:
    """Parse arguments, print everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a small graph")
    print_rows(rows(quick=parser.parse_args().quick))


if __name__ == "__main__":
    main()
