"""Values that come typed (Parquet, JSON, Excel) as the text that the checks read."""

import datetime as dt
import json
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.ingest.text import as_mask

_WHOLE = 2**53


def values_as_array(values: Sequence[object]) -> pa.Array:
    """Python values as an Arrow array: of their own type where they all have one, as text otherwise."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {str}:
        return pa.array([_clean(value) for value in values], pa.string())
    if kinds == {list}:
        return pa.array([_text_list(value) for value in values], pa.list_(pa.string()))
    if kinds in ({float}, {bool}) or (kinds == {int} and _fits(values)):
        return pa.array(values)
    return pa.array([None if value is None else text_of(value) for value in values], pa.string())


def _fits(values: Sequence[object]) -> bool:
    """Whether all whole numbers fit into 64 bits."""
    return all(value is None or (isinstance(value, int) and abs(value) < 2**63) for value in values)


def _clean(value: object) -> str | None:
    """A text without lone surrogates, which no file can hold."""
    if not isinstance(value, str):
        return None
    return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _text_list(value: object) -> list[str] | None:
    if not isinstance(value, list):
        return None
    return [text_of(entry) for entry in value if entry is not None]


def text_of(value: object) -> str:
    """One value as text: no needless ``.0``, times in ISO 8601, lists joined by ``;``, the rest as JSON.

    Examples
    --------
    >>> text_of(13900001111.0), text_of(1.5), text_of(True), text_of({"a": 1})
    ('13900001111', '1.5', 'true', '{"a": 1}')
    """
    if isinstance(value, str):
        return _clean(value) or ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e18 else repr(value)
    if isinstance(value, (dt.date, dt.datetime, dt.time)):
        return value.isoformat()
    if isinstance(value, list) and not any(isinstance(entry, (dict, list)) for entry in value):
        return ";".join(text_of(entry) for entry in value if entry is not None)
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, sort_keys=True, default=text_of)
    return str(value)


def as_text(values: pa.Array) -> pa.Array:
    """A column of any type as text; null stays null.

    Lists are joined by ``;``, times are ISO 8601 (with ``Z`` where the column has a time zone), whole
    floating numbers have no ``.0``.
    """
    kind = values.type
    if pa.types.is_dictionary(kind):
        return as_text(values.dictionary_decode())
    if pa.types.is_string(kind):
        return values
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or _is_number(kind):
        return pc.cast(values, pa.string())
    if pa.types.is_floating(kind):
        return _float_text(pc.cast(values, pa.float64()))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _joined(values)
    if pa.types.is_timestamp(kind):
        return _timestamp_text(values)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return _binary_text(values)
    if pa.types.is_date(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return pc.cast(values, pa.string())
    return pa.array([None if value is None else text_of(value) for value in values.to_pylist()], pa.string())


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_decimal(kind))


def _float_text(values: pa.Array) -> pa.Array:
    numbers = np.asarray(pc.fill_null(values, 0.0))
    whole = np.isfinite(numbers) & (np.abs(numbers) <= _WHOLE)
    whole[whole] = np.floor(numbers[whole]) == numbers[whole]
    as_whole = pc.cast(pa.array(np.where(whole, numbers, 0.0).astype(np.int64)), pa.string())
    text = pc.if_else(as_mask(whole), as_whole, pc.cast(values, pa.string()))
    return pc.if_else(pc.is_valid(values), text, pa.scalar(None, pa.string()))


def _joined(values: pa.Array) -> pa.Array:
    if pa.types.is_large_list(values.type):
        values = pc.cast(values, pa.list_(values.type.value_type))
    flat = as_text(values.flatten())
    counts = pc.fill_null(pc.list_value_length(values), 0)
    offsets = np.concatenate(([0], np.cumsum(np.asarray(counts)))).astype(np.int32)
    lists = pa.ListArray.from_arrays(pa.array(offsets), pc.fill_null(flat, ""))
    joined = pc.binary_join(lists, ";")
    return pc.if_else(pc.is_valid(values), joined, pa.scalar(None, pa.string()))


def _timestamp_text(values: pa.Array) -> pa.Array:
    zone = "Z" if values.type.tz else ""
    micros = pc.cast(values.cast(pa.timestamp(values.type.unit)), pa.timestamp("us"), safe=False)
    moments = np.asarray(pc.fill_null(micros.cast(pa.int64()), 0)).astype("datetime64[us]")
    text = pa.array(np.datetime_as_string(moments).tolist(), pa.string())
    text = pc.binary_join_element_wise(text, pa.scalar(zone), "")
    return pc.if_else(pc.is_valid(values), text, pa.scalar(None, pa.string()))


def _binary_text(values: pa.Array) -> pa.Array:
    try:
        return pc.cast(values, pa.string())
    except pa.ArrowInvalid:
        return pa.array(
            [None if value is None else value.decode("utf-8", "replace") for value in values.to_pylist()],
            pa.string(),
        )
