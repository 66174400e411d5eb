# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportIncompatibleMethodOverride=false
"""From a case to its first movements: where a trace of it starts, and by which rule.

===============  ===========================================================================================
rule             first movements, and how they are weighed against one another
===============  ===========================================================================================
test_purchase    those of the listing's test purchases and waybills; equally: each is one observation
waybill          the same where no test purchase is among them
dispatches       parcels seen to leave the shop's sites within the listing's life; by quantity: a unit of the
                 listing is as likely to be on one as the units it holds
dispatch_sites   those out of the sites the shop is known to dispatch from, within the life; by quantity
shipment         itself
lot              those that carry it; by quantity
site             those into it (forward: out of it); by quantity
seizure_shipment the shipment that was held
port             those into the port up to the seizure, by quantity and how recently they came
booth            those into the booth up to the fair, the exhibitor's own if there are any; likewise
exhibitor_sites  those out of the sites of the exhibitor or its firm, up to the fair; by quantity
operator_sites   those out of the sites of the firm that a lead is about; by quantity
origins          forward only, from a listing, seller, seizure or exhibit: those out of its probable origins
nothing_recorded nothing tells where the trace could start
===============  ===========================================================================================

A lead starts by the rule of its subject. Where goods are looked for at a site that no fitting movement
leaves, those into it stand for them; where there are none either, the site itself does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from suyuan.errors import ParameterError
from suyuan.graph.snapshot import FloatArray, Int32Array
from suyuan.traceback.movements import (
    Window,
    arrived_by,
    by_id,
    carrying,
    departing_within,
    inflow_of,
    outflow_of,
    quantity_weights,
    recency_weights,
)
from suyuan.traceback.preparation import Prepared
from suyuan.traceback.results import Direction
from suyuan.traceback.times import known_by

PARCEL_SOURCES: Final = (0, 1, -1)
"""Codes of ``dispatches.source`` that stand for a parcel seen: test purchase, waybill, not told."""

_TEST_PURCHASE: Final = 0
_SLACK: Final = 86_400_000_000


def _no_positions() -> Int32Array:
    return np.empty(0, np.int32)


@dataclass(frozen=True, slots=True)
class CaseStart:
    """Where a trace starts.

    Parameters
    ----------
    rule : str
        Which rule applied.
    movements : int32
        First movements, by id.
    weights : float64
        Their shares. With ``site_weights`` they sum to 1, unless there is nothing at all.
    sites : int32
        Sites that stand for goods no movement is recorded of.
    is_start : bool
        The movement is what was asked about, so it is not part of its own answer.
    """

    rule: str
    movements: Int32Array
    weights: FloatArray
    sites: Int32Array = field(default_factory=_no_positions)
    site_weights: FloatArray = field(default_factory=lambda: np.empty(0, np.float64))
    is_start: bool = False


Rule = Callable[[Prepared, int, Direction], CaseStart]


def first_movements(
    prepared: Prepared, kind: str, position: int, *, direction: Direction = "backward"
) -> CaseStart:
    """Where the trace of a case starts.

    Parameters
    ----------
    kind, position : the case, one of :data:`START_KINDS`.
    direction : makes a difference for sites only; a case that is an end of its chain starts forward at its
    origins,
        which :func:`suyuan.traceback.trace.trace` finds.

    Raises
    ------
    ParameterError
        A kind that no trace starts from.
    """
    rule = _RULES.get(kind)
    if rule is None:
        raise ParameterError("start", kind, "a " + ", ".join(START_KINDS))
    return rule(prepared, position, direction)


def _start(
    prepared: Prepared, rule: str, movements: Int32Array, weights: FloatArray | None = None
) -> CaseStart:
    """A start at movements that are seen, by id; by quantity where no weights are given."""
    if weights is None:
        weights = quantity_weights(prepared, movements)
    keep = prepared.seen[movements] & (weights > 0)
    order = by_id(prepared, movements[keep])
    kept, shares = movements[keep][order], weights[keep][order]
    if not len(kept):
        return _nothing()
    return CaseStart(rule, kept, shares / shares.sum())


def _nothing() -> CaseStart:
    return CaseStart("nothing_recorded", _no_positions(), np.empty(0, np.float64))


def _at_sites(prepared: Prepared, rule: str, sites: Int32Array, product: int, window: Window) -> CaseStart:
    """Goods at sites: what left them in the window, else before its end, else what came, else the sites."""
    sites = _sorted(sites)
    leaving = carrying(prepared, outflow_of(prepared, sites), product)
    for span in (window, Window(None, window.end)):
        start = _start(prepared, rule, departing_within(prepared, leaving, span))
        if len(start.movements):
            return start
    coming = carrying(prepared, inflow_of(prepared, sites), product)
    start = _start(prepared, rule, arrived_by(prepared, coming, window.end))
    if len(start.movements):
        return start
    if not len(sites):
        return _nothing()
    shares = np.full(len(sites), 1.0 / len(sites))
    return CaseStart(rule, _no_positions(), np.empty(0, np.float64), sites.astype(np.int32), shares)


def _targets(prepared: Prepared, kind: str, source_kind: str, target_kind: str, position: int) -> Int32Array:
    edges = prepared.snapshot.edge_set(kind, source_kind, target_kind)
    return _no_positions() if edges is None else _sorted(edges.targets_of(position))


def _sources(prepared: Prepared, kind: str, source_kind: str, target_kind: str, position: int) -> Int32Array:
    edges = prepared.snapshot.edge_set(kind, source_kind, target_kind)
    return _no_positions() if edges is None else _sorted(edges.sources_of(position))


def _sorted(positions: Int32Array) -> Int32Array:
    """Each once, in order; most often there is one, which needs no sorting."""
    return positions if len(positions) < 2 else np.unique(positions)


def _moving(prepared: Prepared, shipments: Int32Array) -> Int32Array:
    """Those shipments that are movements and seen."""
    movements = shipments[(shipments >= 0) & (shipments < len(prepared.snapshot.movements))]
    return movements[prepared.seen[movements]]


def _product(prepared: Prepared, kind: str, source_kind: str, position: int) -> int:
    """Rank of the one product a case names; -1 where it names none or several."""
    products = _targets(prepared, kind, source_kind, "Product", position)
    return int(prepared.product_rank[products[0]]) if len(products) == 1 else -1


def case_product(prepared: Prepared, kind: str, position: int) -> int:
    """Rank of the product a case is about, -1 where that is not known."""
    if kind == "Listing":
        return _product(prepared, "OFFERS", "Listing", position)
    if kind in ("Seizure", "Exhibit"):
        return _product(prepared, "CONCERNS", kind, position)
    return -1


def _listing(prepared: Prepared, position: int, direction: Direction) -> CaseStart:
    product = case_product(prepared, "Listing", position)
    bought = _bought(prepared, position)
    if bought is not None:
        return bought
    sellers = _targets(prepared, "SOLD_BY", "Listing", "Seller", position)
    life = _life(prepared, "Listing", position, ("listed_at", "delisted_at"))
    for seller in sellers:
        start = _dispatched(prepared, int(seller), product, life, listing=position)
        if start.rule != "nothing_recorded":
            return start
    return _nothing()


def _seller(prepared: Prepared, position: int, direction: Direction) -> CaseStart:
    life = _life(prepared, "Seller", position, ("opened_at", "closed_at"))
    return _dispatched(prepared, position, -1, life, listing=None)


def _bought(prepared: Prepared, listing: int) -> CaseStart | None:
    """Rule 1: what test purchases and waybills of the listing name."""
    edges = prepared.snapshot.edge_set("FULFILLED_BY", "Listing", "Shipment")
    if edges is None:
        return None
    low, high = edges.source_start[listing], edges.source_start[listing + 1]
    rows = np.arange(low, high)
    rows = rows[known_by(edges.columns, prepared.as_of, rows)]
    shipments = edges.target[rows]
    sources = edges.columns["source"][rows]
    moving = _moving(prepared, _sorted(shipments))
    if not len(moving):
        return None
    bought = np.isin(moving, shipments[sources == _TEST_PURCHASE])
    rule = "test_purchase" if bought.any() else "waybill"
    return _start(prepared, rule, moving, np.ones(len(moving)))


def _life(prepared: Prepared, kind: str, position: int, names: tuple[str, str]) -> Window:
    """The time a listing or shop was there, up to ``as_of``."""
    columns = prepared.snapshot.nodes[kind].columns
    begin, end = (
        (int(columns[name][position]), int(columns[f"{name}_precision"][position]))
        if columns[f"{name}_known"][position]
        else None
        for name in names
    )
    return Window.of_life(begin, end, prepared.as_of)


def _dispatched(
    prepared: Prepared, seller: int, product: int, life: Window, *, listing: int | None
) -> CaseStart:
    """Rules 2 and 3: parcels seen to leave the seller's sites, else what left the sites at all."""
    edges = prepared.snapshot.edge_set("DISPATCHES_FROM", "Seller", "Site")
    if edges is None:
        return _nothing()
    rows = np.arange(edges.source_start[seller], edges.source_start[seller + 1])
    columns = edges.columns
    rows = rows[known_by(columns, prepared.as_of, rows)]
    source = columns["source"][rows]
    parcels = rows[(source >= min(PARCEL_SOURCES)) & (source <= max(PARCEL_SOURCES))]
    if listing is not None:
        of_listing = columns["listing"][parcels]
        parcels = parcels[(of_listing == -1) | (of_listing == listing)]
        parcels = parcels[columns["at_known"][parcels] & life.holds(columns["at"][parcels])]
    found = [_parcel(prepared, edges.target[row], columns, row, product) for row in parcels]
    movements = _sorted(np.concatenate([_no_positions(), *found]))
    start = _start(prepared, "dispatches", movements.astype(np.int32))
    if len(start.movements):
        return start
    return _at_sites(prepared, "dispatch_sites", edges.target[rows], product, life)


def _parcel(
    prepared: Prepared, site: int, columns: Mapping[str, np.ndarray], row: int, product: int
) -> Int32Array:
    """The movement of a parcel seen: the one named, else what left the site then, else within a day of it."""
    named = _moving(prepared, columns["shipment"][row : row + 1])
    if columns["shipment"][row] >= 0 and len(named):
        return carrying(prepared, named, product)
    if not columns["at_known"][row]:
        return _no_positions()
    leaving = carrying(prepared, outflow_of(prepared, np.array([site], np.int32)), product)
    seen = Window.of_time(int(columns["at"][row]), int(columns["at_precision"][row]))
    then = departing_within(prepared, leaving, seen)
    return then if len(then) else departing_within(prepared, leaving, seen.widened(_SLACK))


def _shipment(prepared: Prepared, position: int, direction: Direction) -> CaseStart:
    if position >= len(prepared.snapshot.movements):
        return _nothing()
    here = np.array([position], np.int32)
    return CaseStart("shipment", here, np.ones(1), is_start=True)


def _lot(prepared: Prepared, position: int, direction: Direction) -> CaseStart:
    alone = np.flatnonzero(prepared.snapshot.movements.goods == position).astype(np.int32)
    among_others = _moving(prepared, _sources(prepared, "CARRIES", "Shipment", "Lot", position))
    return _start(prepared, "lot", np.union1d(alone, among_others).astype(np.int32))


def _site(prepared: Prepared, position: int, direction: Direction) -> CaseStart:
    here = np.array([position], np.int32)
    flow = inflow_of(prepared, here) if direction == "backward" else outflow_of(prepared, here)
    bounds = prepared.bounds
    usable = bounds.earliest_arrival[flow] <= _as_of(prepared) if direction == "backward" else flow >= 0
    start = _start(prepared, "site", flow[usable])
    if len(start.movements):
        return start
    return CaseStart("site", _no_positions(), np.empty(0, np.float64), here, np.ones(1))


def _has_happened(prepared: Prepared, kind: str, position: int) -> bool:
    rows = np.array([position])
    return bool(known_by(prepared.snapshot.nodes[kind].columns, prepared.as_of, rows)[0])


def _as_of(prepared: Prepared) -> int:
    return np.iinfo(np.int64).max if prepared.as_of is None else prepared.as_of


def _case_time(prepared: Prepared, kind: str, position: int) -> Window:
    """Up to the end of the time of a seizure or exhibit, and to ``as_of``."""
    columns = prepared.snapshot.nodes[kind].columns
    end = None
    if columns["at_known"][position]:
        end = (int(columns["at"][position]), int(columns["at_precision"][position]))
    return Window.of_life(None, end, prepared.as_of)


def _seizure(prepared: Prepared, position: int, direction: Direction) -> CaseStart:
    if not _has_happened(prepared, "Seizure", position):
        return _nothing()
    held = _moving(prepared, _targets(prepared, "SEIZED", "Seizure", "Shipment", position))
    if len(held):
        return _start(prepared, "seizure_shipment", held)
    ports = _targets(prepared, "AT", "Seizure", "Site", position)
    product = case_product(prepared, "Seizure", position)
    return _arrivals(prepared, "port", ports, product, _case_time(prepared, "Seizure", position))


def _arrivals(prepared: Prepared, rule: str, sites: Int32Array, product: int, until: Window) -> CaseStart:
    """What came to sites up to a time, the recent the more likely."""
    coming = arrived_by(prepared, carrying(prepared, inflow_of(prepared, sites), product), until.end)
    return _start(prepared, rule, coming, recency_weights(prepared, coming, until.end))


def _exhibit(prepared: Prepared, position: int, direction: Direction) -> CaseStart:
    if not _has_happened(prepared, "Exhibit", position):
        return _nothing()
    product = case_product(prepared, "Exhibit", position)
    until = _case_time(prepared, "Exhibit", position)
    booths = _targets(prepared, "SHOWN_AT", "Exhibit", "Site", position)
    own = _exhibitor_sites(prepared, position)
    coming = arrived_by(prepared, carrying(prepared, inflow_of(prepared, booths), product), until.end)
    from_own = coming[np.isin(prepared.snapshot.movements.from_site[coming], own)]
    chosen = from_own if len(from_own) else coming
    start = _start(prepared, "booth", chosen, recency_weights(prepared, chosen, until.end))
    if len(start.movements):
        return start
    return _at_sites(prepared, "exhibitor_sites", own, product, until)


def _exhibitor_sites(prepared: Prepared, exhibit: int) -> Int32Array:
    found = [_no_positions()]
    for kind in ("Firm", "Seller", "Person", "RightsHolder"):
        for party in _targets(prepared, "SHOWN_BY", "Exhibit", kind, exhibit):
            found.append(_sites_of_party(prepared, kind, int(party)))
    return np.unique(np.concatenate(found)).astype(np.int32)


def _sites_of_party(prepared: Prepared, kind: str, party: int) -> Int32Array:
    """Sites that a party runs, and, for a shop, those its firm runs."""
    sites = [_sources(prepared, "OPERATED_BY", "Site", kind, party)]
    if kind == "Seller":
        for firm in _targets(prepared, "RUN_BY", "Seller", "Firm", party):
            sites.append(_sources(prepared, "OPERATED_BY", "Site", "Firm", int(firm)))
    return np.unique(np.concatenate(sites)).astype(np.int32)


def _firm(prepared: Prepared, position: int, direction: Direction) -> CaseStart:
    sites = _sites_of_party(prepared, "Firm", position)
    return _at_sites(prepared, "operator_sites", sites, -1, Window(None, prepared.as_of))


def lead_subject(prepared: Prepared, lead: int) -> tuple[str, int] | None:
    """Kind and position of what a lead is about, where a trace can start from it."""
    for kind in (*START_KINDS[:-1], "Firm"):
        subjects = _targets(prepared, "ABOUT", "Lead", kind, lead)
        if len(subjects):
            return kind, int(subjects[0])
    return None


def _lead(prepared: Prepared, position: int, direction: Direction) -> CaseStart:
    subject = lead_subject(prepared, position)
    if subject is None:
        return _nothing()
    rule = _firm if subject[0] == "Firm" else _RULES[subject[0]]
    return rule(prepared, subject[1], direction)


_RULES: dict[str, Rule] = {
    "Listing": _listing,
    "Seller": _seller,
    "Shipment": _shipment,
    "Lot": _lot,
    "Site": _site,
    "Seizure": _seizure,
    "Exhibit": _exhibit,
    "Lead": _lead,
}

START_KINDS: Final = tuple(_RULES)


def origin_start(prepared: Prepared, sites: Int32Array, product: int) -> CaseStart:
    """Forward from probable origins: what left them of the product, or of an unknown one."""
    leaving = carrying(prepared, outflow_of(prepared, sites), product)
    return _start(prepared, "origins", leaving)
