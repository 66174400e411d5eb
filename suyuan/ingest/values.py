"""Whole columns converted to their declared type, with what was wrong about them.

A bad cell becomes unknown and its row is kept. Texts lose blanks at their ends and are put into Unicode
normal form C. Numbers are plain decimals with an optional exponent: no thousands separators, no units,
neither NaN nor infinity.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.model import Column
from suyuan.ingest.encoding import DAMAGE
from suyuan.ingest.findings import Finding, finding
from suyuan.ingest.natives import as_text
from suyuan.ingest.text import (
    NULL_TEXT,
    BoolArray,
    IntArray,
    as_mask,
    blanked,
    composed,
    contains,
    is_known,
    matches,
    text_bytes,
    trimmed,
)
from suyuan.ingest.times import Times, parse_times

LONGEST_TEXT = 1 << 20
LONGEST_KEY = 1024
LONGEST_LIST = 10_000

_DECIMAL = r"^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?$"
_WHOLE = r"^[+-]?\d{1,18}$"
TRUE_WORDS = ("true", "yes", "y", "t", "1", "是")
FALSE_WORDS = ("false", "no", "n", "f", "0", "否")


@dataclass(frozen=True, slots=True)
class Converted:
    """A column of its declared type.

    ``times`` holds what :mod:`suyuan.ingest.times` made of a time column; ``lists`` a list column's entries.
    """

    values: pa.Array
    findings: tuple[Finding, ...] = ()
    times: Times | None = None


@dataclass(frozen=True, slots=True)
class Lists:
    """A list column taken apart: entry ``i`` is the ``places[i]``-th of row ``parents[i]``."""

    entries: pa.Array
    parents: IntArray
    places: IntArray
    rows: int

    def kept(self, flags: BoolArray) -> "Lists":
        """Only the flagged entries."""
        return Lists(self.entries.filter(as_mask(flags)), self.parents[flags], self.places[flags], self.rows)

    def array(self) -> pa.Array:
        """The lists as one column; a row without entries is null."""
        counts = np.bincount(self.parents, minlength=self.rows)
        offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
        lists = pa.ListArray.from_arrays(pa.array(offsets), self.entries)
        if self.rows == 0:
            return lists
        return pc.if_else(as_mask(counts > 0), lists, pa.scalar(None, lists.type))


def clean(raw: pa.Array, name: str, *, longest: int, damaged: bool) -> tuple[pa.Array, list[Finding]]:
    """A column as trimmed text in normal form C, without cells that are no text or longer than ``longest``.

    Parameters
    ----------
    damaged : whether U+FFFD stands for bytes that were no text.
    """
    text = trimmed(as_text(raw))
    seen = text_bytes(text)
    broken = np.zeros(len(text), dtype=bool)
    if not seen.is_plain:
        text = composed(text)
        broken = contains(text, "\0")
        if damaged or not pa.types.is_string(raw.type):
            broken |= contains(text, DAMAGE)
    long = seen.lengths > longest
    if not broken.any() and not long.any():
        return text, []
    long &= is_known(text) & ~broken
    findings = finding(name, "bad_type", broken, text) + finding(name, "out_of_range", long, text)
    return blanked(text, broken | long), findings


def convert(column: Column, raw: pa.Array, *, key: bool = False, damaged: bool = False) -> Converted:
    """A column of a file as its declared type.

    Parameters
    ----------
    raw : text, or any type that a file format has
    key : whether the column is part of a key or names another node, and so must be short
    damaged : whether U+FFFD stands for bytes that were no text
    """
    if column.type in ("number", "integer") and _is_numeric(raw.type):
        return _number(column, raw, raw, ())
    if column.type == "boolean" and pa.types.is_boolean(raw.type):
        return Converted(raw)
    longest = LONGEST_KEY if key else LONGEST_TEXT
    text, findings = clean(raw, column.name, longest=longest, damaged=damaged)
    spoiled = tuple(findings)
    if column.type in ("number", "integer"):
        return _parsed_number(column, text, spoiled)
    if column.type == "time":
        return _time(column, text, spoiled)
    if column.type == "boolean":
        return _boolean(column, text, spoiled)
    if column.choices and column.type == "text":
        return _choice(column, text, spoiled)
    return Converted(text, spoiled)


def _is_numeric(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


GREATEST_NUMBER: Final = 10**15
"""Greatest amount that is taken for one: sums of many of them stay exact enough to be compared."""


def _parsed_number(column: Column, text: pa.Array, findings: tuple[Finding, ...]) -> Converted:
    whole = column.type == "integer"
    try:
        numbers = pc.cast(text, pa.int64() if whole else pa.float64())
    except pa.ArrowInvalid:
        numbers = None
    if numbers is None or (not whole and not _all_finite(numbers)):
        right = matches(text, _WHOLE if whole else _DECIMAL)
        plain = pc.utf8_ltrim(pc.if_else(as_mask(right), text, NULL_TEXT), characters="+")
        numbers = pc.cast(plain, pa.int64() if whole else pa.float64())
    return _number(column, numbers, text, findings)


def _all_finite(numbers: pa.Array) -> bool:
    return bool(pc.all(pc.is_finite(numbers), min_count=0).as_py())


def _number(column: Column, numbers: pa.Array, shown: pa.Array, findings: tuple[Finding, ...]) -> Converted:
    kind = pa.int64() if column.type == "integer" else pa.float64()
    values = pc.cast(numbers, kind, safe=False)
    if kind == pa.float64() and not _all_finite(values):
        values = blanked(values, is_known(values) & ~np.isfinite(np.asarray(pc.fill_null(values, 0.0))))
    bad = is_known(shown) & ~is_known(values) if shown.null_count != values.null_count else _none(values)
    filled = np.asarray(pc.fill_null(values, 0))
    outside = np.abs(filled) > GREATEST_NUMBER
    if column.minimum is not None:
        outside |= filled < column.minimum
    if column.maximum is not None:
        outside |= filled > column.maximum
    outside &= is_known(values)
    more = finding(column.name, "bad_type", bad, shown) + finding(column.name, "out_of_range", outside, shown)
    return Converted(blanked(values, outside), (*findings, *more))


def _none(values: pa.Array) -> BoolArray:
    return np.zeros(len(values), dtype=bool)


def _time(column: Column, text: pa.Array, findings: tuple[Finding, ...]) -> Converted:
    times = parse_times(text)
    more = finding(column.name, "bad_time", times.bad, text)
    values, _ = times.arrays()
    return Converted(values, (*findings, *more), times)


def _boolean(column: Column, text: pa.Array, findings: tuple[Finding, ...]) -> Converted:
    lower = pc.utf8_lower(text)
    true = np.asarray(pc.is_in(lower, pa.array(TRUE_WORDS)))
    false = np.asarray(pc.is_in(lower, pa.array(FALSE_WORDS)))
    bad = is_known(text) & ~true & ~false
    return Converted(
        pa.array(true, mask=~(true | false)), (*findings, *finding(column.name, "bad_type", bad, text))
    )


def _choice(column: Column, text: pa.Array, findings: tuple[Finding, ...]) -> Converted:
    chosen, bad = choose(text, column.choices)
    return Converted(chosen, (*findings, *finding(column.name, "bad_enum", bad, text)))


def choose(text: pa.Array, choices: tuple[str, ...]) -> tuple[pa.Array, BoolArray]:
    """The values among ``choices`` (case and blank or hyphen for ``_`` do not matter), and which are none."""
    allowed = pa.array(choices)
    right = np.asarray(pc.is_in(text, allowed)) | ~is_known(text)
    if right.all():
        return text, ~right
    folded = pc.replace_substring_regex(pc.utf8_lower(text), r"[\s-]+", "_")
    like = np.asarray(pc.is_in(folded, allowed))
    bad = ~right & ~like
    return blanked(pc.if_else(as_mask(right), text, folded), bad), bad


def split_list(raw: pa.Array, text: pa.Array) -> Lists:
    """The entries of a list column: the file's own lists, or texts separated by ``;``; empty ones are kept.

    Parameters
    ----------
    raw : the column as read
    text : the same, cleaned; null where there is nothing
    """
    if pa.types.is_list(raw.type):
        lists, entries = raw, as_text(raw.flatten())
    else:
        lists = pc.split_pattern(text, ";")
        entries = lists.flatten()
    counts = np.asarray(pc.fill_null(pc.list_value_length(lists), 0)).astype(np.int64)
    parents = np.repeat(np.arange(len(lists)), counts)
    places = np.arange(len(parents)) - np.repeat(np.cumsum(counts) - counts, counts)
    found = Lists(composed(trimmed(entries)), parents, places, len(lists))
    return found.kept(is_known(text)[parents])
