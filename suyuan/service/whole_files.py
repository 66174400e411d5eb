"""Files that appear whole or not at all."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def replacing_path(path: Path) -> Generator[Path]:
    """Where to write a file beside ``path``, whose place it takes when all is written."""
    partial = path.with_name(path.name + ".partial")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def replacing(path: Path) -> Generator[TextIO]:
    """A text file to write, which takes the place of ``path`` when all is written."""
    with replacing_path(path) as partial, partial.open("w", encoding="utf-8") as file:
        yield file
