"""Events and lots of a trace: transformations and what they name, whatever the dates."""

import numpy as np

from suyuan.graph.rows import snapshot_of_rows
from suyuan.graph.snapshot import GraphSnapshot
from suyuan.traceback.events import lot_steps
from suyuan.traceback.goods import goods_of, links_of
from suyuan.traceback.parameters import TraceParameters
from suyuan.traceback.preparation import prepare
from suyuan.traceback.results import Direction
from suyuan.traceback.trace import trace
from tests.unit.traceback.worlds import names

EVENTS = [
    {"event_id": "1", "site_id": "A", "input_lots": ["Lot:P:a"], "output_lots": ["Lot:P:b", "Lot:P:c"]},
    {"event_id": "2", "site_id": "B", "input_lots": ["Lot:P:b", "Lot:R:x"], "output_lots": ["Lot:Q:d"]},
    {"event_id": "3", "site_id": "B", "input_lots": ["Lot:Q:d"], "output_lots": ["Lot:Q:e"]},
    {"event_id": "4", "site_id": "C", "input_lots": ["Lot:P:z"], "output_lots": ["Lot:P:y"]},
    {"event_id": "5", "input_lots": ["Lot:P:z"], "output_lots": ["Lot:P:y"]},
]


def graph() -> GraphSnapshot:
    moves = [
        {"shipment_id": "m1", "from_site": "F", "to_site": "B", "product_id": "P", "lot_id": "b"},
        {"shipment_id": "m2", "from_site": "F", "to_site": "B", "product_id": "R", "lot_id": None},
        {"shipment_id": "m3", "from_site": "F", "to_site": "B", "product_id": "P", "lot_id": "q"},
        {"shipment_id": "m4", "from_site": "F", "to_site": "B", "product_id": "Q", "lot_id": "q"},
        {"shipment_id": "m5", "from_site": "F", "to_site": "B", "product_id": None, "lot_id": "x"},
        {"shipment_id": "out", "from_site": "B", "to_site": "C", "product_id": "Q", "lot_id": "d"},
    ]
    return snapshot_of_rows({"transformations": EVENTS, "shipments": moves})


def touched(lot: str, direction: Direction) -> tuple[set[str], set[str]]:
    world = graph()
    position = world.nodes["Lot"].position(f"Lot:{lot}")
    found = trace(prepare(world, TraceParameters()), "Lot", position, direction=direction).reach
    return names(world, "Event", found.events), names(world, "Lot", found.lots)


def test_inputs_are_followed_backward_and_outputs_forward() -> None:
    events, lots = touched("Q:e", "backward")
    assert events == {"1", "2", "3"}
    assert lots == {"P:a", "P:b", "R:x", "Q:d"}
    events, lots = touched("P:a", "forward")
    assert events == {"1", "2", "3"}
    assert lots == {"P:b", "P:c", "Q:d", "Q:e"}


def test_goods_become_others_where_a_transformation_says_so() -> None:
    """Out of B left lot d, made of lots b and x: lot b fits, R fits as a product, another lot of P or Q does not."""
    world = graph()
    position = world.nodes["Shipment"].position("Shipment:out")
    reach = trace(prepare(world, TraceParameters()), "Shipment", position).reach
    assert names(world, "Shipment", reach.movements) == {"m1", "m2", "m5"}


def test_links_hold_each_pair_once_and_only_where_the_place_is_known() -> None:
    world = graph()
    goods = goods_of(world)
    links = links_of(world, goods)
    assert len(links.lot_near) == 6
    assert links.lot_start[-1] == 6
    assert len(links.product_near) == 2
    mirrored = links_of(world, goods, forward=True)
    pairs = set(zip(links.lot_near.tolist(), links.lot_far.tolist(), strict=True))
    assert pairs == set(zip(mirrored.lot_far.tolist(), mirrored.lot_near.tolist(), strict=True))


def test_events_after_as_of_tell_nothing() -> None:
    dated = [{**event, "at": f"2025-01-0{event['event_id']}"} for event in EVENTS]
    world = snapshot_of_rows({"transformations": dated})
    position = world.nodes["Lot"].position("Lot:Q:e")
    day = 86_400_000_000
    for as_of, events, lots in (
        ("2025-01-03", {"1", "2", "3"}, {"P:a", "P:b", "R:x", "Q:d"}),
        ("2025-01-02", set(), set()),
    ):
        until = int(np.datetime64(as_of, "us").astype(np.int64)) + day - 1
        found = trace(prepare(world, TraceParameters(), as_of=until), "Lot", position)
        assert names(world, "Event", found.reach.events) == events
        assert names(world, "Lot", found.reach.lots) == lots
        assert {world.nodes["Event"].id_at(e) for c in found.event_chains for e in c.events} <= {
            f"Event:{event}" for event in events
        }
        assert bool(found.event_chains) == bool(events)


def test_many_inputs_and_outputs_take_one_step() -> None:
    """Places grow with the lots named, not with their pairs."""
    event = {
        "event_id": "big",
        "site_id": "A",
        "input_lots": [f"Lot:P:{i}" for i in range(300)],
        "output_lots": [f"Lot:Q:{i}" for i in range(300)],
    }
    steps = lot_steps(snapshot_of_rows({"transformations": [event]}), "backward")
    assert len(steps.far) + len(steps.step) == 600
