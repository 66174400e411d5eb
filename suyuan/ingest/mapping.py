"""Mapping files: how foreign layouts become tables of the exchange format, without code.

A mapping is a TOML file. Each ``[[source]]`` says which files it is for (the first that fits a file is
used) and which tables their rows make::

    [[source]]
    files = ["*.csv", "*.xls*"]      # patterns of file names, or of paths inside a folder or zip table =
    "sites" encoding = "gb18030"             # optional: otherwise found out delimiter = ";"
    # optional: otherwise found out sheet = "Lieferanten"            # optional: name or number (from 1) of
    a workbook's sheet header_row = 3                   # optional: the row with the names, from 1 header =
    ["a", "b"]              # optional: names for a file that has none rest = "keep"                    #
    undeclared source columns: "keep" as extra properties (default) or "drop" drop = ["internal_note"]
    # source columns to leave out

    [source.columns]                 # column of the table = where its value comes from
    name = "Factory Name"                                          # another column
    role = { constant = "factory" }
    site_id = { hash = ["name", "address"], prefix = "OSH-" }      # the same key for the same texts
    lot_id = { template = "{year}/{batch}" }                       # empty where one of them is empty
    country = { from = ["Country", "Land"], values = { Deutschland = "DE" }, optional = true }
    quantity = { from = "Amount", pattern = '^([0-9.]+)' }         # the first group of a regular expression
    address = { from = "Contact", split = "|", part = 2 }          # one column into several
    classes = { from = "Nice", separator = "," }                   # another separator of lists
    departed_at = { from = "Abgang", date_format = "%d.%m.%Y" }

    [source.extra]                   # extra properties under a name of one's own, by the same rules
    sector = "Branche"

More than one table from one row: instead of ``table`` and ``columns`` give ``[[source.tables]]`` blocks
with ``table``, ``columns``, ``extra``, ``rest``, ``drop``; every block but the first may have ``only_if =
["column", ...]``: a row makes a record of it only where these source columns are filled.

What can stand on the right of a column: the name of a source column; or a table with one of ``from`` (a
name, or several of which the first that the file has is taken), ``constant``, ``template``, ``hash``; with
``prefix`` beside ``hash``; and beside any of them, applied in this order: ``pattern``, ``split`` and
``part`` (from 1; negative from the end), ``separator``, ``values`` (with ``otherwise = "keep"`` or
``"unknown"`` for what is not named there), ``date_format``, ``default`` (where empty), ``optional = true``
(a file may lack the column).
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, cast

from suyuan.errors import MappingError
from suyuan.graph.model import Table
from suyuan.graph.tables import TABLES
from suyuan.ingest.sources import InputFile
from suyuan.ingest.tabular import Layout

_SOURCE_KEYS = frozenset(
    {"files", "table", "tables", "columns", "extra", "rest", "drop"}
    | {"encoding", "delimiter", "sheet", "header_row", "header"}
)
_TABLE_KEYS = frozenset({"table", "columns", "extra", "rest", "drop", "only_if"})
_KINDS = ("from", "constant", "template", "hash")
_MODIFIERS = frozenset(
    {
        "prefix",
        "pattern",
        "split",
        "part",
        "separator",
        "values",
        "otherwise",
        "date_format",
        "default",
        "optional",
    }
)


@dataclass(frozen=True, slots=True)
class Rule:
    """Where a column's values come from, and what is done to them; see the module's description."""

    kind: Literal["from", "constant", "template", "hash"]
    sources: tuple[str, ...] = ()
    text: str = ""
    pattern: str | None = None
    split: str | None = None
    part: int = 1
    separator: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    otherwise: Literal["keep", "unknown"] = "keep"
    date_format: str | None = None
    default: str | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Output:
    """A table that the rows of a source make."""

    table: Table
    rules: Mapping[str, Rule]
    rest: Literal["keep", "drop"] = "keep"
    drop: frozenset[str] = frozenset()
    only_if: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceMapping:
    """Files and what they make."""

    files: tuple[str, ...]
    layout: Layout
    outputs: tuple[Output, ...]

    def fits(self, file: InputFile) -> bool:
        """Whether one of the patterns is the file's name, or its path inside a folder or zip."""
        inner = file.name.split("/", 1)[-1]
        names = {file.name, inner, file.file_name}
        return any(fnmatchcase(name, pattern) for name in names for pattern in self.files)


@dataclass(frozen=True, slots=True)
class MappingFile:
    """A mapping file that has been read and checked."""

    path: Path
    sources: tuple[SourceMapping, ...]
    content: bytes

    def source_for(self, file: InputFile) -> SourceMapping | None:
        """The first source that is for this file."""
        return next((source for source in self.sources if source.fits(file)), None)


def read_mapping(path: Path) -> MappingFile:
    """Reads and checks a mapping file.

    Raises
    ------
    MappingError
        It cannot be read, is no TOML, or says something that is not possible; the message names the key.
    """
    try:
        content = path.read_bytes()
        document = tomllib.loads(content.decode("utf-8-sig"))
    except OSError as error:
        raise MappingError(f"cannot be read ({error.strerror}).", source=str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MappingError(f"is no TOML ({error}).", source=str(path)) from error
    reader = _Reader(str(path))
    reader.known(document, frozenset({"source"}), "")
    sources = reader.tables(document, "source", "")
    if not sources:
        raise reader.error("source", "expected at least one [[source]] block")
    read = tuple(reader.source(block, f"source[{number}]") for number, block in enumerate(sources, start=1))
    return MappingFile(path, read, content)


class _Reader:
    """Reads the parts of one mapping file; every complaint names the key."""

    def __init__(self, path: str) -> None:
        self.path = path

    def error(self, key: str, message: str) -> MappingError:
        return MappingError(f"{message}.", source=self.path, field=key)

    def known(self, block: Mapping[str, Any], allowed: frozenset[str], where: str) -> None:
        for key in block:
            if key not in allowed:
                place = f"{where}.{key}" if where else key
                raise self.error(place, f"is not known here; possible are {', '.join(sorted(allowed))}")

    def tables(self, block: Mapping[str, Any], key: str, where: str) -> list[dict[str, Any]]:
        value = block.get(key, [])
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            raise self.error(f"{where}.{key}".strip("."), f"expected [[{key}]] blocks")
        return cast(list[dict[str, Any]], value)

    def texts(self, block: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
        value = block.get(key, [])
        value = [value] if isinstance(value, str) else value
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise self.error(f"{where}.{key}", "expected a text or a list of texts")
        return tuple(cast(list[str], value))

    def one_of(self, block: Mapping[str, Any], key: str, where: str, choices: Sequence[str]) -> str:
        value = block.get(key, choices[0])
        if value not in choices:
            raise self.error(f"{where}.{key}", f"{value!r} is not possible; expected {' or '.join(choices)}")
        return str(value)

    def source(self, block: dict[str, Any], where: str) -> SourceMapping:
        self.known(block, _SOURCE_KEYS, where)
        files = self.texts(block, "files", where)
        if not files:
            raise self.error(f"{where}.files", 'expected patterns of file names, such as ["*.csv"]')
        nested = self.tables(block, "tables", where)
        if bool(nested) == ("table" in block):
            raise self.error(where, "expected either `table` with `columns`, or [[source.tables]] blocks")
        if nested:
            blocks = [(entry, f"{where}.tables[{n}]") for n, entry in enumerate(nested, start=1)]
        else:
            kept = ("table", "columns", "extra", "rest", "drop")
            blocks = [({key: block[key] for key in kept if key in block}, where)]
        outputs = tuple(self.output(entry, place) for entry, place in blocks)
        if outputs[0].only_if:
            raise self.error(f"{blocks[0][1]}.only_if", "the first table of a source takes every row")
        return SourceMapping(files, self.layout(block, where), outputs)

    def layout(self, block: Mapping[str, Any], where: str) -> Layout:
        encoding, delimiter = self.text(block, "encoding", where), self.text(block, "delimiter", where)
        if delimiter is not None and (len(delimiter) != 1 or not delimiter.isascii()):
            raise self.error(f"{where}.delimiter", "expected one ASCII character")
        sheet = block.get("sheet")
        if not isinstance(sheet, (str, int, type(None))):
            raise self.error(f"{where}.sheet", "expected the name or the number of a sheet")
        header_row = block.get("header_row", 1)
        if not isinstance(header_row, int) or header_row < 1:
            raise self.error(f"{where}.header_row", "expected a row number from 1")
        header = self.texts(block, "header", where) or None
        return Layout(encoding, delimiter, sheet, header_row, header)

    def text(self, block: Mapping[str, Any], key: str, where: str) -> str | None:
        value = block.get(key)
        if value is not None and not isinstance(value, str):
            raise self.error(f"{where}.{key}", "expected a text")
        return value

    def output(self, block: Mapping[str, Any], where: str) -> Output:
        self.known(block, _TABLE_KEYS, where)
        name = block.get("table")
        if name not in TABLES:
            raise self.error(
                f"{where}.table", f"{name!r} is no table; expected one of {', '.join(sorted(TABLES))}"
            )
        table = TABLES[str(name)]
        rules = self.rules(block.get("columns", {}), f"{where}.columns")
        for column in rules:
            if column not in table.by_name:
                possible = ", ".join(table.by_name)
                raise self.error(
                    f"{where}.columns.{column}", f"{table.name} has no such column; it has {possible}"
                )
        extra = self.rules(block.get("extra", {}), f"{where}.extra")
        for column in extra:
            if column in table.by_name:
                raise self.error(f"{where}.extra.{column}", "is a column of the table; put it under columns")
        rest = self.one_of(block, "rest", where, ("keep", "drop"))
        drop = frozenset(self.texts(block, "drop", where))
        only_if = self.texts(block, "only_if", where)
        return Output(table, {**rules, **extra}, "drop" if rest == "drop" else "keep", drop, only_if)

    def rules(self, block: object, where: str) -> dict[str, Rule]:
        if not isinstance(block, dict):
            raise self.error(where, "expected `column = ...` lines")
        return {str(name): self.rule(value, f"{where}.{name}") for name, value in block.items()}

    def rule(self, value: object, where: str) -> Rule:
        if isinstance(value, str):
            return Rule("from", (value,))
        if not isinstance(value, dict):
            raise self.error(where, "expected the name of a source column, or a table such as { from = ... }")
        block = cast(dict[str, Any], value)
        self.known(block, frozenset(_KINDS) | _MODIFIERS, where)
        kinds = [kind for kind in _KINDS if kind in block]
        if len(kinds) != 1:
            raise self.error(where, f"expected exactly one of {', '.join(_KINDS)}")
        return self.modified(block, kinds[0], where)

    def modified(self, block: Mapping[str, Any], kind: str, where: str) -> Rule:
        part = block.get("part", 1)
        if not isinstance(part, int) or part == 0:
            raise self.error(f"{where}.part", "expected 1, 2, ... or -1, -2, ... from the end")
        values = block.get("values", {})
        if not isinstance(values, dict) or not all(isinstance(new, str) for new in values.values()):
            raise self.error(f"{where}.values", 'expected { "old text" = "new text" }')
        otherwise = self.one_of(block, "otherwise", where, ("keep", "unknown"))
        sources, text = self.origin(block, kind, where)
        return Rule(
            cast(Literal["from", "constant", "template", "hash"], kind),
            sources,
            text,
            self.pattern(block, where),
            self.text(block, "split", where),
            part,
            self.text(block, "separator", where),
            cast(dict[str, str], values),
            "unknown" if otherwise == "unknown" else "keep",
            self.text(block, "date_format", where),
            self.text(block, "default", where),
            block.get("optional", False) is True,
        )

    def origin(self, block: Mapping[str, Any], kind: str, where: str) -> tuple[tuple[str, ...], str]:
        """The source columns a rule reads, and its text: constant, template or prefix."""
        if kind in ("from", "hash"):
            sources = self.texts(block, kind, where)
            if not sources:
                raise self.error(f"{where}.{kind}", "expected names of source columns")
            return sources, self.text(block, "prefix", where) or ""
        value = block[kind]
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise self.error(f"{where}.{kind}", "expected a text")
        if kind == "constant":
            return (), str(value)
        names = tuple(re.findall(r"\{([^{}]+)\}", str(value)))
        if not names:
            raise self.error(f"{where}.template", "expected at least one {column}")
        return names, str(value)

    def pattern(self, block: Mapping[str, Any], where: str) -> str | None:
        text = self.text(block, "pattern", where)
        if text is None:
            return None
        try:
            groups = re.compile(text).groups
        except re.error as error:
            raise self.error(f"{where}.pattern", f"is no regular expression ({error})") from error
        if groups < 1:
            raise self.error(f"{where}.pattern", "expected a group in parentheses: what it matches is taken")
        return text
