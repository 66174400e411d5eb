"""Times as people give them on a command line or in a query."""

import re
from calendar import monthrange
from datetime import UTC, datetime
from typing import Final

from suyuan.errors import ParameterError

_PERIOD: Final = re.compile(r"(\d{4})(?:-(\d{2}))?")


def microseconds(name: str, text: str | None) -> int | None:
    """Microseconds UTC of an ISO 8601 time; a day, month or year alone is its end.

    ``--as-of 2025-03-02`` holds the day, ``2025-03`` the month, ``2025`` the year.

    Raises
    ------
    ParameterError
        The text is no time.

    Examples
    --------
    >>> microseconds("as_of", "1970-01-01T00:00:01Z")
    1000000
    >>> microseconds("as_of", "1970-01-01")
    86399999999
    >>> microseconds("as_of", "1970") == microseconds("as_of", "1970-12-31")
    True
    """
    if text is None:
        return None
    given = text.strip()
    try:
        moment = datetime.fromisoformat(_last_day(given))
    except ValueError as error:
        allowed = "an ISO 8601 time such as 2025-03-02T10:00:00Z, a date, a month (2025-03) or a year"
        raise ParameterError(name, text, allowed) from error
    if len(given) <= len("2025-03-02"):
        moment = moment.replace(hour=23, minute=59, second=59, microsecond=999_999)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def _last_day(text: str) -> str:
    """The last day of a month or year; any other text as it is."""
    period = _PERIOD.fullmatch(text)
    if period is None:
        return text
    year, month = int(period[1]), int(period[2] or 12)
    if not (year and 1 <= month <= 12):
        raise ValueError(text)
    return f"{year:04}-{month:02}-{monthrange(year, month)[1]}"
