"""The CSV files that Neo4j's offline import reads, and the words it is called with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from suyuan.errors import ConfigError
from suyuan.graph.model import Column, Table, ValueType
from suyuan.graph.records import DIGEST_BYTES, precision_name, time_texts
from suyuan.graph.store.cypher import stored_properties
from suyuan.graph.store.search_entries import bodies, folded, is_indexed, names

BETWEEN_ENTRIES: Final = "\x1f"
"""Stands between the entries of a list."""

FIXED_WORDS: tuple[str, ...] = (
    "--id-type=string",
    "--array-delimiter=U+001F",
    "--path-pattern-style=none",
    "--trim-strings=false",
    "--ignore-empty-strings=false",
)
LONG_VALUE_BYTES: Final = 1 << 20
"""Rows with a longer text need larger read buffers than the tool takes of itself."""

_READ_BUFFER_BYTES: Final = 4 << 20
_HEADER_TYPES: Final[Mapping[ValueType, str]] = {
    "number": "double",
    "integer": "long",
    "boolean": "boolean",
    "list": "string[]",
    "ids": "string[]",
}
_BOOKKEEPING: Final = {"_digest": "byte[]", "_source": "long", "_row": "long", "_seq": "long"}
_SIGNED_BYTES = pa.array([str(value) for value in np.arange(256, dtype=np.uint8).view(np.int8).tolist()])

Side = Literal["nodes", "relationships"]


def header_of(table: Table, name: str) -> str:
    """The head of a stored property's column: ``name:type``; texts need no type."""
    column = table.by_name.get(name)
    type_ = _BOOKKEEPING.get(name) if column is None else _HEADER_TYPES.get(column.type)
    return name if type_ is None else f"{name}:{type_}"


def stored_columns(table: Table, batch: pa.RecordBatch, sources: pa.Array) -> dict[str, pa.Array]:
    """The stored properties of records (:func:`suyuan.graph.store.cypher.stored_properties`) as CSV holds them.

    Parameters
    ----------
    batch : has all columns of the table and ``digest``
    sources : number of each record's file

    Raises
    ------
    ConfigError
        A list has no entries, or one with the character that stands between entries.
    """
    found = {column.name: _values(batch, column) for column in table.columns}
    found["extra"] = batch.column("extra")
    found["_digest"] = _bytes_text(batch.column("digest"))
    found["_source"] = sources
    found["_row"] = batch.column("row")
    if is_indexed(table):
        found["_search"] = bodies(table, batch)
        found["_name"] = folded(names(table, batch))
    return {name: found[name] for name in stored_properties(table)}


def _values(batch: pa.RecordBatch, column: Column) -> pa.Array:
    values = batch.column(column.name)
    if column.type == "time":
        return time_texts(values, batch.column(precision_name(column.name)))
    if column.type not in ("list", "ids"):
        return values
    split = pc.any(pc.match_substring(pc.list_flatten(values), BETWEEN_ENTRIES)).as_py()
    if split or pc.any(pc.equal(pc.list_value_length(values), 0)).as_py():
        what = "an entry with the control character U+001F" if split else "a list without entries"
        raise ConfigError(
            f"{column.name} holds {what}, which the files of Neo4j's import cannot. Mend those rows and ingest "
            "them again, or load the graph over Bolt with suyuan ingest."
        )
    return pc.binary_join(values, BETWEEN_ENTRIES)


def _bytes_text(digests: pa.Array) -> pa.Array:
    """Digests as lists of signed bytes."""
    n = len(digests)
    start = digests.offset * DIGEST_BYTES
    content = np.frombuffer(digests.buffers()[1], np.uint8, n * DIGEST_BYTES, start)
    offsets = pa.array(np.arange(n + 1, dtype=np.int32) * DIGEST_BYTES)
    return pc.binary_join(
        pa.ListArray.from_arrays(offsets, pc.take(_SIGNED_BYTES, pa.array(content))), BETWEEN_ENTRIES
    )


@dataclass(slots=True)
class _Part:
    """A file with its header in a file of its own; ``label`` is the label or type of what stands in it."""

    side: Side
    label: str
    name: str
    writer: pa_csv.CSVWriter
    rows: int = 0


_PartKey = tuple[Side, str, tuple[str, ...]]
"""Where a part belongs, its name, and its columns: edges of one kind may carry different ones."""


@dataclass(slots=True)
class ImportFiles:
    """The files of one import, written side by side.

    Parameters
    ----------
    folder : holds ``nodes`` and ``relationships``, which must be empty
    """

    folder: Path
    multiline: bool = False
    longest: int = 0
    _parts: dict[_PartKey, _Part] = field(default_factory=dict[_PartKey, _Part])

    def add(
        self, side: Side, name: str, label: str, header: Sequence[str], columns: Sequence[pa.Array]
    ) -> None:
        """Adds rows to the file of that name and header; its label is that of the first time."""
        rows = pa.Table.from_arrays(list(columns), names=list(header))
        if rows.num_rows == 0:
            return
        key = (side, name, tuple(header))
        part = self._parts.get(key)
        if part is None:
            others = sum(other[:2] == key[:2] for other in self._parts)
            part = self._parts[key] = self._begun(
                side, f"{name}.{others + 1}" if others else name, label, rows.schema
            )
        self._look_at(rows)
        part.writer.write_table(rows)
        part.rows += rows.num_rows

    def _begun(self, side: Side, name: str, label: str, schema: pa.Schema) -> _Part:
        head = ",".join(str(column) for column in schema.names)
        (self.folder / side).mkdir(parents=True, exist_ok=True)
        (self.folder / side / f"{name}.header.csv").write_text(head + "\n", "utf-8")
        options = pa_csv.WriteOptions(include_header=False)
        writer = pa_csv.CSVWriter(self.folder / side / f"{name}.csv", schema, write_options=options)
        return _Part(side, label, name, writer)

    def _look_at(self, rows: pa.Table) -> None:
        for column in rows.columns:
            if not pa.types.is_string(column.type):
                continue
            self.longest = max(self.longest, pc.max(pc.binary_length(column)).as_py() or 0)
            if not self.multiline:
                self.multiline = bool(pc.any(pc.match_substring_regex(column, r"[\r\n]")).as_py())

    def rows(self, side: Side) -> int:
        """So many nodes or relationships were written."""
        return sum(part.rows for part in self._parts.values() if part.side == side)

    def names(self) -> list[str]:
        """Every file, relative to the folder, in order."""
        stems = sorted(f"{part.side}/{part.name}" for part in self._parts.values())
        return [f"{stem}.{end}" for stem in stems for end in ("header.csv", "csv")]

    def words(self) -> list[str]:
        """The options of ``neo4j-admin database import full``, with files relative to the folder."""
        found = list(FIXED_WORDS)
        if self.multiline:
            found.append("--multiline-fields=true")
        if self.longest > LONG_VALUE_BYTES:
            found.append(f"--read-buffer-size={_READ_BUFFER_BYTES + 4 * self.longest}")
        for part in sorted(self._parts.values(), key=lambda part: (part.side, part.name)):
            stem = f"{part.side}/{part.name}"
            found.append(f"--{part.side}={part.label}={stem}.header.csv,{stem}.csv")
        return found

    def close(self) -> None:
        """Ends the files."""
        for part in self._parts.values():
            part.writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
