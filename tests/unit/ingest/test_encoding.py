import codecs
from pathlib import Path

import pytest

from suyuan.errors import IngestError
from suyuan.ingest import encoding
from suyuan.ingest.encoding import DAMAGE, Encoding, Utf8Stream, examine
from suyuan.ingest.sources import find_files, open_bytes
from tests.unit.ingest.reading import write

CHINESE = "货物名称,数量\n" + "玩具手表,5\n" * 50


def read(path: Path, declared: str | None = None) -> tuple[Encoding | None, str]:
    file = find_files([path]).files[0]
    found = examine(file, text=True, declared=declared).encoding
    with open_bytes(file) as stream:
        text = Utf8Stream(stream, found or Encoding()).read().decode()
    return found, text


@pytest.mark.parametrize(
    ("content", "expected", "text"),
    [
        (b"plain", Encoding(), "plain"),
        (CHINESE.encode(), Encoding(), CHINESE),
        (codecs.BOM_UTF8 + CHINESE.encode(), Encoding(), CHINESE),
        (CHINESE.encode("gb18030"), Encoding("gb18030"), CHINESE),
        (("𠮷€" + CHINESE).encode("gb18030"), Encoding("gb18030"), "𠮷€" + CHINESE),
        (CHINESE.encode("utf-16"), Encoding("utf-16", damaged=True), CHINESE),
        (CHINESE.encode() + b"\xff", Encoding("utf-8", damaged=True), CHINESE + DAMAGE),
        ("Químicas, S.L.".encode("latin-1"), Encoding("utf-8", damaged=True), f"Qu{DAMAGE}micas, S.L."),
        (CHINESE.encode()[:-200] + b"\xe4\xb8", Encoding("utf-8", damaged=True), None),
    ],
)
def test_what_is_found_out(content: bytes, expected: Encoding, text: str | None, tmp_path: Path) -> None:
    found, read_text = read(write(tmp_path, "t.csv", content))
    assert found == expected
    if text is not None:
        assert read_text == text


@pytest.mark.parametrize("block", [1, 2, 3, 5, 64])
def test_characters_cut_by_blocks(block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "_BLOCK_BYTES", block)
    assert read(write(tmp_path, "t.csv", "é玩𠮷" * 9))[0] == Encoding()
    assert read(write(tmp_path, "u.csv", ("玩具" * 50).encode("gb18030")))[0] == Encoding("gb18030")
    assert read(write(tmp_path, "v.csv", "玩具".encode() * 9 + b"\x80"))[0] == Encoding("utf-8", damaged=True)


def test_declared_encoding(tmp_path: Path) -> None:
    path = write(tmp_path, "t.csv", "Químicas".encode("latin-1"))
    assert read(path, "latin-1")[1] == "Químicas"
    with pytest.raises(IngestError, match="klingon"):
        read(path, "klingon")


def test_put_back(tmp_path: Path) -> None:
    file = find_files([write(tmp_path, "t.csv", "abcdef")]).files[0]
    with open_bytes(file) as raw:
        stream = Utf8Stream(raw, Encoding())
        head = stream.read(4)
        stream.put_back(head[2:])
        assert stream.read(2) + stream.read() + stream.read() == b"cdef"
