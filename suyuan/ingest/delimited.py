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
from suyuan.ingest.quotes import QuoteRepair, of_one_cell
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
    columns = [name for name in names if reading.wants(name)]
    skips = _Skips()
    counted = 0
    yield _empty(kept, reading, stream)
    if stream.is_at_end():
        return
    try:
        source = QuoteRepair(stream, len(names), delimiter, BLOCK_BYTES) if reading.odd_quotes else stream
        for block in _open(source, names, delimiter, columns, skips):
            rows, unreadable = _numbered(counted, block.num_rows, skips.rows)
            yield from _sliced(block.select(columns), rows, unreadable, reading, stream)
            counted += block.num_rows + len(unreadable)
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise _explained(error, counted, reading) from error
    if skips.rows:
        yield replace(_empty(kept, reading, stream), unreadable=tuple(skips.rows))


def _empty(names: list[str], reading: Reading, stream: Utf8Stream) -> RawBatch:
    columns = {name: pa.array([], pa.string()) for name in names}
    rows = np.zeros(0, dtype=np.int64)
    return RawBatch(columns, rows, (), reading.encoding.damaged, stream.bytes_read)


def _open(
    source: Utf8Stream | QuoteRepair, names: list[str], delimiter: str, wanted: list[str], skips: _Skips
) -> Iterator[pa.RecordBatch]:
    reader = pa_csv.open_csv(
        pa.PythonFile(source, mode="r"),
        read_options=pa_csv.ReadOptions(column_names=names, block_size=BLOCK_BYTES, use_threads=False),
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
    with reader:
        yield from reader


def _numbered(
    counted: int, size: int, waiting: list[Unreadable]
) -> tuple[np.ndarray, tuple[Unreadable, ...]]:
    """Numbers of the good rows of a block, given the numbers of the bad ones; takes these from ``waiting``.

    The parser numbers all rows of the file from 1, so a block of ``size`` good rows ends where that many
    numbers from ``counted + 1`` on are not taken by bad rows.
    """
    bad = np.array([row.row for row in waiting], dtype=np.int64)
    total = size
    while True:
        inside = int(np.searchsorted(bad, counted + total, side="right"))
        if size + inside == total:
            break
        total = size + inside
    numbers = np.arange(counted + 1, counted + total + 1, dtype=np.int64)
    unreadable = tuple(waiting[:inside])
    del waiting[:inside]
    return numbers[~np.isin(numbers, bad[:inside])] if inside else numbers, unreadable


def _sliced(
    block: pa.RecordBatch,
    rows: np.ndarray,
    unreadable: tuple[Unreadable, ...],
    reading: Reading,
    stream: Utf8Stream,
) -> Iterator[RawBatch]:
    for start in range(0, max(1, len(rows)), BATCH_ROWS):
        part = block.slice(start, BATCH_ROWS)
        yield RawBatch(
            dict(zip(part.schema.names, part.columns, strict=True)),
            rows[start : start + BATCH_ROWS],
            unreadable if start == 0 else (),
            reading.encoding.damaged,
            stream.bytes_read,
        )


def _explained(error: Exception, counted: int, reading: Reading) -> IngestError:
    text = str(error)
    if "straddling" in text or "quote" in text.lower() or "out of sync" in text:
        message = (
            f"a cell that begins in or after this row does not end within {BLOCK_BYTES >> 20} MB; "
            "a quotation mark is probably missing."
        )
        return IngestError(message, source=reading.file.name, row=counted + 1)
    return IngestError(
        f"cannot be read as delimited text ({text}).", source=reading.file.name, row=counted + 1
    )
