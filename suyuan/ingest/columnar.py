"""Parquet files, read in batches with their own types."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pa_parquet

from suyuan.errors import IngestError
from suyuan.ingest.natives import as_text
from suyuan.ingest.sources import local_path
from suyuan.ingest.tabular import BATCH_ROWS, REPORT_COLUMNS, RawBatch, Reading, row_numbers


def read_parquet(reading: Reading) -> Iterator[RawBatch]:
    """The rows of a Parquet file.

    Raises
    ------
    IngestError
        The file is cut off, damaged, or no Parquet file.
    """
    with local_path(reading.file) as path:
        try:
            yield from _batches(pa_parquet.ParquetFile(path), reading)
        except (pa.ArrowException, OSError, EOFError, ValueError, OverflowError) as error:
            raise IngestError(f"is no readable Parquet file ({error}).", source=reading.file.name) from error


def _batches(parquet: pa_parquet.ParquetFile, reading: Reading) -> Iterator[RawBatch]:
    with parquet:
        names = [name for name in parquet.schema_arrow.names if name not in REPORT_COLUMNS]
        wanted = [name for name in names if reading.wants(name)]
        yield RawBatch({name: pa.array([], pa.string()) for name in names}, np.zeros(0, dtype=np.int64))
        first, total = 1, max(1, parquet.metadata.num_rows)
        for batch in parquet.iter_batches(batch_size=BATCH_ROWS, columns=wanted, use_threads=False):
            done = reading.file.size * (first + batch.num_rows - 1) // total
            columns = {name: _decoded(batch.column(name)) for name in wanted}
            damaged = any(not whole for _, whole in columns.values())
            yield RawBatch(
                {name: values for name, (values, _) in columns.items()},
                row_numbers(first, batch.num_rows),
                damaged=damaged,
                bytes_done=done,
            )
            first += batch.num_rows


def _decoded(values: pa.Array) -> tuple[pa.Array, bool]:
    """Text with 32-bit offsets, as everywhere else, and whether all of it is text."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        values.validate(full=True)
        return values, True
    try:
        return values.cast(pa.binary()).cast(pa.string()), True
    except pa.ArrowInvalid:
        return as_text(values.cast(pa.binary())), False
