# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportIncompatibleMethodOverride=false
"""Whether what one movement carried can be what another carried on."""

from typing import Final, NamedTuple

import numpy as np

from suyuan.graph.compiled import compiled, uncounted
from suyuan.graph.ordering import group_places
from suyuan.graph.snapshot import NOTHING_KNOWN, EdgeSet, GraphSnapshot, Int32Array, Int64Array
from suyuan.traceback.events import happened
from suyuan.traceback.sitechains import chained, packing_pairs

DISAGREE: Final = 0
UNKNOWN: Final = 1
SAME_PRODUCT: Final = 2
SAME_LOT: Final = 3
JOINED: Final = 4
"""How two movements agree: not at all; one does not say; by product; by lot; by a record that joins them."""


class Links(NamedTuple):
    """What transformations can have made of what, site by site.

    *Near* is nearer to the start of the walk: the output when walking backward. At site v the pairs of lots
    are ``lot_start[v]:lot_start[v + 1]``, in order of the near lot's code; those of products likewise, in
    order of the near product.
    """

    lot_start: Int64Array
    lot_near: Int32Array
    lot_far: Int32Array
    product_start: Int64Array
    product_near: Int32Array
    product_far: Int32Array


class Goods(NamedTuple):
    """What is known of lots: ``product`` -1 where unknown, ``code`` equal for equal lot ids."""

    lot_product: Int32Array
    lot_code: Int32Array


@uncounted
def product_of(goods: int, lot_product: Int32Array) -> int:
    """Product of what a movement carries, -1 where unknown."""
    if goods >= 0:
        return lot_product[goods]
    return -1 if goods == NOTHING_KNOWN else -goods - 2


@uncounted
def same_lot(one: int, other: int, goods: Goods) -> bool:
    """Equal lot ids whose products do not differ; an unknown product agrees with any."""
    if one == other:
        return True
    if goods.lot_code[one] != goods.lot_code[other]:
        return False
    product, other_product = goods.lot_product[one], goods.lot_product[other]
    return product < 0 or other_product < 0 or product == other_product


@uncounted
def lots_linked(site: int, near: int, far: int, goods: Goods, links: Links) -> bool:
    """Whether a transformation at the site joins the two lots."""
    low, high = links.lot_start[site], links.lot_start[site + 1]
    code = goods.lot_code[near]
    while low < high:
        middle = (low + high) // 2
        if goods.lot_code[links.lot_near[middle]] < code:
            low = middle + 1
        else:
            high = middle
    while low < links.lot_start[site + 1] and goods.lot_code[links.lot_near[low]] == code:
        if same_lot(links.lot_near[low], near, goods) and same_lot(links.lot_far[low], far, goods):
            return True
        low += 1
    return False


@uncounted
def linked_products(site: int, near: int, links: Links) -> tuple[int, int]:
    """Where, among the pairs of products of all sites, those of a near product at a site begin and end."""
    low, end = links.product_start[site], links.product_start[site + 1]
    high = end
    while low < high:
        middle = (low + high) // 2
        if links.product_near[middle] < near:
            low = middle + 1
        else:
            high = middle
    high = low
    while high < end and links.product_near[high] == near:
        high += 1
    return low, high


@uncounted
def agreement(site: int, near: int, far: int, goods: Goods, links: Links) -> int:
    """How the goods of two movements that meet at a site agree.

    Two known lots decide by themselves; else two known products do; else the answer is UNKNOWN.
    """
    if near >= 0 and far >= 0:
        if same_lot(near, far, goods):
            return SAME_LOT
        if len(links.lot_near) > 0 and lots_linked(site, near, far, goods, links):
            return JOINED
        return DISAGREE
    product = product_of(near, goods.lot_product)
    other = product_of(far, goods.lot_product)
    if product < 0 or other < 0:
        return UNKNOWN
    if product == other:
        return SAME_PRODUCT
    low, high = linked_products(site, product, links) if len(links.product_near) > 0 else (0, 0)
    for pair in range(low, high):
        if links.product_far[pair] == other:
            return JOINED
    return DISAGREE


def goods_of(snapshot: GraphSnapshot) -> Goods:
    """What the snapshot knows of lots."""
    columns = snapshot.nodes["Lot"].columns
    return Goods(columns["product"], columns["code"])


def links_of(
    snapshot: GraphSnapshot, goods: Goods, *, as_of: int | None = None, forward: bool = False
) -> Links:
    """The links that transformations make (by ``as_of``); ``forward``: with inputs as the near side.

    A transformation joins each of its inputs to each of its outputs, a packing its children to the parent; lots that
    several of them lead to at one place are joined as well. Lots whose products are known, and products named
    themselves, join products too.
    """
    event_site, lots_in, lots_out, products_in, products_out = _events(snapshot, goods)
    event_site[~happened(snapshot, as_of)] = -1
    n_sites = len(snapshot.nodes["Site"])
    steps = [_pairs(event_site, lots_in, lots_out), packing_pairs(snapshot, event_site)]
    lot_pairs = chained(snapshot, np.unique(np.concatenate(steps), axis=0))
    product_pairs = np.concatenate(
        [_pairs(event_site, products_in, products_out), _product_pairs(lot_pairs, goods)]
    )
    product_pairs = product_pairs[product_pairs[:, 1] != product_pairs[:, 2]]
    if not forward:
        lot_pairs, product_pairs = lot_pairs[:, [0, 2, 1]], product_pairs[:, [0, 2, 1]]
    codes = goods.lot_code[lot_pairs[:, 1]] if len(lot_pairs) else lot_pairs[:, 1]
    lot_pairs = lot_pairs[np.lexsort((lot_pairs[:, 2], lot_pairs[:, 1], codes, lot_pairs[:, 0]))]
    product_pairs = np.unique(product_pairs, axis=0)
    return Links(
        _starts(lot_pairs[:, 0], n_sites),
        np.ascontiguousarray(lot_pairs[:, 1]),
        np.ascontiguousarray(lot_pairs[:, 2]),
        _starts(product_pairs[:, 0], n_sites),
        np.ascontiguousarray(product_pairs[:, 1]),
        np.ascontiguousarray(product_pairs[:, 2]),
    )


def _product_pairs(lot_pairs: Int32Array, goods: Goods) -> Int32Array:
    """What pairs of lots say of their products, where both are known."""
    if not len(lot_pairs):
        return lot_pairs
    pairs = np.stack(
        [lot_pairs[:, 0], goods.lot_product[lot_pairs[:, 1]], goods.lot_product[lot_pairs[:, 2]]], axis=1
    )
    return np.unique(pairs[(pairs[:, 1:] >= 0).all(axis=1)], axis=0)


def _starts(site: Int32Array, n_sites: int) -> Int64Array:
    return np.searchsorted(site, np.arange(n_sites + 1)).astype(np.int64)


Members = tuple[Int32Array, Int32Array]
"""Events and what each names, in parallel."""


def _events(snapshot: GraphSnapshot, goods: Goods) -> tuple[Int32Array, Members, Members, Members, Members]:
    """Site of each event (-1 unknown), and the lots and products that went in and came out."""
    site = np.full(len(snapshot.nodes["Event"]), -1, np.int32)
    at = snapshot.edge_set("AT", "Event", "Site")
    if at is not None:
        site[at.source] = at.target
    lots_in = _into_events(snapshot.edge_set("INPUT", "Lot", "Event"))
    lots_out = _out_of_events(snapshot.edge_set("OUTPUT", "Event", "Lot"))
    products_in = _into_events(snapshot.edge_set("INPUT", "Product", "Event"))
    products_out = _out_of_events(snapshot.edge_set("OUTPUT", "Event", "Product"))
    return (
        site,
        lots_in,
        lots_out,
        _with_products_of(lots_in, products_in, goods),
        _with_products_of(lots_out, products_out, goods),
    )


def _into_events(edges: EdgeSet | None) -> Members:
    nothing = np.empty(0, np.int32)
    return (nothing, nothing) if edges is None else (edges.target, edges.source)


def _out_of_events(edges: EdgeSet | None) -> Members:
    nothing = np.empty(0, np.int32)
    return (nothing, nothing) if edges is None else (edges.source, edges.target)


def _with_products_of(lots: Members, products: Members, goods: Goods) -> Members:
    of_lot = goods.lot_product[lots[1]]
    known = of_lot >= 0
    return np.concatenate([products[0], lots[0][known]]), np.concatenate([products[1], of_lot[known]])


def _pairs(event_site: Int32Array, before: Members, after: Members) -> Int32Array:
    """(site, what went in, what came out), each once; shape (n, 3)."""
    n_events = len(event_site)
    order_in, start_in = group_places(before[0], n_events)
    order_out, start_out = group_places(after[0], n_events)
    site, went_in, came_out = _all_pairs(
        event_site, before[1][order_in], start_in, after[1][order_out], start_out
    )
    return np.unique(np.stack([site, went_in, came_out], axis=1), axis=0)


@compiled
def _all_pairs(
    event_site: Int32Array,
    went_in: Int32Array,
    start_in: Int64Array,
    came_out: Int32Array,
    start_out: Int64Array,
) -> tuple[Int32Array, Int32Array, Int32Array]:
    size = 0
    for event in range(len(event_site)):
        if event_site[event] >= 0:
            size += (start_in[event + 1] - start_in[event]) * (start_out[event + 1] - start_out[event])
    site = np.empty(size, np.int32)
    first = np.empty(size, np.int32)
    second = np.empty(size, np.int32)
    place = 0
    for event in range(len(event_site)):
        if event_site[event] < 0:
            continue
        for i in range(start_in[event], start_in[event + 1]):
            for j in range(start_out[event], start_out[event + 1]):
                site[place] = event_site[event]
                first[place] = went_in[i]
                second[place] = came_out[j]
                place += 1
    return site, first, second
