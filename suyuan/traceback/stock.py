# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportIncompatibleMethodOverride=false
"""How much of a product had come to a site, and left it, by any time: positions in its stock.

Where some movements do not say what they carried, the flow of a product at a site is what is recorded as
that product plus a part of what is recorded as unknown: the product's share of all that is recorded with a
product there. Movements at the same time share one interval of positions, so no answer depends on their
order.
"""

from typing import Final, NamedTuple

import numpy as np

from suyuan.graph.compiled import compiled, uncounted
from suyuan.graph.snapshot import (
    QUANTITY_UNKNOWN,
    BoolArray,
    FloatArray,
    Int32Array,
    Int64Array,
    UInt8Array,
    UInt16Array,
)
from suyuan.traceback.inlining import inlined
from suyuan.traceback.times import EARLIEST
from suyuan.traceback.walking import Streams, Walk, first_after, stream_at

_NO_UNIT: Final = np.iinfo(np.uint16).max


class Flow(NamedTuple):
    """Flow into, or out of, the site of each stream, in order of mean time.

    Stream s has ``time[start[s]:start[s + 1]]``, with the quantity moved up to and with each in ``moved``.
    ``usual[s]`` stands for an unknown quantity: the median of the known ones, else 1.
    """

    start: Int64Array
    time: Int64Array
    moved: FloatArray
    usual: FloatArray


class Stock(NamedTuple):
    """Flows of all streams.

    ``can_have_come`` is aligned with ``order`` of the backward walk: quantity of its stream up to and with
    each movement in the order of earliest arrivals. ``share[s]`` is the part of unknown goods counted to
    stream s; ``mean_inflow[s]`` the mean quantity of an inflow. ``comparable[s]``: the known units of all that
    is counted to the stream agree, so that quantities can be added up.
    """

    inflow: Flow
    outflow: Flow
    can_have_come: FloatArray
    share: FloatArray
    mean_inflow: FloatArray
    came_from: FloatArray
    came_to: FloatArray
    comparable: BoolArray


def comparable_streams(
    unit: UInt16Array, in_stream: Int32Array, out_stream: Int32Array, seen: BoolArray, streams: Streams
) -> BoolArray:
    """Streams whose known units agree, those of unknown goods at the same site included.

    For the unknown product, to which all goods of a site are counted, the units of the whole site.
    """
    n_streams, n_sites = len(streams.product), len(streams.site_start) - 1
    site = np.repeat(np.arange(n_sites), np.diff(streams.site_start))
    least, most = np.full(n_streams, _NO_UNIT, np.uint16), np.zeros(n_streams, np.uint16)
    told = np.flatnonzero(seen & (unit > 0))
    for stream in (in_stream, out_stream):
        np.minimum.at(least, stream[told], unit[told])
        np.maximum.at(most, stream[told], unit[told])
    unknown = streams.product < 0
    least_of_site, most_of_site = np.full(n_sites, _NO_UNIT, np.uint16), np.zeros(n_sites, np.uint16)
    np.minimum.at(least_of_site, site, least)
    np.maximum.at(most_of_site, site, most)
    least_unknown, most_unknown = np.full(n_sites, _NO_UNIT, np.uint16), np.zeros(n_sites, np.uint16)
    least_unknown[site[unknown]], most_unknown[site[unknown]] = least[unknown], most[unknown]
    low = np.where(unknown, least_of_site[site], np.minimum(least, least_unknown[site]))
    high = np.where(unknown, most_of_site[site], np.maximum(most, most_unknown[site]))
    return high <= low


def usual_quantities(
    order: Int32Array, start: Int64Array, quantity: FloatArray, flags: UInt8Array
) -> FloatArray:
    """Median of the known quantities of each stream; 1 where none is known."""
    known = order[(flags[order] & QUANTITY_UNKNOWN) == 0]
    usual = np.ones(len(start) - 1)
    if len(known) == len(order):
        return usual
    stream = np.repeat(np.arange(len(start) - 1), np.diff(start))[(flags[order] & QUANTITY_UNKNOWN) == 0]
    sizes = np.bincount(stream, minlength=len(usual))
    ranked = quantity[known][np.lexsort((quantity[known], stream))]
    first = np.cumsum(sizes) - sizes
    some = sizes > 0
    low, high = first[some] + (sizes[some] - 1) // 2, first[some] + sizes[some] // 2
    usual[some] = 0.5 * (ranked[low] + ranked[high])
    return usual


@compiled
def moved_by(
    order: Int32Array, start: Int64Array, quantity: FloatArray, flags: UInt8Array, usual: FloatArray
) -> FloatArray:
    """Running sum of quantities along each stream."""
    moved = np.empty(len(order))
    for stream in range(len(start) - 1):
        total = 0.0
        for place in range(start[stream], start[stream + 1]):
            m = order[place]
            total += usual[stream] if flags[m] & QUANTITY_UNKNOWN else quantity[m]
            moved[place] = total
    return moved


@uncounted
def total_of(flow: Flow, stream: int) -> float:
    """All that a stream moved."""
    low, high = flow.start[stream], flow.start[stream + 1]
    return flow.moved[high - 1] if high > low else 0.0


@compiled
def shares_of(inflow: Flow, outflow: Flow, streams: Streams) -> FloatArray:
    """Share of each product in all that is recorded with a product at its site; 1 for the unknown one."""
    share = np.ones(len(streams.product))
    for site in range(len(streams.site_start) - 1):
        begin, end = streams.site_start[site], streams.site_start[site + 1]
        total = 0.0
        for stream in range(begin, end):
            if streams.product[stream] >= 0:
                total += total_of(inflow, stream) + total_of(outflow, stream)
        for stream in range(begin, end):
            if streams.product[stream] >= 0 and total > 0.0:
                share[stream] = (total_of(inflow, stream) + total_of(outflow, stream)) / total
    return share


@compiled
def mean_inflows(inflow: Flow, streams: Streams, share: FloatArray) -> FloatArray:
    """Mean quantity of an inflow of each stream, unknown goods by their share; 1 where nothing came."""
    mean = np.ones(len(streams.product))
    for site in range(len(streams.site_start) - 1):
        begin, end = streams.site_start[site], streams.site_start[site + 1]
        for stream in range(begin, end):
            total = total_of(inflow, stream)
            count = float(inflow.start[stream + 1] - inflow.start[stream])
            if streams.product[stream] >= 0 and streams.product[begin] < 0:
                total += share[stream] * total_of(inflow, begin)
                count += share[stream] * (inflow.start[begin + 1] - inflow.start[begin])
            if total > 0.0:
                mean[stream] = total / count
    return mean


@uncounted
def before_and_through(
    times: Int64Array, moved: FloatArray, begin: int, end: int, time: int
) -> tuple[float, float]:
    """Quantity moved before a time, and up to and with it, by ``times[begin:end]``."""
    low, high = begin, end
    while low < high:
        middle = (low + high) // 2
        if times[middle] < time:
            low = middle + 1
        else:
            high = middle
    before = moved[low - 1] if low > begin else 0.0
    while low < end and times[low] == time:
        low += 1
    return before, moved[low - 1] if low > begin else 0.0


@uncounted
def flow_interval(
    flow: Flow, streams: Streams, share: FloatArray, stream: int, unknown: int, time: int, quantity: float
) -> tuple[float, float]:
    """Positions of a movement at a time in the flow of a product at a site.

    ``unknown`` is the stream of unknown products there, -1 if there is none or it is the one asked about.
    """
    start, times, moved = flow.start, flow.time, flow.moved
    before, through = before_and_through(times, moved, start[stream], start[stream + 1], time)
    if unknown >= 0:
        others = before_and_through(times, moved, start[unknown], start[unknown + 1], time)
        before += share[stream] * others[0]
        through += share[stream] * others[1]
    return before, max(through, before + quantity)


@uncounted
def unknown_beside(streams: Streams, site: int, stream: int) -> int:
    """The stream of unknown products at a site, -1 if there is none or it is the one given."""
    begin = streams.site_start[site]
    return begin if begin != stream and streams.product[begin] < 0 else -1


@compiled
def own_positions(
    inflow: Flow,
    streams: Streams,
    share: FloatArray,
    to_site: Int32Array,
    in_stream: Int32Array,
    arrived: Int64Array,
    quantity: FloatArray,
    flags: UInt8Array,
) -> tuple[FloatArray, FloatArray]:
    """Interval of every movement in the inflow of its own product."""
    n = len(arrived)
    begin, end = np.empty(n), np.empty(n)
    for m in range(n):
        stream = in_stream[m]
        amount = inflow.usual[stream] if flags[m] & QUANTITY_UNKNOWN else quantity[m]
        unknown = unknown_beside(streams, to_site[m], stream)
        begin[m], end[m] = flow_interval(inflow, streams, share, stream, unknown, arrived[m], amount)
    return begin, end


@uncounted
def left_through(flow: Flow, stream: int, time: int) -> float:
    """Outflow of a stream up to and with a time; all of it where the time is unknown."""
    if time <= EARLIEST:
        return total_of(flow, stream)
    start = flow.start
    return before_and_through(flow.time, flow.moved, start[stream], start[stream + 1], time)[1]


@inlined
def came_by(walk: Walk, stock: Stock, stream: int, limit: int) -> float:
    """Inflow of a stream that can have come by a time."""
    low = walk.start[stream]
    place = first_after(walk.key, walk.order, low, walk.start[stream + 1], limit)
    return stock.can_have_come[place - 1] if place > low else 0.0


@inlined
def balance(walk: Walk, stock: Stock, site: int, product: int, limit: int, time: int) -> tuple[float, float]:
    """Inflow of a product that can have come by ``limit``, and outflow up to and with ``time``.

    Of an unknown product (-1): all that came to the site, and all that left.
    """
    begin, end = walk.streams.site_start[site], walk.streams.site_start[site + 1]
    came, left = 0.0, 0.0
    if product < 0:
        for stream in range(begin, end):
            came += came_by(walk, stock, stream, limit)
            left += left_through(stock.outflow, stream, time)
        return came, left
    stream = stream_at(site, product, walk.streams)
    came = came_by(walk, stock, stream, limit)
    left = left_through(stock.outflow, stream, time)
    if walk.streams.product[begin] < 0:
        came += stock.share[stream] * came_by(walk, stock, begin, limit)
        left += stock.share[stream] * left_through(stock.outflow, begin, time)
    return came, left


def flow_of(
    order: Int32Array,
    start: Int64Array,
    time: Int64Array,
    quantity: FloatArray,
    flags: UInt8Array,
    usual: FloatArray | None = None,
) -> Flow:
    """The flow of movements given by (stream, mean time); usual quantities are those of the movements if not given."""
    if usual is None:
        usual = usual_quantities(order, start, quantity, flags)
    return Flow(start, time[order], moved_by(order, start, quantity, flags, usual), usual)
