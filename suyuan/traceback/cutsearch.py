"""Searches for small sets of places that stop a flow: minimum cut, integer programme, greedy."""

from typing import Any, Final

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from suyuan.graph.snapshot import BoolArray, FloatArray
from suyuan.traceback.chainsolve import solved
from suyuan.traceback.flownetwork import FlowNetwork

TOLERANCE: Final = 1e-9
"""By so much of the whole flow a set may stop less than asked for."""

RELAXED_PLACES: Final = 3_000
"""Up to so many places the linear relaxation gives the bound."""

MOST_NODES: Final = 2_000
"""Branches of the search tree that an integer programme may take; counted, not timed, so that the answer is one."""

_UNLIMITED: Final = 2**30 - 1
"""A capacity that no cut can afford; twice it still fits the 32 bits that scipy computes flows in."""

_SAFE: Final = 1e-6


def surviving(network: FlowNetwork, closed: BoolArray) -> FloatArray:
    """Share of what came to each place that still comes when some are closed; 0 at those."""
    is_open = np.where(closed, 0.0, 1.0)
    rows = sparse.diags_array(is_open) @ network.from_places
    return solved(sparse.csr_array(rows), is_open * network.from_origins)


def stopped_share(network: FlowNetwork, closed: BoolArray) -> float:
    """Share of the flow to the market that some closings stop."""
    if not closed.any():
        return 0.0
    return min(1.0, max(0.0, 1.0 - float(network.ends @ surviving(network, closed)) / network.units))


def effects(network: FlowNetwork, closed: BoolArray) -> FloatArray:
    """What closing each place would stop besides, of the whole flow, at most; exactly where nothing circles."""
    is_open = sparse.diags_array(np.where(closed, 0.0, 1.0))
    passing = solved(sparse.csr_array(network.from_places.T @ is_open), network.ends)
    effect = passing * surviving(network, closed) / network.units
    return np.where(network.closable & ~closed, effect, 0.0)


def best_closing(network: FlowNetwork, closed: BoolArray, candidates: BoolArray) -> int:
    """The candidate that stops most besides; of equal ones that which costs less other trade, then by id; -1: none.

    Candidates are looked at in the order of what they can stop at most, until none can do better.
    """
    at_most = np.where(candidates, np.round(effects(network, closed), 12), 0.0)
    before, best, most = stopped_share(network, closed), -1, 0.0
    for place in np.lexsort((np.arange(len(network)), network.other, -at_most)).tolist():
        if at_most[place] <= most + 1e-12:
            return best
        trial = closed.copy()
        trial[place] = True
        stops = stopped_share(network, trial) - before
        if stops > most + 1e-12:
            best, most = place, stops
    return best


def greedy_cut(network: FlowNetwork, share: float) -> BoolArray:
    """Places closed one after another, each stopping most of what is left; then without those not needed."""
    closed = np.zeros(len(network), np.bool_)
    while stopped_share(network, closed) < share - TOLERANCE:
        place = best_closing(network, closed, network.closable & ~closed)
        if place < 0:
            break
        closed[place] = True
    order = np.flatnonzero(closed)
    for place in order[np.lexsort((order, -network.other[order]))].tolist():
        closed[place] = False
        closed[place] = stopped_share(network, closed) < share - TOLERANCE
    return closed


def in_order_of_effect(network: FlowNetwork, chosen: BoolArray) -> list[int]:
    """Chosen places, each the one that stops most of what those before it leave."""
    closed = np.zeros(len(network), np.bool_)
    order: list[int] = []
    while len(order) < int(chosen.sum()):
        place = best_closing(network, closed, chosen & ~closed)
        if place < 0:
            return [*order, *np.flatnonzero(chosen & ~closed).tolist()]
        closed[place] = True
        order.append(place)
    return order


def least_closings(network: FlowNetwork, share: float) -> int:
    """So many closings are needed at least to stop a share."""
    alone = np.sort(effects(network, np.zeros(len(network), np.bool_)))[::-1]
    enough = np.flatnonzero(np.cumsum(alone) >= share - 2 * TOLERANCE)
    least = int(enough[0]) + 1 if len(enough) else int(network.closable.sum())
    if len(network) <= RELAXED_PLACES:
        found = _programme(network, share, whole=False)
        if found.success:
            least = max(least, _rounded_up(float(found.fun or 0.0)))
    return least


def exact_cut(network: FlowNetwork, share: float, known: BoolArray) -> tuple[BoolArray, int]:
    """The fewest closings that stop a share, least other trade first; how many are needed at least.

    Parameters
    ----------
    known : closings that do, given back where the search, cut short, finds nothing better
    """
    found = _programme(network, share, whole=True)
    least = max(1, _rounded_up(0.0 if found.mip_dual_bound is None else found.mip_dual_bound))
    best = _better(network, share, known, found.x)
    limit = int(best.sum())
    cheaper = _programme(network, share, whole=True, most=limit)
    return _better(network, share, best, cheaper.x), least


def _better(network: FlowNetwork, share: float, known: BoolArray, found: Any) -> BoolArray:
    """The closings found, if they do stop the share and are fewer, or as many and cheaper."""
    if found is None:
        return known
    closed = np.zeros(len(network), np.bool_)
    closable = np.flatnonzero(network.closable)
    closed[closable] = found[: len(closable)] > 0.5
    if stopped_share(network, closed) < share - TOLERANCE:
        return known
    ours, theirs = (_cost(network, one) for one in (closed, known))
    return closed if ours < theirs else known


def _cost(network: FlowNetwork, closed: BoolArray) -> tuple[int, float]:
    return int(closed.sum()), round(float(network.other[closed].sum()), 6)


def _programme(network: FlowNetwork, share: float, *, whole: bool, most: int | None = None) -> Any:
    """Solve for the fewest closings; or the cheapest ones of which there are at most so many.

    Variables are the closings, by place, and the surviving share y of each place:
    y_v + closed_v >= sum over u of share(u, v) y_u, and what survives of the flow is at most 1 - share.
    """
    # Slow to load, and every server would wait for it: few are ever asked for a plan.
    from scipy.optimize import Bounds, LinearConstraint, milp

    n, closable = len(network), np.flatnonzero(network.closable)
    m = len(closable)
    closes = sparse.csr_array((np.ones(m), (closable, np.arange(m))), shape=(n, m))
    keeps = sparse.eye_array(n) - network.from_places
    flow = sparse.csr_array(np.concatenate([np.zeros(m), network.ends / network.units])[None, :])
    constraints = [
        LinearConstraint(sparse.csr_array(sparse.hstack([closes, keeps])), network.from_origins, np.inf),
        LinearConstraint(flow, -np.inf, 1.0 - share),
    ]
    cost = np.ones(m)
    if most is not None:
        count = sparse.csr_array(np.concatenate([np.ones(m), np.zeros(n)])[None, :])
        constraints.append(LinearConstraint(count, 0, most))
        cost = network.other[closable] / max(float(network.other[closable].max(initial=0.0)), 1e-300)
    return milp(
        c=np.concatenate([cost, np.zeros(n)]),
        integrality=np.concatenate([np.full(m, int(whole)), np.zeros(n, np.int64)]),
        bounds=Bounds(0.0, 1.0),
        constraints=constraints,
        options={"node_limit": MOST_NODES, "mip_rel_gap": 0.0} if whole else {},
    )


def _rounded_up(bound: float) -> int:
    return int(np.ceil(bound - _SAFE))


def whole_cut(network: FlowNetwork) -> BoolArray:
    """The fewest closings that stop everything, least other trade first: a minimum vertex cut.

    Every place is split in two, joined by an edge whose capacity is what closing it costs: so much for a closing
    that one less always wins, and its other trade in whole numbers, rounded down. Of several minimum cuts the one
    nearest to the origins is given, whatever flow was found.
    """
    n = len(network)
    closing = (_UNLIMITED - 1) // (n + 1)
    total = float(network.other[network.closable].sum())
    other = np.floor(network.other / total * (closing - 1)) if total > 0.0 else np.zeros(n)
    cost = np.where(network.closable, closing + other, _UNLIMITED).astype(np.int64)
    source, sink, into, out = 0, 1, 2 + np.arange(n), 2 + n + np.arange(n)
    between = network.from_places.tocoo()
    direct, last = np.flatnonzero(network.from_origins > 0.0), np.flatnonzero(network.ends > 0.0)
    used = between.data > 0.0
    head, tail = between.coords[0][used], between.coords[1][used]
    row = np.concatenate([into, out[tail], np.full(len(direct), source), out[last]])
    column = np.concatenate([out, into[head], into[direct], np.full(len(last), sink)])
    capacity = np.full(len(row), _UNLIMITED, np.int64)
    capacity[:n] = cost
    edges = sparse.csr_array((capacity.astype(np.int32), (row, column)), shape=(2 * n + 2, 2 * n + 2))
    flow = maximum_flow(edges, source, sink).flow
    left = edges.astype(np.int64) - flow.astype(np.int64)
    left.data[left.data < 0] = 0
    left.eliminate_zeros()
    near = np.zeros(2 * n + 2, np.bool_)
    near[breadth_first_order(left, source, directed=True, return_predecessors=False)] = True
    return near[into] & ~near[out]
