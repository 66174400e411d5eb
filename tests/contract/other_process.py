"""What the contract tests let another process do: ``python -m tests.contract.other_process URL ACTION``.

``load`` writes :func:`rows_of_step` step by step and finishes; ``die`` begins a run, writes, says so and waits to be
killed; ``hold`` does the same and finishes on a line from standard input; ``write NAME N`` makes N runs.
"""

import sys
import time

from suyuan.graph.store.base import Store
from suyuan.graph.store.opening import open_store
from tests.contract.building import Row, firm, shipment, write

FINGERPRINT = "one and the same"
STEPS = 30


def main(url: str, action: str, *more: str) -> None:
    store = open_store(url)
    if action == "write":
        name, count = more
        for i in range(int(count)):
            with store.writer(f"{name} {i}") as writer:
                write(writer, {"firms": [firm(i, f"{name} {i}")], "shipments": [shipment(0, name, str(i))]})
                writer.finish({"by": name})
        return
    if action == "load":
        _load(store)
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


def rows_of_step(step: int, version: str) -> dict[str, list[Row]]:
    """What one step of a load writes; steps overlap, so that records are written twice in one run."""
    numbers = range(step * 40, step * 40 + 50)
    return {
        "shipments": [shipment(i, f"{version}-{i % 7}", "X", waybill=f"{version} {i}") for i in numbers],
        "firms": [firm(i, f"{version} {i}") for i in numbers if i % 5 == 0],
        "products": [{"product_id": f"P{step}", "right_ids": [f"{version}-{i % 3}" for i in numbers]}],
    }


def _load(store: Store) -> None:
    with store.writer(FINGERPRINT) as writer:
        sys.stdout.write(f"ready {writer.run.seq} {writer.run.run_id}\n")
        sys.stdout.flush()
        for step in range(STEPS):
            write(writer, rows_of_step(step, "new"))
        writer.finish({})


if __name__ == "__main__":
    main(*sys.argv[1:])
