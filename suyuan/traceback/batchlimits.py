# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportIncompatibleMethodOverride=false
"""By when movements can have left so as to reach a case: for many cases, one after the other, in the same room.

What :func:`suyuan.traceback.reachability.reach` finds, as far as limits go: the same rounds over the same steps, but
noted by movement in arrays that all cases share, where that walk keeps tables of its own. It is for cases that no
limit cuts, and tells which ones a limit does cut.
"""

from typing import Final, NamedTuple

import numpy as np

from suyuan.graph.compiled import compiled, uncounted
from suyuan.graph.snapshot import Int32Array, Int64Array
from suyuan.traceback.inlining import inlined
from suyuan.traceback.spans import LOOK_UP, agrees_in_run, lot_of, n_runs, run_at
from suyuan.traceback.walking import NOTHING_SCANNED, Walk, recorded_far, steps

CASE: Final = 0
NEXT: Final = 1
NEAR: Final = 2
SIZE: Final = 3
ROUND: Final = 4
SEEN: Final = 5
"""Entries of ``Room.at``: number of the case; how many movements the next round begins at; place in this round, and
how many it has; number of the round over all cases; how many movements were met."""


class Room(NamedTuple):
    """What is noted of the movements that one case can have come by.

    ``case[m]`` is the last case that met movement m, ``limit[m]`` the limit it found, ``queued[m]`` the round that m
    was last put in line in. ``front`` and ``front_limit`` are the movements of a round with the limits they had when
    it began, ``line`` those of the next one. Of the run of ``Walk.order`` that begins at place p,
    ``run_limit[p]`` is the limit up to which ``run_case[p]`` met it, ``run_end[p]`` where that ended.
    """

    case: Int32Array
    limit: Int64Array
    queued: Int64Array
    front: Int32Array
    front_limit: Int64Array
    line: Int32Array
    run_case: Int32Array
    run_limit: Int64Array
    run_end: Int32Array
    at: Int64Array


@compiled
def empty_room(n_movements: int, n_order: int) -> Room:
    """Room for walks over so many movements; nothing is noted in it."""
    return Room(
        np.zeros(n_movements, np.int32),
        np.empty(n_movements, np.int64),
        np.zeros(n_movements, np.int64),
        np.empty(n_movements, np.int32),
        np.empty(n_movements, np.int64),
        np.empty(n_movements, np.int32),
        np.zeros(n_order, np.int32),
        np.empty(n_order, np.int64),
        np.empty(n_order, np.int32),
        np.zeros(6, np.int64),
    )


@compiled
def find_limits(
    walk: Walk, starts: Int32Array, first_hop: int, max_hops: int, max_nodes: int, room: Room
) -> bool:
    """Note the limits of all that a case can have come by; False where the hop or the node limit cuts it."""
    at = room.at
    at[CASE] += 1
    at[ROUND] += 1
    at[NEXT], at[SEEN] = 0, 0
    for start in starts:
        if room.case[start] != at[CASE]:
            note(room, start, walk.limit[start])
    found, kinds = np.empty(16, np.int32), np.empty(16, np.int32)
    for _ in range(first_hop, max_hops):
        begin_round(room)
        if at[SIZE] == 0:
            return True
        while at[NEAR] < at[SIZE]:
            if walk_round(walk, room):
                break
            near, limit = room.front[at[NEAR]], room.front_limit[at[NEAR]]
            count, found, kinds = steps(walk, near, limit, NOTHING_SCANNED, found, kinds)
            for i in range(count):
                meet(walk, room, found[i], limit)
            at[NEAR] += 1
        if at[SEEN] >= max_nodes:
            return False
    return at[NEXT] == 0 or ends_here(walk, room)


@inlined
def note(room: Room, movement: int, limit: int) -> None:
    """A movement met for the first time."""
    at = room.at
    room.case[movement] = at[CASE]
    room.limit[movement] = limit
    room.queued[movement] = at[ROUND]
    room.line[at[NEXT]] = movement
    at[NEXT] += 1
    at[SEEN] += 1


@inlined
def meet(walk: Walk, room: Room, far: int, limit: int) -> None:
    """Note a movement, or that it can have left later than known."""
    at = room.at
    far_limit = min(walk.limit[far], limit) if walk.narrows else walk.limit[far]
    if room.case[far] != at[CASE]:
        note(room, far, far_limit)
    elif far_limit > room.limit[far]:
        room.limit[far] = far_limit
        if room.queued[far] != at[ROUND]:
            room.queued[far] = at[ROUND]
            room.line[at[NEXT]] = far
            at[NEXT] += 1


@uncounted
def begin_round(room: Room) -> None:
    """What was put in line becomes the front, with the limits of now."""
    at = room.at
    for i in range(at[NEXT]):
        room.front[i] = room.line[i]
        room.front_limit[i] = room.limit[room.line[i]]
    at[SIZE], at[NEAR], at[NEXT] = at[NEXT], 0, 0
    at[ROUND] += 1


@uncounted
def walk_round(walk: Walk, room: Room) -> bool:
    """Step on from the front; False where the steps of the next movement have to be looked up."""
    at = room.at
    while at[NEAR] < at[SIZE]:
        near, limit = room.front[at[NEAR]], room.front_limit[at[NEAR]]
        runs = n_runs(walk, walk.spans, near, near)
        if runs == LOOK_UP:
            return False
        lot = lot_of(walk, walk.spans, near, near)
        for number in range(runs):
            low, high = run_at(walk, walk.spans, near, near, limit, number)
            if low < high:
                meet_run(walk, room, low, high, lot, limit)
        at[NEAR] += 1
    return True


@inlined
def meet_run(walk: Walk, room: Room, low: int, high: int, lot: int, limit: int) -> None:
    """Meet the members of a run that agree with goods of a lot (-1: not known).

    Of those that goods of no known lot met before, only loose ones can be met later than then.
    """
    at = room.at
    known = room.run_case[low] == at[CASE]
    if known and room.run_limit[low] >= limit:
        return
    seen = min(high, room.run_end[low]) if known else low
    code = walk.goods.lot_code[lot] if lot >= 0 else -1
    if seen > low and len(walk.loose) > 0:
        for place in range(walk.loose_rank[low], walk.loose_rank[seen]):
            if agrees_in_run(walk, walk.loose[place], lot, code):
                meet(walk, room, walk.loose[place], limit)
    for place in range(seen, high):
        if agrees_in_run(walk, walk.order[place], lot, code):
            meet(walk, room, walk.order[place], limit)
    if lot < 0:
        room.run_case[low], room.run_limit[low], room.run_end[low] = at[CASE], limit, high


@compiled
def ends_here(walk: Walk, room: Room) -> bool:
    """Whether nothing can come before what is still in line; what may be told in vain counts as something."""
    at = room.at
    for i in range(at[NEXT]):
        near = room.line[i]
        low, high = recorded_far(walk, near)
        begin, end = (
            walk.streams.site_start[walk.leaves[near]],
            walk.streams.site_start[walk.leaves[near] + 1],
        )
        if low < high or walk.start[begin] < walk.start[end]:
            return False
    return True
