"""Every benchmark, one table: `python -m benchmarks [NAME...] [--quick] [--large]`.

Each benchmark runs in a process of its own, one after the other. The table is printed and, unless it was a quick
run, kept in docs/benchmarks.md, where the lines of benchmarks that were not run stay as they are.
"""

import argparse
import sys
from pathlib import Path
from typing import Final

from benchmarks.measure import CHECKOUT, end_orderly, machine
from benchmarks.report import print_table, updated
from benchmarks.running import run

NAMES: Final = (
    "trace_against_cypher",
    "batch_reach",
    "origin_mass",
    "batch_mass",
    "ingest",
    "live_posts",
    "epcis_memory",
    "store_sqlite",
    "store_neo4j",
    "first_load",
    "snapshot",
    "graphql",
    "cold_start",
    "growth",
    "traceback_accuracy",
    "next_inspection",
    "interval_coverage",
    "explained_trace",
    "many_cases",
    "fitted_accuracy",
    "layered_network",
    "accuracy_sweeps",
    "customs",
    "actor_resolution",
    "actor_build",
    "graph_measures",
    "repeat_offenders",
    "risk_backtest",
)
PAGE: Final = CHECKOUT / "docs" / "benchmarks.md"


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
