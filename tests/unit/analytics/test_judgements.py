"""What follows from analysts' judgements."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.analytics.judgements import ApartGroups, Judgement, Verdict, records_named, verdicts_of
from suyuan.errors import ParameterError


def said(number: int, left: str, right: str, verdict: Verdict) -> Judgement:
    return Judgement(str(number), left, right, verdict, "li", number, "seen")


def test_different_carries_over_through_same_whatever_came_first() -> None:
    rows: list[tuple[str, str, Verdict]] = [("A", "B", "different"), ("B", "C", "same"), ("C", "D", "same")]
    for order in permutations(rows):
        found = verdicts_of(said(number, *one) for number, one in enumerate(order))
        assert found.verdict("A", "C") == "different"
        assert found.verdict("D", "A") == "different"
        assert found.verdict("B", "D") == "same"
        assert found.verdict("A", "E") is None
        assert found.overruled == ()


def test_the_newest_on_a_pair_counts_and_unsure_takes_back() -> None:
    first, second = said(1, "A", "B", "same"), said(2, "B", "A", "different")
    assert verdicts_of([first, second]).verdict("A", "B") == "different"
    assert verdicts_of([first, second]).overruled == (first,)
    assert verdicts_of([first, second], undone={"2"}) == verdicts_of([first])
    assert verdicts_of([first, said(3, "A", "B", "unsure")]).verdict("A", "B") is None


def test_what_contradicts_newer_judgements_is_overruled() -> None:
    old = said(1, "A", "C", "different")
    found = verdicts_of([old, said(2, "A", "B", "same"), said(3, "B", "C", "same")])
    assert found.verdict("A", "C") == "same"
    assert found.overruled == (old,)
    joined = said(1, "A", "C", "same")
    found = verdicts_of([joined, said(2, "A", "B", "same"), said(3, "B", "C", "different")])
    assert found.verdict("A", "C") == "different"
    assert found.overruled == (joined,)


JUDGEMENTS = st.lists(
    st.tuples(st.sampled_from("ABCDE"), st.sampled_from("FGHIJ"), st.sampled_from(["same", "different"])),
    max_size=12,
)


@given(JUDGEMENTS)
def test_judgements_in_force_all_hold(rows: list[tuple[str, str, Verdict]]) -> None:
    found = verdicts_of(said(number, *row) for number, row in enumerate(rows))
    for judgement in found.in_force:
        assert found.verdict(judgement.left, judgement.right) == judgement.verdict
    assert len(found.in_force) + len(found.overruled) == len(rows)


@given(JUDGEMENTS)
def test_groups_name_their_first_member(rows: list[tuple[str, str, Verdict]]) -> None:
    groups = ApartGroups()
    for left, right, verdict in rows:
        (groups.join if verdict == "same" else groups.separate)(left, right)
    joined = groups.joined()
    for group in set(joined.values()):
        assert group == min(record for record, at in joined.items() if at == group)
    assert all(joined.get(first) != joined.get(second, second) for first, second in groups.apart())


def test_records_named() -> None:
    assert records_named([said(1, "B", "A", "same"), said(2, "A", "C", "unsure")]) == {"A", "B", "C"}


def test_a_judgement_is_about_two_records_and_has_a_verdict() -> None:
    with pytest.raises(ParameterError, match="another record"):
        said(1, "A", "A", "same")
    with pytest.raises(ParameterError, match="verdict"):
        said(1, "A", "B", "perhaps")  # pyright: ignore
