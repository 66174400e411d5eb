"""Fields of a proposed mapping that no column of the file holds as it stands.

Keys are made from what tells the rows apart, the platform is read off web addresses, the role of a site off
names; the phones and accounts of a firm become records of the table ``identifiers``. What a file cannot say is
named with ``rule = None``: it must be given by whoever knows where the file is from.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from suyuan.graph.model import NODE_KINDS, Table
from suyuan.graph.tables import TABLES
from suyuan.ingest.profiles import Profile
from suyuan.ingest.wording import FAMILY_NAMES, GIVEN_NAMES, choice_words, compact

USED = 0.6
"""Confidence from which a proposal stands in the mapping; below, it is only told."""

_IDENTIFYING: Mapping[str, tuple[str, ...]] = {
    "sites": ("country", "name", "address"),
    "firms": ("country", "name", "address"),
    "rights_holders": ("country", "name"),
    "products": ("name", "category"),
    "persons": ("name", "id_card"),
    "authorities": ("name",),
}
_PREFIXES: Mapping[str, str] = {
    "sites": "SITE-",
    "firms": "FIRM-",
    "rights_holders": "HOLDER-",
    "products": "PRODUCT-",
    "persons": "PERSON-",
    "authorities": "AUTHORITY-",
}
_OTHER_NUMBERS = ("number", "document_no", "waybill", "customs_declaration", "id_card", "gtin")
_GIVEN = {
    "platform": "the files do not say which platform they are from",
    "list": "the files do not say which list they are",
}
_SHOP_HOST = re.compile(r"^https?://(?:[^/?#]*\.)?([^./?#]+)\.(?:com|cn|net|org|com\.cn)(?:[/?#:]|$)", re.I)
_PREFERRED_OWNERS = ("Firm", "Seller", "Person", "RightsHolder", "Site", "Listing")
_CONTACT_SHAPES = {"phone": "phone", "email": "email", "id_card": "id_card"}
_MAKING = re.compile(
    r"\b(?:factory|mills?|garments?|textiles?|apparels?|knit\w*|manufactur\w*|fashions?|industr\w+|plant)\b"
    r"|厂|制造|制衣|服装|针织|纺织|工业",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Derived:
    """A field that is made by a rule, or (``rule`` None) must be given.

    ``column`` is the column that it hangs on, ``parts`` are those that are put together to it.
    """

    field: str
    confidence: float
    reason: str
    rule: object = None
    column: str | None = None
    parts: tuple[str, ...] = ()

    @property
    def used(self) -> bool:
        """Whether it stands in the mapping."""
        return self.rule is not None and self.confidence >= USED


def derived_fields(table: Table, have: Mapping[str, Profile], seen: Sequence[Profile]) -> tuple[Derived, ...]:
    """Fields that are made or must be given.

    Parameters
    ----------
    have : the fields that columns hold, with those columns
    seen : all columns
    """
    found: list[Derived] = []
    for name in table.key:
        if name not in have:
            made = _key(table, name, have, seen)
            found += [made] if made else []
    if table.name == "sites" and "role" not in have:
        found.append(_role(table, have))
    if table.name == "persons" and "name" not in have:
        found += _name_of_parts(seen)
    return tuple(found)


def _name_of_parts(seen: Sequence[Profile]) -> list[Derived]:
    """A person's name from given name and surname, in the order of the language."""
    by_form = {compact(one.header): one for one in seen if one.values and not set("{}") & set(one.header)}
    given = next((by_form[form] for form in GIVEN_NAMES if form in by_form), None)
    family = next((by_form[form] for form in FAMILY_NAMES if form in by_form), None)
    if given is None or family is None:
        return []
    latin = family.values[0].isascii()
    template = (
        f"{{{given.header}}} {{{family.header}}}" if latin else f"{{{family.header}}}{{{given.header}}}"
    )
    reason = "the name is in two columns; where one is empty the name is unknown"
    return [Derived("name", 0.7, reason, {"template": template}, parts=(given.header, family.header))]


def _key(table: Table, name: str, have: Mapping[str, Profile], seen: Sequence[Profile]) -> Derived | None:
    if name == "platform":
        host = _host(have.get("url"))
        if host:
            rule = {"constant": host}
            return Derived(name, 0.65, f"the web addresses are all of {host}", rule)
    if name in _GIVEN:
        return Derived(name, 0.0, f"{_GIVEN[name]}: say it")
    if len(table.key) > 1:
        return None
    for other in _OTHER_NUMBERS:
        one = have.get(other)
        if one is not None and one.filled == one.rows and one.distinct == 1 and one.rows > 1:
            reason = f"no column is its key, but {one.header!r} differs in every row looked at"
            return Derived(name, 0.7, reason, one.header)
    identifying = [have[part].header for part in _IDENTIFYING.get(table.name, ()) if part in have]
    if not identifying or "name" not in have:
        return None
    reason = "no column is its key: rows with the same of these are taken for the same"
    confidence = 0.65 if len(identifying) > 1 else 0.6
    return Derived(name, confidence, reason, {"hash": identifying, "prefix": _PREFIXES[table.name]})


def _host(addresses: Profile | None) -> str | None:
    """The one platform that all web addresses are of."""
    hosts = (
        {match[1].lower() for text in addresses.values if (match := _SHOP_HOST.match(text))}
        if addresses
        else ()
    )
    return next(iter(hosts)) if addresses and len(hosts) == 1 and addresses.share("url") == 1 else None


def _role(table: Table, have: Mapping[str, Profile]) -> Derived:
    """What the sites are, from the header of their names or from the names."""
    words = choice_words(table, table.column("role"))
    name = have.get("name")
    possible = ", ".join(table.column("role").choices)
    if name is not None:
        form = compact(name.header)
        said = {role for word, role in words.items() if len(word) > 1 and form.startswith(word)}
        if len(said) == 1:
            role = said.pop()
            return Derived("role", 0.75, f"the names stand under {name.header!r}", {"constant": role})
        makers = sum(_MAKING.search(value) is not None for value in name.values)
        if name.values and makers >= 0.25 * len(name.values):
            reason = f"{makers} of {len(name.values)} names speak of making; one of {possible}"
            return Derived("role", 0.5, reason, {"constant": "factory"})
    return Derived("role", 0.0, f"the files do not say what the sites are: one of {possible}")


def contacts(table: Table, used: Mapping[str | None, str], left: Sequence[Profile]) -> Iterator[Derived]:
    """Columns of phones, accounts and the like as records of ``identifiers``, where the owner's key is a column.

    Parameters
    ----------
    used : columns of the file by the field that they are as they stand
    left : columns without a field
    """
    if table.kind not in _PREFERRED_OWNERS:
        return
    key = [used.get(name) for name in NODE_KINDS[table.kind].key]
    if any(column is None or set("{}") & set(column) for column in key):
        return
    owner = ":".join((table.kind, *(f"{{{column}}}" for column in key)))
    identifiers = TABLES["identifiers"]
    words = choice_words(identifiers, identifiers.column("type"))
    for one in left:
        found = _contact(one, words)
        if found is not None:
            kind, confidence, reason = found
            rule = {"owner": {"template": owner}, "type": {"constant": kind}, "value": one.header}
            yield Derived(kind, confidence, reason, rule, one.header)


def _contact(one: Profile, words: Mapping[str, str]) -> tuple[str, float, str] | None:
    said = words.get(compact(one.header))
    shapes = Counter({kind: one.share(shape) for kind, shape in _CONTACT_SHAPES.items()})
    shown, share = shapes.most_common(1)[0]
    if share >= 0.8:
        both = said == shown
        reason = f"{one.counted(_CONTACT_SHAPES[shown])} are of this type"
        return shown, 0.9 if both else 0.7, reason
    if said in ("wechat", "bank_account", "licence_plate", "device", "domain") and one.values:
        return said, 0.8, "the header is a known name of it"
    return None
