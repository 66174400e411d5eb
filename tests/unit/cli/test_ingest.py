import json
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from suyuan.cli.ingest import app

TABLE = "供应商名称,详细地址,国家\n甲厂,义乌市稠州路1号,中国\n"


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "list.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def test_a_mapping_is_proposed_and_nothing_ingested(table: Path) -> None:
    done = CliRunner().invoke(app, ["--suggest-mapping", str(table)])
    assert done.exit_code == 0
    columns = tomllib.loads(done.stdout)["source"][0]["columns"]
    assert (columns["name"], columns["address"], columns["country"]) == ("供应商名称", "详细地址", "国家")
    assert [path.name for path in table.parent.iterdir()] == ["list.csv"]


def test_as_json(table: Path) -> None:
    done = CliRunner().invoke(app, [str(table), "--suggest-mapping", "--json"])
    assert done.exit_code == 0
    document = json.loads(done.stdout)
    assert document["table"] == "sites"
    assert {one["column"]: one["field"] for one in document["columns"]}["国家"] == "country"


@pytest.mark.parametrize("content", [b"", b"zq\nx\n", bytes(range(256))])
def test_nonsense_fails_with_an_answer(content: bytes, table: Path) -> None:
    table.write_bytes(content)
    done = CliRunner().invoke(app, ["--suggest-mapping", str(table)])
    assert done.exit_code == 1
    assert done.stdout == ""
    assert "No table fits" in done.stderr
    assert CliRunner().invoke(app, ["--suggest-mapping", str(table), "--json"]).exit_code == 1


def test_a_mapping_beside_it_is_a_usage_error(table: Path) -> None:
    done = CliRunner().invoke(app, ["--suggest-mapping", str(table), "--mapping", str(table)])
    assert done.exit_code == 2


def test_a_row_that_breaks_off_is_told_by_file_and_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("firms.csv").write_text('firm_id,name\nF1,甲\nF2,"乙', encoding="utf-8")
    done = CliRunner().invoke(app, ["firms.csv", "--store", "sqlite:///market.db"])
    assert done.exit_code == 0
    assert "firms.csv, row 2: bad_type" in done.stderr
