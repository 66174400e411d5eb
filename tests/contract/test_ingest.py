"""Runs of the ingest against every store: what goes in, and what second and failed runs change."""

import csv
import json
import zipfile
from pathlib import Path

import pytest

from suyuan.errors import IngestError, MappingError
from suyuan.graph.records import batch_schema, digests
from suyuan.graph.store.base import Store
from suyuan.graph.tables import TABLES
from suyuan.ingest import delimited, quotes
from suyuan.ingest.report import RunReport
from suyuan.ingest.run import IngestOptions, ingest

FACILITIES = Path(__file__).resolve().parents[2] / "examples" / "facilities" / "facilities.toml"

SITES = "site_id,role,name\nA,factory,Mill\nB,warehouse,Store\n"
SHIPMENTS = (
    "shipment_id,from_site,to_site,departed_at,arrived_at,quantity\n"
    "S1,A,B,2025-03-01,2025-03-02T10:00:00,5\n"
    "S2,B,C,2025-03-03,2025-03-04,many\n"
)


@pytest.fixture
def market(tmp_path: Path) -> Path:
    folder = tmp_path / "market"
    folder.mkdir()
    (folder / "sites.csv").write_text(SITES)
    (folder / "shipments.csv").write_text(SHIPMENTS)
    (folder / "truth.csv").write_text("case,factory\nS1,A\n")
    return folder


def contents(store: Store) -> set[bytes]:
    """The digests of everything in the store."""
    view = store.view()
    found: set[bytes] = set()
    for name, count in view.counts().items():
        columns = [column for column in batch_schema(TABLES[name]).names if column != "id"]
        for batch in view.batches(name, columns) if count else []:
            found.update(digests(TABLES[name], batch))
    return found


def adds_up(report: RunReport) -> bool:
    whole = report.rows_read == report.written + report.unchanged + report.rejected
    return whole and all(
        counts.rows_read == counts.written + counts.unchanged + counts.rejected
        for counts in report.by_table.values()
    )


def test_report_of_a_run(store: Store, market: Path) -> None:
    seen: list[tuple[str, int, int, int]] = []

    def progress(file: str, rows: int, bytes_done: int, bytes_total: int) -> None:
        seen.append((file, rows, bytes_done, bytes_total))

    report = ingest(store, [market], IngestOptions(), progress)
    document = json.loads(json.dumps(report.to_json()))
    expected = {"rows_read": 4, "written": 4, "unchanged": 0, "rejected": 0, "stubs": 1, "failed": False}
    assert expected.items() <= document.items()
    assert document["by_table"]["shipments"]["codes"] == {"bad_type": 1}
    assert document["rejects"] == [
        {
            "file": "market/shipments.csv", "table": "shipments", "row": 2, "column": "quantity",
            "code": "bad_type", "value": "many",
        }
    ]  # fmt: skip
    assert [file["name"] for file in document["files"]] == ["market/shipments.csv", "market/sites.csv"]
    assert document["files"][1]["size"] == len(SITES)
    assert len(document["files"][1]["sha256"]) == 64
    assert document["skipped"][0]["name"] == "market/truth.csv"
    assert document["notes"] == ["times without offset read as UTC: 1"]
    assert seen[-1] == ("market/sites.csv", 2, len(SITES), len(SITES))
    assert store.runs()[0].run_id == report.run_id
    assert store.runs()[0].report["rows_read"] == 4


def test_records_with_provenance(store: Store, market: Path) -> None:
    report = ingest(store, [market], IngestOptions())
    node = store.view().nodes(["Shipment:S1"])["Shipment:S1"]
    assert node.properties["arrived_at"] == "2025-03-02T10:00:00Z"
    assert node.provenance is not None
    assert (node.provenance.file, node.provenance.row, node.provenance.run_id) == (
        "market/shipments.csv", 1, report.run_id,
    )  # fmt: skip
    assert node.provenance.sha256 == report.files[0].sha256
    assert store.view().nodes(["Site:C"])["Site:C"].stub


def test_the_same_files_twice_change_nothing(store: Store, market: Path) -> None:
    ingest(store, [market], IngestOptions())
    before = contents(store)
    again = ingest(store, [market], IngestOptions())
    assert (again.written, again.unchanged, again.rejected) == (0, 4, 0)
    assert contents(store) == before


def test_conflicting_files_twice_change_nothing(store: Store, market: Path) -> None:
    (market / "sites-later.csv").write_text("site_id,role,name\nB,port,Harbour\n")
    first = ingest(store, [market], IngestOptions())
    again = ingest(store, [market], IngestOptions())
    assert (first.written, first.unchanged, again.written) == (4, 1, 0)
    name = store.view().nodes(["Site:B"])["Site:B"].properties["name"]
    assert name in ("Store", "Harbour")


def test_columns_that_a_file_lacks_keep_what_is_stored(store: Store, market: Path, tmp_path: Path) -> None:
    ingest(store, [market], IngestOptions())
    (tmp_path / "sites.csv").write_text("site_id,country\nA,China\n")
    report = ingest(store, [tmp_path / "sites.csv"], IngestOptions())
    assert report.written == 1
    assert store.view().nodes(["Site:A"])["Site:A"].properties == {
        "site_id": "A", "role": "factory", "name": "Mill", "country": "CN",
    }  # fmt: skip


@pytest.mark.parametrize("block", [48, 1 << 20], ids=["many batches", "one batch"])
def test_rows_of_one_key(store: Store, block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", block)
    path = tmp_path / "sites.csv"
    path.write_text("site_id,name\nA,one\nB,b\nA,two\n,none\nA,two\nB,b\nC,c\nD\n")
    report = ingest(store, [path], IngestOptions())
    assert (report.rows_read, report.written, report.unchanged, report.rejected) == (8, 3, 2, 3)
    assert report.by_table["sites"].codes == {"missing_key": 1, "duplicate_key": 1, "bad_type": 1}
    found = {(reject.row, reject.column, reject.code, reject.value) for reject in report.rejects}
    assert (1, "site_id", "duplicate_key", "Site:A") in found
    assert (4, "site_id", "missing_key", "") in found
    assert store.view().nodes(["Site:A"])["Site:A"].properties["name"] == "two"
    again = ingest(store, [path], IngestOptions())
    assert (again.written, again.unchanged, again.rejected) == (0, 5, 3)
    assert adds_up(report)
    assert adds_up(again)


def test_strict_changes_nothing_when_anything_is_wrong(store: Store, market: Path, tmp_path: Path) -> None:
    report = ingest(store, [market], IngestOptions(strict=True, rejects=tmp_path / "rejects"))
    assert report.failed
    assert report.to_json()["failed"] is True
    assert (report.rows_read, report.written, report.unchanged, report.rejected) == (4, 0, 0, 4)
    assert store.seq() == 0
    assert not any(store.view().counts().values())
    assert (tmp_path / "rejects" / "shipments.csv").exists()
    (market / "shipments.csv").write_text(SHIPMENTS.replace("many", "7"))
    assert not ingest(store, [market], IngestOptions(strict=True)).failed
    assert sum(store.view().counts().values()) == 4


def test_rejects_mended_and_read_again(store: Store, market: Path, tmp_path: Path) -> None:
    with (market / "shipments.csv").open("a") as stream:
        stream.write(",A,B,2025-03-05,2025-03-06,1\n")
    rejects = tmp_path / "rejects"
    first = ingest(store, [market], IngestOptions(rejects=rejects))
    assert (first.written, first.rejected) == (4, 1)
    with (rejects / "shipments.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["_code"] for row in rows] == ["bad_type", "missing_key"]
    rows[0]["quantity"], rows[1]["shipment_id"] = "7", "S3"
    with (rejects / "shipments.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    again = ingest(store, [rejects], IngestOptions(strict=True))
    assert (again.rows_read, again.written, again.unknown_columns) == (2, 2, {})
    view = store.view()
    assert view.nodes(["Shipment:S2"])["Shipment:S2"].properties["quantity"] == 7.0
    assert view.counts()["shipments"] == 3


def test_full_retires_what_its_files_no_longer_name(store: Store, market: Path, tmp_path: Path) -> None:
    (tmp_path / "products.csv").write_text("product_id\nP\n")
    ingest(store, [market, tmp_path / "products.csv"], IngestOptions())
    (market / "sites.csv").write_text("site_id,role,name\nA,factory,Mill\n")
    report = ingest(store, [market], IngestOptions(full=True))
    assert report.by_table["sites"].retired == 1
    counts = store.view().counts()
    assert (counts["sites"], counts["shipments"], counts["products"]) == (1, 2, 1)
    assert store.view().nodes(["Site:B"])["Site:B"].stub


@pytest.mark.parametrize("damaged", ["sites.parquet", "sites.xlsx", "data.zip", "net.json"])
def test_a_damaged_file_leaves_the_store_as_it_was(store: Store, damaged: str, market: Path) -> None:
    ingest(store, [market / "sites.csv"], IngestOptions())
    before, seq = contents(store), store.seq()
    (market / damaged).write_bytes(b'{"stations": [PAR1PK\x03\x04')
    with pytest.raises(IngestError, match=damaged):
        ingest(store, [market], IngestOptions())
    assert (contents(store), store.seq()) == (before, seq)
    (market / damaged).unlink()
    assert ingest(store, [market], IngestOptions()).written == 2


def test_a_file_that_breaks_off_in_the_middle(
    store: Store, market: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 64)
    monkeypatch.setattr(quotes, "_LONGEST_ROW", 200)
    (market / "sites.csv").write_text(SITES + "C,port,x\n" * 20 + 'D,port,"' + "x" * 500)
    with pytest.raises(IngestError, match="sites"):
        ingest(store, [market], IngestOptions())
    assert not any(store.view().counts().values())


def test_a_file_that_changes_meanwhile(store: Store, market: Path) -> None:
    def meddle(file: str, rows: int, bytes_done: int, bytes_total: int) -> None:
        (market / "sites.csv").write_text(SITES + "Z,port,z\n")

    with pytest.raises(IngestError, match="changed while it was read"):
        ingest(store, [market / "sites.csv"], IngestOptions(), meddle)
    assert not any(store.view().counts().values())


def test_mapping_that_does_not_fit_changes_nothing(store: Store, market: Path, tmp_path: Path) -> None:
    mapping = tmp_path / "map.toml"
    mapping.write_text('[[source]]\nfiles = ["sites.csv"]\ntable = "sites"\ncolumns = { site_id = "Nr" }\n')
    with pytest.raises(MappingError, match="wants a column 'Nr'"):
        ingest(store, [market], IngestOptions(mapping=mapping))
    assert not any(store.view().counts().values())


def test_zip_and_other_formats_give_the_same_records(store: Store, market: Path, tmp_path: Path) -> None:
    ingest(store, [market], IngestOptions())
    packed = tmp_path / "market.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(market / "shipments.csv", "deep/shipments.csv")
        lines = [
            dict(zip(SITES.split("\n")[0].split(","), line.split(","), strict=True))
            for line in SITES.split()[1:]
        ]
        archive.writestr("sites.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    report = ingest(store, [packed], IngestOptions())
    assert (report.written, report.unchanged) == (0, 4)


def test_facility_lists(store: Store, samples: Path) -> None:
    options = IngestOptions(mapping=FACILITIES)
    report = ingest(store, [samples / "facilities"], options)
    assert len(report.files) == 44
    assert {Path(file.name).suffix for file in report.files} == {".csv", ".xls", ".xlsx"}
    assert report.rejected == 0
    assert report.findings == 0
    assert adds_up(report)
    assert sum(file.rows for file in report.files) == report.rows_read
    again = ingest(store, [samples / "facilities"], options)
    assert (again.written, again.unchanged) == (0, report.rows_read)
    assert store.view().counts()["sites"] == report.written


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("ExampleData", {"sites": 24, "shipments": 29, "continuations": 31}),
        ("Scenario_1_Outbreak-Baby-Tea", {"sites": 9, "shipments": 16, "continuations": 16}),
    ],
)
def test_published_networks(store: Store, name: str, counts: dict[str, int], samples: Path) -> None:
    report = ingest(store, [samples / "foodchainlab" / f"{name}.json"], IngestOptions())
    found = {table: count for table, count in store.view().counts().items() if count}
    assert found == counts
    assert report.findings == 0
    assert adds_up(report)


def test_relations_of_deliveries_are_edges(store: Store, samples: Path) -> None:
    ingest(store, [samples / "foodchainlab" / "ExampleData.json"], IngestOptions())
    edges = store.view().neighbours(["Shipment:D11"], edge_kinds=["CONTINUES"])["Shipment:D11"]
    assert {(edge.source, edge.target) for edge in edges} == {
        ("Shipment:D11", "Shipment:D29"),
        ("Shipment:D12", "Shipment:D11"),
        ("Shipment:D13", "Shipment:D11"),
        ("Shipment:D14", "Shipment:D11"),
        ("Shipment:D15", "Shipment:D11"),
        ("Shipment:D16", "Shipment:D11"),
        ("Shipment:D17", "Shipment:D11"),
        ("Shipment:D18", "Shipment:D11"),
    }


def test_runs_are_known_by_what_they_read(store: Store, market: Path) -> None:
    ingest(store, [market], IngestOptions())
    ingest(store, [market], IngestOptions())
    (market / "sites.csv").write_text(SITES + "Z,port,z\n")
    ingest(store, [market], IngestOptions())
    prints = [run.fingerprint for run in store.runs()]
    assert prints[1] == prints[2] != prints[0]
