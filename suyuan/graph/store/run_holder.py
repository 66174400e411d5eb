"""The process that holds a run, and whether it still lives."""

import os
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

_GONE = ("Z", "X")
"""States of a process in ``/proc/<pid>/stat`` that has ended already."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A process. ``place`` is where its ``pid`` means something: one start of one machine, one container;
    ``born`` tells it from a later process of the same number.
    """

    pid: int
    host: str
    place: str
    born: str


def this_process() -> Holder:
    """The process that asks."""
    pid = os.getpid()
    return Holder(pid, socket.gethostname(), _place(), _born(pid) or "")


def is_running(holder: Holder) -> bool | None:
    """Whether the process lives; None if it runs at another place and cannot be seen from here."""
    if holder.place != _place():
        return None
    return _born(holder.pid) == holder.born


def _place() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return socket.gethostname()


def _born(pid: int) -> str | None:
    """When a process was started, in whatever spelling this system has; None if there is no such process."""
    if not Path("/proc/self/stat").exists():
        listed = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True)  # noqa: S603, S607
        return listed.stdout.strip() or None
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace")
    except OSError:
        return None
    fields = text[text.rindex(")") + 2 :].split()
    return None if fields[0] in _GONE else fields[19]
