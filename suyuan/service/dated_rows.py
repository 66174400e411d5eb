"""Rows of a store's tables as they were at a cut-off date: what is dated later is not there yet."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from suyuan.graph.snapshot import BoolArray
from suyuan.graph.store.base import View
from suyuan.graph.times import parse_times

BEGINS: Final = {
    "sellers": "opened_at",
    "firms": "registered_at",
    "listings": "listed_at",
    "identifiers": "observed_at",
    "dispatches": "observed_at",
    "shipments": "departed_at",
    "findings": "decided_at",
    "leads": "reported_at",
    "watch_lists": "from",
    "ownerships": "from",
    "licences": "valid_from",
    "rights": "filed_at",
    "assignments": "at",
    "seizures": "at",
    "exhibits": "at",
    "notices": "at",
    "marks": "issued_at",
    "mark_scans": "at",
    "confirmed_origins": "confirmed_at",
    "customs_recordals": "valid_from",
}
"""The time by which a row of a table came to be; of other tables nothing is known, so their rows always hold."""

ENDS: Final[Mapping[str, tuple[str, ...]]] = {
    "sellers": ("closed_at",),
    "firms": ("dissolved_at",),
    "listings": ("delisted_at",),
    "leads": ("decided_at", "decision", "by"),
    "watch_lists": ("to",),
    "ownerships": ("to",),
}
"""What befell a row afterwards: the time of it first, then the columns that tell of it; unknown before that time."""


def dated_rows(
    view: View, table: str, columns: Sequence[str], as_of: int | None = None
) -> Iterator[tuple[Any, ...]]:
    """Id and columns of each row that was there at the cut-off; None where unknown, then or now.

    Parameters
    ----------
    view : reader of the store
    table, columns : as in the exchange format
    as_of : microseconds since 1970 UTC; rows dated later are left out, and so are closures, endings and decisions.
        Rows without a date are kept. None: everything.

    Notes
    -----
    A day, month or year counts as its first moment. Order is not defined.
    """
    begins, ends = BEGINS.get(table), ENDS.get(table, ())
    hidden = [name for name in ends if name in columns]
    more = [name for name in (begins, *(ends[:1] if hidden else ())) if name and name not in columns]
    read = [*columns, *(more if as_of is not None else ())]
    for batch in view.batches(table, read):
        texts: dict[str, list[Any]] = {name: batch.column(name).to_pylist() for name in ("id", *columns)}
        if as_of is None:
            yield from zip(*texts.values(), strict=True)
            continue
        if hidden:
            later = _later(batch.column(ends[0]), as_of)
            for name in hidden:
                texts[name] = [
                    None if gone else cell for gone, cell in zip(later.tolist(), texts[name], strict=True)
                ]
        there = ~_later(batch.column(begins), as_of) if begins else np.ones(batch.num_rows, np.bool_)
        for row in np.flatnonzero(there).tolist():
            yield tuple(column[row] for column in texts.values())


def _later(times: pa.Array, as_of: int) -> BoolArray:
    moments = parse_times(times)[0].fill_null(as_of)
    return np.asarray(moments) > as_of
