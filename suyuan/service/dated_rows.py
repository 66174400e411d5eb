"""Rows of a store's tables as they were at a cut-off date: what is dated later is not there yet."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from suyuan.graph.snapshot import BoolArray
from suyuan.graph.store.base import View

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
    Times are microseconds since 1970 UTC; a day, month or year is its first moment. Order is not defined.
    """
    if as_of is None:
        for batch in view.batches(table, columns):
            yield from zip(*(batch.column(name).to_pylist() for name in ("id", *columns)), strict=True)
        return
    begins, ends = BEGINS.get(table), ENDS.get(table)
    told = [name for name in ends or () if name in columns]
    dates = [name for name in (begins, ends[0] if ends and told else None) if name and name not in columns]
    for batch in view.batches(table, [*columns, *dates]):
        cells: dict[str, list[Any]] = {name: batch.column(name).to_pylist() for name in ("id", *columns)}
        if ends and told:
            later = np.flatnonzero(_later(batch.column(ends[0]), as_of)).tolist()
            for name in told:
                for row in later:
                    cells[name][row] = None
        there = ~_later(batch.column(begins), as_of) if begins else np.ones(batch.num_rows, np.bool_)
        for row in np.flatnonzero(there).tolist():
            yield tuple(column[row] for column in cells.values())


def _later(times: pa.Array, as_of: int) -> BoolArray:
    return np.asarray(times.fill_null(as_of)) > as_of
