# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false
"""Lots whose maker is on record: all goods that carry the lot's number came from there, by whichever way.

A recorded departure of a lot from its maker tells where every unit of that lot was made, also where records
between are missing. The chains behind such goods are weighed anew, given that they end at that maker:

    w'(f | e) = w(f | e) h(f) / sum_f w(f | e) h(f)        h(f): probability that a chain from f ends at the maker

(Doob's h-transform of the absorbing chain). Where no chain ends there, the recorded departure itself is the last
hop, though the records do not join the two.
"""

from typing import Final, NamedTuple

import numpy as np

from suyuan.graph.compiled import compiled
from suyuan.graph.snapshot import BoolArray, FloatArray, Int32Array, Int64Array
from suyuan.traceback.massgraph import Rows, without_entries
from suyuan.traceback.mixingmodel import LotMakers
from suyuan.traceback.visits import enlarged

NOT_TOLD: Final = -1
CONVERGED: Final = 1e-15
MOST_SWEEPS: Final = 10_000


class Told(NamedTuple):
    """What lots tell of the places of a mass graph.

    ``maker`` numbers the makers, in order of site, that some place's lot names: one number a place, NOT_TOLD where
    none does; ``departure`` is the movement that tells, by place; ``site`` the sites by number.
    """

    maker: Int32Array
    departure: Int32Array
    site: Int32Array


def tellers(makers: LotMakers, carried: Int32Array, made: BoolArray) -> Int32Array:
    """The departure that tells who made the lot at each place, NOT_TOLD where none does or the goods are made there.

    Parameters
    ----------
    carried, made : by place, what its movement carries (a goods code), and whether its goods are made there
    """
    if not len(makers.site):
        return np.full(len(carried), NOT_TOLD, np.int32)
    return np.where(made, NOT_TOLD, makers.movement[np.where(carried >= 0, carried, -1)]).astype(np.int32)


def told_by_lots(
    makers: LotMakers,
    movement: Int32Array,
    rows: Rows,
    carried: Int32Array,
    left: Int64Array,
    latest: Int64Array,
) -> Told:
    """Which places carry a lot whose maker is known.

    Parameters
    ----------
    movement, rows : places of a mass graph
    carried : what each movement carries, as goods codes
    left : when each movement left
    latest : latest time by which the movement of each place can have left; a departure after it tells nothing
    """
    lot = np.where(carried[movement] >= 0, carried[movement], -1)
    departure, site = makers.movement[lot], makers.site[lot]
    tells = (departure >= 0) & ~rows.made
    tells[tells] = left[departure[tells]] <= latest[tells]
    found, number = np.unique(site[tells], return_inverse=True)
    maker = np.full(len(movement), NOT_TOLD, np.int32)
    maker[tells] = number
    return Told(maker, departure, found.astype(np.int32))


def straight_to_makers(rows: Rows, movement: Int32Array, told: Told) -> tuple[Int32Array, Rows]:
    """Movements and rows with what lots tell as the end of every chain: the departure stands for the ways behind.

    Origins are those of :func:`given_makers`: given that a chain ends at a maker, all of its mass does.
    """
    tells = told.maker != NOT_TOLD
    rows = without_entries(rows, tells)._replace(
        made=rows.made | tells, rest=np.where(tells, 0.0, rows.rest), lost=np.where(tells, 0.0, rows.lost)
    )
    return np.where(tells, told.departure, movement).astype(np.int32), rows


@compiled
def ends_there(rows: Rows, leaves: Int32Array, told: Told, order: Int32Array) -> FloatArray:
    """Probability that a chain from each place ends at each maker, shape (n_places, n_makers).

    Parameters
    ----------
    leaves : site that the movement of each place leaves
    order : places, most of them after those they pass mass on to
    """
    chance = np.zeros((len(rows.made), len(told.site)))
    for place in range(len(rows.made)):
        for maker in range(len(told.site)):
            if rows.made[place] and leaves[place] == told.site[maker]:
                chance[place, maker] = 1.0
        if told.maker[place] != NOT_TOLD:
            chance[place, told.maker[place]] = 1.0
    for _ in range(MOST_SWEEPS):
        if sweep(rows, told, order, chance) <= CONVERGED:
            break
    return chance


@compiled
def sweep(rows: Rows, told: Told, order: Int32Array, chance: FloatArray) -> float:
    """Renew the probabilities of all places from those of the places before them; the greatest change."""
    change = 0.0
    for place in order:
        if rows.made[place] or told.maker[place] != NOT_TOLD:
            continue
        for maker in range(len(told.site)):
            total = 0.0
            for entry in range(rows.start[place], rows.start[place + 1]):
                total += rows.share[entry] * chance[rows.far[entry], maker]
            change = max(change, abs(total - chance[place, maker]))
            chance[place, maker] = total
    return change


class States(NamedTuple):
    """Places once more, each with the maker its chains must end at (NOT_TOLD: any); a departure that no chain
    leads to is a state with place -1.
    """

    place: Int32Array
    maker: Int32Array
    departure: Int32Array


@compiled
def state_of(
    number: Int32Array, states: States, count: int, place: int, maker: int, n_makers: int
) -> tuple[States, int, int]:
    """The state of a place and maker, added if it is new; and how many there are."""
    key = place * (n_makers + 1) + maker + 1
    if number[key] >= 0:
        return states, count, number[key]
    if count == len(states.place):
        states = States(enlarged(states.place, 0), enlarged(states.maker, 0), enlarged(states.departure, 0))
    states.place[count], states.maker[count], states.departure[count] = place, maker, -1
    number[key] = count
    return states, count + 1, count


@compiled
def jump_to(states: States, count: int, departure: int, maker: int) -> tuple[States, int, int]:
    """The state of a departure that no chain leads to; likewise."""
    for state in range(count):
        if states.departure[state] == departure:
            return states, count, state
    if count == len(states.place):
        states = States(enlarged(states.place, 0), enlarged(states.maker, 0), enlarged(states.departure, 0))
    states.place[count], states.maker[count], states.departure[count] = -1, maker, departure
    return states, count + 1, count


@compiled
def parts_of(rows: Rows, place: int, maker: int, chance: FloatArray, parts: FloatArray) -> float:
    """Shares of the entries of a place, given the maker its chains end at; what they summed to before."""
    total = 0.0
    begin, end = rows.start[place], rows.start[place + 1]
    for entry in range(begin, end):
        parts[entry - begin] = rows.share[entry]
        if maker != NOT_TOLD:
            parts[entry - begin] *= chance[rows.far[entry], maker]
        total += parts[entry - begin]
    if maker == NOT_TOLD or total <= 0.0:
        return total
    for i in range(end - begin):
        parts[i] /= total
    return total


@compiled
def given_makers(
    rows: Rows, movement: Int32Array, first_mass: FloatArray, told: Told, chance: FloatArray
) -> tuple[Int32Array, Rows, FloatArray]:
    """The rows given what lots tell: movements of the new places, their rows, and the first mass on them."""
    n, n_makers = len(rows.made), len(told.site)
    number = np.full(n * (n_makers + 1), -1, np.int32)
    states = States(np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.int32))
    count, filled, done = 0, 0, 0
    first = np.zeros(len(first_mass))
    far, share = np.empty(max(16, len(rows.far)), np.int32), np.empty(max(16, len(rows.far)))
    start = np.zeros(n + 1, np.int64)
    widest = 1
    for place in range(n):
        widest = max(widest, rows.start[place + 1] - rows.start[place])
        if first_mass[place] > 0.0:
            states, count, state = state_of(number, states, count, place, told.maker[place], n_makers)
            first[state] = first_mass[place]
    parts = np.empty(widest)
    while done < count:
        place, maker = states.place[done], states.maker[done]
        if filled + widest > len(far):
            far, share = enlarged(far, filled + widest), enlarged(share, filled + widest)
        if place >= 0 and not rows.made[place]:
            total = parts_of(rows, place, maker, chance, parts)
            for i in range(rows.start[place + 1] - rows.start[place]):
                if parts[i] > 0.0:
                    before = rows.far[rows.start[place] + i]
                    given = told.maker[before] if maker == NOT_TOLD else maker
                    states, count, state = state_of(number, states, count, before, given, n_makers)
                    far[filled], share[filled] = state, parts[i]
                    filled += 1
            if maker != NOT_TOLD and total <= 0.0:
                states, count, state = jump_to(states, count, told.departure[place], maker)
                far[filled], share[filled] = state, 1.0
                filled += 1
        done += 1
        if done >= len(start):
            start = enlarged(start, 0)
        start[done] = filled
    return put_together(rows, movement, states, count, start, far[:filled], share[:filled], first)


@compiled
def put_together(
    rows: Rows,
    movement: Int32Array,
    states: States,
    count: int,
    start: Int64Array,
    far: Int32Array,
    share: FloatArray,
    first: FloatArray,
) -> tuple[Int32Array, Rows, FloatArray]:
    """Columns of the new places; what chains given a maker end at, is that maker alone."""
    moved, made = np.empty(count, np.int32), np.zeros(count, np.bool_)
    rest, lost, gap = np.zeros(count), np.zeros(count), np.zeros(count, np.int8)
    mass = np.zeros(count)
    for state in range(count):
        place = states.place[state]
        if state < len(first):
            mass[state] = first[state]
        if place < 0:
            moved[state], made[state] = states.departure[state], True
            continue
        moved[state], made[state] = movement[place], rows.made[place]
        if states.maker[state] == NOT_TOLD:
            rest[state], lost[state], gap[state] = rows.rest[place], rows.lost[place], rows.gap[place]
    return moved, Rows(start[: count + 1].copy(), far.copy(), share.copy(), made, rest, gap, lost), mass


def lots_made_at(
    lot: Int32Array, site: Int32Array, left: Int64Array, movement: Int32Array, n_lots: int
) -> LotMakers:
    """The maker of each lot, from recorded departures of lots from where they are made.

    Parameters
    ----------
    lot, site, left, movement : one entry a departure: the lot, where it left, when, and the movement

    Notes
    -----
    A lot that left two makers tells nothing. The movement that tells is the first to leave, equal ones by number.
    """
    made_at = np.full(n_lots + 1, -1, np.int32)
    first = np.full(n_lots + 1, -1, np.int32)
    order = np.lexsort((movement, left, lot))
    lot, site, movement = lot[order], site[order], movement[order]
    begins = np.flatnonzero(np.r_[True, lot[1:] != lot[:-1]]) if len(lot) else np.empty(0, np.int64)
    lowest = np.minimum.reduceat(site, begins) if len(begins) else site
    highest = np.maximum.reduceat(site, begins) if len(begins) else site
    one = lowest == highest
    made_at[lot[begins[one]]] = site[begins[one]]
    first[lot[begins[one]]] = movement[begins[one]]
    return LotMakers(made_at, first)


def no_makers() -> LotMakers:
    """What stands for the makers of lots where they are not asked for."""
    return LotMakers(np.empty(0, np.int32), np.empty(0, np.int32))
