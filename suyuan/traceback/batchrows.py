# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportIncompatibleMethodOverride=false
"""Rows of the mixing model that many cases share.

The row of a movement with exact times is the same for every case that touches it, so it is weighed once. That of a
loose one (:class:`suyuan.traceback.walking.Walk`) depends on the latest time by which it can have left so as to reach
the case: it is weighed once for each such time.
"""

from typing import Final, NamedTuple

import numpy as np

from suyuan.graph.compiled import compiled
from suyuan.graph.ordering import chosen_rows
from suyuan.graph.snapshot import BoolArray, FloatArray, Int8Array, Int32Array, Int64Array
from suyuan.traceback.goods import JOINED
from suyuan.traceback.inlining import inlined
from suyuan.traceback.lotmakers import tellers
from suyuan.traceback.massrows import (
    AS_LABELLED,
    ROOM,
    Table,
    finished,
    fitting,
    followed_as,
    number_of,
    places_of,
    predecessors,
    predecessors_as,
    product_at,
)
from suyuan.traceback.mixing import empty_draft, weigh
from suyuan.traceback.mixingmodel import Draft, Mixing
from suyuan.traceback.preparation import Prepared
from suyuan.traceback.reachability import reach
from suyuan.traceback.spans import LOOK_UP
from suyuan.traceback.visits import Visits, enlarged, place_of
from suyuan.traceback.walking import NOTHING_SCANNED, Walk, steps

NO_LIMIT: Final = 2**31 - 1

NOT_SHARED: Final = -1
"""No row: it has a predecessor that is no place of the part."""


class SharedRows(NamedTuple):
    """Places of a part of the cases, numbered so that most come before those they pass mass on to.

    The row of place i is ``far[begin[i]:end[i]]`` with ``share``; those of ``loose`` places are in
    :class:`LooseRows`. ``made[i]``: all mass stops there, made at ``site[i]``; else ``rest[i]`` stops at it, for the
    reason ``gap[i]``. ``teller[i]``, of a loose place: the departure that tells the maker of its lot, -1 where none.
    ``place[i]`` is the number of place i in ``table``, ``number`` the reverse.
    """

    begin: Int64Array
    end: Int64Array
    far: Int32Array
    share: FloatArray
    made: BoolArray
    rest: FloatArray
    gap: Int8Array
    site: Int32Array
    movement: Int32Array
    loose: BoolArray
    teller: Int32Array
    place: Int32Array
    number: Int32Array
    table: Table
    reached: Visits


class LooseRows(NamedTuple):
    """Rows of loose places, each for one limit, as they come.

    ``latest[i]`` is the last row of place i, ``before[r]`` the one of the same place before row r, -1 where there is
    none. ``maker[r]`` is the site at which all mass of row r was made, -1 where no lot tells. ``at``: how many rows
    there are, and entries.
    """

    latest: Int32Array
    before: Int32Array
    limit: Int64Array
    maker: Int32Array
    begin: Int64Array
    end: Int64Array
    rest: FloatArray
    gap: Int8Array
    far: Int32Array
    share: FloatArray
    at: Int64Array


def shared_rows(
    prepared: Prepared, starts: Int32Array, products: Int32Array, first_hop: int, max_hops: int
) -> tuple[Int32Array, SharedRows]:
    """Place of each start; the rows of all places that cases can touch.

    Parameters
    ----------
    starts, products : first movements of the cases, and the product each is followed as, -1 where not known
    first_hop : least hop of the first movements
    """
    walk, mixing = prepared.backward, prepared.mixing
    reached, _, _ = reach(walk, np.unique(starts), first_hop, max_hops, NO_LIMIT)
    place, table, entries = places_of(walk, mixing, reached, starts, products, first_hop, max_hops)
    movement, rows = finished(reached, table, entries)
    loose = (walk.limit[movement] > walk.key[movement]) & ~rows.made & walk.narrows
    teller = tellers(mixing.makers, walk.carried[movement], rows.made)
    told = (teller >= 0) & ~loose
    told[told] = mixing.departed[teller[told]] <= walk.limit[movement[told]]
    left = np.where(loose, mixing.departed[movement], walk.limit[movement])
    order = np.lexsort((-left, rows.made | told))
    number = np.empty(len(order), np.int32)
    number[order] = np.arange(len(order), dtype=np.int32)
    begin, entries = chosen_rows(rows.start, order)
    far = rows.far[entries]
    renumber(far, number)
    leaves = prepared.snapshot.movements.from_site
    return number[place], SharedRows(
        begin=begin[:-1],
        end=begin[1:],
        far=far,
        share=rows.share[entries],
        made=(rows.made | told)[order],
        rest=rows.rest[order],
        gap=rows.gap[order],
        site=leaves[np.where(told, teller, movement)][order],
        movement=movement[order],
        loose=loose[order],
        teller=np.where(loose, teller, -1).astype(np.int32)[order],
        place=order.astype(np.int32),
        number=number,
        table=table,
        reached=reached,
    )


@compiled
def renumber(places: Int32Array, number: Int32Array) -> None:
    """Put the numbers of places in place of them."""
    for i in range(len(places)):
        places[i] = number[places[i]]


@compiled
def no_loose_rows(n_places: int) -> LooseRows:
    """No rows yet."""
    return LooseRows(
        np.full(n_places, -1, np.int32),
        np.empty(64, np.int32),
        np.empty(64, np.int64),
        np.empty(64, np.int32),
        np.empty(64, np.int64),
        np.empty(64, np.int64),
        np.empty(64),
        np.empty(64, np.int8),
        np.empty(1024, np.int32),
        np.empty(1024),
        np.zeros(2, np.int64),
    )


@compiled
def roomier_rows(own: LooseRows, entries: int) -> LooseRows:
    """The same with room for one row more, and for so many entries more."""
    if own.at[0] == len(own.before):
        room = own.at[0] + 1
        own = LooseRows(
            own.latest,
            enlarged(own.before, room),
            enlarged(own.limit, room),
            enlarged(own.maker, room),
            enlarged(own.begin, room),
            enlarged(own.end, room),
            enlarged(own.rest, room),
            enlarged(own.gap, room),
            own.far,
            own.share,
            own.at,
        )
    if own.at[1] + entries > len(own.far):
        own = LooseRows(
            own.latest,
            own.before,
            own.limit,
            own.maker,
            own.begin,
            own.end,
            own.rest,
            own.gap,
            enlarged(own.far, own.at[1] + entries),
            enlarged(own.share, own.at[1] + entries),
            own.at,
        )
    return own


@inlined
def known_row(own: LooseRows, number: int, limit: int) -> int:
    """The row of a loose place that can have left by ``limit``; NOT_SHARED where it was not made yet."""
    row = own.latest[number]
    while row >= 0 and own.limit[row] != limit:
        row = own.before[row]
    return row


@compiled
def loose_row(
    walk: Walk,
    mixing: Mixing,
    shared: SharedRows,
    own: LooseRows,
    draft: Draft,
    room: Int64Array,
    number: int,
    limit: int,
) -> tuple[LooseRows, Draft, int]:
    """The row, made now, of a loose place that can have left by ``limit``; NOT_SHARED where that fails."""
    near, teller = shared.movement[number], shared.teller[number]
    own = roomier_rows(own, 0)
    if teller >= 0 and mixing.departed[teller] <= limit:
        return own, draft, put_loose(own, number, limit, walk.leaves[teller], 0, 0.0, 0)
    count, draft = candidates(walk, shared, draft, room, number, limit)
    own = roomier_rows(own, count)
    product = product_at(walk, shared.table, shared.place[number], near)
    kept, rest, gap = weigh(walk, mixing, near, product, limit, draft, count)
    for i in range(kept):
        among = place_of(shared.reached, draft.found[i])
        if among < 0:
            return own, draft, NOT_SHARED
        held = AS_LABELLED if draft.kinds[i] == JOINED else followed_as(walk, mixing, draft.found[i], product)
        place = number_of(shared.table, among, held)
        if place < 0:
            return own, draft, NOT_SHARED
        own.far[own.at[1] + i] = shared.number[place]
        own.share[own.at[1] + i] = draft.weights[i]
    return own, draft, put_loose(own, number, limit, -1, kept, rest, gap)


@compiled
def put_loose(
    own: LooseRows, number: int, limit: int, maker: int, entries: int, rest: float, gap: int
) -> int:
    """One row more, whose entries are there already; which it is."""
    row = own.at[0]
    own.before[row], own.limit[row], own.maker[row] = own.latest[number], limit, maker
    own.begin[row], own.end[row] = own.at[1], own.at[1] + entries
    own.rest[row], own.gap[row] = rest, gap
    own.latest[number] = row
    own.at[0] += 1
    own.at[1] += entries
    return row


@compiled
def candidates(
    walk: Walk, shared: SharedRows, draft: Draft, room: Int64Array, number: int, limit: int
) -> tuple[int, Draft]:
    """Put the feasible predecessors of a loose place into the draft: how many; the draft, enlarged where needed."""
    near, held = shared.movement[number], shared.table.held[shared.place[number]]
    product = product_at(walk, shared.table, shared.place[number], near)
    count = -1
    while count < 0:
        if held != AS_LABELLED:
            count = predecessors_as(walk, near, limit, product, draft, room)
        else:
            count = predecessors(walk, near, limit, draft, room)
        if count == LOOK_UP:
            count, found, kinds = steps(walk, near, limit, NOTHING_SCANNED, draft.found, draft.kinds)
            if len(found) > len(draft.found):
                draft = empty_draft(found, kinds)
            if held != AS_LABELLED:
                count = fitting(walk, held, draft, count)
        elif count < 0:
            needed = room[ROOM]
            draft = empty_draft(enlarged(draft.found, needed), enlarged(draft.kinds, needed))
    return count, draft
