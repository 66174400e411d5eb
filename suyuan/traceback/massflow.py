# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportIncompatibleMethodOverride=false
"""Mass run again along the rows of a case: to other ends, from other places, or stopped on its way.

The rows of a :class:`suyuan.traceback.massgraph.MassGraph` are an absorbing Markov chain. Here its places are put in
an order of blocks in which each block is complete before it passes anything on; a block is a single place, or the
members of one circle, among which mass goes round until nothing is left of it.
"""

from typing import Final, NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from suyuan.graph.compiled import compiled
from suyuan.graph.ordering import group_places
from suyuan.graph.snapshot import BoolArray, FloatArray, Int32Array, Int64Array
from suyuan.traceback.inlining import inlined
from suyuan.traceback.massgraph import Rows

_NOTHING: Final = 1e-17
"""Mass up to here is not sent round a circle again."""

_SETTLED: Final = 1e-14
"""Shares of ends that change by no more from round to round are taken as they are."""

_MOST_ROUNDS: Final = 20_000
"""Of a circle; one that loses a hundredth of its mass each time needs 4,000."""


class Flow(NamedTuple):
    """Places in an order in which mass can run; block b is ``place[start[b]:start[b + 1]]``."""

    place: Int32Array
    start: Int64Array

    @property
    def circles(self) -> BoolArray:
        """Which places are members of circles, by place."""
        sizes = np.diff(self.start)
        found = np.zeros(len(self.place), np.bool_)
        found[self.place] = np.repeat(sizes > 1, sizes)
        return found


def flow_of(rows: Rows) -> Flow:
    """The order of the places of a case; no row may name its own place."""
    n = len(rows.made)
    flow = blocks(rows, np.arange(n, dtype=np.int32), n)
    if len(flow.place) == n:
        return flow
    graph = sparse.csr_array((np.ones(len(rows.far)), rows.far, rows.start), shape=(n, n))
    n_blocks, label = connected_components(graph, directed=True, connection="strong")
    return blocks(rows, label.astype(np.int32), int(n_blocks))


@compiled
def blocks(rows: Rows, label: Int32Array, n_blocks: int) -> Flow:
    """Blocks, each with its members, in an order in which none leads to an earlier one.

    Where the labels leave circles of blocks, those and all that hangs on them are missing.
    """
    member, start = group_places(label, n_blocks)
    waiting = np.zeros(n_blocks, np.int64)
    for near in range(len(label)):
        for entry in range(rows.start[near], rows.start[near + 1]):
            waiting[label[rows.far[entry]]] += label[rows.far[entry]] != label[near]
    queue = np.empty(n_blocks, np.int32)
    count = 0
    for block in range(n_blocks):
        if waiting[block] == 0:
            queue[count] = block
            count += 1
    place, begin = np.empty(len(label), np.int32), np.zeros(n_blocks + 1, np.int64)
    done, filled = 0, 0
    while done < count:
        block = queue[done]
        for at in range(start[block], start[block + 1]):
            near = member[at]
            place[filled] = near
            filled += 1
            for entry in range(rows.start[near], rows.start[near + 1]):
                other = label[rows.far[entry]]
                if other != block:
                    waiting[other] -= 1
                    if waiting[other] == 0:
                        queue[count] = other
                        count += 1
        done += 1
        begin[done] = filled
    return Flow(place[:filled], begin[: done + 1])


@compiled
def arrived(rows: Rows, flow: Flow, sent: FloatArray, stops: BoolArray) -> FloatArray:
    """Mass that comes to each place (as often as it does) of what is sent to some.

    Parameters
    ----------
    sent : mass put in, by place; counted as come there.
    stops : places that pass nothing on.
    """
    come, left = sent.copy(), sent.copy()
    for block in range(len(flow.start) - 1):
        for _ in range(_MOST_ROUNDS):
            goes_on = False
            for at in range(flow.start[block], flow.start[block + 1]):
                near = flow.place[at]
                mass = left[near]
                if mass <= _NOTHING:
                    continue
                left[near] = 0.0
                if stops[near]:
                    continue
                for entry in range(rows.start[near], rows.start[near + 1]):
                    far, passed = rows.far[entry], mass * rows.share[entry]
                    come[far] += passed
                    left[far] += passed
                goes_on = True
            if not goes_on or flow.start[block + 1] - flow.start[block] == 1:
                break
    return come


@compiled
def passed_from(rows: Rows, mass: FloatArray, chosen: Int32Array) -> FloatArray:
    """What chosen places pass on at once, by the place that it comes to."""
    sent = np.zeros(len(rows.made))
    for near in chosen:
        for entry in range(rows.start[near], rows.start[near + 1]):
            sent[rows.far[entry]] += mass[near] * rows.share[entry]
    return sent


@compiled
def can_end(rows: Rows, first_mass: FloatArray, ends: BoolArray, avoided: BoolArray) -> bool:
    """Whether a chain of positive probability comes from the start to one of the ends past no avoided place."""
    seen, queue = avoided.copy(), np.empty(len(ends), np.int32)
    count = 0
    for place in range(len(ends)):
        if first_mass[place] > 0.0 and not seen[place]:
            seen[place] = True
            queue[count] = place
            count += 1
    done = 0
    while done < count:
        near = queue[done]
        done += 1
        if ends[near]:
            return True
        for entry in range(rows.start[near], rows.start[near + 1]):
            far = rows.far[entry]
            if rows.share[entry] > 0.0 and not seen[far]:
                seen[far] = True
                queue[count] = far
                count += 1
    return False


@compiled
def likeliest(rows: Rows, flow: Flow, first_mass: FloatArray) -> tuple[FloatArray, Int32Array]:
    """Probability of the most probable chain from the start to each place, and the place before it on it (-1)."""
    best, before = first_mass.copy(), np.full(len(first_mass), -1, np.int32)
    for block in range(len(flow.start) - 1):
        low, high = flow.start[block], flow.start[block + 1]
        for _ in range(high - low):
            better = False
            for at in range(low, high):
                near = flow.place[at]
                for entry in range(rows.start[near], rows.start[near + 1]):
                    far, probability = rows.far[entry], best[near] * rows.share[entry]
                    if probability > best[far]:
                        best[far], before[far] = probability, near
                        better = True
            if not better:
                break
    return best, before


class Ends(NamedTuple):
    """Which end of chains the mass of each place goes to: where it is made, has no predecessor, or was cut off."""

    made: Int64Array
    rest: Int64Array
    lost: Int64Array
    count: int


@compiled
def absorbed(rows: Rows, flow: Flow, ends: Ends, low: int, high: int) -> FloatArray:
    """Where a unit on each place ends: shape (places, high - low), for the ends from ``low`` to ``high``."""
    width = high - low
    found, row = np.zeros((len(rows.made), width)), np.zeros(width)
    for back in range(len(flow.start) - 1):
        block = len(flow.start) - 2 - back
        begin, end = flow.start[block], flow.start[block + 1]
        for _ in range(_MOST_ROUNDS):
            change = 0.0
            for at in range(begin, end):
                near = flow.place[at]
                row[:] = 0.0
                put_ends(row, rows, ends, near, low, high)
                for entry in range(rows.start[near], rows.start[near + 1]):
                    share, far = rows.share[entry], rows.far[entry]
                    for k in range(width):
                        row[k] += share * found[far, k]
                for k in range(width):
                    change = max(change, abs(row[k] - found[near, k]))
                    found[near, k] = row[k]
            if end - begin == 1 or change <= _SETTLED:
                break
    return found


@inlined
def put_ends(row: FloatArray, rows: Rows, ends: Ends, near: int, low: int, high: int) -> None:
    """Add what ends at a place itself."""
    if rows.made[near] and low <= ends.made[near] < high:
        row[ends.made[near] - low] += 1.0
    if low <= ends.rest[near] < high:
        row[ends.rest[near] - low] += rows.rest[near]
    if low <= ends.lost[near] < high:
        row[ends.lost[near] - low] += rows.lost[near]
