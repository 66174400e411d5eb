from pathlib import Path

import pytest

from suyuan.errors import IngestError, MappingError
from suyuan.ingest import delimited, quotes
from tests.unit.ingest.reading import raw, read, write


def rows(path: Path) -> list[tuple[int, dict[str, object]]]:
    found: list[tuple[int, dict[str, object]]] = []
    for batch in raw(path):
        columns = {name: values.to_pylist() for name, values in batch.columns.items()}
        for place, row in enumerate(batch.rows.tolist()):
            found.append((row, {name: values[place] for name, values in columns.items()}))
    return found


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(delimiter: str, end: str, tmp_path: Path) -> None:
    text = end.join([delimiter.join(line) for line in (("a", "b"), ("1", '"x;,|y"'), ("2", ""))])
    assert rows(write(tmp_path, "t.csv", text)) == [
        (1, {"a": "1", "b": "x;,|y"}),
        (2, {"a": "2", "b": None}),
    ]


def test_row_numbers_with_bad_rows_and_empty_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 64)
    monkeypatch.setattr(delimited, "BATCH_ROWS", 3)
    lines = [f"{n},x" if n % 7 else f"{n},x,more" for n in range(1, 201)]
    text = "a,b\n" + "\n\n".join(lines) + "\n"
    batches = raw(write(tmp_path, "t.csv", text))
    good = [row for batch in batches for row in batch.rows.tolist()]
    bad = [row.row for batch in batches for row in batch.unreadable]
    assert good == [n for n in range(1, 201) if n % 7]
    assert bad == [n for n in range(1, 201) if n % 7 == 0]
    values = [value for batch in batches if len(batch.rows) for value in batch.columns["a"].to_pylist()]
    assert values == [str(n) for n in good]


def test_a_quote_that_is_never_closed_costs_one_row(tmp_path: Path) -> None:
    found = read(write(tmp_path, "sites.csv", 'site_id,name\nA,a\nB,"b\nC,c\nD,d\n'))
    assert found.by_row.keys() == {1, 3, 4}
    assert found.codes == [(2, None, "bad_type")]


def test_two_quotes_that_are_never_closed(tmp_path: Path) -> None:
    found = read(write(tmp_path, "sites.csv", 'site_id,name,role\nA,a,\nB,"b,\nC,c,\nD,"d\nE,e,\n'))
    assert found.by_row.keys() == {1, 3, 5}
    assert found.wrong == [(2, None, "bad_type", 'B,"b,'), (4, None, "bad_type", 'D,"d')]


@pytest.mark.parametrize("block", [30, 64, 1000])
def test_cells_of_several_lines_over_blocks(
    block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", block)
    lines = [
        f'{n},"x\n""y"""\n' if n % 3 else f'{n},"z\n' if n % 5 == 0 else f"{n},z\n" for n in range(1, 100)
    ]
    found = read(write(tmp_path, "sites.csv", "site_id,name\n" + "".join(lines)))
    assert found.codes == [(n, None, "bad_type") for n in range(1, 100) if n % 15 == 0]
    assert found.by_row.keys() == {n for n in range(1, 100) if n % 15}
    assert found.by_row[98]["name"] == 'x\n"y"'


def test_a_row_that_does_not_end_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 100)
    monkeypatch.setattr(quotes, "_LONGEST_ROW", 300)
    path = write(tmp_path, "sites.csv", "site_id,name\n" + "A,a\n" * 50 + 'B,"' + "b" * 1000 + '"\n')
    with pytest.raises(IngestError, match="quotation mark is probably missing") as caught:
        raw(path)
    assert (caught.value.source, caught.value.row) == ("sites.csv", 50)


def test_header_alone_gives_no_rows(tmp_path: Path) -> None:
    assert rows(write(tmp_path, "t.csv", "a,b\n")) == []
    assert rows(write(tmp_path, "u.csv", "a,b")) == []


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
def test_not_even_a_header(content: str, tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="not even a header row"):
        rows(write(tmp_path, "t.csv", content))


def test_header_with_quotes_newlines_and_blanks(tmp_path: Path) -> None:
    assert rows(write(tmp_path, "t.csv", '" a ","b\nc",\n1,2,3\n')) == [
        (1, {"a": "1", "b\nc": "2", "column_3": "3"})
    ]


def test_header_that_does_not_end(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="header row is not closed"):
        rows(write(tmp_path, "t.csv", 'a,"b\n1,2\n'))


def test_two_columns_of_one_name(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="two columns are called 'a'"):
        rows(write(tmp_path, "t.csv", "a,b,a\n1,2,3\n"))


def test_too_many_columns(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="has 900,001 columns"):
        rows(write(tmp_path, "t.csv", "," * 900_000 + "\n1\n"))


def test_columns_of_reject_files_are_left_out(tmp_path: Path) -> None:
    text = "a,_file,_row,_column,_code,_value,_mine\n1,f,1,c,bad_type,v,m\n"
    assert rows(write(tmp_path, "t.csv", text)) == [(1, {"a": "1", "_mine": "m"})]


def test_foreign_bytes_do_not_crash(tmp_path: Path) -> None:
    content = b"site_id,name\nA,a\n" + bytes(range(256)) * 50
    found = read(write(tmp_path, "sites.csv", content))
    assert found.by_row[1]["site_id"] == "A"
    assert {code for _, _, code in found.codes} <= {"bad_type", "missing_key"}
