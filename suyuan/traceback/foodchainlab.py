"""Tracing by the rules of FoodChain-Lab.

Deliveries are joined by recorded relations, which always count, whatever the dates. A station that
cross-contaminates joins every delivery it got to every one it sent; only of these pairs can a temporal
order be asked. A station at which contamination is killed joins nothing; a delivery on which it is killed
is joined to nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from suyuan.graph.compiled import compiled
from suyuan.graph.ordering import group_places
from suyuan.graph.snapshot import BoolArray, GraphSnapshot, Int32Array, Int64Array
from suyuan.traceback.cases import first_movements
from suyuan.traceback.events import events_and_lots
from suyuan.traceback.parameters import DEFAULT_PARAMETERS, UnknownTimes
from suyuan.traceback.preparation import prepare
from suyuan.traceback.reachability import ends_of
from suyuan.traceback.results import Direction, Reach
from suyuan.traceback.times import EARLIEST, LATEST, mode_number, own_bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class FoodChainLabRules:
    """What the tool lets a user set. Sites and movements are positions.

    Parameters
    ----------
    cross_contaminated_sites : sites that join what they got to all they sent.
    killed_sites, killed_movements : where contamination ends.
    enforce_temporal_order : whether pairs joined by cross-contamination must agree in time: what is known
    of the
        two dates must not say that the second left before the first came.
    """

    cross_contaminated_sites: tuple[int, ...] = ()
    killed_sites: tuple[int, ...] = ()
    killed_movements: tuple[int, ...] = ()
    enforce_temporal_order: bool = True


DEFAULT_RULES = FoodChainLabRules()


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Deliveries with what each is joined to.

    Parameters
    ----------
    before, before_start : int32, int64
        Deliveries joined in front of m: ``before[before_start[m]:before_start[m + 1]]``. Likewise ``after``.
    """

    snapshot: GraphSnapshot
    before_start: Int64Array
    before: Int32Array
    after_start: Int64Array
    after: Int32Array
    passing: BoolArray

    @property
    def count(self) -> int:
        """Shipments, those that are no movements included."""
        return len(self.before_start) - 1


def deliveries_of(snapshot: GraphSnapshot, rules: FoodChainLabRules = DEFAULT_RULES) -> Deliveries:
    """The deliveries of a snapshot, joined by the rules."""
    n = len(snapshot.nodes["Shipment"])
    pairs = np.concatenate([_recorded(snapshot), _cross_contaminated(snapshot, rules)])
    pairs = np.unique(pairs, axis=0)
    pairs = pairs[_live(snapshot, rules, pairs)]
    earlier, later = np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1])
    by_later, before_start = group_places(later, n)
    by_earlier, after_start = group_places(earlier, n)
    passing = np.ones(n, np.bool_)
    passing[list(rules.killed_movements)] = False
    return Deliveries(snapshot, before_start, earlier[by_later], after_start, later[by_earlier], passing)


def _recorded(snapshot: GraphSnapshot) -> np.ndarray:
    edges = snapshot.edge_set("CONTINUES", "Shipment", "Shipment")
    if edges is None:
        return np.empty((0, 2), np.int32)
    return np.stack([edges.source, edges.target], axis=1)


def _cross_contaminated(snapshot: GraphSnapshot, rules: FoodChainLabRules) -> np.ndarray:
    """Every delivery into a cross-contaminating site with every one out of it, as far as dates allow."""
    movements = snapshot.movements
    parts = [np.empty((0, 2), np.int32)]
    for site in rules.cross_contaminated_sites:
        came = np.arange(movements.inflow_start[site], movements.inflow_start[site + 1], dtype=np.int32)
        left = movements.outflow[movements.outflow_start[site] : movements.outflow_start[site + 1]]
        parts.append(np.stack([np.repeat(came, len(left)), np.tile(left, len(came))], axis=1))
    pairs = np.concatenate(parts)
    if rules.enforce_temporal_order and len(pairs):
        earliest, latest = own_bounds(
            movements.departed, movements.arrived, movements.flags, mode_number(UnknownTimes.INFER)
        )
        pairs = pairs[earliest[pairs[:, 0]] <= latest[pairs[:, 1]]]
    return pairs


def _live(snapshot: GraphSnapshot, rules: FoodChainLabRules, pairs: np.ndarray) -> BoolArray:
    """Which pairs contamination passes."""
    live = ~np.isin(pairs, list(rules.killed_movements)).any(axis=1)
    to_site = snapshot.movements.to_site
    moves = pairs[:, 0] < len(to_site)
    at = np.where(moves, np.append(to_site, np.int32(-1))[np.where(moves, pairs[:, 0], -1)], -1)
    return live & ~np.isin(at, list(rules.killed_sites))


@compiled
def closure(
    start: Int64Array, joined: Int32Array, seeds: Int32Array
) -> tuple[Int32Array, Int32Array, Int32Array]:
    """Deliveries joined to some, these included; hops beyond; place in the answer each was found from."""
    n = len(start) - 1
    seen = np.zeros(n, np.bool_)
    found = np.empty(n, np.int32)
    hops = np.empty(n, np.int32)
    onward = np.empty(n, np.int32)
    count = 0
    for seed in seeds:
        if not seen[seed]:
            seen[seed] = True
            found[count], hops[count], onward[count] = seed, 0, -1
            count += 1
    done = 0
    while done < count:
        for place in range(start[found[done]], start[found[done] + 1]):
            m = joined[place]
            if not seen[m]:
                seen[m] = True
                found[count], hops[count], onward[count] = m, hops[done] + 1, done
                count += 1
        done += 1
    return found[:count].copy(), hops[:count].copy(), onward[:count].copy()


def _closure(deliveries: Deliveries, seeds: Int32Array, direction: Direction) -> tuple[Int32Array, ...]:
    if direction == "backward":
        return closure(deliveries.before_start, deliveries.before, seeds)
    return closure(deliveries.after_start, deliveries.after, seeds)


def delivery_set(deliveries: Deliveries, delivery: int, direction: Direction) -> Int32Array:
    """Deliveries in front of a delivery (backward) or after it (forward), itself left out; sorted."""
    found = _closure(deliveries, np.array([delivery], np.int32), direction)[0]
    return np.sort(found[1:])


def _seeds_at(deliveries: Deliveries, site: int, direction: Direction) -> Int32Array:
    """Deliveries a station got (backward) or sent (forward)."""
    movements = deliveries.snapshot.movements
    if direction == "backward":
        seeds = np.arange(movements.inflow_start[site], movements.inflow_start[site + 1], dtype=np.int32)
    else:
        seeds = movements.outflow[movements.outflow_start[site] : movements.outflow_start[site + 1]]
    return seeds[deliveries.passing[seeds]]


def station_set(deliveries: Deliveries, site: int, direction: Direction) -> Int32Array:
    """Stations behind a station (backward) or beyond it (forward), itself left out; sorted."""
    found = _closure(deliveries, _seeds_at(deliveries, site, direction), direction)[0]
    movements = deliveries.snapshot.movements
    sites, _ = ends_of(found[found < len(movements)], movements.from_site, movements.to_site, movements.goods)
    return sites[sites != site]


def trace_foodchainlab(
    snapshot: GraphSnapshot,
    kind: str,
    position: int,
    *,
    direction: Direction = "backward",
    rules: FoodChainLabRules = DEFAULT_RULES,
) -> Reach:
    """All that a case can have come from, or gone to, by FoodChain-Lab's rules; the case itself left out.

    A Site is a station and a Shipment a delivery; other cases start from their first movements.

    Raises
    ------
    ParameterError
        No trace starts from that kind.
    """
    deliveries = deliveries_of(snapshot, rules)
    if kind == "Shipment":
        seeds = np.array([position], np.int32)
    elif kind == "Site":
        seeds = _seeds_at(deliveries, position, direction)
    else:
        seeds = first_movements(
            prepare(snapshot, DEFAULT_PARAMETERS), kind, position, direction=direction
        ).movements
    found, hops, onward = _closure(deliveries, seeds, direction)
    begin = 1 if kind == "Shipment" else 0
    found = found[begin:]
    movements = snapshot.movements
    sites, lots = ends_of(
        found[found < len(movements)], movements.from_site, movements.to_site, movements.goods
    )
    events, lots = events_and_lots(snapshot, kind, position, lots, direction)
    return Reach(
        movements=found,
        hops=hops[begin:] + np.int32(1 - begin),
        latest=np.full(len(found), LATEST if direction == "backward" else EARLIEST, np.int64),
        onward=np.maximum(onward[begin:] - begin, -1),
        sites=sites[sites != position] if kind == "Site" else sites,
        lots=lots[lots != position] if kind == "Lot" else lots,
        events=events,
        truncated_counts={},
    )


def share_of_reachable(
    deliveries: Deliveries, weights: Mapping[int, float], sites: Iterable[int] | None = None
) -> dict[int, float]:
    """Share of the weight of cases that each station can have supplied.

    Parameters
    ----------
    weights : weight by station of the cases.
    sites : stations to score; None: all that score above 0.

    Returns
    -------
    Score by site, in [0, 1]: the weight of the cases that the station is, or lies behind, over the weight
    of all.
    """
    total = sum(weights.values())
    scores: dict[int, float] = dict.fromkeys(sites or (), 0.0)
    for case, weight in sorted(weights.items()):
        for site in (case, *station_set(deliveries, case, "backward").tolist()):
            if sites is None or site in scores:
                scores[site] = scores.get(site, 0.0) + weight / total
    return scores


def delivery_share(deliveries: Deliveries, weights: Mapping[int, float], delivery: int) -> float:
    """Share of the weight of cases that a delivery can have reached."""
    found = _closure(deliveries, np.array([delivery], np.int32), "forward")[0]
    to_site = deliveries.snapshot.movements.to_site
    reached = set(to_site[found[found < len(to_site)]].tolist())
    return sum(weight for case, weight in sorted(weights.items()) if case in reached) / sum(weights.values())
