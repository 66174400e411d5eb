"""Times that are missing, drawn from the spans in which they lie.

What is drawn of a movement depends on its id, the seed and the number of the draw alone: other movements, and the
order in which they are kept, make no difference.
"""

from hashlib import blake2b
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from suyuan.graph.snapshot import (
    ARRIVED_UNKNOWN,
    DEPARTED_UNKNOWN,
    BoolArray,
    FloatArray,
    Int32Array,
    Int64Array,
)
from suyuan.traceback.cutout import Cutout
from suyuan.traceback.parameters import MICROSECONDS_PER_DAY, UnknownTimes
from suyuan.traceback.preparation import Prepared
from suyuan.traceback.times import EARLIEST, LATEST, UNDATED

UInt64Array = NDArray[np.uint64]

_STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX: Final = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))


class Times(NamedTuple):
    """Times of the movements of a cut-out, int64 microseconds: those of one draw, or as inferred.

    ``key`` and ``limit`` bound what can have come before what, ``departed`` and ``arrived`` say how long goods stayed.
    """

    key: Int64Array
    limit: Int64Array
    departed: Int64Array
    arrived: Int64Array


class Missing(NamedTuple):
    """Movements of a cut-out with missing times, and the spans these lie in, both ends within.

    Those that nothing bounds are left out, and those whose bounds contradict one another: they stay as inferred.
    ``departure``, ``arrival``: which of the two times is missing; where both are, one time stands for them, as goods
    are under way for much less long than such spans are. ``mark`` tells movements apart.
    """

    movement: Int32Array
    departure: BoolArray
    arrival: BoolArray
    low: Int64Array
    high: Int64Array
    mark: UInt64Array


def missing_times(prepared: Prepared, cutout: Cutout, seed: int) -> Missing:
    """The missing times of a cut-out; none unless unknown times are inferred, for else nothing bounds them."""
    held, snapshot = cutout.movements, prepared.snapshot
    flags = snapshot.movements.flags[held]
    infers = prepared.unknown_times is UnknownTimes.INFER
    missing = np.flatnonzero((flags & UNDATED > 0) & infers)
    flags, at = flags[missing], held[missing]
    departure, arrival = flags & DEPARTED_UNKNOWN > 0, flags & ARRIVED_UNKNOWN > 0
    low, high = _spans(prepared, cutout, missing, departure, arrival)
    told = (low > EARLIEST) & (low <= high) & (high < LATEST)
    ids = snapshot.nodes["Shipment"].ids.take(at[told]).to_pylist()
    salt = seed.to_bytes(8, "little", signed=False)
    digests = b"".join(blake2b(one.encode(), digest_size=8, key=salt).digest() for one in ids)
    return Missing(
        missing[told].astype(np.int32),
        departure[told],
        arrival[told],
        low[told],
        high[told],
        np.frombuffer(digests, "<u8"),
    )


def _spans(
    prepared: Prepared, cutout: Cutout, missing: np.ndarray, departure: BoolArray, arrival: BoolArray
) -> tuple[Int64Array, Int64Array]:
    """Spans that missing times lie in: what :func:`suyuan.traceback.times.mean_times` gives the middle of.

    Where nothing bounds an undated movement, the known times at the site it came to do, as in the model.
    """
    walk, mixing, movements = cutout.walk, cutout.mixing, prepared.snapshot.movements
    at, comes = cutout.movements[missing], walk.comes[missing]
    key, limit = walk.key[missing], walk.limit[missing]
    low = np.where(key <= EARLIEST, mixing.seen_from[comes], key)
    high = np.where(limit >= LATEST, mixing.seen_until[comes], limit)
    transit = round(prepared.parameters.transit_days * MICROSECONDS_PER_DAY)
    only_arrival, only_departure = arrival & ~departure, departure & ~arrival
    low = np.where(only_arrival, movements.departed[at], low)
    high = np.where(only_arrival, 2 * mixing.arrived[missing] - low, high)
    low = np.where(only_departure, movements.arrived[at] - transit, low)
    high = np.where(only_departure, 2 * mixing.departed[missing] - low, high)
    return low, high


def inferred(cutout: Cutout) -> Times:
    """Times as they stand in the model, missing ones being those inferred."""
    walk, mixing = cutout.walk, cutout.mixing
    return Times(walk.key, walk.limit, mixing.departed, mixing.arrived)


def drawn(times: Times, missing: Missing, draw: int) -> Times:
    """The times with those that are missing drawn, each evenly from its span."""
    if not len(missing.movement):
        return times
    time = missing.low + (uniform(missing.mark, draw) * (missing.high - missing.low)).astype(np.int64)
    key, limit, departed, arrived = (one.copy() for one in times)
    came, left = missing.movement[missing.arrival], missing.movement[missing.departure]
    key[came] = arrived[came] = time[missing.arrival]
    departed[left] = time[missing.departure]
    limit[left] = np.minimum(limit[left], departed[left])
    return Times(key, limit, departed, arrived)


def uniform(mark: UInt64Array, draw: int) -> FloatArray:
    """Numbers in [0, 1) for marks (uint64): the output of splitmix64 (Steele, Lea, Flood, OOPSLA 2014)."""
    with np.errstate(over="ignore"):
        state = mark + np.uint64(draw + 1) * _STEP
        for shift, factor in _MIX:
            state = (state ^ (state >> np.uint64(shift))) * np.uint64(factor)
        state = (state ^ (state >> np.uint64(31))) >> np.uint64(11)
    return state.astype(np.float64) * 2.0**-53
