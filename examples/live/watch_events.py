"""Prints what changes in the graph, a line a change.

python watch_events.py ws://127.0.0.1:8000/graphql [TOKEN]
"""

import json
import sys

from websockets.sync.client import connect

QUERY = "subscription { graphEvents(kinds: [Listing]) { id change seq at } }"


def main(address: str, token: str | None = None) -> None:
    """Subscribes and prints until it is stopped."""
    with connect(address, subprotocols=["graphql-transport-ws"], proxy=None) as socket:
        payload = {"Authorization": f"Bearer {token}"} if token else {}
        socket.send(json.dumps({"type": "connection_init", "payload": payload}))
        socket.recv()  # connection_ack
        socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": QUERY}}))
        for text in socket:
            message = json.loads(text)
            if message["type"] == "ping":
                socket.send('{"type": "pong"}')
            elif message["type"] == "next":
                print(json.dumps(message["payload"]["data"]["graphEvents"], ensure_ascii=False), flush=True)
            else:
                raise SystemExit(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
