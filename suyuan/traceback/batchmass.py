# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportIncompatibleMethodOverride=false
"""Mass of many cases, one after the other, over rows that they share.

Mass is passed on place by place in the order of their numbers; what comes to a place that was passed already waits
for the next sweep. Only undated movements take mass backward so, and they are few: a few sweeps leave next to
nothing. What stays after the last sweep is below ``rest`` of the case.
"""

from typing import Final, NamedTuple

import numpy as np

from suyuan.graph.compiled import compiled, uncounted
from suyuan.graph.snapshot import BoolArray, FloatArray, Int32Array, Int64Array
from suyuan.traceback.batchlimits import Room, empty_room, find_limits
from suyuan.traceback.batchrows import NOT_SHARED, LooseRows, SharedRows, known_row, loose_row, no_loose_rows
from suyuan.traceback.inlining import inlined
from suyuan.traceback.mixing import empty_draft
from suyuan.traceback.mixingmodel import Draft, Mixing
from suyuan.traceback.results import GAPS
from suyuan.traceback.visits import enlarged
from suyuan.traceback.walking import Walk

ENDINGS: Final = len(GAPS) + 1
"""Ways in which mass ends at a site: made there (0), or one of the gaps (from 1 on)."""

MOST_SWEEPS: Final = 200
MOST_ENTRIES: Final = 1 << 25
"""Entries of loose rows that are kept, at 12 bytes each."""

COUNT: Final = 0
DONE: Final = 1
"""Entries of ``Work.at``."""

CUT: Final = -1
"""In place of a count: nothing is told of the case."""


class Cases(NamedTuple):
    """First movements of cases: those of case i are ``[start[i], start[i + 1])``, by movement and place, with their
    weights and the hop they are at.
    """

    start: Int64Array
    movement: Int32Array
    place: Int32Array
    weight: FloatArray
    first_hop: Int32Array


class Limits(NamedTuple):
    """Hops and movements that a case may take; how much of it may be left undecided."""

    max_hops: int
    max_nodes: int
    rest: float


class Endings(NamedTuple):
    """Where the mass of cases ends: entries of case i are ``[start[i], start[i + 1])``, sorted by ``key``, that is
    site times ENDINGS plus ending. ``alone[i]``: nothing is told of case i, it has to be traced by itself.
    """

    start: Int64Array
    key: Int64Array
    mass: FloatArray
    alone: BoolArray


class Work(NamedTuple):
    """Room for one case: by place the case that came there last, its hop, its loose row and the mass that waits;
    places in the order they were found; ends by key, and which keys have any; how many places there are, and how many
    of them are done with.
    """

    case: Int32Array
    hop: Int32Array
    row: Int32Array
    waiting: FloatArray
    line: Int32Array
    ended: FloatArray
    keys: Int64Array
    at: Int64Array


@compiled
def masses_of(
    walk: Walk, mixing: Mixing, shared: SharedRows, cases: Cases, limits: Limits, n_sites: int
) -> Endings:
    """Where the mass of each of some cases ends."""
    n, n_places = len(cases.first_hop), len(shared.made)
    room = empty_room(len(walk.key), len(walk.order))
    own, draft = no_loose_rows(n_places), empty_draft(np.empty(256, np.int32), np.empty(256, np.int32))
    work = Work(
        np.full(n_places, -1, np.int32),
        np.empty(n_places, np.int32),
        np.empty(n_places, np.int32),
        np.zeros(n_places),
        np.empty(n_places, np.int32),
        np.zeros(n_sites * ENDINGS),
        np.empty(n_sites * ENDINGS, np.int64),
        np.zeros(2, np.int64),
    )
    start, alone = np.zeros(n + 1, np.int64), np.zeros(n, np.bool_)
    key, mass = np.empty(64 * n, np.int64), np.empty(64 * n)
    for case in range(n):
        start[case + 1] = start[case]
        if own.at[1] > MOST_ENTRIES:
            own = no_loose_rows(n_places)
        own, draft, count = gather(walk, mixing, shared, own, draft, cases, case, limits, room, work)
        found = CUT
        if count != CUT:
            line = in_order(work, case, count)
            put_first(cases, case, work)
            found = sweep_out(shared, own, work, line, limits.rest)
        if found == CUT:
            alone[case] = True
            continue
        if start[case] + found > len(key):
            key, mass = enlarged(key, start[case] + found), enlarged(mass, start[case] + found)
        sorted_keys = np.sort(work.keys[:found])
        for i in range(found):
            key[start[case] + i], mass[start[case] + i] = sorted_keys[i], work.ended[sorted_keys[i]]
            work.ended[sorted_keys[i]] = 0.0
        start[case + 1] = start[case] + found
    return Endings(start, key[: start[n]].copy(), mass[: start[n]].copy(), alone)


@compiled
def gather(
    walk: Walk,
    mixing: Mixing,
    shared: SharedRows,
    own: LooseRows,
    draft: Draft,
    cases: Cases,
    case: int,
    limits: Limits,
    room: Room,
    work: Work,
) -> tuple[LooseRows, Draft, int]:
    """Put the places of a case in line, hop by hop, with the rows of loose ones: how many; CUT where a limit cuts."""
    at_draft = np.zeros(7, np.int64)
    begin, end, hop = cases.start[case], cases.start[case + 1], cases.first_hop[case]
    if shared.reached.count[0] >= limits.max_nodes or len(walk.loose) > 0:
        starts = cases.movement[begin:end]
        if not find_limits(walk, starts, hop, limits.max_hops, limits.max_nodes, room):
            return own, draft, CUT
    count = 0
    for i in range(begin, end):
        count = put_in_line(work, case, count, cases.place[i], hop)
    work.at[COUNT], work.at[DONE] = count, 0
    while not line_up(shared, own, work, room.limit, case, limits.max_hops):
        if work.at[COUNT] == CUT:
            return own, draft, CUT
        number = work.line[work.at[DONE]]
        limit = room.limit[shared.movement[number]]
        own, draft, row = loose_row(walk, mixing, shared, own, draft, at_draft, number, limit)
        if row == NOT_SHARED:
            return own, draft, CUT
    return own, draft, work.at[COUNT]


@inlined
def put_in_line(work: Work, case: int, count: int, number: int, hop: int) -> int:
    """Put a place in line if it is new; how many there are."""
    if work.case[number] != case:
        work.case[number], work.hop[number] = case, hop
        work.line[count] = number
        count += 1
    return count


@uncounted
def line_up(
    shared: SharedRows, own: LooseRows, work: Work, limit: Int64Array, case: int, max_hops: int
) -> bool:
    """Put those in line that places in line pass mass on to; False where the row of a loose one is still to be made.

    The count is CUT where a chain is too long. ``limit`` is that of each movement.
    """
    done, count = work.at[DONE], work.at[COUNT]
    while done < count:
        number = work.line[done]
        if shared.loose[number]:
            work.row[number] = known_row(own, number, limit[shared.movement[number]])
            if work.row[number] == NOT_SHARED:
                break
        hop = work.hop[number] + 1
        if shared.loose[number]:
            begin, end = own.begin[work.row[number]], own.end[work.row[number]]
        else:
            begin, end = shared.begin[number], shared.end[number]
        if begin < end and hop > max_hops and not shared.made[number]:
            work.at[COUNT] = CUT
            return False
        if shared.loose[number]:
            for entry in range(begin, end):
                count = put_in_line(work, case, count, own.far[entry], hop)
        elif not shared.made[number]:
            for entry in range(begin, end):
                count = put_in_line(work, case, count, shared.far[entry], hop)
        done += 1
    work.at[DONE], work.at[COUNT] = done, count
    return done == count


@compiled
def in_order(work: Work, case: int, count: int) -> Int32Array:
    """The places in line by number."""
    if 16 * count < len(work.case):
        return np.sort(work.line[:count])
    line, found = np.empty(count, np.int32), 0
    for number in range(len(work.case)):
        if work.case[number] == case:
            line[found] = number
            found += 1
    return line


@compiled
def put_first(cases: Cases, case: int, work: Work) -> None:
    """The mass that a case begins with."""
    for i in range(cases.start[case], cases.start[case + 1]):
        work.waiting[cases.place[i]] += cases.weight[i]


@uncounted
def sweep_out(shared: SharedRows, own: LooseRows, work: Work, line: Int32Array, rest: float) -> int:
    """Pass all mass on to where it ends: how many keys have any; CUT where it circles for too long."""
    n_keys = 0
    for _ in range(MOST_SWEEPS):
        for number in line:
            mass = work.waiting[number]
            if mass > 0.0:
                work.waiting[number] = 0.0
                n_keys = pass_on(shared, own, work, number, mass, n_keys)
        left = 0.0
        for number in line:
            left += work.waiting[number]
        if left <= rest:
            clear(work, line)
            return n_keys
    clear(work, line)
    for i in range(n_keys):
        work.ended[work.keys[i]] = 0.0
    return CUT


@inlined
def pass_on(shared: SharedRows, own: LooseRows, work: Work, number: int, mass: float, n_keys: int) -> int:
    """Pass the mass at one place on, or let it end there; how many keys have any."""
    row = work.row[number] if shared.loose[number] else 0
    if shared.made[number]:
        n_keys = put_end(work, n_keys, shared.site[number] * ENDINGS, mass)
    elif not shared.loose[number]:
        key = shared.site[number] * ENDINGS + shared.gap[number] + 1
        n_keys = put_end(work, n_keys, key, mass * shared.rest[number])
        for entry in range(shared.begin[number], shared.end[number]):
            work.waiting[shared.far[entry]] += mass * shared.share[entry]
    elif own.maker[row] >= 0:
        n_keys = put_end(work, n_keys, own.maker[row] * ENDINGS, mass)
    else:
        key = shared.site[number] * ENDINGS + own.gap[row] + 1
        n_keys = put_end(work, n_keys, key, mass * own.rest[row])
        for entry in range(own.begin[row], own.end[row]):
            work.waiting[own.far[entry]] += mass * own.share[entry]
    return n_keys


@inlined
def put_end(work: Work, n_keys: int, key: int, mass: float) -> int:
    """Mass that ends; how many keys have any."""
    if mass > 0.0:
        if work.ended[key] == 0.0:
            work.keys[n_keys] = key
            n_keys += 1
        work.ended[key] += mass
    return n_keys


@uncounted
def clear(work: Work, line: Int32Array) -> None:
    """Forget the mass that still waits."""
    for number in line:
        work.waiting[number] = 0.0
