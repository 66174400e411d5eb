"""Forward impact: what goods of a start came to, and how much of it: sites, sellers, listings, rights, divisions.

``mass`` is a share between 0 and 1 of what is counted there, ``units`` the expected quantity:

=========  ==========================================  ====================================================
of         mass: share of                              units
=========  ==========================================  ====================================================
site       all recorded inflow                         inflow
seller     what it sends, by the rules of a trace      on the shipments it can have sent
listing    what it is sent from, by the same rules     on the shipments it can have been sent on
right      all recorded flow of its products           with its products on the first shipments of the start
division   all recorded inflow from outside it         inflow from outside, and first shipments within it
=========  ==========================================  ====================================================

So the mass of a seller or listing from an origin is the probability that a trace from there gives that origin. What
leaves a place that several sellers dispatch from counts for each of them in equal parts, where no parcel tells;
listings of one seller share its shipments, so their units do not add up.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeVar

import numpy as np

from suyuan.graph.snapshot import Int32Array
from suyuan.traceback.cases import CaseStart, first_movements
from suyuan.traceback.divisions import ReachedDivision, divisions_reached
from suyuan.traceback.parameters import DEFAULT_LIMITS, TraceLimits
from suyuan.traceback.preparation import Prepared, id_ranks
from suyuan.traceback.rightsreached import ReachedRight, rights_reached
from suyuan.traceback.sellersites import SellerSites, purchases, seller_sites
from suyuan.traceback.spread import Amounts, Case, Spread, amounts_of, forward_start, spread_of
from suyuan.traceback.times import known_by

MOST_WEIGHED: Final = 2_000
"""Sellers, and listings, that are weighed one by one; the others are counted as cut."""

LEAST_MASS: Final = 1e-12
_MASS_DIGITS: Final = 12
_UNIT_DIGITS: Final = 9


class ReachedSite(NamedTuple):
    """A site that goods of the start came to."""

    site: int
    units: float
    mass: float


class ReachedSeller(NamedTuple):
    """A seller that can have sent goods of the start; ``rule`` says which shipments count as its own."""

    seller: int
    units: float
    mass: float
    rule: str


class ReachedListing(NamedTuple):
    """A listing that can have been supplied from the start; ``seller`` is -1 where none is recorded."""

    listing: int
    units: float
    mass: float
    rule: str
    seller: int


@dataclass(frozen=True, slots=True)
class Impact:
    """All that goods of a start came to; every list by units, then mass, highest first, then id.

    Parameters
    ----------
    rules : how the first movements were found, start by start
    counted_in : :class:`suyuan.traceback.spread.Amounts`
    units : expected quantity on the first movements
    movements : how many movements can have carried goods of the start
    truncated_counts : by limit, how much was not looked at
    """

    rules: tuple[str, ...]
    counted_in: str
    units: float
    movements: int
    sites: tuple[ReachedSite, ...]
    sellers: tuple[ReachedSeller, ...]
    listings: tuple[ReachedListing, ...]
    rights: tuple[ReachedRight, ...]
    divisions: tuple[ReachedDivision, ...]
    truncated_counts: dict[str, int]


def forward_impact(
    prepared: Prepared,
    cases: Sequence[Case],
    *,
    limits: TraceLimits = DEFAULT_LIMITS,
    most_weighed: int = MOST_WEIGHED,
) -> Impact:
    """What goods of some cases together came to.

    Parameters
    ----------
    cases : kind and position of each, of :data:`suyuan.traceback.cases.START_KINDS`
    most_weighed : sellers, and listings, that are weighed at most

    Raises
    ------
    ParameterError
        No trace starts from one of the kinds.
    """
    start = forward_start(prepared, cases, limits)
    spread = spread_of(prepared, start, limits)
    amounts = amounts_of(prepared, spread)
    own = [position for kind, position in cases if kind == "Site"]
    sites = _sites(prepared, spread, amounts, own)
    weighing = _Weighing(prepared, spread, amounts, seller_sites(prepared))
    sellers, sellers_cut = _sellers(weighing, most_weighed)
    listings, listings_cut = _listings(weighing, sellers, most_weighed)
    reached_sites = np.array([entry.site for entry in sites], np.int32)
    reached_sellers = np.array([entry.seller for entry in sellers], np.int32)
    divisions = divisions_reached(prepared, spread, amounts, reached_sites, reached_sellers)
    rights = rights_reached(prepared, spread, amounts, [entry.listing for entry in listings])
    cut = {"sellers": sellers_cut, "listings": listings_cut}
    return Impact(
        rules=start.rules,
        counted_in=amounts.counted_in,
        units=float(amounts.amount[start.movements] @ start.parts),
        movements=len(spread.reached),
        sites=sites,
        sellers=sellers,
        listings=listings,
        rights=_ranked(rights, [entry.right for entry in rights], id_ranks(prepared.snapshot.nodes["Right"])),
        divisions=tuple(sorted(divisions, key=lambda entry: (*_by_size(entry), entry.code or ""))),
        truncated_counts=spread.truncated_counts | {name: count for name, count in cut.items() if count},
    )


Entry = TypeVar("Entry", ReachedSite, ReachedSeller, ReachedListing, ReachedRight)


def _ranked(entries: Iterable[Entry], positions: Iterable[int], rank: Int32Array) -> tuple[Entry, ...]:
    keyed = [(*_by_size(entry), int(rank[at]), entry) for entry, at in zip(entries, positions, strict=True)]
    return tuple(entry for *_, entry in sorted(keyed, key=lambda key: key[:3]))


def _by_size(
    entry: ReachedSite | ReachedSeller | ReachedListing | ReachedRight | ReachedDivision,
) -> tuple[float, float]:
    return -round(entry.units, _UNIT_DIGITS), -round(entry.mass, _MASS_DIGITS)


def _sites(
    prepared: Prepared, spread: Spread, amounts: Amounts, own: Sequence[int]
) -> tuple[ReachedSite, ...]:
    """Sites that goods came to, the start itself left out."""
    to_site = prepared.snapshot.movements.to_site
    n_sites = len(prepared.snapshot.nodes["Site"])
    everything = np.bincount(to_site, weights=amounts.amount, minlength=n_sites)
    units = np.bincount(to_site, weights=amounts.amount * spread.part, minlength=n_sites)
    units[list(own)] = 0.0
    found = np.flatnonzero(units > LEAST_MASS * np.maximum(everything, 1.0))
    entries = [ReachedSite(int(at), float(units[at]), float(units[at] / everything[at])) for at in found]
    return _ranked(entries, found.tolist(), prepared.site_rank)


@dataclass(frozen=True, slots=True)
class _Weighing:
    """What sellers and listings are weighed by."""

    prepared: Prepared
    spread: Spread
    amounts: Amounts
    sellers: SellerSites

    def weigh(self, start: CaseStart) -> tuple[float, float]:
        """Expected units and mass on the shipments that stand for a seller or listing."""
        mine = start.movements
        part = self.spread.part[mine]
        units = self.amounts.amount[mine] * part
        if start.rule == "dispatch_sites":
            movements, sharing = self.prepared.snapshot.movements, self.sellers.sharing
            leaving = sharing[movements.from_site[mine]]
            units = units / np.maximum(np.where(leaving > 0, leaving, sharing[movements.to_site[mine]]), 1)
        return float(units.sum()), float(start.weights @ part)


def _sellers(weighing: _Weighing, most: int) -> tuple[tuple[ReachedSeller, ...], int]:
    """Sellers that can have sent goods of the start; how many were not weighed."""
    candidates = _likely_sellers(weighing)
    entries: list[ReachedSeller] = []
    for seller in candidates[:most].tolist():
        start = first_movements(weighing.prepared, "Seller", seller)
        units, mass = weighing.weigh(start)
        if mass > LEAST_MASS:
            entries.append(ReachedSeller(seller, units, mass, start.rule))
    rank = id_ranks(weighing.prepared.snapshot.nodes["Seller"])
    return _ranked(entries, [entry.seller for entry in entries], rank), max(0, len(candidates) - most)


def _likely_sellers(weighing: _Weighing) -> Int32Array:
    """Sellers that dispatch from sites that goods of the start came to or left, the most such goods first."""
    prepared, known = weighing.prepared, weighing.sellers
    movements, flow = prepared.snapshot.movements, weighing.amounts.amount * weighing.spread.part
    n_sites = len(prepared.snapshot.nodes["Site"])
    through = np.bincount(movements.from_site, weights=flow, minlength=n_sites)
    through += np.bincount(movements.to_site, weights=flow, minlength=n_sites)
    at_most = np.zeros(len(prepared.snapshot.nodes["Seller"]))
    np.add.at(at_most, known.seller, through[known.site])
    np.add.at(at_most, known.sender, flow[known.parcel])
    begun = known_by(prepared.snapshot.nodes["Seller"].columns, prepared.as_of, time="opened_at")
    found = np.flatnonzero((at_most > 0.0) & begun)
    rank = id_ranks(prepared.snapshot.nodes["Seller"])[found]
    return found[np.lexsort((rank, -np.round(at_most[found], _UNIT_DIGITS)))].astype(np.int32)


def _listings(
    weighing: _Weighing, sellers: Sequence[ReachedSeller], most: int
) -> tuple[tuple[ReachedListing, ...], int]:
    """Listings that can have been supplied; how many were not weighed."""
    prepared = weighing.prepared
    candidates = _likely_listings(weighing, sellers)
    rank = id_ranks(prepared.snapshot.nodes["Listing"])
    sold_by = prepared.snapshot.edge_set("SOLD_BY", "Listing", "Seller")
    entries: list[ReachedListing] = []
    for listing in candidates[:most]:
        start = first_movements(prepared, "Listing", listing)
        units, mass = weighing.weigh(start)
        if mass > LEAST_MASS:
            shops = () if sold_by is None else sold_by.targets_of(listing).tolist()
            entries.append(ReachedListing(listing, units, mass, start.rule, shops[0] if shops else -1))
    return _ranked(entries, [entry.listing for entry in entries], rank), max(0, len(candidates) - most)


def _likely_listings(weighing: _Weighing, sellers: Sequence[ReachedSeller]) -> list[int]:
    """Listings bought on shipments that were reached, then those of sellers in their order; each by id."""
    prepared = weighing.prepared
    rank = id_ranks(prepared.snapshot.nodes["Listing"])
    shipment, listing = purchases(prepared)
    groups = [np.unique(listing[weighing.spread.part[shipment] > 0.0])]
    sold_by = prepared.snapshot.edge_set("SOLD_BY", "Listing", "Seller")
    if sold_by is not None:
        groups += [np.unique(sold_by.sources_of(entry.seller)) for entry in sellers]
    ordered = np.concatenate([group[np.argsort(rank[group])] for group in groups])
    begun = known_by(prepared.snapshot.nodes["Listing"].columns, prepared.as_of, time="listed_at")
    return list(dict.fromkeys(ordered[begun[ordered]].tolist()))
