"""What the records tell of the movements: some are missing, others lack product, lot, times or quantity."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from suyuan.simulate.arrow_text import formatted, joined, padded
from suyuan.simulate.calendar import time_column
from suyuan.simulate.cases import Cases
from suyuan.simulate.codes import random_stream
from suyuan.simulate.options import MarketOptions
from suyuan.simulate.orders import PURCHASE, SHOWN
from suyuan.simulate.stock import Flow
from suyuan.simulate.world import DAY, IntArray, Role, World, product_ids

BoolArray = NDArray[np.bool_]

_CARRIERS = ("迅达物流", "驰远速运", "安捷货运", "通途快运", "恒运专线", "云程供应链")


@dataclass(frozen=True, slots=True)
class Records:
    """The recorded movements.

    Attributes
    ----------
    movement : int64, shape (n_recorded,)
        Number of the true movement of each record, in the order of the records.
    record : int64, shape (n_movements,)
        Place of each movement among the records, -1 if none tells of it.
    product_known, lot_known, departed_known, arrived_known : bool, shape (n_recorded,)
    quantity_known, day_only : bool, shape (n_recorded,)
    """

    movement: IntArray
    record: IntArray
    product_known: BoolArray
    lot_known: BoolArray
    departed_known: BoolArray
    arrived_known: BoolArray
    quantity_known: BoolArray
    day_only: BoolArray

    def shipment_id(self, movement: int) -> str | None:
        """Shipment id of a movement, None if it is not recorded."""
        place = int(self.record[movement])
        return None if place < 0 else f"SH{place + 1:07d}"


def build_records(options: MarketOptions, flow: Flow, cases: Cases) -> Records:
    """Which movements are recorded, in an order that tells nothing, and what is known of each.

    What an investigation itself recorded (test purchases, exhibits, seized goods) is never missing; the
    product of a test purchase and of an exhibit is known.
    """
    stream = random_stream(options.seed, "records")
    sure = (flow.kind == PURCHASE) | (flow.kind == SHOWN)
    held = sure.copy()
    held[cases.seizures.movement] = True
    kept = held | (stream.random(len(flow)) >= options.missing_rate)
    movement = stream.permutation(np.flatnonzero(kept)).astype(np.int64)
    record = np.full(len(flow), -1, dtype=np.int64)
    size = movement.shape[0]
    record[movement] = np.arange(size)
    undated = stream.random(size) < options.undated_rate
    which = stream.random(size)
    return Records(
        movement=movement,
        record=record,
        product_known=sure[movement] | (stream.random(size) >= options.product_unknown_rate),
        lot_known=stream.random(size) >= options.lot_unknown_rate,
        departed_known=~(undated & (which < 0.6)),
        arrived_known=~(undated & (which >= 0.4)),
        quantity_known=stream.random(size) >= options.quantity_unknown_rate,
        day_only=stream.random(size) < options.day_only_rate,
    )


def lot_ids(flow: Flow) -> pa.Array:
    """Lot ids by lot number: day of making and a running number, unique within a product."""
    days = (flow.lots.made // DAY).astype("datetime64[D]")
    order = np.lexsort((np.arange(flow.lots.made.shape[0]), flow.lots.made, flow.lots.product))
    product, made = flow.lots.product[order], flow.lots.made[order] // DAY
    starts = np.flatnonzero(np.r_[True, (np.diff(product) != 0) | (np.diff(made) != 0)])
    serial = np.empty(order.shape[0], dtype=np.int64)
    serial[order] = np.arange(order.shape[0]) - np.repeat(starts, np.diff(np.r_[starts, order.shape[0]]))
    text = formatted(pa.array(days).cast(pa.timestamp("s")), "%y%m%d")
    return joined(text, padded(pa.array(serial + 1), 2))


def shipment_columns(
    options: MarketOptions, world: World, flow: Flow, records: Records, site_ids: list[str]
) -> dict[str, pa.Array]:
    """The columns of the shipments table."""
    stream = random_stream(options.seed, "papers")
    rows = records.movement
    size = rows.shape[0]
    sites = pa.array(site_ids)
    every = np.ones(size, dtype=np.bool_)
    quantity = flow.quantity[rows] * np.exp(stream.normal(0.0, options.quantity_noise, size))
    numbers = np.maximum(1, np.round(quantity)).astype(np.int64)
    single = flow.quantity[rows] <= 2
    numbers = np.where(single, flow.quantity[rows], numbers)
    unknown_lot = ~records.lot_known
    columns = {
        "shipment_id": _numbered("SH", np.arange(size) + 1, 7),
        "from_site": sites.take(pa.array(flow.from_site[rows])),
        "to_site": sites.take(pa.array(flow.to_site[rows])),
        "departed_at": time_column(flow.departed[rows], records.departed_known, records.day_only),
        "arrived_at": time_column(flow.arrived[rows], records.arrived_known, records.day_only),
        "product_id": pa.array(product_ids(world.n_products)).take(
            pa.array(flow.product[rows], mask=~records.product_known)
        ),
        "lot_id": lot_ids(flow).take(pa.array(flow.lot[rows], mask=unknown_lot)),
        "quantity": pa.array(numbers, mask=~records.quantity_known),
        "unit": pa.array(["件"]).take(pa.array(np.zeros(size, dtype=np.int64), mask=~records.quantity_known)),
        "carrier": pa.array(_CARRIERS).take(
            pa.array(stream.integers(0, len(_CARRIERS), size), mask=stream.random(size) < 0.3)
        ),
        "waybill": _numbered("SY", stream.permutation(size) + 10_000_000_000, 12, stream.random(size) < 0.25),
    }
    return columns | _customs_columns(stream, world, flow, rows, every)


def _numbered(prefix: str, numbers: IntArray, width: int, unknown: BoolArray | None = None) -> pa.Array:
    """`prefix` and the zero-padded numbers."""
    return joined(prefix, padded(pa.array(numbers, mask=unknown), width))


def _customs_columns(
    stream: np.random.Generator, world: World, flow: Flow, rows: IntArray, every: BoolArray
) -> dict[str, pa.Array]:
    """Papers of goods that leave the country; unknown for all other movements."""
    inland = ~(world.role[flow.to_site[rows]] == Role.PORT) & every
    size = rows.shape[0]
    year = flow.departed[rows].astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970
    office = 2200 + flow.to_site[rows] % 100
    declaration = ((office * 10_000 + year) * 10 + 0) * 1_000_000_000 + stream.integers(
        0, 1_000_000_000, size
    )
    hs = 3_900_000_000 + flow.product[rows] % 5000 * 10_000
    modes = pa.array(["一般贸易", "市场采购贸易", "跨境电商"])
    return {
        "declared_value": pa.array(
            np.round(flow.quantity[rows] * stream.uniform(5.0, 60.0, size), 2), mask=inland
        ),
        "hs_code": pa.array(hs, mask=inland).cast(pa.string()),
        "trade_mode": modes.take(pa.array(stream.integers(0, 3, size), mask=inland)),
        "customs_declaration": pa.array(declaration, mask=inland).cast(pa.string()),
    }
