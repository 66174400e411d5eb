"""The folder that a local Neo4j server lives in: layout, configuration, password, process."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

from suyuan.errors import ConfigError
from suyuan.graph.store.local_server_process import LOOPBACK, has_ended, last_lines

USER = "neo4j"
DATABASE = "neo4j"


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """A server of one home: where it answers, with what, and how much memory it was given (MiB).

    ``url`` holds the password and is left out of ``repr``; ``http_port`` is None when HTTP is off.
    """

    url: str = field(repr=False)
    pid: int
    bolt_port: int
    http_port: int | None
    home: Path
    version: str
    heap_mb: int
    page_cache_mb: int


class ServerHome:
    """One home on disk.

    Parameters
    ----------
    path
        The folder; it need not exist yet. ``data``, ``logs``, ``conf``, ``import`` and ``run`` are Neo4j's;
        ``password`` and ``info.json`` are ours, readable by their owner alone.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()
        self.config_folder = self.path / "conf"
        self.lock_file = self.path / "run" / "suyuan.lock"
        self.password_file = self.path / "password"
        self.console_log = self.path / "logs" / "console.log"
        self.arguments_file = self.config_folder / "server.args"
        self._info_file = self.path / "info.json"

    @property
    def mark(self) -> str:
        """What the command line of this home's server holds, and no other program's."""
        return f"@{self.arguments_file}"

    def make_folders(self) -> None:
        """Make the folder and the ones in it, for the owner alone."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("conf", "logs", "import", "data", "run"):
            (self.path / name).mkdir(mode=0o700, exist_ok=True)

    def password(self) -> str:
        """The database user's password.

        Raises
        ------
        ConfigError
            The file that keeps it is gone.
        """
        try:
            return self.password_file.read_text("utf-8").strip()
        except OSError as error:
            raise ConfigError(
                f"The password file {self.password_file} cannot be read ({error}). "
                "Put the server's password there."
            ) from error

    def check_password(self, wanted: str | None) -> None:
        """Raise `ConfigError` if a password is asked for that is not this home's."""
        if wanted is not None and wanted != self.password():
            raise ConfigError(
                f"The server in {self.path} has another password already, kept in {self.password_file}. "
                "Leave the password out, or start with a new home."
            )

    def url(self, bolt_port: int) -> str:
        """The store URL of this home's server at a port, password included."""
        return f"neo4j://{USER}:{quote(self.password(), safe='')}@{LOOPBACK}:{bolt_port}/{DATABASE}"

    def write_info(self, info: ServerInfo) -> None:
        """Keep what is known of the server, without its password."""
        names = ("pid", "bolt_port", "http_port", "version", "heap_mb", "page_cache_mb")
        write_private(
            self._info_file,
            json.dumps({name: getattr(info, name) for name in names}, indent=1) + "\n",
        )

    def last_info(self) -> ServerInfo | None:
        """What was last written about the server, running or not."""
        try:
            content = json.loads(self._info_file.read_text("utf-8"))
            return ServerInfo(url=self.url(content["bolt_port"]), home=self.path, **content)
        except (OSError, ValueError, TypeError, KeyError):
            return None  # never started, or the file is not ours

    def running(self) -> ServerInfo | None:
        """The server if its process lives; an id that another program has since then got does not count."""
        info = self.last_info()
        return info if info and info.pid and not has_ended(info.pid, self.mark) else None

    def forget_process(self) -> None:
        """Note that the server has ended; its ports are kept for the next start."""
        if info := self.last_info():
            self.write_info(replace(info, pid=0))

    def write_config(
        self,
        *,
        bolt_port: int,
        http_port: int | None,
        page_cache_mb: int,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Write ``neo4j.conf``: loopback alone, nothing reported to anybody, and more settings by name."""
        lines = [
            "server.config.strict_validation.enabled=true",
            f"server.default_listen_address={LOOPBACK}",
            f"server.default_advertised_address={LOOPBACK}",
            f"server.bolt.listen_address={LOOPBACK}:{bolt_port}",
            f"server.bolt.advertised_address={LOOPBACK}:{bolt_port}",
            f"server.http.enabled={'false' if http_port is None else 'true'}",
            "server.https.enabled=false",
            f"server.memory.pagecache.size={page_cache_mb}m",
            "db.tx_log.preallocate=false",
            "internal.server.bolt.thread_pool_shutdown_wait_time=500ms",
            "dbms.usage_report.enabled=false",
            "dbms.fleet_manager.enabled=false",
            "server.fleet_discovery.enabled=false",
        ]
        if http_port is not None:
            lines += [
                f"server.http.{what}_address={LOOPBACK}:{http_port}" for what in ("listen", "advertised")
            ]
        lines += [f"{name}={value}" for name, value in (settings or {}).items()]
        write_private(self.config_folder / "neo4j.conf", "\n".join(lines) + "\n")

    def log_end(self) -> str:
        """The last lines the server wrote, for an error message."""
        return "Its last log lines:\n" + last_lines(self.console_log, self.path / "logs" / "neo4j.log")


def write_private(path: Path, text: str) -> None:
    """Write a file that its owner alone can read, whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(
        os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600),
        "w",
        encoding="utf-8",
    ) as handle:
        handle.write(text)
    part.replace(path)


def write_arguments(path: Path, words: Sequence[str]) -> None:
    """Write words as an argument file of the ``java`` command (``java @file``)."""
    quoted = ('"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in words)
    write_private(path, "\n".join(quoted) + "\n")
