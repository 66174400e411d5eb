"""Pairs of records that share values: how probable it is that one party is behind both, and why.

A value that strangers share (a courier's phone, an agent's address) says little. How far it belongs to one party is
judged by its owners: those of a party's own phone mostly share something else as well; those of a hub do not.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from suyuan.analytics.evidence import EVIDENCE_KINDS, FAMILY_OF_KIND, Evidence
from suyuan.errors import ParameterError
from suyuan.graph.snapshot import BoolArray, FloatArray, Int32Array, Int64Array

HUB: Final = 0.5
"""Probability from which a value is listed as a hub."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSettings:
    """How pairs are judged.

    Parameters
    ----------
    prior_bits : log2 odds that two records which share nothing are one party's, < 0.
    most_owners : a value of more owners than this is a hub whatever they share, >= 2.
    hub_same_probability : that two owners of a hub are the same party, in (0, 1).
    lone_share_own, lone_share_hub : that one more owner of a party's own value, or of a hub, shares nothing else with
        its other owners, in (0, 1); the second is greater.
    hub_guard : False takes every value for its owners' own, to show what the guard is worth.
    threshold_match_probability : pairs from here on are joined, in (0, 1).
    """

    prior_bits: float = -8.0
    most_owners: int = 100
    hub_same_probability: float = 0.02
    lone_share_own: float = 0.03
    lone_share_hub: float = 0.3
    hub_guard: bool = True
    threshold_match_probability: float = 0.7

    def __post_init__(self) -> None:
        for name in (
            "hub_same_probability",
            "lone_share_own",
            "lone_share_hub",
            "threshold_match_probability",
        ):
            if not 0.0 < getattr(self, name) < 1.0:
                raise ParameterError(name, getattr(self, name), "a probability between 0 and 1")
        if self.lone_share_hub <= self.lone_share_own:
            raise ParameterError("lone_share_hub", self.lone_share_hub, "more than lone_share_own")
        if self.prior_bits >= 0:
            raise ParameterError("prior_bits", self.prior_bits, "below 0")
        if self.most_owners < 2:
            raise ParameterError("most_owners", self.most_owners, "2 or more")


@dataclass(frozen=True, slots=True)
class ValueJudgement:
    """What was found out about each value; shape (n_values,).

    groups : int64, how many groups its owners fall into by what else they share; 0 where it has one owner or more than
        ``most_owners``.
    hub_probability : float64, that it belongs to a stranger to its owners.
    suspected : bool, a hub by the first round, in which every value bears the others out.
    """

    groups: Int64Array
    hub_probability: FloatArray
    suspected: BoolArray


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs of records that share a value, sorted by (left, right); reasons sorted by family within a pair.

    left, right : int32, shape (n,), positions of records, left < right.
    bits : float64, shape (n,), log2 odds, prior included.
    reason_start : int64, shape (n + 1,): reasons of pair i are ``reason_start[i]:reason_start[i + 1]``.
    reason_value, reason_bits : the value shared and what it adds to the log2 odds, the strongest one of each family.
    """

    left: Int32Array
    right: Int32Array
    bits: FloatArray
    reason_start: Int64Array
    reason_value: Int32Array
    reason_bits: FloatArray

    def __len__(self) -> int:
        return len(self.left)

    @property
    def match_probability(self) -> FloatArray:
        """Probability that one party is behind both, shape (n,)."""
        return probability_of_bits(self.bits)


@dataclass(frozen=True, slots=True)
class SharedValues:
    """A row for each value that a pair shares, sorted by (pair, value).

    key : int64, ``left * n_records + right``.
    value : int32.
    left_claim, right_claim : int64, positions in the claims they come from.
    pair_start : int64, where each pair's rows begin.
    """

    key: Int64Array
    value: Int32Array
    left_claim: Int64Array
    right_claim: Int64Array
    pair_start: Int64Array


def probability_of_bits(bits: FloatArray) -> FloatArray:
    """Probability of log2 odds.

    Examples
    --------
    >>> probability_of_bits(np.array([0.0, 2.0])).tolist()
    [0.5, 0.8]
    """
    return 1.0 / (1.0 + np.exp2(-bits))


def bits_of_probability(probability: FloatArray) -> FloatArray:
    """Log2 odds of a probability in (0, 1)."""
    return np.log2(probability) - np.log2(1.0 - probability)


def judged_values(
    evidence: Evidence,
    settings: LinkSettings,
    *,
    chosen: BoolArray | None = None,
    suspected: BoolArray | None = None,
) -> tuple[Int64Array, FloatArray]:
    """How many groups the owners of each value fall into, and how probably it is a hub.

    Parameters
    ----------
    chosen : bool, shape (n_values,): values to judge; all if not given.
    suspected : bool, shape (n_values,): values that do not bear others out; those whose kind is not telling if not
        given.

    Returns
    -------
    groups, hub_probability : as in ValueJudgement; right where ``chosen``.

    Notes
    -----
    Two owners of a value are in one group if they share a value of another family as well, or are joined by such pairs
    among its owners. With k owners in g groups the odds of a hub are its kind's, times ``lone_share_hub /
    lone_share_own`` for each of the g - 1 further groups and ``(1 - lone_share_hub) / (1 - lone_share_own)`` for each
    of the k - g owners in a group of others. Cost grows with the square of the owners, at most ``most_owners``.
    """
    members = None if chosen is None else evidence.seen_with(chosen)
    silent = _untold(evidence) if suspected is None else suspected
    groups = _groups(evidence, shared_values(evidence, settings, members), silent)
    owners = evidence.owners
    groups[(owners < 2) | (owners > settings.most_owners)] = 0
    return groups, _hub_probability(evidence, groups, settings)


def _untold(evidence: Evidence) -> BoolArray:
    return ~np.array([kind.telling for kind in EVIDENCE_KINDS])[evidence.kind]


def shared_values(evidence: Evidence, settings: LinkSettings, members: BoolArray | None) -> SharedValues:
    """Every value that two records share, for values of at most ``most_owners`` owners.

    Parameters
    ----------
    members : bool, shape (n_records,): only pairs of these; all if not given.
    """
    usable = (evidence.owners >= 2) & (evidence.owners <= settings.most_owners)
    taken = usable[evidence.value] if members is None else usable[evidence.value] & members[evidence.record]
    claims = np.flatnonzero(taken)
    value = evidence.value[claims]
    end = np.searchsorted(value, value, "right")
    following = end - np.arange(len(value)) - 1
    first = np.repeat(np.arange(len(value)), following)
    within = np.arange(len(first)) - np.repeat(np.cumsum(following) - following, following)
    left, right = claims[first], claims[first + 1 + within]
    key = evidence.record[left].astype(np.int64) * len(evidence.records) + evidence.record[right]
    order = np.lexsort((evidence.value[left], key))
    left, right, key = left[order], right[order], key[order]
    return SharedValues(key, evidence.value[left], left, right, _starts(key))


def _starts(key: Int64Array) -> Int64Array:
    if not len(key):
        return np.zeros(0, np.int64)
    return np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]])).astype(np.int64)


def _groups(evidence: Evidence, rows: SharedValues, silent: BoolArray) -> Int64Array:
    """Components of the owners of each value by pairs that share a value of another family."""
    own = np.left_shift(1, FAMILY_OF_KIND[evidence.kind[rows.value]])
    telling = np.where(silent[rows.value], 0, own)
    size = np.diff(np.append(rows.pair_start, len(own)))
    together = np.repeat(np.bitwise_or.reduceat(telling, rows.pair_start), size) if len(own) else own
    borne_out = (together & ~own) != 0
    n = len(evidence.value)
    joins = sparse.coo_array(
        (np.ones(int(borne_out.sum()), np.int8), (rows.left_claim[borne_out], rows.right_claim[borne_out])),
        shape=(n, n),
    )
    count, label = csgraph.connected_components(joins.tocsr(), directed=False)
    # A label lies within one value, as joins do.
    value_of_label = np.zeros(count, np.int64)
    value_of_label[label] = evidence.value
    return np.bincount(value_of_label, minlength=len(evidence.values)).astype(np.int64)


def _hub_probability(evidence: Evidence, groups: Int64Array, settings: LinkSettings) -> FloatArray:
    owners = evidence.owners
    prior = np.array([kind.hub_prior for kind in EVIDENCE_KINDS])[evidence.kind]
    if not settings.hub_guard:
        return np.zeros(len(owners))
    further = np.log2(settings.lone_share_hub / settings.lone_share_own)
    together = np.log2((1.0 - settings.lone_share_hub) / (1.0 - settings.lone_share_own))
    bits = bits_of_probability(prior)
    bits = bits + np.maximum(groups - 1, 0) * further + (owners - groups) * together
    return np.where(
        owners < 2, prior, np.where(owners > settings.most_owners, 1.0, probability_of_bits(bits))
    )


def judged_pairs(
    evidence: Evidence, hub_probability: FloatArray, settings: LinkSettings, members: BoolArray | None = None
) -> Candidates:
    """Pairs that share a value, with the probability that they are one party's and the reasons.

    Parameters
    ----------
    hub_probability : float64, shape (n_values,).
    members : bool, shape (n_records,): only pairs of these; all if not given.

    Notes
    -----
    Sharing a value v alone gives the probability ``(1 - h) * same + h * hub_same_probability``, h being its hub
    probability; its log2 odds less ``prior_bits`` are what it adds. Families add up as if independent (Fellegi and
    Sunter, A theory for record linkage, JASA 64, 1969); within one the strongest counts.
    """
    rows = shared_values(evidence, settings, members)
    added = _added_bits(evidence, hub_probability, settings)[rows.value]
    family = FAMILY_OF_KIND[evidence.kind[rows.value]]
    order = np.lexsort((rows.value, -added, family, rows.key))
    key, family = rows.key[order], family[order]
    first = np.ones(len(key), np.bool_)
    first[1:] = (key[1:] != key[:-1]) | (family[1:] != family[:-1])
    chosen = order[first]
    key, value, added = rows.key[chosen], rows.value[chosen], added[chosen]
    start = _starts(key)
    bits = np.add.reduceat(added, start) + settings.prior_bits if len(start) else np.zeros(0)
    left, right = np.divmod(key[start], max(len(evidence.records), 1))
    return Candidates(
        left.astype(np.int32), right.astype(np.int32), bits, np.append(start, len(key)), value, added
    )


def _added_bits(evidence: Evidence, hub_probability: FloatArray, settings: LinkSettings) -> FloatArray:
    same = np.array([kind.same_probability for kind in EVIDENCE_KINDS])[evidence.kind]
    probability = (1.0 - hub_probability) * same + hub_probability * settings.hub_same_probability
    return np.maximum(bits_of_probability(probability) - settings.prior_bits, 0.0)
