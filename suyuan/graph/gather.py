"""Which columns of the tables a snapshot needs, and their reading into whole columns."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.model import Edge, End, Table
from suyuan.graph.records import DIGEST_BYTES, batch_schema, digests, precision_name
from suyuan.graph.snapshot import NODE_COLUMNS, UInt8Array
from suyuan.graph.texts import joined

DIGEST = "digest"


class Records(Protocol):
    """The methods of :class:`suyuan.graph.store.base.View` that a snapshot is made with."""

    seq: int

    def batches(
        self, table: str, columns: Sequence[str] | None = None, *, since: int = 0
    ) -> Iterator[pa.RecordBatch]:
        """See :class:`suyuan.graph.store.base.View`."""
        ...

    def removed(self, since: int) -> Iterator[tuple[str, str]]:
        """See :class:`suyuan.graph.store.base.View`."""
        ...


@dataclass(frozen=True, slots=True)
class Rows:
    """Records of one table as whole columns: texts, lists, numbers and times as Arrow arrays by name.

    ``digests`` has shape (n, 16).
    """

    table: Table
    columns: dict[str, pa.Array]
    digests: UInt8Array

    def __len__(self) -> int:
        return len(self.digests)

    @property
    def ids(self) -> pa.Array:
        """Record ids."""
        return self.columns["id"]


def is_own(table: Table, end: End) -> bool:
    """Whether an edge's end is the very node that the record is."""
    return end.kind == table.kind and end.columns == table.key


@cache
def columns_needed(table: Table) -> tuple[str, ...]:
    """Columns of a table that a snapshot needs besides ``id`` and ``digest``, in the order of the table."""
    wanted = set(NODE_COLUMNS.get(table.kind or "", ()))
    for edge in table.edges:
        wanted.update(_columns_of_edge(table, edge))
    wanted.update(precision_name(column.name) for column in table.columns if column.type == "time")
    names = [field.name for field in batch_schema(table)]
    times = {precision_name(c.name) for c in table.columns if c.type == "time" and c.name not in wanted}
    return tuple(name for name in names if name in wanted - times)


def _columns_of_edge(table: Table, edge: Edge) -> Iterable[str]:
    for end in (edge.source, edge.target):
        if not is_own(table, end):
            yield from end.columns
    yield from edge.properties
    if edge.when:
        yield edge.when[0]


def gather(table: Table, batches: Iterable[pa.RecordBatch], columns: tuple[str, ...] | None = None) -> Rows:
    """Columns of all batches (by default those needed); digests are computed where the batches bring none."""
    names = ("id", *(columns_needed(table) if columns is None else columns))
    schema = batch_schema(table)
    parts: dict[str, list[pa.Array]] = {name: [] for name in names}
    digest_parts: list[UInt8Array] = []
    for batch in batches:
        for name in names:
            parts[name].append(batch.column(name))
        digest_parts.append(_digests_of(table, batch))
    whole = {name: _whole(arrays, schema.field(name).type) for name, arrays in parts.items()}
    empty = np.zeros((0, DIGEST_BYTES), np.uint8)
    return Rows(table, whole, np.concatenate(digest_parts) if digest_parts else empty)


def _whole(arrays: list[pa.Array], dtype: pa.DataType) -> pa.Array:
    if pa.types.is_string(dtype):
        return joined(arrays)
    whole = pa.chunked_array(arrays, dtype).combine_chunks()
    return whole if isinstance(whole, pa.Array) else pa.concat_arrays(whole.chunks)


def _digests_of(table: Table, batch: pa.RecordBatch) -> UInt8Array:
    if DIGEST not in batch.schema.names:
        data = b"".join(digests(table, batch))
    else:
        column: Any = pc.cast(batch.column(DIGEST), pa.binary())
        data = b"".join(column.to_pylist()) if column.offset else _value_bytes(column)
    return np.frombuffer(data, np.uint8).reshape(-1, DIGEST_BYTES)


def _value_bytes(column: Any) -> bytes:
    length = len(column) * DIGEST_BYTES
    data = column.buffers()[2]
    return b"" if length == 0 else data.to_pybytes()[:length]
