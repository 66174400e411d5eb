"""When a movement can have left and come: spans of known times, and bounds for unknown ones.

Bounds are int64 microseconds; EARLIEST and LATEST stand for "no bound". They are kept apart from the
extremes of int64 so that a bound can be negated and a span taken.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from suyuan.graph.compiled import compiled
from suyuan.graph.snapshot import (
    ARRIVED_PRECISION_SHIFT,
    ARRIVED_UNKNOWN,
    DEPARTED_PRECISION_SHIFT,
    DEPARTED_UNKNOWN,
    PRECISION_MASK,
    BoolArray,
    Int32Array,
    Int64Array,
    Movements,
    UInt8Array,
)
from suyuan.traceback.parameters import UnknownTimes

EARLIEST: Final = -(2**62)
LATEST: Final = 2**62
UNDATED: Final = DEPARTED_UNKNOWN | ARRIVED_UNKNOWN
INEXACT: Final = (
    UNDATED | PRECISION_MASK << DEPARTED_PRECISION_SHIFT | PRECISION_MASK << ARRIVED_PRECISION_SHIFT
)

EVERY: Final = slice(None)

_DAY: Final = 86_400_000_000
_MODES: Final = {UnknownTimes.INFER: 0, UnknownTimes.EXCLUDE: 1, UnknownTimes.INCLUDE: 2}


class Bounds(NamedTuple):
    """Earliest time each movement can have arrived and latest it can have left: int64, shape (n_movements,).

    A movement that may not be used at all has LATEST and EARLIEST. ``departed`` and ``arrived`` are the
    means over the spans in which these times lie, EARLIEST where nothing is known of them.
    """

    earliest_arrival: Int64Array
    latest_departure: Int64Array
    departed: Int64Array
    arrived: Int64Array


@compiled
def month_start(month: int) -> int:
    """Microseconds at the start of a month counted from January 1970 (proleptic Gregorian, UTC)."""
    year, of_year = 1970 + month // 12, month % 12
    shifted = year - 1 if of_year < 2 else year
    era = shifted // 400
    year_of_era = shifted - era * 400
    day_of_year = (153 * ((of_year + 10) % 12) + 2) // 5
    day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    return (era * 146_097 + day_of_era - 719_468) * _DAY


@compiled
def month_of(moment: int) -> int:
    """Months since January 1970 of a time in microseconds."""
    days = moment // _DAY + 719_468
    era = days // 146_097
    day_of_era = days - era * 146_097
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    of_year = (shifted + 2) % 12
    year = year_of_era + era * 400 + (1 if of_year < 2 else 0)
    return (year - 1970) * 12 + of_year


@compiled
def span_end(start: int, precision: int) -> int:
    """Last microsecond of the span that a time of this precision stands for.

    Examples
    --------
    >>> span_end(0, 1)
    86399999999
    """
    if precision == 0:
        return start
    if precision == 1:
        return start + _DAY - 1
    months = 1 if precision == 2 else 12
    return month_start(month_of(start) + months) - 1


@compiled
def mean_of(low: int, high: int) -> int:
    """Middle of a span; the finite end where the other is open; EARLIEST where both are."""
    if low <= EARLIEST:
        return EARLIEST if high >= LATEST else high
    return low if high >= LATEST else low + (high - low) // 2


@compiled
def own_bounds(
    departed: Int64Array, arrived: Int64Array, flags: UInt8Array, mode: int
) -> tuple[Int64Array, Int64Array]:
    """Earliest arrival and latest departure as each movement's own times tell."""
    n = len(flags)
    earliest = np.empty(n, np.int64)
    latest = np.empty(n, np.int64)
    for m in range(n):
        flag = flags[m]
        knows_departure = flag & DEPARTED_UNKNOWN == 0
        knows_arrival = flag & ARRIVED_UNKNOWN == 0
        departure_end = span_end(departed[m], flag >> DEPARTED_PRECISION_SHIFT & PRECISION_MASK)
        arrival_end = span_end(arrived[m], flag >> ARRIVED_PRECISION_SHIFT & PRECISION_MASK)
        if knows_arrival:
            earliest[m] = arrived[m]
        elif mode == 0 and knows_departure:
            earliest[m] = departed[m]
        else:
            earliest[m] = LATEST if mode == 1 else EARLIEST
        if knows_departure:
            latest[m] = departure_end
        elif mode == 0 and knows_arrival:
            latest[m] = arrival_end
        else:
            latest[m] = EARLIEST if mode == 1 else LATEST
    return earliest, latest


@compiled
def mean_times(
    departed: Int64Array,
    arrived: Int64Array,
    flags: UInt8Array,
    earliest: Int64Array,
    latest: Int64Array,
    transit: int,
) -> tuple[Int64Array, Int64Array]:
    """Mean departure and arrival of each movement.

    A known time is the middle of its span; where only the other is known it lies within ``transit`` of it;
    where neither is, both lie between ``earliest`` and ``latest``.
    """
    n = len(flags)
    mean_departure = np.empty(n, np.int64)
    mean_arrival = np.empty(n, np.int64)
    for m in range(n):
        flag = flags[m]
        departure_end = span_end(departed[m], flag >> DEPARTED_PRECISION_SHIFT & PRECISION_MASK)
        arrival_end = span_end(arrived[m], flag >> ARRIVED_PRECISION_SHIFT & PRECISION_MASK)
        if flag & UNDATED == UNDATED:
            mean_departure[m] = mean_arrival[m] = mean_of(earliest[m], latest[m])
        elif flag & DEPARTED_UNKNOWN:
            mean_arrival[m] = mean_of(arrived[m], arrival_end)
            mean_departure[m] = mean_of(arrived[m] - transit, arrival_end)
        elif flag & ARRIVED_UNKNOWN:
            mean_departure[m] = mean_of(departed[m], departure_end)
            mean_arrival[m] = mean_of(departed[m], departure_end + transit)
        else:
            mean_departure[m] = mean_of(departed[m], departure_end)
            mean_arrival[m] = mean_of(arrived[m], arrival_end)
    return mean_departure, mean_arrival


@compiled
def known_spans(
    from_site: Int32Array,
    to_site: Int32Array,
    flags: UInt8Array,
    departed: Int64Array,
    arrived: Int64Array,
    seen: BoolArray,
    n_sites: int,
) -> tuple[Int64Array, Int64Array]:
    """First and last time that dated movements tell of each site; EARLIEST both where there are none."""
    first, last = np.full(n_sites, LATEST), np.full(n_sites, EARLIEST)
    for m in range(len(flags)):
        if seen[m] and flags[m] & UNDATED != UNDATED:
            left, came = from_site[m], to_site[m]
            first[left], last[left] = min(first[left], departed[m]), max(last[left], departed[m])
            first[came], last[came] = min(first[came], arrived[m]), max(last[came], arrived[m])
    for site in range(n_sites):
        if first[site] == LATEST:
            first[site] = EARLIEST
    return first, last


def all_exact(movements: Movements) -> bool:
    """Whether every time is known to the point."""
    return not bool(np.any(movements.flags & np.uint8(INEXACT)))


def mode_number(mode: UnknownTimes) -> int:
    """The mode as the kernels take it."""
    return _MODES[mode]


def known_by(
    columns: Mapping[str, Any], as_of: int | None, rows: np.ndarray | slice = EVERY, *, time: str = "at"
) -> BoolArray:
    """Which rows tell of something that had happened by ``as_of``; undated ones do.

    Parameters
    ----------
    columns : of nodes or edges, with ``time`` and ``time_known``
    rows : which of them are asked about
    """
    last = LATEST if as_of is None else as_of
    return ~columns[f"{time}_known"][rows] | (columns[time][rows] <= last)


def visible(movements: Movements, as_of: int | None) -> np.ndarray:
    """Which movements had begun by ``as_of``: their first known time is not later; undated ones always."""
    if as_of is None:
        return np.ones(len(movements), np.bool_)
    begun = np.where(movements.flags & DEPARTED_UNKNOWN, movements.arrived, movements.departed)
    return ((movements.flags & UNDATED) == UNDATED) | (begun <= as_of)
