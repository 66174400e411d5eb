"""Reading ahead in a thread of its own, so that parsing and writing overlap."""

from collections.abc import Generator, Iterator
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import TypeVar, cast

T = TypeVar("T")

_WAIT_SECONDS = 0.1


def ahead(items: Iterator[T], depth: int = 2) -> Generator[T, None, None]:
    """The items in order, up to ``depth`` of them taken in advance; an error comes where it arose.

    Closing this iterator early stops the thread before the next item.
    """
    queue: Queue[tuple[str, T | BaseException | None]] = Queue(maxsize=depth)
    stopped = Event()
    thread = Thread(target=_fill, args=(items, queue, stopped), name="suyuan-read-ahead", daemon=True)
    thread.start()
    try:
        while True:
            what, value = queue.get()
            if what == "end":
                return
            if what == "error" and isinstance(value, BaseException):
                raise value
            yield cast(T, value)
    finally:
        stopped.set()
        _drain(queue)
        thread.join()


def _fill(items: Iterator[T], queue: Queue[tuple[str, T | BaseException | None]], stopped: Event) -> None:
    try:
        for item in items:
            if not _put(queue, ("item", item), stopped):
                return
        _put(queue, ("end", None), stopped)
    except BaseException as error:
        _put(queue, ("error", error), stopped)


def _put(
    queue: Queue[tuple[str, T | BaseException | None]],
    entry: tuple[str, T | BaseException | None],
    stopped: Event,
) -> bool:
    while not stopped.is_set():
        try:
            queue.put(entry, timeout=_WAIT_SECONDS)
        except Full:
            continue
        return True
    return False


def _drain(queue: Queue[tuple[str, T | BaseException | None]]) -> None:
    try:
        while True:
            queue.get_nowait()
    except Empty:
        pass
