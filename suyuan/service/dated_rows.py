"""Rows of a store's tables as they were at a cut-off date: what is dated later is not there yet."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import compress
from typing import Any, Final

import numpy as np
import pyarrow as pa

from suyuan.graph.records import value_fields
from suyuan.graph.snapshot import Int64Array
from suyuan.graph.store.base import View
from suyuan.graph.tables import TABLES

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


ALWAYS: Final = int(np.iinfo(np.int64).min)
"""The time of a row without a date, microseconds since 1970 UTC: it was there from the first."""


class _Part:
    """Rows of a table in memory; what Python sees of a column is made once."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self.batch = batch
        self._cells: dict[str, list[Any]] = {}
        self._times: dict[str, Int64Array] = {}

    def cells(self, name: str) -> list[Any]:
        """Values of a column; not to be changed."""
        found = self._cells.get(name)
        if found is None:
            found = self._cells[name] = self.batch.column(name).to_pylist()
        return found

    def times(self, name: str) -> Int64Array:
        """Times of a column, ALWAYS where there is none: int64, shape (n_rows,)."""
        found = self._times.get(name)
        if found is None:
            found = self._times[name] = np.asarray(self.batch.column(name).fill_null(ALWAYS))
        return found


class DatedTables:
    """Tables of a view that are read once and cut at many dates; :func:`dated_rows` takes one in place of the view.

    A table is read whole when it is first asked for, and stays in memory, in Arrow, as long as this object.
    """

    def __init__(self, view: View) -> None:
        self.seq = view.seq
        self._view = view
        self._parts: dict[str, _Part] = {}

    def batches(self, table: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Columns of all rows of a table, by id."""
        yield self.part(table).batch.select(list(columns))

    def part(self, table: str) -> _Part:
        """All rows of a table, by id."""
        found = self._parts.get(table)
        if found is None:
            found = self._parts[table] = self._read(table)
        return found

    def _read(self, table: str) -> _Part:
        declared = TABLES[table]
        schema = pa.schema([pa.field("id", pa.string()), *value_fields(declared)])
        batches = [batch.select(schema.names) for batch in self._view.batches(table, schema.names)]
        whole = pa.Table.from_batches(batches, schema).sort_by("id")
        columns = [
            pa.concat_arrays(one.chunks) if one.num_chunks else pa.array([], one.type)
            for one in whole.columns
        ]
        return _Part(pa.RecordBatch.from_arrays(columns, schema=schema))


def _parts(view: View | DatedTables, table: str, columns: Sequence[str]) -> Iterator[_Part]:
    if isinstance(view, DatedTables):
        yield view.part(table)
    else:
        yield from map(_Part, view.batches(table, columns))


def dated_rows(
    view: View | DatedTables, table: str, columns: Sequence[str], as_of: int | None = None
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
    names = ("id", *columns)
    if as_of is None:
        for part in _parts(view, table, columns):
            yield from zip(*(part.cells(name) for name in names), strict=True)
        return
    begins, ends = BEGINS.get(table), ENDS.get(table)
    told = [name for name in ends or () if name in columns]
    dates = [name for name in (begins, ends[0] if ends and told else None) if name and name not in columns]
    for part in _parts(view, table, [*columns, *dates]):
        cells = {name: part.cells(name) for name in names}
        if ends and told:
            later = np.flatnonzero(part.times(ends[0]) > as_of).tolist()
            for name in told:
                cells[name] = _without(cells[name], later)
        rows = zip(*(cells[name] for name in names), strict=True)
        yield from compress(rows, (part.times(begins) <= as_of).tolist()) if begins else rows


def _without(cells: Sequence[Any], rows: Sequence[int]) -> list[Any]:
    """A copy of a column in which some rows are unknown."""
    found = list(cells)
    for row in rows:
        found[row] = None
    return found


def rows_with_begin(
    view: View | DatedTables, table: str, columns: Sequence[str]
) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """When each row came to be (ALWAYS if unknown), and its id and columns: the same at every cut-off from then on.

    Raises
    ------
    ValueError
        A column tells what befell a row afterwards (ENDS), which is not known from its beginning.
    """
    if told := [name for name in ENDS.get(table, ()) if name in columns]:
        raise ValueError(f"{', '.join(told)} of {table} may change after a row came to be")
    begins = BEGINS.get(table)
    for part in _parts(view, table, [*columns, *([begins] if begins else [])]):
        moments = part.times(begins).tolist() if begins else [ALWAYS] * part.batch.num_rows
        yield from zip(
            moments, zip(*(part.cells(name) for name in ("id", *columns)), strict=True), strict=True
        )
