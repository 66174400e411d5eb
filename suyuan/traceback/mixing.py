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

from suyuan.graph.compiled import compiled
from suyuan.graph.model import SITE_ROLES
from suyuan.graph.snapshot import (
    QUANTITY_UNKNOWN,
    FloatArray,
    Int8Array,
    Int32Array,
    Int64Array,
    UInt8Array,
    UInt16Array,
)
from suyuan.traceback.goods import JOINED, UNKNOWN, product_of
from suyuan.traceback.inlining import inlined
from suyuan.traceback.results import GAPS, Gap
from suyuan.traceback.stock import Stock, balance, flow_interval, unknown_beside
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


GAP_SAMPLES: Final = 8
"""Times looked at, evenly spread over those at which an undated movement can have come."""


class Mixing(NamedTuple):
    """What the model needs to know: flows, roles and makers of sites, quantities and times, parameters.

    ``dwell`` (microseconds) and ``floor`` are by role code plus one; ``seen_from`` and ``seen_until`` the first and
    last known time at each site. Products that site v makes are
    ``makes[makes_start[v]:makes_start[v + 1]]``.
    """

    stock: Stock
    role: Int8Array
    makes_start: Int64Array
    makes: Int32Array
    quantity: FloatArray
    unit: UInt16Array
    flags: UInt8Array
    departed: Int64Array
    arrived: Int64Array
    seen_from: Int64Array
    seen_until: Int64Array
    in_stream: Int32Array
    out_stream: Int32Array
    dwell: FloatArray
    floor: FloatArray
    match_unknown: float
    fifo_share: float
    bandwidth: float


class Shares(NamedTuple):
    """Where a unit on a movement came from: predecessors with their shares, and the share that has none."""

    movements: Int32Array
    weights: FloatArray
    rest: float
    gap: int


@inlined
def is_made_at(walk: Walk, mixing: Mixing, movement: int) -> bool:
    """Whether the site a movement leaves is the origin of its goods.

    It is when the site makes the product (an unknown product agrees with any), when it is a factory of
    which nothing says what it makes, and when its role is unknown and nothing is recorded to have come
    there.
    """
    site = walk.leaves[movement]
    low, high = mixing.makes_start[site], mixing.makes_start[site + 1]
    if low < high:
        product = product_of(walk.carried[movement], walk.goods.lot_product)
        for place in range(low, high):
            if mixing.makes[place] == product:
                return True
        return product < 0
    if mixing.role[site] == FACTORY:
        return True
    return mixing.role[site] < 0 and is_empty(walk, site)


@compiled
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
def quantity_in(mixing: Mixing, movement: int) -> float:
    """Quantity of a movement as inflow; the usual one of its stream where unknown."""
    if mixing.flags[movement] & QUANTITY_UNKNOWN:
        return mixing.stock.inflow.usual[mixing.in_stream[movement]]
    return mixing.quantity[movement]


@inlined
def quantity_out(mixing: Mixing, movement: int) -> float:
    """Quantity of a movement as outflow."""
    if mixing.flags[movement] & QUANTITY_UNKNOWN:
        return mixing.stock.outflow.usual[mixing.out_stream[movement]]
    return mixing.quantity[movement]


@compiled
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


@compiled
def mean_stay(longest: float, scale: float) -> float:
    """Mean of a stay of which only the longest possible length is known: half of it while short, else the
    scale.

    It is the mean of an exponential law of that scale, cut at ``longest``.
    """
    ratio = longest / scale
    if ratio < 1e-6:
        return 0.5 * longest
    return scale if ratio > 700.0 else scale - longest / np.expm1(ratio)


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
    scale = mixing.dwell[mixing.role[walk.comes[near]] + 1]
    return limit - int(mean_stay(float(limit - max(walk.key[near], EARLIEST)), scale))


@inlined
def undated_span(walk: Walk, mixing: Mixing, far: int) -> tuple[int, int]:
    """Between which times an undated movement came; where nothing bounds it, the known times at its site do.

    EARLIEST first where there is no known time either.
    """
    site = walk.comes[far]
    low, high = walk.key[far], walk.limit[far]
    low = mixing.seen_from[site] if low <= EARLIEST else low
    high = mixing.seen_until[site] if high >= LATEST else high
    return low, max(low, high)


@inlined
def undated_log_stay(low: int, high: int, left: int, scale: float) -> float:
    """Logarithm of the mean of exp(-dwell / scale) over an arrival between ``low`` and ``high``.

    An arrival after ``left`` counts nothing. Where nothing tells how long the stay was, it is ``scale``.
    """
    if low <= EARLIEST or left <= EARLIEST:
        return -1.0
    last = max(low, min(left, high))
    whole, fitting = float(high - low) / scale, float(last - low) / scale
    after_last = -max(0.0, float(left - last)) / scale
    if whole < 1e-9:
        return after_last
    return after_last + np.log(-np.expm1(-max(fitting, 1e-9)) / whole)


@inlined
def log_stays(
    walk: Walk, mixing: Mixing, left: int, scale: float, found: Int32Array, count: int
) -> FloatArray:
    """Logarithms of exp(-dwell / scale) of predecessors of what left at ``left``."""
    flags, arrived = mixing.flags, mixing.arrived
    stays = np.empty(count)
    for i in range(count):
        far = found[i]
        if left <= EARLIEST:
            stays[i] = -1.0
        elif flags[far] & UNDATED == UNDATED:
            low, high = undated_span(walk, mixing, far)
            stays[i] = undated_log_stay(low, high, left, scale)
        else:
            stays[i] = -max(0.0, float(left - arrived[far])) / scale
    return stays


@inlined
def beside(
    times: Int64Array, moved: FloatArray, cursor: int, begin: int, end: int, time: int
) -> tuple[int, float, float]:
    """Quantity moved before a time, and up to and with it; looked for around ``cursor``."""
    while cursor < end and times[cursor] < time:
        cursor += 1
    while cursor > begin and times[cursor - 1] >= time:
        cursor -= 1
    after = cursor
    while after < end and times[after] == time:
        after += 1
    before = moved[cursor - 1] if cursor > begin else 0.0
    return cursor, before, moved[after - 1] if after > begin else 0.0


@compiled
def undated_gap(
    walk: Walk, mixing: Mixing, far: int, left: int, streams: tuple[int, int], taken: tuple[float, float]
) -> float:
    """The gap whose decay is the mean over the times at which an undated movement can have come.

    ``streams``: that of the product and the one of unknown goods beside it; ``taken``: the interval of what
    left. An arrival after ``left`` counts nothing.
    """
    stock = mixing.stock
    low, high = undated_span(walk, mixing, far)
    total = 0.0
    for sample in range(GAP_SAMPLES):
        came = low + int((high - low) * (sample + 0.5) / GAP_SAMPLES)
        if came <= left:
            begin, end = flow_interval(
                stock.inflow,
                walk.streams,
                stock.share,
                streams[0],
                streams[1],
                came,
                quantity_in(mixing, far),
            )
            gap = max(0.0, taken[0] - end, begin - taken[1]) / stock.mean_inflow[streams[0]]
            total += np.exp(-gap / mixing.bandwidth)
    return -mixing.bandwidth * np.log(total / GAP_SAMPLES) if total > 0.0 else np.inf


@inlined
def position_gaps(
    walk: Walk, mixing: Mixing, near: int, left: int, found: Int32Array, kinds: Int32Array, count: int
) -> FloatArray:
    """Gap d between the positions of a movement and each of its predecessors, in mean inflows.

    The bandwidth where nothing tells a position, 0 where there are none to compare.
    """
    gaps = np.zeros(count)
    recorded = recorded_far(walk, near)
    if recorded[0] < recorded[1]:
        return gaps
    stock, flags, arrived, in_stream = mixing.stock, mixing.flags, mixing.arrived, mixing.in_stream
    product_at, came_from, came_to = walk.streams.product, stock.came_from, stock.came_to
    site = walk.leaves[near]
    product = product_of(walk.carried[near], walk.goods.lot_product)
    flow_start, times, moved = stock.inflow.start, stock.inflow.time, stock.inflow.moved
    last, stream, unknown, cursor, mean, share = -2, -1, -1, 0, 1.0, 1.0
    low, high = 0.0, 0.0
    for i in range(count):
        far = found[i]
        of_far = product_at[in_stream[far]]
        if kinds[i] == JOINED and (product < 0 or of_far != product):
            continue
        undated = flags[far] & UNDATED == UNDATED
        if left <= EARLIEST or (undated and undated_span(walk, mixing, far)[0] <= EARLIEST):
            gaps[i] = mixing.bandwidth
            continue
        of_pair = product if product >= 0 else of_far
        if of_pair != last:
            last = of_pair
            stream = stream_at(site, of_pair, walk.streams)
            unknown = unknown_beside(walk.streams, site, stream)
            low, high = flow_interval(
                stock.outflow, walk.streams, stock.share, stream, unknown, left, quantity_out(mixing, near)
            )
            mean, share, cursor = stock.mean_inflow[stream], stock.share[stream], flow_start[stream]
        if undated:
            gaps[i] = undated_gap(walk, mixing, far, left, (stream, unknown), (low, high))
            continue
        if in_stream[far] == stream:
            begin, end = came_from[far], came_to[far]
        else:
            cursor, begin, end = beside(
                times, moved, cursor, flow_start[stream], flow_start[stream + 1], arrived[far]
            )
            begin += share * came_from[far]
            end = max(end + share * came_to[far], begin + quantity_in(mixing, far))
        gaps[i] = max(0.0, low - end, begin - high) / mean
    return gaps


@inlined
def weights_of(mixing: Mixing, found: Int32Array, kinds: Int32Array, count: int) -> FloatArray:
    """Quantity times match of predecessors; quantities count only where the known units agree."""
    flags, quantity, usual = mixing.flags, mixing.quantity, mixing.stock.inflow.usual
    weights = np.ones(count)
    by_quantity = weighable(mixing.unit, found, count)
    for i in range(count):
        far = found[i]
        if by_quantity:
            unknown = flags[far] & QUANTITY_UNKNOWN
            weights[i] = usual[mixing.in_stream[far]] if unknown else quantity[far]
        if kinds[i] == UNKNOWN:
            weights[i] *= mixing.match_unknown
    return weights


@inlined
def uncovered(
    walk: Walk,
    mixing: Mixing,
    near: int,
    limit: int,
    left: int,
    found: Int32Array,
    kinds: Int32Array,
    count: int,
) -> tuple[float, int]:
    """Share of a movement that recorded inflow did not supply, and the gap that says why."""
    site = walk.leaves[near]
    floor = mixing.floor[mixing.role[site] + 1]
    recorded = recorded_far(walk, near)
    if recorded[0] < recorded[1]:
        return floor, UNRECORDED
    product = product_of(walk.carried[near], walk.goods.lot_product)
    for i in range(count):
        if kinds[i] == JOINED and product_of(walk.carried[found[i]], walk.goods.lot_product) != product:
            return floor, UNRECORDED
    came, gone = balance(walk, mixing.stock, site, product, limit, left)
    short = 1.0 - came / gone if gone > 0.0 else 0.0
    return (short, NOT_COVERED) if short > floor else (floor, UNRECORDED)


@inlined
def shares(walk: Walk, mixing: Mixing, near: int, limit: int, room: tuple[Int32Array, Int32Array]) -> Shares:
    """Shares of the feasible predecessors of a movement: one row of the model.

    Parameters
    ----------
    limit : latest time by which the movement can have left; for dated ones, as the walk has it.

    Notes
    -----
    The shares and the rest sum to 1.
    """
    count, found, kinds = steps(walk, near, limit, NOTHING_SCANNED, room[0], room[1])
    if count == 0:
        return Shares(found[:0], np.empty(0)[:0], 1.0, why_nothing_came(walk, walk.leaves[near], limit))
    scale = mixing.dwell[mixing.role[walk.leaves[near]] + 1]
    left = left_at(walk, mixing, near, limit)
    gaps = position_gaps(walk, mixing, near, left, found, kinds, count)
    stays = log_stays(walk, mixing, left, scale, found, count)
    weights = weights_of(mixing, found, kinds, count)
    if not mix(weights, gaps, stays, mixing.bandwidth, mixing.fifo_share):
        return Shares(found[:0], weights[:0], 1.0, NOT_COVERED)
    rest, gap = uncovered(walk, mixing, near, limit, left, found, kinds, count)
    kept, total = 0, 0.0
    for i in range(count):
        if weights[i] > NEGLIGIBLE:
            found[kept], weights[kept] = found[i], weights[i]
            total += weights[i]
            kept += 1
    for i in range(kept):
        weights[i] *= (1.0 - rest) / total
    return Shares(found[:kept], weights[:kept], rest, gap)


@compiled
def mix(
    weights: FloatArray, gaps: FloatArray, stays: FloatArray, bandwidth: float, fifo_share: float
) -> bool:
    """Turn weights (quantity times match) into shares that sum to 1; False where all weights are 0."""
    longest = stays[0]
    for i in range(len(stays)):
        longest = max(longest, stays[i])
    fifo_sum, proportional_sum = 0.0, 0.0
    for i in range(len(weights)):
        gaps[i] = weights[i] * np.exp(-gaps[i] / bandwidth)
        stays[i] = weights[i] * np.exp(stays[i] - longest)
        fifo_sum += gaps[i]
        proportional_sum += stays[i]
    if proportional_sum <= 0.0:
        return False
    of_fifo = fifo_share if fifo_sum > 0.0 else 0.0
    for i in range(len(weights)):
        weights[i] = (1.0 - of_fifo) * stays[i] / proportional_sum
        if of_fifo > 0.0:
            weights[i] += of_fifo * gaps[i] / fifo_sum
    return True
