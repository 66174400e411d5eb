import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.graph.ids import escape_key
from suyuan.ingest.text import blanked, composed, contains, key_part, map_unusual, text_bytes, trimmed

TEXTS = st.lists(
    st.none() | st.text(max_size=12) | st.text("ab:% \u3000\u00a0\n\x7f义é\u0301", max_size=8), max_size=20
)


@given(TEXTS, st.booleans())
def test_key_columns_are_escaped_as_one_by_one(texts: list[str | None], last: bool) -> None:
    expected = [None if text is None else escape_key(text, last=last) for text in texts]
    assert key_part(pa.array(texts, pa.string()), last=last).to_pylist() == expected


@given(TEXTS)
def test_trimmed_is_strip(texts: list[str | None]) -> None:
    expected = [(text.strip() or None) if text is not None else None for text in texts]
    assert trimmed(pa.array(texts, pa.string())).to_pylist() == expected


@given(TEXTS)
def test_composed_is_nfc(texts: list[str | None]) -> None:
    expected = [None if text is None else unicodedata.normalize("NFC", text) for text in texts]
    assert composed(pa.array(texts, pa.string())).to_pylist() == expected


@given(TEXTS, st.integers(0, 5), st.integers(0, 10))
def test_bytes_of_a_slice(texts: list[str | None], start: int, length: int) -> None:
    part = pa.array(texts, pa.string()).slice(start, length)
    seen = text_bytes(part)
    for place, text in enumerate(part.to_pylist()):
        if text is not None:
            assert seen.data[seen.offsets[place] : seen.offsets[place + 1]].tobytes() == text.encode()


@pytest.mark.parametrize("texts", [["ab", "cd", "ef"], ["ab", "x", "ef"], [None, "ab", "ef"]])
def test_fixed_width(texts: list[str | None]) -> None:
    values = pa.array(texts, pa.string())
    rows = np.array([place for place, text in enumerate(texts) if text and len(text) == 2])
    found = text_bytes(values).fixed_width(rows, 2)
    assert [row.tobytes().decode() for row in found] == [texts[place] for place in rows]


def test_contains_finds_nul_only_where_it_is() -> None:
    assert contains(pa.array(["a\0b", "ab", None]), "\0").tolist() == [True, False, False]


def test_blanked() -> None:
    values = blanked(pa.array([1, 2, 3]), np.array([False, True, False]))
    assert values.to_pylist() == [1, None, 3]


def test_map_unusual_asks_once_for_each_value() -> None:
    asked: list[str] = []

    def form(text: str) -> tuple[str, bool]:
        asked.append(text)
        return text.upper(), text != "b"

    values, wrong = map_unusual(pa.array(["a", "b", "a", None]), np.array([True, True, True, False]), form)
    assert values.to_pylist() == ["A", "B", "A", None]
    assert wrong.tolist() == [False, True, False, False]
    assert sorted(asked) == ["a", "b"]
