"""Which kind of EPCIS file it is, judged by its beginning, and its reading."""

import codecs
import re
from collections.abc import Iterator
from typing import Literal

from suyuan.ingest.epcis.jsondocument import json_pieces
from suyuan.ingest.epcis.model import EVENT_TYPES, EventPiece, VocabularyPiece
from suyuan.ingest.epcis.xmldocument import xml_pieces
from suyuan.ingest.sources import InputFile, open_bytes

DocumentClass = Literal["document", "query", "capture job"]
"""``document`` holds events or master data; the others are said to be what they are and not read."""

SUFFIXES = (".json", ".jsonld", ".xml")

_HEAD = 1 << 20
_EVENTS = "|".join(EVENT_TYPES)
_ROOT = re.compile(r"<(?:[\w.\-]+:)?([A-Za-z_][\w.\-]*)(?=[\s>/])")
_QUERY_CALL = re.compile(
    r"<(?:[\w.\-]+:)?(?:Poll|Subscribe|Unsubscribe|GetQueryNames|GetSubscriptionIDs)[\s>/]"
)
_DOCUMENT = re.compile(rf'"(?:epcisBody|epcisHeader)"\s*:|"type"\s*:\s*"(?:EPCIS\w*Document|{_EVENTS})"')
_JOB = re.compile(r'"captureI[dD]"\s*:')
_PARAMETER = re.compile(
    r'"(?:eventType|(?:EQ|GE|GT|LT|LE|MATCH|EXISTS|HASATTR|EQATTR|WD)_[^"]+|orderBy)"\s*:'
)


def document_class(file: InputFile) -> DocumentClass | None:
    """What kind of EPCIS file a file is; None if it is none."""
    if file.suffix not in SUFFIXES:
        return None
    with open_bytes(file) as stream:
        head = stream.read(_HEAD)
    text = _decoded(head)
    start = text.lstrip()[:1]
    if start == "<":
        return _xml_class(text)
    return _json_class(text) if start == "{" else None


def _decoded(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head.decode("utf-16", "ignore")
    return head.decode("utf-8-sig", "ignore")


def _xml_class(text: str) -> DocumentClass | None:
    body = re.sub(r"<!--.*?-->", "", text, count=20, flags=re.DOTALL)
    root = _ROOT.search(body)
    if root is None:
        return None
    if root[1] == "EPCISCaptureJob":
        return "capture job"
    if root[1] == "EPCISQueryDocument" and _QUERY_CALL.search(body):
        return "query"
    known = root[1] in ("EPCISDocument", "EPCISQueryDocument", "EPCISMasterDataDocument", *EVENT_TYPES)
    return "document" if known else None


def _json_class(text: str) -> DocumentClass | None:
    if _DOCUMENT.search(text):
        return "document"
    if _JOB.search(text):
        return "capture job"
    return "query" if _PARAMETER.search(text) else None


def read_pieces(file: InputFile) -> Iterator[EventPiece | VocabularyPiece]:
    """The events and vocabulary elements of a document, one by one.

    Raises
    ------
    IngestError
        The file is damaged or no EPCIS document.
    """
    with open_bytes(file) as stream:
        start = _decoded(stream.read(_HEAD)).lstrip()[:1]
    return xml_pieces(file) if start == "<" else json_pieces(file)
