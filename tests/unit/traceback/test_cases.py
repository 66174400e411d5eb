"""Where traces start: each rule on a small market."""

from typing import Any

import pytest

from suyuan.errors import ParameterError
from suyuan.graph.rows import snapshot_of_rows
from suyuan.graph.snapshot import GraphSnapshot
from suyuan.traceback.cases import CaseStart, first_movements
from suyuan.traceback.parameters import TraceParameters
from suyuan.traceback.preparation import prepare
from suyuan.traceback.trace import trace
from tests.unit.traceback.worlds import names

Tables = dict[str, list[dict[str, Any]]]

SHIPMENTS = [
    {"shipment_id": "in1", "from_site": "F", "to_site": "D", "departed_at": "2025-01-01", "arrived_at": "2025-01-03",
     "product_id": "P", "quantity": 10},
    {"shipment_id": "in2", "from_site": "F", "to_site": "D", "departed_at": "2025-02-01", "arrived_at": "2025-02-03",
     "product_id": "Q", "quantity": 30},
    {"shipment_id": "out1", "from_site": "D", "to_site": "R", "departed_at": "2025-02-10T10:00:00Z",
     "arrived_at": "2025-02-12", "product_id": "P", "quantity": 1},
    {"shipment_id": "out2", "from_site": "D", "to_site": "R", "departed_at": "2025-02-20", "arrived_at": "2025-02-22",
     "product_id": "P", "quantity": 3},
    {"shipment_id": "out3", "from_site": "D", "to_site": "R", "departed_at": "2025-02-20", "arrived_at": "2025-02-22",
     "product_id": "Q", "quantity": 5},
    {"shipment_id": "out4", "from_site": "D", "to_site": "R", "departed_at": "2025-06-01", "arrived_at": "2025-06-02",
     "quantity": 5},
]  # fmt: skip

MARKET: Tables = {
    "shipments": SHIPMENTS,
    "sites": [{"site_id": "F", "role": "factory"}, {"site_id": "D", "role": "dispatch_point"}],
    "sellers": [{"platform": "shop", "seller_id": "s", "firm_id": None}],
    "listings": [
        {"platform": "shop", "listing_id": "L", "seller_id": "s", "product_id": "P", "listed_at": "2025-02-01",
         "delisted_at": "2025-03-01"},
    ],
}  # fmt: skip


def dispatch(at: str, source: str | None = "waybill", **more: str) -> dict[str, Any]:
    return {"platform": "shop", "seller_id": "s", "site_id": "D", "observed_at": at, "source": source, **more}


def start_of(tables: Tables, case: str, as_of: int | None = None) -> tuple[GraphSnapshot, CaseStart]:
    graph = snapshot_of_rows(tables)
    kind = case.partition(":")[0]
    prepared = prepare(graph, TraceParameters(), as_of=as_of)
    return graph, first_movements(prepared, kind, graph.nodes[kind].position(case))


def weights(tables: Tables, case: str, as_of: int | None = None) -> tuple[str, dict[str, float]]:
    graph, start = start_of(tables, case, as_of)
    assert start.weights.sum() + start.site_weights.sum() in (0.0, pytest.approx(1.0))
    shipments, sites = graph.nodes["Shipment"], graph.nodes["Site"]
    found = {
        shipments.id_at(m).partition(":")[2]: w for m, w in zip(start.movements, start.weights, strict=True)
    }
    found |= {sites.id_at(v): w for v, w in zip(start.sites, start.site_weights, strict=True)}
    assert list(found) == sorted(found)
    return start.rule, found


def with_dispatches(*rows: dict[str, Any]) -> Tables:
    return {**MARKET, "dispatches": list(rows)}


def test_test_purchases_decide_and_count_equally() -> None:
    tables = with_dispatches(
        dispatch("2025-02-10", "test_purchase", listing_id="L", shipment_id="out1"),
        dispatch("2025-02-20", "waybill", listing_id="L", shipment_id="out2"),
        dispatch("2025-02-21", "waybill"),
    )
    assert weights(tables, "Listing:shop:L") == ("test_purchase", {"out1": 0.5, "out2": 0.5})


def test_a_waybill_of_the_listing_is_as_good() -> None:
    tables = with_dispatches(dispatch("2025-02-20", "waybill", listing_id="L", shipment_id="out2"))
    assert weights(tables, "Listing:shop:L") == ("waybill", {"out2": 1.0})


def test_a_purchase_whose_parcel_is_not_recorded_leaves_the_next_rule() -> None:
    tables = with_dispatches(
        dispatch("2025-02-10T10:00:00Z", "test_purchase", listing_id="L", shipment_id="lost"),
    )
    assert weights(tables, "Listing:shop:L") == ("dispatches", {"out1": 1.0})


def test_parcels_seen_within_the_life_count_by_quantity_if_the_product_fits() -> None:
    tables = with_dispatches(
        dispatch("2025-02-10T10:00:00Z"),
        dispatch("2025-02-20"),
        dispatch("2025-06-01"),
        dispatch("2025-01-05", "declared"),
    )
    rule, found = weights(tables, "Listing:shop:L")
    assert (rule, found) == ("dispatches", {"out1": 0.25, "out2": 0.75})


def test_a_parcel_of_another_listing_is_not_taken() -> None:
    tables = with_dispatches(
        dispatch("2025-02-10T10:00:00Z", listing_id="other", shipment_id="out1"),
        dispatch("2025-02-20"),
    )
    assert weights(tables, "Listing:shop:L") == ("dispatches", {"out2": 1.0})


def test_a_parcel_named_by_its_shipment_needs_no_time() -> None:
    tables = with_dispatches(dispatch("2025-02-25", shipment_id="out1"))
    assert weights(tables, "Listing:shop:L") == ("dispatches", {"out1": 1.0})


def test_without_the_minute_the_day_before_and_after_count() -> None:
    tables = with_dispatches(dispatch("2025-02-11T09:00:00Z"))
    assert weights(tables, "Listing:shop:L") == ("dispatches", {"out1": 1.0})


def test_else_the_sites_the_shop_dispatches_from() -> None:
    tables = with_dispatches(dispatch("2025-01-05", "declared"))
    assert weights(tables, "Listing:shop:L") == ("dispatch_sites", {"out1": 0.25, "out2": 0.75})


def test_else_what_came_to_those_sites() -> None:
    tables = with_dispatches(dispatch("2025-01-05", "declared"))
    tables["shipments"] = SHIPMENTS[:2]
    assert weights(tables, "Listing:shop:L") == ("dispatch_sites", {"in1": 1.0})


def test_else_the_sites_themselves() -> None:
    tables = with_dispatches(dispatch("2025-01-05", "declared"))
    tables["shipments"] = []
    assert weights(tables, "Listing:shop:L") == ("dispatch_sites", {"Site:D": 1.0})
    graph = snapshot_of_rows(tables)
    result = trace(prepare(graph, TraceParameters()), "Listing", 0)
    assert [place.reason for place in result.unresolved] == ["no recorded inflow"]
    assert graph.nodes["Site"].id_at(result.reach.sites[0]) == "Site:D"


@pytest.mark.parametrize("source", ["waybill", "test_purchase"])
def test_parcels_in_a_market_without_any_shipment_leave_the_next_rule(source: str) -> None:
    tables = with_dispatches(dispatch("2025-02-10T10:00:00Z", source, listing_id="L"))
    tables["shipments"] = []
    assert weights(tables, "Listing:shop:L") == ("dispatch_sites", {"Site:D": 1.0})


def test_a_factory_that_dispatches_itself_is_the_origin() -> None:
    tables = with_dispatches({**dispatch("2025-01-05", "declared"), "site_id": "F"})
    tables["shipments"] = []
    graph = snapshot_of_rows(tables)
    result = trace(prepare(graph, TraceParameters()), "Listing", 0)
    assert [(graph.nodes["Site"].id_at(o.site), o.probability) for o in result.origins] == [("Site:F", 1.0)]


def test_nothing_recorded_is_said() -> None:
    assert weights(MARKET, "Listing:shop:L") == ("nothing_recorded", {})
    graph = snapshot_of_rows(MARKET)
    result = trace(prepare(graph, TraceParameters()), "Listing", 0)
    assert (result.origins, result.unresolved, result.paths) == ((), (), ())
    forward = trace(prepare(graph, TraceParameters()), "Listing", 0, direction="forward")
    assert not len(forward.reach.movements)


def test_as_of_hides_later_parcels() -> None:
    tables = with_dispatches(dispatch("2025-02-10T10:00:00Z"), dispatch("2025-02-20"))
    as_of = 1_739_500_000_000_000  # 2025-02-14
    assert weights(tables, "Listing:shop:L", as_of) == ("dispatches", {"out1": 1.0})


def test_as_of_hides_what_was_bought_held_or_shown_later() -> None:
    before, after = 1_739_500_000_000_000, 1_740_900_000_000_000  # 2025-02-14, 2025-03-02
    bought = with_dispatches(dispatch("2025-02-20", "test_purchase", listing_id="L", shipment_id="out1"))
    assert weights(bought, "Listing:shop:L", before)[0] == "nothing_recorded"
    assert weights(bought, "Listing:shop:L", after)[0] == "test_purchase"
    for table, rows in (("seizures", [{**SEIZURE, "shipment_id": "out1"}]), ("exhibits", [EXHIBIT])):
        case = "Seizure:Z" if table == "seizures" else "Exhibit:E"
        assert weights({**MARKET, table: rows}, case, before)[0] == "nothing_recorded"
        assert weights({**MARKET, table: rows}, case, after)[0] != "nothing_recorded"


def test_a_shop_is_all_it_was_seen_to_send() -> None:
    tables = with_dispatches(dispatch("2025-02-10T10:00:00Z"), dispatch("2025-02-20"))
    rule, found = weights(tables, "Seller:shop:s")
    assert rule == "dispatches"
    assert found == pytest.approx({"out1": 1 / 9, "out2": 3 / 9, "out3": 5 / 9})


def test_a_shipment_is_itself() -> None:
    assert weights(MARKET, "Shipment:out2") == ("shipment", {"out2": 1.0})


def test_a_shipment_without_sites_starts_nothing() -> None:
    tables = {"shipments": [*SHIPMENTS, {"shipment_id": "half", "from_site": "D"}]}
    assert weights(tables, "Shipment:half") == ("nothing_recorded", {})


def test_a_lot_is_what_carries_it() -> None:
    tables = {
        "shipments": [
            {**row, "lot_id": "7" if row["shipment_id"] in ("in1", "out1") else None} for row in SHIPMENTS
        ]
    }
    rule, found = weights(tables, "Lot:P:7")
    assert (rule, found) == ("lot", pytest.approx({"in1": 10 / 11, "out1": 1 / 11}))


def test_a_site_is_what_came_to_it() -> None:
    assert weights(MARKET, "Site:D") == ("site", {"in1": 0.25, "in2": 0.75})
    graph = snapshot_of_rows(MARKET)
    prepared = prepare(graph, TraceParameters())
    out = first_movements(prepared, "Site", graph.nodes["Site"].position("Site:D"), direction="forward")
    assert names(graph, "Shipment", out.movements) == {"out1", "out2", "out3", "out4"}
    assert weights(MARKET, "Site:F") == ("site", {"Site:F": 1.0})


SEIZURE = {"seizure_id": "Z", "port_site": "R", "at": "2025-02-23", "product_id": "P"}


def test_a_seizure_is_the_shipment_held() -> None:
    tables = {**MARKET, "seizures": [{**SEIZURE, "shipment_id": "out3"}]}
    assert weights(tables, "Seizure:Z") == ("seizure_shipment", {"out3": 1.0})


def test_else_what_came_to_the_port_the_recent_the_more() -> None:
    tables = {**MARKET, "seizures": [SEIZURE]}
    rule, found = weights(tables, "Seizure:Z")
    assert rule == "port"
    assert found.keys() == {"out1", "out2"}
    assert found["out2"] > 3 * found["out1"]


EXHIBIT = {"exhibit_id": "E", "booth_site": "R", "exhibitor": "Firm:f", "product_id": "P", "at": "2025-02-23"}


def test_an_exhibit_is_what_its_exhibitor_brought() -> None:
    tables = {**MARKET, "exhibits": [EXHIBIT]}
    rule, found = weights(tables, "Exhibit:E")
    assert (rule, found.keys()) == ("booth", {"out1", "out2"})
    other = {**SHIPMENTS[3], "shipment_id": "own", "from_site": "G"}
    tables = {
        **tables,
        "shipments": [*SHIPMENTS, other],
        "sites": [{"site_id": "G", "operator": "Firm:f"}],
    }
    assert weights(tables, "Exhibit:E") == ("booth", {"own": 1.0})


def test_else_what_left_the_exhibitors_sites() -> None:
    tables = {
        **MARKET,
        "sites": [{"site_id": "D", "operator": "Firm:f"}],
        "sellers": [{"platform": "shop", "seller_id": "s", "firm_id": "f"}],
        "exhibits": [{**EXHIBIT, "booth_site": "empty", "exhibitor": "Seller:shop:s"}],
    }
    rule, found = weights(tables, "Exhibit:E")
    assert (rule, found) == ("exhibitor_sites", {"out1": 0.25, "out2": 0.75})


def test_a_lead_starts_as_its_subject_does() -> None:
    lead = {"lead_id": "1", "subject": "Shipment:out2"}
    assert weights({**MARKET, "leads": [lead]}, "Lead:1") == ("shipment", {"out2": 1.0})
    of_firm = {
        **MARKET,
        "sites": [{"site_id": "D", "operator": "Firm:f"}],
        "leads": [{"lead_id": "1", "subject": "Firm:f"}],
    }
    rule, found = weights(of_firm, "Lead:1")
    assert (rule, found.keys()) == ("operator_sites", {"out1", "out2", "out3", "out4"})
    nothing = {**MARKET, "leads": [{"lead_id": "1", "subject": "Product:P"}]}
    assert weights(nothing, "Lead:1") == ("nothing_recorded", {})


def test_forward_from_a_listing_is_forward_from_its_origins() -> None:
    tables = with_dispatches(dispatch("2025-02-10", "test_purchase", listing_id="L", shipment_id="out1"))
    for case in ("Listing:shop:L", "Lead:1"):
        graph = snapshot_of_rows({**tables, "leads": [{"lead_id": "1", "subject": "Listing:shop:L"}]})
        kind = case.partition(":")[0]
        result = trace(
            prepare(graph, TraceParameters()), kind, graph.nodes[kind].position(case), direction="forward"
        )
        assert result.rule == "origins"
        assert names(graph, "Shipment", result.reach.movements) == {"in1", "out1", "out2", "out4"}
        assert result.origins == ()


@pytest.mark.parametrize("kind", ["Product", "Firm", "Right"])
def test_other_kinds_start_no_trace(kind: str) -> None:
    graph = snapshot_of_rows(MARKET)
    with pytest.raises(ParameterError) as caught:
        first_movements(prepare(graph, TraceParameters()), kind, 0)
    assert caught.value.name == "start"
    with pytest.raises(ParameterError):
        trace(prepare(graph, TraceParameters()), "Site", 0, direction="sideways")  # pyright: ignore
