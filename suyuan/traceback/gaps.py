# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportIncompatibleMethodOverride=false
"""How far apart a movement and each of its predecessors lie in the stock of a site."""

from typing import Final

import numpy as np

from suyuan.graph.snapshot import FloatArray, Int64Array
from suyuan.traceback.goods import JOINED
from suyuan.traceback.inlining import inlined
from suyuan.traceback.mixingmodel import Draft, Mixing, quantity_in, quantity_out, undated_span
from suyuan.traceback.stock import flow_interval, unknown_beside
from suyuan.traceback.times import EARLIEST, UNDATED
from suyuan.traceback.walking import Walk, recorded_far, stream_at

GAP_SAMPLES: Final = 8
"""Times looked at, evenly spread over those at which an undated movement can have come."""


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


@inlined
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
def put_gaps(
    walk: Walk, mixing: Mixing, near: int, product: int, left: int, draft: Draft, count: int
) -> None:
    """Gap d between the positions of a movement and each of its predecessors, in mean inflows.

    The bandwidth where nothing tells a position, 0 where there are none to compare, as where units differ.
    """
    found, kinds, gaps = draft.found, draft.kinds, draft.gaps
    for i in range(count):
        gaps[i] = 0.0
    recorded = recorded_far(walk, near)
    if recorded[0] < recorded[1]:
        return
    stock, flags, arrived, in_stream = mixing.stock, mixing.flags, mixing.arrived, mixing.in_stream
    product_at, came_from, came_to = walk.streams.product, stock.came_from, stock.came_to
    site = walk.leaves[near]
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
        if not stock.comparable[stream]:
            continue
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
