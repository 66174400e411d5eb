"""Use case: the whole graph as CSV files for Neo4j's offline import."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from suyuan.errors import ConfigError
from suyuan.graph.store.base import Store, View
from suyuan.graph.store.local_server_import import ARGUMENTS, FORMAT, MANIFEST, Manifest, read_manifest
from suyuan.graph.store.neo4j_files import ImportFiles
from suyuan.graph.store.neo4j_offline import write_graph

Progress = Callable[[str, float], None]

_RUNS_LOOKED_AT: Final = 1000


def write_neo4j_admin(store: Store, view: View, out: Path, progress: Progress | None) -> dict[str, int]:
    """Writes a folder that ``suyuan neo4j import`` loads; counts nodes and relationships.

    The list of files comes last: a folder without it is no whole export.

    Raises
    ------
    ConfigError
        ``out`` holds something else.
    """
    _cleared(out)
    files = ImportFiles(out)
    with files:
        written = write_graph(view, files, _known_since(store, view), progress)
    words = files.words()
    sizes = {name: (out / name).stat().st_size for name in files.names()}
    manifest = Manifest(**asdict(written), words=tuple(words), files=sizes)
    (out / ARGUMENTS).write_text("\n".join([*words, ""]), "utf-8")
    partial = out / f"{MANIFEST}.partial"
    partial.write_text(
        json.dumps({"format": FORMAT, **asdict(manifest)}, ensure_ascii=False, indent=1), "utf-8"
    )
    partial.replace(out / MANIFEST)
    return {"nodes": written.nodes, "relationships": written.relationships}


def _cleared(out: Path) -> None:
    """Makes the folder, without the files of an earlier export."""
    if out.exists() and not out.is_dir():
        raise ConfigError(f"{out} is no folder; name a new one for the export.")
    out.mkdir(parents=True, exist_ok=True)
    if (out / MANIFEST).exists():
        earlier = read_manifest(out)
        (out / MANIFEST).unlink()
        for name in (*earlier.files, ARGUMENTS):
            (out / name).unlink(missing_ok=True)
    left: list[Any] = [path for path in out.rglob("*") if path.is_file()]
    if left:
        raise ConfigError(
            f"{out} holds other files, such as {left[0].name}; name a new folder for the export."
        )


def _known_since(store: Store, view: View) -> int:
    """When the run that the view ends with was finished, microseconds UTC; now if it is not known."""
    runs = store.runs(last=_RUNS_LOOKED_AT)
    ended = next((run.ended_at for run in runs if run.seq == view.seq), None)
    return time.time_ns() // 1000 if ended is None else ended
