"""Master data of a document as rows of ``sites``, ``firms`` and ``products`` (CBV 2.0, section 9.2)."""

from collections.abc import Iterable, Mapping
from typing import Any

from suyuan.graph.ids import canonical_id
from suyuan.ingest.epcis.eventrows import json_text
from suyuan.ingest.epcis.model import Json, VocabularyPiece

_NAMES = ("name", "vesselName", "descriptionShort", "tradeItemDescription", "description")
_ADDRESS = (
    "streetAddressOne", "streetAddressTwo", "streetAddressThree", "city", "state", "postalCode",
)  # fmt: skip
_KINDS = {
    "location": "sites",
    "businesslocation": "sites",
    "readpoint": "sites",
    "party": "firms",
    "epcclass": "products",
    "epcinstance": "products",
}
_KEYS = {"sites": "site_id", "firms": "firm_id", "products": "product_id"}


class MasterData:
    """What a document tells of places, parties and classes, by table and key."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, Json]] = {name: {} for name in _KEYS}
        self.elements = 0
        self.others: dict[str, int] = {}

    def add(self, piece: VocabularyPiece) -> None:
        """Takes one element; a thing that stands in several vocabularies is described by all of them."""
        self.elements += 1
        table = _table_of(piece)
        if table is None or not piece.id.strip():
            self.others[piece.vocabulary] = self.others.get(piece.vocabulary, 0) + 1
            return
        known = self.tables[table].setdefault(piece.id.strip(), {"attributes": {}, "children": []})
        for name, values in piece.attributes.items():
            known["attributes"].setdefault(name, []).extend(values)
        known["children"] = list(dict.fromkeys([*known["children"], *piece.children]))

    def rows(self, table: str) -> list[Json]:
        """Rows of a table in the order of their keys."""
        return [_row(table, key, known) for key, known in sorted(self.tables[table].items())]


def _table_of(piece: VocabularyPiece) -> str | None:
    kind = piece.vocabulary.rpartition(":")[2].casefold()
    if kind == "sourcedest":
        return "firms" if ":pgln:" in piece.id or "/417/" in piece.id else "sites"
    return _KINDS.get(kind)


def _row(table: str, key: str, known: Json) -> Json:
    attributes: Mapping[str, list[Any]] = known["attributes"]
    by_name = {_short(name): values for name, values in attributes.items()}
    row: Json = {_KEYS[table]: key, "name": _first(by_name, _NAMES)}
    if table == "sites":
        row["operator"] = _operator(by_name)
        row["latitude"], row["longitude"] = _first(by_name, ("latitude",)), _first(by_name, ("longitude",))
    if table in ("sites", "firms"):
        parts = [_first(by_name, (name,)) for name in _ADDRESS]
        row["address"] = ", ".join(part for part in parts if part) or None
        row["country"] = _first(by_name, ("countryCode",))
    row["attributes"] = json_text({name: _plain(values) for name, values in sorted(attributes.items())})
    row["children"] = json_text(known["children"]) if known["children"] else None
    return row


def _short(name: str) -> str:
    """The name of an attribute without its vocabulary.

    ``urn:epcglobal:cbv:mda#name``, ``...:mda:name``, ``cbvmda:name`` and ``.../mda/name`` are all ``name``.
    """
    for mark in "#:/":
        name = name.rpartition(mark)[2] or name
    return name


def _first(by_name: Mapping[str, list[Any]], names: Iterable[str]) -> str | None:
    for name in names:
        for value in by_name.get(name, ()):
            if isinstance(value, str) and value.strip():
                return value.strip()
    return None


def _operator(by_name: Mapping[str, list[Any]]) -> str | None:
    owner = _first(by_name, ("owning_party",))
    return canonical_id("Firm", owner) if owner else None


def _plain(values: list[Any]) -> Any:
    distinct = [value for place, value in enumerate(values) if value not in values[:place]]
    return distinct[0] if len(distinct) == 1 else distinct
