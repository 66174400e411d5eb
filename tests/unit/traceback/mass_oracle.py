"""The origin mass from the formula alone: every history of a unit is written down, and its probability multiplied.

Written from the page that defines the mass, for markets whose movements all say when they left and came and what
product they carried; nothing of the package is imported, not even to read rows. Beside
:mod:`tests.unit.traceback.plain_model`, which also knows unknown products and times, this one knows places of different
kinds, longest stays and units of quantity.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp
from statistics import median


@dataclass(frozen=True)
class Leg:
    """A movement; days from any beginning."""

    name: str
    origin: str
    target: str
    left: float
    came: float
    product: str
    lot: str | None = None
    quantity: float | None = None
    unit: str | None = None


@dataclass(frozen=True)
class Law:
    """Parameters; dwell scale (days) and floor by role of the place, None for an unknown role."""

    fifo_share: float
    bandwidth: float
    dwell: Mapping[str | None, float]
    floor: Mapping[str | None, float]
    longest_stay: float | None = None


@dataclass(frozen=True)
class Market:
    legs: Sequence[Leg]
    role: Mapping[str, str | None]
    makes: Mapping[str, frozenset[str]]
    law: Law

    def into(self, place: str, product: str) -> list[Leg]:
        return [leg for leg in self.legs if (leg.target, leg.product) == (place, product)]

    def out_of(self, place: str, product: str) -> list[Leg]:
        return [leg for leg in self.legs if (leg.origin, leg.product) == (place, product)]

    def can_follow(self, f: Leg, e: Leg) -> bool:
        """Whether goods of f can have gone on with e."""
        if f is e or f.target != e.origin or f.product != e.product or f.came > e.left:
            return False
        if self.law.longest_stay is not None and e.left - f.came > self.law.longest_stay:
            return False
        return f.lot is None or e.lot is None or f.lot == e.lot

    def is_made(self, e: Leg) -> bool:
        made = self.makes.get(e.origin, frozenset())
        if made:
            return e.product in made
        role = self.role.get(e.origin)
        return role == "factory" or (role is None and all(leg.target != e.origin for leg in self.legs))

    def came_by(self, e: Leg) -> tuple[dict[str, float], float]:
        """w(f | e) by name of f; and what is left."""
        before = [f for f in self.legs if self.can_follow(f, e)]
        if not before:
            return {}, 1.0
        role = self.role.get(e.origin)
        inflow, outflow = self.into(e.origin, e.product), self.out_of(e.origin, e.product)
        alike = len({leg.unit for leg in (*inflow, *outflow)} - {None}) < 2
        weight = dict.fromkeys((f.name for f in before), 1.0)
        if len({f.unit for f in before} - {None}) < 2:
            weight = {f.name: amount(f, inflow) for f in before}
        fifo = {
            f.name: weight[f.name] * exp(-(gap(f, e, inflow, outflow) if alike else 0.0) / self.law.bandwidth)
            for f in before
        }
        proportional = {
            f.name: weight[f.name] * exp(-(e.left - f.came) / self.law.dwell[role]) for f in before
        }
        came = sum(amount(leg, inflow) for leg in inflow if leg.came <= e.left)
        gone = sum(amount(leg, outflow) for leg in outflow if leg.left <= e.left)
        rest = max(self.law.floor[role], 1.0 - came / gone) if alike else self.law.floor[role]
        share = self.law.fifo_share
        return {
            f.name: (1.0 - rest)
            * (
                share * fifo[f.name] / sum(fifo.values())
                + (1.0 - share) * proportional[f.name] / sum(proportional.values())
            )
            for f in before
        }, rest

    def histories(self, e: Leg) -> Iterator[tuple[tuple[str, ...], str, float]]:
        """Every way a unit on e can have come: movements back to the first, how that ends, probability."""
        if self.is_made(e):
            yield (e.name,), "origin", 1.0
            return
        row, rest = self.came_by(e)
        yield (e.name,), "unresolved", rest
        for f in self.legs:
            if f.name in row:
                for names, end, probability in self.histories(f):
                    yield (e.name, *names), end, row[f.name] * probability

    def mass(self, e: Leg) -> dict[tuple[str, str], float]:
        """Probability by how histories end, and where."""
        at = {leg.name: leg.origin for leg in self.legs}
        found: Counter[tuple[str, str]] = Counter()
        for names, end, probability in self.histories(e):
            found[end, at[names[-1]]] += probability  # pyright: ignore[reportArgumentType]
        return {key: value for key, value in found.items() if value > 0.0}


def amount(leg: Leg, stream: Sequence[Leg]) -> float:
    """Its quantity; unknown: the median of those known of the same product there, else 1."""
    if leg.quantity is not None:
        return leg.quantity
    known = [other.quantity for other in stream if other.quantity is not None]
    return median(known) if known else 1.0


def gap(f: Leg, e: Leg, inflow: Sequence[Leg], outflow: Sequence[Leg]) -> float:
    """Between the interval of f in the inflow and that of e in the outflow, in mean inflows; 0 if they overlap.

    Movements at one time hold one interval together.
    """
    begin = sum(amount(leg, inflow) for leg in inflow if leg.came < f.came)
    end = max(sum(amount(leg, inflow) for leg in inflow if leg.came <= f.came), begin + amount(f, inflow))
    low = sum(amount(leg, outflow) for leg in outflow if leg.left < e.left)
    high = max(sum(amount(leg, outflow) for leg in outflow if leg.left <= e.left), low + amount(e, outflow))
    total = sum(amount(leg, inflow) for leg in inflow)
    mean = total / len(inflow) if total > 0.0 else 1.0
    return max(0.0, low - end, begin - high) / mean
