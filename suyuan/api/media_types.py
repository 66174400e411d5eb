"""Which media types the GraphQL endpoint reads and writes."""

from collections.abc import Iterable
from dataclasses import dataclass

JSON = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"

# Order decides between equally wanted types: a client that names the newer type gets it,
# one that says "anything" gets the type that every client can read.
_NAMED_PREFERENCE = (GRAPHQL_RESPONSE, JSON)
_WILDCARD_PREFERENCE = (JSON, GRAPHQL_RESPONSE)


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type or range with its parameters, all in lower case but the parameter values."""

    name: str
    parameters: dict[str, str]

    @property
    def quality(self) -> float:
        """The ``q`` parameter in [0, 1]; 1 when it is absent, 0 when it cannot be read."""
        try:
            quality = float(self.parameters.get("q", "1"))
        except ValueError:
            return 0.0
        return quality if 0.0 <= quality <= 1.0 else 0.0


def parse_media_type(text: str) -> MediaType:
    """Split ``type/subtype; name=value`` into its parts.

    Examples
    --------
    >>> parse_media_type('Application/JSON; charset="UTF-8"')
    MediaType(name='application/json', parameters={'charset': 'UTF-8'})
    """
    name, *parts = text.split(";")
    pairs = (part.partition("=") for part in parts if part.strip())
    parameters = {key.strip().lower(): value.strip().strip('"') for key, _, value in pairs}
    return MediaType(name.strip().lower(), parameters)


def negotiate(accept: Iterable[str]) -> str | None:
    """Choose the media type of a response from the ``Accept`` headers of its request.

    Parameters
    ----------
    accept : the values of all ``Accept`` headers; none at all means that anything is accepted

    Returns
    -------
    ``application/json``, ``application/graphql-response+json``, or None when neither is acceptable

    References
    ----------
    RFC 9110, section 12.5.1; GraphQL over HTTP, section "Accept".

    Examples
    --------
    >>> negotiate([])
    'application/json'
    >>> negotiate(["application/graphql-response+json, application/json;q=0.9"])
    'application/graphql-response+json'
    >>> negotiate(["text/html"]) is None
    True
    """
    ranges = [parse_media_type(text) for value in accept for text in value.split(",") if text.strip()]
    if not ranges:
        return JSON
    best: tuple[float, int, int] | None = None
    chosen: str | None = None
    for offered in (JSON, GRAPHQL_RESPONSE):
        rank = _rank(offered, ranges)
        if rank is not None and (best is None or rank > best):
            best, chosen = rank, offered
    return chosen


def _rank(offered: str, ranges: list[MediaType]) -> tuple[float, int, int] | None:
    """Quality, closeness and own preference of an offered type; None when it is not acceptable."""
    matches = [(_closeness(offered, wanted.name), wanted.quality) for wanted in ranges]
    closeness, quality = max(matches)
    if closeness == 0 or quality == 0.0:
        return None
    order = _NAMED_PREFERENCE if closeness == 3 else _WILDCARD_PREFERENCE
    return quality, closeness, -order.index(offered)


def _closeness(offered: str, wanted: str) -> int:
    """How exactly a media range names a type: 3 by name, 2 by main type, 1 by ``*/*``, 0 not at all."""
    if wanted == offered:
        return 3
    if wanted == offered.partition("/")[0] + "/*":
        return 2
    return 1 if wanted == "*/*" else 0
