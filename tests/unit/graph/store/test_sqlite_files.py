"""What becomes of a SQLite store whose file is foreign, missing, read-only, full, cut or damaged."""

import os
import sqlite3
from pathlib import Path

import pytest

from suyuan.errors import ConfigError, ConflictError, CorruptStoreError, StoreError
from suyuan.graph.store import sqlite_file
from suyuan.graph.store.sqlite import SqliteStore
from suyuan.graph.store.sqlite_schema import APPLICATION_ID
from tests.contract.building import firm, load, shipment, values_of, write
from tests.unit.graph.store.sqlite_fixtures import url_of


@pytest.mark.parametrize("url", ["sqlite:///", "sqlite://store.db", "store.db", "sqlite:store.db"])
def test_a_url_without_a_file_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"sqlite:///relative\.db"):
        SqliteStore.open(url)


def test_a_relative_url_is_a_path_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    SqliteStore.open("sqlite:///here.db").close()
    assert (tmp_path / "here.db").is_file()


def test_a_missing_file_is_made_only_when_allowed(path: Path) -> None:
    with pytest.raises(ConfigError, match="no store at"):
        SqliteStore.open(url_of(path), create=False)
    assert not path.exists()
    with pytest.raises(ConfigError, match="folder that exists"):
        SqliteStore.open(url_of(path / "no" / "folder.db"))
    with pytest.raises(ConfigError):
        SqliteStore.open(url_of(path.parent))


@pytest.mark.parametrize("content", [b"id,name\n1,a\n", b"SQLite", b"\x00" * 100, b"PK\x03\x04"])
def test_a_file_of_another_kind_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(CorruptStoreError, match=r"store\.db"):
        SqliteStore.open(url_of(path))
    assert path.read_bytes() == content


def test_a_sqlite_file_of_another_program_is_refused(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE firms (id)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(CorruptStoreError, match="another program"):
        SqliteStore.open(url_of(path))
    assert path.read_bytes() == before


def test_an_empty_file_becomes_a_store(path: Path) -> None:
    path.touch()
    store = SqliteStore.open(url_of(path))
    load(store, {"firms": [firm(1)]})
    assert store.check(deep=True) == []
    store.close()


def _change(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def test_a_store_of_a_newer_version_is_refused(store: SqliteStore, path: Path) -> None:
    _change(path, "PRAGMA user_version = 99")
    with pytest.raises(ConfigError, match="newer Suyuan"):
        SqliteStore.open(url_of(path))


def test_a_store_is_marked_as_such(store: SqliteStore, path: Path) -> None:
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_columns_and_tables_that_the_model_gained_are_added(path: Path) -> None:
    store = SqliteStore.open(url_of(path))
    load(store, {"firms": [firm(1)], "products": [{"product_id": "P", "right_ids": ["R"]}]})
    store.close()
    _change(
        path,
        "ALTER TABLE firms DROP COLUMN status",
        "ALTER TABLE firms_history DROP COLUMN status",
        "DROP TABLE leads",
        "DROP TABLE leads_history",
        "DELETE FROM suyuan_links",
        "DELETE FROM firms_search",
        "DELETE FROM suyuan_meta WHERE key <> 'newest_seal'",
    )
    store = SqliteStore.open(url_of(path))
    assert store.check(deep=True) == []
    load(store, {"firms": [firm(1, status="new")], "leads": [{"lead_id": "L", "text": "义乌"}]})
    assert [hit.id for hit in store.view().search("义乌")] == ["Lead:L"]
    assert [hit.id for hit in store.view().search("Firm 1")] == ["Firm:F1"]
    assert [edge.kind for edge in store.view().neighbours(["Right:R"])["Right:R"]] == ["PROTECTED_BY"]
    assert store.check(deep=True) == []
    store.close()


def test_what_is_missing_from_the_schema_is_told(store: SqliteStore, path: Path) -> None:
    load(store, {"shipments": [shipment(1, "A", "B")]})
    _change(path, "DROP INDEX shipments_by_from_site", "DROP TABLE leads")
    found = {(problem.what, problem.where) for problem in store.check()}
    assert found == {("missing index", "shipments_by_from_site"), ("missing table", "leads")}


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE firms SET name = 'x' WHERE id = 'Firm:F1'", "damaged record"),
        ("UPDATE firms SET digest = zeroblob(16) WHERE id = 'Firm:F1'", "damaged record"),
        ("UPDATE firms SET registered_at = 'text' WHERE id = 'Firm:F1'", "damaged record"),
        ("UPDATE firms SET name = x'ff' WHERE id = 'Firm:F1'", "damaged record"),
        ("UPDATE firms SET name = CAST(x'ff' AS TEXT) WHERE id = 'Firm:F1'", "damaged record"),
        ("UPDATE products SET right_ids = '[1' WHERE id = 'Product:P'", "damaged record"),
        ("UPDATE firms_history SET name = 'x'", "damaged record"),
        ("DELETE FROM suyuan_links WHERE value = 'R1'", "missing link"),
        ("DELETE FROM firms_search WHERE id = 'Firm:F1'", "wrong search entry"),
        ("UPDATE firms_search SET body = 'other' WHERE id = 'Firm:F1'", "wrong search entry"),
        (
            "INSERT INTO firms_search (rowid, id, name, body) VALUES (99, 'Firm:X', 'x', 'x')",
            "wrong search entry",
        ),
        ("DELETE FROM firms WHERE id = 'Firm:F2'", "wrong count"),
    ],
)
def test_edits_behind_the_stores_back_are_found(
    store: SqliteStore, path: Path, statement: str, what: str
) -> None:
    load(store, {"firms": [firm(1), firm(2)], "products": [{"product_id": "P", "right_ids": ["R1", "R2"]}]})
    load(store, {"firms": [firm(2, "changed")]})
    assert store.check(deep=True) == []
    _change(path, statement)
    assert what in {problem.what for problem in store.check(deep=True)}


def test_a_damaged_full_text_index_is_found(store: SqliteStore, path: Path) -> None:
    load(store, {"firms": [firm(i, f"name {i}") for i in range(50)]})
    _change(path, "UPDATE firms_search_data SET block = zeroblob(length(block)) WHERE id > 10")
    found = {(problem.what, problem.where) for problem in store.check(deep=True)}
    assert found == {("damaged search index", "firms_search")}


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_cut_file_is_refused_or_found(path: Path, share: float) -> None:
    store = SqliteStore.open(url_of(path))
    load(store, {"firms": [firm(i) for i in range(5_000)]})
    store.close()
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(CorruptStoreError, match=r"store\.db"):
        _check_all(path)


def _check_all(path: Path) -> None:
    store = SqliteStore.open(url_of(path))
    try:
        if found := store.check(deep=True):
            raise CorruptStoreError(f"{path}: {found[0]}")
    finally:
        store.close()


def test_a_full_disk_stops_the_run_and_loses_nothing(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(store, {"firms": [firm(1)]})
    with pytest.raises(StoreError, match="no room left") as caught:
        _fill(store)
    assert caught.value.retryable
    assert [run.state for run in store.runs()][-1] == "finished"
    assert store.view().counts()["firms"] == 1
    assert store.check(deep=True) == []
    with store.writer("again") as writer:
        write(writer, {"firms": [firm(2)]})
        writer.finish({})
    assert store.view().counts()["firms"] == 2


def _fill(store: SqliteStore) -> None:
    with store.writer("big") as writer:
        connection = writer._connection  # pyright: ignore[reportPrivateUsage]
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 20}")
        for start in range(0, 50_000, 1_000):
            write(writer, {"firms": [firm(i, "x" * 200) for i in range(start, start + 1_000)]})


def test_a_step_that_failed_can_be_repeated(store: SqliteStore) -> None:
    with store.writer("big") as writer:
        connection = writer._connection  # pyright: ignore[reportPrivateUsage]
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 20}")
        rows = [firm(i, "x" * 200) for i in range(2_000)]
        with pytest.raises(StoreError, match="no room left"):
            write(writer, {"firms": rows})
        connection.execute("PRAGMA max_page_count = 1000000")
        assert write(writer, {"firms": rows}) == (2_000, 0)
        writer.finish({})
    assert store.view().counts()["firms"] == 2_000
    assert store.check(deep=True) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anything")
def test_a_read_only_file_is_told(path: Path) -> None:
    SqliteStore.open(url_of(path)).close()
    path.chmod(0o444)
    with pytest.raises(StoreError, match="read-only"), SqliteStore.open(url_of(path)).writer("x"):
        pass


def test_a_read_only_connection_gives_a_clear_error(path: Path) -> None:
    connection = sqlite3.connect(f"file:{path}?mode=rwc", uri=True)
    connection.execute("PRAGMA query_only = 1")
    with pytest.raises(sqlite3.OperationalError) as caught:
        connection.execute("CREATE TABLE t (a)")
    error = sqlite_file.store_error(path, caught.value)
    assert "cannot be written" in error.message
    assert str(path) in error.message
    connection.close()


def test_a_lock_that_lasts_becomes_a_conflict(store: SqliteStore, path: Path) -> None:
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    waiting = sqlite3.connect(path, isolation_level=None, timeout=0.05)
    with pytest.raises(sqlite3.OperationalError) as caught:
        waiting.execute("BEGIN IMMEDIATE")
    error = sqlite_file.store_error(path, caught.value)
    assert isinstance(error, ConflictError)
    assert store.view().counts()["firms"] == 0
    holder.close()
    waiting.close()


def test_a_closed_store_says_so(path: Path) -> None:
    store = SqliteStore.open(url_of(path))
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.seq()


def test_a_run_that_ended_takes_no_more(store: SqliteStore) -> None:
    with store.writer("once") as writer:
        writer.finish({})
    with pytest.raises(StoreError, match="has ended"):
        writer.existing("firms", ["Firm:F1"])


def test_a_run_that_lost_its_place_is_told(store: SqliteStore, path: Path) -> None:
    writer = store.writer("slow")
    _change(path, "UPDATE suyuan_lease SET token = 'another'")
    with pytest.raises(ConflictError, match="took its place"):
        write(writer, {"firms": [firm(1)]})
    with pytest.raises(ConflictError):
        writer.abandon()


def test_a_run_on_another_machine_lives_while_its_heart_beats(store: SqliteStore, path: Path) -> None:
    store.writer("elsewhere")
    _change(path, "UPDATE suyuan_lease SET place = 'another machine', token = 'theirs'")
    with pytest.raises(ConflictError, match="has been writing since"):
        store.writer("mine", wait_seconds=0.2)
    _change(path, "UPDATE suyuan_lease SET heartbeat = heartbeat - 61000000")
    with store.writer("mine", wait_seconds=0.2) as writer:
        writer.finish({})
    assert [run.state for run in store.runs()] == ["finished", "abandoned"]


def test_a_forgotten_writer_does_not_block_the_store(store: SqliteStore) -> None:
    write(store.writer("forgotten"), {"firms": [firm(1)]})
    with store.writer("next", wait_seconds=5) as writer:
        writer.finish({})
    assert store.view().counts()["firms"] == 0


def test_numbers_that_sqlite_cannot_keep_become_what_it_can(store: SqliteStore) -> None:
    rows = [{"shipment_id": "a", "quantity": float("nan")}, {"shipment_id": "b", "quantity": -0.0}]
    load(store, {"shipments": rows})
    found = values_of(store.view().batches("shipments", ["quantity"]), ["quantity"])
    assert found["Shipment:a"] == (None,)
    assert str(found["Shipment:b"][0]) == "0.0"
    assert store.check(deep=True) == []


def test_a_batch_of_other_columns_is_refused(store: SqliteStore) -> None:
    from tests.contract.building import batch

    with store.writer("x") as writer, pytest.raises(StoreError, match="expected id, firm_id"):
        writer.upsert("firms", batch("sites", [{"site_id": "1"}]))
