"""Sorting and finding many texts at once, on the buffers of Arrow arrays.

The order is that of the UTF-8 bytes, which is the order of code points, which is how Python compares texts.
Texts hold no NUL character.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.compiled import compiled
from suyuan.graph.snapshot import BoolArray, Int64Array

_LARGEST = 2**31 - 1


def plain(texts: Any) -> pa.Array:
    """One unsliced Arrow string array (a large one where its bytes need 64-bit offsets)."""
    if isinstance(texts, pa.ChunkedArray):
        if texts.nbytes > _LARGEST:
            texts = texts.cast(pa.large_string())
        texts = texts.combine_chunks() if texts.num_chunks != 1 else texts.chunk(0)
    if isinstance(texts, pa.DictionaryArray):
        texts = texts.dictionary_decode()
    if texts.offset:
        texts = pa.concat_arrays([texts, texts.slice(0, 0)])
    return texts if texts.offset == 0 else pc.take(texts, pa.array(np.arange(len(texts))))


def joined(parts: list[pa.Array]) -> pa.Array:
    """The arrays one after the other, as one array."""
    if not parts:
        return pa.array([], pa.string())
    if len(parts) == 1:
        return plain(parts[0])
    if len({part.type for part in parts}) > 1:
        parts = [part.cast(pa.large_string()) for part in parts]
    return plain(pa.chunked_array(parts))


def text_buffers(texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Offsets (n + 1,) and bytes of an array made by :func:`plain`; views, not copies."""
    dtype = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    _, offsets, data = texts.buffers()
    if len(texts) == 0 or offsets is None:
        return np.frombuffer(bytes(8), dtype, 1), np.frombuffer(b"", np.uint8)
    bounds = np.frombuffer(offsets, dtype, len(texts) + 1)
    return read_only(bounds), read_only(np.frombuffer(b"" if data is None else data, np.uint8))


def read_only(values: np.ndarray) -> np.ndarray:
    """The same values, not to be written to: kernels are compiled once for those, not again for others."""
    view = values.view()
    view.flags.writeable = False
    return view


def sorted_order(texts: pa.Array) -> Int64Array:
    """Indices that sort the texts.

    Parameters
    ----------
    texts : Arrow strings, length n, no nulls, as from :func:`plain`.

    Returns
    -------
    int64, shape (n,); equal texts stand together, in no set order.
    """
    return _sorted(texts)[0]


def _sorted(texts: pa.Array) -> tuple[Int64Array, BoolArray]:
    """The order, and for each place in it whether the same text follows.

    Eight bytes at a time are packed into one integer and sorted, first those behind the prefix that all texts
    share; only texts that are still equal are looked at further.
    """
    offsets, data = text_buffers(texts)
    n = len(texts)
    if n < 2 or _is_sorted(offsets, data):
        return np.arange(n), _same_as_next(offsets, data)
    start = _shared_prefix(offsets, data)
    longest = int(np.max(np.diff(offsets)))
    keys = _packed(offsets, data, np.arange(n), start)
    order = np.argsort(keys)
    keys = keys[order]
    same = keys[1:] == keys[:-1]
    while same.any() and start + 8 < longest:
        start += 8
        tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
        group = np.cumsum(np.append(True, ~same)[tied])
        keys = _packed(offsets, data, order[tied], start)
        within = np.lexsort((keys, group))
        order[tied] = order[tied][within]
        keys, group = keys[within], group[within]
        again = (keys[1:] == keys[:-1]) & (group[1:] == group[:-1])
        same[:] = False
        same[tied[:-1][again]] = True
    return order, same


@dataclass(frozen=True, slots=True)
class DistinctTexts:
    """Distinct texts in order, and for each text given its place among them (int64)."""

    texts: pa.Array
    place: Int64Array


def distinct(texts: pa.Array) -> DistinctTexts:
    """The distinct texts, sorted, with the place of every given one."""
    order, same = _sorted(texts)
    if len(order) == 0:
        return DistinctTexts(texts, order)
    first = np.append(True, ~same)
    place = np.empty(len(order), np.int64)
    place[order] = np.cumsum(first) - 1
    if not same.any() and np.array_equal(order, np.arange(len(order))):
        return DistinctTexts(texts, place)
    return DistinctTexts(plain(pc.take(texts, pa.array(order[first]))), place)


def locate(texts: pa.Array, order: np.ndarray | None, wanted: pa.Array) -> tuple[Int64Array, BoolArray]:
    """Where texts stand, or would stand, among sorted ones.

    Parameters
    ----------
    texts : Arrow strings, distinct.
    order : integers that sort ``texts``; None where they are sorted.
    wanted : Arrow strings.

    Returns
    -------
    rank : int64, shape (n_wanted,): how many of ``texts`` come before.
    found : bool, shape (n_wanted,): the text at that rank is the wanted one.
    """
    offsets, data = text_buffers(texts)
    wanted_offsets, wanted_data = text_buffers(wanted)
    places = np.arange(len(texts)) if order is None else order
    places = read_only(places.astype(np.int32, copy=False))
    return _search(offsets, data, places, wanted_offsets, wanted_data)


@compiled
def compare_texts(a: np.ndarray, a0: Any, a1: Any, b: np.ndarray, b0: Any, b1: Any) -> int:
    """Below 0, 0 or above as bytes ``a[a0:a1]`` come before, are, or come after ``b[b0:b1]``; for kernels."""
    for i in range(min(a1 - a0, b1 - b0)):
        if a[a0 + i] != b[b0 + i]:
            return -1 if a[a0 + i] < b[b0 + i] else 1
    return (a1 - a0) - (b1 - b0)


@compiled
def _is_sorted(offsets: np.ndarray, data: np.ndarray) -> bool:
    for i in range(1, len(offsets) - 1):
        if compare_texts(data, offsets[i - 1], offsets[i], data, offsets[i], offsets[i + 1]) > 0:
            return False
    return True


@compiled
def _shared_prefix(offsets: np.ndarray, data: np.ndarray) -> int:
    shared = int(offsets[1] - offsets[0])
    for i in range(1, len(offsets) - 1):
        shared = min(shared, int(offsets[i + 1] - offsets[i]))
        for j in range(shared):
            if data[offsets[i] + j] != data[offsets[0] + j]:
                shared = j
                break
    return shared


@compiled
def _packed(offsets: np.ndarray, data: np.ndarray, rows: np.ndarray, start: int) -> np.ndarray:
    keys = np.zeros(len(rows), np.uint64)
    for k in range(len(rows)):
        begin = offsets[rows[k]] + start
        end = offsets[rows[k] + 1]
        key = np.uint64(0)
        for j in range(8):
            key <<= np.uint64(8)
            if begin + j < end:
                key |= np.uint64(data[begin + j])
        keys[k] = key
    return keys


@compiled
def _same_as_next(offsets: np.ndarray, data: np.ndarray) -> np.ndarray:
    same = np.zeros(max(0, len(offsets) - 2), np.bool_)
    for i in range(len(same)):
        same[i] = compare_texts(data, offsets[i], offsets[i + 1], data, offsets[i + 1], offsets[i + 2]) == 0
    return same


@compiled
def _search(
    offsets: np.ndarray,
    data: np.ndarray,
    order: np.ndarray,
    wanted_offsets: np.ndarray,
    wanted: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    n = len(wanted_offsets) - 1
    rank = np.empty(n, np.int64)
    found = np.zeros(n, np.bool_)
    for k in range(n):
        begin, end = wanted_offsets[k], wanted_offsets[k + 1]
        low, high = 0, len(order)
        while low < high:
            middle = (low + high) // 2
            p = order[middle]
            difference = compare_texts(data, offsets[p], offsets[p + 1], wanted, begin, end)
            if difference < 0:
                low = middle + 1
            else:
                high = middle
                if difference == 0:
                    found[k] = True
        rank[k] = low
    return rank, found
