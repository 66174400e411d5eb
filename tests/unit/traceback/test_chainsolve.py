"""Values along a graph against dense linear algebra."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from suyuan.traceback.chainsolve import solved

SIZE = 6
ENTRIES = st.lists(
    st.sampled_from((0.0, 0.0, 0.0, 1.0, 2.0, 5.0)), min_size=SIZE * SIZE, max_size=SIZE * SIZE
)


def least_solution(shares: np.ndarray, given: np.ndarray) -> np.ndarray:
    """The same by summing the series A^k b, squared again and again."""
    total, power = np.eye(len(given)), shares
    for _ in range(60):
        total, power = total + power @ total, power @ power
    return total @ given


@settings(max_examples=200, deadline=None)
@given(ENTRIES, st.lists(st.sampled_from((0.0, 0.0, 1.0)), min_size=SIZE, max_size=SIZE))
def test_values_are_the_sum_over_all_ways(entries: list[float], given: list[float]) -> None:
    """Rows that sum to 0.9, circles of every kind among them."""
    weights = np.array(entries).reshape(SIZE, SIZE)
    sums = weights.sum(axis=1, keepdims=True)
    shares = np.divide(0.9 * weights, sums, out=np.zeros_like(weights), where=sums > 0)
    found = solved(sparse.csr_array(shares), np.array(given))
    np.testing.assert_allclose(found, least_solution(shares, np.array(given)), atol=1e-9)


def test_a_circle_that_only_feeds_itself_is_worth_nothing() -> None:
    shares = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    assert solved(sparse.csr_array(shares), np.array([0.0, 0.0, 1.0])).tolist() == [0.0, 0.0, 1.0]


def test_a_circle_that_is_fed_keeps_what_it_is_fed() -> None:
    """Each of two depends half on the other; one of them half on what is given."""
    shares = np.array([[0.0, 0.5, 0.5], [0.5, 0.0, 0.0], [0.0, 0.0, 0.0]])
    found = solved(sparse.csr_array(shares), np.array([0.0, 0.0, 1.0]))
    np.testing.assert_allclose(found, [2 / 3, 1 / 3, 1.0])
