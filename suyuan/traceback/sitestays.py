"""How long goods stay at one place rather than another, as lots that are recorded to have come and gone tell.

Stays at a site, and of a product at it, are longer or shorter than usual for its role by a factor. Its logarithm is
estimated by empirical Bayes: means of the logarithms of recorded stays, drawn towards the next wider level by as much
as they are likely to differ by chance. The two variances that decides come from the records themselves, by the method
of moments (DerSimonian, Laird: Meta-analysis in clinical trials, Controlled Clinical Trials 7, 1986, 177-188). Few
records leave a place at what is usual.
"""

from typing import Final

import numpy as np

from suyuan.graph.snapshot import FloatArray, Int32Array, Int64Array
from suyuan.traceback.parameters import MICROSECONDS_PER_DAY

LEAST_STAY: Final = MICROSECONDS_PER_DAY // 4
"""Shorter stays count as this long, or one at noon of a day without a time of day would outweigh all others."""


def recorded_stays(
    came_key: Int64Array, came: Int64Array, left_key: Int64Array, left: Int64Array
) -> tuple[Int64Array, Int64Array]:
    """Stays of goods that left and are recorded to have come before: places among those that left, microseconds.

    Parameters
    ----------
    came_key, left_key : what came and left, equal where it was the same lot at the same site
    came, left : when; of several that came before, the last counts
    """
    key = np.concatenate([came_key, left_key])
    when = np.concatenate([came, left])
    leaves = np.arange(len(key)) >= len(came_key)
    order = np.lexsort((leaves, when, key))
    last = np.maximum.accumulate(np.where(leaves[order], -1, np.arange(len(order))))
    matched = leaves[order] & (last >= 0)
    matched[matched] &= key[order[last[matched]]] == key[order[matched]]
    out, before = order[matched], order[last[matched]]
    return out - len(came_key), when[out] - when[before]


def stay_factors(
    stay: Int64Array,
    stream: Int32Array,
    stream_site: Int32Array,
    site_role: np.ndarray,
) -> FloatArray:
    """By which factor goods of each stream (a product at a site) stay longer than usual for the role of its site.

    Parameters
    ----------
    stay, stream : shape (n,), recorded stays, microseconds, and the streams they are of
    stream_site : shape (n_streams,)
    site_role : shape (n_sites,), from -1

    Returns
    -------
    Shape (n_streams,); 1 where nothing is known.

    Examples
    --------
    >>> day = MICROSECONDS_PER_DAY
    >>> stays = np.array([2, 2, 2, 8, 8, 8]) * day
    >>> streams = np.array([0, 0, 0, 1, 1, 1], np.int32)
    >>> stay_factors(stays, streams, np.array([0, 1], np.int32), np.array([1, 1])).round(2).tolist()
    [0.5, 2.0]
    """
    site = stream_site[stream]
    role = site_role[site].astype(np.int64) + 1
    rest = np.log(np.maximum(stay, LEAST_STAY))
    rest = rest - _means(rest, role, int(role.max(initial=0)) + 1)[role]
    of_site = _drawn_in(rest, site, len(site_role))
    of_stream = _drawn_in(rest - of_site[site], stream, len(stream_site))
    return np.exp(of_site[stream_site] + of_stream)


def _means(values: FloatArray, group: np.ndarray, n_groups: int) -> FloatArray:
    count = np.bincount(group, minlength=n_groups)
    return np.bincount(group, weights=values, minlength=n_groups) / np.maximum(count, 1)


def _drawn_in(values: FloatArray, group: np.ndarray, n_groups: int) -> FloatArray:
    """Means of groups drawn towards 0, each by what chance makes of so few values; 0 for groups without any."""
    count = np.bincount(group, minlength=n_groups).astype(np.float64)
    mean, n, held = _means(values, group, n_groups), float(len(values)), count > 0
    spare = n - held.sum()
    if spare <= 0:
        return np.zeros(n_groups)
    within = float(((values - mean[group]) ** 2).sum()) / spare
    excess = float((count * mean**2).sum()) - held.sum() * within
    between = max(0.0, excess) / n
    own = between * count
    return mean * np.divide(own, own + within, out=np.zeros(n_groups), where=own > 0.0)
