"""The one form in which events travel from either syntax to the tables.

An event is a dictionary with the names of the JSON binding of EPCIS 2.0 (section 10.3); elements of other
vocabularies are called ``{namespace}local``. What XML says in attributes of such elements is called
``@name`` and their text ``#text``. Numbers of an XML document are texts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from suyuan.graph.model import EVENT_TYPES

Json = dict[str, Any]

EPC_LISTS = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
QUANTITY_LISTS = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
PAIR_LISTS = {
    "bizTransactionList": "bizTransaction",
    "sourceList": "source",
    "destinationList": "destination",
}
"""Lists of typed references, and what the reference is called."""

__all__ = [
    "EPC_LISTS",
    "EVENT_TYPES",
    "PAIR_LISTS",
    "QUANTITY_LISTS",
    "EventPiece",
    "Json",
    "VocabularyPiece",
    "list_of",
]


@dataclass(frozen=True, slots=True)
class EventPiece:
    """An event as it stands in a document.

    Attributes
    ----------
    number : of the event in the document, from 1
    line : where it begins, as far as known
    prefixes : namespaces by prefix, which values may use as well (JSON-LD); None in XML, where they may not
    disordered : `action` stands before `eventTime` in a document whose schema fixes the order
    """

    number: int
    event: Json
    prefixes: Mapping[str, str] | None
    line: int | None = None
    disordered: bool = False


@dataclass(frozen=True, slots=True)
class VocabularyPiece:
    """What master data tells of one thing; attributes by name, each with all its values."""

    vocabulary: str
    id: str
    attributes: Mapping[str, list[Any]]
    children: tuple[str, ...] = ()


def list_of(value: object) -> list[Any]:
    """The value as a list: nothing is empty, a single thing is a list of one."""
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]
