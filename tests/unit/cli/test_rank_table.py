"""``suyuan rank table``: one document for programs, two languages for people, mistakes told."""

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.service.test_table_ranking import HEADER, declarations, write

CALL = (
    *("rank", "table", "--train", "a1.csv", "--train", "a2.csv", "--score", "b.csv"),
    *("--label", "Fraud", "--time", "Date", "--entity", "Firm", "--entity", "Goods"),
)


@pytest.fixture(autouse=True)
def tables(tmp_path: Path) -> None:
    header = [*HEADER, "Penalty", "Row"]
    for name, rows in (("a1", (400, 1, 1)), ("a2", (300, 2, 1)), ("b", (150, 3, 2))):
        found = [[*row, row[5], str(number)] for number, row in enumerate(declarations(*rows))]
        write(tmp_path / f"{name}.csv", found, header)


@pytest.mark.parametrize("drop", [("--drop", "Penalty", "--drop", "Row"), ("--drop", "Penalty", "Row")])
def test_one_document(drop: tuple[str, ...], suyuan: Run) -> None:
    done = suyuan(*CALL, *drop, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert set(report) >= {"auroc", "precision_at_1", "precision_at_5", "rows", "entities"}
    assert [row["key"] for row in report["rows"]] == list(range(1, 151))
    assert {one["column"] for one in report["entities"]} == {"Firm", "Goods"}
    assert report["model"]["dropped"] == ["Penalty", "Row"]
    assert report["model"]["trained_on"]["rows"] == 700
    assert done.stderr == ""


def test_people_read_both_languages_and_are_warned(suyuan: Run) -> None:
    done = suyuan(*CALL)
    assert done.returncode == 0, done.stderr
    for text in ("训练行", "AUROC", "精确率", "Reasons 理由"):
        assert text in done.stdout
    assert "'Penalty' alone tells nearly every label" in done.stderr
    assert "请用 --drop 排除" in done.stderr
    assert "Machine estimate, not a finding. 机器推断，非违法认定。" in done.stderr


@pytest.mark.parametrize(
    "arguments", [("rank", "table"), ("rank", "planets"), (*CALL, "stray"), (*CALL, "--depth", "3")]
)
def test_a_wrong_call_is_2(arguments: tuple[str, ...], suyuan: Run) -> None:
    done = suyuan(*arguments, "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "BAD_USER_INPUT"


def test_wrong_tables_are_1_with_one_error(suyuan: Run, tmp_path: Path) -> None:
    done = suyuan(*CALL, "--drop", "Nothing", "--json")
    assert done.returncode == 1
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "BAD_USER_INPUT"
    assert "no column 'Nothing'" in error["message"]
    assert len(done.stderr.splitlines()) == 1
    text = (tmp_path / "a2.csv").read_text(encoding="utf-8").splitlines()
    text[3] = ",".join([*text[3].split(",")[:5], "maybe", "0", "2"])
    (tmp_path / "a2.csv").write_text("\n".join(text) + "\n", encoding="utf-8")
    bad = suyuan(*CALL, "--json")
    assert bad.returncode == 1
    error = json.loads(bad.stdout)["error"]
    assert (error["source"], error["row"], error["field"]) == ("a2.csv", 3, "Fraud")


def test_help_names_the_command(suyuan: Run) -> None:
    assert "table" in suyuan("rank", "--help").stdout
    assert suyuan("rank", "table", "--help").returncode == 0
