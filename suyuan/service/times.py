"""Times as people give them on a command line or in a query."""

from datetime import UTC, datetime

from suyuan.errors import ParameterError


def microseconds(name: str, text: str | None) -> int | None:
    """Microseconds UTC of an ISO 8601 time; a date alone is its end: ``--as-of 2025-03-02`` holds the day.

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
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ParameterError(name, text, "an ISO 8601 time such as 2025-03-02T10:00:00Z or a date") from error
    if len(text.strip()) <= len("2025-03-02"):
        moment = moment.replace(hour=23, minute=59, second=59, microsecond=999_999)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds
