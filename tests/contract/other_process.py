"""What the contract tests let another process do: ``python -m tests.contract.other_process URL ACTION``.

``die`` begins a run, writes, says so and waits to be killed; ``hold`` does the same and finishes on a line
from standard input; ``write NAME N`` makes N runs.
"""

import sys
import time

from suyuan.graph.store.opening import open_store
from tests.contract.building import firm, shipment, write

FINGERPRINT = "one and the same"


def main(url: str, action: str, *more: str) -> None:
    store = open_store(url)
    if action == "write":
        name, count = more
        for i in range(int(count)):
            with store.writer(f"{name} {i}") as writer:
                write(writer, {"firms": [firm(i, f"{name} {i}")], "shipments": [shipment(0, name, str(i))]})
                writer.finish({"by": name})
        return
    with store.writer(FINGERPRINT) as writer:
        write(writer, {"firms": [firm(1, "changed"), firm(3, "added")]})
        write(writer, {"shipments": [shipment(1, "C", "D")]})
        sys.stdout.write(f"ready {writer.run.seq} {writer.run.run_id}\n")
        sys.stdout.flush()
        if action == "hold":
            sys.stdin.readline()
            writer.finish({})
        else:
            time.sleep(600)


if __name__ == "__main__":
    main(*sys.argv[1:])
