"""Events and lots that a trace touches: what was made of what, packed in what, seen with what.

Backward from a lot: it, the inputs of every transformation that put out one of them, and what was packed in
one of them; forward: the outputs of every transformation that took one of them, and what they were packed
in. Events are those that name one of these lots in any role. Dates are not looked at: real chains carry
clock errors.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from suyuan.graph.compiled import compiled
from suyuan.graph.ordering import group_places
from suyuan.graph.snapshot import BoolArray, EdgeSet, GraphSnapshot, Int32Array, Int64Array
from suyuan.traceback.results import Direction
from suyuan.traceback.times import known_by


class Steps(NamedTuple):
    """Steps from lots to those before (or after) them: what one transformation made, or one packing.

    Step i goes from each of the lots that lead to it, ``step[start[v]:start[v + 1]]`` for lot v, to each of
    ``far[far_start[i]:far_start[i + 1]]``; ``event[i]`` tells so. Kept apart like this, a transformation of n lots
    into n takes 2 n places, not n * n.
    """

    start: Int64Array
    step: Int32Array
    far_start: Int64Array
    far: Int32Array
    event: Int32Array


def events_and_lots(
    snapshot: GraphSnapshot,
    kind: str,
    position: int,
    lots: Int32Array,
    direction: Direction,
    as_of: int | None = None,
) -> tuple[Int32Array, Int32Array]:
    """Events that name a lot of the trace, and those lots.

    Parameters
    ----------
    kind, position : the case; a lot is followed through events by itself.
    lots : those on the movements reached, sorted; events that name one are given, but they lead no further.
    as_of : microseconds UTC; later events are left out.

    Returns
    -------
    Positions of events and of lots, int32, sorted.
    """
    own = lots[:0]
    if kind == "Lot":
        own = lot_closure(lot_steps(snapshot, direction, as_of), np.array([position], np.int32))
    member = np.zeros(len(snapshot.nodes["Lot"]), np.bool_)
    member[lots] = True
    member[own] = True
    events = _events_naming(snapshot, member)
    return events[happened(snapshot, as_of)[events]], np.flatnonzero(member).astype(np.int32)


def happened(snapshot: GraphSnapshot, as_of: int | None) -> BoolArray:
    """Which events are not later than ``as_of``; undated ones are not."""
    return known_by(snapshot.nodes["Event"].columns, as_of)


def lot_closure(steps: Steps, lots: Int32Array) -> Int32Array:
    """Lots that steps lead to from some lots, these included; sorted."""
    member = np.zeros(len(steps.start) - 1, np.bool_)
    member[lots] = True
    _spread(steps, lots, member, np.zeros(len(steps.event), np.bool_))
    return np.flatnonzero(member).astype(np.int32)


@compiled
def _spread(steps: Steps, lots: Int32Array, member: BoolArray, taken: BoolArray) -> None:
    stack = np.empty(len(member), np.int32)
    height = 0
    for lot in lots:
        stack[height] = lot
        height += 1
    while height > 0:
        height -= 1
        lot = stack[height]
        for place in range(steps.start[lot], steps.start[lot + 1]):
            step = steps.step[place]
            if taken[step]:
                continue
            taken[step] = True
            for entry in range(steps.far_start[step], steps.far_start[step + 1]):
                if not member[steps.far[entry]]:
                    member[steps.far[entry]] = True
                    stack[height] = steps.far[entry]
                    height += 1


def lot_steps(snapshot: GraphSnapshot, direction: Direction, as_of: int | None = None) -> Steps:
    """The steps of a direction, by transformations and packings that are not later than ``as_of``."""
    n_events, n_lots = len(snapshot.nodes["Event"]), len(snapshot.nodes["Lot"])
    nothing = np.empty(0, np.int32)
    went_in = snapshot.edge_set("INPUT", "Lot", "Event")
    came_out = snapshot.edge_set("OUTPUT", "Event", "Lot")
    packed = snapshot.edge_set("CONTAINS", "Lot", "Lot")
    before = (nothing, nothing) if went_in is None else (went_in.source, went_in.target)
    after = (nothing, nothing) if came_out is None else (came_out.target, came_out.source)
    inside, around, told_by = (
        (nothing, nothing, nothing)
        if packed is None
        else (packed.target, packed.source, packed.columns["record"])
    )
    packing = np.arange(n_events, n_events + len(inside), dtype=np.int32)
    event = np.concatenate([np.arange(n_events, dtype=np.int32), told_by.astype(np.int32)])
    taken = happened(snapshot, as_of)[event]
    inputs = np.concatenate([before[0], inside]), np.concatenate([before[1], packing])
    outputs = np.concatenate([after[0], around]), np.concatenate([after[1], packing])
    near, far = (outputs, inputs) if direction == "backward" else (inputs, outputs)
    seen = taken[near[1]]
    near_order, start = group_places(near[0][seen], n_lots)
    far_order, far_start = group_places(far[1], len(event))
    return Steps(
        start,
        np.ascontiguousarray(near[1][seen][near_order]),
        far_start,
        np.ascontiguousarray(far[0][far_order]),
        event,
    )


def lots_named(snapshot: GraphSnapshot) -> Iterator[tuple[Int32Array, Int32Array, EdgeSet]]:
    """Lots and the events that name them, in parallel, for each way of naming; with the edges that say so."""
    for kind, source, target in (
        ("INPUT", "Lot", "Event"),
        ("OUTPUT", "Event", "Lot"),
        ("OBSERVED", "Event", "Lot"),
    ):
        edges = snapshot.edge_set(kind, source, target)
        if edges is not None:
            ends = (edges.source, edges.target) if source == "Lot" else (edges.target, edges.source)
            yield *ends, edges


def _events_naming(snapshot: GraphSnapshot, member: BoolArray) -> Int32Array:
    named = [events[member[lots]] for lots, events, _ in lots_named(snapshot)]
    named.append(np.empty(0, np.int32))
    return np.unique(np.concatenate(named)).astype(np.int32)
