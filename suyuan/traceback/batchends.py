"""Where the mass of many starts ends, as arrays: put together, put in order, calibrated."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from suyuan.graph.ordering import chosen_rows
from suyuan.graph.snapshot import FloatArray, Int64Array
from suyuan.traceback.batchmass import ENDINGS
from suyuan.traceback.calibration import Calibration


class Ends(NamedTuple):
    """Where the mass of starts ends: that of start i in ``[start[i], start[i + 1])``, by site and ending as
    :class:`suyuan.traceback.batchmass.Endings` has them.
    """

    start: Int64Array
    key: Int64Array
    mass: FloatArray


def replaced(ends: Ends, places: Int64Array, parts: Sequence[tuple[Int64Array, FloatArray]]) -> Ends:
    """The same with other entries for some starts that have none."""
    if not len(places):
        return ends
    sizes = np.diff(ends.start)
    more = [len(keys) for keys, _ in parts]
    at = np.repeat(ends.start[places], more)
    sizes[places] = more
    return Ends(
        np.concatenate([[0], np.cumsum(sizes)]),
        np.insert(ends.key, at, np.concatenate([keys for keys, _ in parts])),
        np.insert(ends.mass, at, np.concatenate([mass for _, mass in parts])),
    )


def joined(parts: Sequence[Ends]) -> Ends:
    """Parts one behind the other."""
    sizes = [np.diff(part.start) for part in parts]
    return Ends(
        np.concatenate([[0], np.cumsum(np.concatenate([np.empty(0, np.int64), *sizes]))]).astype(np.int64),
        np.concatenate([np.empty(0, np.int64), *(part.key for part in parts)]),
        np.concatenate([np.empty(0), *(part.mass for part in parts)]),
    )


def in_order(ends: Ends, order: Int64Array) -> Ends:
    """Ends given in an order, in that of the starts."""
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    start, entries = chosen_rows(ends.start, back)
    return Ends(start, ends.key[entries], ends.mass[entries])


def calibrated_ends(ends: Ends, calibration: Calibration) -> FloatArray:
    """The mass at the temperature of a calibration; where there is no origin it stays."""
    row = np.repeat(np.arange(len(ends.start) - 1), np.diff(ends.start))
    n = len(ends.start) - 1
    highest, has_origin = np.zeros(n), np.zeros(n, np.bool_)
    np.maximum.at(highest, row, ends.mass)
    has_origin[row[ends.key % ENDINGS == 0]] = True
    raised = (ends.mass / highest[row]) ** (1.0 / calibration.temperature)
    total = np.bincount(row, weights=ends.mass, minlength=n)
    factor = total / np.maximum(np.bincount(row, weights=raised, minlength=n), np.finfo(np.float64).tiny)
    return np.where(has_origin[row], raised * factor[row], ends.mass)
