"""Which sellers dispatch from which sites, and which shipments were seen to be theirs."""

from typing import NamedTuple

import numpy as np

from suyuan.graph.snapshot import Int32Array, Int64Array
from suyuan.traceback.preparation import Prepared
from suyuan.traceback.times import known_by


class SellerSites(NamedTuple):
    """What is known of sellers and sites by ``as_of``.

    Parameters
    ----------
    seller, site : int32
        Pairs, each once, by site.
    sharing : int64, shape (n_sites,)
        How many sellers dispatch from each site.
    parcel, sender : int32
        Movements that a test purchase, waybill or the like names, with the seller who sent them; each pair once.
    """

    seller: Int32Array
    site: Int32Array
    sharing: Int64Array
    parcel: Int32Array
    sender: Int32Array


def seller_sites(prepared: Prepared) -> SellerSites:
    """Sellers, sites and parcels as dispatches tell of them."""
    n_sites = len(prepared.snapshot.nodes["Site"])
    edges = prepared.snapshot.edge_set("DISPATCHES_FROM", "Seller", "Site")
    if edges is None:
        nothing = np.empty(0, np.int32)
        return SellerSites(nothing, nothing, np.zeros(n_sites, np.int64), nothing, nothing)
    known = known_by(edges.columns, prepared.as_of)
    site, seller = _distinct_pairs(edges.target[known], edges.source[known])
    shipment = edges.columns["shipment"]
    parcel, sender = _distinct_pairs(*_moving(prepared, shipment[known], edges.source[known]))
    return SellerSites(seller, site, np.bincount(site, minlength=n_sites), parcel, sender)


def purchases(prepared: Prepared) -> tuple[Int32Array, Int32Array]:
    """Movements that test purchases and waybills name, with the listing; each pair once."""
    edges = prepared.snapshot.edge_set("FULFILLED_BY", "Listing", "Shipment")
    if edges is None:
        return np.empty(0, np.int32), np.empty(0, np.int32)
    known = known_by(edges.columns, prepared.as_of)
    return _distinct_pairs(*_moving(prepared, edges.target[known], edges.source[known]))


def _moving(prepared: Prepared, shipment: Int32Array, other: Int32Array) -> tuple[Int32Array, Int32Array]:
    """Pairs whose shipment is a movement that is seen."""
    moves = (shipment >= 0) & (shipment < len(prepared.seen))
    moves[moves] = prepared.seen[shipment[moves]]
    return shipment[moves], other[moves]


def _distinct_pairs(first: Int32Array, second: Int32Array) -> tuple[Int32Array, Int32Array]:
    pairs = np.unique(np.stack([first, second], axis=1), axis=0)
    return pairs[:, 0].astype(np.int32), pairs[:, 1].astype(np.int32)
