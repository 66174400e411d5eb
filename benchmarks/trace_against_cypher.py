"""Backward trace against the same rule as one Cypher query on a real Neo4j over Bolt.

    python -m benchmarks.trace_against_cypher [--sites N] [--movements N] [--starts N] [--rounds N] [--quick]

The rule: from a movement backward, up to six movements; each must have arrived by the time the next one left.
The answer: the ids of all places on the way. Ours walks the snapshot in this process. Neo4j holds places and
SHIPPED_TO relationships only, imported by its own tool, with a constraint on the id, 4 GB of heap, 3 GB of page
cache and several warm-up rounds; two formulations are tried, and for each quantile the faster one counts. Both
must give our answer for every start before anything is timed. (A plain variable-length pattern with all(...) over
its relationships tests times only after walking every path: minutes a start here, so it is left out.)
"""

import argparse
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import neo4j
import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from benchmarks.measure import Row, count, duration, print_rows, quantile, timed, times
from benchmarks.network import DAY, START, Network, network, snapshot_of
from suyuan.graph.snapshot import GraphSnapshot
from suyuan.graph.store.local_server import LocalServer
from suyuan.graph.store.local_server_home import DATABASE, USER, ServerHome
from suyuan.traceback.cases import first_movements
from suyuan.traceback.parameters import DEFAULT_PARAMETERS, TraceLimits
from suyuan.traceback.preparation import Prepared, prepare
from suyuan.traceback.reachability import ends_of
from suyuan.traceback.trace import trace, walk_from

HOPS: Final = 6
SPREAD: Final = 0.7
LIMITS: Final = TraceLimits(max_hops=HOPS)
LATE: Final = START + 550 * DAY
"""Cases are of the last six months of the two years."""

ALL_REDUCE: Final = """CYPHER 25
MATCH (v:Site {id: $site}) (()<-[leg:SHIPPED_TO]-()){1,6} (far:Site)
WHERE allReduce(limit = $departed, step IN leg |
  CASE WHEN step.arrived <= limit THEN step.departed ELSE -1 END, limit >= 0)
RETURN collect(DISTINCT far.id) AS sites"""


def hop_by_hop() -> str:
    """The rule with the latest departure of each place kept after every hop: no path is walked twice.

    The fastest formulation found where many paths lead to the same places.
    """
    lines = ["CYPHER 25", "MATCH (v0:Site {id: $site})", "WITH v0, $departed AS limit0, [] AS sites"]
    for hop in range(1, HOPS + 1):
        before = hop - 1
        lines += [
            f"OPTIONAL MATCH (v{before})<-[leg:SHIPPED_TO]-(v{hop}:Site) WHERE leg.arrived <= limit{before}",
            f"WITH sites, v{hop}, max(leg.departed) AS limit{hop}",
            f"WITH sites, collect({{place: v{hop}, limit: limit{hop}}}) AS found",
            "WITH sites + [item IN found WHERE item.place IS NOT NULL | item.place.id] AS sites, found",
        ]
        if hop < HOPS:
            lines += [
                "UNWIND found AS item",
                f"WITH sites, item.place AS v{hop}, item.limit AS limit{hop}",
            ]
    return "\n".join([*lines, "UNWIND sites AS id", "RETURN collect(DISTINCT id) AS sites"])


FORMULATIONS: Final = {
    "allReduce in a quantified path": ALL_REDUCE,
    "hop by hop, latest departure kept": hop_by_hop(),
}


@dataclass(frozen=True, slots=True)
class Case:
    """A movement to trace: its position with us; what the query is given."""

    movement: int
    site: str
    departed: int


def cases_of(snapshot: GraphSnapshot, n: int, seed: int = 2) -> list[Case]:
    """Movements of the last six months, at random."""
    movements, ids = snapshot.movements, snapshot.nodes["Site"].ids
    late = np.flatnonzero(movements.departed >= LATE)
    chosen = np.random.default_rng(seed).choice(late, n, replace=False)
    return [
        Case(int(m), ids[int(movements.from_site[m])].as_py(), int(movements.departed[m])) for m in chosen
    ]


def ours(prepared: Prepared, case: Case) -> list[str]:
    """Ids of all places that goods of a movement can have passed."""
    start = first_movements(prepared, "Shipment", case.movement)
    visits = walk_from(prepared, start, limits=LIMITS).visits
    movements = prepared.snapshot.movements
    reached = visits.movement[1 : int(visits.count[0])]
    sites, _ = ends_of(reached, movements.from_site, movements.to_site, movements.goods)
    return prepared.snapshot.nodes["Site"].ids.take(pa.array(sites)).to_pylist()


def reached_movements(prepared: Prepared, case: Case) -> int:
    """How many movements a trace reaches."""
    start = first_movements(prepared, "Shipment", case.movement)
    return int(walk_from(prepared, start, limits=LIMITS).visits.count[0]) - 1


def theirs(session: neo4j.Session, query: str, case: Case) -> list[str]:
    """The same from Neo4j; the place where the movement left is not in its answer."""
    answer = session.run(query, site=case.site, departed=case.departed).single(strict=True)  # pyright: ignore
    return answer["sites"]


def same_answers(prepared: Prepared, session: neo4j.Session, query: str, cases: Sequence[Case]) -> int:
    """How many starts have different answers."""
    wrong = 0
    for case in cases:
        here, there = set(ours(prepared, case)), set(theirs(session, query, case))
        wrong += here != (there | {case.site} if there else there)
    return wrong


@contextmanager
def loaded_server(net: Network, folder: Path) -> Iterator[neo4j.Session]:
    """A session on a server of its own that holds the network."""
    home, server = folder / "home", LocalServer(timeout_s=600)
    server.admin(home, *import_words(net, folder), heap_mb=2048)
    info = server.start(home, heap_mb=4096, page_cache_mb=3072, http=False)
    address = f"bolt://127.0.0.1:{info.bolt_port}"
    auth = (USER, ServerHome(home).password())
    try:
        with (
            neo4j.GraphDatabase.driver(address, auth=auth, notifications_min_severity="OFF") as driver,
            driver.session(database=DATABASE, default_access_mode=neo4j.READ_ACCESS) as session,
        ):
            driver.execute_query("CREATE CONSTRAINT site FOR (s:Site) REQUIRE s.id IS UNIQUE")
            driver.execute_query("CALL db.awaitIndexes(600)")
            yield session
    finally:
        server.stop(home)


def import_words(net: Network, folder: Path) -> list[str]:
    """Writes the network for Neo4j's import tool; its command."""
    sites, legs = folder / "sites.csv", folder / "legs.csv"
    _write(sites, {"id:ID": net.site_ids(np.arange(net.n_sites))})
    _write(
        legs,
        {
            ":START_ID": net.site_ids(net.from_site),
            ":END_ID": net.site_ids(net.to_site),
            "departed:long": pa.array(net.departed),
            "arrived:long": pa.array(net.arrived),
        },
    )
    return [
        *("database", "import", "full", DATABASE, "--overwrite-destination=true"),
        *(f"--nodes=Site={sites}", f"--relationships=SHIPPED_TO={legs}"),
    ]


def _write(path: Path, columns: dict[str, pa.Array]) -> None:
    options = pa_csv.WriteOptions(quoting_style="needed", quoting_header="none")
    pa_csv.write_csv(pa.table(columns), path, write_options=options)


def measured(
    prepared: Prepared, session: neo4j.Session, cases: Sequence[Case], rounds: int
) -> dict[str, list[float]]:
    """Seconds of every start and round, by who answered; all take turns start by start."""
    work: dict[str, Callable[[Case], Any]] = {
        "ours": lambda case: ours(prepared, case),
        "whole": lambda case: trace(prepared, "Shipment", case.movement, limits=LIMITS),
    }
    for name, query in FORMULATIONS.items():
        work[name] = lambda case, query=query: theirs(session, query, case)
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for case in cases:
            for name, run in work.items():
                seconds[name].append(timed(lambda run=run, case=case: run(case)))
    return seconds


def compared(
    net: Network, prepared: Prepared, session: neo4j.Session, cases: Sequence[Case], rounds: int
) -> Iterator[Row]:
    """Equal answers, then the times."""
    for query in FORMULATIONS.values():  # the first of the warm-up rounds
        if wrong := same_answers(prepared, session, query, cases):
            raise AssertionError(f"{wrong} of {len(cases)} starts have different answers:\n{query}")
    measured(prepared, session, cases, 2)
    seconds = measured(prepared, session, cases, rounds)
    sizes = [reached_movements(prepared, case) for case in cases]
    graph = f"{count(net.n_sites)} nodes, {count(len(net))} edges"
    by_formulation = "; ".join(
        f"{name}: P50 {duration(quantile(seconds[name], 0.5))}, P99 {duration(quantile(seconds[name], 0.99))}"
        for name in FORMULATIONS
    )
    note = (
        f"same places for {len(cases)} of {len(cases)} starts; {np.median(sizes):.0f} movements reached "
        f"(median), {quantile(sizes, 0.99):.0f} (P99); {rounds} rounds. Neo4j: {by_formulation}"
    )
    yield from _quantile_rows(seconds, graph, note)


def _quantile_rows(seconds: dict[str, list[float]], graph: str, note: str) -> Iterator[Row]:
    for share, name, wanted in ((0.5, "P50", 50), (0.99, "P99", 200)):
        opponent = min(quantile(seconds[query], share) for query in FORMULATIONS)
        for kind, what, target in (
            ("ours", "backward trace, 6 hops", wanted),
            ("whole", "the same with origins, mass and paths (Cypher: places only)", None),
        ):
            mine = quantile(seconds[kind], share)
            ratio = opponent / mine
            yield Row(
                what=f"{what}, {graph}, {name}",
                ours=duration(mine),
                opponent=f"Cypher on Neo4j {duration(opponent)}",
                ratio=times(ratio),
                target="-" if target is None else f">= {target}x",
                met=None if target is None else ratio >= target,
                note=note if kind == "ours" and share == 0.5 else "",
            )
    p99 = quantile(seconds["ours"], 0.99)
    yield Row(
        what=f"backward trace, 6 hops, {graph}, P99 in process",
        ours=duration(p99),
        target="<= 2 ms",
        met=p99 <= 0.002,
    )


def rows(
    quick: bool, *, sites: int | None = None, movements: int | None = None, starts: int = 200, rounds: int = 3
) -> Iterable[Row]:
    """One million places and five million movements; a twentieth when quick."""
    n_sites = sites or (50_000 if quick else 1_000_000)
    net = network(n_sites, movements or 5 * n_sites, SPREAD)
    prepared = prepare(snapshot_of(net), DEFAULT_PARAMETERS)
    cases = cases_of(prepared.snapshot, starts)
    with (
        tempfile.TemporaryDirectory() as folder,
        loaded_server(net, Path(folder)) as session,
    ):
        yield from compared(net, prepared, session, cases, rounds)


def main() -> None:
    """Run it by itself."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sites", type=int)
    parser.add_argument("--movements", type=int)
    parser.add_argument("--starts", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    given = vars(parser.parse_args())
    print_rows(rows(given.pop("quick"), **given))


if __name__ == "__main__":
    main()
