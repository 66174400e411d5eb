"""What a store knows of sellers, firms and persons, as the evidence that actors are resolved from."""

from dataclasses import dataclass, field
from itertools import product
from typing import Final, TypeVar

import numpy as np

from suyuan.analytics.addresses import Divisions, compact_address, dated_slips, divisions_of
from suyuan.analytics.dated_evidence import FOREVER, DatedClaim, DatedEvidence, dated_evidence_of
from suyuan.analytics.evidence import Evidence
from suyuan.analytics.partynames import latin_name, person_name, trade_name
from suyuan.graph.ids import canonical_id, split_id
from suyuan.graph.store.base import View
from suyuan.service.dated_rows import ALWAYS, DatedTables, dated_rows, rows_with_begin

K = TypeVar("K")

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
    """Records and claims as they are read, each with the earliest time by which it is there.

    begins : when shops were opened and firms registered; undated rows may name them all the same, but they are nobody
        before.
    """

    divisions: Divisions
    names: dict[str, str]
    begins: dict[str, int]
    records: dict[str, int] = field(default_factory=dict[str, int])
    claims: dict[DatedClaim, int] = field(default_factory=dict[DatedClaim, int])
    addresses: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    """Normal forms with how they were written."""

    def add_record(self, record: str, since: int) -> None:
        """A record, if it is a party; parties that others only name are records too."""
        if _is_party(record):
            _keep_earliest(self.records, record, self._from(record, since))

    def add(self, record: str, kind: str, value: str | None, since: int, last: int = FOREVER) -> None:
        """A claim, if there is a value and the record is a party."""
        if value and _is_party(record):
            _keep_earliest(self.claims, ((record, kind, value), last), self._from(record, since))

    def add_address(self, record: str, text: str | None, since: int) -> None:
        """An address in its normal form; how it was written is kept to tell slips."""
        if text and _is_party(record):
            normal = self.divisions.address(text)
            self.add(record, "address", normal, since)
            for written in (normal, compact_address(text)):
                _keep_earliest(self.addresses, (normal, written), self._from(record, since))

    def add_trade_name(self, record: str, name: str | None, division: str | None, since: int) -> None:
        """The telling part of a name, in Latin letters, so that both scripts meet."""
        place = self.names.get(division or "")
        if name and (core := trade_name(name, (place,) if place else ())):
            self.add(record, "trade_name", latin_name(core), since)

    def _from(self, record: str, since: int) -> int:
        return max(since, self.begins.get(record, ALWAYS))


def _is_party(record: str) -> bool:
    return record.partition(":")[0] in PARTIES


def _keep_earliest(times: dict[K, int], key: K, since: int) -> None:
    times[key] = min(since, times.get(key, since))


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
    return dated_actor_evidence(view).at(as_of)


def dated_actor_evidence(view: View | DatedTables) -> DatedEvidence:
    """:func:`actor_evidence` of every cut-off. Shops and firms are there since they began."""
    divisions = list(dated_rows(view, "divisions", ("code", "name", "parent")))
    table = divisions_of((code, name, parent or "") for _, code, name, parent in divisions if code and name)
    names = {code: name for _, code, name, _ in divisions if code and name}
    # Read twice, but once from the store.
    parties = view if isinstance(view, DatedTables) else DatedTables(view)
    gathered = _Gathered(table, names, _begins(parties))
    _sellers(parties, gathered)
    _firms(parties, gathered)
    _persons(view, gathered)
    _identifiers(view, gathered)
    _places(view, gathered)
    _pictures(view, gathered)
    _named_parties(view, gathered)
    _address_slips(gathered)
    return dated_evidence_of(gathered.records, gathered.claims)


def _begins(view: View | DatedTables) -> dict[str, int]:
    return {
        record: since
        for table in ("sellers", "firms")
        for since, (record,) in rows_with_begin(view, table, ())
        if since > ALWAYS
    }


def _sellers(view: View | DatedTables, gathered: _Gathered) -> None:
    columns = ("name", "firm_id", "address", "division_code")
    for since, (record, name, firm, address, division) in rows_with_begin(view, "sellers", columns):
        gathered.add_record(record, since)
        gathered.add_trade_name(record, name, division, since)
        gathered.add_address(record, address, since)
        if firm:
            run_by = canonical_id("Firm", firm)
            gathered.add(record, "firm", run_by, since)
            gathered.add(run_by, "firm", run_by, since)


def _firms(view: View | DatedTables, gathered: _Gathered) -> None:
    columns = ("name", "legal_representative", "address", "division_code")
    for since, (record, name, representative, address, division) in rows_with_begin(view, "firms", columns):
        gathered.add_record(record, since)
        gathered.add_trade_name(record, name, division, since)
        gathered.add_address(record, address, since)
        gathered.add(record, "person_name", person_name(representative) if representative else None, since)


def _persons(view: View | DatedTables, gathered: _Gathered) -> None:
    for since, (record, name, card) in rows_with_begin(view, "persons", ("name", "id_card")):
        gathered.add_record(record, since)
        gathered.add(record, "person_name", person_name(name) if name else None, since)
        gathered.add(record, "id_card", card, since)
    for since, (_, owner, owned, role, share) in rows_with_begin(
        view, "ownerships", ("owner", "owned", "role", "share")
    ):
        gathered.add_record(owner, since)
        gathered.add_record(owned, since)
        if role in _CONTROLLING or (share is not None and share >= CONTROL_SHARE):
            kind = "person" if owner.startswith("Person:") else "firm"
            gathered.add(owner, kind, owner, since)
            gathered.add(owned, kind, owner, since)


def _identifiers(view: View | DatedTables, gathered: _Gathered) -> None:
    for since, (_, owner, kind, value) in rows_with_begin(view, "identifiers", ("owner", "type", "value")):
        if kind == "address":
            gathered.add_address(owner, value, since)
        elif kind:
            gathered.add(owner, kind, value, since)


def _places(view: View | DatedTables, gathered: _Gathered) -> None:
    for since, (_, platform, seller, site) in rows_with_begin(
        view, "dispatches", ("platform", "seller_id", "site_id")
    ):
        if platform and seller:
            shop = canonical_id("Seller", platform, seller)
            gathered.add_record(shop, since)
            gathered.add(shop, "site", site, since)
    for since, (record, operator) in rows_with_begin(view, "sites", ("operator",)):
        if operator:
            gathered.add_record(operator, since)
            gathered.add(operator, "site", split_id(record)[1][0], since)


def _pictures(view: View | DatedTables, gathered: _Gathered) -> None:
    for since, (_, platform, seller, picture) in rows_with_begin(
        view, "listings", ("platform", "seller_id", "image_hash")
    ):
        if platform and seller:
            shop = canonical_id("Seller", platform, seller)
            gathered.add_record(shop, since)
            gathered.add(shop, "picture", picture, since)


def _named_parties(view: View | DatedTables, gathered: _Gathered) -> None:
    """Parties that are known because somebody found, reported, licensed or watched them."""
    for table, column in _NAMING:
        for since, (_, party) in rows_with_begin(view, table, (column,)):
            gathered.add_record(party or "", since)


def _address_slips(gathered: _Gathered) -> None:
    """A value shared by the owners of two addresses, for each two that differ by one slip."""
    normals: dict[str, list[tuple[str, int]]] = {}
    for (normal, written), since in gathered.addresses.items():
        normals.setdefault(written, []).append((normal, since))
    texts = sorted(normals)
    times = np.array([min(since for _, since in normals[text]) for text in texts], np.int64)
    pairs: dict[tuple[str, str, int], int] = {}
    for i, j, last in dated_slips(texts, times, FOREVER):
        for (first, begun), (second, met) in product(normals[texts[i]], normals[texts[j]]):
            if first != second:
                _keep_earliest(pairs, (min(first, second), max(first, second), last), max(begun, met))
    owners: dict[str, list[tuple[str, int]]] = {}
    for ((record, kind, value), _), since in gathered.claims.items():
        if kind == "address":
            owners.setdefault(value, []).append((record, since))
    for (first, second, last), since in pairs.items():
        for record, owned in owners[first] + owners[second]:
            gathered.add(record, "address_slip", f"{first} ~ {second}", max(since, owned), last)
