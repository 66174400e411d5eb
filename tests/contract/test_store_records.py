"""Records in and out: every column of every table, columns left out, awkward values."""

import json
from collections.abc import Callable

import pyarrow as pa
import pytest

from suyuan.graph.records import batch_schema, digests
from suyuan.graph.store.base import Store
from suyuan.graph.store.opening import open_store
from suyuan.graph.tables import TABLES
from tests.contract.building import batch, firm, id_of, load, rows_of, sample_rows, write
from tests.contract.oracle import Oracle

AWKWARD = [
    'it\'s "quoted" \\ back`tick`',
    "emoji 🧸👩‍👩‍👧 and Ａ full width",
    "100 % of a:b; c|d <e> $f {g}",
    "line\nbreak\ttab",
    "\x01\x1b control",
    "义乌市 国际商贸城 ５区",
    "e\u0301 decomposed \u200b",
    "𠮷野家",
    "' OR 1=1 --",
    "null",
    " leading and trailing ",
    "ﬁ Straße İ",
]


@pytest.mark.parametrize("table", TABLES)
def test_every_column_comes_back(store: Store, table: str) -> None:
    rows = sample_rows()[table]
    sparse = {name: rows[1][name] for name in TABLES[table].key}
    rows = [rows[0], sparse, rows[2]]
    info = load(store, {table: rows})
    wanted = batch(table, rows)
    found = pa.Table.from_batches(store.view().batches(table)).sort_by("id").to_batches()
    assert found[0].schema == batch_schema(TABLES[table])
    kept = [name for name in wanted.schema.names if name != "source_file"]
    expected = pa.Table.from_batches([wanted]).sort_by("id").select(kept)
    assert pa.Table.from_batches(found).select(kept).to_pylist() == expected.to_pylist()
    stamps = rows_of(store, table, "digest", "seq")
    assert stamps == {
        record: (digest, info.seq)
        for record, digest in zip(
            wanted.column("id").to_pylist(), digests(TABLES[table], wanted), strict=True
        )
    }
    assert store.check(deep=True) == []


def test_only_the_columns_asked_for_come_back(store: Store) -> None:
    info = load(store, {"shipments": [{"shipment_id": "1", "departed_at": (5, 0), "quantity": 2.5}]})
    found = next(
        store.view().batches("shipments", ["quantity", "departed_at", "departed_at_precision", "seq"])
    )
    assert found.schema.names == ["id", "quantity", "departed_at", "departed_at_precision", "seq"]
    assert found.schema.types == [pa.string(), pa.float64(), pa.int64(), pa.int8(), pa.int64()]
    assert found.to_pylist() == [
        {"id": "Shipment:1", "quantity": 2.5, "departed_at": 5, "departed_at_precision": 0, "seq": info.seq}
    ]
    assert next(store.view().batches("shipments", [])).schema.names == ["id"]


def test_since_gives_the_versions_written_later(store: Store) -> None:
    first = load(store, {"firms": [firm(1), firm(2), firm(3)]})
    second = load(store, {"firms": [firm(2, "x"), firm(4)]})
    third = load(store, {"firms": [firm(4, "y")]})

    def later(seq: int) -> list[str]:
        parts = store.view().batches("firms", ["name"], since=seq)
        return sorted(name for part in parts for name in part.column("name").to_pylist())

    assert later(0) == ["Firm 1", "Firm 3", "x", "y"]
    assert later(first.seq) == ["x", "y"]
    assert later(second.seq) == ["y"]
    assert later(third.seq) == []


def test_columns_that_a_source_lacks_keep_what_is_stored(store: Store) -> None:
    load(
        store,
        {
            "firms": [
                firm(1, "one", status="active", registered_at=(999_993_600_000_000, 1), extra='{"a":"1"}'),
                firm(2),
            ]
        },
    )
    with store.writer("part") as writer:
        counts = write(writer, {"firms": [firm(1, "new one"), firm(2), firm(3)]}, present=["firm_id", "name"])
        assert counts == (2, 1)
        writer.finish({})
    assert rows_of(store, "firms", "name", "status", "registered_at", "registered_at_precision", "extra") == {
        "Firm:F1": ("new one", "active", 999_993_600_000_000, 1, '{"a":"1"}'),
        "Firm:F2": ("Firm 2", None, None, None, None),
        "Firm:F3": ("Firm 3", None, None, None, None),
    }
    assert store.check(deep=True) == []


def test_columns_that_a_source_has_may_empty_what_is_stored(store: Store) -> None:
    load(
        store,
        {"firms": [firm(1, status="active", registered_at=(999_993_600_000_000, 1), extra='{"a":"1"}')]},
    )
    row = {"firm_id": "F1", "extra": '{"b":"2"}'}
    load(store, {"firms": [row]}, present=["firm_id", "status", "registered_at", "extra"])
    assert rows_of(store, "firms", "name", "status", "registered_at", "registered_at_precision", "extra") == {
        "Firm:F1": ("Firm 1", None, None, None, '{"b":"2"}')
    }
    load(store, {"firms": [{"firm_id": "F1"}]})
    assert rows_of(store, "firms", "name", "extra") == {"Firm:F1": (None, None)}


def test_two_files_of_one_run_fill_in_each_others_columns(store: Store) -> None:
    with store.writer("both") as writer:
        write(writer, {"firms": [firm(1, "one"), firm(2, "two")]}, present=["firm_id", "name"])
        rows = [{"firm_id": "F2", "status": "closed"}, {"firm_id": "F3", "status": "open"}]
        write(writer, {"firms": rows}, file="b.csv", present=["firm_id", "status"])
        writer.finish({})
    assert rows_of(store, "firms", "name", "status") == {
        "Firm:F1": ("one", None),
        "Firm:F2": ("two", "closed"),
        "Firm:F3": (None, "open"),
    }
    assert store.check(deep=True) == []


@pytest.mark.parametrize("value", AWKWARD)
def test_awkward_text_comes_back(store: Store, value: str) -> None:
    rows = [{"firm_id": "F1", "name": value, "status": value, "extra": json.dumps({value: value})}]
    right = {"right_id": "R1", "classes": [value, "", value]}
    load(store, {"firms": rows, "rights": [right]})
    assert rows_of(store, "firms", "name", "status", "extra") == {
        "Firm:F1": (value, value, json.dumps({value: value}))
    }
    assert rows_of(store, "rights", "classes") == {"Right:R1": ([value, "", value],)}
    node = store.view().nodes(["Firm:F1"])["Firm:F1"]
    assert node.properties["name"] == value
    assert node.extra == {value: value}
    assert store.check(deep=True) == []


@pytest.mark.parametrize("value", [v for v in AWKWARD if "\u0301" not in v])
def test_awkward_keys_are_found_from_both_ends(store: Store, value: str) -> None:
    data = {
        "sellers": [{"platform": value, "seller_id": value, "firm_id": value}],
        "firms": [{"firm_id": value, "name": "n"}],
    }
    load(store, data)
    oracle = Oracle()
    oracle.put(data)
    firm_id, seller_id = id_of("firms", data["firms"][0]), id_of("sellers", data["sellers"][0])
    (edge,) = store.view().neighbours([firm_id])[firm_id]
    assert (edge.source, edge.target) == (seller_id, firm_id)
    assert edge.id in oracle.edges()
    assert store.view().neighbours([seller_id])[seller_id] == [edge]
    assert not store.view().nodes([firm_id])[firm_id].stub
    assert [hit.id for hit in store.view().search(firm_id)] == [firm_id]


def test_a_very_long_text_comes_back(store: Store) -> None:
    long = "义乌 toy " * 200_000
    load(store, {"listings": [{"platform": "p", "listing_id": "1", "title": "t", "description": long}]})
    assert rows_of(store, "listings", "description") == {"Listing:p:1": (long,)}
    assert store.view().search("义乌")[0].id == "Listing:p:1"


def test_extreme_numbers_and_times_come_back(store: Store) -> None:
    numbers = [0.0, 0.1, 1e300, 5e-324, 123456789.123456789, 1e15, 2.0**53, 1e22]
    times = [(-62_135_596_800_000_000, 3), (253_402_300_799_999_999, 0), (0, 0), (-1, 0)]
    rows = [{"shipment_id": f"n{i}", "quantity": number} for i, number in enumerate(numbers)]
    rows += [{"shipment_id": f"t{i}", "departed_at": time} for i, time in enumerate(times)]
    load(store, {"shipments": rows})
    found = rows_of(store, "shipments", "quantity", "departed_at", "departed_at_precision")
    assert [found[f"Shipment:n{i}"][0] for i in range(len(numbers))] == numbers
    assert [found[f"Shipment:t{i}"][1:] for i in range(len(times))] == times
    assert store.check(deep=True) == []


def test_many_rows_go_in_and_out(store: Store) -> None:
    rows = [firm(i, status="a" if i % 2 else None) for i in range(20_000)]
    load(store, {"firms": rows})
    found = rows_of(store, "firms", "status")
    assert len(found) == 20_000
    assert found["Firm:F19999"] == ("a",)
    changed = [firm(i, "changed") for i in range(5_000, 25_000)]
    with store.writer("more") as writer:
        assert write(writer, {"firms": changed}) == (20_000, 0)
        writer.finish({})
    assert len(rows_of(store, "firms")) == 25_000


def test_a_store_keeps_its_data_when_opened_again(store_url: str) -> None:
    first = open_store(store_url)
    info = load(first, {"firms": [firm(1)]})
    first.close()
    second = open_store(store_url)
    assert rows_of(second, "firms", "name") == {"Firm:F1": ("Firm 1",)}
    assert second.runs() == [info]
    assert second.check(deep=True) == []
    second.close()


def test_an_edited_record_is_found(store: Store, edit_record: Callable[[str, str, str, str], None]) -> None:
    load(store, {"firms": [firm(1), firm(2)]})
    assert store.check() == []
    edit_record("firms", "Firm:F2", "name", "Firm 3")
    found = store.check(deep=True)
    assert found
    assert any("Firm:F2" in problem.where or "Firm:F2" in problem.detail for problem in found)
    assert not any("Firm:F1" in problem.where or "Firm:F1" in problem.detail for problem in found)


def test_the_url_shows_no_password(store: Store, store_url: str) -> None:
    assert store.url.split("://")[0] == store_url.split("://")[0]
    assert "password" not in store.url or "@" not in store.url
