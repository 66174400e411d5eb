"""What is most that a ranking could reach on a simulated market: the risks, by one who knows the market's hidden state.

Known to it are the owner of every shop and firm, how offending each owner is, which shop replaces which, and all that
was found by the cut-off; what comes later is drawn by the simulator and hidden from it too. A rank list by these
probabilities has the highest expected precision there is.
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
    FIRM_OF_SHOP_SHARE,
    FOUND_FROM,
    FOUND_SHARE,
    LEAST_DAYS_OPEN,
    REOPENED_AFTER,
    Population,
    Shop,
    build_population,
)
from suyuan.simulate.world import DAY, EPOCH, build_world

_POINTS = 40


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
    reopened : of each shop found already: that its owner opens another after the cut-off and that one is found
    firms : firms of the owner of each shop, one of which may run the other
    """

    party: Mapping[str, float]
    alone: Mapping[str, float]
    reopened: Mapping[str, float]
    firms: Mapping[str, tuple[str, ...]]

    def scores(self, kind: str, entities: Iterable[tuple[str, ...]]) -> FloatArray:
        """Risk of each entity of a kind, given by the parties it consists of."""
        return np.array([self._score(kind, parties) for parties in entities], dtype=np.float64)

    def _score(self, kind: str, parties: tuple[str, ...]) -> float:
        if kind == "sellers":
            return self.alone.get(parties[0], 0.0)
        spared = float(np.prod([1.0 - self.party.get(one, 0.0) for one in parties]))
        if kind == "actors":
            later = [self.reopened.get(one, 0.0) for one in parties]
        else:
            firm = next(one for one in parties if one.startswith("Firm:"))
            later = [
                risk * FIRM_OF_SHOP_SHARE / len(self.firms[shop])
                for shop, risk in self.reopened.items()
                if firm in self.firms[shop]
            ]
        return 1.0 - spared * float(np.prod([1.0 - one for one in later]))


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
    reopened: dict[str, float] = {}
    firms: dict[str, tuple[str, ...]] = {}
    replaced = {shop.follows: shop for shop in population.shops if _opened(shop) <= day}
    for shop in population.shops:
        if _opened(shop) > day:
            continue
        name = shop.canonical_id
        party[name] = _shop_risk(options, population, shop, day, horizon, name in found)
        named = 1.0 - (ON_ITS_FIRM_SHARE if shop.firm_id and shop.follows < 0 else 0.0)
        alone[name] = party[name] * named
        if _found_by(shop, day) and shop.number not in replaced:
            reopened[name] = _reopened_risk(options, shop, day, horizon)
            firms[name] = tuple(f"Firm:{one}" for one in population.owners[shop.owner].firms)
    for factory in range(world.n_factories):
        operator = population.operators[factory]
        if operator and operator not in owned and operator not in found:
            before = MAKER_FOUND_SHARE * _between(-1, day, MAKER_FOUND_FROM, options.days)
            within = MAKER_FOUND_SHARE * _between(day, day + horizon, MAKER_FOUND_FROM, options.days)
            party[operator] = _given_not_yet(within, before)
    return HiddenRisks(party, alone, reopened, firms)


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


def _reopened_risk(options: MarketOptions, shop: Shop, day: int, horizon: int) -> float:
    """That the owner of a shop found already opens another one after the cut-off, and it is found in time."""
    since = (shop.found_at - EPOCH) / DAY
    first, last = (since + days for days in REOPENED_AFTER)
    still = options.re_emergence_share * _between(day, last, first, last)
    if not still:
        return 0.0
    opens = _given_not_yet(still, options.re_emergence_share - still)
    days = np.linspace(max(day, first), last, _POINTS)
    after = [
        _between(day, day + horizon, opened + FOUND_AGAIN_AFTER[0], opened + FOUND_AGAIN_AFTER[1])
        for opened in days.tolist()
    ]
    return opens * FOUND_AGAIN_SHARE * float(np.mean(after))
