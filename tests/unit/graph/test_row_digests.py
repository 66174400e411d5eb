"""Digests row by row equal those by columns."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.graph.records import digests
from suyuan.graph.row_digests import row_digests
from suyuan.graph.tables import TABLES
from tests.contract.building import batch, sample_rows


@pytest.mark.parametrize("table", TABLES)
def test_of_filled_and_sparse_rows(table: str) -> None:
    rows = sample_rows(4)[table]
    sparse = [{name: row[name] for name in TABLES[table].key} for row in rows[2:]]
    records = batch(table, [*rows[:2], *sparse])
    assert row_digests(TABLES[table], records.to_pylist()) == digests(TABLES[table], records)


texts = (
    st.none() | st.text(st.characters(codec="utf-8"), max_size=9) | st.sampled_from(["\x1f", "a\x1f=b", ""])
)
shipments = st.fixed_dictionaries(
    {
        "shipment_id": st.uuids().map(str),
        "quantity": st.none() | st.floats(allow_nan=False),
        "declared_value": st.none() | st.floats(allow_nan=False),
        "departed_at": st.none() | st.integers(-(2**60), 2**60).map(lambda at: (at, 0)),
        "unit": texts,
        "extra": texts,
    }
)


@given(st.lists(shipments, max_size=4))
def test_of_random_shipments(rows: list[dict[str, Any]]) -> None:
    records = batch("shipments", rows)
    assert row_digests(TABLES["shipments"], records.to_pylist()) == digests(TABLES["shipments"], records)


@given(st.lists(st.none() | st.lists(texts.filter(lambda text: text is not None), max_size=3), max_size=4))
def test_of_random_lists(lists: list[list[str] | None]) -> None:
    records = batch("products", [{"product_id": str(i), "right_ids": each} for i, each in enumerate(lists)])
    assert row_digests(TABLES["products"], records.to_pylist()) == digests(TABLES["products"], records)
