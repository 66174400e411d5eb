"""What the tables tell of actors beside their ties: names, divisions, offers, origins, and what they do."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.analytics.roles import Doings
from suyuan.graph.ids import canonical_id
from suyuan.graph.snapshot import Int64Array
from suyuan.graph.store.base import View
from suyuan.service.actor_ties import ActorTies
from suyuan.service.dated_rows import dated_rows
from suyuan.service.repeat_offenders import ActorIndex

CARRYING_ROLES: Final = frozenset({"forwarder", "port"})
TRADING_ROLES: Final = frozenset({"wholesale_market", "stall", "warehouse"})
UNKNOWN_CURRENCY: Final = ""


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """By account, by listing's shop, or by actor number.

    names, divisions : of shops and firms, where known.
    listings, units : how many listings each actor's shops have, and the units sold that they show; shape (n_actors,).
    value : units times price by currency, by actor number.
    origins : sites that an officer confirmed as origins of an actor's goods, ascending, by actor number.
    doings : what actors do.
    """

    names: Mapping[str, str]
    divisions: Mapping[str, str]
    listings: Int64Array
    units: np.ndarray[tuple[int], np.dtype[np.float64]]
    value: Mapping[int, Mapping[str, float]]
    origins: Mapping[int, list[str]]
    doings: Doings


def network_facts(view: View, actors: ActorIndex, tied: ActorTies, as_of: int | None = None) -> NetworkFacts:
    """What was known up to a cut-off, microseconds since 1970 UTC (None: everything)."""
    n = len(actors.ids)
    names, divisions = _accounts(view, as_of)
    listings, units = np.zeros(n, np.int64), np.zeros(n)
    value: dict[int, dict[str, float]] = defaultdict(dict)
    shops: dict[str, int] = {}
    columns = ("platform", "seller_id", "units_sold", "price", "currency")
    for record, platform, seller, sold, price, currency in sorted(
        dated_rows(view, "listings", columns, as_of), key=lambda row: row[0]
    ):
        number = actors.number_of(canonical_id("Seller", platform, seller)) if platform and seller else -1
        if number < 0:
            continue
        shops[record] = number
        listings[number] += 1
        units[number] += sold or 0.0
        if sold and price:
            money = value[number]
            name = currency or UNKNOWN_CURRENCY
            money[name] = money.get(name, 0.0) + sold * price
    return NetworkFacts(
        names,
        divisions,
        listings,
        units,
        value,
        _origins(view, actors, shops, as_of),
        _doings(view, n, listings, tied),
    )


def _accounts(view: View, as_of: int | None) -> tuple[dict[str, str], dict[str, str]]:
    names: dict[str, str] = {}
    divisions: dict[str, str] = {}
    for table in ("sellers", "firms"):
        for record, name, division in dated_rows(view, table, ("name", "division_code"), as_of):
            if name:
                names[record] = name
            if division:
                divisions[record] = division
    return names, divisions


def _origins(
    view: View, actors: ActorIndex, shops: Mapping[str, int], as_of: int | None
) -> dict[int, list[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for _, case, site in dated_rows(view, "confirmed_origins", ("case", "site"), as_of):
        number = shops.get(case, actors.number_of(case))
        if number >= 0 and site:
            found[number].add(canonical_id("Site", site))
    return {number: sorted(sites) for number, sites in found.items()}


def _doings(view: View, n: int, listings: Int64Array, tied: ActorTies) -> Doings:
    roles: dict[str, str | None] = dict(dated_rows(view, "sites", ("role",)))
    making = {
        canonical_id("Site", site)
        for _, site, relation in dated_rows(view, "site_products", ("site_id", "relation"))
        if site and relation == "makes"
    }
    factories = {record for record, role in roles.items() if role == "factory"} | making
    carrying = {record for record, role in roles.items() if role in CARRYING_ROLES}
    trading = {record for record, role in roles.items() if role in TRADING_ROLES}
    moved = tied.snapshot.movements
    source = tied.actor_of_site[moved.from_site[tied.movements]]
    target = tied.actor_of_site[moved.to_site[tied.movements]]
    between = (source >= 0) & (target >= 0) & (source != target)
    pairs = np.unique(source[between] * max(n, 1) + target[between])
    return Doings(
        makers=_sites_of(tied, factories, n),
        carriers=_sites_of(tied, carrying, n),
        trading_places=_sites_of(tied, trading, n),
        customers=np.bincount(pairs // max(n, 1), minlength=n),
        suppliers=np.bincount(pairs % max(n, 1), minlength=n),
        listings=listings,
        controlled=np.bincount(tied.owned[:, 0], minlength=n) if len(tied.owned) else np.zeros(n, np.int64),
    )


def _sites_of(tied: ActorTies, chosen: set[str], n: int) -> Int64Array:
    """How many of some sites each actor runs, or alone sends from."""
    ids = tied.snapshot.nodes["Site"].ids
    places = np.asarray(pc.index_in(pa.array(sorted(chosen), pa.string()), value_set=ids).fill_null(-1))
    owner = tied.actor_of_site[places[places >= 0]]
    return np.bincount(owner[owner >= 0], minlength=n)
