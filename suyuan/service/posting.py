"""Use case: rows that crawlers and platforms post, written by one thread that joins what is waiting into runs.

A post is answered when its run is finished, so what is answered is in the store. Its answer is kept there too, in the
same step, under the id that the sender gave: the same post again, to whatever process, gets the same answer and writes
nothing.
"""

import json
import threading
import time
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from suyuan.errors import BusyError, ConflictError, NotFoundError, StoreError, SuyuanError
from suyuan.graph.store.base import Store, Writer
from suyuan.graph.store.documents import Document, NewDocument
from suyuan.graph.tables import TABLES
from suyuan.ingest.posts import Post, PostedRun, PostResult, ReadPost, read_post
from suyuan.ingest.report import TableCounts

Json = dict[str, Any]

COLLECTION: Final = "ingest_posts"

_GROUP_POSTS: Final = 256
_GROUP_BYTES: Final = 32 << 20
_WAIT_SECONDS: Final = 2.0
"""How long a group waits for another process to end its run."""

_TURN_SECONDS: Final = 0.5
_GIVE_WAY_SECONDS: Final = 0.05
"""Now and then other processes get a chance to begin a run; those who wait look every few hundredths of a second."""

_RETRY_FULL: Final = 1
_RETRY_HELD: Final = 2


@dataclass(frozen=True, slots=True)
class Delivery:
    """A post with the id under which its answer is kept (sender and sender's id); None without one."""

    post: Post
    key: str | None = None


def delivery(table: str, body: bytes, *, subject: str, batch_id: str | None) -> Delivery:
    """A delivery of rows for a table.

    Raises
    ------
    NotFoundError
        There is no such table.
    """
    if table not in TABLES:
        raise NotFoundError("table", table)
    name = f"post/{table}/{batch_id or uuid4().hex}"
    return Delivery(Post(table, name, body), None if batch_id is None else f"{subject}:{batch_id}")


class PostQueue:
    """Deliveries on their way into a store. Thread-safe.

    Parameters
    ----------
    posts_max, bytes_max : what may be under way at a time; more is refused, so that senders slow down
    """

    def __init__(self, store: Store, *, posts_max: int, bytes_max: int) -> None:
        self._store = store
        self._posts_max = posts_max
        self._bytes_max = bytes_max
        self._posts = self._bytes = 0
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Delivery, Future[Json]]] = deque()
        self._thread: threading.Thread | None = None
        self._closed = False

    @contextmanager
    def place(self, size: int) -> Generator[None]:
        """Room for a post of so many bytes, from before it is read until it is answered.

        Raises
        ------
        BusyError
        """
        with self._changed:
            if self._posts >= self._posts_max or (self._posts and self._bytes + size > self._bytes_max):
                raise BusyError(
                    f"{self._posts} posts are waiting to be written. Send this one again a little later.",
                    retry_after_seconds=_RETRY_FULL,
                )
            self._posts += 1
            self._bytes += size
        try:
            yield
        finally:
            with self._changed:
                self._posts -= 1
                self._bytes -= size

    def submit(self, what: Delivery) -> "Future[Json]":
        """The answer to come: the counts and rejects of the post, once its rows are in the store.

        It may raise BusyError (another process writes), ConflictError (the id was used for another post),
        IngestError and StoreError.
        """
        future: Future[Json] = Future()
        with self._changed:
            if self._closed:
                raise BusyError("The server is stopping. Send it again.", retry_after_seconds=_RETRY_HELD)
            self._waiting.append((what, future))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="suyuan-posts", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return future

    def close(self) -> None:
        """Writes what is waiting, then stops."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread:
            self._thread.join()

    def _run(self) -> None:
        turn_began = time.monotonic()
        while group := self._group():
            if time.monotonic() - turn_began > _TURN_SECONDS:
                time.sleep(_GIVE_WAY_SECONDS)
                turn_began = time.monotonic()
            self._carry_out(group)

    def _group(self) -> list[tuple[Delivery, "Future[Json]"]]:
        """What is written next; nothing when the queue is closed and empty."""
        group: list[tuple[Delivery, Future[Json]]] = []
        size = 0
        with self._changed:
            while not group:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return []
                while self._waiting and len(group) < _GROUP_POSTS and size <= _GROUP_BYTES:
                    what, future = self._waiting.popleft()
                    if future.set_running_or_notify_cancel():
                        group.append((what, future))
                        size += len(what.post.body)
        return group

    def _carry_out(self, group: Sequence[tuple[Delivery, "Future[Json]"]]) -> None:
        try:
            answers = write_group(self._store, [what for what, _ in group])
        except Exception as error:
            if len(group) > 1 and not isinstance(error, StoreError):
                for one in group:
                    self._carry_out([one])
                return
            answers = [error] * len(group)
        for (_, future), answer in zip(group, answers, strict=True):
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)


def write_group(store: Store, group: Sequence[Delivery]) -> list[Json | Exception]:
    """Writes deliveries as one run; the answer, or what is wrong with it, of each.

    Raises
    ------
    BusyError
        Another process writes.
    StoreError
        The store does not answer; nothing is written.
    """
    answers: dict[int, Json | Exception] = {}
    reads = _read(group, answers)
    _answer_known(store, group, answers)
    if len(answers) < len(group):
        with _begun(store) as writer:
            _answer_known(store, group, answers)
            fresh = _fresh(group, answers)
            if fresh:
                _write(writer, group, {place: reads[place] for place in fresh}, answers)
    _answer_twins(group, answers)
    return [answers[place] for place in range(len(group))]


def _read(group: Sequence[Delivery], answers: dict[int, Json | Exception]) -> dict[int, ReadPost]:
    reads: dict[int, ReadPost] = {}
    for place, what in enumerate(group):
        try:
            reads[place] = read_post(what.post)
        except SuyuanError as error:
            answers[place] = error
    return reads


def _answer_known(store: Store, group: Sequence[Delivery], answers: dict[int, Json | Exception]) -> None:
    """Answers what was written before under the same id."""
    open_keys = {what.key: place for place, what in enumerate(group) if what.key and place not in answers}
    known = store.documents.some(COLLECTION, [key for key in open_keys if key]) if open_keys else {}
    for place, what in enumerate(group):
        document = known.get(what.key or "")
        if document is not None and place not in answers:
            answers[place] = _kept_answer(what.post, document)


def _kept_answer(post: Post, document: Document) -> Json | Exception:
    if (document.value["table"], document.value["sha256"]) == (post.table, post.sha256):
        return json.loads(document.value["answer"])
    return _id_used()


def _id_used() -> ConflictError:
    return ConflictError(
        "This id was given to another post before. Give every post an id of its own, and send a post again unchanged."
    )


@contextmanager
def _begun(store: Store) -> Generator[Writer]:
    try:
        writer = store.writer(f"posts {uuid4().hex}", wait_seconds=_WAIT_SECONDS)
    except ConflictError as error:
        raise BusyError(
            f"{error.message} Send the post again later.", retry_after_seconds=_RETRY_HELD
        ) from error
    with writer:
        yield writer


def _fresh(group: Sequence[Delivery], answers: Mapping[int, Json | Exception]) -> list[int]:
    """Places of what is to be written: of several with one id the first."""
    keys: set[str] = set()
    fresh: list[int] = []
    for place, what in enumerate(group):
        if place in answers or what.key in keys:
            continue
        fresh.append(place)
        if what.key:
            keys.add(what.key)
    return fresh


def _write(
    writer: Writer,
    group: Sequence[Delivery],
    reads: Mapping[int, ReadPost],
    answers: dict[int, Json | Exception],
) -> None:
    results = PostedRun(writer).write(list(reads.values()))
    documents: list[NewDocument] = []
    for place, result in zip(reads, results, strict=True):
        what = group[place]
        answer = {"run_id": writer.run.run_id, "seq": writer.run.seq, **result.to_json()}
        answers[place] = answer
        if what.key:
            kept = {"table": what.post.table, "sha256": what.post.sha256, "answer": json.dumps(answer)}
            documents.append(NewDocument(COLLECTION, what.key, kept))
    writer.finish(_report(writer, results), documents)


def _report(writer: Writer, results: Sequence[PostResult]) -> Json:
    """The report of the run, as the store keeps it: sums over its posts."""
    tables: dict[str, TableCounts] = {}
    for result in results:
        tables.setdefault(result.table, TableCounts()).add(result.counts)
    totals = TableCounts()
    for counts in tables.values():
        totals.add(counts)
    return {
        "run_id": writer.run.run_id,
        "seq": writer.run.seq,
        "posts": len(results),
        "rows_read": totals.rows_read,
        "written": totals.written,
        "unchanged": totals.unchanged,
        "rejected": totals.rejected,
        "by_table": {name: counts.to_json() for name, counts in sorted(tables.items())},
    }


def _answer_twins(group: Sequence[Delivery], answers: dict[int, Json | Exception]) -> None:
    """Gives the posts that came twice at the same time the answer of the first."""
    first: dict[str, int] = {}
    for place, what in enumerate(group):
        if what.key is None:
            continue
        twin = first.setdefault(what.key, place)
        if place not in answers:
            answers[place] = answers[twin] if _same(group[twin].post, what.post) else _id_used()


def _same(post: Post, other: Post) -> bool:
    return (post.table, post.sha256) == (other.table, other.sha256)
