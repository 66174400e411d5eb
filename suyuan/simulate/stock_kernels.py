"""The stock itself, compiled: batches in linked lists by bin, taken from by the mixing rule.

A batch is the movement that brought it, so one number names both. The arrays are the state; `following` links
the batches of a bin in the order they were sent, `first` and `last` are the ends of each bin's list.
"""

import numpy as np

from suyuan.graph.compiled import compiled
from suyuan.simulate.world import DAY, FloatArray, IntArray

FIFO, PROPORTIONAL, AGE, OUTSIDE, PARTLY_FIFO = range(5)

REPACK_DAYS = 3
PICKS = 2
_LEAST_SHARE = 0.2
_REMNANT_SHARE = 0.15
_KEPT_BACK = 0.2


@compiled
def _ready_stock(
    supplier: int,
    first: IntArray,
    last: IntArray,
    following: IntArray,
    left: IntArray,
    ready: IntArray,
    now: int,
) -> int:
    """Units ready in a bin; empty batches are unlinked on the way."""
    while first[supplier] >= 0 and left[first[supplier]] == 0:
        first[supplier] = following[first[supplier]]
    stock = 0
    before = -1
    batch = first[supplier]
    while batch >= 0:
        if left[batch] == 0:
            following[before] = following[batch]
            if last[supplier] == batch:
                last[supplier] = before
        else:
            before = batch
            if ready[batch] <= now:
                stock += int(left[batch])
        batch = following[batch]
    return stock


@compiled
def _oldest(start: int, following: IntArray, left: IntArray, ready: IntArray, now: int) -> int:
    """The batch that has been ready longest."""
    best = -1
    batch = start
    while batch >= 0:
        if left[batch] > 0 and ready[batch] <= now and (best < 0 or ready[batch] < ready[best]):
            best = batch
        batch = following[batch]
    return best


@compiled
def _newest(
    start: int, following: IntArray, left: IntArray, original: IntArray, ready: IntArray, now: int
) -> int:
    """The newest batch with more left than the part kept back; without one, the biggest remnant."""
    best = -1
    biggest = -1
    batch = start
    while batch >= 0:
        if left[batch] > 0 and ready[batch] <= now:
            free = left[batch] > _KEPT_BACK * original[batch]
            if free and (best < 0 or ready[batch] > ready[best]):
                best = batch
            if biggest < 0 or left[batch] > left[biggest]:
                biggest = batch
        batch = following[batch]
    return best if best >= 0 else biggest


@compiled
def _weight(batch: int, left: IntArray, ready: IntArray, now: int, age_scale: float) -> float:
    """Weight of a batch in a random pick: what is left, falling with age unless the scale is 0."""
    if left[batch] == 0 or ready[batch] > now:
        return 0.0
    if age_scale <= 0.0:
        return float(left[batch])
    return left[batch] * np.exp((ready[batch] - now) / age_scale)


@compiled
def _by_weight(
    start: int,
    following: IntArray,
    left: IntArray,
    ready: IntArray,
    now: int,
    age_scale: float,
    uniform: float,
) -> int:
    """A batch at random by weight."""
    total = 0.0
    batch = start
    while batch >= 0:
        total += _weight(batch, left, ready, now, age_scale)
        batch = following[batch]
    target = uniform * total
    best = -1
    batch = start
    while batch >= 0:
        weight = _weight(batch, left, ready, now, age_scale)
        if weight > 0.0:
            best = batch
            target -= weight
            if target <= 0.0:
                break
        batch = following[batch]
    return best


@compiled
def _pick(
    start: int,
    following: IntArray,
    left: IntArray,
    original: IntArray,
    ready: IntArray,
    now: int,
    mode: int,
    fifo_share: float,
    age_scale: float,
    uniform: float,
    which: float,
) -> int:
    """The batch an order takes from next, -1 if none is ready."""
    if mode == 0 or (mode == 4 and which < fifo_share):
        return _oldest(start, following, left, ready, now)
    if mode == 3:
        return _newest(start, following, left, original, ready, now)
    scale = age_scale if mode == 2 else 0.0
    batch = _by_weight(start, following, left, ready, now, scale, uniform)
    # All weights can vanish by age; then age says nothing.
    return batch if batch >= 0 else _by_weight(start, following, left, ready, now, 0.0, uniform)


@compiled
def _link(batch: int, target: int, first: IntArray, last: IntArray, following: IntArray) -> None:
    """Put a batch at the end of a bin's list."""
    if first[target] >= 0:
        following[last[target]] = batch
    else:
        first[target] = batch
    last[target] = batch


@compiled
def run_orders(  # noqa: C901 - one loop over all orders
    time: IntArray,
    source: IntArray,
    to_bin: IntArray,
    units: IntArray,
    transit: IntArray,
    kind: IntArray,
    production: IntArray,
    share: FloatArray,
    repack_row: IntArray,
    repack_base: int,
    windows: int,
    uniform: FloatArray,
    mode: int,
    fifo_share: float,
    age_scale: float,
    n_factories: int,
) -> tuple[IntArray, IntArray, IntArray, IntArray, IntArray, IntArray, IntArray]:
    """Run all orders.

    Parameters
    ----------
    time, source, to_bin, units, transit, kind : int64, shape (n_orders,)
        As in `Orders`, in order of time.
    production : int64, shape (n_orders,)
        Lot a factory takes the goods from, -1 for orders to other places.
    share : float64, shape (n_bins,)
        Share of its stock that a bin gives to an ordinary order.
    repack_row : int64, shape (n_bins,)
        Running number of repacking bins, -1 for the others.
    repack_base, windows : int
        Number of the first lot given by repacking; lots kept free for each repacking bin.
    uniform : float64, shape (n_orders, 2 * PICKS)
        Random numbers in [0, 1).
    mode, fifo_share, age_scale : int, float, float
        Mixing rule; age scale in seconds.
    n_factories : int

    Returns
    -------
    order, quantity, lot, factory, previous, repack_lot, repack_at : int64, shape (n_movements,)
        As in `Flow`; `order` is the row of the order.
    """
    limit = PICKS * time.shape[0]
    order = np.empty(limit, dtype=np.int64)
    quantity = np.empty(limit, dtype=np.int64)
    lot = np.empty(limit, dtype=np.int64)
    factory = np.empty(limit, dtype=np.int64)
    previous = np.empty(limit, dtype=np.int64)
    repack_lot = np.full(limit, -1, dtype=np.int64)
    repack_at = np.full(limit, -1, dtype=np.int64)
    left = np.zeros(limit, dtype=np.int64)
    ready = np.zeros(limit, dtype=np.int64)
    following = np.full(limit, -1, dtype=np.int64)
    first = np.full(share.shape[0], -1, dtype=np.int64)
    last = np.full(share.shape[0], -1, dtype=np.int64)
    window_seconds = REPACK_DAYS * DAY
    count = 0
    for row in range(time.shape[0]):
        now = time[row]
        supplier = source[row] - n_factories
        wanted = units[row]
        picks = 1
        if supplier >= 0:
            stock = _ready_stock(supplier, first, last, following, left, ready, now)
            if stock == 0:
                continue
            if wanted == 0:
                wanted = max(1, round(float(stock * share[supplier])))
                picks = PICKS
        rest = wanted
        for pick in range(picks):
            if rest <= 0 or (pick > 0 and rest < _LEAST_SHARE * wanted):
                break
            batch = -1
            taken = rest
            if supplier >= 0:
                batch = _pick(
                    int(first[supplier]),
                    following,
                    left,
                    quantity,
                    ready,
                    now,
                    mode,
                    fifo_share,
                    age_scale,
                    uniform[row, 2 * pick],
                    uniform[row, 2 * pick + 1],
                )
                if batch < 0:
                    break
                taken = min(rest, left[batch])
                if kind[row] == 0 and mode != 3 and left[batch] - taken < _REMNANT_SHARE * quantity[batch]:
                    taken = left[batch]
                left[batch] -= taken
            order[count] = row
            quantity[count] = taken
            previous[count] = batch
            factory[count] = factory[batch] if batch >= 0 else source[row]
            lot[count] = production[row]
            if batch >= 0:
                lot[count] = repack_lot[batch] if repack_lot[batch] >= 0 else lot[batch]
            target = to_bin[row]
            if target >= 0:
                left[count] = taken
                ready[count] = now + transit[row]
                if repack_row[target] >= 0:
                    window = ready[count] // window_seconds
                    ready[count] = (window + 1) * window_seconds
                    offset = window - time[0] // window_seconds
                    repack_lot[count] = repack_base + repack_row[target] * windows + offset
                    repack_at[count] = ready[count]
                _link(count, target, first, last, following)
            rest -= taken
            count += 1
    return (
        order[:count],
        quantity[:count],
        lot[:count],
        factory[:count],
        previous[:count],
        repack_lot[:count],
        repack_at[:count],
    )
