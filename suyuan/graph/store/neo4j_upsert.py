"""One transaction's worth of an upsert: what is new, what changed, and the relationships that follow."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from neo4j import ManagedTransaction

from suyuan.graph.model import Table
from suyuan.graph.store import cypher_read, cypher_write
from suyuan.graph.store.cypher import (
    KEYED_KINDS,
    homes,
    is_own,
    second_labels,
    stored_properties,
)
from suyuan.graph.store.neo4j_connection import Transactions, answer, carry_out
from suyuan.graph.store.neo4j_edges import EdgeGroup
from suyuan.graph.store.neo4j_keeping import keep
from suyuan.graph.store.neo4j_links import Flags, create_linked
from suyuan.graph.store.neo4j_rows import PackedBatch, end_row


@dataclass(frozen=True, slots=True)
class Chunk:
    """Records that go in together, with the relationships they make."""

    seq: int
    batch: PackedBatch
    groups: Sequence[EdgeGroup]
    resumed: bool
    known_ends: frozenset[str] | set[str] = field(default_factory=frozenset[str])
    """Nodes known to be there, which need no making."""

    @property
    def table(self) -> Table:
        """The table of the records."""
        return self.batch.table


@dataclass(slots=True)
class Outcome:
    """What a transaction did."""

    written: int = 0
    unchanged_at: list[int] = field(default_factory=list[int])
    ends: set[str] = field(default_factory=set[str])
    """Nodes that are there now because relationships name them."""
    dropped: set[str] = field(default_factory=set[str])
    """Nodes that may be gone because nothing names them any more."""


@dataclass(slots=True)
class _Sorted:
    new: list[int] = field(default_factory=list[int])
    named: list[int] = field(default_factory=list[int])
    changed: list[int] = field(default_factory=list[int])
    unchanged: list[int] = field(default_factory=list[int])
    again: int = 0


def write_chunk(write: Transactions, chunk: Chunk) -> Outcome:
    """Writes what is new or changed of a chunk.

    Notes
    -----
    Nodes and relationships of a record come in the same transaction: a record that is there is whole, so
    relationships are created without looking whether they exist. What is changed is kept in a transaction before.
    """

    def begin(tx: ManagedTransaction) -> tuple[_Sorted, Outcome | None]:
        sorted_ = _sort(tx, chunk)
        if not sorted_.changed:
            return sorted_, _write_sorted(tx, chunk, sorted_)
        keep(tx, chunk.table, [chunk.batch.ids[i] for i in sorted_.changed], chunk.seq)
        return sorted_, None

    sorted_, outcome = write(begin)
    return write(lambda tx: _write_sorted(tx, chunk, sorted_)) if outcome is None else outcome


def _write_sorted(tx: ManagedTransaction, chunk: Chunk, sorted_: _Sorted) -> Outcome:
    outcome = Outcome(unchanged_at=sorted_.unchanged)
    writing = [*sorted_.new, *sorted_.named, *sorted_.changed]
    outcome.written = len(writing) + sorted_.again
    if not writing:
        return outcome
    if sorted_.changed:
        outcome.dropped = detach(tx, chunk.table, [chunk.batch.ids[i] for i in sorted_.changed])
    chosen = np.zeros(len(chunk.batch.ids), bool)
    chosen[writing] = True
    outcome.ends = _ends_of(chunk, chosen)
    made = [np.zeros_like(chosen) for _ in chunk.groups]
    if chunk.table.kind is not None:
        made = _write_nodes(tx, chunk, sorted_, outcome.ends)
    _write_edges(tx, chunk, chosen, outcome.ends, made)
    drop_orphans(tx, outcome.dropped - outcome.ends)
    return outcome


def _sort(tx: ManagedTransaction, chunk: Chunk) -> _Sorted:
    ids = chunk.batch.ids
    states: dict[str, tuple[int | None, bytes | None]] = {}
    for home in homes(chunk.table):
        for record, seq, digest in answer(tx, cypher_read.states(home), ids=ids):
            states[record] = (seq, digest)
    found = _Sorted()
    for i, record in enumerate(ids):
        state = states.get(record)
        if state is None:
            found.new.append(i)
        elif state[0] is None:
            found.named.append(i)
        elif state[1] != chunk.batch.digests[i]:
            found.changed.append(i)
        elif chunk.resumed and state[0] == chunk.seq:
            found.again += 1
        else:
            found.unchanged.append(i)
    return found


def detach(tx: ManagedTransaction, table: Table, ids: Sequence[str]) -> set[str]:
    """Deletes the relationships of records, or the records that are no more than that; gives the ids of their ends."""
    ends: set[str] = set()
    for statement in cypher_write.detach_edges(table):
        ends.update(answer(tx, statement, ids=ids))
    if table.kind is None:
        carry_out(tx, cypher_write.DELETE_UNLINKED, ids=ids)
    return ends


def _write_nodes(tx: ManagedTransaction, chunk: Chunk, sorted_: _Sorted, ends: set[str]) -> list[Flags]:
    properties = stored_properties(chunk.table)
    there = [*sorted_.named, *sorted_.changed]
    own = f"{chunk.table.kind}:"
    merge_ends(tx, {end for end in ends - chunk.known_ends if not end.startswith(own)})
    made = create_linked(tx, chunk.batch, chunk.groups, sorted_.new, chunk.seq)
    if there:
        rows = chunk.batch.rows(there, properties)
        carry_out(tx, cypher_write.replace_nodes(chunk.table), rows=rows, seq=chunk.seq)
    if second_labels(chunk.table):
        column = chunk.batch.values[cypher_write.second_label_column(chunk.table)]
        changed = [chunk.batch.ids[i] for i in sorted_.changed]
        values = [(chunk.batch.ids[i], column[i]) for i in [*sorted_.new, *there]]
        relabel(tx, chunk.table, changed, values)
    return made


def relabel(
    tx: ManagedTransaction, table: Table, labelled: Sequence[str], values: Iterable[tuple[str, str | None]]
) -> None:
    """Sets the second labels by id and value, after taking those of ``labelled`` off."""
    if labelled:
        carry_out(tx, cypher_write.drop_second_labels(table), ids=labelled)
    by_value: dict[str, list[str]] = defaultdict(list)
    for node, value in values:
        if value in second_labels(table):
            by_value[value].append(node)
    for value, ids in by_value.items():
        carry_out(tx, cypher_write.set_second_label(table, value), ids=ids)


def _write_edges(
    tx: ManagedTransaction, chunk: Chunk, chosen: Flags, ends: set[str], made: Sequence[Flags]
) -> None:
    left = ends - chunk.known_ends
    if chunk.table.kind is not None:
        left = {end for end in left if end.startswith(f"{chunk.table.kind}:")}
    merge_ends(tx, left)
    linked = np.zeros_like(chosen)
    for group, done in zip(chunk.groups, made, strict=True):
        linked[group.positions] = True
        _create_edges(tx, chunk, group, np.flatnonzero((chosen & ~done)[group.positions]).tolist())
    if chunk.table.kind is None:
        _write_unlinked(tx, chunk, np.flatnonzero(chosen & ~linked).tolist())


def _ends_of(chunk: Chunk, chosen: Flags) -> set[str]:
    ends: set[str] = set()
    for group in chunk.groups:
        rows = np.flatnonzero(chosen[group.positions]).tolist()
        for end, ids in ((group.edge.source, group.sources), (group.edge.target, group.targets)):
            if not is_own(chunk.table, end):
                ends.update(ids[i] for i in rows)
    return ends


def merge_ends(tx: ManagedTransaction, ends: Iterable[str]) -> None:
    """Makes sure that nodes are there; in one order everywhere, so that transactions do not lock each other out."""
    by_kind = by_kind_sorted(ends)
    for kind, ids in by_kind.items():
        rows = [end_row(node) for node in ids] if kind in KEYED_KINDS else [[node] for node in ids]
        carry_out(tx, cypher_write.merge_ends(kind), rows=rows)


def drop_orphans(tx: ManagedTransaction, ids: Iterable[str]) -> None:
    """Deletes those of the nodes that are no records and that nothing names."""
    for kind, found in by_kind_sorted(ids).items():
        carry_out(tx, cypher_write.drop_orphans(kind), ids=found)


def by_kind_sorted(ids: Iterable[str]) -> dict[str, list[str]]:
    """Ids in order, by kind."""
    found: dict[str, list[str]] = defaultdict(list)
    for node in sorted(ids):
        found[node.partition(":")[0]].append(node)
    return found


def _create_edges(tx: ManagedTransaction, chunk: Chunk, group: EdgeGroup, rows: list[int]) -> None:
    if not rows:
        return
    edge, batch = group.edge, chunk.batch
    properties = edge.properties if chunk.table.kind is not None else stored_properties(chunk.table)
    lists = [batch.ids, *(batch.values[name] for name in properties)]
    places = group.positions.tolist()
    sent = [[group.sources[i], group.targets[i], *(values[places[i]] for values in lists)] for i in rows]
    statement = cypher_write.create_edges(edge.kind, group.source_kind, group.target_kind, properties)
    carry_out(tx, statement, rows=sent, seq=chunk.seq)


def _write_unlinked(tx: ManagedTransaction, chunk: Chunk, positions: list[int]) -> None:
    if positions:
        rows = chunk.batch.rows(positions, stored_properties(chunk.table))
        statement = cypher_write.create_unlinked(chunk.table)
        carry_out(tx, statement, rows=rows, seq=chunk.seq, table=chunk.table.name)
