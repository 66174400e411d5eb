"""A refreshed snapshot is the one that would be built, whatever was written and retired."""

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.graph import refresh as refresh_module
from suyuan.graph.build import build_from_view
from suyuan.graph.refresh import refresh
from suyuan.graph.snapshot import GraphSnapshot
from suyuan.graph.tables import TABLES
from tests.unit.graph.describing import check_structure, described
from tests.unit.graph.markets import DictionaryView, random_row, random_tables


def _some_tables(stream: random.Random, most: int) -> dict[str, list[dict[str, Any]]]:
    rows = random_tables(stream, most)
    return {name: rows[name] for name in stream.sample(sorted(rows), stream.randint(0, len(rows)))}


def _without_seq(snapshot: GraphSnapshot) -> dict[str, Any]:
    told = described(snapshot)
    del told["seq"]
    return told


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32))
def test_refreshed_is_rebuilt(seed: int) -> None:
    stream = random.Random(seed)
    view = DictionaryView(stream)
    view.write(random_tables(stream, most=3))
    snapshot = build_from_view(view)
    for _ in range(3):
        for _ in range(stream.randint(1, 2)):
            view.write(_some_tables(stream, most=2), retire=stream.randint(0, 25))
        snapshot = refresh(snapshot, view)
        check_structure(snapshot)
        assert described(snapshot) == described(build_from_view(view))


def test_all_retired_and_written_again() -> None:
    stream = random.Random(4)
    view = DictionaryView(stream)
    rows = random_tables(stream)
    view.write(rows)
    first = build_from_view(view)
    view.write({}, retire=10_000)
    emptied = refresh(first, view)
    check_structure(emptied)
    assert described(emptied) == described(build_from_view(view))
    assert not emptied.edges
    assert len(emptied.movements) == 0
    view.write(rows)
    again = refresh(emptied, view)
    check_structure(again)
    assert _without_seq(again) == _without_seq(first)


def test_positions_stay() -> None:
    stream = random.Random(9)
    view = DictionaryView(stream)
    view.write(random_tables(stream))
    before = build_from_view(view)
    view.write(random_tables(stream), retire=20)
    after = refresh(before, view)
    for kind, table in before.nodes.items():
        if kind != "Shipment":
            assert after.nodes[kind].ids.slice(0, len(table)).to_pylist() == table.ids.to_pylist()


def test_numbering_tells_refreshed_from_built() -> None:
    stream = random.Random(9)
    view = DictionaryView(stream)
    view.write(random_tables(stream))
    before = build_from_view(view)
    view.write(random_tables(stream))
    after, built = refresh(before, view), build_from_view(view)
    assert after.snapshot_id == built.snapshot_id
    assert after.numbering != built.numbering
    assert after.numbering == refresh(before, view).numbering
    assert built.numbering == build_from_view(view).numbering


def test_nothing_new_gives_the_same_object_and_old_arrays_are_kept() -> None:
    stream = random.Random(2)
    view = DictionaryView(stream)
    view.write(random_tables(stream))
    before = build_from_view(view)
    told = described(before)
    assert refresh(before, view) is before
    view.write({"firms": [random_row(TABLES["firms"], stream)]})
    after = refresh(before, view)
    assert after.movements.from_site is before.movements.from_site
    view.write({})
    unchanged = refresh(after, view)
    assert (unchanged.seq, unchanged.numbering) == (view.seq, after.numbering)
    view.write(random_tables(stream), retire=30)
    refresh(after, view)
    assert described(before) == told


def test_too_much_change_builds_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = random.Random(5)
    view = DictionaryView(stream)
    view.write(random_tables(stream))
    before = build_from_view(view)
    view.write(random_tables(stream), retire=5)
    monkeypatch.setattr(refresh_module, "ALWAYS_REFRESHED", 0)
    after = refresh(before, view)
    assert described(after) == described(build_from_view(view))
    sites = after.nodes["Site"]
    assert np.array_equal(sites.by_id, np.arange(len(sites)))
