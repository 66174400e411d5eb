# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportIncompatibleMethodOverride=false
"""Everything that goods can have come from, or gone to.

The walk goes hop by hop. A movement carries the latest time by which goods on it may have left so as still
to reach the start (its *limit*); where times are not exact the limit depends on the path, so a movement is
taken up again when a later hop finds a better one. The result does not depend on the order of visits: the
set, the hops and the limits are those of all feasible paths of at most so many hops.

The hot loop makes no room and calls nothing: it stops where something has to be done first, and is called
again (:func:`step_on`).
"""

from typing import Final, NamedTuple

import numpy as np

from suyuan.graph.compiled import compiled, uncounted
from suyuan.graph.ordering import distinct
from suyuan.graph.snapshot import Int32Array, Int64Array
from suyuan.traceback.inlining import inlined
from suyuan.traceback.marks import Marks, empty_marks, is_full, mark_slot, put_mark, roomier_marks
from suyuan.traceback.spans import EVERY_STREAM, LOOK_UP, agrees_in_run, lot_of, n_runs, run_at
from suyuan.traceback.visits import Visits, add_visit, empty_visits, place_of, put_visit, roomier, slot_in
from suyuan.traceback.walking import NOTHING_SCANNED, Walk, recorded_far, steps

Room = tuple[Int32Array, Int32Array]

DONE: Final = 0
FULL: Final = 1
NEEDS_ROOM: Final = 2
NEEDS_STEPS: Final = 3
"""Why :func:`step_on` stopped: the front is done, or the node limit reached; or what it needs to go on."""

NEXT: Final = 0
AGAIN: Final = 1
ROOM: Final = 2
"""Entries of ``Front.at``: next movement to step on from; how many are to be taken up again; room needed."""


class Front(NamedTuple):
    """The visits that one hop steps on from, with the limits they had when it began and their spans.

    The spans are gathered beforehand: one after the other they are fetched from memory side by side, where
    the walk would wait for each. ``again`` lists visits whose limit became better; there is room in it for
    every visit there is room for.
    """

    place: Int32Array
    limit: Int64Array
    spans: Int32Array
    again: Int32Array
    at: Int64Array


@compiled
def reach(
    walk: Walk, starts: Int32Array, first_hop: int, max_hops: int, max_nodes: int
) -> tuple[Visits, int, int]:
    """Walk from `starts`, which are at hop `first_hop`.

    Returns
    -------
    The visits, starts first; how many movements the hop limit cut, and how many the node limit.
    """
    visits = empty_visits(max(1024, 2 * len(starts)))
    for start in starts:
        if place_of(visits, start) < 0:
            visits = add_visit(visits, start, first_hop, walk.limit[start], -1)
    marks = empty_marks()
    front = front_of(walk, visits, np.empty(len(visits.movement), np.int32), 0, 0)
    hop = first_hop
    while len(front.place) > 0 and hop < max_hops:
        hop += 1
        before = visits.count[0]
        visits, marks, front, status = one_hop(walk, visits, marks, front, hop, max_nodes)
        if status == FULL:
            return visits, 0, len(front.place) - front.at[NEXT]
        front = front_of(walk, visits, front.again, front.at[AGAIN], before)
    return visits, unseen_beyond(walk, visits, marks, front), 0


@compiled
def front_of(walk: Walk, visits: Visits, again: Int32Array, n_again: int, before: int) -> Front:
    """What was taken up again, then the visits from place ``before`` on."""
    size = n_again + visits.count[0] - before
    place, limit = np.empty(size, np.int32), np.empty(size, np.int64)
    spans = np.empty((size if len(walk.spans) > 0 else 0, 4), np.int32)
    front = Front(place, limit, spans, again, np.zeros(3, np.int64))
    fill_front(walk, visits, front, n_again, before)
    return front


@uncounted
def fill_front(walk: Walk, visits: Visits, front: Front, n_again: int, before: int) -> None:
    """The columns of a front, read side by side; so is the far end of each run, which comes next."""
    for i in range(len(front.place)):
        front.place[i] = front.again[i] if i < n_again else before + i - n_again
        front.limit[i] = visits.limit[front.place[i]]
    for i in range(len(front.spans)):
        near = visits.movement[front.place[i]]
        for column in range(4):
            front.spans[i, column] = walk.spans[near, column]
    read_ahead = 0
    for i in range(len(front.spans)):
        for half in range(2):
            high = front.spans[i, 2 * half + 1]
            if high > 0:
                read_ahead ^= walk.limit[walk.order[high - 1]]
    front.at[ROOM] = read_ahead  # so that the reading is not left out as useless


@compiled
def one_hop(
    walk: Walk, visits: Visits, marks: Marks, front: Front, hop: int, max_nodes: int
) -> tuple[Visits, Marks, Front, int]:
    """Step on from all of a front; DONE or FULL."""
    room = (np.empty(16, np.int32), np.empty(16, np.int32))
    status = step_on(walk, visits, marks, front, hop, max_nodes)
    while status not in (DONE, FULL):
        if is_full(marks):
            marks = roomier_marks(marks)
        if status == NEEDS_STEPS:
            count, found, kinds = steps_beyond(walk, visits, marks, front, room)
            room = (found, kinds)
            front.at[ROOM] = count
        if visits.count[0] + front.at[ROOM] > len(visits.movement):
            visits = roomier(visits, front.at[ROOM])
            again = np.empty(len(visits.movement), np.int32)
            for i in range(front.at[AGAIN]):
                again[i] = front.again[i]
            front = Front(front.place, front.limit, front.spans, again, front.at)
        if status == NEEDS_STEPS:
            take_steps(walk, visits, front, room[0], front.at[ROOM], hop, max_nodes)
            if visits.count[0] >= max_nodes:
                return visits, marks, front, FULL
            front.at[NEXT] += 1
        status = step_on(walk, visits, marks, front, hop, max_nodes)
    return visits, marks, front, status


@uncounted
def step_on(walk: Walk, visits: Visits, marks: Marks, front: Front, hop: int, max_nodes: int) -> int:
    """Take steps from the movements of a front, as far as that goes without making room or looking up."""
    while front.at[NEXT] < len(front.place):
        i = front.at[NEXT]
        place, limit = front.place[i], front.limit[i]
        near = visits.movement[place]
        runs = n_runs(walk, front.spans, i, near)
        if runs == LOOK_UP:
            return NEEDS_STEPS
        front.at[ROOM] = 0
        if is_full(marks):
            return NEEDS_ROOM
        lot, where = lot_of(walk, front.spans, i, near), 0
        if front.spans[i, 0] == EVERY_STREAM:
            where = -1 - walk.leaves[near]
            runs = 0 if marks_limit(marks, where, lot) >= limit else runs
        for number in range(runs):
            run = run_at(walk, front.spans, i, near, limit, number)
            if run[0] < run[1] and not take_run(
                walk, visits, marks, front, run, lot, limit, place, hop, max_nodes
            ):
                return NEEDS_ROOM
        if visits.count[0] >= max_nodes:
            return FULL
        if where < 0 and runs > 0:
            put_mark(marks, mark_slot(marks, where, lot), where, lot, limit, 0)
        front.at[NEXT] += 1
    return DONE


@inlined
def marks_limit(marks: Marks, where: int, goods: int) -> int:
    """The greatest limit up to which was looked there; NOTHING_SCANNED if not at all."""
    entry = marks.table[mark_slot(marks, where, goods)] - 1
    return NOTHING_SCANNED if entry < 0 else marks.limit[entry]


@inlined
def take_run(
    walk: Walk,
    visits: Visits,
    marks: Marks,
    front: Front,
    run: tuple[int, int],
    lot: int,
    limit: int,
    place: int,
    hop: int,
    max_nodes: int,
) -> bool:
    """Meet the members of a run of ``order`` that may agree; False where room has to be made first.

    Of those met before with a smaller limit, only loose ones are met again.
    """
    low, high = run
    slot = mark_slot(marks, low, lot)
    entry = marks.table[slot] - 1
    seen = low
    if entry >= 0:
        if marks.limit[entry] >= limit:
            return True
        seen = marks.end[entry]
    front.at[ROOM] = high - seen
    if visits.count[0] + high - seen > len(visits.movement) or is_full(marks):
        return False
    put_mark(marks, slot, low, lot, limit, high)
    code = walk.goods.lot_code[lot] if lot >= 0 else -1
    if seen > low and len(walk.loose) > 0:
        for at in range(walk.loose_rank[low], walk.loose_rank[seen]):
            if agrees_in_run(walk, walk.loose[at], lot, code):
                meet(walk, visits, front, walk.loose[at], limit, place, hop, max_nodes)
    for at in range(seen, high):
        if agrees_in_run(walk, walk.order[at], lot, code):
            meet(walk, visits, front, walk.order[at], limit, place, hop, max_nodes)
    return True


@inlined
def meet(
    walk: Walk, visits: Visits, front: Front, far: int, limit: int, place: int, hop: int, max_nodes: int
) -> None:
    """Visit a far movement, or note that it can be reached later than known."""
    far_limit = min(walk.limit[far], limit) if walk.narrows else walk.limit[far]
    slot = slot_in(visits.table, visits.movement, far)
    known = visits.table[slot] - 1
    if known < 0:
        if visits.count[0] < max_nodes:
            put_visit(visits, slot, far, hop, far_limit, place)
    elif far_limit > visits.limit[known]:
        visits.limit[known] = far_limit
        if visits.taken_up[known] != hop:
            visits.taken_up[known] = hop
            front.again[front.at[AGAIN]] = known
            front.at[AGAIN] += 1


@compiled
def steps_beyond(
    walk: Walk, visits: Visits, marks: Marks, front: Front, room: Room
) -> tuple[int, Int32Array, Int32Array]:
    """The steps to be looked up, those left out that were taken before; notes how far it looked."""
    near, limit = visits.movement[front.place[front.at[NEXT]]], front.limit[front.at[NEXT]]
    low, high = recorded_far(walk, near)
    if walk.longest_stay > 0 or low < high:
        return steps(walk, near, limit, NOTHING_SCANNED, room[0], room[1])
    where, goods = -1 - walk.leaves[near], walk.carried[near]
    scanned = marks_limit(marks, where, goods)
    if scanned >= limit:
        return 0, room[0], room[1]
    put_mark(marks, mark_slot(marks, where, goods), where, goods, limit, 0)
    return steps(walk, near, limit, scanned, room[0], room[1])


@uncounted
def take_steps(
    walk: Walk, visits: Visits, front: Front, found: Int32Array, count: int, hop: int, max_nodes: int
) -> None:
    """Meet the movements found for the next one of a front."""
    place, limit = front.place[front.at[NEXT]], front.limit[front.at[NEXT]]
    for i in range(count):
        meet(walk, visits, front, found[i], limit, place, hop, max_nodes)


@compiled
def unseen_beyond(walk: Walk, visits: Visits, marks: Marks, front: Front) -> int:
    """How many movements of the front have a step to one that was not visited."""
    to_look_up = np.empty(len(front.place), np.int32)
    cut, n_to_look_up = unseen_in_runs(walk, visits, marks, front, to_look_up)
    room = (np.empty(16, np.int32), np.empty(16, np.int32))
    for i in range(n_to_look_up):
        near, limit = visits.movement[to_look_up[i]], visits.limit[to_look_up[i]]
        count, found, kinds = steps(walk, near, limit, NOTHING_SCANNED, room[0], room[1])
        room = (found, kinds)
        for j in range(count):
            if place_of(visits, found[j]) < 0:
                cut += 1
                break
    return cut


@uncounted
def unseen_in_runs(
    walk: Walk, visits: Visits, marks: Marks, front: Front, to_look_up: Int32Array
) -> tuple[int, int]:
    """The same for those that need no looking up; the places of the others go to ``to_look_up``: how many."""
    cut, n_to_look_up = 0, 0
    for i in range(len(front.place)):
        near, limit = visits.movement[front.place[i]], front.limit[i]
        runs = n_runs(walk, front.spans, i, near)
        if runs == LOOK_UP:
            to_look_up[n_to_look_up] = front.place[i]
            n_to_look_up += 1
            continue
        lot = lot_of(walk, front.spans, i, near)
        if front.spans[i, 0] == EVERY_STREAM and marks_limit(marks, -1 - walk.leaves[near], lot) >= limit:
            runs = 0
        for number in range(runs):
            run = run_at(walk, front.spans, i, near, limit, number)
            if unseen_in_run(walk, visits, marks, run, lot):
                cut += 1
                break
    return cut, n_to_look_up


@inlined
def unseen_in_run(walk: Walk, visits: Visits, marks: Marks, run: tuple[int, int], lot: int) -> bool:
    """Whether a run of ``order`` holds a movement that agrees and was not visited."""
    low, high = run
    if low < high:
        entry = marks.table[mark_slot(marks, low, lot)] - 1
        code = walk.goods.lot_code[lot] if lot >= 0 else -1
        for at in range(low if entry < 0 else marks.end[entry], high):
            far = walk.order[at]
            if agrees_in_run(walk, far, lot, code) and place_of(visits, far) < 0:
                return True
    return False


def ends_of(
    movements: Int32Array, from_site: Int32Array, to_site: Int32Array, goods: Int32Array
) -> tuple[Int32Array, Int32Array]:
    """Sites at the ends of movements, and lots on them, sorted."""
    carried = goods.take(movements)
    sites = distinct(np.concatenate([from_site.take(movements), to_site.take(movements)]))
    return sites, distinct(carried[carried >= 0])
