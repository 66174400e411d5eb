"""Documents: state that people change, where no change is ever lost."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from suyuan.errors import ConflictError
from suyuan.graph.store.base import Store
from suyuan.graph.store.documents import ABSENT, Document, Documents
from suyuan.graph.store.opening import open_store

THREADS = 8
ROUNDS = 5


def test_a_document_that_is_not_there(store: Store) -> None:
    assert store.documents.get("tokens", "a") is None
    assert store.documents.every("tokens") == []


@pytest.mark.parametrize(
    "value",
    [
        {},
        {
            "text": '义乌 "x" \\ \n \u0000',
            "none": None,
            "yes": True,
            "list": [1, [2.5, {"a": "b"}]],
            "big": 2**40,
        },
        {"nested": {"in": {"deep": ["x"] * 1000}}},
    ],
)
def test_a_value_comes_back_as_it_was(store: Store, value: dict[str, Any]) -> None:
    written = store.documents.put("notes", "键:1", value, expected_version=ABSENT)
    assert written == Document("notes", "键:1", 1, value)
    assert store.documents.get("notes", "键:1") == written


def test_versions_count_changes(store: Store) -> None:
    documents = store.documents
    for version in range(1, 4):
        assert documents.put("c", "k", {"n": version}, expected_version=version - 1).version == version
    found = documents.get("c", "k")
    assert found is not None
    assert (found.version, found.value) == (3, {"n": 3})


@pytest.mark.parametrize("expected", [0, 1, 3, 99])
def test_a_change_of_another_version_is_refused_and_changes_nothing(store: Store, expected: int) -> None:
    documents = store.documents
    documents.put("c", "k", {"n": 1}, expected_version=ABSENT)
    kept = documents.put("c", "k", {"n": 2}, expected_version=1)
    with pytest.raises(ConflictError) as refused:
        documents.put("c", "k", {"n": 3}, expected_version=expected)
    assert refused.value.code == "CONFLICT"
    assert "k" in refused.value.message
    assert documents.get("c", "k") == kept


def test_a_change_of_a_document_that_is_not_there_is_refused_and_makes_none(store: Store) -> None:
    with pytest.raises(ConflictError):
        store.documents.put("c", "k", {}, expected_version=1)
    assert store.documents.get("c", "k") is None
    assert store.documents.every("c") == []


def test_collections_are_apart_and_listed_by_key(store: Store) -> None:
    documents = store.documents
    for key in ("b", "a", "é", "中", "A"):
        documents.put("one", key, {"of": "one"}, expected_version=ABSENT)
    documents.put("two", "a", {"of": "two"}, expected_version=ABSENT)
    assert [document.key for document in documents.every("one")] == ["A", "a", "b", "é", "中"]
    assert [document.value for document in documents.every("two")] == [{"of": "two"}]


def test_documents_are_kept(store: Store, store_url: str) -> None:
    store.documents.put("c", "k", {"n": 1}, expected_version=ABSENT)
    again = open_store(store_url)
    try:
        found = again.documents.get("c", "k")
        assert found is not None
        assert found.value == {"n": 1}
    finally:
        again.close()


def test_documents_are_no_part_of_the_graph(store: Store) -> None:
    before = store.view().counts()
    store.documents.put("Listing", "Listing:shop:L1", {"title": "义乌"}, expected_version=ABSENT)
    view = store.view()
    assert view.counts() == before
    assert view.nodes(["Listing:shop:L1"]) == {}
    assert view.search("义乌") == []
    assert store.seq() == 0
    assert store.check(deep=True) == []


def _together(work: Callable[[int], Any]) -> list[Any]:
    """Runs work in as many threads at the same moment."""
    ready = threading.Barrier(THREADS)

    def begin(number: int) -> Any:
        ready.wait(30)
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(begin, range(THREADS)))


def _tried(change: Callable[[], Document]) -> Document | None:
    try:
        return change()
    except ConflictError:
        return None


def test_of_many_who_make_the_same_document_one_does(store: Store) -> None:
    for round_ in range(ROUNDS):
        key = f"k{round_}"

        def make(number: int, key: str = key) -> Document | None:
            return _tried(lambda: store.documents.put("c", key, {"by": number}, expected_version=ABSENT))

        made = [document for document in _together(make) if document is not None]
        assert len(made) == 1
        assert store.documents.get("c", key) == made[0]


def test_of_many_who_change_the_same_version_one_does(store: Store) -> None:
    documents = store.documents
    version = documents.put("c", "k", {"by": -1}, expected_version=ABSENT).version
    for _ in range(ROUNDS):

        def change(number: int, version: int = version) -> Document | None:
            return _tried(lambda: documents.put("c", "k", {"by": number}, expected_version=version))

        changed = [document for document in _together(change) if document is not None]
        assert len(changed) == 1
        assert documents.get("c", "k") == changed[0]
        version = changed[0].version


def _add(documents: Documents, key: str, amount: int) -> None:
    """Adds to a counter, again and again until nobody was faster."""
    while True:
        found = documents.get("c", key)
        value = {"n": (found.value["n"] if found else 0) + amount}
        version = found.version if found else ABSENT
        if _tried(partial(documents.put, "c", key, value, expected_version=version)):
            return


def test_no_update_is_lost(store: Store) -> None:
    _together(lambda number: [_add(store.documents, "counter", 1) for _ in range(ROUNDS)])
    found = store.documents.get("c", "counter")
    assert found is not None
    assert (found.value["n"], found.version) == (THREADS * ROUNDS, THREADS * ROUNDS)


def test_no_update_is_lost_between_two_openings(store: Store, store_url: str) -> None:
    """As two processes would."""
    other = open_store(store_url)
    try:
        stores = (store.documents, other.documents)
        _together(lambda number: [_add(stores[number % 2], "counter", 1) for _ in range(ROUNDS)])
        found = [documents.get("c", "counter") for documents in stores]
        assert found[0] == found[1]
        assert found[0] is not None
        assert found[0].value["n"] == THREADS * ROUNDS
    finally:
        other.close()


def test_everybody_reads_whole_documents_and_their_own_writes(store: Store) -> None:
    def work(number: int) -> None:
        version = ABSENT
        for round_ in range(ROUNDS):
            value = {"a": round_, "b": round_}
            version = store.documents.put("c", f"k{number}", value, expected_version=version).version
            mine = store.documents.get("c", f"k{number}")
            assert mine is not None
            assert (mine.version, mine.value) == (version, value)
            for document in store.documents.every("c"):
                assert document.value["a"] == document.value["b"] == document.version - 1

    _together(work)
    assert len(store.documents.every("c")) == THREADS


def test_a_refused_change_is_never_seen(store: Store) -> None:
    documents = store.documents
    documents.put("c", "k", {"good": True}, expected_version=ABSENT)

    def work(number: int) -> None:
        for _ in range(ROUNDS):
            if number % 2:
                assert _tried(lambda: documents.put("c", "k", {"good": False}, expected_version=7)) is None
            else:
                assert [document.value for document in documents.every("c")] == [{"good": True}]

    _together(work)
