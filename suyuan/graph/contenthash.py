"""The id of a graph's content: equal for equal facts in any store (``docs/adr/0002-content-hash.md``)."""

import hashlib
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.gather import Records, Rows, gather
from suyuan.graph.snapshot import Int32Array, Ledger
from suyuan.graph.tables import TABLES
from suyuan.graph.texts import plain, sorted_order


def ledger_of(rows: Rows, place: Int32Array | None = None) -> Ledger:
    """The ledger of a table's records.

    Parameters
    ----------
    place : where each record stands among the nodes of its kind by id, if known.
    """
    if rows.table.kind is None or place is None:
        order = sorted_order(rows.ids)
        ids = plain(pc.take(rows.ids, pa.array(order))) if rows.table.kind is None else None
        return Ledger(rows.digests[order], ids)
    row_at = np.full(int(place.max(initial=-1)) + 1, -1, np.int64)
    row_at[place] = np.arange(len(place))
    return Ledger(rows.digests[row_at[row_at >= 0]])


def content_id(ledgers: Mapping[str, Ledger]) -> str:
    """SHA-256 (hex) over the tables that hold records, by name: name, count, digests in record id order."""
    total = hashlib.sha256()
    for name in sorted(ledgers):
        digests = ledgers[name].digests
        if len(digests):
            total.update(f"{name}\x1f{len(digests)}\x1f".encode())
            total.update(np.ascontiguousarray(digests).data.cast("B"))
    return total.hexdigest()


def content_hash(view: Records) -> str:
    """The id that a snapshot of this view has, from the digests that the store keeps."""
    ledgers: dict[str, Ledger] = {}
    for name, table in TABLES.items():
        ledgers[name] = ledger_of(gather(table, view.batches(name, ("digest",)), columns=()))
    return content_id(ledgers)
