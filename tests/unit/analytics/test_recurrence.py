"""The three counts of an actor, by hand."""

import pytest

from suyuan.analytics.recurrence import Account, Decision, legal_repeat, recurrence

MARK = Decision("F1", 100, 100, 90, "Right:1", "trade_mark", "penalty", "sale", True, True)
PATENT = Decision("F2", 100, 100, 90, "Right:2", "invention", "ruling", "sale", True, True)
FIVE_YEARS = 5 * 365 + 2
"""From 1970-04-11 to 1975-04-12: one leap day, and a day more than five years."""


def test_two_findings_on_trade_marks_within_five_years() -> None:
    later = MARK._replace(id="F9", day=100 + FIVE_YEARS - 1)
    assert legal_repeat([MARK, later])
    assert not legal_repeat([MARK, later._replace(day=100 + FIVE_YEARS)])
    assert not legal_repeat([MARK])
    assert legal_repeat([MARK, MARK._replace(id="F9", right="Right:7", act="other")])


@pytest.mark.parametrize("change", [{"in_force": False}, {"counts": False}, {"day": None}])
def test_what_does_not_hold_is_no_repeat(change: dict[str, object]) -> None:
    assert not legal_repeat([MARK, MARK._replace(id="F9", day=200)._replace(**change)])


def test_a_patent_needs_the_same_right_and_act_after_a_ruling() -> None:
    again = PATENT._replace(id="F9", kind="penalty", day=300, act_day=250)
    assert legal_repeat([PATENT, again])
    assert legal_repeat([PATENT, again._replace(act_day=None)])
    assert not legal_repeat([PATENT, again._replace(act_day=100)])
    assert not legal_repeat([PATENT, again._replace(right="Right:3")])
    assert not legal_repeat([PATENT, again._replace(act="making")])
    assert not legal_repeat([PATENT, again._replace(act=None)])
    assert not legal_repeat([PATENT._replace(kind="penalty"), again])
    assert not legal_repeat([PATENT._replace(in_force=False), again])


def test_counts_are_not_mixed() -> None:
    under_review = MARK._replace(id="F9", day=200, end_day=200, in_force=False)
    found = recurrence([MARK, under_review], [Account("Seller:a:1", 5)])
    assert (found.legal_repeat, found.findings_in_force, found.finding_days) == (False, 1, (100, 200))
    assert (found.recurs, found.re_emergence_suspected) == (True, False)


def test_opened_on_the_same_day_is_no_re_emergence() -> None:
    accounts = [Account("Seller:a:1", 5), Account("Seller:a:2", None), Account("Firm:3", 100)]
    found = recurrence([MARK], accounts)
    assert (found.re_emergence_suspected, found.days_to_re_emergence, found.recurs) == (False, None, False)
    assert found.accounts_before == ("Firm:3", "Seller:a:1", "Seller:a:2")
    found = recurrence([MARK], [*accounts, Account("Firm:4", 130), Account("Firm:5", 101)])
    assert (found.days_to_re_emergence, found.accounts_after) == (1, ("Firm:4", "Firm:5"))


def test_a_decision_of_unknown_day_within_a_year_is_taken_as_late_as_it_can_be() -> None:
    year = MARK._replace(end_day=465)
    assert not recurrence([year], [Account("Firm:1", 465)]).re_emergence_suspected
    assert recurrence([year], [Account("Firm:1", 466)]).re_emergence_suspected


def test_what_was_revoked_starts_nothing() -> None:
    found = recurrence([MARK._replace(counts=False, in_force=False)], [Account("Firm:1", 500)])
    assert (found.finding_days, found.findings_in_force, found.recurs) == ((), 0, False)
    assert found.accounts_before == ("Firm:1",)
