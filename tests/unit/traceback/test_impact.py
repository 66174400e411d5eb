"""Forward impact on a small market, worked by hand, and against traces backward."""

from typing import Any

import pytest

from suyuan.errors import ParameterError
from suyuan.graph.rows import snapshot_of_rows
from suyuan.graph.snapshot import GraphSnapshot
from suyuan.traceback.impact import Impact, forward_impact
from suyuan.traceback.parameters import TraceParameters, role_values
from suyuan.traceback.preparation import prepare
from suyuan.traceback.trace import trace
from tests.unit.traceback.worlds import DAY, EPOCH

Tables = dict[str, list[dict[str, Any]]]
PLAIN = TraceParameters(fifo_share=0.0, floor=role_values(0.0))


def shipment(
    name: str, start: str, end: str, day: int, quantity: float, product: str = "P"
) -> dict[str, Any]:
    return {"shipment_id": name, "from_site": start, "to_site": end, "departed_at": EPOCH + day * DAY,
            "arrived_at": EPOCH + (day + 1) * DAY, "product_id": product,
            "quantity": quantity, "unit": "件"}  # fmt: skip


def dispatch(seller: str, site: str, day: int, **more: str) -> dict[str, Any]:
    return {
        "platform": "shop",
        "seller_id": seller,
        "site_id": site,
        "observed_at": EPOCH + day * DAY,
        **more,
    }


MARKET: Tables = {
    "sites": [
        {"site_id": "F", "role": "factory", "division_code": "330782", "name": "甲厂"},
        {"site_id": "G", "role": "factory", "division_code": "330782"},
        {"site_id": "M", "role": "wholesale_market", "division_code": "330782"},
        {"site_id": "D", "role": "dispatch_point", "division_code": "440103"},
        {"site_id": "E", "role": "dispatch_point", "division_code": "440103"},
        {"site_id": "R"},
        {"site_id": "X", "division_code": "110101"},
    ],
    # A quarter of what is in the market came from F, and so a quarter of what leaves it.
    "shipments": [
        shipment("f", "F", "M", 1, 10.0),
        shipment("g", "G", "M", 1, 30.0),
        shipment("m1", "M", "D", 3, 20.0),
        shipment("m2", "M", "E", 3, 20.0),
        shipment("d", "D", "R", 5, 5.0),
        shipment("e", "E", "R", 5, 8.0),
        shipment("elsewhere", "G", "X", 1, 99.0, "Q"),
    ],
    "products": [{"product_id": "P", "right_ids": ["T1"]}, {"product_id": "Q", "right_ids": ["T2"]}],
    "rights": [
        {"right_id": "T1", "right_type": "trade_mark", "number": "1234567"},
        {"right_id": "T2", "right_type": "trade_mark", "number": "7654321"},
        {"right_id": "T3", "right_type": "design", "number": "202130000001.2"},
    ],
    "sellers": [
        {"platform": "shop", "seller_id": "s", "division_code": "440103"},
        {"platform": "shop", "seller_id": "t", "division_code": "350200"},
        {"platform": "shop", "seller_id": "u"},
        {"platform": "shop", "seller_id": "v"},
    ],
    "listings": [
        {"platform": "shop", "listing_id": "L", "seller_id": "s", "product_id": "P"},
        {"platform": "shop", "listing_id": "K", "seller_id": "t", "product_id": "P",
         "claimed_rights": ["202130000001.2"]},
        {"platform": "shop", "listing_id": "N", "seller_id": "v", "product_id": "P"},
    ],
    "dispatches": [
        dispatch("s", "D", 5, source="test_purchase", listing_id="L", shipment_id="d"),
        dispatch("t", "E", 5, source="declared"),
        dispatch("u", "E", 9, source="return_address"),
        dispatch("v", "X", 9, source="declared"),
    ],
}  # fmt: skip


def market(**changed: list[dict[str, Any]]) -> GraphSnapshot:
    return snapshot_of_rows({**MARKET, **changed})


def impact_of(graph: GraphSnapshot, *ids: str, as_of: int | None = None, **options: Any) -> Impact:
    cases = [(one.partition(":")[0], graph.nodes[one.partition(":")[0]].position(one)) for one in ids]
    return forward_impact(prepare(graph, PLAIN, as_of=as_of), cases, **options)


def named(graph: GraphSnapshot, kind: str, entries: Any) -> dict[str, tuple[float, float]]:
    return {
        graph.nodes[kind].id_at(entry[0]).rpartition(":")[2]: (
            pytest.approx(entry.units),  # pyright: ignore
            pytest.approx(entry.mass),  # pyright: ignore
        )
        for entry in entries
    }


def test_sites_by_what_came_to_them() -> None:
    graph = market()
    found = impact_of(graph, "Site:F")
    assert (found.units, found.counted_in, found.movements, found.rules) == (10.0, "件", 5, ("site",))
    assert named(graph, "Site", found.sites) == {
        "M": (10.0, 0.25),
        "D": (5.0, 0.25),
        "E": (5.0, 0.25),
        "R": (3.25, 0.25),
    }
    assert [graph.nodes["Site"].id_at(entry.site) for entry in found.sites] == [
        "Site:M",
        "Site:D",
        "Site:E",
        "Site:R",
    ]


def test_sellers_by_what_they_can_have_sent() -> None:
    """A parcel names s; t and u share what leaves E."""
    graph = market()
    found = impact_of(graph, "Site:F")
    assert named(graph, "Seller", found.sellers) == {"s": (1.25, 0.25), "t": (1.0, 0.25), "u": (1.0, 0.25)}
    assert [entry.rule for entry in found.sellers] == ["dispatches", "dispatch_sites", "dispatch_sites"]


def test_listings_by_the_shipments_that_stand_for_them() -> None:
    graph = market()
    found = impact_of(graph, "Site:F")
    assert named(graph, "Listing", found.listings) == {"L": (1.25, 0.25), "K": (1.0, 0.25)}
    sellers = graph.nodes["Seller"]
    assert [sellers.id_at(entry.seller) for entry in found.listings] == ["Seller:shop:s", "Seller:shop:t"]
    assert [entry.rule for entry in found.listings] == ["test_purchase", "dispatch_sites"]


def test_rights_of_goods_and_of_listings() -> None:
    """Of P, 10 + 5 + 5 + 1.25 + 2 of 93 recorded came from F; T3 is only printed on a listing."""
    graph = market()
    found = impact_of(graph, "Site:F")
    assert named(graph, "Right", found.rights) == {"T1": (10.0, 23.25 / 93.0), "T3": (0.0, 0.0)}
    assert [entry.listings for entry in found.rights] == [2, 1]


def test_divisions_by_what_came_into_them() -> None:
    """F lies in the division of the market: what it sends there counts once, where it began."""
    found = impact_of(market(), "Site:F")
    assert [(entry.code, entry.sites, entry.sellers) for entry in found.divisions] == [
        ("330782", 1, 0),
        ("440103", 2, 1),
        (None, 1, 0),
        ("350200", 0, 1),
    ]
    assert [entry.units for entry in found.divisions] == pytest.approx([10.0, 10.0, 3.25, 0.0])
    assert [entry.mass for entry in found.divisions] == pytest.approx([1.0, 0.25, 0.25, 0.0])


def test_a_listing_is_followed_from_its_origins_by_their_probability() -> None:
    graph = market()
    found = impact_of(graph, "Listing:shop:L")
    assert found.rules == ("origins",)
    assert found.units == pytest.approx(0.25 * 10 + 0.75 * 30)
    mass = 0.25 * 0.25 + 0.75 * 0.75
    assert named(graph, "Seller", found.sellers)["t"] == (4.0 * mass, mass)


def test_several_starts_are_taken_together() -> None:
    graph = market()
    both = impact_of(graph, "Site:F", "Site:G")
    assert named(graph, "Site", both.sites)["M"] == (40.0, 1.0)
    assert named(graph, "Seller", both.sellers)["v"] == (99.0, 1.0)
    again = impact_of(graph, "Site:F", "Site:F")
    assert again.sites == impact_of(graph, "Site:F").sites


def test_a_lot_and_a_shipment_are_starts_too() -> None:
    graph = market()
    found = impact_of(graph, "Shipment:m1")
    assert named(graph, "Site", found.sites) == {"D": (20.0, 1.0), "R": (5.0, 5 / 13)}
    assert named(graph, "Listing", found.listings) == {"L": (5.0, 1.0)}


def test_as_of_hides_what_came_later() -> None:
    graph = market()
    found = impact_of(graph, "Site:F", as_of=EPOCH + 4 * DAY)
    assert set(named(graph, "Site", found.sites)) == {"M", "D", "E"}
    assert found.sellers == found.listings == ()


def test_what_is_not_weighed_is_counted() -> None:
    graph = market()
    found = impact_of(graph, "Site:F", most_weighed=1)
    assert len(found.sellers) == len(found.listings) == 1
    assert found.truncated_counts == {"sellers": 2}


def test_mass_is_the_probability_that_a_trace_gives_the_start() -> None:
    graph = market()
    prepared = prepare(graph, TraceParameters())
    factory = graph.nodes["Site"].position("Site:F")
    found = forward_impact(prepared, [("Site", factory)])
    entries = [*(("Seller", e) for e in found.sellers), *(("Listing", e) for e in found.listings)]
    assert len(entries) == 5
    for kind, entry in entries:
        (mass,) = (o.probability for o in trace(prepared, kind, entry[0]).origins if o.site == factory)
        assert entry.mass == pytest.approx(mass, abs=1e-12)


def test_a_firm_is_no_start() -> None:
    with pytest.raises(ParameterError):
        forward_impact(prepare(market(), PLAIN), [("Firm", 0)])


def test_the_order_of_rows_changes_nothing() -> None:
    turned = snapshot_of_rows({name: rows[::-1] for name, rows in reversed(MARKET.items())})
    texts: list[list[Any]] = []
    for graph in (market(), turned):
        found = impact_of(graph, "Site:F")
        texts.append([
            [(graph.nodes[kind].id_at(entry[0]), round(entry.units, 9), round(entry.mass, 12)) for entry in entries]
            for kind, entries in (
                ("Site", found.sites), ("Seller", found.sellers), ("Listing", found.listings), ("Right", found.rights)
            )
        ])  # fmt: skip
    assert texts[0] == texts[1]
