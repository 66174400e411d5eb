"""Every benchmark, one table: `python -m benchmarks [NAME...] [--quick] [--large]`.

Each benchmark runs in a process of its own, one after the other. The table is printed and, unless it was a quick
run, kept in docs/benchmarks.md, where the lines of benchmarks that were not run stay as they are.
"""

import argparse
import importlib
import multiprocessing
import os
import sys
import traceback
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from inspect import signature
from pathlib import Path
from typing import Final

from benchmarks.measure import CHECKOUT, Row, commit, end_orderly, machine
from benchmarks.report import Line, print_table, updated

NAMES: Final = (
    "trace_against_cypher",
    "batch_reach",
    "origin_mass",
    "store_sqlite",
    "store_neo4j",
    "snapshot",
    "graphql",
    "cold_start",
    "growth",
    "traceback_accuracy",
    "market_quality",
)
PAGE: Final = CHECKOUT / "docs" / "benchmarks.md"


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


def main() -> None:
    """Runs what is asked for, prints the table, keeps it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(NAMES)}; all if left out")
    parser.add_argument("--quick", action="store_true", help="small sizes; the page is left as it is")
    parser.add_argument("--large", action="store_true", help="10 M movements where a benchmark can")
    parser.add_argument("--page", type=Path, default=PAGE, help="where the table is kept")
    given = parser.parse_args()
    if unknown := [name for name in given.names if name not in NAMES]:
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}")
    end_orderly()
    lines, failed = run(given.names or NAMES, given.quick, given.large)
    print_table(lines)
    if not given.quick and lines:
        before = given.page.read_text("utf-8") if given.page.exists() else ""
        given.page.write_text(updated(before, lines, machine(), NAMES), "utf-8")
        print(f"Kept in {given.page}.")
    if failed:
        sys.exit(f"Failed: {', '.join(failed)}.")


if __name__ == "__main__":
    main()
