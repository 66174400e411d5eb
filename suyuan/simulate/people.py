"""Who is behind the market: owners with shops and firms, namesakes, and shops reopened after a finding."""

from dataclasses import dataclass, field, replace

import numpy as np

from suyuan.simulate import names
from suyuan.simulate.codes import random_stream, social_credit_code
from suyuan.simulate.geography import Division, draw_districts, street_address
from suyuan.simulate.options import MarketOptions
from suyuan.simulate.world import DAY, EPOCH, Role, World

PLATFORMS = ("shop", "mall", "live")
CHANNELS = ("market", "self_run", "mobile", "live", "social")

_SHOPS_PER_OWNER = (0.48, 0.23, 0.13, 0.08, 0.05, 0.03)
_OFFENDER_SHARE = 0.3

FOUND_SHARE = 0.35
"""Probability that a shop is found infringing, for each unit of how offending its owner is."""

FOUND_FROM = 0.3
"""Share of the days after which shops are found, on any day alike, but not in their first `LEAST_DAYS_OPEN` days."""

LEAST_DAYS_OPEN = 30


@dataclass(slots=True)
class Firm:
    """A registered firm; `owner` is the number of the owner behind it, -1 for the market's ordinary firms."""

    firm_id: str
    name: str
    representative: str
    address: str
    division: Division
    registered_at: int
    dissolved_at: int = -1
    owner: int = -1


@dataclass(slots=True)
class Owner:
    """A person in control of shops and firms. `offending` is how likely a listing of theirs infringes."""

    number: int
    name: str
    trade_name: str
    division: Division
    address: str
    sites: list[int]
    offending: float
    firms: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class Shop:
    """A seller account. `found_at`: day of its first infringing finding; `follows`: the shop it replaces."""

    number: int
    platform: str
    seller_id: str
    owner: int
    name: str
    firm_id: str | None
    address: str
    division: Division
    opened_at: int
    closed_at: int
    rating: float
    channel: str
    site: int
    found_at: int = -1
    follows: int = -1

    @property
    def canonical_id(self) -> str:
        """`Seller:platform:seller_id`."""
        return f"Seller:{self.platform}:{self.seller_id}"


@dataclass(frozen=True, slots=True)
class Population:
    """Owners, shops, firms, and the firm or account that runs each place."""

    owners: list[Owner]
    shops: list[Shop]
    firms: list[Firm]
    operators: list[str | None]


def build_population(options: MarketOptions, world: World) -> Population:
    """Owners first, then their firms and shops, then the firms that run the other places."""
    stream = random_stream(options.seed, "people")
    owners = _owners(stream, options, world)
    firms: list[Firm] = []
    for owner in owners:
        _owner_firms(stream, owner, firms)
    shops = _shops(stream, options, owners)
    shops = _with_findings(stream, options, shops, owners, firms)
    operators = _operators(stream, world, owners, shops, firms)
    return Population(owners, shops, firms, operators)


def _owners(stream: np.random.Generator, options: MarketOptions, world: World) -> list[Owner]:
    """Owners; a few are honest namesakes of the one before."""
    count = max(4, round(options.seller_count / 2.1))
    dispatch = stream.permutation(world.sites_of(Role.DISPATCH)).tolist()
    owners: list[Owner] = []
    for number, division in enumerate(draw_districts(stream, count)):
        twin = number > 0 and stream.random() < options.twin_share
        offending = float(
            stream.uniform(0.45, 0.95) if stream.random() < _OFFENDER_SHARE else stream.uniform(0.0, 0.08)
        )
        sites = [dispatch[number % len(dispatch)]]
        if stream.random() < 0.2:
            sites.append(dispatch[int(stream.integers(len(dispatch)))])
        owner = Owner(
            number=number,
            name=names.person(stream),
            trade_name=owners[-1].trade_name if twin else names.brand(stream),
            division=division,
            address=street_address(stream, division),
            sites=sites,
            offending=0.02 if twin else offending,
        )
        owners.append(owner)
    return owners


def new_firm(
    stream: np.random.Generator, firms: list[Firm], founder: Owner | None, registered_at: int
) -> Firm:
    """A firm of an owner, or one of the market's ordinary firms; it is added to `firms`."""
    division = founder.division if founder else draw_districts(stream, 1)[0]
    place = division.name.rstrip("区市县")
    name = names.firm(stream, place, founder.trade_name if founder and stream.random() < 0.5 else None)
    firm = Firm(
        firm_id=social_credit_code(division.code, len(firms), sole_trader=bool(stream.random() < 0.1)),
        name=name,
        representative=founder.name if founder and stream.random() < 0.75 else names.person(stream),
        address=founder.address if founder and stream.random() < 0.6 else street_address(stream, division),
        division=division,
        registered_at=registered_at,
        owner=founder.number if founder else -1,
    )
    firms.append(firm)
    return firm


def _owner_firms(stream: np.random.Generator, owner: Owner, firms: list[Firm]) -> None:
    for _ in range(int(stream.choice(3, p=(0.35, 0.5, 0.15)))):
        registered = EPOCH - int(stream.integers(100, 3000)) * DAY
        owner.firms.append(new_firm(stream, firms, owner, registered).firm_id)


def _shops(stream: np.random.Generator, options: MarketOptions, owners: list[Owner]) -> list[Shop]:
    """As many shops as asked, dealt out to the owners: one each, then more to some."""
    wanted = stream.choice(len(_SHOPS_PER_OWNER), len(owners), p=_SHOPS_PER_OWNER)
    holder = list(range(len(owners))) + np.repeat(np.arange(len(owners)), wanted).tolist()
    while len(holder) < options.seller_count:
        holder.append(int(stream.integers(len(owners))))
    shops: list[Shop] = []
    for number, owner in enumerate(holder[: options.seller_count]):
        opened = EPOCH + int(stream.integers(-900, round(0.4 * options.days))) * DAY
        shops.append(_shop(stream, number, owners[owner], opened))
    return shops


def _shop(stream: np.random.Generator, number: int, owner: Owner, opened_at: int) -> Shop:
    platform = PLATFORMS[int(stream.choice(3, p=(0.6, 0.25, 0.15)))]
    has_firm = bool(owner.firms) and stream.random() < 0.75
    return Shop(
        number=number,
        platform=platform,
        seller_id=f"s{number + 1:05d}",
        owner=owner.number,
        name=names.shop(stream, owner.trade_name if stream.random() < 0.45 else names.brand(stream)),
        firm_id=owner.firms[int(stream.integers(len(owner.firms)))] if has_firm else None,
        address=owner.address if stream.random() < 0.6 else street_address(stream, owner.division),
        division=owner.division,
        opened_at=opened_at,
        closed_at=-1,
        rating=round(float(np.clip(stream.normal(4.6, 0.25), 2.5, 5.0)), 2),
        channel=CHANNELS[int(stream.choice(5, p=(0.55, 0.1, 0.15, 0.12, 0.08)))],
        site=owner.sites[int(stream.integers(len(owner.sites)))],
    )


def _with_findings(
    stream: np.random.Generator,
    options: MarketOptions,
    shops: list[Shop],
    owners: list[Owner],
    firms: list[Firm],
) -> list[Shop]:
    """Some shops are found infringing and close; their owners may open new ones, with a new firm.

    Nothing is found, closed or opened after the last day.
    """
    result = list(shops)
    end = EPOCH + options.days * DAY
    for shop in shops:
        owner = owners[shop.owner]
        if stream.random() > FOUND_SHARE * owner.offending:
            continue
        found = EPOCH + int(stream.integers(round(FOUND_FROM * options.days), options.days)) * DAY
        found = max(found, shop.opened_at + LEAST_DAYS_OPEN * DAY)
        closed = found + int(stream.integers(1, 40)) * DAY if stream.random() < 0.7 else end
        result[shop.number] = replace(shop, found_at=found, closed_at=closed if closed < end else -1)
        if stream.random() >= options.re_emergence_share:
            continue
        opened = found + int(stream.integers(5, 90)) * DAY
        if opened >= end:
            continue
        if stream.random() < 0.3:
            owner.firms.append(new_firm(stream, firms, owner, opened - 3 * DAY).firm_id)
        result.append(replace(_shop(stream, len(result), owner, opened), follows=shop.number, site=shop.site))
    return result


def _operators(
    stream: np.random.Generator, world: World, owners: list[Owner], shops: list[Shop], firms: list[Firm]
) -> list[str | None]:
    """Canonical ids of who runs each place: an owner's firm, else a shop, or a firm of the trade.

    Places bear no date, so only firms and shops that were there on the first day run any.
    """
    runner_of: dict[int, str] = {}
    for firm in firms:
        if firm.registered_at <= EPOCH:
            runner_of.setdefault(firm.owner, f"Firm:{firm.firm_id}")
    for shop in shops:
        if shop.opened_at <= EPOCH:
            runner_of.setdefault(shop.owner, shop.canonical_id)
    of_site: dict[int, list[str]] = {}
    for owner in owners:
        runner = runner_of.get(owner.number)
        for site in owner.sites:
            of_site.setdefault(site, []).extend([runner] if runner else [])
    operators: list[str | None] = []
    for site, role in enumerate(world.role.tolist()):
        if role == Role.DISPATCH:
            runners = of_site.get(site, [])
            operators.append(runners[0] if runners else None)
        elif role in (Role.STATION, Role.ROOM, Role.BOOTH, Role.PORT):
            operators.append(None)
        else:
            firm = new_firm(stream, firms, None, EPOCH - int(stream.integers(200, 5000)) * DAY)
            firm.division = world.division[site]
            operators.append(f"Firm:{firm.firm_id}")
    return operators
