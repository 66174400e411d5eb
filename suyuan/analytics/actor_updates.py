"""Actors after a change of the evidence or of the judgements, and what became of each actor."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from suyuan.analytics.actors import ActorResolution, clustered, since_of
from suyuan.analytics.candidates import HUB, Candidates, ValueJudgement, judged_pairs, judged_values
from suyuan.analytics.clusters import Links
from suyuan.analytics.evidence import Correspondence, Evidence, changed_values, correspondence
from suyuan.analytics.judgements import Verdicts
from suyuan.graph.ordering import chosen_rows
from suyuan.graph.snapshot import BoolArray, Int64Array


def update(
    before: ActorResolution,
    evidence: Evidence,
    verdicts: Verdicts,
    *,
    run: int,
    known_since: Mapping[str, int] | None = None,
    scored: Links | None = None,
) -> ActorResolution:
    """:func:`suyuan.analytics.actors.resolve` of new evidence and judgements, reusing what did not change.

    Parameters
    ----------
    before : the last resolution; its settings are kept.
    evidence : all records and claims as they are now.
    verdicts : all judgements in force now.
    run : number of this run, in which records not known before become known.
    known_since : as for ``resolve``; if not given, what the last resolution knew.
    scored : pairs that a model scored, as positions in the new evidence.

    Returns
    -------
    The same as ``resolve(evidence, verdicts, before.settings, known_since=..., run=run, scored=scored)``.

    Notes
    -----
    Only values whose owners changed, and those of the records around them, are judged again; then only pairs of
    owners of values judged anew. Clusters are worked out from all pairs: that step is one pass over them.
    """
    where = correspondence(before.evidence, evidence)
    changed, former = changed_values(before.evidence, evidence, where)
    there = where.record[former]
    change = _Change(evidence, where, changed, there[there >= 0])
    values, judged = _judged_again(before, change)
    members = change.owners(judged | changed)
    fresh = judged_pairs(evidence, values.hub_probability, before.settings, members)
    candidates = _merged(_kept_pairs(before, where, members), fresh, len(evidence.records))
    since = _known_since(before, where, run) if known_since is None else since_of(evidence, known_since, run)
    return clustered(evidence, verdicts, before.settings, values, candidates, since, scored)


def _known_since(before: ActorResolution, where: Correspondence, run: int) -> Int64Array:
    since = np.full(len(where.former_record), run, np.int64)
    known = where.former_record >= 0
    since[known] = before.known_since[where.former_record[known]]
    return since


@dataclass(frozen=True, slots=True)
class _Change:
    """New evidence, and what is new in it.

    changed : bool, shape (n_values,): values with other owners than before.
    former : int64, positions: records that are still there and were owners of values that changed or are gone.
    """

    evidence: Evidence
    where: Correspondence
    changed: BoolArray
    former: Int64Array

    def owners(self, chosen: BoolArray) -> BoolArray:
        """Owners of chosen values, and former owners of changed ones: bool, shape (n_records,)."""
        mask = self.evidence.seen_with(chosen)
        mask[self.former] = True
        return mask

    def values_around(self, chosen: BoolArray) -> BoolArray:
        """All values of the owners of chosen ones: bool, shape (n_values,)."""
        mask = np.zeros(len(self.evidence.values), np.bool_)
        mask[self.evidence.value[self.owners(chosen)[self.evidence.record]]] = True
        return mask


def _judged_again(before: ActorResolution, change: _Change) -> tuple[ValueJudgement, BoolArray]:
    """Judgements of all values, and which of them may differ from before."""
    settings, old, evidence = before.settings, before.values, change.evidence
    known = change.where.former_value >= 0
    former = change.where.former_value[known]
    first = change.changed | change.values_around(change.changed)
    suspected = np.zeros(len(known), np.bool_)
    suspected[known] = old.suspected[former]
    earlier = suspected.copy()
    _, probability = judged_values(evidence, settings, chosen=first)
    suspected[first] = probability[first] >= HUB
    turned = change.changed | (suspected != earlier)
    second = turned | change.values_around(turned)
    groups = np.zeros(len(known), np.int64)
    hub_probability = np.zeros(len(known))
    groups[known] = old.groups[former]
    hub_probability[known] = old.hub_probability[former]
    again, probability = judged_values(evidence, settings, chosen=second, suspected=suspected)
    moved = second & (change.changed | (probability != hub_probability))
    groups[second], hub_probability[second] = again[second], probability[second]
    return ValueJudgement(groups, hub_probability, suspected), moved


def _kept_pairs(before: ActorResolution, where: Correspondence, members: BoolArray) -> Candidates:
    """Pairs of before that are not judged again, in the positions of the new evidence."""
    old = before.candidates
    left, right = where.record[old.left], where.record[old.right]
    there = np.flatnonzero((left >= 0) & (right >= 0))
    kept = there[~(members[left[there]] & members[right[there]])]
    start, rows = chosen_rows(old.reason_start, kept)
    return Candidates(
        left[kept].astype(np.int32),
        right[kept].astype(np.int32),
        old.bits[kept],
        start,
        where.value[old.reason_value[rows]].astype(np.int32),
        old.reason_bits[rows],
    )


def _merged(first: Candidates, second: Candidates, n_records: int) -> Candidates:
    """Two sets of pairs without a common one, in order."""
    left, right = np.concatenate([first.left, second.left]), np.concatenate([first.right, second.right])
    order = np.argsort(left.astype(np.int64) * n_records + right, kind="stable")
    both = np.concatenate([first.reason_start[:-1], second.reason_start + len(first.reason_value)])
    start, rows = chosen_rows(both, order)
    value = np.concatenate([first.reason_value, second.reason_value])[rows]
    bits = np.concatenate([first.reason_bits, second.reason_bits])[rows]
    total = np.concatenate([first.bits, second.bits])[order]
    return Candidates(left[order], right[order], total, start, value, bits)


class Moved(NamedTuple):
    """Records that went from one actor to another.

    ``before`` is None for records that are new, ``after`` for those that are no longer in the data.
    """

    before: str | None
    after: str | None
    records: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ActorChanges:
    """What became of the actors between two runs: the entries of an actor's history.

    moved : records whose actor changed, by (before, after).
    gone : actors that are no more.
    """

    moved: tuple[Moved, ...] = ()
    gone: tuple[str, ...] = field(default=())


def actors_by_record(resolution: ActorResolution) -> dict[str, str]:
    """The actor of each record."""
    return {record: actor for actor, members in resolution.actors() for record in members}


def changes(before: ActorResolution, after: ActorResolution) -> ActorChanges:
    """Which records changed their actor, and which actors are no more; everything in order of ids."""
    return changes_between(actors_by_record(before), actors_by_record(after))


def changes_between(before: Mapping[str, str], after: Mapping[str, str]) -> ActorChanges:
    """:func:`changes` of two states, each the actor by record.

    Examples
    --------
    >>> changes_between({"A": "Actor:1", "B": "Actor:2"}, {"A": "Actor:1", "B": "Actor:1"}).moved
    (Moved(before='Actor:2', after='Actor:1', records=('B',)),)
    """
    moves: dict[tuple[str, str], list[str]] = {}
    for record in before.keys() | after.keys():
        was, now = before.get(record, ""), after.get(record, "")
        if was != now:
            moves.setdefault((was, now), []).append(record)
    moved = tuple(
        Moved(was or None, now or None, tuple(sorted(records)))
        for (was, now), records in sorted(moves.items())
    )
    return ActorChanges(moved, tuple(sorted(set(before.values()) - set(after.values()))))
