"""What an event has to say to be one: fields, their forms and words (EPCIS 2.0, sections 7.3, 7.4 and 10.2).

A document with an event that breaks the standard is refused whole, naming the event and the field: half of such
a document would look like all of it.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, NoReturn

from suyuan.errors import IngestError
from suyuan.ingest.epcis.model import (
    EPC_LISTS,
    EVENT_TYPES,
    PAIR_LISTS,
    QUANTITY_LISTS,
    EventPiece,
    Json,
    list_of,
)
from suyuan.ingest.epcis.vocabulary import DISPOSITIONS, OF_FIELD, TYPE_OF, WordList

_ACTIONS = ("ADD", "OBSERVE", "DELETE")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_SHORT_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?:Z|[+-]\d\d:\d\d)")
"""Without seconds: no xsd:dateTimeStamp, but met in error declarations and beyond doubt."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:T.*)?")
_OFFSET = re.compile(r"[+-](?:0\d|1[0-4]):[0-5]\d")
_NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?\s*")
_FIELDS_TEXT = (
    "type eventTime recordTime eventTimeZoneOffset eventID errorDeclaration certificationInfo action bizStep "
    "disposition persistentDisposition readPoint bizLocation sensorElementList ilmd parentID transformationID"
)
_FIELDS = frozenset(_FIELDS_TEXT.split()).union(EPC_LISTS, QUANTITY_LISTS, PAIR_LISTS)
_REPORT_NUMBERS = ("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue")


def is_time(text: object) -> bool:
    """Whether a value is a date and time with an offset (EPCIS 2.0, section 7.4.1)."""
    if not isinstance(text, str) or not _TIME.fullmatch(text.strip()):
        return False
    try:
        datetime.fromisoformat(text.strip()[:19])
    except ValueError:
        return False
    return True


def check_event(piece: EventPiece, source: str) -> None:
    """Refuses an event that breaks the standard.

    Raises
    ------
    IngestError
        Names the event by its number and the field.
    """
    _Check(piece, source).everything()


class _Check:
    """The checks of one event."""

    def __init__(self, piece: EventPiece, source: str) -> None:
        self._piece = piece
        self._event = piece.event
        self._source = source

    def everything(self) -> None:
        kind = self._event.get("type")
        if kind not in EVENT_TYPES:
            self._fail("type", f"{kind!r} is no event type; expected one of {', '.join(EVENT_TYPES)}")
        self._names()
        self._times()
        self._action(str(kind))
        self._words("bizStep", OF_FIELD["bizStep"])
        self._words("disposition", OF_FIELD["disposition"])
        for name in EPC_LISTS:
            self._epcs(name)
        for name in QUANTITY_LISTS:
            self._quantities(name)
        for name in PAIR_LISTS:
            self._pairs(name)
        for name in ("readPoint", "bizLocation"):
            self._place(name)
        self._others()
        _OBJECTS[str(kind)](self)

    def _fail(self, field: str, what: str) -> NoReturn:
        line = f" (line {self._piece.line})" if self._piece.line else ""
        raise IngestError(f"{what}{line}.", source=self._source, row=self._piece.number, field=field)

    def _names(self) -> None:
        for name in self._event:
            if name not in _FIELDS and ":" not in name:
                self._fail(name, "is no field of EPCIS; fields of your own need a namespace")
        if self._piece.disordered:
            self._fail("action", "stands before eventTime; expected the order of the schema")

    def _times(self) -> None:
        for name in ("eventTime", "eventTimeZoneOffset"):
            if self._event.get(name) in (None, ""):
                self._fail(name, "is missing")
        for name in ("eventTime", "recordTime"):
            value = self._event.get(name)
            if value not in (None, "") and not is_time(value):
                self._fail(name, f"{value!r} is no time with an offset such as 2025-03-02T10:10:00+08:00")
        offset = self._event["eventTimeZoneOffset"]
        if not isinstance(offset, str) or not _OFFSET.fullmatch(offset.strip()):
            self._fail("eventTimeZoneOffset", f"{offset!r} is no offset such as +08:00")

    def _action(self, kind: str) -> None:
        action = self._event.get("action")
        if action is None and kind == "TransformationEvent":
            return
        if action is None:
            self._fail("action", f"is missing; expected {', '.join(_ACTIONS)}")
        if action not in _ACTIONS:
            self._fail("action", f"{action!r} is no action; expected {', '.join(_ACTIONS)}")

    def _words(self, field: str, words: WordList) -> None:
        value = self._event.get(field)
        if value is not None:
            self._word(field, value, words)

    def _word(self, field: str, value: Any, words: WordList) -> None:
        if not isinstance(value, str) or not words.allows(value.strip()):
            self._fail(field, f"{value!r} is neither a word of the standard vocabulary nor a URI")

    def _epcs(self, name: str) -> None:
        value = self._event.get(name)
        if value is None:
            return
        if not isinstance(value, list) or not all(isinstance(entry, str) and entry for entry in value):
            self._fail(name, "expected a list of identifiers")

    def _quantities(self, name: str) -> None:
        value = self._event.get(name)
        if value is None:
            return
        if not isinstance(value, list):
            self._fail(name, "expected a list of quantities")
        for element in value:
            if not isinstance(element, dict):
                self._fail(name, "expected objects with epcClass, quantity and uom")
            self._quantity(name, element)

    def _quantity(self, name: str, element: Json) -> None:
        if not isinstance(element.get("epcClass"), str) or not element["epcClass"]:
            self._fail(f"{name}.epcClass", "is missing")
        for key, value in element.items():
            if key not in ("epcClass", "quantity", "uom") and ":" not in key:
                self._fail(f"{name}.{key}", "is no field of a quantity")
            if key == "quantity" and not _is_number(value):
                self._fail(f"{name}.quantity", f"{value!r} is no number")

    def _pairs(self, name: str) -> None:
        value = self._event.get(name)
        reference = PAIR_LISTS[name]
        for entry in list_of(value):
            if not isinstance(entry, dict) or not isinstance(entry.get(reference), str):
                self._fail(f"{name}.{reference}", "is missing")
            if "type" in entry:
                self._word(f"{name}.type", entry["type"], TYPE_OF[name])
            elif name != "bizTransactionList":
                self._fail(f"{name}.type", "is missing")

    def _place(self, name: str) -> None:
        value = self._event.get(name)
        if value is None:
            return
        if not isinstance(value, dict) or not isinstance(value.get("id"), str):
            self._fail(f"{name}.id", "is missing")

    def _others(self) -> None:
        ilmd = self._event.get("ilmd")
        for name in ilmd if isinstance(ilmd, dict) else ():
            if ":" not in name and name[:1] not in "@#":
                self._fail(f"ilmd.{name}", "has no namespace; the standard has no field of that name here")
        states = self._event.get("persistentDisposition")
        for key in ("set", "unset"):
            for word in list_of(states.get(key)) if isinstance(states, dict) else ():
                self._word(f"persistentDisposition.{key}", word, DISPOSITIONS)
        self._error()
        self._certificates(self._event.get("certificationInfo"))
        for sensor in list_of(self._event.get("sensorElementList")):
            for report in list_of(sensor.get("sensorReport")) if isinstance(sensor, dict) else ():
                self._report(report)

    def _error(self) -> None:
        error = self._event.get("errorDeclaration")
        if error is None:
            return
        declared = error.get("declarationTime") if isinstance(error, dict) else None
        if not is_time(declared) and not (isinstance(declared, str) and _SHORT_TIME.fullmatch(declared)):
            self._fail("errorDeclaration.declarationTime", "is missing, or no time with an offset")
        if error.get("reason") is not None:
            self._word("errorDeclaration.reason", error["reason"], OF_FIELD["reason"])

    def _certificates(self, value: Any) -> None:
        """Dates inside of certificates; everything else there is free."""
        if isinstance(value, list):
            for entry in value:
                self._certificates(entry)
        elif isinstance(value, dict):
            for name, entry in value.items():
                if name.endswith("Date") and isinstance(entry, str) and not _DATE.fullmatch(entry.strip()):
                    self._fail("certificationInfo", f"{name}: {entry!r} is no date such as 2025-03-02")
                self._certificates(entry)

    def _report(self, report: Any) -> None:
        if not isinstance(report, dict):
            self._fail("sensorElementList.sensorReport", "expected an object")
        for name in _REPORT_NUMBERS:
            if name in report and not _is_number(report[name]):
                self._fail(f"sensorReport.{name}", f"{report[name]!r} is no number")

    def needs_goods(self) -> None:
        """An object event names objects, or tells what a sensor measured."""
        if not any(name in self._event for name in ("epcList", "quantityList", "sensorElementList")):
            self._fail("epcList", "is missing; expected epcList or quantityList")

    def needs_parent(self) -> None:
        """An aggregation or association names its parent; only an observation may leave it out."""
        observed = self._event["type"] == "AggregationEvent" and self._event["action"] == "OBSERVE"
        if not observed and not isinstance(self._event.get("parentID"), str):
            self._fail("parentID", "is missing")

    def needs_transactions(self) -> None:
        """A transaction event names its business transactions."""
        if not list_of(self._event.get("bizTransactionList")):
            self._fail("bizTransactionList", "is missing")

    def needs_both_sides(self) -> None:
        """A transformation names inputs and outputs, unless other events with its id do."""
        if self._event.get("transformationID"):
            return
        for side in ("input", "output"):
            if not any(self._event.get(f"{side}{rest}") for rest in ("EPCList", "QuantityList")):
                self._fail(f"{side}EPCList", f"is missing; expected {side}EPCList or {side}QuantityList")


_OBJECTS: dict[str, Callable[[_Check], None]] = {
    "ObjectEvent": _Check.needs_goods,
    "AggregationEvent": _Check.needs_parent,
    "AssociationEvent": _Check.needs_parent,
    "TransactionEvent": _Check.needs_transactions,
    "TransformationEvent": _Check.needs_both_sides,
}


def _is_number(value: Any) -> bool:
    if isinstance(value, dict):
        # An element without content that is declared to have none (xsi:nil).
        return "#text" not in value
    if isinstance(value, str):
        return not value or _NUMBER.fullmatch(value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)
