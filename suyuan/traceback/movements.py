# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportIncompatibleMethodOverride=false
"""Selections of movements, and how selected ones weigh against one another."""

from dataclasses import dataclass

import numpy as np

from suyuan.graph.snapshot import (
    ARRIVED_UNKNOWN,
    DEPARTED_UNKNOWN,
    QUANTITY_UNKNOWN,
    FloatArray,
    Int32Array,
)
from suyuan.traceback.preparation import Prepared, products_carried
from suyuan.traceback.times import EARLIEST, LATEST, span_end

Moment = tuple[int, int]
"""Microseconds and :class:`suyuan.graph.records.Precision`."""


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time, microseconds, both ends within it; None is open."""

    begin: int | None
    end: int | None

    @staticmethod
    def of_time(moment: int, precision: int) -> "Window":
        """The span that one time of some precision stands for."""
        return Window(moment, int(span_end(moment, precision)))

    @staticmethod
    def of_life(begin: Moment | None, end: Moment | None, as_of: int | None) -> "Window":
        """From the start of one time to the end of another, cut at ``as_of``."""
        last = None if end is None else int(span_end(*end))
        if as_of is not None:
            last = as_of if last is None else min(last, as_of)
        return Window(None if begin is None else begin[0], last)

    def widened(self, slack: int) -> "Window":
        """The span with so many microseconds more on both sides."""
        return Window(
            None if self.begin is None else self.begin - slack, None if self.end is None else self.end + slack
        )

    def holds(self, times: np.ndarray) -> np.ndarray:
        """Which times lie within."""
        low, high = self.ends()
        return (times >= low) & (times <= high)

    def ends(self) -> tuple[int, int]:
        """Both ends as numbers."""
        return (
            EARLIEST if self.begin is None else self.begin,
            LATEST if self.end is None else self.end,
        )


def inflow_of(prepared: Prepared, sites: Int32Array) -> Int32Array:
    """Seen movements into any of the sites."""
    start = prepared.snapshot.movements.inflow_start
    parts = [np.arange(start[site], start[site + 1], dtype=np.int32) for site in sites]
    found = np.concatenate([np.empty(0, np.int32), *parts])
    return found[prepared.seen[found]]


def outflow_of(prepared: Prepared, sites: Int32Array) -> Int32Array:
    """Seen movements out of any of the sites."""
    movements = prepared.snapshot.movements
    start = movements.outflow_start
    parts = [movements.outflow[start[site] : start[site + 1]] for site in sites]
    found = np.concatenate([np.empty(0, np.int32), *parts])
    return found[prepared.seen[found]]


def carrying(prepared: Prepared, movements: Int32Array, product: int) -> Int32Array:
    """Those that can carry a product (by rank): it or an unknown one. -1: all."""
    if product < 0 or not len(movements):
        return movements
    carried = products_carried(prepared.carried[movements], prepared.goods.lot_product)
    return movements[(carried == product) | (carried < 0)]


def departing_within(prepared: Prepared, movements: Int32Array, window: Window) -> Int32Array:
    """Those whose known departure can lie within a window; undated ones only if it has no begin."""
    low, high = window.ends()
    columns = prepared.snapshot.movements
    known = (columns.flags[movements] & DEPARTED_UNKNOWN) == 0
    begins = columns.departed[movements] <= high
    ends = prepared.bounds.latest_departure[movements] >= low
    undated = ~known & (window.begin is None)
    return movements[(known & begins & ends) | undated]


def arrived_by(prepared: Prepared, movements: Int32Array, end: int | None) -> Int32Array:
    """Those that can have arrived by a time."""
    if end is None:
        return movements
    return movements[prepared.bounds.earliest_arrival[movements] <= end]


def quantities(prepared: Prepared, movements: Int32Array) -> FloatArray:
    """Quantities, an unknown one being the median of the known among them, else 1."""
    columns = prepared.snapshot.movements
    quantity = columns.quantity[movements].copy()
    unknown = (columns.flags[movements] & QUANTITY_UNKNOWN) > 0
    known = quantity[~unknown]
    if len(known) < len(quantity):
        quantity[unknown] = np.median(known) if len(known) else 1.0
    return quantity


def quantity_weights(prepared: Prepared, movements: Int32Array) -> FloatArray:
    """Weights by quantity; equal ones where units differ or nothing was moved."""
    units = prepared.snapshot.movements.unit[movements]
    weights = quantities(prepared, movements)
    units = units[units > 0]
    if (units != units[:1]).any() or not weights.sum() > 0:
        return np.ones(len(movements))
    return weights


def recency_weights(prepared: Prepared, movements: Int32Array, end: int | None) -> FloatArray:
    """Weights by quantity, falling with the time since arrival by the usual stay of such goods at the site."""
    weights = quantity_weights(prepared, movements)
    if end is None or not len(movements):
        return weights
    columns = prepared.snapshot.movements
    scale = prepared.mixing.dwell[prepared.in_stream[movements]]
    stay = np.maximum(0.0, end - prepared.bounds.arrived[movements].astype(np.float64))
    undated = (columns.flags[movements] & ARRIVED_UNKNOWN) > 0
    stay = np.where(undated & (prepared.bounds.arrived[movements] <= EARLIEST), scale, stay)
    return weights * np.exp((stay.min() - stay) / scale)


def by_id(prepared: Prepared, movements: Int32Array) -> np.ndarray:
    """Places of movements in the order of their ids."""
    if len(movements) < 2:
        return np.arange(len(movements))
    return np.argsort(prepared.movement_rank[movements])
