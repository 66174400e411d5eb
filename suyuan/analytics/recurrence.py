"""Repeat in law, findings in force, and suspected re-emergence: three counts of one actor, never mixed.

What counts: a decision that finds an infringement, was not revoked, and whose right was not invalidated. Only one in
force counts for the law. One under review still stands as long as it is not revoked, so it counts as a finding day,
and an account opened after it is worth an officer's look.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

TRADE_MARK_YEARS: Final = 5
"""Trade Mark Law, Art. 60 (2026: Art. 74)."""

PATENTS: Final = frozenset({"invention", "utility_model", "design"})
RULINGS: Final = frozenset({"ruling", "judgment"})
_EPOCH: Final = date(1970, 1, 1)


class Decision(NamedTuple):
    """A decision on one of an actor's shops, firms or listings.

    ``day`` counts from 1970-01-01 UTC, None if unknown; ``end_day`` is the last day it can have been made, later than
    ``day`` where only its month or year is known. ``act_day`` is the last day of the act, if known. ``counts`` and
    ``in_force`` as at the head of the module.
    """

    id: str
    day: int | None
    end_day: int | None
    act_day: int | None
    right: str | None
    right_type: str | None
    kind: str | None
    act: str | None
    counts: bool
    in_force: bool


class Account(NamedTuple):
    """A shop or firm of an actor; ``day`` on which it was opened or registered, None if unknown."""

    id: str
    day: int | None


class Recurrence(NamedTuple):
    """How far an actor recurs.

    legal_repeat : by the law on trade marks or on patents.
    findings_in_force : how many.
    finding_days : days of all that count, ascending, each once.
    re_emergence_suspected : an account was opened on a later day than the first of them; it needs an officer.
    days_to_re_emergence : from that day to the first such opening.
    accounts_before, accounts_after : by whether they were opened later than the first day; the opening unknown is
        before. All are before where nothing counts.
    """

    legal_repeat: bool
    findings_in_force: int
    finding_days: tuple[int, ...]
    re_emergence_suspected: bool
    days_to_re_emergence: int | None
    accounts_before: tuple[str, ...]
    accounts_after: tuple[str, ...]

    @property
    def recurs(self) -> bool:
        """Whether it belongs in a list of repeat offenders: two finding days, or a suspected re-emergence."""
        return len(self.finding_days) >= 2 or self.re_emergence_suspected


def recurrence(decisions: Sequence[Decision], accounts: Sequence[Account]) -> Recurrence:
    """The three counts of one actor.

    Parameters
    ----------
    decisions : all that fell on it; those that do not count are passed over.
    accounts : its shops and firms.

    Examples
    --------
    >>> mark = Decision("Finding:1", 10, 10, None, "Right:1", "trade_mark", "penalty", "sale", True, True)
    >>> found = recurrence([mark], [Account("Seller:a:1", 5), Account("Seller:a:2", 10), Account("Seller:a:3", 31)])
    >>> found.legal_repeat, found.findings_in_force, found.finding_days, found.days_to_re_emergence
    (False, 1, (10,), 21)
    >>> found.accounts_before, found.accounts_after
    (('Seller:a:1', 'Seller:a:2'), ('Seller:a:3',))
    """
    counted = [one for one in decisions if one.counts]
    days = sorted({one.day for one in counted if one.day is not None})
    start = min((one.end_day for one in counted if one.end_day is not None), default=None)
    after = sorted(one for one in accounts if start is not None and one.day is not None and one.day > start)
    later = {one.id for one in after}
    opened = [one.day for one in after if one.day is not None]
    return Recurrence(
        legal_repeat=legal_repeat(counted),
        findings_in_force=sum(one.in_force for one in counted),
        finding_days=tuple(days),
        re_emergence_suspected=bool(after),
        days_to_re_emergence=min(opened) - start if opened and start is not None else None,
        accounts_before=tuple(sorted(one.id for one in accounts if one.id not in later)),
        accounts_after=tuple(sorted(later)),
    )


def legal_repeat(decisions: Sequence[Decision]) -> bool:
    """Whether the law calls it a repeat: two findings on trade marks in force within five years, or the same kind of
    act on the same patent after a ruling in force.

    Notes
    -----
    Where the time or the kind of an act is not known it is not held against anybody. A patent's later act counts by
    its last day, where known, else by the decision's.
    """
    forced = [one for one in decisions if one.counts and one.in_force and one.day is not None]
    marks = sorted(one.day for one in forced if one.right_type == "trade_mark" and one.day is not None)
    if any(later <= _years_later(earlier) for earlier, later in pairwise(marks)):
        return True
    patents: dict[tuple[str, str], list[Decision]] = defaultdict(list)
    for one in forced:
        if one.right_type in PATENTS and one.right and one.act:
            patents[one.right, " ".join(one.act.split())].append(one)
    return any(_acted_again(group) for group in patents.values())


def _years_later(day: int) -> int:
    """The last day of the five years that begin on a day."""
    begin = _EPOCH + timedelta(days=day)
    last_of_month = begin.month == 2 and begin.day == 29
    end = begin.replace(year=begin.year + TRADE_MARK_YEARS, day=28 if last_of_month else begin.day)
    return (end - _EPOCH).days


def _acted_again(decisions: Sequence[Decision]) -> bool:
    ruled = min((one.day for one in decisions if one.kind in RULINGS and one.day is not None), default=None)
    if ruled is None:
        return False
    return any(
        one.day is not None and one.day > ruled and (one.act_day is None or one.act_day > ruled)
        for one in decisions
    )
