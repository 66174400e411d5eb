"""What parties are known by, in arrays: which record was seen with which phone, account, address, firm or picture.

A *record* is a seller, firm or person by its canonical id; a *value* is one identifier in its normal form, with its
kind. Records and values are sorted by their texts, so nothing depends on the order in which claims come.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.errors import ParameterError
from suyuan.graph.snapshot import BoolArray, Int8Array, Int32Array, Int64Array


@dataclass(frozen=True, slots=True)
class EvidenceKind:
    """What sharing a value of one kind says.

    Parameters
    ----------
    name : as in the table ``identifiers``, or one of the ties added to them.
    same_probability : in (0, 1): that two records which share a value of one owner have the same owner.
    hub_prior : in (0, 1): that a value of this kind belongs to a courier, an agent or another stranger to its owners.
    family : kinds of one family are one piece of evidence and do not bear each other out.
    telling : whether it bears other values out before it is known which values are hubs.
    """

    name: str
    same_probability: float
    hub_prior: float
    family: str
    telling: bool = True


EVIDENCE_KINDS: Final = (
    EvidenceKind("phone", 0.97, 0.02, "phone"),
    EvidenceKind("email", 0.97, 0.005, "email"),
    EvidenceKind("bank_account", 0.99, 0.001, "bank_account"),
    EvidenceKind("wechat", 0.97, 0.005, "wechat"),
    EvidenceKind("device", 0.97, 0.005, "device"),
    EvidenceKind("id_card", 0.995, 0.001, "person"),
    EvidenceKind("licence_plate", 0.8, 0.05, "licence_plate", telling=False),
    EvidenceKind("domain", 0.9, 0.05, "domain"),
    EvidenceKind("address", 0.95, 0.02, "address"),
    EvidenceKind("address_slip", 0.9, 0.02, "address"),
    EvidenceKind("firm", 0.99, 0.001, "firm"),
    EvidenceKind("person", 0.97, 0.002, "person"),
    EvidenceKind("person_name", 0.25, 0.2, "person", telling=False),
    EvidenceKind("trade_name", 0.1, 0.2, "trade_name", telling=False),
    EvidenceKind("site", 0.15, 0.2, "site", telling=False),
    EvidenceKind("picture", 0.85, 0.3, "picture", telling=False),
)
"""Kinds of evidence and what they say; chosen on simulated markets (``benchmarks/actor_resolution.py``)."""

_KIND_NUMBER: Final = {kind.name: number for number, kind in enumerate(EVIDENCE_KINDS)}
FAMILIES: Final = tuple(sorted({kind.family for kind in EVIDENCE_KINDS}))
FAMILY_OF_KIND: Final = np.array([FAMILIES.index(kind.family) for kind in EVIDENCE_KINDS], np.int64)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Records and the values they were seen with.

    records : Arrow strings, sorted, distinct: canonical ids.
    values : Arrow strings, sorted, distinct: ``kind:normal form``.
    kind : int8, shape (n_values,), index into EVIDENCE_KINDS.
    value, record : int32, shape (n_claims,), positions, sorted by (value, record), each pair once.
    value_start : int64, shape (n_values + 1,): claims of value v are ``value_start[v]:value_start[v + 1]``.
    """

    records: pa.Array
    values: pa.Array
    kind: Int8Array
    value: Int32Array
    record: Int32Array
    value_start: Int64Array

    @property
    def owners(self) -> Int64Array:
        """How many records were seen with each value: shape (n_values,)."""
        return np.diff(self.value_start)

    def seen_with(self, chosen: BoolArray) -> BoolArray:
        """Which records were seen with any of the chosen values: bool, shape (n_records,)."""
        mask = np.zeros(len(self.records), np.bool_)
        mask[self.record[chosen[self.value]]] = True
        return mask

    def owners_of(self, value: int) -> Int32Array:
        """Positions of the records seen with a value, ascending."""
        return self.record[self.value_start[value] : self.value_start[value + 1]]


Claim = tuple[str, str, str]
"""Record, kind, normal form of the value."""


def evidence_of(records: Iterable[str], claims: Sequence[Claim]) -> Evidence:
    """Evidence from rows.

    Parameters
    ----------
    records : canonical ids of all records; those that claims name need not be repeated.
    claims : (record, kind, normal form).

    Raises
    ------
    ParameterError
        A claim is of no known kind.

    Examples
    --------
    >>> seen = evidence_of(["Firm:2"], [("Firm:1", "phone", "+861"), ("Seller:a:b", "phone", "+861")])
    >>> seen.records.to_pylist(), seen.values.to_pylist(), seen.owners.tolist()
    (['Firm:1', 'Firm:2', 'Seller:a:b'], ['phone:+861'], [2])
    """
    columns = [pa.array([claim[place] for claim in claims], pa.string()) for place in range(3)]
    return evidence_of_columns(pa.array(records, pa.string()), *columns)


def evidence_of_columns(records: pa.Array, record: pa.Array, kind: pa.Array, text: pa.Array) -> Evidence:
    """:func:`evidence_of` of Arrow string columns without nulls; shape (n_claims,) each but the first."""
    names = _sorted_unique(pa.concat_arrays([records, record]))
    known = np.asarray(pc.index_in(kind, value_set=pa.array(list(_KIND_NUMBER), pa.string())).fill_null(-1))
    if (known < 0).any():
        wrong = kind[int(np.flatnonzero(known < 0)[0])].as_py()
        raise ParameterError("kind", wrong, "one of " + ", ".join(_KIND_NUMBER))
    whole = pc.binary_join_element_wise(kind, text, ":")
    values = _sorted_unique(whole)
    value = np.asarray(pc.index_in(whole, value_set=values)).astype(np.int64)
    owner = np.asarray(pc.index_in(record, value_set=names)).astype(np.int64)
    kinds = np.zeros(len(values), np.int8)
    kinds[value] = known
    # Sorted, not np.unique: its hash table takes many times as long on keys like these (numpy 2.3 and later).
    pairs = np.sort(value * max(len(names), 1) + owner)
    pairs = pairs[np.diff(pairs, prepend=-1) != 0]
    value, owner = np.divmod(pairs, max(len(names), 1))
    start = np.searchsorted(value, np.arange(len(values) + 1)).astype(np.int64)
    return Evidence(names, values, kinds, value.astype(np.int32), owner.astype(np.int32), start)


def part_of(evidence: Evidence, records: BoolArray, claims: BoolArray) -> Evidence:
    """Evidence of some records and claims alone.

    Parameters
    ----------
    records : bool, shape (n_records,): records to keep; those of kept claims are kept as well.
    claims : bool, shape (n_claims,).
    """
    value, record = evidence.value[claims], evidence.record[claims]
    owning = records.copy()
    owning[record] = True
    seen = np.zeros(len(evidence.values), np.bool_)
    seen[value] = True
    counts = np.bincount(value, minlength=len(seen))[seen]
    return Evidence(
        evidence.records.filter(pa.array(owning)),
        evidence.values.filter(pa.array(seen)),
        evidence.kind[seen],
        (np.cumsum(seen) - 1)[value].astype(np.int32),
        (np.cumsum(owning) - 1)[record].astype(np.int32),
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
    )


def _sorted_unique(texts: pa.Array) -> pa.Array:
    found = pc.unique(texts)
    return found.take(pc.sort_indices(found))


@dataclass(frozen=True, slots=True)
class Correspondence:
    """Where the records and values of one state of the evidence stand in another; -1 where they are not in it.

    value, record : int64, shapes (n_values,) and (n_records,) of the state before: positions after.
    former_value, former_record : the same the other way round.
    """

    value: Int64Array
    record: Int64Array
    former_value: Int64Array
    former_record: Int64Array


def correspondence(before: Evidence, after: Evidence) -> Correspondence:
    """Which record and value of one state is which of another."""
    value, record = _places(before.values, after.values), _places(before.records, after.records)
    return Correspondence(
        value, record, _inverse(value, len(after.values)), _inverse(record, len(after.records))
    )


def _places(texts: pa.Array, among: pa.Array) -> Int64Array:
    return np.asarray(pc.index_in(texts, value_set=among).fill_null(-1)).astype(np.int64)


def _inverse(places: Int64Array, size: int) -> Int64Array:
    found = np.full(size, -1, np.int64)
    there = np.flatnonzero(places >= 0)
    found[places[there]] = there
    return found


def changed_values(before: Evidence, after: Evidence, where: Correspondence) -> tuple[BoolArray, Int64Array]:
    """What differs between two states of the evidence.

    Returns
    -------
    changed : bool, shape (n_values of ``after``,): values with other owners than before.
    former : int64, positions in ``before``, ascending: former owners of values that changed or are gone.
    """
    new = _claim_keys(after.value.astype(np.int64), after.record.astype(np.int64), after)
    value, record = where.value[before.value], where.record[before.record]
    kept = (value >= 0) & (record >= 0)
    old = np.sort(_claim_keys(value[kept], record[kept], after))
    changed = np.zeros(len(after.values), np.bool_)
    differing = np.concatenate([old[~_among(old, new)], new[~_among(new, old)]])
    changed[differing // max(len(after.records), 1)] = True
    changed[value[(value >= 0) & (record < 0)]] = True
    lost = value < 0
    lost[~lost] = changed[value[~lost]]
    owners = np.zeros(len(before.records), np.bool_)
    owners[before.record[lost]] = True
    return changed, np.flatnonzero(owners)


def _among(keys: Int64Array, others: Int64Array) -> BoolArray:
    """Which of the keys are among others, which are sorted."""
    if not len(others):
        return np.zeros(len(keys), np.bool_)
    place = np.minimum(np.searchsorted(others, keys), len(others) - 1)
    return others[place] == keys


def _claim_keys(value: Int64Array, record: Int64Array, evidence: Evidence) -> Int64Array:
    return value * max(len(evidence.records), 1) + record
