"""How our tables and FollowTheMoney entities name the same things; reader and writer derive from it.

An entity is an object with ``id``, ``schema`` and ``properties``, each of which is a list of texts. Its id may consist
of ASCII letters, digits, dots and hyphens, so canonical ids are spelt in those (:func:`entity_id`).
Names of schemata and properties are those of the FollowTheMoney model 4.11.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from suyuan.errors import SuyuanError
from suyuan.graph.ids import normal_id

KEPT: Final = "ftm_"
"""Before the name of a property that no column holds, or whose values are more than the column holds."""

_ID = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z.-]*[0-9A-Za-z])?")
_PLAIN = re.compile(r"[0-9A-Za-z]")
_ESCAPE = re.compile(r"-([0-9A-F]{2})")


@dataclass(frozen=True, slots=True)
class Counterpart:
    """A table's schema, its columns' properties, and the properties that hold ids of other entities."""

    table: str
    kind: str
    schema: str
    columns: Mapping[str, str]
    references: Mapping[str, str] = field(default_factory=dict[str, str])


COUNTERPARTS: Final = (
    Counterpart(
        "firms",
        "Firm",
        "Company",
        {
            "name": "name",
            "address": "address",
            "country": "country",
            "registered_at": "incorporationDate",
            "dissolved_at": "dissolutionDate",
            "status": "status",
        },
    ),
    Counterpart("persons", "Person", "Person", {"name": "name", "id_card": "idNumber"}),
    Counterpart("rights_holders", "RightsHolder", "LegalEntity", {"name": "name", "country": "country"}),
    Counterpart(
        "sellers",
        "Seller",
        "UserAccount",
        {
            "seller_id": "username",
            "platform": "service",
            "name": "name",
            "address": "address",
            "opened_at": "createdAt",
        },
        {"firm_id": "owner"},
    ),
    Counterpart(
        "sites",
        "Site",
        "Address",
        {
            "name": "name",
            "address": "full",
            "country": "country",
            "latitude": "latitude",
            "longitude": "longitude",
        },
    ),
    Counterpart("authorities", "Authority", "PublicBody", {"name": "name", "kind": "classification"}),
    Counterpart(
        "findings",
        "Finding",
        "Sanction",
        {
            "document_no": "authorityId",
            "authority": "authority",
            "kind": "program",
            "act": "reason",
            "penalty": "provisions",
            "finality": "status",
            "outcome": "summary",
            "decided_at": "listingDate",
            "public_until": "endDate",
        },
        {"subject": "entity"},
    ),
    Counterpart(
        "licences",
        "Licence",
        "License",
        {
            "licence_id": "name",
            "kind": "type",
            "scope": "criteria",
            "right_id": "procedureNumber",
            "valid_from": "contractDate",
        },
    ),
)
BY_KIND: Final = {counterpart.kind: counterpart for counterpart in COUNTERPARTS}
_OWN_IDS_ONLY: Final = ("Site", "Finding", "Licence", "Authority", "RightsHolder")
"""Kinds that only entities with ids of ours become: another's Sanction is no finding about a right."""

PARTIES: Final = {
    "Company": "Firm",
    "Organization": "Firm",
    "LegalEntity": "Firm",
    "PublicBody": "Firm",
    "Person": "Person",
    "UserAccount": "Seller",
}
"""Kind that an entity of a schema becomes, unless its id is one of ours."""

CONTACTS: Final = {"phone": "phone", "email": "email", "domain": "website"}
"""Property by type of identifier, at the entity of its owner (an account has no ``website``)."""

TIES: Final = {
    "Ownership": ("owner", "asset", "shareholder"),
    "Directorship": ("director", "organization", "director"),
    "Control": ("controller", "controlled", "controller"),
}
"""Owner's and owned's property of the schemata that become ownerships, and the role where none of ours is told."""

SCHEMA_OF_ROLE: Final = {"director": "Directorship", "legal_representative": "Directorship"}
"""Every other role is an Ownership."""


def entity_id(canonical: str) -> str:
    """A canonical id, or the id of a record, in the letters that an entity's id may have.

    Examples
    --------
    >>> entity_id("Firm:91330782MA2DEM017W"), entity_id("Seller:shop:a-b/c")
    ('Firm.91330782MA2DEM017W', 'Seller.shop.a-2Db-2Fc')
    """
    last = len(canonical) - 1
    return "".join(
        "." if letter == ":" and place < last else letter if _PLAIN.match(letter) else _escaped(letter)
        for place, letter in enumerate(canonical)
    )


def _escaped(letter: str) -> str:
    return "".join(f"-{byte:02X}" for byte in letter.encode())


def canonical_of(entity: str) -> str | None:
    """The canonical id that an entity's id spells; None if it is no id of ours.

    Examples
    --------
    >>> canonical_of("Seller.shop.a-2Db-2Fc"), canonical_of("NK-4tGZ7"), canonical_of("Firm:1")
    ('Seller:shop:a-b/c', None, None)
    """
    if not _ID.fullmatch(entity):
        return None
    escaped = entity.replace(".", ":").encode()
    content = re.sub(rb"-([0-9A-F]{2})", lambda found: bytes.fromhex(found[1].decode()), escaped)
    try:
        canonical = normal_id(content.decode())
    except (SuyuanError, UnicodeDecodeError):
        return None
    return canonical if entity_id(canonical) == entity else None


def own_id(entity: str, schema: str) -> str | None:
    """The canonical id of an entity whose id is one of ours and whose schema fits its kind; otherwise None."""
    canonical = canonical_of(entity)
    counterpart = BY_KIND.get(canonical.partition(":")[0]) if canonical else None
    if counterpart is None:
        return None
    fits = schema == counterpart.schema or (counterpart.kind not in _OWN_IDS_ONLY and schema in PARTIES)
    return canonical if fits else None
