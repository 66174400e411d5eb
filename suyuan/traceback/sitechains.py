"""What becomes of lots at one place in several steps: made into another, that one packed, unpacked elsewhere.

A transformation or packing tells one step. Goods that came as one lot and left as another may have gone through
several at the same place, none of which names both.
"""

from collections import defaultdict

import numpy as np

from suyuan.graph.snapshot import EdgeSet, GraphSnapshot, Int32Array

_DELETE = 2


def packing_pairs(snapshot: GraphSnapshot, event_site: Int32Array) -> Int32Array:
    """(site, lot before, lot after) of packings and unpackings at known places; shape (n, 3).

    Packed, the child goes on as its parent; unpacked, the parent goes on as its children.
    """
    packed = snapshot.edge_set("CONTAINS", "Lot", "Lot")
    if packed is None:
        return np.empty((0, 3), np.int32)
    unpacked = packed.columns["action"] == _DELETE
    before = np.where(unpacked, packed.source, packed.target)
    after = np.where(unpacked, packed.target, packed.source)
    pairs = np.stack([event_site[packed.columns["record"]], before, after], axis=1).astype(np.int32)
    return pairs[pairs[:, 0] >= 0]


def chained(snapshot: GraphSnapshot, pairs: Int32Array) -> Int32Array:
    """The pairs, and those of lots that came to a place and left it several steps later.

    Parameters
    ----------
    pairs : (site, lot before, lot after), each once, shape (n, 3)
    """
    n_lots = max(1, len(snapshot.nodes["Lot"]))
    before = pairs[:, 0].astype(np.int64) * n_lots + pairs[:, 1]
    after = pairs[:, 0].astype(np.int64) * n_lots + pairs[:, 2]
    if not np.isin(after, before).any():
        return pairs
    steps: defaultdict[int, list[int]] = defaultdict(list)
    for one, other in zip(before.tolist(), after.tolist(), strict=True):
        steps[other].append(one)
    came, left = _passed(snapshot, n_lots)
    found = [
        (near // n_lots, far % n_lots, near % n_lots)
        for near in np.intersect1d(after, left).tolist()
        for far in _all_before(near, steps)
        if far in came
    ]
    more = np.array(found, np.int32).reshape(-1, 3)
    return np.unique(np.concatenate([pairs, more]), axis=0)


def _all_before(lot: int, steps: dict[int, list[int]]) -> list[int]:
    """Everything that became of something, step by step; the thing itself left out."""
    seen = {lot}
    stack = [lot]
    while stack:
        for one in steps.get(stack.pop(), ()):
            if one not in seen:
                seen.add(one)
                stack.append(one)
    seen.discard(lot)
    return list(seen)


def _passed(snapshot: GraphSnapshot, n_lots: int) -> tuple[set[int], np.ndarray]:
    """Lots that came to a place and lots that left it, each as site times lots plus lot."""
    movements = snapshot.movements
    known = np.flatnonzero(movements.goods >= 0)
    goods = [movements.goods[known].astype(np.int64)]
    into, out = [movements.to_site[known].astype(np.int64)], [movements.from_site[known].astype(np.int64)]
    carried: EdgeSet | None = snapshot.edge_set("CARRIES", "Shipment", "Lot")
    if carried is not None:
        moving = carried.source < len(movements)
        goods.append(carried.target[moving].astype(np.int64))
        into.append(movements.to_site[carried.source[moving]].astype(np.int64))
        out.append(movements.from_site[carried.source[moving]].astype(np.int64))
    lots = np.concatenate(goods)
    came = set((np.concatenate(into) * n_lots + lots).tolist())
    return came, np.unique(np.concatenate(out) * n_lots + lots)
