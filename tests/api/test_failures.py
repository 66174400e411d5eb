"""When the store fails, is slow, or something unforeseen happens: every answer has a code, and the server goes on."""

import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
import pytest

from suyuan.api.app import make_app
from suyuan.errors import (
    AccessError,
    ConflictError,
    CorruptStoreError,
    LimitError,
    NotFoundError,
    ParameterError,
    StoreUnavailableError,
)
from suyuan.graph.keeper import SnapshotKeeper
from suyuan.graph.store.base import Node, Scope, Store, View
from suyuan.graph.store.opening import open_store
from suyuan.service.tokens import create_token
from suyuan.service.workspace import Workspace
from suyuan.settings import Settings
from tests.api.client import Client
from tests.live_server import serving
from tests.tcp_proxy import TcpProxy

NODE = '{ node(id: "Firm:F9") { id } }'


class _DisturbedView:
    """A real view before whose reads of nodes something happens."""

    def __init__(self, view: View, before: Callable[[], None]) -> None:
        self._view = view
        self._before = before

    def __getattr__(self, name: str) -> Any:
        return getattr(self._view, name)

    def nodes(self, ids: Sequence[str]) -> dict[str, Node]:
        self._before()
        return self._view.nodes(ids)


class _Disturbed(Workspace):
    """A workspace of which every read of nodes can be disturbed."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, SnapshotKeeper(store))
        self.before: Callable[[], None] = lambda: None

    def view(self, scope: Scope = Scope()) -> View:  # noqa: B008
        return cast("View", _DisturbedView(super().view(scope), lambda: self.before()))


@pytest.fixture
def disturbed(store_url: str) -> Iterator[_Disturbed]:
    with _Disturbed(open_store(store_url)) as workspace:
        yield workspace


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (StoreUnavailableError("The store does not answer."), "STORE_UNAVAILABLE", True),
        (ConflictError("Somebody holds it."), "CONFLICT", True),
        (NotFoundError("Firm", "F9"), "NOT_FOUND", True),
        (AccessError("Not this one."), "FORBIDDEN", True),
        (AccessError("Who?", authenticated=False), "UNAUTHENTICATED", True),
        (ParameterError("first", 0, "1"), "BAD_USER_INPUT", True),
        (LimitError("things", 3), "QUERY_TOO_COMPLEX", True),
        (CorruptStoreError("Firm:F9 of +8613900004711 is damaged."), "INTERNAL_SERVER_ERROR", False),
        (ZeroDivisionError("phone +8613900004711"), "INTERNAL_SERVER_ERROR", False),
        (RecursionError("phone +8613900004711"), "INTERNAL_SERVER_ERROR", False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_every_error_has_its_code_and_the_server_goes_on(
    served: Any,
    disturbed: _Disturbed,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    code: str,
    said: bool,
) -> None:
    client = served(disturbed)

    def fail() -> None:
        raise error

    disturbed.before = fail
    answer = client.post(NODE)
    (found,) = answer.json()["errors"]
    assert found["extensions"]["code"] == code
    assert found["path"] == ["node"]
    assert answer.json()["data"] == {"node": None}
    assert (found["message"] == str(error)) == said
    logged = capsys.readouterr().out
    if not said:
        assert found["extensions"]["requestId"] == answer.headers["x-request-id"]
        assert found["extensions"]["requestId"] in found["message"]
        assert found["extensions"]["requestId"] in logged
        assert type(error).__name__ in logged
    assert "13900004711" not in answer.text + logged
    disturbed.before = lambda: None
    assert client.data(NODE) == {"node": {"id": "Firm:F9"}}


def test_a_slow_read_holds_up_nobody_else(served: Any, disturbed: _Disturbed) -> None:
    """The event loop goes on while worker threads wait."""
    client = served(disturbed)
    waiting, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        waiting.set()
        assert go_on.wait(30)

    disturbed.before = wait
    answers: list[Any] = []
    asking = threading.Thread(target=lambda: answers.append(client.data(NODE)))
    asking.start()
    assert waiting.wait(30)
    assert client.data("{ __typename }") == {"__typename": "Query"}
    assert client.get("/livez").text == "ok\n"
    assert answers == []
    go_on.set()
    asking.join(30)
    assert answers == [{"node": {"id": "Firm:F9"}}]


def test_a_request_ends_with_its_time_budget(served: Any, disturbed: _Disturbed) -> None:
    client = served(disturbed, time_budget_seconds=0.2)
    go_on = threading.Event()
    disturbed.before = lambda: cast("None", go_on.wait(30))
    response = client.post(NODE)
    go_on.set()
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (503, "TIMEOUT")
    disturbed.before = lambda: None
    assert client.data(NODE) == {"node": {"id": "Firm:F9"}}


def test_a_body_that_never_ends_is_given_up(served: Any) -> None:
    client = served(time_budget_seconds=0.2)
    parts = urlsplit(str(client.get("/livez").request.url))
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30) as connection:
        connection.sendall(
            b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b'Content-Length: 100\r\n\r\n{"query"'
        )
        received = b""
        while part := connection.recv(65536):
            received += part
    head_received, _, body = received.partition(b"\r\n\r\n")
    assert b" 503 " in head_received.splitlines()[0]
    assert json.loads(body)["errors"][0]["extensions"]["code"] == "TIMEOUT"


def test_a_role_that_only_delivers_data_may_not_query(http: httpx.Client, workspace: Workspace) -> None:
    _, text = create_token(workspace.store.documents, "crawler", "ingest", 1)
    client = Client(http, text)
    assert client.post("{ __typename }").status_code == 403
    assert client.code("{ __typename }") == "FORBIDDEN"


@pytest.mark.neo4j
def test_the_server_comes_back_with_its_store(neo4j_url: str, settings: Settings) -> None:
    """The connection to a real Neo4j is cut, and made again."""
    parts = urlsplit(neo4j_url)
    with TcpProxy(parts.hostname or "", parts.port or 7687) as proxy:
        place = f"{parts.username}:{parts.password}@127.0.0.1:{proxy.port}{parts.path}"
        with Workspace.open(f"bolt://{place}") as workspace:
            app = make_app(workspace, settings.model_copy(update={"time_budget_seconds": 30.0}))
            with serving(app) as address, httpx.Client(base_url=address, timeout=60) as http:
                client = Client(http)
                assert client.data(NODE) == {"node": None}
                proxy.cut()
                assert client.code(NODE) == "STORE_UNAVAILABLE"
                unready = http.get("/readyz")
                assert (unready.status_code, unready.json()["code"]) == (503, "STORE_UNAVAILABLE")
                assert http.get("/livez").status_code == 200
                assert client.data("{ __typename }") == {"__typename": "Query"}
                proxy.mend()
                assert client.data(NODE) == {"node": None}
                assert http.get("/readyz").status_code == 200
