# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportIncompatibleMethodOverride=false
"""By which movement a unit of goods came in: the shares that the stock model gives to feasible predecessors.

For a movement e out of a site v, the unit came in by f with probability

    w(f | e) = (1 - u) * (fifo * F_f / sum F + (1 - fifo) * P_f / sum P)

    F_f = q_f * match(f, e) * exp(-d / bandwidth)       P_f = q_f * match(f, e) * exp(-dwell / scale of v's
    role)

d is the gap between the intervals of f in the inflow and e in the outflow of the product at v, in mean
inflows; u the share of outflow that recorded inflow cannot cover. Which product: that of e, else that of f;
where neither says, the flow of unknown goods. Pairs that records join without a common product have no
positions to compare: d = 0, and u is its floor.
"""

from typing import Final, NamedTuple

import numpy as np

from suyuan.graph.compiled import compiled, uncounted
from suyuan.graph.model import SITE_ROLES
from suyuan.graph.snapshot import (
    QUANTITY_UNKNOWN,
    BoolArray,
    FloatArray,
    Int8Array,
    Int32Array,
    Int64Array,
    UInt16Array,
)
from suyuan.traceback.gaps import put_gaps
from suyuan.traceback.goods import JOINED, UNKNOWN, product_of
from suyuan.traceback.inlining import inlined
from suyuan.traceback.mixingmodel import (
    Draft,
    Mixing,
    chance_of_product,
    infers_products,
    undated_span,
)
from suyuan.traceback.results import GAPS, Gap
from suyuan.traceback.stays import mean_stay, undated_log_stay
from suyuan.traceback.stock import balance
from suyuan.traceback.times import EARLIEST, LATEST, UNDATED
from suyuan.traceback.walking import (
    NOTHING_SCANNED,
    Walk,
    first_after,
    is_empty,
    recorded_far,
    steps,
    stream_at,
)

FACTORY: Final = SITE_ROLES.index("factory")
NO_INFLOW: Final = GAPS.index(Gap.NO_INFLOW)
NONE_BEFORE: Final = GAPS.index(Gap.NONE_BEFORE)
OTHER_GOODS: Final = GAPS.index(Gap.OTHER_GOODS)
NOT_COVERED: Final = GAPS.index(Gap.NOT_COVERED)
UNRECORDED: Final = GAPS.index(Gap.UNRECORDED)

NEGLIGIBLE: Final = 1e-15
"""Shares up to here are left out of a row; what is left sums to the same."""


class Shares(NamedTuple):
    """Where a unit on a movement came from: predecessors with their shares, and the share that has none."""

    movements: Int32Array
    weights: FloatArray
    rest: float
    gap: int


class Makers(NamedTuple):
    """What is known of sites as makers: role by site, and the products each makes, as in :class:`Mixing`."""

    role: Int8Array
    makes_start: Int64Array
    makes: Int32Array


@inlined
def is_made_at(walk: Walk, mixing: Mixing | Makers, movement: int, product: int) -> bool:
    """Whether the site a movement leaves is the origin of its goods, of a product (-1: not known).

    It is when the site makes the product (an unknown product agrees with any), when it is a factory of
    which nothing says what it makes, and when its role is unknown and nothing is recorded to have come
    there.
    """
    site = walk.leaves[movement]
    low, high = mixing.makes_start[site], mixing.makes_start[site + 1]
    if low < high:
        for place in range(low, high):
            if mixing.makes[place] == product:
                return True
        return product < 0
    if mixing.role[site] == FACTORY:
        return True
    return mixing.role[site] < 0 and is_empty(walk, site)


@compiled
def leave_maker(walk: Walk, makers: Makers, movements: Int32Array, product: Int32Array) -> BoolArray:
    """Whether each of some movements leaves the site that made its goods, of the products given."""
    leaves = np.zeros(len(movements), np.bool_)
    for i in range(len(movements)):
        leaves[i] = is_made_at(walk, makers, movements[i], product[i])
    return leaves


@inlined
def why_nothing_came(walk: Walk, site: int, limit: int) -> int:
    """The gap where no movement is a feasible predecessor."""
    if is_empty(walk, site):
        return NO_INFLOW
    for stream in range(walk.streams.site_start[site], walk.streams.site_start[site + 1]):
        low = walk.start[stream]
        if first_after(walk.key, walk.order, low, walk.start[stream + 1], limit) > low:
            return OTHER_GOODS
    return NONE_BEFORE


@inlined
def weighable(units: UInt16Array, found: Int32Array, count: int) -> bool:
    """Whether the known units of movements agree, so that quantities can be compared."""
    unit = 0
    for i in range(count):
        other = units[found[i]]
        if other != 0:
            if unit != 0 and other != unit:
                return False
            unit = other
    return True


@inlined
def left_at(walk: Walk, mixing: Mixing, near: int, limit: int) -> int:
    """Mean time at which a movement left; EARLIEST where nothing is known of it.

    An undated one, whose goods have to be gone again by ``limit``, lies before it by a usual stay where it
    went.
    """
    if mixing.flags[near] & UNDATED != UNDATED:
        return mixing.departed[near]
    if limit >= LATEST:
        return mixing.departed[near]
    scale = mixing.dwell[mixing.in_stream[near]]
    return limit - int(mean_stay(float(limit - max(walk.key[near], EARLIEST)), scale))


@inlined
def put_stays(walk: Walk, mixing: Mixing, left: int, scale: float, draft: Draft, count: int) -> None:
    """Logarithms of exp(-dwell / scale) of predecessors of what left at ``left``."""
    flags, arrived, stays = mixing.flags, mixing.arrived, draft.stays
    for i in range(count):
        far = draft.found[i]
        if left <= EARLIEST:
            stays[i] = -1.0
        elif flags[far] & UNDATED == UNDATED:
            low, high = undated_span(walk, mixing, far)
            stays[i] = undated_log_stay(low, high, left, scale)
        else:
            stays[i] = -max(0.0, float(left - arrived[far])) / scale


@inlined
def put_weights(walk: Walk, mixing: Mixing, near: int, product: int, draft: Draft, count: int) -> None:
    """Quantity times match of predecessors; quantities count only where the known units agree."""
    has_lot = walk.carried[near] >= 0
    infers = product >= 0 and infers_products(mixing)
    flags, quantity, usual, weights = mixing.flags, mixing.quantity, mixing.stock.inflow.usual, draft.weights
    by_quantity = weighable(mixing.unit, draft.found, count)
    for i in range(count):
        far = draft.found[i]
        weights[i] = 1.0
        if by_quantity:
            unknown = flags[far] & QUANTITY_UNKNOWN
            weights[i] = usual[mixing.in_stream[far]] if unknown else quantity[far]
        if draft.kinds[i] == UNKNOWN and infers:
            weights[i] *= chance_of_product(walk, mixing, far, product)
        elif draft.kinds[i] == UNKNOWN:
            weights[i] *= mixing.match_unknown
        if has_lot and walk.carried[far] < 0 and draft.kinds[i] != JOINED:
            weights[i] *= mixing.match_lot_unknown


@inlined
def uncovered(
    walk: Walk, mixing: Mixing, near: int, product: int, limit: int, left: int, draft: Draft, count: int
) -> tuple[float, int]:
    """Share of a movement that recorded inflow did not supply, and the gap that says why."""
    site = walk.leaves[near]
    floor = mixing.floor[mixing.role[site] + 1]
    recorded = recorded_far(walk, near)
    if recorded[0] < recorded[1]:
        return floor, UNRECORDED
    for i in range(count):
        of_far = product_of(walk.carried[draft.found[i]], walk.goods.lot_product)
        if draft.kinds[i] == JOINED and of_far != product:
            return floor, UNRECORDED
    if not mixing.stock.comparable[stream_at(site, product, walk.streams)]:
        return floor, UNRECORDED
    came, gone = balance(walk, mixing.stock, site, product, limit, left)
    short = 1.0 - came / gone if gone > 0.0 else 0.0
    return (short, NOT_COVERED) if short > floor else (floor, UNRECORDED)


@inlined
def weigh(
    walk: Walk, mixing: Mixing, near: int, product: int, limit: int, draft: Draft, count: int
) -> tuple[int, float, int]:
    """Turn the feasible predecessors of a movement into its row of the model.

    Parameters
    ----------
    product : of its goods, -1 where not known.
    limit : latest time by which the movement can have left; for dated ones, as the walk has it.
    draft : ``found`` and ``kinds`` of so many predecessors.

    Returns
    -------
    How many of them have a share; the share without predecessor; the gap that says why. The draft's ``found``
    and ``weights`` hold those shares, which sum to 1 with the rest.
    """
    if count == 0:
        return 0, 1.0, why_nothing_came(walk, walk.leaves[near], limit)
    stream = stream_at(walk.leaves[near], product, walk.streams)
    scale = mixing.dwell[stream if stream >= 0 else mixing.out_stream[near]]
    left = left_at(walk, mixing, near, limit)
    put_gaps(walk, mixing, near, product, left, draft, count)
    put_stays(walk, mixing, left, scale, draft, count)
    put_weights(walk, mixing, near, product, draft, count)
    if not mix(draft.weights, draft.gaps, draft.stays, count, mixing.bandwidth, mixing.fifo_share):
        return 0, 1.0, NOT_COVERED
    rest, gap = uncovered(walk, mixing, near, product, limit, left, draft, count)
    found, weights = draft.found, draft.weights
    kept, total = 0, 0.0
    for i in range(count):
        if weights[i] > NEGLIGIBLE:
            found[kept], draft.kinds[kept], weights[kept] = found[i], draft.kinds[i], weights[i]
            total += weights[i]
            kept += 1
    for i in range(kept):
        weights[i] *= (1.0 - rest) / total
    return kept, rest, gap


@compiled
def empty_draft(found: Int32Array, kinds: Int32Array) -> Draft:
    """Room as wide as the two columns given."""
    room = len(found)
    return Draft(found, kinds, np.empty(room), np.empty(room), np.empty(room))


@compiled
def shares(walk: Walk, mixing: Mixing, near: int, limit: int, room: tuple[Int32Array, Int32Array]) -> Shares:
    """Shares of the feasible predecessors of a movement: one row of the model; see :func:`weigh`."""
    count, found, kinds = steps(walk, near, limit, NOTHING_SCANNED, room[0], room[1])
    draft = empty_draft(found, kinds)
    product = product_of(walk.carried[near], walk.goods.lot_product)
    kept, rest, gap = weigh(walk, mixing, near, product, limit, draft, count)
    return Shares(draft.found[:kept], draft.weights[:kept], rest, gap)


@uncounted
def mix(
    weights: FloatArray,
    gaps: FloatArray,
    stays: FloatArray,
    count: int,
    bandwidth: float,
    fifo_share: float,
) -> bool:
    """Turn weights (quantity times match) into shares that sum to 1; False where all weights are 0."""
    longest = stays[0]
    for i in range(count):
        longest = max(longest, stays[i])
    fifo_sum, proportional_sum = 0.0, 0.0
    for i in range(count):
        gaps[i] = weights[i] * np.exp(-gaps[i] / bandwidth)
        stays[i] = weights[i] * np.exp(stays[i] - longest)
        fifo_sum += gaps[i]
        proportional_sum += stays[i]
    if proportional_sum <= 0.0:
        return False
    of_fifo = fifo_share if fifo_sum > 0.0 else 0.0
    for i in range(count):
        weights[i] = (1.0 - of_fifo) * stays[i] / proportional_sum
        if of_fifo > 0.0:
            weights[i] += of_fifo * gaps[i] / fifo_sum
    return True
