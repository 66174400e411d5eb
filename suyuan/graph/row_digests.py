"""Digests of a few records, without the fixed cost of a batch."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.model import Table
from suyuan.graph.records import DIGEST_BYTES, value_fields


def row_digests(table: Table, rows: Sequence[Mapping[str, Any]]) -> list[bytes]:
    """:func:`suyuan.graph.records.digests` of records given as ``RecordBatch.to_pylist`` gives them."""
    tags, numbers = _tags(table)
    filled = [row[name] for row in rows for name in numbers if row[name] is not None]
    spelt = iter(pc.cast(pa.array(filled, pa.float64()), pa.string()).to_pylist()) if filled else iter(())
    return [_digest(row, tags, numbers, spelt) for row in rows]


@cache
def _tags(table: Table) -> tuple[list[tuple[str, str]], frozenset[str]]:
    """Columns in the order of the digest with what stands before their value, and those that hold numbers."""
    fields = value_fields(table)
    names = sorted([*(field.name for field in fields), "extra"])
    numbers = [field.name for field in fields if pa.types.is_floating(field.type)]
    return [(name, f"\x1f{name}=") for name in names], frozenset(numbers)


def _digest(
    row: Mapping[str, Any], tags: list[tuple[str, str]], numbers: frozenset[str], spelt: Iterator[str]
) -> bytes:
    parts: list[str] = [row["id"]]
    floats = {name: next(spelt) for name in numbers if row[name] is not None}
    for name, tag in tags:
        value = row[name]
        if value is None:
            continue
        text = floats[name] if name in floats else _text(value)
        if text is not None:
            parts += (tag, text.replace("\x1f", "\x1f\x1f") if "\x1f" in text else text)
    return hashlib.blake2b("".join(parts).encode(), digest_size=DIGEST_BYTES).digest()


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return None if None in value else "\x1e".join(value)
    return str(value)
