"""Origins of all listings: the rows are those of single traces, and a file is whole or not there."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from suyuan.errors import ConfigError, ParameterError
from suyuan.service import listing_origins as module
from suyuan.service.listing_origins import listing_origins
from suyuan.service.parametersets import ParameterSet
from suyuan.service.tracing import Tracer, TraceRequest
from suyuan.service.workspace import Workspace
from suyuan.traceback import batch
from suyuan.traceback.calibration import Calibration
from suyuan.traceback.parameters import TraceParameters

FITTED = ParameterSet(
    TraceParameters(infer_products=True, infer_makers=True, match_lot_unknown=0.5),
    Calibration(1.7, 80),
    {"name": "fit-x", "cases": 80},
)


@pytest.fixture(scope="module")
def tracer(workspace: Workspace) -> Tracer:
    return Tracer(workspace)


@pytest.fixture(autouse=True, scope="module")
def all_are_worked_out_together() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "FEW", 0)
        yield


def by_listing(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["listing"], []).append(row)
    return found


@pytest.mark.parametrize(
    "wanted",
    [TraceRequest(), TraceRequest(parameters=FITTED), TraceRequest(as_of="2025-06", max_hops=3)],
    ids=["defaults", "fitted and calibrated", "earlier and short"],
)
def test_rows_are_those_of_single_traces(wanted: TraceRequest, tracer: Tracer, tmp_path: Path) -> None:
    report = listing_origins(tracer, wanted, tmp_path / "rows.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) == report["rows"]
    listings = by_listing(rows)
    assert list(listings) == sorted(listings)
    assert len(listings) == report["listings"] > 50
    for number, (listing, own) in enumerate(listings.items()):
        if number % 3:
            continue
        alone = tracer.report(listing, wanted)
        given = {row["origin"]: row["probability"] for row in own[:-1]}
        wanted_ones = {one["site"]: one["probability"] for one in alone["origins"] if one["probability"]}
        assert given == pytest.approx(wanted_ones, abs=1e-9)
        names = {one["site"]: one["name"] for one in alone["origins"]}
        assert all(row["name"] == names[row["origin"]] for row in own[:-1])
        keys = [(-row["probability"], row["origin"]) for row in own[:-1]]
        assert keys == sorted(keys)
        left = own[-1]
        assert (left["origin"], left["name"]) == (None, None)
        if alone["rule"] == "nothing_recorded":
            assert left["probability"] is None
        else:
            unresolved = sum(place["probability"] for place in alone["unresolved"])
            assert left["probability"] == pytest.approx(unresolved, abs=1e-9)
    assert report["parameters"] == tracer.report(rows[0]["listing"], wanted)["parameters"]


def test_all_formats_hold_the_same_rows_and_the_report_sums_them_up(tracer: Tracer, tmp_path: Path) -> None:
    for suffix in ("csv", "parquet", "jsonl"):
        report = listing_origins(tracer, TraceRequest(), tmp_path / f"rows.{suffix}")
    lines = (tmp_path / "rows.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert pyarrow.parquet.read_table(tmp_path / "rows.parquet").to_pylist() == rows
    with (tmp_path / "rows.csv").open(encoding="utf-8", newline="") as file:
        texts = list(csv.DictReader(file))
    assert [row["origin"] or None for row in texts] == [row["origin"] for row in rows]
    assert [float(row["probability"]) for row in texts if row["probability"]] == [
        row["probability"] for row in rows if row["probability"] is not None
    ]
    expected: dict[str, float] = {}
    first: dict[str, int] = {}
    for own in by_listing(rows).values():
        for place, row in enumerate(own[:-1]):
            expected[row["origin"]] = expected.get(row["origin"], 0.0) + row["probability"]
            first[row["origin"]] = first.get(row["origin"], 0) + (place == 0)
    assert {one["site"]: one["listings"] for one in report["origins"]} == pytest.approx(expected)
    assert {one["site"]: one["first"] for one in report["origins"]} == first
    shares = [row["probability"] for row in rows if row["origin"] is None and row["probability"] is not None]
    assert report["unresolved"] == pytest.approx(sum(shares) / len(shares))
    assert report["traced"] == len(shares)


def test_progress_grows_to_the_end(tracer: Tracer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LISTINGS_A_BATCH", 16)
    told: list[float] = []
    listing_origins(tracer, TraceRequest(), tmp_path / "rows.csv", lambda _, share: told.append(share))
    assert told == sorted(told)
    assert told[0] == 0.0
    assert 0.95 < told[-1] <= 1.0


def test_what_cannot_be_written_is_told_before_anything_is_traced(
    tracer: Tracer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("traced")

    monkeypatch.setattr(module, "origin_table", never)
    (tmp_path / "folder.csv").mkdir()
    for out in (tmp_path / "nowhere" / "rows.csv", tmp_path / "folder.csv"):
        with pytest.raises(ConfigError, match="cannot be written"):
            listing_origins(tracer, TraceRequest(), out)
    with pytest.raises(ParameterError) as error:
        listing_origins(tracer, TraceRequest(), tmp_path / "rows.txt")
    assert error.value.name == "out"
    assert [path.name for path in tmp_path.iterdir()] == ["folder.csv"]


def test_a_run_that_fails_leaves_the_old_file(
    tracer: Tracer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "rows.csv"
    out.write_text("old", encoding="utf-8")

    def fails(*_: Any, **__: Any) -> Any:
        raise ParameterError("x", 1, "2")

    monkeypatch.setattr(module, "_batch", fails)
    with pytest.raises(ParameterError):
        listing_origins(tracer, TraceRequest(), out)
    assert out.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [out]
