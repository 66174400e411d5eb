"""What a trace prints for people and for programs."""

import json
from pathlib import Path

from tests.unit.cli.conftest import ROOT, Run


def test_a_trace_says_why_where_to_cut_and_what_to_look_into(suyuan: Run, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'first.db'}"
    assert suyuan("ingest", str(ROOT / "examples" / "first-trace"), "--store", store).returncode == 0
    for_people = suyuan("trace", "Listing:shop:L1", "--store", store)
    assert for_people.returncode == 0, for_people.stderr
    lines = for_people.stdout.splitlines()
    why, places, next_ones = (
        lines.index(title)
        for title in ("Why 理由:", "Places most goods passed 关键节点:", "To look into next 建议下一步核查:")
    )
    assert lines[why + 2].startswith(
        "  Hop 1: 晨光玩具厂 (F1) -> 东门批发市场 (M1), left 2025-03-01T08:00:00Z"
    )
    assert lines[places + 1] == (
        "  100.0%  Site:D1 云溪发货点  every chain to an origin passes it 所有来源路径必经"
    )
    assert " bits  lot carried by Shipment:SH3, " in lines[next_ones + 1]
    for_programs = suyuan("trace", "Listing:shop:L1", "--store", store, "--json")
    report = json.loads(for_programs.stdout)
    assert report["choke_points"][0]["site"] == "Site:D1"
    assert report["next_inspections"][0]["about"] == "Shipment:SH3"
    assert report["origins"][0]["standing"] == "LEAD"


FITTED = {
    "format": "suyuan-trace-parameters",
    "version": 1,
    "parameters": {"fifo_share": 0.2},
    "calibration": None,
    "fit": {"name": "fit-by-hand", "cases": 30},
    "uncertainty": {"names": ["match_unknown", "dwell_days"], "covariance": [[0.5, 0.0], [0.0, 0.5]]},
}


def test_a_trace_by_fitted_parameters_says_how_far_it_can_be_off(suyuan: Run, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'first.db'}"
    assert suyuan("ingest", str(ROOT / "examples" / "first-trace"), "--store", store).returncode == 0
    file = tmp_path / "params.json"
    file.write_text(json.dumps(FITTED), encoding="utf-8")
    asked = ("trace", "Listing:shop:L1", "--store", store, "--parameters", str(file))
    report = json.loads(suyuan(*asked, "--json").stdout)
    assert all(origin["low"] <= origin["probability"] <= origin["high"] for origin in report["origins"])
    assert any(origin["low"] < origin["high"] for origin in report["origins"])
    without = json.loads(suyuan(*asked, "--json", "--no-intervals").stdout)
    assert {(origin["low"], origin["high"]) for origin in without["origins"]} == {(None, None)}
    for_people = suyuan(*asked).stdout
    first = report["origins"][0]
    assert "5 %-95 % 区间" in for_people
    assert f"{first['low']:.1%}-{first['high']:.1%}" in for_people
    assert f"Intervals 区间: {report['intervals']}" in for_people
    plain = suyuan("trace", "Listing:shop:L1", "--store", store).stdout
    assert "5 %-95 % 区间" not in plain
    assert "Intervals 区间: none: the parameters are not fitted" in plain
