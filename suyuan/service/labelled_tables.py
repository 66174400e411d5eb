"""Labelled tables from files: columns as text, labels, times, and which columns are codes and which quantities."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.errors import ConfigError, IngestError, ParameterError, RecordError
from suyuan.graph.snapshot import FloatArray, Int64Array
from suyuan.ingest.encoding import examine
from suyuan.ingest.sources import InputFile, find_files
from suyuan.ingest.tabular import TABLE_SUFFIXES, TEXT_SUFFIXES, RawBatch, Reading, read_batches
from suyuan.ingest.values import FALSE_WORDS, TRUE_WORDS
from suyuan.service.times import microseconds

_LABELS: Final = {
    **dict.fromkeys((*TRUE_WORDS, "1.0"), 1.0),
    **dict.fromkeys((*FALSE_WORDS, "0.0"), 0.0),
}
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_LEADING_ZERO: Final = re.compile(r"[+-]?0\d")
_FEW_VALUES: Final = 50
"""Whole numbers with at most so many values are codes."""

_CODE_NAME: Final = re.compile(
    r"\b(id|code|type|number|no)\b|_(id|code|type|no)\b|编号|代码|编码|号码|类型", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table as text.

    Parameters
    ----------
    source : name of the file, for errors; of several, the first
    columns : by name; texts without spaces around them, None where empty
    places : file name and row number of each row
    """

    source: str
    columns: dict[str, list[str | None]]
    places: tuple[tuple[str, int], ...]

    def __len__(self) -> int:
        return len(self.places)

    def require(self, names: Collection[str], option: str) -> None:
        """Nothing, if it has all these columns.

        Raises
        ------
        ConfigError
            It has not.
        """
        for name in names:
            if name not in self.columns:
                raise ConfigError(
                    f"{self.source} has no column {name!r}, which {option} names; "
                    f"its columns are {', '.join(self.columns)}."
                )

    def error(self, row: int, field: str, message: str) -> RecordError:
        """An error at a cell; ``row`` is its position."""
        source, number = self.places[row]
        return RecordError(message, source=source, row=number, field=field)


def read_tables(files: Sequence[Path]) -> TextTable:
    """The rows of files one after the other, in the columns of the first.

    Raises
    ------
    ConfigError
        There are no rows, or the files have different columns.
    IngestError
        A file cannot be read, or a row of it.
    """
    parts = [_read(file) for file in files]
    first = parts[0]
    for part in parts[1:]:
        if set(part.columns) != set(first.columns):
            odd = sorted(set(part.columns) ^ set(first.columns))
            raise ConfigError(
                f"{first.source} and {part.source} have different columns: {', '.join(odd)} is only in one of them."
            )
    columns = {name: [cell for part in parts for cell in part.columns[name]] for name in first.columns}
    return TextTable(first.source, columns, tuple(place for part in parts for place in part.places))


def _read(path: Path) -> TextTable:
    file = _input_file(path)
    text = file.suffix in TEXT_SUFFIXES
    examined = examine(file, text=text)
    reading = Reading(file, odd_quotes=examined.odd_quotes)
    if examined.encoding is not None:
        reading = Reading(file, encoding=examined.encoding, odd_quotes=examined.odd_quotes)
    batches = list(read_batches(reading))
    names = list(dict.fromkeys(name for batch in batches for name in batch.columns))
    columns: dict[str, list[str | None]] = {name: [] for name in names}
    rows: list[int] = []
    for batch in batches:
        if batch.unreadable:
            bad = batch.unreadable[0]
            raise IngestError(f"{bad.why}: {bad.text[:80]!r}", source=file.name, row=bad.row)
        rows += batch.rows.tolist()
        for name in names:
            columns[name] += _texts(batch, name)
    if not rows:
        raise ConfigError(f"{file.name} has no rows.")
    return TextTable(file.name, columns, tuple((file.name, row) for row in rows))


def _input_file(path: Path) -> InputFile:
    files = [file for file in find_files([path]).files if file.suffix in TABLE_SUFFIXES]
    if len(files) != 1:
        raise IngestError(
            f"holds {len(files)} tables; expected one file that ends in {', '.join(TABLE_SUFFIXES)}.",
            source=str(path),
        )
    return files[0]


def _texts(batch: RawBatch, name: str) -> list[str | None]:
    values: Any = batch.columns.get(name)
    if values is None:
        return [None] * len(batch.rows)
    if not pa.types.is_string(values.type):
        values = pa.array([None if cell is None else str(cell) for cell in values.to_pylist()], pa.string())
    trimmed = pc.utf8_trim_whitespace(values)
    return [cell or None for cell in trimmed.to_pylist()]


def labels_of(table: TextTable, column: str) -> FloatArray:
    """1 for positive rows, 0 for others, NaN where nothing stands.

    Raises
    ------
    RecordError
        A cell says neither.
    """
    cells = table.columns[column]
    found = np.array([np.nan if cell is None else _LABELS.get(cell.lower(), 2.0) for cell in cells])
    if (found == 2.0).any():
        row = int(np.flatnonzero(found == 2.0)[0])
        raise table.error(
            row,
            column,
            f"the label {cells[row]!r} is not possible; expected 0 or 1, false or true, no or yes.",
        )
    return found


def times_of(table: TextTable, column: str) -> Int64Array:
    """Microseconds UTC of each row.

    Raises
    ------
    RecordError
        A cell is empty or no time.
    """
    known: dict[str | None, int] = {}
    for row, cell in enumerate(table.columns[column]):
        if cell not in known:
            try:
                moment = microseconds(column, cell)
            except ParameterError as error:
                raise table.error(row, column, error.message) from error
            if moment is None:
                raise table.error(row, column, "has no time; --time needs one in every row.")
            known[cell] = moment
    return np.array([known[cell] for cell in table.columns[column]], np.int64)


def is_quantity(name: str, cells: Collection[str | None]) -> bool:
    """Whether a column counts or measures: numbers with a point, or whole ones of many values and different lengths.

    Notes
    -----
    Whole numbers are codes where they have one length (``640411``), few values or leading zeros, or where the column
    calls itself an id, code, type or number.

    Examples
    --------
    >>> is_quantity("mass", ["1.5", None, "20"]), is_quantity("HS6", ["640411", "090121"])
    (True, False)
    """
    distinct = {cell for cell in cells if cell is not None}
    if not distinct or not all(_NUMBER.fullmatch(cell) for cell in distinct):
        return False
    if any(_LEADING_ZERO.match(cell) for cell in distinct):
        return False
    if not all(cell.lstrip("+-").isdigit() for cell in distinct):
        return True
    several_lengths = len({len(cell) for cell in distinct}) > 1
    return several_lengths and len(distinct) > _FEW_VALUES and not _CODE_NAME.search(name)


def quantity_of(table: TextTable, column: str) -> FloatArray:
    """Numbers of a column, NaN where nothing stands.

    Raises
    ------
    RecordError
        A cell is no number.
    """
    found = np.full(len(table), np.nan)
    for row, cell in enumerate(table.columns[column]):
        if cell is None:
            continue
        if not _NUMBER.fullmatch(cell) or not np.isfinite(float(cell)):
            raise table.error(
                row, column, f"{cell!r} is no number, as the training rows have in this column."
            )
        found[row] = float(cell)
    return found
