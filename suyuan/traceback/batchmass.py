# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportIncompatibleMethodOverride=false
"""Mass of many cases, one after the other, over rows that they share.

Mass is passed on place by place in the order of their numbers; what comes to a place that was passed already waits
for the next sweep. Only undated movements take mass backward so, and they are few: a few sweeps leave next to
nothing. What stays after the last sweep is below ``rest`` of the case. The hops of a place are those of some chain that
leads there, so a case is called cut where it may not be: it is for the caller to trace it by itself.
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

BLOCK: Final = 64
"""Places that are passed over together where no mass came to any of them."""

NUMBER: Final = 0
KEYS: Final = 1
TOO_LONG: Final = 2
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
    """Room for one case.

    By place the case that came there last, a number of hops it takes at most, its loose row and the mass that waits;
    by block of places whether a case came to any; ends by key, and which keys have any. ``at``: where a sweep is, how
    many keys have any, and whether a chain may be too long.
    """

    case: Int32Array
    hop: Int32Array
    row: Int32Array
    waiting: FloatArray
    touched: BoolArray
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
        np.zeros(n_places // BLOCK + 1, np.bool_),
        np.zeros(n_sites * ENDINGS),
        np.empty(n_sites * ENDINGS, np.int64),
        np.zeros(3, np.int64),
    )
    start, alone = np.zeros(n + 1, np.int64), np.zeros(n, np.bool_)
    key, mass = np.empty(64 * n, np.int64), np.empty(64 * n)
    for case in range(n):
        start[case + 1] = start[case]
        if own.at[1] > MOST_ENTRIES:
            own = no_loose_rows(n_places)
        own, draft, found = ends_of(walk, mixing, shared, own, draft, cases, case, limits, room, work)
        forget(work)
        if found == CUT:
            alone[case] = True
            found = 0
        if start[case] + found > len(key):
            key, mass = enlarged(key, start[case] + found), enlarged(mass, start[case] + found)
        sorted_keys = np.sort(work.keys[:found])
        for i in range(found):
            key[start[case] + i], mass[start[case] + i] = sorted_keys[i], work.ended[sorted_keys[i]]
        for i in range(work.at[KEYS]):
            work.ended[work.keys[i]] = 0.0
        start[case + 1] = start[case] + found
    return Endings(start, key[: start[n]].copy(), mass[: start[n]].copy(), alone)


@compiled
def ends_of(
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
    """Pass the mass of a case on to where it ends: how many keys have any; CUT where a limit may cut something."""
    at, at_draft = work.at, np.zeros(7, np.int64)
    at[NUMBER], at[KEYS], at[TOO_LONG] = 0, 0, 0
    begin, end, hop = cases.start[case], cases.start[case + 1], cases.first_hop[case]
    if shared.reached.count[0] >= limits.max_nodes or len(walk.loose) > 0:
        starts = cases.movement[begin:end]
        if not find_limits(walk, starts, hop, limits.max_hops, limits.max_nodes, room):
            return own, draft, CUT
    for i in range(begin, end):
        put_mass(work, case, cases.place[i], cases.weight[i], hop)
    least = limits.rest / max(1, len(shared.made))
    for _ in range(MOST_SWEEPS):
        at[NUMBER] = 0
        while not sweep(shared, own, work, room.limit, case, limits.max_hops, least):
            number = at[NUMBER]
            limit = room.limit[shared.movement[number]]
            own, draft, row = loose_row(walk, mixing, shared, own, draft, at_draft, number, limit)
            if row == NOT_SHARED:
                return own, draft, CUT
        if at[TOO_LONG] > 0:
            return own, draft, CUT
        if mass_left(work) <= limits.rest:
            return own, draft, at[KEYS]
    return own, draft, CUT


@inlined
def put_mass(work: Work, case: int, number: int, mass: float, hop: int) -> None:
    """Mass that comes to a place by a chain of so many hops."""
    before = work.waiting[number]
    if before == 0.0:
        if work.case[number] != case:
            work.case[number], work.hop[number] = case, hop
            work.touched[number // BLOCK] = True
        elif work.hop[number] > hop:
            work.hop[number] = hop
    work.waiting[number] = before + mass


@uncounted
def sweep(
    shared: SharedRows,
    own: LooseRows,
    work: Work,
    limit: Int64Array,
    case: int,
    max_hops: int,
    least: float,
) -> bool:
    """Pass on what waits, in the order of places; False where the row of a loose one is to be made first.

    Parameters
    ----------
    limit : that of each movement
    least : mass up to which it may stay where it is
    """
    at = work.at
    while at[NUMBER] < len(work.waiting):
        number = at[NUMBER]
        if not work.touched[number // BLOCK]:
            at[NUMBER] = (number // BLOCK + 1) * BLOCK
            continue
        mass = work.waiting[number]
        if mass > least:
            if shared.loose[number]:
                work.row[number] = known_row(own, number, limit[shared.movement[number]])
                if work.row[number] == NOT_SHARED:
                    return False
            work.waiting[number] = 0.0
            pass_on(shared, own, work, case, number, mass, max_hops)
        at[NUMBER] += 1
    return True


@inlined
def pass_on(
    shared: SharedRows, own: LooseRows, work: Work, case: int, number: int, mass: float, max_hops: int
) -> None:
    """Pass the mass at one place on, or let it end there."""
    hop = work.hop[number] + 1
    if shared.made[number]:
        put_end(work, shared.site[number] * ENDINGS, mass)
    elif not shared.loose[number]:
        begin, end = shared.begin[number], shared.end[number]
        work.at[TOO_LONG] += begin < end and hop > max_hops
        put_end(work, shared.site[number] * ENDINGS + shared.gap[number] + 1, mass * shared.rest[number])
        for entry in range(begin, end):
            put_mass(work, case, shared.far[entry], mass * shared.share[entry], hop)
    else:
        row = work.row[number]
        begin, end = own.begin[row], own.end[row]
        work.at[TOO_LONG] += begin < end and hop > max_hops
        if own.maker[row] >= 0:
            put_end(work, own.maker[row] * ENDINGS, mass)
        else:
            put_end(work, shared.site[number] * ENDINGS + own.gap[row] + 1, mass * own.rest[row])
        for entry in range(begin, end):
            put_mass(work, case, own.far[entry], mass * own.share[entry], hop)


@inlined
def put_end(work: Work, key: int, mass: float) -> None:
    """Mass that ends."""
    if mass > 0.0:
        if work.ended[key] == 0.0:
            work.keys[work.at[KEYS]] = key
            work.at[KEYS] += 1
        work.ended[key] += mass


@uncounted
def mass_left(work: Work) -> float:
    """Mass that still waits."""
    left = 0.0
    for block in range(len(work.touched)):
        if work.touched[block]:
            for number in range(block * BLOCK, min((block + 1) * BLOCK, len(work.waiting))):
                left += work.waiting[number]
    return left


@uncounted
def forget(work: Work) -> None:
    """Leave no mass that waits."""
    for block in range(len(work.touched)):
        if work.touched[block]:
            work.touched[block] = False
            for number in range(block * BLOCK, min((block + 1) * BLOCK, len(work.waiting))):
                work.waiting[number] = 0.0
