"""Runs: what is written, what counts as unchanged, what older views and abandoned runs leave."""

import time

import pytest

from suyuan.graph.store.base import Scope, Store
from suyuan.graph.store.documents import NewDocument
from tests.contract.building import batch, firm, load, rows_of, shipment, values_of, write


def test_an_empty_store_answers_with_nothing(store: Store) -> None:
    view = store.view()
    assert store.seq() == view.seq == 0
    assert list(view.batches("firms")) == []
    assert view.nodes(["Firm:F1"]) == {}
    assert view.search("a") == []
    assert set(view.counts().values()) <= {0}
    assert store.runs() == []
    store.ping()


def test_a_finished_run_is_visible_with_its_report(store: Store) -> None:
    before = time.time_ns() // 1000
    with store.writer("print") as writer:
        assert write(writer, {"firms": [firm(1), firm(2)]}) == (2, 0)
        assert writer.run.state == "running"
        assert store.seq() == 0
        info = writer.finish({"rows_read": 2, "by_table": {"firms": {"written": 2}}})
    assert info.state == "finished"
    assert info.seq == store.seq() == store.view().seq
    assert info.fingerprint == "print"
    assert info.report == {"rows_read": 2, "by_table": {"firms": {"written": 2}}}
    assert info.ended_at is not None
    assert before <= info.started_at <= info.ended_at
    assert store.runs() == [info]
    assert rows_of(store, "firms", "name") == {"Firm:F1": ("Firm 1",), "Firm:F2": ("Firm 2",)}
    assert store.view().counts()["firms"] == 2


def test_the_same_rows_again_change_nothing(store: Store) -> None:
    rows = [firm(i, status="active", registered_at=(999_993_600_000_000, 1)) for i in range(5)]
    first = load(store, {"firms": rows})
    with store.writer("again") as writer:
        assert write(writer, {"firms": rows}, file="b.csv") == (0, 5)
        second = writer.finish({})
    assert second.seq > first.seq
    assert list(store.view().batches("firms", since=first.seq)) == []
    assert rows_of(store, "firms", "seq") == {f"Firm:F{i}": (first.seq,) for i in range(5)}
    assert store.view().records("firms", ["Firm:F1"])["Firm:F1"].file == "a.csv"


def test_only_changed_and_new_rows_count_as_written(store: Store) -> None:
    load(store, {"firms": [firm(1), firm(2), firm(3)]})
    with store.writer("next") as writer:
        assert write(writer, {"firms": [firm(1), firm(2, "New name"), firm(4)]}) == (2, 1)
        writer.finish({})
    assert rows_of(store, "firms", "name") == {
        "Firm:F1": ("Firm 1",),
        "Firm:F2": ("New name",),
        "Firm:F3": ("Firm 3",),
        "Firm:F4": ("Firm 4",),
    }


def test_the_last_of_two_rows_of_one_run_holds(store: Store) -> None:
    load(store, {"firms": [firm(1, "old")]})
    with store.writer("twice") as writer:
        write(writer, {"firms": [firm(1, "b"), firm(2, "b")]})
        assert write(writer, {"firms": [firm(1, "c"), firm(2, "c")]}) == (2, 0)
        info = writer.finish({})
    assert rows_of(store, "firms", "name") == {"Firm:F1": ("c",), "Firm:F2": ("c",)}
    old = store.view(Scope(known_at=info.ended_at and info.ended_at - 1))
    assert values_of(old.batches("firms", ["name"]), ["name"]) == {"Firm:F1": ("old",)}


def test_an_older_view_keeps_its_answers(store: Store) -> None:
    load(store, {"firms": [firm(1, "old"), firm(2, "same")], "sellers": [_seller("F1")]})
    before = store.view()
    load(store, {"firms": [firm(1, "new"), firm(3, "added")], "sellers": [_seller("F3")]})
    assert values_of(before.batches("firms", ["name"]), ["name"]) == {
        "Firm:F1": ("old",),
        "Firm:F2": ("same",),
    }
    assert before.nodes(["Firm:F1", "Firm:F3"])["Firm:F1"].properties["name"] == "old"
    assert "Firm:F3" not in before.nodes(["Firm:F3"])
    assert [e.target for e in before.neighbours(["Seller:shop:s1"])["Seller:shop:s1"]] == ["Firm:F1"]
    assert before.neighbours(["Firm:F3"]) == {"Firm:F3": []}
    assert before.counts()["firms"] == 2
    assert before.records("firms", ["Firm:F3"]) == {}


def _seller(firm_id: str) -> dict[str, object]:
    return {"platform": "shop", "seller_id": "s1", "firm_id": firm_id}


def test_known_at_gives_the_answers_of_then(store: Store) -> None:
    runs = [load(store, {"firms": [firm(1, f"name {i}")]}) for i in range(3)]
    for i, run in enumerate(runs):
        assert run.ended_at is not None
        view = store.view(Scope(known_at=run.ended_at))
        assert view.seq == run.seq
        assert view.nodes(["Firm:F1"])["Firm:F1"].properties["name"] == f"name {i}"
        provenance = view.records("firms", ["Firm:F1"])["Firm:F1"]
        assert (provenance.run_id, provenance.seq) == (run.run_id, run.seq)
    assert runs[0].ended_at is not None
    earlier = store.view(Scope(known_at=runs[0].ended_at - 1))
    assert earlier.seq == 0
    assert earlier.nodes(["Firm:F1"]) == {}
    assert [run.ended_at for run in runs] == sorted({run.ended_at or 0 for run in runs})


def test_an_abandoned_run_changes_nothing(store: Store) -> None:
    load(store, {"firms": [firm(1, "kept"), firm(2)]})
    with store.writer("bad") as writer:
        write(writer, {"firms": [firm(1, "changed"), firm(9)], "sites": [{"site_id": "S1"}]})
        write(writer, {"firms": [firm(1, "changed twice")]})
        writer.abandon()
    _assert_only_the_first_run_shows(store)
    assert [run.state for run in store.runs()] == ["finished", "abandoned", "finished"]


def test_an_error_abandons_the_run(store: Store) -> None:
    load(store, {"firms": [firm(1, "kept"), firm(2)]})
    with pytest.raises(RuntimeError, match="cut"):
        _write_and_fail(store)
    _assert_only_the_first_run_shows(store)


def _write_and_fail(store: Store) -> None:
    with store.writer("bad") as writer:
        write(writer, {"firms": [firm(1, "changed"), firm(9)]})
        raise RuntimeError("cut")


def test_leaving_without_finish_abandons_the_run(store: Store) -> None:
    load(store, {"firms": [firm(1, "kept"), firm(2)]})
    with store.writer("forgotten") as writer:
        write(writer, {"firms": [firm(1, "changed"), firm(9)]})
    _assert_only_the_first_run_shows(store)


def _assert_only_the_first_run_shows(store: Store) -> None:
    assert store.seq() == store.runs()[-1].seq
    assert rows_of(store, "firms", "name") == {"Firm:F1": ("kept",), "Firm:F2": ("Firm 2",)}
    assert store.view().counts().get("sites", 0) == 0
    assert [hit.id for hit in store.view().search("changed")] == []
    assert [hit.id for hit in store.view().search("kept")] == ["Firm:F1"]
    assert store.check(deep=True) == []
    with store.writer("after") as writer:
        assert write(writer, {"firms": [firm(1, "kept"), firm(9)]}) == (1, 1)
        writer.finish({})
    assert sorted(rows_of(store, "firms")) == ["Firm:F1", "Firm:F2", "Firm:F9"]


def test_a_running_run_is_not_seen(store: Store) -> None:
    load(store, {"firms": [firm(1, "old"), firm(2)], "shipments": [shipment(1, "A", "B")]})
    with store.writer("open") as writer:
        write(writer, {"firms": [firm(1, "new"), firm(3)], "shipments": [shipment(1, "C", "B")]})
        view = store.view()
        assert values_of(view.batches("firms", ["name"]), ["name"]) == {
            "Firm:F1": ("old",),
            "Firm:F2": ("Firm 2",),
        }
        assert view.nodes(["Site:C"]) == {}
        assert [e.kind for e in view.neighbours(["Site:A"])["Site:A"]] == ["DEPARTS", "SHIPPED_TO"]
        assert [hit.id for hit in view.search("old")] == ["Firm:F1"]
        assert view.search("new") == []
        assert view.counts()["firms"] == 2
        writer.finish({})
    assert view.nodes(["Site:C"]) == {}
    assert "Site:C" in store.view().nodes(["Site:C"])
    assert store.view().nodes(["Site:A"]) == {}


def test_a_full_run_retires_what_its_sources_no_longer_name(store: Store) -> None:
    load(store, {"firms": [firm(1), firm(2), firm(3)]}, file="firms.csv")
    other = load(store, {"firms": [firm(4)]}, file="other.csv")
    with store.writer("full", full=True) as writer:
        write(writer, {"firms": [firm(1), firm(2, "changed")]}, file="firms.csv")
        assert writer.retire_unnamed("firms", ["firms.csv"]) == 1
        info = writer.finish({})
    assert sorted(rows_of(store, "firms")) == ["Firm:F1", "Firm:F2", "Firm:F4"]
    assert list(store.view().removed(other.seq)) == [("firms", "Firm:F3")]
    assert list(store.view().removed(info.seq)) == []
    assert store.view().search("Firm 3") == []
    assert store.view().counts()["firms"] == 3
    then = store.view(Scope(known_at=other.ended_at))
    assert sorted(values_of(then.batches("firms", ["name"]), ["name"])) == [f"Firm:F{i}" for i in range(1, 5)]
    assert store.check(deep=True) == []


def test_a_retired_record_comes_back(store: Store) -> None:
    first = load(store, {"firms": [firm(1), firm(2)]})
    with store.writer("full", full=True) as writer:
        write(writer, {"firms": [firm(1)]})
        assert writer.retire_unnamed("firms", ["a.csv"]) == 1
        retired = writer.finish({})
    load(store, {"firms": [firm(2)]})
    assert list(store.view().removed(first.seq)) == []
    assert sorted(rows_of(store, "firms")) == ["Firm:F1", "Firm:F2"]
    assert list(store.view(Scope(known_at=retired.ended_at)).removed(first.seq)) == [("firms", "Firm:F2")]
    assert next(store.view().batches("firms", since=retired.seq)).column("id").to_pylist() == ["Firm:F2"]


def test_an_abandoned_full_run_retires_nothing(store: Store) -> None:
    load(store, {"firms": [firm(1), firm(2)]})
    with store.writer("full", full=True) as writer:
        write(writer, {"firms": [firm(1, "x")]})
        assert writer.retire_unnamed("firms", ["a.csv"]) == 1
    assert rows_of(store, "firms", "name") == {"Firm:F1": ("Firm 1",), "Firm:F2": ("Firm 2",)}
    assert list(store.view().removed(0)) == []


def test_existing_names_what_the_store_holds(store: Store) -> None:
    load(store, {"firms": [firm(1)], "sellers": [_seller("F7")]})
    with store.writer("next") as writer:
        write(writer, {"firms": [firm(2)]})
        assert writer.existing("firms", ["Firm:F1", "Firm:F2", "Firm:F7", "nonsense"]) == {
            "Firm:F1",
            "Firm:F2",
        }
        assert writer.existing("firms", []) == set()


def test_a_source_is_registered_once_a_run(store: Store) -> None:
    with store.writer("sources") as writer:
        first = writer.add_source("a.csv", "aa" * 32, 10)
        assert writer.add_source("a.csv", "aa" * 32, 10) == first
        second = writer.add_source("a.csv", "bb" * 32, 11)
        assert second.number != first.number
        writer.upsert("firms", batch("firms", [firm(1)], source=second.number, first_row=7))
        run = writer.finish({})
    found = store.view().records("firms", ["Firm:F1", "Firm:F2"])
    assert list(found) == ["Firm:F1"]
    provenance = found["Firm:F1"]
    assert (provenance.table, provenance.record) == ("firms", "Firm:F1")
    assert (provenance.file, provenance.sha256, provenance.row) == ("a.csv", "bb" * 32, 7)
    assert (provenance.run_id, provenance.seq) == (run.run_id, run.seq)


def test_runs_are_listed_newest_first(store: Store) -> None:
    infos = [load(store, {"firms": [firm(i)]}) for i in range(4)]
    assert store.runs(last=3) == infos[:0:-1]
    assert len({info.run_id for info in infos}) == 4


def test_a_run_without_rows_takes_a_number(store: Store) -> None:
    first = load(store, {"firms": [firm(1)]})
    with store.writer("empty") as writer:
        assert write(writer, {"firms": []}) == (0, 0)
        info = writer.finish({})
    assert store.seq() == info.seq > first.seq


def test_runs_are_found_by_id_and_after_a_number(store: Store) -> None:
    first = load(store, {"firms": [firm(1)]})
    with store.writer("given up") as writer:
        write(writer, {"firms": [firm(2)]})
        given_up = writer.run
        writer.abandon()
    second, third = load(store, {"firms": [firm(3)]}), load(store, {"firms": [firm(4)]})
    assert store.runs_after(0) == [first, second, third]
    assert store.runs_after(first.seq, first=1) == [second]
    assert store.runs_after(third.seq) == []
    assert store.run(second.run_id) == second
    abandoned = store.run(given_up.run_id)
    assert abandoned is not None
    assert abandoned.state == "abandoned"
    assert store.run("nothing") is None


def test_a_run_under_way_tells_how_far_it_is(store: Store) -> None:
    with store.writer("long") as writer:
        writer.note_progress({"rows_read": 10})
        writer.note_progress({"rows_read": 11})
        under_way = store.run(writer.run.run_id)
        assert under_way is not None
        assert (under_way.state, under_way.report, under_way.ended_at) == ("running", {"rows_read": 10}, None)
        assert store.runs_after(0) == []
        ended = writer.finish({"rows_read": 12})
    assert store.run(ended.run_id) == ended
    assert ended.report == {"rows_read": 12}


def test_documents_of_a_run_are_written_with_its_end(store: Store) -> None:
    answers = [NewDocument("answers", "a", {"n": 1}), NewDocument("answers", "乙", {"n": 2})]
    with store.writer("given up") as writer:
        write(writer, {"firms": [firm(1)]})
    assert store.documents.some("answers", ["a", "乙"]) == {}
    with store.writer("whole") as writer:
        write(writer, {"firms": [firm(1)]})
        assert store.documents.some("answers", ["a", "乙"]) == {}
        writer.finish({}, answers)
    found = store.documents.some("answers", ["乙", "a", "a", "c"])
    assert {key: (each.version, each.value) for key, each in found.items()} == {
        "a": (1, {"n": 1}),
        "乙": (1, {"n": 2}),
    }
    with store.writer("again") as writer:
        writer.finish({}, [NewDocument("answers", "a", {"n": 3})])
    again = store.documents.get("answers", "a")
    assert again is not None
    assert (again.version, again.value) == (2, {"n": 3})


def test_several_sources_are_registered_at_once(store: Store) -> None:
    with store.writer("sources") as writer:
        first = writer.add_source("a", "00", 1)
        some = writer.add_sources([("b", "01", 2), ("a", "00", 1), ("b", "01", 2), ("b", "02", 3)])
        assert [(each.name, each.sha256, each.size) for each in some] == [
            ("b", "01", 2),
            ("a", "00", 1),
            ("b", "01", 2),
            ("b", "02", 3),
        ]
        assert some[1] == first
        assert some[0] == some[2]
        assert len({each.number for each in some}) == 3
        writer.upsert("firms", batch("firms", [firm(1)], source=some[3].number))
        writer.finish({})
    assert store.view().records("firms", ["Firm:F1"])["Firm:F1"].sha256 == "02"


def test_places_of_what_changed_nothing(store: Store) -> None:
    load(store, {"firms": [firm(1), firm(2), firm(3)]})
    with store.writer("next") as writer:
        source = writer.add_source("b.csv", "00", 1).number
        rows = [firm(9), firm(3), firm(1, "New name"), firm(2)]
        counts = writer.upsert("firms", batch("firms", rows, source=source))
        assert (counts.written, counts.unchanged, sorted(counts.unchanged_at)) == (2, 2, [1, 3])
        writer.finish({})


def test_what_was_overwritten_between_two_runs(store: Store) -> None:
    first = load(store, {"firms": [firm(1), firm(2), firm(3)], "sites": [{"site_id": "A"}]})
    with store.writer("full", full=True) as writer:
        write(writer, {"firms": [firm(1, "New"), firm(2), firm(4)]})
        assert writer.retire_unnamed("firms", ["a.csv"]) == 1
        second = writer.finish({})
    third = load(store, {"firms": [firm(1, "Newer"), firm(4, "New"), firm(3)]})
    view = store.view()
    assert view.overwritten("firms", first.seq) == {"Firm:F1", "Firm:F3"}
    assert view.overwritten("firms", second.seq) == {"Firm:F1", "Firm:F4"}
    assert view.overwritten("firms", third.seq) == set()
    assert view.overwritten("sites", first.seq) == set()
    between = store.view(Scope(known_at=second.ended_at))
    assert between.overwritten("firms", first.seq) == {"Firm:F1", "Firm:F3"}
    assert between.overwritten("firms", 0) == set()
