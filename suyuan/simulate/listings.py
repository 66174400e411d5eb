"""What the shops offer, and what is bought from them on test."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suyuan.simulate.codes import random_stream
from suyuan.simulate.options import MarketOptions
from suyuan.simulate.orders import PURCHASE, SHOWN, Orders, simple_orders
from suyuan.simulate.people import Population
from suyuan.simulate.world import DAY, EPOCH, FloatArray, IntArray, Role, World

_LISTINGS_PER_SHOP = 5
_PURCHASED_SHARE = 0.22


@dataclass(frozen=True, slots=True)
class Listings:
    """Offers, one a row.

    Attributes
    ----------
    shop, bin : numbers of the shop and of the stock it is sent from
    product : number of the product shown
    listed_at, delisted_at : seconds since 1970, -1 = still online
    infringes : whether the offer infringes
    price_ratio : price against the usual price of the genuine product
    """

    shop: IntArray
    bin: IntArray
    product: IntArray
    listed_at: IntArray
    delisted_at: IntArray
    infringes: NDArray[np.bool_]
    price_ratio: FloatArray

    def __len__(self) -> int:
        return self.shop.shape[0]

    def ended_by(self, options: MarketOptions) -> IntArray:
        """Last second online, the end of the simulated time for those still online."""
        return np.where(self.delisted_at < 0, EPOCH + options.days * DAY, self.delisted_at)


def listing_id(number: int) -> str:
    """Id of a listing (`L000001` for number 0)."""
    return f"L{number + 1:06d}"


def listing_ids(count: int) -> list[str]:
    """Listing ids, by listing number."""
    return [listing_id(number) for number in range(count)]


def build_listings(options: MarketOptions, world: World, population: Population) -> Listings:
    """A handful of offers a shop, of products kept where the shop sends from."""
    stream = random_stream(options.seed, "listings")
    shops = population.shops
    shop, listed = _put_online(stream, options, population)
    size = shop.shape[0]
    bins_at = _bins_at(world)
    site = np.array([shops[number].site for number in shop])
    chosen = np.array([bins_at[int(place)][int(stream.integers(len(bins_at[int(place)])))] for place in site])
    closed = np.array([shops[number].closed_at for number in shop])
    end = EPOCH + options.days * DAY
    last = np.where(closed > 0, closed, end)
    life = (stream.gamma(2.0, 60.0, size) * DAY).astype(np.int64) + 12 * DAY
    delisted = np.where(stream.random(size) < 0.6, np.minimum(listed + life, last), closed)
    offending = np.array([population.owners[shops[number].owner].offending for number in shop])
    infringes = stream.random(size) < offending
    ratio = np.where(
        infringes, stream.beta(4.0, 6.0, size), np.clip(stream.normal(0.92, 0.12, size), 0.5, 1.3)
    )
    return Listings(
        shop=shop.astype(np.int64),
        bin=chosen.astype(np.int64),
        product=world.bin_product[chosen],
        listed_at=listed.astype(np.int64),
        delisted_at=np.where(delisted >= end, -1, delisted).astype(np.int64),
        infringes=infringes,
        price_ratio=ratio,
    )


def _put_online(
    stream: np.random.Generator, options: MarketOptions, population: Population
) -> tuple[IntArray, IntArray]:
    """Shop and time of each offer.

    A shop plans its offers as if it were never to close, and those planned for later fall away: were they spread over
    the time it was in fact open, their number at an early day would tell that it will be found. A shop of which all
    fall away has its first one somewhere in the time it is open: on its first day, that would tell of its closing.
    """
    opened = np.array([shop.opened_at for shop in population.shops], dtype=np.int64)
    closed = np.array([shop.closed_at for shop in population.shops], dtype=np.int64)
    first, end = np.maximum(opened, EPOCH), EPOCH + options.days * DAY
    planned = stream.poisson(_LISTINGS_PER_SHOP - 1, opened.shape[0]) + 1
    shop = np.repeat(np.arange(opened.shape[0]), planned)
    span = np.maximum(end - first - 20 * DAY, 1)
    share = stream.random(shop.shape[0])
    listed = first[shop] + (span[shop] * share * 0.85).astype(np.int64)
    kept = (closed[shop] < 0) | (listed < closed[shop])
    bare = np.flatnonzero(np.bincount(shop[kept], minlength=opened.shape[0]) == 0)
    only = (np.cumsum(planned) - planned)[bare]
    listed[only] = first[bare] + (share[only] * (closed - first)[bare]).astype(np.int64)
    kept[only] = True
    return shop[kept], listed[kept]


def _bins_at(world: World) -> dict[int, list[int]]:
    """Bins of each dispatch point."""
    found: dict[int, list[int]] = {}
    for number in np.flatnonzero(world.bin_role == Role.DISPATCH).tolist():
        found.setdefault(int(world.bin_site[number]), []).append(number)
    return found


def purchase_orders(options: MarketOptions, world: World, listings: Listings) -> Orders:
    """Test purchases: one or two units of some listings, sent to the room where they are opened.

    The market is let run for a third of its time before the first one.
    """
    stream = random_stream(options.seed, "purchases")
    share = 1.0 - options.rule2_share - options.seizure_share - options.exhibit_share
    wanted = max(round(_PURCHASED_SHARE * len(listings)), round(2.0 * share * options.cases))
    start = np.maximum(listings.listed_at, EPOCH + options.days * DAY // 3)
    end = listings.ended_by(options) - 2 * DAY
    possible = np.flatnonzero(end > start)
    chosen = np.sort(stream.permutation(possible)[:wanted])
    span = (end - start)[chosen]
    rooms = world.sites_of(Role.ROOM)
    source = listings.bin[chosen]
    return simple_orders(
        {
            "time": start[chosen] + (span * stream.random(chosen.shape[0])).astype(np.int64),
            "source": source + world.n_factories,
            "to_site": rooms[stream.integers(0, rooms.shape[0], chosen.shape[0])],
            "product": world.bin_product[source],
            "units": stream.integers(1, 3, chosen.shape[0]),
            "transit": ((0.8 + stream.gamma(2.0, 0.7, chosen.shape[0])) * DAY).astype(np.int64),
            "kind": np.full(chosen.shape[0], PURCHASE, dtype=np.int64),
            "reference": chosen,
        }
    )


@dataclass(frozen=True, slots=True)
class Fairs:
    """Things shown at fairs, one a row: fair, booth, shop that shows it, bin it comes from, day."""

    fair: IntArray
    booth: IntArray
    shop: IntArray
    bin: IntArray
    day: IntArray


def build_fairs(options: MarketOptions, world: World, listings: Listings) -> Fairs:
    """Exhibits at a few fairs in the second half of the time; each booth belongs to one shop at one fair."""
    stream = random_stream(options.seed, "fairs")
    wanted = max(12, round(1.7 * options.exhibit_share * options.cases), round(24 * options.scale))
    n_fairs = 5
    booths = world.sites_of(Role.BOOTH)
    pair = stream.permutation(n_fairs * booths.shape[0])[:wanted]
    wanted = pair.shape[0]
    fair = pair % n_fairs
    fair_day = np.sort(stream.integers(round(0.4 * options.days), options.days - 5, n_fairs))
    shown = stream.integers(0, len(listings), wanted)
    return Fairs(
        fair=fair,
        booth=booths[pair // n_fairs],
        shop=listings.shop[shown],
        bin=listings.bin[shown],
        day=EPOCH + fair_day[fair] * DAY,
    )


def exhibit_orders(options: MarketOptions, world: World, fairs: Fairs) -> Orders:
    """A few pieces sent to the booth in the week before the fair."""
    stream = random_stream(options.seed, "exhibits")
    size = fairs.bin.shape[0]
    transit = ((0.4 + stream.gamma(2.0, 0.4, size)) * DAY).astype(np.int64)
    return simple_orders(
        {
            "time": fairs.day - transit - (stream.uniform(0.2, 6.0, size) * DAY).astype(np.int64),
            "source": fairs.bin + world.n_factories,
            "to_site": fairs.booth,
            "product": world.bin_product[fairs.bin],
            "units": stream.integers(2, 12, size),
            "transit": transit,
            "kind": np.full(size, SHOWN, dtype=np.int64),
            "reference": np.arange(size),
        }
    )
