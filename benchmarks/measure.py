"""What every benchmark gives and how it measures: rows of the table, times, the machine.

A benchmark is a module with a function ``rows(quick: bool) -> Iterable[Row]``. Both sides of a row are run in
turn, in the same process or at least the same minute, and their answers are compared first. Ratios say how many
times as fast ours is (or how many times as long or large, where the target says so).
"""

import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

CHECKOUT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table.

    Parameters
    ----------
    what : what was done, with its size.
    ours, opponent : the two figures with their units; ``opponent`` says what it is, "-" if there is none.
    ratio : the figure the target speaks of, such as ``"62x"``; "-" if there is none.
    target : what is to be reached, in the same terms.
    met : whether it was; None where there is no target, or this size says nothing about it.
    note : what a reader has to know to judge the figures.
    """

    what: str
    ours: str
    opponent: str = "-"
    ratio: str = "-"
    target: str = "-"
    met: bool | None = None
    note: str = ""

    def verdict(self) -> str:
        """The last word of the line."""
        return "-" if self.met is None else "met" if self.met else "missed"


def timed(work: Callable[[], object]) -> float:
    """Seconds that some work takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def in_turn(
    ours: Callable[[], object], opponent: Callable[[], object], repeat: int
) -> tuple[list[float], list[float]]:
    """Seconds of both, run alternately ``repeat`` times."""
    pairs = [(timed(ours), timed(opponent)) for _ in range(repeat)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def quantile(seconds: Sequence[float], share: float) -> float:
    """A quantile of times, such as 0.99."""
    return float(np.quantile(np.asarray(seconds), share, method="higher"))


def median(seconds: Sequence[float]) -> float:
    """The middle one."""
    return float(np.median(np.asarray(seconds)))


def duration(seconds: float) -> str:
    """Seconds in a unit that suits them, three digits.

    Examples
    --------
    >>> duration(0.000262), duration(0.2214), duration(61.0)
    ('262 µs', '221 ms', '61 s')
    """
    units = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9))
    unit, size = next((pair for pair in units if seconds >= pair[1]), units[-1])
    return f"{digits(seconds / size)} {unit}"


def digits(value: float) -> str:
    """A number with three digits that count.

    Examples
    --------
    >>> digits(0.1234), digits(12.34), digits(123456.0)
    ('0.123', '12.3', '123,456')
    """
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def times(ratio: float) -> str:
    """A ratio as text."""
    return f"{digits(ratio)}x"


def slope(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """Slope of the line of least squares through the logarithms: 1 is proportional growth."""
    return float(np.polyfit(np.log(np.asarray(sizes)), np.log(np.asarray(seconds)), 1)[0])


def count(number: int) -> str:
    """A size in words.

    Examples
    --------
    >>> count(5_000_000), count(250_000), count(1_500_000)
    ('5 M', '250 k', '1.5 M')
    """
    if number >= 1_000_000:
        return f"{number / 1_000_000:g} M"
    return f"{number / 1_000:g} k" if number >= 1_000 else str(number)


def machine() -> str:
    """Cores, memory and Python: what figures depend on, and nothing that names the machine."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{platform.machine()}, {cores} cores, {memory:.0f} GiB RAM, "
        f"{platform.python_implementation()} {platform.python_version()}"
    )


def commit() -> str:
    """The commit that was measured; with "+" where files of it were changed."""
    try:
        name = _git("rev-parse", "--short=10", "HEAD")
        return name + ("+" if _git("status", "--porcelain", "--", "suyuan", "benchmarks") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def end_orderly() -> None:
    """Lets a benchmark that is told to end stop the servers it started."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit("Ended on request."))


def print_rows(rows: Iterable[Row]) -> None:
    """Rows as they come, a line each: what a benchmark run by itself prints."""
    end_orderly()
    for row in rows:
        print(
            f"{row.what}: {row.ours}; against {row.opponent}; {row.ratio} (target {row.target}, {row.verdict()})",
            flush=True,
        )
        if row.note:
            print(f"    {row.note}", flush=True)
