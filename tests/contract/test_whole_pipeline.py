"""From files to answers, with the same answers from every store."""

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from suyuan.graph.contenthash import content_hash
from suyuan.graph.store.opening import open_store
from suyuan.ingest.run import IngestOptions, ingest
from suyuan.service.checkup import checkup
from suyuan.service.tracing import Tracer, TraceRequest
from suyuan.service.workspace import Workspace
from suyuan.simulate.market import MarketOptions, simulate_market

TRACES = 200
SEARCHES = 100


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market")
    simulate_market(MarketOptions(seed=11), folder, None)
    return folder


def _load(url: str, folder: Path) -> dict[str, Any]:
    store = open_store(url)
    try:
        return ingest(store, [folder], IngestOptions(), None).to_json()
    finally:
        store.close()


def _cases(folder: Path) -> list[str]:
    with (folder / "truth.csv").open(encoding="utf-8") as file:
        return [row["case"] for row in csv.DictReader(file)][:TRACES]


def _answers(url: str, cases: list[str]) -> list[dict[str, Any]]:
    with Workspace.open(url) as workspace:
        reports = list(Tracer(workspace).reports(cases, TraceRequest(reachable=True)))
    return [{key: value for key, value in report.items() if key != "elapsed_ms"} for report in reports]


def _search_texts(folder: Path) -> list[str]:
    """A hundred pieces of names in the market: one, two and four Han characters, and Latin words."""
    names = [row["name"] for table in ("firms", "sites", "sellers") for row in _rows(folder, table)]
    names += [row["title"] for row in _rows(folder, "listings")]
    random = np.random.default_rng(3)
    han = sorted({run for name in names for run in re.findall(r"[\u4e00-\u9fff]{4,}", name)})
    latin = sorted({word for name in names for word in re.findall(r"[A-Za-z0-9]{2,}", name)})
    found: dict[str, None] = {}
    for length, wanted in ((1, 25), (2, 55), (4, 85)):
        while len(found) < wanted:
            run = han[int(random.integers(len(han)))]
            start = int(random.integers(len(run) - length + 1))
            found.setdefault(run[start : start + length])
    while len(found) < SEARCHES:
        found.setdefault(latin[int(random.integers(len(latin)))])
    return list(found)


def _rows(folder: Path, table: str) -> list[dict[str, str]]:
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _hits(url: str, texts: list[str]) -> dict[str, list[str]]:
    store = open_store(url)
    try:
        return {text: [hit.id for hit in store.view().search(text, first=200)] for text in texts}
    finally:
        store.close()


@pytest.mark.neo4j
def test_both_stores_give_the_same_answers(market: Path, tmp_path: Path, clean_neo4j: str) -> None:
    here, server = f"sqlite:///{tmp_path / 'market.db'}", clean_neo4j
    first, second = _load(here, market), _load(server, market)
    assert first["rejected"] == second["rejected"] == 0
    assert first["written"] == second["written"] == first["rows_read"]
    cases = _cases(market)
    assert len(cases) == TRACES
    assert _answers(here, cases) == _answers(server, cases)
    texts = _search_texts(market)
    hits = _hits(here, texts)
    assert hits == _hits(server, texts)
    assert all(hits.values())
    with Workspace.open(here) as one, Workspace.open(server) as other:
        ours, theirs = checkup(one, deep=True), checkup(other, deep=True)
    assert ours["snapshot"] == theirs["snapshot"]
    assert ours["records"] == theirs["records"]
    assert ours["counts"] == theirs["counts"]
    assert ours["counts"]["Listing"] == ours["records"]["listings"]
    assert ours["problems"] == theirs["problems"] == []


def test_the_same_data_twice_writes_nothing(store_url: str, market: Path) -> None:
    _load(store_url, market)
    store = open_store(store_url)
    before = content_hash(store.view())
    store.close()
    again = _load(store_url, market)
    assert again["written"] == 0
    assert again["unchanged"] == again["rows_read"]
    store = open_store(store_url)
    assert content_hash(store.view()) == before
    store.close()


def _write(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def test_known_at_before_a_correction_gives_the_old_answer(
    empty_url: Callable[[], str], tmp_path: Path
) -> None:
    url, folder = empty_url(), tmp_path / "small"
    _write(folder, "sites.csv", "site_id,role\nF1,factory\nF2,factory\nW,warehouse\n")
    rows = "shipment_id,from_site,to_site,departed_at,arrived_at,product_id\n"
    last = "S2,W,D,2025-01-05T00:00:00Z,2025-01-06T00:00:00Z,P\n"
    _write(folder, "shipments.csv", rows + "S1,F1,W,2025-01-01T00:00:00Z,2025-01-02T00:00:00Z,P\n" + last)
    before = _load(url, folder)
    _write(folder, "shipments.csv", rows + "S1,F2,W,2025-01-01T00:00:00Z,2025-01-02T00:00:00Z,P\n" + last)
    after = _load(url, folder)
    assert (after["written"], after["unchanged"]) == (1, 4)
    with Workspace.open(url) as workspace:
        tracer = Tracer(workspace)
        now = tracer.report("Shipment:S2", TraceRequest())
        then = tracer.report("Shipment:S2", TraceRequest(known_at=str(before["ended"])))
    assert [origin["site"] for origin in now["origins"]] == ["Site:F2"]
    assert [origin["site"] for origin in then["origins"]] == ["Site:F1"]
    assert json.dumps(now["snapshot"]) != json.dumps(then["snapshot"])
