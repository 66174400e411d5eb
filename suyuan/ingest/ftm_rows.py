"""The rows that one FollowTheMoney entity makes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from suyuan.graph.followthemoney import (
    BY_KIND,
    CONTACTS,
    KEPT,
    PARTIES,
    TIES,
    Counterpart,
    own_id,
)
from suyuan.graph.ids import split_id
from suyuan.graph.model import NODE_KINDS, Table
from suyuan.graph.tables import TABLES

Row = dict[str, Any]

_PERCENTAGE = re.compile(r"\s*(\d{1,3}(?:\.\d+)?)\s*%?\s*")
_SANCTIONS: Final = "sanctions"
_OBSERVED: Final = ("date", "publisher")


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity as it stands in a file; properties without values are left out."""

    id: str
    schema: str
    properties: Mapping[str, list[str]]


class Names(Protocol):
    """What the other entities of the file tell; see :class:`suyuan.ingest.followthemoney.Index`."""

    addresses: dict[str, Entity]
    accounts: dict[str, Entity]
    awards: dict[str, Entity]

    def canonical(self, reference: str) -> str:
        """The canonical id behind a reference."""
        ...


def single(entity: Entity, name: str) -> str | None:
    """The first value of a property."""
    values = entity.properties.get(name)
    return values[0] if values else None


def address_text(entity: Entity) -> str | None:
    """The text of an Address."""
    return single(entity, "full") or single(entity, "name")


def account_number(entity: Entity) -> str | None:
    """The number of a BankAccount."""
    return single(entity, "accountNumber") or single(entity, "iban")


def _others(entity: Entity, *held: str) -> Row:
    """Extra properties: those that no column holds."""
    return {KEPT + name: values for name, values in entity.properties.items() if name not in held}


def rows_of(entity: Entity, names: Names) -> Iterator[tuple[str, Row]]:
    """Table and row of every record that an entity makes."""
    own = own_id(entity.id, entity.schema)
    if entity.schema in TIES:
        yield from _tie(entity, names)
    elif own is not None or entity.schema in PARTIES:
        named = own or names.canonical(entity.id)
        yield BY_KIND[named.partition(":")[0]].table, _own(entity, named, names)
        yield from _contacts(entity, named, names)
    elif entity.schema == "Sanction":
        yield "watch_lists", _listed(entity, names)
    elif entity.schema == "Identification" and single(entity, "type") == "id_card":
        yield (
            "identifiers",
            {
                "owner": names.canonical(single(entity, "holder") or ""),
                "type": "id_card",
                "value": single(entity, "number"),
                **_observed(entity),
                **_others(entity, "holder", "number", "type", *_OBSERVED),
            },
        )


def _own(entity: Entity, canonical: str, names: Names) -> Row:
    """The row of an entity that is a node here."""
    kind, key = split_id(canonical)
    counterpart = BY_KIND[kind]
    table = TABLES[counterpart.table]
    row: Row = dict(zip(NODE_KINDS[kind].key, key, strict=True))
    used = set(CONTACTS.values()) | {"addressEntity", *counterpart.references.values()}
    for column, name in counterpart.columns.items():
        if column not in table.key and name in entity.properties:
            row[column] = _value(table, column, entity.properties[name])
        used.add(name)
    for column, name in counterpart.references.items():
        if reference := single(entity, name):
            row[column] = _reference(column, names.canonical(reference))
    if kind == "Licence":
        used.add("authority")
        row |= _award(entity, names)
    if kind == "Firm" and entity.properties.get("uscCode") == [row["firm_id"]]:
        used.add("uscCode")
    return {**row, **_kept(entity, counterpart, canonical, used)}


def _value(table: Table, column: str, values: list[str]) -> str | list[str]:
    if table.column(column).type == "list":
        return values
    if table.column(column).type == "time":
        return _time(values[0])
    return values[0].upper() if column == "country" else values[0]


def _time(text: str) -> str:
    """A time of the format, which is UTC without saying so."""
    bare = "T" in text and not re.search(r"(?:Z|[+-]\d\d:?\d\d)$", text)
    return f"{text}Z" if bare else text


def _reference(column: str, canonical: str) -> str:
    """A reference as the column holds it: the key of a firm, otherwise the canonical id."""
    return canonical.removeprefix("Firm:") if column == "firm_id" else canonical


def _award(entity: Entity, names: Names) -> Row:
    award = names.awards.get(entity.id)
    if award is None:
        return {}
    licensee, until = single(award, "supplier"), single(award, "endDate")
    found = {"licensee": names.canonical(licensee) if licensee else None, "valid_to": until and _time(until)}
    return {name: value for name, value in found.items() if value}


def _kept(entity: Entity, counterpart: Counterpart, canonical: str, used: set[str]) -> Row:
    """Extra properties: what no column holds, lists that a column holds the first of, and a foreign id."""
    table = TABLES[counterpart.table]
    held = {name: column for column, name in counterpart.columns.items()}
    kept: Row = {}
    for name, values in entity.properties.items():
        listed = name in held and table.column(held[name]).type == "list"
        if name not in used or (name in held and len(values) > 1 and not listed):
            kept[KEPT + name] = values
    if entity.schema != counterpart.schema:
        kept[f"{KEPT}schema"] = [entity.schema]
    if own_id(entity.id, entity.schema) is None:
        kept[f"{KEPT}id"] = [entity.id]
    return kept


def _contacts(entity: Entity, owner: str, names: Names) -> Iterator[tuple[str, Row]]:
    for type_, name in CONTACTS.items():
        for value in entity.properties.get(name, ()):
            shown = (urlsplit(value).hostname or value) if name == "website" else value
            yield "identifiers", {"owner": owner, "type": type_, "value": shown}
    for reference in entity.properties.get("addressEntity", ()):
        address = names.addresses.get(reference)
        row = {"owner": owner, "type": "address"}
        if address is None:
            yield "identifiers", {**row, "value": reference}
        else:
            yield "identifiers", {**row, "value": address_text(address), **_others(address, "full")}


def _observed(entity: Entity) -> Row:
    seen = single(entity, "date")
    return {"observed_at": seen and _time(seen), "source": single(entity, "publisher")}


def _listed(entity: Entity, names: Names) -> Row:
    """A designation by somebody else: its subject is on a watch list of that name."""
    begun = single(entity, "startDate") or single(entity, "listingDate")
    ended = single(entity, "endDate")
    return {
        "list": single(entity, "program") or single(entity, "authority") or _SANCTIONS,
        "subject": names.canonical(single(entity, "entity") or ""),
        "from": begun and _time(begun),
        "to": ended and _time(ended),
        "why": single(entity, "reason"),
        "by": single(entity, "authority"),
        **_others(entity, "program", "authority", "reason", "startDate", "listingDate", "endDate", "entity"),
    }


def _tie(entity: Entity, names: Names) -> Iterator[tuple[str, Row]]:
    source, target, usual = TIES[entity.schema]
    owner, owned = (single(entity, name) or "" for name in (source, target))
    if owned in names.accounts:
        account = names.accounts[owned]
        yield (
            "identifiers",
            {
                "owner": names.canonical(owner),
                "type": "bank_account",
                "value": account_number(account),
                **_observed(entity),
                **_others(account, "accountNumber" if single(account, "accountNumber") else "iban"),
                **_others(entity, source, target, *_OBSERVED),
            },
        )
        return
    row: Row = {"owner": names.canonical(owner), "owned": names.canonical(owned)}
    used = {source, target, "startDate", "endDate"}
    roles = TABLES["ownerships"].column("role").choices
    role = single(entity, "role")
    if role in roles:
        row["role"] = role
        used.add("role")
    elif not entity.id.startswith("ownerships."):
        row["role"] = usual
    if percentage := _PERCENTAGE.fullmatch(single(entity, "percentage") or ""):
        row["share"] = str(Decimal(percentage[1]) / 100)
        used.add("percentage")
    for column, name in (("from", "startDate"), ("to", "endDate")):
        if text := single(entity, name):
            row[column] = _time(text)
    yield (
        "ownerships",
        {
            **row,
            **{KEPT + name: values for name, values in entity.properties.items() if name not in used},
        },
    )
