"""All that is true of a market, put together before any of it is written down."""

from collections.abc import Callable
from dataclasses import dataclass

from suyuan.simulate.cases import Cases, build_cases
from suyuan.simulate.listings import (
    Fairs,
    Listings,
    build_fairs,
    build_listings,
    exhibit_orders,
    purchase_orders,
)
from suyuan.simulate.options import MarketOptions
from suyuan.simulate.orders import join_orders, schedule
from suyuan.simulate.people import Population, build_population
from suyuan.simulate.records import Records, build_records
from suyuan.simulate.rights import Rights, build_rights
from suyuan.simulate.stock import Flow, run_stock
from suyuan.simulate.world import World, build_world

Progress = Callable[[str, float], None]
"""Told the stage and the share done, 0 to 1."""


def quiet(_stage: str, _share: float) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Market:
    """Everything that is true of a market, before it is written down."""

    options: MarketOptions
    world: World
    population: Population
    listings: Listings
    fairs: Fairs
    flow: Flow
    cases: Cases
    records: Records
    rights: Rights
    site_ids: list[str]


def build_market(options: MarketOptions, progress: Progress | None = None) -> Market:
    """Simulate a market in memory.

    Parameters
    ----------
    options : MarketOptions
    progress : callable, optional
        Told the stage and the share done, 0 to 1.
    """
    tell = progress or quiet
    tell("world", 0.0)
    world = build_world(options)
    population = build_population(options, world)
    listings = build_listings(options, world, population)
    fairs = build_fairs(options, world, listings)
    tell("orders", 0.1)
    orders = join_orders(
        [
            schedule(options, world),
            purchase_orders(options, world, listings),
            exhibit_orders(options, world, fairs),
        ]
    )
    tell("stock", 0.2)
    flow = run_stock(options, world, orders)
    tell("cases", 0.4)
    cases = build_cases(options, world, population, listings, fairs, flow)
    records = build_records(options, flow, cases)
    rights = build_rights(options, world, population)
    site_ids = world.site_ids()
    return Market(options, world, population, listings, fairs, flow, cases, records, rights, site_ids)
