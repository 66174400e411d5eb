# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportIncompatibleMethodOverride=false
"""What a walk has been to: growing tables that compiled walks keep instead of dictionaries."""

from typing import NamedTuple

import numpy as np

from suyuan.graph.compiled import compiled
from suyuan.graph.snapshot import Int32Array, Int64Array
from suyuan.traceback.inlining import inlined

_FACTOR = 40_503


class Visits(NamedTuple):
    """Movements in the order they were found; the first ``count[0]`` places are filled.

    ``onward`` is the place of the movement from which each was found first, -1 for the starts; ``taken_up``
    the last hop for which it was queued. ``table`` is an open-addressing table of places plus one; 0 marks
    a free slot.
    """

    movement: Int32Array
    hop: Int32Array
    limit: Int64Array
    onward: Int32Array
    taken_up: Int32Array
    table: Int32Array
    count: Int64Array


class Scans(NamedTuple):
    """Pairs of site and goods, with the greatest limit up to which far movements were taken there."""

    site: Int32Array
    goods: Int32Array
    limit: Int64Array
    table: Int32Array
    count: Int64Array


@compiled
def enlarged(values: np.ndarray, needed: int) -> np.ndarray:
    """A copy with room for at least ``needed`` and twice as much as before."""
    larger = np.empty(max(needed, 2 * len(values), 16), values.dtype)
    for i in range(len(values)):
        larger[i] = values[i]
    return larger


@compiled
def empty_visits(expected: int) -> Visits:
    """No visits, with room for ``expected``."""
    slots = 64
    while slots < 2 * expected:
        slots *= 2
    return Visits(
        np.empty(expected, np.int32),
        np.empty(expected, np.int32),
        np.empty(expected, np.int64),
        np.empty(expected, np.int32),
        np.empty(expected, np.int32),
        np.zeros(slots, np.int32),
        np.zeros(1, np.int64),
    )


@inlined
def slot_of(visits: Visits, movement: int) -> int:
    """Slot of the table that a movement has, or would have."""
    return slot_in(visits.table, visits.movement, movement)


@inlined
def slot_in(table: Int32Array, movements: Int32Array, movement: int) -> int:
    """The same from the arrays: cheaper in loops."""
    mask = len(table) - 1
    slot = (int(movement) * _FACTOR) & mask
    while table[slot] != 0 and movements[table[slot] - 1] != movement:
        slot = (slot + 1) & mask
    return slot


@inlined
def place_of(visits: Visits, movement: int) -> int:
    """Place of a movement, -1 if it was not visited."""
    return visits.table[slot_of(visits, movement)] - 1


@inlined
def add_visit(visits: Visits, movement: int, hop: int, limit: int, onward: int) -> Visits:
    """The visits with one more, which was not among them; room is made as needed."""
    place = visits.count[0]
    if place == len(visits.movement):
        visits = Visits(
            enlarged(visits.movement, place + 1),
            enlarged(visits.hop, place + 1),
            enlarged(visits.limit, place + 1),
            enlarged(visits.onward, place + 1),
            enlarged(visits.taken_up, place + 1),
            visits.table,
            visits.count,
        )
    visits.movement[place] = movement
    visits.hop[place] = hop
    visits.limit[place] = limit
    visits.onward[place] = onward
    visits.taken_up[place] = hop
    visits.table[slot_of(visits, movement)] = place + 1
    visits.count[0] = place + 1
    if 2 * visits.count[0] > len(visits.table):
        visits = rehashed(visits)
    return visits


@compiled
def rehashed(visits: Visits) -> Visits:
    """The same visits with a table of twice the size."""
    visits = Visits(
        visits.movement,
        visits.hop,
        visits.limit,
        visits.onward,
        visits.taken_up,
        np.zeros(2 * len(visits.table), np.int32),
        visits.count,
    )
    for place in range(visits.count[0]):
        visits.table[slot_of(visits, visits.movement[place])] = place + 1
    return visits


@compiled
def empty_scans() -> Scans:
    """Nothing scanned."""
    return Scans(
        np.empty(64, np.int32),
        np.empty(64, np.int32),
        np.empty(64, np.int64),
        np.zeros(128, np.int32),
        np.zeros(1, np.int64),
    )


@inlined
def scan_slot(scans: Scans, site: int, goods: int) -> int:
    """Slot of the table that a pair has, or would have."""
    mask = len(scans.table) - 1
    slot = (int(site) * _FACTOR + int(goods) * 9973) & mask
    while scans.table[slot] != 0:
        place = scans.table[slot] - 1
        if scans.site[place] == site and scans.goods[place] == goods:
            break
        slot = (slot + 1) & mask
    return slot


@compiled
def add_scan(scans: Scans, site: int, goods: int, limit: int) -> Scans:
    """The scans with one more pair, which was not among them."""
    place = scans.count[0]
    if place == len(scans.site):
        scans = Scans(
            enlarged(scans.site, place + 1),
            enlarged(scans.goods, place + 1),
            enlarged(scans.limit, place + 1),
            np.zeros(2 * len(scans.table), np.int32),
            scans.count,
        )
        for old in range(place):
            scans.table[scan_slot(scans, scans.site[old], scans.goods[old])] = old + 1
    scans.site[place] = site
    scans.goods[place] = goods
    scans.limit[place] = limit
    scans.table[scan_slot(scans, site, goods)] = place + 1
    scans.count[0] = place + 1
    return scans
