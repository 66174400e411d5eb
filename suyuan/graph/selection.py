"""Which part of the graph is exported: by kind, by when it was written, by division, around a node."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.errors import LimitError, ParameterError, UnknownNodeError
from suyuan.graph.divisioncodes import leading_digits, require_division
from suyuan.graph.ids import normal_id
from suyuan.graph.model import Table
from suyuan.graph.store.base import View
from suyuan.graph.store.neo4j_edges import edge_columns
from suyuan.graph.tables import TABLES

NODES_MAX: Final = 1_000_000
_ASKED_AT_ONCE: Final = 500
_EDGES_A_PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Selection:
    """What is kept.

    Attributes
    ----------
    kinds : node kinds; empty = all
    since : records of runs after this number
    ids : nodes; None = all. Records of relationship tables are kept where both ends of a relationship are.
    """

    kinds: frozenset[str] = field(default_factory=frozenset[str])
    since: int = 0
    ids: pa.Array | None = None

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return not self.kinds and self.since == 0 and self.ids is None

    def batches(
        self, view: View, table: Table, columns: Sequence[str] | None = None
    ) -> Iterator[pa.RecordBatch]:
        """The records of a table that are kept, whatever the kinds."""
        ends = () if self.ids is None or table.kind is not None else _end_columns(table)
        asked = None if columns is None else [*columns, *(name for name in ends if name not in columns)]
        for batch in view.batches(table.name, asked, since=self.since):
            if self.ids is None:
                yield batch
            else:
                yield batch.filter(pa.array(self._kept(table, batch, self.ids)))

    def _kept(
        self, table: Table, batch: pa.RecordBatch, ids: pa.Array
    ) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        if table.kind is not None:
            return np.asarray(pc.is_in(batch.column("id"), ids))
        kept = np.zeros(len(batch), bool)
        for group in edge_columns(table, batch):
            both = pc.and_(pc.is_in(group.sources, ids), pc.is_in(group.targets, ids))
            kept[group.positions[np.asarray(both)]] = True
        return kept


def _end_columns(table: Table) -> list[str]:
    """The columns that tell the ends of a table's relationships."""
    names: dict[str, None] = {}
    for edge in table.edges:
        names.update(dict.fromkeys((*edge.source.columns, *edge.target.columns)))
        if edge.when is not None:
            names[edge.when[0]] = None
    return list(names)


def within_division(view: View, code: str) -> pa.Array:
    """Nodes that carry the code of a division, or of one that lies in it (GB/T 2260: its digits in pairs).

    Raises
    ------
    ParameterError
        It is no code.
    """
    require_division(code)
    begin = leading_digits(code)
    parts: list[pa.Array] = []
    for table in TABLES.values():
        name = "code" if table.name == "divisions" else "division_code"
        if table.kind is not None and name in table.by_name:
            for batch in view.batches(table.name, [name]):
                parts.append(batch.column("id").filter(pc.starts_with(batch.column(name), begin)))
    for batch in view.batches("authorities", ["division_codes"]):
        lists = batch.column("division_codes")
        inside = pc.list_parent_indices(lists).filter(pc.starts_with(pc.list_flatten(lists), begin))
        parts.append(pc.take(batch.column("id"), pc.unique(inside)))
    return pa.concat_arrays(parts) if parts else pa.array([], pa.string())


def around(view: View, given: str, hops: int) -> pa.Array:
    """The node and all that are at most so many relationships away, in whatever direction.

    Raises
    ------
    UnknownKindError, RecordError, UnknownNodeError, ParameterError
    LimitError
        More than a million nodes are that near.
    """
    if hops < 1:
        raise ParameterError("hops", hops, "at least 1")
    start = normal_id(given)
    if start not in view.nodes([start]):
        raise UnknownNodeError(start)
    found = {start}
    newest = [start]
    for _ in range(hops):
        ends = {end for part in _parts(newest) for end in _ends(view, part)}
        newest = sorted(ends - found)
        found.update(newest)
        if len(found) > NODES_MAX:
            raise LimitError("nodes around one", NODES_MAX, len(found))
    return pa.array(sorted(found), pa.string())


def _parts(ids: list[str]) -> Iterator[list[str]]:
    return (ids[start : start + _ASKED_AT_ONCE] for start in range(0, len(ids), _ASKED_AT_ONCE))


def _ends(view: View, ids: list[str]) -> Iterator[str]:
    """Both ends of every relationship at the nodes."""
    many: list[tuple[str, str]] = []
    for node, edges in view.neighbours(ids, first=_EDGES_A_PAGE).items():
        for edge in edges:
            yield edge.source
            yield edge.target
        if len(edges) == _EDGES_A_PAGE:
            many.append((node, edges[-1].id))
    for node, last in many:
        after = last
        while edges := view.neighbours([node], first=_EDGES_A_PAGE, after=after).get(node):
            for edge in edges:
                yield edge.source
                yield edge.target
            after = edges[-1].id
