"""CSV and other delimited text, streamed in blocks with every cell as text."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from suyuan.errors import IngestError
from suyuan.ingest.encoding import Utf8Stream
from suyuan.ingest.quotes import RecordBlocks, RowTooLong, of_one_cell
from suyuan.ingest.sources import open_bytes
from suyuan.ingest.tabular import (
    BATCH_ROWS,
    BLOCK_BYTES,
    REPORT_COLUMNS,
    RawBatch,
    Reading,
    Unreadable,
    empty_source,
    header_names,
)
from suyuan.ingest.text import IntArray

_DELIMITERS = (",", "\t", ";", "|")
_HEADER_BYTES = 1 << 20
_SHOWN = 2_000


def read_csv(reading: Reading) -> Iterator[RawBatch]:
    """The rows of a delimited text file.

    Raises
    ------
    IngestError
        No header, a header with a name twice, or a quoted cell that does not end.
    """
    with open_bytes(reading.file) as raw:
        stream = Utf8Stream(raw, reading.encoding)
        names, delimiter = _header(stream, reading)
        yield from _batches(stream, names, delimiter, reading)


def _header(stream: Utf8Stream, reading: Reading) -> tuple[list[str], str]:
    """Names and delimiter; the stream then stands at the first row."""
    layout, source = reading.layout, reading.file.name
    head = stream.read(_HEADER_BYTES)
    for _ in range(layout.header_row - 1):
        head = head[head.find(b"\n") + 1 :]
    while head.startswith((b"\n", b"\r\n")):
        head = head[head.find(b"\n") + 1 :]
    if not head.strip():
        raise empty_source(source)
    text = head.decode("utf-8", "replace")
    delimiter = layout.delimiter or ("\t" if reading.file.suffix == ".tsv" else _delimiter(text))
    if layout.header is not None:
        stream.put_back(head)
        return header_names(layout.header, source), delimiter
    cells, length = _first_record(text, delimiter, source)
    if text[:length].count('"') % 2:
        raise IngestError("a quotation mark of the header row is not closed.", source=source)
    stream.put_back(head[len(text[:length].encode()) :])
    return header_names(cells, source), delimiter


def _delimiter(text: str) -> str:
    line = text.split("\n", 1)[0]
    unquoted = "".join(line.split('"')[::2])
    return max(_DELIMITERS, key=unquoted.count)


def _first_record(text: str, delimiter: str, source: str) -> tuple[list[str], int]:
    """Cells of the first record and its length in characters."""
    lines = io.StringIO(text, newline="")
    try:
        cells = next(csv.reader(lines, delimiter=delimiter, strict=False))
    except (csv.Error, StopIteration) as error:
        raise IngestError(f"the header row cannot be read ({error}).", source=source) from error
    return cells, lines.tell()


class _Skips:
    """Rows with a wrong number of cells, collected while the parser goes on."""

    def __init__(self) -> None:
        self.rows: list[Unreadable] = []

    def __call__(self, row: pa_csv.InvalidRow) -> str:
        text = row.text
        why = f"{row.actual_columns} cells instead of {row.expected_columns}"
        line = of_one_cell(text) if row.actual_columns == 1 else None
        if line is not None:
            text, why = line, "a quotation mark that is not closed"
        self.rows.append(Unreadable(int(row.number), text[:_SHOWN], why))
        return "skip"


def _batches(stream: Utf8Stream, names: list[str], delimiter: str, reading: Reading) -> Iterator[RawBatch]:
    kept = [name for name in names if name not in REPORT_COLUMNS]
    wanted = [name for name in names if reading.wants(name)]
    blocks = RecordBlocks(stream, len(names), delimiter, BLOCK_BYTES, odd_quotes=reading.odd_quotes)
    counted = 0
    yield _empty(kept, reading, stream)
    try:
        for block in blocks:
            table, unreadable = _parsed(block, names, delimiter, wanted)
            rows = _good_rows(counted, table.num_rows, unreadable)
            unreadable = [replace(row, row=row.row + counted) for row in unreadable]
            yield from _sliced(table, rows, tuple(unreadable), reading, stream)
            counted += table.num_rows + len(unreadable)
    except RowTooLong as error:
        raise IngestError(
            "a row that begins after this one does not end within 64 MB; a quotation mark is probably missing.",
            source=reading.file.name,
            row=counted,
        ) from error


def _empty(names: list[str], reading: Reading, stream: Utf8Stream) -> RawBatch:
    columns = {name: pa.array([], pa.string()) for name in names}
    rows = np.zeros(0, dtype=np.int64)
    return RawBatch(columns, rows, (), reading.encoding.damaged, stream.bytes_read)


def _parsed(
    block: bytes, names: list[str], delimiter: str, wanted: list[str]
) -> tuple[pa.RecordBatch, list[Unreadable]]:
    """The rows of a block of whole rows, and those that do not fit, numbered from 1 in the block."""
    skips = _Skips()
    if not block.strip():
        return pa.RecordBatch.from_pylist([], schema=_schema(wanted)), skips.rows
    table = pa_csv.read_csv(
        pa.BufferReader(block),
        read_options=pa_csv.ReadOptions(column_names=names, block_size=len(block) + 1, use_threads=False),
        parse_options=pa_csv.ParseOptions(
            delimiter=delimiter, newlines_in_values=True, invalid_row_handler=skips
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            include_columns=wanted or names[:1],
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    )
    parts = table.combine_chunks().to_batches()
    return (parts[0] if parts else pa.RecordBatch.from_pylist([], schema=table.schema)), skips.rows


def _schema(names: list[str]) -> pa.Schema:
    return pa.schema([pa.field(name, pa.string()) for name in names])


def _good_rows(counted: int, good: int, unreadable: list[Unreadable]) -> IntArray:
    """Numbers of the good rows of a block that follows on ``counted`` rows."""
    numbers = np.arange(1, good + len(unreadable) + 1, dtype=np.int64)
    if unreadable:
        numbers = np.delete(numbers, [row.row - 1 for row in unreadable])
    return numbers + counted


def _sliced(
    block: pa.RecordBatch,
    rows: IntArray,
    unreadable: tuple[Unreadable, ...],
    reading: Reading,
    stream: Utf8Stream,
) -> Iterator[RawBatch]:
    for start in range(0, max(1, len(rows)), BATCH_ROWS):
        part = block.slice(start, BATCH_ROWS)
        yield RawBatch(
            {name: part.column(name) for name in part.schema.names if reading.wants(name)},
            rows[start : start + BATCH_ROWS],
            unreadable if start == 0 else (),
            reading.encoding.damaged,
            stream.bytes_read,
        )
