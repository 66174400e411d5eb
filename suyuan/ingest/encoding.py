"""Which encoding a text file is in, and its bytes as UTF-8.

UTF-8 is expected, with or without a byte order mark. A file that is not UTF-8 is read as GB18030 when it
decodes as such and looks like Chinese text; UTF-16 is known by its byte order mark. Anything else counts
as UTF-8 with damaged places: those cells are refused one by one, the rest of the file is read.
"""

import codecs
import hashlib
import io
from dataclasses import dataclass
from typing import IO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from suyuan.errors import IngestError
from suyuan.ingest.quotes import QuoteParity
from suyuan.ingest.sources import CHUNK_BYTES, InputFile, open_bytes

DAMAGE = "\ufffd"
"""What stands in the place of bytes that are no text, in a file that is marked ``damaged``."""

_BLOCK_BYTES = 4 << 20
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Encoding:
    """``name`` as Python spells it; ``damaged`` when some places do not decode."""

    name: str = "utf-8"
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class Examined:
    """What one reading of a file tells.

    Attributes
    ----------
    encoding : None for formats that are not text
    odd_quotes : whether a line may have an odd number of quotation marks (:mod:`suyuan.ingest.quotes`)
    """

    sha256: str
    encoding: Encoding | None = None
    odd_quotes: bool = True


def examine(file: InputFile, *, text: bool, declared: str | None = None) -> Examined:
    """Reads the whole file once for its SHA-256 and, if it is text, its encoding.

    Parameters
    ----------
    declared : encoding told by a mapping file; None to find out.

    Raises
    ------
    IngestError
        The file cannot be read, or the declared encoding is not known.
    """
    if declared is not None:
        _check_known(declared, file)
    digest = hashlib.sha256()
    quotes = QuoteParity()
    valid, head, rest = True, b"", b""
    with open_bytes(file) as stream:
        while chunk := stream.read(_BLOCK_BYTES):
            digest.update(chunk)
            head = head or chunk[:4]
            if text and valid and declared is None:
                valid, rest = _valid_utf8(rest + chunk)
                quotes.add(chunk)
    sha256 = digest.hexdigest()
    if not text:
        return Examined(sha256)
    if declared is not None:
        return Examined(sha256, Encoding(codecs.lookup(declared).name, damaged=True))
    if head.startswith(_UTF16_MARKS):
        return Examined(sha256, Encoding("utf-16", damaged=True))
    if valid and not rest:
        return Examined(sha256, Encoding(), quotes.is_odd)
    return Examined(sha256, _guess(file))


def _check_known(name: str, file: InputFile) -> None:
    try:
        codecs.lookup(name)
    except LookupError as error:
        raise IngestError(
            f"the encoding {name!r} of the mapping is not known; expected for example utf-8 or gb18030.",
            source=file.name,
        ) from error


def _valid_utf8(data: bytes) -> tuple[bool, bytes]:
    """Whether the bytes are UTF-8, up to a character cut off at the end, which is handed back."""
    cut = len(data)
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte >= 0xC0:
            wanted = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            cut = len(data) - back if wanted > back else len(data)
            break
        if byte < 0x80:
            break
    try:
        offsets = pa.py_buffer(np.array([0, cut], dtype=np.int32))
        pa.Array.from_buffers(pa.binary(), 1, [None, offsets, pa.py_buffer(data)]).cast(pa.string())
    except pa.ArrowInvalid:
        return False, b""
    return True, data[cut:]


def _guess(file: InputFile) -> Encoding:
    """GB18030, or UTF-8 with damaged places."""
    seen = _Evidence()
    with open_bytes(file) as stream:
        while chunk := stream.read(_BLOCK_BYTES):
            seen.add(chunk)
    return seen.verdict()


class _Evidence:
    """What speaks for either encoding."""

    def __init__(self) -> None:
        self._gb18030: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("gb18030")()
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")
        self._characters = self._errors = self._pairs = self._common = 0

    def add(self, chunk: bytes) -> None:
        text = self._utf8.decode(chunk)
        errors = text.count(DAMAGE)
        self._errors += errors
        self._characters += len(text) - len(text.encode("ascii", "ignore")) - errors
        if self._gb18030 is None:
            return
        try:
            self._gb18030.decode(chunk)
        except UnicodeDecodeError:
            self._gb18030 = None
        high = np.frombuffer(chunk, dtype=np.uint8) >= 0xA1
        starts = _lead_bytes(high)
        self._pairs += len(starts)
        self._common += int(high[np.minimum(starts + 1, len(high) - 1)].sum())

    def verdict(self) -> Encoding:
        if self._gb18030 is not None and self._errors > self._characters:
            try:
                self._gb18030.decode(b"", final=True)
            except UnicodeDecodeError:
                return Encoding("utf-8", damaged=True)
            if 2 * self._common >= self._pairs:
                return Encoding("gb18030")
        return Encoding("utf-8", damaged=True)


def _lead_bytes(high: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Places of first bytes of two-byte characters: every second one of each run of high bytes."""
    places = np.flatnonzero(high)
    if len(places) == 0:
        return places
    first = np.ones(len(places), dtype=bool)
    first[1:] = np.diff(places) > 1
    run_start = np.maximum.accumulate(np.where(first, places, 0))
    return places[(places - run_start) % 2 == 0]


class Utf8Stream(io.RawIOBase):
    """A file's text as UTF-8 bytes, without byte order mark; counts the bytes taken from the file."""

    def __init__(self, stream: IO[bytes], encoding: Encoding) -> None:
        super().__init__()
        self._stream = stream
        self._plain = encoding == Encoding()
        self._decoder = codecs.getincrementaldecoder(encoding.name)("replace")
        self._pending = b""
        self._begun = False
        self._ended = False
        self.bytes_read = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes; b"" at the end."""
        while not self._ended and (size < 0 or len(self._pending) < size):
            more = self._stream.read(CHUNK_BYTES if size < 0 else max(CHUNK_BYTES, size - len(self._pending)))
            self.bytes_read += len(more)
            self._ended = not more
            self._take(more)
        taken = self._pending if size < 0 else self._pending[:size]
        self._pending = self._pending[len(taken) :]
        return taken

    def _take(self, data: bytes) -> None:
        if not self._plain:
            data = self._decoder.decode(data, final=self._ended).encode("utf-8", "replace")
        if not self._begun and data:
            data = data.removeprefix(codecs.BOM_UTF8)
            self._begun = True
        self._pending = self._pending + data if self._pending else data

    def put_back(self, data: bytes) -> None:
        """Lets the next read begin with ``data`` again."""
        self._pending = data + self._pending
