"""The past of a simulated market does not tell of its future."""

import numpy as np
import pytest

from suyuan.simulate.listings import Listings, build_listings
from suyuan.simulate.options import MarketOptions
from suyuan.simulate.people import Population, build_population
from suyuan.simulate.world import DAY, EPOCH, build_world

OPTIONS = MarketOptions(seed=7, sellers=3_000, movements=2_000)
END = EPOCH + OPTIONS.days * DAY


@pytest.fixture(scope="module")
def market() -> tuple[Population, Listings]:
    """Shops and what they offer."""
    world = build_world(OPTIONS)
    population = build_population(OPTIONS, world)
    return population, build_listings(OPTIONS, world, population)


def test_early_offers_do_not_tell_who_is_found_later(market: tuple[Population, Listings]) -> None:
    population, listings = market
    early = EPOCH + round(0.3 * OPTIONS.days) * DAY
    offers = np.bincount(listings.shop[listings.listed_at < early], minlength=len(population.shops))
    old = [
        shop
        for shop in population.shops
        if shop.opened_at < EPOCH and population.owners[shop.owner].offending > 0.4
    ]
    found, never = (
        np.array([offers[shop.number] for shop in old if (shop.found_at > 0) == wanted], dtype=np.float64)
        for wanted in (True, False)
    )
    assert found.size > 80
    error = np.hypot(found.std() / np.sqrt(found.size), never.std() / np.sqrt(never.size))
    assert abs(found.mean() - never.mean()) < 3 * error


def test_every_shop_offers_something_while_it_is_open(market: tuple[Population, Listings]) -> None:
    population, listings = market
    assert set(listings.shop.tolist()) == set(range(len(population.shops)))
    for number, listed in zip(listings.shop.tolist(), listings.listed_at.tolist(), strict=True):
        shop = population.shops[number]
        assert shop.opened_at <= listed < END
        assert shop.closed_at < 0 or listed < shop.closed_at


def test_no_offer_is_on_the_first_moment_of_a_shop(market: tuple[Population, Listings]) -> None:
    population, listings = market
    for number, listed in zip(listings.shop.tolist(), listings.listed_at.tolist(), strict=True):
        first = max(population.shops[number].opened_at, EPOCH)
        assert listed > first or first > END - 21 * DAY


def test_findings_go_on_to_the_last_day_and_nothing_comes_after(market: tuple[Population, Listings]) -> None:
    shops = market[0].shops
    days = np.array([(shop.found_at - EPOCH) // DAY for shop in shops if shop.found_at > 0])
    last_third = ((days >= 360) & (days < OPTIONS.days)).sum()
    before = ((days >= 180) & (days < 360)).sum()
    assert 0.7 < last_third / before < 1.4
    assert all(shop.opened_at < END and shop.closed_at < END for shop in shops)
