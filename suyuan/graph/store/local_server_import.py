"""Loading a folder of ``suyuan export neo4j-admin`` into the local server's database, offline."""

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any, Final, LiteralString

from suyuan.errors import ConfigError, ConflictError, CorruptStoreError
from suyuan.graph.store.local_server import LocalServer
from suyuan.graph.store.local_server_home import DATABASE, ServerHome, ServerInfo
from suyuan.graph.store.neo4j import Neo4jStore
from suyuan.graph.store.neo4j_connection import Connection, answer, columns, forget_bookmarks

MANIFEST: Final = "suyuan-export.json"
ARGUMENTS: Final = "import.args"
FORMAT: Final = "suyuan-neo4j-admin-1"
HEAP_MB: Final = 1024
PAGE_CACHE_MB: Final = 512
ASIDE: Final = "before-import"
"""Folder of a home that holds its former database while an import is under way."""

_NODES: LiteralString = "MATCH (x) WHERE NOT x:Counter RETURN count(x)"
_LOADED: LiteralString = """
CALL () { MATCH (x) RETURN count(x) AS nodes } CALL () { MATCH ()-[r]->() RETURN count(r) AS relationships }
RETURN nodes, relationships"""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an export says of itself: the graph's hash, records by table, the import's words, sizes of files."""

    snapshot: str
    records: Mapping[str, int]
    nodes: int
    relationships: int
    words: tuple[str, ...]
    files: Mapping[str, int]


def read_manifest(folder: Path) -> Manifest:
    """The list of an export's files.

    Raises
    ------
    ConfigError
        There is none, or it is of another format.
    """
    path = folder / MANIFEST
    try:
        content: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if content.pop("format") == FORMAT:
            words = tuple(content.pop("words"))
            return Manifest(words=words, **content)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ConfigError(
            f"{folder} is no whole export: {MANIFEST} cannot be read ({error}). "
            "Make one with: suyuan export neo4j-admin FOLDER"
        ) from error
    raise ConfigError(f"{path} is of another format than {FORMAT}; export the graph again.")


def import_folder(
    server: LocalServer, home: Path, folder: Path, *, replace: bool = False, heap_mb: int = HEAP_MB
) -> tuple[ServerInfo, Manifest]:
    """Loads an export into the database of a home and leaves the server running.

    Parameters
    ----------
    replace : whether a database that holds something is given up for the new one
    heap_mb : memory of the import, and of the server where it did not run, MiB

    Raises
    ------
    ConfigError
        The folder is no whole export.
    ConflictError
        The database holds something and may not be replaced; nothing is changed.
    StoreError
        The import failed; the database is what it was before.
    CorruptStoreError
        Something else was loaded than the export says; the database is what it was before.
    """
    place, folder = ServerHome(home), folder.resolve()
    manifest = read_manifest(folder)
    _check_files(folder, manifest)
    before = _plan(server, place, heap_mb, replace=replace)
    with _database_aside(server, place, before):
        words = ("database", "import", "full", *manifest.words)
        server.admin(place.path, *words, f"--report-file={place.path / 'logs' / 'import.report'}", DATABASE,
                     heap_mb=heap_mb, folder=folder)  # fmt: skip
        info = _started(server, place, before)
        _check_graph(info, manifest)
    return info, manifest


@dataclass(frozen=True, slots=True)
class _Plan:
    """How the server ran before, if it did, and shall run afterwards."""

    was_running: bool
    bolt_port: int | None
    http: bool
    heap_mb: int
    page_cache_mb: int


def _plan(server: LocalServer, place: ServerHome, heap_mb: int, *, replace: bool) -> _Plan:
    running = server.status(place.path)
    if running is not None:
        plan = _Plan(
            True, running.bolt_port, running.http_port is not None, running.heap_mb, running.page_cache_mb
        )
    else:
        plan = _Plan(False, None, True, heap_mb, PAGE_CACHE_MB)
    if not replace and (running is not None or _folders(place)):
        _require_empty(server, place, plan)
    return plan


def _require_empty(server: LocalServer, place: ServerHome, plan: _Plan) -> None:
    info = _started(server, place, plan)
    try:
        connection = Connection(info.url)
        try:
            held = connection.read(lambda tx: answer(tx, _NODES))
        finally:
            connection.close()
    finally:
        if not plan.was_running:
            server.stop(place.path)
    if held:
        raise ConflictError(
            f"The database in {place.path} holds {held:,} nodes. Name --replace to give them up, with access "
            "tokens and earlier versions, or name another --home."
        )


def _started(server: LocalServer, place: ServerHome, plan: _Plan) -> ServerInfo:
    return server.start(
        place.path,
        bolt_port=plan.bolt_port,
        http=plan.http,
        heap_mb=plan.heap_mb,
        page_cache_mb=plan.page_cache_mb,
    )


def _check_files(folder: Path, manifest: Manifest) -> None:
    for name, size in manifest.files.items():
        path = folder / name
        found = path.stat().st_size if path.is_file() else None
        if found != size:
            state = "missing" if found is None else f"{found:,} bytes long instead of {size:,}"
            raise ConfigError(f"{path} is {state}; export the graph again, or copy the whole folder.")


def _check_graph(info: ServerInfo, manifest: Manifest) -> None:
    """Makes constraints and indexes, and counts what was loaded; the hash would take reading all of it."""
    forget_bookmarks(info.url)
    Neo4jStore.open(info.url).close()
    connection = Connection(info.url)
    try:
        nodes, relationships = connection.read(lambda tx: columns(tx, _LOADED))
    finally:
        connection.close()
    if (nodes, relationships) != (manifest.nodes, manifest.relationships):
        raise CorruptStoreError(
            f"{nodes:,} nodes and {relationships:,} relationships were loaded of {manifest.nodes:,} and "
            f"{manifest.relationships:,}; the database is as it was before. Export the graph again."
        )


def _folders(place: ServerHome) -> list[Path]:
    """Where the database lies, as far as there is one."""
    data = place.path / "data"
    return [folder for name in ("databases", "transactions") if (folder := data / name / DATABASE).exists()]


@contextmanager
def _database_aside(server: LocalServer, place: ServerHome, plan: _Plan) -> Generator[None]:
    """The server stopped and its database put aside; brought back if what follows fails."""
    kept = place.path / ASIDE
    if kept.exists():
        raise ConflictError(
            f"An earlier import was cut off; the database from before it lies in {kept}. Move its folders back "
            f"into {place.path / 'data'}, or delete it, and import again."
        )
    server.stop(place.path)
    for folder in _folders(place):
        target = kept / folder.relative_to(place.path / "data")
        target.parent.mkdir(parents=True)
        folder.replace(target)
    try:
        yield
    except BaseException:
        server.stop(place.path)
        for folder in _folders(place):
            rmtree(folder)
        for folder in kept.glob("*/*"):
            folder.replace(place.path / "data" / folder.relative_to(kept))
        rmtree(kept, ignore_errors=True)
        if plan.was_running:
            forget_bookmarks(_started(server, place, plan).url)
        raise
    rmtree(kept, ignore_errors=True)
