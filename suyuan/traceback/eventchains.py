"""Chains through events: from a lot back to where nothing is known to be before, lot by lot and place by place."""

from collections import defaultdict

import numpy as np

from suyuan.graph.snapshot import BoolArray, GraphSnapshot, Int32Array, Int64Array
from suyuan.traceback.events import Steps, happened, lot_closure, lot_steps, lots_named
from suyuan.traceback.results import EventChain

_LAST = np.iinfo(np.int64).max
MOST_CHAINS = 200


def chains_from(
    snapshot: GraphSnapshot, lot: int, *, as_of: int | None = None, most: int = MOST_CHAINS
) -> tuple[tuple[EventChain, ...], int]:
    """One shortest chain for each lot that a lot comes from and that itself comes from none.

    Dates are not looked at, as in :mod:`suyuan.traceback.events`.

    Parameters
    ----------
    as_of : microseconds UTC; later events are left out.
    most : how many chains to give, by the id of their first lot.

    Returns
    -------
    The chains, and how many more there are.
    """
    steps = lot_steps(snapshot, "backward", as_of)
    members = lot_closure(steps, np.array([lot], np.int32))
    onward = _nearest(steps, lot)
    before = {step[0] for step in onward.values()}
    ids = snapshot.nodes["Lot"]
    ends = sorted((int(place) for place in members if int(place) not in before), key=ids.id_at)
    seen = _Sightings(snapshot, members, happened(snapshot, as_of))
    chains = tuple(_chain(end, onward, seen) for end in ends[:most])
    return tuple(chain for chain in chains if chain.events), max(0, len(ends) - most)


def _nearest(steps: Steps, lot: int) -> dict[int, tuple[int, int]]:
    """For each lot before the start: the next lot towards it and the event that tells so, by way of the fewest."""
    taken: set[int] = set()
    onward: dict[int, tuple[int, int]] = {}
    layer = [lot]
    while layer:
        following: list[int] = []
        for near in layer:
            for step in steps.step[steps.start[near] : steps.start[near + 1]].tolist():
                if step in taken:
                    continue
                taken.add(step)
                for far in steps.far[steps.far_start[step] : steps.far_start[step + 1]].tolist():
                    if far != lot and far not in onward:
                        onward[far] = (near, int(steps.event[step]))
                        following.append(far)
        layer = following
    return onward


class _Sightings:
    """Events that name lots, by lot and time, each with its place."""

    def __init__(self, snapshot: GraphSnapshot, lots: Int32Array, happened: BoolArray) -> None:
        parts: list[tuple[Int32Array, Int32Array, Int64Array]] = []
        for of_lot, events, edges in lots_named(snapshot):
            kept = np.isin(of_lot, lots) & happened[events]
            at = np.where(edges.columns["at_known"], edges.columns["at"], _LAST)
            parts.append((of_lot[kept], events[kept], at[kept]))
        self._site = np.full(len(snapshot.nodes["Event"]), -1, np.int32)
        places = snapshot.edge_set("AT", "Event", "Site")
        if places is not None:
            self._site[places.source] = places.target
        self._events: dict[int, list[int]] = defaultdict(list)
        if not parts:
            return
        of_lot = np.concatenate([part[0] for part in parts])
        events = np.concatenate([part[1] for part in parts])
        at = np.concatenate([part[2] for part in parts])
        for place in np.lexsort((_in_order(snapshot, events), at)).tolist():
            self._events[int(of_lot[place])].append(int(events[place]))

    def events_of(self, lot: int) -> list[int]:
        """Events that name the lot, the earliest first."""
        return self._events.get(lot, [])

    def sites_of(self, lot: int) -> list[int]:
        """Where events saw the lot, in order, each place once."""
        sites = (int(self._site[event]) for event in self.events_of(lot))
        return [site for site in dict.fromkeys(sites) if site >= 0]


def _in_order(snapshot: GraphSnapshot, events: Int32Array) -> Int64Array:
    """Places of events in the order of their ids."""
    rank = np.empty(len(snapshot.nodes["Event"]), np.int64)
    rank[snapshot.nodes["Event"].by_id] = np.arange(len(rank))
    return rank[events]


def _chain(end: int, onward: dict[int, tuple[int, int]], seen: _Sightings) -> EventChain:
    lots, events = [end], seen.events_of(end)[:1]
    while lots[-1] in onward:
        following, event = onward[lots[-1]]
        lots.append(following)
        events.append(event)
    sites = dict.fromkeys(site for lot in lots for site in seen.sites_of(lot))
    return EventChain(tuple(lots), tuple(dict.fromkeys(events)), tuple(sites))
