"""A mapping's rules applied to the rows of a file."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.errors import MappingError
from suyuan.graph.searchtext import fold
from suyuan.ingest.mapping import Output, Rule
from suyuan.ingest.natives import as_text
from suyuan.ingest.tabular import RawBatch
from suyuan.ingest.text import NULL_TEXT, BoolArray, as_mask, is_known, replaced, trimmed

_HASH_CHARACTERS = 20


def source_columns(output: Output, targets: Iterable[str]) -> set[str]:
    """The source columns that these columns of the table depend on, and those that let a row count."""
    needed = set(output.only_if)
    for target in targets:
        rule = output.rules.get(target)
        needed.update(rule.sources if rule else (target,))
    return needed


def derive(output: Output, raw: RawBatch, source: str) -> RawBatch:
    """The rows of a file with the columns of the output's table.

    Columns of the file that no rule names keep their names, unless the mapping drops them.

    Raises
    ------
    MappingError
        A rule names a column that the file does not have.
    """
    if output.only_if:
        raw = raw.take(np.flatnonzero(_filled(output, raw, source)))
    columns: dict[str, pa.Array] = {}
    used: set[str] = set()
    for target, rule in output.rules.items():
        present = _present(rule, raw, source, target)
        if present is None:
            continue
        used.update(present)
        columns[target] = _applied(rule, present, raw)
    if output.rest == "keep":
        for name, values in raw.columns.items():
            if name not in used and name not in output.drop and name not in columns:
                columns[name] = values
    return replace(raw, columns=columns, unreadable=())


def _filled(output: Output, raw: RawBatch, source: str) -> BoolArray:
    filled = np.ones(len(raw.rows), dtype=bool)
    for name in output.only_if:
        if name not in raw.columns:
            if raw.ragged:
                return np.zeros(len(raw.rows), dtype=bool)
            raise _missing(name, raw, source, "only_if")
        filled &= is_known(trimmed(as_text(raw.columns[name])))
    return filled


def _missing(name: str, raw: RawBatch, source: str, target: str) -> MappingError:
    found = ", ".join(raw.columns)
    return MappingError(
        f"the mapping wants a column {name!r} for {target}, but the file has {found}. Correct the name, or "
        "say `optional = true`.",
        source=source,
        field=name,
    )


def _present(rule: Rule, raw: RawBatch, source: str, target: str) -> tuple[str, ...] | None:
    """The columns that a rule reads from this file; None if it may do without."""
    if rule.kind == "from":
        found = next((name for name in rule.sources if name in raw.columns), None)
        if found is not None:
            return (found,)
        if rule.optional or raw.ragged:
            return None
        raise _missing(rule.sources[0], raw, source, target)
    for name in rule.sources:
        if name not in raw.columns:
            if rule.optional or raw.ragged:
                return None
            raise _missing(name, raw, source, target)
    return rule.sources


def _applied(rule: Rule, present: tuple[str, ...], raw: RawBatch) -> pa.Array:
    values = _origin(rule, present, raw)
    if rule.pattern is not None:
        values = _first_group(values, rule.pattern)
    if rule.split is not None:
        values = _part(values, rule.split, rule.part)
    if rule.separator is not None:
        values = pc.replace_substring(as_text(values), rule.separator, ";")
    if rule.values:
        values = _mapped(values, rule)
    if rule.date_format is not None:
        values = _dated(values, rule.date_format)
    if rule.default is not None:
        values = pc.fill_null(trimmed(as_text(values)), rule.default)
    return values


def _origin(rule: Rule, present: tuple[str, ...], raw: RawBatch) -> pa.Array:
    if rule.kind == "from":
        return raw.columns[present[0]]
    if rule.kind == "constant":
        return pa.array([rule.text] * len(raw.rows), pa.string())
    parts = {name: trimmed(as_text(raw.columns[name])) for name in present}
    if rule.kind == "hash":
        return _hashed(list(parts.values()), rule.text)
    pieces = re.split(r"\{([^{}]+)\}", rule.text)
    joined = [parts[piece] if place % 2 else pa.scalar(piece) for place, piece in enumerate(pieces)]
    return pc.binary_join_element_wise(*joined, "")


def _hashed(parts: list[pa.Array], prefix: str) -> pa.Array:
    """The same key for texts that differ only in case, width and blanks; null where all are empty."""
    known = np.logical_or.reduce([is_known(part) for part in parts])
    joined = pc.binary_join_element_wise(*(pc.fill_null(part, "") for part in parts), "\x1f")
    keys = [prefix + _hash(text) for text in joined.to_pylist()]
    return pc.if_else(as_mask(known), pa.array(keys, pa.string()), NULL_TEXT)


def _hash(text: str) -> str:
    folded = "\x1f".join(fold(part) for part in text.split("\x1f"))
    return hashlib.sha256(folded.encode()).hexdigest()[:_HASH_CHARACTERS]


def _first_group(values: pa.Array, pattern: str) -> pa.Array:
    compiled = re.compile(pattern)

    def first(text: str) -> str | None:
        match = compiled.search(text)
        return match[1] if match else None

    text = as_text(values)
    return replaced(text, is_known(text), first)


def _part(values: pa.Array, separator: str, part: int) -> pa.Array:
    lists = pc.split_pattern(as_text(values), separator)
    counts = np.asarray(pc.fill_null(pc.list_value_length(lists), 0)).astype(np.int64)
    starts = np.cumsum(counts) - counts
    place = part - 1 if part > 0 else counts + part
    there = (place >= 0) & (place < counts)
    return pc.take(lists.flatten(), pa.array(np.where(there, starts + place, 0), mask=~there))


def _mapped(values: pa.Array, rule: Rule) -> pa.Array:
    text = trimmed(as_text(values))
    folded = {fold(old): new for old, new in rule.values.items()}

    def new_value(old: str) -> str | None:
        return folded.get(fold(old), old if rule.otherwise == "keep" else None)

    return replaced(text, is_known(text), new_value)


def _dated(values: pa.Array, date_format: str) -> pa.Array:
    """Dates of another spelling in ISO 8601; what does not fit is left for the checks to refuse."""
    text = trimmed(as_text(values))
    moments = pc.strptime(text, format=date_format, unit="s", error_is_null=True)
    spelling = "%Y-%m-%dT%H:%M:%S" if re.search(r"%[HIMSTRc]", date_format) else "%Y-%m-%d"
    return pc.if_else(pc.is_valid(moments), pc.cast(pc.strftime(moments, format=spelling), pa.string()), text)
