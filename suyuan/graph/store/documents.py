"""State that people change (access tokens, later reviews and judgements), beside the records.

A document is a JSON object with a version. A change names the version it was made from; if somebody else was
faster it is refused, so no update is lost in either store.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

ABSENT: Final = 0
"""Version of a document that is not there."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document as stored. ``version`` counts its changes from 1."""

    collection: str
    key: str
    version: int
    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A document to be written, whatever version is there."""

    collection: str
    key: str
    value: Mapping[str, Any]


class Documents(Protocol):
    """Versioned JSON objects by collection and key."""

    def get(self, collection: str, key: str) -> Document | None:
        """The document, or None."""
        ...

    def some(self, collection: str, keys: Sequence[str]) -> dict[str, Document]:
        """Those of the documents that are there, by key; one round trip."""
        ...

    def put(self, collection: str, key: str, value: Mapping[str, Any], *, expected_version: int) -> Document:
        """Writes a document made from ``expected_version`` (ABSENT for a new one).

        Raises
        ------
        ConflictError
            The stored version is another one.
        """
        ...

    def every(self, collection: str) -> list[Document]:
        """All documents of a collection, by key."""
        ...
