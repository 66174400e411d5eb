"""Undoing a run that was abandoned or died: everything it wrote goes, everything it overwrote comes back.

Each step is a transaction of its own and can be repeated; a run whose undoing was cut off is undone by whoever comes
next. Every step counts up ``undone``, by which readers see that what they read may have moved beneath them.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, LiteralString, TypeVar

from neo4j import ManagedTransaction

from suyuan.graph.model import Table
from suyuan.graph.store import cypher_read, cypher_runs, cypher_write
from suyuan.graph.store.cypher import homes, second_labels
from suyuan.graph.store.neo4j_connection import Connection, answer, carry_out
from suyuan.graph.store.neo4j_upsert import detach, drop_orphans, merge_ends, relabel
from suyuan.graph.tables import TABLES

STEP = 2_000
T = TypeVar("T")


def undo(connection: Connection, seq: int) -> None:
    """Takes back all that the run with this number did."""
    for table in TABLES.values():
        for edge in table.edges:
            if edge.target.by is not None:
                _repeat(connection, lambda tx, kind=edge.kind: _unlink(tx, kind, seq))
    for table in _tables(connection, cypher_read.counts_of_tables(), since=seq - 1, seq=seq):
        _repeat(connection, lambda tx, table=table: _take_back(tx, table, seq))
    for table in _tables(connection, cypher_read.VERSIONS_BEFORE, tables=list(TABLES), seq=seq):
        _restore(connection, table, seq)
    _restore_edges(connection, seq)
    connection.write(lambda tx: carry_out(tx, cypher_runs.DROP_SOURCES, seq=seq))


def _tables(connection: Connection, text: LiteralString, **parameters: Any) -> list[Table]:
    found = connection.read(lambda tx: answer(tx, text, **parameters))
    return [TABLES[name] for name, _ in found]


def _repeat(connection: Connection, step: Callable[[ManagedTransaction], int]) -> None:
    while _counted(connection, step):
        pass


def _counted(connection: Connection, step: Callable[[ManagedTransaction], T]) -> T:
    """Runs a step in a transaction that counts up ``undone`` if it did anything."""

    def work(tx: ManagedTransaction) -> T:
        done = step(tx)
        if done:
            carry_out(tx, cypher_runs.COUNT_UNDONE)
        return done

    return connection.write(work)


def _unlink(tx: ManagedTransaction, kind: str, seq: int) -> int:
    ends = answer(tx, cypher_write.unlink_made(kind), seq=seq, limit=STEP)
    drop_orphans(tx, ends)
    return len(ends)


def _take_back(tx: ManagedTransaction, table: Table, seq: int) -> int:
    done = 0
    for home in homes(table):
        parameters: dict[str, Any] = {"seq": seq, "limit": STEP, "table": table.name}
        ids = answer(tx, cypher_write.written_ids(home), **parameters)
        done += len(ids)
        if not ids:
            continue
        ends = detach(tx, table, ids)
        if table.kind is not None:
            strip(tx, table, ids)
            ends.update(ids)
        drop_orphans(tx, ends)
    return done


def strip(tx: ManagedTransaction, table: Table, ids: list[str]) -> None:
    """Makes nodes of records into nodes that are only named."""
    carry_out(tx, cypher_write.strip_nodes(table.kind or ""), ids=ids)
    if second_labels(table):
        carry_out(tx, cypher_write.drop_second_labels(table), ids=ids)


def _restore(connection: Connection, table: Table, seq: int) -> None:
    def step(tx: ManagedTransaction) -> list[str]:
        text = cypher_write.RESTORE_UNLINKED if table.kind is None else cypher_write.restore_nodes(table)
        restored: list[list[Any]] = answer(tx, text, table=table.name, seq=seq, limit=STEP)
        if second_labels(table):
            relabel(tx, table, [], [(record, value) for record, value in restored])
        return [record for record, _ in restored]

    def drop(tx: ManagedTransaction, ids: Sequence[str]) -> int:
        carry_out(tx, cypher_write.DROP_VERSIONS, table=table.name, ids=ids, seq=seq)
        return len(ids)

    _restore_then_drop(connection, step, drop)


def _restore_edges(connection: Connection, seq: int) -> None:
    def step(tx: ManagedTransaction) -> list[list[str]]:
        kept: list[dict[str, Any]] = answer(tx, cypher_write.EDGE_VERSIONS, seq=seq, limit=STEP)
        rows: dict[tuple[str, str, str], list[list[Any]]] = defaultdict(list)
        done: list[list[str]] = []
        for properties in kept:
            del properties["until"]
            kind, source, target = (properties.pop(name) for name in ("_kind", "_start", "_end"))
            key = (kind, source.partition(":")[0], target.partition(":")[0])
            rows[key].append([source, target, properties])
            done.append([properties["record"], kind, source, target])
        merge_ends(tx, {end for group in rows.values() for row in group for end in row[:2]})
        for (kind, source_kind, target_kind), group in rows.items():
            carry_out(tx, cypher_write.restore_edges(kind, source_kind, target_kind), rows=group)
        return done

    def drop(tx: ManagedTransaction, rows: Sequence[list[str]]) -> int:
        carry_out(tx, cypher_write.DROP_EDGE_VERSIONS, rows=rows, seq=seq)
        return len(rows)

    _restore_then_drop(connection, step, drop)


def _restore_then_drop(
    connection: Connection,
    restore: Callable[[ManagedTransaction], Sequence[T]],
    drop: Callable[[ManagedTransaction, Sequence[T]], int],
) -> None:
    """What was kept is dropped in a transaction of its own, when all readers see what was restored."""
    while done := _counted(connection, restore):
        _counted(connection, lambda tx, done=done: drop(tx, done))
