"""What the suggested inspection tells of the origin, against a random one and the one of the largest shipment.

    python -m benchmarks.next_inspection [--seeds 31 32 33 34] [--cases 200] [--records-only] [--quick]

Each case of a simulated market is traced; then one value that is not recorded is read from what truly happened, written
into the records, and the case is traced again. The value is the first of `next_inspections`; one drawn at random from
all that promise any gain (values of shipments that carry at least 1 % of the mass, missing inflow of sites at which
1 % is unresolved); or one of the shipment of the largest quantity among these. Inflow of a site is told by writing down
all movements into it that were not recorded. Printed: the entropy of origins and gaps, and the log-loss of the true
factory (bits, at most 20), before and after. Cases about which nothing can be asked are left out. Below that stands,
by kind of question, how much of the entropy an answer was expected to take away and how much it did, over all that
were asked.
"""

import argparse
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.markets import stored
from benchmarks.measure import Row, print_rows
from suyuan.graph.build import build_snapshot
from suyuan.graph.gather import DIGEST, columns_needed
from suyuan.graph.ids import split_id
from suyuan.graph.records import precision_name, time_text
from suyuan.graph.rows import batch_of_rows
from suyuan.graph.snapshot import ARRIVED_UNKNOWN, DEPARTED_UNKNOWN, QUANTITY_UNKNOWN, GraphSnapshot
from suyuan.graph.tables import TABLES
from suyuan.simulate.building import Market, build_market
from suyuan.simulate.market import MarketOptions
from suyuan.simulate.records import shipment_columns
from suyuan.traceback.cases import first_movements
from suyuan.traceback.explanation import Inspection
from suyuan.traceback.inspections import entropy_bits, next_inspections
from suyuan.traceback.massflow import flow_of
from suyuan.traceback.parameters import DEFAULT_PARAMETERS
from suyuan.traceback.preparation import Prepared, prepare
from suyuan.traceback.results import TraceResult
from suyuan.traceback.times import UNDATED
from suyuan.traceback.trace import mass_graph, trace, walk_from

SEEDS: Final = (31, 32, 33, 34)
CASES: Final = 200
EVERYTHING: Final = 1_000_000
OURS, RANDOM, LARGEST = "suggested", "random", "largest shipment"
NAMES: Final = (OURS, RANDOM, LARGEST)
WORST_BITS: Final = 20.0
FIELDS: Final = {
    "lot": ("lot_id",),
    "product": ("product_id",),
    "departure": ("departed_at",),
    "arrival": ("arrived_at",),
}


@dataclass
class World:
    """A market as recorded, and what is true of it."""

    batches: dict[str, list[pa.RecordBatch]]
    market: Market
    true_rows: dict[str, dict[str, Any]]

    def snapshot(self, changed: Sequence[dict[str, Any]] = ()) -> GraphSnapshot:
        """The graph of the records, some shipments written anew."""
        tables = dict(self.batches)
        if changed:
            written = batch_of_rows(TABLES["shipments"], changed)
            kept = [_without(batch, written.column("id")) for batch in self.batches["shipments"]]
            tables["shipments"] = [*kept, written]
        return build_snapshot(tables)

    def told(self, snapshot: GraphSnapshot, inspection: Inspection) -> list[dict[str, Any]]:
        """The shipments that an inspection writes anew."""
        record = snapshot.nodes[inspection.kind].id_at(inspection.position)
        if inspection.kind == "Site":
            return self.missing_into(record.removeprefix("Site:"))
        key = record.removeprefix("Shipment:")
        now = self._recorded(record)
        return [now | {name: self.true_rows[key][name] for name in FIELDS[inspection.question]}]

    def with_missing_times(self, snapshot: GraphSnapshot) -> list[dict[str, Any]]:
        """The shipments whose times are not all recorded, with these as they were."""
        found: list[dict[str, Any]] = []
        flags = snapshot.movements.flags
        ids = snapshot.nodes["Shipment"].ids
        for movement in np.flatnonzero(flags & UNDATED).tolist():
            row = self._recorded(ids[movement].as_py())
            true = self.true_rows[row["shipment_id"]]
            missing = (("departed_at", DEPARTED_UNKNOWN), ("arrived_at", ARRIVED_UNKNOWN))
            found.append(row | {name: true[name] for name, flag in missing if flags[movement] & flag})
        return found

    def missing_into(self, site: str) -> list[dict[str, Any]]:
        """Movements into a site that nothing is recorded of, as they were."""
        flow, records = self.market.flow, self.market.records
        number = self.market.site_ids.index(site)
        rows = np.flatnonzero((flow.to_site == number) & (records.record < 0))
        found = _rows(self.market, rows)
        return [
            row | {"shipment_id": f"FOUND{place}"} for place, row in zip(rows.tolist(), found, strict=True)
        ]

    def _recorded(self, record: str) -> dict[str, Any]:
        for batch in self.batches["shipments"]:
            place = pc.index(batch.column("id"), record).as_py()
            if place >= 0:
                names = [name for name in batch.schema.names if name not in ("id", DIGEST)]
                row = {name: batch.column(name)[place].as_py() for name in names}
                texts = {
                    name: time_text(row[name], row[precision_name(name)] or 0)
                    for name in ("departed_at", "arrived_at")
                    if row[name] is not None
                }
                return row | texts | {"shipment_id": record.removeprefix("Shipment:")}
        raise AssertionError(f"{record} is not recorded")


def _without(batch: pa.RecordBatch, ids: pa.Array) -> pa.RecordBatch:
    return batch.filter(pc.invert(pc.is_in(batch.column("id"), ids)))


def _rows(market: Market, movements: np.ndarray) -> list[dict[str, Any]]:
    """Shipments as they were, everything known."""
    everything = np.ones(len(movements), np.bool_)
    records = replace(
        market.records,
        movement=movements,
        product_known=everything,
        lot_known=everything,
        departed_known=everything,
        arrived_known=everything,
        quantity_known=everything,
        day_only=~everything,
    )
    options = replace(market.options, quantity_noise=0.0)
    columns = shipment_columns(options, market.world, market.flow, records, market.site_ids)
    names = (
        "shipment_id",
        "from_site",
        "to_site",
        "departed_at",
        "arrived_at",
        "product_id",
        "lot_id",
        "quantity",
        "unit",
    )
    lists = {name: columns[name].to_pylist() for name in names}
    lists["departed_at"] = (market.flow.departed[movements] * 1_000_000).tolist()
    lists["arrived_at"] = (market.flow.arrived[movements] * 1_000_000).tolist()
    return [{name: lists[name][place] for name in names} for place in range(len(movements))]


def world_of(seed: int, cases: int, folder: Path) -> World:
    """A simulated market in a store, read back."""
    options = MarketOptions(seed=seed, cases=cases)
    store, _ = stored(options, folder)
    view = store.view()
    batches = {
        name: list(view.batches(name, (*columns_needed(table), DIGEST))) for name, table in TABLES.items()
    }
    store.close()
    market = build_market(options)
    true_rows = {row["shipment_id"]: row for row in _rows(market, market.records.movement)}
    return World(batches, market, true_rows)


@dataclass
class Tally:
    """Entropies and losses of all cases, by how the inspection was chosen."""

    entropy: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    loss: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    expected: list[float] = field(default_factory=list)
    gains: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    asked: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def note(self, name: str, result: TraceResult, snapshot: GraphSnapshot, true: str) -> None:
        """Take down one trace."""
        ends = [end.probability for end in (*result.origins, *result.unresolved)]
        self.entropy[name].append(float(entropy_bits(np.array(ends))))
        sites = snapshot.nodes["Site"]
        own = sum(one.probability for one in result.origins if sites.id_at(one.site) == true)
        self.loss[name].append(min(WORST_BITS, -float(np.log2(max(own, 2.0**-WORST_BITS)))))


def measured(seed: int, cases: int, wanted: int, tally: Tally, *, records_only: bool) -> None:
    """The cases of one market."""
    random = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as name:
        world = world_of(seed, cases, Path(name))
    prepared = prepare(world.snapshot(), DEFAULT_PARAMETERS)
    done = 0
    truth = zip(world.market.cases.case_ids, world.market.cases.factories, strict=True)
    for case, factory in truth:
        true = f"Site:{world.market.site_ids[factory]}"
        before, asked = traced(prepared, case)
        if records_only:
            asked = [one for one in asked if one.kind == "Shipment"]
        if len(asked) < 2 or done == wanted:
            continue
        done += 1
        tally.note("before", before, prepared.snapshot, true)
        tally.expected.append(asked[0].expected_gain_bits)
        tally.asked[asked[0].question] += 1
        chosen = {
            OURS: asked[0],
            RANDOM: asked[int(random.integers(len(asked)))],
            LARGEST: _largest(prepared.snapshot, asked, random),
        }
        known: dict[Inspection, tuple[TraceResult, GraphSnapshot]] = {}
        for way, inspection in chosen.items():
            if inspection not in known:
                known[inspection] = answered(world, prepared, case, inspection)
            tally.note(way, *known[inspection], true)
            realised = tally.entropy["before"][-1] - tally.entropy[way][-1]
            tally.gains[inspection.question].append((inspection.expected_gain_bits, realised))


def answered(
    world: World, prepared: Prepared, case: str, inspection: Inspection
) -> tuple[TraceResult, GraphSnapshot]:
    """A case traced with the answer to a question written into the records."""
    after = prepare(world.snapshot(world.told(prepared.snapshot, inspection)), DEFAULT_PARAMETERS)
    return result_of(after, case), after.snapshot


def result_of(prepared: Prepared, case: str) -> TraceResult:
    """A trace without ways."""
    kind = split_id(case)[0]
    return trace(prepared, kind, prepared.snapshot.nodes[kind].position(case), paths=0)


def traced(prepared: Prepared, case: str) -> tuple[TraceResult, list[Inspection]]:
    """A trace and all that could be asked."""
    kind = split_id(case)[0]
    position = prepared.snapshot.nodes[kind].position(case)
    start = first_movements(prepared, kind, position)
    graph = mass_graph(prepared, start, walk_from(prepared, start))
    asked = next_inspections(prepared, graph, flow_of(graph.rows), most=EVERYTHING)
    return result_of(prepared, case), list(asked)


def _largest(snapshot: GraphSnapshot, asked: list[Inspection], random: np.random.Generator) -> Inspection:
    movements = snapshot.movements
    shipments = [one for one in asked if one.kind == "Shipment"]
    if not shipments:
        return asked[int(random.integers(len(asked)))]

    def quantity(one: Inspection) -> float:
        unknown = movements.flags[one.position] & QUANTITY_UNKNOWN
        return 0.0 if unknown else float(movements.quantity[one.position])

    most = max(quantity(one) for one in shipments)
    largest = [one for one in shipments if quantity(one) == most]
    return largest[int(random.integers(len(largest)))]


def print_tally(tally: Tally) -> None:
    """Means over the cases."""
    cases = len(tally.expected)
    print(f"{cases} cases; first suggestions: {dict(tally.asked)}")
    print(f"expected gain of the suggestion {statistics.fmean(tally.expected):.3f} bits")
    print(f"{'inspection':20} entropy (lowered by)     log-loss of the true factory (lowered by)")
    entropy, loss = statistics.fmean(tally.entropy["before"]), statistics.fmean(tally.loss["before"])
    print(f"{'before':20} {entropy:.3f}                    {loss:.3f}")
    for name in NAMES:
        one, other = statistics.fmean(tally.entropy[name]), statistics.fmean(tally.loss[name])
        print(f"{name:20} {one:.3f} ({entropy - one:+.3f})           {other:.3f} ({loss - other:+.3f})")
    print(f"{'questions asked':20} number  expected gain  realised gain")
    for question, gains in sorted(tally.gains.items()):
        expected, realised = np.mean(gains, axis=0)
        print(f"{question:20} {len(gains):6}  {expected:13.3f}  {realised:13.3f}")


def tallied(seeds: Iterable[int], cases: int, *, records_only: bool = False) -> Tally:
    """So many cases, spread over the seeds."""
    tally, chosen = Tally(), list(seeds)
    for seed in chosen:
        measured(seed, 2 * cases, -(-cases // len(chosen)), tally, records_only=records_only)
    print_tally(tally)
    return tally


def rows(quick: bool = False) -> Iterable[Row]:
    """Lines of the table of benchmarks."""
    tally = tallied(SEEDS[:1] if quick else SEEDS, 10 if quick else CASES)
    for what, values in (
        ("entropy of the origin", tally.entropy),
        ("log-loss of the true factory", tally.loss),
    ):
        means = {name: statistics.fmean(values[name]) for name in ("before", *NAMES)}
        yield Row(
            what=f"{what} after one inspection, {len(tally.expected)} cases, bits",
            ours=f"{means[OURS]:.3f}",
            opponent=f"random: {means[RANDOM]:.3f}, largest shipment: {means[LARGEST]:.3f}",
            target="below both",
            met=means[OURS] < min(means[RANDOM], means[LARGEST]),
            note=f"before: {means['before']:.3f}",
        )


def main() -> None:
    """Parse arguments, print everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument(
        "--records-only", action="store_true", help="ask about shipments only, not about sites"
    )
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    if given.quick:
        print_rows(list(rows(quick=True)))
        return
    tallied(given.seeds, given.cases, records_only=given.records_only)


if __name__ == "__main__":
    main()
