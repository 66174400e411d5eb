"""From origins to the market: expected units between sites, and from sites to sellers.

The market's ends are sellers, and sites from which no goods of the origins are seen to go on. What leaves a site that
sellers dispatch from, and ends where it comes to, is sent by the seller whom a parcel names, else by all sellers of
the site in equal parts; so is what came to such a site and is not seen to leave it. What returns to an origin does not
reach the market.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import sparse

from suyuan.graph.snapshot import BoolArray, FloatArray, Int32Array, Int64Array
from suyuan.traceback.chainsolve import reachable
from suyuan.traceback.preparation import Prepared, id_ranks
from suyuan.traceback.sellersites import SellerSites, seller_sites
from suyuan.traceback.spread import Amounts, Spread

ORIGINS = -1
"""Key of where all flow begins; a site's key is its position, a seller's its position after all sites."""


@dataclass(frozen=True, slots=True)
class FlowNetwork:
    """Places between origins and the market's ends; only those that lie on a way.

    Parameters
    ----------
    key : int64, shape (n,)
        Sites first, then sellers, each by id: the position of a site, or ``n_sites`` plus that of a seller.
    n_sites : int
    from_places : sparse, shape (n, n)
        Row v holds the shares of what came to v by the place it came from.
    from_origins : float64, shape (n,)
        Share of what came to v that came from an origin without a place between. With the row it sums to 1.
    ends : float64, shape (n,)
        Units that reach the market here.
    other : float64, shape (n,)
        Units of trade that did not come from these origins: what the place sends, or takes in where nothing is seen
        to leave it.
    closable : bool, shape (n,)
        All but the origins themselves.
    """

    key: Int64Array
    n_sites: int
    from_places: sparse.csr_array
    from_origins: FloatArray
    ends: FloatArray
    other: FloatArray
    closable: BoolArray

    @property
    def units(self) -> float:
        """All that reaches the market."""
        return float(self.ends.sum())

    def __len__(self) -> int:
        return len(self.key)


class _Edges(NamedTuple):
    """Flows from place to place, by key."""

    tail: np.ndarray
    head: np.ndarray
    units: np.ndarray


class _Flows(NamedTuple):
    """Movements by what they are to the network; columns are those of all movements.

    ``tail``: where they leave, ORIGINS for first ones; ``named``: number of sellers a parcel names; ``retail``: sent
    by sellers of the site they leave, none of whom is named.
    """

    tail: np.ndarray
    flow: FloatArray
    other: FloatArray
    named: Int64Array
    retail: BoolArray
    onward: BoolArray


def flow_network(prepared: Prepared, spread: Spread, amounts: Amounts, origins: Int32Array) -> FlowNetwork:
    """The network of what came from a start.

    Parameters
    ----------
    origins : sites that are not to be closed, besides those that the first movements leave
    """
    n_sites = len(prepared.snapshot.nodes["Site"])
    sellers = seller_sites(prepared)
    flows = _flows(prepared, spread, amounts, sellers)
    is_origin = np.zeros(n_sites, np.bool_)
    is_origin[origins] = True
    is_origin[prepared.snapshot.movements.from_site[spread.start.movements]] = True
    edges = _edges(prepared, flows, sellers)
    n_keys = n_sites + len(prepared.snapshot.nodes["Seller"])
    came = np.bincount(edges.head, weights=edges.units, minlength=n_keys).astype(np.float64)
    ends = came.copy()
    ends[:n_sites][flows.onward | is_origin | (sellers.sharing > 0)] = 0.0
    closable = np.ones(n_keys, np.bool_)
    closable[:n_sites] = ~is_origin
    return _arranged(prepared, edges, came, ends, _other_trade(prepared, flows, sellers), closable)


def _flows(prepared: Prepared, spread: Spread, amounts: Amounts, sellers: SellerSites) -> _Flows:
    movements = prepared.snapshot.movements
    onward = np.zeros(len(prepared.snapshot.nodes["Site"]), np.bool_)
    onward[movements.from_site[spread.reached]] = True
    tail = movements.from_site.astype(np.int64)
    tail[spread.start.movements] = ORIGINS
    ends_there = ~onward[movements.to_site]
    named = np.bincount(sellers.parcel, minlength=len(movements)) * ends_there
    retail = ends_there & (named == 0) & (sellers.sharing[movements.from_site] > 0)
    flow = amounts.amount * spread.part
    return _Flows(tail, flow, amounts.amount - flow, named, retail, onward)


def _edges(prepared: Prepared, flows: _Flows, sellers: SellerSites) -> _Edges:
    """All flows of the origins' goods, place by place; a place's own returns left out."""
    movements = prepared.snapshot.movements
    n_sites = len(flows.onward)
    plain = np.flatnonzero((flows.flow > 0.0) & (flows.named == 0) & ~flows.retail)
    between = _Edges(flows.tail[plain], movements.to_site[plain].astype(np.int64), flows.flow[plain])
    is_parcel = (flows.named[sellers.parcel] > 0) & (flows.flow[sellers.parcel] > 0.0)
    parcel, sender = sellers.parcel[is_parcel], sellers.sender[is_parcel]
    parcels = _Edges(
        flows.tail[parcel], n_sites + sender.astype(np.int64), flows.flow[parcel] / flows.named[parcel]
    )
    direct, sold = (
        np.bincount(movements.from_site, weights=np.where(chosen, flows.flow, 0.0), minlength=n_sites)
        for chosen in (flows.retail & (flows.tail == ORIGINS), flows.retail & (flows.tail != ORIGINS))
    )
    came = np.bincount(between.head, weights=between.units, minlength=n_sites)
    later = np.where(flows.tail == ORIGINS, 0.0, flows.flow)
    kept = np.maximum(came - np.bincount(movements.from_site, weights=later, minlength=n_sites), 0.0)
    seller, site = n_sites + sellers.seller.astype(np.int64), sellers.site.astype(np.int64)
    part = 1.0 / np.maximum(sellers.sharing[sellers.site], 1)
    parts = (
        between,
        parcels,
        _Edges(np.full(len(site), ORIGINS), seller, direct[site] * part),
        _Edges(site, seller, (sold + kept)[site] * part),
    )
    tail, head, units = (np.concatenate(column) for column in zip(*parts, strict=True))
    moves = (tail != head) & (units > 0.0)
    return _Edges(tail[moves], head[moves], units[moves])


def _other_trade(prepared: Prepared, flows: _Flows, sellers: SellerSites) -> FloatArray:
    """Units at each key that did not come from the origins."""
    movements = prepared.snapshot.movements
    n_sites = len(flows.onward)
    came = np.bincount(movements.to_site, weights=flows.other, minlength=n_sites)
    left = np.bincount(movements.from_site, weights=flows.other, minlength=n_sites)
    leaves = np.bincount(movements.from_site, weights=prepared.seen, minlength=n_sites) > 0
    of_site = np.where(leaves, left, came)
    sold = np.bincount(
        movements.from_site, weights=np.where(flows.retail, flows.other, 0.0), minlength=n_sites
    )
    shared = (sold + np.maximum(came - left, 0.0)) / np.maximum(sellers.sharing, 1)
    of_seller = np.zeros(len(prepared.snapshot.nodes["Seller"]))
    np.add.at(of_seller, sellers.seller, shared[sellers.site])
    is_parcel = flows.named[sellers.parcel] > 0
    parcel = sellers.parcel[is_parcel]
    np.add.at(of_seller, sellers.sender[is_parcel], flows.other[parcel] / flows.named[parcel])
    return np.concatenate([of_site, of_seller])


def _arranged(
    prepared: Prepared,
    edges: _Edges,
    came: FloatArray,
    ends: FloatArray,
    other: FloatArray,
    closable: BoolArray,
) -> FlowNetwork:
    """The network of places that lie on a way to an end, by id."""
    kept = _leading_to_ends(edges, ends)
    n_sites = len(prepared.site_rank)
    rank = np.concatenate([prepared.site_rank, n_sites + id_ranks(prepared.snapshot.nodes["Seller"])])
    key = np.flatnonzero(kept)
    key = key[np.argsort(rank[key])]
    number = np.full(len(kept), -1, np.int64)
    number[key] = np.arange(len(key))
    onto = kept[edges.head]
    head, tail = number[edges.head[onto]], edges.tail[onto]
    share = edges.units[onto] / came[edges.head[onto]]
    direct = tail == ORIGINS
    from_origins = np.bincount(head[direct], weights=share[direct], minlength=len(key)).astype(np.float64)
    between = (share[~direct], (head[~direct], number[tail[~direct]]))
    return FlowNetwork(
        key=key,
        n_sites=n_sites,
        from_places=sparse.csr_array(between, shape=(len(key), len(key))),
        from_origins=from_origins,
        ends=ends[key],
        other=np.maximum(other[key], 0.0),
        closable=closable[key],
    )


def _leading_to_ends(edges: _Edges, ends: FloatArray) -> BoolArray:
    """Places from which some flow reaches an end, or that are one."""
    between = edges.tail != ORIGINS
    return reachable(edges.head[between], edges.tail[between], ends > 0.0)
