"""The event hash of CBV 2.0 (section 8.9.2): the same for the same event, whatever the syntax.

What is hashed is one text: names and values of all fields in a fixed order, values in one spelling (times in UTC
to the millisecond, numbers without needless zeros, web URIs of the vocabulary, canonical Digital Links), lists
sorted, fields of other vocabularies behind. ``recordTime``, ``eventID`` and ``errorDeclaration`` take no part.

Where the text of the standard leaves a choice, the reference implementation of its authors is followed
(typed references and nested fields of other vocabularies stand behind the sensor data); the differences that remain
are told in ``docs/user/epcis.md``.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from suyuan.ingest.epcis.digitallink import canonical_link
from suyuan.ingest.epcis.hashtree import Branch, tree_of
from suyuan.ingest.epcis.model import Json
from suyuan.ingest.epcis.vocabulary import old_names

Order = tuple[tuple[str, "Order"], ...]

_IGNORED = ("recordTime", "eventID", "type", "errorDeclaration")
_QUANTITY: Order = (("quantityElement", (("epcClass", ()), ("quantity", ()), ("uom", ()))),)
_EPCS: Order = (("epc", ()),)
_PLACE: Order = (("id", ()),)


def _plain(names: str) -> Order:
    return tuple((name, ()) for name in names.split())


_SENSOR: Order = (
    (
        "sensorElement",
        (
            (
                "sensorMetadata",
                _plain(
                    "time startTime endTime deviceID deviceMetadata rawData dataProcessingMethod bizRules"
                ),
            ),
            (
                "sensorReport",
                _plain(
                    "type exception deviceID deviceMetadata rawData dataProcessingMethod time microorganism "
                    "chemicalSubstance value component stringValue booleanValue hexBinaryValue uriValue minValue "
                    "maxValue meanValue sDev percRank percValue uom coordinateReferenceSystem"
                ),
            ),
        ),
    ),
)
_ORDER: Order = (
    *_plain("eventTime eventTimeZoneOffset certificationInfo parentID"),
    ("epcList", _EPCS),
    ("inputEPCList", _EPCS),
    ("childEPCs", _EPCS),
    ("quantityList", _QUANTITY),
    ("childQuantityList", _QUANTITY),
    ("inputQuantityList", _QUANTITY),
    ("outputEPCList", _EPCS),
    ("outputQuantityList", _QUANTITY),
    *_plain("action transformationID bizStep disposition"),
    ("persistentDisposition", _plain("set unset")),
    ("readPoint", _PLACE),
    ("bizLocation", _PLACE),
    ("sensorElementList", _SENSOR),
)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?")


def event_hash(event: Json, prefixes: Mapping[str, str] | None) -> str:
    """The hash of an event as a Named Information URI (RFC 6920).

    Parameters
    ----------
    prefixes : namespaces by prefix that the event's values may be shortened with; None for an event told in XML
    """
    digest = hashlib.sha256(pre_hash(event, prefixes).encode("utf-8", "surrogatepass")).hexdigest()
    return f"ni:///sha-256;{digest}?ver=CBV2.0"


def pre_hash(event: Json, prefixes: Mapping[str, str] | None) -> str:
    """The text that is hashed."""
    ordered, rest = _in_order(tree_of(event, prefixes), _ORDER)
    others = [branch for branch in rest if branch.name not in _IGNORED]
    return f"eventType={event.get('type', '')}{ordered}{_any_order(others)}"


def _in_order(branches: list[Branch], order: Order) -> tuple[str, list[Branch]]:
    """The text of the fields that have a place in the order, and what is left of the branches."""
    others = _of_other_vocabularies(branches)
    by_name: dict[str, list[Branch]] = {}
    for branch in branches:
        if not others or branch not in others:
            by_name.setdefault(branch.name, []).append(branch)
    left: list[Branch] = []
    texts: list[str] = []
    for name, inner in order:
        found: list[str] = []
        for branch in by_name.pop(name, ()):
            inside, rest = _in_order(branch.inside, inner) if branch.inside and inner else ("", branch.inside)
            value = _ordered_value(branch)
            if value or inside:
                found.append(f"{name}{value}{inside}")
            if rest:
                left.append(Branch(name, branch.text, rest))
        texts += sorted(found)
    left += [branch for branches in by_name.values() for branch in branches]
    return "".join(texts) + _any_order(others), left


def _of_other_vocabularies(branches: list[Branch]) -> list[Branch]:
    """Fields of other vocabularies inside an element, which are told inside it; those of the event come last.

    The reference implementation knows them by a namespace that ends with a slash.
    """
    if len(branches) <= 1 or any(
        "eventTime" in branch.name or "action" in branch.name for branch in branches
    ):
        return []
    return [branch for branch in branches if "{" in branch.name and "/}" in branch.name]


def _any_order(branches: list[Branch]) -> str:
    texts: list[str] = []
    for branch in branches:
        value = branch.text.strip()
        inside = _in_turn(branch.inside) if not branch.name else _any_order(branch.inside)
        texts.append(branch.name + (f"={canonical_value(value)}" if value else "") + inside)
    return "".join(sorted(texts))


def _in_turn(branches: list[Branch]) -> str:
    return "".join(_any_order([branch]) for branch in branches)


def _ordered_value(branch: Branch) -> str:
    text = branch.text.strip()
    if not text:
        return ""
    name = branch.name.lower()
    value = canonical_time(text) if "time" in name and "offset" not in name else canonical_value(text)
    return f"={value}" if value else ""


def canonical_value(text: str) -> str:
    """A value in its one spelling.

    Examples
    --------
    >>> canonical_value("0.10"), canonical_value("urn:epcglobal:cbv:disp:in_transit")
    ('0.1', 'https://ref.gs1.org/cbv/Disp-in_transit')
    """
    if text.startswith("urn:epcglobal:cbv:"):
        for urn, uri in old_names():
            text = text.replace(urn, uri)
    if _NUMBER.fullmatch(text):
        return canonical_number(text)
    return canonical_link(text) or text


def canonical_number(text: str) -> str:
    """A decimal number without sign of plus, needless zeros and exponent.

    Examples
    --------
    >>> canonical_number("+010.50"), canonical_number("1e3"), canonical_number("-0.0")
    ('10.5', '1000', '0')
    """
    plain = format(Decimal(text), "f")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    sign, digits = ("-", plain[1:]) if plain.startswith("-") else ("", plain)
    digits = digits.lstrip("0") or "0"
    digits = f"0{digits}" if digits.startswith(".") else digits
    return digits if digits == "0" else sign + digits


def canonical_time(text: str) -> str:
    """A time in UTC with milliseconds, rounded half up; other texts as they stand.

    Examples
    --------
    >>> canonical_time("2005-04-03T20:33:31.1165-06:00")
    '2005-04-04T02:33:31.117Z'
    """
    match = _TIME.fullmatch(text)
    if match is None:
        return text
    fraction = (match[2] or "").ljust(4, "0")
    milliseconds = int(fraction[:3]) + (fraction[3] >= "5")
    try:
        moment = datetime.fromisoformat(match[1] + (match[3] or "Z").replace("Z", "+00:00"))
        moment = moment.astimezone(UTC) + timedelta(milliseconds=milliseconds)
    except (ValueError, OverflowError):
        return text
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
