"""Clusters of records: one party each, by links that are probable enough and by analysts' judgements."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from suyuan.analytics.judgements import ApartGroups, Verdicts
from suyuan.analytics.measures import components
from suyuan.graph.snapshot import BoolArray, FloatArray, Int32Array, Int64Array


@dataclass(frozen=True, slots=True)
class Links:
    """Pairs of records that the machine would join.

    left, right : int32, shape (n,), positions of records.
    match_probability : float64, shape (n,).
    """

    left: Int32Array
    right: Int32Array
    match_probability: FloatArray


def clusters_of(records: pa.Array, links: Links, verdicts: Verdicts) -> Int32Array:
    """The cluster of each record, named by its least position.

    Parameters
    ----------
    records : Arrow strings, sorted, distinct.
    links : pairs to join.
    verdicts : what analysts decided.

    Returns
    -------
    int32, shape (n_records,). Records judged the same are in one cluster, records judged different never.

    Notes
    -----
    Connected components of links and judgements. Where a component holds two records that must stay apart, its links
    are taken one by one, the most probable first (ties by the records' ids), and a link that would bring such
    records together is left out. A component's clusters depend on nothing outside it.
    """
    n = len(records)
    left, right = _judged_same(records, verdicts)
    joined = (np.concatenate([links.left, left]), np.concatenate([links.right, right]))
    label = components(sparse.coo_array((np.ones(len(joined[0]), np.int8), joined), shape=(n, n)).tocsr())
    contested = _contested(records, label, verdicts)
    if contested.any():
        _split(records, label, contested, links, verdicts)
    return label


def _positions(records: pa.Array, ids: Iterable[str]) -> dict[str, int]:
    wanted = pa.array(sorted(ids), pa.string())
    found = pc.index_in(wanted, value_set=records)
    pairs = zip(wanted.to_pylist(), found.to_pylist(), strict=True)
    return {record: place for record, place in pairs if place is not None}


def _judged_same(records: pa.Array, verdicts: Verdicts) -> tuple[Int32Array, Int32Array]:
    """Each record of a group of judgements with the first of the group that is in the data."""
    first: dict[str, int] = {}
    pairs: list[tuple[int, int]] = []
    for record, place in _positions(records, verdicts.same).items():
        pairs.append((first.setdefault(verdicts.group(record), place), place))
    both = np.array(pairs, np.int32).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _members_of_groups(records: pa.Array, verdicts: Verdicts) -> dict[str, int]:
    """A record in the data for each group that must stay apart from another."""
    groups = {name for pair in verdicts.different for name in pair}
    ids = {record for record, group in verdicts.same.items() if group in groups} | groups
    places: dict[str, int] = {}
    for record, place in _positions(records, ids).items():
        places.setdefault(verdicts.group(record), place)
    return places


def _contested(records: pa.Array, label: Int32Array, verdicts: Verdicts) -> BoolArray:
    """Records whose component holds two that must stay apart."""
    at = _members_of_groups(records, verdicts)
    wrong = [
        label[at[first]]
        for first, second in verdicts.different
        if first in at and second in at and label[at[first]] == label[at[second]]
    ]
    return np.isin(label, np.array(wrong, np.int32))


def _split(
    records: pa.Array, label: Int32Array, contested: BoolArray, links: Links, verdicts: Verdicts
) -> None:
    """Cluster the contested components anew, in place."""
    places = np.flatnonzero(contested)
    name: dict[int, str] = dict(zip(places.tolist(), records.take(pa.array(places)).to_pylist(), strict=True))
    groups = ApartGroups()
    for record, group in verdicts.same.items():
        groups.join(record, group)
    for first, second in verdicts.different:
        groups.separate(first, second)
    chosen = np.flatnonzero(contested[links.left])
    order = np.lexsort((links.right[chosen], links.left[chosen], -links.match_probability[chosen]))
    for link in chosen[order].tolist():
        groups.join(name[int(links.left[link])], name[int(links.right[link])])
    least: dict[str, int] = {}
    for place in places.tolist():
        label[place] = least.setdefault(groups.group(name[place]), place)


def members_by_cluster(label: Int32Array) -> tuple[Int32Array, Int64Array]:
    """Positions of records by cluster, and where each cluster begins: shapes (n,) and (n_clusters + 1,)."""
    order = np.argsort(label, kind="stable").astype(np.int32)
    _, start = np.unique(label[order], return_index=True)
    return order, np.append(start, len(label)).astype(np.int64)
