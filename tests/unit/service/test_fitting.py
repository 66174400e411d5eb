"""Fit, evaluate, and traces by fitted parameters, on a small simulated market."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from suyuan.errors import ConfigError, ParameterError, RecordError
from suyuan.service.confirmed import confirmed_by, confirmed_in
from suyuan.service.evaluating import evaluated
from suyuan.service.fitting import fit_stores
from suyuan.service.parametersets import ParameterSet
from suyuan.service.tracing import Tracer, TraceRequest
from suyuan.service.workspace import Workspace
from suyuan.traceback.calibration import Calibration
from suyuan.traceback.information import WIDEST
from suyuan.traceback.uncertainty import SCALES, SHARES


@pytest.fixture(scope="module")
def truth(market_folder: Path) -> Path:
    return market_folder / "simulated" / "truth.csv"


@pytest.fixture(scope="module")
def fit(store_url: str, truth: Path) -> ParameterSet:
    return fit_stores([store_url], truth, evaluations=4)


def table(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_confirmed_origins_are_those_of_the_table(workspace: Workspace, market_folder: Path) -> None:
    snapshot = workspace.snapshot()
    found = {
        (snapshot.nodes[one.kind].id_at(one.position), snapshot.nodes["Site"].id_at(one.site))
        for one in confirmed_in(snapshot)
    }
    table = rows_of(market_folder / "simulated" / "confirmed_origins.csv")
    assert found == {(row["case"], f"Site:{row['site'].removeprefix('Site:')}") for row in table}


def test_a_fit_names_itself_its_cases_and_its_cut_off(fit: ParameterSet) -> None:
    assert fit.fit["cases"] + fit.fit["not_traceable"] == 20
    assert fit.fit["name"].startswith("fit-")
    assert fit.fit["data_cut_off"].startswith("2025-")
    assert set(fit.fit["cross_validation"]) >= {
        "folds",
        "log_likelihood",
        "log_likelihood_of_defaults",
        "top1",
    }
    assert fit.parameters.infer_products
    assert fit.parameters.infer_makers


def test_a_fit_is_the_same_each_time(fit: ParameterSet, store_url: str, truth: Path) -> None:
    assert fit_stores([store_url], truth, evaluations=4).to_json() == fit.to_json()


def test_a_file_of_parameters_is_read_as_it_was_written(fit: ParameterSet, tmp_path: Path) -> None:
    calibrated = replace(fit, calibration=Calibration(0.8, 123))
    for one in (fit, calibrated):
        file = table(tmp_path / "params.json", json.dumps(one.to_json()))
        assert ParameterSet.read(file).to_json() == one.to_json()


def test_a_fit_tells_how_sure_it_is_of_its_parameters(fit: ParameterSet) -> None:
    assert fit.uncertainty is not None
    assert fit.uncertainty.names[:6] == (*SHARES, *SCALES)
    variances = np.diag(fit.uncertainty.covariance)
    assert ((variances > 0.0) & (variances <= WIDEST**2 + 1e-6)).all()


def test_origins_have_intervals_where_the_fit_tells_how_sure_it_is(
    fit: ParameterSet, workspace: Workspace, truth: Path
) -> None:
    cases = [row["case"] for row in rows_of(truth)[:5]]
    calibrated = replace(fit, calibration=Calibration(0.8, 123))
    for one in (fit, calibrated):
        reports = list(Tracer(workspace).reports(cases, TraceRequest(parameters=one)))
        origins = [origin for report in reports for origin in report["origins"]]
        assert all(origin["low"] <= origin["probability"] <= origin["high"] for origin in origins)
        assert sum(origin["high"] - origin["low"] > 1e-3 for origin in origins) > len(origins) // 4
        for report in reports:
            assert report["intervals"].startswith("5th to 95th percentile over 200 draws")
            assert sum(origin["low"] for origin in report["origins"]) <= 1.0 + 1e-9
        again = Tracer(workspace).report(cases[0], TraceRequest(parameters=one))
        assert again["origins"] == reports[0]["origins"]


def test_a_file_of_an_earlier_version_still_works_and_says_to_fit_again(
    fit: ParameterSet, workspace: Workspace, truth: Path, tmp_path: Path
) -> None:
    document = fit.to_json()
    del document["uncertainty"]
    earlier = ParameterSet.read(table(tmp_path / "params.json", json.dumps(document)))
    case = rows_of(truth)[0]["case"]
    tracer = Tracer(workspace)
    old, new = (tracer.report(case, TraceRequest(parameters=one)) for one in (earlier, fit))
    assert "fit again" in old["intervals"]
    assert {(origin["low"], origin["high"]) for origin in old["origins"]} == {(None, None)}
    assert [one["probability"] for one in old["origins"]] == [one["probability"] for one in new["origins"]]
    unasked = tracer.report(case, TraceRequest(parameters=fit, intervals=False))
    assert unasked["intervals"].startswith("none: not asked for")
    assert unasked["origins"] == old["origins"]
    assert tracer.report(case, TraceRequest(parameters=fit, direction="forward"))["intervals"] is None


def test_answers_name_the_fit_and_are_calibrated_by_it(
    fit: ParameterSet, workspace: Workspace, truth: Path
) -> None:
    case = rows_of(truth)[0]["case"]
    tracer = Tracer(workspace)
    calibrated = replace(fit, calibration=Calibration(0.5, 123))
    plain, sharper = (tracer.report(case, TraceRequest(parameters=one)) for one in (fit, calibrated))
    assert plain["parameters"]["fitted"] is True
    assert plain["parameters"]["fit"]["name"] == fit.fit["name"]
    assert plain["parameters"]["calibrated"] is False
    assert "too few" in plain["parameters"]["calibration"]
    assert sharper["parameters"]["calibration"] == {"method": "temperature", "temperature": 0.5, "cases": 123}
    assert sharper["origins"][0]["probability"] > plain["origins"][0]["probability"]
    for report in (plain, sharper):
        parts = [*report["origins"], *report["unresolved"]]
        assert sum(part["probability"] for part in parts) == pytest.approx(1.0, abs=1e-9)
    by_default = tracer.report(case, TraceRequest())
    assert by_default["parameters"]["fitted"] is False


def test_figures_stand_beside_those_of_simpler_scores(workspace: Workspace, truth: Path) -> None:
    snapshot = workspace.snapshot()
    figures = evaluated(snapshot, confirmed_by(truth, snapshot), ParameterSet())
    assert figures["cases"] == 20
    assert 0.0 <= figures["top1"] <= figures["mrr"] <= 1.0
    assert figures["top1"] <= figures["top3"]
    assert 0.0 <= figures["ece"] <= 1.0
    assert set(figures["baselines"]) == {"share of reachable", "path count", "shortest path", "random"}
    assert figures["top1"] > figures["baselines"]["random"]["top1"]


def test_cases_may_be_named_by_listing(workspace: Workspace, truth: Path, tmp_path: Path) -> None:
    rows = rows_of(truth)
    listings = [row for row in rows if row["case"].startswith("Listing:")]
    lines = ["listing_id,platform,factory"]
    for row in listings:
        _, platform, listing = row["case"].split(":", 2)
        lines.append(f"{listing},{platform},{row['factory'].removeprefix('Site:')}")
    file = table(tmp_path / "truth.csv", "\n".join(lines) + "\n")
    snapshot = workspace.snapshot()
    by_id = [one for one in confirmed_by(truth, snapshot) if one.kind == "Listing"]
    assert confirmed_by(file, snapshot) == by_id


@pytest.mark.parametrize(
    ("text", "error", "told"),
    [
        ("case,place\nListing:a:b,X\n", ConfigError, "factory"),
        ("case,factory\nListing:nowhere:0,FAC0001\n", RecordError, "row 1, column case"),
        ("case,factory\nnonsense,FAC0001\n", RecordError, "row 1, column case"),
        ("listing_id,factory\nnone,FAC0001\n", RecordError, "no listing has this id"),
        ("case,factory\n{case},FAC9999\n", RecordError, "row 1, column factory"),
        ("", ConfigError, "columns"),
    ],
)
def test_wrong_files_are_refused_with_their_row(
    workspace: Workspace, truth: Path, tmp_path: Path, text: str, error: type[Exception], told: str
) -> None:
    row = rows_of(truth)[0]
    file = table(tmp_path / "wrong.csv", text.replace("{case}", row["case"]))
    with pytest.raises(error, match=told):
        confirmed_by(file, workspace.snapshot())


def test_bytes_that_are_no_text_are_refused(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "wrong.csv"
    file.write_bytes(b"case,factory\n\xff\xfe\n")
    with pytest.raises(ConfigError, match="cannot be read"):
        confirmed_by(file, workspace.snapshot())


def test_a_fit_takes_enough_confirmed_origins_and_one_store_a_file(
    store_url: str, truth: Path, tmp_path: Path
) -> None:
    row = rows_of(truth)[0]
    few = table(tmp_path / "few.csv", f"case,factory\n{row['case']},{row['factory']}\n")
    with pytest.raises(ConfigError, match="1 confirmed origins can be traced"):
        fit_stores([store_url], few)
    with pytest.raises(ConfigError, match="one store"):
        fit_stores([store_url, store_url], truth)


@pytest.mark.parametrize(
    "document",
    [
        {"format": "suyuan-trace-parameters", "version": 2, "parameters": {}, "fit": {}},
        {"format": "suyuan-trace-parameters", "version": 1, "parameters": [], "fit": {}},
        {"format": "suyuan-trace-parameters", "version": 1, "parameters": {}, "fit": None},
        {
            "format": "suyuan-trace-parameters",
            "version": 1,
            "parameters": {},
            "fit": {},
            "calibration": {"cases": 3},
        },
        {
            "format": "suyuan-trace-parameters",
            "version": 1,
            "parameters": {},
            "fit": {},
            "uncertainty": {"names": ["floor"], "covariance": []},
        },
        {
            "format": "suyuan-trace-parameters",
            "version": 1,
            "parameters": {},
            "fit": {},
            "uncertainty": [1],
        },
        *(
            {"format": "suyuan-trace-parameters", "version": 1, "parameters": {}, "fit": {}, name: wrong}
            for name in ("uncertainty", "calibration")
            for wrong in ([], 0, False, "")
        ),
        *(
            {
                "format": "suyuan-trace-parameters",
                "version": 1,
                "parameters": {},
                "fit": {},
                "uncertainty": {"names": ["floor"], "covariance": [[wrong]]},
            }
            for wrong in (10**400, 1e308, float("nan"))
        ),
        {"bandwidth": 10**400},
        {"infer_products": 1},
        {"match_lot_unknown": 0},
        {"product_prior": 0},
    ],
)
def test_wrong_parameters_are_refused(document: dict[str, object]) -> None:
    with pytest.raises(ParameterError):
        ParameterSet.from_json(document)
