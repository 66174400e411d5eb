"""Files for the tests of the readers, and what the ingest makes of them short of a store."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from suyuan.graph.tables import TABLES
from suyuan.ingest.conversion import convert_rows
from suyuan.ingest.feeds import Feed, find_feeds
from suyuan.ingest.mapping import read_mapping
from suyuan.ingest.sources import find_files
from suyuan.ingest.tabular import RawBatch, Reading, read_batches


@dataclass(frozen=True)
class Found:
    """What a file comes to: records by row, and (row, column, code, value) of everything found wrong."""

    records: list[dict[str, object]]
    wrong: list[tuple[int, str | None, str, str]]

    @property
    def by_row(self) -> dict[object, dict[str, object]]:
        return {record["row"]: record for record in self.records}

    @property
    def codes(self) -> list[tuple[int, str | None, str]]:
        return [(row, column, code) for row, column, code, _ in self.wrong]


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def feeds(path: Path, mapping: Path | None = None) -> Sequence[Feed]:
    return find_feeds([path], "auto", read_mapping(mapping) if mapping else None)[0]


def read(path: Path, mapping: Path | None = None) -> Found:
    """All records of a file and all that is wrong with it."""
    records: list[dict[str, object]] = []
    wrong: list[tuple[int, str | None, str, str]] = []
    for feed in feeds(path, mapping):
        for portion in feed.portions():
            wrong += [(row.row, None, "bad_type", row.text) for row in portion.unreadable]
            for part in portion.parts:
                converted = convert_rows(part.table, part.raw)
                records += converted.records.to_pylist()
                for item in converted.findings:
                    rows = part.raw.rows[item.positions].tolist()
                    wrong += [
                        (row, item.column, item.code, value)
                        for row, value in zip(rows, item.values.to_pylist(), strict=True)
                    ]
    return Found(records, wrong)


def raw(path: Path) -> list[RawBatch]:
    """The batches of a file as they are read, the empty ones left out."""
    reading = Reading(find_files([path]).files[0])
    return [batch for batch in read_batches(reading) if len(batch.rows) or batch.unreadable]


def table_of(name: str) -> object:
    return TABLES[name]
