"""Texts sorted, found and spliced as Python would do it."""

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.graph.ids import canonical_id
from suyuan.graph.idtexts import canonical_ids, rows_by_kind
from suyuan.graph.splice import Splice
from suyuan.graph.texts import distinct, joined, locate, plain, sorted_order

LETTERS = st.text(alphabet="abAB:%é义😀", max_size=20)
LONG = st.tuples(LETTERS, LETTERS).map(lambda parts: f"Shipment:{parts[0] * 3}{parts[1]}")
TEXTS = st.lists(st.one_of(LETTERS, LONG), max_size=60)


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.booleans())
def test_sorted_order_is_that_of_python(texts: list[str], large: bool) -> None:
    array = pa.array(texts, pa.large_string() if large else pa.string())
    assert [texts[i] for i in sorted_order(array)] == sorted(texts)
    found = distinct(array)
    assert found.texts.to_pylist() == sorted(set(texts))
    assert [found.texts[int(place)].as_py() for place in found.place] == texts


@settings(max_examples=80, deadline=None)
@given(TEXTS, TEXTS)
def test_locate_counts_what_comes_before(held: list[str], wanted: list[str]) -> None:
    held = list(dict.fromkeys(held))
    order = sorted_order(pa.array(held, pa.string())).astype(np.int32)
    rank, found = locate(pa.array(held, pa.string()), order, pa.array(wanted, pa.string()))
    assert rank.tolist() == [sum(text < one for text in held) for one in wanted]
    assert found.tolist() == [one in held for one in wanted]


@settings(max_examples=100, deadline=None)
@given(st.data(), TEXTS, st.lists(LETTERS, max_size=10))
def test_splice_takes_out_and_puts_in(data: st.DataObject, held: list[str], new: list[str]) -> None:
    n = len(held)
    drop = sorted(data.draw(st.sets(st.integers(0, n - 1)))) if n else []
    at = sorted(data.draw(st.lists(st.integers(0, n), min_size=len(new), max_size=len(new))))
    expected: list[tuple[str, int]] = []
    for i in range(n + 1):
        expected += [(new[k], n + k) for k in range(len(new)) if at[k] == i]
        expected += [(held[i], i)] if i < n and i not in drop else []
    plan = Splice(n, np.array(drop, np.int64), np.array(at, np.int64))
    assert len(plan) == len(expected)
    spliced = plan.texts(pa.array(held, pa.string()), pa.array(new, pa.string()))
    assert spliced.to_pylist() == [text for text, _ in expected]
    numbers = [number for _, number in expected]
    for dtype in (np.int32, np.float64, np.bool_):
        old_values, new_values = np.arange(n).astype(dtype), (n + np.arange(len(new))).astype(dtype)
        assert np.array_equal(plan.array(old_values, new_values), np.array(numbers).astype(dtype))
    wide = plan.array(np.zeros((n, 16), np.uint8), np.ones((len(new), 16), np.uint8))
    assert wide.sum() == 16 * len(new)
    old_place, new_place = plan.new_places()
    assert [numbers[place] for place in new_place] == list(range(n, n + len(new)))
    assert [i for i in range(n) if old_place[i] < 0] == drop
    assert all(numbers[place] == i for i, place in enumerate(old_place) if place >= 0)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=6), st.text(min_size=1, max_size=6)), max_size=20))
def test_ids_of_columns_are_ids_of_rows(keys: list[tuple[str, str]]) -> None:
    keys = [("", "urn:x:1"), ("P", "urn:x:1"), *keys]
    columns = [pa.array([key[i] for key in keys], pa.string()) for i in range(2)]
    for kind in ("Lot", "Listing"):
        assert canonical_ids(kind, columns).to_pylist() == [canonical_id(kind, *key) for key in keys]


def test_rows_by_kind_leave_out_what_is_no_id() -> None:
    found = rows_by_kind(pa.array(["Firm:1", None, "Seller:a:b", "nonsense", "Firm:x\ny", "firm:2"]))
    assert {kind: rows.tolist() for kind, rows in found.items()} == {"Firm": [0, 4], "Seller": [2]}


def test_slices_and_chunks_become_plain() -> None:
    whole = pa.array(["a", "b", "c", "d"])
    assert plain(whole.slice(1, 2)).offset == 0
    assert plain(whole.slice(1, 2)).to_pylist() == ["b", "c"]
    assert plain(pa.chunked_array([whole.slice(2), whole])).to_pylist() == ["c", "d", "a", "b", "c", "d"]
    assert joined([]).to_pylist() == []
    assert joined([whole, pa.array(["e"], pa.large_string())]).to_pylist() == ["a", "b", "c", "d", "e"]
