"""Damaged and edited rows of a SQLite file: refused wherever they would be used."""

import random
import sqlite3
from pathlib import Path

import pytest

from suyuan.errors import CorruptStoreError, SuyuanError
from suyuan.graph.build import build_from_view
from suyuan.graph.contenthash import content_hash
from suyuan.graph.refresh import refresh
from suyuan.graph.store.sqlite import SqliteStore
from suyuan.graph.tables import TABLES
from tests.contract.building import firm, load, sample_rows, shipment, values_of
from tests.unit.graph.describing import described
from tests.unit.graph.store.sqlite_fixtures import url_of


def _change(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def test_a_damaged_record_is_never_shown(store: SqliteStore, path: Path) -> None:
    load(store, {"firms": [firm(1)], "sellers": [{"platform": "p", "seller_id": "1", "firm_id": "F1"}]})
    _change(path, "UPDATE firms SET name = 'false'", "UPDATE sellers SET name = 'false'")
    view = store.view()
    with pytest.raises(CorruptStoreError, match="table firms, Firm:F1"):
        view.nodes(["Firm:F1"])
    with pytest.raises(CorruptStoreError, match="table firms, Firm:F1"):
        list(view.batches("firms", ["status"]))
    assert list(view.batches("shipments")) == []
    with pytest.raises(CorruptStoreError, match="table sellers, Seller:p:1"):
        view.neighbours(["Firm:F1"])


def test_a_flipped_byte_is_found_or_harmless(path: Path) -> None:
    store = SqliteStore.open(url_of(path))
    load(store, sample_rows())
    load(store, {"firms": [firm(i, f"name {i}") for i in range(400)]})
    load(store, {"shipments": [shipment(i, f"A{i % 9}", f"B{i % 7}", quantity=i / 4) for i in range(400)]})
    wanted = {table: _shown(store, table) for table in ("firms", "shipments", "listings")}
    graph = described(build_from_view(store.view()))
    store.close()
    whole = path.read_bytes()
    used = [at for at, byte in enumerate(whole) if byte and at >= 100]
    place = random.Random(20260301)
    for step in range(120):
        at = place.choice(used)
        path.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << place.randrange(8))]) + whole[at + 1 :])
        for end in ("-wal", "-shm"):
            Path(f"{path}{end}").unlink(missing_ok=True)
        assert _refused_or_equal(path, graph), f"byte {at} of {len(whole)}"
        if step % 3 == 0:
            assert _found_or_equal(path, wanted), f"byte {at} of {len(whole)}"


def _shown(store: SqliteStore, table: str) -> dict[str, object]:
    view = store.view()
    ids = sorted(values_of(view.batches(table, []), []))
    return {**view.nodes(ids), "edges": view.neighbours(ids, first=100)}


def _refused_or_equal(path: Path, wanted: dict[str, object]) -> bool:
    """Whether a snapshot of the store is refused or has the very same arrays."""
    try:
        store = SqliteStore.open(url_of(path))
    except SuyuanError:
        return True
    try:
        return described(build_from_view(store.view())) == wanted
    except CorruptStoreError:
        return True
    finally:
        store.close()


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE firms SET name = 'x' WHERE id = 'Firm:F1'", "table firms, Firm:F1 is"),
        ("UPDATE firms SET id = 'Firm:F9' WHERE id = 'Firm:F1'", "table firms, Firm:F9 is"),
        ("UPDATE firms SET digest = zeroblob(16) WHERE id = 'Firm:F1'", "table firms, Firm:F1 is"),
        ("UPDATE firms SET name = 1 WHERE id = 'Firm:F1'", "table firms, Firm:F1 is"),
        (
            "UPDATE firms SET registered_at = 'text' WHERE id = 'Firm:F1'",
            "firms, Firm:F1, column registered_at",
        ),
        ("UPDATE shipments SET quantity = 2.5", "table shipments, Shipment:SH00001 is"),
        ('UPDATE products SET right_ids = \'["R1", "R3"]\'', "table products, Product:P is"),
        ("DELETE FROM firms WHERE id = 'Firm:F2'", "table firms gives 1 records of 2"),
        ("UPDATE suyuan_runs SET state = 'abandoned' WHERE seq = 2", "newest run is missing"),
        ("UPDATE suyuan_runs SET ended_at = ended_at + 1 WHERE seq = 1", "run 1 or what belongs to it"),
        ("UPDATE suyuan_changes SET records = 0 WHERE table_name = 'firms'", "run 1 or what belongs to it"),
        ("UPDATE suyuan_sources SET name = 'b.csv' WHERE seq = 2", "run 2 or what belongs to it"),
        ("UPDATE suyuan_meta SET value = '9' WHERE key = 'newest_seal'", "newest run is missing"),
    ],
)
def test_no_snapshot_is_built_of_damaged_rows(
    store: SqliteStore, path: Path, statement: str, told: str
) -> None:
    load(store, {"firms": [firm(1), firm(2)], "products": [{"product_id": "P", "right_ids": ["R1", "R2"]}]})
    load(store, {"shipments": [shipment(1, "A", "B", quantity=2.0)]})
    build_from_view(store.view())
    _change(path, statement)
    with pytest.raises(CorruptStoreError, match=told):
        build_from_view(store.view())
    with pytest.raises(CorruptStoreError, match=told):
        content_hash(store.view())
    assert store.check(deep=True)


def test_a_refresh_reads_no_damaged_row(store: SqliteStore, path: Path) -> None:
    load(store, {"firms": [firm(1)]})
    before = build_from_view(store.view())
    load(store, {"firms": [firm(2)]})
    _change(path, "UPDATE firms SET name = 'x' WHERE id = 'Firm:F2'")
    with pytest.raises(CorruptStoreError, match="table firms, Firm:F2"):
        refresh(before, store.view())
    _change(path, "UPDATE suyuan_changes SET first_no = 9 WHERE seq = 2")
    with pytest.raises(CorruptStoreError, match="run 2"):
        refresh(before, store.view())


@pytest.mark.parametrize("change", ["row = 7", "source_file = 9", "seq = 1, row = 3"])
def test_a_damaged_source_is_never_shown(store: SqliteStore, path: Path, change: str) -> None:
    load(store, {"firms": [firm(1)]})
    _change(path, f"UPDATE firms SET {change}")
    with pytest.raises(CorruptStoreError, match="table firms, Firm:F1"):
        store.view().nodes(["Firm:F1"])
    with pytest.raises(CorruptStoreError, match="table firms, Firm:F1"):
        list(store.view().batches("firms"))


def test_a_source_with_fewer_columns_does_not_cover_up_damage(store: SqliteStore, path: Path) -> None:
    load(store, {"firms": [firm(1, status="open")]})
    _change(path, "UPDATE firms SET status = 'Open'")
    with pytest.raises(CorruptStoreError, match="table firms, Firm:F1"):
        load(store, {"firms": [firm(1, "renamed")]}, present=["firm_id", "name"])


def test_a_store_of_the_first_schema_is_given_check_numbers(path: Path) -> None:
    wanted = _first_schema(path)
    store = SqliteStore.open(url_of(path))
    assert described(build_from_view(store.view())) == wanted
    assert store.check(deep=True) == []
    load(store, {"firms": [firm(7)]})
    assert store.check(deep=True) == []
    store.close()


def test_damage_in_a_store_of_the_first_schema_is_not_covered_up(path: Path) -> None:
    _first_schema(path)
    _change(path, "UPDATE firms SET status = 'Open' WHERE id = 'Firm:F1'")
    before = path.read_bytes()
    with pytest.raises(CorruptStoreError, match="table firms, Firm:F1"):
        SqliteStore.open(url_of(path))
    assert path.read_bytes() == before


def _first_schema(path: Path) -> dict[str, object]:
    """Takes from a store with three runs all that the second schema added; tells its graph."""
    store = SqliteStore.open(url_of(path))
    load(store, sample_rows())
    load(store, {"firms": [firm(1), firm(2, status="open")]})
    load(store, {"firms": [firm(1, "changed")]})
    wanted = described(build_from_view(store.view()))
    store.close()
    tables = [stored for name in TABLES for stored in (name, f"{name}_history")]
    _change(
        path,
        *(f"ALTER TABLE {name} DROP COLUMN crc" for name in tables),
        "DROP INDEX suyuan_changes_by_seq",
        "ALTER TABLE suyuan_runs DROP COLUMN seal",
        "DELETE FROM suyuan_meta WHERE key = 'newest_seal' OR key LIKE 'checks %' OR key = 'model'",
        "PRAGMA user_version = 1",
    )
    return wanted


def _found_or_equal(path: Path, wanted: dict[str, dict[str, object]]) -> bool:
    try:
        store = SqliteStore.open(url_of(path))
    except SuyuanError:
        return True
    try:
        return bool(store.check(deep=True)) or all(_shown(store, table) == wanted[table] for table in wanted)
    except SuyuanError:
        return True
    finally:
        store.close()
