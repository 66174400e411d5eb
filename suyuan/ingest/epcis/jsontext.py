"""JSON read piece by piece: a document larger than memory, and errors with line and column.

The standard decoder reads whole values only. Here the objects and arrays around the events are walked step by step,
and each value inside them is decoded by itself from a buffer that grows only as far as that value needs.
"""

import codecs
import json
from collections.abc import Iterator
from typing import IO, Any, NoReturn

from suyuan.errors import IngestError

_CHUNK = 1 << 20
_LONGEST_VALUE = 512 << 20
_TAIL = 16
"""So close to the end of the buffer, neither an error nor the end of a number is sure: more may follow."""

_BLANKS = " \t\n\r"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


class JsonText:
    """The text of a JSON document and how far it has been read."""

    def __init__(self, stream: IO[bytes], source: str) -> None:
        self._stream = stream
        self._source = source
        self._buffer = ""
        self._at = 0
        self._after_comma = False
        self._ended = False
        self._line = 1
        self._column = 1
        head = stream.read(_CHUNK)
        name = "utf-16" if head.startswith(_UTF16) else "utf-8-sig"
        self._decoder = codecs.getincrementaldecoder(name)()
        self._append(head)

    def peek(self) -> str:
        """The next character that is no blank; empty at the end. It stays unread."""
        while True:
            while self._at < len(self._buffer):
                if self._buffer[self._at] not in _BLANKS:
                    return self._buffer[self._at]
                self._at += 1
            if not self._more():
                return ""

    def take(self, character: str) -> None:
        """Reads one expected character."""
        found = self.peek()
        if found != character:
            self._fail(f"expected {character!r}", self._at)
        self._at += 1

    def value(self) -> Any:
        """Decodes the next value, whole."""
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._buffer, self._at)
            except json.JSONDecodeError as error:
                if not self._may_go_on(error) or not self._more(double=True):
                    self._fail(error.msg[:1].lower() + error.msg[1:], error.pos)
                continue
            except (ValueError, RecursionError) as error:
                self._fail(f"a value cannot be read ({error})", self._at)
            if end + _TAIL <= len(self._buffer) or not self._more():
                self._at = end
                self._after_comma = False
                return value

    def members(self) -> Iterator[str]:
        """The keys of the next object; each time, its value has to be read before going on."""
        self.take("{")
        if self.peek() != "}":
            yield self._key()
            while self.peek() == ",":
                self._at += 1
                self._after_comma = True
                yield self._key()
        self.take("}")

    def _key(self) -> str:
        if self.peek() != '"':
            self._fail("expected a name in double quotes", self._at)
        name = self.value()
        self.take(":")
        return str(name)

    def items(self) -> Iterator[None]:
        """Once for each entry of the next array; each time, its value has to be read before going on."""
        self.take("[")
        if self.peek() != "]":
            yield None
            while self.peek() == ",":
                self._at += 1
                self._after_comma = True
                yield None
        self.take("]")

    def end(self) -> None:
        """Makes sure that nothing follows."""
        if self.peek():
            self._fail("nothing may follow the document", self._at)

    def _may_go_on(self, error: json.JSONDecodeError) -> bool:
        unterminated = error.msg.startswith("Unterminated string")
        return unterminated or error.pos >= len(self._buffer) - _TAIL

    def _more(self, *, double: bool = False) -> bool:
        """Appends more text, dropping what has been read; ``double``: as much again as the buffer holds."""
        if self._ended:
            return False
        if len(self._buffer) - self._at > _LONGEST_VALUE:
            self._fail(f"a single value is longer than {_LONGEST_VALUE >> 20} million characters", self._at)
        wanted = max(_CHUNK, len(self._buffer) - self._at if double else 0)
        chunk = self._stream.read(wanted)
        self._ended = not chunk
        self._append(chunk)
        return True

    def _append(self, chunk: bytes) -> None:
        line, column = self._place(self._at)
        try:
            text = self._decoder.decode(chunk, final=self._ended)
        except UnicodeDecodeError as error:
            raise IngestError(
                f"is no Unicode text ({error.reason}, after line {line}). Save it as UTF-8.",
                source=self._source,
            ) from error
        self._line, self._column = line, column
        self._buffer = self._buffer[self._at :] + text
        self._at = 0

    def _place(self, position: int) -> tuple[int, int]:
        """Line and column of a position in the buffer, from 1."""
        breaks = self._buffer.count("\n", 0, position)
        if breaks == 0:
            return self._line, self._column + position
        return self._line + breaks, position - self._buffer.rfind("\n", 0, position)

    def _fail(self, what: str, position: int) -> NoReturn:
        line, column = self._place(position)
        found = self._buffer[position : position + 1]
        before = self._buffer[self._at : position].rstrip(_BLANKS)[-1:]
        after_comma = before == "," or (self._after_comma and not before)
        if found and found in "}]" and after_comma:
            what = f"a comma stands before {found!r}, which JSON does not allow; remove it"
        elif not found:
            what += ", but the document ends. Was it cut off?"
        raise IngestError(f"is no JSON: line {line}, column {column}: {what}.", source=self._source)
