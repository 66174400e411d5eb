"""Places that most of the goods passed: where a chain can be cut, and what all chains have in common."""

from typing import Final

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from suyuan.graph.snapshot import BoolArray, FloatArray, Int32Array
from suyuan.traceback.explanation import ChokePoint
from suyuan.traceback.massflow import Flow, arrived, can_end, passed_from
from suyuan.traceback.massgraph import MassGraph
from suyuan.traceback.outcomes import ranked, summed

LEAST_SHARE: Final = 0.01
"""Smaller shares are not listed."""

_TOLERANCE: Final = 1e-9


def choke_points(
    graph: MassGraph, flow: Flow, from_site: Int32Array, site_rank: Int32Array, *, least: float = LEAST_SHARE
) -> tuple[ChokePoint, ...]:
    """Sites by the share of the goods that passed them, the largest first, equal ones by id.

    Parameters
    ----------
    from_site : by movement; site_rank : place of each site in the order of ids.
    least : share of all goods from which on a site is listed; one that dominates always is.

    Notes
    -----
    Goods passed a site when they left it and were not made there: neither the place where the case was found nor the
    origins are passed. Goods that stay unresolved at a site passed it. A unit that came to a site again and
    again is counted once: its first visit, walking backward.

    A site dominates when no chain of positive probability leads from the case to an origin past it; where there
    are no origins at all, when none ends anywhere else.
    """
    passing = np.flatnonzero(~graph.rows.made & (graph.mass > 0.0)).astype(np.int32)
    if not len(passing):
        return ()
    site_of = from_site[graph.movement]
    sites, visits = summed(site_of[passing].astype(np.int64), graph.mass[passing])
    ends, total = _ends(graph)
    bound = min(least, total - _TOLERANCE)
    returns = np.isin(sites, _returned_to(graph, site_of, passing))
    found: list[ChokePoint] = []
    for place in np.flatnonzero(visits >= bound):
        here = passing[site_of[passing] == sites[place]]
        share = float(visits[place])
        if returns[place]:
            share -= _returning(graph, flow, here)
        dominates = share >= total - _TOLERANCE and _dominates(graph, ends, here)
        if share >= least or dominates:
            found.append(ChokePoint(int(sites[place]), share, dominates))
    shares = np.array([point.share for point in found])
    rank = site_rank[np.array([point.site for point in found], np.int64)]
    return tuple(found[i] for i in ranked(shares, rank))


def _ends(graph: MassGraph) -> tuple[BoolArray, float]:
    """The places at which chains end that dominators are told by, and the mass there."""
    made = graph.rows.made & (graph.mass > 0.0)
    if made.any():
        return made, float(graph.mass[made].sum())
    stopped = graph.rows.rest + graph.rows.lost
    return stopped > 0.0, float((graph.mass * stopped).sum())


def _returned_to(graph: MassGraph, site_of: Int32Array, passing: Int32Array) -> np.ndarray:
    """Sites that goods can have passed more than once: those on circles of sites."""
    rows = graph.rows
    _, number = np.unique(site_of, return_inverse=True)
    near = np.repeat(np.arange(len(site_of)), np.diff(rows.start))
    steps = ~rows.made[rows.far]
    one, other = number[near[steps]], number[rows.far[steps]]
    n_sites = int(number.max()) + 1
    between = sparse.coo_array((np.ones(len(one)), (one, other)), shape=(n_sites, n_sites)).tocsr()
    _, circle = connected_components(between, directed=True, connection="strong")
    again = np.bincount(circle)[circle] > 1
    again[one[one == other]] = True
    return np.unique(site_of[passing[again[number[passing]]]])


def _returning(graph: MassGraph, flow: Flow, here: Int32Array) -> float:
    """Mass that comes to some places and has been at one of them already."""
    stops = np.zeros(len(graph.mass), np.bool_)
    stops[here] = True
    come: FloatArray = arrived(graph.rows, flow, passed_from(graph.rows, graph.mass, here), stops)
    return float(come[here].sum())


def _dominates(graph: MassGraph, ends: BoolArray, here: Int32Array) -> bool:
    avoided = np.zeros(len(graph.mass), np.bool_)
    avoided[here] = True
    return not can_end(graph.rows, graph.first_mass, ends, avoided)
