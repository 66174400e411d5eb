"""The first rows of foreign tables, with the place of their header found out; nothing more of them is read."""

import re
import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from suyuan.errors import IngestError
from suyuan.ingest.encoding import examine
from suyuan.ingest.natives import as_text
from suyuan.ingest.profiles import Profile, profile
from suyuan.ingest.sources import InputFile, Skipped, find_files, open_bytes
from suyuan.ingest.tabular import TABLE_SUFFIXES, TEXT_SUFFIXES, Layout, Reading, read_batches
from suyuan.ingest.text import NULL_TEXT, composed, trimmed
from suyuan.ingest.wording import header_matches
from suyuan.ingest.workbook import sheet_names

SAMPLE_ROWS = 2_000
_HEAD_BYTES = 4 << 20
_HEADER_ROWS = 8
_SEARCHED_BYTES = 16 << 20
_MOST_SHEETS = 20
_KNOWN = 0.55
_UNNAMED = re.compile(r"column_\d+")
_VALUE_SHAPES = ("number", "time", "url", "credit_code", "email", "phone", "right_number")


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of files of one layout.

    Attributes
    ----------
    files : in the order given
    layout : what a mapping must say for them to be read so
    columns : in the order of the file, as text
    rows : how many were looked at
    """

    files: tuple[InputFile, ...]
    layout: Layout
    columns: dict[str, pa.Array]
    rows: int

    def profiles(self) -> list[Profile]:
        """What its columns look like."""
        return [profile(name, values) for name, values in self.columns.items()]

    @property
    def likeness(self) -> tuple[object, ...]:
        """Samples that agree in this are read by one block of a mapping."""
        return tuple(self.columns), self.layout


def take_samples(paths: Sequence[Path]) -> tuple[list[list[Sample]], list[Skipped]]:
    """Samples of the files behind the paths, and the files that cannot be looked at.

    Returns
    -------
    samples : for each file the samples of its sheets; text and Parquet files have one
    skipped : in name order, with reasons

    Raises
    ------
    IngestError
        A path does not exist, or a zip is unfit.
    """
    found = find_files(paths)
    skipped = list(found.skipped)
    samples: list[list[Sample]] = []
    for file in found.files:
        if file.suffix not in TABLE_SUFFIXES:
            known = ", ".join(sorted(TABLE_SUFFIXES))
            skipped.append(Skipped(file.name, f"is no table ({known}); other formats need no mapping"))
            continue
        try:
            of_file = list(_file_samples(file))
        except IngestError as error:
            skipped.append(Skipped(file.name, str(error).removeprefix(f"{file.name}: ")))
            continue
        if of_file:
            samples.append(of_file)
        else:
            skipped.append(Skipped(file.name, "has no rows"))
    return samples, skipped


def _file_samples(file: InputFile) -> Iterator[Sample]:
    with _head(file) as head:
        if TABLE_SUFFIXES[file.suffix] != "excel":
            yield from _layout_sample(head, file, None)
            return
        sheets = sheet_names(head)[:_MOST_SHEETS]
        for place, sheet in enumerate(sheets):
            try:
                yield from _layout_sample(head, file, sheet if place else None)
            except IngestError:
                if len(sheets) == 1:
                    raise


@contextmanager
def _head(file: InputFile) -> Generator[InputFile]:
    """The file, or only its first whole lines where it is a long text."""
    if file.suffix not in TEXT_SUFFIXES or file.size <= _HEAD_BYTES:
        yield file
        return
    with open_bytes(file) as stream:
        head = stream.read(_HEAD_BYTES)
    head = head[: head.rfind(b"\n") + 1] or head
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"head{file.suffix}"
        path.write_bytes(head)
        yield replace(file, path=path, member=None, size=len(head))


def _layout_sample(head: InputFile, file: InputFile, sheet: str | None) -> Iterator[Sample]:
    """The sample by the most likely row of names: the first with names that are known, else the first row.

    A workbook must be opened whole for each try, so that in a large one only the first row is looked at.
    """
    kind = TABLE_SUFFIXES[file.suffix]
    if kind in ("parquet", "jsonl"):
        sample = _sample(head, file, Layout())
        if sample.columns:
            yield sample
        return
    first: Sample | None = None
    for number in range(1, 1 + (_HEADER_ROWS if head.size <= _SEARCHED_BYTES else 1)):
        try:
            sample = _sample(head, file, Layout(sheet=sheet, header_row=number))
        except IngestError:
            if number == 1:
                raise
            break
        whole = number == 1 and sample.rows > 0 and not any(map(_UNNAMED.fullmatch, sample.columns))
        if _known_headers(sample) >= (1 if whole else 2):
            yield sample
            return
        first = first or sample
        if not sample.rows:
            break
    if first is not None and _is_headless(first):
        names = tuple(f"column_{place}" for place in range(1, len(first.columns) + 1))
        yield _sample(head, file, Layout(sheet=sheet, header=names))
    elif first is not None and first.columns:
        yield first


def _known_headers(sample: Sample) -> int:
    return sum(
        any(match.strength >= _KNOWN for match in header_matches(name).values()) for name in sample.columns
    )


def _is_headless(sample: Sample) -> bool:
    """Whether the row of names holds values: numbers, dates, codes."""
    names = [name for name in sample.columns if not _UNNAMED.fullmatch(name)]
    looks = profile("", pa.array(names, pa.string()))
    return sum(looks.share(shape) * len(looks.values) for shape in _VALUE_SHAPES) >= 1


def _sample(head: InputFile, file: InputFile, layout: Layout) -> Sample:
    reading = Reading(head, layout=layout)
    examined = examine(head, text=True) if file.suffix in TEXT_SUFFIXES else None
    if examined is not None and examined.encoding is not None:
        reading = replace(reading, encoding=examined.encoding, odd_quotes=examined.odd_quotes)
    columns: dict[str, list[pa.Array]] = {}
    rows = 0
    for batch in read_batches(reading):
        taken = min(len(batch.rows), SAMPLE_ROWS - rows)
        for name in [*columns, *(name for name in batch.columns if name not in columns)]:
            parts = columns.setdefault(name, [_unknown(rows)])
            values = batch.columns.get(name)
            parts.append(_unknown(taken) if values is None else _text(values.slice(0, taken)))
        rows += taken
        if rows >= SAMPLE_ROWS:
            break
    return Sample((file,), layout, {name: pa.concat_arrays(parts) for name, parts in columns.items()}, rows)


def _unknown(rows: int) -> pa.Array:
    return pa.nulls(rows, NULL_TEXT.type)


def _text(values: pa.Array) -> pa.Array:
    return composed(trimmed(as_text(values)))


def merged(samples: Sequence[Sample]) -> Sample:
    """Samples of one likeness as one."""
    if len(samples) == 1:
        return samples[0]
    columns = {
        name: pa.concat_arrays([sample.columns[name] for sample in samples]).slice(0, SAMPLE_ROWS)
        for name in samples[0].columns
    }
    files = tuple(file for sample in samples for file in sample.files)
    return replace(
        samples[0], files=files, columns=columns, rows=min(SAMPLE_ROWS, sum(s.rows for s in samples))
    )
