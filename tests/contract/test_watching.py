"""A watched folder: each file once, whole, whatever happens in between."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from suyuan.errors import IngestError, StoreUnavailableError
from suyuan.graph.store.base import Store
from suyuan.ingest.run import IngestOptions
from suyuan.service.watching import FileOutcome, FolderWatch, WatchOptions

ROOT = Path(__file__).resolve().parents[2]
SITES = "site_id,name\nA,Mill\nB,Store\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "incoming"
    made.mkdir()
    return made


@pytest.fixture
def watch(store: Store, folder: Path) -> Callable[..., tuple[FolderWatch, list[FileOutcome]]]:
    def make(**options: object) -> tuple[FolderWatch, list[FileOutcome]]:
        told: list[FileOutcome] = []
        chosen = WatchOptions(**{"settle_seconds": 0.0, "poll_seconds": 0.05, **options})  # pyright: ignore[reportArgumentType]
        return FolderWatch(store, folder, chosen, told.append), told

    return make


Watch = Callable[..., tuple[FolderWatch, list[FileOutcome]]]


def counts(outcome: FileOutcome) -> tuple[str, int, int, int]:
    assert outcome.report is not None, outcome.problem
    report = outcome.report
    return outcome.name, report["written"], report["unchanged"], report["rejected"]


def test_each_file_is_read_once_by_name_and_content(store: Store, folder: Path, watch: Watch) -> None:
    (folder / "below").mkdir()
    (folder / "below" / "sites.csv").write_text(SITES)
    first, told = watch()
    first.look()
    first.look()
    assert [counts(each) for each in told] == [("below/sites.csv", 2, 0, 0)]
    again, told_again = watch()
    again.look()
    assert told_again == []
    (folder / "below" / "sites.csv").write_text(SITES + "C,New\n")
    (folder / "sites-2.csv").write_text(SITES)
    again.look()
    assert [counts(each) for each in told_again] == [
        ("below/sites.csv", 1, 2, 0),
        ("sites-2.csv", 0, 2, 0),
    ]
    assert store.view().counts()["sites"] == 3


def test_a_file_is_read_when_it_has_stayed_the_same(folder: Path, watch: Watch) -> None:
    looking, told = watch(settle_seconds=0.3)
    for name in (".sites.csv", "sites.csv.tmp", "sites.csv.part"):
        (folder / name).write_text(SITES)
    moved_in = folder / "sites-moved.csv"
    moved_in.write_text(SITES)
    os.utime(moved_in, (1e9, 1e9))
    growing = folder / "sites-growing.csv"
    growing.write_text("site_id,name\n")
    for number in range(4):
        with growing.open("a") as stream:
            stream.write(f"G{number},x\n")
        looking.look()
        assert [each.name for each in told] == ["sites-moved.csv"]
        time.sleep(0.1)
    deadline = time.monotonic() + 120
    while len(told) < 2:
        assert time.monotonic() < deadline
        looking.look()
        time.sleep(0.05)
    assert counts(told[1]) == ("sites-growing.csv", 4, 0, 0)


def test_bad_rows_bad_files_and_moving(store: Store, folder: Path, watch: Watch) -> None:
    (folder / "a-sites.csv").write_text("no table of that name")
    (folder / "sites.csv").write_text(SITES + ",no key\n")
    (folder / "sites-2.csv").write_text(SITES + ",no key either\n")
    (folder / "sites-3.csv").write_text(SITES)
    rejects, done = folder / "rejects", folder / "done"
    looking, told = watch(ingest=IngestOptions(rejects=rejects), move_to=done)
    looking.look()
    looking.look()
    assert [each.name for each in told if each.problem] == ["a-sites.csv"]
    assert (
        sorted(counts(each) for each in told if each.report)
        == [
            ("sites-2.csv", 0, 2, 1),
            ("sites-3.csv", 0, 2, 0),
            ("sites.csv", 2, 0, 1),
        ]
        or sum(counts(each)[1] for each in told if each.report) == 2
    )
    assert sorted(path.name for path in done.iterdir()) == ["sites-2.csv", "sites-3.csv", "sites.csv"]
    assert sorted(path.name.rpartition("-")[0] for path in rejects.iterdir()) == ["sites-2.csv", "sites.csv"]
    assert all((path / "sites.csv").is_file() for path in rejects.iterdir())
    assert (folder / "a-sites.csv").exists()


def test_a_strict_run_that_fails_is_told_and_not_remembered(store: Store, folder: Path, watch: Watch) -> None:
    (folder / "sites.csv").write_text(SITES + ",no key\n")
    looking, told = watch(ingest=IngestOptions(strict=True))
    looking.look()
    looking.look()
    assert [each.report is not None and each.report["failed"] for each in told] == [True]
    assert store.seq() == 0


def test_a_store_that_is_away_is_waited_for(
    store: Store, folder: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "sites.csv").write_text(SITES)
    looking, told = watch()
    with monkeypatch.context() as away:

        def gone(*_: object, **__: object) -> None:
            raise StoreUnavailableError("nobody answers")

        away.setattr(store, "writer", gone)
        assert [looking.look(), looking.look()] == [False, False]
    assert [(each.problem, each.later) for each in told] == [("nobody answers", True)]
    assert looking.look()
    assert counts(told[1]) == ("sites.csv", 2, 0, 0)


def test_while_another_run_goes_on_files_wait(
    store: Store, folder: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("suyuan.service.watching._WAIT_SECONDS", 0.1)
    (folder / "sites.csv").write_text(SITES)
    looking, told = watch()
    with store.writer("a long load") as writer:
        assert not looking.look()
        writer.finish({})
    assert looking.look()
    assert [each.later for each in told] == [True, False]


def test_a_folder_that_is_not_there(store: Store, tmp_path: Path) -> None:
    with pytest.raises(IngestError):
        FolderWatch(store, tmp_path / "nothing", WatchOptions(), lambda _: None).run()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_ends_cleanly_when_it_is_told_to(
    tmp_path: Path, folder: Path, number: signal.Signals
) -> None:
    (folder / "sites.csv").write_text(SITES)
    os.utime(folder / "sites.csv", (1e9, 1e9))
    url = f"sqlite:///{tmp_path / 'watched.db'}"
    command = [sys.executable, "-m", "suyuan.cli", "ingest", "--watch", str(folder), "--store", url]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    said = [process.stderr.readline(), process.stderr.readline()]
    process.send_signal(number)
    rest = process.communicate(timeout=60)[1]
    assert process.returncode == 0
    assert said[0].startswith("Watching ")
    assert said[1].startswith("sites.csv: 2 rows read, 2 written, 0 unchanged, 0 rejected.")
    assert rest == ""
