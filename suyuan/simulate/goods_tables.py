"""Places, what they make, repacking, parcels seen, seizures and the truth, as tables."""

from itertools import groupby

import numpy as np

from suyuan.simulate.building import Market
from suyuan.simulate.calendar import day_text, time_text
from suyuan.simulate.cases import seizure_ids
from suyuan.simulate.codes import random_stream
from suyuan.simulate.geography import Division, coordinates, full_name, street_address
from suyuan.simulate.listings import listing_id
from suyuan.simulate.records import lot_ids
from suyuan.simulate.tables import TableWriter
from suyuan.simulate.world import DAY, EPOCH, Role, product_ids

_ROLE_NAMES: dict[Role, tuple[str | None, str]] = {
    Role.FACTORY: ("factory", "生产厂"),
    Role.MARKET: ("wholesale_market", "批发市场"),
    Role.WAREHOUSE: ("warehouse", "仓库"),
    Role.FORWARDER: ("forwarder", "货运代理"),
    Role.DISPATCH: ("dispatch_point", "发货点"),
    Role.PORT: ("port", "口岸"),
    Role.BOOTH: ("fair_booth", "展位"),
    Role.STATION: ("stall", "快递驿站"),
    Role.ROOM: (None, "取证室"),
}
_REPACK_RECORDED = 0.8
_WAYBILLS_PER_SHOP = 3


def write_goods_tables(market: Market, writer: TableWriter) -> None:
    """Tables sites, site_products, transformations, dispatches, seizures, confirmed_origins, truth."""
    _write_sites(market, writer)
    _write_site_products(market, writer)
    _write_transformations(market, writer)
    _write_dispatches(market, writer)
    _write_seizures(market, writer)
    _write_truth(market, writer)


def _site_name(market: Market, number: int, place: Division) -> str:
    """Place, kind and number."""
    tail = _ROLE_NAMES[Role(int(market.world.role[number]))][1]
    serial = int("".join(char for char in market.site_ids[number] if char.isdigit()))
    return f"{full_name(place.code)}{tail}{serial}号"


def _write_sites(market: Market, writer: TableWriter) -> None:
    stream = random_stream(market.options.seed, "sites")
    world = market.world
    numbers = range(world.role.shape[0])
    roles = [_ROLE_NAMES[Role(int(role))][0] for role in world.role]
    hidden = np.flatnonzero(stream.random(world.n_factories) < market.options.factory_role_unknown_rate)
    for number in hidden.tolist():
        roles[number] = None
    places = [coordinates(stream, division.code) for division in world.division]
    located = stream.random(len(places)) < 0.7
    writer.write(
        "sites",
        {
            "site_id": market.site_ids,
            "role": roles,
            "name": [_site_name(market, number, world.division[number]) for number in numbers],
            "operator": market.population.operators,
            "address": [street_address(stream, division) for division in world.division],
            "division_code": [division.code for division in world.division],
            "country": ["CN" for _ in numbers],
            "latitude": [place[0] if known else None for place, known in zip(places, located, strict=True)],
            "longitude": [place[1] if known else None for place, known in zip(places, located, strict=True)],
        },
    )


def _write_site_products(market: Market, writer: TableWriter) -> None:
    """All products of some factories, and most of what is kept elsewhere."""
    stream = random_stream(market.options.seed, "site products")
    world = market.world
    names = product_ids(world.n_products)
    known = stream.random(world.n_factories) < market.options.makes_known_share
    made = sorted(
        (int(factory), product)
        for product, makers in enumerate(world.makes)
        for factory in makers
        if known[factory]
    )
    kept_known = stream.random(world.bin_site.shape[0]) < 0.7
    kept = [
        (int(site), int(product))
        for site, product, is_known in zip(world.bin_site, world.bin_product, kept_known, strict=True)
        if is_known
    ]
    rows = [(site, product, "makes") for site, product in made] + [
        (site, product, "stores") for site, product in kept
    ]
    writer.write(
        "site_products",
        {
            "site_id": [market.site_ids[site] for site, _, _ in rows],
            "product_id": [names[product] for _, product, _ in rows],
            "relation": [relation for _, _, relation in rows],
        },
    )


def _write_transformations(market: Market, writer: TableWriter) -> None:
    """Repacking: all lots that came into a repacking place within three days leave it as one new lot."""
    stream = random_stream(market.options.seed, "repacking")
    flow = market.flow
    rows = np.flatnonzero(flow.repack_lot >= 0)
    rows = rows[np.argsort(flow.repack_lot[rows], kind="stable")]
    lots = lot_ids(flow).to_pylist()
    names = product_ids(market.world.n_products)
    columns: dict[str, list[str]] = {name: [] for name in ("event_id", "site_id", "at")}
    lists = ("input_lots", "output_lots", "input_products", "output_products")
    columns |= {name: [] for name in lists}
    for new_lot, group in groupby(rows.tolist(), key=lambda row: int(flow.repack_lot[row])):
        members = list(group)
        if stream.random() >= _REPACK_RECORDED:
            continue
        product = names[int(flow.product[members[0]])]
        old = sorted({int(flow.lot[row]) for row in members})
        columns["event_id"].append(f"RP{len(columns['event_id']) + 1:06d}")
        columns["site_id"].append(market.site_ids[int(flow.to_site[members[0]])])
        columns["at"].append(time_text(int(flow.repack_at[members[0]])))
        columns["input_lots"].append(";".join(f"Lot:{product}:{lots[lot]}" for lot in old))
        columns["output_lots"].append(f"Lot:{product}:{lots[new_lot]}")
        columns["input_products"].append(product)
        columns["output_products"].append(product)
    writer.write("transformations", columns, begins="at")


def _write_dispatches(market: Market, writer: TableWriter) -> None:
    """Test purchases, parcels seen by their waybills, and what the shops themselves say."""
    rows: dict[tuple[str, str, str, str], tuple[str, str | None, str | None]] = {}
    for listing, movement in sorted(market.cases.purchase.items()):
        _add_dispatch(market, rows, (listing, movement, "test_purchase"), named=True)
    stream = random_stream(market.options.seed, "dispatches")
    seen = market.cases.observations
    for listing, movement in zip(seen.listing.tolist(), seen.movement.tolist(), strict=True):
        _add_dispatch(market, rows, (listing, movement, "waybill"), named=bool(stream.random() < 0.6))
    dispatch_sites = market.world.sites_of(Role.DISPATCH)
    for shop in market.population.shops:
        wrong = stream.random() < 0.15
        site = int(dispatch_sites[stream.integers(dispatch_sites.shape[0])]) if wrong else shop.site
        observed = day_text(max(shop.opened_at, EPOCH) + int(stream.integers(0, 20)) * DAY)
        source = "declared" if stream.random() < 0.7 else "return_address"
        rows.setdefault(
            (shop.platform, shop.seller_id, market.site_ids[site], observed), (source, None, None)
        )
    keys = list(rows)
    writer.write(
        "dispatches",
        {
            "platform": [key[0] for key in keys],
            "seller_id": [key[1] for key in keys],
            "site_id": [key[2] for key in keys],
            "observed_at": [key[3] for key in keys],
            "source": [rows[key][0] for key in keys],
            "listing_id": [rows[key][1] for key in keys],
            "shipment_id": [rows[key][2] for key in keys],
        },
        begins="observed_at",
    )


def _add_dispatch(
    market: Market,
    rows: dict[tuple[str, str, str, str], tuple[str, str | None, str | None]],
    what: tuple[int, int, str],
    *,
    named: bool,
) -> None:
    """One parcel of a listing's shop; only a test purchase names the listing."""
    listing, movement, source = what
    shop = market.population.shops[int(market.listings.shop[listing])]
    site = market.site_ids[int(market.flow.from_site[movement])]
    key = (shop.platform, shop.seller_id, site, time_text(int(market.flow.departed[movement])))
    bought = listing_id(listing) if source == "test_purchase" else None
    rows.setdefault(key, (source, bought, market.records.shipment_id(movement) if named else None))


def _write_seizures(market: Market, writer: TableWriter) -> None:
    """Goods held at ports."""
    stream = random_stream(market.options.seed, "seizures")
    flow, seizures = market.flow, market.cases.seizures
    rows = seizures.movement.tolist()
    names = product_ids(market.world.n_products)
    rights = [market.rights.first_of_product(int(flow.product[row])) for row in rows]
    ids = [
        market.records.shipment_id(row) if named else None
        for row, named in zip(rows, seizures.named, strict=True)
    ]
    writer.write(
        "seizures",
        {
            "seizure_id": seizure_ids(len(rows)),
            "port_site": [market.site_ids[int(flow.to_site[row])] for row in rows],
            "at": [time_text(at) for at in seizures.at.tolist()],
            "shipment_id": ids,
            "product_id": [names[int(flow.product[row])] for row in rows],
            "right_id": rights,
            "quantity": [int(flow.quantity[row]) for row in rows],
            "direction": ["export" for _ in rows],
            "recordal_no": [market.rights.recordal_of(right) for right in rights],
            "stage": [
                ("detained", "found", "released")[int(stream.choice(3, p=(0.4, 0.5, 0.1)))] for _ in rows
            ],
            "channel": [("freight", "courier", "post")[int(stream.integers(3))] for _ in rows],
        },
        begins="at",
    )


def _write_truth(market: Market, writer: TableWriter) -> None:
    """The truth itself, and what of it the authorities have confirmed."""
    cases = market.cases
    writer.write(
        "truth",
        {
            "case": cases.case_ids,
            "factory": [f"Site:{market.site_ids[factory]}" for factory in cases.factories],
        },
    )
    last = day_text(EPOCH + (market.options.days - 1) * DAY)
    writer.write(
        "confirmed_origins",
        {
            "case": [case.name for case in cases.confirmed],
            "site": [market.site_ids[case.factory] for case in cases.confirmed],
            "confirmed_at": [
                min(day_text(case.at + (number % 60) * DAY), last)
                for number, case in enumerate(cases.confirmed)
            ],
            "by": ["现场检查" for _ in cases.confirmed],
            "source": [f"检查笔录{number + 1:04d}号" for number in range(len(cases.confirmed))],
        },
    )
