"""Chains through events, and lots that several steps at one place lead to."""

from typing import Any

from suyuan.graph.rows import snapshot_of_rows
from suyuan.graph.snapshot import GraphSnapshot
from suyuan.traceback.eventchains import chains_from
from suyuan.traceback.parameters import TraceParameters
from suyuan.traceback.preparation import prepare
from suyuan.traceback.trace import trace
from tests.unit.traceback.worlds import names


def seen(key: str, site: str, at: str, action: str, *lots: str) -> dict[str, Any]:
    base = {"event_id": key, "site_id": site, "at": at, "action": action}
    if len(lots) == 1:
        return {**base, "event_type": "ObjectEvent", "lots": list(lots)}
    box, *inside = lots
    return {
        **base,
        "event_type": "AggregationEvent",
        "lots": list(lots),
        "parent_lot": box,
        "child_lots": inside,
    }


def move(key: str, start: str, end: str, day: int, **goods: Any) -> dict[str, Any]:
    at = f"2025-01-{day:02d}"
    return {
        "shipment_id": key,
        "from_site": start,
        "to_site": end,
        "departed_at": at,
        "arrived_at": at,
        **goods,
    }


COOKED = {"input_lots": ["Lot:F:1", "Lot:S:1"], "output_lots": ["Lot:C:1"]}
EVENTS = [
    seen("catch", "Boat", "2025-01-01", "ADD", "Lot:F:1"),
    seen("land", "Port", "2025-01-02", "OBSERVE", "Lot:F:1"),
    {"event_id": "cook", "site_id": "Plant", "at": "2025-01-03", **COOKED},
    seen("pack", "Plant", "2025-01-04", "ADD", "Lot:B:1", "Lot:C:1"),
    seen("unpack", "Shop", "2025-01-09", "DELETE", "Lot:B:1", "Lot:C:1"),
]
MOVES = [
    move("in", "Port", "Plant", 2, product_id="F", lot_id="1"),
    move("other", "Port", "Plant", 2, product_id="F", lot_id="2"),
    move("out", "Plant", "Shop", 5, lots=["Lot:B:2", "Lot:B:3"]),
    move("box", "Plant", "Shop", 5, product_id="B", lot_id="1"),
    move("home", "Shop", "Home", 10, product_id="C", lot_id="1"),
]


def world() -> GraphSnapshot:
    return snapshot_of_rows({"transformations": EVENTS, "shipments": MOVES})


def told(lot: str, most: int = 10) -> tuple[list[tuple[list[str], list[str], list[str]]], int]:
    graph = world()
    chains, more = chains_from(graph, graph.nodes["Lot"].position(f"Lot:{lot}"), most=most)
    kinds = graph.nodes
    return [
        (
            [kinds["Lot"].id_at(place)[4:] for place in chain.lots],
            [kinds["Event"].id_at(place)[6:] for place in chain.events],
            [kinds["Site"].id_at(place)[5:] for place in chain.sites],
        )
        for chain in chains
    ], more


def test_one_chain_for_each_lot_that_comes_from_none() -> None:
    chains, more = told("B:1")
    assert chains == [
        (["F:1", "C:1", "B:1"], ["catch", "cook", "pack"], ["Boat", "Port", "Plant", "Shop"]),
        (["S:1", "C:1", "B:1"], ["cook", "pack"], ["Plant", "Shop"]),
    ]
    assert more == 0
    assert told("B:1", most=1)[1] == 1


def test_a_lot_by_itself_is_its_own_chain_and_an_unseen_one_has_none() -> None:
    assert told("F:1") == ([(["F:1"], ["catch"], ["Boat", "Port", "Plant"])], 0)
    assert told("B:2") == ([], 0)


def test_a_box_leads_to_what_was_cooked_and_packed_at_the_place() -> None:
    """Movement `in` carries fish, `box` a box, `home` what was in it: no single event names fish and box."""
    graph = world()
    prepared = prepare(graph, TraceParameters())
    box = trace(prepared, "Shipment", graph.nodes["Shipment"].position("Shipment:box")).reach
    assert names(graph, "Shipment", box.movements) == {"in"}
    home = trace(prepared, "Shipment", graph.nodes["Shipment"].position("Shipment:home")).reach
    reached = names(graph, "Shipment", home.movements)
    assert {"box", "in"} <= reached
    fish = trace(prepared, "Lot", graph.nodes["Lot"].position("Lot:F:1"), direction="forward").reach
    assert {"box", "home"} <= names(graph, "Shipment", fish.movements)


def test_a_lot_among_several_starts_at_their_movement() -> None:
    graph = world()
    result = trace(prepare(graph, TraceParameters()), "Lot", graph.nodes["Lot"].position("Lot:B:2"))
    assert result.rule == "lot"
    assert "out" in names(graph, "Shipment", result.reach.movements)
