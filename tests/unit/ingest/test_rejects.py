import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from suyuan.errors import IngestError
from suyuan.graph.tables import TABLES
from suyuan.ingest.conversion import convert_rows
from suyuan.ingest.rejects import LISTED, RejectFiles, RejectLog
from suyuan.ingest.tabular import RawBatch, Unreadable


def raw(**columns: list[str | None]) -> RawBatch:
    arrays = {name: pa.array(values, pa.string()) for name, values in columns.items()}
    return RawBatch(arrays, np.arange(1, len(next(iter(columns.values()))) + 1, dtype=np.int64))


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_reject_file_has_the_rows_as_they_were_and_why(tmp_path: Path) -> None:
    batch = raw(
        site_id=["A", None, "C"],
        role=["castle", "port", "port"],
        latitude=["100", "1", "2"],
        zone=["z", "", None],
    )
    with RejectFiles(tmp_path / "out") as files:
        log = RejectLog(files)
        log.add("in.csv", "sites", batch, convert_rows(TABLES["sites"], batch).findings)
        log.add_unreadable("in.csv", "sites", [Unreadable(9, "x,y", "2 cells instead of 4")])
    assert lines(tmp_path / "out" / "sites.csv") == [
        {
            "site_id": "A", "role": "castle", "latitude": "100", "zone": "z", "_file": "in.csv", "_row": "1",
            "_column": "role;latitude", "_code": "bad_enum;out_of_range", "_value": "castle;100",
        },
        {
            "site_id": "", "role": "port", "latitude": "1", "zone": "", "_file": "in.csv", "_row": "2",
            "_column": "site_id", "_code": "missing_key", "_value": "",
        },
        {
            "site_id": "", "role": "", "latitude": "", "zone": "", "_file": "in.csv", "_row": "9",
            "_column": "", "_code": "bad_type", "_value": "2 cells instead of 4: x,y",
        },
    ]  # fmt: skip
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["sites.csv"]
    assert [(reject.row, reject.code) for reject in log.listed] == [
        (1, "bad_enum"), (1, "out_of_range"), (2, "missing_key"), (9, "bad_type"),
    ]  # fmt: skip


def test_only_the_first_thousand_are_listed() -> None:
    batch = raw(site_id=[str(n) for n in range(800)], role=["castle"] * 800)
    log = RejectLog()
    for _ in range(3):
        log.add("in.csv", "sites", batch, convert_rows(TABLES["sites"], batch).findings)
    assert len(log.listed) == LISTED


def test_columns_of_several_files_are_united(tmp_path: Path) -> None:
    with RejectFiles(tmp_path) as files:
        for batch in (raw(site_id=[None], name=["a"]), raw(name=["b"], extra=["c"])):
            files.add("f", "sites", batch, convert_rows(TABLES["sites"], batch).findings)
    assert [(row["name"], row["extra"]) for row in lines(tmp_path / "sites.csv")] == [("a", ""), ("b", "c")]


def test_reject_files_are_written_when_a_run_fails(tmp_path: Path) -> None:
    batch = raw(site_id=[None], name=["a"])
    files = RejectFiles(tmp_path)
    files.add("f", "sites", batch, convert_rows(TABLES["sites"], batch).findings)
    files.__exit__(RuntimeError, RuntimeError(), None)
    assert len(lines(tmp_path / "sites.csv")) == 1


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(IngestError, match="reject files cannot be written here"):
        RejectFiles(tmp_path / "file")
