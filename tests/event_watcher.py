"""A subscriber of listings' events, for tests over a real connection."""

import json
import threading
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

EVENTS = "subscription { graphEvents(kinds: [Listing]) { id change } }"


class Watcher:
    """A subscriber of a server; counts the events it is sent, by (id, change)."""

    def __init__(self, connection: ClientConnection) -> None:
        self.seen: Counter[tuple[str, str]] = Counter()
        self._connection = connection
        connection.send('{"type": "connection_init"}')
        assert json.loads(connection.recv(timeout=30))["type"] == "connection_ack"
        connection.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": EVENTS}}))
        time.sleep(1.0)  # the protocol does not say when a subscription has begun
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()

    def _collect(self) -> None:
        for text in self._connection:
            event = json.loads(text)["payload"]["data"]["graphEvents"]
            self.seen[event["id"], event["change"]] += 1

    def wait_for(self, events: int) -> None:
        """Until so many were seen, and a little longer, in case there are more."""
        deadline = time.monotonic() + 120
        while self.seen.total() < events:
            assert time.monotonic() < deadline, f"{self.seen.total()} of {events} events"
            time.sleep(0.05)
        time.sleep(1.0)


@contextmanager
def watching(address: str) -> Generator[Watcher]:
    """A watcher of the server at an address."""
    url = f"{address.replace('http', 'ws')}/graphql"
    with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")], proxy=None) as connection:
        yield Watcher(connection)
