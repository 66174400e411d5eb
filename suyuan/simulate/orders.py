"""Who orders what from whom, and when: the schedule the stock is then run through.

Every bin (a product at a place) buys in lanes. A lane holds one contract after another, each with one
supplier for some months; while a contract runs, orders follow at short intervals. Side lanes order less.
So a supplier's goods come in runs, and over time many makers' goods have passed each hub.
"""

from dataclasses import dataclass, fields

import numpy as np

from suyuan.simulate.codes import random_stream
from suyuan.simulate.options import MarketOptions
from suyuan.simulate.world import DAY, EPOCH, FloatArray, IntArray, Role, World

ORDINARY, PURCHASE, SHOWN = 0, 1, 2

_SHARE = {Role.MARKET: 0.17, Role.WAREHOUSE: 0.19, Role.FORWARDER: 0.04, Role.DISPATCH: 0.22}
_RETAIL_SHARE, _WALK_IN_SHARE, _EXPORT_SHARE = 0.20, 0.14, 0.04
_CONTRACT_DAYS = {Role.MARKET: 115.0, Role.WAREHOUSE: 130.0, Role.FORWARDER: 130.0, Role.DISPATCH: 130.0}
_LANES = (0.77, 0.20, 0.03)
_SIDE_LANE = 0.18
_REGULAR = 4.0
_TRANSIT_DAYS = {Role.MARKET: 1.6, Role.WAREHOUSE: 1.2, Role.FORWARDER: 0.8, Role.DISPATCH: 1.0}
_SUPPLIED_BY: dict[Role, dict[Role, float]] = {
    Role.MARKET: {Role.FACTORY: 1.0},
    Role.WAREHOUSE: {Role.MARKET: 0.66, Role.FACTORY: 0.26, Role.WAREHOUSE: 0.08},
    Role.FORWARDER: {Role.WAREHOUSE: 0.7, Role.MARKET: 0.3},
    Role.DISPATCH: {Role.WAREHOUSE: 0.44, Role.MARKET: 0.40, Role.FORWARDER: 0.10, Role.FACTORY: 0.06},
}
_PIECES = 0.84


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders, one a row.

    Attributes
    ----------
    time : seconds since 1970, when the goods leave
    source : number of the factory, or n_factories + number of the bin
    to_site, to_bin : where they go; bin -1 where nothing is kept
    product : number of the product
    units : goods ordered; 0 = the share of the stock that is usual there
    transit : seconds under way
    kind : ORDINARY, PURCHASE or SHOWN
    reference : which purchase or exhibit, else -1
    """

    time: IntArray
    source: IntArray
    to_site: IntArray
    to_bin: IntArray
    product: IntArray
    units: IntArray
    transit: IntArray
    kind: IntArray
    reference: IntArray

    def __len__(self) -> int:
        return self.time.shape[0]


def join_orders(parts: list[Orders]) -> Orders:
    """All orders in order of time; equal times keep the order of the parts."""
    columns = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Orders)
    }
    order = np.argsort(columns["time"], kind="stable")
    return Orders(**{name: column[order] for name, column in columns.items()})


def simple_orders(columns: dict[str, IntArray]) -> Orders:
    """Orders from some of their columns; the rest is ordinary."""
    size = columns["time"].shape[0]
    defaults = {"to_bin": -1, "units": 0, "kind": ORDINARY, "reference": -1}
    filled = {name: np.full(size, value, dtype=np.int64) for name, value in defaults.items()}
    return Orders(**(filled | columns))


def schedule(options: MarketOptions, world: World) -> Orders:
    """The ordinary trade of the whole time."""
    stream = random_stream(options.seed, "orders")
    total = options.movement_target / (1.0 - options.missing_rate) * _PIECES
    parts = [_layer_orders(stream, options, world, role, total * share) for role, share in _SHARE.items()]
    dispatch = np.flatnonzero(world.bin_role == Role.DISPATCH)
    parts.append(_sink_orders(stream, options, world, dispatch, (Role.STATION, total * _RETAIL_SHARE)))
    trading = np.flatnonzero(world.bin_role != Role.DISPATCH)
    parts.append(_sink_orders(stream, options, world, trading, (Role.STATION, total * _WALK_IN_SHARE)))
    upstream = np.flatnonzero((world.bin_role == Role.WAREHOUSE) | (world.bin_role == Role.FORWARDER))
    parts.append(_sink_orders(stream, options, world, upstream, (Role.PORT, total * _EXPORT_SHARE)))
    return join_orders(parts)


def _layer_orders(
    stream: np.random.Generator, options: MarketOptions, world: World, role: Role, count: float
) -> Orders:
    """Orders by all bins of one kind of place."""
    bins = np.flatnonzero(world.bin_role == role)
    n_lanes = stream.choice(3, bins.shape[0], p=_LANES) + 1
    lanes = np.repeat(bins, n_lanes)
    main = np.r_[True, np.diff(lanes) != 0]
    per_lane = max(2, round(count / (bins.shape[0] + (lanes.shape[0] - bins.shape[0]) * _SIDE_LANE)))
    interval = options.days / per_lane
    n_contracts = int(options.days / _CONTRACT_DAYS[role]) + 6
    lengths = stream.gamma(_REGULAR, _CONTRACT_DAYS[role] / _REGULAR, (lanes.shape[0], n_contracts))
    ends = np.cumsum(lengths, axis=1) - stream.random((lanes.shape[0], 1)) * _CONTRACT_DAYS[role]
    day = (np.arange(per_lane) + stream.uniform(-0.45, 0.45, (lanes.shape[0], per_lane)) + 0.5) * interval
    contract = np.empty(day.shape, dtype=np.int64)
    for lane in range(lanes.shape[0]):
        contract[lane] = np.minimum(np.searchsorted(ends[lane], day[lane]), n_contracts - 1)
    suppliers = _suppliers(stream, world, lanes, n_contracts)
    source = np.take_along_axis(suppliers, contract, axis=1).ravel()
    buyer = np.repeat(lanes, per_lane)
    placed = np.repeat(main, per_lane) | (stream.random(buyer.shape[0]) < _SIDE_LANE)
    columns = {
        "time": _clock(stream, day.ravel()),
        "source": source,
        "to_site": world.bin_site[buyer],
        "to_bin": buyer,
        "product": world.bin_product[buyer],
        "units": np.where(source < world.n_factories, _factory_units(stream, source.shape[0]), 0),
        "transit": _transit(stream, source.shape[0], _TRANSIT_DAYS[role]),
    }
    return simple_orders({name: column[placed] for name, column in columns.items()})


def _suppliers(stream: np.random.Generator, world: World, lanes: IntArray, n_contracts: int) -> IntArray:
    """One supplier for each contract of each lane, drawn among those that have the product."""
    chosen = np.empty((lanes.shape[0], n_contracts), dtype=np.int64)
    uniform = stream.random(chosen.shape)
    previous = -1
    candidates = np.empty(0, dtype=np.int64)
    cumulative = np.empty(0)
    by_product = _bins_by_product(world)
    for row, lane in enumerate(lanes):
        if lane != previous:
            candidates, weights = _candidates(stream, world, int(lane), by_product)
            cumulative = np.cumsum(weights / weights.sum())
            previous = lane
        place = np.searchsorted(cumulative, uniform[row], side="right")
        chosen[row] = candidates[np.minimum(place, candidates.shape[0] - 1)]
    return chosen


def _bins_by_product(world: World) -> dict[tuple[int, int], IntArray]:
    """Bins of one role and product."""
    groups: dict[tuple[int, int], list[int]] = {}
    for number, (role, product) in enumerate(
        zip(world.bin_role.tolist(), world.bin_product.tolist(), strict=True)
    ):
        groups.setdefault((role, product), []).append(number)
    return {key: np.array(members, dtype=np.int64) for key, members in groups.items()}


def _candidates(
    stream: np.random.Generator, world: World, lane: int, by_product: dict[tuple[int, int], IntArray]
) -> tuple[IntArray, FloatArray]:
    """Possible suppliers of a bin with their weights."""
    product = int(world.bin_product[lane])
    found: list[IntArray] = []
    weights: list[FloatArray] = []
    for role, share in _SUPPLIED_BY[Role(int(world.bin_role[lane]))].items():
        if role == Role.FACTORY:
            members = world.makes[product]
            weight = world.factory_weight[members] * stream.lognormal(0.0, 0.3, members.shape[0])
        else:
            members = by_product.get((int(role), product), np.empty(0, dtype=np.int64))
            members = members[world.bin_site[members] != world.bin_site[lane]]
            weight = stream.lognormal(0.0, 0.4, members.shape[0])
            members = members + world.n_factories
        if members.shape[0]:
            found.append(members)
            weights.append(weight / weight.sum() * share)
    return np.concatenate(found), np.concatenate(weights)


def _sink_orders(
    stream: np.random.Generator,
    options: MarketOptions,
    world: World,
    bins: IntArray,
    sink: tuple[Role, float],
) -> Orders:
    """Goods that leave the market: to stations where parcels are handed out, or to ports."""
    role, count = sink
    per_bin = max(2, round(count / bins.shape[0]))
    places = world.sites_of(role)
    usual = places[stream.integers(0, places.shape[0], (bins.shape[0], 4))]
    source = np.repeat(bins, per_bin)
    day = (np.arange(per_bin) + stream.uniform(0.05, 0.95, (bins.shape[0], per_bin))) * (
        options.days / per_bin
    )
    to_site = np.take_along_axis(usual, stream.integers(0, 4, day.shape), axis=1).ravel()
    columns = {
        "time": _clock(stream, day.ravel()),
        "source": source + world.n_factories,
        "to_site": to_site,
        "product": world.bin_product[source],
        "transit": _transit(stream, source.shape[0], 1.8),
    }
    return simple_orders(columns)


def _clock(stream: np.random.Generator, day: FloatArray) -> IntArray:
    """Seconds since 1970 of a departure in working hours (8 to 20 in China) of that day."""
    hours = stream.uniform(0.0, 12.0, day.shape[0])
    return EPOCH + np.maximum(np.floor(day), 0.0).astype(np.int64) * DAY + (hours * 3600).astype(np.int64)


def _transit(stream: np.random.Generator, size: int, days: float) -> IntArray:
    """Seconds under way: a tenth of a day at least, `days` on average."""
    return ((0.1 + stream.gamma(3.0, (days - 0.1) / 3.0, size)) * DAY).astype(np.int64)


def _factory_units(stream: np.random.Generator, size: int) -> IntArray:
    """Units a factory ships at once."""
    return np.maximum(20, np.round(stream.lognormal(np.log(600.0), 0.5, size))).astype(np.int64)
