import threading
from collections.abc import Iterator

import pytest

from suyuan.ingest.prefetch import ahead


def numbers(until: int, closed: threading.Event) -> Iterator[int]:
    try:
        yield from range(until)
    finally:
        closed.set()


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "suyuan-read-ahead"]


def test_order_is_kept() -> None:
    assert list(ahead(numbers(100, threading.Event()))) == list(range(100))
    assert threads() == []


def test_an_error_comes_where_it_arose() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("two")

    items = ahead(failing())
    assert next(items) == 1
    with pytest.raises(ValueError, match="two"):
        next(items)
    assert threads() == []


def test_leaving_early_ends_the_thread() -> None:
    items = ahead(numbers(10**9, threading.Event()))
    assert next(items) == 0
    items.close()
    assert threads() == []
