"""EPCIS documents in every store: keys, movements, names, and the chains of the sample data."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from suyuan.errors import IngestError
from suyuan.graph.store.base import Store
from suyuan.graph.store.opening import open_store
from suyuan.ingest.report import RunReport
from suyuan.ingest.run import IngestOptions, ingest
from suyuan.service.tracing import Tracer, TraceRequest
from suyuan.service.workspace import Workspace
from tests.unit.ingest.epcis.writing import document, json_file, object_event

LOT = "Lot:urn:gdst:example.org:product:lot:class:processor.2u.v1-0122-2022"
PALLET = "Lot:urn:epc:id:sscc:08600031303.0004"


def read(store: Store, *paths: Path, **options: Any) -> RunReport:
    return ingest(store, list(paths), IngestOptions(format="epcis", **options))


def rows(store: Store, table: str, *columns: str) -> list[tuple[Any, ...]]:
    found = [row for batch in store.view().batches(table, columns) for row in batch.to_pylist()]
    return sorted(tuple(row[name] for name in columns) for row in found)


def moved(step: str, at: str, site: str, **more: Any) -> dict[str, Any]:
    time = f"2025-03-{at}T00:00:00Z"
    return object_event(eventTime=time, bizStep=step, bizLocation={"id": f"urn:x:{site}"}, **more)


def test_one_id_for_several_events_and_several_documents(store: Store, tmp_path: Path) -> None:
    late, early = (
        moved("packing", "05", "A", eventID="urn:x:e"),
        moved("packing", "02", "A", eventID="urn:x:e"),
    )
    nameless = moved("packing", "09", "A")
    first = json_file(tmp_path, document(late, early, late, nameless), "first.jsonld")
    report = read(store, first)
    assert report.by_table["transformations"].written == 3
    assert any("1 events have an eventID that another event has" in note for note in report.notes)
    assert any("1 events repeat" in note for note in report.notes)
    other = moved("packing", "01", "B", eventID="urn:x:e")
    second = json_file(tmp_path, document(other, early), "second.jsonld")
    counts = read(store, second).by_table["transformations"]
    assert (counts.written, counts.unchanged) == (1, 1)
    days = {
        key: at for key, at in rows(store, "transformations", "event_id", "at") if key.startswith("urn:x:e")
    }
    assert sorted(days, key=lambda key: days[key]) == ["urn:x:e#3", "urn:x:e", "urn:x:e#2"]
    assert (
        sum(key.startswith("ni:///sha-256;") for key, _ in rows(store, "transformations", "event_id", "at"))
        == 1
    )
    for again in (first, second):
        assert read(store, again).written == 0


def test_an_error_declaration_is_kept_beside_its_event_and_undoes_its_movement(
    store: Store, tmp_path: Path
) -> None:
    shipped = moved("shipping", "02", "A", eventID="urn:x:s")
    received = moved("receiving", "04", "B", eventID="urn:x:r")
    error = {"declarationTime": "2025-03-09T00:00:00Z", "reason": "did_not_occur"}
    path = json_file(tmp_path, document(shipped, {**shipped, "errorDeclaration": error}, received))
    report = read(store, path)
    assert "shipments" in report.by_table
    assert rows(store, "shipments", "shipment_id") == []
    assert rows(store, "transformations", "event_id", "error_reason") == [
        ("urn:x:r", None),
        ("urn:x:s", None),
        ("urn:x:s#2", "did_not_occur"),
    ]
    assert read(store, path).written == 0


def test_movements_within_and_across_documents(store: Store, tmp_path: Path) -> None:
    things = {"epcList": ["urn:x:1", "urn:x:2"]}
    source = [{"type": "owning_party", "source": "urn:x:seller"}]
    shipped = json_file(
        tmp_path,
        document(moved("shipping", "02", "A", eventID="urn:x:s", sourceList=source, **things)),
        "shipped.jsonld",
    )
    received = json_file(
        tmp_path, document(moved("receiving", "04", "B", eventID="urn:x:r", **things)), "received.jsonld"
    )
    assert "shipments" not in {
        name for name, counts in read(store, shipped).by_table.items() if counts.rows_read
    }
    assert read(store, received).by_table["shipments"].written == 1
    columns = ("shipment_id", "from_site", "to_site", "lot_id", "lots", "shipper")
    both = ("urn:x:s", "urn:x:A", "urn:x:B", None, ["Lot:urn:x:1", "Lot:urn:x:2"], "urn:x:seller")
    assert rows(store, "shipments", *columns) == [both]
    assert read(store, shipped, received).written == 0
    edges = store.view().neighbours(["Shipment:urn:x:s"], edge_kinds=["CARRIES"])["Shipment:urn:x:s"]
    assert [edge.target for edge in edges] == ["Lot:urn:x:1", "Lot:urn:x:2"]
    firm = store.view().nodes(["Firm:urn:x:seller"])["Firm:urn:x:seller"]
    assert not firm.stub


def test_names_of_an_earlier_document_stay(store: Store, tmp_path: Path) -> None:
    attribute = {"id": "urn:epcglobal:cbv:mda#name", "attribute": "Mill"}
    places = {
        "type": "urn:epcglobal:epcis:vtype:location",
        "vocabularyElementList": [{"id": "urn:x:A", "attributes": [attribute]}],
    }
    header = {"epcisMasterData": {"vocabularyList": [places]}}
    named = json_file(tmp_path, document(epcisHeader=header), "named.jsonld")
    report = read(store, named)
    assert any("master data document" in note for note in report.notes)
    read(store, json_file(tmp_path, document(moved("packing", "02", "A")), "events.jsonld"))
    assert store.view().nodes(["Site:urn:x:A"])["Site:urn:x:A"].properties["name"] == "Mill"


def test_sensor_data_and_extensions_come_back(store: Store, tmp_path: Path) -> None:
    sensors = [{"sensorReport": [{"type": "Temperature", "value": 4.5}]}]
    event = object_event(
        eventID="urn:x:e", sensorElementList=sensors, ilmd={"ext:a": "1"}, **{"ext:b": {"ext:c": 2}}
    )
    read(store, json_file(tmp_path, document(event)))
    extra = store.view().nodes(["Event:urn:x:e"])["Event:urn:x:e"].extra
    assert extra["sensorElementList"] == sensors
    assert extra["ilmd"] == {"{https://example.com/ext/}a": "1"}
    assert extra["extensions"] == {"{https://example.com/ext/}b": {"{https://example.com/ext/}c": 2}}


def test_traces_of_the_sample_chains(samples: Path, store_url: str) -> None:
    with Workspace.open(store_url, create=True) as workspace:
        report = read(workspace.store, samples / "epcis" / "traceback_tests.jsonld")
        assert report.by_table["transformations"].written == 21
        expected = json.loads((samples / "epcis" / "expected_traceback.json").read_text())["traceback"][0]
        found = Tracer(workspace).report(f"Lot:{expected['epc']}", TraceRequest(reachable=True))
        assert len(found["reachable_events"]) == expected["closure_event_rows"] == 17
        assert (
            len({event.partition("#")[0] for event in found["reachable_events"]})
            == expected["closure_distinct_ids"]
        )
        assert found["time_conflicts"] == [
            {
                "event": "Event:urn:uuid:a3377b60-6663-4a39-9456-a32b166ffc4dU",
                "lot": "Lot:urn:gdst:example.org:product:lot:class:feedmill.1u.ff11252021",
                "earlier": "2022-01-19T11:09:54.549Z",
                "later": "2022-02-03T11:12:14.921Z",
            }
        ]
        start = "Lot:urn:gdst:example.org:product:lot:class:hatchery.1u.tf12012021"
        forward = Tracer(workspace).report(start, TraceRequest(direction="forward", reachable=True))
        assert "Lot:urn:epc:id:sscc:08600031303.0005" in forward["reachable_lots"]
        assert read(workspace.store, samples / "epcis" / "traceback_tests.jsonld").written == 0


def test_from_the_importers_goods_to_named_places(samples: Path, store_url: str) -> None:
    with Workspace.open(store_url, create=True) as workspace:
        read(workspace.store, samples / "epcis" / "gdst_data_withmasterdata.jsonld")
        for start in (PALLET, LOT):
            paths = Tracer(workspace).report(start, TraceRequest())["event_paths"]
            assert {path["name"] for path in paths} == {"Vessel #1", "Hatchery", "Feedmill"}
            assert {name for path in paths for name in path["names"]} >= {"Fish Farm", "Processing Plant"}
        report = Tracer(workspace).report(PALLET, TraceRequest())
        assert report["origins"][0]["name"] == "Fish Farm"


def test_both_stores_hold_the_same_graph(empty_url: Callable[[], str], samples: Path, tmp_path: Path) -> None:
    found: set[str] = set()
    for url in (empty_url(), f"sqlite:///{tmp_path / 'other.db'}"):
        with Workspace.open(url, create=True) as workspace:
            read(workspace.store, samples / "epcis" / "traceback_tests.jsonld")
            found.add(workspace.snapshot().snapshot_id)
            assert workspace.store.check(deep=True) == []
    assert len(found) == 1


def test_refused_documents_change_nothing(store_url: str, tmp_path: Path) -> None:
    good, bad = document(moved("packing", "02", "A")), document(object_event(action="CREATE"))
    json_file(tmp_path, good, "good.jsonld")
    broken = json_file(tmp_path, bad, "bad.jsonld")
    with pytest.raises(IngestError) as caught, _opened(store_url) as store:
        read(store.store, broken)
    assert (caught.value.source, caught.value.row, caught.value.field) == ("bad.jsonld", 1, "action")
    with _opened(store_url) as store:
        assert store.store.seq() == 0
        with pytest.raises(IngestError):
            read(store.store, tmp_path, strict=True)
        report = read(store.store, tmp_path)
        refused = {item.name.rpartition("/")[2]: item.why for item in report.skipped}
        assert "column action" in refused["bad.jsonld"]
        assert report.by_table["transformations"].written == 1


def _opened(url: str) -> Any:
    return Workspace.open(url, create=True)


def test_the_store_must_stand_still_between_looking_and_writing(
    store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run between the two is noticed, and the keys are worked out anew."""
    other = moved("packing", "01", "B", eventID="urn:x:e")
    json_file(tmp_path, document(other), "other.jsonld")
    path = json_file(tmp_path, document(moved("packing", "02", "A", eventID="urn:x:e")), "mine.jsonld")
    store, rival = open_store(store_url), open_store(store_url)
    begin, calls = store.writer, list[int]()

    def interrupted(*args: Any, **more: Any) -> Any:
        if not calls:
            read(rival, tmp_path / "other.jsonld")
        calls.append(1)
        return begin(*args, **more)

    monkeypatch.setattr(store, "writer", interrupted)
    read(store, path)
    assert [key for key, _ in rows(store, "transformations", "event_id", "at")] == ["urn:x:e", "urn:x:e#2"]
    assert len(calls) == 2
    store.close()
    rival.close()
