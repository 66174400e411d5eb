"""What could be asked about the movements of a case, and what the answers would tell of their predecessors.

A question is about one value of one movement that is not recorded: its lot, product, departure or arrival. The
possible answers are the values at its feasible predecessors, weighted by present mass. An answer leaves the share
without predecessor as it is and gives the rest of the row to the predecessors that agree with it; those whose own value
is not recorded agree with any. A time is answered by an interval between arrivals of predecessors: goods leave a site
after an exponential stay, of the scale that the model has for sites of its role.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import numpy as np

from suyuan.graph.snapshot import (
    ARRIVED_UNKNOWN,
    DEPARTED_UNKNOWN,
    FloatArray,
    Int32Array,
    Int64Array,
)
from suyuan.traceback.massgraph import MassGraph
from suyuan.traceback.outcomes import summed
from suyuan.traceback.parameters import MICROSECONDS_PER_DAY
from suyuan.traceback.preparation import Prepared, products_carried
from suyuan.traceback.times import EARLIEST, LATEST

LEAST_MASS: Final = 0.01
"""Movements and gaps that carry less are not asked about."""

INTERVALS: Final = 6
"""Into how many intervals, at most, an unknown time is divided."""


class Question(NamedTuple):
    """A question about a movement.

    ``weight`` is the present mass behind each possible answer; ``entries`` are those of the rows of the places that the
    movement has in the case, place after place, ``length`` of each; ``factor``, shape (answers, entries), is what an
    answer leaves of each.
    """

    movement: int
    asks: str
    weight: FloatArray
    places: Int32Array
    length: Int64Array
    entries: Int64Array
    factor: FloatArray


class _Asked(NamedTuple):
    """A movement in question: the places it has in the case, and the predecessors in their rows, one after another."""

    movement: int
    places: Int32Array
    length: Int64Array
    entries: Int64Array
    far: Int32Array
    weight: FloatArray


def questions(prepared: Prepared, graph: MassGraph) -> Iterator[Question]:
    """All questions about movements that carry enough of the mass, whose answers can differ."""
    for asked in _asked(graph):
        for asks, told in _KINDS:
            answers = told(prepared, asked)
            if answers is None:
                continue
            value, factor = answers
            weight = value @ asked.weight
            possible = weight > 0.0
            if possible.sum() > 1:
                yield Question(
                    movement=asked.movement,
                    asks=asks,
                    weight=weight[possible],
                    places=asked.places,
                    length=asked.length,
                    entries=asked.entries,
                    factor=factor[possible],
                )


Told = tuple[FloatArray, FloatArray]
"""Shape (answers, predecessors) both: how much of a predecessor's mass stands for an answer, and what is left of it
after that answer."""


def _asked(graph: MassGraph) -> Iterator[_Asked]:
    rows = graph.rows
    length = np.diff(rows.start)
    with_rows = np.flatnonzero((length > 0) & (graph.mass > 0.0)).astype(np.int32)
    movements, mass = summed(graph.movement[with_rows].astype(np.int64), graph.mass[with_rows])
    for movement in movements[mass >= LEAST_MASS]:
        places = with_rows[graph.movement[with_rows] == movement]
        entries = np.concatenate(
            [np.arange(*rows.start[place : place + 2].tolist()) for place in places.tolist()]
        )
        weight = rows.share[entries] * np.repeat(graph.mass[places], length[places])
        far = graph.movement[rows.far[entries]]
        yield _Asked(int(movement), places, length[places], entries, far, weight)


def mass_after(graph: MassGraph, question: Question) -> tuple[FloatArray, FloatArray]:
    """Mass that comes to the movement by each entry, and what it is after each answer: (entries,), (answers, entries).

    Where the movement has several places, all of what predecessors supplied is divided anew.
    """
    mass = graph.rows.share[question.entries] * np.repeat(graph.mass[question.places], question.length)
    after = mass * question.factor
    return mass, after * (mass.sum() / after.sum(axis=1, keepdims=True))


def shares_after(graph: MassGraph, question: Question, answer: int) -> FloatArray:
    """Shares of the entries after an answer, each row for itself; where nothing agrees with it a row stays as it is."""
    share = graph.rows.share[question.entries]
    row = np.repeat(np.arange(len(question.places)), question.length)
    kept = share * question.factor[answer]
    total, left = np.bincount(row, weights=share), np.bincount(row, weights=kept)
    scale = total / np.where(left > 0.0, left, 1.0)
    return np.where(left[row] > 0.0, kept * scale[row], share)


def _lots(prepared: Prepared, asked: _Asked) -> Told | None:
    """Answers that name a lot: lots of predecessors."""
    if prepared.carried[asked.movement] >= 0:
        return None
    lot, product = prepared.carried[asked.far], _products(prepared, asked.far)
    answers = np.unique(lot[lot >= 0])
    code, of_lot = prepared.goods.lot_code[answers][:, None], prepared.goods.lot_product[answers][:, None]
    known = lot >= 0
    codes = np.append(prepared.goods.lot_code, np.int32(-1))[np.maximum(lot, -1)]
    product_agrees = (product < 0) | (of_lot < 0) | (product == of_lot)
    agrees = product_agrees & (~known | (codes == code))
    return (lot == answers[:, None]).astype(np.float64), agrees.astype(np.float64)


def _product(prepared: Prepared, asked: _Asked) -> Told | None:
    """Answers that name a product: products of predecessors."""
    if _products(prepared, np.array([asked.movement]))[0] >= 0:
        return None
    product = _products(prepared, asked.far)
    answers = np.unique(product[product >= 0])[:, None]
    value = product == answers
    return value.astype(np.float64), (value | (product < 0)).astype(np.float64)


def _products(prepared: Prepared, movements: np.ndarray) -> Int32Array:
    return products_carried(prepared.carried[movements], prepared.goods.lot_product)


def _departure(prepared: Prepared, asked: _Asked) -> Told | None:
    """Answers that say when it left, to an interval."""
    flag = prepared.snapshot.movements.flags[asked.movement]
    return _times(prepared, asked, 0.0) if flag & DEPARTED_UNKNOWN else None


def _arrival(prepared: Prepared, asked: _Asked) -> Told | None:
    """Answers that say when it came: what one tells of predecessors when nothing is known of the departure."""
    flag = prepared.snapshot.movements.flags[asked.movement]
    transit = prepared.parameters.transit_days * MICROSECONDS_PER_DAY
    return _times(prepared, asked, transit) if flag & DEPARTED_UNKNOWN and flag & ARRIVED_UNKNOWN else None


def _times(prepared: Prepared, asked: _Asked, transit: float) -> Told | None:
    came = prepared.bounds.arrived[asked.far]
    dated = came > EARLIEST
    if not dated.any():
        return None
    since = came.astype(np.float64)
    low, high = _window(prepared, asked.movement, transit)
    cuts = _cuts(since[dated], asked.weight[dated])
    edges = np.clip(np.concatenate([[-np.inf], cuts, [np.inf]]), low, high)
    role = prepared.snapshot.nodes["Site"].columns["role"]
    site = prepared.snapshot.movements.from_site[asked.movement]
    scale = prepared.parameters.dwell_days[role[site] + 1] * MICROSECONDS_PER_DAY
    left_by = _left_by((edges[:, None] - since) / scale, transit / scale)
    within = np.diff(left_by, axis=0)
    total = within.sum(axis=0)
    dated &= total > 0.0
    if not dated.any():
        return None
    value = np.where(dated, within / np.where(dated, total, 1.0), 0.0)
    whole = value @ asked.weight
    return value, np.where(dated, value, (whole / whole.sum())[:, None])


def _window(prepared: Prepared, movement: int, transit: float) -> tuple[float, float]:
    """Between which times the answer lies, as far as records tell."""
    latest = prepared.bounds.latest_departure[movement]
    high = float(latest) + transit if latest < LATEST else np.inf
    if prepared.snapshot.movements.flags[movement] & ARRIVED_UNKNOWN:
        return -np.inf, high
    usual = prepared.parameters.transit_days * MICROSECONDS_PER_DAY
    return float(prepared.snapshot.movements.arrived[movement]) - usual, high


def _cuts(times: FloatArray, weight: FloatArray) -> FloatArray:
    """Distinct arrivals that divide the mass of predecessors into about equal parts."""
    order = np.argsort(times, kind="stable")
    reached = np.cumsum(weight[order]) / weight.sum()
    wanted = np.arange(1, INTERVALS) / INTERVALS
    places = np.minimum(np.searchsorted(reached, wanted), len(times) - 1)
    return np.unique(times[order][places])


def _left_by(stay: FloatArray, transit: float) -> FloatArray:
    """Share of goods that left so long after they came, or arrived where they went; in scales of the stay.

    Stays are exponential, the way takes anything up to ``transit``.
    """
    after = np.maximum(stay, 0.0)
    if transit <= 0.0:
        return -np.expm1(-after)
    begun = np.maximum(after - transit, 0.0)
    gone = np.minimum(after, transit) - (np.exp(-begun) - np.exp(-after))
    return np.where(np.isinf(after), 1.0, gone / transit)


_KINDS: Final[tuple[tuple[str, Callable[[Prepared, _Asked], Told | None]], ...]] = (
    ("lot", _lots),
    ("product", _product),
    ("departure", _departure),
    ("arrival", _arrival),
)
