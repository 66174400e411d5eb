"""What a store has written and retired since a snapshot was taken."""

from dataclasses import dataclass
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.gather import DIGEST, Records, Rows, columns_needed, gather
from suyuan.graph.model import Table
from suyuan.graph.naming import named_products
from suyuan.graph.nodebuild import lot_parts
from suyuan.graph.records import DIGEST_BYTES, batch_schema
from suyuan.graph.snapshot import GraphSnapshot, Int32Array, Int64Array, NodeTable
from suyuan.graph.tables import TABLES
from suyuan.graph.texts import distinct, joined, locate, plain


@dataclass(frozen=True, slots=True)
class Delta:
    """Records written since, by table, and the ids of those retired (and not written again)."""

    tables: dict[str, Rows]
    retired: dict[str, pa.Array]

    def __len__(self) -> int:
        return sum(map(len, self.tables.values())) + sum(map(len, self.retired.values()))

    def touched_ids(self, table: str) -> pa.Array:
        """Ids of the records of a table that are no longer what they were."""
        return joined([self.tables[table].ids, self.retired[table]])


def read_delta(view: Records, since: int) -> Delta:
    """What changed in a view since a number of the change sequence."""
    tables = {
        name: gather(table, view.batches(name, (*columns_needed(table), DIGEST), since=since))
        for name, table in TABLES.items()
    }
    retired: dict[str, list[str]] = {name: [] for name in TABLES}
    for name, record in view.removed(since):
        retired[name].append(record)
    return Delta(tables, {name: _not_rewritten(ids, tables[name]) for name, ids in retired.items()})


def _not_rewritten(ids: list[str], rows: Rows) -> pa.Array:
    gone = pa.array(sorted(set(ids)), pa.string())
    if len(gone) == 0 or len(rows) == 0:
        return gone
    return plain(pc.filter(gone, pc.invert(pc.is_in(gone, value_set=rows.ids.cast(pa.string())))))


def rows_of_keys(table: Table, ids: pa.Array) -> Rows:
    """Records of a table of edges with nothing but their keys, as their ids tell them."""
    keys = [_key_of(table, text) for text in ids.to_pylist()]
    schema = batch_schema(table)
    columns = {name: pa.nulls(len(ids), schema.field(name).type) for name in columns_needed(table)}
    for place, name in enumerate(table.key):
        columns[name] = pa.array([key[place] for key in keys], pa.string())
    return Rows(table, {"id": ids, **columns}, np.zeros((len(ids), DIGEST_BYTES), np.uint8))


def _key_of(table: Table, record: str) -> list[str]:
    return [unquote(part) for part in record.split(":", len(table.key))[1:]]


@dataclass(frozen=True, slots=True)
class Growth:
    """New nodes of a kind: their ids, sorted, and how many of the old ids come before each.

    ``named`` are the positions, old and new, of all nodes that the changed records are or name.
    """

    ids: pa.Array
    rank: Int64Array
    named: Int32Array


class GrownNumbers:
    """Numbers new nodes after those of a snapshot."""

    def __init__(self, snapshot: GraphSnapshot) -> None:
        self._nodes = snapshot.nodes
        self.growth: dict[str, Growth] = {}
        self._lot_products = pa.array([], pa.string())

    def assign(self, kind: str, ids: pa.Array) -> Int32Array:
        """See :class:`suyuan.graph.naming.Numbers`."""
        found = distinct(ids)
        table = self._nodes[kind]
        position, rank = positions_of(table, found.texts)
        new = np.flatnonzero(position < 0)
        position[new] = len(table) + np.arange(len(new), dtype=np.int32)
        self.growth[kind] = Growth(plain(pc.take(found.texts, pa.array(new))), rank[new], position)
        if kind == "Lot":
            self._lot_products = named_products(lot_parts(found.texts)[0])
        return position[found.place]

    def lot_products(self) -> pa.Array:
        """See :class:`suyuan.graph.naming.Numbers`."""
        return self._lot_products


def positions_of(table: NodeTable, ids: pa.Array) -> tuple[Int32Array, Int64Array]:
    """Positions of ids in a node table (-1: not there), and how many of its ids come before each."""
    rank, found = locate(table.ids, table.by_id, ids)
    position = np.full(len(ids), -1, np.int32)
    position[found] = table.by_id[rank[found]]
    return position, rank
