# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportIncompatibleMethodOverride=false
"""The part of the mixing model that cases touch: places, visited once from the cases backward, and their rows.

A place is a movement; where products are inferred, one that names no product is a place for each product that goods
on it are followed as.
"""

from typing import Final, NamedTuple

import numpy as np

from suyuan.graph.compiled import compiled, uncounted
from suyuan.graph.snapshot import BoolArray, FloatArray, Int8Array, Int32Array, Int64Array
from suyuan.traceback.goods import JOINED, SAME_LOT, SAME_PRODUCT, UNKNOWN, product_of
from suyuan.traceback.inlining import inlined
from suyuan.traceback.massgraph import Rows
from suyuan.traceback.mixing import empty_draft, is_made_at, weigh
from suyuan.traceback.mixingmodel import Draft, Mixing, infers_products
from suyuan.traceback.results import GAPS, Gap
from suyuan.traceback.spans import EVERY_STREAM, LOOK_UP, agrees_in_run, n_runs, run_at
from suyuan.traceback.visits import Visits, enlarged, place_of
from suyuan.traceback.walking import NOTHING_SCANNED, Walk, first_after, steps, stream_at

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

AS_LABELLED: Final = -1
"""Product of a place of which the movement's own record is all that tells what it carries."""


class Table(NamedTuple):
    """Places and their rows as they come.

    ``among`` is the place of each movement among those reached, ``held`` the product its goods are followed as.
    ``number`` is the latest place of each movement that was reached, -1 where it has none, and ``sibling`` the one
    before it of the same movement. The other columns are those of :class:`suyuan.traceback.massgraph.Rows`.
    """

    among: Int32Array
    held: Int32Array
    sibling: Int32Array
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
def empty_table(
    walk: Walk, mixing: Mixing, reached: Visits, starts: Int32Array, products: Int32Array, first_hop: int
) -> tuple[Table, Int32Array]:
    """The starts, without rows; and the place of each."""
    n = reached.count[0]
    table = Table(
        np.empty(n, np.int32),
        np.empty(n, np.int32),
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
    table.at[FOUND] = -1
    place = np.empty(len(starts), np.int32)
    for i in range(len(starts)):
        among = place_of(reached, starts[i])
        held = followed_as(walk, mixing, starts[i], products[i])
        if table.at[COUNT] == len(table.made):
            table = roomier_table(table, table.at[COUNT] + 1)
        place[i] = number_of(table, among, held)
        if place[i] < 0:
            place[i] = place_for(table, among, held, first_hop)
    return table, place


@compiled
def roomier_table(table: Table, room: int) -> Table:
    """The same with room for so many places, and twice as much as before."""
    rows = Table(
        enlarged(table.among, room),
        enlarged(table.held, room),
        enlarged(table.sibling, room),
        enlarged(table.hop, room),
        table.number,
        enlarged(table.start, room + 1),
        enlarged(table.made, room),
        enlarged(table.rest, room),
        enlarged(table.gap, room),
        enlarged(table.lost, room),
        table.at,
    )
    for place in range(len(table.made), len(rows.made)):
        rows.made[place], rows.rest[place], rows.gap[place], rows.lost[place] = False, 0.0, 0, 0.0
    return rows


@inlined
def followed_as(walk: Walk, mixing: Mixing, movement: int, product: int) -> int:
    """The product that goods on a movement are followed as, coming from goods of ``product``."""
    if not infers_products(mixing) or product_of(walk.carried[movement], walk.goods.lot_product) >= 0:
        return AS_LABELLED
    return product


@inlined
def number_of(table: Table, among: int, held: int) -> int:
    """The place of a movement that was reached, as goods of a product; -1 where it has none."""
    place = table.number[among]
    while place >= 0 and table.held[place] != held:
        place = table.sibling[place]
    return place


@inlined
def place_for(table: Table, among: int, held: int, hop: int) -> int:
    """A new place, for a movement that was reached."""
    place = table.at[COUNT]
    table.among[place] = among
    table.held[place] = held
    table.sibling[place] = table.number[among]
    table.hop[place] = hop
    table.number[among] = place
    table.at[COUNT] = place + 1
    return place


@compiled
def visit(
    walk: Walk,
    mixing: Mixing,
    reached: Visits,
    starts: Int32Array,
    products: Int32Array,
    first_hop: int,
    max_hops: int,
) -> tuple[Int32Array, Int32Array, Rows, int, int]:
    """All places that mass can reach, with their rows.

    Returns
    -------
    Place of each start; movement of each place; the rows; how many movements the hop and the node limit cut.
    """
    place, table, entries = places_of(walk, mixing, reached, starts, products, first_hop, max_hops)
    return (place, *finished(reached, table, entries), table.at[BY_HOPS], table.at[BY_NODES])


@compiled
def places_of(
    walk: Walk,
    mixing: Mixing,
    reached: Visits,
    starts: Int32Array,
    products: Int32Array,
    first_hop: int,
    max_hops: int,
) -> tuple[Int32Array, Table, Entries]:
    """The same as tables that still tell which place a movement has: place of each start, places, entries."""
    table, place = empty_table(walk, mixing, reached, starts, products, first_hop)
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
            if table.held[table.at[PLACE]] != AS_LABELLED:
                count = fitting(walk, table.held[table.at[PLACE]], draft, count)
            table.at[FOUND], table.at[ROOM] = count, count
        if table.at[COUNT] + table.at[ROOM] > len(table.made):
            table = roomier_table(table, table.at[COUNT] + table.at[ROOM])
        if table.at[ROOM] > len(draft.found):
            room = table.at[ROOM]
            draft = empty_draft(enlarged(draft.found, room), enlarged(draft.kinds, room))
        if table.at[FILLED] + table.at[ROOM] > len(entries.far):
            room = table.at[FILLED] + table.at[ROOM]
            entries = Entries(enlarged(entries.far, room), enlarged(entries.share, room))
        status = put_rows(walk, mixing, reached, table, entries, draft, max_hops)
    return place, table, entries


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
        product = product_at(walk, table, place, near)
        table.made[place] = is_made_at(walk, mixing, near, product)
        if not table.made[place]:
            if at[FOUND] < 0 and table.held[place] != AS_LABELLED:
                at[FOUND] = predecessors_as(walk, near, limit, product, draft, at)
            elif at[FOUND] < 0:
                at[FOUND] = predecessors(walk, near, limit, draft, at)
            if at[FOUND] == LOOK_UP:
                return NEEDS_STEPS
            if at[FOUND] < 0 or at[FILLED] + at[FOUND] > len(entries.far):
                return NEEDS_ROOM
            if at[COUNT] + at[FOUND] > len(table.made):
                return NEEDS_ROOM
            put_row(walk, mixing, reached, table, entries, draft, max_hops)
        at[FOUND] = -1
        at[PLACE] += 1
        table.start[at[PLACE]] = at[FILLED]
    return DONE


@inlined
def product_at(walk: Walk, table: Table, place: int, movement: int) -> int:
    """Product of the goods at a place, -1 where nothing tells."""
    held = table.held[place]
    return held if held != AS_LABELLED else product_of(walk.carried[movement], walk.goods.lot_product)


@compiled
def fitting(walk: Walk, product: int, draft: Draft, count: int) -> int:
    """Keep those found that can carry a product, or are joined by a record: how many."""
    kept = 0
    for i in range(count):
        far, kind = draft.found[i], draft.kinds[i]
        of_far = product_of(walk.carried[far], walk.goods.lot_product)
        if kind == UNKNOWN and of_far >= 0:
            if of_far != product:
                continue
            kind = SAME_PRODUCT
        draft.found[kept], draft.kinds[kept] = far, kind
        kept += 1
    return kept


@inlined
def predecessors_as(walk: Walk, near: int, limit: int, product: int, draft: Draft, at: Int64Array) -> int:
    """The same as :func:`predecessors` for goods of a product on a movement that does not name it."""
    if n_runs(walk, walk.spans, near, near) == LOOK_UP:
        return LOOK_UP
    site = walk.leaves[near]
    begin = walk.streams.site_start[site]
    lot = walk.carried[near] if walk.carried[near] >= 0 else -1
    code = walk.goods.lot_code[lot] if lot >= 0 else -1
    count, unknown = 0, begin if walk.streams.product[begin] < 0 else -1
    for number in range(2):
        stream = unknown if number == 0 else stream_at(site, product, walk.streams)
        if stream < 0:
            continue
        low = walk.start[stream]
        high = first_after(walk.key, walk.order, low, walk.start[stream + 1], limit)
        at[ROOM] = count + high - low
        if at[ROOM] > len(draft.found):
            return -1
        for position in range(low, high):
            far = walk.order[position]
            if far != near and agrees_in_run(walk, far, lot, code):
                draft.found[count] = far
                draft.kinds[count] = UNKNOWN if number == 0 else SAME_PRODUCT
                if lot >= 0 and walk.carried[far] >= 0:
                    draft.kinds[count] = SAME_LOT
                count += 1
    at[ROOM] = count
    return count


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
    near = reached.movement[among]
    product = product_at(walk, table, place, near)
    kept, rest, gap = weigh(walk, mixing, near, product, reached.limit[among], draft, at[FOUND])
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
        held = AS_LABELLED if draft.kinds[i] == JOINED else followed_as(walk, mixing, draft.found[i], product)
        known = number_of(table, among_far, held)
        if known < 0:
            known = place_for(table, among_far, held, table.hop[place] + 1)
        entries.far[filled] = known
        entries.share[filled] = draft.weights[i]
        filled += 1
    at[FILLED] = filled
    table.lost[place] = lost
    at[BY_NODES] += lost > 0.0
