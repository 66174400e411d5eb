"""An event as the tree that its hash is computed from: the element structure of the XML binding.

JSON and XML describe the same event with different nesting (``epcList`` holds texts in one, ``epc`` elements in
the other). The event hash of CBV 2.0 (section 8.9.2) is defined on the structure of the XML binding, so this is where
both meet.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from suyuan.ingest.epcis.model import EPC_LISTS, PAIR_LISTS, QUANTITY_LISTS, Json, list_of
from suyuan.ingest.epcis.vocabulary import OF_FIELD, PREFIXES, TYPE_OF

Prefixes = Mapping[str, str] | None
"""Namespaces by prefix; None for an event told in XML."""


@dataclass(slots=True)
class Branch:
    """A name, a value and what stands inside. Parts of a typed reference have a branch without name around them."""

    name: str
    text: str = ""
    inside: list["Branch"] = field(default_factory=list)


def tree_of(event: Json, prefixes: Prefixes) -> list[Branch]:
    """The branches of an event, in no order.

    Parameters
    ----------
    prefixes : namespaces by prefix that values may be shortened with; None for an event told in XML
    """
    return [branch for name, value in event.items() for branch in _branches(name, value, prefixes)]


def _branches(name: str, value: Any, prefixes: Prefixes) -> Iterator[Branch]:
    if value is None:
        return
    if name in EPC_LISTS:
        yield Branch(name, "", [_leaf("epc", entry, prefixes) for entry in list_of(value)])
    elif name in QUANTITY_LISTS:
        elements = [Branch("quantityElement", "", _inside(entry, "", prefixes)) for entry in list_of(value)]
        yield Branch(name, "", elements)
    elif name in PAIR_LISTS:
        yield Branch(name, "", [_pair(name, entry, prefixes) for entry in list_of(value)])
    elif name == "sensorElementList":
        sensors = [Branch("sensorElement", "", _inside(entry, "", prefixes)) for entry in list_of(value)]
        yield Branch(name, "", sensors)
    else:
        yield from _leaves(name, value, prefixes)


def _leaves(name: str, value: Any, prefixes: Prefixes, owner: str = "") -> list[Branch]:
    """A branch for each value. In JSON, what is called a list gets a level of its own, as lists of the standard do."""
    found = [_leaf(name, entry, prefixes, owner) for entry in _each(value)]
    if prefixes is None or not name.endswith("List"):
        return found
    for branch in found:
        branch.name = name.removesuffix("List")
    return [Branch(name, "", found)]


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _leaf(name: str, value: Any, prefixes: Prefixes, owner: str = "") -> Branch:
    if isinstance(value, dict):
        return Branch(name, str(value.get("#text", "")), _inside(value, name, prefixes))
    if isinstance(value, list):
        return Branch(name, "", [_leaf("", entry, prefixes) for entry in value])
    return Branch(name, _text(name, value, owner, prefixes))


def _inside(value: Any, owner: str, prefixes: Prefixes) -> list[Branch]:
    """The branches inside an object; attributes are branches as well."""
    if not isinstance(value, dict):
        return []
    found: list[Branch] = []
    for key, entry in value.items():
        if key == "#text":
            continue
        found += _leaves(key.removeprefix("@"), entry, prefixes, owner)
    return found


def _pair(name: str, value: Any, prefixes: Prefixes) -> Branch:
    """A typed reference: its type first."""
    if not isinstance(value, dict):
        return Branch("", "", [_leaf(PAIR_LISTS[name], value, prefixes)])
    reference = PAIR_LISTS[name]
    others = sorted(value.keys() - {"type", reference})
    order = [key for key in ("type", reference) if key in value]
    parts = [_leaf(key.removeprefix("@"), value[key], prefixes, name) for key in (*order, *others)]
    return Branch("", "", parts)


def _text(name: str, value: Any, owner: str, prefixes: Prefixes) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    words = TYPE_OF.get(owner) if name == "type" else OF_FIELD.get(name)
    if words is not None:
        text = words.full(text)
    prefix, colon, local = text.partition(":")
    if not colon:
        return text
    namespace = (prefixes or {}).get(prefix) or PREFIXES.get(prefix)
    return namespace + local if namespace else text
