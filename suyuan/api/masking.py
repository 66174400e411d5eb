"""What callers without the right to personal data see instead."""

from typing import Any, Final

from suyuan.graph.model import Table

WITHHELD_EDGE_KINDS: Final = frozenset({"HAS"})
WITHHELD_NODE_KINDS: Final = frozenset({"Identifier"})
"""Identifier ids are the phone or account itself, so they are withheld whole, with what leads to them."""


def mask_text(value: str) -> str:
    """The first character and three stars: enough to tell entries of a list apart, not to find the person.

    Examples
    --------
    >>> mask_text("张晓明")
    '张***'
    """
    return value[:1] + "***"


def masked_properties(table: Table | None, properties: dict[str, Any]) -> dict[str, Any]:
    """The properties with every personal one masked."""
    if table is None:
        return properties
    personal = {column.name for column in table.columns if column.personal}
    return {name: mask_text(str(value)) if name in personal else value for name, value in properties.items()}
