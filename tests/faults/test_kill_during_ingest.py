"""An ingest that is killed at any moment leaves nothing half-written: the next one reaches the same graph."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from suyuan.graph.contenthash import content_hash
from suyuan.graph.store.opening import open_store
from suyuan.simulate.market import MarketOptions, simulate_market

CLI = [sys.executable, "-m", "suyuan.cli"]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market")
    simulate_market(MarketOptions(seed=4, movements=6000, cases=50), folder, None)
    return folder


@pytest.fixture(params=["sqlite", pytest.param("neo4j", marks=pytest.mark.neo4j)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Gives the URL of an empty store, each time it is called."""
    if request.param == "neo4j":
        url: str = request.getfixturevalue("neo4j_url")
        driver = request.getfixturevalue("neo4j_driver")

        def emptied() -> str:
            driver.execute_query("MATCH (n) DETACH DELETE n")
            return url

        return emptied
    count = iter(range(1000))
    return lambda: f"sqlite:///{tmp_path / f'{next(count)}.db'}"


def _ingest(url: str, market: Path) -> "subprocess.Popen[str]":
    command = [*CLI, "ingest", str(market), "--store", url, "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _finish(process: "subprocess.Popen[str]") -> dict[str, object]:
    out, err = process.communicate(timeout=280)
    assert process.returncode == 0, err
    return json.loads(out)


def _hash(url: str) -> str:
    store = open_store(url)
    try:
        assert store.check(deep=True) == []
        return content_hash(store.view())
    finally:
        store.close()


def _kill_often(empty_url: Callable[[], str], market: Path, kills: int, seed: int) -> None:
    clean = empty_url()
    began = time.monotonic()
    whole = _finish(_ingest(clean, market))
    seconds = time.monotonic() - began
    expected = _hash(clean)

    url = empty_url()
    random = np.random.default_rng(seed)
    killed = 0
    while killed < kills:
        process = _ingest(url, market)
        try:
            process.communicate(timeout=float(random.uniform(0.02, 1.1)) * seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            killed += 1
        else:
            # The run won the race and is done: begin again from nothing.
            assert _hash(url) == expected
            url = empty_url()
    report = _finish(_ingest(url, market))
    assert report["rows_read"] == whole["rows_read"]
    assert _hash(url) == expected


def test_killed_a_few_times(empty_url: Callable[[], str], market: Path) -> None:
    _kill_often(empty_url, market, kills=4, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_killed_at_fifty_random_moments(empty_url: Callable[[], str], market: Path) -> None:
    _kill_often(empty_url, market, kills=50, seed=2)
