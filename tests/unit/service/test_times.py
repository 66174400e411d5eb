import pytest

from suyuan.errors import ParameterError
from suyuan.service.times import microseconds

DAY = 86_400_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T08:00:00+08:00", 0),
        ("1970-01-02", 2 * DAY - 1),
        (" 1970-01-01T00:00:00.000001 ", 1),
        ("1970", 365 * DAY - 1),
        ("1970-02", 59 * DAY - 1),
        ("1972-02", (2 * 365 + 60) * DAY - 1),
        ("1969-12-31T23:59:59.999999Z", -1),
    ],
)
def test_times_as_people_give_them(text: str | None, expected: int | None) -> None:
    assert microseconds("as_of", text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2025-13-01", "2025-02-30", "2025-00", "0000", "202", "9" * 5000, "2025-03-02T25:00"],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ParameterError) as refused:
        microseconds("as_of", text)
    assert refused.value.name == "as_of"
