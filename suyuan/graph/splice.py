"""Arrays with some elements taken out and some put in, copied run by run."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa

from suyuan.graph.compiled import compiled
from suyuan.graph.snapshot import Int32Array, Int64Array
from suyuan.graph.texts import read_only, text_buffers

Array = TypeVar("Array", bound=np.ndarray)
_LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Splice:
    """What becomes of the elements of an array.

    n : how many there are
    drop : int64, ascending: those that go
    at : int64, ascending: new element i comes before old element ``at[i]``
    """

    n: int
    drop: Int64Array
    at: Int64Array

    def __len__(self) -> int:
        return self.n - len(self.drop) + len(self.at)

    def new_places(self) -> tuple[Int32Array, Int32Array]:
        """Where old elements come to stand (-1: gone), and where the new ones do."""
        old = _old_places(self.n, self.drop, self.at)
        gone_before = np.searchsorted(self.drop, self.at)
        new = self.at - gone_before + np.arange(len(self.at))
        return old, new.astype(np.int32)

    def array(self, old: Array, new: Array) -> Array:
        """The spliced array; dtype and trailing dimensions are those of ``old``."""
        if len(self.drop) == 0 and len(self.at) == 0:
            return old
        result = np.empty((len(self), *old.shape[1:]), old.dtype)
        size = old.dtype.itemsize * int(np.prod(old.shape[1:], dtype=np.int64))
        _splice(
            _bytes(old), _bytes(new.astype(old.dtype, copy=False)), size, self.drop, self.at, _flat(result)
        )
        return result  # pyright: ignore[reportReturnType]

    def texts(self, old: pa.Array, new: pa.Array) -> pa.Array:
        """The spliced array of texts without nulls."""
        if len(self.drop) == 0 and len(self.at) == 0:
            return old
        if old.nbytes + new.nbytes > _LARGEST or pa.types.is_large_string(old.type):
            old, new = old.cast(pa.large_string()), new.cast(pa.large_string())
        old_offsets, old_data = text_buffers(old)
        new_offsets, new_data = text_buffers(new)
        lengths = self.array(np.diff(old_offsets), np.diff(new_offsets))
        offsets = np.zeros(len(lengths) + 1, old_offsets.dtype)
        np.cumsum(lengths, out=offsets[1:])
        data = np.empty(int(offsets[-1]), np.uint8)
        _splice_texts(old_offsets, old_data, new_offsets, new_data, self.drop, self.at, data)
        return pa.Array.from_buffers(
            old.type, len(lengths), [None, pa.py_buffer(offsets), pa.py_buffer(data)]
        )


def _flat(values: np.ndarray) -> np.ndarray:
    return values.reshape(-1).view(np.uint8)


def _bytes(values: np.ndarray) -> np.ndarray:
    return read_only(_flat(np.ascontiguousarray(values)))


@compiled
def _old_places(n: int, drop: np.ndarray, at: np.ndarray) -> np.ndarray:
    places = np.empty(n, np.int32)
    a, d = 0, 0
    for i in range(n):
        while a < len(at) and at[a] <= i:
            a += 1
        if d < len(drop) and drop[d] == i:
            places[i] = -1
            d += 1
        else:
            places[i] = i + a - d
    return places


@compiled
def _copy(target: np.ndarray, source: np.ndarray) -> None:
    # A loop over whole slices is what the compiler turns into wide moves; with offsets in it, it does not.
    for k in range(len(source)):
        target[k] = source[k]


@compiled
def _splice(
    old: np.ndarray, new: np.ndarray, size: int, drop: np.ndarray, at: np.ndarray, out: np.ndarray
) -> None:
    n = len(old) // size
    i, o, d, a = 0, 0, 0, 0
    while True:
        stop = n
        if a < len(at):
            stop = min(stop, at[a])
        if d < len(drop):
            stop = min(stop, drop[d])
        length = (stop - i) * size
        _copy(out[o : o + length], old[i * size : stop * size])
        o += length
        i = stop
        if a < len(at) and at[a] == stop:
            _copy(out[o : o + size], new[a * size : (a + 1) * size])
            o += size
            a += 1
        elif d < len(drop) and drop[d] == stop:
            i += 1
            d += 1
        else:
            break


@compiled
def _splice_texts(
    old_offsets: np.ndarray,
    old: np.ndarray,
    new_offsets: np.ndarray,
    new: np.ndarray,
    drop: np.ndarray,
    at: np.ndarray,
    out: np.ndarray,
) -> None:
    n = len(old_offsets) - 1
    i, o, d, a = 0, 0, 0, 0
    while True:
        stop = n
        if a < len(at):
            stop = min(stop, at[a])
        if d < len(drop):
            stop = min(stop, drop[d])
        begin, end = old_offsets[i], old_offsets[stop]
        _copy(out[o : o + end - begin], old[begin:end])
        o += end - begin
        i = stop
        if a < len(at) and at[a] == stop:
            begin, end = new_offsets[a], new_offsets[a + 1]
            _copy(out[o : o + end - begin], new[begin:end])
            o += end - begin
            a += 1
        elif d < len(drop) and drop[d] == stop:
            i += 1
            d += 1
        else:
            break
