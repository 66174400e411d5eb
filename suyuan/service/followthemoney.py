"""FollowTheMoney entities of the graph, one JSON object a line; see ``docs/user/followthemoney.md``."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from suyuan.graph.followthemoney import (
    BY_KIND,
    CONTACTS,
    COUNTERPARTS,
    KEPT,
    SCHEMA_OF_ROLE,
    TIES,
    Counterpart,
    entity_id,
)
from suyuan.graph.ids import canonical_id
from suyuan.graph.projection import plain_value
from suyuan.graph.selection import Selection
from suyuan.graph.store.base import View
from suyuan.graph.tables import TABLES
from suyuan.service.whole_files import replacing

Row = Mapping[str, Any]
Properties = dict[str, list[str]]

_LEGAL: Final = ("Firm", "Person", "RightsHolder")
"""Kinds that become a LegalEntity or one of its descendants."""

_CREDIT_CODE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")


def write_entities(view: View, path: Path, selection: Selection) -> dict[str, int]:
    """Writes every selected record that has a counterpart, and counts entities by schema.

    The file appears whole or not at all.
    """
    export = _Export(view, selection)
    counts: dict[str, int] = defaultdict(int)
    with replacing(path) as file:
        for entity in export.entities():
            counts[entity["schema"]] += 1
            file.write(json.dumps(entity, ensure_ascii=False) + "\n")
    return dict(counts)


class _Export:
    """What has to be known of other tables to write an entity."""

    def __init__(self, view: View, selection: Selection) -> None:
        self._view = view
        self._selection = selection
        self._kinds = selection.kinds
        self._contacts: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self._made: set[str] = set()
        self._ids = {
            row["id"]: own for table in ("firms", "persons", "sellers") for row, own in self._foreign(table)
        }
        self._holders = {
            row["right_id"]: row["holder_id"] for row in self._every("rights", "right_id", "holder_id")
        }

    def _foreign(self, table: str) -> Iterator[tuple[Row, str]]:
        """Records that came as entities of somebody else, with the ids that these had."""
        for row in self._every(table, "extra"):
            if row["extra"] and f"{KEPT}id" in row["extra"]:
                yield row, json.loads(row["extra"])[f"{KEPT}id"][0]

    def _id(self, canonical: str) -> str:
        return self._ids.get(canonical) or entity_id(canonical)

    def _made_entity(self, schema: str, canonical: str, properties: Properties) -> dict[str, Any]:
        return {"id": self._id(canonical), "schema": schema, "properties": properties}

    def _every(self, table: str, *columns: str) -> Iterator[Row]:
        for batch in self._view.batches(table, columns):
            yield from batch.to_pylist()

    def _rows(self, table: str) -> Iterator[Row]:
        for batch in self._selection.batches(self._view, TABLES[table]):
            yield from batch.to_pylist()

    def _wants(self, canonical: str | None) -> bool:
        kind = (canonical or "").partition(":")[0]
        return kind in BY_KIND and (not self._kinds or kind in self._kinds)

    def entities(self) -> Iterator[dict[str, Any]]:
        """All entities, those of one table together."""
        yield from self._identifiers()
        for counterpart in COUNTERPARTS:
            if self._kinds and counterpart.kind not in self._kinds:
                continue
            for row in self._rows(counterpart.table):
                yield from self._entity(counterpart, row)
        for row in self._rows("ownerships"):
            yield from self._tie(row)

    def _entity(self, counterpart: Counterpart, row: Row) -> Iterator[dict[str, Any]]:
        if counterpart.kind == "Finding" and not self._is_sanction(row):
            return
        properties = _properties(counterpart, row)
        for column, name in counterpart.references.items():
            if row[column] is not None:
                found = row[column] if column == "subject" else canonical_id("Firm", row[column])
                properties[name] = [self._id(found)]
        for name, value in self._contacts.get(row["id"], ()):
            properties.setdefault(name, []).append(value)
        if counterpart.kind == "Firm" and _is_credit_code(row):
            properties["uscCode"] = [row["firm_id"]]
        if counterpart.kind == "Licence":
            yield from self._award(row, properties)
        kept = _kept(row)
        yield self._made_entity(
            kept.pop("schema", [counterpart.schema])[0], row["id"], {**properties, **kept}
        )

    def _is_sanction(self, row: Row) -> bool:
        return row["outcome"] != "not_infringing" and self._wants(row["subject"])

    def _award(self, row: Row, properties: Properties) -> Iterator[dict[str, Any]]:
        holder = self._holders.get(row["right_id"])
        if holder is not None:
            properties["authority"] = [self._id(canonical_id("RightsHolder", holder))]
        if row["licensee"] is not None and row["licensee"].partition(":")[0] in _LEGAL:
            award = {"supplier": [self._id(row["licensee"])], "contract": [self._id(row["id"])]}
            yield self._made_entity(
                "ContractAward", f"award:{row['id']}", {**award, **_span("licences", row, "valid")}
            )

    def _tie(self, row: Row) -> Iterator[dict[str, Any]]:
        if not (self._wants(row["owner"]) and self._wants(row["owned"])):
            return
        schema = SCHEMA_OF_ROLE.get(row["role"], "Ownership")
        source, target, _ = TIES[schema]
        properties = {source: [self._id(row["owner"])], target: [self._id(row["owned"])]}
        if row["role"] is not None:
            properties["role"] = [row["role"]]
        if row["share"] is not None and schema == "Ownership":
            percentage = Decimal(repr(row["share"])) * 100
            properties["percentage"] = [f"{percentage.normalize():f}"]
        yield self._made_entity(schema, row["id"], {**properties, **_span("ownerships", row), **_kept(row)})

    def _identifiers(self) -> Iterator[dict[str, Any]]:
        """Entities for what has no property at its owner; the rest is remembered."""
        for row in self._rows("identifiers"):
            kind = row["owner"].partition(":")[0]
            if not self._wants(row["owner"]) or kind not in (*_LEGAL, "Seller"):
                continue
            name = CONTACTS.get(row["type"])
            if name is not None and not (name == "website" and kind == "Seller"):
                value = f"https://{row['value']}" if name == "website" else row["value"]
                self._contacts[row["owner"]].append((name, value))
                continue
            node = canonical_id("Identifier", row["type"], row["value"])
            if row["type"] == "address":
                self._contacts[row["owner"]].append(("addressEntity", self._id(node)))
                yield from self._once("Address", node, {"full": [row["value"]]})
            elif row["type"] == "bank_account" and kind in _LEGAL:
                yield from self._once("BankAccount", node, {"accountNumber": [row["value"]]})
                ends = {"owner": [self._id(row["owner"])], "asset": [self._id(node)]}
                yield self._made_entity("Ownership", row["id"], {**ends, **_observed(row)})
            elif row["type"] == "id_card" and kind in _LEGAL:
                held = {"holder": [self._id(row["owner"])], "number": [row["value"]], "type": ["id_card"]}
                yield self._made_entity("Identification", row["id"], {**held, **_observed(row)})

    def _once(self, schema: str, canonical: str, properties: Properties) -> Iterator[dict[str, Any]]:
        if canonical not in self._made:
            self._made.add(canonical)
            yield self._made_entity(schema, canonical, properties)


def _properties(counterpart: Counterpart, row: Row) -> Properties:
    found: Properties = {}
    for name, property_ in counterpart.columns.items():
        column = TABLES[counterpart.table].column(name)
        value = plain_value(column, row)
        if value is None or value == []:
            continue
        if column.type == "time":
            value = _date(value)
        elif name == "country":
            value = value.lower()
        found[property_] = value if isinstance(value, list) else [str(value)]
    return found


def _date(text: str) -> str:
    """A time in the format's own spelling: UTC without saying so, to the second."""
    return text.removesuffix("Z").partition(".")[0]


def _span(table: str, row: Row, prefix: str = "") -> Properties:
    columns = TABLES[table].by_name
    names = (f"{prefix}_from", f"{prefix}_to") if prefix else ("from", "to")
    values = (
        (name, plain_value(columns[column], row))
        for name, column in zip(("startDate", "endDate"), names, strict=True)
    )
    return {name: [_date(value)] for name, value in values if value is not None}


def _observed(row: Row) -> Properties:
    found: Properties = {}
    seen = plain_value(TABLES["identifiers"].column("observed_at"), row)
    if seen is not None:
        found["date"] = [_date(seen)]
    if row["source"] is not None:
        found["publisher"] = [row["source"]]
    return found


def _kept(row: Row) -> Properties:
    """Properties that came with an entity and that no column holds; they go out as they came."""
    extra: dict[str, Any] = json.loads(row["extra"]) if row["extra"] else {}
    kept = {name.removeprefix(KEPT): value for name, value in extra.items() if name.startswith(KEPT)}
    kept.pop("id", None)
    return {name: value if isinstance(value, list) else [str(value)] for name, value in kept.items()}


def _is_credit_code(row: Row) -> bool:
    return row["country"] in (None, "CN") and _CREDIT_CODE.fullmatch(row["firm_id"]) is not None
