"""Saved snapshots come back as they were, or not at all."""

import os
import random
from pathlib import Path

import numpy as np
import pytest

from suyuan.errors import SnapshotError
from suyuan.graph.build import build_from_view
from suyuan.graph.persist import FILE_NAME, open_saved, read_saved, save
from suyuan.graph.rows import snapshot_of_rows
from suyuan.graph.snapshot import GraphSnapshot
from tests.unit.graph.describing import check_structure, described
from tests.unit.graph.markets import DictionaryView, random_tables


@pytest.fixture(scope="module")
def snapshot() -> GraphSnapshot:
    stream = random.Random(11)
    view = DictionaryView(stream)
    view.write(random_tables(stream, most=12))
    return build_from_view(view)


def test_round_trip(snapshot: GraphSnapshot, tmp_path: Path) -> None:
    save(snapshot, tmp_path, store="store a")
    saved = read_saved(tmp_path)
    check_structure(saved.snapshot)
    assert described(saved.snapshot) == described(snapshot)
    assert saved.store == "store a"
    assert saved.snapshot.units == snapshot.units
    assert saved.snapshot.numbering == snapshot.numbering
    assert saved.snapshot.nodes["Licence"].columns["scope"].equals(snapshot.nodes["Licence"].columns["scope"])


def test_empty_graph_round_trip(tmp_path: Path) -> None:
    empty = snapshot_of_rows({})
    save(empty, tmp_path)
    assert described(open_saved(tmp_path)) == described(empty)


def test_saved_arrays_are_mapped_and_read_only(snapshot: GraphSnapshot, tmp_path: Path) -> None:
    save(snapshot, tmp_path)
    opened = open_saved(tmp_path)
    assert not opened.movements.from_site.flags.owndata
    assert not opened.movements.from_site.flags.writeable
    save(snapshot_of_rows({}), tmp_path)
    assert described(opened) == described(snapshot)


def test_any_flipped_byte_is_found(snapshot: GraphSnapshot, tmp_path: Path) -> None:
    path = save(snapshot, tmp_path)
    whole = path.read_bytes()
    stream = np.random.default_rng(5)
    places = {0, 8, 12, 63, 64, len(whole) - 1, *stream.integers(0, len(whole), 300).tolist()}
    for place in sorted(places):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << int(stream.integers(0, 8))
        path.write_bytes(damaged)
        with pytest.raises(SnapshotError):
            open_saved(tmp_path)
    path.write_bytes(whole)
    assert open_saved(tmp_path).snapshot_id == snapshot.snapshot_id


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.999])
def test_truncated_file_is_found(snapshot: GraphSnapshot, tmp_path: Path, share: float) -> None:
    path = save(snapshot, tmp_path)
    os.truncate(path, int(path.stat().st_size * share))
    with pytest.raises(SnapshotError):
        open_saved(tmp_path)


def test_other_format_and_other_files_are_refused(snapshot: GraphSnapshot, tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="cannot be opened"):
        open_saved(tmp_path)
    path = save(snapshot, tmp_path)
    data = bytearray(path.read_bytes())
    data[8] += 1
    path.write_bytes(data)
    with pytest.raises(SnapshotError, match="its format is"):
        open_saved(tmp_path)
    path.write_bytes(b"PK" + bytes(500))
    with pytest.raises(SnapshotError, match="does not begin as one"):
        open_saved(tmp_path)


def test_failed_save_leaves_the_old_one(snapshot: GraphSnapshot, tmp_path: Path) -> None:
    save(snapshot, tmp_path)
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    with pytest.raises(SnapshotError, match="could not be kept"):
        save(snapshot, blocked / "below")
    (tmp_path / f"{FILE_NAME}.x.part").write_bytes(b"left by a crash")
    os.utime(tmp_path / f"{FILE_NAME}.x.part", (0, 0))
    save(snapshot, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", FILE_NAME]
    assert open_saved(tmp_path).snapshot_id == snapshot.snapshot_id
