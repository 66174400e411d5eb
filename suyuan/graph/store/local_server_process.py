"""Small facts about processes, ports and log files that starting and stopping a local server rests on."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

LOOPBACK = "127.0.0.1"
POLL_S = 0.1
BLANK_PATIENCE_S = 2.0
BLANK_POLL_S = 0.01


def port_is_free(port: int) -> bool:
    """Whether nothing listens on the loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port(preferred: int | None = None, *, other_than: int | None = None) -> int:
    """A free loopback port: the preferred one if it is free, else one the system picks."""
    if preferred is not None and preferred != other_than and port_is_free(preferred):
        return preferred
    while True:
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            port: int = probe.getsockname()[1]
        if port != other_than:
            return port


def spawn(command: Sequence[str], log: Path) -> int:
    """Start a program in a session of its own, so that it outlives its starter; its output goes to ``log``.

    Returns
    -------
    int
        Its process id. `has_ended` collects it when it ends while the starter still runs.
    """
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    try:
        actions = [
            (os.POSIX_SPAWN_DUP2, null, 0),
            (os.POSIX_SPAWN_DUP2, out, 1),
            (os.POSIX_SPAWN_DUP2, out, 2),
        ]
        return os.posix_spawn(command[0], list(command), os.environ, file_actions=actions, setsid=True)
    finally:
        os.close(out)
        os.close(null)


def command_line(pid: int) -> str:
    """The words a running process was started with; blank if there is none, or none any more.

    Notes
    -----
    Linux shows no words for an instant while a program is replaced by another, and from the moment it begins
    to end, when its ports and file locks may still be held. So blank is believed of a process that has ended
    altogether, else only when it lasts (threads of the kernel have no words either).
    """
    if not Path("/proc/self/cmdline").exists():
        command = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603
    deadline = time.monotonic() + BLANK_PATIENCE_S
    while True:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
            stat = Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace")
        except OSError:
            return ""
        fields = stat.rpartition(")")[2].split()
        ended = fields[0] in "ZX" and int(fields[17]) <= 1  # state and number of threads
        if words or ended or time.monotonic() > deadline:
            return words.replace(b"\0", b" ").decode(errors="replace")
        time.sleep(BLANK_POLL_S)


def has_ended(pid: int, mark: str) -> bool:
    """Whether no process of that id with ``mark`` in its command line lives."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    return mark not in command_line(pid)


def terminate(pid: int, mark: str, timeout_s: float) -> bool:
    """End a process politely (SIGTERM), after ``timeout_s`` seconds by force.

    Returns
    -------
    bool
        Whether it ended by itself in time.
    """
    for how, patience_s in ((signal.SIGTERM, timeout_s), (signal.SIGKILL, 10.0)):
        if has_ended(pid, mark):
            return True
        with suppress(ProcessLookupError):
            os.kill(pid, how)
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            if has_ended(pid, mark):
                return how == signal.SIGTERM
            time.sleep(POLL_S)
    return False


def last_lines(*logs: Path, count: int = 15) -> str:
    """The last lines of each log that exists and is not empty, each under its name."""
    parts: list[str] = []
    for log in logs:
        lines = log.read_text("utf-8", errors="replace").splitlines()[-count:] if log.exists() else []
        if lines:
            parts.append("\n".join([f"{log}:", *(f"  {line[:400]}" for line in lines)]))
    return "\n".join(parts) or "The logs are empty."
