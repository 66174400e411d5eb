"""What it costs to explain a trace: choke points, next inspections, licences, standing and reasons, against none.

    python -m benchmarks.explained_trace [--quick]

The cases of a simulated market of 25,000 movements are traced by the service in process, explained and plain in turn;
both have the same origins, gaps and paths. What each part costs by itself is in the note.
"""

import argparse
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.markets import stored
from benchmarks.measure import Row, count, duration, in_turn, print_rows, quantile, times
from suyuan.service.tracing import Tracer, TraceRequest
from suyuan.service.workspace import Workspace
from suyuan.simulate.market import MarketOptions
from suyuan.traceback.explanation import Parts

SEED: Final = 61
CASES: Final = 300
EACH: Final = (Parts.ORIGINS, Parts.CHOKE_POINTS, Parts.INSPECTIONS)
SAME: Final = ("rule", "unresolved", "paths", "intervals", "reachable", "truncated_counts")


def rows(quick: bool) -> Iterable[Row]:
    """P50 and P99 over the cases."""
    cases = 30 if quick else CASES
    with tempfile.TemporaryDirectory() as name:
        store, truth = stored(MarketOptions(seed=SEED, cases=cases), Path(name))
        store.close()
        with Workspace.open(f"sqlite:///{Path(name) / 'market.db'}") as workspace:
            yield from compared(Tracer(workspace), workspace, [case for case, _ in truth])


def compared(tracer: Tracer, workspace: Workspace, cases: Sequence[str]) -> Iterable[Row]:
    """All cases, each way."""
    snapshot = workspace.snapshot()
    size = count(round(len(snapshot.movements), -3))

    def seconds(case: str, explain: Parts) -> tuple[list[float], list[float]]:
        return in_turn(
            lambda: tracer.report(case, TraceRequest(explain=explain), snapshot),
            lambda: tracer.report(case, TraceRequest(explain=Parts.NOTHING), snapshot),
            3,
        )

    tracer.warm_up()
    for case in cases:
        asked = (TraceRequest(explain=one) for one in (Parts.NOTHING, *EACH, Parts.EVERYTHING))
        same_answer([tracer.report(case, one, snapshot) for one in asked])
    parts: dict[Parts, list[float]] = {}
    plain: list[float] = []
    for part in (*EACH, Parts.EVERYTHING):
        pairs = [seconds(case, part) for case in cases]
        parts[part] = [min(ours) for ours, _ in pairs]
        plain = [min(theirs) for _, theirs in pairs]
    explained = parts.pop(Parts.EVERYTHING)
    for name, share in (("P50", 0.5), ("P99", 0.99)):
        ours, theirs = quantile(explained, share), quantile(plain, share)
        each = ", ".join(f"{part.name} {duration(quantile(values, share))}" for part, values in parts.items())
        yield Row(
            what=f"trace of one case with all explanations, {size} movements, {name}",
            ours=duration(ours),
            opponent=f"without {duration(theirs)}",
            ratio=f"{times(ours / theirs)} as long",
            note=f"{len(cases)} cases, best of 3; with one part: {each}",
        )


def same_answer(reports: Sequence[dict[str, Any]]) -> None:
    """Make sure that reports differ in what explains only."""
    bare = [
        [[(one["site"], one["probability"]) for one in report["origins"]], [report[name] for name in SAME]]
        for report in reports
    ]
    if any(one != bare[0] for one in bare):
        raise AssertionError(f"explaining {reports[0]['start']} changes its answer")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    print_rows(rows(parser.parse_args().quick))
