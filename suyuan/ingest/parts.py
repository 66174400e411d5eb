"""Rows of a file on their way to the tables."""

from dataclasses import dataclass

from suyuan.graph.model import Table
from suyuan.ingest.tabular import RawBatch, Unreadable


@dataclass(frozen=True, slots=True)
class Part:
    """Rows for one table; ``ordinal`` numbers the tables that a feed makes."""

    table: Table
    ordinal: int
    raw: RawBatch


@dataclass(frozen=True, slots=True)
class Portion:
    """What is read at a time: the same rows, laid out for each table they make."""

    parts: tuple[Part, ...]
    unreadable: tuple[Unreadable, ...] = ()
    bytes_done: int = 0

    @property
    def rows(self) -> int:
        """Rows of the file in it."""
        return len(self.parts[0].raw.rows) + len(self.unreadable) if self.parts else 0
