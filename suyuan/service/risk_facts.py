"""What a store tells at a cut-off about whoever and whatever may be ranked; nothing dated later is in it."""

import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from suyuan.graph.ids import canonical_id
from suyuan.graph.store.base import View
from suyuan.graph.times import MICROSECONDS_PER_DAY
from suyuan.service.actors import resolve_actors
from suyuan.service.dated_rows import DatedTables, dated_rows, rows_with_begin
from suyuan.service.party_findings import INVALIDATED, PartyFinding, party_findings
from suyuan.service.workspace import Workspace

T = TypeVar("T")


class Party(NamedTuple):
    """A shop, firm or person. ``firm`` runs the shop; ``opened`` is a day since 1970, None if unknown."""

    id: str
    name: str | None
    firm: str | None
    division: str | None
    opened: int | None
    closed: bool


class Offer(NamedTuple):
    """A listing. ``discount`` is against the reference price, None if unknown.

    ``listed`` is a day since 1970.
    """

    id: str
    seller: str
    product: str | None
    category: str | None
    rights: tuple[str, ...]
    discount: float | None
    listed: int | None


class Good(NamedTuple):
    """A product or right: what it is called, and whether it is in force (rights)."""

    id: str
    name: str | None
    rights: tuple[str, ...]
    category: str | None
    price: tuple[float, str | None] | None
    holds: bool


class Place(NamedTuple):
    """A site and who runs it."""

    id: str
    name: str | None
    operator: str | None
    division: str | None
    role: str | None


class LeadRow(NamedTuple):
    """A lead: what it is about, and how it was decided by the cut-off (None if not)."""

    subject: str
    right: str | None
    decision: str | None


@dataclass(frozen=True, slots=True)
class Ties:
    """Pairs of parties that share evidence without being joined, as ids with a probability."""

    left: tuple[str, ...]
    right: tuple[str, ...]
    probability: tuple[float, ...]


@dataclass(slots=True)
class RiskFacts:
    """Everything features are made from, at one cut-off. Lists are sorted by id."""

    as_of: int
    parties: dict[str, Party] = field(default_factory=dict[str, Party])
    offers: list[Offer] = field(default_factory=list[Offer])
    products: dict[str, Good] = field(default_factory=dict[str, Good])
    rights: dict[str, Good] = field(default_factory=dict[str, Good])
    sites: dict[str, Place] = field(default_factory=dict[str, Place])
    leads: list[LeadRow] = field(default_factory=list[LeadRow])
    findings: list[PartyFinding] = field(default_factory=list[PartyFinding])
    licensed: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """(right, licensee) of licences in force."""

    watched: dict[str, int] = field(default_factory=dict[str, int])
    senders: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """Sites that each shop sends from."""

    flow: dict[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])
    """Shipments from site to site."""

    actors: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    actor_of: dict[str, str] = field(default_factory=dict[str, str])
    ties: Ties = field(default_factory=lambda: Ties((), (), ()))

    @property
    def day(self) -> int:
        """The cut-off as a day since 1970."""
        return self.as_of // MICROSECONDS_PER_DAY


class DatedFacts:
    """Facts of one view at many cut-offs: tables are read once, and what is the same at each of them is made once."""

    def __init__(self, workspace: Workspace, view: View) -> None:
        self.workspace = workspace
        self.seq = view.seq
        self.tables = DatedTables(view)

    def at(self, as_of: int) -> RiskFacts:
        """Facts at a cut-off, microseconds since 1970 UTC."""
        facts = RiskFacts(as_of)
        _parties(self.tables, facts)
        _goods(self, facts)
        facts.offers = _there(self.tables, "listings", self.offers, facts)
        _leads_and_lists(self.tables, facts)
        _places(self, facts)
        facts.findings = party_findings(self.tables, as_of)
        _actors(self, facts)
        return facts

    @cached_property
    def products(self) -> dict[str, Good]:
        """Products of all times."""
        found: dict[str, Good] = {}
        columns = ("name", "category", "right_ids", "reference_price", "currency")
        for _, (record, name, category, rights, price, currency) in rows_with_begin(
            self.tables, "products", columns
        ):
            covered = tuple(sorted(canonical_id("Right", one) for one in rights or ()))
            usual = (float(price), currency) if price else None
            found[record] = Good(record, name, covered, category, usual, True)
        return found

    @cached_property
    def offers(self) -> dict[str, Offer]:
        """Listings of all times; products, which they name, have no dates."""
        found: dict[str, Offer] = {}
        columns = ("platform", "seller_id", "product_id", "category", "price", "currency", "listed_at")
        for _, (record, platform, seller, product, category, price, currency, listed) in rows_with_begin(
            self.tables, "listings", columns
        ):
            if not (platform and seller):
                continue
            good = self.products.get(canonical_id("Product", product)) if product else None
            discount = None
            if good and good.price and price is not None and currency == good.price[1]:
                discount = 1.0 - float(price) / good.price[0]
            found[record] = Offer(
                record,
                canonical_id("Seller", platform, seller),
                good.id if good else None,
                (good.category if good else None) or category,
                good.rights if good else (),
                discount,
                _day(listed),
            )
        return found

    @cached_property
    def sendings(self) -> dict[str, tuple[str, str]]:
        """The shop and the site of each dispatch."""
        columns = ("platform", "seller_id", "site_id")
        return {
            record: (canonical_id("Seller", platform, seller), canonical_id("Site", site))
            for _, (record, platform, seller, site) in rows_with_begin(self.tables, "dispatches", columns)
            if platform and seller and site
        }

    @cached_property
    def routes(self) -> dict[str, tuple[str, str]]:
        """The two sites of each shipment from one to another."""
        sites: dict[str, str] = {}
        found: dict[str, tuple[str, str]] = {}
        for _, (record, begin, end) in rows_with_begin(self.tables, "shipments", ("from_site", "to_site")):
            if begin and end and begin != end:
                for site in (begin, end):
                    if site not in sites:
                        sites[site] = canonical_id("Site", site)
                found[record] = (sites[begin], sites[end])
        return found


def risk_facts(workspace: Workspace, view: View, as_of: int) -> RiskFacts:
    """Facts at one cut-off, microseconds since 1970 UTC."""
    return DatedFacts(workspace, view).at(as_of)


def _rows(
    tables: DatedTables, table: str, columns: tuple[str, ...], facts: RiskFacts
) -> Iterator[tuple[Any, ...]]:
    """Rows by id, so that sums do not depend on the order of the store."""
    return dated_rows(tables, table, columns, facts.as_of)


def _there(tables: DatedTables, table: str, made: Mapping[str, T], facts: RiskFacts) -> list[T]:
    """Those that were made of rows which are there at the cut-off, by id."""
    return [made[record] for (record,) in _rows(tables, table, (), facts) if record in made]


def _day(moment: int | None) -> int | None:
    return None if moment is None else moment // MICROSECONDS_PER_DAY


def _parties(tables: DatedTables, facts: RiskFacts) -> None:
    columns = ("name", "firm_id", "division_code", "opened_at", "closed_at")
    for record, name, firm, division, opened, closed in _rows(tables, "sellers", columns, facts):
        run_by = canonical_id("Firm", firm) if firm else None
        facts.parties[record] = Party(record, name, run_by, division, _day(opened), closed is not None)
    columns = ("name", "division_code", "registered_at", "dissolved_at")
    for record, name, division, opened, closed in _rows(tables, "firms", columns, facts):
        facts.parties[record] = Party(record, name, None, division, _day(opened), closed is not None)
    for record, name in _rows(tables, "persons", ("name",), facts):
        facts.parties[record] = Party(record, name, None, None, None, False)


def _goods(source: DatedFacts, facts: RiskFacts) -> None:
    columns = ("title", "number", "status", "valid_to")
    for record, title, number, status, valid_to in _rows(source.tables, "rights", columns, facts):
        over = valid_to is not None and valid_to < facts.as_of
        invalid = (status or "").strip().lower() in INVALIDATED
        name = title or number
        facts.rights[record] = Good(record, name, (), None, None, not over and not invalid)
    facts.products = {one.id: one for one in _there(source.tables, "products", source.products, facts)}
    for record, right, licensee, begin, end in _rows(
        source.tables, "licences", ("right_id", "licensee", "valid_from", "valid_to"), facts
    ):
        del record
        begun = begin is None or begin <= facts.as_of
        if right and licensee and begun and (end is None or end >= facts.as_of):
            facts.licensed.add((canonical_id("Right", right), licensee))


def _leads_and_lists(tables: DatedTables, facts: RiskFacts) -> None:
    for _, subject, right, decision in _rows(tables, "leads", ("subject", "right_id", "decision"), facts):
        if subject:
            facts.leads.append(LeadRow(subject, canonical_id("Right", right) if right else None, decision))
    watched: dict[str, int] = defaultdict(int)
    for _, subject, end in _rows(tables, "watch_lists", ("subject", "to"), facts):
        # An ending in the future, or none, is hidden by dated_rows; one that is shown has passed.
        if subject and end is None:
            watched[subject] += 1
    facts.watched = dict(watched)


def _places(source: DatedFacts, facts: RiskFacts) -> None:
    columns = ("name", "operator", "division_code", "role")
    for record, name, operator, division, role in _rows(source.tables, "sites", columns, facts):
        facts.sites[record] = Place(record, name, operator, division, role)
    senders: dict[str, set[str]] = defaultdict(set)
    for seller, site in _there(source.tables, "dispatches", source.sendings, facts):
        senders[seller].add(site)
    facts.senders = dict(senders)
    flow: dict[tuple[str, str], float] = defaultdict(float)
    for route in _there(source.tables, "shipments", source.routes, facts):
        flow[route] += 1.0
    facts.flow = dict(sorted(flow.items()))


def _actors(source: DatedFacts, facts: RiskFacts) -> None:
    resolution = resolve_actors(source.workspace, facts.as_of, source.tables)
    facts.actors = dict(sorted(resolution.actors()))
    facts.actor_of = {member: actor for actor, members in facts.actors.items() for member in members}
    found = resolution.candidates
    records = resolution.evidence.records.to_pylist()
    apart = resolution.cluster[found.left] != resolution.cluster[found.right]
    left, right = found.left[apart].tolist(), found.right[apart].tolist()
    facts.ties = Ties(
        tuple(records[one] for one in left),
        tuple(records[one] for one in right),
        tuple(found.match_probability[apart].tolist()),
    )


def median_discount(offers: list[Offer]) -> float:
    """Median of the discounts known, 0 if none is."""
    known = [one.discount for one in offers if one.discount is not None]
    return max(0.0, statistics.median(known)) if known else 0.0
