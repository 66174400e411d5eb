"""Which probable origins are licensed, and whether more went out than a licence covers.

A factory is licensed for goods that left it when whoever runs it holds a licence to make, under a right that covers
the product, which was in force at the time they left. No licence known is not the same as unlicensed.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeVar

import numpy as np

from suyuan.graph.snapshot import (
    QUANTITY_UNKNOWN,
    BoolArray,
    FloatArray,
    GraphSnapshot,
    Int32Array,
    Int64Array,
)
from suyuan.traceback.cases import CaseStart
from suyuan.traceback.explanation import Licensing, Overrun
from suyuan.traceback.massgraph import MassGraph
from suyuan.traceback.mixing import FACTORY
from suyuan.traceback.movements import outflow_of
from suyuan.traceback.outcomes import summed
from suyuan.traceback.preparation import Prepared, products_carried
from suyuan.traceback.territories import Territory
from suyuan.traceback.times import EARLIEST, LATEST, UNDATED, span_end

PARTIES: Final = ("Firm", "Person", "RightsHolder", "Seller")

_TOLERANCE: Final = 1e-9


NO_LICENCE: Final = Licensing((), False, None)

Party = tuple[str, int]
Kept = TypeVar("Kept")


class Departures(NamedTuple):
    """Movements by which goods of a case left a site that made them: mass, rank of the product, time.

    The product is -1, the time EARLIEST where it is not known.
    """

    mass: FloatArray
    product: Int32Array
    left: Int64Array


def product_judged(prepared: Prepared, start: CaseStart, product: int) -> int:
    """The product of the case; where it names none (-1), the one that all its first movements carry."""
    if product >= 0:
        return product
    carried = np.unique(products_carried(prepared.carried[start.movements], prepared.goods.lot_product))
    return int(carried[0]) if len(carried) == 1 else -1


def departures_by_site(prepared: Prepared, graph: MassGraph, product: int) -> dict[int, Departures]:
    """By which movements goods of a case left each of the sites that made them.

    Parameters
    ----------
    product : rank of the product of the case, for movements that do not say theirs; -1 unknown.
    """
    made = graph.rows.made & (graph.mass > 0.0)
    movements, mass = summed(graph.movement[made].astype(np.int64), graph.mass[made])
    site = prepared.snapshot.movements.from_site[movements]
    order = np.argsort(site, kind="stable")
    sites, begin = np.unique(site[order], return_index=True)
    every = _departures(prepared, movements[order], mass[order], product)
    ends = [*begin[1:].tolist(), len(order)]
    return {
        site: Departures(every.mass[low:high], every.product[low:high], every.left[low:high])
        for site, low, high in zip(sites.tolist(), begin.tolist(), ends, strict=False)
    }


def covered_sites(prepared: Prepared, start: CaseStart, graph: MassGraph, product: int) -> Int32Array:
    """Sites at which licences cover all goods that the case can have come from there, by position.

    Parameters
    ----------
    graph : made with the departures that tell the makers of lots
    product : rank of the product of the case, -1 unknown
    """
    by_site = departures_by_site(prepared, graph, product_judged(prepared, start, product))
    covered = [site for site, left in by_site.items() if licensing_of(prepared, site, left).covered]
    return np.array(sorted(covered), np.int32)


def _departures(prepared: Prepared, movements: np.ndarray, mass: FloatArray, product: int) -> Departures:
    carried = products_carried(prepared.carried[movements], prepared.goods.lot_product)
    dated = (prepared.snapshot.movements.flags[movements] & UNDATED) != UNDATED
    left = np.where(dated, prepared.bounds.departed[movements], EARLIEST)
    return Departures(mass, np.where(carried < 0, np.int32(product), carried), left)


def licensing_of(prepared: Prepared, site: int, departures: Departures) -> Licensing:
    """The licences that cover goods which left a site.

    Notes
    -----
    A licence without a first or last day has no bound there. A movement without any time, or of an unknown product,
    is covered by none.
    """
    snapshot = prepared.snapshot
    held = _kept(prepared, ("held", site), lambda: _held(snapshot, _operators(snapshot, site)))
    if not held:
        return NO_LICENCE
    covers = np.stack([_covers(prepared, licence, departures) for licence in held])
    licences = tuple(licence for licence, row in zip(held, covers, strict=True) if row.any())
    uncovered = float(departures.mass[~covers.any(axis=0)].sum())
    overruns = [
        _kept(prepared, ("overrun", licence), lambda licence=licence: _overrun(prepared, licence))
        for licence in licences
    ]
    beyond = [overrun for overrun in overruns if overrun is not None]
    least = min(beyond, key=lambda one: one.quantity) if beyond and len(beyond) == len(licences) else None
    return Licensing(licences, bool(licences) and uncovered <= _TOLERANCE, least)


def _kept(prepared: Prepared, key: tuple[str, int], found: Callable[[], Kept]) -> Kept:
    """What does not depend on the case is worked out once for all traces."""
    if key not in prepared.kept:
        prepared.kept[key] = found()
    return prepared.kept[key]


def _operators(snapshot: GraphSnapshot, site: int) -> list[Party]:
    """Who runs a site; of a shop also the firm behind it."""
    found: list[Party] = []
    for kind in PARTIES:
        found += [(kind, party) for party in _targets(snapshot, ("OPERATED_BY", "Site", kind), site)]
    for kind, party in tuple(found):
        if kind == "Seller":
            found += [("Firm", firm) for firm in _targets(snapshot, ("RUN_BY", "Seller", "Firm"), party)]
    return found


def _held(snapshot: GraphSnapshot, parties: Sequence[Party]) -> list[int]:
    """Licences to make that parties hold, by id."""
    licences = {
        licence
        for kind, party in parties
        for licence in _sources(snapshot, ("LICENSED_TO", "Licence", kind), party)
    }
    table = snapshot.nodes["Licence"]
    if not licences:
        return []
    scopes = table.columns["scope"]
    return sorted((one for one in licences if "make" in (scopes[one].as_py() or ())), key=table.id_at)


def _covers(prepared: Prepared, licence: int, departures: Departures) -> BoolArray:
    """Which movements carry goods that a licence covers, at a time at which it was in force."""
    covered, begin, end = _kept(prepared, ("terms", licence), lambda: _terms(prepared, licence))
    left = departures.left
    return covered[departures.product] & (left > EARLIEST) & (left >= begin) & (left <= end)


def _terms(prepared: Prepared, licence: int) -> tuple[BoolArray, int, int]:
    """Which products a licence covers, by rank, the last entry for an unknown one; when it is in force."""
    covered = np.zeros(len(prepared.product_rank) + 1, np.bool_)
    covered[_products_of(prepared, licence)] = True
    return (covered, *_in_force(prepared.snapshot, licence))


def _in_force(snapshot: GraphSnapshot, licence: int) -> tuple[int, int]:
    columns = snapshot.nodes["Licence"].columns
    begin, end = EARLIEST, LATEST
    if columns["valid_from_known"][licence]:
        begin = int(columns["valid_from"][licence])
    if columns["valid_to_known"][licence]:
        end = int(span_end(int(columns["valid_to"][licence]), int(columns["valid_to_precision"][licence])))
    return begin, end


def _products_of(prepared: Prepared, licence: int) -> Int32Array:
    """Ranks of the products that the right behind a licence covers."""
    snapshot = prepared.snapshot
    products = [
        product
        for right in _targets(snapshot, ("LICENSES", "Licence", "Right"), licence)
        for product in _sources(snapshot, ("PROTECTED_BY", "Product", "Right"), right)
    ]
    return prepared.product_rank[np.array(sorted(set(products)), np.int64)]


def _overrun(prepared: Prepared, licence: int) -> Overrun | None:
    """What all sites of a licensee that make goods shipped of the products covered, beyond the licence.

    Movements between these sites, and those of unknown quantity, product or time, are left out; a place of unknown
    country and division counts as inside. Where units differ, nothing can be said of the quantity.
    """
    snapshot, movements = prepared.snapshot, prepared.snapshot.movements
    sites = _making_sites(prepared, licence)
    shipped = outflow_of(prepared, sites)
    shipped = shipped[~np.isin(movements.to_site[shipped], sites)]
    departures = _departures(prepared, shipped, np.ones(len(shipped)), -1)
    shipped = shipped[_covers(prepared, licence, departures)]
    shipped = shipped[(movements.flags[shipped] & QUANTITY_UNKNOWN) == 0]
    units = movements.unit[shipped]
    if len(np.unique(units[units > 0])) > 1:
        return None
    quantity = movements.quantity[shipped]
    territory = Territory.of_text(snapshot.nodes["Licence"].columns["territory"][licence].as_py())
    outside = float(quantity[territory.leaves_out(snapshot, movements.to_site[shipped])].sum())
    inside = float(quantity.sum()) - outside
    columns = snapshot.nodes["Licence"].columns
    limit = float(columns["quantity"][licence]) if columns["quantity_known"][licence] else np.inf
    beyond = outside + max(0.0, inside - limit)
    return Overrun(licence, beyond, outside) if beyond > 0.0 else None


def _making_sites(prepared: Prepared, licence: int) -> Int32Array:
    """Sites run by the licensee, or by a shop of its, where goods are made."""
    snapshot = prepared.snapshot
    holders = [
        (kind, party)
        for kind in PARTIES
        for party in _targets(snapshot, ("LICENSED_TO", "Licence", kind), licence)
    ]
    for kind, party in tuple(holders):
        if kind == "Firm":
            holders += [("Seller", shop) for shop in _sources(snapshot, ("RUN_BY", "Seller", "Firm"), party)]
    sites = {
        site for kind, party in holders for site in _sources(snapshot, ("OPERATED_BY", "Site", kind), party)
    }
    found = np.array(sorted(sites), np.int32)
    role = snapshot.nodes["Site"].columns["role"]
    return found[(role[found] == FACTORY) | (np.diff(prepared.makes_start)[found] > 0)]


def _targets(snapshot: GraphSnapshot, key: tuple[str, str, str], source: int) -> list[int]:
    edges = snapshot.edge_set(*key)
    return [] if edges is None else sorted(set(edges.targets_of(source).tolist()))


def _sources(snapshot: GraphSnapshot, key: tuple[str, str, str], target: int) -> list[int]:
    edges = snapshot.edge_set(*key)
    return [] if edges is None else sorted(set(edges.sources_of(target).tolist()))
