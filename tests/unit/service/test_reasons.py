"""What a bureau officer reads, on the market of the first trace."""

from pathlib import Path
from typing import Any

import pytest

from suyuan.ingest.run import IngestOptions, ingest
from suyuan.service.tracing import Tracer, TraceRequest
from suyuan.service.workspace import Workspace

EXAMPLE = Path(__file__).parents[3] / "examples" / "first-trace"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with Workspace.open(
        f"sqlite:///{tmp_path_factory.mktemp('store') / 'first.db'}", create=True
    ) as workspace:
        ingest(workspace.store, [EXAMPLE], IngestOptions(), None)
        return Tracer(workspace).report("Listing:shop:L1", TraceRequest())


def test_every_hop_has_its_places_times_quantity_goods_and_record(report: dict[str, Any]) -> None:
    whole, *hops = report["origins"][0]["reasons"]
    assert whole.startswith("晨光玩具厂 (F1) is the probable origin with")
    assert "F1 -> M1 -> W1 -> D1 -> R1" in whole
    assert "晨光玩具厂 (F1)为可能来源地，概率" in whole
    assert len(hops) == 4
    first, last = hops[0], hops[-1]
    for part in (
        "Hop 1: 晨光玩具厂 (F1) -> 东门批发市场 (M1)",
        "left 2025-03-01T08:00:00Z, arrived 2025-03-02T09:00:00Z",
        "200 件, Product:P1 (积木套装), Lot:P1:A17",
        "record Shipment:SH1",
        "of what left 东门批发市场 (M1) by Shipment:SH3 came by it: same product, lots not recorded on both, 1.0 days",
        "第1程：晨光玩具厂 (F1) → 东门批发市场 (M1)，2025-03-01T08:00:00Z发出",
        "数量200 件，产品Product:P1 (积木套装)，批次Lot:P1:A17（记录 Shipment:SH1）",
    ):
        assert part in first
    assert "lot unknown" in last
    assert "The trace starts from this record, which stands for 100.0% of the case." in last
    assert "追溯由此记录出发，占本案100.0%。" in last


def test_hops_multiply_to_the_probability_of_the_way(report: dict[str, Any]) -> None:
    ways = {path["sites"][0]: path["probability"] for path in reversed(report["paths"])}
    for origin in report["origins"]:
        assert f"has {ways[origin['site']]:.1%}" in origin["reasons"][0]


def test_no_origin_is_called_more_than_probable(report: dict[str, Any]) -> None:
    for origin in report["origins"]:
        assert (origin["standing"], origin["infringing"], origin["licensed"]) == ("LEAD", None, [])
        assert (origin["low"], origin["high"], origin["overrun"]) == (None, None, None)
        text = " ".join(origin["reasons"]).lower()
        assert not [word for word in ("infring", "counterfeit", "侵权", "制假", "售假") if word in text]
    assert report["intervals"].startswith("none: the parameters are not fitted")


def test_choke_points_and_inspections_are_named(report: dict[str, Any]) -> None:
    assert report["choke_points"][0] == {
        "site": "Site:D1",
        "name": "云溪发货点",
        "share": 1.0,
        "dominates": True,
    }
    dominating = [point["site"] for point in report["choke_points"] if point["dominates"]]
    assert dominating == ["Site:D1", "Site:W1"]
    asked = {(one["about"], one["question"]) for one in report["next_inspections"]}
    assert ("Shipment:SH3", "lot") in asked
    (text,) = [one["text"] for one in report["next_inspections"] if one["about"] == "Shipment:SH3"]
    assert text == (
        "lot carried by Shipment:SH3, 东门批发市场 (M1) -> 云溪仓 (W1) "
        "Shipment:SH3（东门批发市场 (M1) → 云溪仓 (W1)）运输批次"
    )


def test_a_forward_trace_has_none_of_it(report: dict[str, Any], tmp_path: Path) -> None:
    with Workspace.open(f"sqlite:///{tmp_path / 'first.db'}", create=True) as workspace:
        ingest(workspace.store, [EXAMPLE], IngestOptions(), None)
        forward = Tracer(workspace).report("Site:F1", TraceRequest(direction="forward"))
        seller = Tracer(workspace).report("Site:F2", TraceRequest())
    assert (forward["origins"], forward["choke_points"], forward["next_inspections"]) == ([], [], [])
    assert forward["intervals"] is None
    assert seller["origins"][0]["reasons"] == [
        "海潮塑胶厂 (F2) is the probable origin with 100.0%: the goods are known to be there and may be made there; no "
        "movement is recorded. 海潮塑胶厂 (F2)为可能来源地，概率100.0%：货物位于该处且可能在该处生产，无运输记录。"
    ]
