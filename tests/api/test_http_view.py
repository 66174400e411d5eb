"""The GraphQL endpoint over real HTTP and WebSocket connections, with a schema of a few fields."""

import json
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import strawberry
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.routing import Route, WebSocketRoute
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from suyuan.api.error_codes import LabelErrors
from suyuan.api.http_view import GraphQLView
from suyuan.api.operation_choice import RequireOperationName
from suyuan.errors import AccessError, NotFoundError
from tests.live_server import serving

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
MAX_BODY_BYTES = 10_000


@dataclass
class Context:
    """Who asks, as the test's resolvers see it."""

    headers: dict[str, str]
    request_id: str = "request-1"
    connection_params: dict[str, Any] = field(default_factory=dict[str, Any])


@strawberry.type
class Query:
    @strawberry.field
    def greeting(self, name: str = "世界") -> str:
        return f"你好，{name}"

    @strawberry.field
    def missing(self) -> str | None:
        raise NotFoundError("Listing", "Listing:shop:1")

    @strawberry.field
    def broken(self) -> str | None:
        raise ZeroDivisionError("secret detail")

    @strawberry.field
    def broken_for_all(self) -> str:
        raise NotFoundError("Site", "Site:X")


@strawberry.type
class Mutation:
    @strawberry.mutation
    def shout(self, text: str) -> str:
        return text.upper()


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int) -> AsyncIterator[int]:
        for number in range(to):
            yield number

    @strawberry.subscription
    async def broken(self) -> AsyncIterator[int]:
        yield 1
        raise ZeroDivisionError("secret detail")


async def _make_context(connection: HTTPConnection) -> Context:
    if connection.headers.get("authorization") == "Bearer expired":
        raise AccessError("The token has expired. Ask for a new one.", authenticated=False)
    return Context(dict(connection.headers))


async def _admit(context: object) -> None:
    assert isinstance(context, Context)
    if context.connection_params.get("Authorization") == "Bearer wrong":
        raise AccessError("Unknown token.", authenticated=False)


def _application() -> Starlette:
    schema = strawberry.Schema(Query, Mutation, Subscription, extensions=[LabelErrors, RequireOperationName])
    view = GraphQLView(
        schema,
        make_context=_make_context,
        admit=_admit,
        max_body_bytes=MAX_BODY_BYTES,
        max_subscriptions_per_connection=2,
    )
    return Starlette(routes=[Route("/graphql", view), WebSocketRoute("/graphql", view)])


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(_application()) as base:
        yield f"{base}/graphql"


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address.removesuffix("/graphql")) as client:
        yield client


def _post(client: httpx.Client, accept: str = GRAPHQL, **parameters: object) -> httpx.Response:
    return client.post("/graphql", json=parameters, headers={"accept": accept})


def _code(response: httpx.Response) -> str:
    return response.json()["errors"][0]["extensions"]["code"]


@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
def test_a_query_is_answered_in_the_type_asked_for(client: httpx.Client, accept: str) -> None:
    response = _post(client, accept, query="{ greeting }")
    assert response.status_code == 200
    assert response.headers["content-type"] == f"{accept}; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.json() == {"data": {"greeting": "你好，世界"}}
    assert "你好" in response.text


def test_get_runs_a_query_with_variables(client: httpx.Client) -> None:
    parameters = {
        "query": "query A { greeting } query B($n: String!) { greeting(name: $n) }",
        "operationName": "B",
        "variables": '{"n": "溯源"}',
    }
    response = client.get("/graphql", params=parameters, headers={"accept": GRAPHQL})
    assert (response.status_code, response.json()) == (200, {"data": {"greeting": "你好，溯源"}})


def test_get_without_a_query_is_refused_rather_than_shown_a_page(client: httpx.Client) -> None:
    response = client.get("/graphql", headers={"accept": "text/html, */*"})
    assert (response.status_code, _code(response)) == (400, "BAD_USER_INPUT")


def test_post_runs_a_mutation_and_get_does_not(client: httpx.Client) -> None:
    document = 'mutation { shout(text: "a") }'
    assert _post(client, query=document).json() == {"data": {"shout": "A"}}
    response = client.get("/graphql", params={"query": document})
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "document",
    [
        "{",
        "{ nothing }",
        "query ($n: Int!) { greeting(name: $n) }",
        "query A { greeting } query B { greeting }",
    ],
    ids=["syntax", "validation", "variable type", "which operation"],
)
def test_a_request_error_has_no_data_and_a_status_by_media_type(client: httpx.Client, document: str) -> None:
    strict, lenient = _post(client, query=document), _post(client, JSON, query=document)
    assert (strict.status_code, lenient.status_code) == (400, 200)
    assert strict.json() == lenient.json()
    assert "data" not in strict.json()
    assert _code(strict) == "BAD_USER_INPUT"


def test_a_variable_that_does_not_fit_is_a_request_error(client: httpx.Client) -> None:
    document = "query ($n: String!) { greeting(name: $n) }"
    response = _post(client, query=document, variables={"n": 5})
    assert (response.status_code, _code(response)) == (400, "BAD_USER_INPUT")
    assert "data" not in response.json()


def test_a_field_error_leaves_the_rest_of_the_answer(client: httpx.Client) -> None:
    response = _post(client, query="{ greeting missing }")
    answer = response.json()
    assert response.status_code == 200
    assert answer["data"] == {"greeting": "你好，世界", "missing": None}
    assert answer["errors"][0]["path"] == ["missing"]
    assert _code(response) == "NOT_FOUND"


def test_a_field_error_that_voids_the_answer_keeps_data_as_null(client: httpx.Client) -> None:
    response = _post(client, query="{ brokenForAll }")
    assert response.status_code == 200
    assert response.json()["data"] is None
    assert _code(response) == "NOT_FOUND"


def test_an_unexpected_error_gives_nothing_away(client: httpx.Client) -> None:
    response = _post(client, query="{ broken }")
    error = response.json()["errors"][0]
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": "request-1"}
    assert "secret" not in response.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'"text"',
        b"null",
        b'[{"query": "{ greeting }"}]',
        b"{}",
        b'{"query": null}',
        b'{"query": ""}',
        b'{"query": ["{ greeting }"]}',
        b'{"query": "{ greeting }", "variables": "none"}',
        b'{"query": "{ greeting }", "variables": NaN}',
        b'{"query": "{ greeting }", "operationName": 1}',
        b'{"query": "{ greeting }", "extensions": [1]}',
        b"\xff\xfe",
        '{"query": "{ greeting }"}'.encode("utf-16"),
        b'{"query": ' + b"[" * 5_000,
        b'{"query": "{ greeting }", "variables": {"n": ' + b"9" * 5_000 + b"}}",
    ],
)
@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
def test_a_body_that_is_no_request_is_refused(client: httpx.Client, body: bytes, accept: str) -> None:
    response = client.post("/graphql", content=body, headers={"content-type": JSON, "accept": accept})
    assert (response.status_code, _code(response)) == (400, "BAD_USER_INPUT")
    assert "data" not in response.json()


@pytest.mark.parametrize("name", ["variables", "extensions"])
@pytest.mark.parametrize("value", ["{", "[]", "1"])
def test_an_address_with_unreadable_parameters_is_refused(
    client: httpx.Client, name: str, value: str
) -> None:
    response = client.get("/graphql", params={"query": "{ greeting }", name: value})
    assert (response.status_code, _code(response)) == (400, "BAD_USER_INPUT")


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/graphql",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json; charset=gb18030",
    ],
)
def test_a_content_type_that_is_not_json_is_refused(client: httpx.Client, content_type: str) -> None:
    response = client.post(
        "/graphql", content=b'{"query": "{ greeting }"}', headers={"content-type": content_type}
    )
    assert response.status_code == 415
    assert response.headers["accept-post"] == JSON
    assert content_type in response.json()["errors"][0]["message"]


def test_an_unacceptable_answer_is_refused(client: httpx.Client) -> None:
    response = _post(client, "text/html", query="{ greeting }")
    assert response.status_code == 406
    assert "text/html" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_other_methods_are_refused(client: httpx.Client, method: str) -> None:
    response = client.request(method, "/graphql")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


def test_a_body_over_the_limit_is_refused_whether_announced_or_not(client: httpx.Client) -> None:
    body = json.dumps({"query": "{ greeting }", "extensions": {"filler": "x" * MAX_BODY_BYTES}}).encode()
    pieces = (body[start : start + 1000] for start in range(0, len(body), 1000))
    for content in (body, pieces):
        response = client.post("/graphql", content=content, headers={"content-type": JSON})
        assert (response.status_code, _code(response)) == (413, "PAYLOAD_TOO_LARGE")


def test_a_body_at_the_limit_is_read(client: httpx.Client) -> None:
    body = b'{"query": "{ greeting }"}'
    body += b" " * (MAX_BODY_BYTES - len(body))
    assert client.post("/graphql", content=body, headers={"content-type": JSON}).status_code == 200


def test_a_refused_caller_is_told_how_to_identify(client: httpx.Client) -> None:
    response = client.post(
        "/graphql", json={"query": "{ greeting }"}, headers={"authorization": "Bearer expired"}
    )
    assert (response.status_code, _code(response)) == (401, "UNAUTHENTICATED")
    assert response.headers["www-authenticate"] == "Bearer"


def test_text_that_is_no_unicode_is_answered_all_the_same(client: httpx.Client) -> None:
    body = b'{"query": "query ($n: String!) { greeting(name: $n) }", "variables": {"n": "\\ud800"}}'
    response = client.post("/graphql", content=body, headers={"content-type": JSON})
    assert response.json() == {"data": {"greeting": "你好，\ud800"}}


def test_a_subscription_over_http_is_refused(client: httpx.Client) -> None:
    response = _post(client, query="subscription { count(to: 1) }")
    assert response.status_code == 400
    assert "graphql-transport-ws" in response.json()["errors"][0]["message"]


def _connect(
    address: str, protocol: str = "graphql-transport-ws", origin: str | None = None
) -> ClientConnection:
    return connect(
        address.replace("http://", "ws://"),
        subprotocols=[Subprotocol(protocol)],
        origin=None if origin is None else Origin(origin),
        proxy=None,
    )


def _send(socket: ClientConnection, **message: object) -> None:
    socket.send(json.dumps(message))


def _receive(socket: ClientConnection) -> dict[str, Any]:
    return json.loads(socket.recv(timeout=10))


def _open(socket: ClientConnection) -> None:
    _send(socket, type="connection_init")
    assert _receive(socket) == {"type": "connection_ack"}


def test_a_subscription_over_websocket_gives_each_result(address: str) -> None:
    with _connect(address) as socket:
        _open(socket)
        _send(socket, type="subscribe", id="1", payload={"query": "subscription { count(to: 3) }"})
        messages = [_receive(socket) for _ in range(4)]
    assert [m["payload"]["data"]["count"] for m in messages[:3]] == [0, 1, 2]
    assert messages[3] == {"id": "1", "type": "complete"}


def test_an_unexpected_error_in_a_subscription_gives_nothing_away(address: str) -> None:
    with _connect(address) as socket:
        _open(socket)
        _send(socket, type="subscribe", id="1", payload={"query": "subscription { broken }"})
        messages = [_receive(socket), _receive(socket)]
    assert messages[0]["payload"]["data"] == {"broken": 1}
    error = messages[1]["payload"]["errors"][0]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert "secret" not in json.dumps(messages)


def test_an_invalid_subscription_is_an_error_with_a_code(address: str) -> None:
    with _connect(address) as socket:
        _open(socket)
        _send(socket, type="subscribe", id="1", payload={"query": "subscription { nothing }"})
        message = _receive(socket)
    assert message["type"] == "error"
    assert message["payload"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


@pytest.mark.parametrize(
    "text",
    [
        "not JSON",
        "[]",
        '"text"',
        '{"type": "subscribe", "id": "1", "payload": []}',
        '{"type": "x"}',
        "[" * 5_000,
    ],
)
def test_a_message_that_is_none_closes_the_connection(address: str, text: str) -> None:
    with _connect(address) as socket:
        _open(socket)
        socket.send(text)
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4400


def test_a_caller_with_a_wrong_token_is_not_admitted(address: str) -> None:
    with _connect(address) as socket:
        _send(socket, type="connection_init", payload={"Authorization": "Bearer wrong"})
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403


def test_the_older_websocket_protocol_is_refused(address: str) -> None:
    with _connect(address, "graphql-ws") as socket, pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4406


def test_a_page_of_another_origin_cannot_open_a_websocket(address: str) -> None:
    with pytest.raises(InvalidStatus) as refused, _connect(address, origin="http://elsewhere.example"):
        pass
    assert refused.value.response.status_code == 403
    with _connect(address, origin=address.removesuffix("/graphql")) as socket:
        _open(socket)


def test_the_specification_is_followed_to_the_letter(address: str) -> None:
    """The audit of the npm package graphql-http has no error and no warning."""
    script = Path(__file__).parents[2] / "scripts" / "graphql_http_audit.sh"
    audit = subprocess.run([script, address], capture_output=True, text=True, check=False)
    assert audit.returncode == 0, audit.stdout + audit.stderr
    assert audit.stdout.splitlines()[-1] == "ok 61, notice 0, warn 0, error 0"
