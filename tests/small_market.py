"""Fixtures of a small simulated market in a SQLite store; a conftest takes them by importing them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from suyuan.ingest.run import IngestOptions, ingest
from suyuan.service.tracing import Tracer
from suyuan.service.workspace import Workspace
from suyuan.settings import Settings
from suyuan.simulate.market import MarketOptions, simulate_market
from tests.api.persons import write_tables

MARKET = MarketOptions(movements=2000, cases=20)


@pytest.fixture(scope="session")
def market_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables of a market, with those of :mod:`tests.api.persons` beside them."""
    folder = tmp_path_factory.mktemp("market")
    simulate_market(MARKET, folder / "simulated")
    write_tables(folder / "persons")
    return folder


@pytest.fixture(scope="session")
def store_url(market_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A SQLite store with the market in it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('store') / 'market.db'}"
    with Workspace.open(url, create=True) as workspace:
        report = ingest(
            workspace.store, [market_folder / "simulated", market_folder / "persons"], IngestOptions(), None
        )
        assert report.to_json()["rejected"] == 0
    return url


@pytest.fixture(scope="session")
def workspace(store_url: str) -> Iterator[Workspace]:
    """The store opened beside the server's; compiled code is ready, so no request waits for it."""
    with Workspace.open(store_url) as opened:
        Tracer(opened).warm_up()
        yield opened


@pytest.fixture(scope="session")
def settings(store_url: str) -> Settings:
    """Settings of the server; no test reaches the rate or time limit by accident, however busy the machine."""
    return Settings.model_construct(store=store_url, requests_per_minute=1_000_000, time_budget_seconds=120.0)
