"""What can be ranked: entities of six kinds, with the parties, offers, sites and findings that count for each."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from suyuan.service.party_findings import PartyFinding
from suyuan.service.risk_facts import Offer, RiskFacts

KINDS: Final = ("firms", "sellers", "actors", "products", "rights", "sites")
"""Kinds of entities, as commands name them."""

POOLED: Final = frozenset({"products", "rights"})
"""Kinds whose parties have nothing to do with each other: counts of parties are means, not sums."""


@dataclass(frozen=True, slots=True)
class Entity:
    """One thing to rank, at a cut-off.

    Parameters
    ----------
    id, name, division : what it is called and where
    open : whether it is active at the cut-off
    opened : day since 1970, None if unknown
    parties : shops, firms and persons that it is, or that stand behind it; sorted
    offers : its listings
    sites : where it sends from, what it runs, or what it is
    subjects : ids that watch lists and leads name it by
    """

    id: str
    name: str | None
    division: str | None
    open: bool
    opened: int | None
    parties: tuple[str, ...]
    offers: tuple[Offer, ...]
    sites: tuple[str, ...]
    subjects: frozenset[str]


@dataclass(frozen=True, slots=True)
class Behind:
    """Look-ups that all kinds share."""

    offers: dict[str, list[Offer]]
    shops: dict[str, list[str]]
    runs: dict[str, list[str]]
    products: dict[str, list[str]]

    @classmethod
    def of(cls, facts: RiskFacts) -> "Behind":
        """Offers by shop, shops by firm, sites by operator, products by right."""
        offers: dict[str, list[Offer]] = defaultdict(list)
        for offer in facts.offers:
            offers[offer.seller].append(offer)
        shops: dict[str, list[str]] = defaultdict(list)
        for party in facts.parties.values():
            if party.firm:
                shops[party.firm].append(party.id)
        runs: dict[str, list[str]] = defaultdict(list)
        for site in facts.sites.values():
            if site.operator:
                runs[site.operator].append(site.id)
        products: dict[str, list[str]] = defaultdict(list)
        for product in facts.products.values():
            for right in product.rights:
                products[right].append(product.id)
        return cls(dict(offers), dict(shops), dict(runs), dict(products))


def entities_of(kind: str, facts: RiskFacts) -> list[Entity]:
    """All entities of a kind that were there at the cut-off, by id."""
    behind = Behind.of(facts)
    made = {
        "sellers": _sellers,
        "firms": _firms,
        "actors": _actors,
        "products": _products,
        "rights": _rights,
        "sites": _sites,
    }[kind](facts, behind)
    return sorted(made, key=lambda one: one.id)


def _of_parties(
    facts: RiskFacts, behind: Behind, head: tuple[str, str | None, str | None], parties: Sequence[str]
) -> Entity:
    """An entity that consists of parties: open while one of its shops or firms is."""
    known = [facts.parties[one] for one in parties if one in facts.parties]
    active = [one for one in known if not one.id.startswith("Person:")]
    days = [one.opened for one in active if one.opened is not None]
    offers = [offer for one in parties for offer in behind.offers.get(one, ())]
    sites = {site for one in parties for site in (*facts.senders.get(one, ()), *behind.runs.get(one, ()))}
    subjects = {*parties, *(offer.id for offer in offers), head[0]}
    return Entity(
        *head,
        any(not one.closed for one in active),
        min(days, default=None),
        tuple(sorted(parties)),
        tuple(sorted(offers)),
        tuple(sorted(sites)),
        frozenset(subjects),
    )


def _sellers(facts: RiskFacts, behind: Behind) -> Iterable[Entity]:
    for party in facts.parties.values():
        if party.id.startswith("Seller:"):
            yield _of_parties(facts, behind, (party.id, party.name, party.division), (party.id,))


def _firms(facts: RiskFacts, behind: Behind) -> Iterable[Entity]:
    for party in facts.parties.values():
        if party.id.startswith("Firm:"):
            shops = behind.shops.get(party.id, ())
            made = _of_parties(facts, behind, (party.id, party.name, party.division), (party.id, *shops))
            yield _with(made, is_open=not party.closed, opened=party.opened)


def _with(entity: Entity, *, is_open: bool, opened: int | None) -> Entity:
    return Entity(
        entity.id,
        entity.name,
        entity.division,
        is_open,
        opened,
        entity.parties,
        entity.offers,
        entity.sites,
        entity.subjects,
    )


def _actors(facts: RiskFacts, behind: Behind) -> Iterable[Entity]:
    for actor, members in facts.actors.items():
        named = [facts.parties[one] for one in sorted(members) if one in facts.parties]
        firms = [one for one in named if one.id.startswith("Firm:")]
        shops = [one for one in named if one.id.startswith("Seller:")]
        first = next(iter([*firms, *shops, *named]), None)
        head = (actor, first.name if first else None, first.division if first else None)
        yield _of_parties(facts, behind, head, members)


def _products(facts: RiskFacts, behind: Behind) -> Iterable[Entity]:
    sold: dict[str, list[Offer]] = defaultdict(list)
    for offer in facts.offers:
        if offer.product:
            sold[offer.product].append(offer)
    for product in facts.products.values():
        yield _of_goods(facts, product.id, product.name, sold.get(product.id, []), product.holds)


def _rights(facts: RiskFacts, behind: Behind) -> Iterable[Entity]:
    used: dict[str, list[Offer]] = defaultdict(list)
    for offer in facts.offers:
        for right in offer.rights:
            used[right].append(offer)
    for right in facts.rights.values():
        yield _of_goods(facts, right.id, right.name, used.get(right.id, []), right.holds)


def _of_goods(facts: RiskFacts, item: str, name: str | None, offers: list[Offer], holds: bool) -> Entity:
    sellers = sorted({offer.seller for offer in offers})
    sites = {site for one in sellers for site in facts.senders.get(one, ())}
    subjects = {item, *(offer.id for offer in offers)}
    return Entity(
        item,
        name,
        None,
        holds,
        None,
        tuple(sellers),
        tuple(sorted(offers)),
        tuple(sorted(sites)),
        frozenset(subjects),
    )


def _sites(facts: RiskFacts, behind: Behind) -> Iterable[Entity]:
    for site in facts.sites.values():
        operator = site.operator
        parties = (operator, *behind.shops.get(operator, ())) if operator else ()
        made = _of_parties(facts, behind, (site.id, site.name, site.division), parties)
        closed = operator is not None and operator in facts.parties and facts.parties[operator].closed
        opened = facts.parties[operator].opened if operator in facts.parties else None
        yield Entity(
            site.id,
            site.name,
            site.division,
            not closed,
            opened,
            made.parties,
            made.offers,
            (site.id,),
            made.subjects | {site.id},
        )


def counts(finding: PartyFinding) -> bool:
    """Whether it finds an infringement of a right that still holds, and was not revoked, as far as known."""
    return finding.outcome == "infringing" and finding.finality != "revoked" and finding.right_holds


def counted(kind: str, entity: Entity, facts: RiskFacts, findings: "FindingIndex") -> list[PartyFinding]:
    """Findings that count for an entity, whatever their outcome; what a ranking predicts is one that is infringing.

    Notes
    -----
    A seller: those whose subject it is. A firm: those on it or on a shop it runs. An actor: those on a member or a
    listing of one. A product: those on a right that covers it whose subject sells it, or runs a shop that does.
    A right: those that name it. A site: those on it or on who runs it.
    """
    if kind == "rights":
        return findings.by_right.get(entity.id, [])
    if kind == "products":
        product = facts.products[entity.id]
        firms = {facts.parties[one].firm for one in entity.parties if one in facts.parties}
        sold_by = {entity.id, *entity.parties, *entity.subjects, *(one for one in firms if one)}
        return [
            one
            for right in product.rights
            for one in findings.by_right.get(right, ())
            if one.subject in sold_by or one.party in sold_by
        ]
    if kind == "actors":
        return [one for party in entity.parties for one in findings.by_party.get(party, ())]
    wanted = {"sellers": (entity.id,), "firms": entity.parties}.get(kind)
    if wanted is None:
        wanted = (entity.id, *(one for one in (facts.sites[entity.id].operator,) if one))
    return [one for subject in wanted for one in findings.by_subject.get(subject, ())]


@dataclass(frozen=True, slots=True)
class FindingIndex:
    """Findings by what they name."""

    by_subject: dict[str, list[PartyFinding]]
    by_party: dict[str, list[PartyFinding]]
    by_right: dict[str, list[PartyFinding]]

    @classmethod
    def of(cls, findings: Iterable[PartyFinding]) -> "FindingIndex":
        """Of findings by day."""
        by_subject: dict[str, list[PartyFinding]] = defaultdict(list)
        by_party: dict[str, list[PartyFinding]] = defaultdict(list)
        by_right: dict[str, list[PartyFinding]] = defaultdict(list)
        for one in findings:
            by_subject[one.subject].append(one)
            if one.party:
                by_party[one.party].append(one)
            if one.right:
                by_right[one.right].append(one)
        return cls(dict(by_subject), dict(by_party), dict(by_right))
