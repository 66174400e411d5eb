# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportIncompatibleMethodOverride=false
"""The most probable chains from an origin to a case.

Best first, with an exact bound: from each movement the probability of its best completion is known, so
chains come off the heap in order of their probability and the first k to end at an origin are the k most
probable.
"""

from typing import NamedTuple

import numpy as np

from suyuan.graph.compiled import compiled
from suyuan.graph.snapshot import FloatArray, Int32Array, Int64Array
from suyuan.traceback.massgraph import MassGraph, Rows
from suyuan.traceback.results import OriginPath
from suyuan.traceback.visits import enlarged


class Chains(NamedTuple):
    """Chains as a tree: each entry adds one movement, at a place of the mass graph, to the entry before it.

    ``probability`` is that of the chain so far, ``bound`` that of its best completion. ``heap`` holds the
    entries not yet taken up; ``count`` the numbers of entries and of heap items.
    """

    place: Int32Array
    before: Int32Array
    probability: FloatArray
    bound: FloatArray
    heap: Int32Array
    count: Int64Array


@compiled
def best_completions(rows: Rows) -> FloatArray:
    """Probability of the most probable way from each movement to an origin; 0 where there is none."""
    best = np.zeros(len(rows.made))
    for place in range(len(best)):
        best[place] = 1.0 if rows.made[place] else 0.0
    changed = True
    while changed:
        changed = False
        for back in range(len(best)):
            place = len(best) - 1 - back
            for entry in range(rows.start[place], rows.start[place + 1]):
                through = rows.share[entry] * best[rows.far[entry]]
                if through > best[place]:
                    best[place] = through
                    changed = True
    return best


@compiled
def comes_first(chains: Chains, one: int, other: int) -> bool:
    """Order of the heap: higher bounds first, equal ones as they were found."""
    if chains.bound[one] != chains.bound[other]:
        return chains.bound[one] > chains.bound[other]
    return one < other


@compiled
def pushed(chains: Chains, place: int, before: int, probability: float, bound: float) -> Chains:
    """The chains with one entry more."""
    entry, item = chains.count[0], chains.count[1]
    if entry == len(chains.place):
        chains = Chains(
            enlarged(chains.place, 0),
            enlarged(chains.before, 0),
            enlarged(chains.probability, 0),
            enlarged(chains.bound, 0),
            enlarged(chains.heap, 0),
            chains.count,
        )
    chains.place[entry] = place
    chains.before[entry] = before
    chains.probability[entry] = probability
    chains.bound[entry] = bound
    chains.count[0] = entry + 1
    chains.count[1] = item + 1
    while item > 0:
        parent = (item - 1) // 2
        if not comes_first(chains, entry, chains.heap[parent]):
            break
        chains.heap[item] = chains.heap[parent]
        item = parent
    chains.heap[item] = entry
    return chains


@compiled
def popped(chains: Chains) -> int:
    """The first entry of the heap, which is taken off it."""
    first = chains.heap[0]
    size = chains.count[1] - 1
    chains.count[1] = size
    last = chains.heap[size]
    item = 0
    while 2 * item + 1 < size:
        child = 2 * item + 1
        if child + 1 < size and comes_first(chains, chains.heap[child + 1], chains.heap[child]):
            child += 1
        if not comes_first(chains, chains.heap[child], last):
            break
        chains.heap[item] = chains.heap[child]
        item = child
    chains.heap[item] = last
    return first


@compiled
def on_chain(chains: Chains, entry: int, place: int) -> bool:
    """Whether a chain already holds a movement."""
    while entry >= 0:
        if chains.place[entry] == place:
            return True
        entry = chains.before[entry]
    return False


@compiled
def best_chains(
    rows: Rows, first_mass: FloatArray, wanted: int, most_entries: int
) -> tuple[Chains, Int32Array]:
    """The most probable chains; the entries at which they end, best first."""
    best = best_completions(rows)
    room = 256
    chains = Chains(
        np.empty(room, np.int32),
        np.empty(room, np.int32),
        np.empty(room),
        np.empty(room),
        np.empty(room, np.int32),
        np.zeros(2, np.int64),
    )
    for place in range(len(first_mass)):
        if first_mass[place] * best[place] > 0.0:
            chains = pushed(chains, place, -1, first_mass[place], first_mass[place] * best[place])
    ends = np.empty(wanted, np.int32)
    n_ends = 0
    while n_ends < wanted and chains.count[1] > 0 and chains.count[0] < most_entries:
        entry = popped(chains)
        place = chains.place[entry]
        if rows.made[place]:
            ends[n_ends] = entry
            n_ends += 1
            continue
        for step in range(rows.start[place], rows.start[place + 1]):
            far = rows.far[step]
            probability = chains.probability[entry] * rows.share[step]
            if probability * best[far] > 0.0 and not on_chain(chains, entry, far):
                chains = pushed(chains, far, entry, probability, probability * best[far])
    return chains, ends[:n_ends]


def best_paths(
    graph: MassGraph,
    from_site: Int32Array,
    to_site: Int32Array,
    *,
    wanted: int,
    most_entries: int = 1_000_000,
) -> tuple[OriginPath, ...]:
    """The most probable chains from an origin to the case, best first, equal ones as the walk found them.

    A chain holds no movement twice. Fewer are given where there are fewer, or when more than ``most_entries``
    beginnings of chains would have to be kept.
    """
    if wanted < 1 or not len(graph.movement):
        return ()
    chains, ends = best_chains(graph.rows, graph.first_mass, wanted, most_entries)
    return tuple(_path(graph, chains, int(end), from_site, to_site) for end in ends)


def _path(
    graph: MassGraph, chains: Chains, end: int, from_site: Int32Array, to_site: Int32Array
) -> OriginPath:
    movements: list[int] = []
    entry = end
    while entry >= 0:
        movements.append(int(graph.movement[chains.place[entry]]))
        entry = int(chains.before[entry])
    sites = [int(from_site[movements[0]]), *(int(to_site[movement]) for movement in movements)]
    return OriginPath(float(chains.probability[end]), tuple(movements), tuple(sites))
