# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportIncompatibleMethodOverride=false
"""The places of a case weighed again, by other parameters and with other times."""

from typing import NamedTuple

import numpy as np

from suyuan.graph.compiled import compiled, uncounted
from suyuan.graph.snapshot import FloatArray, Int8Array, Int32Array, Int64Array
from suyuan.traceback.cutout import Cutout, Frame
from suyuan.traceback.massgraph import Rows
from suyuan.traceback.massrows import HOP_LIMIT
from suyuan.traceback.missingtimes import Missing, Times
from suyuan.traceback.mixing import empty_draft, weigh
from suyuan.traceback.mixingmodel import Draft, Mixing
from suyuan.traceback.preparation import read_only
from suyuan.traceback.stock import Stock, flow_of, moved_by, own_positions
from suyuan.traceback.times import UNDATED
from suyuan.traceback.walking import Walk, arranged


class Room(NamedTuple):
    """Room for the rows of all places, and for the draft of one."""

    start: Int64Array
    far: Int32Array
    share: FloatArray
    rest: FloatArray
    gap: Int8Array
    draft: Draft


def with_times(cutout: Cutout, times: Times, missing: Missing) -> tuple[Walk, Mixing]:
    """Walk and mixing of a cut-out in which movements have the times given, and none of ``missing`` is undated."""
    walk, mixing = cutout.walk, cutout.mixing
    order, start = arranged(mixing.in_stream, times.key, cutout.fed_in, len(walk.streams.product))
    dated = mixing.flags.copy()
    dated[missing.movement] &= np.uint8(0xFF ^ UNDATED)
    near_low, far_high = walk.near_low, walk.far_high
    if walk.longest_stay > 0:
        near_low, far_high = near_low.copy(), far_high.copy()
        near_low[missing.movement] = times.departed[missing.movement]
        far_high[missing.movement] = times.arrived[missing.movement]
    walk = walk._replace(
        key=times.key, limit=times.limit, start=start, order=order, near_low=near_low, far_high=far_high
    )
    mixing = mixing._replace(
        stock=_stock(cutout, walk, times), flags=dated, departed=times.departed, arrived=times.arrived
    )
    return read_only(walk), read_only(mixing)


def _stock(cutout: Cutout, walk: Walk, times: Times) -> Stock:
    """Positions in the stock by the times given; ``walk`` has its movements in order."""
    mixing, n_streams = cutout.mixing, len(walk.streams.product)
    quantity, flags, stock = mixing.quantity, mixing.flags, mixing.stock
    came, came_start = arranged(mixing.in_stream, times.arrived, cutout.fed_in, n_streams)
    left, left_start = arranged(mixing.out_stream, times.departed, cutout.fed_out, n_streams)
    usual_in, usual_out = stock.inflow.usual, stock.outflow.usual
    inflow = flow_of(came, came_start, times.arrived, quantity, flags, usual_in)
    outflow = flow_of(left, left_start, times.departed, quantity, flags, usual_out)
    came_from, came_to = own_positions(
        inflow, walk.streams, stock.share, walk.comes, mixing.in_stream, times.arrived, quantity, flags
    )
    return stock._replace(
        inflow=inflow,
        outflow=outflow,
        can_have_come=moved_by(walk.order, walk.start, quantity, flags, usual_in),
        came_from=came_from,
        came_to=came_to,
    )


@compiled
def room_for(frame: Frame) -> Room:
    """Room for the rows of a frame."""
    n, widest = len(frame.near), 1
    for place in range(n):
        widest = max(widest, frame.start[place + 1] - frame.start[place])
    size = len(frame.place)
    return Room(
        np.zeros(n + 1, np.int64),
        np.empty(size, np.int32),
        np.empty(size),
        np.zeros(n),
        np.zeros(n, np.int8),
        empty_draft(np.empty(widest, np.int32), np.empty(widest, np.int32)),
    )


def rows_of(walk: Walk, mixing: Mixing, frame: Frame, room: Room) -> Rows:
    """The rows of all places; they stand in the room given and hold until it is used again."""
    filled = put_rows(walk, mixing, frame, room)
    return Rows(
        room.start,
        room.far[:filled],
        room.share[:filled],
        frame.made,
        room.rest,
        room.gap,
        np.zeros(len(room.rest)),
    )


@uncounted
def put_rows(walk: Walk, mixing: Mixing, frame: Frame, room: Room) -> int:
    """Weigh the feasible predecessors of all places; how many entries the rows have."""
    filled, draft = 0, room.draft
    for place in range(len(frame.near)):
        room.rest[place], room.gap[place] = 0.0, 0
        if frame.cut[place]:
            room.rest[place], room.gap[place] = 1.0, HOP_LIMIT
        elif not frame.made[place]:
            near = frame.near[place]
            limit = min(frame.limit[place], walk.limit[near])
            count = 0
            for entry in range(frame.start[place], frame.start[place + 1]):
                far = frame.movement[entry]
                if walk.key[far] <= limit:
                    if walk.longest_stay > 0 and walk.near_low[near] - walk.far_high[far] > walk.longest_stay:
                        continue
                    draft.found[count], draft.kinds[count] = far, frame.kind[entry]
                    count += 1
            kept, rest, gap = weigh(walk, mixing, near, frame.product[place], limit, draft, count)
            room.rest[place], room.gap[place] = rest, gap
            entry = frame.start[place]
            for i in range(kept):
                while frame.movement[entry] != draft.found[i]:
                    entry += 1
                room.far[filled], room.share[filled] = frame.place[entry], draft.weights[i]
                entry += 1
                filled += 1
        room.start[place + 1] = filled
    return filled
