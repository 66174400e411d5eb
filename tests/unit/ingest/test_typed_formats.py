"""JSON lines, Parquet, Excel: values that come with types of their own."""

import contextlib
import datetime as dt
import json
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from suyuan.errors import IngestError, MappingError
from suyuan.ingest import columnar, jsonlines
from suyuan.ingest.natives import as_text
from tests.unit.ingest.reading import feeds, raw, read, write


def workbook(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    book = xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm:ss"})
    for name, lines in sheets.items():
        sheet = book.add_worksheet(name)
        for row, line in enumerate(lines):
            for column, cell in enumerate(line):
                sheet.write(row, column, cell)
    book.close()
    return path


def test_json_lines_keep_types_and_digits(tmp_path: Path) -> None:
    lines = [
        {"shipment_id": 1, "quantity": 2, "waybill": 12345678901234567890, "departed_at": "2025-03-02"},
        {"shipment_id": "S2", "quantity": "3.5", "waybill": "0001", "extra_list": ["a", "b"], "n": 1.50},
    ]
    found = read(write(tmp_path, "shipments.jsonl", "".join(json.dumps(line) + "\n" for line in lines)))
    assert found.wrong == []
    one, two = found.by_row[1], found.by_row[2]
    assert (one["shipment_id"], one["quantity"], one["waybill"]) == ("1", 2.0, "12345678901234567890")
    assert (two["waybill"], two["quantity"], one["departed_at_precision"]) == ("0001", 3.5, 1)
    assert two["extra"] == '{"extra_list":["a", "b"],"n":1.5}'


def no_fast_way(parser: object, block: bytes, lines: int) -> None:
    """Stands for a block that the fast parser cannot read."""


def test_json_blocks_are_read_alike_fast_and_slowly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        {"site_id": f"S{n}", "name": "名" * (n % 5), "latitude": n / 7, "n": n, "flag": n % 2 == 0}
        for n in range(300)
    ]
    path = write(tmp_path, "sites.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    fast = read(path)
    monkeypatch.setattr(jsonlines.BlockParser, "fast", no_fast_way)
    monkeypatch.setattr(jsonlines, "BLOCK_BYTES", 1000)
    assert read(path) == fast
    assert len(fast.records) == 300
    assert fast.by_row[8]["extra"] == '{"flag":false,"n":7}'


def test_json_lists_are_lists(tmp_path: Path) -> None:
    text = (
        '{"product_id": "P", "right_ids": ["R1", " R2 ", "", 3]}\n{"product_id": "Q", "right_ids": "R1;R2"}\n'
    )
    found = read(write(tmp_path, "products.jsonl", text))
    assert [record["right_ids"] for record in found.records] == [["R1", "R2", "3"], ["R1", "R2"]]


def test_empty_json_lines(tmp_path: Path) -> None:
    assert read(write(tmp_path, "sites.jsonl", "")).records == []


def test_json_without_last_line_end_and_with_blank_lines(tmp_path: Path) -> None:
    found = read(write(tmp_path, "sites.ndjson", '{"site_id": "A"}\n\n{"site_id": "B"}'))
    assert [record["row"] for record in found.records] == [1, 2]


def test_parquet_types(tmp_path: Path) -> None:
    table = pa.table(
        {
            "shipment_id": pa.array([1, 2]),
            "quantity": pa.array([1, None], pa.int32()),
            "departed_at": pa.array([dt.date(2025, 3, 2), None]),
            "arrived_at": pa.array(
                [dt.datetime(2025, 3, 3, 4, 5), None], pa.timestamp("ns", "Asia/Shanghai")
            ),
            "carrier": pa.array(["SF", None]).dictionary_encode(),
            "waybill": pa.array([139.0, 1.5]),
            "lot_id": pa.array(["a", "b"], pa.large_string()),
            "_code": pa.array(["x", "y"]),
        }
    )
    pq.write_table(table, tmp_path / "shipments.parquet")
    found = read(tmp_path / "shipments.parquet")
    assert found.wrong == []
    one, two = found.by_row[1], found.by_row[2]
    assert (one["shipment_id"], one["waybill"], two["waybill"], one["lot_id"]) == ("1", "139", "1.5", "a")
    assert (one["departed_at_precision"], one["arrived_at_precision"]) == (1, 0)
    assert one["arrived_at"] == int(dt.datetime(2025, 3, 3, 4, 5, tzinfo=dt.UTC).timestamp()) * 1_000_000
    assert (two["quantity"], two["carrier"], two["extra"]) == (None, None, None)


def test_bytes_in_parquet_that_are_no_text(tmp_path: Path) -> None:
    names = pa.array([b"a", b"\xff", None]).view(pa.string())
    pq.write_table(pa.table({"site_id": ["A", "B", "C"], "name": names}), tmp_path / "sites.parquet")
    found = read(tmp_path / "sites.parquet")
    assert found.wrong == [(2, "name", "bad_type", "\ufffd")]
    assert [record["name"] for record in found.records] == ["a", None, None]


def test_parquet_rows_over_many_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columnar, "BATCH_ROWS", 7)
    pq.write_table(pa.table({"site_id": [f"S{n}" for n in range(50)]}), tmp_path / "sites.parquet")
    found = read(tmp_path / "sites.parquet")
    assert [(record["row"], record["site_id"]) for record in found.records] == [
        (n + 1, f"S{n}") for n in range(50)
    ]


def test_lists_of_parquet(tmp_path: Path) -> None:
    lists = pa.array([["R1", None, "R2"], [], None])
    pq.write_table(
        pa.table({"product_id": ["P", "Q", "R"], "right_ids": lists}), tmp_path / "products.parquet"
    )
    found = read(tmp_path / "products.parquet")
    assert [record["right_ids"] for record in found.records] == [["R1", "R2"], None, None]


@pytest.mark.parametrize("keep", [0, 4, 100, -1])
@pytest.mark.parametrize("suffix", ["parquet", "xlsx"])
def test_truncated_files_are_named(keep: int, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"sites.{suffix}"
    if suffix == "parquet":
        pq.write_table(pa.table({"site_id": [str(n) for n in range(1000)]}), path)
    else:
        workbook(path, {"sites": [["site_id"], *[[f"S{n}"] for n in range(100)]]})
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(IngestError, match=rf"sites\.{suffix}"):
        read(path)


@pytest.mark.parametrize("suffix", ["parquet", "xlsx", "xls"])
def test_flipped_bytes_never_escape_the_error_tree(suffix: str, tmp_path: Path, samples: Path) -> None:
    path = tmp_path / f"sites.{suffix}"
    if suffix == "parquet":
        pq.write_table(pa.table({"site_id": [str(n) for n in range(50)]}), path)
    elif suffix == "xlsx":
        workbook(path, {"sites": [["site_id"], *[[f"S{n}"] for n in range(20)]]})
    else:
        path.write_bytes((samples / "facilities" / "facility_lists" / "12.xls").read_bytes())
    whole = path.read_bytes()
    random = Random(7)
    for _ in range(60):
        damaged = bytearray(whole)
        damaged[random.randrange(len(damaged))] ^= random.randrange(1, 256)
        path.write_bytes(damaged[: random.choice([len(damaged), random.randrange(len(damaged))])])
        with contextlib.suppress(IngestError):
            read(path)


def test_excel_values(tmp_path: Path) -> None:
    lines: list[list[object]] = [
        ["shipment_id", "waybill", "departed_at", "arrived_at", "quantity", "declared_goods"],
        [1001, 13900001111, dt.datetime(2025, 3, 2), dt.datetime(2025, 3, 2, 10, 5), 2.5, "=1+1"],
        ["S2", "007", "2025/3/3", "", "", True],
        ["", "", "", "", "", ""],
        ["S4", "", "", "", 3, ""],
    ]
    found = read(workbook(tmp_path / "shipments.xlsx", {"Tabelle1": lines}))
    assert found.wrong == []
    one, two = found.by_row[1], found.by_row[2]
    assert (one["shipment_id"], one["waybill"], one["quantity"]) == ("1001", "13900001111", 2.5)
    assert (one["departed_at_precision"], one["arrived_at_precision"]) == (1, 0)
    assert one["declared_goods"] == "0"
    assert (two["waybill"], two["departed_at"], two["declared_goods"]) == ("007", 1740960000000000, "true")
    assert found.by_row.keys() == {1, 2, 4}


def test_sheets_named_like_tables_are_tables(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "data.xlsx",
        {"notes": [["hello"]], "Sites": [["site_id"], ["A"]], "products": [["product_id"], ["P"]]},
    )
    assert [record["id"] for record in read(path).records] == ["Site:A", "Product:P"]


def test_first_sheet_of_a_workbook_named_like_a_table(tmp_path: Path) -> None:
    path = workbook(tmp_path / "sites.xlsx", {"one": [["site_id"], ["A"]], "two": [["site_id"], ["B"]]})
    assert [record["id"] for record in read(path).records] == ["Site:A"]


def test_workbook_without_anything(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="not even a header row"):
        read(workbook(tmp_path / "sites.xlsx", {"one": []}))


def test_absent_sheet(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"one": [["site_id"], ["A"]]})
    mapping = write(
        tmp_path,
        "map.toml",
        '[[source]]\nfiles = ["*"]\ntable = "sites"\nsheet = "two"\ncolumns = { name = "x" }\n',
    )
    with pytest.raises(MappingError, match="no sheet 'two'; the sheets are one"):
        read(path, mapping)


def test_old_workbooks(samples: Path) -> None:
    old = raw(samples / "facilities" / "facility_lists" / "12.xls")
    new = raw(samples / "facilities" / "facility_lists" / "12.xlsx")
    assert [batch.columns for batch in old] == [batch.columns for batch in new]
    assert sum(len(batch.rows) for batch in old) == 15


@pytest.mark.parametrize("name", ["letter.docx", "market.csv"])
def test_files_that_are_no_tables_are_explained(name: str, tmp_path: Path) -> None:
    with pytest.raises(IngestError, match=r"\.csv|named after no table"):
        feeds(write(tmp_path, name, "a\n1\n"))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([1.0, 1.5, 1e300, None]), ["1", "1.5", "1e+300", None]),
        (pa.array([True, None]), ["true", None]),
        (pa.array([[1, 2], None, []]), ["1;2", None, ""]),
        (pa.array([{"a": 1}, None]), ['{"a": 1}', None]),
        (pa.array([b"ab", b"\xff"]), ["ab", "\ufffd"]),
        (pa.array([dt.datetime(2025, 3, 2, 1, 2, 3)]), ["2025-03-02T01:02:03.000000"]),
        (pa.array([dt.date(2025, 3, 2)]), ["2025-03-02"]),
        (pa.array([None, None]), [None, None]),
    ],
)
def test_as_text(values: pa.Array, expected: list[str | None]) -> None:
    assert as_text(values).to_pylist() == expected
