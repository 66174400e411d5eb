"""The snapshot that a command leaves for the next: opened, refreshed, and never one of another store."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from suyuan.graph.persist import FILE_NAME
from suyuan.graph.store.base import Store
from suyuan.graph.store.opening import open_store
from suyuan.service import workspace
from suyuan.service.snapshot_folder import KEPT_FOLDERS, KEPT_SECONDS, snapshot_folder
from suyuan.service.tracing import Tracer, TraceRequest
from suyuan.service.workspace import Workspace
from tests.contract.building import load, shipment


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SUYUAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(workspace, "LEAST_RECORDS_KEPT", 2)
    return tmp_path / "cache" / "snapshots"


def shipments(n: int, source: str = "A") -> dict[str, list[Any]]:
    return {"shipments": [shipment(i, source, "B", quantity=1.0) for i in range(n)]}


def traced(url: str) -> tuple[str | None, dict[str, Any]]:
    """What a start of its own begins with, and its answer."""
    with Workspace.open(url) as opened:
        report = Tracer(opened).report("Site:B", TraceRequest())
        del report["elapsed_ms"]
        return opened.began_with, report


def fill(url: str, data: dict[str, list[Any]]) -> None:
    store = open_store(url)
    load(store, data)
    store.close()


def test_the_next_start_opens_what_the_last_one_kept(store_url: str) -> None:
    fill(store_url, shipments(5))
    built, first = traced(store_url)
    saved, second = traced(store_url)
    assert (built, saved) == ("built", "saved")
    assert second == first
    assert [origin["site"] for origin in first["unresolved"] + first["origins"]] == ["Site:A"]


def test_what_was_ingested_since_is_in_the_answer(store_url: str, cache: Path) -> None:
    fill(store_url, shipments(5))
    traced(store_url)
    fill(store_url, {"shipments": [shipment(9, "C", "B", quantity=5.0)]})
    saved, refreshed = traced(store_url)
    for file in cache.rglob(FILE_NAME):
        file.unlink()
    built, wanted = traced(store_url)
    assert (saved, built) == ("saved", "built")
    assert refreshed == wanted
    assert {place["site"] for place in wanted["unresolved"] + wanted["origins"]} == {"Site:A", "Site:C"}


def test_another_file_at_the_same_place_is_not_answered_from_the_copy(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "market.db"
    store_url = f"sqlite:///{path}"
    fill(store_url, shipments(5))
    traced(store_url)
    kept = next(cache.rglob(FILE_NAME)).read_bytes()
    for end in ("", "-wal", "-shm"):
        Path(f"{path}{end}").unlink(missing_ok=True)
    fill(store_url, shipments(5, "Z"))
    next(cache.rglob(FILE_NAME)).write_bytes(kept)
    began, report = traced(store_url)
    assert began == "built"
    assert [place["site"] for place in report["unresolved"] + report["origins"]] == ["Site:Z"]


@pytest.mark.parametrize("content", [b"", b"x" * 999, None])
def test_a_damaged_copy_is_made_anew(
    store: Store, store_url: str, cache: Path, content: bytes | None
) -> None:
    load(store, shipments(5))
    _, first = traced(store_url)
    file = next(cache.rglob(FILE_NAME))
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2] if content is None else content)
    assert traced(store_url) == ("built", first)
    assert traced(store_url) == ("saved", first)


def test_a_cache_that_cannot_be_written_fails_nothing(
    store: Store, store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(store, shipments(5))
    (tmp_path / "file").touch()
    monkeypatch.setenv("SUYUAN_CACHE", str(tmp_path / "file"))
    assert [traced(store_url)[0] for _ in range(2)] == ["built", "built"]


def test_copies_of_stores_that_are_no_longer_used_are_removed(cache: Path) -> None:
    mine = snapshot_folder("sqlite:///mine.db")
    assert mine is not None
    for number in range(KEPT_FOLDERS + 3):
        (cache / str(number)).mkdir(parents=True)
        at = time.time() - number
        os.utime(cache / str(number), (at, at))
    long_ago = time.time() - KEPT_SECONDS - 60
    os.utime(cache / "0", (long_ago, long_ago))
    mine.mkdir()
    assert snapshot_folder("sqlite:///mine.db") == mine
    assert {folder.name for folder in cache.iterdir()} == {mine.name, *map(str, range(1, KEPT_FOLDERS))}


def test_a_place_has_one_folder_however_it_is_spelt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    here = snapshot_folder("sqlite:///a.db")
    assert here == snapshot_folder(f"sqlite:///{tmp_path}/a.db") == snapshot_folder("sqlite:///./a.db")
    assert here != snapshot_folder("sqlite:///b.db")
    assert snapshot_folder("neo4j://h:7687/x") != snapshot_folder("neo4j://h:7687/y")
