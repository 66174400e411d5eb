"""Filling the columns that a source does not have from what is stored."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.model import Table
from suyuan.graph.records import batch_schema
from suyuan.graph.store import cypher_read
from suyuan.graph.store.cypher import homes
from suyuan.graph.store.neo4j_connection import Connection, columns
from suyuan.graph.store.neo4j_rows import fields_of, properties_for, unpacked


def with_stored_columns(
    connection: Connection, table: Table, batch: pa.RecordBatch, present: Sequence[str]
) -> pa.RecordBatch:
    """The batch with its columns outside ``present`` taken from the records as they are stored."""
    given = {*present, *(f"{name}_precision" for name in present), *table.key, "id", "source_file", "row"}
    given.update(f"{name}_precision" for name in table.key)
    kept = [field.name for field in batch_schema(table) if field.name not in given]
    if not kept or len(batch) == 0:
        return batch
    stored = _stored(connection, table, batch.column("id"), kept)
    places = pc.index_in(batch.column("id"), stored.column("id"))
    filled = [
        pc.take(stored.column(name), places) if name in kept else batch.column(name)
        for name in batch.schema.names
    ]
    filled = [
        _where(np.asarray(pc.is_valid(places)), new, old)
        for new, old in zip(filled, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(filled, schema=batch.schema)


def _where(there: np.ndarray, new: pa.Array, old: pa.Array) -> pa.Array:
    if there.all():
        return new
    both = pa.concat_arrays([new, old])
    n = len(old)
    return pc.take(both, pa.array(np.where(there, np.arange(n), np.arange(n, 2 * n))))


def _stored(connection: Connection, table: Table, ids: pa.Array, names: list[str]) -> pa.RecordBatch:
    fields = fields_of(table, names)
    wanted = ids.to_pylist()
    parts: list[pa.RecordBatch] = []
    for home in homes(table):
        properties = properties_for(table, home.key, fields)
        text = cypher_read.records_by_id(home, properties)
        found = connection.read(lambda tx, text=text: columns(tx, text, ids=wanted))
        parts.append(unpacked(table, fields, properties, found))
    whole = [pa.concat_arrays([part.column(i) for part in parts]) for i in range(len(fields))]
    return pa.RecordBatch.from_arrays(whole, schema=pa.schema(fields))
