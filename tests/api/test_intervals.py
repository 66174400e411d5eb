"""Intervals of origin probabilities over GraphQL: made only where they are asked for."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import suyuan.service.intervals
from suyuan.service.parametersets import ParameterSet
from suyuan.service.tracing import Tracer, TraceRequest
from suyuan.service.workspace import Workspace
from tests.api.client import Client

FITTED = {
    "format": "suyuan-trace-parameters",
    "version": 1,
    "parameters": {"infer_products": True, "infer_makers": True},
    "calibration": {"method": "temperature", "temperature": 0.9, "cases": 60},
    "fit": {"name": "fit-by-hand", "cases": 60},
    "uncertainty": {"names": ["match_unknown", "dwell_days"], "covariance": [[0.5, 0.0], [0.0, 0.5]]},
}


@pytest.fixture(scope="module")
def parameters_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("parameters") / "params.json"
    file.write_text(json.dumps(FITTED), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def case(market_folder: Path, workspace: Workspace, parameters_file: Path) -> str:
    """A listing whose origins have intervals with a width."""
    with (market_folder / "simulated" / "truth.csv").open(encoding="utf-8") as file:
        cases = [row["case"] for row in csv.DictReader(file) if row["case"].startswith("Listing:")]
    tracer, request = Tracer(workspace), TraceRequest(parameters=ParameterSet.read(parameters_file))
    return next(
        one
        for one in cases
        if any(origin["low"] < origin["high"] for origin in tracer.report(one, request)["origins"])
    )


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The kind of each case for which intervals are made from now on."""
    kinds: list[str] = []
    real = suyuan.service.intervals.intervals_of

    def noting(prepared: Any, kind: str, *rest: Any, **named: Any) -> Any:
        kinds.append(kind)
        return real(prepared, kind, *rest, **named)

    monkeypatch.setattr(suyuan.service.intervals, "intervals_of", noting)
    return kinds


def test_intervals_are_those_of_the_command_line(
    served: Callable[..., Client], workspace: Workspace, parameters_file: Path, case: str
) -> None:
    client = served(trace_parameters=parameters_file)
    query = (
        "query($start: ID!) { trace(start: $start) { intervals origins { siteId probability low high } } }"
    )
    trace = client.data(query, start=case)["trace"]
    report = Tracer(workspace).report(case, TraceRequest(parameters=ParameterSet.read(parameters_file)))
    assert trace["intervals"] == report["intervals"]
    assert [(o["siteId"], o["probability"], o["low"], o["high"]) for o in trace["origins"]] == [
        (o["site"], o["probability"], o["low"], o["high"]) for o in report["origins"]
    ]
    assert any(origin["low"] < origin["high"] for origin in trace["origins"])


@pytest.mark.parametrize(
    ("query", "makes"),
    [
        ("query($id: ID!) { trace(start: $id) { origins { siteId probability } unresolved { siteId } } }", 0),
        ("query($id: ID!) { trace(start: $id) { origins { low } } }", 1),
        ("query($id: ID!) { trace(start: $id) { origins { far: high } } }", 1),
        ("query($id: ID!) { trace(start: $id) { intervals } }", 1),
        ("query($id: ID!) { trace(start: $id) { ...T } } fragment T on Trace { origins { ...O } } "
         "fragment O on Origin { probability ... on Origin { low } }", 1),
        ("query($id: ID!) { node(id: $id) { ... on Listing { trace { origins { high } } } } }", 1),
        ("query($id: ID!) { node(id: $id) { ... on Listing { trace { origins { probability } } } } }", 0),
    ],
)  # fmt: skip
def test_intervals_are_made_only_where_they_are_asked_for(
    served: Callable[..., Client], parameters_file: Path, case: str, made: list[str], query: str, makes: int
) -> None:
    client = served(trace_parameters=parameters_file)
    client.data(query, id=case)
    assert made == ["Listing"] * makes


def test_without_a_fit_there_are_none_and_the_answer_says_so(client: Client, case: str) -> None:
    query = "query($start: ID!) { trace(start: $start) { intervals origins { low high } } }"
    trace = client.data(query, start=case)["trace"]
    assert trace["intervals"].startswith("none: the parameters are not fitted")
    assert {(origin["low"], origin["high"]) for origin in trace["origins"]} == {(None, None)}


def test_intervals_of_a_long_list_cost_too_much(client: Client) -> None:
    query = '{ search(text: "a", first: 100) { edges { node { ... on Listing { trace { origins { low high } } } } } } }'
    assert client.code(query) == "QUERY_TOO_COMPLEX"
