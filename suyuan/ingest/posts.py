"""Rows that come over the network: posts of JSON lines, several of them written by one run.

Small posts would each pay for a conversion and a transaction. Posts for one table that have the same columns
are therefore converted and written together; what became of each row is told to its own post. Where two rows
have one key, the posts of that table are written one after the other, in the order they came, as if each had
a run of its own; within a post the last row of a key stands, as in a file.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.errors import IngestError
from suyuan.graph.model import Table
from suyuan.graph.records import digests
from suyuan.graph.store.base import Writer
from suyuan.graph.tables import TABLES
from suyuan.ingest.conversion import Conversion, convert_rows
from suyuan.ingest.duplicates import NO_REPEATS, KeyLedger, Repeats
from suyuan.ingest.findings import Finding
from suyuan.ingest.jsonlines import BlockParser
from suyuan.ingest.rejects import RejectLog
from suyuan.ingest.report import TableCounts, column_notes, zone_note
from suyuan.ingest.run import present_columns, superseded_findings
from suyuan.ingest.tabular import RawBatch, Unreadable
from suyuan.ingest.text import IntArray, as_mask

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MOST_COLUMNS = 4_096


@dataclass(frozen=True)
class Post:
    """Rows for one table, as they were sent: one JSON object a line. ``name`` is what provenance calls it."""

    table: str
    name: str
    body: bytes

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the body, in hexadecimal."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(slots=True)
class PostResult:
    """What became of a post."""

    table: str
    counts: TableCounts = field(default_factory=TableCounts)
    log: RejectLog = field(default_factory=RejectLog)
    unzoned: int = 0
    unknown_columns: list[str] = field(default_factory=list[str])

    def to_json(self) -> dict[str, object]:
        """The result in the names of the run report."""
        counts = self.counts
        unknown = {self.table: self.unknown_columns} if self.unknown_columns else {}
        return {
            "table": self.table,
            "rows_read": counts.rows_read,
            "written": counts.written,
            "unchanged": counts.unchanged,
            "rejected": counts.rejected,
            "by_table": {self.table: counts.to_json()},
            "unknown_columns": unknown,
            "notes": [*zone_note(self.unzoned), *column_notes(unknown)],
            "rejects": [reject.to_json() for reject in self.log.listed],
        }


@dataclass(frozen=True, slots=True)
class ReadPost:
    """The rows of a post."""

    post: Post
    raws: tuple[RawBatch, ...]
    unreadable: tuple[Unreadable, ...]
    columns: frozenset[str]


def read_post(post: Post) -> ReadPost:
    """The rows of a post; a line that is no JSON object is an unreadable row.

    Raises
    ------
    IngestError
        There are more than 4,096 columns.
    """
    body = post.body.removeprefix(_BYTE_ORDER_MARK)
    damaged = False
    try:
        body.decode()
    except UnicodeDecodeError:
        body, damaged = body.decode("utf-8", "replace").encode(), True
    if not body.endswith(b"\n"):
        body += b"\n"
    raws = [_marked(raw, damaged) for raw in BlockParser().parse_short(body)]
    columns = frozenset(name for raw in raws for name in raw.columns)
    if len(columns) > _MOST_COLUMNS:
        raise IngestError(
            f"has {len(columns):,} columns; at most {_MOST_COLUMNS:,} are read.", source=post.name
        )
    unreadable = tuple(row for raw in raws for row in raw.unreadable)
    return ReadPost(post, tuple(raw for raw in raws if len(raw.rows)), unreadable, columns)


def _marked(raw: RawBatch, damaged: bool) -> RawBatch:
    return RawBatch(raw.columns, raw.rows, raw.unreadable, raw.damaged or damaged, ragged=True)


@dataclass(slots=True)
class _Join:
    """Rows with the same columns, of one or several posts, that are converted together."""

    table: Table
    columns: frozenset[str]
    damaged: bool
    types: dict[str, pa.DataType]
    owners: list[int]
    raws: list[RawBatch]

    @classmethod
    def of(cls, table: Table, owner: int, columns: frozenset[str], raw: RawBatch) -> "_Join":
        types = {name: values.type for name, values in raw.columns.items()}
        return cls(table, columns, raw.damaged, types, [owner], [raw])

    def takes(self, columns: frozenset[str], raw: RawBatch) -> bool:
        """Whether rows can be read as these are; a column without any value fits every type."""
        if columns != self.columns or raw.damaged != self.damaged or raw.columns.keys() != self.types.keys():
            return False
        return all(
            values.type == self.types[name]
            or pa.types.is_null(values.type)
            or pa.types.is_null(self.types[name])
            for name, values in raw.columns.items()
        )

    def add(self, owner: int, raw: RawBatch) -> None:
        self.owners.append(owner)
        self.raws.append(raw)
        for name, values in raw.columns.items():
            if pa.types.is_null(self.types[name]):
                self.types[name] = values.type

    def joined(self) -> RawBatch:
        """All rows as one batch."""
        if len(self.raws) == 1:
            return self.raws[0]
        columns = {
            name: pa.concat_arrays([raw.columns[name].cast(type_) for raw in self.raws])
            for name, type_ in self.types.items()
        }
        rows = np.concatenate([raw.rows for raw in self.raws])
        return RawBatch(columns, rows, damaged=self.damaged, ragged=True)

    def bounds(self) -> IntArray:
        """Where the rows of each part begin, and where the last ends."""
        return np.concatenate(([0], np.cumsum([len(raw.rows) for raw in self.raws])))


class PostedRun:
    """A run that writes posts."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def write(self, posts: Sequence[ReadPost]) -> list[PostResult]:
        """Writes the rows of posts; what became of each, in the same order."""
        results = [_begun(each) for each in posts]
        sources = self._writer.add_sources(
            [(each.post.name, each.post.sha256, len(each.post.body)) for each in posts]
        )
        numbers = [source.number for source in sources]
        tables: dict[str, list[int]] = defaultdict(list)
        for place, each in enumerate(posts):
            tables[each.post.table].append(place)
        for name, places in tables.items():
            self._write_table(TABLES[name], places, posts, numbers, results)
        return results

    def _write_table(
        self,
        table: Table,
        places: Sequence[int],
        posts: Sequence[ReadPost],
        numbers: Sequence[int],
        results: Sequence[PostResult],
    ) -> None:
        joins = _joined(table, places, posts)
        parts = [(join, convert_rows(table, join.joined())) for join in joins]
        work = _Writing(self._writer, posts, numbers, results)
        if not _share_keys(parts):
            for join, converted in parts:
                work.write(join, converted, NO_REPEATS)
            return
        for place in places:
            self._write_alone(table, place, posts, work)

    def _write_alone(self, table: Table, place: int, posts: Sequence[ReadPost], work: "_Writing") -> None:
        alone = [_Join.of(table, place, posts[place].columns, raw) for raw in posts[place].raws]
        parts = [(join, convert_rows(table, join.raws[0])) for join in alone]
        repeats = _repeats(table, parts)
        for join, converted in parts:
            work.write(join, converted, repeats)


def _begun(read: ReadPost) -> PostResult:
    """A result that counts the rows which cannot be read."""
    result = PostResult(read.post.table)
    lost = len(read.unreadable)
    result.counts.rows_read = result.counts.rejected = lost
    result.counts.count("bad_type", lost)
    result.log.add_unreadable(read.post.name, read.post.table, read.unreadable)
    result.unknown_columns = sorted(read.columns - TABLES[read.post.table].by_name.keys())
    return result


def _joined(table: Table, places: Sequence[int], posts: Sequence[ReadPost]) -> list[_Join]:
    joins: list[_Join] = []
    for place in places:
        read = posts[place]
        for raw in read.raws:
            fitting = next((join for join in joins if join.takes(read.columns, raw)), None)
            if fitting is None:
                joins.append(_Join.of(table, place, read.columns, raw))
            else:
                fitting.add(place, raw)
    return joins


def _share_keys(parts: Sequence[tuple[_Join, Conversion]]) -> bool:
    """Whether any key occurs twice."""
    ids = pa.chunked_array([converted.records.column("id") for _, converted in parts], pa.string())
    return pc.count_distinct(ids).as_py() < len(ids)


def _repeats(table: Table, parts: Sequence[tuple[_Join, Conversion]]) -> Repeats:
    """Rows of one post, by their numbers, that are not the last of their key."""
    ledger = KeyLedger()
    content: dict[int, bytes] = {}
    for join, converted in parts:
        rows = join.raws[0].rows[converted.positions]
        ledger.add(converted.records.column("id"), rows)
        content.update(zip(rows.tolist(), digests(table, converted.records), strict=True))
    return ledger.shared().settle(content)


@dataclass(frozen=True, slots=True)
class _Writing:
    """Writes joined rows and tells each post what became of its own."""

    writer: Writer
    posts: Sequence[ReadPost]
    numbers: Sequence[int]
    results: Sequence[PostResult]

    def write(self, join: _Join, converted: Conversion, repeats: Repeats) -> None:
        bounds = join.bounds()
        owner_of_row = np.repeat(np.arange(len(join.owners)), np.diff(bounds))
        rows = np.concatenate([raw.rows for raw in join.raws])[converted.positions]
        superseded = np.isin(rows, repeats.superseded)
        idle = np.isin(rows, repeats.same) & ~superseded
        kept = np.flatnonzero(~(superseded | idle))
        owners = owner_of_row[converted.positions]
        unchanged = idle.copy()
        unchanged[kept[self._upsert(join, converted, kept, owners[kept])]] = True
        lost = converted.positions[superseded]
        findings = [*converted.findings, *superseded_findings(join.table, converted, lost)]
        refused = converted.rejected.copy()
        refused[lost] = True
        for part, owner in enumerate(join.owners):
            span = slice(int(bounds[part]), int(bounds[part + 1]))
            result = self.results[owner]
            mine = owners == part
            counts = result.counts
            counts.rows_read += span.stop - span.start
            counts.rejected += int(refused[span].sum())
            counts.unchanged += int((unchanged & mine).sum())
            counts.written += int((mine & ~unchanged & ~superseded).sum())
            result.unzoned += int(converted.unzoned_of_row[span].sum())
            self._log(owner, join.raws[part], _within(findings, span))

    def _upsert(self, join: _Join, converted: Conversion, kept: IntArray, owners: IntArray) -> IntArray:
        """Writes the records at these places; gives the places among them that changed nothing."""
        if len(kept) == 0:
            return kept
        records = converted.records
        if len(kept) < records.num_rows:
            mask = np.zeros(records.num_rows, dtype=bool)
            mask[kept] = True
            records = records.filter(as_mask(mask))
        numbers = np.array([self.numbers[owner] for owner in join.owners], dtype=np.int32)[owners]
        place = records.schema.get_field_index("source_file")
        records = records.set_column(place, "source_file", pa.array(numbers))
        present = present_columns(join.table, set(join.columns))
        done = self.writer.upsert(join.table.name, records, present=present)
        return np.array(done.unchanged_at, dtype=np.int64)

    def _log(self, owner: int, raw: RawBatch, findings: Sequence[Finding]) -> None:
        result = self.results[owner]
        for item in findings:
            result.counts.count(item.code, len(item.positions))
        result.log.add(self.posts[owner].post.name, result.table, raw, findings)


def _within(findings: Sequence[Finding], span: slice) -> list[Finding]:
    """What was found in some of the rows, counted from the first of them."""
    found: list[Finding] = []
    for item in findings:
        inside = (item.positions >= span.start) & (item.positions < span.stop)
        if inside.any():
            values = item.values.filter(as_mask(inside))
            found.append(Finding(item.column, item.code, item.positions[inside] - span.start, values))
    return found
