"""A graph loaded offline is the same store as one written over Bolt."""

import json
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import neo4j
import pytest
from typer.testing import CliRunner

from suyuan.cli import neo4j as neo4j_command
from suyuan.errors import ConfigError, ConflictError, StoreError
from suyuan.graph.contenthash import content_hash
from suyuan.graph.store.base import Store
from suyuan.graph.store.local_server import QUICK_START_FLAGS, LocalServer
from suyuan.graph.store.local_server_import import ASIDE, MANIFEST, Manifest, import_folder, read_manifest
from suyuan.graph.store.opening import open_store
from suyuan.service.exporting import ExportRequest, export_graph
from suyuan.service.tracing import Tracer, TraceRequest
from suyuan.service.workspace import Workspace
from tests.contract.building import Row, firm, load, sample_rows

pytestmark = [pytest.mark.neo4j, pytest.mark.usefixtures("neo4j_jars"), pytest.mark.timeout(900)]

QUICK = LocalServer(jvm_flags=QUICK_START_FLAGS)
ODD = 'quote " comma , semicolon ; back\\slash "quoted"\nnew line\r\nand more\ttab  \u2028 手机 '
LONG = "long" * 1_250_000


def data() -> dict[str, list[Row]]:
    """Every column of every table, and texts that CSV or the import could break."""
    rows = sample_rows()
    rows["firms"] = [
        *rows["firms"],
        firm(71, ODD, status="\\"),
        firm(72, status=LONG, address='"'),
        firm(73, "  ", country=",", extra='{"a;b":"c,\\"d\\""}'),
    ]
    rows["rights"] = [*rows["rights"], {"right_id": "R8", "number": "number:0", "classes": ["a;b", "", '"']}]
    rows["transformations"] = [*rows["transformations"], {"event_id": "E9", "input_products": ["", " x "]}]
    lots: list[str] = ["Lot:urn:x:1:2", "Lot::7", "Lot:p%3A1:2"]
    rows["transformations"] = [*rows["transformations"], {"event_id": "E8", "input_lots": lots}]
    rows["site_products"] = [*rows["site_products"], {"site_id": "S9", "product_id": "P9"}]
    rows["shipments"] = [*rows["shipments"], {"shipment_id": "T1", "to_site": "v 0:0%", "arrived_at": 10**15}]
    return rows


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of an export, and the store's graph hash."""
    folder = tmp_path_factory.mktemp("offline, import")
    with Workspace.open(f"sqlite:///{folder / 'graph.db'}", create=True) as workspace:
        load(workspace.store, {"firms": [firm(71, "before")]}, file="first.csv")
        load(workspace.store, data())
        report = export_graph(workspace, folder / "out", ExportRequest(format="neo4j-admin"), None)
        assert report["counts"].keys() == {"nodes", "relationships"}
        return folder / "out", content_hash(workspace.view())


@dataclass(frozen=True)
class Loaded:
    """A server that an export was loaded into, and what stood in it then."""

    home: Path
    manifest: Manifest
    nodes: list[str]
    edges: list[str]


@pytest.fixture(scope="module")
def loaded(exported: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    home = tmp_path_factory.mktemp("home")
    try:
        info, manifest = import_folder(QUICK, home, exported[0], heap_mb=512)
        yield Loaded(home, manifest, *content(info.url))
    finally:
        QUICK.stop(home)


def content(url: str) -> tuple[list[str], list[str]]:
    """Every node and relationship, without what differs from run to run."""
    parts = urlsplit(url)
    address = f"bolt://{parts.hostname}:{parts.port}"
    with neo4j.GraphDatabase.driver(address, auth=("neo4j", unquote(parts.password or ""))) as driver:
        nodes = driver.execute_query(
            "MATCH (x) WHERE NOT x:Run AND NOT x:Counter RETURN labels(x), properties(x)"
        )
        edges = driver.execute_query("MATCH (a)-[r]->(b) RETURN [a.id, type(r), b.id], properties(r)")
    return _lines(nodes), _lines(edges)


def _lines(found: neo4j.EagerResult) -> list[str]:
    return sorted(_line(*record.values()) for record in found.records)


def _line(names: list[str | None], properties: dict[str, Any]) -> str:
    labels = sorted(map(str, names)) if all(names) and ":" not in str(names[0]) else names
    kept = {name: value for name, value in properties.items() if name != "size"}
    return f"{labels} {sorted(kept.items())}"


def test_a_loaded_graph_is_what_bolt_writes(
    exported: tuple[Path, str], loaded: Loaded, neo4j_url: str, neo4j_driver: neo4j.Driver
) -> None:
    neo4j_driver.execute_query("MATCH (n) DETACH DELETE n", database_="neo4j")
    with written(neo4j_url) as bolt:
        assert content_hash(bolt.view()) == loaded.manifest.snapshot == exported[1]
    nodes, edges = content(neo4j_url)
    assert loaded.nodes == nodes
    assert loaded.edges == edges
    counted = loaded.manifest.nodes, loaded.manifest.relationships
    assert counted == (len(nodes) + 2, len(edges))  # the run and the counter


@contextmanager
def written(url: str) -> Generator[Store]:
    """The store at a URL with the data written in one run."""
    store = open_store(url)
    try:
        load(store, data())
        yield store
    finally:
        store.close()


def test_a_loaded_store_is_sound_answers_and_takes_more(exported: tuple[Path, str], loaded: Loaded) -> None:
    info = QUICK.start(loaded.home)
    with Workspace.open(info.url) as workspace:
        store = workspace.store
        before = store.seq()
        assert content_hash(store.view()) == exported[1]
        record = store.view().records("firms", ["Firm:F71"])["Firm:F71"]
        assert (record.file, record.row, record.seq) == ("a.csv", 4, 1)
        assert [hit.id for hit in store.view().search("手机")] == ["Firm:F71"]
        found = Tracer(workspace).report("Shipment:T1", TraceRequest(), workspace.snapshot())
        assert found["snapshot"] == exported[1]
        load(store, {"firms": [firm(71, "changed"), firm(99)]}, file="later.csv")
        assert list(store.check(deep=True)) == []
        assert store.seq() == before + 1
        assert store.view().counts()["firms"] == len(data()["firms"]) + 1


@pytest.mark.slow
def test_a_database_that_holds_something_is_replaced_only_when_told(
    exported: tuple[Path, str], loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = QUICK.start(loaded.home)
    with pytest.raises(ConflictError, match=r"holds .* nodes. Name --replace"):
        import_folder(QUICK, loaded.home, exported[0])
    with Workspace.open(held.url) as workspace:
        load(workspace.store, {"firms": [firm(98)]}, file="mine.csv")
        mine = content_hash(workspace.view())
    broken = exported[0].parent / "broken"
    _copied(exported[0], broken, "nodes/Firm.csv", lambda text: text.replace('"Firm:F71"', '"Firm:F72"'))
    with pytest.raises(StoreError, match="neo4j-admin database import failed"):
        import_folder(QUICK, loaded.home, broken, replace=True)
    again = QUICK.status(loaded.home)
    assert again is not None
    assert (again.url, again.heap_mb) == (held.url, held.heap_mb)
    with Workspace.open(again.url) as workspace:
        assert content_hash(workspace.view()) == mine
    monkeypatch.setattr(neo4j_command, "LocalServer", lambda: QUICK)
    words = ["import", str(exported[0]), "--home", str(loaded.home), "--replace", "--json"]
    done = CliRunner().invoke(neo4j_command.app, words)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["snapshot"] == exported[1]
    with Workspace.open(again.url) as workspace:
        assert content_hash(workspace.view()) == exported[1]


def _copied(source: Path, target: Path, changed: str, change: Callable[[str], str]) -> None:
    for name in ("nodes", "relationships"):
        (target / name).mkdir(parents=True)
    for name in (*read_manifest(source).files, MANIFEST):
        text = (source / name).read_bytes()
        (target / name).write_bytes(change(text.decode()).encode() if name == changed else text)


def test_folders_that_are_no_whole_export_are_refused(exported: tuple[Path, str], tmp_path: Path) -> None:
    server = QUICK
    with pytest.raises(ConfigError, match="no whole export"):
        import_folder(server, tmp_path / "home", tmp_path)
    (tmp_path / MANIFEST).write_text('{"format": "other"}')
    with pytest.raises(ConfigError, match="another format"):
        import_folder(server, tmp_path / "home", tmp_path)
    cut = tmp_path / "cut"
    _copied(exported[0], cut, "nodes/Firm.csv", lambda text: text[:-1])
    with pytest.raises(ConfigError, match=r"Firm.csv is [\d,]+ bytes long instead of"):
        import_folder(server, tmp_path / "home", cut)
    assert not (tmp_path / "home").exists()
    kept = tmp_path / "home" / ASIDE / "databases"
    kept.mkdir(parents=True)
    with pytest.raises(ConflictError, match="An earlier import was cut off"):
        import_folder(server, tmp_path / "home", exported[0])
    assert kept.exists()


@pytest.mark.parametrize("classes", [[], ["a", "b\x1fc"]])
def test_lists_that_the_files_cannot_hold_are_named(tmp_path: Path, classes: list[str]) -> None:
    with Workspace.open(f"sqlite:///{tmp_path / 'graph.db'}", create=True) as workspace:
        load(workspace.store, {"rights": [{"right_id": "R1", "classes": classes}]})
        with pytest.raises(ConfigError, match=r"classes holds .* cannot"):
            export_graph(workspace, tmp_path / "out", ExportRequest(format="neo4j-admin"), None)
    assert not (tmp_path / "out" / MANIFEST).exists()


def test_an_export_is_written_over_an_earlier_one_and_over_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "out"
    request = ExportRequest(format="neo4j-admin")
    with Workspace.open(f"sqlite:///{tmp_path / 'graph.db'}", create=True) as workspace:
        export_graph(workspace, out, request, None)
        load(workspace.store, {"firms": [firm(1)]})
        export_graph(workspace, out, request, None)
        assert read_manifest(out).records == {"firms": 1}
        (out / "notes.txt").write_text("mine")
        with pytest.raises(ConfigError, match="holds other files"):
            export_graph(workspace, out, request, None)
        with pytest.raises(ConfigError, match="is no folder"):
            export_graph(workspace, tmp_path / "graph.db", request, None)
    assert (out / "notes.txt").read_text() == "mine"
