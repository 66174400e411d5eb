"""Networks as plain values: rows of a list, one network with its members and ties, choosing and ordering them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from suyuan.analytics.recurrence import Recurrence
from suyuan.analytics.roles import ROLES
from suyuan.analytics.ties import TIE_KINDS
from suyuan.errors import NotFoundError, ParameterError
from suyuan.graph.divisioncodes import leading_digits, require_division
from suyuan.graph.records import Precision, time_text
from suyuan.graph.times import MICROSECONDS_PER_DAY
from suyuan.service.networks import Networks, actors_by_recurrence
from suyuan.service.party_findings import PartyFinding
from suyuan.service.party_standing import (
    LINKED_ACCOUNTS,
    display_label,
    findings_by_party,
    record_standings,
    records_in_force,
    standing_of_linked,
)
from suyuan.service.repeat_offenders import accounts_of, counts

Json = dict[str, Any]
Order = Literal["findings", "repeat_offenders", "accounts", "growth", "value", "id"]
EVIDENCE_SHOWN: Final = 20
LABEL: Final = f"{LINKED_ACCOUNTS}网络"
PERSONAL_EVIDENCE: Final = frozenset({"identifier"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkRequest:
    """Which networks.

    Attributes
    ----------
    division : only those with an account or a finding within this division (GB/T 2260).
    min_findings : only those with at least so many findings that count.
    order_by : most first; ties, and ``id``, by id.
    """

    division: str | None = None
    min_findings: int = 0
    order_by: Order = "findings"

    def __post_init__(self) -> None:
        if self.min_findings < 0:
            raise ParameterError("min_findings", self.min_findings, "0 or more")
        require_division(self.division)


def network_rows(networks: Networks, request: NetworkRequest) -> list[Json]:
    """The chosen networks in order, without members and ties."""
    rows = [network_row(networks, number) for number in range(len(networks.ids))]
    begin = leading_digits(request.division) if request.division else ""
    chosen = [
        row
        for row in rows
        if row["findings"] >= request.min_findings
        and any(code.startswith(begin) for code in row["divisions"] or [""])
    ]
    return sorted(chosen, key=lambda row: (-order_key(row, request.order_by), row["id"]))


def order_key(row: Json, order_by: Order) -> float:
    """What a network is ordered by; more comes first."""
    match order_by:
        case "findings":
            return float(row["findings"])
        case "repeat_offenders":
            return float(row["repeat_offenders"])
        case "accounts":
            return float(len(row["accounts"]))
        case "growth":
            return float(len(row["growth"]["joined"]) if row["growth"] else 0)
        case "value":
            return float(sum(entry["value"] for entry in row["value"]))
        case "id":
            return 0.0


def network_number(networks: Networks, name: str) -> int:
    """The number of a network by its id.

    Raises
    ------
    NotFoundError
        There is no such network now: ids of members and of actors lead to the one they are in.
    """
    if name in networks.position:
        return networks.position[name]
    actor = networks.actors.actor_of.get(name)
    if actor is None and name in networks.actors.ids:
        actor = networks.actors.ids.index(name)
    if actor is None:
        raise NotFoundError("Network", name.removeprefix("Network:"))
    return int(networks.network_of[actor])


def network_row(networks: Networks, number: int) -> Json:
    """One network as `suyuan networks list --json` tells it."""
    members, facts = networks.members[number], networks.facts
    findings = _findings(networks, members)
    counted = [one for one in findings if counts(one)]
    accounts = networks.accounts(number)
    repeat = [
        repeat_row(networks, actor)
        for actor in members
        if (one := _recurrence(networks, actor)) and one.recurs
    ]
    records = networks.records(number)
    standing = standing_of_linked(records, findings_by_party(findings))
    codes = {facts.divisions[record] for record in accounts if record in facts.divisions}
    recurring = actors_by_recurrence(networks, number)
    money: Counter[str] = Counter()
    for actor in members:
        money.update(facts.value.get(actor, {}))
    return {
        "id": networks.ids[number],
        "actors": [networks.actors.ids[actor] for actor in members],
        "accounts": accounts,
        "repeat_offenders": len(repeat),
        "findings": len(counted),
        "findings_in_force": sum(one.infringing for one in counted),
        "origins": sorted({site for actor in members for site in facts.origins.get(actor, [])}),
        "repeat": repeat,
        "recurrence_rate": recurring[True] / recurring.total() if recurring else None,
        "rights": sorted({one.right for one in counted if one.right}),
        "divisions": sorted(codes | {one.division for one in counted if one.division}),
        "findings_over_time": _over_time(counted),
        "listings": int(sum(int(facts.listings[actor]) for actor in members)),
        "units": round(float(sum(float(facts.units[actor]) for actor in members)), 3),
        "value": [{"currency": name or None, "value": round(money[name], 2)} for name in sorted(money)],
        "growth": _growth(networks, number),
        "standing": standing.value,
        "display_label": display_label(standing, LABEL),
        "records_with_findings_in_force": records_in_force(findings),
    }


def _findings(networks: Networks, members: Sequence[int]) -> list[PartyFinding]:
    return [one for actor in members for one in networks.found.findings.get(actor, ())]


def _recurrence(networks: Networks, actor: int) -> Recurrence | None:
    return networks.found.recurrence.get(actor)


def _over_time(counted: Sequence[PartyFinding]) -> list[Json]:
    months = Counter(day_text(one.day)[:7] for one in counted if one.day is not None)
    return [{"month": month, "findings": months[month]} for month in sorted(months)]


def _growth(networks: Networks, number: int) -> Json | None:
    grown = networks.memory.growth(networks.ids[number], networks.records(number))
    if grown is None:
        return None
    return {"is_new": grown.is_new, "joined": list(grown.joined), "left": list(grown.left)}


def repeat_row(networks: Networks, actor: int) -> Json:
    """The three counts of an actor, never mixed, with what they rest on."""
    one = networks.found.recurrence[actor]
    return {
        "actor": networks.actors.ids[actor],
        "legal_repeat": one.legal_repeat,
        "findings_in_force": one.findings_in_force,
        "finding_days": [day_text(day) for day in one.finding_days],
        "re_emergence_suspected": one.re_emergence_suspected,
        "days_to_re_emergence": one.days_to_re_emergence,
        "accounts_before": list(one.accounts_before),
        "accounts_after": list(one.accounts_after),
        "tied_by": list(networks.joined_by.get(actor, ())),
    }


def network_document(networks: Networks, number: int) -> Json:
    """One network with its members and the evidence for each tie, as `suyuan networks show --json` tells it."""
    return {
        "as_of": None if networks.as_of is None else time_text(networks.as_of),
        **network_row(networks, number),
        "members": [member_row(networks, actor) for actor in networks.members[number]],
        "ties": [tie_row(networks, tie) for tie in networks.ties_of(number)],
    }


def member_row(networks: Networks, actor: int) -> Json:
    """One actor in its network."""
    records, findings = networks.actors.members[actor], networks.found.findings.get(actor, ())
    by_record = findings_by_party(findings)
    standing = standing_of_linked(records, by_record)
    names = networks.facts.names
    return {
        "actor": networks.actors.ids[actor],
        "name": next((names[record] for record in records if record in names), None),
        "records": list(records),
        "accounts": accounts_of(records),
        "role": ROLES[int(networks.role[actor])],
        "roles": networks.roles_of(actor),
        "core": int(networks.core[actor]),
        "centrality": float(networks.centrality[actor]),
        "findings": [one.finding for one in findings],
        "standing": standing.value,
        "display_label": display_label(standing, LINKED_ACCOUNTS),
        "record_standings": record_standings(records, by_record),
        "records_with_findings_in_force": records_in_force(findings),
    }


def tie_row(networks: Networks, tie: int, shown: int | None = EVIDENCE_SHOWN) -> Json:
    """One tie with the records behind it, the first ``shown`` by kind and id (None: all)."""
    ties, book = networks.tied.ties, networks.tied.evidence
    told = sorted({book.told(int(row)) for row in ties.evidence_of(tie)})
    dated = bool(ties.dated[tie])
    return {
        "from": networks.actors.ids[int(ties.left[tie])],
        "to": networks.actors.ids[int(ties.right[tie])],
        "kind": TIE_KINDS[int(ties.kind[tie])],
        "weight": float(ties.weight[tie]),
        "first": time_text(int(ties.first[tie])) if dated else None,
        "last": time_text(int(ties.last[tie])) if dated else None,
        "evidence": [{"kind": kind, "record": text} for kind, text in told[:shown]],
        "evidence_count": len(told),
    }


def day_text(day: int) -> str:
    """An ISO date of a day counted from 1970-01-01."""
    return time_text(day * MICROSECONDS_PER_DAY, Precision.DAY)
