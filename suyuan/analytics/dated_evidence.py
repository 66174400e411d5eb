"""Evidence of all times in arrays, from which that of any cut-off is taken without reading anything again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.analytics.evidence import Claim, Evidence, evidence_of_columns, part_of
from suyuan.graph.snapshot import Int64Array

FOREVER: Final = int(np.iinfo(np.int64).max)
"""The last moment of a claim that holds to this day, microseconds since 1970 UTC."""

DatedClaim = tuple[Claim, int]
"""A claim and the last moment at which it holds."""


@dataclass(frozen=True, slots=True)
class DatedEvidence:
    """Records and claims with their times, microseconds since 1970 UTC.

    whole : evidence of all times together.
    record_since : int64, shape (n_records,): from when each record is there, claims or not; FOREVER if only by claims.
    pair, since, last : int64, shape (n_dated,): from when to when a claim of ``whole`` holds; several rows where it
        holds at several times.
    """

    whole: Evidence
    record_since: Int64Array
    pair: Int64Array
    since: Int64Array
    last: Int64Array

    def at(self, as_of: int | None = None) -> Evidence:
        """What is there at a cut-off (None: now), equal to the evidence of those records and claims."""
        moment = FOREVER if as_of is None else as_of
        claims = np.zeros(len(self.whole.value), np.bool_)
        claims[self.pair[(self.since <= moment) & (self.last >= moment)]] = True
        records = (self.record_since <= moment) & (self.record_since < FOREVER)
        return part_of(self.whole, records, claims)


def dated_evidence_of(records: Mapping[str, int], claims: Mapping[DatedClaim, int]) -> DatedEvidence:
    """Evidence of rows with times.

    Parameters
    ----------
    records : canonical ids with the time from which each is there; those that claims name need not be repeated.
    claims : (record, kind, normal form) and the last moment, with the first one.

    Raises
    ------
    ParameterError
        A claim is of no known kind.

    Examples
    --------
    >>> dated = dated_evidence_of({}, {(("Firm:1", "phone", "+861"), FOREVER): 10})
    >>> len(dated.at(9).records), dated.at(10).records.to_pylist()
    (0, ['Firm:1'])
    """
    record, kind, text = (pa.array([claim[place] for claim, _ in claims], pa.string()) for place in range(3))
    whole = evidence_of_columns(pa.array(records, pa.string()), record, kind, text)
    n = max(len(whole.records), 1)
    value = pc.index_in(pc.binary_join_element_wise(kind, text, ":"), value_set=whole.values)
    owner = pc.index_in(record, value_set=whole.records)
    key = np.asarray(value).astype(np.int64) * n + np.asarray(owner)
    return DatedEvidence(
        whole,
        np.array([records.get(one, FOREVER) for one in whole.records.to_pylist()], np.int64),
        np.searchsorted(whole.value.astype(np.int64) * n + whole.record, key),
        np.fromiter(claims.values(), np.int64, len(claims)),
        np.fromiter((last for _, last in claims), np.int64, len(claims)),
    )
