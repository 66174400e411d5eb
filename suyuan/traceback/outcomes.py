# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportIncompatibleMethodOverride=false
"""From the mass on movements to the origins and gaps of an answer."""

import numpy as np

from suyuan.graph.ordering import distinct
from suyuan.graph.snapshot import UNKNOWN_ROLE, FloatArray, Int32Array, Int64Array
from suyuan.traceback.massgraph import MassGraph
from suyuan.traceback.mixing import FACTORY
from suyuan.traceback.preparation import Prepared
from suyuan.traceback.results import GAPS, Gap, Origin, Unresolved
from suyuan.traceback.times import EARLIEST

_DIGITS = 12
_IS_DATED = np.array([gap in (Gap.NONE_BEFORE, Gap.OTHER_GOODS) for gap in GAPS])


def origins_of(prepared: Prepared, graph: MassGraph) -> tuple[Origin, ...]:
    """Sites where the goods were made, highest probability first, equal ones (to 12 digits) by site id."""
    made = graph.rows.made & (graph.mass > 0.0)
    sites = prepared.snapshot.movements.from_site[graph.movement[made]]
    found, probability = summed(sites.astype(np.int64), graph.mass[made])
    order = ranked(probability, prepared.site_rank[found])
    return tuple(map(Origin, found[order].tolist(), probability[order].tolist()))


def unresolved_of(prepared: Prepared, graph: MassGraph) -> tuple[Unresolved, ...]:
    """Sites where chains end for other reasons, one entry a site and gap; ordered likewise, then by gap."""
    rows, n_gaps = graph.rows, len(GAPS)
    sites = prepared.snapshot.movements.from_site[graph.movement].astype(np.int64)
    node_limit = np.full(len(sites), GAPS.index(Gap.NODE_LIMIT))
    keys = np.concatenate([sites * n_gaps + rows.gap, sites * n_gaps + node_limit])
    mass = np.concatenate([graph.mass * rows.rest, graph.mass * rows.lost])
    left = np.concatenate([prepared.bounds.departed[graph.movement]] * 2)
    positive = mass > 0.0
    found, probability = summed(keys[positive], mass[positive])
    latest = _latest(keys[positive], left[positive], found)
    site, gap = found // n_gaps, found % n_gaps
    order = ranked(probability, prepared.site_rank[site] * n_gaps + gap)
    tells = _IS_DATED[gap[order]] & (latest[order] > EARLIEST)
    before = [
        time if told else None for time, told in zip(latest[order].tolist(), tells.tolist(), strict=True)
    ]
    gaps = [GAPS[number] for number in gap[order].tolist()]
    return tuple(map(Unresolved, site[order].tolist(), probability[order].tolist(), gaps, before))


def at_sites(
    prepared: Prepared, sites: Int32Array, weights: FloatArray, product: int
) -> tuple[tuple[Origin, ...], tuple[Unresolved, ...]]:
    """Origins and gaps of goods at sites that no movement is recorded of."""
    role = prepared.snapshot.nodes["Site"].columns["role"]
    made = np.zeros(len(sites), np.bool_)
    for i, site in enumerate(sites):
        makes = prepared.makes[prepared.makes_start[site] : prepared.makes_start[site + 1]]
        made[i] = product < 0 or product in makes if len(makes) else role[site] in (FACTORY, UNKNOWN_ROLE)
    order = ranked(weights, prepared.site_rank[sites])
    origins = tuple(Origin(int(sites[i]), float(weights[i])) for i in order if made[i])
    gaps = tuple(Unresolved(int(sites[i]), float(weights[i]), Gap.NO_INFLOW) for i in order if not made[i])
    return origins, gaps


def _latest(keys: Int64Array, times: Int64Array, found: Int64Array) -> Int64Array:
    latest = np.full(len(found), EARLIEST, np.int64)
    np.maximum.at(latest, np.searchsorted(found, keys), times)
    return latest


def summed(keys: Int64Array, values: FloatArray) -> tuple[Int64Array, FloatArray]:
    """Distinct keys, sorted, with the sum of the values of each."""
    found = distinct(keys)
    return found, np.bincount(np.searchsorted(found, keys), weights=values, minlength=len(found))


def ranked(probability: FloatArray, rank: Int32Array) -> Int64Array:
    """Order by probability, highest first, to 12 digits; equal ones by rank."""
    return np.lexsort((rank, -np.round(probability, _DIGITS)))
