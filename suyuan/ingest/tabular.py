"""Tables as they stand in files: batches of columns with row numbers, whatever the format.

Rows are numbered from 1 after the header, as a person counts them (lines that are quite empty are not
counted in text files). A row that cannot be told apart into cells at all is handed over as ``Unreadable``.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from suyuan.errors import IngestError, MappingError
from suyuan.ingest.encoding import Encoding
from suyuan.ingest.sources import InputFile
from suyuan.ingest.text import IntArray

BATCH_ROWS = 65_536
BLOCK_BYTES = 8 << 20
_MOST_COLUMNS = 4_096
REPORT_COLUMNS = frozenset({"_file", "_row", "_column", "_code", "_value"})
"""Columns of our own reject files, left out when such a file is read again."""

TEXT_SUFFIXES = {".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
BINARY_SUFFIXES = {".parquet": "parquet", ".xlsx": "excel", ".xlsm": "excel", ".xls": "excel"}
TABLE_SUFFIXES = {**TEXT_SUFFIXES, **BINARY_SUFFIXES}


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read a file, as far as a mapping tells: what is None is found out.

    ``header_row`` counts from 1; ``header`` gives the names of a file that has none.
    """

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | int | None = None
    header_row: int = 1
    header: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row without cells: its number, its text as far as known, and what is wrong."""

    row: int
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class RawBatch:
    """Some rows of a file.

    Attributes
    ----------
    columns : by name, text or whatever the file holds, all of one length
    rows : int64, shape (n,), row numbers
    damaged : whether U+FFFD marks bytes that are no text
    bytes_done : how far the file has been read
    ragged : whether each row has columns of its own, so that one that is missing here is no error
    """

    columns: dict[str, pa.Array]
    rows: IntArray
    unreadable: tuple[Unreadable, ...] = ()
    damaged: bool = False
    bytes_done: int = 0
    ragged: bool = False

    def take(self, positions: IntArray) -> "RawBatch":
        """Only the rows at these positions, without the unreadable ones."""
        chosen = pa.array(positions)
        columns = {name: values.take(chosen) for name, values in self.columns.items()}
        return replace(self, columns=columns, rows=self.rows[positions], unreadable=())


@dataclass(frozen=True, slots=True)
class Reading:
    """What to read.

    Attributes
    ----------
    sheet : of a workbook
    wanted : which columns, by name; None for all
    odd_quotes : whether quotation marks may be wrong, so that each line must be looked at
    """

    file: InputFile
    encoding: Encoding = field(default_factory=Encoding)
    layout: Layout = field(default_factory=Layout)
    sheet: str | None = None
    wanted: Callable[[str], bool] | None = None
    odd_quotes: bool = True

    def wants(self, name: str) -> bool:
        """Whether the column of that name is to be read."""
        return name not in REPORT_COLUMNS and (self.wanted is None or self.wanted(name))


def read_batches(reading: Reading) -> Iterator[RawBatch]:
    """The rows of a file, in order; at least one batch, which may be empty.

    Raises
    ------
    IngestError
        The file is damaged, cut off, or no such table.
    """
    return _readers()[TABLE_SUFFIXES[reading.file.suffix]](reading)


def _readers() -> dict[str, Callable[[Reading], Iterator[RawBatch]]]:
    from suyuan.ingest.columnar import read_parquet
    from suyuan.ingest.delimited import read_csv
    from suyuan.ingest.jsonlines import read_jsonl
    from suyuan.ingest.workbook import read_excel

    return {"csv": read_csv, "jsonl": read_jsonl, "parquet": read_parquet, "excel": read_excel}


def header_names(cells: Collection[object], source: str) -> list[str]:
    """Names of the columns of a header row; unnamed columns are called ``column_N``.

    Raises
    ------
    IngestError
        There are more than 4,096 columns.
    MappingError
        Two columns have one name.
    """
    names = [str(cell).strip().removeprefix("\ufeff") for cell in cells]
    names = [name or f"column_{place}" for place, name in enumerate(names, start=1)]
    if len(names) > _MOST_COLUMNS:
        raise IngestError(f"has {len(names):,} columns; at most {_MOST_COLUMNS:,} are read.", source=source)
    for name, times in Counter(names).items():
        if times > 1:
            raise MappingError(
                f"two columns are called {name!r}; give each its own name.", source=source, field=name
            )
    return names


def empty_source(source: str) -> IngestError:
    """The error of a table without even a header."""
    return IngestError("is empty: there is not even a header row. Was it cut off?", source=source)


def row_numbers(first: int, count: int) -> IntArray:
    """Numbers of ``count`` rows from ``first`` on."""
    return np.arange(first, first + count, dtype=np.int64)
