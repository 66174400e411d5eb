"""Posts the lines of a JSON lines file to a server, a batch at a time, and goes on where it was cut off.

    python post_listings.py listings.jsonl http://127.0.0.1:8000 [TOKEN]

The checkpoint (FILE.checkpoint) holds how many lines the server has acknowledged. A batch that was sent and not
acknowledged is sent again under the same id, so it is written once.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

BATCH = int(os.environ.get("BATCH", "20"))


def post(url: str, body: bytes, batch_id: str, token: str | None) -> dict:
    """Sends a batch until the server has taken it; waits as long as the server asks for."""
    headers = {"content-type": "application/x-ndjson", "idempotency-key": batch_id}
    if token:
        headers["authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url, body, headers)
    while True:
        try:
            with urllib.request.urlopen(request) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503):
                raise SystemExit(f"{error.code}: {error.read().decode()}") from error
            print(f"{error.code}, waiting", flush=True)
            time.sleep(float(error.headers.get("retry-after", "1")))
        except (urllib.error.URLError, ConnectionError):
            time.sleep(1)  # the server is away


def main(path: str, server: str, token: str | None = None) -> None:
    """Posts what the checkpoint says is left."""
    file, checkpoint = Path(path), Path(path + ".checkpoint")
    lines = file.read_bytes().splitlines(keepends=True)
    done = int(checkpoint.read_text()) if checkpoint.exists() else 0
    while done < len(lines):
        batch = lines[done : done + BATCH]
        answer = post(f"{server}/ingest/listings", b"".join(batch), f"{file.name}-{done}", token)
        for reject in answer["rejects"]:
            print("reject", json.dumps(reject, ensure_ascii=False), flush=True)
        done += len(batch)
        new = checkpoint.with_suffix(".new")
        new.write_text(str(done))
        new.replace(checkpoint)
        print(f"{done} acknowledged", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
