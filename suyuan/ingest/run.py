"""A run: files in, records in the store, a report out.

Every file is looked through before anything is written, so that a run is known by the content of its
files, its mapping and its options: a run that was cut off is taken up again, and the same files twice
change nothing. Files are written in the order given; where two name the same record, the later one stands.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.errors import ConflictError, IngestError
from suyuan.graph.model import Table
from suyuan.graph.records import precision_name, time_columns, time_text
from suyuan.graph.store.base import RunInfo, SourceFile, Store, Writer
from suyuan.graph.tables import table_of_kind
from suyuan.ingest.conversion import Conversion, convert_rows
from suyuan.ingest.duplicates import NO_REPEATS
from suyuan.ingest.epcis.feed import EventFeed, settle
from suyuan.ingest.feeds import Feed, Format, find_feeds, ordinals
from suyuan.ingest.findings import Finding
from suyuan.ingest.mapping import MappingFile, read_mapping
from suyuan.ingest.parts import Part, Portion
from suyuan.ingest.prefetch import ahead
from suyuan.ingest.references import named_nodes
from suyuan.ingest.rejects import RejectFiles, RejectLog
from suyuan.ingest.report import FileCounts, RunReport, TableCounts, column_notes, now_text, zone_note
from suyuan.ingest.sources import Skipped
from suyuan.ingest.survey import Survey, surveyed
from suyuan.ingest.text import IntArray, as_mask

_VERSION = b"suyuan-ingest-1"
_LOOKUP = 50_000
_MOST_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """What a run is asked for.

    Attributes
    ----------
    format : ``auto`` tells by name and content; ``tables``, ``epcis``, ``foodchainlab`` or ``ftm`` insists
    mapping : mapping file (:mod:`suyuan.ingest.mapping`)
    strict : anything found wrong makes the whole run change nothing
    full : the files are a full copy of their source: what they named before and no longer name is retired
    rejects : folder for reject files
    wait_seconds : how long to wait for another run to end
    """

    format: Format = "auto"
    mapping: Path | None = None
    strict: bool = False
    full: bool = False
    rejects: Path | None = None
    wait_seconds: float = 600.0


class Progress(Protocol):
    """Called after every batch of rows."""

    def __call__(self, file: str, rows: int, bytes_done: int, bytes_total: int) -> None:
        """``rows`` and ``bytes_done`` of this file so far, ``bytes_total`` its size."""
        ...


@dataclass(frozen=True, slots=True)
class Sources:
    """What a run will read: its files, looked through, and the mapping they are read by.

    ``surveys`` is empty where events are compared with those of the store first.
    """

    started: str
    mapping: MappingFile | None
    feeds: Sequence[Feed]
    skipped: Sequence[Skipped]
    surveys: Sequence[Survey]


def look_through(paths: Sequence[Path], options: IngestOptions) -> Sources:
    """Finds the files and looks through them; no store is needed yet.

    Raises
    ------
    IngestError
        A file cannot be read, or nothing is found to read.
    MappingError
        The mapping file is wrong, or does not fit a file.
    """
    started = now_text()
    mapping = read_mapping(options.mapping) if options.mapping else None
    feeds, skipped = find_feeds(
        paths, options.format, mapping, strict=options.strict, rejects=options.rejects
    )
    has_events = any(isinstance(feed, EventFeed) for feed in feeds)
    return Sources(started, mapping, feeds, skipped, () if has_events else surveyed(feeds))


def ingest(
    store: Store,
    paths: Sequence[Path],
    options: IngestOptions,
    progress: Progress | None = None,
    begun: Callable[[RunInfo], None] | None = None,
) -> RunReport:
    """Reads files into a store.

    Parameters
    ----------
    paths : tables, folders, zips
    progress : told how far it is
    begun : told the run when it begins

    Raises
    ------
    IngestError
        A file cannot be read or changes meanwhile, or nothing is found to read; the store is as it was.
    MappingError
        The mapping file is wrong, or does not fit a file.
    StoreError
        The store does not answer or is held by somebody else.
    """
    return ingest_sources(store, look_through(paths, options), options, progress, begun)


def ingest_sources(
    store: Store,
    sources: Sources,
    options: IngestOptions,
    progress: Progress | None = None,
    begun: Callable[[RunInfo], None] | None = None,
) -> RunReport:
    """:func:`ingest` of files that were looked through before."""
    feeds = sources.feeds
    for _ in range(_MOST_ATTEMPTS):
        known_at = _settled(feeds, store)
        surveys = sources.surveys or surveyed(feeds)
        with ExitStack() as stack:
            known_by = fingerprint(feeds, sources.mapping, options)
            writer = stack.enter_context(
                store.writer(known_by, full=options.full, wait_seconds=options.wait_seconds)
            )
            if known_at is not None and store.seq() != known_at:
                continue
            if begun:
                begun(writer.run)
            files = stack.enter_context(RejectFiles(options.rejects)) if options.rejects else None
            run = _Run(writer, RejectLog(files), progress, strict=options.strict)
            for feed, survey in zip(feeds, surveys, strict=True):
                run.read(feed, survey)
            return run.finish(sources.started, sources.skipped, full=options.full)
    raise ConflictError(
        "Other runs kept writing to the store while events were compared with it. Run this again."
    )


def _settled(feeds: Sequence[Feed], store: Store) -> int | None:
    """Compares events with those of the store; tells as of which run, None where there are no events."""
    events = [feed for feed in feeds if isinstance(feed, EventFeed)]
    if not events:
        return None
    view = store.view()
    settle(events, view)
    return view.seq


def fingerprint(feeds: Sequence[Feed], mapping: MappingFile | None, options: IngestOptions) -> str:
    """What makes a run the same run: files, mapping and options, as SHA-256."""
    digest = hashlib.sha256(_VERSION)
    for feed in feeds:
        digest.update(f"\x1f{feed.file.name}\x1f{feed.examined.sha256}".encode())
    digest.update(mapping.content if mapping else b"")
    digest.update(f"\x1f{options.format}\x1f{options.strict}\x1f{options.full}".encode())
    return digest.hexdigest()


class _Run:
    """The state of a run while its files are read."""

    def __init__(self, writer: Writer, log: RejectLog, progress: Progress | None, *, strict: bool) -> None:
        self._writer = writer
        self._log = log
        self._progress = progress
        self._strict = strict
        self._tables: dict[str, TableCounts] = {}
        self._files: list[FileCounts] = []
        self._named: dict[str, list[pa.Array]] = {}
        self._unknown: dict[str, set[str]] = {}
        self._sources: dict[str, list[str]] = {}
        self._notes: list[str] = []
        self._unzoned = 0

    @property
    def _spoiled(self) -> bool:
        return self._strict and any(counts.codes for counts in self._tables.values())

    def read(self, feed: Feed, survey: Survey) -> None:
        """Reads one file and writes its records."""
        file, examined = feed.file, feed.examined
        encoding = examined.encoding.name if examined.encoding else None
        counts = FileCounts(file.name, examined.sha256, file.size, encoding)
        self._files.append(counts)
        self._notes += feed.notes
        source = self._writer.add_source(file.name, examined.sha256, file.size)
        for output in feed.outputs:
            self._tables.setdefault(output.table.name, TableCounts())
            self._sources.setdefault(output.table.name, []).append(file.name)
            counts.tables.setdefault(output.table.name, 0)
        self._note_columns(feed, survey)
        for portion in ahead(survey.portions(feed)):
            self._write(portion, feed, survey, source, counts)
            self._writer.note_progress(self._so_far())
            if self._progress:
                self._progress(file.name, counts.rows, portion.bytes_done, file.size)
        if file.changed:
            raise IngestError(
                "was changed while it was read; nothing is written. Read it again.", source=file.name
            )

    def _so_far(self) -> dict[str, int]:
        names = ("rows_read", "written", "unchanged", "rejected")
        return {name: sum(getattr(counts, name) for counts in self._tables.values()) for name in names}

    def _note_columns(self, feed: Feed, survey: Survey) -> None:
        for place, output in enumerate(feed.outputs):
            names = survey.columns.get(place, set())
            self._unknown.setdefault(output.table.name, set()).update(names - output.table.by_name.keys())
            missing = [name for name in output.table.key if names and name not in names]
            if missing:
                listed = ", ".join(missing)
                self._notes.append(f"{feed.file.name}: no column {listed}, so no row has its key")

    def _write(
        self, portion: Portion, feed: Feed, survey: Survey, source: SourceFile, counts: FileCounts
    ) -> None:
        counts.rows += portion.rows
        if portion.unreadable:
            table = feed.outputs[0].table.name
            self._log.add_unreadable(feed.file.name, table, portion.unreadable)
            lost = len(portion.unreadable)
            self._tables[table].rows_read += lost
            self._tables[table].rejected += lost
            self._tables[table].count("bad_type", lost)
            counts.tables[table] += lost
        for part in portion.parts:
            counts.tables[part.table.name] += len(part.raw.rows)
            if len(part.raw.rows):
                self._write_part(part, feed, survey, source)

    def _write_part(self, part: Part, feed: Feed, survey: Survey, source: SourceFile) -> None:
        table = part.table
        converted = convert_rows(table, part.raw)
        numbers = ordinals(part, len(feed.outputs))[converted.positions]
        records, same, superseded = _to_write(converted, numbers, survey, table.name)
        findings = [*converted.findings, *superseded_findings(table, converted, superseded)]
        counts = self._tables[table.name]
        counts.rows_read += len(part.raw.rows)
        counts.rejected += int(converted.rejected.sum()) + len(superseded)
        counts.unchanged += same
        for item in findings:
            counts.count(item.code, len(item.positions))
        self._log.add(feed.file.name, table.name, part.raw, findings)
        self._unzoned += converted.unzoned
        if records.num_rows == 0 or self._spoiled:
            return
        records = records.set_column(
            records.schema.get_field_index("source_file"),
            "source_file",
            pa.array(np.full(records.num_rows, source.number, dtype=np.int32)),
        )
        done = self._writer.upsert(
            table.name, records, present=present_columns(table, survey.columns[part.ordinal])
        )
        counts.written += done.written
        counts.unchanged += done.unchanged
        for kind, ids in named_nodes(table, records).items():
            self._named[kind] = _merged(self._named.get(kind, []), ids)

    def finish(self, started: str, skipped: Iterable[Skipped], *, full: bool) -> RunReport:
        """Makes the run visible, or gives it up when it had to be faultless and was not."""
        failed = self._spoiled
        stubs = 0
        if failed:
            self._writer.abandon()
            for counts in self._tables.values():
                counts.written, counts.unchanged, counts.rejected = 0, 0, counts.rows_read
        else:
            if full:
                for table, sources in self._sources.items():
                    self._tables[table].retired = self._writer.retire_unnamed(table, sources)
            stubs = sum(self._stubs(kind, parts) for kind, parts in self._named.items())
        report = self._report(started, list(skipped), stubs, failed=failed)
        if failed:
            return report
        run = self._writer.finish(report.to_json())
        # The store's own time: as known_at it is the first that the run's facts are known at.
        return report if run.ended_at is None else replace(report, ended=time_text(run.ended_at))

    def _stubs(self, kind: str, parts: list[pa.Array]) -> int:
        """How many of the nodes named have no record."""
        table = table_of_kind(kind)
        ids = pc.unique(pa.concat_arrays(parts))
        if table is None:
            return 0
        known = 0
        for start in range(0, len(ids), _LOOKUP):
            known += len(self._writer.existing(table.name, ids.slice(start, _LOOKUP).to_pylist()))
        return len(ids) - known

    def _report(self, started: str, skipped: list[Skipped], stubs: int, *, failed: bool) -> RunReport:
        run = self._writer.run
        unknown = {table: sorted(names) for table, names in self._unknown.items() if names}
        notes = [*self._notes, *zone_note(self._unzoned), *column_notes(unknown)]
        if failed:
            notes.append("strict: something was found wrong, so nothing was written")
        return RunReport(
            run_id=run.run_id,
            seq=run.seq,
            started=started,
            ended=now_text(),
            failed=failed,
            by_table=self._tables,
            files=self._files,
            skipped=skipped,
            rejects=self._log.listed,
            stubs=stubs,
            unzoned_times=self._unzoned,
            unknown_columns=unknown,
            notes=notes,
        )


def _merged(parts: list[pa.Array], more: pa.Array) -> list[pa.Array]:
    """Parts with more ids; brought together from time to time so that each id is kept about once."""
    parts = [*parts, more]
    if len(parts) < 16:
        return parts
    return [pc.unique(pa.concat_arrays(parts))]


def present_columns(table: Table, names: set[str]) -> list[str]:
    """The columns of a record that a file with these columns tells about."""
    declared = [column.name for column in table.columns if column.name in names]
    companions = [precision_name(name) for name in time_columns(table.columns) if name in names]
    extra = ["extra"] if names - table.by_name.keys() else []
    return [*declared, *companions, *extra]


def superseded_findings(table: Table, converted: Conversion, positions: IntArray) -> list[Finding]:
    """Rows that a later one of the same key and other content supersedes, as findings."""
    if len(positions) == 0:
        return []
    ids = converted.records.column("id").take(pa.array(np.searchsorted(converted.positions, positions)))
    return [Finding(";".join(table.key), "duplicate_key", positions, ids)]


def _to_write(
    converted: Conversion, numbers: IntArray, survey: Survey, table: str
) -> tuple[pa.RecordBatch, int, IntArray]:
    """The records to write, how many others change nothing, and positions of those that are superseded."""
    repeats = survey.repeats.get(table, NO_REPEATS)
    overtaken = survey.overtaken.get(table, NO_REPEATS.same)
    if not (len(repeats.same) or len(repeats.superseded) or len(overtaken)):
        return converted.records, 0, NO_REPEATS.superseded
    superseded = np.isin(numbers, repeats.superseded)
    idle = (np.isin(numbers, repeats.same) | np.isin(numbers, overtaken)) & ~superseded
    kept = converted.records.filter(as_mask(~(idle | superseded)))
    return kept, int(idle.sum()), converted.positions[superseded]
