"""Keeping what a run overwrites, in a transaction before the one that overwrites it.

Readers look versions up by an index. When the server commits, the graph changes before its indexes do, so in one
transaction a reader could find the old relationship gone and its version not yet there. In two, what is overwritten
stands in both places for a moment, never in none.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from neo4j import ManagedTransaction

from suyuan.graph.model import Table
from suyuan.graph.store import cypher_read, cypher_write
from suyuan.graph.store.cypher import edges_by_property, homes
from suyuan.graph.store.neo4j_connection import Transactions, answer, carry_out
from suyuan.graph.tables import TABLES


def keep(
    tx: ManagedTransaction, table: Table, ids: Sequence[str], seq: int, *, retired: bool | None = None
) -> None:
    """Copies records that an earlier run wrote, and their relationships, as versions that hold until ``seq``."""
    for home in homes(table):
        parameters: dict[str, Any] = {"ids": ids, "seq": seq, "table": table.name, "retired": retired}
        carry_out(tx, cypher_write.keep_versions(home), **parameters)
    for statement in cypher_write.keep_edges(table):
        carry_out(tx, statement, ids=ids, seq=seq)


def settle(write: Transactions, seq: int) -> None:
    """Drops what the run ``seq`` kept and did not overwrite, because it was ended in between."""
    write(lambda tx: _settle(tx, seq))


def _settle(tx: ManagedTransaction, seq: int) -> None:
    standing: dict[str, list[str]] = defaultdict(list)
    for name, _ in answer(tx, cypher_read.VERSIONS_BEFORE, tables=list(TABLES), seq=seq):
        for home in homes(TABLES[name]):
            standing[name] += answer(tx, cypher_write.still_there(home), table=name, seq=seq)
    rows = list(_edges_standing(tx, [record for ids in standing.values() for record in ids], seq))
    carry_out(tx, cypher_write.DROP_EDGE_VERSIONS, rows=rows, seq=seq)
    for name, ids in standing.items():
        carry_out(tx, cypher_write.DROP_VERSIONS, table=name, ids=ids, seq=seq)


def _edges_standing(tx: ManagedTransaction, records: Sequence[str], seq: int) -> Iterator[list[Any]]:
    kinds = [edge.kind for _, edge in edges_by_property()]
    groups: dict[tuple[str, str, str], list[list[Any]]] = defaultdict(list)
    for row in answer(tx, cypher_write.EDGES_KEPT, ids=records, kinds=kinds, seq=seq):
        _, kind, source, target, _ = row
        groups[kind, source.partition(":")[0], target.partition(":")[0]].append(row)
    for ends, rows in groups.items():
        yield from answer(tx, cypher_write.edges_still_there(*ends), rows=rows)
