"""Node tables and ledgers with some records changed, put in or taken out."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.compiled import compiled
from suyuan.graph.delta import Delta, Growth
from suyuan.graph.gather import Rows
from suyuan.graph.nodebuild import Columns, lot_parts, record_columns
from suyuan.graph.snapshot import UNKNOWN_ROLE, Int32Array, Ledger, NodeTable, SnapshotBasis
from suyuan.graph.splice import Splice
from suyuan.graph.tables import table_of_kind
from suyuan.graph.texts import distinct, joined, locate, plain, sorted_order


def merged_nodes(
    table: NodeTable, growth: Growth, rows: Rows | None, record: Int32Array, retired: Int32Array
) -> NodeTable:
    """A node table with new nodes, changed records and retired ones (which stay as stubs).

    Parameters
    ----------
    rows, record : changed records and their positions, old or new; None for kinds without records.
    retired : positions of retired records.
    """
    n, new = len(table), len(growth.ids)
    if new == 0 and len(record) == 0 and len(retired) == 0:
        return _revived(table, growth.named)
    is_stub = np.concatenate([table.is_stub, np.full(new, table_of_kind(table.kind) is not None)])
    is_stub[retired] = True
    is_stub[record] = False
    plan = Splice(n, np.zeros(0, np.int64), growth.rank)
    columns = table.columns
    if rows is not None:
        filled = record_columns(table.kind, rows)
        columns = {
            name: _merged_column(values, new, filled[name], record, retired, name)
            for name, values in table.columns.items()
        }
    merged = NodeTable(
        kind=table.kind,
        ids=joined([table.ids, growth.ids]) if new else table.ids,
        by_id=plan.array(table.by_id, np.arange(n, n + new, dtype=np.int32)),
        is_stub=is_stub,
        removed=np.concatenate([table.removed, np.zeros(new, np.bool_)]),
        columns=columns,
    )
    return _revived(merged, growth.named)


def _revived(table: NodeTable, named: Int32Array) -> NodeTable:
    if not table.removed[named].any():
        return table
    removed = table.removed.copy()
    removed[named] = False
    return with_removed(table, removed)


def with_removed(table: NodeTable, removed: np.ndarray) -> NodeTable:
    """The same table with other nodes marked as removed."""
    return NodeTable(table.kind, table.ids, table.by_id, table.is_stub, removed, table.columns)


def _merged_column(
    held: Any, new: int, values: Any, record: Int32Array, retired: Int32Array, name: str
) -> Any:
    if isinstance(held, np.ndarray):
        blank = held.dtype.type(UNKNOWN_ROLE if name == "role" else 0)
        merged = np.concatenate([held, np.full(new, blank)])
        merged[retired] = blank
        merged[record] = values
        return merged
    source = np.arange(len(held) + new)
    source[len(held) :] = -1
    source[retired] = -1
    source[record] = len(held) + np.arange(len(record))
    if pa.types.is_list(held.type):
        whole = pa.concat_arrays([held, values.cast(held.type)])
        return pc.take(whole, pa.array(source, mask=source < 0))
    return plain(pc.take(joined([held, values]), pa.array(source, mask=source < 0)))


def merged_lots(
    table: NodeTable, growth: Growth, products: NodeTable, basis: SnapshotBasis
) -> tuple[NodeTable, pa.Array, Int32Array]:
    """The lots with new ones, and the texts behind their codes with the code of each."""
    grown = merged_nodes(table, growth, None, np.zeros(0, np.int32), np.zeros(0, np.int32))
    product_ids, codes = lot_parts(growth.ids)
    rank, found = locate(products.ids, products.by_id, product_ids)
    product = np.full(len(codes), -1, np.int32)
    product[found] = products.by_id[rank[found]]
    texts = distinct(codes)
    place, known = locate(basis.lot_texts, None, texts.texts)
    code = np.empty(len(place), np.int32)
    code[known] = basis.lot_text_codes[place[known]]
    code[~known] = len(basis.lot_texts) + np.arange(np.count_nonzero(~known))
    plan = Splice(len(basis.lot_texts), np.zeros(0, np.int64), place[~known])
    new_texts = plain(pc.take(texts.texts, pa.array(np.flatnonzero(~known))))
    columns: Columns = {
        "product": np.concatenate([table.columns["product"], product]),
        "code": np.concatenate([table.columns["code"], code[texts.place]]),
    }
    lots = NodeTable("Lot", grown.ids, grown.by_id, grown.is_stub, grown.removed, columns)
    return lots, plan.texts(basis.lot_texts, new_texts), plan.array(basis.lot_text_codes, code[~known])


def merged_ledgers(
    ledgers: Mapping[str, Ledger], nodes: Mapping[str, NodeTable], delta: Delta
) -> dict[str, Ledger]:
    """The ledgers of all tables; ``nodes`` are those before the change."""
    return {
        name: _merged_ledger(ledger, nodes, delta, name) if len(delta.touched_ids(name)) else ledger
        for name, ledger in ledgers.items()
    }


def _merged_ledger(ledger: Ledger, nodes: Mapping[str, NodeTable], delta: Delta, name: str) -> Ledger:
    rows, touched = delta.tables[name], delta.touched_ids(name)
    order = sorted_order(rows.ids)
    new_ids = plain(pc.take(rows.ids, pa.array(order)))
    if ledger.ids is None:
        table = nodes[rows.table.kind or ""]
        rank, found = locate(table.ids, table.by_id, touched)
        rank = rank[found]
        rank = np.sort(rank[~table.is_stub[table.by_id[rank]]])
        new_rank = locate(table.ids, table.by_id, new_ids)[0]
        drop = _records_before(table.by_id, table.is_stub, rank)
        at = _records_before(table.by_id, table.is_stub, new_rank)
    else:
        rank, found = locate(ledger.ids, None, touched)
        drop, at = np.sort(rank[found]), locate(ledger.ids, None, new_ids)[0]
    plan = Splice(len(ledger.digests), drop, at)
    ids = None if ledger.ids is None else plan.texts(ledger.ids, new_ids)
    return Ledger(plan.array(ledger.digests, rows.digests[order]), ids)


@compiled
def _records_before(by_id: np.ndarray, is_stub: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """How many records come before each of some places (ascending) in the order of the ids."""
    counts = np.empty(len(ranks), np.int64)
    place, records = 0, 0
    for k in range(len(ranks)):
        while place < ranks[k]:
            if not is_stub[by_id[place]]:
                records += 1
            place += 1
        counts[k] = records
    return counts
