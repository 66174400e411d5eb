"""Rows with the same key.

Keys are compared by 128-bit hashes, so that ten million rows take 240 MB, and 80 MB more while they are
looked through; contents by the digests
that the stores keep. A repeated row with the same content changes nothing; one with another content is
superseded.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from suyuan.ingest.text import BytesArray, IntArray, text_bytes

WordArray = NDArray[np.uint64]

_SEEDS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], dtype=np.uint64)
_FACTORS = np.array([0xFF51AFD7ED558CCD, 0x9FB21C651E98DF25], dtype=np.uint64)
_SHIFT = np.uint64(32)


def key_hashes(ids: pa.Array) -> WordArray:
    """128-bit hashes of ids, uint64, shape (n, 2); the same on every machine."""
    seen = text_bytes(ids)
    lengths = seen.lengths
    hashes = np.empty((len(ids), 2), dtype=np.uint64)
    for length in np.unique(lengths).tolist():
        rows = np.flatnonzero(lengths == length)
        hashes[rows] = _hashes(seen.fixed_width(rows, length))
    return hashes


def _hashes(text: BytesArray) -> WordArray:
    rows, length = text.shape
    padded = np.zeros((rows, -(-max(length, 1) // 8) * 8), dtype=np.uint8)
    padded[:, :length] = text
    words = padded.view("<u8")
    state = np.tile(_SEEDS ^ np.uint64(length), (rows, 1))
    for place in range(words.shape[1]):
        state ^= words[:, place : place + 1]
        state *= _FACTORS
        state ^= state >> _SHIFT
    state *= _FACTORS[::-1]
    return state ^ (state >> _SHIFT)


@dataclass(frozen=True, slots=True)
class Repeats:
    """Rows that are not the last of their key, by ordinal, sorted.

    Attributes
    ----------
    same : int64, content equal to that of the last one
    superseded : int64, other content
    """

    same: IntArray
    superseded: IntArray


NO_REPEATS = Repeats(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class Shared:
    """Rows whose key occurs more than once.

    Attributes
    ----------
    ordinals : int64, shape (n,), sorted within each group
    groups : int64, shape (n,), which rows have the same key, ascending
    """

    ordinals: IntArray
    groups: IntArray

    def settle(self, digests: dict[int, bytes]) -> Repeats:
        """Which rows repeat the last one of their group, and which it supersedes.

        Parameters
        ----------
        digests : digest of the content of each of the rows, by ordinal
        """
        same: list[int] = []
        superseded: list[int] = []
        last_content = b""
        last_group = -1
        for ordinal, group in zip(self.ordinals[::-1].tolist(), self.groups[::-1].tolist(), strict=True):
            content = digests[ordinal]
            if group != last_group:
                last_group, last_content = group, content
            else:
                (same if content == last_content else superseded).append(ordinal)
        return Repeats(np.sort(np.array(same, dtype=np.int64)), np.sort(np.array(superseded, dtype=np.int64)))


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys of records, as hashes, with the ordinals of their rows in one file.

    Attributes
    ----------
    hashes : uint64, shape (n, 2)
    ordinals : int64, shape (n,)
    """

    hashes: WordArray
    ordinals: IntArray

    def among(self, others: "Keys") -> IntArray:
        """Ordinals of the records whose keys are among those of another file."""
        likely = np.flatnonzero(np.isin(self.hashes[:, 0], others.hashes[:, 0]))
        if len(likely) == 0:
            return self.ordinals[likely]
        there = others.hashes[np.isin(others.hashes[:, 0], self.hashes[likely, 0])]
        pairs = set(map(tuple, there.tolist()))
        sure = [place for place in likely.tolist() if tuple(self.hashes[place].tolist()) in pairs]
        return self.ordinals[np.array(sure, dtype=np.int64)]

    def with_more(self, others: "Keys") -> "Keys":
        """These keys and others; only membership may be asked of the result."""
        hashes = np.concatenate((self.hashes, others.hashes))
        return Keys(hashes, np.zeros(len(hashes), dtype=np.int64))


class KeyLedger:
    """The keys of one table in one file, as far as it has been read."""

    def __init__(self) -> None:
        self._hashes: list[WordArray] = []
        self._ordinals: list[IntArray] = []

    def add(self, ids: pa.Array, ordinals: IntArray) -> None:
        """Takes note of records."""
        self._hashes.append(key_hashes(ids))
        self._ordinals.append(ordinals)

    def keys(self) -> Keys:
        """All keys noted."""
        if not self._hashes:
            return Keys(np.zeros((0, 2), dtype=np.uint64), NO_REPEATS.same)
        return Keys(np.concatenate(self._hashes), np.concatenate(self._ordinals))

    def shared(self) -> Shared:
        """The records that share their key with another."""
        if not self._hashes or not _any_twice([part[:, 0] for part in self._hashes]):
            return Shared(NO_REPEATS.same, NO_REPEATS.same)
        keys = self.keys()
        hashes, ordinals = keys.hashes, keys.ordinals
        order = np.lexsort((ordinals, hashes[:, 1], hashes[:, 0]))
        hashes, ordinals = hashes[order], ordinals[order]
        like_next = (hashes[1:] == hashes[:-1]).all(axis=1)
        begins = np.concatenate(([True], ~like_next))
        shares = np.concatenate((like_next, [False])) | np.concatenate(([False], like_next))
        return Shared(ordinals[shares], np.cumsum(begins)[shares])


def _any_twice(parts: list[WordArray]) -> bool:
    words = np.concatenate(parts)
    words.sort()
    return bool((words[1:] == words[:-1]).any())
