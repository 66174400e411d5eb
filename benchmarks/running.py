"""Runs benchmarks, each in a process of its own."""

import importlib
import multiprocessing
import os
import traceback
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from inspect import signature

from benchmarks.measure import Row, commit, end_orderly
from benchmarks.report import Line


def measured(name: str, quick: bool, large: bool) -> list[Row]:
    """All rows of one benchmark; runs in a process of its own."""
    end_orderly()
    rows = importlib.import_module(f"benchmarks.{name}").rows
    given = {"large": True} if large and "large" in signature(rows).parameters else {}
    found: list[Row] = []
    for row in rows(quick, **given):
        found.append(row)
        print(f"  {row.what}: {row.ours}; {row.opponent}; {row.ratio} ({row.verdict()})", flush=True)
    return found


def run(names: Sequence[str], quick: bool, large: bool) -> tuple[list[Line], list[str]]:
    """Lines of all benchmarks; the names of those that failed."""
    lines: list[Line] = []
    failed: list[str] = []
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, max_tasks_per_child=1) as processes:
        for name in names:
            load = os.getloadavg()[0]
            print(f"{name} (load {load:.1f})", flush=True)
            try:
                rows = processes.submit(measured, name, quick, large).result()
            except Exception:
                traceback.print_exc()
                failed.append(name)
                continue
            when = f"{datetime.now(UTC):%Y-%m-%d}, {commit()}, load {load:.1f}"
            lines += [Line.of(name, row, when) for row in rows]
    return lines, failed
