"""The counting and merge sorts against numpy's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.graph.ordering import group_order, group_places, starts


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32), st.sampled_from([0, 1, 15, 16, 17, 33, 500]), st.sampled_from([1, 3, 100, 10**15])
)
def test_group_order_is_a_stable_sort(seed: int, n: int, spread: int) -> None:
    stream = np.random.default_rng(seed)
    group = stream.integers(0, 5, n).astype(np.int32)
    key = stream.integers(-spread, spread, n)
    order, start = group_order(group, key, 6)
    assert np.array_equal(order, np.lexsort((np.arange(n), key, group)))
    assert np.array_equal(start, starts(np.sort(group), 6))
    assert start[6] - start[5] == 0


@pytest.mark.parametrize("n", [0, 1, 200])
def test_group_places_keep_their_order(n: int) -> None:
    group = np.random.default_rng(n).integers(0, 7, n).astype(np.int32)
    order, start = group_places(group, 7)
    assert np.array_equal(order, np.argsort(group, kind="stable"))
    assert np.array_equal(np.diff(start), np.bincount(group, minlength=7))


def test_sorted_and_reversed_keys() -> None:
    n = 1000
    group = np.zeros(n, np.int32)
    assert np.array_equal(group_order(group, np.arange(n), 1)[0], np.arange(n))
    assert np.array_equal(group_order(group, -np.arange(n), 1)[0], np.arange(n)[::-1])
    extreme = np.array([np.iinfo(np.int64).max, 0, np.iinfo(np.int64).min] * 20)
    assert np.array_equal(group_order(group[:60], extreme, 1)[0], np.argsort(extreme, kind="stable"))
