"""Events whose times cannot be right."""

from typing import Any

from suyuan.graph.rows import snapshot_of_rows
from suyuan.traceback.conflicts import time_conflicts

MADE = {"event_id": "made", "site_id": "A", "at": "2025-03-05", "output_lots": ["Lot:P:a"]}


def found(
    events: list[dict[str, Any]], shipments: list[dict[str, Any]] | None = None
) -> list[tuple[str, str]]:
    world = snapshot_of_rows({"transformations": events, "shipments": shipments or []})
    lots = world.nodes["Lot"].by_id
    return [
        (world.nodes["Event"].id_at(item.event).removeprefix("Event:"), world.nodes["Lot"].id_at(item.lot))
        for item in time_conflicts(world, lots)
    ]


def seen(key: str, at: str | None, **more: Any) -> dict[str, Any]:
    return {
        "event_id": key,
        "at": at,
        "event_type": "ObjectEvent",
        "action": "OBSERVE",
        "lots": ["Lot:P:a"],
        **more,
    }


def test_named_before_it_was_made() -> None:
    events = [
        MADE,
        seen("before", "2025-03-04T23:59:59Z"),
        seen("same day", "2025-03-05T01:00:00Z"),
        seen("month", "2025-03"),
        seen("undated", None),
        {"event_id": "used", "site_id": "A", "at": "2025-02", "input_lots": ["Lot:P:a"]},
    ]
    assert found(events) == [("before", "Lot:P:a"), ("used", "Lot:P:a")]


def test_the_earliest_making_counts_and_adding_is_making() -> None:
    add = seen("add", "2025-03-01", action="ADD")
    assert found([MADE, add, seen("between", "2025-03-02")]) == []
    assert found([add, seen("before", "2025-02-02")]) == [("before", "Lot:P:a")]


def test_used_before_it_came() -> None:
    use = {"event_id": "use", "site_id": "B", "at": "2025-03-02T10:00:00Z", "input_lots": ["Lot:P:a"]}
    late = {
        "shipment_id": "1",
        "from_site": "A",
        "to_site": "B",
        "arrived_at": "2025-03-03",
        "product_id": "P",
        "lot_id": "a",
    }
    assert found([use], [late]) == [("use", "Lot:P:a")]
    several = {"shipment_id": "2", "from_site": "A", "to_site": "B", "lots": ["Lot:P:a", "Lot:P:b"]}
    assert found([use], [late, {**several, "arrived_at": "2025-03-01"}]) == []
    assert found([use], [{**several, "arrived_at": "2025-03-04T00:00:00Z"}]) == [("use", "Lot:P:a")]
    assert found([use], [several]) == []
    assert found([], [late]) == []
