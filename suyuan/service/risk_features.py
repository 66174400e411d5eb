"""Features of every entity of a kind at a cut-off, as a matrix; ``suyuan.analytics.risk_features`` lists them."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import sparse

from suyuan.analytics.risk_counts import decayed, exposure, inherited, newness, shrunk
from suyuan.analytics.risk_features import FEATURES
from suyuan.graph.snapshot import FloatArray
from suyuan.service.party_findings import PartyFinding
from suyuan.service.risk_entities import POOLED, Entity, FindingIndex, counted, counts, entities_of
from suyuan.service.risk_facts import Offer, RiskFacts, median_discount

DEEP_DISCOUNT: Final = 0.35
BURST_DAYS: Final = 90
UNKNOWN_AGE: Final = 1_000.0
"""Days that an entity without a known beginning counts as old."""

_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class EntityTable:
    """Entities of one kind at a cut-off with their features.

    Parameters
    ----------
    entities : by id
    values : shape (n, features), columns as FEATURES
    findings : those that count for each entity by the cut-off, whatever their outcome
    evidenced : whether each entity has enough evidence to be ranked
    """

    kind: str
    as_of: int
    entities: tuple[Entity, ...]
    values: FloatArray
    findings: tuple[tuple[PartyFinding, ...], ...]
    evidenced: tuple[bool, ...]


class FeatureMaker:
    """Makes features of entities from facts at one cut-off; what several kinds need is counted once."""

    def __init__(self, facts: RiskFacts) -> None:
        self.facts = facts
        self.index = FindingIndex.of(facts.findings)
        self._findings = self._by_actor(counts, facts)
        self._cleared = self._by_actor(lambda one: one.outcome == "not_infringing", facts)
        self._first = self._first_days()
        parties = sum(len(members) for members in facts.actors.values())
        self._base_rate = sum(self._findings.values()) / max(parties, 1)
        self._exposure = self._exposures()
        self._senders = self._senders_by_site()
        self._moving = {*self._senders, *(site for pair in facts.flow for site in pair)}
        self._origin = self._origins()
        self._leads = self._leads_by_actor()
        self._deep_share = self._overall_deep()
        self._linked_discounts = self._discounts_by_actor()
        self._categories = self._category_rates()

    def table(self, kind: str) -> EntityTable:
        """Entities of a kind with their features."""
        entities = tuple(entities_of(kind, self.facts))
        findings = tuple(tuple(counted(kind, one, self.facts, self.index)) for one in entities)
        rows = [self._row(kind, one, own) for one, own in zip(entities, findings, strict=True)]
        values = np.array(rows, np.float64).reshape(len(entities), len(FEATURES))
        evidenced = tuple(self._evidenced(one, own) for one, own in zip(entities, findings, strict=True))
        return EntityTable(kind, self.facts.as_of, entities, np.round(values, _DIGITS), findings, evidenced)

    def _row(self, kind: str, entity: Entity, own: Sequence[PartyFinding]) -> list[float]:
        """Features of one entity, in the order of FEATURES."""
        actors = sorted({self.facts.actor_of[one] for one in entity.parties if one in self.facts.actor_of})
        pooled = kind in POOLED

        def mean(of: dict[str, float]) -> float:
            return sum(of.get(one, 0.0) for one in actors) / max(len(actors), 1)

        members = {one: float(len(self.facts.actors[one])) for one in actors}
        rates = {one: shrunk(self._findings.get(one, 0.0), members[one], self._base_rate) for one in actors}
        since = self.facts.day - BURST_DAYS
        confirmed, rejected, waiting = self._lead_counts(entity, actors, pooled)
        found: dict[str, float] = {
            "actor_findings": mean(self._findings),
            "finding_rate": mean(rates),
            "own_findings": sum(self._age(one) for one in own if counts(one)),
            "cleared": mean(self._cleared),
            "re_emergence": self._re_emergence(entity, pooled),
            "new_accounts": self._new_accounts(actors),
            "exposure": mean(self._exposure),
            "shared_sites": self._shared_sites(entity, actors),
            "origin": self._mean([self._origin.get(one, 0.0) for one in entity.sites]),
            "discount": median_discount(list(entity.offers)),
            "deep_discounts": self._deep(entity.offers),
            "linked_discounts": mean(self._linked_discounts),
            "no_licence_known": self._unlicensed(entity),
            "leads_confirmed": shrunk(confirmed, confirmed + rejected, 0.5),
            "confirmed_count": confirmed,
            "leads_open": waiting,
            "leads_rejected": rejected,
            "category_rate": self._category(entity.offers),
            "watch_lists": float(sum(self.facts.watched.get(one, 0) for one in sorted(entity.subjects))),
            "listings": float(len(entity.offers)),
            "new_listings": float(
                sum(1 for one in entity.offers if one.listed is not None and one.listed > since)
            ),
            "accounts": mean(members),
            "age": UNKNOWN_AGE if entity.opened is None else float(self.facts.day - entity.opened),
        }
        return [found[feature.name] for feature in FEATURES]

    @staticmethod
    def _mean(values: Sequence[float]) -> float:
        return sum(values) / len(values) if values else 0.0

    def _age(self, finding: PartyFinding) -> float:
        """What a finding counts at the cut-off; one without a date counts as one a half-life ago."""
        return 0.5 if finding.day is None else decayed(self.facts.day - finding.day)

    def _by_actor(self, wanted: Callable[[PartyFinding], bool], facts: RiskFacts) -> dict[str, float]:
        """Decayed findings of each actor."""
        found: dict[str, float] = defaultdict(float)
        for one in facts.findings:
            if one.party in facts.actor_of and wanted(one):
                found[facts.actor_of[one.party]] += self._age(one)
        return dict(found)

    def _first_days(self) -> dict[str, int]:
        """Day of each actor's first infringing finding."""
        found: dict[str, int] = {}
        for one in self.facts.findings:
            if counts(one) and one.day is not None and one.party in self.facts.actor_of:
                found.setdefault(self.facts.actor_of[one.party], one.day)
        return found

    def _exposures(self) -> dict[str, float]:
        """Exposure of each actor over evidence shared with others below the threshold of joining."""
        actors = sorted(self.facts.actors)
        place = {actor: number for number, actor in enumerate(actors)}
        ties = self.facts.ties
        left = [place[self.facts.actor_of[one]] for one in ties.left]
        right = [place[self.facts.actor_of[one]] for one in ties.right]
        n = len(actors)
        graph = sparse.coo_array((ties.probability, (left, right)), shape=(n, n)).tocsr()
        graph = (graph + graph.T).tocsr()
        graph.data = np.minimum(graph.data, 1.0)
        seeds = np.array([min(1.0, self._findings.get(actor, 0.0)) for actor in actors])
        return dict(zip(actors, exposure(graph, seeds).tolist(), strict=True))

    def _senders_by_site(self) -> dict[str, set[str]]:
        """Actors that send from each site."""
        found: dict[str, set[str]] = defaultdict(set)
        for seller, sites in self.facts.senders.items():
            if seller in self.facts.actor_of:
                for site in sites:
                    found[site].add(self.facts.actor_of[seller])
        return dict(found)

    def _shared_sites(self, entity: Entity, actors: Sequence[str]) -> float:
        """Share of other senders at its sites with findings, with two more that have none."""
        others = {one for site in entity.sites for one in self._senders.get(site, ())} - set(actors)
        return shrunk(
            float(sum(1 for one in others if self._findings.get(one, 0.0) > 0.0)), float(len(others)), 0.0
        )

    def _origins(self) -> dict[str, float]:
        """Share of what is at each site that came from sites whose operators have findings."""
        sites = sorted({*self.facts.sites, *(site for pair in self.facts.flow for site in pair)})
        place = {site: number for number, site in enumerate(sites)}
        ends = np.array([(place[a], place[b]) for a, b in self.facts.flow], np.int64).reshape(-1, 2)
        flow = sparse.coo_array(
            (list(self.facts.flow.values()), (ends[:, 0], ends[:, 1])), shape=(len(sites), len(sites))
        ).tocsr()
        known = np.zeros(len(sites))
        for site, number in place.items():
            at = self.facts.sites.get(site)
            against = (
                *self.index.by_subject.get(site, ()),
                *self.index.by_party.get((at and at.operator) or "", ()),
            )
            known[number] = float(any(counts(one) for one in against))
        return dict(zip(sites, inherited(flow, known).tolist(), strict=True))

    def _re_emergence(self, entity: Entity, pooled: bool) -> float:
        """Accounts opened on a later day than the first finding on their actor, newer ones counting more."""
        total = 0.0
        for one in entity.parties:
            party, actor = self.facts.parties.get(one), self.facts.actor_of.get(one)
            first = self._first.get(actor or "")
            if party and not party.closed and first is not None and party.opened is not None:
                total += newness(self.facts.day - party.opened) if party.opened > first else 0.0
        return total / max(len(entity.parties), 1) if pooled else total

    def _new_accounts(self, actors: Sequence[str]) -> float:
        since = self.facts.day - BURST_DAYS
        opened = [
            party.opened
            for actor in actors
            for one in self.facts.actors[actor]
            if (party := self.facts.parties.get(one))
        ]
        return sum(1.0 for day in opened if day is not None and day > since) / max(len(actors), 1)

    def _leads_by_actor(self) -> dict[str, tuple[float, float, float]]:
        """Leads confirmed, rejected and open of each actor."""
        shop_of = {offer.id: offer.seller for offer in self.facts.offers}
        found: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
        for lead in self.facts.leads:
            party = shop_of.get(lead.subject, lead.subject)
            for key in {self.facts.actor_of.get(party), lead.subject, lead.right}:
                if key:
                    found[key][{"confirmed": 0, "rejected": 1}.get(lead.decision or "", 2)] += 1.0
        return {key: (one[0], one[1], one[2]) for key, one in found.items()}

    def _lead_counts(self, entity: Entity, actors: Sequence[str], pooled: bool) -> tuple[float, float, float]:
        """Leads on linked accounts; of products and rights, those on themselves and on listings of theirs."""
        keys = (
            ([entity.id] if entity.id in self.facts.rights else sorted(entity.subjects)) if pooled else actors
        )
        rows = [self._leads[one] for one in keys if one in self._leads]
        return sum(row[0] for row in rows), sum(row[1] for row in rows), sum(row[2] for row in rows)

    def _overall_deep(self) -> float:
        known = [one.discount for one in self.facts.offers if one.discount is not None]
        return sum(1.0 for one in known if one >= DEEP_DISCOUNT) / max(len(known), 1)

    def _deep(self, offers: Sequence[Offer]) -> float:
        known = [one.discount for one in offers if one.discount is not None]
        deep = sum(1.0 for one in known if one >= DEEP_DISCOUNT)
        return shrunk(deep, float(len(known)), self._deep_share)

    def _discounts_by_actor(self) -> dict[str, float]:
        """Share of deep discounts among all offers of each actor's shops."""
        offers: dict[str, list[Offer]] = {actor: [] for actor in self.facts.actors}
        for offer in self.facts.offers:
            if offer.seller in self.facts.actor_of:
                offers[self.facts.actor_of[offer.seller]].append(offer)
        return {actor: self._deep(rows) for actor, rows in offers.items()}

    def _unlicensed(self, entity: Entity) -> float:
        """Share of offers under a right in force for which nobody linked to the shop has a licence."""
        under = [
            (
                offer,
                [one for one in offer.rights if one in self.facts.rights and self.facts.rights[one].holds],
            )
            for offer in entity.offers
        ]
        under = [(offer, rights) for offer, rights in under if rights]
        without = sum(
            1.0 for offer, rights in under if not all(self._licensed(one, offer.seller) for one in rights)
        )
        return without / len(under) if under else 0.0

    def _licensed(self, right: str, seller: str) -> bool:
        actor = self.facts.actor_of.get(seller)
        party = self.facts.parties.get(seller)
        linked = self.facts.actors[actor] if actor else ()
        return any(
            (right, one) in self.facts.licensed for one in (seller, (party and party.firm) or "", *linked)
        )

    def _category_rates(self) -> dict[str, float]:
        """Decayed findings on rights of each category's products, for each listing of it."""
        rights: dict[str, set[str]] = defaultdict(set)
        for product in self.facts.products.values():
            if product.category:
                rights[product.category].update(product.rights)
        offers: dict[str, int] = defaultdict(int)
        for offer in self.facts.offers:
            offers[offer.category or ""] += 1
        return {
            category: sum(
                self._age(one)
                for right in sorted(covering)
                for one in self.index.by_right.get(right, ())
                if counts(one)
            )
            / (offers[category] + 10.0)
            for category, covering in rights.items()
        }

    def _category(self, offers: Sequence[Offer]) -> float:
        return self._mean([self._categories.get(one.category or "", 0.0) for one in offers])

    def _evidenced(self, entity: Entity, own: Sequence[PartyFinding]) -> bool:
        """Whether anything is known of it: a listing, finding, lead, watch list, place of dispatch or site in use."""
        used = any(site in self._moving for site in entity.sites)
        named = any(one in self._leads or one in self.facts.watched for one in entity.subjects)
        return bool(entity.offers or own or used or named)
