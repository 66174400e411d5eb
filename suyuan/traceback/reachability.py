# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportIncompatibleMethodOverride=false
"""Everything that goods can have come from, or gone to.

The walk goes hop by hop. A movement carries the latest time by which goods on it may have left so as still
to reach the start (its *limit*); where times are not exact the limit depends on the path, so a movement is
taken up again when a later hop finds a better one. The result does not depend on the order of visits: the
set, the hops and the limits are those of all feasible paths of at most so many hops.
"""

import numpy as np

from suyuan.graph.compiled import compiled
from suyuan.graph.snapshot import Int32Array
from suyuan.traceback.inlining import inlined
from suyuan.traceback.visits import (
    Scans,
    Visits,
    add_scan,
    add_visit,
    empty_scans,
    empty_visits,
    enlarged,
    place_of,
    scan_slot,
    slot_in,
)
from suyuan.traceback.walking import NOTHING_SCANNED, Walk, recorded_far, steps

Room = tuple[Int32Array, Int32Array]


@compiled
def reach(
    walk: Walk, starts: Int32Array, first_hop: int, max_hops: int, max_nodes: int
) -> tuple[Visits, int, int]:
    """Walk from `starts`, which are at hop `first_hop`.

    Returns
    -------
    The visits, starts first; how many movements the hop limit cut, and how many the node limit.
    """
    visits = empty_visits(max(64, 2 * len(starts)))
    for start in starts:
        if place_of(visits, start) < 0:
            visits = add_visit(visits, start, first_hop, walk.limit[start], -1)
    scans = empty_scans()
    room = (np.empty(256, np.int32), np.empty(256, np.int32))
    frontier = places_from(0, visits.count[0], np.zeros(1, np.int32))
    hop = first_hop
    while len(frontier) > 0 and hop < max_hops:
        hop += 1
        before = visits.count[0]
        limits = np.empty(len(frontier), np.int64)
        for i in range(len(frontier)):
            limits[i] = visits.limit[frontier[i]]
        again = np.zeros(16, np.int32)
        for i in range(len(frontier)):
            visits, scans, again, room = step_on(
                walk, visits, scans, again, room, frontier[i], limits[i], hop, max_nodes
            )
            if visits.count[0] >= max_nodes:
                return visits, 0, len(frontier) - i
        frontier = places_from(before, visits.count[0], again)
    return visits, unseen_beyond(walk, visits, frontier, room), 0


@compiled
def places_from(begin: int, end: int, again: Int32Array) -> Int32Array:
    """The places listed in ``again``, whose first entry is their number, then those from ``begin`` to ``end``."""
    places = np.empty(again[0] + end - begin, np.int32)
    for i in range(again[0]):
        places[i] = again[i + 1]
    for i in range(end - begin):
        places[again[0] + i] = begin + i
    return places


@inlined
def step_on(
    walk: Walk,
    visits: Visits,
    scans: Scans,
    again: Int32Array,
    room: Room,
    place: int,
    limit: int,
    hop: int,
    max_nodes: int,
) -> tuple[Visits, Scans, Int32Array, Room]:
    """Take all steps from the movement at `place`; `again` lists visits whose limit became better."""
    near = visits.movement[place]
    scanned, scans = scan_before(walk, scans, near, limit)
    if scanned >= limit:
        return visits, scans, again, room
    count, found, kinds = steps(walk, near, limit, scanned, room[0], room[1])
    limits, narrows = walk.limit, walk.narrows
    for j in range(count):
        far = found[j]
        far_limit = min(limits[far], limit) if narrows else limits[far]
        known = visits.table[slot_in(visits.table, visits.movement, far)] - 1
        if known < 0:
            if visits.count[0] < max_nodes:
                visits = add_visit(visits, far, hop, far_limit, place)
        elif far_limit > visits.limit[known]:
            visits.limit[known] = far_limit
            if visits.taken_up[known] != hop:
                visits.taken_up[known] = hop
                again[0] += 1
                if again[0] == len(again):
                    again = enlarged(again, 0)
                again[again[0]] = known
    return visits, scans, again, (found, kinds)


@inlined
def scan_before(walk: Walk, scans: Scans, near: int, limit: int) -> tuple[int, Scans]:
    """The limit up to which the same goods were looked for at the same site before; notes the new one."""
    low, high = recorded_far(walk, near)
    if walk.longest_stay > 0 or low < high:
        return NOTHING_SCANNED, scans
    site, goods = walk.leaves[near], walk.carried[near]
    place = scans.table[scan_slot(scans, site, goods)] - 1
    if place < 0:
        return NOTHING_SCANNED, add_scan(scans, site, goods, limit)
    scanned = scans.limit[place]
    scans.limit[place] = max(scanned, limit)
    return scanned, scans


@compiled
def unseen_beyond(walk: Walk, visits: Visits, frontier: Int32Array, room: Room) -> int:
    """How many movements of the frontier have a step to one that was not visited."""
    count = 0
    for place in frontier:
        near, limit = visits.movement[place], visits.limit[place]
        n_steps, found, kinds = steps(walk, near, limit, NOTHING_SCANNED, room[0], room[1])
        room = (found, kinds)
        for j in range(n_steps):
            if place_of(visits, found[j]) < 0:
                count += 1
                break
    return count


def ends_of(
    movements: Int32Array, from_site: Int32Array, to_site: Int32Array, goods: Int32Array
) -> tuple[Int32Array, Int32Array]:
    """Sites at the ends of movements, and lots on them, sorted."""
    carried = goods[movements]
    sites = np.unique(np.concatenate([from_site[movements], to_site[movements]]))
    return sites, np.unique(carried[carried >= 0])
