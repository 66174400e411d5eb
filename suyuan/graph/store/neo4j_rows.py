"""Records as Neo4j keeps them: rows of plain values going in, columns of plain values coming out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from suyuan.errors import CorruptStoreError
from suyuan.graph.ids import split_id
from suyuan.graph.model import NODE_KINDS, Column, Table
from suyuan.graph.records import DIGEST_BYTES, batch_schema, digests, precision_name, time_texts
from suyuan.graph.store.cypher import stored_properties
from suyuan.graph.store.search_entries import bodies, folded, is_indexed, names
from suyuan.graph.times import parse_times

_STAMPS = {"digest": pa.binary(DIGEST_BYTES), "seq": pa.int64()}
_STORED_AS = {"digest": "_digest", "seq": "_seq", "source_file": "_source", "row": "_row"}


@dataclass(frozen=True, slots=True)
class PackedBatch:
    """A batch as lists of values the driver can send, one a property."""

    table: Table
    ids: list[str]
    digests: list[bytes]
    values: dict[str, list[Any]]

    def rows(self, positions: Sequence[int], properties: Sequence[str]) -> list[list[Any]]:
        """The id and the properties of the records at these positions."""
        lists = [self.ids, *(self.values[name] for name in properties)]
        return [[values[i] for values in lists] for i in positions]


def packed(table: Table, batch: pa.RecordBatch) -> PackedBatch:
    """A batch made ready to be sent."""
    found = digests(table, batch)
    values: dict[str, list[Any]] = {}
    for column in table.columns:
        values[column.name] = _texts_or_values(batch, column).to_pylist()
    values["extra"] = batch.column("extra").to_pylist()
    values["_digest"] = found
    values["_source"] = batch.column("source_file").to_pylist()
    values["_row"] = batch.column("row").to_pylist()
    if is_indexed(table):
        values["_search"] = bodies(table, batch).to_pylist()
        values["_name"] = folded(names(table, batch)).to_pylist()
    return PackedBatch(table, batch.column("id").to_pylist(), found, values)


def _texts_or_values(batch: pa.RecordBatch, column: Column) -> pa.Array:
    values = batch.column(column.name)
    if column.type != "time":
        return values
    return time_texts(values, batch.column(precision_name(column.name)))


def fields_of(table: Table, columns: Sequence[str] | None) -> list[pa.Field]:
    """The fields of a batch with these columns after ``id``; None means all that records have.

    Raises
    ------
    KeyError
        The table has no such column.
    """
    schema = batch_schema(table)
    if columns is None:
        return list(schema)
    wanted = [name for name in dict.fromkeys(columns) if name != "id"]
    return [
        schema.field("id"),
        *(pa.field(n, _STAMPS[n]) if n in _STAMPS else schema.field(n) for n in wanted),
    ]


def properties_for(table: Table, key: str, fields: Sequence[pa.Field]) -> tuple[str, ...]:
    """The stored properties that the fields are read from, the one with the id (``key``) first."""
    stored_as = {precision_name(c.name): c.name for c in table.columns if c.type == "time"} | _STORED_AS
    names: list[str] = [str(field.name) for field in fields if field.name != "id"]
    stored = (stored_as.get(name, name) for name in names)
    return (key, *dict.fromkeys(stored))


def unpacked(
    table: Table, fields: Sequence[pa.Field], properties: Sequence[str], columns: Sequence[list[Any]]
) -> pa.RecordBatch:
    """Columns read from the store as a batch with these fields.

    Raises
    ------
    CorruptStoreError
        A value has not the type of its column.
    """
    stored = dict(zip(properties[1:], columns[1:], strict=True))
    arrays: list[pa.Array] = [pa.array(columns[0], pa.string())]
    times: dict[str, tuple[pa.Array, pa.Array]] = {}
    for field in fields[1:]:
        column = table.by_name.get(field.name) or table.by_name.get(field.name.removesuffix("_precision"))
        try:
            if column is not None and column.type == "time":
                if column.name not in times:
                    times[column.name] = parse_times(pa.array(stored[column.name], pa.string()))
                arrays.append(times[column.name][field.name != column.name])
            else:
                arrays.append(pa.array(stored[_STORED_AS.get(str(field.name), str(field.name))], field.type))
        except (pa.ArrowException, ValueError, TypeError) as error:
            raise CorruptStoreError(
                f"Some {field.name} of {table.name} in the store is not of its type ({error}). "
                "It was changed past Suyuan; ingest its source again."
            ) from error
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


def named_keys(node_id: str) -> dict[str, str]:
    """The filled key columns that an id tells of a node."""
    kind, key = split_id(node_id)
    columns = NODE_KINDS[kind].key[-len(key) :]
    return {name: part for name, part in zip(columns, key, strict=True) if part}


def end_row(node_id: str) -> list[str | None]:
    """The id and the key columns of a node without a table."""
    kind, _ = split_id(node_id)
    keys = named_keys(node_id)
    return [node_id, *(keys.get(name) for name in NODE_KINDS[kind].key)]


def record_properties(table: Table) -> tuple[str, ...]:
    """Stored properties without those that only serve search and checks."""
    return tuple(n for n in stored_properties(table) if n not in ("_search", "_name", "_digest"))
