# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportIncompatibleMethodOverride=false
"""Origin mass: the probability that the goods of a case were made at each site, and what stays unresolved.

Movements are visited once, from the case backward; each has one row of shares
(:mod:`suyuan.traceback.mixing`). Mass then runs along the rows in an order in which every movement is
complete before it passes anything on. Where undated movements form circles there is no such order; what is
left then is solved as an absorbing Markov chain.
"""

from typing import Final, NamedTuple

import numpy as np

from suyuan.graph.compiled import compiled, uncounted
from suyuan.graph.snapshot import BoolArray, FloatArray, Int8Array, Int32Array, Int64Array
from suyuan.traceback.circles import solved_circles
from suyuan.traceback.goods import SAME_LOT, SAME_PRODUCT, UNKNOWN
from suyuan.traceback.inlining import inlined
from suyuan.traceback.massgraph import MassGraph, Rows
from suyuan.traceback.mixing import empty_draft, is_made_at, weigh
from suyuan.traceback.mixingmodel import Draft, Mixing
from suyuan.traceback.results import GAPS, Gap
from suyuan.traceback.spans import EVERY_STREAM, LOOK_UP, agrees_in_run, n_runs, run_at
from suyuan.traceback.visits import Visits, enlarged, place_of
from suyuan.traceback.walking import NOTHING_SCANNED, Walk, steps

HOP_LIMIT: Final = GAPS.index(Gap.HOP_LIMIT)
NODE_LIMIT: Final = GAPS.index(Gap.NODE_LIMIT)


DONE: Final = 0
NEEDS_ROOM: Final = 1
NEEDS_STEPS: Final = 2
"""Why :func:`put_rows` stopped: all rows are there; or what it needs to go on."""

PLACE: Final = 0
COUNT: Final = 1
FOUND: Final = 2
ROOM: Final = 3
FILLED: Final = 4
BY_HOPS: Final = 5
BY_NODES: Final = 6
"""Entries of ``Table.at``: next place to find the row of; how many places there are; how many predecessors of it
are in the draft, -1 where they are still to be found; how many there may be; entries filled; movements cut."""


class Table(NamedTuple):
    """Places and their rows as they come; there is room for every movement that was reached.

    ``among`` is the place of each movement among those reached, ``number`` the other way round, -1 where it
    has none. The other columns are those of :class:`suyuan.traceback.massgraph.Rows`.
    """

    among: Int32Array
    hop: Int32Array
    number: Int32Array
    start: Int64Array
    made: BoolArray
    rest: FloatArray
    gap: Int8Array
    lost: FloatArray
    at: Int64Array


class Entries(NamedTuple):
    """Entries of rows: predecessors, by place, and their shares."""

    far: Int32Array
    share: FloatArray


@compiled
def empty_table(reached: Visits, starts: Int32Array, first_hop: int) -> Table:
    """The starts, without rows."""
    n = reached.count[0]
    table = Table(
        np.empty(n, np.int32),
        np.empty(n, np.int32),
        np.empty(n, np.int32),
        np.zeros(n + 1, np.int64),
        np.zeros(n, np.bool_),
        np.zeros(n),
        np.zeros(n, np.int8),
        np.zeros(n),
        np.zeros(7, np.int64),
    )
    for i in range(n):
        table.number[i] = -1
    for start in starts:
        place_for(table, place_of(reached, start), first_hop)
    table.at[FOUND] = -1
    return table


@inlined
def place_for(table: Table, among: int, hop: int) -> int:
    """A new place, for a movement that was reached."""
    place = table.at[COUNT]
    table.among[place] = among
    table.hop[place] = hop
    table.number[among] = place
    table.at[COUNT] = place + 1
    return place


@compiled
def visit(
    walk: Walk, mixing: Mixing, reached: Visits, starts: Int32Array, first_hop: int, max_hops: int
) -> tuple[Int32Array, Rows, int, int]:
    """All movements that mass can reach, with their rows; how many the hop and the node limit cut."""
    table = empty_table(reached, starts, first_hop)
    room = max(256, 2 * reached.count[0])
    entries = Entries(np.empty(room, np.int32), np.empty(room))
    draft = empty_draft(np.empty(room, np.int32), np.empty(room, np.int32))
    status = put_rows(walk, mixing, reached, table, entries, draft, max_hops)
    while status != DONE:
        if status == NEEDS_STEPS:
            near = reached.movement[table.among[table.at[PLACE]]]
            limit = reached.limit[table.among[table.at[PLACE]]]
            count, found, kinds = steps(walk, near, limit, NOTHING_SCANNED, draft.found, draft.kinds)
            if len(found) > len(draft.found):
                draft = empty_draft(found, kinds)
            table.at[FOUND], table.at[ROOM] = count, count
        if table.at[ROOM] > len(draft.found):
            room = table.at[ROOM]
            draft = empty_draft(enlarged(draft.found, room), enlarged(draft.kinds, room))
        if table.at[FILLED] + table.at[ROOM] > len(entries.far):
            room = table.at[FILLED] + table.at[ROOM]
            entries = Entries(enlarged(entries.far, room), enlarged(entries.share, room))
        status = put_rows(walk, mixing, reached, table, entries, draft, max_hops)
    return (*finished(reached, table, entries), table.at[BY_HOPS], table.at[BY_NODES])


@compiled
def finished(reached: Visits, table: Table, entries: Entries) -> tuple[Int32Array, Rows]:
    """The movements in the order of their places, and the rows."""
    count, filled = table.at[COUNT], table.at[FILLED]
    movement = np.empty(count, np.int32)
    for place in range(count):
        movement[place] = reached.movement[table.among[place]]
    return movement, Rows(
        table.start[: count + 1],
        entries.far[:filled],
        entries.share[:filled],
        table.made[:count],
        table.rest[:count],
        table.gap[:count],
        table.lost[:count],
    )


@uncounted
def put_rows(
    walk: Walk, mixing: Mixing, reached: Visits, table: Table, entries: Entries, draft: Draft, max_hops: int
) -> int:
    """Find the rows of all places, as far as that goes without making room or looking up."""
    at = table.at
    while at[PLACE] < at[COUNT]:
        place = at[PLACE]
        near, limit = reached.movement[table.among[place]], reached.limit[table.among[place]]
        table.made[place] = is_made_at(walk, mixing, near)
        if not table.made[place]:
            if at[FOUND] < 0:
                at[FOUND] = predecessors(walk, near, limit, draft, at)
            if at[FOUND] == LOOK_UP:
                return NEEDS_STEPS
            if at[FOUND] < 0 or at[FILLED] + at[FOUND] > len(entries.far):
                return NEEDS_ROOM
            put_row(walk, mixing, reached, table, entries, draft, max_hops)
        at[FOUND] = -1
        at[PLACE] += 1
        table.start[at[PLACE]] = at[FILLED]
    return DONE


@inlined
def predecessors(walk: Walk, near: int, limit: int, draft: Draft, at: Int64Array) -> int:
    """Put feasible predecessors into the draft: how many; LOOK_UP, or -1 where there is too little room."""
    runs = n_runs(walk, walk.spans, near, near)
    if runs == LOOK_UP:
        return LOOK_UP
    count = 0
    lot = walk.carried[near] if walk.carried[near] >= 0 else -1
    code = walk.goods.lot_code[lot] if lot >= 0 else -1
    for number in range(runs):
        low, high = run_at(walk, walk.spans, near, near, limit, number)
        at[ROOM] = count + high - low
        if at[ROOM] > len(draft.found):
            return -1
        of_run = SAME_PRODUCT if number == 1 and walk.spans[near, 0] != EVERY_STREAM else UNKNOWN
        for position in range(low, high):
            far = walk.order[position]
            if far != near and agrees_in_run(walk, far, lot, code):
                draft.found[count] = far
                draft.kinds[count] = SAME_LOT if lot >= 0 and walk.carried[far] >= 0 else of_run
                count += 1
    at[ROOM] = count
    return count


@inlined
def put_row(
    walk: Walk, mixing: Mixing, reached: Visits, table: Table, entries: Entries, draft: Draft, max_hops: int
) -> None:
    """The row of the next place, whose predecessors are in the draft."""
    at, place = table.at, table.at[PLACE]
    among = table.among[place]
    kept, rest, gap = weigh(walk, mixing, reached.movement[among], reached.limit[among], draft, at[FOUND])
    if kept > 0 and table.hop[place] >= max_hops:
        kept, rest, gap = 0, 1.0, HOP_LIMIT
        at[BY_HOPS] += 1
    table.rest[place], table.gap[place] = rest, gap
    filled, lost = at[FILLED], 0.0
    for i in range(kept):
        among_far = place_of(reached, draft.found[i])
        if among_far < 0:
            lost += draft.weights[i]
            continue
        known = table.number[among_far]
        if known < 0:
            known = place_for(table, among_far, table.hop[place] + 1)
        entries.far[filled] = known
        entries.share[filled] = draft.weights[i]
        filled += 1
    at[FILLED] = filled
    table.lost[place] = lost
    at[BY_NODES] += lost > 0.0


@compiled
def passed_on(rows: Rows, first_mass: FloatArray) -> tuple[FloatArray, Int32Array]:
    """Mass on each movement, and the order of completion; circles and what hangs on them are left."""
    mass = first_mass.copy()
    waiting, order = np.zeros(len(mass), np.int32), np.empty(len(mass), np.int32)
    count = pass_on(rows, waiting, order, mass)
    return mass, order[:count]


@uncounted
def pass_on(rows: Rows, waiting: Int32Array, order: Int32Array, mass: FloatArray) -> int:
    """The same in room that is given; how many were completed."""
    for entry in range(len(rows.far)):
        waiting[rows.far[entry]] += 1
    count = 0
    for place in range(len(mass)):
        if waiting[place] == 0:
            order[count] = place
            count += 1
    done = 0
    while done < count:
        place = order[done]
        done += 1
        for entry in range(rows.start[place], rows.start[place + 1]):
            far = rows.far[entry]
            mass[far] += mass[place] * rows.share[entry]
            waiting[far] -= 1
            if waiting[far] == 0:
                order[count] = far
                count += 1
    return count


def mass_of(
    walk: Walk,
    mixing: Mixing,
    reached: Visits,
    starts: Int32Array,
    weights: FloatArray,
    *,
    first_hop: int,
    max_hops: int,
) -> MassGraph:
    """Mass on all movements that a case can have come by.

    Parameters
    ----------
    reached : the visits of :func:`suyuan.traceback.reachability.reach` from the same movements with the
    same limits;
        mass stays among them, and a movement's limit is the one found there.
    starts, weights : first movements, each once, and their shares, which sum to at most 1.
    first_hop : hop of the first movements.

    Notes
    -----
    Where all that is left circles without a way out, the movements of that circle keep the mass: their rows
    become empty and their rest 1, with the gap CYCLE.
    """
    movement, rows, cut_by_hops, cut_by_nodes = visit(walk, mixing, reached, starts, first_hop, max_hops)
    count = len(rows.made)
    first_mass = np.zeros(count)
    first_mass[: len(weights)] = weights
    mass, order = passed_on(rows, first_mass)
    if len(order) < count:
        rows, mass = solved_circles(rows, mass, order)
    return MassGraph(movement, rows, first_mass, mass, cut_by_hops, cut_by_nodes)
