"""Making the nodes of new records together with their relationships, one statement a pattern of filled ends.

Most records of a table fill the same columns, so few patterns cover nearly all; a statement that makes a node with
all its relationships looks each end up once. What it cannot say (lists, ends of the record's own kind, rare
patterns) is left to one statement a relationship type.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
from neo4j import ManagedTransaction

from suyuan.graph.model import End
from suyuan.graph.store import cypher_write
from suyuan.graph.store.cypher import stored_properties
from suyuan.graph.store.cypher_write import Link, far_ends
from suyuan.graph.store.neo4j_connection import carry_out
from suyuan.graph.store.neo4j_edges import EdgeGroup
from suyuan.graph.store.neo4j_rows import PackedBatch

RARE = 50
"""Patterns of fewer records are not worth a statement of their own."""

MOST_LINKS = 60
Flags = npt.NDArray[np.bool_]


def create_linked(
    tx: ManagedTransaction, batch: PackedBatch, groups: Sequence[EdgeGroup], new: Sequence[int], seq: int
) -> list[Flags]:
    """Makes the nodes of the records at ``new``; gives for each group at which records its relationships were made.

    The ends that are no records of the table's own kind must be there.
    """
    links = [_link(batch, group) for group in groups[:MOST_LINKS]]
    masks = np.zeros(len(batch.ids), np.int64)
    for i, (group, link) in enumerate(zip(groups, links, strict=False)):
        if link is not None:
            masks[group.positions] |= 1 << i
    made = [np.zeros(len(batch.ids), bool) for _ in groups]
    for mask, positions in _by_pattern(masks, np.asarray(new, np.int64)).items():
        chosen = [i for i, link in enumerate(links) if link is not None and mask >> i & 1]
        for i in chosen:
            made[i][positions] = True
        pattern = tuple(_existing(links[i] for i in chosen))
        rows = batch.rows(positions.tolist(), stored_properties(batch.table))
        for values in _end_ids(batch, [groups[i] for i in chosen], pattern):
            for row, position in zip(rows, positions.tolist(), strict=True):
                row.append(values[position])
        carry_out(tx, cypher_write.create_linked_nodes(batch.table, pattern), rows=rows, seq=seq)
    return made


def _link(batch: PackedBatch, group: EdgeGroup) -> Link | None:
    link = Link(group.edge, group.source_kind, group.target_kind)
    own_kind = any(kind == batch.table.kind for _, kind in link.far_ends(batch.table))
    many = group.edge.source.many or group.edge.target.many
    return None if many or own_kind else link


def _existing(links: Iterable[Link | None]) -> Iterator[Link]:
    return (link for link in links if link is not None)


def _by_pattern(masks: npt.NDArray[np.int64], new: npt.NDArray[np.int64]) -> dict[int, npt.NDArray[np.int64]]:
    patterns, which, sizes = np.unique(masks[new], return_inverse=True, return_counts=True)
    found: dict[int, list[npt.NDArray[np.int64]]] = defaultdict(list)
    for i, (pattern, size) in enumerate(zip(patterns.tolist(), sizes.tolist(), strict=True)):
        found[pattern if size >= RARE else 0].append(new[which == i])
    return {pattern: np.concatenate(parts) for pattern, parts in found.items()}


def _end_ids(
    batch: PackedBatch, groups: Sequence[EdgeGroup], pattern: tuple[Link, ...]
) -> list[dict[int, str]]:
    """Id by position for each far end of a pattern."""
    found: dict[tuple[End, str], dict[int, str]] = {}
    for group in groups:
        for end, kind, ids in (
            (group.edge.source, group.source_kind, group.sources),
            (group.edge.target, group.target_kind, group.targets),
        ):
            if (end, kind) not in found:
                found[end, kind] = dict(zip(group.positions.tolist(), ids, strict=True))
    return [found[end] for end in far_ends(batch.table, pattern)]
