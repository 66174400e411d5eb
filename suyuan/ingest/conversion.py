"""Rows of a file turned into records of a table.

The order is fixed: every column is converted by its type, numbers get their normal forms, times that
contradict each other are settled, keys are looked at, and what is left becomes a batch of records.

Of two times in the wrong order (``departed_at`` after ``arrived_at``) the later column of the pair becomes
unknown: one of the two must be wrong, and an open end claims less than a wrong one. The report names both
values. Times are compared at the precision they have: a day contradicts only what lies wholly before or
after it.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.model import Column, Table
from suyuan.graph.records import batch_schema, time_texts
from suyuan.ingest.checks import check_columns, claimed_numbers, normal_claims
from suyuan.ingest.extras import extra_objects
from suyuan.ingest.findings import Code, Finding, finding
from suyuan.ingest.references import canonical_ids, lot_ids
from suyuan.ingest.tabular import RawBatch
from suyuan.ingest.text import (
    NULL_TEXT,
    BoolArray,
    IntArray,
    as_mask,
    blanked,
    is_known,
    key_part,
    text_bytes,
)
from suyuan.ingest.times import Times
from suyuan.ingest.values import (
    LONGEST_KEY,
    LONGEST_LIST,
    LONGEST_TEXT,
    Lists,
    choose,
    clean,
    convert,
    split_list,
)

_LOT_PRODUCTS = {"input_lots": "input_products", "output_lots": "output_products"}


@dataclass(frozen=True, slots=True)
class Conversion:
    """What became of a batch of rows.

    Attributes
    ----------
    records : the rows with a key, in the schema of :func:`suyuan.graph.records.batch_schema`;
        ``source_file`` is 0
    positions : int64, shape (records,), place of each record in the batch of rows
    rejected : bool, shape (rows,), rows without a key
    findings : everything found wrong
    unzoned_of_row : int64, shape (rows,), how many of its times were read as UTC for want of an offset
    """

    records: pa.RecordBatch
    positions: IntArray
    rejected: BoolArray
    findings: tuple[Finding, ...]
    unzoned_of_row: IntArray

    @property
    def unzoned(self) -> int:
        """How many times were read as UTC for want of an offset."""
        return int(self.unzoned_of_row.sum())


@cache
def short_columns(table: Table) -> frozenset[str]:
    """Columns that take part in keys: of the record itself or of the nodes it names."""
    ends = [end for edge in table.edges for end in (edge.source, edge.target)]
    return frozenset(table.key).union(*(end.columns for end in ends))


@cache
def key_columns(table: Table) -> frozenset[str]:
    """Columns that a record's id depends on: the key, and what its normal form is told by."""
    checked = {table.column(name).check for name in table.key}
    return frozenset(table.key) | ({"country"} if "credit_code" in checked else set())


def convert_rows(table: Table, raw: RawBatch, *, keys_only: bool = False) -> Conversion:
    """Records of ``table`` from rows whose columns have the table's names.

    Parameters
    ----------
    raw : the rows; columns that the table does not declare become extra properties
    keys_only : convert only what the ids depend on; every other column is left unknown
    """
    work = _Work(table, raw)
    wanted = key_columns(table) if keys_only else None
    for column in table.columns:
        if column.name in raw.columns and (wanted is None or column.name in wanted):
            work.convert(column)
    if not keys_only:
        work.convert_lots()
        work.settle_order()
    work.findings += check_columns(table, work.columns)
    return work.finish(with_extra=not keys_only)


class _Work:
    """The columns of one batch while they are being converted."""

    def __init__(self, table: Table, raw: RawBatch) -> None:
        self.table = table
        self.raw = raw
        self.rows = len(raw.rows)
        self.columns: dict[str, pa.Array] = {}
        self.times: dict[str, Times] = {}
        self.lists: dict[str, Lists] = {}
        self.findings: list[Finding] = []
        self.unzoned_of_row = np.zeros(self.rows, dtype=np.int64)

    def convert(self, column: Column) -> None:
        """One column by its declared type."""
        short = column.name in short_columns(self.table)
        if column.type in ("list", "ids"):
            self._list(column)
            return
        converted = convert(column, self.raw.columns[column.name], key=short, damaged=self.raw.damaged)
        self.findings += converted.findings
        values = converted.values
        if column.type == "id":
            values, bad = canonical_ids(converted.values, _kinds_of(self.table, column.name))
            self.findings += finding(column.name, "unknown_reference", bad, converted.values)
            values = blanked(values, bad)
        if converted.times is not None:
            self.times[column.name] = converted.times
            self.unzoned_of_row += converted.times.unzoned
        self.columns[column.name] = values

    def _list(self, column: Column) -> None:
        raw = self.raw.columns[column.name]
        text, findings = clean(raw, column.name, longest=LONGEST_TEXT, damaged=self.raw.damaged)
        self.findings += findings
        if not pa.types.is_list(raw.type):
            raw = text
        lists = split_list(raw, text)
        long = np.bincount(lists.parents, minlength=self.rows) > LONGEST_LIST
        self.findings += finding(column.name, "out_of_range", long, text)
        lists = lists.kept(~long[lists.parents])
        if column.name in short_columns(self.table):
            huge = text_bytes(lists.entries).lengths > LONGEST_KEY
            self._list_finding(column.name, "out_of_range", lists, huge)
            lists = lists.kept(~huge)
        if column.choices:
            chosen, bad = choose(lists.entries, column.choices)
            self._list_finding(column.name, "bad_enum", lists, bad)
            lists = Lists(chosen, lists.parents, lists.places, lists.rows)
        self.lists[column.name] = lists
        if column.type == "list":
            self._keep_list(column, lists)

    def _keep_list(self, column: Column, lists: Lists) -> None:
        entries = lists.entries
        if column.name in claimed_numbers(self.table):
            entries = normal_claims(entries)
        full = Lists(entries, lists.parents, lists.places, lists.rows)
        self.columns[column.name] = full.kept(is_known(entries)).array()

    def _list_finding(self, name: str, code: Code, lists: Lists, bad: BoolArray) -> None:
        for found in finding(name, code, bad, lists.entries):
            self.findings.append(Finding(name, code, lists.parents[found.positions], found.values))

    def convert_lots(self) -> None:
        """Lists of canonical ids; lots are paired with the products beside them."""
        for column in self.table.columns:
            if column.type != "ids" or column.name not in self.lists:
                continue
            lists = self.lists[column.name]
            products = self.lists.get(_LOT_PRODUCTS.get(column.name, ""))
            if _kinds_of(self.table, column.name) == ("Lot",):
                ids, bad = lot_ids(lists, products)
            else:
                ids, bad = canonical_ids(lists.entries, _kinds_of(self.table, column.name))
            self._list_finding(column.name, "unknown_reference", lists, bad)
            full = Lists(ids, lists.parents, lists.places, lists.rows)
            self.columns[column.name] = full.kept(is_known(ids) & ~bad).array()

    def settle_order(self) -> None:
        """Times that contradict each other: the later column of the pair becomes unknown."""
        for first, second in self.table.in_order:
            if first not in self.times or second not in self.times:
                continue
            before, after = self.times[first], self.times[second]
            wrong = before.known & after.known & (before.starts > after.ends())
            if not wrong.any():
                continue
            shown = pc.binary_join_element_wise(
                pa.scalar(f"{first} "), self._time_text(first), f" > {second} ", self._time_text(second), ""
            )
            self.findings += finding(second, "contradiction", wrong, shown)
            kept = after.known & ~wrong
            settled = Times(after.starts, after.precisions, kept, after.bad, after.unzoned)
            self.times[second] = settled
            self.columns[second] = settled.arrays()[0]

    def _time_text(self, name: str) -> pa.Array:
        values, precisions = self.times[name].arrays()
        return time_texts(values, precisions)

    def finish(self, *, with_extra: bool) -> Conversion:
        """The records of the rows that have a key."""
        rejected = self._without_key()
        names = [name for name in self.raw.columns if name not in self.table.by_name]
        extra, findings = extra_objects(self.raw, names if with_extra else [])
        self.findings += findings
        arrays = [self._ids(), *self._values(), extra, self._zeros(), pa.array(self.raw.rows)]
        records = pa.RecordBatch.from_arrays(arrays, schema=batch_schema(self.table))
        if rejected.any():
            records = records.filter(as_mask(~rejected))
        places = np.flatnonzero(~rejected)
        return Conversion(records, places, rejected, tuple(self.findings), self.unzoned_of_row)

    def _zeros(self) -> pa.Array:
        return pa.array(np.zeros(self.rows, dtype=np.int32))

    def _values(self) -> list[pa.Array]:
        arrays: list[pa.Array] = []
        for field in batch_schema(self.table):
            name = field.name
            if name in ("id", "extra", "source_file", "row"):
                continue
            of_time = name.removesuffix("_precision")
            if name not in self.table.by_name and of_time in self.times:
                arrays.append(self.times[of_time].arrays()[1])
            else:
                values = self.columns.get(name)
                arrays.append(pa.nulls(self.rows, field.type) if values is None else values.cast(field.type))
        return arrays

    def _without_key(self) -> BoolArray:
        """Rows that lack a key column; those where it was there but bad have been reported already."""
        spoiled = np.zeros(self.rows, dtype=bool)
        for item in self.findings:
            if item.column in self.table.key and item.code != "bad_identifier":
                spoiled[item.positions] = True
        lacking = np.zeros(self.rows, dtype=bool)
        for name in self.table.key:
            known = is_known(self.columns[name]) if name in self.columns else np.zeros(self.rows, dtype=bool)
            missing = ~known & ~spoiled & ~lacking
            if missing.any():
                shown = pa.array([""] * self.rows, pa.string())
                self.findings += finding(name, "missing_key", missing, shown)
            lacking |= ~known
        return lacking

    def _ids(self) -> pa.Array:
        last = len(self.table.key) - 1
        parts = [
            key_part(self._key_text(name), last=place == last) for place, name in enumerate(self.table.key)
        ]
        kind = pa.scalar(self.table.kind or self.table.name)
        return pc.binary_join_element_wise(kind, *parts, ":")

    def _key_text(self, name: str) -> pa.Array:
        if name in self.times:
            return self._time_text(name)
        values = self.columns.get(name)
        return (
            pa.nulls(self.rows, pa.string())
            if values is None
            else pc.if_else(pc.is_valid(values), values, NULL_TEXT)
        )


@cache
def _kinds_of(table: Table, column: str) -> tuple[str, ...]:
    """Kinds that a column of canonical ids may name; empty for any."""
    found: dict[str, None] = {}
    for edge in table.edges:
        for end in (edge.source, edge.target):
            if end.kind is None and column in end.columns:
                if not end.kinds:
                    return ()
                found.update(dict.fromkeys(end.kinds))
    return tuple(found)
