"""Quotation marks that are never closed.

One of them makes a CSV parser take all that follows for one cell, so that rows vanish inside it without a
word. Here every line with an odd number of quotation marks is looked at: together with the next such line
it must be one row with the right number of cells (a cell that holds line breaks). If it is not, the line
is turned into one quoted cell, which the parser then refuses by its number of cells, and only that line is
lost.
"""

import csv
from collections.abc import Iterator
from typing import Protocol

import numpy as np

from suyuan.ingest.text import BytesArray, IntArray

_LONGEST_LINES = 1_000
_LONGEST_CELL = 32 << 20
_LONGEST_ROW = 64 << 20
_NEWLINE, _QUOTE = 10, 34


class RowTooLong(Exception):
    """A row is longer than 64 MB."""


class ByteSource(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes; b"" at the end."""
        ...


class QuoteParity:
    """Whether any line of a text has an odd number of quotation marks, found out chunk by chunk."""

    def __init__(self) -> None:
        self._unfinished = 0
        self._odd = False

    def add(self, chunk: bytes) -> None:
        """The next bytes of the text."""
        if self._odd or b'"' not in chunk:
            self._odd = self._odd or (self._unfinished == 1 and b"\n" in chunk)
            return
        parities = _line_parities(chunk)[1]
        parities[0] ^= self._unfinished
        ended = len(parities) if chunk.endswith(b"\n") else len(parities) - 1
        self._odd = bool(parities[:ended].any())
        self._unfinished = int(parities[-1]) if ended < len(parities) else 0

    @property
    def is_odd(self) -> bool:
        """Whether there is such a line: a cell of several lines begins there, or a mark is not closed."""
        return self._odd or self._unfinished == 1


class RecordBlocks:
    """Delimited text in blocks of whole rows, in which no cell runs on by mistake.

    Parameters
    ----------
    columns : how many cells a row has
    block_bytes : about how large a block is
    odd_quotes : whether cells of several lines or unclosed marks are to be expected (:class:`QuoteParity`)
    """

    def __init__(
        self, stream: ByteSource, columns: int, delimiter: str, block_bytes: int, *, odd_quotes: bool = True
    ) -> None:
        self._stream = stream
        self._columns = columns
        self._delimiter = delimiter
        self._block_bytes = block_bytes
        self._odd_quotes = odd_quotes

    def __iter__(self) -> Iterator[bytes]:
        waiting = b""
        while more := self._stream.read(self._block_bytes):
            data = waiting + more if waiting else more
            cut = max(data.rfind(b"\n"), -1 if b"\n" in data else data.rfind(b"\r")) + 1
            block, unsure = self._checked(data[:cut], ended=False)
            waiting = unsure + data[cut:]
            if len(waiting) > _LONGEST_ROW:
                raise RowTooLong
            if block:
                yield block
        if waiting:
            yield self._checked(waiting, ended=True)[0]

    def _checked(self, data: bytes, *, ended: bool) -> tuple[bytes, bytes]:
        if not self._odd_quotes or b'"' not in data:
            return data, b""
        return self._repaired(data, ended=ended)

    def _repaired(self, data: bytes, *, ended: bool) -> tuple[bytes, bytes]:
        """The lines repaired, and those at the end of which more must be known."""
        starts, odd = _odd_lines(data)
        pieces: list[bytes] = []
        done = place = 0
        while place < len(odd):
            begin, end = int(starts[odd[place]]), int(starts[odd[place] + 1])
            if place + 1 < len(odd):
                if self._is_one_row(data, starts, int(odd[place]), int(odd[place + 1])):
                    place += 2
                    continue
            elif not ended and len(data) - begin <= _LONGEST_CELL:
                return b"".join([*pieces, data[done:begin]]), data[begin:]
            pieces += [data[done:begin], _as_one_cell(data[begin:end])]
            done = end
            place += 1
        return b"".join([*pieces, data[done:]]), b""

    def _is_one_row(self, data: bytes, starts: IntArray, first: int, last: int) -> bool:
        if last - first > _LONGEST_LINES:
            return False
        text = data[int(starts[first]) : int(starts[last + 1])].decode("utf-8", "replace")
        try:
            rows = list(csv.reader(text.splitlines(keepends=True), delimiter=self._delimiter, strict=True))
        except csv.Error:
            return False
        return len(rows) == 1 and len(rows[0]) == self._columns


def _odd_lines(data: bytes) -> tuple[IntArray, IntArray]:
    """Where lines start (and where the last one ends), and which have an odd number of quotation marks."""
    starts, parities = _line_parities(data)
    return starts, np.flatnonzero(parities)


def _line_parities(data: bytes) -> tuple[IntArray, BytesArray]:
    characters = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(characters == _NEWLINE) + 1
    if len(ends) == 0 or ends[-1] != len(data):
        ends = np.append(ends, len(data))
    starts = np.concatenate(([0], ends)).astype(np.int64)
    marks = (characters == _QUOTE).view(np.uint8)
    return starts, np.bitwise_xor.reduceat(marks, starts[:-1])


def _as_one_cell(line: bytes) -> bytes:
    body = line.rstrip(b"\r\n")
    return b'"' + body.replace(b'"', b'""') + b'"' + (line[len(body) :] or b"\n")


def of_one_cell(text: str) -> str | None:
    """The line that was made one cell; None if the text is no such cell."""
    inner = text[1:-1]
    if len(text) >= 2 and text[0] == text[-1] == '"' and '"' not in inner.replace('""', ""):
        return inner.replace('""', '"')
    return None
