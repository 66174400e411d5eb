# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportIncompatibleMethodOverride=false
"""What the mixing model is made of, and room for one row of it."""

from typing import NamedTuple

from suyuan.graph.snapshot import (
    QUANTITY_UNKNOWN,
    FloatArray,
    Int8Array,
    Int32Array,
    Int64Array,
    UInt8Array,
    UInt16Array,
)
from suyuan.traceback.inlining import inlined
from suyuan.traceback.stock import Stock
from suyuan.traceback.times import EARLIEST, LATEST
from suyuan.traceback.walking import Walk, stream_at


class Traded(NamedTuple):
    """Which products movements between two sites name, for those that name none.

    ``pair[m]`` is the pair of sites of movement m; pair i names ``product[start[i]:start[i + 1]]``, so often as
    ``count`` says. All are empty where products are not inferred. ``prior`` is the weight, in movements, of
    what the receiving site deals in.
    """

    pair: Int32Array
    start: Int64Array
    product: Int32Array
    count: FloatArray
    prior: float


class LotMakers(NamedTuple):
    """For each lot the site that made it and the movement that tells, -1 where none does; empty if not asked.

    One entry more, for goods without a lot, stands at the end.
    """

    site: Int32Array
    movement: Int32Array


class Mixing(NamedTuple):
    """What the model needs to know: flows, roles and makers of sites, quantities and times, parameters.

    ``dwell`` (microseconds) is by stream, ``floor`` by role code plus one; ``seen_from`` and ``seen_until`` the first
    and last known time at each site. Products that site v makes are
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
    match_lot_unknown: float
    fifo_share: float
    bandwidth: float
    traded: Traded
    makers: LotMakers


class Draft(NamedTuple):
    """Room for the row of one movement, all columns of one length: predecessors, how they agree, weights."""

    found: Int32Array
    kinds: Int32Array
    weights: FloatArray
    gaps: FloatArray
    stays: FloatArray


@inlined
def infers_products(mixing: Mixing) -> bool:
    """Whether goods keep their product on movements that do not name one."""
    return len(mixing.traded.pair) > 0


@inlined
def chance_of_product(walk: Walk, mixing: Mixing, movement: int, product: int) -> float:
    """Probability that a movement that names no product carries this one.

    What other movements between its two sites name, mixed with what is traded at the receiving one; 0 where
    the sender is known to make other products.
    """
    traded, sender = mixing.traded, walk.leaves[movement]
    low, high = mixing.makes_start[sender], mixing.makes_start[sender + 1]
    makes_it = low == high
    for place in range(low, high):
        makes_it = makes_it or mixing.makes[place] == product
    if not makes_it:
        return 0.0
    named, this = 0.0, 0.0
    pair = traded.pair[movement]
    for place in range(traded.start[pair], traded.start[pair + 1]):
        named += traded.count[place]
        if traded.product[place] == product:
            this = traded.count[place]
    stream = stream_at(walk.comes[movement], product, walk.streams)
    usual = mixing.stock.share[stream] if stream >= 0 else 0.0
    return (this + traded.prior * usual) / (named + traded.prior)


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
