# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportIncompatibleMethodOverride=false
"""Movements arranged for walking from one to those that may have come before it, or after it.

One set of kernels walks both ways. *Near* is the movement a step is taken from, *far* the one it leads to.
Backward, a far movement can have come before a near one when its ``key``, the earliest arrival, is not
after the near one's ``limit``, the latest departure. Forward, times are negated: the key is minus the
latest departure of what follows, the limit minus the earliest arrival of what went before.
"""

from typing import Final, NamedTuple

import numpy as np

from suyuan.graph.compiled import compiled, uncounted
from suyuan.graph.ordering import group_order, group_places
from suyuan.graph.snapshot import BoolArray, Int32Array, Int64Array
from suyuan.traceback.goods import (
    DISAGREE,
    JOINED,
    SAME_LOT,
    Goods,
    Links,
    agreement,
    linked_products,
    product_of,
)
from suyuan.traceback.inlining import inlined
from suyuan.traceback.visits import enlarged

NOTHING_SCANNED: Final = -(2**63)


class Streams(NamedTuple):
    """Movements of one product at one site, for every such pair, in both directions of flow.

    Streams of site v are ``site_start[v]:site_start[v + 1]``, by product; -1, the unknown product, comes
    first. Shapes: (n_sites + 1,), (n_streams,).
    """

    site_start: Int64Array
    product: Int32Array


class Recorded(NamedTuple):
    """Movements that a record says went on with one another.

    ``start`` has shape (n_movements + 1,), or (1,) when there is no such record; far movements recorded for
    near movement m are ``far[start[m]:start[m + 1]]``. ``decided[m]``: m is the far one of some record.
    """

    start: Int64Array
    far: Int32Array
    decided: BoolArray


class Walk(NamedTuple):
    """One direction of walking.

    ``leaves`` is the site at which a step is taken from a movement, ``comes`` the one at which it is taken
    to it. ``order[start[s]:start[s + 1]]`` are the far movements of stream s by key; ``loose`` those of
    ``order`` whose limit lies beyond their key, ``loose_rank[i]`` how many of them are before place i (empty
    where there are none at all). ``spans``: :func:`suyuan.traceback.spans.spans_of`, empty where every step
    has to be looked up. ``near_low``, ``far_high``: bounds of the times between which a stay is measured,
    empty when ``longest_stay`` is 0, that is, unbounded. ``narrows``: the limit of a far movement is never
    beyond that of the near one.
    """

    leaves: Int32Array
    comes: Int32Array
    carried: Int32Array
    key: Int64Array
    limit: Int64Array
    streams: Streams
    start: Int64Array
    order: Int32Array
    loose_rank: Int32Array
    loose: Int32Array
    spans: Int32Array
    goods: Goods
    links: Links
    recorded: Recorded
    near_low: Int64Array
    far_high: Int64Array
    longest_stay: int
    narrows: bool


def number_streams(
    site: Int32Array, product: Int32Array, n_sites: int, n_products: int
) -> tuple[Int32Array, Int64Array, Int32Array]:
    """Streams of (site, product) pairs, in that order.

    Returns
    -------
    stream of each pair given, int32; ``site_start`` and ``product`` of :class:`Streams`.
    """
    by_product, _ = group_places(product + np.int32(1), n_products + 1)
    by_site, _ = group_places(site[by_product], n_sites)
    order = by_product[by_site]
    begins = np.ones(len(order), np.bool_)
    begins[1:] = (site[order[1:]] != site[order[:-1]]) | (product[order[1:]] != product[order[:-1]])
    stream = np.empty(len(order), np.int32)
    stream[order] = np.cumsum(begins) - 1
    firsts = order[begins]
    site_start = np.searchsorted(site[firsts], np.arange(n_sites + 1)).astype(np.int64)
    return stream, site_start, product[firsts]


@uncounted
def stream_at(site: int, product: int, streams: Streams) -> int:
    """The stream of a product at a site, -1 if there is none."""
    low, end = streams.site_start[site], streams.site_start[site + 1]
    high = end
    while low < high:
        middle = (low + high) // 2
        if streams.product[middle] < product:
            low = middle + 1
        else:
            high = middle
    return low if low < end and streams.product[low] == product else -1


@inlined
def first_after(keys: Int64Array, order: Int32Array, low: int, high: int, after: int) -> int:
    """First place in ``order[low:high]`` with a key above ``after``."""
    while low < high:
        middle = (low + high) // 2
        if keys[order[middle]] <= after:
            low = middle + 1
        else:
            high = middle
    return low


@inlined
def is_empty(walk: Walk, site: int) -> bool:
    """Whether no movement comes to a site in this direction."""
    site_start = walk.streams.site_start
    return walk.start[site_start[site]] == walk.start[site_start[site + 1]]


@compiled
def streams_for(walk: Walk, site: int, product: int) -> Int32Array:
    """Streams at a site that can hold goods of a product, or of an unknown one (-1)."""
    begin, end = walk.streams.site_start[site], walk.streams.site_start[site + 1]
    if product < 0:
        everything = np.empty(end - begin, np.int32)
        for stream in range(begin, end):
            everything[stream - begin] = stream
        return everything
    low, high = (0, 0)
    if len(walk.links.product_near) > 0:
        low, high = linked_products(site, product, walk.links)
    found = np.empty(2 + high - low, np.int32)
    count = 0
    if begin < end and walk.streams.product[begin] < 0:
        found[count] = begin
        count += 1
    own = stream_at(site, product, walk.streams)
    if own >= 0:
        found[count] = own
        count += 1
    for pair in range(low, high):
        linked = stream_at(site, walk.links.product_far[pair], walk.streams)
        if linked >= 0:
            found[count] = linked
            count += 1
    return found[:count]


@compiled
def agrees(walk: Walk, near: int, far: int) -> int:
    """How near and far agree in goods and in length of stay; times apart from that are not looked at."""
    if near == far or stays_too_long(walk, near, far):
        return DISAGREE
    if len(walk.recorded.start) > 1 and walk.recorded.decided[far]:
        return DISAGREE
    site = walk.leaves[near]
    return agreement(site, walk.carried[near], walk.carried[far], walk.goods, walk.links)


@compiled
def stays_too_long(walk: Walk, near: int, far: int) -> bool:
    """Whether goods would have stayed longer than allowed."""
    if walk.longest_stay == 0:
        return False
    return walk.near_low[near] - walk.far_high[far] > walk.longest_stay


@inlined
def recorded_far(walk: Walk, near: int) -> tuple[int, int]:
    """Where the recorded far movements of a near one begin and end."""
    if len(walk.recorded.start) <= 1:
        return 0, 0
    return walk.recorded.start[near], walk.recorded.start[near + 1]


@compiled
def steps(
    walk: Walk, near: int, limit: int, scanned: int, found: Int32Array, kinds: Int32Array
) -> tuple[int, Int32Array, Int32Array]:
    """Far movements that one step from ``near`` can lead to.

    Parameters
    ----------
    limit : greatest key to take.
    scanned : keys up to here were taken before; of those only loose ones are given again. NOTHING_SCANNED:
    none. found, kinds : room for the answer, enlarged where needed.

    Returns
    -------
    How many; the far movements; how they agree.
    """
    low, high = recorded_far(walk, near)
    if low < high:
        return recorded_steps(walk, near, limit, found, kinds)
    count = 0
    site = walk.leaves[near]
    if is_empty(walk, site):
        return count, found, kinds
    product = product_of(walk.carried[near], walk.goods.lot_product)
    for stream in streams_for(walk, site, product):
        low, end = walk.start[stream], walk.start[stream + 1]
        if scanned != NOTHING_SCANNED:
            low, begin = first_after(walk.key, walk.order, low, end, scanned), low
            if len(walk.loose) > 0:
                loose_low, loose_high = walk.loose_rank[begin], walk.loose_rank[low]
                count, found, kinds = agreeing(
                    walk, near, walk.loose, loose_low, loose_high, count, found, kinds
                )
        high = first_after(walk.key, walk.order, low, end, limit)
        count, found, kinds = agreeing(walk, near, walk.order, low, high, count, found, kinds)
    return count, found, kinds


@compiled
def recorded_steps(
    walk: Walk, near: int, limit: int, found: Int32Array, kinds: Int32Array
) -> tuple[int, Int32Array, Int32Array]:
    """The steps from a movement whose far ones are recorded."""
    low, high = recorded_far(walk, near)
    if len(found) < high - low:
        found, kinds = enlarged(found, high - low), enlarged(kinds, high - low)
    count = 0
    for place in range(low, high):
        far = walk.recorded.far[place]
        if far != near and walk.key[far] <= limit and walk.comes[far] == walk.leaves[near]:
            found[count] = far
            kinds[count] = JOINED
            count += 1
    return count, found, kinds


@compiled
def agreeing(
    walk: Walk,
    near: int,
    order: Int32Array,
    low: int,
    high: int,
    count: int,
    found: Int32Array,
    kinds: Int32Array,
) -> tuple[int, Int32Array, Int32Array]:
    """Append those of ``order[low:high]``, members of one stream, that agree with ``near``."""
    if low == high:
        return count, found, kinds
    if count + high - low > len(found):
        found, kinds = enlarged(found, count + high - low), enlarged(kinds, count + high - low)
    if walk.longest_stay > 0 or len(walk.recorded.start) > 1:
        for place in range(low, high):
            kind = agrees(walk, near, order[place])
            if kind != DISAGREE:
                found[count], kinds[count] = order[place], kind
                count += 1
        return count, found, kinds
    if walk.carried[near] >= 0:
        return agreeing_lots(walk, near, order, low, high, count, found, kinds)
    kind = agrees(walk, near, order[low] if order[low] != near or high == low + 1 else order[low + 1])
    for place in range(low, high):
        if order[place] != near and kind != DISAGREE:
            found[count], kinds[count] = order[place], kind
            count += 1
    return count, found, kinds


@compiled
def agreeing_lots(
    walk: Walk,
    near: int,
    order: Int32Array,
    low: int,
    high: int,
    count: int,
    found: Int32Array,
    kinds: Int32Array,
) -> tuple[int, Int32Array, Int32Array]:
    """The same where a lot is known of ``near``: members without a lot all agree in the same way."""
    carried, lot_code = walk.carried, walk.goods.lot_code
    lot, code = carried[near], walk.goods.lot_code[carried[near]]
    site = walk.leaves[near]
    linked = walk.links.lot_start[site] < walk.links.lot_start[site + 1]
    without_lot = -1
    for place in range(low, high):
        far = order[place]
        kind = SAME_LOT
        if far == near:
            kind = DISAGREE
        elif carried[far] < 0:
            if without_lot < 0:
                without_lot = agrees(walk, near, far)
            kind = without_lot
        elif carried[far] != lot:
            alike = linked or lot_code[carried[far]] == code
            kind = agrees(walk, near, far) if alike else DISAGREE
        if kind != DISAGREE:
            found[count], kinds[count] = far, kind
            count += 1
    return count, found, kinds


@compiled
def loose_of(order: Int32Array, key: Int64Array, limit: Int64Array) -> tuple[Int32Array, Int32Array]:
    """The loose movements of :class:`Walk`: their ranks and themselves."""
    count = 0
    for place in range(len(order)):
        count += limit[order[place]] > key[order[place]]
    loose = np.empty(count, np.int32)
    rank = np.zeros(len(order) + 1 if count > 0 else 0, np.int32)
    if count > 0:
        count = 0
        for place in range(len(order)):
            rank[place] = count
            if limit[order[place]] > key[order[place]]:
                loose[count] = order[place]
                count += 1
        rank[len(order)] = count
    return rank, loose


def arranged(
    stream: Int32Array, key: Int64Array, feed: Int32Array, n_streams: int
) -> tuple[Int32Array, Int64Array]:
    """Movements of ``feed`` by (stream, key), equal ones as they came; and where the streams start."""
    order, start = group_order(stream[feed], key[feed], n_streams)
    return feed[order], start


def unbounded() -> Int64Array:
    """What stands for ``near_low`` and ``far_high`` where stays are not bounded."""
    return np.empty(0, np.int64)


def no_recorded() -> Recorded:
    """No movement is recorded to go on with another."""
    return Recorded(np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0, np.bool_))
