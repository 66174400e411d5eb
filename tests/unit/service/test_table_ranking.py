"""The scorecard on tables in files: order, leaks, mistakes, the customs sample."""

import csv
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from suyuan.errors import ConfigError, IngestError, RecordError, SuyuanError
from suyuan.service.labelled_tables import is_quantity, read_tables
from suyuan.service.table_ranking import BASE, LEAST_ROWS, TableRequest, rank_table

HEADER = ["Date", "Goods", "Country", "Firm", "Mass", "Fraud"]
Rows = list[list[str]]


def declarations(rows: int, seed: int, month: int) -> Rows:
    """Declarations of one month; some goods from some countries are mostly fraud, one firm sells only those."""
    rng = np.random.default_rng(seed)
    found: Rows = []
    for _ in range(rows):
        goods, country, firm = int(rng.integers(8)), int(rng.integers(5)), int(rng.integers(40))
        if firm == 7:
            goods, country = 2, 3
        likely = (goods * country) % 7 == 6
        fraud = int(rng.random() < (0.8 if likely else 0.1))
        day = int(rng.integers(1, 28))
        found.append(
            [
                f"2025-{month:02}-{day:02}",
                f"0{goods}",
                "ABCDE"[country],
                f"甲{firm}",
                f"{rng.lognormal():.3f}",
                str(fraud),
            ]
        )
    return found


def write(file: Path, rows: Rows, header: list[str] = HEADER) -> Path:
    with file.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([header, *rows])
    return file


@pytest.fixture(scope="module")
def request_of(tmp_path_factory: pytest.TempPathFactory) -> TableRequest:
    folder = tmp_path_factory.mktemp("tables")
    train = write(folder / "train.csv", declarations(1_500, 1, 1))
    score = write(folder / "score.csv", declarations(400, 2, 2))
    return TableRequest((train,), score, "Fraud", "Date", ("Firm",))


@pytest.fixture(scope="module")
def report(request_of: TableRequest) -> dict[str, Any]:
    return rank_table(request_of)


def test_rows_keep_the_order_of_the_file(report: dict[str, Any]) -> None:
    assert [row["key"] for row in report["rows"]] == list(range(1, 401))
    assert all(0.0 < row["score"] < 100.0 for row in report["rows"])
    assert report["auroc"] > 0.65
    assert report["precision_at_5"] > 0.6
    assert report["model"]["left_out"] == 0
    assert report["model"]["quantities"] == ["Mass"]
    json.dumps(report, allow_nan=False)


def test_reasons_add_up_to_the_score(report: dict[str, Any]) -> None:
    assert report["entities"]
    for one in report["entities"]:
        log_odds = math.log(one["score"] / (100.0 - one["score"]))
        assert abs(sum(reason["contribution"] for reason in one["reasons"]) - log_odds) <= 1e-9
        assert one["reasons"][-1]["feature"] == BASE
        assert all("对数几率" in reason["text"] and "og-odds" in reason["text"] for reason in one["reasons"])


def test_entities_are_ranked_by_score_and_the_risky_firm_leads(report: dict[str, Any]) -> None:
    scores = [one["score"] for one in report["entities"]]
    assert scores == sorted(scores, reverse=True)
    assert [one["rank"] for one in report["entities"]] == list(range(1, len(scores) + 1))
    first = report["entities"][0]
    assert first["id"] == "Firm:甲7"
    assert first["positive"] > first["labelled"] / 2


def test_order_of_rows_and_columns_makes_no_difference(
    request_of: TableRequest, report: dict[str, Any], tmp_path: Path
) -> None:
    rng = np.random.default_rng(3)
    train, score = declarations(1_500, 1, 1), declarations(400, 2, 2)
    moved, places = [train[i] for i in rng.permutation(1_500)], rng.permutation(400).tolist()
    files = (
        write(tmp_path / "a.csv", [row[::-1] for row in moved[:700]], HEADER[::-1]),
        write(tmp_path / "b.csv", [row[::-1] for row in moved[700:]], HEADER[::-1]),
    )
    other = write(tmp_path / "score.csv", [score[i] for i in places])
    found = rank_table(replace(request_of, train=files, score=other))
    assert found["entities"] == report["entities"]
    assert [row["score"] for row in found["rows"]] == [report["rows"][i]["score"] for i in places]


def test_labels_of_the_rows_to_rank_are_never_used(
    request_of: TableRequest, report: dict[str, Any], tmp_path: Path
) -> None:
    rows = [[*row[:-1], str(1 - int(row[-1]))] for row in declarations(400, 2, 2)]
    turned = rank_table(replace(request_of, score=write(tmp_path / "turned.csv", rows)))
    assert turned["rows"] == report["rows"]
    assert turned["entities"] == report["entities"]
    assert turned["auroc"] == pytest.approx(1.0 - report["auroc"])
    without = write(tmp_path / "without.csv", [row[:-1] for row in rows], HEADER[:-1])
    unlabelled = rank_table(replace(request_of, score=without))
    assert unlabelled["rows"] == report["rows"]
    assert (unlabelled["auroc"], unlabelled["precision_at_1"], unlabelled["precision_at_5"]) == (
        None,
        None,
        None,
    )


def test_rows_after_the_first_to_rank_are_left_out(
    request_of: TableRequest, report: dict[str, Any], tmp_path: Path
) -> None:
    later = [[*row[:-1], "1"] for row in declarations(300, 8, 3)]
    files = (*request_of.train, write(tmp_path / "later.csv", later))
    found = rank_table(replace(request_of, train=files))
    assert found["model"]["left_out"] == 300
    assert found["rows"] == report["rows"]
    assert found["entities"] == report["entities"]


def test_a_planted_leak_is_named(request_of: TableRequest, tmp_path: Path) -> None:
    header = [*HEADER, "Penalty"]
    train = write(tmp_path / "t.csv", [[*row, row[-1]] for row in declarations(1_500, 1, 1)], header)
    score = write(tmp_path / "s.csv", [[*row, row[-1]] for row in declarations(400, 2, 2)], header)
    found = rank_table(replace(request_of, train=(train,), score=score))
    assert found["model"]["suspicious"] == ["Penalty"]
    dropped = rank_table(replace(request_of, train=(train,), score=score, drop=("Penalty",)))
    assert dropped["model"]["suspicious"] == []
    assert dropped["auroc"] < found["auroc"]


def test_few_rows_are_not_ranked_and_new_firms_are(request_of: TableRequest, tmp_path: Path) -> None:
    rows = declarations(400, 2, 2)
    rows += [
        ["2025-02-28", "06", "B", "新1", "1.0", "0"],
        *[["2025-02-28", "06", "B", "新3", "1.0", "0"]] * LEAST_ROWS,
    ]
    rows += [["2025-02-28", "06", "B", "", "1.0", "0"]] * LEAST_ROWS
    found = rank_table(replace(request_of, score=write(tmp_path / "new.csv", rows)))
    assert found["not_ranked"] == ["Firm:新1"]
    ids = {one["id"] for one in found["entities"]}
    assert "Firm:新3" in ids
    assert "Firm:" not in ids


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"label": "Nothing"}, ConfigError, "no column 'Nothing'"),
        ({"time": "When"}, ConfigError, "no column 'When'"),
        ({"entities": ("Shop",)}, ConfigError, "no column 'Shop'"),
        ({"drop": ("Gone",)}, ConfigError, "no column 'Gone'"),
        ({"drop": ("Firm",)}, ConfigError, "also the label, the time or dropped"),
        ({"entities": (), "drop": tuple(HEADER[:-1])}, ConfigError, "No column is left"),
        ({"train": (Path("none.csv"),)}, IngestError, "there is no such file"),
        ({"label": "Mass"}, RecordError, "expected 0 or 1"),
        ({"time": "Mass"}, RecordError, "ISO 8601"),
    ],
)
def test_wrong_requests_are_told(
    change: dict[str, Any], kind: type[SuyuanError], words: str, request_of: TableRequest
) -> None:
    with pytest.raises(kind) as caught:
        rank_table(replace(request_of, **change))
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("train", "score", "words", "row"),
    [
        ({5: ""}, {}, "has no label", 3),
        ({5: "maybe"}, {}, "expected 0 or 1", 3),
        ({0: ""}, {}, "has no time", 3),
        ({}, {4: "heavy"}, "is no number", 3),
        ({}, {0: "soon"}, "ISO 8601", 3),
    ],
)
def test_a_wrong_cell_is_told_with_its_row(
    train: dict[int, str],
    score: dict[int, str],
    words: str,
    row: int,
    request_of: TableRequest,
    tmp_path: Path,
) -> None:
    files: list[Path] = []
    for name, rows, changes in (
        ("a.csv", declarations(60, 1, 1), train),
        ("b.csv", declarations(20, 2, 2), score),
    ):
        for column, cell in changes.items():
            rows[row - 1][column] = cell
        files.append(write(tmp_path / name, rows))
    with pytest.raises(RecordError) as caught:
        rank_table(replace(request_of, train=(files[0],), score=files[1]))
    assert words in caught.value.message
    assert caught.value.row == row


def test_tables_that_cannot_be_used(request_of: TableRequest, tmp_path: Path) -> None:
    one_kind = write(tmp_path / "one.csv", [[*row[:-1], "0"] for row in declarations(50, 1, 1)])
    with pytest.raises(ConfigError, match="both labels"):
        rank_table(replace(request_of, train=(one_kind,)))
    late = write(tmp_path / "late.csv", declarations(50, 1, 6))
    with pytest.raises(ConfigError, match="50 rows after the first row of --score are left out"):
        rank_table(replace(request_of, train=(late,)))
    with pytest.raises(ConfigError, match="has no rows"):
        rank_table(replace(request_of, score=write(tmp_path / "empty.csv", [])))
    narrow = write(tmp_path / "narrow.csv", [row[:-2] for row in declarations(50, 1, 1)], HEADER[:-2])
    with pytest.raises(ConfigError, match="different columns"):
        read_tables([request_of.score, narrow])
    with pytest.raises(ConfigError, match="no column 'Mass'"):
        rank_table(replace(request_of, score=narrow))
    ragged = tmp_path / "ragged.csv"
    ragged.write_text("Date,Fraud\n2025-01-01,0,7\n", encoding="utf-8")
    with pytest.raises(IngestError, match="3 cells instead of 2"):
        read_tables([ragged])


def test_codes_and_quantities_are_told_apart() -> None:
    assert is_quantity("price", ["1.5", "2", None])
    assert is_quantity("units", [str(number) for number in range(200)])
    assert not is_quantity("Office ID", [str(number) for number in range(200)])
    assert not is_quantity("海关编号", [str(number) for number in range(200)])
    assert not is_quantity("HS6", ["090121", "640411"])
    assert not is_quantity("use", ["1", "21"])
    assert not is_quantity("name", ["a", "1"])
    assert not is_quantity("nothing", [None])


@pytest.mark.samples
def test_customs(samples: Path) -> None:
    """The benchmark ``customs`` holds this against a tuned gradient boosting."""
    folder = samples / "customs"
    found = rank_table(
        TableRequest(
            (folder / "df_syn_train_eng.csv",),
            folder / "df_syn_valid_eng.csv",
            "Fraud",
            "Date",
            ("Importer ID", "Seller ID", "Declarant ID"),
            ("Critical Fraud", "Declaration ID"),
        )
    )
    assert len(found["rows"]) == 8_134
    assert found["auroc"] > 0.95
    assert found["precision_at_5"] > 0.95
    assert found["calibration_error"] < 0.03
    assert {one["column"] for one in found["entities"]} == {"Importer ID", "Seller ID", "Declarant ID"}
    assert found["model"]["suspicious"] == []
