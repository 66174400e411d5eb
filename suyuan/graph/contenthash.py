"""The id of a graph's content: equal for equal facts in any store (``docs/adr/0002-content-hash.md``)."""

import hashlib
from collections.abc import Mapping

from suyuan.graph.gather import Rows, gather
from suyuan.graph.snapshot import Ledger
from suyuan.graph.store.base import View
from suyuan.graph.tables import TABLES
from suyuan.graph.texts import sorted_order


def ledger_of(rows: Rows) -> Ledger:
    """The ledger of a table's records."""
    order = sorted_order(rows.ids)
    return Ledger(rows.digests[order])


def content_id(ledgers: Mapping[str, Ledger]) -> str:
    """SHA-256 (hex) over the tables that hold records, by name: name, count, and the digests in record id order."""
    total = hashlib.sha256()
    for name in sorted(ledgers):
        digests = ledgers[name].digests
        if len(digests):
            total.update(f"{name}\x1f{len(digests)}\x1f".encode())
            total.update(memoryview(digests).cast("B"))
    return total.hexdigest()


def content_hash(view: View) -> str:
    """The id that a snapshot of this view has, from the digests that the store keeps."""
    ledgers: dict[str, Ledger] = {}
    for name, table in TABLES.items():
        ledgers[name] = ledger_of(gather(table, view.batches(name, ("digest",)), columns=()))
    return content_id(ledgers)
