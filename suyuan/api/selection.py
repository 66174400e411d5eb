"""Which fields of a result are asked for."""

from collections.abc import Iterable, Iterator
from typing import Any

from strawberry.types.nodes import SelectedField

from suyuan.api.nodes import Info


def selects(info: Info, *path: str) -> bool:
    """Whether a field of the result is asked for, by its names from the result down, also by way of fragments.

    A field that ``@skip`` or ``@include`` leaves out counts as asked for.
    """
    found: list[Any] = list(info.selected_fields)
    for name in path:
        found = [field for field in _fields(found) if field.name == name]
    return bool(found)


def _fields(parents: Iterable[Any]) -> Iterator[SelectedField]:
    waiting: list[Any] = [inner for parent in parents for inner in parent.selections]
    while waiting:
        one = waiting.pop()
        if isinstance(one, SelectedField):
            yield one
        else:
            waiting += one.selections
