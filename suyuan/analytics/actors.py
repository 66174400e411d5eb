"""Actors: records of one party as a layer above them. Records are never merged; an actor is a set of them with reasons.

Everything follows from the evidence, the judgements in force, the order in which records became known, and the
settings. So undoing a judgement gives the actors of before, and an update equals working everything out anew.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.analytics.candidates import (
    HUB,
    Candidates,
    LinkSettings,
    ValueJudgement,
    judged_pairs,
    judged_values,
)
from suyuan.analytics.clusters import Links, clusters_of, members_by_cluster
from suyuan.analytics.evidence import Evidence
from suyuan.analytics.judgements import Verdicts
from suyuan.errors import UnknownNodeError
from suyuan.graph.snapshot import FloatArray, Int32Array, Int64Array

NOTHING_JUDGED: Final = Verdicts()
DEFAULT_SETTINGS: Final = LinkSettings()


class Reason(NamedTuple):
    """A step of a waterfall: what two records share, and what it adds to the log2 odds that they are one party's."""

    value: str
    bits: float
    owners: int
    hub_probability: float


class Hub(NamedTuple):
    """A value that strangers share. ``identifier`` is ``kind:normal form``."""

    identifier: str
    owners: int
    groups: int
    hub_probability: float
    why: str


@dataclass(frozen=True, slots=True)
class ActorResolution:
    """Who is behind which records.

    evidence, verdicts, settings : what it was worked out from.
    values, candidates : what was found out about identifiers and about pairs.
    scored : pairs that a model of names and addresses scored, as positions of records.
    known_since : int64, shape (n_records,): the number of the run in which each record was first known.
    cluster : int32, shape (n_records,): the least position of each record's cluster.
    anchor : int32, shape (n_records,): the record of the cluster known longest, by which its actor is named.
    """

    evidence: Evidence
    verdicts: Verdicts
    settings: LinkSettings
    values: ValueJudgement
    candidates: Candidates
    scored: Links
    known_since: Int64Array
    cluster: Int32Array
    anchor: Int32Array

    def actors(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each actor's id and its members' ids in order; actors by their first member."""
        order, start = members_by_cluster(self.cluster)
        records = self.evidence.records.take(pa.array(order)).to_pylist()
        names = self.evidence.records.take(pa.array(self.anchor[order[start[:-1]]])).to_pylist()
        for number, name in enumerate(names):
            yield actor_id(name), tuple(records[start[number] : start[number + 1]])

    def actor_of(self, record: str) -> str:
        """The id of a record's actor; raises UnknownNodeError."""
        return actor_id(self.evidence.records[int(self.anchor[self._position(record)])].as_py())

    def reasons(self, left: str, right: str) -> tuple[Reason, ...]:
        """What two records share, strongest first; empty if nothing. With ``prior_bits`` they sum to the pair's bits.

        Raises
        ------
        UnknownNodeError
        """
        low, high = sorted((self._position(left), self._position(right)))
        found = self.candidates
        place = int(np.searchsorted(self._keys(), low * len(self.evidence.records) + high))
        if place == len(found) or (found.left[place], found.right[place]) != (low, high):
            return ()
        rows = range(int(found.reason_start[place]), int(found.reason_start[place + 1]))
        reasons = [self._reason(row) for row in rows if found.reason_bits[row] > 0.0]
        return tuple(sorted(reasons, key=lambda reason: (-reason.bits, reason.value)))

    def hubs(self) -> list[Hub]:
        """Values that strangers share, most owners first, then by identifier."""
        owners = self.evidence.owners
        places = np.flatnonzero((self.values.hub_probability >= HUB) & (owners >= 2))
        found = [self._hub(int(place), int(owners[place])) for place in places]
        return sorted(found, key=lambda hub: (-hub.owners, hub.identifier))

    def _position(self, record: str) -> int:
        place = pc.index_in(pa.scalar(record, pa.string()), value_set=self.evidence.records).as_py()
        if place is None:
            raise UnknownNodeError(record)
        return place

    def _keys(self) -> Int64Array:
        found = self.candidates
        return found.left.astype(np.int64) * len(self.evidence.records) + found.right

    def _reason(self, row: int) -> Reason:
        value = int(self.candidates.reason_value[row])
        return Reason(
            self.evidence.values[value].as_py(),
            float(self.candidates.reason_bits[row]),
            int(self.evidence.owners[value]),
            float(self.values.hub_probability[value]),
        )

    def _hub(self, place: int, owners: int) -> Hub:
        groups = int(self.values.groups[place])
        why = (
            f"{owners} owners, which fall into {groups} groups by what else they share "
            f"{owners}个持有者，按其他共享信息分属{groups}组"
            if groups
            else f"{owners} owners, more than {self.settings.most_owners} "
            f"{owners}个持有者，超过{self.settings.most_owners}个"
        )
        identifier = self.evidence.values[place].as_py()
        return Hub(identifier, owners, groups, float(self.values.hub_probability[place]), why)


def actor_id(anchor: str) -> str:
    """The id of the actor named by a record; it does not show the record's own id, which may be personal.

    Examples
    --------
    >>> actor_id("Seller:shop:s00001")
    'Actor:6dec0eb374dc436f'
    """
    return f"Actor:{hashlib.blake2b(anchor.encode(), digest_size=8).hexdigest()}"


def no_scored_pairs() -> Links:
    """Pairs of a model, when there is none."""
    return Links(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0))


def resolve(
    evidence: Evidence,
    verdicts: Verdicts = NOTHING_JUDGED,
    settings: LinkSettings = DEFAULT_SETTINGS,
    *,
    known_since: Mapping[str, int] | None = None,
    run: int = 0,
    scored: Links | None = None,
) -> ActorResolution:
    """Work out who is behind which records.

    Parameters
    ----------
    evidence : records and the values they were seen with.
    verdicts : what analysts decided; outranks the evidence.
    settings : how pairs are judged.
    known_since : the run in which each record was first known; those left out became known in this one.
    run : number of this run.
    scored : pairs that a model scored, with the probability that they are one party's.

    Returns
    -------
    ActorResolution

    Notes
    -----
    Identifiers are judged twice: first each value bears out all others, then only those that are no suspected hubs do.

    Examples
    --------
    >>> from suyuan.analytics.evidence import evidence_of
    >>> seen = evidence_of([], [("Seller:a:1", "phone", "+861"), ("Seller:a:2", "phone", "+861")])
    >>> [members for _, members in resolve(seen).actors()]
    [('Seller:a:1', 'Seller:a:2')]
    """
    _, first = judged_values(evidence, settings)
    suspected = first >= HUB
    groups, hub_probability = judged_values(evidence, settings, suspected=suspected)
    candidates = judged_pairs(evidence, hub_probability, settings)
    values = ValueJudgement(groups, hub_probability, suspected)
    since = since_of(evidence, known_since or {}, run)
    return clustered(evidence, verdicts, settings, values, candidates, since, scored)


def since_of(evidence: Evidence, known_since: Mapping[str, int], run: int) -> Int64Array:
    """The run in which each record was first known, shape (n_records,); ``run`` for those that were not."""
    since = np.full(len(evidence.records), run, np.int64)
    if known_since:
        since[:] = [known_since.get(record, run) for record in evidence.records.to_pylist()]
    return since


def clustered(
    evidence: Evidence,
    verdicts: Verdicts,
    settings: LinkSettings,
    values: ValueJudgement,
    candidates: Candidates,
    known_since: Int64Array,
    scored: Links | None = None,
) -> ActorResolution:
    """The last step of :func:`resolve`: clusters and their names from judged pairs."""
    model = scored or no_scored_pairs()
    links = _probable(candidates, model, settings.threshold_match_probability)
    cluster = clusters_of(evidence.records, links, verdicts)
    anchor = _anchors(cluster, known_since)
    return ActorResolution(
        evidence, verdicts, settings, values, candidates, model, known_since, cluster, anchor
    )


def _probable(candidates: Candidates, scored: Links, threshold: float) -> Links:
    left = np.concatenate([candidates.left, np.minimum(scored.left, scored.right)])
    right = np.concatenate([candidates.right, np.maximum(scored.left, scored.right)])
    probability: FloatArray = np.concatenate([candidates.match_probability, scored.match_probability])
    kept = probability >= threshold
    return Links(left[kept], right[kept], probability[kept])


def _anchors(cluster: Int32Array, known_since: Int64Array) -> Int32Array:
    """The record of each cluster known longest; of several the first by id."""
    order = np.lexsort((np.arange(len(cluster)), known_since, cluster))
    _, first = np.unique(cluster[order], return_index=True)
    anchor = np.zeros(len(cluster), np.int32)
    anchor[cluster[order[first]]] = order[first]
    return anchor[cluster]
