"""What every trace over a snapshot shares, computed once."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from suyuan.graph.ordering import group_places
from suyuan.graph.snapshot import (
    ARRIVED_UNKNOWN,
    DEPARTED_UNKNOWN,
    NOTHING_KNOWN,
    BoolArray,
    FloatArray,
    GraphSnapshot,
    Int32Array,
    Int64Array,
    Movements,
    NodeTable,
)
from suyuan.traceback.goods import Goods, links_of
from suyuan.traceback.inference import inferred_keys
from suyuan.traceback.lotmakers import lots_made_at, no_makers
from suyuan.traceback.mixing import FACTORY, Makers, leave_maker
from suyuan.traceback.mixingmodel import LotMakers, Mixing, Traded
from suyuan.traceback.parameters import MICROSECONDS_PER_DAY, TraceParameters, UnknownTimes
from suyuan.traceback.sitestays import recorded_stays, stay_factors
from suyuan.traceback.spans import no_spans, spans_of
from suyuan.traceback.stock import (
    Stock,
    comparable_streams,
    flow_of,
    mean_inflows,
    moved_by,
    own_positions,
    shares_of,
)
from suyuan.traceback.times import (
    EARLIEST,
    LATEST,
    UNDATED,
    Bounds,
    all_exact,
    known_spans,
    mean_times,
    mode_number,
    own_bounds,
    visible,
)
from suyuan.traceback.trading import nothing_traded, traded_between
from suyuan.traceback.walking import Recorded, Streams, Walk, arranged, loose_of, number_streams


@dataclass(frozen=True)
class Prepared:
    """A snapshot made ready for traces by one set of parameters, mode of unknown times and ``as_of``.

    Products are numbered by the order of their ids here (``product_rank`` tells the number of a position),
    so that no answer depends on the order in which a store was filled.
    """

    snapshot: GraphSnapshot
    parameters: TraceParameters
    unknown_times: UnknownTimes
    as_of: int | None
    product_rank: Int32Array
    carried: Int32Array
    goods: Goods
    bounds: Bounds
    seen: BoolArray
    streams: Streams
    in_stream: Int32Array
    out_stream: Int32Array
    makes_start: Int64Array
    makes: Int32Array

    @cached_property
    def backward(self) -> Walk:
        """For walking against the goods' direction."""
        return self._with_spans(self.walk(forward=False), self.out_stream, self.fed_out)

    @cached_property
    def forward(self) -> Walk:
        """For walking with the goods."""
        return self._with_spans(self.walk(forward=True), self.in_stream, self.fed_in)

    @cached_property
    def stock(self) -> Stock:
        """Positions in the stock of every product at every site."""
        movements, walk = self.snapshot.movements, self.backward
        quantity, flags, n_streams = movements.quantity, movements.flags, len(self.streams.product)
        came, came_start = arranged(self.in_stream, self.bounds.arrived, self.fed_in, n_streams)
        left, left_start = arranged(self.out_stream, self.bounds.departed, self.fed_out, n_streams)
        inflow = flow_of(came, came_start, self.bounds.arrived, quantity, flags)
        outflow = flow_of(left, left_start, self.bounds.departed, quantity, flags)
        share = shares_of(inflow, outflow, self.streams)
        came_from, came_to = own_positions(
            inflow,
            self.streams,
            share,
            movements.to_site,
            self.in_stream,
            self.bounds.arrived,
            quantity,
            flags,
        )
        return Stock(
            inflow=inflow,
            outflow=outflow,
            can_have_come=moved_by(walk.order, walk.start, quantity, flags, inflow.usual),
            share=share,
            mean_inflow=mean_inflows(inflow, self.streams, share),
            came_from=came_from,
            came_to=came_to,
            comparable=comparable_streams(
                movements.unit, self.in_stream, self.out_stream, self.seen, self.streams
            ),
        )

    @cached_property
    def mixing(self) -> Mixing:
        """The mixing model."""
        movements, parameters = self.snapshot.movements, self.parameters
        seen_from, seen_until = known_spans(
            movements.from_site,
            movements.to_site,
            movements.flags,
            self.bounds.departed,
            self.bounds.arrived,
            self.seen,
            len(self.snapshot.nodes["Site"]),
        )
        return read_only(
            Mixing(
                stock=self.stock,
                role=self.snapshot.nodes["Site"].columns["role"],
                makes_start=self.makes_start,
                makes=self.makes,
                quantity=movements.quantity,
                unit=movements.unit,
                flags=movements.flags,
                departed=self.bounds.departed,
                arrived=self.bounds.arrived,
                seen_from=seen_from,
                seen_until=seen_until,
                in_stream=self.in_stream,
                out_stream=self.out_stream,
                dwell=self.dwell_of_streams(parameters),
                floor=np.array(parameters.floor),
                match_unknown=parameters.match_unknown,
                match_lot_unknown=parameters.match_lot_unknown,
                fifo_share=parameters.fifo_share,
                bandwidth=parameters.bandwidth,
                traded=self.traded,
                makers=self.lot_makers,
            )
        )

    def dwell_of_streams(self, parameters: TraceParameters, streams: Int64Array | None = None) -> FloatArray:
        """The usual stay of the goods of some streams, or of each, by some parameters, microseconds."""
        chosen = slice(None) if streams is None else streams
        role = self.snapshot.nodes["Site"].columns["role"][self.stream_site[chosen]]
        days = np.array(parameters.dwell_days)[role + 1]
        return days * (self.stay_factor[chosen] if parameters.infer_stays else 1.0) * MICROSECONDS_PER_DAY

    @cached_property
    def stream_site(self) -> Int32Array:
        """The site of each stream."""
        start = self.streams.site_start
        return np.repeat(np.arange(len(start) - 1, dtype=np.int32), np.diff(start))

    @cached_property
    def stay_factor(self) -> FloatArray:
        """By which factor goods of each stream stay longer than usual for the role of the site."""
        movements = self.snapshot.movements
        known = self.seen & (self.carried >= 0)
        came = np.flatnonzero(known & (movements.flags & ARRIVED_UNKNOWN == 0))
        left = np.flatnonzero(known & (movements.flags & DEPARTED_UNKNOWN == 0))
        n_lots = len(self.goods.lot_code)
        out, stay = recorded_stays(
            movements.to_site[came].astype(np.int64) * n_lots + self.carried[came],
            movements.arrived[came],
            movements.from_site[left].astype(np.int64) * n_lots + self.carried[left],
            movements.departed[left],
        )
        role = self.snapshot.nodes["Site"].columns["role"]
        return stay_factors(stay, self.out_stream[left[out]], self.stream_site, role)

    @cached_property
    def traded(self) -> Traded:
        """Which products movements between the same two sites name; empty where products are not inferred."""
        prior = self.parameters.product_prior
        if not self.parameters.infer_products:
            return nothing_traded(prior)
        movements = self.snapshot.movements
        product = products_carried(self.carried, self.goods.lot_product)
        return traded_between(
            movements.from_site,
            movements.to_site,
            product,
            self.seen,
            prior,
            len(self.snapshot.nodes["Site"]),
        )

    @cached_property
    def lot_makers(self) -> LotMakers:
        """Which site made each lot, as recorded departures tell; empty where that is not asked for.

        Only lots whose product is known: numbers of lots are the maker's own and come again with other products.
        """
        if not self.parameters.infer_makers:
            return no_makers()
        walk, movements = self.backward, self.snapshot.movements
        product = products_carried(self.carried, self.goods.lot_product)
        lots = np.flatnonzero(self.seen & (self.carried >= 0) & (product >= 0)).astype(np.int32)
        product = product[lots]
        role = self.snapshot.nodes["Site"].columns["role"]
        leaving = lots[leave_maker(walk, Makers(role, self.makes_start, self.makes), lots, product)]
        return lots_made_at(
            self.carried[leaving],
            movements.from_site[leaving],
            self.bounds.departed[leaving],
            leaving,
            len(self.goods.lot_code),
        )

    @cached_property
    def kept(self) -> dict[tuple[str, int], Any]:
        """What traces found out that holds for all of them, by what it is and of which node."""
        return {}

    @cached_property
    def site_rank(self) -> Int32Array:
        """Place of each site in the order of ids."""
        return id_ranks(self.snapshot.nodes["Site"])

    @cached_property
    def movement_rank(self) -> Int32Array:
        """Place of each shipment in the order of ids."""
        return id_ranks(self.snapshot.nodes["Shipment"])

    @cached_property
    def fed_in(self) -> Int32Array:
        """Visible movements by (to_site, arrival key, id)."""
        return np.flatnonzero(self.seen).astype(np.int32)

    @cached_property
    def fed_out(self) -> Int32Array:
        """Visible movements by (from_site, departure key, id)."""
        outflow = self.snapshot.movements.outflow
        return outflow[self.seen[outflow]]

    def walk(self, *, forward: bool) -> Walk:
        """One direction of walking, without ``spans``: every step is looked up."""
        movements, bounds, n_streams = self.snapshot.movements, self.bounds, len(self.streams.product)
        leaves, comes = movements.from_site, movements.to_site
        key, limit = bounds.earliest_arrival, bounds.latest_departure
        stream, feed = self.in_stream, self.fed_in
        if forward:
            leaves, comes, key, limit = comes, leaves, -limit, -key
            stream, feed = self.out_stream, self.fed_out
        order, start = arranged(stream, key, feed, n_streams)
        loose_rank, loose = loose_of(order, key, limit)
        longest = self.parameters.max_dwell_days
        near_low, far_high = self._stay_bounds(key, limit, forward=forward)
        return read_only(
            Walk(
                leaves=leaves,
                comes=comes,
                carried=self.carried,
                key=key,
                limit=limit,
                streams=self.streams,
                start=start,
                order=order,
                loose_rank=loose_rank,
                loose=loose,
                spans=no_spans(),
                goods=self.goods,
                links=links_of(self.snapshot, self.goods, as_of=self.as_of, forward=forward),
                recorded=recorded_of(self.snapshot, forward=forward),
                near_low=near_low,
                far_high=far_high,
                longest_stay=0 if longest is None else max(1, round(longest * MICROSECONDS_PER_DAY)),
                narrows=self.unknown_times is not UnknownTimes.INCLUDE,
            )
        )

    def _with_spans(self, walk: Walk, stream: Int32Array, feed: Int32Array) -> Walk:
        """The same with the table of steps, where goods and times alone decide them."""
        if walk.longest_stay > 0 or len(walk.recorded.start) > 1:
            return walk
        return read_only(walk._replace(spans=spans_of(walk, stream, feed)))

    def _stay_bounds(
        self, key: Int64Array, limit: Int64Array, *, forward: bool
    ) -> tuple[Int64Array, Int64Array]:
        """Between which times a stay is measured: least time of leaving, greatest of coming."""
        if self.parameters.max_dwell_days is None:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        undated = (self.snapshot.movements.flags & UNDATED) == UNDATED
        left, came = self.bounds.departed, self.bounds.arrived
        if forward:
            left, came = -came, -left
        return np.where(undated, key, left), np.where(undated, limit, came)


def prepare(
    snapshot: GraphSnapshot,
    parameters: TraceParameters,
    *,
    unknown_times: UnknownTimes = UnknownTimes.INFER,
    as_of: int | None = None,
) -> Prepared:
    """Make a snapshot ready for traces.

    Parameters
    ----------
    as_of : microseconds UTC; movements that began later are left out altogether, so that the answer is the
    same as
        from a snapshot without them. None: all.

    Notes
    -----
    Linear in the number of movements, about 140 bytes each where times are not exact, 100 where they are.
    The result is read-only and may be shared by threads.
    """
    movements = snapshot.movements
    rank = id_ranks(snapshot.nodes["Product"])
    carried = _ranked(movements.goods, rank)
    lots = snapshot.nodes["Lot"].columns
    lot_product = lots["product"]
    goods = Goods(np.append(rank, np.int32(-1))[lot_product], lots["code"])
    seen = visible(movements, as_of)
    n_sites = len(snapshot.nodes["Site"])
    product = products_carried(carried, goods.lot_product)
    stream, site_start, stream_product = number_streams(
        np.concatenate([movements.to_site, movements.from_site]),
        np.concatenate([product, product]),
        n_sites,
        len(rank),
    )
    makes_start, makes = _makes(snapshot, rank)
    draft = Prepared(
        snapshot=snapshot,
        parameters=parameters,
        unknown_times=unknown_times,
        as_of=as_of,
        product_rank=rank,
        carried=carried,
        goods=goods,
        bounds=_own(movements, unknown_times),
        seen=seen,
        streams=Streams(site_start, stream_product),
        in_stream=stream[: len(movements)],
        out_stream=stream[len(movements) :],
        makes_start=makes_start,
        makes=makes,
    )
    return _with_bounds(draft)


def _with_bounds(draft: Prepared) -> Prepared:
    """The same with inferred bounds, unseen movements shut out, and all arrays read-only."""
    movements, seen = draft.snapshot.movements, draft.seen
    exact = draft.as_of is None and all_exact(movements)
    bounds = draft.bounds if exact else _bounds(draft)
    ready = replace(draft, bounds=bounds)
    for array in (ready.carried, *ready.goods, *bounds, seen, *ready.streams, ready.in_stream):
        array.flags.writeable = False
    for array in (ready.out_stream, ready.makes_start, ready.makes, ready.product_rank):
        array.flags.writeable = False
    return ready


def _own(movements: Movements, mode: UnknownTimes) -> Bounds:
    if all_exact(movements):
        return Bounds(movements.arrived, movements.departed, movements.departed, movements.arrived)
    earliest, latest = own_bounds(movements.departed, movements.arrived, movements.flags, mode_number(mode))
    nothing = np.full(len(movements), EARLIEST, np.int64)
    return Bounds(earliest, latest, nothing, nothing)


def _bounds(draft: Prepared) -> Bounds:
    movements, seen = draft.snapshot.movements, draft.seen
    earliest, latest = draft.bounds.earliest_arrival.copy(), draft.bounds.latest_departure.copy()
    is_undated = (movements.flags & UNDATED) == UNDATED
    undated = np.flatnonzero(is_undated & seen).astype(np.int32)
    infers = draft.unknown_times is UnknownTimes.INFER
    if infers and len(undated):
        unbounded = replace(draft, parameters=replace(draft.parameters, max_dwell_days=None))
        free = _makers(draft)
        earliest[undated] = inferred_keys(unbounded.walk(forward=False), undated, is_undated, free)
        latest[undated] = -inferred_keys(unbounded.walk(forward=True), undated, is_undated, free)
    transit = round(draft.parameters.transit_days * MICROSECONDS_PER_DAY)
    low = earliest if infers else np.full(len(earliest), EARLIEST, np.int64)
    high = latest if infers else np.full(len(latest), LATEST, np.int64)
    departed, arrived = mean_times(movements.departed, movements.arrived, movements.flags, low, high, transit)
    if draft.as_of is not None:
        np.minimum(latest, draft.as_of, out=latest)
    earliest[~seen] = LATEST
    latest[~seen] = EARLIEST
    return Bounds(earliest, latest, departed, arrived)


def _makers(prepared: Prepared) -> BoolArray:
    role = prepared.snapshot.nodes["Site"].columns["role"]
    return (role == FACTORY) | (np.diff(prepared.makes_start) > 0)


def id_ranks(table: NodeTable) -> Int32Array:
    """Place of each node in the order of the ids of its kind."""
    ranks = np.empty(len(table), np.int32)
    ranks[table.by_id] = np.arange(len(table), dtype=np.int32)
    return ranks


def _ranked(goods: Int32Array, rank: Int32Array) -> Int32Array:
    """Goods codes with products by rank."""
    if np.array_equal(rank, np.arange(len(rank))):
        return goods
    of_product = goods < NOTHING_KNOWN
    ranked = goods.copy()
    ranked[of_product] = -rank[-goods[of_product] - 2] - 2
    return ranked


def products_carried(carried: Int32Array, lot_product: Int32Array) -> Int32Array:
    """Product of each movement, -1 where unknown."""
    product = np.where(carried < NOTHING_KNOWN, -carried - 2, -1).astype(np.int32)
    of_lot = carried >= 0
    product[of_lot] = lot_product[carried[of_lot]]
    return product


def _makes(snapshot: GraphSnapshot, rank: Int32Array) -> tuple[Int64Array, Int32Array]:
    """Products that each site makes: start, shape (n_sites + 1,), and ranks."""
    edges = snapshot.edge_set("MAKES", "Site", "Product")
    if edges is None:
        return np.zeros(len(snapshot.nodes["Site"]) + 1, np.int64), np.empty(0, np.int32)
    return edges.source_start.copy(), rank[edges.target]


def recorded_of(snapshot: GraphSnapshot, *, forward: bool) -> Recorded:
    """Movements that records join to one another, arranged for one direction of walking."""
    edges = snapshot.edge_set("CONTINUES", "Shipment", "Shipment")
    n = len(snapshot.movements)
    if edges is None:
        return Recorded(np.zeros(1, np.int64), np.empty(0, np.int32), np.zeros(0, np.bool_))
    near, far = (edges.source, edges.target) if forward else (edges.target, edges.source)
    moves = (near < n) & (far < n)
    pairs = np.unique(np.stack([near[moves], far[moves]], axis=1), axis=0)
    near, far = np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1])
    decided = np.zeros(n, np.bool_)
    decided[far] = True
    _, start = group_places(near, n)
    return Recorded(start, far, decided)


def with_fitted(mixing: Mixing, parameters: TraceParameters, dwell: FloatArray) -> Mixing:
    """A mixing model with what a fit finds in place of what it has; ``dwell`` by its own streams, microseconds."""
    return read_only(
        mixing._replace(
            dwell=dwell,
            floor=np.array(parameters.floor),
            match_unknown=parameters.match_unknown,
            match_lot_unknown=parameters.match_lot_unknown,
            fifo_share=parameters.fifo_share,
            bandwidth=parameters.bandwidth,
        )
    )


Arrays = TypeVar("Arrays", Walk, Mixing)


def read_only(parts: Arrays) -> Arrays:
    """The same with its arrays marked read-only, as those of snapshots are: kernels then meet one type."""
    _mark(parts)
    return parts


def _mark(part: object) -> None:
    if isinstance(part, np.ndarray):
        part.flags.writeable = False
    elif isinstance(part, tuple):
        for inner in part:
            _mark(inner)
