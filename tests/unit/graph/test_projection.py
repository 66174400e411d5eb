"""Edges as records make them."""

from typing import Any

from suyuan.graph.projection import edges_of
from suyuan.graph.records import batch_schema
from suyuan.graph.tables import TABLES


def _row(table: str, **values: Any) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(batch_schema(TABLES[table]).names)
    return {**row, **values}


def _no_nodes(kind: str, name: str, value: str) -> list[str]:
    return []


def _edges(table: str, **values: Any) -> list[tuple[str, str, str]]:
    def by(kind: str, name: str, value: str) -> list[str]:
        return ["Right:R1"] if (kind, name, value) == ("Right", "number", "77") else []

    return [(e.kind, e.source, e.target) for e in edges_of(TABLES[table], _row(table, **values), by)]


def test_shipment_makes_every_declared_edge() -> None:
    row = {
        "id": "Shipment:S1", "shipment_id": "S1", "from_site": "A", "to_site": "B", "product_id": "P", "lot_id": "L:1",
    }  # fmt: skip
    assert _edges("shipments", **row) == [
        ("DEPARTS", "Site:A", "Shipment:S1"),
        ("ARRIVES", "Shipment:S1", "Site:B"),
        ("SHIPPED_TO", "Site:A", "Site:B"),
        ("CARRIES", "Shipment:S1", "Lot:P:L:1"),
        ("CARRIES", "Shipment:S1", "Product:P"),
    ]


def test_lot_of_unknown_product_is_not_joined_to_a_product() -> None:
    assert _edges("shipments", id="Shipment:S1", shipment_id="S1", lot_id="7") == [
        ("CARRIES", "Shipment:S1", "Lot::7")
    ]


def test_relation_decides_the_edge_kind() -> None:
    assert _edges("site_products", id="x", site_id="F", product_id="P", relation="makes") == [
        ("MAKES", "Site:F", "Product:P")
    ]
    assert _edges("site_products", id="x", site_id="F", product_id="P") == []


def test_claims_follow_the_printed_number_only() -> None:
    edges = _edges(
        "listings", id="Listing:p:1", platform="p", listing_id="1", claimed_rights=["77", "78", "77"]
    )
    assert edges == [("CLAIMS", "Listing:p:1", "Right:R1")]


def test_edge_carries_times_at_their_precision() -> None:
    row = _row(
        "identifiers",
        id="i",
        owner="Firm:F",
        type="phone",
        value="+86",
        observed_at=0,
        observed_at_precision=1,
    )
    (edge,) = edges_of(TABLES["identifiers"], row, _no_nodes)
    assert (edge.target, edge.properties) == ("Identifier:phone:+86", {"observed_at": "1970-01-01"})
    assert edge.id == "HAS|Firm:F|Identifier:phone:+86|i"
