"""Rows of a result to a file of the format that its name ends in, batch by batch."""

import json
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from suyuan.errors import ConfigError, ParameterError
from suyuan.service.whole_files import replacing_path

Write = Callable[[pa.RecordBatch], None]


@contextmanager
def _csv(path: Path, schema: pa.Schema) -> Generator[Write]:
    with pyarrow.csv.CSVWriter(path, schema) as writer:
        yield writer.write_batch


@contextmanager
def _parquet(path: Path, schema: pa.Schema) -> Generator[Write]:
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        yield writer.write_batch


@contextmanager
def _jsonl(path: Path, schema: pa.Schema) -> Generator[Write]:
    with path.open("w", encoding="utf-8") as file:

        def write(batch: pa.RecordBatch) -> None:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in batch.to_pylist())

        yield write


_WRITERS: Final[dict[str, Callable[[Path, pa.Schema], AbstractContextManager[Write]]]] = {
    ".csv": _csv,
    ".parquet": _parquet,
    ".jsonl": _jsonl,
}


def check_row_file(path: Path) -> None:
    """Whether rows can be written to a file of that name, as far as the name tells.

    Raises
    ------
    ParameterError
        It ends in no known format.
    """
    if path.suffix.lower() not in _WRITERS:
        raise ParameterError("out", str(path), f"a file that ends in {', '.join(_WRITERS)}")


@contextmanager
def writing_rows(path: Path, schema: pa.Schema) -> Generator[Write]:
    """A function that writes rows; the file is there, whole, when the block ends without an error.

    Raises
    ------
    ParameterError
        The name ends in no known format.
    ConfigError
        The file cannot be written.
    """
    check_row_file(path)
    if path.is_dir():
        raise ConfigError(f"{path} cannot be written: it is a folder; name a file.")
    try:
        with replacing_path(path) as partial, _WRITERS[path.suffix.lower()](partial, schema) as write:
            yield write
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error}") from error
