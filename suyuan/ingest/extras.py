"""Columns that no table declares, as one JSON object per row with sorted keys."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.ingest.findings import Finding
from suyuan.ingest.natives import as_text
from suyuan.ingest.tabular import RawBatch
from suyuan.ingest.text import NULL_TEXT, blanked, matches, replaced, text_bytes
from suyuan.ingest.values import LONGEST_TEXT, clean

_ESCAPED = np.zeros(256, dtype=bool)
_ESCAPED[:0x20] = True
_ESCAPED[[0x22, 0x5C, 0x7F]] = True


def extra_objects(raw: RawBatch, names: list[str]) -> tuple[pa.Array, list[Finding]]:
    """The named columns as JSON objects; null for a row in which all are unknown.

    Numbers and truth values that the file format types stay such, and so does JSON text that Arrow types as JSON;
    everything else is text.
    """
    rows = len(raw.rows)
    findings: list[Finding] = []
    pieces: list[pa.Array] = []
    for name in sorted(names):
        values, found = _json_values(raw.columns[name], name, damaged=raw.damaged)
        findings += found
        if values.null_count < rows:
            opening = pa.scalar("," + json.dumps(name, ensure_ascii=False) + ":")
            pieces.append(pc.fill_null(pc.binary_join_element_wise(opening, values, ""), ""))
    if not pieces:
        return pa.nulls(rows, pa.string()), findings
    joined = pc.utf8_slice_codeunits(pc.binary_join_element_wise(*pieces, ""), start=1)
    objects = pc.binary_join_element_wise(pa.scalar("{"), joined, pa.scalar("}"), "")
    return blanked(objects, text_bytes(joined).lengths == 0), findings


def _json_values(values: pa.Array, name: str, *, damaged: bool) -> tuple[pa.Array, list[Finding]]:
    if isinstance(values, pa.ExtensionArray):
        return values.storage, []
    kind = values.type
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return as_text(values), []
    if pa.types.is_floating(kind):
        finite = pc.fill_null(pc.is_finite(values), fill_value=False)
        return pc.if_else(finite, as_text(values), NULL_TEXT), []
    if pa.types.is_struct(kind) or pa.types.is_list(kind):
        return _nested(values), []
    text, findings = clean(values, name, longest=LONGEST_TEXT, damaged=damaged)
    return _quoted(text), findings


def _nested(values: pa.Array) -> pa.Array:
    dumped = [
        None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
        for value in values.to_pylist()
    ]
    return pa.array(dumped, pa.string())


def _quoted(text: pa.Array) -> pa.Array:
    used = text_bytes(text).used
    if len(used) and _ESCAPED[used].any():
        unusual = matches(text, r'["\\\x00-\x1f\x7f]')
        plain = replaced(text, unusual, lambda value: json.dumps(value, ensure_ascii=False)[1:-1])
        text = plain
    return pc.binary_join_element_wise(pa.scalar('"'), text, pa.scalar('"'), "")
