"""What findings say of a party, and what it may be called."""

from collections.abc import Sequence
from typing import Final

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
    """The standing by the findings that fall on a party, or on all members of an actor.

    An infringement of a right that was invalidated counts as one revoked: the right never was.
    """
    return standing_by_findings(
        {
            (one.outcome, "revoked" if one.outcome == "infringing" and not one.right_holds else one.finality)
            for one in findings
        }
    )


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
