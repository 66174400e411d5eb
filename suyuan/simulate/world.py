"""The lasting part of a market: products, places, what each place makes or keeps, and who supplies whom."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from suyuan.simulate.codes import random_stream
from suyuan.simulate.geography import Division, draw_districts
from suyuan.simulate.options import MarketOptions

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

EPOCH = int(np.datetime64("2024-01-01T00:00:00").astype(np.int64))
DAY = 86_400


class Role(IntEnum):
    """What a place is; parcels are handed out at stations, test purchases are opened in rooms."""

    FACTORY = 0
    MARKET = 1
    WAREHOUSE = 2
    FORWARDER = 3
    DISPATCH = 4
    PORT = 5
    BOOTH = 6
    STATION = 7
    ROOM = 8


PREFIX = {
    Role.FACTORY: "FAC",
    Role.MARKET: "MKT",
    Role.WAREHOUSE: "WH",
    Role.FORWARDER: "FWD",
    Role.DISPATCH: "DSP",
    Role.PORT: "PORT",
    Role.BOOTH: "BOOTH",
    Role.STATION: "STN",
    Role.ROOM: "ROOM",
}

STOCKING = (Role.MARKET, Role.WAREHOUSE, Role.FORWARDER, Role.DISPATCH)

_COUNT_AT_SCALE_ONE = {
    Role.MARKET: 10,
    Role.WAREHOUSE: 20,
    Role.FORWARDER: 7,
    Role.DISPATCH: 50,
    Role.PORT: 4,
    Role.BOOTH: 16,
    Role.STATION: 30,
    Role.ROOM: 3,
}
_HUBS = (Role.MARKET, Role.WAREHOUSE, Role.FORWARDER, Role.PORT)
_BINS_PER_PRODUCT = {Role.MARKET: 3.0, Role.WAREHOUSE: 4.6, Role.FORWARDER: 1.0, Role.DISPATCH: 7.0}
_FACTORIES_PER_PRODUCT = 20
_PRODUCTS_AT_SCALE_ONE = 6


@dataclass(frozen=True, slots=True)
class World:
    """Places and products, as arrays by number.

    Attributes
    ----------
    role : int64, shape (n_sites,)
        A `Role`; factories come first, so that factory numbers are site numbers.
    division : list of Division, one a site
    bin_site, bin_product, bin_role : int64, shape (n_bins,)
        A bin is one product kept at one place.
    makes : tuple of int64 arrays, one a product
        Factories that make it.
    factory_weight : float64, shape (n_factories,)
        How much trade a factory has.
    relabels : bool, shape (n_bins,)
        Whether goods are repacked under new lot numbers there.
    """

    role: IntArray
    division: list[Division]
    n_factories: int
    n_products: int
    bin_site: IntArray
    bin_product: IntArray
    bin_role: IntArray
    makes: tuple[IntArray, ...]
    factory_weight: FloatArray
    relabels: NDArray[np.bool_]

    def sites_of(self, role: Role) -> IntArray:
        """Numbers of the places of one role."""
        return np.flatnonzero(self.role == role).astype(np.int64)

    def site_ids(self) -> list[str]:
        """Site ids (`FAC0001`), by site number."""
        counts = dict.fromkeys(Role, 0)
        ids: list[str] = []
        for role in self.role:
            counts[Role(role)] += 1
            ids.append(f"{PREFIX[Role(role)]}{counts[Role(role)]:04d}")
        return ids


def product_ids(n_products: int) -> list[str]:
    """Product ids (`P0001`), by product number."""
    return [f"P{number + 1:04d}" for number in range(n_products)]


def build_world(options: MarketOptions) -> World:
    """Places, products and who makes what."""
    stream = random_stream(options.seed, "world")
    counts = {
        role: max(2, round(count * options.scale / (options.hub_size if role in _HUBS else 1.0)))
        for role, count in _COUNT_AT_SCALE_ONE.items()
    }
    counts[Role.DISPATCH] = max(3, round(options.seller_count * _COUNT_AT_SCALE_ONE[Role.DISPATCH] / 240))
    role = np.repeat([int(role) for role in Role], [counts.get(role, options.factory_count) for role in Role])
    n_products = max(2, round(_PRODUCTS_AT_SCALE_ONE * options.scale))
    makes = _makers(stream, options.factory_count, n_products)
    bin_site, bin_product = _bins(stream, role.astype(np.int64), n_products)
    relabelling = stream.random(role.shape[0]) < options.relabel_share
    bin_role = role[bin_site].astype(np.int64)
    return World(
        role=role.astype(np.int64),
        division=draw_districts(stream, role.shape[0]),
        n_factories=options.factory_count,
        n_products=n_products,
        bin_site=bin_site,
        bin_product=bin_product,
        bin_role=bin_role,
        makes=makes,
        factory_weight=stream.lognormal(0.0, 0.4, options.factory_count),
        relabels=relabelling[bin_site] & (bin_role == Role.WAREHOUSE),
    )


def _makers(stream: np.random.Generator, n_factories: int, n_products: int) -> tuple[IntArray, ...]:
    """About twenty factories a product, every factory at least one product."""
    wanted = min(_FACTORIES_PER_PRODUCT, n_factories)
    chosen = [set(stream.choice(n_factories, wanted, replace=False).tolist()) for _ in range(n_products)]
    idle = sorted(set(range(n_factories)) - set[int]().union(*chosen))
    for factory, product in zip(idle, stream.integers(0, n_products, len(idle)), strict=True):
        chosen[int(product)].add(factory)
    return tuple(np.array(sorted(factories), dtype=np.int64) for factories in chosen)


def _bins(stream: np.random.Generator, role: IntArray, n_products: int) -> tuple[IntArray, IntArray]:
    """Which products each stocking place keeps; big places keep more of them, every place at least one."""
    sites: list[int] = []
    products: list[int] = []
    for kind in STOCKING:
        places = np.flatnonzero(role == kind)
        size = stream.lognormal(0.0, 0.7 if kind == Role.MARKET else 0.5, places.shape[0])
        kept: set[tuple[int, int]] = set()
        for product in range(n_products):
            count = int(np.clip(stream.poisson(_BINS_PER_PRODUCT[kind] - 1) + 1, 1, places.shape[0]))
            picked = stream.choice(places, count, replace=False, p=size / size.sum())
            kept.update((int(place), product) for place in picked)
        empty = sorted(set(places.tolist()) - {place for place, _ in kept})
        kept.update(zip(empty, stream.integers(0, n_products, len(empty)).tolist(), strict=True))
        for place, product in sorted(kept):
            sites.append(place)
            products.append(product)
    return np.array(sites, dtype=np.int64), np.array(products, dtype=np.int64)
