"""JSON lines: one object a line, read in blocks by a parser in C, and line by line where that does not do."""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pa_json

from suyuan.errors import IngestError
from suyuan.ingest.encoding import Utf8Stream
from suyuan.ingest.natives import values_as_array
from suyuan.ingest.sources import open_bytes
from suyuan.ingest.tabular import BATCH_ROWS, BLOCK_BYTES, REPORT_COLUMNS, RawBatch, Reading, Unreadable

_LONGEST_LINE = 64 << 20
_SHOWN = 2_000
_SHORT_LINES = 32
_EXACT = 2.0**53
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def read_jsonl(reading: Reading) -> Iterator[RawBatch]:
    """The rows of a file of JSON lines; a line that is no JSON object becomes an unreadable row.

    Raises
    ------
    IngestError
        A line is longer than 64 MB.
    """
    with open_bytes(reading.file) as raw:
        stream = Utf8Stream(raw, reading.encoding)
        parser = BlockParser()
        yield RawBatch({}, np.zeros(0, dtype=np.int64), ragged=True)
        for block in _blocks(stream, reading.file.name):
            for batch in parser.parse(block):
                damaged = batch.damaged or reading.encoding.damaged
                yield replace(batch, damaged=damaged, bytes_done=stream.bytes_read, ragged=True)


def _blocks(stream: Utf8Stream, source: str) -> Iterator[bytes]:
    """Blocks of whole lines."""
    rest = b""
    while data := stream.read(BLOCK_BYTES):
        data = rest + data
        cut = data.rfind(b"\n") + 1
        rest = data[cut:]
        if len(rest) > _LONGEST_LINE:
            raise IngestError("a line is longer than 64 MB.", source=source)
        if cut:
            yield data[:cut]
    if rest:
        yield rest + b"\n"


@dataclass(slots=True)
class BlockParser:
    """Keeps the row number and what was learned about the columns from block to block."""

    counted: int = 0
    texts: dict[str, pa.DataType] = field(default_factory=dict)

    def parse(self, block: bytes) -> Iterator[RawBatch]:
        """The rows of a block of whole lines."""
        lines = block.count(b"\n")
        table = self.fast(block, lines)
        if table is None:
            yield from self._slow(block)
            return
        rows = np.arange(self.counted + 1, self.counted + lines + 1, dtype=np.int64)
        self.counted += lines
        for start in range(0, lines, BATCH_ROWS):
            part = table.slice(start, BATCH_ROWS).combine_chunks()
            columns = {
                name: part.column(name).combine_chunks()
                for name in part.column_names
                if name not in REPORT_COLUMNS
            }
            yield RawBatch(columns, rows[start : start + BATCH_ROWS])

    def parse_short(self, block: bytes) -> Iterator[RawBatch]:
        """:meth:`parse` of a short block, for which the parser in C would take longer to start than to read."""
        if block.count(b"\n") > _SHORT_LINES:
            return self.parse(block)
        return self._slow(block)

    def fast(self, block: bytes, lines: int) -> pa.Table | None:
        """The block by the parser in C; None where it fails or would change a value."""
        for _ in range(2):
            try:
                table = pa_json.read_json(
                    io.BytesIO(block),
                    read_options=pa_json.ReadOptions(use_threads=False, block_size=max(len(block), 1)),
                    parse_options=pa_json.ParseOptions(
                        explicit_schema=pa.schema(list(self.texts.items())) if self.texts else None,
                        unexpected_field_behavior="infer",
                    ),
                )
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
                return None
            dates = [part.name for part in table.schema if pa.types.is_timestamp(part.type)]
            if not dates:
                return table if table.num_rows == lines and not _loses_digits(table) else None
            self.texts.update(dict.fromkeys(dates, pa.string()))
        return None

    def _slow(self, block: bytes) -> Iterator[RawBatch]:
        rows: list[int] = []
        objects: list[dict[str, object]] = []
        unreadable: list[Unreadable] = []
        surrogates = _SURROGATE.search(block) is not None
        for line in block.decode("utf-8", "replace").split("\n")[:-1]:
            if not line.strip():
                continue
            self.counted += 1
            value = _object(line)
            if isinstance(value, dict):
                rows.append(self.counted)
                objects.append(value)
            else:
                unreadable.append(Unreadable(self.counted, line[:_SHOWN], value))
            if len(objects) == BATCH_ROWS:
                yield _batch(objects, rows, unreadable, damaged=surrogates)
                rows, objects, unreadable = [], [], []
        yield _batch(objects, rows, unreadable, damaged=surrogates)


def _loses_digits(table: pa.Table) -> bool:
    """Whether a long whole number may have been read as a floating one."""
    return any(_holds_long_float(column) for column in table.columns)


def _holds_long_float(column: pa.ChunkedArray) -> bool:
    if pa.types.is_list(column.type):
        return bool(pa.types.is_floating(column.type.value_type))
    if not pa.types.is_floating(column.type):
        return False
    longest = pc.max(pc.abs(column)).as_py()
    return longest is not None and not longest < _EXACT


def _object(line: str) -> dict[str, object] | str:
    """The JSON object of a line, or why there is none."""
    try:
        value = json.loads(line, parse_float=_number, parse_constant=str, object_pairs_hook=_pairs)
    except (ValueError, RecursionError) as error:
        return f"not JSON: {error}"
    return value if isinstance(value, dict) else "not a JSON object"


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object, unless it has two values for one key: none of them could be told to be the right one."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise ValueError(f"{twice!r} stands twice in one object")
    return found


def _number(text: str) -> float | str:
    """A number with a fraction or exponent; kept as text where it is too long for a float."""
    value = float(text)
    return value if abs(value) < _EXACT else text


def _batch(
    objects: list[dict[str, object]], rows: list[int], unreadable: list[Unreadable], *, damaged: bool
) -> RawBatch:
    names = dict.fromkeys(name for value in objects for name in value if name not in REPORT_COLUMNS)
    columns = {name: values_as_array([value.get(name) for value in objects]) for name in names}
    return RawBatch(columns, np.array(rows, dtype=np.int64), tuple(unreadable), damaged)
