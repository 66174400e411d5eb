"""The graph in a notebook and back, against the store it came from."""

import builtins
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import pandas as pd
import pytest

from suyuan.errors import ConfigError, ParameterError, RecordError
from suyuan.graph import frames
from suyuan.graph.contenthash import content_hash
from suyuan.graph.frames import from_networkx, to_frames, to_networkx
from suyuan.graph.selection import Selection
from suyuan.graph.store.base import Store
from suyuan.ingest.run import IngestOptions, ingest
from suyuan.service.notebooks import ingest_frames
from suyuan.service.workspace import Workspace
from suyuan.simulate.market import MarketOptions, simulate_market
from tests.contract.building import firm, load


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market")
    simulate_market(MarketOptions(seed=5, movements=500, cases=10), folder, None)
    for name, line in (("firms", '"备注","id"'), ("ownerships", '"kind"')):
        path = folder / f"{name}.csv"
        head, *rows = path.read_text("utf-8").splitlines()
        odd = [
            '"甲;乙","7"' if name == "firms" else '"x"',
            *('""' + ',""' * line.count(",") for _ in rows[1:]),
        ]
        path.write_text(
            "\n".join([f"{head},{line}", *map(",".join, zip(rows, odd, strict=True))]) + "\n", "utf-8"
        )
    return folder


def test_frames_and_graph_come_back_whole(empty_url: Callable[[], str], market: Path) -> None:
    with Workspace.open(empty_url(), create=True) as workspace:
        read = ingest(workspace.store, [market], IngestOptions(strict=True))
        assert not read.failed
        view = workspace.view()
        wanted = content_hash(view)
        tables, graph = to_frames(view), to_networkx(view)
        snapshot = workspace.snapshot()
    assert {name: len(frame) for name, frame in tables.items()} == {
        name: counts.written for name, counts in read.by_table.items() if counts.written
    }
    assert graph.number_of_nodes() == sum(len(nodes) for nodes in snapshot.nodes.values())
    assert all(data["kind"] == node.partition(":")[0] for node, data in graph.nodes(data=True))
    licence = next(data for _, data in graph.nodes(data=True) if data["kind"] == "Licence")
    assert licence["kind_"] in ("exclusive", "sole", "ordinary", "open")
    for given in (tables, from_networkx(graph)):
        with Workspace.open(empty_url(), create=True) as workspace:
            report = ingest_frames(workspace.store, given, IngestOptions(strict=True))
            assert (report.failed, report.written) == (False, read.written), report.rejects
            assert content_hash(workspace.view()) == wanted
            where = workspace.view().records("firms", [f"Firm:{tables['firms']['firm_id'][0]}"])
    assert {record.file for record in where.values()} == {"notebook/firms.parquet"}


def test_what_is_added_to_a_graph_becomes_rows(store: Store) -> None:
    rights = [{"right_id": "R1", "number": "12345678"}, {"right_id": "R2", "number": "87654321"}]
    products = [{"product_id": "P1", "right_ids": ["R1"]}]
    load(store, {"firms": [firm(1)], "products": products, "rights": rights})
    graph: Any = to_networkx(store.view())
    graph.add_node("Listing:p:L1", title="new")
    graph.add_edge("Listing:p:L1", "Seller:p:s", kind="SOLD_BY")
    graph.add_edge("Listing:p:L1", "Right:R2", kind="CLAIMS")
    graph.add_edge("Product:P1", "Right:R2", kind="PROTECTED_BY")
    graph.add_edge("Person:A", "Firm:F1", kind="OWNS", share=0.5, role="shareholder")
    graph.add_edge("Site:S", "Product:P1", kind="MAKES")
    graph.add_edge("Site:S", "Shipment:T", kind="DEPARTS", departed_at="2025-03-02")
    report = ingest_frames(store, from_networkx(graph), IngestOptions(strict=True))
    assert not report.failed, report.rejects
    after = to_networkx(store.view())
    added = {(a, b, data["kind"]) for a, b, data in after.edges(data=True)}
    assert added == {
        ("Listing:p:L1", "Seller:p:s", "SOLD_BY"), ("Listing:p:L1", "Right:R2", "CLAIMS"),
        ("Product:P1", "Right:R1", "PROTECTED_BY"), ("Product:P1", "Right:R2", "PROTECTED_BY"),
        ("Person:A", "Firm:F1", "OWNS"), ("Site:S", "Product:P1", "MAKES"), ("Site:S", "Shipment:T", "DEPARTS"),
    }  # fmt: skip
    assert after.nodes["Person:A"] == {"kind": "Person", "person_id": "A", "stub": True}
    some = to_networkx(store.view(), Selection(kinds=frozenset({"Product", "Right"})))
    assert some.number_of_nodes() == 3


@pytest.mark.parametrize(
    ("ends", "attributes", "error"),
    [
        (("Firm:F1", "Firm:F2"), {}, ParameterError),
        (("Firm:F1", "Firm:F2"), {"kind": "SOLD_BY"}, ParameterError),
        (("Site:A", "Site:B"), {"kind": "SHIPPED_TO"}, ParameterError),
        (("Listing:p:L1", "Seller:other:s"), {"kind": "SOLD_BY"}, ParameterError),
        (("Firm:F1", "Seller:x"), {"kind": "RUN_BY"}, RecordError),
    ],
)
def test_edges_that_no_table_holds_are_refused(
    ends: tuple[str, str], attributes: dict[str, str], error: type[Exception]
) -> None:
    graph: Any = nx.MultiDiGraph()
    graph.add_edge(*ends, **attributes)
    with pytest.raises(error):
        from_networkx(graph)


def test_a_frame_of_no_table_is_refused(store: Store) -> None:
    with pytest.raises(ParameterError, match="shops"):
        ingest_frames(store, {"shops": pd.DataFrame({"a": [1]})})


@pytest.mark.parametrize("missing", ["pandas", "networkx"])
def test_what_is_not_installed_is_a_sentence(
    store: Store, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    def absent(name: str) -> Any:
        if name == missing:
            raise ModuleNotFoundError(name=name)
        return builtins.__import__(name)

    monkeypatch.setattr(frames, "import_module", absent)
    with pytest.raises(
        ConfigError, match=rf"{missing} is not installed. Run: pip install 'suyuan\[notebook\]'"
    ):
        (to_frames if missing == "pandas" else to_networkx)(store.view())
