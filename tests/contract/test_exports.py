"""What is exported can be read again: tables by ingest, GraphML by networkx."""

from collections.abc import Callable
from pathlib import Path

import networkx as nx
import pytest

from suyuan.errors import ParameterError, UnknownKindError
from suyuan.graph.contenthash import content_hash
from suyuan.ingest.run import IngestOptions, ingest
from suyuan.service.exporting import TABLE_FORMATS, ExportRequest, export_graph
from suyuan.service.workspace import Workspace
from suyuan.simulate.market import MarketOptions, simulate_market


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market")
    simulate_market(MarketOptions(seed=3, movements=1500, cases=20), folder, None)
    listings = folder / "listings.csv"
    text = listings.read_text(encoding="utf-8").splitlines()
    text = [text[0] + ',"手机型号"', text[1] + ',"=1+1; 甲,乙"', *(line + "," for line in text[2:])]
    listings.write_text("\n".join(text) + "\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize("table_format", TABLE_FORMATS)
def test_tables_come_back_the_same(
    empty_url: Callable[[], str], market: Path, tmp_path: Path, table_format: str
) -> None:
    with Workspace.open(empty_url(), create=True) as workspace:
        read = ingest(workspace.store, [market], IngestOptions())
        assert read.rejected == 0
        before = content_hash(workspace.view())
        report = export_graph(workspace, tmp_path / "out", ExportRequest(format=table_format), None)
    assert sum(report["counts"].values()) == read.written
    with Workspace.open(empty_url(), create=True) as workspace:
        again = ingest(workspace.store, [tmp_path / "out"], IngestOptions(strict=True))
        assert (again.failed, again.written) == (False, read.written)
        assert content_hash(workspace.view()) == before


def test_graphml_has_every_node_and_relationship(store_url: str, market: Path, tmp_path: Path) -> None:
    with Workspace.open(store_url, create=True) as workspace:
        ingest(workspace.store, [market], IngestOptions())
        report = export_graph(workspace, tmp_path / "all.graphml", ExportRequest(format="graphml"), None)
        snapshot = workspace.snapshot()
        some = export_graph(
            workspace,
            tmp_path / "some.graphml",
            ExportRequest(format="graphml", kinds=("site", "Shipment")),
            None,
        )
    graph = nx.read_graphml(tmp_path / "all.graphml", force_multigraph=True)
    assert (
        graph.number_of_nodes() == report["counts"]["nodes"] == sum(len(t) for t in snapshot.nodes.values())
    )
    assert graph.number_of_edges() == report["counts"]["edges"]
    title = {node: data.get("title") for node, data in graph.nodes(data=True) if data["kind"] == "Listing"}
    assert any(
        "手" in str(data.get("手机型号", "")) or data.get("手机型号") for _, data in graph.nodes(data=True)
    )
    assert len(title) == len(snapshot.nodes["Listing"])
    part = nx.read_graphml(tmp_path / "some.graphml", force_multigraph=True)
    assert {data["kind"] for _, data in part.nodes(data=True)} == {"Site", "Shipment"}
    assert {data["kind"] for *_, data in part.edges(data=True)} == {"DEPARTS", "ARRIVES", "SHIPPED_TO"}
    assert part.number_of_edges() == some["counts"]["edges"]


def test_what_cannot_be_exported_is_said(store_url: str, tmp_path: Path) -> None:
    with Workspace.open(store_url, create=True) as workspace:
        with pytest.raises(ParameterError):
            export_graph(workspace, tmp_path, ExportRequest(format="doc"), None)
        with pytest.raises(UnknownKindError):
            export_graph(workspace, tmp_path, ExportRequest(format="csv", kinds=("Shop",)), None)
