"""Findings by the party they fall on: a shop, firm or person, or the shop of a listing."""

from collections.abc import Container
from typing import Any, NamedTuple

from suyuan.graph.ids import canonical_id
from suyuan.graph.store.base import View
from suyuan.graph.times import MICROSECONDS_PER_DAY
from suyuan.service.dated_rows import DatedTables, dated_rows


class PartyFinding(NamedTuple):
    """A finding and the party it falls on.

    ``party`` is None where the subject is neither a party nor a listing of a known shop. ``day`` counts from 1970-01-01
    UTC, None if unknown. ``right_holds`` is False once the right was invalidated: as if it had never been.
    """

    finding: str
    subject: str
    party: str | None
    right: str | None
    right_type: str | None
    kind: str | None
    act: str | None
    outcome: str | None
    finality: str | None
    day: int | None
    division: str | None
    right_holds: bool

    @property
    def infringing(self) -> bool:
        """Whether it finds an infringement, is in force, and its right still holds."""
        return self.outcome == "infringing" and self.finality == "in_force" and self.right_holds


INVALIDATED = frozenset({"invalidated", "invalid", "revoked"})
"""Statuses of a right that never was; words of registers, in lower case."""

_COLUMNS = ("subject", "right_id", "kind", "act", "outcome", "finality", "decided_at", "division_code")


def shops_by_listing(
    view: View | DatedTables, as_of: int | None = None, *, chosen: Container[str] | None = None
) -> dict[str, str]:
    """The shop of each listing that was there at the cut-off, both by canonical id; without those of no known shop.

    ``chosen``: only these listings, if given.
    """
    return {
        record: canonical_id("Seller", platform, seller)
        for record, platform, seller in dated_rows(view, "listings", ("platform", "seller_id"), as_of)
        if platform and seller and (chosen is None or record in chosen)
    }


def party_findings(view: View | DatedTables, as_of: int | None = None) -> list[PartyFinding]:
    """Every finding decided by the cut-off, by day, then id.

    Parameters
    ----------
    as_of : microseconds since 1970 UTC; None for all
    """
    rows = list(dated_rows(view, "findings", _COLUMNS, as_of))
    shops = shops_by_listing(view, chosen={row[1] for row in rows})
    rights = {
        record: (kind, (status or "").strip().lower() not in INVALIDATED)
        for record, kind, status in dated_rows(view, "rights", ("right_type", "status"))
    }
    found = [_finding(row, shops, rights) for row in rows]
    return sorted(found, key=lambda one: (one.day is None, one.day or 0, one.finding))


def _finding(
    row: tuple[Any, ...], shops: dict[str, str], rights: dict[str, tuple[str | None, bool]]
) -> PartyFinding:
    finding, subject, right, kind, act, outcome, finality, decided, division = row
    subject = subject or ""
    party = subject if subject.partition(":")[0] in ("Seller", "Firm", "Person") else shops.get(subject)
    right_id = canonical_id("Right", right) if right else None
    right_type, holds = rights.get(right_id or "", (None, True))
    return PartyFinding(
        finding or "",
        subject,
        party,
        right_id,
        right_type,
        kind,
        act,
        outcome,
        finality,
        None if decided is None else decided // MICROSECONDS_PER_DAY,
        division,
        holds,
    )
