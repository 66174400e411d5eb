"""The mixing model once more, in plain lines written from its formula; nothing of the package is used.

It works on the movements of a small world as dictionaries would, enumerates the histories of a unit one by one, and
knows movements whose times are all known, or all unknown.
"""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

import numpy as np

from tests.unit.traceback.worlds import Move, World


@dataclass(frozen=True)
class Settings:
    match_unknown: float
    fifo_share: float
    bandwidth: float
    dwell_days: float
    floor: float


class PlainModel:
    def __init__(self, world: World, settings: Settings) -> None:
        self.world = world
        self.settings = settings
        self.moves = world.moves

    # Goods

    def joined(self, f: Move, e: Move) -> bool:
        """Lots of f and e joined by a repacking where they meet."""
        return any(
            site == e.start and self.same_lot(f, before) and self.same_lot(e, after)
            for site, before, after in self.world.repacked
        )

    def same_lot(self, move: Move, lot: tuple[str, str]) -> bool:
        return move.lot == lot[1] and move.product in (None, lot[0])

    def turned(self, f: Move, e: Move) -> bool:
        """Products of f and e joined by a repacking where they meet."""
        return any(
            site == e.start and before[0] == f.product and after[0] == e.product
            for site, before, after in self.world.repacked
        )

    def agreement(self, f: Move, e: Move) -> str:
        if f.lot and e.lot:
            if f.lot == e.lot and (not f.product or not e.product or f.product == e.product):
                return "lot"
            return "joined" if self.joined(f, e) else "no"
        if not f.product or not e.product:
            return "unknown"
        if f.product == e.product:
            return "product"
        return "joined" if self.turned(f, e) else "no"

    def feasible(self, f: Move, e: Move) -> bool:
        if f is e or f.end != e.start or self.agreement(f, e) == "no":
            return False
        return f.came is None or e.left is None or f.came <= e.left

    # Stock

    def inflow(self, site: str, product: str | None) -> list[Move]:
        return [move for move in self.moves if move.end == site and move.product == product]

    def outflow(self, site: str, product: str | None) -> list[Move]:
        return [move for move in self.moves if move.start == site and move.product == product]

    def amount(self, move: Move, stream: list[Move]) -> float:
        if move.quantity is not None:
            return move.quantity
        known = [other.quantity for other in stream if other.quantity is not None]
        return median(known) if known else 1.0

    def amount_in(self, move: Move) -> float:
        return self.amount(move, self.inflow(move.end, move.product))

    def amount_out(self, move: Move) -> float:
        return self.amount(move, self.outflow(move.start, move.product))

    def total(self, stream: list[Move]) -> float:
        return sum(self.amount(move, stream) for move in stream)

    def products(self, site: str) -> set[str]:
        here = [move for move in self.moves if site in (move.start, move.end)]
        return {move.product for move in here if move.product}

    def share(self, site: str, product: str | None) -> float:
        """Part of the unknown goods at a site that counts as a product."""
        if product is None:
            return 1.0

        def both(one: str) -> float:
            return self.total(self.inflow(site, one)) + self.total(self.outflow(site, one))

        everything = sum(both(one) for one in self.products(site))
        return both(product) / everything if everything > 0 else 1.0

    def counted(self, stream: list[Move], when: str, test: str, moment: float) -> float:
        def holds(time: float) -> bool:
            return time < moment if test == "before" else time <= moment

        return sum(self.amount(move, stream) for move in stream if holds(getattr(move, when)))

    def interval(
        self, way: str, site: str, product: str | None, moment: float, amount: float
    ) -> tuple[float, float]:
        streams = self.inflow if way == "in" else self.outflow
        when = "came" if way == "in" else "left"
        ends: list[float] = []
        for test in ("before", "through"):
            flow = self.counted(streams(site, product), when, test, moment)
            if product is not None:
                flow += self.share(site, product) * self.counted(streams(site, None), when, test, moment)
            ends.append(flow)
        return ends[0], max(ends[1], ends[0] + amount)

    def mean_inflow(self, site: str, product: str | None) -> float:
        known, unknown = self.inflow(site, product), self.inflow(site, None)
        total, count = self.total(known), float(len(known))
        if product is not None:
            total += self.share(site, product) * self.total(unknown)
            count += self.share(site, product) * len(unknown)
        return total / count if total > 0 else 1.0

    # Weights

    def gap(self, f: Move, e: Move) -> float:
        if self.agreement(f, e) == "joined" and (f.product != e.product or e.product is None):
            return 0.0
        if f.came is None or e.left is None:
            return self.settings.bandwidth
        product = e.product or f.product
        begin, end = self.interval("in", e.start, product, f.came, self.amount_in(f))
        low, high = self.interval("out", e.start, product, e.left, self.amount_out(e))
        return max(0.0, low - end, begin - high) / self.mean_inflow(e.start, product)

    def stay(self, f: Move, e: Move) -> float:
        if f.came is None or e.left is None:
            return self.settings.dwell_days
        return e.left - f.came

    def uncovered(self, e: Move, before: list[Move]) -> float:
        floor = self.settings.floor
        if any(self.agreement(f, e) == "joined" and f.product != e.product for f in before):
            return floor
        came = gone = 0.0
        streams = [e.product, None] if e.product else [None, *self.products(e.start)]
        for product in streams:
            part = self.share(e.start, e.product) if e.product and product is None else 1.0
            inflow, outflow = self.inflow(e.start, product), self.outflow(e.start, product)
            came += part * sum(
                self.amount(move, inflow)
                for move in inflow
                if e.left is None or move.came is None or move.came <= e.left
            )
            gone += part * sum(
                self.amount(move, outflow)
                for move in outflow
                if e.left is None or move.left is None or move.left <= e.left
            )
        return max(floor, 1.0 - came / gone) if gone > 0 else floor

    def shares(self, e: Move) -> tuple[dict[str, float], float]:
        """w(f | e) by name of f, and what is left over."""
        before = [f for f in self.moves if self.feasible(f, e)]
        if not before:
            return {}, 1.0
        match = {
            f.name: self.settings.match_unknown if self.agreement(f, e) == "unknown" else 1.0 for f in before
        }
        fifo = {
            f.name: self.amount_in(f) * match[f.name] * math.exp(-self.gap(f, e) / self.settings.bandwidth)
            for f in before
        }
        proportional = {
            f.name: self.amount_in(f) * match[f.name] * math.exp(-self.stay(f, e) / self.settings.dwell_days)
            for f in before
        }
        rest = self.uncovered(e, before)
        phi = self.settings.fifo_share
        fifo_sum, proportional_sum = sum(fifo.values()), sum(proportional.values())
        return {
            f.name: (1 - rest)
            * (phi * fifo[f.name] / fifo_sum + (1 - phi) * proportional[f.name] / proportional_sum)
            for f in before
        }, rest

    # Mass

    def is_origin(self, e: Move) -> bool:
        made = [product for site, product in self.world.makes if site == e.start]
        if made:
            return e.product is None or e.product in made
        role = self.world.roles[e.start]
        return role == "factory" or (role is None and not any(move.end == e.start for move in self.moves))

    def histories(self, e: Move) -> Iterator[tuple[float, str, str]]:
        """Every history of a unit on e, with its probability: how it ends, and where."""
        if self.is_origin(e):
            yield 1.0, "origin", e.start
            return
        weights, rest = self.shares(e)
        yield rest, "unresolved", e.start
        for f in self.moves:
            for probability, end, site in self.histories(f) if f.name in weights else ():
                yield weights[f.name] * probability, end, site

    def mass(self, e: Move) -> dict[tuple[str, str], float]:
        found: dict[tuple[str, str], float] = defaultdict(float)
        for probability, end, site in self.histories(e):
            found[end, site] += probability
        return {key: value for key, value in found.items() if value > 0}

    def circling_mass(self, e: Move) -> dict[tuple[str, str], float]:
        """The same where histories may circle: a unit is followed for many steps."""
        places = {move.name: i for i, move in enumerate(self.moves)}
        step = np.zeros((len(self.moves), len(self.moves)))
        ends: list[tuple[str, float]] = []
        for move in self.moves:
            weights, rest = ({}, 1.0) if self.is_origin(move) else self.shares(move)
            ends.append(("origin" if self.is_origin(move) else "unresolved", rest))
            for name, weight in weights.items():
                step[places[move.name], places[name]] = weight
        units = np.zeros(len(self.moves))
        units[places[e.name]] = 1.0
        found: dict[tuple[str, str], float] = defaultdict(float)
        for _ in range(3000):
            for move, (end, rest), amount in zip(self.moves, ends, units, strict=True):
                found[end, move.start] += amount * rest
            units = units @ step
        return {key: value for key, value in found.items() if value > 1e-15}
