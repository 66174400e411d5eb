"""Use case: is the store sound, and what is in it."""

import platform
import sqlite3
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from suyuan import __version__
from suyuan.graph.contenthash import content_hash
from suyuan.graph.tables import TABLES
from suyuan.service.workspace import Workspace

_LIBRARIES = ("numpy", "numba", "pyarrow", "neo4j", "strawberry-graphql", "starlette")


def checkup(workspace: Workspace, *, deep: bool) -> dict[str, Any]:
    """The report of ``suyuan doctor --json``.

    ``snapshot`` is the graph hash; ``records`` counts by table, ``counts`` things by kind; ``problems`` is empty for a
    sound store.
    """
    view = workspace.view()
    records = {table: count for table, count in view.counts().items() if count}
    runs = workspace.store.runs(last=1)
    return {
        "store": workspace.store.url,
        "snapshot": content_hash(view),
        "seq": view.seq,
        "records": records,
        "counts": {kind: count for table, count in records.items() if (kind := TABLES[table].kind)},
        "last_run": {"run_id": runs[0].run_id, "state": runs[0].state} if runs else None,
        "problems": [asdict(problem) for problem in workspace.store.check(deep=deep)],
        "versions": {
            "suyuan": __version__,
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            **{name: version(name) for name in _LIBRARIES},
        },
    }
