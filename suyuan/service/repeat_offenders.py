"""Which actors recur: findings on their shops, firms and listings, and accounts opened after a decision."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.analytics.actors import ActorResolution
from suyuan.analytics.recurrence import Account, Decision, Recurrence, recurrence
from suyuan.graph.records import Precision, precision_name
from suyuan.graph.store.base import View
from suyuan.graph.times import MICROSECONDS_PER_DAY
from suyuan.service.dated_rows import dated_rows
from suyuan.service.party_findings import PartyFinding, party_findings

ACCOUNT_KINDS: Final = ("Seller", "Firm")
JUDGED_SAME: Final = "judgement:same"
_LONGEST: Final = {Precision.MONTH: 30, Precision.YEAR: 365}
"""Days by which a decision can be later than the first moment of its month or year."""


@dataclass(frozen=True, slots=True)
class ActorIndex:
    """Actors by number, in the order of their first members.

    ids : canonical ids; members : ids of each actor's records; actor_of : the number of each record's actor.
    """

    ids: tuple[str, ...]
    members: tuple[tuple[str, ...], ...]
    actor_of: Mapping[str, int]

    def number_of(self, record: str | None) -> int:
        """The number of a record's actor, -1 if it has none."""
        return self.actor_of.get(record or "", -1)


def actor_index(resolution: ActorResolution) -> ActorIndex:
    """The actors of a resolution, numbered."""
    actors = list(resolution.actors())
    return ActorIndex(
        tuple(name for name, _ in actors),
        tuple(members for _, members in actors),
        {record: number for number, (_, members) in enumerate(actors) for record in members},
    )


@dataclass(frozen=True, slots=True)
class FoundActors:
    """Findings and recurrence of actors; only those that anything fell on are named.

    findings : all that fell on each actor, by day, then id.
    recurrence : as :func:`suyuan.analytics.recurrence.recurrence`.
    opened : day on which each account was opened or registered, where known.
    """

    findings: Mapping[int, Sequence[PartyFinding]]
    recurrence: Mapping[int, Recurrence]
    opened: Mapping[str, int]


def found_actors(view: View, actors: ActorIndex, as_of: int | None = None) -> FoundActors:
    """What was found of each actor up to a cut-off, microseconds since 1970 UTC (None: everything)."""
    by_actor: dict[int, list[PartyFinding]] = defaultdict(list)
    for one in party_findings(view, as_of):
        number = actors.number_of(one.party)
        if number >= 0:
            by_actor[number].append(one)
    opened = _opened(view, as_of)
    dates = _dates(view)
    return FoundActors(
        by_actor,
        {
            number: recurrence(
                [_decision(one, dates) for one in found],
                [Account(record, opened.get(record)) for record in accounts_of(actors.members[number])],
            )
            for number, found in by_actor.items()
        },
        opened,
    )


def accounts_of(members: Sequence[str]) -> list[str]:
    """The shops and firms among an actor's records."""
    return [record for record in members if record.partition(":")[0] in ACCOUNT_KINDS]


def counts(finding: PartyFinding) -> bool:
    """Whether it finds an infringement, was not revoked, and its right holds."""
    return finding.outcome == "infringing" and finding.finality != "revoked" and finding.right_holds


def _decision(one: PartyFinding, dates: Mapping[str, tuple[int, int | None]]) -> Decision:
    longer, act_day = dates.get(one.finding, (0, None))
    end_day = None if one.day is None else one.day + longer
    return Decision(
        one.finding,
        one.day,
        end_day,
        act_day,
        one.right,
        one.right_type,
        one.kind,
        one.act,
        counts(one),
        one.infringing,
    )


def _dates(view: View) -> dict[str, tuple[int, int | None]]:
    """Of each finding: how many days later than told it can have been decided; the last day of the act."""
    found: dict[str, tuple[int, int | None]] = {}
    for batch in view.batches("findings", ["decided_at", precision_name("decided_at"), "act_to"]):
        precision = batch.column(precision_name("decided_at")).to_pylist()
        ends = batch.column("act_to").to_pylist()
        for record, spelt, end in zip(batch.column("id").to_pylist(), precision, ends, strict=True):
            found[record] = (_LONGEST.get(spelt, 0), None if end is None else end // MICROSECONDS_PER_DAY)
    return found


def _opened(view: View, as_of: int | None) -> dict[str, int]:
    """The day on which each shop was opened or firm registered."""
    return {
        record: moment // MICROSECONDS_PER_DAY
        for table, column in (("sellers", "opened_at"), ("firms", "registered_at"))
        for record, moment in dated_rows(view, table, (column,), as_of)
        if moment is not None
    }


def ties_within(
    resolution: ActorResolution, actors: ActorIndex, chosen: Sequence[int]
) -> dict[int, list[str]]:
    """What joins the records of some actors: values as ``kind:normal form``, those that say most first.

    Hubs are left out: clusters never join through a hub alone.
    """
    cluster, pairs = resolution.cluster, resolution.candidates
    first = pc.index_in(
        pa.array([actors.members[number][0] for number in chosen], pa.string()),
        value_set=resolution.evidence.records,
    ).to_pylist()
    number_of = {int(cluster[place]): number for number, place in zip(chosen, first, strict=True)}
    wanted = np.isin(cluster, list(number_of))
    inside = np.flatnonzero((cluster[pairs.left] == cluster[pairs.right]) & wanted[pairs.left])
    worth: dict[int, dict[int, float]] = {number: {} for number in chosen}
    for pair in inside.tolist():
        found = worth[number_of[int(cluster[pairs.left[pair]])]]
        for row in range(int(pairs.reason_start[pair]), int(pairs.reason_start[pair + 1])):
            value, bits = int(pairs.reason_value[row]), float(pairs.reason_bits[row])
            if bits > 0.0 and not resolution.values.suspected[value]:
                found[value] = max(found.get(value, 0.0), round(bits, 9))
    names = resolution.evidence.values
    told = {
        number: [
            names[value].as_py() for value, _ in sorted(found.items(), key=lambda item: (-item[1], item[0]))
        ]
        for number, found in worth.items()
    }
    for number in chosen:
        same = resolution.verdicts.same
        groups = [same[record] for record in actors.members[number] if record in same]
        if len(set(groups)) < len(groups):
            told[number].insert(0, JUDGED_SAME)
    return told
