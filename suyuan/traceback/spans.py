# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportIncompatibleMethodOverride=false
"""Where in the order of a walk the far movements of each near one lie: found once, read by every walk.

Far movements of one near one are the beginnings of at most two streams of the site: of unknown goods and of
its own product. Both are cut where the keys exceed the limit of the near movement. So a step is one row of
a table and a run of neighbours in memory.
"""

from typing import Final

import numpy as np

from suyuan.graph.compiled import compiled
from suyuan.graph.snapshot import Int32Array
from suyuan.traceback.goods import Links, linked_products
from suyuan.traceback.inlining import inlined
from suyuan.traceback.walking import Walk, first_after

EVERY_STREAM: Final = -1
"""Goods of an unknown product: all streams of the site are looked through."""

LOOK_UP: Final = -2
"""Records join the movement or its goods to others: :func:`suyuan.traceback.walking.steps` finds them."""


@compiled
def spans_of(walk: Walk, stream: Int32Array, feed: Int32Array) -> Int32Array:
    """The table ``spans`` of a walk.

    Parameters
    ----------
    walk : without it; stays must be unbounded and no movements recorded to go on with one another.
    stream, feed : int32; stream of each movement at the site it leaves; visible movements, best by site.

    Returns
    -------
    int32, shape (n_movements, 4): for each half, first place in ``order`` and the one after the last; 0, 0
    where it is empty. The first half holds goods whose product is unknown on either side. Column 0 is
    EVERY_STREAM where that is so, LOOK_UP also for what is not visible. Column 2 is ``-1 - first place``
    where a lot is known of the movement.
    """
    leaves, carried, links = walk.leaves, walk.carried, walk.links
    key, limit, order, start = walk.key, walk.limit, walk.order, walk.start
    spans = np.zeros((len(leaves), 4), np.int32)
    for near in range(len(leaves)):
        spans[near, 0] = LOOK_UP
    site_start, product_of_stream = walk.streams.site_start, walk.streams.product
    for near in feed:
        site, own = leaves[near], stream[near]
        begin, product = site_start[site], product_of_stream[own]
        if are_linked(site, product, carried[near], links):
            continue
        spans[near, 0] = 0
        if product < 0 and site_start[site + 1] > begin + 1:
            spans[near, 0] = EVERY_STREAM
        elif product < 0 or product_of_stream[begin] < 0:
            low, high = start[begin], first_after(key, order, start[begin], start[begin + 1], limit[near])
            if low < high:
                spans[near, 0], spans[near, 1] = low, high
        if product >= 0:
            low, high = start[own], first_after(key, order, start[own], start[own + 1], limit[near])
            if low < high:
                spans[near, 2], spans[near, 3] = low, high
        if carried[near] >= 0:
            spans[near, 2] = -1 - spans[near, 2]
    return spans


@compiled
def are_linked(site: int, product: int, carried: int, links: Links) -> bool:
    """Whether a transformation at a site can have made these goods of others."""
    if carried >= 0 and links.lot_start[site] < links.lot_start[site + 1]:
        return True
    if product < 0 or len(links.product_near) == 0:
        return False
    low, high = linked_products(site, product, links)
    return low < high


def no_spans() -> Int32Array:
    """What stands for the table where every step is looked up."""
    return np.empty((0, 4), np.int32)


@inlined
def n_runs(walk: Walk, spans: Int32Array, row: int, near: int) -> int:
    """In how many runs of ``order`` the far movements of a near one lie; LOOK_UP where that is not known.

    Parameters
    ----------
    spans, row : the table that tells, and where in it.
    """
    if len(spans) == 0 or spans[row, 0] == LOOK_UP:
        return LOOK_UP
    if spans[row, 0] >= 0:
        return 2
    site = walk.leaves[near]
    return walk.streams.site_start[site + 1] - walk.streams.site_start[site]


@inlined
def lot_of(walk: Walk, spans: Int32Array, row: int, near: int) -> int:
    """The lot a movement carries, -1 where none is known; asks memory for no more than the table."""
    return walk.carried[near] if spans[row, 2] < 0 else -1


@inlined
def run_at(walk: Walk, spans: Int32Array, row: int, near: int, limit: int, number: int) -> tuple[int, int]:
    """Where one of the runs begins and ends; far movements have keys up to ``limit``."""
    if spans[row, 0] >= 0:
        low, high = int(spans[row, 2 * number]), int(spans[row, 2 * number + 1])
        low = low if low >= 0 else -1 - low
        if low < high and limit != walk.limit[near]:
            high = first_after(walk.key, walk.order, low, high, limit)
        return low, high
    stream = walk.streams.site_start[walk.leaves[near]] + number
    low = walk.start[stream]
    return low, first_after(walk.key, walk.order, low, walk.start[stream + 1], limit)


@inlined
def agrees_in_run(walk: Walk, far: int, lot: int, code: int) -> bool:
    """Whether a member of a run agrees with goods of a lot, whose code is given; lot -1: not known."""
    if lot < 0:
        return True
    other = walk.carried[far]
    return other < 0 or other == lot or walk.goods.lot_code[other] == code
