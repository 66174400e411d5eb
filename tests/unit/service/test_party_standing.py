"""What findings say of a party."""

import pytest

from suyuan.service.party_findings import PartyFinding
from suyuan.service.party_standing import display_label, records_in_force, standing_of, standing_of_linked
from suyuan.traceback.explanation import Standing


def finding(outcome: str, finality: str, *, right_holds: bool = True) -> PartyFinding:
    """A finding of which only what decides the standing matters."""
    unknown = dict.fromkeys(PartyFinding._fields)
    told = {"finding": "Finding:1", "outcome": outcome, "finality": finality, "right_holds": right_holds}
    return PartyFinding(**{**unknown, **told})  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("findings", "standing"),
    [
        ([], Standing.LEAD),
        ([finding("infringing", "in_force")], Standing.DECIDED_IN_FORCE),
        ([finding("infringing", "revoked"), finding("infringing", "in_force")], Standing.DECIDED_IN_FORCE),
        ([finding("infringing", "under_review")], Standing.UNDER_REVIEW),
        ([finding("not_infringing", "in_force")], Standing.CLEARED),
        ([finding("infringing", "revoked")], Standing.REVOKED),
        ([finding("infringing", "in_force", right_holds=False)], Standing.REVOKED),
        ([finding("not_infringing", "revoked")], Standing.LEAD),
    ],
)
def test_the_weightiest_finding_decides(findings: list[PartyFinding], standing: Standing) -> None:
    assert standing_of(findings) is standing


def test_only_who_stands_alone_has_the_standing_of_a_record() -> None:
    findings = {"Seller:a:1": [finding("infringing", "in_force")]}
    assert standing_of_linked(["Seller:a:1"], findings) is Standing.DECIDED_IN_FORCE
    assert standing_of_linked(["Seller:a:2"], findings) is Standing.LEAD
    assert standing_of_linked(["Seller:a:1", "Seller:a:2"], findings) is Standing.LEAD


def test_records_are_counted_once_and_only_decisions_that_hold() -> None:
    held = finding("infringing", "in_force")
    rows = [
        held._replace(party="Seller:a:1"),
        held._replace(party="Seller:a:1", finding="Finding:2"),
        held._replace(subject="Site:X1"),
        finding("infringing", "under_review")._replace(party="Seller:a:2"),
        finding("infringing", "in_force", right_holds=False)._replace(party="Seller:a:3"),
    ]
    assert records_in_force(rows) == 2


def test_every_standing_has_words_in_both_languages_and_none_accuses() -> None:
    for standing in Standing:
        label = display_label(standing)
        assert not label.isascii()
        assert not any(word in label for word in ("侵权人", "售假", "infringer", "counterfeiter"))
