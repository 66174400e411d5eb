"""Ties between actors: weights by hand, the hub guard, and the order of rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.analytics.ties import (
    PairRows,
    Rows,
    Ties,
    TieSettings,
    direct_pairs,
    flow_pairs,
    gathered,
    shared_pairs,
)
from suyuan.errors import ParameterError

DAY = 86_400_000_000


def rows(*seen: tuple[int, int, int | None]) -> Rows:
    """Rows of (thing, actor, day)."""
    thing, actor = (np.array([one[place] for one in seen], np.int64) for place in (0, 1))
    at = np.array([(one[2] or 0) * DAY for one in seen], np.int64)
    dated = np.array([one[2] is not None for one in seen], np.bool_)
    return Rows(thing, actor, at, dated, np.ones(len(seen)), np.arange(len(seen)))


def ties(pairs: PairRows, kind: str = "shared_site", n: int = 50) -> Ties:
    return gathered([(kind, pairs)], n)


def shown(found: Ties) -> list[tuple[int, int, float]]:
    weights = np.round(found.weight, 6).tolist()
    return list(zip(found.left.tolist(), found.right.tolist(), weights, strict=True))


def test_two_strangers_at_one_place() -> None:
    found = ties(shared_pairs(rows((0, 3, 10), (0, 3, 20), (0, 7, 18)), 50))
    assert shown(found) == [(3, 7, 0.5)]
    assert (found.first.tolist(), found.last.tolist()) == ([18 * DAY], [18 * DAY])
    assert found.evidence_of(0).tolist() == [0, 1, 2]


def test_far_apart_in_time_is_no_tie() -> None:
    assert shown(ties(shared_pairs(rows((0, 1, 10), (0, 2, 31)), 50))) == [(1, 2, 0.5)]
    assert shown(ties(shared_pairs(rows((0, 1, 10), (0, 2, 32)), 50))) == []
    assert shown(ties(shared_pairs(rows((0, 1, 10), (0, 2, None)), 50))) == [(1, 2, 0.5)]


def test_weight_falls_with_users_and_their_groups() -> None:
    strangers = shared_pairs(rows(*((0, actor, 1) for actor in range(4))), 50)
    assert strangers.weight.tolist() == [0.2] * 6  # 4 groups: 1 / (3 + 2)
    none = np.zeros(2, np.int64)
    known = direct_pairs(np.array([0, 1]), np.array([1, 2]), np.ones(2), none, none.astype(bool), none)
    tied = shared_pairs(rows(*((0, actor, 1) for actor in range(4))), 50, otherwise=(known,))
    assert tied.weight.tolist() == pytest.approx([1 / 3] * 6)  # {0, 1, 2} and {3}: 1 / (1 + 2)


def test_a_public_market_ties_nobody() -> None:
    users = rows(*((0, actor, 1) for actor in range(5)))
    assert len(ties(shared_pairs(users, 50))) == 10
    assert len(ties(shared_pairs(users, 50, public=np.array([True])))) == 0
    many = rows(*((0, actor, 1) for actor in range(9)))
    assert len(ties(shared_pairs(many, 50))) == 0


def test_movements_weigh_by_their_share() -> None:
    of_site, public = np.array([0, 1, 2, -1]), np.zeros(4, np.bool_)
    ends = np.array([[0, 1], [0, 1], [0, 1], [0, 2], [3, 1], [1, 3]])
    at, dated = np.arange(6) * DAY, np.ones(6, np.bool_)
    moved = flow_pairs(ends[:, 0], ends[:, 1], at, dated, np.arange(6), actor_of_site=of_site, public=public)
    found = ties(moved, "movement")
    assert shown(found) == [(0, 1, round(3 / 12**0.5, 6)), (0, 2, 0.5)]
    assert found.evidence_of(0).tolist() == [0, 1, 2]


def test_a_market_that_many_trade_with_ties_nobody() -> None:
    of_site = np.arange(6)
    public = np.array([True, False, False, False, False, False])
    source, target = np.array([1, 2, 3, 4]), np.zeros(4, np.int64)
    none = np.zeros(4, np.int64)

    def found(open_to_all: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Ties:
        moved = flow_pairs(
            source, target, none, none.astype(bool), none, actor_of_site=of_site, public=open_to_all
        )
        return ties(moved, "movement")

    assert len(found(public)) == 0
    assert len(found(~public)) == 4


def test_kinds_combine_in_the_adjacency() -> None:
    none, one = np.zeros(1, np.int64), np.ones(1, np.int64)
    half = direct_pairs(none, one, np.array([0.5]), none, none.astype(bool), none)
    found = gathered([("ownership", half), ("identifier", half)], 2)
    assert found.adjacency(2).toarray().tolist() == [[0.0, 0.75], [0.75, 0.0]]
    assert found.dated.tolist() == [False, False]


def test_bad_input_is_told() -> None:
    with pytest.raises(ParameterError, match="kind"):
        gathered([("friendship", ties_of_none())], 1)
    with pytest.raises(ParameterError, match="most_users"):
        TieSettings(most_users=1)
    with pytest.raises(ParameterError, match="least_weight"):
        TieSettings(least_weight=1.0)
    assert len(gathered([], 3)) == 0


def ties_of_none() -> PairRows:
    none = np.zeros(0, np.int64)
    return direct_pairs(none, none, np.zeros(0), none, none.astype(bool), none)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 9), st.one_of(st.none(), st.integers(0, 90))), max_size=30
    ),
    st.permutations(range(30)),
)
def test_the_order_of_rows_does_not_matter(seen: list[tuple[int, int, int | None]], order: list[int]) -> None:
    one = ties(shared_pairs(rows(*seen), 10), n=10)
    shuffled = [seen[place] for place in order if place < len(seen)]
    other = ties(shared_pairs(rows(*shuffled), 10), n=10)
    assert shown(one) == shown(other)
    assert one.first.tolist() == other.first.tolist()
    assert one.last.tolist() == other.last.tolist()
