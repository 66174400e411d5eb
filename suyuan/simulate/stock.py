"""Stock kept by lot: which goods each order really takes, and so where each unit really comes from."""

from dataclasses import dataclass

import numpy as np

from suyuan.simulate.codes import random_stream
from suyuan.simulate.options import MarketOptions, Mixing
from suyuan.simulate.orders import PURCHASE, Orders
from suyuan.simulate.stock_kernels import (
    AGE,
    FIFO,
    OUTSIDE,
    PARTLY_FIFO,
    PICKS,
    PROPORTIONAL,
    REPACK_DAYS,
    run_orders,
)
from suyuan.simulate.world import DAY, FloatArray, IntArray, World

_MODES: dict[Mixing, int] = {
    "fifo": FIFO,
    "proportional": PROPORTIONAL,
    "age": AGE,
    "outside": OUTSIDE,
    "partly_fifo": PARTLY_FIFO,
}
_LOT_DAYS = 9
_DEPTH = 1.1


@dataclass(frozen=True, slots=True)
class Lots:
    """Lots: product, factory (-1 for one made by repacking), when made in seconds since 1970."""

    product: IntArray
    factory: IntArray
    made: IntArray


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
    lots : all lots, by number
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
    lots: Lots
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
    production, made = _production_lots(world, orders)
    repacking = np.flatnonzero(world.relabels)
    repack_row = np.full(world.bin_site.shape[0], -1, dtype=np.int64)
    repack_row[repacking] = np.arange(repacking.shape[0])
    windows = options.days // REPACK_DAYS + 40
    order, quantity, lot, factory, previous, repack_lot, repack_at = run_orders(
        orders.time,
        orders.source,
        orders.to_bin,
        orders.units,
        orders.transit,
        orders.kind,
        production,
        _usual_share(world, orders),
        repack_row,
        made.product.shape[0],
        windows,
        stream.random((len(orders), 2 * PICKS)),
        _MODES[options.mixing],
        options.fifo_share,
        options.age_scale_days * DAY,
        world.n_factories,
    )
    lots = _with_repacked(world, made, repacking, windows, int(orders.time[0]))
    taken = (order, quantity, lot, factory, previous, repack_lot, repack_at)
    return _flow(world, orders, taken, lots)


def _flow(world: World, orders: Orders, taken: tuple[IntArray, ...], lots: Lots) -> Flow:
    """What the orders really took, with what the orders say beside it."""
    order, quantity, lot, factory, previous, repack_lot, repack_at = taken
    source = orders.source[order]
    in_bin = np.maximum(source - world.n_factories, 0)
    return Flow(
        departed=orders.time[order],
        arrived=orders.time[order] + orders.transit[order],
        from_site=np.where(source < world.n_factories, source, world.bin_site[in_bin]),
        to_site=orders.to_site[order],
        to_bin=orders.to_bin[order],
        product=orders.product[order],
        quantity=quantity,
        lot=lot,
        factory=factory,
        previous=previous,
        kind=orders.kind[order],
        reference=orders.reference[order],
        lots=lots,
        repack_lot=repack_lot,
        repack_at=repack_at,
    )


def _with_repacked(world: World, made: Lots, repacking: IntArray, windows: int, start: int) -> Lots:
    """The lots of the factories and, after them, those that repacking can give out."""
    bins = np.repeat(repacking, windows)
    spell = REPACK_DAYS * DAY
    times = (np.tile(np.arange(windows), repacking.shape[0]) + start // spell + 1) * spell
    return Lots(
        product=np.concatenate([made.product, world.bin_product[bins]]),
        factory=np.concatenate([made.factory, np.full(bins.shape[0], -1, dtype=np.int64)]),
        made=np.concatenate([made.made, times]),
    )


def _production_lots(world: World, orders: Orders) -> tuple[IntArray, Lots]:
    """Factories make a lot of a product every nine days: lot of each order, and the lots."""
    production = np.full(len(orders), -1, dtype=np.int64)
    rows = np.flatnonzero(orders.source < world.n_factories)
    maker, product = orders.source[rows], orders.product[rows]
    phase = (maker * 7 + product * 3) % _LOT_DAYS
    run = (orders.time[rows] // DAY + phase) // _LOT_DAYS
    key = np.stack([maker, product, run], axis=1)
    unique, inverse = np.unique(key, axis=0, return_inverse=True)
    production[rows] = inverse.ravel()
    started = (unique[:, 2] * _LOT_DAYS - (unique[:, 0] * 7 + unique[:, 1] * 3) % _LOT_DAYS) * DAY
    return production, Lots(unique[:, 1].copy(), unique[:, 0].copy(), started)


def _usual_share(world: World, orders: Orders) -> FloatArray:
    """Share of its stock that a bin gives to one order, so that the stock keeps its usual depth."""
    n_bins = world.bin_site.shape[0]
    incoming = np.bincount(orders.to_bin[orders.to_bin >= 0], minlength=n_bins)
    ordinary = (orders.source >= world.n_factories) & (orders.kind != PURCHASE)
    outgoing = np.bincount(orders.source[ordinary] - world.n_factories, minlength=n_bins)
    return np.clip(incoming / np.maximum(outgoing, 1) / _DEPTH, 0.03, 1.0)
