"""A SQLite store in a file of its own, for tests that look at the file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from suyuan.graph.store.sqlite import SqliteStore

__all__ = ["path", "store", "url_of"]


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore.open(url_of(path))
    yield opened
    opened.close()
