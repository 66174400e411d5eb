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

from suyuan.graph.compiled import compiled
from suyuan.graph.snapshot import FloatArray, Int32Array, Int64Array
from suyuan.traceback.circles import solved_circles
from suyuan.traceback.inlining import inlined
from suyuan.traceback.massgraph import MassGraph, Rows
from suyuan.traceback.mixing import Mixing, Shares, is_made_at, shares
from suyuan.traceback.results import GAPS, Gap
from suyuan.traceback.visits import Visits, add_visit, empty_visits, enlarged, place_of, slot_in
from suyuan.traceback.walking import Walk

HOP_LIMIT: Final = GAPS.index(Gap.HOP_LIMIT)
NODE_LIMIT: Final = GAPS.index(Gap.NODE_LIMIT)


class Draft(NamedTuple):
    """Rows as they grow: ``far`` holds movements' places, ``filled[0]`` entries of it are used."""

    far: Int32Array
    share: FloatArray
    filled: Int64Array


@inlined
def append_row(
    draft: Draft, visits: Visits, reached: Visits, row: Shares, place: int
) -> tuple[Draft, Visits, float]:
    """The draft with one row more, and the visits with what is new in it; the share of what was cut."""
    filled = draft.filled[0]
    if filled + len(row.movements) > len(draft.far):
        needed = filled + len(row.movements)
        draft = Draft(enlarged(draft.far, needed), enlarged(draft.share, needed), draft.filled)
    lost = 0.0
    for i in range(len(row.movements)):
        far = row.movements[i]
        known = visits.table[slot_in(visits.table, visits.movement, far)] - 1
        if known < 0:
            among = place_of(reached, far)
            if among < 0:
                lost += row.weights[i]
                continue
            known = visits.count[0]
            visits = add_visit(visits, far, visits.hop[place] + 1, reached.limit[among], place)
        draft.far[filled] = known
        draft.share[filled] = row.weights[i]
        filled += 1
    draft.filled[0] = filled
    return draft, visits, lost


@compiled
def visit(
    walk: Walk, mixing: Mixing, reached: Visits, starts: Int32Array, first_hop: int, max_hops: int
) -> tuple[Visits, Rows, int, int]:
    """All movements that mass can reach, with their rows; how many the hop and the node limit cut."""
    visits = empty_visits(max(64, 2 * len(starts)))
    for movement in starts:
        visits = add_visit(visits, movement, first_hop, walk.limit[movement], -1)
    draft = Draft(np.empty(1024, np.int32), np.empty(1024), np.zeros(1, np.int64))
    start = np.zeros(256, np.int64)
    made, gap = np.zeros(256, np.bool_), np.zeros(256, np.int8)
    rest, lost = np.zeros(256), np.zeros(256)
    room = (np.empty(256, np.int32), np.empty(256, np.int32))
    cut_by_hops, cut_by_nodes = 0, 0
    place = 0
    while place < visits.count[0]:
        if place + 1 >= len(start):
            start, made, gap = enlarged(start, 0), enlarged(made, 0), enlarged(gap, 0)
            rest, lost = enlarged(rest, 0), enlarged(lost, 0)
        movement = visits.movement[place]
        made[place] = is_made_at(walk, mixing, movement)
        rest[place], lost[place], gap[place] = 0.0, 0.0, 0
        if not made[place]:
            row = shares(walk, mixing, movement, visits.limit[place], room)
            rest[place], gap[place] = row.rest, row.gap
            if len(row.movements) > 0 and visits.hop[place] >= max_hops:
                rest[place], gap[place] = 1.0, HOP_LIMIT
                cut_by_hops += 1
            else:
                draft, visits, lost[place] = append_row(draft, visits, reached, row, place)
                cut_by_nodes += lost[place] > 0.0
        place += 1
        start[place] = draft.filled[0]
    filled = draft.filled[0]
    rows = Rows(
        start[: place + 1],
        draft.far[:filled],
        draft.share[:filled],
        made[:place],
        rest[:place],
        gap[:place],
        lost[:place],
    )
    return visits, rows, cut_by_hops, cut_by_nodes


@compiled
def passed_on(rows: Rows, first_mass: FloatArray) -> tuple[FloatArray, Int32Array]:
    """Mass on each movement, and the order of completion; circles and what hangs on them are left."""
    n = len(rows.made)
    waiting = np.zeros(n, np.int32)
    for entry in range(len(rows.far)):
        waiting[rows.far[entry]] += 1
    order = np.empty(n, np.int32)
    count = 0
    for place in range(n):
        if waiting[place] == 0:
            order[count] = place
            count += 1
    mass = first_mass.copy()
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
    return mass, order[:count]


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
    visits, rows, cut_by_hops, cut_by_nodes = visit(walk, mixing, reached, starts, first_hop, max_hops)
    count = len(rows.made)
    first_mass = np.zeros(count)
    first_mass[: len(weights)] = weights
    mass, order = passed_on(rows, first_mass)
    if len(order) < count:
        rows, mass = solved_circles(rows, mass, order)
    return MassGraph(visits.movement[:count], rows, first_mass, mass, cut_by_hops, cut_by_nodes)
