"""Rows posted to one server process, by a client that is killed, watched at another: nothing twice, nothing lost."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from suyuan.graph.store.base import Store
from suyuan.graph.store.opening import open_store
from tests.event_watcher import watching

ROOT = Path(__file__).resolve().parents[2]
CLIENT = ROOT / "examples" / "live" / "post_listings.py"
BATCH = 20


@pytest.fixture(params=["sqlite", pytest.param("neo4j", marks=pytest.mark.neo4j)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty store."""
    if request.param == "neo4j":
        return request.getfixturevalue("clean_neo4j")
    return f"sqlite:///{tmp_path / 'live.db'}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def _server(url: str) -> Generator[str]:
    """A server process over a store; gives its address."""
    port = _free_port()
    command = [sys.executable, "-m", "suyuan.cli", "serve", "--create", "--store", url]
    command += ["--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    address = f"http://127.0.0.1:{port}"
    try:
        yield address
    finally:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert "Traceback" not in said


def _wait_until_ready(address: str) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            if httpx.get(f"{address}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
        assert time.monotonic() < deadline, "the server did not start"


def _client(file: Path, address: str) -> "subprocess.Popen[str]":
    command = [sys.executable, str(CLIENT), str(file), address]
    environment = {**os.environ, "BATCH": str(BATCH)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def _killed_after(file: Path, address: str, acknowledged: int) -> None:
    """A client that is killed once so many lines are acknowledged, in the middle of whatever it does then."""
    client = _client(file, address)
    assert client.stdout is not None
    for line in client.stdout:
        if line.split()[0].isdecimal() and int(line.split()[0]) >= acknowledged:
            break
    client.kill()
    client.communicate()
    done = int(Path(f"{file}.checkpoint").read_text())
    assert acknowledged <= done


def _finished(store: Store, file: Path, address: str, done: int) -> list[str]:
    """What a client says that is told to wait at first, since somebody else writes, and then sends the rest.

    The batch that its predecessor was killed with may have been written; sent again, it is acknowledged at once.
    """
    with store.writer("a long load") as writer:
        written = store.view().counts()["listings"]
        client = _client(file, address)
        assert client.stdout is not None
        if written > done:
            assert client.stdout.readline().strip() == f"{done + BATCH} acknowledged"
        said = [client.stdout.readline()]
        writer.finish({"written": 0})
    said += client.communicate(timeout=280)[0].splitlines()
    assert client.returncode == 0
    return said


def _post_all(url: str, folder: Path, count: int) -> float:
    """The whole story; how many posts a second were acknowledged after the last start."""
    file = folder / "listings.jsonl"
    rows = [
        {
            "platform": "shop",
            "listing_id": f"L{number:05}",
            "seller_id": f"s{number % 50}",
            "title": f"杯 {number}",
        }
        for number in range(count)
    ]
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    with ExitStack() as stack:
        store = open_store(url)
        stack.callback(store.close)
        first, second = stack.enter_context(_server(url)), stack.enter_context(_server(url))
        _wait_until_ready(first)
        _wait_until_ready(second)
        watcher = stack.enter_context(watching(second))
        _killed_after(file, first, count // 4)
        _killed_after(file, second, count // 2)
        done = int(Path(f"{file}.checkpoint").read_text())
        began = time.monotonic()
        said = _finished(store, file, first, done)
        seconds = time.monotonic() - began
        assert said[0].strip() == "429, waiting"
        assert said[-1].strip() == f"{count} acknowledged"
        watcher.wait_for(count)
        expected = {(f"Listing:shop:L{number:05}", "CREATED") for number in range(count)}
        assert set(watcher.seen) == expected
        assert watcher.seen.total() == count
        assert store.view().counts()["listings"] == count
        written = [run.report["written"] for run in store.runs_after(0, first=100_000)]
        assert sum(number for number in written if isinstance(number, int)) == count
        assert store.check(deep=True) == []
    return (count - done) / BATCH / seconds


def test_posted_while_the_client_is_killed_twice(empty_url: str, tmp_path: Path) -> None:
    _post_all(empty_url, tmp_path, 400)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_thousand_posted_while_the_client_is_killed_twice(
    empty_url: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    rate = _post_all(empty_url, tmp_path, 10_000)
    record_property("posts_per_second", round(rate, 1))
    sys.stdout.write(f"\n{rate:.1f} posts a second of {BATCH} rows by one client, waiting for each answer\n")
