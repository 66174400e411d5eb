"""What a run did: counts by table and code, files, and the first rejects."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from suyuan.ingest.findings import Code
from suyuan.ingest.rejects import Reject
from suyuan.ingest.sources import Skipped


@dataclass(slots=True)
class TableCounts:
    """Rows of one table: ``rows_read = written + unchanged + rejected``; ``codes`` counts what was wrong."""

    rows_read: int = 0
    written: int = 0
    unchanged: int = 0
    rejected: int = 0
    retired: int = 0
    codes: dict[Code, int] = field(default_factory=dict)

    def count(self, code: Code, times: int) -> None:
        """Adds to the count of a code."""
        if times:
            self.codes[code] = self.codes.get(code, 0) + times

    def add(self, other: "TableCounts") -> None:
        """Adds other counts to these."""
        self.rows_read += other.rows_read
        self.written += other.written
        self.unchanged += other.unchanged
        self.rejected += other.rejected
        self.retired += other.retired
        for code, times in other.codes.items():
            self.count(code, times)

    def to_json(self) -> dict[str, object]:
        """The counts by name; codes sorted."""
        return {
            "rows_read": self.rows_read,
            "written": self.written,
            "unchanged": self.unchanged,
            "rejected": self.rejected,
            "retired": self.retired,
            "codes": dict(sorted(self.codes.items())),
        }


@dataclass(slots=True)
class FileCounts:
    """A file that was read: SHA-256, size in bytes, and the rows of each table it gave."""

    name: str
    sha256: str
    size: int
    encoding: str | None
    rows: int = 0
    tables: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """The fields by name."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class RunReport:
    """The report of a run.

    Attributes
    ----------
    run_id, seq : of the run in the store
    failed : whether ``strict`` made the run give up; then nothing was changed and every row counts as
        rejected
    stubs : nodes that records of this run name and that no record describes yet
    unzoned_times : times of day without an offset, read as UTC
    unknown_columns : undeclared columns by table, kept as extra properties
    """

    run_id: str
    seq: int
    started: str
    ended: str
    failed: bool
    by_table: Mapping[str, TableCounts]
    files: Sequence[FileCounts]
    skipped: Sequence[Skipped]
    rejects: Sequence[Reject]
    stubs: int
    unzoned_times: int
    unknown_columns: Mapping[str, Sequence[str]]
    notes: Sequence[str]

    @property
    def rows_read(self) -> int:
        """Rows of all tables."""
        return sum(counts.rows_read for counts in self.by_table.values())

    @property
    def written(self) -> int:
        """Records that are new or changed."""
        return sum(counts.written for counts in self.by_table.values())

    @property
    def unchanged(self) -> int:
        """Records that the store had already."""
        return sum(counts.unchanged for counts in self.by_table.values())

    @property
    def rejected(self) -> int:
        """Rows that made no record."""
        return sum(counts.rejected for counts in self.by_table.values())

    @property
    def findings(self) -> int:
        """How many cells and rows were found wrong."""
        return sum(sum(counts.codes.values()) for counts in self.by_table.values())

    def to_json(self) -> dict[str, object]:
        """The document that ``suyuan ingest --json`` prints and the store keeps."""
        return {
            "run_id": self.run_id,
            "seq": self.seq,
            "started": self.started,
            "ended": self.ended,
            "failed": self.failed,
            "rows_read": self.rows_read,
            "written": self.written,
            "unchanged": self.unchanged,
            "rejected": self.rejected,
            "stubs": self.stubs,
            "by_table": {name: counts.to_json() for name, counts in sorted(self.by_table.items())},
            "files": [file.to_json() for file in self.files],
            "skipped": [{"name": item.name, "why": item.why} for item in self.skipped],
            "unknown_columns": {name: list(found) for name, found in sorted(self.unknown_columns.items())},
            "notes": list(self.notes),
            "rejects": [reject.to_json() for reject in self.rejects],
        }


def now_text() -> str:
    """The present in ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def zone_note(times: int) -> list[str]:
    """A sentence about times without an offset, if there were any."""
    return [f"times without offset read as UTC: {times}"] if times else []


def column_notes(unknown: Mapping[str, Iterable[str]]) -> list[str]:
    """A sentence a table about columns that are not declared."""
    return [
        f"{table}: columns kept as extra properties: {', '.join(sorted(names))}"
        for table, names in sorted(unknown.items())
        if names
    ]
