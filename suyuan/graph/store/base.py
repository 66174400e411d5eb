"""What every store does, whatever keeps the data.

Facts are records (:mod:`suyuan.graph.records`). A *run* is one ingest; it takes the next number of the change
sequence (``seq``) when it begins, and every record version carries the ``seq`` of the run that wrote it. Runs on
one store follow one another (a lease with a heartbeat), so the order of numbers is the order of completion.
A reader sees whole runs only: a view is taken at the ``seq`` of a finished run, and versions overwritten since are
kept apart with the ``seq`` until which they held. The same rule answers ``known_at``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Literal, Protocol, Self

import pyarrow as pa

from suyuan.graph.store.documents import Documents, NewDocument

Direction = Literal["out", "in", "both"]
Scalar = str | float | int | bool | list[str]

PROGRESS_SECONDS: Final = 0.25
"""How often a run tells how far it is, at most."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Who is asking, and as of which knowledge.

    ``known_at`` is microseconds UTC: the view shows what finished runs had written by then; None is now.
    """

    subject: str = "local"
    known_at: int | None = None


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that a run read: ``number`` is what the records' ``source_file`` column says."""

    number: int
    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a record came from."""

    table: str
    record: str
    file: str
    sha256: str
    row: int
    run_id: str
    seq: int


@dataclass(frozen=True, slots=True)
class Node:
    """A node with its properties; ``stub`` when it is only named by others.

    Times are ISO 8601 text at their own precision, lists are lists of text; unknown properties are absent.
    ``extra`` holds undeclared columns.
    """

    id: str
    kind: str
    properties: Mapping[str, Scalar]
    extra: Mapping[str, object] = field(default_factory=dict)
    provenance: Provenance | None = None

    @property
    def stub(self) -> bool:
        """Whether the node is only named by others."""
        return self.provenance is None and self.kind not in ("Lot", "Identifier", "WatchList")


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """An edge with the record behind it. ``id`` = ``KIND|source|target|record``."""

    id: str
    kind: str
    source: str
    target: str
    properties: Mapping[str, Scalar]
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A node found by text. ``rank``: 0 exact, 1 prefix, 2 phrase; hits are ordered by (rank, id)."""

    id: str
    kind: str
    rank: int
    text: str


@dataclass(frozen=True, slots=True)
class RunInfo:
    """A run as kept in the store. Times are microseconds UTC."""

    run_id: str
    seq: int
    state: Literal["running", "finished", "abandoned"]
    fingerprint: str
    started_at: int
    ended_at: int | None
    report: Mapping[str, object] = field(default_factory=dict)
    """What the run did; of a run under way what :meth:`Writer.note_progress` told last."""


@dataclass(frozen=True, slots=True)
class UpsertCounts:
    """What became of a batch. ``unchanged_at`` are the places in it of the records that changed nothing."""

    written: int
    unchanged: int
    unchanged_at: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """Something ``suyuan doctor`` found."""

    what: str
    where: str
    detail: str


class View(Protocol):
    """Reads at one ``seq``, within a scope. Every method answers from finished runs only."""

    seq: int

    def batches(
        self, table: str, columns: Sequence[str] | None = None, *, since: int = 0
    ) -> Iterator[pa.RecordBatch]:
        """Records of a table as Arrow batches, ``id`` first, then the columns asked for (in the schema of
        :func:`suyuan.graph.records.batch_schema`; ``digest`` (binary 16) and ``seq`` (int64) may be asked for as well).

        ``since`` restricts to versions written after that ``seq``. Order is not defined.
        """
        ...

    def removed(self, since: int) -> Iterator[tuple[str, str]]:
        """(table, record id) of records retired after ``since``."""
        ...

    def overwritten(self, table: str, since: int) -> set[str]:
        """Ids of records that held at run ``since`` and that a later run, up to this view, changed or retired."""
        ...

    def nodes(self, ids: Sequence[str]) -> dict[str, Node]:
        """The nodes among ``ids`` that exist (stubs too), by id; one round trip a table."""
        ...

    def neighbours(
        self,
        ids: Sequence[str],
        *,
        edge_kinds: Sequence[str] | None = None,
        direction: Direction = "both",
        first: int = 50,
        after: str | None = None,
    ) -> dict[str, list[GraphEdge]]:
        """Edges at each node, ordered by edge id, at most ``first`` each, after edge id ``after``.

        The number of round trips does not depend on ``len(ids)``.
        """
        ...

    def search(
        self,
        text: str,
        *,
        kinds: Sequence[str] | None = None,
        first: int = 20,
        after: tuple[int, str] | None = None,
    ) -> list[SearchHit]:
        """Nodes by text (:mod:`suyuan.graph.searchtext`), ordered by (rank, id), after that pair."""
        ...

    def records(self, table: str, ids: Sequence[str]) -> dict[str, Provenance]:
        """Provenance of records by id."""
        ...

    def counts(self) -> dict[str, int]:
        """Records by table."""
        ...


class Writer(Protocol):
    """One run's way into the store. Leaving the context without :meth:`finish` abandons the run: it changes nothing."""

    run: RunInfo

    def add_source(self, name: str, sha256: str, size: int) -> SourceFile:
        """Registers a file; the same (name, sha256) in the same run gives the same number."""
        ...

    def add_sources(self, files: Sequence[tuple[str, str, int]]) -> list[SourceFile]:
        """:meth:`add_source` of several (name, sha256, size), in one step."""
        ...

    def upsert(
        self, table: str, batch: pa.RecordBatch, *, present: Sequence[str] | None = None
    ) -> UpsertCounts:
        """Writes records (ids unique within the batch); each call is one durable step.

        ``present`` names the columns the source has: columns outside it keep what is stored. None = all.
        """
        ...

    def retire_unnamed(self, table: str, source_names: Sequence[str]) -> int:
        """Retires records of the table whose last version came from a source of one of these names and which this
        run did not name (needs ``full`` at :meth:`Store.writer`). Returns how many.
        """
        ...

    def existing(self, table: str, ids: Sequence[str]) -> set[str]:
        """Those of the record ids that the store holds (this run's own included)."""
        ...

    def note_progress(self, report: Mapping[str, object]) -> None:
        """Tells how far the run is, for :meth:`Store.run`; most calls within a quarter of a second do nothing."""
        ...

    def finish(self, report: Mapping[str, object], documents: Sequence[NewDocument] = ()) -> RunInfo:
        """Makes the run visible, with its report, and writes ``documents`` in the same step: all or nothing."""
        ...

    def abandon(self) -> None:
        """Undoes all the run did."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Store(Protocol):
    """A store of facts. Opening creates or migrates its schema."""

    url: str
    """Without password."""

    @property
    def documents(self) -> Documents:
        """State that people change, beside the records."""
        ...

    def view(self, scope: Scope = Scope()) -> View:
        """A consistent reader at the newest finished run (or the newest by ``scope.known_at``)."""
        ...

    def writer(self, fingerprint: str, *, full: bool = False, wait_seconds: float = 600.0) -> Writer:
        """Begins a run, or takes up a dead one with the same fingerprint; any other dead run is undone first.

        Waits for a live run of another process to end. Raises ConflictError when that takes longer than
        ``wait_seconds`` (message names process, host and start).
        """
        ...

    def seq(self) -> int:
        """Number of the newest finished run, 0 if none. Cheap: polled by subscriptions and snapshot refresh."""
        ...

    def runs(self, *, last: int = 20) -> list[RunInfo]:
        """The newest runs, newest first."""
        ...

    def runs_after(self, seq: int, *, first: int = 100) -> list[RunInfo]:
        """The finished runs after number ``seq``, oldest first, at most ``first``."""
        ...

    def run(self, run_id: str) -> RunInfo | None:
        """A run by its id, whatever its state."""
        ...

    def check(self, *, deep: bool = False) -> list[Problem]:
        """What is wrong with the stored data: schema and constraints; ``deep``: every record against its digest,
        every projection (edges, lists, search) against its record.
        """
        ...

    def ping(self) -> None:
        """Raises StoreUnavailableError if the store does not answer."""
        ...

    def close(self) -> None:
        """Lets go of files and connections."""
        ...
