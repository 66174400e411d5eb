"""Which fields of an answer a request selects: what it does not select need not be worked out."""

from collections.abc import Iterable
from typing import Any

from strawberry.types.nodes import SelectedField, Selection


def selects(selected: Iterable[Selection], *path: str) -> bool:
    """Whether a field below the one that is resolved is asked for.

    Parameters
    ----------
    selected : the field that is resolved, as ``info.selected_fields`` tells it
    path : names of fields as the schema has them, the last one that of the field; aliases do not matter

    Notes
    -----
    Fields within fragments count whatever type these are for; those that ``@skip`` or ``@include`` leave out do not.
    """
    for name in path:
        selected = [field for field in _below(selected) if field.name == name]
    return bool(selected)


def _below(fields: Iterable[Selection]) -> Iterable[SelectedField]:
    """Fields within some, those of fragments among them."""
    waiting = [selection for field in fields for selection in field.selections]
    while waiting:
        selection = waiting.pop()
        if _left_out(selection.directives):
            continue
        if isinstance(selection, SelectedField):
            yield selection
        else:
            waiting += selection.selections


def _left_out(directives: dict[str, Any]) -> bool:
    skip, include = directives.get("skip"), directives.get("include")
    return bool(skip and skip["if"]) or bool(include and not include["if"])
