"""Pairs of shipping and receiving events."""

from collections.abc import Sequence

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.ingest.epcis.movements import MOVE_SCHEMA, matched, move_table

Move = tuple[str, str, int, str | None, str]
"""Key, step, time, site, items."""


def table(moves: Sequence[Move], in_error: Sequence[str] = (), document: int = 0) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "key": key, "base": key.partition("#")[0], "micros": micros, "items": items.encode().ljust(16),
                "site_id": site, "biz_step": step, "in_error": key in in_error, "document": document, "row": place,
            }
            for place, (key, step, micros, site, items) in enumerate(moves)
        ],
        schema=MOVE_SCHEMA,
    )  # fmt: skip


def pairs(moves: Sequence[Move], in_error: Sequence[str] = ()) -> set[tuple[str, str]]:
    found = matched(table(moves, in_error))
    return {(moves[pair.shipping][0], moves[pair.receiving][0]) for pair in found}


def test_the_first_later_receipt_elsewhere_of_the_same_items() -> None:
    moves: list[Move] = [
        ("s1", "shipping", 10, "A", "x"),
        ("early", "receiving", 10, "B", "x"),
        ("same place", "receiving", 11, "A", "x"),
        ("other goods", "receiving", 12, "B", "y"),
        ("r1", "receiving", 13, "B", "x"),
        ("r2", "receiving", 14, "C", "x"),
        ("s2", "shipping", 12, "B", "x"),
    ]
    assert pairs(moves) == {("s1", "r1"), ("s2", "r2")}


def test_each_is_used_once_and_the_earliest_shipping_goes_first() -> None:
    moves: list[Move] = [
        ("late", "shipping", 3, "A", "x"),
        ("soon", "shipping", 2, "A", "x"),
        ("receipt", "receiving", 5, "B", "x"),
    ]
    assert pairs(moves) == {("soon", "receipt")}


def test_no_place_and_errors_take_no_part() -> None:
    moves: list[Move] = [
        ("s", "shipping", 1, None, "x"),
        ("t", "shipping", 2, "A", "x"),
        ("t#2", "shipping", 2, "A", "x"),
        ("r", "receiving", 5, "B", "x"),
    ]
    assert pairs(moves, in_error=["t#2"]) == set()
    assert pairs([]) == set()


def test_the_first_source_of_a_key_counts() -> None:
    found = move_table(
        [table([("k", "shipping", 1, "A", "x")]), table([("k", "shipping", 1, "A", "x")], document=-1)]
    )
    assert found["document"].to_pylist() == [0]
    assert move_table([]).num_rows == 0


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["shipping", "receiving"]),
            st.integers(0, 6),
            st.sampled_from("AB"),
            st.sampled_from("xy"),
        ),
        max_size=12,
    )
)
def test_as_one_would_by_hand(rows: list[tuple[str, int, str, str]]) -> None:
    moves: list[Move] = [(f"k{place:02d}", *row) for place, row in enumerate(rows)]
    expected: set[tuple[str, str]] = set()
    used: set[str] = set()
    for key, step, at, site, items in sorted(moves, key=lambda move: (move[2], move[0])):
        if step != "shipping":
            continue
        fitting = [
            move
            for move in sorted(moves, key=lambda move: (move[2], move[0]))
            if move[1] == "receiving"
            and move[2] > at
            and move[3] != site
            and move[4] == items
            and move[0] not in used
        ]
        if fitting:
            used.add(fitting[0][0])
            expected.add((key, fitting[0][0]))
    assert pairs(moves) == expected
