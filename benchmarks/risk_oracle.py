"""Ranking by the true risks of a simulated market, for comparison: by one who knows its hidden state.

Known to it are the owner of every shop, how offending each owner is, which shop replaces which, which factories hold
licences, and all that was found by the cut-off; what comes later is drawn by the simulator and hidden from it too. So
no ranking can be expected to have a higher precision, but for what chance gives it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from suyuan.graph.snapshot import FloatArray
from suyuan.simulate.case_tables import (
    FINALITIES,
    FOUND_AGAIN_AFTER,
    FOUND_AGAIN_SHARE,
    MAKER_FOUND_FROM,
    MAKER_FOUND_SHARE,
    ON_ITS_FIRM_SHARE,
)
from suyuan.simulate.options import MarketOptions
from suyuan.simulate.people import (
    FOUND_FROM,
    FOUND_SHARE,
    LEAST_DAYS_OPEN,
    Population,
    Shop,
    build_population,
)
from suyuan.simulate.rights import build_rights
from suyuan.simulate.world import DAY, EPOCH, build_world


def _between(begin: float, end: float, first: float, last: float) -> float:
    """Probability of (begin, end] for a day that is any from ``first`` to ``last`` alike."""
    low, high = (min(1.0, max(0.0, (day - first) / (last - first))) for day in (begin, end))
    return high - low


def _given_not_yet(within: float, before: float) -> float:
    return within / (1.0 - before) if before < 1.0 else 0.0


@dataclass(frozen=True, slots=True)
class HiddenRisks:
    """Probabilities of a first infringing finding that counts, within the horizon after the cut-off.

    Parameters
    ----------
    party : of each shop, whomever the finding names, and of each firm that runs a factory
    alone : of each shop, findings that name the shop itself
    """

    party: Mapping[str, float]
    alone: Mapping[str, float]

    def scores(self, kind: str, entities: Iterable[tuple[str, ...]]) -> FloatArray:
        """Risk of each entity of a kind, given by the parties it consists of: shape (n,)."""
        if kind == "sellers":
            return np.array([self.alone.get(shop, 0.0) for (shop,) in entities], dtype=np.float64)
        spared = [np.prod([1.0 - self.party.get(one, 0.0) for one in parties]) for parties in entities]
        return 1.0 - np.array(spared, dtype=np.float64)


def hidden_risks(options: MarketOptions, day: int, horizon: int, found: frozenset[str]) -> HiddenRisks:
    """Risks at a cut-off.

    Parameters
    ----------
    day : cut-off, days after the market begins
    horizon : days after the cut-off
    found : shops and firms with an infringing finding by then
    """
    world = build_world(options)
    population = build_population(options, world)
    owned = {f"Firm:{firm.firm_id}" for firm in population.firms if firm.owner >= 0}
    party: dict[str, float] = {}
    alone: dict[str, float] = {}
    for shop in population.shops:
        if _opened(shop) > day:
            continue
        name = shop.canonical_id
        party[name] = _shop_risk(options, population, shop, day, horizon, name in found)
        named = 1.0 - (ON_ITS_FIRM_SHARE if shop.firm_id and shop.follows < 0 else 0.0)
        alone[name] = party[name] * named
    licensed = {licence.factory for licence in build_rights(options, world, population).licences}
    for factory in set(range(world.n_factories)) - licensed:
        operator = population.operators[factory]
        if operator and operator not in owned and operator not in found:
            before = MAKER_FOUND_SHARE * _between(-1, day, MAKER_FOUND_FROM, options.days)
            within = MAKER_FOUND_SHARE * _between(day, day + horizon, MAKER_FOUND_FROM, options.days)
            party[operator] = _given_not_yet(within, before)
    return HiddenRisks(party, alone)


def _opened(shop: Shop) -> float:
    return (shop.opened_at - EPOCH) / DAY


def _found_by(shop: Shop, day: int) -> bool:
    return 0 < shop.found_at <= EPOCH + day * DAY


def _shop_risk(
    options: MarketOptions, population: Population, shop: Shop, day: int, horizon: int, found: bool
) -> float:
    """Of one shop; each is found once at most."""
    if found or _found_by(shop, day):
        return 0.0
    opened = _opened(shop)
    if shop.follows >= 0:
        first, last = (opened + days for days in FOUND_AGAIN_AFTER)
        before = FOUND_AGAIN_SHARE * _between(opened - 1, day, first, last)
        return _given_not_yet(FOUND_AGAIN_SHARE * _between(day, day + horizon, first, last), before)
    share = FOUND_SHARE * population.owners[shop.owner].offending
    begin, end = round(FOUND_FROM * options.days), options.days
    least = opened + LEAST_DAYS_OPEN

    def by(until: float) -> float:
        return _between(begin - 1, until, begin, end) if until >= least else 0.0

    standing = 1.0 - FINALITIES["revoked"]
    return _given_not_yet(share * (by(day + horizon) - by(day)) * standing, share * by(day))
