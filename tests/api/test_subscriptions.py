"""Subscriptions over real WebSocket connections."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from suyuan.api.app import make_app
from suyuan.ingest.run import IngestOptions, ingest
from suyuan.service.posting import delivery, write_group
from suyuan.service.tokens import create_token, revoke_token
from suyuan.service.workspace import Workspace
from suyuan.settings import Settings
from tests.api.persons import SECRETS, write_tables
from tests.live_server import serving

EVENTS = "subscription($kinds: [NodeKind!]) { graphEvents(kinds: $kinds) { id kind change seq run at %s } }"


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.open(f"sqlite:///{tmp_path / 'live.db'}", create=True) as opened:
        yield opened


@pytest.fixture
def plain() -> Settings:
    return Settings.model_construct(requests_per_minute=1_000_000)


@pytest.fixture
def address(workspace: Workspace, plain: Settings) -> Iterator[str]:
    with serving(make_app(workspace, plain)) as base:
        yield base


class Socket:
    """A connection of graphql-transport-ws."""

    def __init__(self, address: str, token: str | None = None, **headers: str) -> None:
        self._address = address
        self._payload = {"Authorization": f"Bearer {token}"} if token else {}
        self._headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self._stack = ExitStack()

    def send(self, **message: object) -> None:
        self.raw.send(json.dumps(message))

    def receive(self, timeout: float = 30) -> dict[str, Any]:
        return json.loads(self.raw.recv(timeout=timeout))

    def subscribe(self, query: str, number: str = "1", **variables: object) -> None:
        self.send(type="subscribe", id=number, payload={"query": query, "variables": variables})

    def settle(self) -> None:
        """Waits until the server has begun what was sent before: it answers in turn."""
        self.subscribe("{ __typename }", "settle")
        while self.receive().get("type") != "complete":
            pass
        time.sleep(0.3)

    def events(self, count: int) -> list[dict[str, Any]]:
        return [self.receive()["payload"]["data"]["graphEvents"] for _ in range(count)]

    def __enter__(self) -> "Socket":
        connection = connect(
            f"{self._address.replace('http', 'ws')}/graphql",
            subprotocols=[Subprotocol("graphql-transport-ws")],
            additional_headers=self._headers,
            proxy=None,
        )
        with ExitStack() as stack:
            self.raw: ClientConnection = stack.enter_context(connection)
            self.send(type="connection_init", payload=self._payload)
            assert self.receive() == {"type": "connection_ack"}
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def written(workspace: Workspace, *rows: dict[str, object], table: str = "listings") -> dict[str, Any]:
    body = "\n".join(json.dumps(row) for row in rows).encode()
    [answer] = write_group(workspace.store, [delivery(table, body, subject="t", batch_id=None)])
    assert isinstance(answer, dict)
    return answer


def listing(number: int, **more: object) -> dict[str, object]:
    return {"platform": "shop", "listing_id": f"L{number:03}", **more}


def test_every_subscriber_sees_each_change_once_from_its_beginning(
    address: str, workspace: Workspace
) -> None:
    written(workspace, listing(0))
    with Socket(address) as first, Socket(address) as second:
        first.subscribe(EVENTS % "node { displayName }", kinds=["Listing"])
        first.settle()
        run = written(workspace, listing(1, title="one"), listing(2))
        written(workspace, {"site_id": "A"}, table="sites")
        assert len(first.events(2)) == 2
        second.subscribe(EVENTS % "")
        second.settle()
        written(workspace, listing(1, title="other"), listing(2))
        written(workspace, {"site_id": "A", "name": "x"}, table="sites")
        written(workspace, listing(3))
        mine, theirs = first.events(2), second.events(3)
        for socket in (first, second):
            with pytest.raises(TimeoutError):
                socket.receive(timeout=0.5)
    assert [(e["id"], e["change"]) for e in mine] == [
        ("Listing:shop:L001", "UPDATED"),
        ("Listing:shop:L003", "CREATED"),
    ]
    assert mine[0]["node"] == {"displayName": "other"}
    assert [e["id"] for e in theirs] == ["Listing:shop:L001", "Site:A", "Listing:shop:L003"]
    assert mine[0]["seq"] > run["seq"]
    at = workspace.store.run(mine[0]["run"])
    assert at is not None
    assert at.seq == mine[0]["seq"]
    assert mine[0]["at"].endswith("Z")


def test_a_slow_subscriber_misses_nothing(
    address: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of what passes while it does not read is kept for it; it is read from the store later."""
    monkeypatch.setattr("suyuan.service.changes._KEPT_CHANGES", 10)
    with Socket(address) as slow, Socket(address) as quick:
        for socket in (slow, quick):
            socket.subscribe(EVENTS % "", kinds=["Listing"])
            socket.settle()
        for batch in range(20):
            written(workspace, *(listing(number) for number in range(batch * 30, batch * 30 + 30)))
        expected = sorted(f"Listing:shop:L{number:03}" for number in range(600))
        assert sorted(e["id"] for e in quick.events(600)) == expected
        assert sorted(e["id"] for e in slow.events(600)) == expected


def test_events_show_no_more_than_the_caller_may_see(
    address: str, workspace: Workspace, tmp_path: Path
) -> None:
    _, text = create_token(workspace.store.documents, "analyst", "analyst", 1)
    node = "node { displayName provenance { file } ... on Firm { legalRepresentative } ... on Seller { address } }"
    with Socket(address, token=text) as masked, Socket(address) as own:
        for socket in (masked, own):
            socket.subscribe(EVENTS % node)
            socket.settle()
        write_tables(tmp_path / "persons")
        ingest(workspace.store, [tmp_path / "persons"], IngestOptions())
        written(workspace, listing(999))
        seen: list[list[dict[str, Any]]] = []
        for socket in (masked, own):
            found: list[dict[str, Any]] = []
            while not found or found[-1]["id"] != "Listing:shop:L999":
                found += socket.events(1)
            seen.append(found)
    shown, plain = (json.dumps(found, ensure_ascii=False) for found in seen)
    assert [secret for secret in SECRETS if secret in shown] == []
    assert "Identifier:" not in shown
    assert "卢晓岚" in plain


def test_a_caller_from_elsewhere_needs_a_token_in_header_or_first_message(
    address: str, workspace: Workspace
) -> None:
    _, text = create_token(workspace.store.documents, "far", "analyst", 1)
    _, writes_only = create_token(workspace.store.documents, "crawler", "ingest", 1)
    far = {"x_forwarded_for": "203.0.113.7"}
    for token in (None, "wrong", writes_only):
        with pytest.raises(ConnectionClosed), Socket(address, token=token, **far):
            pass
    for socket in (
        Socket(address, token=text, **far),
        Socket(address, authorization=f"Bearer {text}", **far),
    ):
        with socket:
            socket.subscribe("{ __typename }")
            assert socket.receive()["payload"] == {"data": {"__typename": "Query"}}


def test_a_revoked_token_sees_nothing_more(address: str, workspace: Workspace) -> None:
    token, text = create_token(workspace.store.documents, "leaver", "analyst", 1)
    with Socket(address, token=text) as socket:
        socket.subscribe(EVENTS % "")
        socket.settle()
        revoke_token(workspace.store.documents, token.token_id)
        written(workspace, listing(1))
        message = socket.receive()
        assert message["payload"]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert not (message["payload"].get("data") or {}).get("graphEvents")
        assert socket.receive()["type"] == "complete"
        socket.subscribe("{ __typename }", "2")
        assert socket.receive()["payload"][0]["extensions"]["code"] == "UNAUTHENTICATED"


def test_a_query_over_a_connection_sees_the_store_as_it_is_now(address: str, workspace: Workspace) -> None:
    query = '{ node(id: "Listing:shop:L001") { id } }'
    with Socket(address) as socket:
        for number, expected in (("1", None), ("2", {"id": "Listing:shop:L001"})):
            socket.subscribe(query, number)
            assert socket.receive()["payload"]["data"]["node"] == expected
            assert socket.receive()["type"] == "complete"
            written(workspace, listing(1))


def test_subscriptions_of_a_process_are_limited(workspace: Workspace, plain: Settings) -> None:
    app = make_app(workspace, plain.model_copy(update={"max_subscriptions": 1}))
    with serving(app) as address, Socket(address) as socket:
        socket.subscribe(EVENTS % "", "1")
        socket.settle()
        socket.subscribe(EVENTS % "", "2")
        message = socket.receive()
        assert message["id"] == "2"
        assert message["payload"]["errors"][0]["extensions"]["code"] == "RATE_LIMITED"


def test_operations_of_a_connection_count_as_requests(workspace: Workspace, plain: Settings) -> None:
    app = make_app(workspace, plain.model_copy(update={"requests_per_minute": 2}))
    with serving(app) as address, Socket(address) as socket:
        socket.subscribe("{ __typename }", "1")
        assert [socket.receive()["type"] for _ in range(2)] == ["next", "complete"]
        socket.subscribe("{ __typename }", "2")
        message = socket.receive()
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "RATE_LIMITED")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription {", "BAD_USER_INPUT"),
        ("subscription { graphEvents { nothing } }", "BAD_USER_INPUT"),
        ("subscription A { graphEvents { id } } query B { __typename }", "BAD_USER_INPUT"),
        ("query { " + "a: __typename " * 900 + "}", "QUERY_TOO_COMPLEX"),
    ],
    ids=["syntax", "field", "operations", "tokens"],
)
def test_an_operation_that_is_refused_is_told_why(address: str, query: str, code: str) -> None:
    with Socket(address) as socket:
        socket.subscribe(query)
        message = socket.receive()
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", code)
        socket.subscribe("{ __typename }", "2")
        assert socket.receive()["payload"] == {"data": {"__typename": "Query"}}


PROGRESS = """subscription($run: ID!) { ingestProgress(run: $run) {
  run state rowsRead written unchanged rejected startedAt endedAt } }"""


def test_the_progress_of_a_run_is_told_until_it_ends(address: str, workspace: Workspace) -> None:
    store = workspace.store
    with Socket(address) as socket, store.writer("load") as writer:
        writer.note_progress({"rows_read": 10, "written": 8, "unchanged": 1, "rejected": 1})
        socket.subscribe(PROGRESS, run=writer.run.run_id)
        first = socket.receive()["payload"]["data"]["ingestProgress"]
        time.sleep(0.3)
        writer.note_progress({"rows_read": 20, "written": 18, "unchanged": 1, "rejected": 1})
        second = socket.receive()["payload"]["data"]["ingestProgress"]
        ended = writer.finish({"rows_read": 30, "written": 28, "unchanged": 1, "rejected": 1})
        third = socket.receive()["payload"]["data"]["ingestProgress"]
        assert socket.receive() == {"id": "1", "type": "complete"}
    assert [(p["state"], p["rowsRead"], p["written"]) for p in (first, second, third)] == [
        ("RUNNING", 10, 8),
        ("RUNNING", 20, 18),
        ("FINISHED", 30, 28),
    ]
    assert first["endedAt"] is None
    assert third["endedAt"] is not None
    assert third["run"] == ended.run_id


def test_the_progress_of_no_run_is_not_found(address: str) -> None:
    with Socket(address) as socket:
        socket.subscribe(PROGRESS, run="nothing")
        assert socket.receive()["payload"]["errors"][0]["extensions"]["code"] == "NOT_FOUND"


def test_an_ingest_tells_how_far_it_is(workspace: Workspace, tmp_path: Path) -> None:
    """What the progress shows comes from the run itself, in the store."""
    rows = "".join(f"A{number},site {number}\n" for number in range(70_000))
    (tmp_path / "sites.csv").write_text("site_id,name\n" + rows)
    seen: list[dict[str, object]] = []
    began = threading.Event()

    def watch(run_id: str) -> None:
        began.set()
        while True:
            run = workspace.store.run(run_id)
            assert run is not None
            if run.state != "running":
                return
            seen.append(dict(run.report))
            time.sleep(0.02)

    threads: list[threading.Thread] = []

    def begun(run: Any) -> None:
        threads.append(threading.Thread(target=watch, args=(run.run_id,)))
        threads[0].start()
        began.wait()

    report = ingest(workspace.store, [tmp_path / "sites.csv"], IngestOptions(), begun=begun)
    threads[0].join()
    told = [each for each in seen if each]
    assert told
    assert all(each["rows_read"] == each["written"] for each in told)
    assert report.rows_read == 70_000
