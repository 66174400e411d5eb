"""Files that only bear the name of a table are refused before anything is written."""

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from suyuan.errors import IngestError
from suyuan.ingest.run import IngestOptions, ingest
from suyuan.service.workspace import Workspace

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + random.Random(7).randbytes(30_000)
NOISE = random.Random(8).randbytes(30_000)
SELLERS = "platform,seller_id,name\nshop,1,甲\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "tables"
    made.mkdir()
    (made / "sellers.csv").write_text(SELLERS, encoding="utf-8")
    return made


def read(folder: Path, mapping: Path | None = None) -> int:
    with Workspace.open(f"sqlite:///{folder.parent / 's.db'}", create=True) as workspace:
        before = workspace.store.seq()
        try:
            return ingest(workspace.store, [folder], IngestOptions(mapping=mapping)).written
        except IngestError:
            assert workspace.store.seq() == before
            raise


@pytest.mark.parametrize("content", [PNG, NOISE, b"\x00\x01\x00\x00" + PNG])
@pytest.mark.parametrize("name", ["findings.csv", "findings.tsv", "findings.jsonl"])
def test_bytes_of_another_kind_of_file(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(IngestError, match=f"{name}: is no text but bytes of another kind of file"):
        read(folder)
    (folder / name).unlink()
    assert read(folder) == 1


@pytest.mark.parametrize(
    ("name", "text"), [("findings.csv", "编号,金额\n1,2\n"), ("findings.jsonl", '{"编号": "1", "金额": 2}\n')]
)
def test_a_table_of_other_columns_is_told_what_is_expected(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(IngestError, match=r"\('编号', '金额'\) is one of the table findings \(finding_id,"):
        read(folder)


def test_a_title_above_the_names_of_columns(folder: Path) -> None:
    (folder / "findings.csv").write_text("2025年认定,,\nfinding_id,note\nN1,一\n", encoding="utf-8")
    with pytest.raises(IngestError, match=r"names of the columns in row 1\? If not, tell with header_row"):
        read(folder)


def test_other_columns_in_a_parquet_file(folder: Path) -> None:
    pyarrow.parquet.write_table(pa.table({"a": [1]}), folder / "findings.parquet")
    with pytest.raises(IngestError, match="none of its columns") as refused:
        read(folder)
    assert "header_row" not in refused.value.message


@pytest.mark.parametrize(
    "content",
    [
        "Finding ID,note\nN1,一\n".encode(),
        "finding_id,备注\nN1,一\n".encode("gb18030"),
        b"finding_id,note\nN1,\xff\x00\n",
        b"finding_id,note\n",
    ],
)
def test_one_known_column_is_enough(folder: Path, content: bytes) -> None:
    (folder / "findings.csv").write_bytes(content)
    assert read(folder) == 1 + (b"N1" in content)


def test_a_line_of_bad_json_is_a_row_rejected_and_no_foreign_file(folder: Path) -> None:
    (folder / "findings.jsonl").write_text('{"finding_id": \n', encoding="utf-8")
    assert read(folder) == 1


def test_a_mapping_says_what_the_columns_are(folder: Path, tmp_path: Path) -> None:
    (folder / "findings.csv").write_text("编号\nN1\n", encoding="utf-8")
    mapping = tmp_path / "mapping.toml"
    lines = ("[[source]]", 'files = ["findings.csv"]', 'table = "findings"', "[source.columns]")
    mapping.write_text("\n".join([*lines, 'finding_id = "编号"']), encoding="utf-8")
    assert read(folder, mapping) == 2
