"""The stores that must keep the contract. Each test gets an empty one."""

import sqlite3
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import neo4j
import pytest

from suyuan.graph.store.base import Store
from suyuan.graph.store.opening import open_store


@pytest.fixture(params=["sqlite", pytest.param("neo4j", marks=pytest.mark.neo4j)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes an empty place for a store and gives its URL; each call a new one (or the one place emptied)."""
    if request.param == "sqlite":
        numbers = count()
        return lambda: f"sqlite:///{tmp_path / f'store{next(numbers)}.db'}"
    url: str = request.getfixturevalue("neo4j_url")
    driver: neo4j.Driver = request.getfixturevalue("neo4j_driver")

    def emptied() -> str:
        driver.execute_query("MATCH (n) DETACH DELETE n", database_=_database(url))
        return url

    return emptied


@pytest.fixture
def store_url(empty_url: Callable[[], str]) -> str:
    return empty_url()


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    yield opened
    opened.close()


@pytest.fixture
def edit_record(request: pytest.FixtureRequest, store_url: str) -> Callable[[str, str, str, str], None]:
    """Changes one property of a stored record behind the store's back: (table, id, column, value)."""

    def edit_row(table: str, record: str, column: str, value: str) -> None:
        connection = sqlite3.connect(store_url.removeprefix("sqlite:///"))
        connection.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE id = ?', (value, record))
        connection.commit()
        connection.close()

    def edit_node(table: str, record: str, column: str, value: str) -> None:
        driver: neo4j.Driver = request.getfixturevalue("neo4j_driver")
        driver.execute_query(
            "MATCH (n {id: $id}) SET n[$column] = $value",
            {"id": record, "column": column, "value": value},
            database_=_database(store_url),
        )

    return edit_row if store_url.startswith("sqlite") else edit_node


def _database(url: str) -> str:
    return urlsplit(url).path.lstrip("/") or "neo4j"
