"""Entries made by columns equal those made text by text."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from suyuan.graph.model import NODE_KINDS
from suyuan.graph.records import batch_schema
from suyuan.graph.searchtext import fold, tokens
from suyuan.graph.store.search_entries import bodies, entry_columns, folded, is_indexed, names
from suyuan.graph.tables import TABLES

texts = st.none() | st.text(max_size=20) | st.text(st.characters(max_codepoint=127), max_size=20)


@given(st.lists(texts, max_size=4))
def test_folding_by_columns_equals_folding_by_text(values: list[str | None]) -> None:
    wanted = [None if value is None else fold(value) for value in values]
    assert folded(pa.array(values, pa.string())).to_pylist() == wanted


@given(st.lists(st.tuples(texts, texts, texts, st.text(max_size=8)), max_size=4))
def test_bodies_hold_the_tokens_in_column_order(
    rows: list[tuple[str | None, str | None, str | None, str]],
) -> None:
    table = TABLES["firms"]
    columns = entry_columns(table)
    assert columns == ["name", "legal_representative", "address", "firm_id"]
    batch = pa.RecordBatch.from_pylist(
        [dict(zip(columns, row, strict=True)) for row in rows], schema=batch_schema(table)
    )
    wanted = [[token for text in row if text is not None for token in tokens(text)] for row in rows]
    assert [body.split(" ") if body else [] for body in bodies(table, batch).to_pylist()] == wanted
    assert names(table, batch).to_pylist() == [next(text for text in row if text is not None) for row in rows]


def test_every_node_with_a_plain_key_or_a_name_is_indexed() -> None:
    left_out = {name for name, table in TABLES.items() if table.kind and not is_indexed(table)}
    assert left_out == {"assignments", "mark_scans", "dispatches"}
    assert not any(is_indexed(table) for table in TABLES.values() if table.kind not in NODE_KINDS)
