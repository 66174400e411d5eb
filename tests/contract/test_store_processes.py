"""Several processes on one store: killed runs, waiting writers, readers beside a writer."""

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from suyuan.errors import ConflictError
from suyuan.graph.store.base import Store
from suyuan.graph.store.opening import open_store
from tests.contract.building import firm, load, rows_of, shipment, values_of, write
from tests.contract.other_process import FINGERPRINT

ROOT = Path(__file__).resolve().parents[2]


def start(url: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.contract.other_process", url, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def ready(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Seq and id of the run that the other process began."""
    assert process.stdout is not None
    word, seq, run_id = process.stdout.readline().split()
    assert word == "ready"
    return int(seq), run_id


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


@pytest.fixture
def begun(store: Store) -> Store:
    load(store, {"firms": [firm(1, "kept"), firm(2)], "shipments": [shipment(1, "A", "B")]})
    return store


def test_a_killed_run_is_not_seen(begun: Store, store_url: str) -> None:
    process = start(store_url, "die")
    ready(process)
    kill(process)
    assert rows_of(begun, "firms", "name") == {"Firm:F1": ("kept",), "Firm:F2": ("Firm 2",)}
    assert begun.view().nodes(["Site:C"]) == {}
    assert begun.seq() == begun.runs()[-1].seq


def test_a_killed_run_is_taken_up_by_the_same_load(begun: Store, store_url: str) -> None:
    process = start(store_url, "die")
    seq, run_id = ready(process)
    kill(process)
    with begun.writer(FINGERPRINT) as writer:
        assert (writer.run.seq, writer.run.run_id) == (seq, run_id)
        assert write(writer, {"firms": [firm(1, "changed"), firm(3, "added")]}) == (2, 0)
        assert write(writer, {"shipments": [shipment(1, "C", "D"), shipment(2, "C", "D")]}) == (2, 0)
        info = writer.finish({})
    assert info.seq == seq == begun.seq()
    assert rows_of(begun, "firms", "name") == {
        "Firm:F1": ("changed",),
        "Firm:F2": ("Firm 2",),
        "Firm:F3": ("added",),
    }
    assert [
        edge.target for edge in begun.view().neighbours(["Site:C"], edge_kinds=["DEPARTS"])["Site:C"]
    ] == [
        "Shipment:SH00001",
        "Shipment:SH00002",
    ]
    assert [hit.id for hit in begun.view().search("added")] == ["Firm:F3"]
    assert [run.state for run in begun.runs()] == ["finished", "finished"]
    assert begun.check(deep=True) == []


def test_a_killed_run_is_undone_by_another_load(begun: Store, store_url: str) -> None:
    process = start(store_url, "die")
    _, run_id = ready(process)
    kill(process)
    with begun.writer("something else") as writer:
        assert writer.run.run_id != run_id
        assert write(writer, {"firms": [firm(1, "kept"), firm(4)]}) == (1, 1)
        writer.finish({})
    assert rows_of(begun, "firms", "name") == {
        "Firm:F1": ("kept",),
        "Firm:F2": ("Firm 2",),
        "Firm:F4": ("Firm 4",),
    }
    assert [(run.state, run.run_id == run_id) for run in begun.runs()] == [
        ("finished", False),
        ("abandoned", True),
        ("finished", False),
    ]
    assert begun.view().nodes(["Site:C"]) == {}
    assert [edge.target for edge in begun.view().neighbours(["Site:A"])["Site:A"]] == [
        "Shipment:SH00001",
        "Site:B",
    ]
    assert begun.view().search("added") == []
    assert begun.check(deep=True) == []


def test_a_first_load_that_was_killed_goes_on(store: Store, store_url: str) -> None:
    process = start(store_url, "die")
    ready(process)
    kill(process)
    with store.writer(FINGERPRINT) as writer:
        assert write(writer, {"firms": [firm(1, "changed"), firm(3, "added"), firm(4)]}) == (3, 0)
        writer.finish({})
    assert sorted(rows_of(store, "firms")) == ["Firm:F1", "Firm:F3", "Firm:F4"]
    assert [edge.kind for edge in store.view().neighbours(["Site:C"])["Site:C"]] == ["DEPARTS", "SHIPPED_TO"]
    assert store.check(deep=True) == []


def test_a_second_writer_is_told_who_holds_the_store(begun: Store, store_url: str) -> None:
    process = start(store_url, "hold")
    try:
        ready(process)
        with pytest.raises(ConflictError) as caught:
            begun.writer("mine", wait_seconds=0.3)
        assert str(process.pid) in caught.value.message
        assert socket.gethostname() in caught.value.message
        assert caught.value.retryable
    finally:
        process.communicate("\n", timeout=60)
    assert rows_of(begun, "firms", "name")["Firm:F3"] == ("added",)


def test_a_writer_of_the_same_process_is_waited_for(begun: Store) -> None:
    with begun.writer("first") as first:
        write(first, {"firms": [firm(5)]})
        with pytest.raises(ConflictError, match=str(os.getpid())):
            begun.writer("second", wait_seconds=0.2)
        first.finish({})
    with begun.writer("second", wait_seconds=0.2) as second:
        assert second.existing("firms", ["Firm:F5"]) == {"Firm:F5"}


def test_a_waiting_writer_goes_on_when_the_store_is_free(begun: Store, store_url: str) -> None:
    process = start(store_url, "hold")
    seq, _ = ready(process)
    timer = threading.Timer(0.5, lambda: process.communicate("\n", timeout=60))
    timer.start()
    with begun.writer("mine", wait_seconds=60) as writer:
        assert writer.run.seq > seq
        assert writer.existing("firms", ["Firm:F3"]) == {"Firm:F3"}
        writer.finish({})
    timer.join()


def test_a_waiting_writer_goes_on_when_the_other_dies(begun: Store, store_url: str) -> None:
    process = start(store_url, "hold")
    ready(process)
    timer = threading.Timer(0.5, lambda: kill(process))
    timer.start()
    with begun.writer("mine", wait_seconds=60) as writer:
        assert writer.existing("firms", ["Firm:F3"]) == set()
    timer.join()


def test_two_processes_write_in_turn(store: Store, store_url: str) -> None:
    processes = [start(store_url, "write", name, "4") for name in ("a", "b")]
    for process in processes:
        process.communicate(timeout=120)
        assert process.returncode == 0
    runs = store.runs()
    assert [run.state for run in runs] == ["finished"] * 8
    assert len({run.seq for run in runs}) == 8
    assert sorted(run.report["by"] for run in runs) == ["a"] * 4 + ["b"] * 4  # pyright: ignore
    last = runs[0].report["by"]
    assert rows_of(store, "firms", "name")["Firm:F3"] == (f"{last} 3",)
    assert store.check(deep=True) == []


def test_readers_see_whole_runs(store: Store, store_url: str) -> None:
    load(store, {"shipments": [shipment(i, "run-0", "X") for i in range(40)]})
    stop = threading.Event()
    failures: list[BaseException] = []

    def read() -> None:
        reader = open_store(store_url)
        try:
            while not stop.is_set():
                view = reader.view()
                first = values_of(view.batches("shipments", ["from_site"]), ["from_site"])
                assert len(first) == 40
                (site,) = {f"Site:{values[0]}" for values in first.values()}
                edges = view.neighbours([site], edge_kinds=["DEPARTS"])[site]
                assert len(edges) == 40
                assert values_of(view.batches("shipments", ["from_site"]), ["from_site"]) == first
        except BaseException as error:
            failures.append(error)
        finally:
            reader.close()

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for run in range(1, 8):
        with store.writer(f"run {run}") as writer:
            for start_at in range(0, 40, 10):
                write(
                    writer,
                    {"shipments": [shipment(i, f"run-{run}", "X") for i in range(start_at, start_at + 10)]},
                )
            if run % 3 == 0:
                writer.abandon()
            else:
                writer.finish({})
    stop.set()
    for reader in readers:
        reader.join()
    assert failures == []


def test_one_store_serves_several_threads(begun: Store) -> None:
    failures: list[BaseException] = []

    def read() -> None:
        try:
            for _ in range(20):
                assert begun.view().nodes(["Firm:F1"])["Firm:F1"].properties["name"] == "kept"
                assert [hit.id for hit in begun.view().search("kept")] == ["Firm:F1"]
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
