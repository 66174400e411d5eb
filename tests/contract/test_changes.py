"""What runs changed, told run by run, whatever has been written since."""

import threading

import pytest

from suyuan.graph.store.base import Store
from suyuan.service.changes import ChangeFeed, run_changes
from tests.contract.building import firm, load, shipment, write


def told(store: Store, seq: int) -> set[tuple[str, str]]:
    [run] = store.runs_after(seq - 1, first=1)
    assert run.seq == seq
    return {(change.id, change.happened) for change in run_changes(store, run).changes()}


def test_each_run_tells_what_it_created_updated_and_removed(store: Store) -> None:
    first = load(store, {"firms": [firm(1), firm(2), firm(3)], "shipments": [shipment(1, "A", "B")]})
    with store.writer("full", full=True) as writer:
        write(writer, {"firms": [firm(1, "New"), firm(2), firm(4)]})
        writer.retire_unnamed("firms", ["a.csv"])
        second = writer.finish({"by_table": {"firms": {"written": 2, "retired": 1}}})
    third = load(
        store, {"firms": [firm(3), firm(1, "Newer")], "site_products": [{"site_id": "A", "product_id": "P"}]}
    )
    unchanged = load(store, {"firms": [firm(3)]})
    expected = {
        first.seq: {(f"Firm:F{i}", "created") for i in (1, 2, 3)} | {("Shipment:SH00001", "created")},
        second.seq: {("Firm:F1", "updated"), ("Firm:F4", "created"), ("Firm:F3", "removed")},
        third.seq: {("Firm:F3", "created"), ("Firm:F1", "updated")},
        unchanged.seq: set(),
    }
    assert {seq: told(store, seq) for seq in expected} == expected


def test_changes_of_some_kinds_only(store: Store) -> None:
    run = load(store, {"firms": [firm(1)], "shipments": [shipment(1, "A", "B")]})
    changes = run_changes(store, run)
    assert len(changes) == 2
    assert [change.id for change in changes.changes(frozenset({"Firm", "Site"}))] == ["Firm:F1"]
    assert list(changes.changes(frozenset())) == []


def test_a_listener_is_woken_and_finds_each_run_once(store: Store) -> None:
    load(store, {"firms": [firm(0)]})
    feed, woken = ChangeFeed(store), threading.Event()
    with feed.listener(woken.set):
        seq = feed.now()
        assert feed.after(seq) is None
        load(store, {"firms": [firm(1)]})
        load(store, {"firms": [firm(2)]})
        seen: list[str] = []
        while len(seen) < 2:
            assert woken.wait(timeout=30)
            woken.clear()
            while (run := feed.after(seq)) is not None:
                assert feed.kept_after(seq) is run
                seq = run.run.seq
                seen += [change.id for change in run.changes()]
        assert seen == ["Firm:F1", "Firm:F2"]
        assert feed.newest == seq
    assert feed.listening == 0
    feed.close()


def test_what_is_no_longer_in_memory_is_read_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suyuan.service.changes._KEPT_CHANGES", 2)
    for i in range(4):
        load(store, {"firms": [firm(i)]})
    feed = ChangeFeed(store)
    seen = [feed.after(seq) for seq in range(4)]
    assert [feed.kept_after(seq) is not None for seq in range(4)] == [False, False, True, True]
    assert [feed.after(seq) for seq in range(4)] == seen
    feed.close()
