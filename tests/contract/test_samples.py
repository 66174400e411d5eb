"""Data that nobody here wrote goes in and gives what its own tools give."""

import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from suyuan.ingest.run import IngestOptions, ingest
from suyuan.service.origin_groups import GroupRequest, OriginGroups
from suyuan.service.tracing import Tracer, TraceRequest
from suyuan.service.workspace import Workspace

NETWORKS = {"ExampleData.json": "ExampleData.tsv", "Scenario_1_Outbreak-Baby-Tea.json": "Scenario_1.tsv"}
EXAMPLE_CASES = ("S463", "S1", "S4", "S3", "S6")
MAPPING = Path(__file__).parents[2] / "examples" / "facilities" / "facilities.toml"


class Expected(NamedTuple):
    """One row of a reference output."""

    start: str
    listed: str
    backward: list[str]
    forward: list[str]


def _expected(file: Path) -> Iterator[Expected]:
    kinds = {"STATION": ("Site", "reachable_sites"), "DELIVERY": ("Shipment", "reachable_movements")}
    for line in file.read_text(encoding="utf-8").splitlines():
        element, key, _score, b, backward, f, forward = line.split("\t")
        assert (b, f) == ("B", "F")
        kind, listed = kinds[element]
        yield Expected(f"{kind}:{key}", listed, _ids(kind, backward), _ids(kind, forward))


def _ids(kind: str, keys: str) -> list[str]:
    return sorted(f"{kind}:{key}" for key in keys.split(",") if key)


def _trace(tracer: Tracer, start: str, direction: Any) -> dict[str, Any]:
    return tracer.report(start, TraceRequest(mode="foodchainlab", direction=direction, reachable=True))


@pytest.mark.parametrize("network", NETWORKS)
def test_foodchainlab_sets_are_those_of_the_reference(samples: Path, store_url: str, network: str) -> None:
    folder = samples / "foodchainlab"
    with Workspace.open(store_url, create=True) as workspace:
        report = ingest(workspace.store, [folder / network], IngestOptions())
        assert report.rejected == 0
        tracer = Tracer(workspace)
        rows = list(_expected(folder / NETWORKS[network]))
        assert len(rows) >= 25
        for row in rows:
            assert _trace(tracer, row.start, "backward")[row.listed] == row.backward, row.start
            assert _trace(tracer, row.start, "forward")[row.listed] == row.forward, row.start


def test_only_one_station_is_reachable_from_all_five_cases(samples: Path, store_url: str) -> None:
    with Workspace.open(store_url, create=True) as workspace:
        ingest(workspace.store, [samples / "foodchainlab" / "ExampleData.json"], IngestOptions())
        tracer = Tracer(workspace)
        sets = [_trace(tracer, f"Site:{case}", "backward")["reachable_sites"] for case in EXAMPLE_CASES]
        stations = set().union(*sets)
        share = {station: sum(station in found for found in sets) / len(sets) for station in stations}
    assert [station for station, value in share.items() if value == 1.0] == ["Site:S346"]


def test_every_facility_list_goes_in(samples: Path, store_url: str) -> None:
    files = sorted(
        path for path in (samples / "facilities").rglob("*") if path.suffix in (".csv", ".xls", ".xlsx")
    )
    assert len(files) >= 40
    with Workspace.open(store_url, create=True) as workspace:
        for file in files:
            report = ingest(workspace.store, [file], IngestOptions(mapping=MAPPING))
            assert report.rows_read > 0, file
            assert report.rows_read == report.written + report.unchanged + report.rejected, file
        assert workspace.view().counts()["sites"] > 900


def _ranked(groups: OriginGroups, cases: Iterable[str]) -> list[str]:
    """Sources, then what could stand for them."""
    report = groups.report([f"Site:{case}" for case in cases], GroupRequest())
    return [entry["site"] for entry in (*report["sources"], *report["runners_up"])]


def test_the_common_station_is_found_although_a_case_misleads(samples: Path, store_url: str) -> None:
    """By masses and arrival dates alone, whichever of the five cases gives way to a station that is none."""
    with Workspace.open(store_url, create=True) as workspace:
        ingest(workspace.store, [samples / "foodchainlab" / "ExampleData.json"], IngestOptions())
        groups = OriginGroups(Tracer(workspace))
        assert _ranked(groups, EXAMPLE_CASES)[0] == "Site:S346"
        stations = [key.partition(":")[2] for key in workspace.snapshot().nodes["Site"].ids.to_pylist()]
        others = sorted(set(stations) - set(EXAMPLE_CASES))
        assert len(others) == 19
        for case in EXAMPLE_CASES:
            for other in others:
                ranked = _ranked(groups, {*EXAMPLE_CASES, other} - {case})
                assert "Site:S346" in ranked[:3], (case, other, ranked)


def test_origins_lie_behind_the_case_and_keep_their_order_whatever_that_of_the_file(
    samples: Path, tmp_path: Path
) -> None:
    folder, case = samples / "foodchainlab", "Site:-880266550"
    behind = next(row for row in _expected(folder / "Scenario_1.tsv") if row.start == case)
    document = json.loads((folder / "Scenario_1_Outbreak-Baby-Tea.json").read_text(encoding="utf-8"))
    found: list[list[tuple[str, float]]] = []
    for seed in range(10):
        for name in ("stations", "deliveries", "deliveryRelations"):
            random.Random(seed).shuffle(document["data"][name]["data"])
        file = tmp_path / f"{seed}.json"
        file.write_text(json.dumps(document), encoding="utf-8")
        with Workspace.open(f"sqlite:///{tmp_path / str(seed)}.db", create=True) as workspace:
            assert ingest(workspace.store, [file], IngestOptions()).rejected == 0
            report = Tracer(workspace).report(case, TraceRequest())
        found.append([(origin["site"], origin["probability"]) for origin in report["origins"]])
    assert len(found[0]) > 1
    assert {site for site, _ in found[0]} <= set(behind.backward)
    assert all(origins == found[0] for origins in found)
