"""Documents: state that people change, never lost to one another."""

import threading
from typing import Any

import pytest

from suyuan.errors import ConflictError
from suyuan.graph.store.base import Store
from suyuan.graph.store.documents import ABSENT, Document, Documents
from suyuan.graph.store.opening import open_store
from tests.contract.building import firm, write


@pytest.fixture
def documents(store: Store) -> Documents:
    kept: Any = store
    return kept.documents


def test_a_document_is_made_changed_and_read(documents: Documents) -> None:
    assert documents.get("tokens", "a") is None
    assert documents.put("tokens", "a", {"role": "officer"}, expected_version=ABSENT) == Document(
        "tokens", "a", 1, {"role": "officer"}
    )
    changed = documents.put("tokens", "a", {"role": "监管", "list": [1, None]}, expected_version=1)
    assert (
        changed
        == documents.get("tokens", "a")
        == Document("tokens", "a", 2, {"role": "监管", "list": [1, None]})
    )
    assert documents.get("others", "a") is None


def test_every_document_of_a_collection_comes_by_key(documents: Documents) -> None:
    for key in ("b", "a", "义"):
        documents.put("tokens", key, {"key": key}, expected_version=ABSENT)
    documents.put("others", "c", {}, expected_version=ABSENT)
    assert [document.key for document in documents.every("tokens")] == ["a", "b", "义"]
    assert documents.every("nothing") == []


@pytest.mark.parametrize("expected", [ABSENT, 2, 5])
def test_a_change_of_another_version_is_refused(documents: Documents, expected: int) -> None:
    documents.put("tokens", "a", {"n": 1}, expected_version=ABSENT)
    with pytest.raises(ConflictError):
        documents.put("tokens", "a", {"n": 2}, expected_version=expected)
    assert documents.get("tokens", "a") == Document("tokens", "a", 1, {"n": 1})


def test_no_update_is_lost_between_threads(documents: Documents) -> None:
    documents.put("counts", "n", {"n": 0}, expected_version=ABSENT)

    def increment() -> None:
        done = 0
        while done < 10:
            document = documents.get("counts", "n")
            assert document is not None
            try:
                documents.put(
                    "counts", "n", {"n": document.value["n"] + 1}, expected_version=document.version
                )
                done += 1
            except ConflictError:
                continue

    threads = [threading.Thread(target=increment) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert documents.get("counts", "n") == Document("counts", "n", 41, {"n": 40})


def test_documents_do_not_wait_for_a_run(store: Store, documents: Documents, store_url: str) -> None:
    with store.writer("run") as writer:
        write(writer, {"firms": [firm(1)]})
        documents.put("tokens", "a", {}, expected_version=ABSENT)
        writer.abandon()
    again: Any = open_store(store_url)
    assert again.documents.get("tokens", "a") == Document("tokens", "a", 1, {})
    again.close()
