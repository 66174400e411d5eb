"""What a store knows of sellers, firms and persons, as the evidence that actors are resolved from."""

from dataclasses import dataclass, field
from typing import Final

from suyuan.analytics.addresses import Divisions, compact_address, divisions_of, slips
from suyuan.analytics.evidence import Claim, Evidence, evidence_of
from suyuan.analytics.partynames import latin_name, person_name, trade_name
from suyuan.graph.ids import canonical_id, split_id
from suyuan.graph.store.base import View
from suyuan.service.dated_rows import dated_rows

PARTIES: Final = ("Seller", "Firm", "Person")
CONTROL_SHARE: Final = 0.5
"""Share of a firm from which its holder controls it."""

_CONTROLLING: Final = ("legal_representative", "controller")

_NAMING: Final = (
    ("findings", "subject"),
    ("leads", "subject"),
    ("watch_lists", "subject"),
    ("exhibits", "exhibitor"),
    ("licences", "licensee"),
)


@dataclass(slots=True)
class _Gathered:
    """Records and claims as they are read."""

    divisions: Divisions
    names: dict[str, str]
    records: set[str] = field(default_factory=set[str])
    claims: set[Claim] = field(default_factory=set[Claim])
    addresses: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    not_yet: frozenset[str] = frozenset()

    def is_party(self, record: str) -> bool:
        """Whether it is a seller, firm or person that was there at the cut-off."""
        return record.partition(":")[0] in PARTIES and record not in self.not_yet

    def add_record(self, record: str) -> None:
        """A record, if it is a party; parties that others only name are records too."""
        if self.is_party(record):
            self.records.add(record)

    def add(self, record: str, kind: str, value: str | None) -> None:
        """A claim, if there is a value and the record is a party."""
        if value and self.is_party(record):
            self.claims.add((record, kind, value))

    def add_address(self, record: str, text: str | None) -> None:
        """An address in its normal form; how it was written is kept to tell slips."""
        if text and self.is_party(record):
            normal = self.divisions.address(text)
            self.claims.add((record, "address", normal))
            self.addresses.setdefault(normal, set()).update((normal, compact_address(text)))

    def add_trade_name(self, record: str, name: str | None, division: str | None) -> None:
        """The telling part of a name, in Latin letters, so that both scripts meet."""
        place = self.names.get(division or "")
        if name and (core := trade_name(name, (place,) if place else ())):
            self.claims.add((record, "trade_name", latin_name(core)))


def actor_evidence(view: View, as_of: int | None = None) -> Evidence:
    """Evidence about every seller, firm and person that a view shows.

    Parameters
    ----------
    as_of : microseconds since 1970 UTC; what is dated later is not there yet. None: everything.

    Notes
    -----
    Taken as values that records share: identifiers; addresses by division and rest, and pairs of addresses that differ
    by one slip of the pen; the firm that runs a shop; persons and firms that represent or control a firm (a share of
    at least half); names of persons, and of firms and shops without place, trade and legal form; places that goods are
    sent from; pictures of goods. Identifiers are in their normal forms since they were ingested.
    """
    divisions = list(dated_rows(view, "divisions", ("code", "name", "parent")))
    table = divisions_of((code, name, parent or "") for _, code, name, parent in divisions if code and name)
    names = {code: name for _, code, name, _ in divisions if code and name}
    gathered = _Gathered(table, names, not_yet=_not_yet(view, as_of))
    _sellers(view, gathered, as_of)
    _firms(view, gathered, as_of)
    _persons(view, gathered, as_of)
    _identifiers(view, gathered, as_of)
    _places(view, gathered, as_of)
    _pictures(view, gathered, as_of)
    _named_parties(view, gathered, as_of)
    _address_slips(gathered)
    return evidence_of(sorted(gathered.records), sorted(gathered.claims))


def _not_yet(view: View, as_of: int | None) -> frozenset[str]:
    """Shops opened and firms registered after the cut-off, which undated rows may name all the same."""
    if as_of is None:
        return frozenset()
    return frozenset(
        record
        for table in ("sellers", "firms")
        for record in {row[0] for row in dated_rows(view, table, ())}
        - {row[0] for row in dated_rows(view, table, (), as_of)}
    )


def _sellers(view: View, gathered: _Gathered, as_of: int | None) -> None:
    columns = ("name", "firm_id", "address", "division_code")
    for record, name, firm, address, division in dated_rows(view, "sellers", columns, as_of):
        gathered.records.add(record)
        gathered.add_trade_name(record, name, division)
        gathered.add_address(record, address)
        if firm:
            run_by = canonical_id("Firm", firm)
            gathered.add(record, "firm", run_by)
            gathered.add(run_by, "firm", run_by)


def _firms(view: View, gathered: _Gathered, as_of: int | None) -> None:
    columns = ("name", "legal_representative", "address", "division_code")
    for record, name, representative, address, division in dated_rows(view, "firms", columns, as_of):
        gathered.records.add(record)
        gathered.add_trade_name(record, name, division)
        gathered.add_address(record, address)
        gathered.add(record, "person_name", person_name(representative) if representative else None)


def _persons(view: View, gathered: _Gathered, as_of: int | None) -> None:
    for record, name, card in dated_rows(view, "persons", ("name", "id_card"), as_of):
        gathered.records.add(record)
        gathered.add(record, "person_name", person_name(name) if name else None)
        gathered.add(record, "id_card", card)
    for _, owner, owned, role, share in dated_rows(
        view, "ownerships", ("owner", "owned", "role", "share"), as_of
    ):
        gathered.add_record(owner)
        gathered.add_record(owned)
        if role in _CONTROLLING or (share is not None and share >= CONTROL_SHARE):
            kind = "person" if owner.startswith("Person:") else "firm"
            gathered.add(owner, kind, owner)
            gathered.add(owned, kind, owner)


def _identifiers(view: View, gathered: _Gathered, as_of: int | None) -> None:
    for _, owner, kind, value in dated_rows(view, "identifiers", ("owner", "type", "value"), as_of):
        if kind == "address":
            gathered.add_address(owner, value)
        elif kind:
            gathered.add(owner, kind, value)


def _places(view: View, gathered: _Gathered, as_of: int | None) -> None:
    for _, platform, seller, site in dated_rows(
        view, "dispatches", ("platform", "seller_id", "site_id"), as_of
    ):
        if platform and seller:
            shop = canonical_id("Seller", platform, seller)
            gathered.add_record(shop)
            gathered.add(shop, "site", site)
    for record, operator in dated_rows(view, "sites", ("operator",), as_of):
        if operator:
            gathered.add_record(operator)
            gathered.add(operator, "site", split_id(record)[1][0])


def _pictures(view: View, gathered: _Gathered, as_of: int | None) -> None:
    for _, platform, seller, picture in dated_rows(
        view, "listings", ("platform", "seller_id", "image_hash"), as_of
    ):
        if platform and seller:
            shop = canonical_id("Seller", platform, seller)
            gathered.add_record(shop)
            gathered.add(shop, "picture", picture)


def _named_parties(view: View, gathered: _Gathered, as_of: int | None) -> None:
    """Parties that are known because somebody found, reported, licensed or watched them."""
    for table, column in _NAMING:
        for _, party in dated_rows(view, table, (column,), as_of):
            gathered.add_record(party or "")


def _address_slips(gathered: _Gathered) -> None:
    """A value shared by the owners of two addresses, for each two that differ by one slip."""
    normals: dict[str, set[str]] = {}
    for normal, written in gathered.addresses.items():
        for text in written:
            normals.setdefault(text, set()).add(normal)
    texts = sorted(normals)
    pairs = {
        (first, second)
        for i, j in slips(texts)
        for first in normals[texts[i]]
        for second in normals[texts[j]]
        if first != second
    }
    owners: dict[str, list[str]] = {}
    for record, kind, value in gathered.claims:
        if kind == "address":
            owners.setdefault(value, []).append(record)
    for first, second in {(min(pair), max(pair)) for pair in pairs}:
        for record in owners[first] + owners[second]:
            gathered.claims.add((record, "address_slip", f"{first} ~ {second}"))
