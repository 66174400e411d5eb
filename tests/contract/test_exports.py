"""What is exported can be read again: tables and entities by ingest, GraphML and GEXF by networkx."""

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

from suyuan.errors import ParameterError, UnknownKindError, UnknownNodeError
from suyuan.graph.contenthash import content_hash
from suyuan.graph.records import time_text
from suyuan.graph.tables import TABLES
from suyuan.ingest.run import IngestOptions, ingest
from suyuan.service.exporting import TABLE_FORMATS, ExportRequest, export_graph
from suyuan.service.workspace import Workspace
from suyuan.simulate.market import MarketOptions, simulate_market
from tests.contract.building import Row, firm, load, values_of


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


def test_graphml_and_gexf_have_every_node_and_relationship(
    store_url: str, market: Path, tmp_path: Path
) -> None:
    with Workspace.open(store_url, create=True) as workspace:
        ingest(workspace.store, [market], IngestOptions())
        report = export_graph(workspace, tmp_path / "all.graphml", ExportRequest(format="graphml"), None)
        again = export_graph(workspace, tmp_path / "all.gexf", ExportRequest(format="gexf"), None)
        snapshot = workspace.snapshot()
        some = export_graph(
            workspace,
            tmp_path / "some.graphml",
            ExportRequest(format="graphml", kinds=("site", "Shipment")),
            None,
        )
    assert again["counts"] == report["counts"]
    _check_gexf(tmp_path / "all.gexf", nx.read_graphml(tmp_path / "all.graphml", force_multigraph=True))
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


def _check_gexf(path: Path, graphml: Any) -> None:
    gexf = nx.read_gexf(path)
    assert {node: data["kind"] for node, data in gexf.nodes(data=True)} == {
        node: data["kind"] for node, data in graphml.nodes(data=True)
    }
    ends = sorted((source, target, data["kind"]) for source, target, data in gexf.edges(data=True))
    assert ends == sorted((source, target, data["kind"]) for source, target, data in graphml.edges(data=True))
    listing = next(data for _, data in gexf.nodes(data=True) if data["kind"] == "Listing")
    assert listing["label"] == listing["title"]
    assert isinstance(listing["price"], float)


def _ids(folder: Path) -> dict[str, set[str]]:
    """Keys of the exported rows by table."""
    found: dict[str, set[str]] = {}
    for path in folder.iterdir():
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        found[path.stem] = {":".join(row[name] for name in TABLES[path.stem].key) for row in rows}
    return found


SMALL: dict[str, list[Row]] = {
    "firms": [
        firm(1, division_code="330782"),
        firm(2, division_code="330700"),
        firm(3, division_code="440100"),
    ],
    "sellers": [{"platform": "p", "seller_id": "s", "firm_id": "F1", "division_code": "440305"}],
    "listings": [{"platform": "p", "listing_id": str(n), "seller_id": "s"} for n in range(1200)],
    "ownerships": [{"owner": "Firm:F2", "owned": "Firm:F1"}, {"owner": "Firm:F3", "owned": "Firm:F2"}],
    "authorities": [{"authority_id": "A", "division_codes": ["320000", "330782"]}],
    "divisions": [{"code": "330782"}, {"code": "110000"}],
}


def test_parts_of_the_graph(store_url: str, tmp_path: Path) -> None:
    with Workspace.open(store_url, create=True) as workspace:
        load(workspace.store, SMALL)
        between = (workspace.store.runs(last=1)[0].ended_at or 0) + 1
        load(workspace.store, {"firms": [firm(2, division_code="330700"), firm(4)]}, file="later.csv")

        def export(name: str, **asked: Any) -> dict[str, set[str]]:
            request = ExportRequest(format="jsonl", **asked)
            export_graph(workspace, tmp_path / name, request, None)
            return _ids(tmp_path / name)

        assert export("division", division="3307") == {
            "firms": {"F1", "F2"}, "authorities": {"A"}, "divisions": {"330782"}, "ownerships": {"Firm:F2:Firm:F1"},
        }  # fmt: skip
        near = export("near", around="firm:F1")
        assert near == {"firms": {"F1", "F2"}, "sellers": {"p:s"}, "ownerships": {"Firm:F2:Firm:F1"}}
        far = export("far", around="Firm:F2", hops=3)
        assert {name: len(keys) for name, keys in far.items()} == {
            "firms": 3, "sellers": 1, "listings": 1200, "ownerships": 2,
        }  # fmt: skip
        assert export("both", around="Firm:F1", division="330782", kinds=("Firm",)) == {"firms": {"F1"}}
        assert export("since", since=time_text(between)) == {"firms": {"F4"}}
        assert export("day", since=time_text(between, 1)).keys() == SMALL.keys()
        path = tmp_path / "near.graphml"
        report = export_graph(workspace, path, ExportRequest(format="graphml", around="Firm:F1"), None)
        assert report["counts"] == {"nodes": 3, "edges": 2}
        ftm = export_graph(
            workspace, tmp_path / "near.ftm", ExportRequest(format="ftm", around="Firm:F1"), None
        )
        assert ftm["counts"] == {"Company": 2, "UserAccount": 1, "Ownership": 1}
        for asked in ({"division": "3307x"}, {"hops": 0, "around": "Firm:F1"}, {"since": "soon"}):
            with pytest.raises(ParameterError):
                export("wrong", **asked)
        with pytest.raises(UnknownNodeError):
            export("wrong", around="Firm:F77")
        with pytest.raises(ParameterError, match="whole store"):
            export_graph(
                workspace, tmp_path / "x", ExportRequest(format="neo4j-admin", kinds=("Firm",)), None
            )


def test_followthemoney_entities_come_back(
    empty_url: Callable[[], str], market: Path, tmp_path: Path
) -> None:
    path, again = tmp_path / "graph.ftm.json", tmp_path / "again.ftm.json"
    with Workspace.open(empty_url(), create=True) as workspace:
        ingest(workspace.store, [market], IngestOptions())
        counts = export_graph(workspace, path, ExportRequest(format="ftm"), None)["counts"]
        before = {name: _named(workspace, name, columns) for name, columns in KEPT_COLUMNS.items()}
    _check_entities(path, counts)
    with Workspace.open(empty_url(), create=True) as workspace:
        read = ingest(workspace.store, [path], IngestOptions(strict=True))
        assert (read.failed, read.rejected) == (False, 0)
        assert {name: _named(workspace, name, columns) for name, columns in KEPT_COLUMNS.items()} == before
        export_graph(workspace, again, ExportRequest(format="ftm"), None)
    first, second = (
        {line["id"]: line for line in map(json.loads, p.read_text("utf-8").splitlines())}
        for p in (path, again)
    )
    for entity in first.values():  # the rights that tell it are no entities
        if entity["schema"] == "License":
            entity["properties"].pop("authority")
    assert second == first


KEPT_COLUMNS = {
    "firms": ["name", "address", "country", "registered_at", "dissolved_at", "status"],
    "persons": ["name", "id_card"],
    "rights_holders": ["name", "country"],
    "ownerships": ["owner", "owned", "role", "share", "from", "to"],
    "sellers": ["name", "firm_id", "address", "opened_at"],
    "sites": ["name", "address", "latitude", "longitude"],
}


def _named(workspace: Workspace, table: str, columns: list[str]) -> dict[str, tuple[object, ...]]:
    return values_of(workspace.view().batches(table, columns), columns)


def _check_entities(path: Path, counts: dict[str, int]) -> None:
    """Schemata, properties and what is required, by the FollowTheMoney model 4.11."""
    model = json.loads((Path(__file__).parent / "ftm_model.json").read_text("utf-8"))
    entities = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    ids = {entity["id"] for entity in entities}
    assert len(ids) == len(entities)
    assert Counter(entity["schema"] for entity in entities) == counts
    assert {
        "Company",
        "Person",
        "UserAccount",
        "Ownership",
        "Directorship",
        "Sanction",
        "License",
    } <= counts.keys()
    for entity in entities:
        assert re.fullmatch(r"[0-9A-Za-z](?:[0-9A-Za-z.-]*[0-9A-Za-z])?", entity["id"])
        schema = model[entity["schema"]]
        properties = entity["properties"]
        assert properties.keys() <= schema["properties"].keys()
        assert set(schema["required"]) <= properties.keys()
        for name, values in properties.items():
            assert all(isinstance(value, str) and value for value in values)
            assert schema["properties"][name] != "entity" or set(values) <= ids
            assert schema["properties"][name] != "country" or all(value.islower() for value in values)


def test_what_cannot_be_exported_is_said(store_url: str, tmp_path: Path) -> None:
    with Workspace.open(store_url, create=True) as workspace:
        with pytest.raises(ParameterError):
            export_graph(workspace, tmp_path, ExportRequest(format="doc"), None)
        with pytest.raises(UnknownKindError):
            export_graph(workspace, tmp_path, ExportRequest(format="csv", kinds=("Shop",)), None)
