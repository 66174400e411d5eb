"""Movements from the columns of shipments."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.errors import LimitError
from suyuan.graph.gather import Rows
from suyuan.graph.model import End
from suyuan.graph.ordering import group_order
from suyuan.graph.records import precision_name
from suyuan.graph.references import Placed
from suyuan.graph.snapshot import (
    ARRIVED_PRECISION_SHIFT,
    ARRIVED_UNKNOWN,
    DEPARTED_PRECISION_SHIFT,
    DEPARTED_UNKNOWN,
    NOTHING_KNOWN,
    QUANTITY_UNKNOWN,
    FloatArray,
    Int32Array,
    Int64Array,
    Movements,
    UInt8Array,
    UInt16Array,
)

FROM: Final = End("Site", ("from_site",))
TO: Final = End("Site", ("to_site",))
LOT: Final = End("Lot", ("product_id", "lot_id"))
PRODUCT: Final = End("Product", ("product_id",))
MOST_UNITS: Final = 2**16 - 1
EARLIEST: Final = np.iinfo(np.int64).min
LATEST: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Legs:
    """Shipments row by row: what :class:`Movements` holds, in no order; sites are -1 where unknown."""

    from_site: Int32Array
    to_site: Int32Array
    goods: Int32Array
    quantity: FloatArray
    unit: UInt16Array
    departed: Int64Array
    arrived: Int64Array
    flags: UInt8Array

    def __len__(self) -> int:
        return len(self.from_site)


def legs_of(rows: Rows, placed: Mapping[End, list[Placed]], units: list[str]) -> Legs:
    """The legs of shipments. Units not among ``units`` are added to it, in order.

    Raises
    ------
    LimitError
        More units than fit.
    """
    n = len(rows)
    site = {end: _only(placed, end, n) for end in (FROM, TO)}
    departed, departed_unknown, departed_precision = _time(rows, "departed_at")
    arrived, arrived_unknown, arrived_precision = _time(rows, "arrived_at")
    quantity = rows.columns["quantity"]
    unknown = np.asarray(pc.is_null(quantity))
    flags = departed_unknown * np.uint8(DEPARTED_UNKNOWN) + arrived_unknown * np.uint8(ARRIVED_UNKNOWN)
    flags |= unknown * np.uint8(QUANTITY_UNKNOWN)
    flags |= departed_precision << DEPARTED_PRECISION_SHIFT
    flags |= arrived_precision << ARRIVED_PRECISION_SHIFT
    return Legs(
        site[FROM],
        site[TO],
        goods_codes(_only(placed, LOT, n), _only(placed, PRODUCT, n)),
        np.asarray(pc.fill_null(quantity, 0.0)),
        _unit_codes(rows.columns["unit"], units),
        departed,
        arrived,
        flags,
    )


def goods_codes(lot: Int32Array, product: Int32Array) -> Int32Array:
    """``Movements.goods`` from positions of lots and products, -1 where unknown."""
    of_product = np.where(product >= 0, -product - 2, NOTHING_KNOWN)
    return np.where(lot >= 0, lot, of_product).astype(np.int32)


def _only(placed: Mapping[End, list[Placed]], end: End, n_rows: int) -> Int32Array:
    parts = placed[end]
    return parts[0].by_row(n_rows) if parts else np.full(n_rows, -1, np.int32)


def _time(rows: Rows, name: str) -> tuple[Int64Array, UInt8Array, UInt8Array]:
    column = rows.columns[name]
    unknown = np.asarray(pc.is_null(column)).astype(np.uint8)
    precision = np.asarray(pc.fill_null(rows.columns[precision_name(name)], 0)).astype(np.uint8)
    return np.asarray(pc.fill_null(column, 0)), unknown, precision & (1 - unknown) * np.uint8(3)


def _unit_codes(column: pa.Array, units: list[str]) -> UInt16Array:
    encoded = pc.dictionary_encode(column)
    texts = encoded.dictionary.to_pylist()
    units.extend(sorted(set(texts) - set(units)))
    if len(units) > MOST_UNITS:
        raise LimitError("units of quantity", MOST_UNITS, len(units))
    number = {text: code for code, text in enumerate(units)}
    codes = np.array([number[text] for text in texts] + [0], np.uint16)
    return codes[np.asarray(pc.fill_null(encoded.indices, len(texts)))]


def arrival_key(departed: Int64Array, arrived: Int64Array, flags: UInt8Array) -> Int64Array:
    """``arrived``, else ``departed``, else the least int64."""
    other = np.where(flags & DEPARTED_UNKNOWN, EARLIEST, departed)
    return np.where(flags & ARRIVED_UNKNOWN, other, arrived)


def departure_key(departed: Int64Array, arrived: Int64Array, flags: UInt8Array) -> Int64Array:
    """``departed``, else ``arrived``, else the greatest int64."""
    other = np.where(flags & ARRIVED_UNKNOWN, LATEST, arrived)
    return np.where(flags & DEPARTED_UNKNOWN, other, departed)


def movements_of(legs: Legs, by_id: Int32Array, n_sites: int) -> tuple[Movements, Int32Array]:
    """Movements in their order, with the row of each.

    Parameters
    ----------
    by_id : rows of ``legs`` with both sites known, in the order of their record ids.
    """
    order, inflow_start = group_order(
        legs.to_site[by_id],
        arrival_key(legs.departed[by_id], legs.arrived[by_id], legs.flags[by_id]),
        n_sites,
    )
    out_order, outflow_start = group_order(
        legs.from_site[by_id],
        departure_key(legs.departed[by_id], legs.arrived[by_id], legs.flags[by_id]),
        n_sites,
    )
    position = np.empty(len(order), np.int32)
    position[order] = np.arange(len(order), dtype=np.int32)
    row = by_id[order]
    movements = Movements(
        from_site=legs.from_site[row],
        to_site=legs.to_site[row],
        goods=legs.goods[row],
        quantity=legs.quantity[row],
        unit=legs.unit[row],
        departed=legs.departed[row],
        arrived=legs.arrived[row],
        flags=legs.flags[row],
        inflow_start=inflow_start,
        outflow=position[out_order],
        outflow_start=outflow_start,
    )
    return movements, row
