"""What findings say of a party, and what it may be called."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from suyuan.service.party_findings import PartyFinding
from suyuan.traceback.explanation import Standing
from suyuan.traceback.standing import standing_by_findings

SUBJECT_OF_A_LEAD: Final = "subject of a lead 线索对象"
LINKED_ACCOUNTS: Final = "linked accounts 关联主体"

_LABELS: Final = {
    Standing.DECIDED_IN_FORCE: "finding in force 有生效认定",
    Standing.UNDER_REVIEW: "finding under review 认定复议或诉讼中",
    Standing.REVOKED: "finding revoked 认定已撤销",
    Standing.CLEARED: "found not infringing 认定不侵权",
}


def standing_of(findings: Sequence[PartyFinding]) -> Standing:
    """The standing by the findings that fall on one party.

    An infringement of a right that was invalidated counts as one revoked: the right never was.
    """
    return standing_by_findings(
        {
            (one.outcome, "revoked" if one.outcome == "infringing" and not one.right_holds else one.finality)
            for one in findings
        }
    )


def standing_of_linked(parties: Sequence[str], findings: Mapping[str, Sequence[PartyFinding]]) -> Standing:
    """The standing of what a machine put together from parties: LEAD, unless it is but one party.

    A decision speaks of whom it names. Whoever is only linked to them has no finding, and neither has the whole.

    Parameters
    ----------
    findings : by the party they fall on
    """
    return standing_of(findings.get(parties[0], ())) if len(parties) == 1 else Standing.LEAD


def record_standings(
    parties: Sequence[str], findings: Mapping[str, Sequence[PartyFinding]]
) -> list[dict[str, Any]]:
    """What findings say of each of some parties by itself: ``id``, ``standing``, ``display_label``."""
    told: list[dict[str, Any]] = []
    for party in parties:
        standing = standing_of(findings.get(party, ()))
        told.append({"id": party, "standing": standing.value, "display_label": display_label(standing)})
    return told


def records_in_force(findings: Iterable[PartyFinding]) -> int:
    """On how many records findings of infringement in force fall: parties, and subjects that are none."""
    return len({one.party or one.subject for one in findings if one.infringing})


def findings_by_party(findings: Iterable[PartyFinding]) -> dict[str, list[PartyFinding]]:
    """Findings by the party they fall on."""
    found: dict[str, list[PartyFinding]] = {}
    for one in findings:
        if one.party is not None:
            found.setdefault(one.party, []).append(one)
    return found


def display_label(standing: Standing, undecided: str = SUBJECT_OF_A_LEAD) -> str:
    """What a party may be called on screens, in files and exports, in both languages.

    Parameters
    ----------
    undecided : what to call it while no finding names it, such as "linked accounts 关联主体"

    Examples
    --------
    >>> display_label(Standing.LEAD)
    'subject of a lead 线索对象'
    """
    return _LABELS.get(standing, undecided)
