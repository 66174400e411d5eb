# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportIncompatibleMethodOverride=false
"""The part of a snapshot that one case depends on, with movements numbered anew, so that it can be weighed again often.

It holds the places of the case with all their feasible predecessors, and every movement into or out of the sites they
leave, which make up the stock there.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from suyuan.graph.compiled import compiled
from suyuan.graph.ordering import distinct
from suyuan.graph.snapshot import BoolArray, FloatArray, Int32Array, Int64Array
from suyuan.traceback.cases import CaseStart
from suyuan.traceback.goods import JOINED, SAME_PRODUCT, UNKNOWN, product_of
from suyuan.traceback.heldparts import parts_held
from suyuan.traceback.inlining import inlined
from suyuan.traceback.lotmakers import NOT_TOLD, tellers
from suyuan.traceback.mass import limits_of
from suyuan.traceback.massgraph import Rows
from suyuan.traceback.massrows import AS_LABELLED, HOP_LIMIT, followed_as, visit
from suyuan.traceback.mixingmodel import Mixing
from suyuan.traceback.movements import inflow_of, outflow_of
from suyuan.traceback.parameters import TraceLimits
from suyuan.traceback.preparation import Prepared, products_carried, read_only
from suyuan.traceback.trace import Walked
from suyuan.traceback.walking import Walk, agrees, recorded_far

_ENDLESS: Final = 1e30
"""A stay, microseconds, so long that no predecessor is left out because its goods have left long since."""

_NOT_YET: Final = -3


class Frame(NamedTuple):
    """Places of a case with all feasible predecessors, whatever their shares.

    Entries of place i are ``start[i]:start[i + 1]``: the place of the predecessor, its movement, and how goods agree.
    ``near`` is the movement of a place, ``limit`` the latest time by which it can have left, ``product`` what its
    goods are followed as (-1: not known). ``made`` and ``cut``: chains end there because the goods are made there, or
    at the hop limit. Movements are those of the cut-out.
    """

    start: Int64Array
    place: Int32Array
    movement: Int32Array
    kind: Int32Array
    near: Int32Array
    limit: Int64Array
    product: Int32Array
    made: BoolArray
    cut: BoolArray


@dataclass(frozen=True, slots=True)
class Cutout:
    """A case and what it depends on.

    Parameters
    ----------
    movements : int32
        Positions in the snapshot of the movements held, sorted.
    walk, mixing : of the movements held; the walk has no table of spans.
    fed_in, fed_out : int32
        Movements held in the order of id among those that arrive, or leave, at the same time.
    frame : the places.
    first_mass : float64
        Mass put in, by place.
    stream : int64
        The stream of the snapshot that each stream of ``mixing`` is.
    departure : int32
        By place, the movement held that tells the maker of its lot, NOT_TOLD where none does.
    """

    movements: Int32Array
    walk: Walk
    mixing: Mixing
    fed_in: Int32Array
    fed_out: Int32Array
    frame: Frame
    first_mass: FloatArray
    stream: Int64Array
    departure: Int32Array


def cutout_of(
    prepared: Prepared, start: CaseStart, walked: Walked, limits: TraceLimits, product: int
) -> Cutout:
    """What a case depends on; ``walked`` is the walk backward from it, which no limit of nodes may have cut."""
    place, movement, rows = _all_feasible(prepared, start, walked, limits, product)
    departure = tellers(prepared.mixing.makers, prepared.carried[movement], rows.made)
    held = _movements_held(prepared, movement, rows, departure)
    first_mass = np.zeros(len(movement))
    first_mass[place] = start.weights
    walk, mixing, stream = parts_held(prepared, held)
    return Cutout(
        movements=held,
        walk=walk,
        mixing=mixing,
        fed_in=np.arange(len(held), dtype=np.int32),
        fed_out=_by_departure(prepared, held),
        frame=_frame(prepared, walked, place, movement, rows, product, held),
        first_mass=first_mass,
        stream=stream,
        departure=np.where(departure >= 0, _places(held, departure), NOT_TOLD).astype(np.int32),
    )


def _all_feasible(
    prepared: Prepared, start: CaseStart, walked: Walked, limits: TraceLimits, product: int
) -> tuple[Int32Array, Int32Array, Rows]:
    """Place of each start, movement of each place, and rows in which no feasible predecessor has too small a share."""
    mixing = prepared.mixing
    everything = mixing._replace(
        dwell=np.full_like(mixing.dwell, _ENDLESS), match_unknown=1.0, match_lot_unknown=1.0, fifo_share=0.0
    )
    place, movement, rows, _, _ = visit(
        prepared.backward,
        read_only(everything),
        walked.visits,
        start.movements,
        np.full(len(start.movements), product, np.int32),
        0 if start.is_start else 1,
        limits.max_hops,
    )
    return place, movement, rows


def _frame(
    prepared: Prepared,
    walked: Walked,
    place: Int32Array,
    movement: Int32Array,
    rows: Rows,
    product: int,
    held: Int32Array,
) -> Frame:
    """Places and entries by the numbers of the movements held."""
    followed = np.full(len(movement), _NOT_YET, np.int32)
    kind = _labelled(prepared.backward, prepared.mixing, movement, rows, place, product, followed)
    carried = products_carried(prepared.carried[movement], prepared.goods.lot_product)
    frame = Frame(
        start=rows.start,
        place=rows.far,
        movement=_places(held, movement[rows.far]),
        kind=kind,
        near=_places(held, movement),
        limit=limits_of(walked.visits, movement),
        product=np.where(followed == AS_LABELLED, carried, followed).astype(np.int32),
        made=rows.made,
        cut=(rows.gap == HOP_LIMIT) & ~rows.made,
    )
    return read_only(frame)


@inlined
def carries_product(walk: Walk, movement: int) -> bool:
    """Whether it is known which product a movement carries."""
    return product_of(walk.carried[movement], walk.goods.lot_product) >= 0


@compiled
def _labelled(
    walk: Walk,
    mixing: Mixing,
    movement: Int32Array,
    rows: Rows,
    first: Int32Array,
    product: int,
    held: Int32Array,
) -> Int32Array:
    """How goods agree, entry by entry; and into ``held`` the product that goods of each place are followed as.

    Places are numbered in the order in which they are found, so whatever leads to one comes before it.
    """
    kinds = np.empty(len(rows.far), np.int32)
    for place in first:
        held[place] = followed_as(walk, mixing, movement[place], product)
    for place in range(len(movement)):
        near = movement[place]
        own = held[place]
        if own == AS_LABELLED:
            own = product_of(walk.carried[near], walk.goods.lot_product)
        recorded = recorded_far(walk, near)
        for entry in range(rows.start[place], rows.start[place + 1]):
            far = movement[rows.far[entry]]
            kind = JOINED if recorded[0] < recorded[1] else agrees(walk, near, far)
            if kind == UNKNOWN and held[place] != AS_LABELLED and carries_product(walk, far):
                kind = SAME_PRODUCT
            kinds[entry] = kind
            if held[rows.far[entry]] == _NOT_YET:
                held[rows.far[entry]] = AS_LABELLED if kind == JOINED else followed_as(walk, mixing, far, own)
    return kinds


def _movements_held(
    prepared: Prepared, movement: Int32Array, rows: Rows, departure: Int32Array
) -> Int32Array:
    sites = np.unique(prepared.snapshot.movements.from_site[movement[~rows.made]])
    parts = (inflow_of(prepared, sites), outflow_of(prepared, sites), movement, departure[departure >= 0])
    return distinct(np.concatenate(parts).astype(np.int32))


def _by_departure(prepared: Prepared, held: Int32Array) -> Int32Array:
    """Numbers of the movements held in the order of departure and id, site by site."""
    outflow = outflow_of(prepared, np.unique(prepared.snapshot.movements.from_site[held]))
    place = np.minimum(np.searchsorted(held, outflow), len(held) - 1)
    return place[held[place] == outflow].astype(np.int32)


def _places(held: Int32Array, movements: Int32Array) -> Int32Array:
    """Numbers that movements have among those held."""
    return np.searchsorted(held, movements).astype(np.int32)
