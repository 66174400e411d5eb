"""FoodChain-Lab's rules against what its reference implementation gives."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from suyuan.graph.rows import snapshot_of_rows
from suyuan.graph.snapshot import GraphSnapshot
from suyuan.traceback.foodchainlab import (
    Deliveries,
    FoodChainLabRules,
    deliveries_of,
    delivery_set,
    delivery_share,
    share_of_reachable,
    station_set,
    trace_foodchainlab,
)
from suyuan.traceback.results import Direction

DIRECTIONS: tuple[Direction, Direction] = ("backward", "forward")


def samples() -> Path:
    folder = Path(os.environ.get("SUYUAN_SAMPLES", Path(__file__).parents[4] / "shared" / "samples"))
    if not (folder / "foodchainlab").is_dir():
        pytest.skip("sample data not present; SUYUAN_SAMPLES names its folder")
    return folder / "foodchainlab"


def plain_rows(document: Mapping[str, Any], name: str) -> Iterator[dict[str, str]]:
    for row in document["data"][name]["data"]:
        yield {cell["id"]: cell["value"] for cell in row}


def network(path: Path) -> GraphSnapshot:
    """The stations, deliveries and relations of a file, dates left out: here they must not matter."""
    document = json.loads(path.read_text(encoding="utf-8-sig"))
    return snapshot_of_rows(
        {
            "sites": [{"site_id": row["ID"]} for row in plain_rows(document, "stations")],
            "shipments": [
                {"shipment_id": row["ID"], "from_site": row["from"], "to_site": row["to"]}
                for row in plain_rows(document, "deliveries")
            ],
            "continuations": [
                {"from_shipment": row["from"], "to_shipment": row["to"]}
                for row in plain_rows(document, "deliveryRelations")
            ],
        }
    )


def names(graph: GraphSnapshot, kind: str, positions: Any) -> list[str]:
    return sorted(graph.nodes[kind].id_at(position).partition(":")[2] for position in positions)


FILES = {
    "ExampleData": "ExampleData.json",
    "Scenario_1": "Scenario_1_Outbreak-Baby-Tea.json",
}


@pytest.mark.samples
@pytest.mark.parametrize("stem", FILES)
def test_every_station_and_delivery_has_the_sets_of_the_reference(stem: str) -> None:
    graph = network(samples() / FILES[stem])
    deliveries = deliveries_of(graph)
    lines = (samples() / f"{stem}.tsv").read_text().splitlines()
    assert len(lines) > 20
    for line in lines:
        element, name, _, _, backward, _, forward = line.split("\t")
        for direction, expected in zip(DIRECTIONS, (backward, forward), strict=True):
            wanted = sorted(filter(None, expected.split(",")))
            kind = "Site" if element == "STATION" else "Shipment"
            position = graph.nodes[kind].position(f"{kind}:{name}")
            of_element = station_set if kind == "Site" else delivery_set
            assert names(graph, kind, of_element(deliveries, position, direction)) == wanted, line
            reach = trace_foodchainlab(graph, kind, position, direction=direction)
            listed = reach.sites if kind == "Site" else reach.movements
            assert names(graph, kind, listed) == wanted, line


@pytest.mark.samples
def test_one_station_explains_all_five_cases() -> None:
    graph = network(samples() / "ExampleData.json")
    expected = json.loads((samples() / "expected_exampledata.json").read_text())
    sites = graph.nodes["Site"]
    weights = {sites.position(f"Site:{case}"): 1.0 for case in expected["cases"]}
    scores = share_of_reachable(deliveries_of(graph), weights)
    full = [sites.id_at(site) for site, score in scores.items() if score == pytest.approx(1.0)]
    assert full == ["Site:S346"]


@pytest.mark.samples
@pytest.mark.parametrize(
    ("stem", "scores", "cases"),
    [
        ("ExampleData", "ExampleData.weights_5cases.tsv", ("S463", "S1", "S4", "S3", "S6")),
        ("Scenario_1", "Scenario_1.weights_DE_distributor.tsv", ("-880266550",)),
    ],
)
def test_scores_are_those_of_the_reference(stem: str, scores: str, cases: tuple[str, ...]) -> None:
    graph = network(samples() / FILES[stem])
    deliveries = deliveries_of(graph)
    sites, shipments = graph.nodes["Site"], graph.nodes["Shipment"]
    weights = {sites.position(f"Site:{case}"): 1.0 for case in cases}
    of_site = share_of_reachable(deliveries, weights, range(len(sites)))
    for line in (samples() / scores).read_text().splitlines():
        element, name, score = line.split("\t")[:3]
        if element == "STATION":
            ours = of_site[sites.position(f"Site:{name}")]
        else:
            ours = delivery_share(deliveries, weights, shipments.position(f"Shipment:{name}"))
        assert ours == pytest.approx(float(score), abs=1e-12), line


@pytest.fixture
def reference() -> dict[str, Any]:
    return json.loads((samples() / "expected_tracingtest.json").read_text())


def reference_graph(reference: Mapping[str, Any]) -> GraphSnapshot:
    return snapshot_of_rows(
        {
            "shipments": [
                {
                    "shipment_id": key,
                    "from_site": start,
                    "to_site": end,
                    "departed_at": left,
                    "arrived_at": came,
                }
                for key, start, end, left, came in reference["deliveries"]
            ],
            "continuations": [
                {"from_shipment": earlier, "to_shipment": later} for earlier, later in reference["relations"]
            ],
        }
    )


@pytest.mark.samples
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_stations_of_the_reference_test(reference: dict[str, Any], direction: Direction) -> None:
    graph = reference_graph(reference)
    deliveries = deliveries_of(graph)
    for station, expected in reference[f"{direction}_stations"].items():
        position = graph.nodes["Site"].position(f"Site:{station}")
        assert names(graph, "Site", station_set(deliveries, position, direction)) == sorted(expected), station


@pytest.mark.samples
def test_scores_of_the_reference_test(reference: dict[str, Any]) -> None:
    graph = reference_graph(reference)
    sites = graph.nodes["Site"]
    given = reference["station_scores_when_weights"]
    weights = {sites.position(f"Site:{name}"): weight for name, weight in given["weights"].items()}
    scores = share_of_reachable(deliveries_of(graph), weights, range(len(sites)))
    for name, score in given["scores"].items():
        assert scores[sites.position(f"Site:{name}")] == pytest.approx(score), name


@pytest.mark.samples
def test_nothing_passes_a_station_at_which_contamination_is_killed(reference: dict[str, Any]) -> None:
    graph = reference_graph(reference)
    sites, shipments = graph.nodes["Site"], graph.nodes["Shipment"]
    rules = FoodChainLabRules(killed_sites=(sites.position("Site:producer2"),))
    deliveries = deliveries_of(graph, rules)
    for name, expected in reference["kill_station_producer2"].items():
        position = shipments.position("Shipment:" + name.removeprefix("backward_deliveries_of_"))
        assert names(graph, "Shipment", delivery_set(deliveries, position, "backward")) == expected


@pytest.mark.samples
def test_cross_contamination_keeps_to_the_order_of_time(reference: dict[str, Any]) -> None:
    graph = reference_graph(reference)
    producer = graph.nodes["Site"].position("Site:producer1")
    in_order = deliveries_of(graph, FoodChainLabRules(cross_contaminated_sites=(producer,)))
    any_order = deliveries_of(
        graph, FoodChainLabRules(cross_contaminated_sites=(producer,), enforce_temporal_order=False)
    )

    def forward(deliveries: Deliveries, name: str) -> list[str]:
        position = graph.nodes["Shipment"].position(f"Shipment:{name}")
        return names(graph, "Shipment", delivery_set(deliveries, position, "forward"))

    assert "producer1trader12" in forward(in_order, "farm1producer11")
    assert "producer1trader11" not in forward(in_order, "farm1producer12")
    assert "producer1trader11" in forward(any_order, "farm1producer12")


CHAIN = {
    "shipments": [
        {"shipment_id": "1", "from_site": "A", "to_site": "B"},
        {"shipment_id": "2", "from_site": "B", "to_site": "C"},
        {"shipment_id": "3", "from_site": "C", "to_site": "A"},
    ],
    "continuations": [
        {"from_shipment": "1", "to_shipment": "2"},
        {"from_shipment": "2", "to_shipment": "3"},
        {"from_shipment": "3", "to_shipment": "1"},
    ],
}


def test_on_a_circle_the_start_is_not_its_own_predecessor() -> None:
    graph = snapshot_of_rows(CHAIN)
    deliveries = deliveries_of(graph)
    for name in "123":
        position = graph.nodes["Shipment"].position(f"Shipment:{name}")
        others = sorted({"1", "2", "3"} - {name})
        for direction in DIRECTIONS:
            assert names(graph, "Shipment", delivery_set(deliveries, position, direction)) == others


def test_nothing_passes_a_delivery_on_which_contamination_is_killed() -> None:
    graph = snapshot_of_rows(CHAIN)
    sites, shipments = graph.nodes["Site"], graph.nodes["Shipment"]
    killed = shipments.position("Shipment:2")
    deliveries = deliveries_of(graph, FoodChainLabRules(killed_movements=(killed,)))
    assert names(graph, "Shipment", delivery_set(deliveries, killed, "backward")) == []
    third = shipments.position("Shipment:3")
    assert names(graph, "Shipment", delivery_set(deliveries, third, "backward")) == []
    assert names(graph, "Site", station_set(deliveries, sites.position("Site:C"), "backward")) == []


def test_a_delivery_share_counts_the_weight_it_reaches() -> None:
    graph = snapshot_of_rows({**CHAIN, "continuations": CHAIN["continuations"][:1]})
    sites, shipments = graph.nodes["Site"], graph.nodes["Shipment"]
    weights = {sites.position("Site:C"): 3.0, sites.position("Site:A"): 1.0}
    first = shipments.position("Shipment:1")
    assert delivery_share(deliveries_of(graph), weights, first) == pytest.approx(0.75)
