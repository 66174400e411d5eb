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
    a free slot. It has at least two slots for every place there is room for.
    """

    movement: Int32Array
    hop: Int32Array
    limit: Int64Array
    onward: Int32Array
    taken_up: Int32Array
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
def put_visit(visits: Visits, slot: int, movement: int, hop: int, limit: int, onward: int) -> None:
    """One visit more, of a movement that has the free slot given; there is room for it."""
    place = visits.count[0]
    visits.movement[place] = movement
    visits.hop[place] = hop
    visits.limit[place] = limit
    visits.onward[place] = onward
    visits.taken_up[place] = hop
    visits.table[slot] = place + 1
    visits.count[0] = place + 1


@inlined
def add_visit(visits: Visits, movement: int, hop: int, limit: int, onward: int) -> Visits:
    """The visits with one more, which was not among them; room is made as needed."""
    if visits.count[0] == len(visits.movement):
        visits = roomier(visits, 1)
    put_visit(visits, slot_of(visits, movement), movement, hop, limit, onward)
    return visits


@compiled
def roomier(visits: Visits, more: int) -> Visits:
    """The same visits with room for at least so many more, and twice as much as before."""
    count = visits.count[0]
    room = max(2 * len(visits.movement), count + more)
    slots = len(visits.table)
    while slots < 2 * room:
        slots *= 2
    visits = Visits(
        enlarged(visits.movement, room),
        enlarged(visits.hop, room),
        enlarged(visits.limit, room),
        enlarged(visits.onward, room),
        enlarged(visits.taken_up, room),
        np.zeros(slots, np.int32),
        visits.count,
    )
    for place in range(count):
        visits.table[slot_of(visits, visits.movement[place])] = place + 1
    return visits
