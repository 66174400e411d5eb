# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportIncompatibleMethodOverride=false
"""How far a walk has looked through the movements that come to a place, so that it looks at each once."""

from typing import NamedTuple

import numpy as np

from suyuan.graph.compiled import compiled
from suyuan.graph.snapshot import Int32Array, Int64Array
from suyuan.traceback.inlining import inlined
from suyuan.traceback.visits import enlarged


class Marks(NamedTuple):
    """Where was looked, for goods of which lot; the first ``count[0]`` entries are filled.

    ``where`` is the place at which a stream begins in the order of a walk, or ``-1 - site`` for all of a
    site; ``goods`` a lot, or what else tells goods apart there. ``limit`` is the greatest limit it was done
    with, ``end`` the place in the order up to which that led. ``table`` as that of
    :class:`suyuan.traceback.visits.Visits`, with two slots for every entry there is room for.
    """

    where: Int64Array
    goods: Int32Array
    limit: Int64Array
    end: Int64Array
    table: Int32Array
    count: Int64Array


@compiled
def empty_marks() -> Marks:
    """Nothing was looked at."""
    return Marks(
        np.empty(256, np.int64),
        np.empty(256, np.int32),
        np.empty(256, np.int64),
        np.empty(256, np.int64),
        np.zeros(512, np.int32),
        np.zeros(1, np.int64),
    )


@inlined
def mark_slot(marks: Marks, where: int, goods: int) -> int:
    """Slot of the table that an entry has, or would have."""
    mask = len(marks.table) - 1
    slot = (int(where) * 40_503 + int(goods) * 9973) & mask
    while marks.table[slot] != 0:
        entry = marks.table[slot] - 1
        if marks.where[entry] == where and marks.goods[entry] == goods:
            break
        slot = (slot + 1) & mask
    return slot


@inlined
def is_full(marks: Marks) -> bool:
    """Whether there is no room for two entries more: one for a stream, one for its site."""
    return 2 * (marks.count[0] + 2) > len(marks.table)


@inlined
def put_mark(marks: Marks, slot: int, where: int, goods: int, limit: int, end: int) -> None:
    """Note what was looked at under a slot; there is room for one entry more."""
    entry = marks.table[slot] - 1
    if entry < 0:
        entry = marks.count[0]
        marks.count[0] = entry + 1
        marks.table[slot] = entry + 1
        marks.where[entry] = where
        marks.goods[entry] = goods
    marks.limit[entry] = limit
    marks.end[entry] = end


@compiled
def roomier_marks(marks: Marks) -> Marks:
    """The same with twice the room."""
    marks = Marks(
        enlarged(marks.where, 0),
        enlarged(marks.goods, 0),
        enlarged(marks.limit, 0),
        enlarged(marks.end, 0),
        np.zeros(2 * len(marks.table), np.int32),
        marks.count,
    )
    for entry in range(marks.count[0]):
        marks.table[mark_slot(marks, marks.where[entry], marks.goods[entry])] = entry + 1
    return marks
