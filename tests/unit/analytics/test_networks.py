"""Communities that are the same on every run, their ids, and roles."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from suyuan.analytics.networks import communities, core_numbers, matched_ids, network_id
from suyuan.analytics.roles import ROLES, Doings, first_role, roles


def graph(n: int, *edges: tuple[int, int]) -> sparse.csr_array:
    """A graph of equal weights."""
    dense = np.zeros((n, n))
    for left, right in edges:
        dense[left, right] = dense[right, left] = 1.0
    return sparse.csr_array(dense)


def clique(*members: int) -> list[tuple[int, int]]:
    return [(left, right) for left in members for right in members if left < right]


def test_two_cliques_on_a_bridge_are_two_networks() -> None:
    found = communities(graph(9, *clique(0, 1, 2, 3), *clique(4, 5, 6, 7), (3, 4)))
    assert found.tolist() == [0, 0, 0, 0, 4, 4, 4, 4, 8]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31))
def test_the_same_every_time_and_by_itself(seed: int) -> None:
    random = np.random.default_rng(seed)
    half = np.triu(random.random((30, 30)) * (random.random((30, 30)) < 0.12), 1)
    part = sparse.csr_array(half + half.T)
    alone = communities(part)
    assert alone.tolist() == communities(part).tolist()
    beside = communities(sparse.csr_array(sparse.block_diag([part, graph(6, *clique(0, 1, 2, 3, 4, 5))])))
    assert beside[:30].tolist() == alone.tolist()


def test_core_numbers() -> None:
    assert core_numbers(graph(5, *clique(0, 1, 2), (2, 3))).tolist() == [2, 2, 2, 1, 0]
    assert core_numbers(graph(2)).tolist() == [0, 0]


def test_ids_stay_with_most_of_the_members() -> None:
    before = {"Network:a": ["1", "2", "3", "4"], "Network:b": ["5", "6"]}
    split = [["1"], ["2", "3", "4", "7"], ["5", "6", "8"]]
    assert matched_ids(split, ["A", "B", "C"], before) == [network_id("A"), "Network:a", "Network:b"]
    joined = [["1", "2", "3", "4", "5", "6"]]
    assert matched_ids(joined, ["A"], before) == ["Network:a"]
    assert matched_ids([], [], before) == []


def test_equal_overlaps_go_by_jaccard_then_id() -> None:
    before = {"Network:a": ["1", "2"], "Network:b": ["3", "4", "5"]}
    assert matched_ids([["1", "3"]], ["A"], before) == ["Network:a"]
    assert matched_ids([["1"], ["2"]], ["A", "B"], {"Network:a": ["1", "2"]}) == [
        "Network:a",
        network_id("B"),
    ]


def test_a_new_id_is_one_that_nobody_has() -> None:
    taken = network_id("A")
    assert matched_ids([["2", "3"], ["1"]], ["B", "A"], {taken: ["1", "2", "3"]}) == [
        taken,
        network_id("A", 1),
    ]


@pytest.mark.parametrize(
    ("does", "names"),
    [
        ({"controlled": 2}, ["shared_controller"]),
        ({"makers": 1, "listings": 3, "suppliers": 1, "customers": 5}, ["producer"]),
        ({"carriers": 1}, ["logistics"]),
        ({"suppliers": 1, "customers": 2}, ["wholesaler"]),
        ({"trading_places": 1, "customers": 1, "listings": 1}, ["wholesaler", "front_shop"]),
        ({"listings": 1, "customers": 1, "suppliers": 3}, ["front_shop"]),
        ({"controlled": 1, "suppliers": 4}, ["member"]),
    ],
)
def test_roles(does: dict[str, int], names: list[str]) -> None:
    fields = ("makers", "carriers", "trading_places", "customers", "suppliers", "listings", "controlled")
    found = roles(Doings(**{name: np.array([does.get(name, 0)]) for name in fields}))
    assert [name for name, has in zip(ROLES, found[0].tolist(), strict=True) if has] == names
    assert ROLES[int(first_role(found)[0])] == names[0]
