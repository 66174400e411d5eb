"""Times as people give them."""

import pytest

from suyuan.errors import ParameterError
from suyuan.service.times import microseconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("1970-01-01T00:00:01Z", 1_000_000),
        ("1970-01-01T08:00:01+08:00", 1_000_000),
        ("1970-01-01T00:00:00.000001", 1),
        ("1970-01-01", 86_399_999_999),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
        ("9999-12-31", 253_402_300_799_999_999),
    ],
)
def test_times(text: str | None, expected: int | None) -> None:
    assert microseconds("as_of", text) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "2025-13-01", "2025-02-30", "1e9"])
def test_what_is_no_time_is_named(text: str) -> None:
    with pytest.raises(ParameterError) as error:
        microseconds("known_at", text)
    assert (error.value.name, error.value.value) == ("known_at", text)
