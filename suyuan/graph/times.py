"""Times of whole columns read back from ISO 8601 text, the inverse of :func:`suyuan.graph.records.time_texts`."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.records import Precision

MICROSECONDS_PER_DAY = 86_400_000_000

_REST = r"(-[0-9]{2}(-[0-9]{2}(T[0-9:.]+Z)?)?)?$"
_COMMON = "^[0-9]{4}" + _REST
_LONG_YEAR = re.compile("^-?[0-9]{3,}" + _REST)
_PRECISION_BY_LENGTH = {4: Precision.YEAR, 7: Precision.MONTH, 10: Precision.DAY}
_REST_OF_DATE = {4: "-01-01", 7: "-01"}


def parse_times(texts: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Microseconds and precisions of a column of times at their natural precision.

    Parameters
    ----------
    texts : text, ``2025``, ``2025-03``, ``2025-03-02`` or ``2025-03-02T10:10:00.5Z``; null is unknown.

    Returns
    -------
    int64 microseconds since 1970-01-01 UTC and int8 :class:`suyuan.graph.records.Precision`; null where unknown.

    Raises
    ------
    ValueError
        A text is no such time.

    Examples
    --------
    >>> moments, precisions = parse_times(pa.array(["2025-03-02", None]))
    >>> moments.to_pylist(), precisions.to_pylist()
    ([1740873600000000, None], [1, None])
    """
    common = pc.match_substring_regex(texts, _COMMON)
    if not pc.all(common, min_count=0).as_py():
        return _parse_each(texts)
    lengths = pc.utf8_length(texts)
    precisions = pa.scalar(int(Precision.EXACT), pa.int8())
    dates = texts
    for length, precision in _PRECISION_BY_LENGTH.items():
        here = pc.equal(lengths, length)
        precisions = pc.if_else(here, pa.scalar(int(precision), pa.int8()), precisions)
        rest = _REST_OF_DATE.get(length)
        if rest and pc.any(here, min_count=0).as_py():
            dates = pc.if_else(here, pc.binary_join_element_wise(texts, rest, ""), dates)
    moments = pc.cast(pc.utf8_rtrim(dates, "Z"), pa.timestamp("us"))
    return pc.cast(moments, pa.int64()), precisions


def _parse_each(texts: pa.Array) -> tuple[pa.Array, pa.Array]:
    """For years that do not have four digits."""
    moments: list[int | None] = []
    precisions: list[int | None] = []
    for text in texts.to_pylist():
        if text is not None and not _LONG_YEAR.match(text):
            raise ValueError(f"{text!r} is no time in ISO 8601 at its own precision.")
        moments.append(None if text is None else int(np.datetime64(text.rstrip("Z"), "us").astype(np.int64)))
        precisions.append(None if text is None else _precision(text))
    return pa.array(moments, pa.int64()), pa.array(precisions, pa.int8())


def _precision(text: str) -> Precision:
    if "T" in text:
        return Precision.EXACT
    return (Precision.YEAR, Precision.MONTH, Precision.DAY)[text[1:].count("-")]
