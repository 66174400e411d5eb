"""Communities by Leiden: hand-made graphs, the quality of the partition, and what must not matter."""

from random import Random

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.analytics.communities import leiden_communities, undirected_graph
from suyuan.analytics.refinement import refined
from suyuan.errors import ParameterError
from suyuan.graph.snapshot import Int32Array

Edge = tuple[int, int, float]


def found(n: int, edges: list[Edge], seed: int = 1) -> Int32Array:
    columns = np.array(edges, np.float64).reshape(-1, 3)
    left, right = columns[:, 0].astype(np.int32), columns[:, 1].astype(np.int32)
    return leiden_communities(n, left, right, columns[:, 2], seed=seed)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, list[Edge]]:
    n = draw(st.integers(1, 30))
    node = st.integers(0, n - 1)
    weight = st.sampled_from([1.0, 0.1, 3.0, 1e-6, 1e6])
    return n, draw(st.lists(st.tuples(node, node, weight), max_size=90))


def test_cliques_joined_by_single_edges_are_communities() -> None:
    cliques = [
        (first + base, second + base, 1.0)
        for base in (0, 5, 10)
        for first in range(5)
        for second in range(first)
    ]
    assert found(16, [*cliques, (0, 5, 1.0), (5, 10, 1.0)]).tolist() == [0] * 5 + [5] * 5 + [10] * 5 + [15]


def test_weights_decide() -> None:
    ring = [(0, 1, 9.0), (1, 2, 1.0), (2, 3, 9.0), (3, 0, 1.0)]
    assert found(4, ring).tolist() == [0, 0, 2, 2]
    assert found(4, [(a, b, 10.0 - w) for a, b, w in ring]).tolist() == [0, 1, 1, 0]


def test_as_good_as_louvain_of_networkx() -> None:
    graph = nx.karate_club_graph()
    edges = [(a, b, float(weight)) for a, b, weight in graph.edges(data="weight")]
    label = found(34, edges)
    groups = [set(np.flatnonzero(label == name).tolist()) for name in np.unique(label)]
    theirs = max(
        nx.community.modularity(graph, nx.community.louvain_communities(graph, seed=seed))
        for seed in range(5)
    )
    assert nx.community.modularity(graph, groups) >= theirs - 0.01


@given(graphs(), st.randoms(use_true_random=False), st.integers(0, 3))
def test_order_and_direction_of_edges_do_not_matter(
    graph: tuple[int, list[Edge]], chance: Random, seed: int
) -> None:
    n, edges = graph
    other = [(b, a, weight) if chance.random() < 0.5 else (a, b, weight) for a, b, weight in edges]
    chance.shuffle(other)
    assert (found(n, edges, seed) == found(n, other, seed)).all()


@given(graphs())
def test_communities_are_connected_and_named_by_their_least_member(graph: tuple[int, list[Edge]]) -> None:
    n, edges = graph
    label = found(n, edges)
    whole = nx.Graph()
    whole.add_nodes_from(range(n))
    whole.add_edges_from((a, b) for a, b, _ in edges)
    for name in np.unique(label):
        members = np.flatnonzero(label == name).tolist()
        assert members[0] == name
        assert nx.is_connected(whole.subgraph(members))


def test_ends_where_only_rounding_is_gained() -> None:
    # scikit-network's own middle step went on for ever on graphs such as these.
    for seed in range(1, 60):
        stream = np.random.default_rng(seed)
        ends = stream.integers(0, 295, (2, 610)).astype(np.int32)
        assert len(leiden_communities(295, ends[0], ends[1], np.ones(610))) == 295


def test_parts_are_within_communities_and_follow_their_ties() -> None:
    left, right = np.array([0, 1, 3, 4, 2], np.int32), np.array([1, 2, 4, 5, 3], np.int32)
    graph = undirected_graph(6, left, right, np.full(5, 0.1))
    size = np.array([0.1, 0.2, 0.2, 0.2, 0.2, 0.1])
    label = np.array([0, 0, 0, 1, 1, 1], np.int32)
    for seed in range(20):
        draw = np.random.default_rng(seed).random(6)
        part = refined(label, graph.indptr, graph.indices, graph.data, size, 1.0, draw)
        assert (label[part] == label).all()
        assert (part[part] == part).all()
        assert not (part[0] == part[2] != part[1])


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
def test_a_weight_that_is_not_above_0_is_refused(weight: float) -> None:
    with pytest.raises(ParameterError, match="weight"):
        found(2, [(0, 1, weight)])


def test_no_nodes_and_no_edges() -> None:
    assert found(0, []).tolist() == []
    assert found(3, [(1, 1, 1.0)]).tolist() == [0, 1, 2]
