"""Check numbers of rows: the same for the same row in any batch, another for any other value."""

import random

import numpy as np
import pyarrow as pa
import pytest

from suyuan.graph.records import batch_schema, digests
from suyuan.graph.rows import batch_of_rows
from suyuan.graph.store import row_checks
from suyuan.graph.store.row_checks import checked_columns, digest_words, fits_place, lower, upper
from suyuan.graph.tables import TABLES
from suyuan.graph.texts import plain, text_buffers
from tests.contract.building import batch, sample_rows
from tests.unit.graph.markets import random_tables


def checks_of(table: str, records: pa.RecordBatch, seq: int = 3) -> np.ndarray:
    words = digest_words(digests(TABLES[table], records))
    return row_checks.row_checks(TABLES[table], records, words, seq)


@pytest.mark.parametrize("table", list(TABLES))
def test_a_row_has_its_number_in_any_batch(table: str) -> None:
    rows = random_tables(random.Random(5), most=12)[table]
    records = batch_of_rows(TABLES[table], rows)
    whole = checks_of(table, records).tolist()
    assert [checks_of(table, records.slice(i, 1))[0] for i in range(len(records))] == whole
    assert checks_of(table, records.take(pa.array(np.arange(len(records))[::-1]))).tolist() == whole[::-1]


@pytest.mark.parametrize("table", list(TABLES))
def test_every_value_counts(table: str) -> None:
    records = batch(table, sample_rows(2)[table])
    words = digest_words(digests(TABLES[table], records))
    before = row_checks.row_checks(TABLES[table], records, words, 3)
    for name in batch_schema(TABLES[table]).names:
        swapped = records.column(name).take(pa.array([1, 0]))
        if swapped.equals(records.column(name)):
            swapped = pa.nulls(2, swapped.type)
        place = records.schema.get_field_index(name)
        changed = records.set_column(place, records.schema.field(place), swapped)
        after = row_checks.row_checks(TABLES[table], changed, words, 3)
        assert (upper(after) != upper(before)).all() == (name in checked_columns(TABLES[table])), name
        assert (lower(after) != lower(before)).all() == (name in ("row", "source_file")), name
    other = row_checks.row_checks(TABLES[table], records, words ^ np.uint64(1 << 63), 3)
    assert (upper(other) != upper(before)).all()
    assert (lower(other) != lower(before)).all()
    assert (lower(checks_of(table, records, seq=4)) != lower(before)).all()


def test_one_row_is_compared_like_many() -> None:
    records = batch("firms", sample_rows(3)["firms"])
    content = digests(TABLES["firms"], records)
    for check, digest, row in zip(
        checks_of("firms", records).tolist(), content, records.column("row").to_pylist(), strict=True
    ):
        assert fits_place(check, digest, 3, 1, row)
        assert not fits_place(check, digest, 4, 1, row)
        assert not fits_place(check, digest, 3, None, row)
        assert not fits_place(check, digest, 3, 1, row + 1)


def test_the_kernel_is_its_plain_form() -> None:
    texts = plain(pa.array(["", "义乌", None, "a" * 300, "\x00"]))
    known = np.array([True, True, False, True, True])
    state = np.arange(5, dtype=np.uint64)
    kernel = row_checks._with_texts  # pyright: ignore[reportPrivateUsage]
    spelt = getattr(kernel, "py_func", kernel)
    with np.errstate(over="ignore"):
        wanted = spelt(state, *text_buffers(texts), known)
        assert kernel(state, *text_buffers(texts), known).tolist() == wanted.tolist()
    assert len(set(wanted.tolist())) == 5
