"""Canonical ids: ``Kind:key``, the key columns joined by ``:``.

``%`` becomes ``%25``; control characters and spaces are percent-encoded (UTF-8); in every key column but the
last ``:`` becomes ``%3A``. Nothing else is changed, so colons of a URN, ``/``, ``#`` and Han characters stay.
Text is in Unicode normal form C.
"""

import re
import unicodedata
from functools import cache
from urllib.parse import unquote

from suyuan.errors import RecordError, UnknownKindError
from suyuan.graph.model import NODE_KINDS

_RESERVED = re.compile(r"[%\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
_URN_SCHEMES = ("urn:", "http:", "https:")


def escape_key(part: str, *, last: bool) -> str:
    """One key column as it stands in a canonical id.

    Examples
    --------
    >>> escape_key("a:b c", last=False)
    'a%3Ab%20c'
    >>> escape_key("urn:epc:id:sgln:1.2", last=True)
    'urn:epc:id:sgln:1.2'
    """
    text = unicodedata.normalize("NFC", part)
    if _RESERVED.search(text):
        text = _RESERVED.sub(_percent, text)
    return text if last else text.replace(":", "%3A")


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match.group().encode("utf-8"))


def canonical_id(kind: str, *key: str) -> str:
    """The canonical id of a node of ``kind`` with these key columns.

    A lot without product whose own code is a URN is that URN.

    Examples
    --------
    >>> canonical_id("Listing", "shop", "L000001")
    'Listing:shop:L000001'
    >>> canonical_id("Lot", "", "001")
    'Lot::001'
    >>> canonical_id("Lot", "", "urn:epc:id:sgtin:1.2.3")
    'Lot:urn:epc:id:sgtin:1.2.3'
    """
    if kind == "Lot" and len(key) == 2 and not key[0] and key[1].startswith(_URN_SCHEMES):
        key = key[1:]
    last = len(key) - 1
    return ":".join((kind, *(escape_key(part, last=i == last) for i, part in enumerate(key))))


def split_id(node_id: str) -> tuple[str, tuple[str, ...]]:
    """Kind (in its canonical spelling) and key columns of a canonical id.

    Raises
    ------
    UnknownKindError
        The part before the first colon names no kind.
    RecordError
        The key has fewer columns than the kind wants.

    Examples
    --------
    >>> split_id("listing:shop:L1")
    ('Listing', ('shop', 'L1'))
    >>> split_id("Lot:urn:epc:id:sgtin:1.2.3")
    ('Lot', ('urn:epc:id:sgtin:1.2.3',))
    """
    name, _, rest = node_id.strip().partition(":")
    kind = kind_named(name)
    columns = len(NODE_KINDS[kind].key)
    if kind == "Lot" and rest.startswith(_URN_SCHEMES):
        columns = 1
    parts = rest.split(":", columns - 1)
    if not rest or len(parts) < columns:
        wanted = ":".join(f"<{column}>" for column in NODE_KINDS[kind].key)
        raise RecordError(f"{node_id!r} is not an id of a {kind}; expected {kind}:{wanted}", source="id")
    return kind, tuple(unquote(part) for part in parts)


def normal_id(node_id: str) -> str:
    """The one canonical spelling of an id given by a person or a file.

    Examples
    --------
    >>> normal_id(" firm:91330782MA2DEM017W ")
    'Firm:91330782MA2DEM017W'
    """
    kind, key = split_id(node_id)
    return canonical_id(kind, *key)


def kind_named(name: str) -> str:
    """The node kind spelt ``name`` in any case.

    Raises
    ------
    UnknownKindError
    """
    kind = _kinds_by_folded_name().get(name.casefold())
    if kind is None:
        raise UnknownKindError(name, sorted(NODE_KINDS))
    return kind


@cache
def _kinds_by_folded_name() -> dict[str, str]:
    return {kind.casefold(): kind for kind in NODE_KINDS}
