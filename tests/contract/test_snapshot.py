"""Snapshots of every store: equal arrays for equal records, refreshed as if built, kept between starts."""

import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from suyuan.errors import SnapshotError, StoreUnavailableError
from suyuan.graph.build import build_from_view, build_snapshot
from suyuan.graph.contenthash import content_hash
from suyuan.graph.keeper import EARLIER_KEPT, SnapshotKeeper
from suyuan.graph.model import NODE_KINDS
from suyuan.graph.persist import FILE_NAME, read_saved
from suyuan.graph.refresh import refresh
from suyuan.graph.rows import batch_of_rows
from suyuan.graph.snapshot import GraphSnapshot
from suyuan.graph.store.base import RunInfo, Scope, Store
from suyuan.graph.store.opening import open_store
from suyuan.graph.tables import TABLES
from tests.unit.graph.describing import check_structure, described
from tests.unit.graph.markets import random_tables

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
SITES: Rows = {"sites": [{"site_id": "A", "role": "factory"}, {"site_id": "B"}]}
MOVEMENT: Rows = {"shipments": [{"shipment_id": "1", "from_site": "A", "to_site": "B"}]}


def _run(store: Store, rows: Rows, *, full: bool = False) -> RunInfo:
    """One run; a full one retires what it does not name, in the tables given."""
    with store.writer("rows", full=full) as writer:
        source = writer.add_source("rows.csv", "0" * 64, 1)
        for name, table_rows in rows.items():
            batch = batch_of_rows(TABLES[name], table_rows)
            number = pa.array(np.full(len(batch), source.number, np.int32))
            place = batch.schema.get_field_index("source_file")
            if len(batch):
                writer.upsert(name, batch.set_column(place, batch.schema.field(place), number))
            if full:
                writer.retire_unnamed(name, ["rows.csv"])
        return writer.finish({})


def _told(snapshot: GraphSnapshot) -> dict[str, Any]:
    told = described(snapshot)
    del told["seq"]
    return told


def test_arrays_are_those_of_the_records(store: Store) -> None:
    rows = random_tables(random.Random(21), most=12)
    _run(store, rows)
    snapshot = build_from_view(store.view())
    expected = build_snapshot({name: [batch_of_rows(TABLES[name], rows[name])] for name in rows})
    check_structure(snapshot)
    assert _told(snapshot) == _told(expected)
    assert snapshot.units == expected.units
    for kind in NODE_KINDS:
        assert snapshot.nodes[kind].ids.equals(expected.nodes[kind].ids)
    for name in snapshot.movements.__slots__:
        assert np.array_equal(getattr(snapshot.movements, name), getattr(expected.movements, name)), name
    for key, edges in snapshot.edges.items():
        for name in ("source", "target", "source_start", "by_target", "target_start"):
            assert np.array_equal(getattr(edges, name), getattr(expected.edges[key], name)), (key, name)
    assert content_hash(store.view()) == snapshot.snapshot_id


def test_refreshed_is_rebuilt(store: Store) -> None:
    stream = random.Random(1)
    _run(store, random_tables(stream, most=6))
    snapshot = build_from_view(store.view())
    for full in (False, True):
        rows = random_tables(stream, most=4)
        _run(store, {name: rows[name] for name in stream.sample(sorted(rows), 10)}, full=full)
        snapshot = refresh(snapshot, store.view())
        check_structure(snapshot)
        assert described(snapshot) == described(build_from_view(store.view()))
        assert content_hash(store.view()) == snapshot.snapshot_id


@pytest.fixture
def keeper(store: Store, tmp_path: Path) -> Iterator[SnapshotKeeper]:
    with SnapshotKeeper(store, tmp_path / "kept", save_interval_s=0) as opened:
        yield opened


def test_keeper_follows_the_store(store: Store, keeper: SnapshotKeeper) -> None:
    assert len(keeper.current().nodes["Site"]) == 0
    _run(store, SITES)
    first = keeper.current()
    assert keeper.current() is first
    assert first.nodes["Site"].ids.to_pylist() == ["Site:A", "Site:B"]
    _run(store, MOVEMENT)
    second = keeper.current()
    assert len(second.movements) == 1
    assert len(first.movements) == 0
    assert second.seq == store.seq()


def test_keeper_answers_as_of_earlier_knowledge(store: Store, keeper: SnapshotKeeper) -> None:
    ends = [_run(store, SITES).ended_at, _run(store, MOVEMENT).ended_at]
    ends += [_run(store, {"firms": [{"firm_id": str(i)}]}).ended_at for i in range(EARLIER_KEPT)]
    early = keeper.current(Scope(known_at=ends[0]))
    assert len(early.movements) == 0
    assert len(early.nodes["Site"]) == 2
    assert keeper.current(Scope(known_at=ends[0])) is early
    assert len(keeper.current(Scope(known_at=ends[1])).movements) == 1
    assert keeper.current(Scope(known_at=ends[-1])) is keeper.current()
    for end in ends:
        keeper.current(Scope(known_at=end))
    again = keeper.current(Scope(known_at=ends[0]))
    assert described(again) == described(early)


def test_saved_snapshot_is_taken_up_by_the_next_start(store: Store, tmp_path: Path) -> None:
    _run(store, SITES)
    with SnapshotKeeper(store, tmp_path) as keeper:
        first = keeper.current()
    assert read_saved(tmp_path).snapshot.snapshot_id == first.snapshot_id
    with SnapshotKeeper(store, tmp_path) as keeper:
        mapped = keeper.current()
        assert keeper.began_with == "saved"
        assert not mapped.nodes["Site"].by_id.flags.owndata
        assert described(mapped) == described(first)
        _run(store, MOVEMENT)
        assert len(keeper.current().movements) == 1
    assert read_saved(tmp_path).snapshot.seq == store.seq()


def test_saved_snapshot_of_another_store_is_not_used(empty_url: Callable[[], str], tmp_path: Path) -> None:
    for rows in (SITES, MOVEMENT):
        store = open_store(empty_url())
        _run(store, rows)
        with SnapshotKeeper(store, tmp_path) as keeper:
            assert described(keeper.current()) == described(build_from_view(store.view()))
        store.close()


def test_damaged_saved_snapshot_is_told_and_built_anew(store: Store, tmp_path: Path) -> None:
    _run(store, SITES)
    with SnapshotKeeper(store, tmp_path) as keeper:
        first = keeper.current()
    data = bytearray((tmp_path / FILE_NAME).read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / FILE_NAME).write_bytes(data)
    problems: list[SnapshotError] = []
    with SnapshotKeeper(store, tmp_path, on_problem=problems.append) as keeper:
        assert described(keeper.current()) == described(first)
    assert len(problems) == 1
    assert read_saved(tmp_path).snapshot.snapshot_id == first.snapshot_id


def test_building_earlier_knowledge_holds_nobody_up(store: Store) -> None:
    end = _run(store, SITES).ended_at
    _run(store, MOVEMENT)
    started, go_on = threading.Event(), threading.Event()

    def hold(table: str, _: int) -> None:
        tables.append(table)
        if threading.current_thread() is not threading.main_thread():
            started.set()
            assert go_on.wait(60)

    tables: list[str] = []
    keeper = SnapshotKeeper(store, progress=hold)
    with ThreadPoolExecutor(3) as threads:
        early = [threads.submit(keeper.current, Scope(known_at=end)) for _ in range(3)]
        assert started.wait(60)
        try:
            assert len(keeper.current().movements) == 1
        finally:
            go_on.set()
        assert len({id(each.result()) for each in early}) == 1
    assert len(early[0].result().movements) == 0
    assert tables.count("sites") == 2


def test_earlier_knowledge_that_could_not_be_built_is_built_when_asked_again(store: Store) -> None:
    end = _run(store, SITES).ended_at
    _run(store, MOVEMENT)
    failures = [StoreUnavailableError("gone")]

    def fail_once(_: str, __: int) -> None:
        if failures:
            raise failures.pop()

    keeper = SnapshotKeeper(store, progress=fail_once)
    with pytest.raises(StoreUnavailableError):
        keeper.current(Scope(known_at=end))
    assert len(keeper.current(Scope(known_at=end)).nodes["Site"]) == 2


def test_a_small_snapshot_is_not_kept(store: Store, tmp_path: Path) -> None:
    _run(store, SITES)
    with SnapshotKeeper(store, tmp_path / "kept", least_records=3) as keeper:
        keeper.current()
    assert not (tmp_path / "kept").exists()
    _run(store, MOVEMENT)
    with SnapshotKeeper(store, tmp_path / "kept", least_records=3) as keeper:
        keeper.current()
    assert read_saved(tmp_path / "kept").snapshot.n_records == 3


def test_many_threads_see_finished_runs(store: Store, keeper: SnapshotKeeper) -> None:
    failures: list[str] = []

    def look() -> None:
        for _ in range(10):
            seq = store.seq()
            found = keeper.current()
            if found.seq < seq or len(found.nodes["Firm"]) != found.seq:
                failures.append(f"{found.seq} after {seq}")

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for i in range(5):
        _run(store, {"firms": [{"firm_id": str(i)}]})
    for thread in threads:
        thread.join()
    assert failures == []
