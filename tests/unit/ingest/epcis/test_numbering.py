"""Keys of events whose ids are reused, within a document and across documents."""

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.ingest.epcis.numbering import KeyBook

Event = tuple[str, bytes, int]


def numbered(book: KeyBook, events: list[Event]) -> tuple[list[str], list[bool]]:
    bases = pa.array([event[0] for event in events], pa.string())
    contents = pa.array([event[1] for event in events], pa.binary())
    keys = book.number(bases, contents, np.array([event[2] for event in events], np.int64))
    return keys.of(bases).to_pylist(), keys.first.tolist()


def test_by_time_then_content_whatever_the_order_of_events() -> None:
    events: list[Event] = [("a", b"3", 5), ("a", b"2", 9), ("b", b"1", 0), ("a", b"1", 5), ("a", b"3", 5)]
    keys, first = numbered(KeyBook(), events)
    assert keys == ["a#2", "a#3", "b", "a", "a#2"]
    assert first == [True, True, True, True, False]


def test_later_documents_go_on_counting_and_know_the_same_content() -> None:
    book = KeyBook()
    numbered(book, [("a", b"1", 5), ("a", b"2", 6)])
    assert numbered(book, [("a", b"0", 1), ("a", b"2", 6), ("c", b"1", 1)])[0] == ["a#3", "a#2", "c"]
    assert numbered(book, [])[0] == []


def test_events_of_the_store() -> None:
    book = KeyBook()
    book.add_known(pa.array(["a", "a"]), pa.array([b"1", b"2"]), np.array([1, 4], np.int32))
    assert numbered(book, [("a", b"2", 0), ("a", b"9", 0)])[0] == ["a#4", "a#5"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from("abc"), st.sampled_from([b"x", b"y", b"z"]), st.integers(0, 3)),
            max_size=8,
        ),
        max_size=3,
    )
)
def test_as_one_would_by_hand(documents: list[list[Event]]) -> None:
    book, known = KeyBook(), dict[tuple[str, bytes], int]()
    for events in documents:
        # The time of an event belongs to its content; the first that is met stands for all.
        times: dict[tuple[str, bytes], int] = {}
        for base, content, micros in events:
            times.setdefault((base, content), micros)
        for (base, content), _ in sorted(times.items(), key=lambda item: (item[0][0], item[1], item[0][1])):
            if (base, content) not in known:
                known[base, content] = 1 + sum(other == base for other, _ in known)
        expected = [
            base if known[base, content] == 1 else f"{base}#{known[base, content]}"
            for base, content, _ in events
        ]
        assert numbered(book, events)[0] == expected
