"""The files of a run, each as a feed of rows that are already laid out as tables of the exchange format."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Final, Literal, Protocol

import numpy as np
import pyarrow as pa

from suyuan.errors import IngestError
from suyuan.graph.tables import TABLES
from suyuan.ingest.conversion import key_columns
from suyuan.ingest.derivation import derive, source_columns
from suyuan.ingest.encoding import Examined, examine
from suyuan.ingest.epcis.documents import document_class
from suyuan.ingest.epcis.feed import EventFeed, NameFeed
from suyuan.ingest.epcis.queries import check_query
from suyuan.ingest.epcis.staging import stage
from suyuan.ingest.followthemoney import is_entities, read_entities
from suyuan.ingest.foodchainlab import Network, is_network, read_network
from suyuan.ingest.mapping import MappingFile, Output
from suyuan.ingest.parts import Part, Portion
from suyuan.ingest.sources import InputFile, Skipped, find_files
from suyuan.ingest.tabular import (
    TABLE_SUFFIXES,
    TEXT_SUFFIXES,
    Layout,
    RawBatch,
    Reading,
    read_batches,
)
from suyuan.ingest.workbook import sheet_names

Format = Literal["auto", "tables", "epcis", "foodchainlab", "ftm"]

_OWN_FORMATS: Final = {
    "epcis": "EPCIS (JSON, JSON-LD or XML)",
    "foodchainlab": "FoodChain-Lab networks",
    "ftm": "FollowTheMoney entities",
}
_REFUSED_IN_FOLDERS: Final = ("foodchainlab", "ftm")
"""Formats that, asked for, admit no file of another; collections of EPCIS documents come with much beside them."""


class Feed(Protocol):
    """A file, or a sheet of a workbook, that is going to be read."""

    @property
    def file(self) -> InputFile:
        """The file."""
        ...

    @property
    def examined(self) -> Examined:
        """Its SHA-256 and encoding."""
        ...

    @property
    def outputs(self) -> tuple[Output, ...]:
        """The tables it makes."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What the report should say about it."""
        ...

    def portions(self, *, keys_only: bool = False) -> Iterator[Portion]:
        """The rows in order; with ``keys_only`` at least the columns that keys depend on."""
        ...


@dataclass(frozen=True, slots=True)
class TableFeed:
    """A table file."""

    file: InputFile
    examined: Examined
    outputs: tuple[Output, ...]
    layout: Layout = field(default_factory=Layout)
    sheet: str | None = None
    notes: tuple[str, ...] = ()

    def portions(self, *, keys_only: bool = False) -> Iterator[Portion]:
        """See :class:`Feed`."""
        reading = Reading(self.file, layout=self.layout, sheet=self.sheet)
        if self.examined.encoding is not None:
            odd_quotes = self.examined.odd_quotes
            reading = replace(reading, encoding=self.examined.encoding, odd_quotes=odd_quotes)
        if keys_only:
            reading = replace(reading, wanted=self._key_sources())
        outputs = [_only_keys(output) for output in self.outputs] if keys_only else self.outputs
        for raw in read_batches(reading):
            parts = [
                Part(output.table, place, derive(output, _headed(raw, output), self.file.name))
                for place, output in enumerate(outputs)
            ]
            yield Portion(tuple(parts), raw.unreadable, raw.bytes_done)

    def _key_sources(self) -> Callable[[str], bool]:
        names: set[str] = set()
        for output in self.outputs:
            names |= source_columns(output, key_columns(output.table))
        return lambda name: name in names or _plain_name(name) in names


def _only_keys(output: Output) -> Output:
    keys = key_columns(output.table)
    return replace(output, rules={name: rule for name, rule in output.rules.items() if name in keys})


def _headed(raw: RawBatch, output: Output) -> RawBatch:
    """Names of columns as the table spells them, where only case or blanks differ and no rule is given."""
    if output.rules:
        return raw
    columns: dict[str, pa.Array] = {}
    for name, values in raw.columns.items():
        plain = _plain_name(name)
        taken = plain in raw.columns or plain in columns
        columns[plain if plain in output.table.by_name and not taken else name] = values
    return replace(raw, columns=columns)


def _plain_name(name: str) -> str:
    return re.sub(r"[\s\-]+", "_", name.casefold())


@dataclass(frozen=True, slots=True)
class NetworkFeed:
    """A FoodChain-Lab network."""

    file: InputFile
    examined: Examined
    network: Network

    @property
    def outputs(self) -> tuple[Output, ...]:
        """The tables that the network has."""
        return tuple(Output(TABLES[name], {}) for name in self.network.tables)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out."""
        count = self.network.ignored_samples
        return (f"{self.file.name}: {count} samples are not read",) if count else ()

    def portions(self, *, keys_only: bool = False) -> Iterator[Portion]:
        """See :class:`Feed`."""
        for place, (name, raw) in enumerate(self.network.tables.items()):
            yield Portion((Part(TABLES[name], place, raw),), bytes_done=self.file.size)


def find_feeds(
    paths: Sequence[Path],
    file_format: Format,
    mapping: MappingFile | None,
    *,
    strict: bool = False,
    rejects: Path | None = None,
) -> tuple[list[Feed], list[Skipped]]:
    """What to read among the paths given, and the files left out; ``rejects`` as in :func:`find_files`.

    An EPCIS document that is damaged or breaks the standard is refused: the run fails where the user named the file
    or wants it ``strict``; in a folder or zip it is left out, with the reason.

    Raises
    ------
    IngestError
        A file named by the user is of no table or format that is known; nothing is found at all.
    """
    found = find_files(paths, rejects=rejects)
    named = {path for path in paths if path.is_file() and path.suffix.lower() != ".zip"}
    feeds: list[Feed] = []
    skipped = list(found.skipped)
    classed = False
    for file in found.files:
        by_name = file.path in named
        epcis = document_class(file) if file_format in ("auto", "epcis") else None
        if epcis is not None:
            classed = True
            try:
                more = _epcis_feeds(file) if epcis == "document" else [_asked(file, epcis)]
            except IngestError as error:
                if by_name or strict:
                    raise
                more = [Skipped(file.name, f"refused: {error.message}")]
            feeds += [item for item in more if not isinstance(item, Skipped)]
            skipped += [item for item in more if isinstance(item, Skipped)]
            continue
        reason = _unfit(file, file_format, mapping)
        if reason and (by_name or file_format in _REFUSED_IN_FOLDERS):
            raise IngestError(reason, source=file.name)
        if reason:
            skipped.append(Skipped(file.name, reason))
        else:
            feeds += _feeds_of(file, file_format, mapping)
    if not feeds and not classed:
        known = ", ".join(sorted(TABLES))
        raise IngestError(
            f"nothing to read is found here; expected files named after tables ({known}) or a mapping.",
            source=", ".join(str(path) for path in paths),
        )
    return feeds, skipped


def _epcis_feeds(file: InputFile) -> list[Feed | Skipped]:
    staged = stage(file)
    examined = examine(file, text=False)
    feeds: list[Feed | Skipped] = [EventFeed(file, examined, staged)]
    described = staged.master_data.tables
    if staged.places - described["sites"].keys() or staged.parties - described["firms"].keys():
        feeds.append(NameFeed(file, examined, staged))
    return feeds


def _asked(file: InputFile, epcis: str) -> Skipped:
    """An EPCIS file without events: it is said what it is."""
    if epcis == "query":
        check_query(file)
        return Skipped(file.name, "EPCIS simple event query: it asks for events and holds none")
    return Skipped(file.name, "EPCIS capture job: it tells of a capture and holds no events")


def _unfit(file: InputFile, file_format: Format, mapping: MappingFile | None) -> str | None:
    """Why a file is not read; None if it is."""
    own = _own_format(file, file_format)
    if own is not None:
        return None
    if file_format in _OWN_FORMATS:
        return f"is no file of {_OWN_FORMATS[file_format]}, and only those are asked for"
    if file.suffix in (".json", ".jsonld", ".xml"):
        return "is no FoodChain-Lab network, no EPCIS document and holds no FollowTheMoney entities"
    if file.suffix not in TABLE_SUFFIXES:
        return (
            f"is of no format that is read ({', '.join(sorted(TABLE_SUFFIXES))}, .json, .jsonld, .xml, .zip)"
        )
    if mapping is not None and mapping.source_for(file) is not None:
        return None
    if table_named(file.file_name) is not None:
        return None
    if TABLE_SUFFIXES[file.suffix] == "excel" and _table_sheets(file):
        return None
    known = ", ".join(sorted(TABLES))
    return f"is named after no table ({known}); rename it, or describe it in a mapping file"


def _own_format(file: InputFile, file_format: Format) -> Format | None:
    """The format that a file is of, if that has tables of its own; ``auto`` tells it by its first part."""
    if file_format in ("auto", "ftm") and is_entities(file):
        return "ftm"
    if file_format in ("auto", "foodchainlab") and file.suffix == ".json" and is_network(file):
        return "foodchainlab"
    return None


def table_named(file_name: str) -> str | None:
    """The table that a file is named after: ``NAME.csv``, ``NAME.part3.csv``, ``NAME-2025.csv``.

    Examples
    --------
    >>> table_named("shipments-2025.part1.csv"), table_named("truth.csv")
    ('shipments', None)
    """
    stem = re.split(r"[.\-]", PurePosixPath(file_name).name, maxsplit=1)[0].strip().casefold()
    return stem if stem in TABLES else None


def _table_sheets(file: InputFile) -> list[str]:
    return [name for name in sheet_names(file) if name.strip().casefold() in TABLES]


def _feeds_of(file: InputFile, file_format: Format, mapping: MappingFile | None) -> Sequence[Feed]:
    own = _own_format(file, file_format)
    if own == "ftm":
        return [read_entities(file, examine(file, text=False))]
    if own == "foodchainlab":
        return [NetworkFeed(file, examine(file, text=False), read_network(file))]
    source = mapping.source_for(file) if mapping else None
    text = file.suffix in TEXT_SUFFIXES
    if source is not None:
        examined = examine(file, text=text, declared=source.layout.encoding)
        return [TableFeed(file, examined, source.outputs, source.layout)]
    examined = examine(file, text=text)
    sheets = _table_sheets(file) if TABLE_SUFFIXES[file.suffix] == "excel" else []
    if sheets:
        return [
            TableFeed(file, examined, (Output(TABLES[sheet.strip().casefold()], {}),), sheet=sheet)
            for sheet in sheets
        ]
    name = table_named(file.file_name)
    return [TableFeed(file, examined, (Output(TABLES[str(name)], {}),))]


def ordinals(part: Part, tables: int) -> np.ndarray:
    """Numbers of the records of a part: by row, then by table within the row."""
    return part.raw.rows * tables + part.ordinal
