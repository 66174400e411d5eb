"""How long goods stay at single places, from lots that came and went: by hand, and its properties."""

import numpy as np
import pytest

from suyuan.graph.rows import snapshot_of_rows
from suyuan.graph.snapshot import GraphSnapshot
from suyuan.traceback.parameters import MICROSECONDS_PER_DAY as DAY
from suyuan.traceback.parameters import TraceParameters
from suyuan.traceback.preparation import prepare
from suyuan.traceback.sitestays import recorded_stays, stay_factors
from suyuan.traceback.trace import trace


def test_a_stay_is_since_the_last_time_the_lot_came() -> None:
    came_key, came = np.array([7, 7, 8, 7]), np.array([10, 30, 5, 90])
    left_key, left = np.array([7, 8, 9, 7, 7]), np.array([40, 2, 50, 30, 9])
    places, stays = recorded_stays(came_key, came, left_key, left)
    assert dict(zip(places.tolist(), stays.tolist(), strict=True)) == {0: 10, 3: 0}


def test_one_level_is_drawn_in_by_the_two_variances() -> None:
    """Two sites of one role, streams one each: means -log 2 and log 2, within-variance 0.04, four stays each."""
    spread = np.array([-0.2, 0.2, -0.2, 0.2])
    logs = np.concatenate([np.log(2.0) + spread, np.log(8.0) + spread])
    stays = np.round(np.exp(logs) * DAY).astype(np.int64)
    stream = np.repeat(np.array([0, 1], np.int32), 4)
    found = stay_factors(stays, stream, np.array([0, 1], np.int32), np.array([2, 2]))
    within = 8 * 0.04 / 6
    between = (8 * np.log(2.0) ** 2 - 2 * within) / 8
    expected = np.log(2.0) * 4 / (4 + within / between)
    assert np.log(found) == pytest.approx([-expected, expected], abs=1e-6)


def test_places_that_differ_by_chance_only_stay_at_what_is_usual() -> None:
    rng = np.random.default_rng(3)
    site = np.repeat(np.arange(20, dtype=np.int32), 10)
    stays = np.round(rng.exponential(5.0, 200) * DAY).astype(np.int64)
    found = stay_factors(stays, site, np.arange(20, dtype=np.int32), np.zeros(20, np.int64))
    assert np.abs(np.log(found)).max() < 0.35


def test_a_place_that_really_differs_is_found_and_roles_are_apart() -> None:
    rng = np.random.default_rng(4)
    site = np.repeat(np.arange(6, dtype=np.int32), 40)
    usual = np.array([3.0, 3.0, 12.0, 30.0, 30.0, 30.0])
    stays = np.round(rng.exponential(usual[site]) * DAY).astype(np.int64)
    found = stay_factors(stays, site, np.arange(6, dtype=np.int32), np.array([1, 1, 1, 2, 2, 2]))
    assert found[2] / found[0] > 2.0
    assert np.abs(np.log(found[3:])).max() < 0.4


def test_nothing_recorded_changes_nothing() -> None:
    nothing = np.empty(0, np.int64)
    found = stay_factors(nothing, nothing.astype(np.int32), np.array([0, 0, 1], np.int32), np.array([1, -1]))
    assert found.tolist() == [1.0, 1.0, 1.0]


def warehouse() -> GraphSnapshot:
    """Goods of lots A1.. stay at W one day, of B1.. at V 20 days; unlabelled ones came to both from F and G."""
    shipments = []

    def sent(name: str, start: str, end: str, day: int, lot: str | None) -> None:
        when = np.datetime64("2025-01-01") + np.timedelta64(day, "D")
        row = {"shipment_id": name, "from_site": start, "to_site": end, "product_id": "P", "quantity": 1.0}
        row |= {"departed_at": f"{when}T00:00:00Z", "arrived_at": f"{when}T00:00:00Z"}
        shipments.append(row | ({"lot_id": lot} if lot else {}))

    for place, stay in (("W", 1), ("V", 20)):
        for number in range(10):
            sent(f"{place}in{number}", "X", place, number, f"{place}{number}")
            sent(f"{place}out{number}", place, "R", number + stay, f"{place}{number}")
        sent(f"{place}F", "F", place, 60, None)
        sent(f"{place}G", "G", place, 70, None)
        sent(f"{place}case", place, "R", 72, None)
    return snapshot_of_rows(
        {
            "sites": [
                *({"site_id": name, "role": "factory"} for name in ("F", "G", "X")),
                *({"site_id": name, "role": "warehouse"} for name in ("W", "V", "R")),
            ],
            "products": [{"product_id": "P"}],
            "shipments": shipments,
        }
    )


def share_of_later(place: str, parameters: TraceParameters) -> float:
    prepared = prepare(warehouse(), parameters)
    position = prepared.snapshot.nodes["Shipment"].position(f"Shipment:{place}case")
    found = {
        prepared.snapshot.nodes["Site"].id_at(one.site): one.probability
        for one in trace(prepared, "Shipment", position).origins
    }
    return found["Site:G"] / (found["Site:G"] + found["Site:F"])


def test_a_place_where_goods_stay_longer_is_weighed_by_its_own_stay() -> None:
    plain = TraceParameters(fifo_share=0.0)
    own = TraceParameters(fifo_share=0.0, infer_stays=True)
    assert share_of_later("W", plain) == pytest.approx(share_of_later("V", plain))
    assert share_of_later("W", own) > share_of_later("W", plain) > share_of_later("V", own)
