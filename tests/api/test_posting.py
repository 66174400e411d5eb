"""``POST /ingest/{table}`` over a real server: who may, what is refused, what is answered."""

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from suyuan.api.app import make_app
from suyuan.service.tokens import create_token
from suyuan.service.workspace import Workspace
from suyuan.settings import Settings
from tests.live_server import serving

ROW = b'{"platform": "shop", "listing_id": "L1", "title": "\xe6\x9d\xaf"}\n'


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with Workspace.open(f"sqlite:///{tmp_path_factory.mktemp('live') / 'live.db'}", create=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def plain() -> Settings:
    return Settings.model_construct(requests_per_minute=1_000_000, max_ingest_bytes=100_000)


@pytest.fixture(scope="module")
def http(empty: Workspace, plain: Settings) -> Iterator[httpx.Client]:
    with serving(make_app(empty, plain)) as address, httpx.Client(base_url=address, timeout=60) as client:
        yield client


def post(http: httpx.Client, body: bytes, table: str = "listings", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return http.post(f"/ingest/{table}", content=body, headers=named)


def code(response: httpx.Response) -> str:
    return response.json()["errors"][0]["extensions"]["code"]


def test_rows_are_in_the_store_when_they_are_answered(http: httpx.Client, empty: Workspace) -> None:
    answer = post(http, ROW + b"{\n", content_type="application/x-ndjson")
    assert answer.status_code == 200
    document = answer.json()
    assert (document["rows_read"], document["written"], document["rejected"]) == (2, 1, 1)
    assert [(each["row"], each["code"]) for each in document["rejects"]] == [(2, "bad_type")]
    assert document["seq"] == empty.store.seq()
    assert empty.view().nodes(["Listing:shop:L1"])["Listing:shop:L1"].properties["title"] == "杯"


@pytest.mark.parametrize("header", ["idempotency-key", "x-batch-id"])
def test_the_same_id_again_gets_the_same_answer(http: httpx.Client, empty: Workspace, header: str) -> None:
    body = ROW.replace(b"L1", header.encode())
    first = http.post("/ingest/listings", content=body, headers={header: f"{header}-1"})
    seq = empty.store.seq()
    quoted = http.post("/ingest/listings", content=body, headers={"idempotency-key": f'"{header}-1"'})
    assert first.json()["written"] == 1
    assert quoted.json() == first.json()
    assert empty.store.seq() == seq
    other = http.post("/ingest/listings", content=ROW, headers={header: f"{header}-1"})
    assert (other.status_code, code(other)) == (409, "CONFLICT")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"x_batch_id": ""}, 400),
        ({"x_batch_id": "a", "idempotency_key": "b"}, 400),
        ({"x_batch_id": "x" * 200}, 400),
        ({"content_encoding": "gzip"}, 415),
        ({"content_type": "multipart/form-data; boundary=x"}, 415),
        ({"origin": "http://elsewhere.example"}, 401),
    ],
    ids=str,
)
def test_what_is_no_post_is_refused(
    http: httpx.Client, empty: Workspace, headers: dict[str, str], status: int
) -> None:
    seq = empty.store.seq()
    assert post(http, ROW, **headers).status_code == status
    assert empty.store.seq() == seq


def test_an_unknown_table_is_not_found(http: httpx.Client) -> None:
    answer = post(http, ROW, table="nothing")
    assert (answer.status_code, code(answer)) == (404, "NOT_FOUND")


def test_only_posts_are_taken(http: httpx.Client) -> None:
    assert http.get("/ingest/listings").status_code == 405


def test_a_body_that_is_too_long_is_refused(http: httpx.Client) -> None:
    announced = post(http, b" " * 100_001)
    assert (announced.status_code, code(announced)) == (413, "PAYLOAD_TOO_LARGE")
    chunks = http.post("/ingest/listings", content=iter([b" " * 60_000, b" " * 60_000]))
    assert (chunks.status_code, code(chunks)) == (413, "PAYLOAD_TOO_LARGE")


def _from_elsewhere(app: Any, headers: dict[str, str]) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, client=("203.0.113.7", 1234))
        async with httpx.AsyncClient(transport=transport, base_url="http://suyuan.example") as http:
            return await http.post("/ingest/listings", content=ROW, headers=headers)

    return asyncio.run(ask())


def test_from_another_machine_only_an_ingest_token_will_do(empty: Workspace, plain: Settings) -> None:
    app = make_app(empty, plain)
    documents = empty.store.documents
    assert code(_from_elsewhere(app, {})) == "UNAUTHENTICATED"
    for role, status in (("analyst", 403), ("officer", 403), ("administrator", 403), ("ingest", 200)):
        _, text = create_token(documents, f"post-{role}", role, 1)
        answer = _from_elsewhere(app, {"authorization": f"Bearer {text}"})
        assert answer.status_code == status, role
    assert _from_elsewhere(app, {"authorization": "Bearer sy_0_0"}).status_code == 401


def test_an_ingest_token_reads_nothing(http: httpx.Client, empty: Workspace) -> None:
    _, text = create_token(empty.store.documents, "crawler", "ingest", 1)
    headers = {"authorization": f"Bearer {text}"}
    answer = http.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
    assert (answer.status_code, code(answer)) == (403, "FORBIDDEN")


def test_ids_of_two_senders_do_not_meet(http: httpx.Client, empty: Workspace) -> None:
    for name, row in (("one", ROW), ("two", ROW.replace(b"L1", b"L2"))):
        _, text = create_token(empty.store.documents, name, "ingest", 1)
        answer = post(http, row, x_batch_id="same", authorization=f"Bearer {text}")
        assert answer.status_code == 200
        assert answer.json()["rows_read"] == 1


def test_while_a_load_is_under_way_posts_are_put_off_and_come_through_after(
    http: httpx.Client, empty: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("suyuan.service.posting._WAIT_SECONDS", 0.2)
    row = ROW.replace(b"L1", b"L-later")
    with empty.store.writer("a long load") as writer:
        busy = post(http, row, x_batch_id="later")
        assert (busy.status_code, code(busy)) == (429, "RATE_LIMITED")
        assert int(busy.headers["retry-after"]) > 0
        writer.finish({})
    assert post(http, row, x_batch_id="later").json()["written"] == 1


def test_more_posts_than_may_wait_are_put_off_and_nothing_is_lost(empty: Workspace, plain: Settings) -> None:
    """Eight senders at a server that lets two wait: they are told to come back, and all of it arrives once."""
    app = make_app(empty, plain.model_copy(update={"posts_waiting": 2}))
    put_off: list[str] = []

    def send(sender: int, address: str) -> None:
        with httpx.Client(base_url=address, timeout=60) as http:
            for batch in range(5):
                row = {"platform": "many", "listing_id": f"{sender}-{batch}"}
                while True:
                    answer = post(http, json.dumps(row).encode(), x_batch_id=f"{sender}-{batch}")
                    if answer.status_code == 200:
                        break
                    assert (answer.status_code, code(answer)) == (429, "RATE_LIMITED")
                    put_off.append(answer.headers["retry-after"])
                    threading.Event().wait(0.02)

    with serving(app) as address:
        senders = [threading.Thread(target=send, args=(sender, address)) for sender in range(8)]
        for thread in senders:
            thread.start()
        for thread in senders:
            thread.join()
    ids = [f"Listing:many:{sender}-{batch}" for sender in range(8) for batch in range(5)]
    assert put_off
    assert len(empty.view().nodes(ids)) == len(ids)
    assert empty.store.check(deep=True) == []


def test_posts_a_minute_are_limited(empty: Workspace, plain: Settings) -> None:
    app = make_app(empty, plain.model_copy(update={"posts_per_minute": 2}))
    with serving(app) as address, httpx.Client(base_url=address, timeout=60) as http:
        assert [post(http, ROW).status_code for _ in range(3)] == [200, 200, 429]
        assert http.post("/graphql", json={"query": "{ __typename }"}).status_code == 200


def test_a_store_that_is_away_is_said_and_comes_back(tmp_path: Path, plain: Settings) -> None:
    path = tmp_path / "away.db"
    with Workspace.open(f"sqlite:///{path}", create=True) as workspace:
        app = make_app(workspace, plain)
        workspace.store.close()
        with serving(app) as address, httpx.Client(base_url=address, timeout=60) as http:
            answer = post(http, ROW)
            assert (answer.status_code, code(answer)) == (503, "STORE_UNAVAILABLE")
            assert int(answer.headers["retry-after"]) > 0
