from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from suyuan.ingest.sampling import SAMPLE_ROWS, take_samples
from tests.unit.ingest.reading import write

ROWS = "发货地,收货地\n甲,乙\n丙,丁\n"


def workbook(path: Path, sheets: dict[str, list[list[str]]]) -> Path:
    with xlsxwriter.Workbook(path) as book:
        for name, lines in sheets.items():
            sheet = book.add_worksheet(name)
            for row, line in enumerate(lines):
                sheet.write_row(row, 0, line)
    return path


def test_every_format_gives_the_same_columns(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", ROWS)
    write(tmp_path, "b.csv", ROWS.encode("gb18030"))
    write(tmp_path, "c.jsonl", '{"发货地": "甲", "收货地": "乙"}\n{"发货地": "丙", "收货地": "丁"}\n')
    pq.write_table(pa.table({"发货地": ["甲", "丙"], "收货地": ["乙", "丁"]}), tmp_path / "d.parquet")
    workbook(tmp_path / "e.xlsx", {"x": [["发货地", "收货地"], ["甲", "乙"], ["丙", "丁"]]})
    samples, skipped = take_samples([tmp_path])
    assert skipped == []
    assert [sheets[0].files[0].file_name for sheets in samples] == [
        "a.csv",
        "b.csv",
        "c.jsonl",
        "d.parquet",
        "e.xlsx",
    ]
    for sheets in samples:
        found = {name: values.to_pylist() for name, values in sheets[0].columns.items()}
        assert found == {"发货地": ["甲", "丙"], "收货地": ["乙", "丁"]}


def test_only_the_first_rows_are_read(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "a,b\n" + "".join(f"{n},{'x' * 4_000}\n" for n in range(3_000)))
    sample = take_samples([path])[0][0][0]
    assert 900 < sample.rows < 1_100
    path = write(tmp_path, "b.csv", "a,b\n" + "1,2\n" * (SAMPLE_ROWS + 500))
    assert take_samples([path])[0][0][0].rows == SAMPLE_ROWS


def test_the_row_of_names_is_found_below_a_title(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "a.xlsx", {"x": [["供应商清单"], [], ["供应商名称", "详细地址"], ["甲厂", "义乌"]]}
    )
    sample = take_samples([path])[0][0][0]
    assert list(sample.columns) == ["供应商名称", "详细地址"]
    assert sample.layout.header_row == 3


def test_a_file_without_names_gets_some(tmp_path: Path) -> None:
    sample = take_samples([write(tmp_path, "a.csv", "甲厂,91330782MA2DEM017W\n乙厂,x\n")])[0][0][0]
    assert sample.layout.header == ("column_1", "column_2")
    assert sample.rows == 2


def test_every_sheet_is_looked_at(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"x": [["a"], ["1"]], "y": [["b"], ["2"]], "z": []})
    assert [list(sheet.columns) for sheet in take_samples([path])[0][0]] == [["a"], ["b"]]


def test_what_is_no_table_is_named(tmp_path: Path) -> None:
    write(tmp_path, "empty.csv", "")
    write(tmp_path, "bad.xlsx", b"no workbook")
    write(tmp_path, "bad.parquet", b"no table")
    write(tmp_path, "twice.csv", "a,a\n1,2\n")
    write(tmp_path, "note.txt", "hello")
    samples, skipped = take_samples([tmp_path])
    assert samples == []
    assert {Path(one.name).name for one in skipped} == {
        "empty.csv",
        "bad.xlsx",
        "bad.parquet",
        "twice.csv",
        "note.txt",
    }
    assert all(one.why for one in skipped)
