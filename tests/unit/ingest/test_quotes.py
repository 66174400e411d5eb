import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.ingest import quotes
from suyuan.ingest.quotes import QuoteParity, RecordBlocks, of_one_cell


def repaired(text: str, block: int, columns: int = 2) -> str:
    blocks = list(RecordBlocks(io.BytesIO(text.encode()), columns, ",", block))
    assert all(blocks)
    return b"".join(blocks).decode()


@pytest.mark.parametrize("block", [16, 64, 1000])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\nc,d", "a,b\nc,d"),
        ('a,"b\nc"\nd,e\n', 'a,"b\nc"\nd,e\n'),
        ('a,"b\nc,d\n', '"a,""b"\nc,d\n'),
        ('a,b\nc,"d', 'a,b\n"c,""d"\n'),
        ('a,"b\nc,d\ne,"f\ng,h\n', '"a,""b"\nc,d\n"e,""f"\ng,h\n'),
        ('a,5""\nb,c\n', 'a,5""\nb,c\n'),
        ('a,"x\r\n"\r\nb,"c\r\n', 'a,"x\r\n"\r\n"b,""c"\r\n'),
    ],
)
def test_repair(text: str, expected: str, block: int) -> None:
    assert repaired(text, block) == expected


@given(st.text('a,\n"', max_size=40), st.integers(40, 100))
def test_nothing_is_lost(text: str, block: int) -> None:
    result = repaired(text, block).replace('"', "")
    assert result.rstrip("\n") == text.replace('"', "").rstrip("\n")


@given(st.text('a,\n"', max_size=40), st.integers(1, 9))
def test_parity(text: str, size: int) -> None:
    parity = QuoteParity()
    data = text.encode()
    for start in range(0, len(data), size):
        parity.add(data[start : start + size])
    assert parity.is_odd == any(line.count('"') % 2 for line in text.split("\n"))


@pytest.mark.parametrize(
    ("text", "line"), [('"a,""b"', 'a,"b'), ("a", None), ('"', None), ('"a"b"', None), ('""', "")]
)
def test_of_one_cell(text: str, line: str | None) -> None:
    assert of_one_cell(text) == line


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_blocks_are_whole_rows(end: str) -> None:
    text = end.join(f"{n},x" for n in range(100))
    blocks = list(RecordBlocks(io.BytesIO(text.encode()), 2, ",", 16, odd_quotes=False))
    assert len(blocks) > 10
    assert b"".join(blocks).decode() == text
    assert all(block.endswith(end[-1].encode()) for block in blocks[:-1])


def test_rows_that_do_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotes, "_LONGEST_ROW", 100)
    with pytest.raises(quotes.RowTooLong):
        list(RecordBlocks(io.BytesIO(b"x" * 1000), 2, ",", 16))
