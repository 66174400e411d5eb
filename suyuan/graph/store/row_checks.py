"""Check numbers of stored rows, computed from whole columns: what a flipped byte no longer fits.

The digest of a record needs all its columns and costs as much as building a snapshot. The check number is over
what a snapshot reads, so it can be looked at on every bulk read. Its upper half stands for the id, the columns of
:func:`suyuan.graph.gather.columns_needed` and the digest, its lower half for the digest, the run's number and the
place in the source. Each step is a bijection of 64 bits, so one changed byte always changes the sum; folding it
to 32 bits lets one damage in four thousand million pass.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.compiled import compiled
from suyuan.graph.gather import columns_needed
from suyuan.graph.model import Table
from suyuan.graph.records import DIGEST_BYTES
from suyuan.graph.snapshot import BoolArray, Int64Array
from suyuan.graph.texts import plain, read_only, text_buffers

UInt64Array = npt.NDArray[np.uint64]

_START: Final = 0xCBF29CE484222325
_BYTE_FACTOR: Final = np.uint64(0x100000001B3)
_FACTOR: Final = 0x9E3779B97F4A7C15
_SHIFT: Final = 29
_ALL: Final = (1 << 64) - 1
_LOW: Final = (1 << 32) - 1

PLACE: Final = ("seq", "source_file", "row")
"""Columns that the lower half stands for, besides the digest."""


def checked_columns(table: Table) -> tuple[str, ...]:
    """Columns that the upper half stands for, besides the digest, in the order in which they count."""
    return tuple(sorted({"id", *columns_needed(table)}))


def row_checks(table: Table, batch: pa.RecordBatch, digests: UInt64Array, seq: Any) -> Int64Array:
    """The check number of each row.

    Parameters
    ----------
    batch : all columns of the records.
    digests : shape (n, 2), see :func:`digest_words`.
    seq : number of the run that wrote the rows, one or as an array.
    """
    content = content_checks(table, batch, digests)
    place = place_checks(digests, seq, batch.column("source_file"), batch.column("row"))
    return ((content << np.uint64(32)) | place).view(np.int64)


def upper(checks: Int64Array) -> UInt64Array:
    """The halves that stand for the content."""
    return checks.view(np.uint64) >> np.uint64(32)


def lower(checks: Int64Array) -> UInt64Array:
    """The halves that stand for run and source."""
    return checks.view(np.uint64) & np.uint64(_LOW)


def content_checks(table: Table, batch: pa.RecordBatch, digests: UInt64Array) -> UInt64Array:
    """Upper halves; ``batch`` has :func:`checked_columns` at least."""
    state = _of_digests(digests)
    for name in checked_columns(table):
        state = _with_column(state, batch.column(name))
    return _folded(state)


def place_checks(digests: UInt64Array, seq: Any, source_file: pa.Array, row: pa.Array) -> UInt64Array:
    """Lower halves."""
    state = _step(_of_digests(digests), np.asarray(seq, np.int64).view(np.uint64))
    for values in (source_file, row):
        state = _step(state, _numbers(values))
    return _folded(state)


def fits_place(check: int, digest: bytes, seq: int, source_file: int | None, row: int | None) -> bool:
    """Whether the lower half of one row's check number is that of these values."""
    state = _START
    words = (int.from_bytes(digest[at : at + 8], "little") for at in (0, 8))
    for value in (*words, seq, *(-1 if value is None else value for value in (source_file, row))):
        state = ((state ^ value & _ALL) * _FACTOR) & _ALL
        state ^= state >> _SHIFT
    return check & _LOW == (state ^ state >> 32) & _LOW


def digest_words(digests: pa.Array | list[bytes]) -> UInt64Array:
    """Digests as two integers each, shape (n, 2)."""
    if isinstance(digests, list):
        return np.frombuffer(b"".join(digests), "<u8").reshape(-1, 2)
    if len(digests) == 0:
        return np.zeros((0, 2), np.uint64)
    start = DIGEST_BYTES * digests.offset
    return np.frombuffer(digests.buffers()[1], "<u8", 2 * len(digests), start).reshape(-1, 2)


def _of_digests(digests: UInt64Array) -> UInt64Array:
    state = np.full(len(digests), _START, np.uint64)
    return _step(_step(state, digests[:, 0]), digests[:, 1])


def _step(state: UInt64Array, values: Any) -> UInt64Array:
    mixed = (state ^ values) * np.uint64(_FACTOR)
    return mixed ^ (mixed >> np.uint64(_SHIFT))


def _folded(state: UInt64Array) -> UInt64Array:
    return (state ^ (state >> np.uint64(32))) & np.uint64(_LOW)


def _numbers(values: pa.Array) -> UInt64Array:
    """Whole numbers and flags, -1 where unknown."""
    whole = values.cast(pa.int64()) if values.type != pa.int64() else values
    return np.asarray(pc.fill_null(whole, -1)).view(np.uint64)


def _with_column(state: UInt64Array, values: pa.Array) -> UInt64Array:
    if pa.types.is_list(values.type):
        values = pc.binary_join(values, "\x1e")
    known = np.asarray(pc.is_valid(values))
    if pa.types.is_string(values.type):
        if not known.any():
            return _step(state, np.uint64(0))
        texts = plain(values)
        offsets, data = text_buffers(texts)
        return _step(_with_texts(state, offsets, data, read_only(known)), known.view(np.uint8))
    if pa.types.is_floating(values.type):
        bits = np.asarray(pc.fill_null(values, 0.0)).view(np.uint64)
    else:
        bits = _numbers(values)
    return _step(_step(state, bits), known.view(np.uint8))


@compiled
def _with_texts(state: UInt64Array, offsets: Int64Array, data: Any, known: BoolArray) -> UInt64Array:
    """FNV-1a of each text, going on from a state; the length closes it, an unknown text adds nothing."""
    mixed = np.empty_like(state)
    for i in range(len(state)):
        value = state[i]
        if known[i]:
            for at in range(offsets[i], offsets[i + 1]):
                value = (value ^ np.uint64(data[at])) * _BYTE_FACTOR
            value = (value ^ np.uint64(offsets[i + 1] - offsets[i])) * _BYTE_FACTOR
        mixed[i] = value
    return mixed
