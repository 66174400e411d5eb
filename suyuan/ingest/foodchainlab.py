"""FoodChain-Lab networks (JSON): stations, deliveries and the relations between deliveries.

A station becomes a site, a delivery a shipment, a relation a continuation; a station or delivery with an
outbreak weight becomes a lead about it. What the format knows beyond that is kept as extra properties
under its own name, business types among them: they never make a site a factory. The weight and the
cross-contamination and kill switches are kept with the station or delivery they belong to.

*Lots.* The product of a delivery is its product name, its lot the number on the label (``Lot Number``);
only where that is not told, ``Lot ID`` stands in. The reason: goods that are passed on keep name and
number, so that a lot is one node along its way, while an internal ``Lot ID`` differs at every station.

*Dates.* ``dd.mm.yyyy``, ``yyyy-mm-dd``, ``yyyy-mm`` and ``yyyy`` are read, each at its own precision.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from suyuan.errors import IngestError
from suyuan.ingest.natives import text_of, values_as_array
from suyuan.ingest.sources import InputFile, open_bytes
from suyuan.ingest.tabular import RawBatch

Row = dict[str, Any]

_LONGEST_BYTES = 512 << 20
_GERMAN_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_GERMAN_MONTH = re.compile(r"(\d{1,2})[./](\d{4})")
_AMOUNT = re.compile(r"\s*(\d+(?:[.,]\d+)?)\s*(.*)", re.DOTALL)
_SWITCHES = ("weight", "crossContamination", "killContamination", "observed")

_SITE_COLUMNS = {
    "name": ("Name",),
    "address": ("Address",),
    "country": ("ISO", "Country"),
    "latitude": ("Latitude", "GeocodingLatitude", "_Latitude", "lat"),
    "longitude": ("Longitude", "GeocodingLongitude", "_Longitude", "lon", "lng"),
}
_SHIPMENT_COLUMNS = {
    "from_site": ("from",),
    "to_site": ("to",),
    "product_id": ("Name",),
    "lot_id": ("Lot Number", "Lot ID"),
}
_DEPARTED = ("Date Delivery", "Delivery Date", "Date Departure")
_ARRIVED = ("Date Delivery Arrival", "Date Arrival")
_QUANTITY = ("_Lieferungen.Delivery_Amount", "Delivery_Amount")
_UNIT = ("_Lieferungen.Delivery_Unit", "Delivery_Unit")


@dataclass(frozen=True, slots=True)
class Network:
    """The tables of a network, by name, in the columns of the exchange format."""

    tables: Mapping[str, RawBatch]
    ignored_samples: int = 0


def is_network(file: InputFile) -> bool:
    """Whether a JSON file looks like a network of this format, judged by its first part."""
    with open_bytes(file) as stream:
        head = stream.read(1 << 16)
    return re.search(rb'"(?:stations|deliveries|deliveryRelations)"\s*:', head) is not None


def read_network(file: InputFile) -> Network:
    """Reads a network, with or without byte order mark.

    Raises
    ------
    IngestError
        The file is no JSON, or not of this format.
    """
    document = _document(file)
    data = document.get("data")
    if not isinstance(data, dict) or not all(name in data for name in ("stations", "deliveries")):
        raise IngestError(
            "is no FoodChain-Lab network: expected `data` with `stations` and `deliveries`.",
            source=file.name,
        )
    tracing = document.get("tracing") or {}
    stations = _rows(data, "stations", file)
    deliveries = _rows(data, "deliveries", file)
    relations = _rows(data, "deliveryRelations", file)
    of_stations = _switches(tracing, "nodes")
    of_deliveries = _switches(tracing, "deliveries")
    tables = {
        "sites": _batch([_site(row, of_stations) for row in stations]),
        "shipments": _batch([_shipment(row, of_deliveries) for row in deliveries]),
        "continuations": _batch([_relation(row) for row in relations]),
    }
    leads = [*_leads("Site", of_stations), *_leads("Shipment", of_deliveries)]
    if leads:
        tables["leads"] = _batch(leads)
    samples = document.get("samples")
    return Network(tables, len(samples) if isinstance(samples, list) else 0)


def _document(file: InputFile) -> dict[str, Any]:
    if file.size > _LONGEST_BYTES:
        raise IngestError(f"is larger than {_LONGEST_BYTES >> 20} MB.", source=file.name)
    with open_bytes(file) as stream:
        content = stream.read()
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise IngestError(f"is no JSON ({error}). Was it cut off?", source=file.name) from error
    if not isinstance(document, dict):
        raise IngestError("is no FoodChain-Lab network: expected a JSON object.", source=file.name)
    return cast(dict[str, Any], document)


def _rows(data: Mapping[str, Any], name: str, file: InputFile) -> list[Row]:
    """The rows of one table: lists of cells `{"id": ..., "value": ...}`."""
    table = data.get(name) or {}
    try:
        return [{cell["id"]: cell["value"] for cell in row} for row in table.get("data") or []]
    except (TypeError, KeyError, AttributeError) as error:
        raise IngestError(
            f'{name}: expected rows of cells such as {{"id": "ID", "value": "S1"}}.', source=file.name
        ) from error


def _switches(tracing: object, name: str) -> dict[str, Row]:
    """Weights and switches that are set, by id."""
    entries = cast(dict[str, Any], tracing).get(name) if isinstance(tracing, dict) else None
    found: dict[str, Row] = {}
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and "id" in entry:
            found[text_of(entry["id"])] = {key: entry[key] for key in _SWITCHES if entry.get(key)}
    return found


def _first(row: Row, names: Sequence[str]) -> Any:
    return next((row.pop(name) for name in names if row.get(name) not in (None, "")), None)


def _taken(row: Row, columns: Mapping[str, Sequence[str]]) -> Row:
    return {target: _first(row, names) for target, names in columns.items()}


def _site(row: Row, switches: Mapping[str, Row]) -> Row:
    row = dict(row)
    key = row.pop("ID", None)
    taken = {"site_id": key, **_taken(row, _SITE_COLUMNS)}
    return {**_others(row), **taken, **switches.get(text_of(key), {})}


def _shipment(row: Row, switches: Mapping[str, Row]) -> Row:
    row = dict(row)
    key = row.pop("ID", None)
    taken = {"shipment_id": key, **_taken(row, _SHIPMENT_COLUMNS)}
    taken["declared_goods"] = taken["product_id"]
    taken["departed_at"] = _date(_first(row, _DEPARTED))
    taken["arrived_at"] = _date(_first(row, _ARRIVED))
    taken["quantity"], taken["unit"] = _amount(row)
    return {**_others(row), **taken, **switches.get(text_of(key), {})}


def _others(row: Row) -> Row:
    """What is left, without names that mean something else here."""
    return {f"{name} (source)" if name in _SWITCHES else name: value for name, value in row.items()}


def _relation(row: Row) -> Row:
    row = dict(row)
    return {"from_shipment": row.pop("from", None), "to_shipment": row.pop("to", None), **row}


def _date(value: object) -> object:
    """A date in the order year, month, day."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if day := _GERMAN_DATE.fullmatch(text):
        return f"{day[3]}-{int(day[2]):02d}-{int(day[1]):02d}"
    if month := _GERMAN_MONTH.fullmatch(text):
        return f"{month[2]}-{int(month[1]):02d}"
    return text


def _amount(row: Row) -> tuple[object, object]:
    """Quantity and unit: from their own columns, otherwise out of a text such as `200 Pieces`."""
    quantity, unit = _first(row, _QUANTITY), _first(row, _UNIT)
    if quantity is not None:
        return quantity, unit
    amount = row.get("Amount")
    match = _AMOUNT.fullmatch(text_of(amount)) if amount is not None else None
    if match is None:
        return None, None
    del row["Amount"]
    return match[1].replace(",", "."), match[2] or None


def _leads(kind: str, switches: Mapping[str, Row]) -> Iterator[Row]:
    for key, set_values in switches.items():
        weight = set_values.get("weight")
        if weight:
            yield {
                "lead_id": f"FCL-{kind}-{key}",
                "subject": f"{kind}:{key}",
                "text": f"Outbreak weight {text_of(weight)}",
                "state": "uploaded",
                "weight": weight,
            }


def _batch(rows: list[Row]) -> RawBatch:
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: values_as_array([row.get(name) for row in rows]) for name in names}
    return RawBatch(columns, np.arange(1, len(rows) + 1, dtype=np.int64))
