"""Batches of records as Arrow tables: the one form in which facts travel between readers, stores and snapshots.

A batch of a table has the columns ``id`` (text, unique: the canonical id of the node; for tables whose records
are edges only ``<table>:<key>``), then every declared column in order, then ``extra`` (undeclared columns as one
JSON object with sorted keys, or null), ``source_file`` (number of the source file in its run; some tables declare
a column ``source`` of their own) and ``row`` (data row in that file, from 1). Null is unknown.

A time column ``t`` holds int64 microseconds since 1970-01-01 UTC, the start of the span that is known, and has
a companion ``t_precision`` (int8, see :class:`Precision`).
"""

import hashlib
from collections.abc import Iterable, Sequence
from enum import IntEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.ids import canonical_id
from suyuan.graph.model import Column, Table, ValueType

_ARROW: dict[ValueType, pa.DataType] = {
    "text": pa.string(),
    "id": pa.string(),
    "number": pa.float64(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "time": pa.int64(),
    "list": pa.list_(pa.string()),
    "ids": pa.list_(pa.string()),
}

DIGEST_BYTES = 16


class Precision(IntEnum):
    """How exactly a time is known. EXACT is a point; the others are spans that begin at the stored value."""

    EXACT = 0
    DAY = 1
    MONTH = 2
    YEAR = 3


def precision_name(column: str) -> str:
    """Name of the companion column of a time column."""
    return f"{column}_precision"


def value_fields(table: Table) -> list[pa.Field]:
    """The declared columns of a table with the companions of its times, in order."""
    fields: list[pa.Field] = []
    for column in table.columns:
        fields.append(pa.field(column.name, _ARROW[column.type]))
        if column.type == "time":
            fields.append(pa.field(precision_name(column.name), pa.int8()))
    return fields


def batch_schema(table: Table) -> pa.Schema:
    """Schema of a batch of records of ``table``."""
    return pa.schema(
        [
            pa.field("id", pa.string()),
            *value_fields(table),
            pa.field("extra", pa.string()),
            pa.field("source_file", pa.int32()),
            pa.field("row", pa.int64()),
        ]
    )


def record_id(table: Table, key: Sequence[str]) -> str:
    """Id of the record with this key (times in the spelling of :func:`time_text`)."""
    return canonical_id(table.kind or table.name, *key)


def digests(table: Table, batch: pa.RecordBatch) -> list[bytes]:
    """BLAKE2b-128 of each record's canonical content: id, then every filled property by name.

    Provenance and run numbers are left out, so equal facts have equal digests in every store.
    The graph hash of a snapshot is built from these, and each store keeps them beside the row to tell a damaged
    or edited row from a whole one.
    """
    columns = sorted((*value_fields(table), pa.field("extra", pa.string())), key=lambda field: field.name)
    parts: list[pa.Array | pa.Scalar] = [batch.column("id")]
    for field in columns:
        parts += _tagged(field.name, batch.column(field.name))
    joined = pc.binary_join_element_wise(*parts, "").cast(pa.binary())
    blake2b = hashlib.blake2b
    return [blake2b(text, digest_size=DIGEST_BYTES).digest() for text in joined.to_pylist()]


def _tagged(name: str, values: pa.Array) -> list[pa.Array | pa.Scalar]:
    """What a column adds to the joined text: nothing where it is null."""
    if values.null_count == len(values):
        return []
    tag = pa.scalar(f"\x1f{name}=")
    if values.null_count == 0 and not pa.types.is_list(values.type):
        return [tag, _as_text(values)]
    return [pc.fill_null(pc.binary_join_element_wise(tag, _as_text(values), ""), "")]


def _as_text(values: pa.Array) -> pa.Array:
    if pa.types.is_list(values.type):
        values = pc.binary_join(values, "\x1e")
    text = pc.cast(values, pa.string())
    if pc.any(pc.match_substring(text, "\x1f")).as_py():
        text = pc.replace_substring(text, "\x1f", "\x1f\x1f")
    return text


_UNITS = {Precision.EXACT: "us", Precision.DAY: "D", Precision.MONTH: "M", Precision.YEAR: "Y"}


def time_text(microseconds: int, precision: int = 0) -> str:
    """ISO 8601 text of a time at its own precision; the spelling used in canonical ids, exports and answers.

    Examples
    --------
    >>> time_text(1740873600000000, 1)
    '2025-03-02'
    >>> time_text(1740910200000000)
    '2025-03-02T10:10:00Z'
    """
    moment = np.datetime64(microseconds, "us")
    unit = _UNITS[Precision(precision)]
    if unit != "us":
        return str(moment.astype(f"datetime64[{unit}]"))
    text = str(moment)
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "Z"


def time_texts(values: pa.Array, precisions: pa.Array) -> pa.Array:
    """:func:`time_text` of a whole time column and its companion; null where unknown."""
    moments = np.asarray(pc.fill_null(values, 0)).astype("datetime64[us]")
    codes = np.asarray(pc.fill_null(precisions, 0))
    texts = np.full(len(moments), "", dtype=object)
    for precision, unit in _UNITS.items():
        chosen = np.flatnonzero(codes == precision)
        if len(chosen) == 0:
            continue
        if unit == "us":
            texts[chosen] = _exact_texts(moments[chosen])
        else:
            texts[chosen] = np.datetime_as_string(moments[chosen].astype(f"datetime64[{unit}]"))
    return pc.if_else(pc.is_valid(values), pa.array(texts, pa.string()), pa.scalar(None, pa.string()))


def _exact_texts(moments: np.ndarray) -> np.ndarray:
    whole = moments.astype("datetime64[s]")
    if np.array_equal(whole, moments):
        return np.char.add(np.datetime_as_string(whole), "Z")
    return np.array([time_text(int(moment)) for moment in moments.astype(np.int64)])


def empty_batch(table: Table) -> pa.RecordBatch:
    """A batch of no records."""
    return pa.RecordBatch.from_pylist([], schema=batch_schema(table))


def time_columns(columns: Iterable[Column]) -> list[str]:
    """Names of the time columns among ``columns``."""
    return [column.name for column in columns if column.type == "time"]
