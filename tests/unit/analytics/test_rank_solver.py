"""Solved ranks against a dense solution, whatever the order of nodes, and how edges both ways are found."""

from random import Random
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from suyuan.analytics.measures import page_rank
from suyuan.analytics.rank_solver import EXACTNESS, links_of, solve_ranks, symmetric_guess, symmetric_halves
from suyuan.errors import ParameterError
from suyuan.graph.snapshot import FloatArray


class Case(NamedTuple):
    """A graph as a matrix of weights, where to begin, and the damping."""

    weights: FloatArray
    begin: FloatArray
    damping: float


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Graphs with self-loops, nodes without edges out and weights of all sizes; half of them lead both ways alike."""
    n = draw(st.integers(1, 9))
    ends = st.integers(0, n - 1)
    edges = draw(st.lists(st.tuples(ends, ends, st.floats(-4.0, 4.0)), max_size=25))
    weights = np.zeros((n, n))
    for first, other, size in edges:
        weights[first, other] = 10.0**size
    if draw(st.booleans()):
        weights = weights + weights.T
    begin = np.array(draw(st.lists(st.sampled_from([0.0, 0.3, 1.0]), min_size=n, max_size=n)))
    begin[draw(ends)] += 1.0
    return Case(weights, begin / begin.sum(), draw(st.sampled_from([0.0, 0.5, 0.85, 0.95])))


def dense_ranks(case: Case) -> FloatArray:
    """Ranks from their equations, with the edges that nodes without any lead along to the restart."""
    out = case.weights.sum(axis=1)
    share = np.where(out[:, None] > 0.0, case.weights / np.where(out > 0.0, out, 1.0)[:, None], case.begin)
    whole = np.eye(len(out)) - case.damping * share.T
    return np.linalg.solve(whole, (1.0 - case.damping) * case.begin).astype(np.float64)


def solved(case: Case) -> FloatArray:
    return solve_ranks(sparse.csr_array(case.weights), case.begin, case.damping)


@settings(deadline=None)
@given(cases())
def test_solved_ranks_are_those_of_a_dense_solution(case: Case) -> None:
    found = solved(case)
    assert np.abs(found - dense_ranks(case)).sum() <= 2.0 * EXACTNESS
    assert found.sum() == pytest.approx(1.0, rel=1e-14)
    assert (found >= 0.0).all()


@settings(deadline=None)
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_nodes_does_not_matter(case: Case, chance: Random) -> None:
    order = list(range(len(case.begin)))
    chance.shuffle(order)
    turned = Case(case.weights[np.ix_(order, order)], case.begin[order], case.damping)
    assert np.abs(solved(case)[order] - solved(turned)).max() <= 1e-12


@settings(deadline=None)
@given(cases())
def test_symmetric_graphs_are_known_and_parted_at_the_diagonal(case: Case) -> None:
    graph = sparse.csr_array(case.weights)
    start, other = graph.indptr.astype(np.uint32), graph.indices.astype(np.uint32)
    symmetric, lesser_end, greater_start = symmetric_halves(start, other, graph.data)
    assert symmetric == bool((case.weights == case.weights.T).all())
    for node in range(len(case.begin) if symmetric else 0):
        row = case.weights[node]
        assert other[start[node] : lesser_end[node]].tolist() == np.flatnonzero(row[:node]).tolist()
        greater = other[greater_start[node] : start[node + 1]]
        assert greater.tolist() == (np.flatnonzero(row[node + 1 :]) + node + 1).tolist()


def random_ties(n: int, seed: int) -> sparse.csr_array:
    """Ties of nodes in groups of 50 and some between groups, with weights of four orders of magnitude."""
    stream = np.random.default_rng(seed)
    left = stream.integers(0, n, 5 * n)
    near = left // 50 * 50 + stream.integers(0, 50, 5 * n)
    right = np.where(stream.random(5 * n) < 0.1, stream.integers(0, n, 5 * n), near)
    half = sparse.csr_array((10.0 ** stream.uniform(-2.0, 2.0, 5 * n), (left, right)), shape=(n, n))
    return sparse.csr_array(half + half.T)


def shuffled_rows(graph: sparse.csr_array) -> sparse.csr_array:
    """The same graph with the edges of each row in reverse."""
    places = np.concatenate(
        [np.arange(graph.indptr[row], graph.indptr[row + 1])[::-1] for row in range(graph.shape[0])]
    )
    return sparse.csr_array((graph.data[places], graph.indices[places], graph.indptr), shape=graph.shape)


@pytest.mark.parametrize("damping", [0.5, 0.85, 0.99])
def test_both_ways_of_solving_and_rounds_without_end_agree(damping: float) -> None:
    ties = random_ties(2_000, seed=3)
    begin = np.zeros(2_000)
    begin[:7] = 1.0
    found = page_rank(ties, restart=begin, damping=damping)
    swept = page_rank(shuffled_rows(ties), restart=begin, damping=damping)
    assert np.abs(found - swept).sum() <= 2.0 * EXACTNESS
    rounds = page_rank(ties, restart=begin, damping=damping, rounds=int(32 / (1.0 - damping)))
    assert np.abs(found - rounds).sum() <= 1e-11


def test_conjugate_gradients_leave_next_to_nothing_for_the_sweeps() -> None:
    ties, begin = random_ties(2_000, seed=4), np.full(2_000, 1 / 2_000)
    guess = symmetric_guess(links_of(ties), begin, 0.85, 1e-13)
    assert np.abs(guess / guess.sum() - page_rank(ties)).sum() <= 1e-11
    assert not symmetric_guess(links_of(shuffled_rows(ties)), begin, 0.85, 1e-13).any()


def test_whole_numbers_and_wide_indices_are_taken() -> None:
    weights = np.array([[0, 2, 1], [0, 0, 3], [0, 0, 0]])
    narrow = sparse.csr_array(weights)
    wide = narrow.indices.astype(np.int64), narrow.indptr.astype(np.int64)
    graph = sparse.csr_array((narrow.data, *wide), shape=narrow.shape)
    begin = np.full(3, 1 / 3)
    assert page_rank(graph) == pytest.approx(dense_ranks(Case(weights.astype(float), begin, 0.85)), abs=1e-12)


@pytest.mark.parametrize("damping", [-0.1, 1.0, float("nan")])
def test_a_damping_that_never_ends_is_refused(damping: float) -> None:
    with pytest.raises(ParameterError, match="damping"):
        page_rank(sparse.csr_array(np.ones((2, 2))), damping=damping)
