"""Rights whose goods came from a start."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from suyuan.graph.ordering import chosen_rows, starts
from suyuan.graph.snapshot import Int32Array
from suyuan.traceback.preparation import Prepared, products_carried
from suyuan.traceback.spread import Amounts, Spread


class ReachedRight(NamedTuple):
    """A right that covers goods of the start, or that listings supplied from there offer or claim.

    ``listings`` is how many of those. Units and mass are 0 where no shipment of the start says that it carried a
    product that the right covers.
    """

    right: int
    units: float
    mass: float
    listings: int


def rights_reached(
    prepared: Prepared, spread: Spread, amounts: Amounts, listings: Sequence[int]
) -> list[ReachedRight]:
    """Rights of the products that came from a start, and of listings; in no order."""
    n_rights = len(prepared.snapshot.nodes["Right"])
    product, right = _protected(prepared)
    first = np.zeros(len(spread.part))
    first[spread.start.movements] = spread.start.parts
    everything, passed, began = (
        np.bincount(right, weights=_by_product(prepared, flow)[product], minlength=n_rights)
        for flow in (amounts.amount, amounts.amount * spread.part, amounts.amount * first)
    )
    count = _listings_by_right(prepared, listings, product, right)
    found = np.flatnonzero((passed > 0.0) | (count > 0))
    return [
        ReachedRight(
            int(at),
            float(began[at]),
            float(passed[at] / everything[at]) if everything[at] > 0.0 else 0.0,
            int(count[at]),
        )
        for at in found
    ]


def _protected(prepared: Prepared) -> tuple[Int32Array, Int32Array]:
    """Pairs of products and the rights that cover them, each once."""
    edges = prepared.snapshot.edge_set("PROTECTED_BY", "Product", "Right")
    if edges is None:
        return np.empty(0, np.int32), np.empty(0, np.int32)
    pairs = np.unique(np.stack([edges.source, edges.target], axis=1), axis=0)
    return pairs[:, 0], pairs[:, 1]


def _by_product(prepared: Prepared, flow: np.ndarray) -> np.ndarray:
    """Flow of each product, by position."""
    rank = products_carried(prepared.carried, prepared.goods.lot_product)
    by_rank = np.bincount(rank[rank >= 0], weights=flow[rank >= 0], minlength=len(prepared.product_rank))
    return by_rank[prepared.product_rank]


def _listings_by_right(
    prepared: Prepared, listings: Sequence[int], product: Int32Array, right: Int32Array
) -> np.ndarray:
    """How many of some listings claim each right, or offer a product that it covers."""
    n_rights = len(prepared.snapshot.nodes["Right"])
    chosen = np.zeros(len(prepared.snapshot.nodes["Listing"]), np.bool_)
    chosen[list(listings)] = True
    pairs: list[np.ndarray] = []
    claims = prepared.snapshot.edge_set("CLAIMS", "Listing", "Right")
    if claims is not None:
        mine = chosen[claims.source]
        pairs.append(np.stack([claims.source[mine], claims.target[mine]], axis=1))
    offers = prepared.snapshot.edge_set("OFFERS", "Listing", "Product")
    if offers is not None and len(product):
        mine = chosen[offers.source]
        listing, offered = offers.source[mine], offers.target[mine]
        begins, place = chosen_rows(starts(product, len(prepared.snapshot.nodes["Product"])), offered)
        pairs.append(np.stack([np.repeat(listing, np.diff(begins)), right[place]], axis=1))
    if not pairs:
        return np.zeros(n_rights, np.int64)
    distinct = np.unique(np.concatenate(pairs), axis=0)
    return np.bincount(distinct[:, 1], minlength=n_rights)
