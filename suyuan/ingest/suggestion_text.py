"""A proposed mapping as a mapping file with its reasons in comments, and as one JSON document."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from glob import escape
from typing import Any

from suyuan.ingest.sources import InputFile
from suyuan.ingest.suggestion import Suggestion, Suggestions
from suyuan.ingest.tabular import Layout

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_HEAD = (
    "# Proposed from headers and values; nothing has been ingested. Read it, mend it, save it, and use it with",
    "# `suyuan ingest ... --mapping FILE`. The figure before each line is the confidence, from 0 to 1.",
)


def mapping_document(found: Suggestions) -> dict[str, Any]:
    """The proposed mapping as a mapping file holds it: only what is sure enough to be used."""
    names = Counter(file.file_name for one in found.found for file in one.sample.files)
    return {"source": [_source(one, names) for one in found.found]}


def _source(one: Suggestion, names: Counter[str]) -> dict[str, Any]:
    source: dict[str, Any] = {"files": [_pattern(file, names) for file in one.sample.files]}
    source |= _layout(one.sample.layout)
    columns = _columns(one)
    if not one.contacts:
        return {**source, "table": one.table.name, "columns": columns}
    taken = [contact.column for contact in one.contacts]
    tables: list[dict[str, Any]] = [{"table": one.table.name, "drop": taken, "columns": columns}]
    for contact in one.contacts:
        tables.append(
            {"table": "identifiers", "rest": "drop", "only_if": [contact.column], "columns": contact.rule}
        )
    return {**source, "tables": tables}


def _pattern(file: InputFile, names: Counter[str]) -> str:
    """A file's name as a pattern for it alone; with its place where others have the name."""
    name = file.file_name if names[file.file_name] == 1 else file.name.split("/", 1)[-1]
    return escape(name)


def _layout(layout: Layout) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if layout.sheet is not None:
        said["sheet"] = layout.sheet
    if layout.header is not None:
        said["header"] = list(layout.header)
    elif layout.header_row != 1:
        said["header_row"] = layout.header_row
    return said


def _columns(one: Suggestion) -> dict[str, Any]:
    """The rules that are used, in the order of the table."""
    rules = {made.field: made.rule for made in one.derived if made.used}
    rules |= {proposal.field: proposal.rule for proposal in one.columns if proposal.used and proposal.field}
    return {column.name: rules[column.name] for column in one.table.columns if column.name in rules}


def suggestion_json(found: Suggestions) -> dict[str, Any]:
    """One document: of one layout as it is, of several under ``sources``; the whole mapping in either."""
    sources = [_one_json(one) for one in found.found]
    head = sources[0] if len(sources) == 1 else {"table": None, "confidence": 0.0, "columns": []}
    more = {"sources": sources} if len(sources) > 1 else {}
    unfit = [{"file": skipped.name, "reason": skipped.why} for skipped in found.unfit]
    return {**head, **more, "unfit": unfit, "mapping": mapping_document(found)}


def _one_json(one: Suggestion) -> dict[str, Any]:
    return {
        "table": one.table.name,
        "confidence": one.confidence,
        "ties": [{"table": table, "confidence": confidence} for table, confidence in one.ties],
        "files": [file.name for file in one.sample.files],
        "rows_looked_at": one.sample.rows,
        "columns": [
            {
                "column": proposal.column,
                "field": proposal.field,
                "confidence": proposal.confidence,
                "reason": proposal.reason,
                "used": proposal.used,
                "rule": proposal.rule,
            }
            for proposal in one.columns
        ],
        "derived": [
            {name: getattr(made, name) for name in ("field", "confidence", "reason", "used", "rule")}
            for made in one.derived
        ],
        "identifiers": [
            {
                "column": contact.column,
                "type": contact.field,
                "confidence": contact.confidence,
                "reason": contact.reason,
                "rule": contact.rule,
            }
            for contact in one.contacts
        ],
        "missing": [made.field for made in one.derived if made.rule is None],
        "notes": list(one.notes),
    }


def suggestion_toml(found: Suggestions) -> str:
    """The proposed mapping file. What is unsure or must be given stands in it as a comment."""
    names = Counter(file.file_name for one in found.found for file in one.sample.files)
    lines = [*_HEAD]
    lines += [_comment(f"Left out: {skipped.name}: {skipped.why}") for skipped in found.unfit]
    for one in found.found:
        lines += ["", *_source_lines(one, names)]
    return "\n".join(lines) + "\n"


def _source_lines(one: Suggestion, names: Counter[str]) -> Iterator[str]:
    yield "[[source]]"
    ties = ", ".join(f"{table} ({confidence:.2f})" for table, confidence in one.ties)
    nearly = f"; nearly as well fits {ties}" if ties else ""
    yield _comment(
        f"{one.sample.rows:,} rows looked at. {one.confidence:.2f}: table {one.table.name}{nearly}"
    )
    yield from (_comment(note) for note in one.notes)
    source = _source(one, names)
    for key in ("files", "sheet", "header", "header_row"):
        if key in source:
            yield f"{key} = {_value(source[key])}"
    table = f"table = {_value(one.table.name)}"
    if one.contacts:
        taken = _value([contact.column for contact in one.contacts])
        yield from ("", "[[source.tables]]", table, f"drop = {taken}", "", "[source.tables.columns]")
    else:
        yield from (table, "", "[source.columns]")
    yield from _column_lines(one)
    for contact in one.contacts:
        yield from ("", "[[source.tables]]")
        yield _comment(f"{contact.confidence:.2f}: {contact.column} as {contact.field}; {contact.reason}")
        yield from ('table = "identifiers"', 'rest = "drop"', f"only_if = {_value([contact.column])}")
        yield f"columns = {_value(contact.rule)}"


def _column_lines(one: Suggestion) -> Iterator[str]:
    proposed: dict[str | None, Any] = {proposal.field: proposal for proposal in one.columns}
    made = {part.field: part for part in one.derived}
    for column in one.table.columns:
        found = proposed.get(column.name)
        if column.name in made:
            yield from _field_lines(column.name, made[column.name])
        if found is not None:
            yield from _field_lines(column.name, found)
    parts = {part for piece in one.derived for part in piece.parts}
    parts |= {str(contact.column) for contact in one.contacts}
    rest = [one.column for one in one.columns if one.field is None and one.column not in parts]
    if rest:
        yield _comment(f"Nothing is known of these; they are kept as extra properties: {', '.join(rest)}")


def _field_lines(field: str, found: Any) -> Iterator[str]:
    yield _comment(f"{found.confidence:.2f}: {found.reason}")
    rule = {"constant": "?"} if found.rule is None else found.rule
    line = f"{field} = {_value(rule)}"
    yield line if found.used else _comment(line)


def _comment(text: str) -> str:
    """A comment on one line, whatever a header or value holds."""
    return "# " + "".join(char if char.isprintable() else " " for char in text)[:300]


def _value(value: object) -> str:
    """A TOML value on one line."""
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_key(str(key))} = {_value(part)}" for key, part in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, list):
        return f"[{', '.join(_value(part) for part in value)}]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)


def _key(text: str) -> str:
    return text if _BARE_KEY.fullmatch(text) else _value(text)
