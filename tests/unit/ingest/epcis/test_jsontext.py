"""JSON step by step, whatever the size of what is read at once."""

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.errors import IngestError
from suyuan.ingest.epcis import jsontext
from suyuan.ingest.epcis.jsontext import JsonText

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def walked(text: bytes) -> Any:
    """A document read by its members and the entries of its lists."""
    reading = JsonText(io.BytesIO(text), "x.json")
    found: dict[str, Any] = {}
    for key in reading.members():
        if reading.peek() == "[":
            found[key] = [reading.value() for _ in reading.items()]
        else:
            found[key] = reading.value()
    reading.end()
    return found


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.text(), VALUES, max_size=5),
    st.integers(1, 9),
    st.booleans(),
    st.sampled_from([None, 2]),
)
def test_reads_what_the_whole_decoder_reads(
    value: dict[str, Any], chunk: int, ascii_only: bool, indent: int | None
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "surrogatepass")
    try:
        text.decode()
    except UnicodeDecodeError:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsontext, "_CHUNK", chunk)
        assert walked(text) == value


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_byte_order_marks(mark: bytes) -> None:
    assert walked(mark + b'{"a": 1}') == {"a": 1}
    assert walked('{"a": "义乌"}'.encode("utf-16")) == {"a": "义乌"}


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ('{"a": 1,\n "b": [1,\n  2,\n ]}', "line 4, column 2", "comma"),
        ('{"a": {"b": 1,\n}}', "line 2, column 1", "comma"),
        ('{"a": 1,\n}', "line 2, column 1", "comma"),
        ('{"a": tru}', "line 1, column 7", "expecting value"),
        ('{"a": 1', "line 1, column 8", "cut off"),
        ('{"a": "x', "line 1, column 7", "unterminated"),
        ('{"a": 1} x', "line 1, column 10", "nothing may follow"),
        ('{"a": NaN}', "line 1, column 7", "NaN"),
        ("[1]", "line 1, column 1", "expected '{'"),
        ("{a: 1}", "line 1, column 2", "double quotes"),
        ('{"a" 1}', "line 1, column 6", "expected ':'"),
    ],
)
@pytest.mark.parametrize("chunk", [1, 5, 1000])
def test_damage_is_told_with_its_place(
    text: str, place: str, what: str, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsontext, "_CHUNK", chunk)
    with pytest.raises(IngestError) as caught:
        walked(text.encode())
    assert place in caught.value.message
    assert what in caught.value.message
    assert caught.value.source == "x.json"


def test_deep_nesting_and_bytes_that_are_no_text_are_errors() -> None:
    with pytest.raises(IngestError, match="cannot be read"):
        walked(b'{"a": {"b": ' + b"[" * 200_000 + b"]" * 200_000 + b"}}")
    with pytest.raises(IngestError, match="no Unicode text"):
        walked(b'{"a": "\xff\xfe"}')
