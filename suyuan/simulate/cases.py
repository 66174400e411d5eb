"""The cases whose true factory is known: bought, offered, seized and exhibited goods."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from suyuan.simulate.calendar import day_text
from suyuan.simulate.codes import random_stream
from suyuan.simulate.listings import Fairs, Listings, listing_ids
from suyuan.simulate.options import MarketOptions
from suyuan.simulate.orders import ORDINARY, PURCHASE, SHOWN
from suyuan.simulate.people import Population
from suyuan.simulate.stock import Flow
from suyuan.simulate.world import DAY, EPOCH, IntArray, Role, World

_OBSERVED_EACH = 3


@dataclass(frozen=True, slots=True)
class Observations:
    """Parcels of a shop seen by their waybill: the listing whose life each falls in, and its movement."""

    listing: IntArray
    movement: IntArray


@dataclass(frozen=True, slots=True)
class Seizures:
    """Goods held at ports: the movement, when, and whether the papers name it."""

    movement: IntArray
    at: IntArray
    named: IntArray


class Case(NamedTuple):
    """Goods whose factory is known: canonical id, number of the factory, when they came to notice."""

    name: str
    factory: int
    at: int


@dataclass(frozen=True, slots=True)
class Cases:
    """Cases with their truth.

    Attributes
    ----------
    case_ids : canonical ids, unique
    factories : number of the true factory of each
    confirmed : those whose origin is confirmed
    observations, seizures : what the cases rest on
    purchase : movement of each listing's test purchase, by number of the listing
    shown : movement of each exhibit, by number of the exhibit
    """

    case_ids: list[str]
    factories: list[int]
    confirmed: list[Case]
    observations: Observations
    seizures: Seizures
    purchase: dict[int, int]
    shown: dict[int, int]


def seizure_ids(count: int) -> list[str]:
    """Seizure ids (`SZ00001`), by number."""
    return [f"SZ{number + 1:05d}" for number in range(count)]


def exhibit_ids(count: int) -> list[str]:
    """Exhibit ids (`EX00001`), by number."""
    return [f"EX{number + 1:05d}" for number in range(count)]


def build_cases(
    options: MarketOptions, world: World, population: Population, listings: Listings, fairs: Fairs, flow: Flow
) -> Cases:
    """Cases in the shares the options ask for; where one kind runs short, test purchases fill up."""
    stream = random_stream(options.seed, "cases")
    purchase = _by_reference(flow, PURCHASE)
    shown = _by_reference(flow, SHOWN)
    seizures = _seizures(stream, options, world, flow)
    observations, drawn = _observe(stream, options, world, listings, purchase, flow)
    names = [
        f"Listing:{population.shops[shop].platform}:{listing_id}"
        for shop, listing_id in zip(listings.shop.tolist(), listing_ids(len(listings)), strict=True)
    ]
    seized = [
        Case(f"Seizure:{key}", int(flow.factory[row]), at)
        for key, row, at in zip(
            seizure_ids(seizures.movement.shape[0]), seizures.movement, seizures.at.tolist(), strict=True
        )
    ]
    exhibited = [
        Case(f"Exhibit:{key}", int(flow.factory[shown[number]]), int(fairs.day[number]))
        for number, key in enumerate(exhibit_ids(fairs.bin.shape[0]))
        if number in shown
    ]
    offered, bought = (
        [
            Case(names[listing], int(flow.factory[row]), int(flow.departed[row]))
            for listing, row in sorted(of.items())
        ]
        for of in (drawn, purchase)
    )
    chosen, rest = _choose(stream, options, (offered, seized, exhibited), bought)
    confirmed = chosen if options.confirm_cases else rest
    return Cases(
        case_ids=[case.name for case in chosen],
        factories=[case.factory for case in chosen],
        confirmed=sorted(confirmed[: options.confirmed]),
        observations=observations,
        seizures=seizures,
        purchase=purchase,
        shown=shown,
    )


def _choose(
    stream: np.random.Generator,
    options: MarketOptions,
    groups: tuple[list[Case], ...],
    bought: list[Case],
) -> tuple[list[Case], list[Case]]:
    """The cases, and the test purchases that are none; what comes after the last day is none either."""
    end = day_text(EPOCH + options.days * DAY)
    chosen: list[Case] = []
    for group, share in zip(
        groups, (options.rule2_share, options.seizure_share, options.exhibit_share), strict=True
    ):
        order = stream.permutation(len(group))
        seen = [group[number] for number in order if day_text(group[number].at) < end]
        chosen.extend(seen[: round(share * options.cases)])
    order = stream.permutation(len(bought))
    rest = max(options.cases - len(chosen), 0)
    chosen.extend(bought[number] for number in order[:rest])
    return sorted(chosen), [bought[number] for number in order[rest:]]


def _by_reference(flow: Flow, kind: int) -> dict[int, int]:
    """Movement that answered each purchase or exhibit."""
    rows = np.flatnonzero(flow.kind == kind)
    return dict(zip(flow.reference[rows].tolist(), rows.tolist(), strict=True))


def _seizures(stream: np.random.Generator, options: MarketOptions, world: World, flow: Flow) -> Seizures:
    """Export movements held at the port on arrival or a few days later."""
    start = EPOCH + options.days * DAY // 3
    rows = np.flatnonzero((world.role[flow.to_site] == Role.PORT) & (flow.departed > start))
    wanted = max(round(1.25 * options.seizure_share * options.cases), round(30 * options.scale))
    rows = np.sort(stream.permutation(rows)[:wanted])
    at = flow.arrived[rows] + (stream.uniform(0.02, 3.0, rows.shape[0]) * DAY).astype(np.int64)
    return Seizures(rows.astype(np.int64), at, (stream.random(rows.shape[0]) < 0.95).astype(np.int64))


def _observe(
    stream: np.random.Generator,
    options: MarketOptions,
    world: World,
    listings: Listings,
    purchase: dict[int, int],
    flow: Flow,
) -> tuple[Observations, dict[int, int]]:
    """Parcels seen of some listings that nobody bought from, and the unit drawn from them for each."""
    in_bin = _movements_by_bin(world, flow)
    ends = listings.ended_by(options)
    start = EPOCH + options.days * DAY // 3
    free = [number for number in range(len(listings)) if number not in purchase and ends[number] > start]
    wanted = round(2.0 * options.rule2_share * options.cases) + round(0.15 * len(listings))
    listing: list[int] = []
    movement: list[int] = []
    drawn: dict[int, int] = {}
    for number in stream.permutation(np.array(free, dtype=np.int64))[:wanted].tolist():
        rows = in_bin.get(int(listings.bin[number]), np.empty(0, dtype=np.int64))
        seen = rows[
            (flow.departed[rows] >= max(int(listings.listed_at[number]), start))
            & (flow.departed[rows] < ends[number])
        ]
        if not seen.shape[0]:
            continue
        # One spell of watching: parcels that follow each other.
        first = int(stream.integers(seen.shape[0]))
        seen = seen[first : first + _OBSERVED_EACH]
        weight = flow.quantity[seen] / flow.quantity[seen].sum()
        drawn[number] = int(stream.choice(seen, p=weight))
        listing.extend([number] * seen.shape[0])
        movement.extend(seen.tolist())
    return Observations(np.array(listing, dtype=np.int64), np.array(movement, dtype=np.int64)), drawn


def _movements_by_bin(world: World, flow: Flow) -> dict[int, IntArray]:
    """Parcels sent to customers, by the bin they were taken from, in order of departure."""
    rows = np.flatnonzero((flow.kind == ORDINARY) & (world.role[flow.to_site] == Role.STATION))
    taken_from = flow.to_bin[flow.previous[rows]]
    order = np.argsort(taken_from, kind="stable")
    rows, taken_from = rows[order], taken_from[order]
    edges = np.flatnonzero(np.diff(taken_from)) + 1
    groups = np.split(rows, edges)
    return {
        int(flow.to_bin[flow.previous[group[0]]]): group.astype(np.int64)
        for group in groups
        if group.shape[0]
    }
