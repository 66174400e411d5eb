"""Stock kept by lot: which goods each order really takes, and so where each unit really comes from."""

from dataclasses import dataclass

import numpy as np

from suyuan.simulate.codes import random_stream
from suyuan.simulate.compiled import compiled
from suyuan.simulate.options import Mixing, MarketOptions
from suyuan.simulate.orders import PURCHASE, Orders
from suyuan.simulate.world import DAY, FloatArray, IntArray, World

FIFO, PROPORTIONAL, AGE, OUTSIDE, PARTLY_FIFO = range(5)
_MODES: dict[Mixing, int] = {
    "fifo": FIFO,
    "proportional": PROPORTIONAL,
    "age": AGE,
    "outside": OUTSIDE,
    "partly_fifo": PARTLY_FIFO,
}

_PICKS = 2
_LEAST = 0.2
_KEPT_BACK = 0.2
_LOT_DAYS = 9
_REPACK_DAYS = 3
_DEPTH = 1.1


@dataclass(frozen=True, slots=True)
class Flow:
    """What really moved, one movement a row, in order of departure.

    Attributes
    ----------
    departed, arrived : seconds since 1970
    from_site, to_site, to_bin, product : numbers; bin -1 where nothing is kept
    quantity : units, all of one lot and one factory
    lot : number of the lot as labelled on departure
    factory : number of the factory that made the units
    previous : the movement they came in by, -1 from the factory itself
    kind, reference : of the order
    lot_product, lot_factory, lot_made : per lot; factory -1 for a lot number given when repacking; seconds since 1970
    repack_lot, repack_at : for each movement into a repacking bin the new lot and the time, else -1
    """

    departed: IntArray
    arrived: IntArray
    from_site: IntArray
    to_site: IntArray
    to_bin: IntArray
    product: IntArray
    quantity: IntArray
    lot: IntArray
    factory: IntArray
    previous: IntArray
    kind: IntArray
    reference: IntArray
    lot_product: IntArray
    lot_factory: IntArray
    lot_made: IntArray
    repack_lot: IntArray
    repack_at: IntArray

    def __len__(self) -> int:
        return self.departed.shape[0]


def run_stock(options: MarketOptions, world: World, orders: Orders) -> Flow:
    """Let all orders take their goods from the stock, in order of time.

    Parameters
    ----------
    options : MarketOptions
    world : World
    orders : Orders
        In order of time.

    Returns
    -------
    Flow
        No unit leaves a place before it came there, and no more leaves than came.
    """
    stream = random_stream(options.seed, "stock")
    production, lot_product, lot_factory, lot_made = _production_lots(world, orders)
    repack_base = lot_product.shape[0]
    windows = options.days // _REPACK_DAYS + 40
    repack_row = np.full(world.bin_site.shape[0], -1, dtype=np.int64)
    repacking = np.flatnonzero(world.relabels)
    repack_row[repacking] = np.arange(repacking.shape[0])
    share = _usual_share(world, orders)
    raw = _run(
        orders.time,
        orders.source,
        orders.to_bin,
        orders.units,
        orders.transit,
        orders.kind,
        production,
        share,
        repack_row,
        repack_base,
        windows,
        stream.random((len(orders), 2 * _PICKS)),
        _MODES[options.mixing],
        options.fifo_share,
        options.age_scale_days * DAY,
        world.n_factories,
    )
    count = int(raw[0].shape[0])
    order, quantity, lot, factory, previous, repack_lot, repack_at = raw
    made = int(orders.time[0]) // (_REPACK_DAYS * DAY)
    new_bins = np.repeat(repacking, windows)
    new_times = (np.tile(np.arange(windows), repacking.shape[0]) + made + 1) * (_REPACK_DAYS * DAY)
    source = orders.source[order]
    in_bin = np.maximum(source - world.n_factories, 0)
    from_site = np.where(source < world.n_factories, source, world.bin_site[in_bin])
    assert count == order.shape[0]
    return Flow(
        departed=orders.time[order],
        arrived=orders.time[order] + orders.transit[order],
        from_site=from_site,
        to_site=orders.to_site[order],
        to_bin=orders.to_bin[order],
        product=orders.product[order],
        quantity=quantity,
        lot=lot,
        factory=factory,
        previous=previous,
        kind=orders.kind[order],
        reference=orders.reference[order],
        lot_product=np.concatenate([lot_product, world.bin_product[new_bins]]),
        lot_factory=np.concatenate([lot_factory, np.full(new_bins.shape[0], -1, dtype=np.int64)]),
        lot_made=np.concatenate([lot_made, new_times]),
        repack_lot=repack_lot,
        repack_at=repack_at,
    )


def _production_lots(world: World, orders: Orders) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """A factory makes a lot of a product every nine days and ships from it: lot of each order, and what each lot is."""
    production = np.full(len(orders), -1, dtype=np.int64)
    rows = np.flatnonzero(orders.source < world.n_factories)
    maker, product = orders.source[rows], orders.product[rows]
    phase = (maker * 7 + product * 3) % _LOT_DAYS
    run = (orders.time[rows] // DAY + phase) // _LOT_DAYS
    key = np.stack([maker, product, run], axis=1)
    unique, inverse = np.unique(key, axis=0, return_inverse=True)
    production[rows] = inverse.ravel()
    started = (unique[:, 2] * _LOT_DAYS - (unique[:, 0] * 7 + unique[:, 1] * 3) % _LOT_DAYS) * DAY
    return production, unique[:, 1].copy(), unique[:, 0].copy(), started


def _usual_share(world: World, orders: Orders) -> FloatArray:
    """Share of its stock that a bin gives to one order, so that the stock stays about as deep as usual there."""
    n_bins = world.bin_site.shape[0]
    incoming = np.bincount(orders.to_bin[orders.to_bin >= 0], minlength=n_bins)
    ordinary = (orders.source >= world.n_factories) & (orders.kind != PURCHASE)
    outgoing = np.bincount(orders.source[ordinary] - world.n_factories, minlength=n_bins)
    return np.clip(incoming / np.maximum(outgoing, 1) / _DEPTH, 0.03, 1.0)


@compiled
def _pick(
    first: int,
    following: IntArray,
    left: IntArray,
    original: IntArray,
    ready: IntArray,
    now: int,
    mode: int,
    fifo_share: float,
    age_scale: float,
    uniform: float,
    which: float,
) -> int:
    """The batch an order takes from next, -1 if none is ready."""
    if mode == 4:
        mode = 0 if which < fifo_share else 1
    best = -1
    total = 0.0
    batch = first
    while batch >= 0:
        if ready[batch] <= now and left[batch] > 0:
            if mode == 0:
                if best < 0 or ready[batch] < ready[best]:
                    best = batch
            elif mode == 3:
                free = left[batch] > _KEPT_BACK * original[batch]
                if free and (best < 0 or ready[batch] > ready[best]):
                    best = batch
            elif mode == 1:
                total += left[batch]
            else:
                total += left[batch] * np.exp((ready[batch] - now) / age_scale)
        batch = following[batch]
    if mode == 0 or (mode == 3 and best >= 0):
        return best
    target = uniform * total
    batch = first
    while batch >= 0:
        if ready[batch] <= now and left[batch] > 0:
            if mode == 3:
                if best < 0 or left[batch] > left[best]:
                    best = batch
            else:
                best = batch
                target -= left[batch] if mode == 1 else left[batch] * np.exp((ready[batch] - now) / age_scale)
                if target <= 0.0:
                    return best
        batch = following[batch]
    return best


@compiled
def _run(
    time: IntArray,
    source: IntArray,
    to_bin: IntArray,
    units: IntArray,
    transit: IntArray,
    kind: IntArray,
    production: IntArray,
    share: FloatArray,
    repack_row: IntArray,
    repack_base: int,
    windows: int,
    uniform: FloatArray,
    mode: int,
    fifo_share: float,
    age_scale: float,
    n_factories: int,
) -> tuple[IntArray, IntArray, IntArray, IntArray, IntArray, IntArray, IntArray]:
    """Run all orders. A batch in stock is the movement that brought it."""
    limit = 2 * time.shape[0]
    order = np.empty(limit, dtype=np.int64)
    quantity = np.empty(limit, dtype=np.int64)
    lot = np.empty(limit, dtype=np.int64)
    factory = np.empty(limit, dtype=np.int64)
    previous = np.empty(limit, dtype=np.int64)
    repack_lot = np.full(limit, -1, dtype=np.int64)
    repack_at = np.full(limit, -1, dtype=np.int64)
    left = np.zeros(limit, dtype=np.int64)
    ready = np.empty(limit, dtype=np.int64)
    following = np.full(limit, -1, dtype=np.int64)
    first = np.full(share.shape[0], -1, dtype=np.int64)
    last = np.full(share.shape[0], -1, dtype=np.int64)
    window_seconds = _REPACK_DAYS * DAY
    window_zero = time[0] // window_seconds
    count = 0
    for row in range(time.shape[0]):
        now = time[row]
        target_bin = to_bin[row]
        supplier = source[row] - n_factories
        wanted = units[row]
        picks = 1
        if supplier >= 0:
            while first[supplier] >= 0 and left[first[supplier]] == 0:
                first[supplier] = following[first[supplier]]
            stock = 0
            before = -1
            batch = first[supplier]
            while batch >= 0:
                if left[batch] == 0:
                    following[before] = following[batch]
                    if last[supplier] == batch:
                        last[supplier] = before
                else:
                    before = batch
                    if ready[batch] <= now:
                        stock += left[batch]
                batch = following[batch]
            if wanted == 0:
                wanted = max(1, round(stock * share[supplier]))
                picks = _PICKS
            if stock == 0:
                continue
        rest = wanted
        for pick in range(picks):
            if rest <= 0 or (pick > 0 and rest < _LEAST * wanted):
                break
            if supplier >= 0:
                batch = _pick(
                    first[supplier],
                    following,
                    left,
                    quantity,
                    ready,
                    now,
                    mode,
                    fifo_share,
                    age_scale,
                    uniform[row, 2 * pick],
                    uniform[row, 2 * pick + 1],
                )
                if batch < 0:
                    break
                taken = min(rest, left[batch])
                if kind[row] == 0 and left[batch] - taken < 0.15 * quantity[batch] and mode != 3:
                    taken = left[batch]
                left[batch] -= taken
                lot[count] = repack_lot[batch] if repack_lot[batch] >= 0 else lot[batch]
                factory[count] = factory[batch]
                previous[count] = batch
            else:
                taken = rest
                lot[count] = production[row]
                factory[count] = source[row]
                previous[count] = -1
            rest -= taken
            order[count] = row
            quantity[count] = taken
            if target_bin >= 0:
                left[count] = taken
                ready[count] = now + transit[row]
                if repack_row[target_bin] >= 0:
                    window = ready[count] // window_seconds
                    ready[count] = (window + 1) * window_seconds
                    repack_lot[count] = repack_base + repack_row[target_bin] * windows + window - window_zero
                    repack_at[count] = ready[count]
                if last[target_bin] >= 0 and first[target_bin] >= 0:
                    following[last[target_bin]] = count
                else:
                    first[target_bin] = count
                last[target_bin] = count
            count += 1
    return (
        order[:count],
        quantity[:count],
        lot[:count],
        factory[:count],
        previous[:count],
        repack_lot[:count],
        repack_at[:count],
    )
