"""Snapshots kept in a file, and opened again without reading them in: their arrays are mapped into memory.

The file: a head (magic, format), the arrays, each at a multiple of 64 bytes, a description (JSON), and a tail
that tells where the description is and its SHA-256. The description holds a CRC-32 of every 8 MiB before it.
All of it is checked when the file is opened, so a damaged file is never answered from.
"""

import hashlib
import json
import mmap
import os
import struct
import tempfile
import time
import zlib
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from suyuan.errors import SnapshotError
from suyuan.graph.freezing import frozen
from suyuan.graph.packing import Json, pack, segments, unpack
from suyuan.graph.snapshot import GraphSnapshot

FILE_NAME: Final = "snapshot.suyuan"
FORMAT: Final = 2
"""Raised whenever what a snapshot holds changes: files of another format are built anew."""

_MAGIC: Final = b"SUYUANGR"
_HEAD: Final = struct.Struct("<8sI52x")
_TAIL: Final = struct.Struct("<QQ32s8s")
_ALIGNMENT: Final = 64
_BLOCK: Final = 8 << 20
_STALE_SECONDS: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Saved:
    """A snapshot from a file, and which store it is of."""

    snapshot: GraphSnapshot
    store: str


def save(snapshot: GraphSnapshot, folder: Path, *, store: str = "") -> Path:
    """Keeps a snapshot in a folder, in place of the one kept there before.

    Parameters
    ----------
    store : what tells the store (and its state) from others; see :class:`Saved`.

    Returns
    -------
    The file. It is there whole or not at all, also after a crash.

    Raises
    ------
    SnapshotError
        The folder cannot be written to, or is full.
    """
    final = folder / FILE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_stale(folder)
        with _replacing(final) as file:
            _write(snapshot, store, file)
        _sync_folder(folder)
    except OSError as error:
        raise SnapshotError(
            f"The snapshot could not be kept in {folder}: {error}. Make room or choose another folder; "
            "nothing is lost, the next start builds it from the store."
        ) from error
    return final


def open_saved(folder: Path) -> GraphSnapshot:
    """The snapshot kept in a folder; see :func:`read_saved`."""
    return read_saved(folder).snapshot


def read_saved(folder: Path) -> Saved:
    """Maps the snapshot kept in a folder into memory, after checking every byte of it.

    Raises
    ------
    SnapshotError
        There is none, it is damaged, or of another format.
    """
    path = folder / FILE_NAME
    try:
        with path.open("rb") as file:
            data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError) as error:
        raise SnapshotError(
            f"{path} cannot be opened: {error}. Build the snapshot from the store."
        ) from error
    description = _description(path, data)
    _check_blocks(path, data, description)
    snapshot = unpack(description["snapshot"], lambda offset, size: data[offset : offset + size])
    return Saved(frozen(snapshot), description["store"])


class _Blocks:
    """Writes to a file and keeps the CRC-32 of each block."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.offset = 0
        self.checks: list[int] = []

    def write(self, data: memoryview | bytes) -> None:
        self._file.write(data)
        rest = memoryview(data)
        while len(rest):
            room = _BLOCK - self.offset % _BLOCK
            if room == _BLOCK:
                self.checks.append(0)
            part, rest = rest[:room], rest[room:]
            self.checks[-1] = zlib.crc32(part, self.checks[-1])
            self.offset += len(part)

    def put(self, data: memoryview) -> int:
        self.write(bytes(-self.offset % _ALIGNMENT))
        offset = self.offset
        self.write(data)
        return offset


def _write(snapshot: GraphSnapshot, store: str, file: BinaryIO) -> None:
    blocks = _Blocks(file)
    blocks.write(_HEAD.pack(_MAGIC, FORMAT))
    packed = pack(snapshot, blocks.put)
    blocks.write(bytes(-blocks.offset % _ALIGNMENT))
    description = {"store": store, "snapshot": packed, "checks": blocks.checks}
    text = json.dumps(description, separators=(",", ":")).encode()
    file.write(text)
    file.write(_TAIL.pack(blocks.offset, len(text), hashlib.sha256(text).digest(), _MAGIC))
    file.flush()
    os.fsync(file.fileno())


@contextmanager
def _replacing(final: Path) -> Generator[BinaryIO]:
    descriptor, name = tempfile.mkstemp(dir=final.parent, prefix=f"{FILE_NAME}.", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
        os.replace(name, final)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def _remove_stale(folder: Path) -> None:
    """What a process that was killed while writing left behind."""
    for part in folder.glob(f"{FILE_NAME}.*.part"):
        with suppress(OSError):
            if part.stat().st_mtime < time.time() - _STALE_SECONDS:
                part.unlink()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _damaged(path: Path, what: str) -> SnapshotError:
    return SnapshotError(
        f"{path} is no whole snapshot: {what}. It is not used; build the snapshot from the store."
    )


def _description(path: Path, data: memoryview) -> Json:
    if len(data) < _HEAD.size + _TAIL.size:
        raise _damaged(path, f"{len(data)} bytes are too few")
    magic, version = _HEAD.unpack_from(data)
    if magic != _MAGIC:
        raise _damaged(path, "it does not begin as one")
    if version != FORMAT:
        raise _damaged(path, f"its format is {version}, expected {FORMAT}")
    offset, size, digest, magic = _TAIL.unpack_from(data, len(data) - _TAIL.size)
    if magic != _MAGIC or offset + size + _TAIL.size != len(data):
        raise _damaged(path, "its end is not where it should be")
    text = data[offset : offset + size]
    if hashlib.sha256(text).digest() != digest:
        raise _damaged(path, "its description was changed")
    return {**json.loads(bytes(text)), "end": offset}


def _check_blocks(path: Path, data: memoryview, description: Json) -> None:
    end: int = description["end"]
    checks: list[int] = description["checks"]
    starts = range(0, end, _BLOCK)
    if len(starts) != len(checks) or any(at + size > end for at, size in segments(description["snapshot"])):
        raise _damaged(path, "it is shorter than its description")

    def check_of(start: int) -> int:
        return zlib.crc32(data[start : min(start + _BLOCK, end)])

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as threads:
        found = threads.map(check_of, starts)
        for start, check, wanted in zip(starts, found, checks, strict=True):
            if check != wanted:
                raise _damaged(path, f"bytes {start} to {min(start + _BLOCK, end) - 1} were changed")
