"""What the user named, as files to read: folders and zips opened up, within limits.

A file's name is the last part of the path as given, with the path inside a folder or zip behind it
(``market/shipments.csv``): it is what rejects, provenance and ``--full`` speak of.
"""

import stat
import zipfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile
from typing import IO

from suyuan.errors import IngestError

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class SourceLimits:
    """What a zip or folder may hold. The ratio counts only members above ``small_bytes`` unpacked."""

    member_bytes: int = 16 << 30
    total_bytes: int = 64 << 30
    members: int = 10_000
    ratio: int = 400
    small_bytes: int = 32 << 20


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file on disk, or a member of a zip on disk; ``state`` is the size and time of the file on disk."""

    name: str
    path: Path
    member: str | None
    size: int
    state: tuple[int, int]

    @property
    def changed(self) -> bool:
        """Whether the file on disk is no longer as it was found."""
        try:
            return _state(self.path) != self.state
        except OSError:
            return True

    @property
    def file_name(self) -> str:
        """The last part of the name."""
        return PurePosixPath(self.name).name

    @property
    def suffix(self) -> str:
        """The ending in lower case, with its dot."""
        return PurePosixPath(self.name).suffix.lower()


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was found and not read, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Found:
    """The files to read, in name order within each path given, and those left out."""

    files: tuple[InputFile, ...]
    skipped: tuple[Skipped, ...]


def find_files(
    paths: Sequence[Path], limits: SourceLimits = SourceLimits(), *, rejects: Path | None = None
) -> Found:
    """The files behind the paths given: themselves, the files of folders, the members of zips.

    Parameters
    ----------
    rejects : folder that reject files go to; left out where it lies below a folder given.

    Raises
    ------
    IngestError
        A path does not exist, a zip is damaged, encrypted, too large or names places outside itself.
    """
    files: list[InputFile] = []
    skipped: list[Skipped] = []
    for path in paths:
        if path.is_dir():
            found = _folder_files(path, limits, rejects.resolve() if rejects else None)
        elif path.is_file():
            found = _single(path, path.name, limits)
        else:
            raise IngestError(
                "there is no such file or folder; expected a table, a zip or a folder of tables.",
                source=str(path),
            )
        files += found.files
        skipped += found.skipped
    if len(files) > limits.members:
        raise IngestError(
            f"more than {limits.members} files; read them in several runs.", source=str(paths[0])
        )
    return Found(tuple(_distinct(files)), tuple(skipped))


def _state(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _single(path: Path, name: str, limits: SourceLimits) -> Found:
    if path.suffix.lower() == ".zip":
        return _zip_files(path, name, limits)
    state = _state(path)
    return Found((InputFile(name, path, None, state[0], state),), ())


def _folder_files(folder: Path, limits: SourceLimits, rejects: Path | None) -> Found:
    files: list[InputFile] = []
    skipped: list[Skipped] = []
    root = folder.resolve()
    left_out = rejects if rejects is not None and root in rejects.parents else None
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        name = (PurePosixPath(root.name) / relative.as_posix()).as_posix()
        if path.is_dir() or any(part.startswith(".") for part in relative.parts):
            continue
        if left_out is not None and left_out in path.resolve().parents:
            skipped.append(Skipped(name, "in the folder that this run's reject files go to"))
        elif path.is_symlink() and not path.resolve().is_relative_to(root):
            skipped.append(Skipped(name, "a link to a place outside the folder"))
        elif not path.is_file():
            skipped.append(Skipped(name, "not a regular file"))
        else:
            found = _single(path, name, limits)
            files += found.files
            skipped += found.skipped
    return Found(tuple(files), tuple(skipped))


def _distinct(files: list[InputFile]) -> Iterator[InputFile]:
    """Names made distinct by the path given, where two paths have the same last part."""
    times_named: dict[str, int] = {}
    for file in files:
        times_named[file.name] = times_named.get(file.name, 0) + 1
    for file in files:
        if times_named[file.name] == 1:
            yield file
            continue
        inner = f"/{file.member}" if file.member else ""
        yield replace(file, name=f"{file.path.as_posix()}{inner}")


def _zip_files(path: Path, name: str, limits: SourceLimits) -> Found:
    files: list[InputFile] = []
    skipped: list[Skipped] = []
    with _open_zip(path, name) as archive:
        members = sorted((info for info in archive.infolist() if not info.is_dir()), key=lambda i: i.filename)
        if len(members) > limits.members:
            raise IngestError(f"holds more than {limits.members} files.", source=name)
        _check_sizes(members, name, limits)
        for info in members:
            reason = _refusal(info)
            inner = f"{name}/{info.filename}"
            if reason:
                raise IngestError(reason, source=inner)
            if _is_hidden(info):
                skipped.append(Skipped(inner, "hidden"))
            elif info.filename.lower().endswith(".zip"):
                skipped.append(Skipped(inner, "a zip inside a zip"))
            else:
                files.append(InputFile(inner, path, info.filename, info.file_size, _state(path)))
    return Found(tuple(files), tuple(skipped))


@contextmanager
def _open_zip(path: Path, name: str) -> Generator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise IngestError(f"is not a readable zip ({error}); pack it again.", source=name) from error
    with archive:
        yield archive


def _check_sizes(members: list[zipfile.ZipInfo], name: str, limits: SourceLimits) -> None:
    total = sum(info.file_size for info in members)
    if total > limits.total_bytes:
        raise IngestError(
            f"unpacks to {total:,} bytes; at most {limits.total_bytes:,} are read.", source=name
        )
    for info in members:
        inner = f"{name}/{info.filename}"
        if info.file_size > limits.member_bytes:
            raise IngestError(
                f"unpacks to {info.file_size:,} bytes; at most {limits.member_bytes:,} are read.",
                source=inner,
            )
        large = info.file_size > limits.small_bytes
        if large and info.file_size > limits.ratio * max(1, info.compress_size):
            raise IngestError(
                f"unpacks to more than {limits.ratio} times its packed size and is refused; unpack it by "
                "hand if it is what it should be.",
                source=inner,
            )


def _refusal(info: zipfile.ZipInfo) -> str | None:
    """Why a member makes the whole zip unfit; None if it does not."""
    parts = PurePosixPath(info.filename.replace("\\", "/")).parts
    if info.filename.startswith(("/", "\\")) or ".." in parts or (parts and parts[0].endswith(":")):
        return "names a place outside the zip; pack it again with plain relative names."
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a symbolic link; pack the file itself."
    if info.flag_bits & 1:
        return "is encrypted; unpack it first."
    return None


def _is_hidden(info: zipfile.ZipInfo) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(info.filename).parts)


@contextmanager
def open_bytes(file: InputFile) -> Generator[IO[bytes]]:
    """The file's bytes as a stream.

    Raises
    ------
    IngestError
        The file cannot be opened, or a zip member turns out to be damaged while it is read.
    """
    try:
        if file.member is None:
            with file.path.open("rb") as stream:
                yield stream
        else:
            with _open_zip(file.path, file.name) as archive, archive.open(file.member) as stream:
                yield stream
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise IngestError(f"cannot be read ({error}).", source=file.name) from error
    except Exception as error:
        if type(error).__module__ in ("zlib", "lzma", "_lzma", "bz2"):
            raise IngestError(f"is damaged ({error}).", source=file.name) from error
        raise


@contextmanager
def local_path(file: InputFile) -> Generator[Path]:
    """A path of the whole file on disk, for formats that are read from the end; a zip member is unpacked."""
    if file.member is None:
        yield file.path
        return
    with NamedTemporaryFile(suffix=file.suffix) as target:
        with open_bytes(file) as stream:
            while chunk := stream.read(CHUNK_BYTES):
                target.write(chunk)
        target.flush()
        yield Path(target.name)
