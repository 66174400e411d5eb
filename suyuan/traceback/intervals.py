"""How far the probabilities of origins can be off: the spread over draws of parameters and missing times.

Each draw takes parameters from the law of a fit (:mod:`suyuan.traceback.uncertainty`) and missing times from the spans
they lie in (:mod:`suyuan.traceback.missingtimes`), and the mass of the case is worked out again as if they were
known. What the case starts from, and how its first movements weigh against one another, stays as it is.
"""

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from suyuan.graph.snapshot import FloatArray, Int32Array
from suyuan.traceback.calibration import Calibration, at_temperature
from suyuan.traceback.cases import case_product, first_movements
from suyuan.traceback.circles import solved_circles
from suyuan.traceback.cutout import Cutout, cutout_of
from suyuan.traceback.lotmakers import NOT_TOLD, Told, straight_to_makers
from suyuan.traceback.mass import passed_on
from suyuan.traceback.missingtimes import Missing, drawn, inferred, missing_times
from suyuan.traceback.parameters import DEFAULT_LIMITS, TraceLimits, TraceParameters
from suyuan.traceback.preparation import Prepared, with_fitted
from suyuan.traceback.results import GAPS, Origin
from suyuan.traceback.reweighing import room_for, rows_of, with_times
from suyuan.traceback.trace import walk_from
from suyuan.traceback.uncertainty import Uncertainty
from suyuan.traceback.walking import Walk

DRAWS: Final = 200
LOW, HIGH = 5.0, 95.0
"""Percentiles over the draws that an interval goes from and to."""

MOST_PAIRS: Final = 3_000_000
"""Feasible predecessors of all places beyond which a case is too large to be worked out so often."""

_DIGITS = 12
_WAYS_TO_END: Final = len(GAPS) + 1
_ORIGIN: Final = len(GAPS)


@dataclass(frozen=True, slots=True)
class Intervals:
    """Intervals of the origins of a case, in their order.

    Parameters
    ----------
    low, high : of each origin; they hold its probability
    widened : how many of them had to be widened to hold it
    missing : how many movements had times drawn
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    widened: int
    missing: int


class NoIntervals(StrEnum):
    """Why there are none: the limit of movements looked at cut the trace, or it is too large."""

    CUT = "cut"
    TOO_LARGE = "too_large"


def intervals_of(
    prepared: Prepared,
    kind: str,
    position: int,
    origins: Sequence[Origin],
    uncertainty: Uncertainty,
    *,
    seed: int,
    calibration: Calibration | None = None,
    limits: TraceLimits = DEFAULT_LIMITS,
    draws: int = DRAWS,
) -> Intervals | NoIntervals:
    """Intervals of the origins of a backward trace.

    Parameters
    ----------
    kind, position, limits : as the trace was given them
    origins : of the trace, calibrated if a calibration is given
    seed : from 0 to 2^64 - 1

    Notes
    -----
    Takes time in the number of draws times that of the case's places, their feasible predecessors and the movements at
    the sites they leave; as many threads as there are processors share it.
    """
    start = first_movements(prepared, kind, position)
    if not len(start.movements):
        same = tuple(origin.probability for origin in origins)
        return Intervals(same, same, 0, 0)
    walked = walk_from(prepared, start, limits=limits)
    if walked.cut_by_nodes:
        return NoIntervals.CUT
    cutout = cutout_of(prepared, start, walked, limits, case_product(prepared, kind, position))
    if len(cutout.frame.place) > MOST_PAIRS:
        return NoIntervals.TOO_LARGE
    missing = missing_times(prepared, cutout, seed)
    parameters = uncertainty.drawn(prepared.parameters, draws, seed)
    sites = np.array([origin.site for origin in origins], np.int32)
    found = origin_draws(prepared, cutout, missing, parameters, sites, calibration)
    return _around(origins, found, len(missing.movement))


def _around(origins: Sequence[Origin], found: FloatArray, missing: int) -> Intervals:
    """Intervals from the probabilities of origins, one row a draw."""
    probability = np.round([origin.probability for origin in origins], _DIGITS)
    low, high = (
        np.round(np.percentile(found, (LOW, HIGH), axis=0), _DIGITS) if len(origins) else (probability,) * 2
    )
    outside = int(((probability < low) | (probability > high)).sum())
    low, high = np.minimum(low, probability), np.maximum(high, probability)
    return Intervals(tuple(low.tolist()), tuple(high.tolist()), outside, missing)


def origin_draws(
    prepared: Prepared,
    cutout: Cutout,
    missing: Missing,
    parameters: Sequence[TraceParameters],
    sites: Int32Array,
    calibration: Calibration | None = None,
) -> FloatArray:
    """Probabilities of sites as origins, shape (n_draws, n_sites): one draw of missing times for each parameters."""
    from_site = prepared.snapshot.movements.from_site
    leaves = from_site[cutout.movements]
    temperature = 1.0 if calibration is None else calibration.temperature
    numbers = np.unique(leaves[np.concatenate([cutout.frame.near, _departing(cutout)])])
    columns = np.searchsorted(numbers, sites)
    parts = [range(first, len(parameters), _WORKERS) for first in range(_WORKERS)]
    found = np.zeros((len(parameters), len(sites)))

    def work(part: Iterable[int]) -> None:
        draft = _Drawing(prepared, cutout, missing, np.searchsorted(numbers, leaves), len(numbers))
        for number in part:
            ends = draft.ends(number, parameters[number])
            if temperature != 1.0:
                ends = at_temperature(ends, temperature)
            found[number] = ends.reshape(-1, _WAYS_TO_END)[columns, _ORIGIN]

    with ThreadPoolExecutor(_WORKERS) as threads:
        for _ in threads.map(work, parts):
            pass
    return found


_WORKERS: Final = os.cpu_count() or 1


def _departing(cutout: Cutout) -> Int32Array:
    return cutout.departure[cutout.departure >= 0]


class _Drawing:
    """Draws of one case, one after the other, in one thread."""

    def __init__(
        self, prepared: Prepared, cutout: Cutout, missing: Missing, site: np.ndarray, n_sites: int
    ) -> None:
        self._prepared, self._cutout, self._missing = prepared, cutout, missing
        self._site, self._n_sites = site, n_sites
        self._times = inferred(cutout)
        self._room = room_for(cutout.frame)
        self._walk, self._mixing = with_times(cutout, self._times, missing)

    def ends(self, number: int, parameters: TraceParameters) -> FloatArray:
        """Where the mass of the case ends in one draw: shape (n_sites * _WAYS_TO_END,), by site and why."""
        if len(self._missing.movement):
            times = drawn(self._times, self._missing, number)
            self._walk, self._mixing = with_times(self._cutout, times, self._missing)
        frame = self._cutout.frame
        dwell = self._prepared.dwell_of_streams(parameters, self._cutout.stream)
        mixing = with_fitted(self._mixing, parameters, dwell)
        rows = rows_of(self._walk, mixing, frame, self._room)
        told = self._told(self._walk)
        movement, rows = straight_to_makers(rows, frame.near, told)
        mass, order = passed_on(rows, self._cutout.first_mass)
        if len(order) < len(rows.made):
            rows, mass = solved_circles(rows, mass, order)
        base = self._site[movement] * _WAYS_TO_END
        total = np.zeros(self._n_sites * _WAYS_TO_END)
        total += np.bincount(base + _ORIGIN, weights=mass * rows.made, minlength=len(total))
        total += np.bincount(base + rows.gap, weights=mass * rows.rest, minlength=len(total))
        return total

    def _told(self, walk: Walk) -> Told:
        """Places whose lot tells its maker: by a departure not after the latest time the place can have left."""
        frame, departure = self._cutout.frame, self._cutout.departure
        latest = np.minimum(frame.limit, walk.limit[frame.near])
        tells = (departure >= 0) & (self._mixing.departed[departure] <= latest)
        maker = np.where(tells, 0, NOT_TOLD).astype(np.int32)
        return Told(maker, departure, np.zeros(1, np.int32))
