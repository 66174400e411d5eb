"""Kernels compiled from other sources are never taken up."""

import os
import time
from pathlib import Path

import numba
import pytest

from suyuan.graph import compiled, kernelcache
from suyuan.graph.kernelcache import KEPT_SECONDS, kernel_folder, sources_digest


def _package(folder: Path) -> Path:
    (folder / "graph").mkdir(parents=True)
    (folder / "graph" / "a.py").write_text("one = 1\n")
    return folder


def test_any_change_of_a_source_gives_another_name(tmp_path: Path) -> None:
    package = _package(tmp_path / "package")
    names = {sources_digest(package)}
    (package / "graph" / "a.py").write_text("one = 11\n")
    names.add(sources_digest(package))
    os.utime(package / "graph" / "a.py", ns=(1, 1))
    names.add(sources_digest(package))
    (package / "graph" / "b.py").write_text("")
    names.add(sources_digest(package))
    assert len(names) == 4
    assert sources_digest(package) in names


def test_folders_long_unused_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUYUAN_CACHE", str(tmp_path))
    old, recent = tmp_path / "kernels" / "old", tmp_path / "kernels" / "recent"
    for folder in (old, recent):
        folder.mkdir(parents=True)
    long_ago = time.time() - KEPT_SECONDS - 60
    os.utime(old, (long_ago, long_ago))
    made = kernel_folder()
    assert made is not None
    assert sorted(folder.name for folder in (tmp_path / "kernels").iterdir()) == sorted([made.name, "recent"])


def test_where_nothing_can_be_written_numba_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SUYUAN_CACHE", str(tmp_path / "file"))
    assert kernel_folder() is None


def test_numba_keeps_the_kernels_there() -> None:
    assert compiled.compiled is not None
    if "NUMBA_CACHE_DIR" not in os.environ:
        assert Path(str(numba.config.CACHE_DIR)).parent.name == "kernels"  # pyright: ignore
    assert kernelcache.PACKAGE.name == "suyuan"
