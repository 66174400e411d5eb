"""The GraphQL endpoint over real WebSocket connections."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tests.api.small_application import small_application
from tests.live_server import serving


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(small_application()) as base:
        yield f"{base}/graphql"


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
    return json.loads(socket.recv(timeout=60))


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
            socket.recv(timeout=60)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4400


def test_a_caller_with_a_wrong_token_is_not_admitted(address: str) -> None:
    with _connect(address) as socket:
        _send(socket, type="connection_init", payload={"Authorization": "Bearer wrong"})
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=60)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403


def test_the_older_websocket_protocol_is_refused(address: str) -> None:
    with _connect(address, "graphql-ws") as socket, pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=60)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4406


def test_a_page_of_another_origin_cannot_open_a_websocket(address: str) -> None:
    with pytest.raises(InvalidStatus) as refused, _connect(address, origin="http://elsewhere.example"):
        pass
    assert refused.value.response.status_code == 403
    with _connect(address, origin=address.removesuffix("/graphql")) as socket:
        _open(socket)
