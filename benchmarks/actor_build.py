"""Time and memory of building actors: ours beside Splink alone on the same records.

    python -m benchmarks.actor_build [--quick]

Records are accounts of made-up owners; each shows some of its owner's phone, bank account, e-mail, WeChat, device and
address, and some show the phone of a courier instead. Each side gets the columns in memory and ends with a cluster for
every record, in a process of its own, which tells its time and the most memory it took; imports and compiling are not
counted. Splink as its documentation sets it up: exact matches with term frequencies, blocked on the same identifiers,
trained without labels, clusters of pairs from 0.9. Both are scored against the true owners.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from benchmarks.measure import Row, count, duration, median, print_rows, times
from benchmarks.synthetic import codes
from suyuan.analytics.actors import resolve
from suyuan.analytics.evidence import evidence_of_columns
from suyuan.graph.snapshot import Int64Array

SHOWN: Final = {"phone": 0.8, "bank_account": 0.5, "email": 0.4, "wechat": 0.4, "device": 0.5, "address": 0.5}
"""Share of the records that show a value of each kind."""

COURIERS: Final = 0.02
"""Share of the records that show a courier's phone; one for 60 records."""

LONGEST: Final = 1.5
SIDES: Final = ("ours", "Splink alone")


def write_records(n: int, file: Path) -> None:
    """A column for each kind, nulls where nothing is shown, and the true owner."""
    stream = np.random.default_rng(1)
    sizes = stream.geometric(0.5, n)
    owner = stream.permutation(np.repeat(np.arange(n), sizes)[:n])
    columns = {"id": codes("Seller:shop:s", np.arange(n)), "owner": pa.array(owner)}
    for kind, share in SHOWN.items():
        number = owner.copy()
        if kind == "phone":
            couriers = np.flatnonzero(stream.random(n) < COURIERS)
            number[couriers] = n + stream.integers(0, max(1, len(couriers) // 60), len(couriers))
        hidden = pa.array(stream.random(n) >= share)
        columns[kind] = pc.if_else(hidden, pa.scalar(None, pa.string()), codes(f"{kind}-", number))
    pq.write_table(pa.table(columns), file)


def ours(table: pa.Table) -> Int64Array:
    """The number of each record's cluster."""
    seen = [table[kind].combine_chunks() for kind in SHOWN]
    ids = table["id"].combine_chunks()
    known = [column.is_valid() for column in seen]
    found = resolve(
        evidence_of_columns(
            ids,
            pa.concat_arrays([ids.filter(mask) for mask in known]),
            pa.concat_arrays(
                [
                    pa.repeat(kind, len(column) - column.null_count)
                    for kind, column in zip(SHOWN, seen, strict=True)
                ]
            ),
            pa.concat_arrays([column.drop_null() for column in seen]),
        )
    )
    place = np.asarray(pc.index_in(ids, value_set=found.evidence.records))
    return found.cluster[place].astype(np.int64)


def splink_alone(table: pa.Table) -> Int64Array:
    """The number of each record's cluster."""
    database = DuckDBAPI(duckdb.connect(":memory:"))
    comparisons: list[Any] = [
        cl.ExactMatch(kind).configure(term_frequency_adjustments=True) for kind in SHOWN
    ]
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="id",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=[block_on(kind) for kind in SHOWN],
    )
    linker = Linker(database.register(table.drop_columns(["owner"])), settings, log_level="ERROR")
    linker.training.estimate_probability_two_random_records_match([block_on("bank_account")], recall=0.5)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for kind in ("bank_account", "device"):
        linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(kind), estimate_without_term_frequencies=True
        )
    pairs = linker.inference.predict(threshold_match_probability=0.5)
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, 0.9)
    found = clusters.as_pyarrow_table()
    place = pc.index_in(table["id"], value_set=found["id"].combine_chunks())
    names = found["cluster_id"].combine_chunks().take(place.combine_chunks()).dictionary_encode()
    return np.asarray(names.indices).astype(np.int64)


def pairwise_f1(cluster: Int64Array, owner: Int64Array) -> float:
    """Of pairs in one cluster against pairs of one owner."""

    def pairs(label: Int64Array) -> float:
        sizes = np.unique(label, return_counts=True)[1].astype(np.float64)
        return float((sizes * (sizes - 1.0)).sum() / 2.0)

    both = pairs(cluster * (int(owner.max()) + 1) + owner)
    return 2.0 * both / (pairs(cluster) + pairs(owner))


def measure(side: str, file: Path) -> None:
    """One side, in this process; prints its figures as JSON."""
    work = ours if side == SIDES[0] else splink_alone
    table = pq.read_table(file)
    work(table.slice(0, 2_000))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.perf_counter()
    cluster = work(table)
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    f1 = pairwise_f1(cluster, table["owner"].to_numpy())
    print(json.dumps({"seconds": seconds, "before": before * 1024, "peak": peak * 1024, "f1": f1}))


def measured(side: str, file: Path) -> dict[str, float]:
    """The figures of one side from a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.actor_build", "--side", side, "--file", str(file)],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def rows(quick: bool = False) -> Iterable[Row]:
    """Lines of the table of benchmarks."""
    n, repeat = (50_000, 1) if quick else (1_000_000, 3)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "records.parquet"
        write_records(n, file)
        runs = [[measured(side, file) for side in SIDES] for _ in range(repeat)]
    mine, theirs = ([run[place] for run in runs] for place in (0, 1))
    score, other = mine[0]["f1"], theirs[0]["f1"]
    seconds, alone = (median([run["seconds"] for run in side]) for side in (mine, theirs))
    yield Row(
        what=f"actor build, {count(n)} records",
        ours=duration(seconds),
        opponent=f"Splink alone {duration(alone)}",
        ratio=f"{times(seconds / alone)} as long",
        target=f"<= {LONGEST}x as long",
        met=seconds / alone <= LONGEST and score >= other,
        note=f"pairwise F1 {score:.3f}, of Splink alone {other:.3f}",
    )
    peak, most = (max(run["peak"] for run in side) / 2**30 for side in (mine, theirs))
    yield Row(
        what=f"actor build, {count(n)} records, peak memory",
        ours=f"{peak:.2f} GiB",
        opponent=f"Splink alone {most:.2f} GiB",
        ratio=f"{times(peak / most)} as much",
        note=f"{max(run['before'] for run in mine) / 2**30:.2f} GiB of it before the work: libraries and records",
    )


def main() -> None:
    """Parse arguments, print everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="50,000 records")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:
        measure(given.side, given.file)
    else:
        print_rows(rows(quick=given.quick))


if __name__ == "__main__":
    main()
