"""Events and lots that a trace touches: what was made of what, packed in what, seen with what.

Backward from a lot: it, the inputs of every transformation that put out one of them, and what was packed in
one of them; forward: the outputs of every transformation that took one of them, and what they were packed
in. Events are those that name one of these lots in any role. Dates are not looked at: real chains carry
clock errors.
"""

import numpy as np

from suyuan.graph.compiled import compiled
from suyuan.graph.ordering import group_places
from suyuan.graph.snapshot import BoolArray, GraphSnapshot, Int32Array, Int64Array
from suyuan.traceback.results import Direction


def events_and_lots(
    snapshot: GraphSnapshot, kind: str, position: int, lots: Int32Array, direction: Direction
) -> tuple[Int32Array, Int32Array]:
    """Events that name a lot of the trace, and those lots.

    Parameters
    ----------
    kind, position : the case; a lot is followed through events by itself.
    lots : those on the movements reached, sorted; events that name one are given, but they lead no further.

    Returns
    -------
    Positions of events and of lots, int32, sorted.
    """
    own = lot_closure(snapshot, np.array([position], np.int32), direction) if kind == "Lot" else lots[:0]
    member = np.zeros(len(snapshot.nodes["Lot"]), np.bool_)
    member[lots] = True
    member[own] = True
    return _events_naming(snapshot, member), np.flatnonzero(member).astype(np.int32)


def lot_closure(snapshot: GraphSnapshot, lots: Int32Array, direction: Direction) -> Int32Array:
    """Lots that went into some lots (backward) or were made of them (forward), these included; sorted."""
    steps = lot_steps(snapshot, direction)
    n_lots = len(snapshot.nodes["Lot"])
    order, start = group_places(steps[:, 0], n_lots)
    member = np.zeros(n_lots, np.bool_)
    member[lots] = True
    _spread(start, np.ascontiguousarray(steps[order, 1]), lots, member)
    return np.flatnonzero(member).astype(np.int32)


@compiled
def _spread(start: Int64Array, following: Int32Array, lots: Int32Array, member: BoolArray) -> None:
    stack = np.empty(len(member), np.int32)
    height = 0
    for lot in lots:
        stack[height] = lot
        height += 1
    while height > 0:
        height -= 1
        lot = stack[height]
        for place in range(start[lot], start[lot + 1]):
            if not member[following[place]]:
                member[following[place]] = True
                stack[height] = following[place]
                height += 1


def lot_steps(snapshot: GraphSnapshot, direction: Direction) -> np.ndarray:
    """Triples (lot, lot one step on, event that tells so), int32, shape (n, 3)."""
    went_in = snapshot.edge_set("INPUT", "Lot", "Event")
    came_out = snapshot.edge_set("OUTPUT", "Event", "Lot")
    made = np.empty((0, 3), np.int32)
    if went_in is not None and came_out is not None:
        n_events = len(snapshot.nodes["Event"])
        made = _products_of_parts(
            went_in.source[went_in.by_target],
            went_in.target_start,
            came_out.target,
            came_out.source_start,
            n_events,
        )
    packed = snapshot.edge_set("CONTAINS", "Lot", "Lot")
    held = made[:0]
    if packed is not None:
        held = np.stack([packed.target, packed.source, packed.columns["record"]], axis=1)
    if direction == "backward":
        return np.concatenate([made[:, [1, 0, 2]], held[:, [1, 0, 2]]])
    return np.concatenate([made, held])


@compiled
def _products_of_parts(
    inputs: Int32Array, input_start: Int64Array, outputs: Int32Array, output_start: Int64Array, n_events: int
) -> np.ndarray:
    """Every input of an event with every output, and the event; shape (n, 3)."""
    size = 0
    for event in range(n_events):
        size += (input_start[event + 1] - input_start[event]) * (
            output_start[event + 1] - output_start[event]
        )
    steps = np.empty((size, 3), np.int32)
    place = 0
    for event in range(n_events):
        for i in range(input_start[event], input_start[event + 1]):
            for j in range(output_start[event], output_start[event + 1]):
                steps[place, 0] = inputs[i]
                steps[place, 1] = outputs[j]
                steps[place, 2] = event
                place += 1
    return steps


def _events_naming(snapshot: GraphSnapshot, member: BoolArray) -> Int32Array:
    named = [np.empty(0, np.int32)]
    for kind, source, target in (
        ("INPUT", "Lot", "Event"),
        ("OUTPUT", "Event", "Lot"),
        ("OBSERVED", "Event", "Lot"),
    ):
        edges = snapshot.edge_set(kind, source, target)
        if edges is None:
            continue
        lots, events = (edges.source, edges.target) if source == "Lot" else (edges.target, edges.source)
        named.append(events[member[lots]])
    return np.unique(np.concatenate(named)).astype(np.int32)
