"""What was refused: the first thousand for the report, every row for the reject files.

A reject file is ``DIR/TABLE.csv``: the rows that lost a field or were refused, in the columns of the table
and with those of the source that are not declared, then ``_file``, ``_row``, ``_column``, ``_code`` and
``_value`` (joined by ``;`` where a row has several). Mended, it can be read again: those five columns are
left out on reading.
"""

import shutil
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from suyuan.errors import IngestError
from suyuan.ingest.findings import Code, Finding
from suyuan.ingest.natives import as_text
from suyuan.ingest.tabular import REPORT_COLUMNS, RawBatch, Unreadable
from suyuan.ingest.text import IntArray

LISTED = 1_000
_SHOWN = 2_000


@dataclass(frozen=True, slots=True)
class Reject:
    """One cell or row that was found wrong."""

    file: str
    table: str
    row: int
    column: str | None
    code: Code
    value: str

    def to_json(self) -> dict[str, object]:
        """The fields by name."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class RejectLog:
    """The rejects of a run; ``files`` is None where no reject files are asked for."""

    files: "RejectFiles | None" = None
    listed: list[Reject] = field(default_factory=list)

    def add(self, file: str, table: str, raw: RawBatch, findings: Sequence[Finding]) -> None:
        """Takes note of what was found in a batch of rows."""
        for item in findings:
            room = LISTED - len(self.listed)
            for position, value in zip(
                item.positions[:room].tolist(), item.values[:room].to_pylist(), strict=True
            ):
                shown = (value or "")[:_SHOWN]
                self.listed.append(
                    Reject(file, table, int(raw.rows[position]), item.column, item.code, shown)
                )
        if self.files is not None and findings:
            self.files.add(file, table, raw, findings)

    def add_unreadable(self, file: str, table: str, rows: Sequence[Unreadable]) -> None:
        """Takes note of rows that could not be told apart into cells."""
        for row in rows[: LISTED - len(self.listed)]:
            self.listed.append(Reject(file, table, row.row, None, "bad_type", f"{row.why}: {row.text}"))
        if self.files is not None and rows:
            raw = RawBatch({}, np.array([row.row for row in rows], dtype=np.int64))
            values = pa.array([f"{row.why}: {row.text}" for row in rows], pa.string())
            self.files.add(file, table, raw, [Finding(None, "bad_type", np.arange(len(rows)), values)])


class RejectFiles:
    """Reject files of a run; written when the context is left, whatever became of the run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with self._writing():
            folder.mkdir(parents=True, exist_ok=True)
            self._spool = Path(mkdtemp(prefix=".rejects-", dir=folder))
        self._parts: dict[str, list[Path]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with self._writing():
                for table, parts in self._parts.items():
                    _write_csv(self._folder / f"{table}.csv", parts)
        finally:
            shutil.rmtree(self._spool, ignore_errors=True)

    def add(self, file: str, table: str, raw: RawBatch, findings: Sequence[Finding]) -> None:
        """Keeps the rows in which something was found."""
        positions, columns, codes, values = _by_row(findings)
        rows = raw.take(positions)
        arrays = {name: as_text(column) for name, column in rows.columns.items()}
        arrays |= {
            "_file": pa.array([file] * len(positions), pa.string()),
            "_row": pc.cast(pa.array(rows.rows), pa.string()),
            "_column": columns,
            "_code": codes,
            "_value": values,
        }
        parts = self._parts.setdefault(table, [])
        path = self._spool / f"{table}-{len(parts)}.arrow"
        batch = pa.RecordBatch.from_arrays(list(arrays.values()), names=list(arrays))
        with self._writing():
            with pa.OSFile(str(path), "wb") as target, pa.ipc.new_file(target, batch.schema) as writer:
                writer.write_batch(batch)
            parts.append(path)

    @contextmanager
    def _writing(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            raise IngestError(
                f"reject files cannot be written here ({error.strerror or error}).", source=str(self._folder)
            ) from error


def _by_row(findings: Sequence[Finding]) -> tuple[IntArray, pa.Array, pa.Array, pa.Array]:
    """Positions of the rows with findings, ascending, and what was found in each, joined."""
    positions = np.concatenate([item.positions for item in findings])
    order = np.argsort(positions, kind="stable")
    counts = [len(item.positions) for item in findings]
    columns = _repeated([item.column or "" for item in findings], counts).take(pa.array(order))
    codes = _repeated([item.code for item in findings], counts).take(pa.array(order))
    values = pa.concat_arrays([pc.fill_null(item.values, "") for item in findings]).take(pa.array(order))
    rows, begins = np.unique(positions[order], return_index=True)
    offsets = pa.array(np.append(begins, len(order)).astype(np.int32))
    joined = [
        pc.binary_join(pa.ListArray.from_arrays(offsets, part), ";") for part in (columns, codes, values)
    ]
    return rows, joined[0], joined[1], joined[2]


def _repeated(texts: Sequence[str], counts: Sequence[int]) -> pa.Array:
    indices = np.repeat(np.arange(len(texts)), counts)
    return pa.array(list(texts), pa.string()).take(pa.array(indices))


def _write_csv(path: Path, parts: Sequence[Path]) -> None:
    """The parts as one CSV with the columns of all of them."""
    names = dict.fromkeys(
        name for part in parts for name in _schema(part).names if name not in REPORT_COLUMNS
    )
    names |= dict.fromkeys(name for part in parts for name in _schema(part).names)
    schema = pa.schema([pa.field(name, pa.string()) for name in names])
    with pa_csv.CSVWriter(str(path), schema) as writer:
        for batch in _batches(parts):
            columns = [
                batch.column(name) if name in batch.schema.names else pa.nulls(batch.num_rows, pa.string())
                for name in names
            ]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))


def _schema(part: Path) -> pa.Schema:
    with pa.OSFile(str(part), "rb") as source, pa.ipc.open_file(source) as reader:
        return reader.schema


def _batches(parts: Sequence[Path]) -> Iterator[pa.RecordBatch]:
    for part in parts:
        with pa.OSFile(str(part), "rb") as source, pa.ipc.open_file(source) as reader:
            for number in range(reader.num_record_batches):
                yield reader.get_batch(number)
