"""Events whose times cannot be right: a lot that is named before it was made, or used before it came to the place.

A trace through events does not look at dates, so that a wrong clock loses nothing. What such a trace rests on is told
here instead.
"""

import numpy as np

from suyuan.graph.model import EVENT_TYPES
from suyuan.graph.snapshot import (
    ARRIVED_PRECISION_SHIFT,
    ARRIVED_UNKNOWN,
    PRECISION_MASK,
    BoolArray,
    EdgeSet,
    GraphSnapshot,
    Int32Array,
    Int64Array,
)
from suyuan.traceback.results import TimeConflict
from suyuan.traceback.times import span_end

_ADD = 0
_OBJECT_EVENT = EVENT_TYPES.index("ObjectEvent")
_NEVER = np.iinfo(np.int64).max

Sightings = tuple[Int32Array, Int32Array, Int64Array, Int64Array]
"""Lots, events that name them, times and precisions, in parallel; only those with a time."""


def time_conflicts(snapshot: GraphSnapshot, lots: Int32Array) -> tuple[TimeConflict, ...]:
    """Conflicts of the events that name some lots, by event id, then lot id.

    Parameters
    ----------
    lots : positions, sorted

    Notes
    -----
    A lot is made by the transformations that put it out and the object events that add it; the earliest counts. It
    comes to a place with the movements that carry it there. Times are compared at the precision they have.
    """
    if not len(lots) or not len(snapshot.nodes["Event"]):
        return ()
    wanted = np.zeros(len(snapshot.nodes["Lot"]), np.bool_)
    wanted[lots] = True
    outputs = _sightings(snapshot.edge_set("OUTPUT", "Event", "Lot"), wanted)
    observed = snapshot.edge_set("OBSERVED", "Event", "Lot")
    adds = _adds(observed)
    made = _joined(outputs, _sightings(observed, wanted, adds))
    inputs = _sightings(snapshot.edge_set("INPUT", "Lot", "Event"), wanted)
    used = _joined(inputs, _sightings(observed, wanted, ~adds))
    found = _before(used, _earliest(made, len(wanted)))
    found |= _before_arrival(snapshot, inputs, wanted)
    events, names = snapshot.nodes["Event"], snapshot.nodes["Lot"]
    return tuple(
        sorted(found.values(), key=lambda item: (events.id_at(item.event), names.id_at(item.lot), item.later))
    )


def _adds(observed: EdgeSet | None) -> BoolArray:
    if observed is None:
        return np.zeros(0, np.bool_)
    return (observed.columns["action"] == _ADD) & (observed.columns["event_type"] == _OBJECT_EVENT)


def _sightings(edges: EdgeSet | None, wanted: BoolArray, chosen: BoolArray | None = None) -> Sightings:
    if edges is None:
        nothing = np.zeros(0, np.int32)
        return nothing, nothing, nothing.astype(np.int64), nothing.astype(np.int64)
    lots, events = (
        (edges.source, edges.target) if edges.source_kind == "Lot" else (edges.target, edges.source)
    )
    kept = wanted[lots] & edges.columns["at_known"]
    if chosen is not None:
        kept &= chosen
    at = edges.columns["at"][kept]
    return lots[kept], events[kept], at, edges.columns["at_precision"][kept].astype(np.int64)


def _joined(one: Sightings, other: Sightings) -> Sightings:
    return (
        np.concatenate([one[0], other[0]]),
        np.concatenate([one[1], other[1]]),
        np.concatenate([one[2], other[2]]),
        np.concatenate([one[3], other[3]]),
    )


def _earliest(made: Sightings, n_lots: int) -> tuple[Int64Array, Int64Array]:
    """When each lot was made first, and how exactly that is known."""
    first = np.full(n_lots, _NEVER, np.int64)
    precision = np.zeros(n_lots, np.int64)
    lots, _, at, precisions = made
    for place in np.argsort(at, kind="stable")[::-1].tolist():
        first[lots[place]], precision[lots[place]] = at[place], precisions[place]
    return first, precision


Found = dict[tuple[int, int, int], TimeConflict]


def _before(used: Sightings, made: tuple[Int64Array, Int64Array]) -> Found:
    first, precision = made
    lots, events, at, precisions = used
    found: Found = {}
    for place in np.flatnonzero((first[lots] != _NEVER) & (at < first[lots])).tolist():
        lot, event = int(lots[place]), int(events[place])
        if span_end(int(at[place]), int(precisions[place])) >= first[lot]:
            continue
        later = (int(first[lot]), int(precision[lot]))
        found[event, lot, 0] = TimeConflict(event, lot, (int(at[place]), int(precisions[place])), later)
    return found


def _before_arrival(snapshot: GraphSnapshot, inputs: Sightings, wanted: BoolArray) -> Found:
    """Inputs of transformations that every movement brings to the place only later."""
    arrivals = _arrivals(snapshot, wanted)
    sites = np.full(len(snapshot.nodes["Event"]), -1, np.int32)
    at_site = snapshot.edge_set("AT", "Event", "Site")
    if at_site is not None:
        sites[at_site.source] = at_site.target
    found: Found = {}
    for lot, event, at, precision in zip(*(part.tolist() for part in inputs), strict=True):
        arrival = arrivals.get((lot, int(sites[event])))
        if arrival is not None and span_end(at, precision) < arrival[0]:
            found[event, lot, 1] = TimeConflict(event, lot, (at, precision), arrival)
    return found


def _arrivals(snapshot: GraphSnapshot, wanted: BoolArray) -> dict[tuple[int, int], tuple[int, int]]:
    """First arrival of each lot at each site, where it is known."""
    movements = snapshot.movements
    known = (movements.flags & ARRIVED_UNKNOWN) == 0
    single = np.flatnonzero((movements.goods >= 0) & known).astype(np.int32)
    single = single[wanted[movements.goods[single]]]
    pairs = [(single, movements.goods[single])]
    carried = snapshot.edge_set("CARRIES", "Shipment", "Lot")
    if carried is not None:
        kept = wanted[carried.target] & (carried.source < len(movements))
        kept[kept] &= known[carried.source[kept]]
        pairs.append((carried.source[kept], carried.target[kept]))
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for places, lots in pairs:
        for movement, lot in zip(places.tolist(), lots.tolist(), strict=True):
            precision = int(movements.flags[movement] >> ARRIVED_PRECISION_SHIFT) & PRECISION_MASK
            arrival = (int(movements.arrived[movement]), precision)
            key = (lot, int(movements.to_site[movement]))
            found[key] = min(found.get(key, arrival), arrival)
    return found
