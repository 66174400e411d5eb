"""While Neo4j is out of reach: posts and files wait, and subscribers miss nothing of what others wrote meanwhile."""

import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from suyuan.api.app import make_app
from suyuan.graph.store.opening import open_store
from suyuan.service.posting import delivery, write_group
from suyuan.service.watching import FileOutcome, FolderWatch, WatchOptions
from suyuan.service.workspace import Workspace
from suyuan.settings import Settings
from tests.event_watcher import watching
from tests.live_server import serving
from tests.tcp_proxy import TcpProxy


def _row(number: int) -> bytes:
    return b'{"platform": "shop", "listing_id": "L%d"}\n' % number


def _look_until(watch: FolderWatch, told: list[FileOutcome], outcomes: int) -> None:
    deadline = time.monotonic() + 90
    while len(told) < outcomes:
        assert time.monotonic() < deadline, told
        watch.look()
        time.sleep(0.1)


@pytest.mark.timeout(600)
def test_what_is_live_outlives_an_outage(clean_neo4j: str, tmp_path: Path) -> None:
    parts = urlsplit(clean_neo4j)
    settings = Settings.model_construct(requests_per_minute=1_000_000)
    told: list[FileOutcome] = []
    direct = open_store(clean_neo4j)
    with TcpProxy(parts.hostname or "", parts.port or 7687) as proxy:
        # A routing driver would be told the server's own address and go past the proxy.
        url = f"bolt://{parts.username}:{parts.password}@127.0.0.1:{proxy.port}{parts.path}"
        with (
            Workspace.open(url) as far,
            serving(make_app(far, settings)) as address,
            httpx.Client(base_url=address, timeout=120) as http,
            watching(address) as watcher,
        ):
            watch = FolderWatch(far.store, tmp_path, WatchOptions(settle_seconds=0.0), told.append)
            assert http.post("/ingest/listings", content=_row(1)).status_code == 200
            watcher.wait_for(1)
            (tmp_path / "listings.jsonl").write_bytes(_row(2))
            proxy.cut()
            away = http.post("/ingest/listings", content=_row(3), headers={"x-batch-id": "3"})
            assert away.status_code == 503
            assert int(away.headers["retry-after"]) > 0
            _look_until(watch, told, 1)
            assert [(each.name, each.later) for each in told] == [("listings.jsonl", True)]
            write_group(direct, [delivery("listings", _row(4), subject="t", batch_id=None)])
            proxy.mend()
            _look_until(watch, told, 2)
            again = http.post("/ingest/listings", content=_row(3), headers={"x-batch-id": "3"})
            assert again.json()["written"] == 1
            watcher.wait_for(4)
    assert watcher.seen == {(f"Listing:shop:L{number}", "CREATED"): 1 for number in (1, 2, 3, 4)}
    assert direct.check(deep=True) == []
    direct.close()
