"""Excel workbooks (XLSX, XLSM, XLS): the values of a sheet, with ids that look like numbers as text.

A formula counts as its stored value, a cell formatted as a date as that date. Error values (``#N/A``) are
unknown.
"""

import zipfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

import numpy as np
import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from suyuan.errors import IngestError, MappingError
from suyuan.ingest.natives import values_as_array
from suyuan.ingest.sources import InputFile, SourceLimits, local_path
from suyuan.ingest.tabular import BATCH_ROWS, REPORT_COLUMNS, RawBatch, Reading, empty_source, header_names

_UNPACKED_BYTES = 2 << 30


def sheet_names(file: InputFile) -> list[str]:
    """Names of the sheets of a workbook, in order.

    Raises
    ------
    IngestError
        The file is damaged, locked, or no workbook.
    """
    with _open(file) as workbook:
        return list(workbook.sheet_names)


def read_excel(reading: Reading) -> Iterator[RawBatch]:
    """The rows of one sheet.

    Raises
    ------
    IngestError
        The file is damaged, locked, no workbook, or the sheet is quite empty.
    MappingError
        There is no such sheet.
    """
    with _open(reading.file) as workbook:
        yield from _batches(_sheet(workbook, reading), reading)


@contextmanager
def _open(file: InputFile) -> Generator[CalamineWorkbook]:
    with local_path(file) as path:
        _check_unpacked_size(file, str(path))
        with _parsing(file):
            workbook = CalamineWorkbook.from_path(str(path))
        with workbook:
            yield workbook


@contextmanager
def _parsing(file: InputFile) -> Generator[None]:
    """Turns every way in which the parser gives up on a damaged file into one error.

    Some damaged files make it panic, which Python sees as an exception outside its usual tree.
    """
    try:
        yield
    except BaseException as error:
        if isinstance(error, (CalamineError, OSError)) or type(error).__name__ == "PanicException":
            raise IngestError(f"is no readable workbook ({error}).", source=file.name) from error
        raise


def _check_unpacked_size(file: InputFile, path: str) -> None:
    """A workbook is a zip: the same limits hold, and it must fit into memory."""
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError) as error:
        raise IngestError(f"is no readable workbook ({error}).", source=file.name) from error
    limits = SourceLimits()
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if unpacked > _UNPACKED_BYTES or (
        unpacked > limits.small_bytes and unpacked > limits.ratio * max(1, packed)
    ):
        raise IngestError(
            f"unpacks to {unpacked:,} bytes, which is refused; save it as CSV instead.", source=file.name
        )


def _sheet(workbook: CalamineWorkbook, reading: Reading) -> CalamineSheet:
    names = workbook.sheet_names
    wanted = reading.sheet or reading.layout.sheet or 1
    if isinstance(wanted, int) and 1 <= wanted <= len(names):
        wanted = names[wanted - 1]
    if wanted not in names:
        raise MappingError(
            f"there is no sheet {wanted!r}; the sheets are {', '.join(names)}.", source=reading.file.name
        )
    with _parsing(reading.file):
        return workbook.get_sheet_by_name(str(wanted))


def _batches(sheet: CalamineSheet, reading: Reading) -> Iterator[RawBatch]:
    lines = _lines(sheet, reading.file)
    first = 1
    if reading.layout.header is not None:
        names = header_names(reading.layout.header, reading.file.name)
    else:
        header = next(islice(lines, reading.layout.header_row - 1, None), None)
        if header is None:
            raise empty_source(reading.file.name)
        names = header_names(header, reading.file.name)
    yield _batch([], [], names, reading)
    while taken := list(islice(lines, BATCH_ROWS)):
        filled = [(row, line) for row, line in enumerate(taken, first) if any(cell != "" for cell in line)]
        first += len(taken)
        yield _batch([row for row, _ in filled], [line for _, line in filled], names, reading)


def _lines(sheet: CalamineSheet, file: InputFile) -> Iterator[Sequence[object]]:
    with _parsing(file):
        lines = iter(sheet.iter_rows())
    while True:
        with _parsing(file):
            line = next(lines, None)
        if line is None:
            return
        yield line


def _batch(
    rows: list[int], lines: Sequence[Sequence[object]], names: list[str], reading: Reading
) -> RawBatch:
    columns: dict[str, pa.Array] = {}
    for place, name in enumerate(names):
        if name not in REPORT_COLUMNS:
            cells = [_known(line, place) for line in lines]
            columns[name] = values_as_array(cells)
    return RawBatch(columns, np.array(rows, dtype=np.int64), bytes_done=reading.file.size)


def _known(line: Sequence[object], place: int) -> object:
    cell = line[place] if place < len(line) else ""
    return None if cell == "" else cell
