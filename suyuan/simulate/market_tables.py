"""Shops, their offers, and what is shown at fairs, as tables."""

import numpy as np

from suyuan.simulate import names
from suyuan.simulate.building import Market
from suyuan.simulate.calendar import day_text, optional_day, optional_days
from suyuan.simulate.cases import exhibit_ids
from suyuan.simulate.codes import random_stream
from suyuan.simulate.listings import listing_ids
from suyuan.simulate.right_tables import mark_codes, marks_shown, product_name
from suyuan.simulate.tables import TableWriter
from suyuan.simulate.world import product_ids

_EVASIVE = ("1:1品质", "原单尾货", "高端复刻", "工厂直供", "同款")
_PLAIN = ("正品保障", "新款", "包邮", "家用", "官方质保")


def write_market_tables(market: Market, writer: TableWriter) -> None:
    """Tables sellers, listings, exhibits."""
    _write_sellers(market, writer)
    _write_listings(market, writer)
    _write_exhibits(market, writer)


def _write_sellers(market: Market, writer: TableWriter) -> None:
    stream = random_stream(market.options.seed, "seller table")
    shops = market.population.shops
    slips = stream.random(len(shops)) < market.options.typo_rate
    addresses = [
        names.with_slip(stream, shop.address) if slip else shop.address
        for shop, slip in zip(shops, slips, strict=True)
    ]
    writer.write(
        "sellers",
        {
            "platform": [shop.platform for shop in shops],
            "seller_id": [shop.seller_id for shop in shops],
            "name": [shop.name for shop in shops],
            "firm_id": [shop.firm_id for shop in shops],
            "address": addresses,
            "division_code": [shop.division.code for shop in shops],
            "opened_at": [day_text(shop.opened_at) for shop in shops],
            "closed_at": [optional_day(shop.closed_at) for shop in shops],
            "rating": [shop.rating for shop in shops],
            "channel": [shop.channel for shop in shops],
        },
    )


def _title(market: Market, stream: np.random.Generator, listing: int) -> str:
    product = int(market.listings.product[listing])
    infringes = bool(market.listings.infringes[listing])
    words = _EVASIVE if infringes and stream.random() < 0.5 else _PLAIN
    return f"{product_name(market, product)} {words[int(stream.integers(len(words)))]}"


def _claimed(market: Market, stream: np.random.Generator, listing: int) -> str | None:
    """Right numbers printed on the page; infringing pages print wrong ones now and then."""
    rights = market.rights.of_product[int(market.listings.product[listing])]
    patents = [right for right in rights if right.right_type != "trade_mark"]
    if not patents or stream.random() > 0.35:
        return None
    number = patents[int(stream.integers(len(patents)))].number
    if market.listings.infringes[listing] and stream.random() < 0.4:
        place = int(stream.integers(6, 12))
        number = (
            number[:place] + str((int(number[place]) + int(stream.integers(1, 9))) % 10) + number[place + 1 :]
        )
    return "ZL" + number


def _write_listings(market: Market, writer: TableWriter) -> None:
    stream = random_stream(market.options.seed, "listing table")
    listings = market.listings
    count = len(listings)
    shops = [market.population.shops[number] for number in listings.shop.tolist()]
    kinds = [names.PRODUCT_KINDS[product % len(names.PRODUCT_KINDS)] for product in listings.product.tolist()]
    ids = listing_ids(count)
    products = product_ids(market.world.n_products)
    shown = marks_shown(market)
    codes = mark_codes(max(shown.values(), default=-1) + 1)
    known = stream.random(count) < 0.92
    writer.write(
        "listings",
        {
            "platform": [shop.platform for shop in shops],
            "listing_id": ids,
            "seller_id": [shop.seller_id for shop in shops],
            "title": [_title(market, stream, number) for number in range(count)],
            "description": [
                f"{kind[0]}，{_PLAIN[int(stream.integers(len(_PLAIN)))]}，支持七天退换。" for kind in kinds
            ],
            "category": [kind[1] for kind in kinds],
            "product_id": [
                products[product] if is_known else None
                for product, is_known in zip(listings.product.tolist(), known, strict=True)
            ],
            "price": np.round(np.array([kind[3] for kind in kinds]) * listings.price_ratio, 2),
            "currency": ["CNY"] * count,
            "listed_at": [day_text(at) for at in listings.listed_at.tolist()],
            "delisted_at": optional_days(listings.delisted_at.tolist()),
            "claimed_rights": [_claimed(market, stream, number) for number in range(count)],
            "mark_code": [codes[shown[number]] if number in shown else None for number in range(count)],
            "image_hash": _image_hashes(market, stream),
            "url": [
                f"https://{shop.platform}.example/item/{key}" for shop, key in zip(shops, ids, strict=True)
            ],
            "units_sold": np.round(stream.lognormal(3.5, 1.4, count)).astype(np.int64),
            "channel": [shop.channel for shop in shops],
        },
        ends="delisted_at",
    )


def _image_hashes(market: Market, stream: np.random.Generator) -> list[str]:
    """Shops of one owner use the same pictures of a product, others now and then a common stock photo."""
    stock = [int(value) for value in stream.integers(0, 2**62, market.world.n_products)]
    own: dict[tuple[int, int], int] = {}
    hashes: list[str] = []
    for shop, product in zip(market.listings.shop.tolist(), market.listings.product.tolist(), strict=True):
        key = (market.population.shops[shop].owner, product)
        picture = own.setdefault(key, int(stream.integers(0, 2**62)))
        hashes.append(f"{stock[product] if stream.random() < 0.15 else picture:016x}")
    return hashes


def _write_exhibits(market: Market, writer: TableWriter) -> None:
    stream = random_stream(market.options.seed, "exhibit table")
    fairs = market.fairs
    count = fairs.bin.shape[0]
    products = market.world.bin_product[fairs.bin].tolist()
    names_of = product_ids(market.world.n_products)
    shops = [market.population.shops[number] for number in fairs.shop.tolist()]
    cities = ("330782", "440106", "350502", "330106", "310115")
    writer.write(
        "exhibits",
        {
            "exhibit_id": exhibit_ids(count),
            "fair": [f"第{number + 21}届日用消费品交易会" for number in fairs.fair.tolist()],
            "booth_site": [market.site_ids[site] for site in fairs.booth.tolist()],
            "exhibitor": [
                f"Firm:{shop.firm_id}" if shop.firm_id and stream.random() < 0.6 else shop.canonical_id
                for shop in shops
            ],
            "product_id": [names_of[product] for product in products],
            "right_id": [market.rights.first_of_product(product) for product in products],
            "at": [day_text(at) for at in fairs.day.tolist()],
            "key_exhibit": ["true" if stream.random() < 0.2 else "false" for _ in range(count)],
            "division_code": [cities[number % len(cities)] for number in fairs.fair.tolist()],
        },
    )
