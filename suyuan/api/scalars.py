"""Scalars of the API: times as people write them, and whole columns of values as one leaf."""

from typing import Any, Final, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from suyuan.service.times import microseconds

DateTime = NewType("DateTime", str)
IntColumn = NewType("IntColumn", list[int])
FloatColumn = NewType("FloatColumn", list[float])
IdColumn = NewType("IdColumn", list[str])


def _time(value: object) -> DateTime:
    text = str(value)
    microseconds("DateTime", text)
    return DateTime(text)


def _refused(value: object) -> Any:
    raise ValueError(f"columns are given, never taken (found {str(value)[:40]!r})")


def _column(name: str, of: str) -> ScalarDefinition:
    return strawberry.scalar(
        name=name,
        description=f"A list of {of} as one value; entry `i` of every column of a table is row `i`.",
        serialize=list[Any],
        parse_value=_refused,
    )


SCALARS: Final[dict[object, ScalarDefinition]] = {
    DateTime: strawberry.scalar(
        name="DateTime",
        description="A time in ISO 8601, such as `2025-03-02T10:00:00Z`; UTC where no offset is given. "
        "A day, month (`2025-03`) or year alone is its end.",
        serialize=str,
        parse_value=_time,
    ),
    IntColumn: _column("IntColumn", "whole numbers"),
    FloatColumn: _column("FloatColumn", "numbers"),
    IdColumn: _column("IdColumn", "canonical ids"),
}
"""What the schema's ``scalar_map`` is told."""
