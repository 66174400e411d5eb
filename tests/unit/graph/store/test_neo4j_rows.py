"""Records as rows, relationships by column: against the row-by-row definitions."""

from typing import Any

import pyarrow as pa
import pytest

from suyuan.errors import CorruptStoreError
from suyuan.graph.projection import edges_of
from suyuan.graph.store.cypher import stored_properties
from suyuan.graph.store.neo4j_edges import edge_groups
from suyuan.graph.store.neo4j_rows import end_row, fields_of, named_keys, packed, properties_for, unpacked
from suyuan.graph.tables import TABLES
from tests.contract.building import batch, sample_rows


def no_objects(*_: object) -> list[str]:
    """Business objects are found by the values of nodes; these rows name none."""
    return []


def stored(table: str, records: pa.RecordBatch, properties: tuple[str, ...]) -> list[list[Any]]:
    """Columns as a store would give them back."""
    sent = packed(TABLES[table], records)
    values = {**sent.values, "_seq": [7] * len(records)}
    return [sent.ids, *(values[name] for name in properties[1:])]


@pytest.mark.parametrize("table", TABLES)
def test_records_come_back_as_they_went_in(table: str) -> None:
    records = batch(table, sample_rows()[table])
    fields = fields_of(TABLES[table], None)
    properties = properties_for(TABLES[table], "id", fields)
    assert unpacked(TABLES[table], fields, properties, stored(table, records, properties)).equals(records)


def test_columns_come_in_the_order_asked_for() -> None:
    shipments = TABLES["shipments"]
    fields = fields_of(shipments, ["quantity", "seq", "departed_at_precision", "digest", "id", "quantity"])
    properties = properties_for(shipments, "id", fields)
    assert properties == ("id", "quantity", "_seq", "departed_at", "_digest")
    records = batch("shipments", sample_rows()["shipments"])
    found = unpacked(shipments, fields, properties, stored("shipments", records, properties))
    assert found.schema.names == ["id", "quantity", "seq", "departed_at_precision", "digest"]
    assert found.column("digest").to_pylist() == packed(shipments, records).digests


def test_an_unknown_column_is_refused() -> None:
    with pytest.raises(KeyError):
        fields_of(TABLES["firms"], ["nothing"])


def test_a_value_of_another_type_is_told() -> None:
    fields = fields_of(TABLES["firms"], ["name"])
    with pytest.raises(CorruptStoreError, match="name of firms"):
        unpacked(TABLES["firms"], fields, ("id", "name"), [["Firm:1"], [7]])
    fields = fields_of(TABLES["firms"], ["registered_at"])
    with pytest.raises(CorruptStoreError, match="registered_at"):
        unpacked(TABLES["firms"], fields, ("id", "registered_at"), [["Firm:1"], ["long ago"]])


@pytest.mark.parametrize("table", TABLES)
def test_relationships_are_those_of_the_declarations(table: str) -> None:
    rows = sample_rows(5)[table]
    rows += [{name: row[name] for name in TABLES[table].key} for row in sample_rows(7)[table][5:]]
    records = batch(table, rows)
    sent = packed(TABLES[table], records)
    found = [
        (group.edge.kind, source, target, sent.ids[position])
        for group in edge_groups(TABLES[table], records)
        for position, source, target in zip(
            group.positions.tolist(), group.sources, group.targets, strict=True
        )
    ]
    wanted = {
        (edge.kind, edge.source, edge.target, edge.record)
        for row in records.to_pylist()
        for edge in edges_of(TABLES[table], row, no_objects)
    }
    assert len(found) == len(set(found))
    assert set(found) == wanted


def test_the_kinds_of_ends_are_told() -> None:
    rows = [
        {"site_id": "S", "operator": "Firm:a"},
        {"site_id": "T", "operator": "Seller:p:b"},
        {"site_id": "U"},
    ]
    groups = edge_groups(TABLES["sites"], batch("sites", rows))
    assert {(g.source_kind, g.target_kind, tuple(g.positions.tolist())) for g in groups} == {
        ("Site", "Firm", (0,)),
        ("Site", "Seller", (1,)),
    }


def test_an_id_of_no_known_kind_makes_no_relationship() -> None:
    rows = [{"site_id": "S", "operator": "Thing:a"}]
    assert edge_groups(TABLES["sites"], batch("sites", rows)) == []


def test_the_key_of_a_node_only_named() -> None:
    assert named_keys("Lot::7") == {"lot_id": "7"}
    assert end_row("Lot::7") == ["Lot::7", None, "7"]
    assert end_row("Lot:urn:epc:1") == ["Lot:urn:epc:1", None, "urn:epc:1"]
    assert end_row("Identifier:phone:+86%20139:1") == ["Identifier:phone:+86%20139:1", "phone", "+86 139:1"]


def test_rows_hold_the_id_and_what_is_asked_for() -> None:
    sent = packed(TABLES["firms"], batch("firms", [{"firm_id": "1", "name": "Ａ b"}, {"firm_id": "2"}]))
    assert sent.rows([1, 0], ["name", "_name"]) == [["Firm:2", None, "2"], ["Firm:1", "Ａ b", "a b"]]
    assert set(sent.values) == set(stored_properties(TABLES["firms"]))
