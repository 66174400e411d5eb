"""Files that ask for events (EPCIS 2.0, section 8.2.7.1): looked at only to say what they are, or what is wrong."""

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from suyuan.errors import IngestError
from suyuan.ingest.epcis.jsontext import JsonText
from suyuan.ingest.epcis.model import list_of
from suyuan.ingest.epcis.validation import is_time
from suyuan.ingest.epcis.xmlnodes import Node, XmlDocument
from suyuan.ingest.sources import InputFile, open_bytes

_NAMES_TEXT = (
    "@context eventType orderBy orderDirection eventCountLimit maxEventCount perPage nextPageToken GE_eventTime "
    "LT_eventTime GE_recordTime LT_recordTime EQ_action EQ_bizStep EQ_disposition EQ_persistentDisposition_set "
    "EQ_persistentDisposition_unset EQ_readPoint WD_readPoint EQ_bizLocation WD_bizLocation EQ_transformationID "
    "MATCH_epc MATCH_parentID MATCH_inputEPC MATCH_outputEPC MATCH_anyEPC MATCH_epcClass MATCH_inputEPCClass "
    "MATCH_outputEPCClass MATCH_anyEPCClass EQ_quantity GT_quantity GE_quantity LT_quantity LE_quantity EQ_eventID "
    "EXISTS_errorDeclaration GE_errorDeclaration_Time LT_errorDeclaration_Time EQ_errorReason "
    "EQ_correctiveEventID EQ_requestingUser"
)
_NAMES = frozenset(_NAMES_TEXT.split())
_FAMILIES = re.compile(
    r"EQ_bizTransaction_.+|EQ_source_.+|EQ_destination_.+|(?:EQ|GT|GE|LT|LE|EXISTS)_(?:INNER_)?(?:ILMD_)?[^_]*[:#].+"
    r"|(?:EQ|GT|GE|LT|LE|EXISTS)_(?:INNER_)?(?:SENSORELEMENT|SENSORMETADATA|SENSORREPORT|ERROR_DECLARATION|ILMD).*"
    r"|(?:EQ|GT|GE|LT|LE)_(?:type|deviceID|dataProcessingMethod|bizRules|microorganism|chemicalSubstance|value"
    r"|stringValue|booleanValue|hexBinaryValue|uriValue|minValue|maxValue|meanValue|sDev|percRank|percValue|startTime"
    r"|endTime|time)(?:_.+)?|HASATTR_.+|EQATTR_.+"
)
_CHOICES = {"EQ_action": ("ADD", "OBSERVE", "DELETE"), "orderDirection": ("ASC", "DESC")}


def check_query(file: InputFile) -> None:
    """Refuses a file that asks for events in a way the standard does not know.

    Raises
    ------
    IngestError
        Names the parameter.
    """
    for name, value in _parameters(file):
        if name not in _NAMES and not _FAMILIES.fullmatch(name):
            _fail(file, name, "is no parameter of a simple event query")
        if name.endswith("Time") and not all(is_time(entry) for entry in list_of(value)):
            _fail(file, name, f"{json.dumps(value)} is no time with an offset")
        for entry in list_of(value) if name in _CHOICES else ():
            if entry not in _CHOICES[name]:
                _fail(file, name, f"{entry!r} is not possible; expected {', '.join(_CHOICES[name])}")


def _fail(file: InputFile, field: str, what: str) -> NoReturn:
    raise IngestError(f"{what}.", source=file.name, field=field)


def _parameters(file: InputFile) -> Iterator[tuple[str, Any]]:
    with open_bytes(file) as stream:
        if stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
            yield from _xml_parameters(file)
            return
    with open_bytes(file) as stream:
        text = JsonText(stream, file.name)
        for name in text.members():
            yield name, text.value()
        text.end()


def _xml_parameters(file: InputFile) -> Iterator[tuple[str, Any]]:
    with open_bytes(file) as stream:
        document = XmlDocument(stream, file.name)
        for _ in document.records():
            pass
    body = document.root.child("EPCISBody") if document.root else None
    for call in body.children if body else ():
        if call.name in ("Poll", "Subscribe") and call.child("queryName") is None:
            _fail(file, "queryName", "is missing")
        parameters = call.child("params")
        for parameter in parameters.children if parameters else ():
            yield _parameter(parameter, file)


def _parameter(node: Node, file: InputFile) -> tuple[str, Any]:
    name, value = node.child("name"), node.child("value")
    if name is None:
        _fail(file, "param.name", f"is missing (line {node.line})")
    if value is None:
        _fail(file, f"{name.text}.value", f"is missing (line {node.line})")
    return name.text, [child.text for child in value.children] or value.text
