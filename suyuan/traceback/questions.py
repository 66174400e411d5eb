"""What could be asked about the movements of a case, and what the answers would tell of their predecessors.

A question is about one value of one movement that is not recorded: its lot, product, departure or arrival. The
possible answers are the values at its feasible predecessors, weighted by present mass; where a predecessor's own lot
is not recorded, one more is that the lot is none of those. Goods that came to the movement from one further on, of
which the value is recorded, can only have had that one. An answer leaves the share without predecessor as it is and
divides the rest of the row anew, by how the predecessors agree with it; and it raises, lowers or rules out the
movement itself where it is a predecessor of others. A time is answered by an interval between arrivals of
predecessors: goods leave a site after an exponential stay, of the scale that the model has for sites of its role.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import numpy as np

from suyuan.graph.compiled import compiled
from suyuan.graph.ordering import chosen_rows
from suyuan.graph.snapshot import (
    ARRIVED_UNKNOWN,
    DEPARTED_UNKNOWN,
    BoolArray,
    FloatArray,
    Int32Array,
    Int64Array,
)
from suyuan.traceback.goods import DISAGREE, JOINED, UNKNOWN, Goods, Links, agreement
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

    Parameters
    ----------
    weight : shape (answers,), how likely each possible answer is, in any unit.
    places : those that the movement has in the case; ``length`` of the row of each.
    entries : of these rows, one after another, with the ``group`` of each.
    factor : shape (answers, groups), what an answer leaves of the entries of each group.
    fed : entries of other rows by which goods come from the movement, and ``near``, the places of these rows;
        ``raised``, shape (answers, fed), is what an answer makes of each. Empty where no answer changes any.
    """

    movement: int
    asks: str
    weight: FloatArray
    places: Int32Array
    length: Int64Array
    entries: Int64Array
    group: Int64Array
    factor: FloatArray
    fed: Int64Array
    near: Int32Array
    raised: FloatArray


class _Asked(NamedTuple):
    """A movement in question: the places it has in the case, and the predecessors in their rows, one after another.

    ``weight`` is the mass that comes by each. Of a movement with one place also ``fed`` and ``near`` as in
    :class:`Question`, and the movements there, ``onward``. ``before`` and ``further`` are the goods of predecessors and
    of those.
    """

    movement: int
    places: Int32Array
    length: Int64Array
    entries: Int64Array
    far: Int32Array
    weight: FloatArray
    fed: Int64Array
    near: Int32Array
    onward: Int32Array
    before: "_Carried"
    further: "_Carried"


class _Carried(NamedTuple):
    """Goods codes of some movements, each once, with the mass that goes by each, and which of them each carries."""

    codes: Int32Array
    mass: FloatArray
    group: Int64Array


class _Told(NamedTuple):
    """Answers to a question: how likely each is, what it leaves of predecessors, and of the movement for others."""

    weight: FloatArray
    group: Int64Array
    factor: FloatArray
    raised: FloatArray


def questions(prepared: Prepared, graph: MassGraph) -> Iterator[Question]:
    """All questions about movements that carry enough of the mass, whose answers can differ."""
    for asked in _asked(prepared, graph):
        for asks, told in _KINDS:
            answers = told(prepared, asked)
            if answers is None:
                continue
            possible = answers.weight > 0.0
            if possible.sum() > 1:
                yield _question(asked, asks, answers, possible)


def _question(asked: _Asked, asks: str, answers: _Told, possible: BoolArray) -> Question:
    raised = answers.raised[possible]
    changed = (raised != 1.0).any(axis=0)
    return Question(
        movement=asked.movement,
        asks=asks,
        weight=answers.weight[possible],
        places=asked.places,
        length=asked.length,
        entries=asked.entries,
        group=answers.group,
        factor=answers.factor[possible],
        fed=asked.fed[changed],
        near=asked.near[changed],
        raised=raised[:, changed],
    )


def _asked(prepared: Prepared, graph: MassGraph) -> Iterator[_Asked]:
    rows = graph.rows
    length = np.diff(rows.start)
    with_rows = np.flatnonzero((length > 0) & (graph.mass > 0.0)).astype(np.int32)
    movements, mass = summed(graph.movement[with_rows].astype(np.int64), graph.mass[with_rows])
    for movement in movements[mass >= LEAST_MASS]:
        places = with_rows[graph.movement[with_rows] == movement]
        _, entries = chosen_rows(rows.start, places)
        fed = np.flatnonzero(rows.far == places[0]) if len(places) == 1 else np.empty(0, np.int64)
        near = (np.searchsorted(rows.start, fed, side="right") - 1).astype(np.int32)
        far, onward = graph.movement[rows.far[entries]], graph.movement[near]
        weight = rows.share[entries] * np.repeat(graph.mass[places], length[places])
        yield _Asked(
            movement=int(movement),
            places=places,
            length=length[places],
            entries=entries,
            far=far,
            weight=weight,
            fed=fed,
            near=near,
            onward=onward,
            before=_carried(prepared, far, weight),
            further=_carried(prepared, onward, rows.share[fed] * graph.mass[near]),
        )


def _carried(prepared: Prepared, movements: Int32Array, mass: FloatArray) -> _Carried:
    codes, group = np.unique(prepared.carried[movements], return_inverse=True)
    return _Carried(codes, np.bincount(group, weights=mass, minlength=len(codes)).astype(np.float64), group)


def row_mass(graph: MassGraph, question: Question) -> FloatArray:
    """Mass that comes to the movement by each entry: shape (entries,)."""
    return graph.rows.share[question.entries] * np.repeat(graph.mass[question.places], question.length)


def shares_after(graph: MassGraph, question: Question, answer: int) -> FloatArray:
    """Shares of all entries after an answer, each row for itself; where nothing agrees a row stays as it is."""
    rows = graph.rows
    kept = rows.share.copy()
    kept[question.entries] *= question.factor[answer][question.group]
    kept[question.fed] *= question.raised[answer]
    for place in np.concatenate([question.places, question.near]).tolist():
        row = slice(*rows.start[place : place + 2].tolist())
        total, left = rows.share[row].sum(), kept[row].sum()
        kept[row] = kept[row] * (total / left) if left > 0.0 else rows.share[row]
    return kept


def _lots(prepared: Prepared, asked: _Asked) -> _Told | None:
    """Answers that name a lot."""
    if prepared.carried[asked.movement] >= 0:
        return None
    return _goods(
        prepared, asked, *(np.maximum(one.codes, -1) for one in (asked.before, asked.further)), lots=True
    )


def _product(prepared: Prepared, asked: _Asked) -> _Told | None:
    """Answers that name a product."""
    lot_product = prepared.goods.lot_product
    if products_carried(prepared.carried[[asked.movement]], lot_product)[0] >= 0:
        return None
    before, further = (products_carried(one.codes, lot_product) for one in (asked.before, asked.further))
    return _goods(prepared, asked, before, further, lots=False)


def _goods(
    prepared: Prepared, asked: _Asked, before: Int32Array, further: Int32Array, *, lots: bool
) -> _Told | None:
    """Answers that say what goods the movement carried; the last one is that it was none of those.

    Parameters
    ----------
    before, further : lot, or product, of each of the goods of predecessors and of movements that goods go on with;
        -1 unknown
    lots : whether these are lots
    """
    given = np.where(further >= 0, asked.further.mass, 0.0)
    answers = np.unique(np.concatenate([before[before >= 0], further[given > 0.0]]))
    if not len(answers):
        return None
    usual = (before == answers[:, None]) @ asked.before.mass
    other = asked.before.mass[before < 0].sum()
    everything = usual.sum() + other if lots or usual.sum() <= 0.0 else usual.sum()
    free = max(0.0, 1.0 - given.sum()) / everything
    weight = (further == answers[:, None]) @ given + free * usual
    last = free * other if lots or usual.sum() <= 0.0 else 0.0
    codes = answers.astype(np.int32) if lots else (-answers - 2).astype(np.int32)
    factor, raised = _agreements(prepared, asked, codes)
    factor = np.vstack([factor, before < 0]).astype(np.float64)
    raised = np.vstack([raised, further < 0]).astype(np.float64)[:, asked.further.group]
    start = prepared.backward.recorded.start
    if len(start) > 1:  # What a record joins stays joined, whatever the goods.
        if start[asked.movement + 1] > start[asked.movement]:
            factor[:] = 1.0
        raised[:, start[asked.onward + 1] > start[asked.onward]] = 1.0
    return _Told(np.append(weight, last), asked.before.group, factor, raised)


def _agreements(prepared: Prepared, asked: _Asked, codes: Int32Array) -> tuple[FloatArray, FloatArray]:
    """What answers, as goods codes, leave of goods of predecessors, and of the movement for goods further on."""
    walk, now = prepared.backward, prepared.carried[[asked.movement]]
    site, to_site = (int(ends[asked.movement]) for ends in (walk.leaves, walk.comes))
    parameters = prepared.parameters
    unknown = 1.0 if parameters.infer_products else parameters.match_unknown
    weights = (walk.goods, walk.links, unknown, parameters.match_lot_unknown)
    far, near = asked.before.codes, asked.further.codes
    factor = _ratio(weight_of_goods(site, codes, far, *weights), weight_of_goods(site, now, far, *weights))
    raised = _ratio(
        weight_of_goods(to_site, near, codes, *weights), weight_of_goods(to_site, near, now, *weights)
    )
    return factor, raised.T


def _ratio(after: FloatArray, before: FloatArray) -> FloatArray:
    return np.where(before > 0.0, after / np.where(before > 0.0, before, 1.0), 1.0)


@compiled
def weight_of_goods(
    site: int,
    near: Int32Array,
    far: Int32Array,
    goods: Goods,
    links: Links,
    unknown: float,
    lot_unknown: float,
) -> FloatArray:
    """The match of the mixing model between goods that leave a site and goods that came: shape (near, far)."""
    found = np.empty((len(near), len(far)))
    for i in range(len(near)):
        for j in range(len(far)):
            kind = agreement(site, near[i], far[j], goods, links)
            weight = 0.0 if kind == DISAGREE else unknown if kind == UNKNOWN else 1.0
            if near[i] >= 0 and far[j] < 0 and kind != JOINED:
                weight *= lot_unknown
            found[i, j] = weight
    return found


def _departure(prepared: Prepared, asked: _Asked) -> _Told | None:
    """Answers that say when it left, to an interval."""
    flag = prepared.snapshot.movements.flags[asked.movement]
    return _times(prepared, asked, 0.0) if flag & DEPARTED_UNKNOWN else None


def _arrival(prepared: Prepared, asked: _Asked) -> _Told | None:
    """Answers that say when it came: what one tells of predecessors when nothing is known of the departure."""
    flag = prepared.snapshot.movements.flags[asked.movement]
    transit = prepared.parameters.transit_days * MICROSECONDS_PER_DAY
    return _times(prepared, asked, transit) if flag & DEPARTED_UNKNOWN and flag & ARRIVED_UNKNOWN else None


def _times(prepared: Prepared, asked: _Asked, transit: float) -> _Told | None:
    came = prepared.bounds.arrived[asked.far]
    dated = came > EARLIEST
    if not dated.any():
        return None
    since = came.astype(np.float64)
    low, high = _window(prepared, asked.movement, transit)
    cuts = _cuts(since[dated], asked.weight[dated])
    edges = np.clip(np.concatenate([[-np.inf], cuts, [np.inf]]), low, high)
    scale = float(prepared.mixing.dwell[prepared.out_stream[asked.movement]])
    left_by = _left_by((edges[:, None] - since) / scale, transit / scale)
    within = np.diff(left_by, axis=0)
    total = within.sum(axis=0)
    dated &= total > 0.0
    if not dated.any():
        return None
    value = np.where(dated, within / np.where(dated, total, 1.0), 0.0)
    whole = value @ asked.weight
    factor = np.where(dated, value, (whole / whole.sum())[:, None])
    return _Told(whole, np.arange(len(asked.far)), factor, np.ones((len(whole), len(asked.fed))))


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


_KINDS: Final[tuple[tuple[str, Callable[[Prepared, _Asked], _Told | None]], ...]] = (
    ("lot", _lots),
    ("product", _product),
    ("departure", _departure),
    ("arrival", _arrival),
)
