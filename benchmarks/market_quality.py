"""Is a simulated market a fair test of tracing: hard for simple scores, yet not hopeless?

Reads the tables and `truth.csv` of market folders by itself, with a plain prototype of the origin mass and
hand-set parameters, and prints one line a market. Nothing of the tracing engine is used here.

    python -m benchmarks.market_quality FOLDER...
    python -m benchmarks.market_quality --seeds 5 [--option mixing=outside]

A market counts as a test when a case can reach 15 factories or more (median) and neither the share-of-
reachable score (top-1 at most 0.10) nor the number of paths (0.15) finds the true one.
"""

import argparse
import csv
import statistics
import tempfile
from collections import defaultdict
from datetime import datetime
from pathlib import Path

import numba
import numpy as np
from numpy.typing import NDArray

from suyuan.simulate.market import MarketOptions, simulate_market

DAY = 86_400.0
MATCH_UNKNOWN, FIFO_SHARE, BANDWIDTH, MAX_DWELL = 0.08, 0.1, 1.5, 150.0
DWELL_SCALE = {"wholesale_market": 3.0, "warehouse": 3.5, "forwarder": 3.5, "dispatch_point": 4.0}
FLOOR = 0.02


def table(folder: Path, name: str) -> list[dict[str, str]]:
    """Rows of a table."""
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def seconds(text: str) -> float:
    """Seconds since 1970, the middle of the day for a day alone, NaN if unknown."""
    if not text:
        return float("nan")
    moment = datetime.fromisoformat(text if len(text) > 10 else text + "T12:00:00+08:00")
    return moment.timestamp()


class Market:
    """Movements in arrays, in order of departure; undated ones get times by the usual transit."""

    def __init__(self, folder: Path) -> None:
        rows = table(folder, "shipments")
        departed = np.array([seconds(row["departed_at"]) for row in rows])
        arrived = np.array([seconds(row["arrived_at"]) for row in rows])
        usual = float(np.nanmedian(arrived - departed))
        departed = np.where(np.isnan(departed), arrived - usual, departed)
        arrived = np.where(np.isnan(arrived), departed + usual, arrived)
        dated = ~np.isnan(departed)
        order = np.flatnonzero(dated)[np.argsort(departed[dated], kind="stable")]
        self.rows = [rows[place] for place in order]
        self.departed, self.arrived = departed[order], np.maximum(arrived[order], departed[order])
        site_rows = table(folder, "sites")
        self.sites = {row["site_id"]: number for number, row in enumerate(site_rows)}
        self.roles = [row["role"] for row in site_rows]
        self.start = np.array([self.sites[row["from_site"]] for row in self.rows])
        self.end = np.array([self.sites[row["to_site"]] for row in self.rows])
        self.product = _numbers([row["product_id"] for row in self.rows])
        lots = [_lot_name(row) for row in self.rows]
        self.lot, self.lot_turns = _lots(lots, table(folder, "transformations"), self.sites)
        known = np.array([float(row["quantity"] or "nan") for row in self.rows])
        self.quantity = np.where(np.isnan(known), np.nanmedian(known), known)
        self.place = {row["shipment_id"]: number for number, row in enumerate(self.rows)}
        self.origin = self._origins(folder)

    def can_be_origin(self, rows: list[int]) -> NDArray[np.bool_]:
        """Origins that make what the case is about, or of which nothing says what they make."""
        about = {int(product) for product in self.product[rows]} - {-1}
        sites = [self.sites[name] for name in self.origin_sites]
        return np.array(
            [not about or site not in self.makes or bool(self.makes[site] & about) for site in sites]
        )

    def _origins(self, folder: Path) -> NDArray[np.int64]:
        """Number of the origin of each site, -1 where chains are not absorbed."""
        known: dict[str, int] = {
            row["product_id"]: int(n) for row, n in zip(self.rows, self.product, strict=True)
        }
        self.makes: dict[int, set[int]] = defaultdict(set)
        for row in table(folder, "site_products"):
            if row["relation"] == "makes":
                self.makes[self.sites[row["site_id"]]].add(known.get(row["product_id"], -2))
        received = set(self.end.tolist())
        origin = np.full(len(self.roles), -1)
        self.origin_sites: list[str] = []
        for name, number in self.sites.items():
            bare = not self.roles[number] and number not in received
            if number in self.makes or self.roles[number] == "factory" or bare:
                origin[number] = len(self.origin_sites)
                self.origin_sites.append(name)
        return origin


def _lot_name(row: dict[str, str]) -> str:
    """Product and lot; nothing if either is unknown."""
    return f"{row['product_id']}:{row['lot_id']}" if row["lot_id"] and row["product_id"] else ""


def _numbers(texts: list[str]) -> NDArray[np.int64]:
    """A number for each text, -1 for none."""
    known: dict[str, int] = {"": -1}
    for text in texts:
        known.setdefault(text, len(known) - 1)
    return np.array([known[text] for text in texts])


def _lots(
    texts: list[str], events: list[dict[str, str]], sites: dict[str, int]
) -> tuple[NDArray[np.int64], set[tuple[int, int, int]]]:
    """Numbers of lots, and (site, lot in, lot out) of repacking."""
    known: dict[str, int] = {"": -1}
    for text in texts:
        known.setdefault(text, len(known) - 1)
    turns: set[tuple[int, int, int]] = set()
    for event in events:
        for new in event["output_lots"].split(";"):
            for old in event["input_lots"].split(";"):
                pair = (known.get(old.removeprefix("Lot:"), -2), known.get(new.removeprefix("Lot:"), -2))
                if min(pair) >= 0:
                    turns.add((sites[event["site_id"]], *pair))
    return np.array([known[text] for text in texts]), turns


@numba.njit(cache=True)
def _passes(
    first, incoming, departed, arrived, start, product, lot, turned, quantity, before_in, before_out, unit,
    scale, origin, n_origins, reach, paths, hops, mass, settings,
):  # fmt: skip
    """Reachable origins, path counts, fewest hops and origin mass of every movement, earlier ones first."""
    match_unknown, fifo_share, bandwidth, max_dwell, floor = settings
    weight_f = np.empty(incoming.shape[0])
    weight_p = np.empty(incoming.shape[0])
    for e in range(start.shape[0]):
        site = start[e]
        if origin[site] >= 0:
            reach[e, origin[site]] = True
            paths[e, origin[site]] = 1.0
            hops[e, origin[site]] = 1
            mass[e, origin[site]] = 1.0
            continue
        total_f, total_p = 0.0, 0.0
        for k in range(first[site], first[site + 1]):
            f = incoming[k]
            weight_f[k], weight_p[k] = 0.0, 0.0
            if arrived[f] > departed[e]:
                continue
            if product[f] >= 0 and product[e] >= 0 and product[f] != product[e]:
                continue
            same = product[f] >= 0 and product[e] >= 0
            if lot[f] >= 0 and lot[e] >= 0 and lot[f] != lot[e]:
                found = turned[f] >= 0 and turned[f] == lot[e]
                if not found:
                    continue
            for o in range(n_origins):
                if reach[f, o]:
                    reach[e, o] = True
                    paths[e, o] += paths[f, o]
                    if hops[e, o] == 0 or hops[f, o] + 1 < hops[e, o]:
                        hops[e, o] = hops[f, o] + 1
            dwell = (departed[e] - arrived[f]) / 86400.0
            if dwell > max_dwell:
                continue
            match = quantity[f] * (1.0 if same else match_unknown)
            gap = max(
                0.0,
                max(before_in[f] - before_out[e] - quantity[e], before_out[e] - before_in[f] - quantity[f]),
            )
            weight_f[k] = match * np.exp(-gap / max(unit[f], 1.0) / bandwidth)
            weight_p[k] = match * np.exp(-dwell / scale[site])
            total_f += weight_f[k]
            total_p += weight_p[k]
        if total_p <= 0.0:
            continue
        phi = fifo_share if total_f > 1e-12 else 0.0
        for k in range(first[site], first[site + 1]):
            if weight_p[k] <= 0.0:
                continue
            w = (1.0 - phi) * weight_p[k] / total_p
            if phi > 0.0:
                w += phi * weight_f[k] / total_f
            for o in range(n_origins):
                mass[e, o] += (1.0 - floor) * w * mass[incoming[k], o]


def _cumulative(market: Market) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Inflow before each movement came, outflow before it left, mean inflow, all by place and product."""
    size = len(market.rows)
    before_in, before_out, unit = np.zeros(size), np.zeros(size), np.ones(size)
    inflow: dict[tuple[int, int], float] = defaultdict(float)
    outflow: dict[tuple[int, int], float] = defaultdict(float)
    counts: dict[tuple[int, int], int] = defaultdict(int)
    for e in np.argsort(market.arrived, kind="stable").tolist():
        key = (int(market.end[e]), int(market.product[e]))
        before_in[e] = inflow[key]
        inflow[key] += market.quantity[e]
        counts[key] += 1
    for e in range(size):
        key = (int(market.start[e]), int(market.product[e]))
        before_out[e] = outflow[key]
        outflow[key] += market.quantity[e]
        into = (int(market.end[e]), int(market.product[e]))
        unit[e] = inflow[into] / counts[into]
    return before_in, before_out, unit


def evaluate(folder: Path) -> dict[str, float]:
    """Figures of one market."""
    market = Market(folder)
    n_sites, n_origins = len(market.roles), len(market.origin_sites)
    by_end = np.argsort(market.end, kind="stable")
    first = np.searchsorted(market.end[by_end], np.arange(n_sites + 1))
    turned = np.full(len(market.rows), -1)
    turn_of = {(site, old): new for site, old, new in sorted(market.lot_turns)}
    for e, (site, lot) in enumerate(zip(market.end.tolist(), market.lot.tolist(), strict=True)):
        turned[e] = turn_of.get((site, lot), -1)
    scale = np.array([DWELL_SCALE.get(role, 10.0) for role in market.roles])
    size = len(market.rows)
    reach, hops = np.zeros((size, n_origins), dtype=np.bool_), np.zeros((size, n_origins), dtype=np.int64)
    paths, mass = np.zeros((size, n_origins)), np.zeros((size, n_origins))
    _passes(
        first, by_end, market.departed, market.arrived, market.start, market.product, market.lot, turned,
        market.quantity, *_cumulative(market), scale, market.origin, n_origins, reach, paths, hops, mass,
        (MATCH_UNKNOWN, FIFO_SHARE, BANDWIDTH, MAX_DWELL, FLOOR),
    )  # fmt: skip
    return _figures(market, folder, (reach, paths, hops, mass))


def _first_movements(market: Market, folder: Path) -> dict[str, list[int]]:
    """Movements each case starts from."""
    starts: dict[str, list[int]] = defaultdict(list)
    listings = {(row["platform"], row["listing_id"]): row for row in table(folder, "listings")}
    by_seller: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for row in table(folder, "dispatches"):
        if row["listing_id"] and row["shipment_id"] in market.place:
            starts[f"Listing:{row['platform']}:{row['listing_id']}"].append(market.place[row["shipment_id"]])
        elif row["source"] == "waybill":
            by_seller[row["platform"], row["seller_id"]].append(row)
    products = {row["product_id"]: number for row, number in zip(market.rows, market.product, strict=True)}
    out: dict[tuple[int, float], list[int]] = defaultdict(list)
    for e, (site, moment) in enumerate(zip(market.start.tolist(), market.departed.tolist(), strict=True)):
        out[site, moment // DAY].append(e)
    for (platform, listing_id), row in listings.items():
        case = f"Listing:{platform}:{listing_id}"
        if case in starts:
            continue
        begin, end = seconds(row["listed_at"]), seconds(row["delisted_at"] or "2100-01-01")
        wanted = products.get(row["product_id"], -1) if row["product_id"] else -1
        for seen in by_seller[platform, row["seller_id"]]:
            moment = seconds(seen["observed_at"])
            if not begin - DAY <= moment <= end + DAY:
                continue
            if seen["shipment_id"]:
                near = [market.place[seen["shipment_id"]]] if seen["shipment_id"] in market.place else []
            else:
                near = out[market.sites[seen["site_id"]], moment // DAY]
            starts[case].extend(e for e in near if wanted < 0 or market.product[e] in (-1, wanted))
    _other_starts(market, folder, products, starts)
    return starts


def _other_starts(
    market: Market, folder: Path, products: dict[str, int], starts: dict[str, list[int]]
) -> None:
    """Seizures and exhibits."""
    into: dict[int, list[int]] = defaultdict(list)
    for e, site in enumerate(market.end.tolist()):
        into[site].append(e)
    for row in table(folder, "seizures"):
        if row["shipment_id"] in market.place:
            starts[f"Seizure:{row['seizure_id']}"] = [market.place[row["shipment_id"]]]
            continue
        until, wanted = seconds(row["at"]), products[row["product_id"]]
        starts[f"Seizure:{row['seizure_id']}"] = [
            e
            for e in into[market.sites[row["port_site"]]]
            if market.arrived[e] <= until and market.product[e] in (-1, wanted)
        ]
    for row in table(folder, "exhibits"):
        until, wanted = seconds(row["at"]) + DAY, products[row["product_id"]]
        starts[f"Exhibit:{row['exhibit_id']}"] = [
            e
            for e in into[market.sites[row["booth_site"]]]
            if until - 14 * DAY <= market.arrived[e] <= until and market.product[e] == wanted
        ]


def _figures(market: Market, folder: Path, scores: tuple[NDArray[np.generic], ...]) -> dict[str, float]:
    """Top-1 and top-3 of each score over the cases."""
    reach, paths, hops, mass = scores
    starts = _first_movements(market, folder)
    number = {name: place for place, name in enumerate(market.origin_sites)}
    truth = {row["case"]: number[row["factory"].removeprefix("Site:")] for row in table(folder, "truth")}
    reached = {case: reach[starts[case]].any(axis=0) & market.can_be_origin(starts[case]) for case in truth}
    share = sum((found.astype(float) for found in reached.values()), np.zeros(len(number))) / len(truth)
    ranks: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for case, true in truth.items():
        rows, found = starts[case], reached[case]
        weight = market.quantity[rows] if rows else np.zeros(0)
        shortest = np.where(hops[rows] > 0, hops[rows], 99).min(axis=0) if rows else np.zeros(len(number))
        columns = {
            "mass": (mass[rows] * weight[:, None]).sum(axis=0) if rows else np.zeros(len(number)),
            "share": np.where(found, share, -1.0),
            "paths": paths[rows].sum(axis=0) if rows else np.zeros(len(number)),
            "shortest": np.where(found, -shortest.astype(float), -1e9),
            "random": np.where(found, 1.0, 0.0),
        }
        for name, column in columns.items():
            ranks[name].append(_hits(column, found, true))
    sizes = [int(found.sum()) for found in reached.values()]
    figures = {"cases": float(len(truth)), "reachable": statistics.median(sizes)}
    for name, hits in ranks.items():
        figures[name] = statistics.fmean(hit[0] for hit in hits)
    figures["mass top-3"] = statistics.fmean(hit[1] for hit in ranks["mass"])
    figures["true reachable"] = statistics.fmean(float(reached[case][true]) for case, true in truth.items())
    return figures


def _hits(column: NDArray[np.float64], found: NDArray[np.bool_], true: int) -> tuple[float, float]:
    """Chance that the true origin is first, or among the first three, when ties are broken by lot."""
    if not found[true]:
        return 0.0, 0.0
    better, equal = int((column[found] > column[true]).sum()), int((column[found] == column[true]).sum())
    return (1.0 / equal if better == 0 else 0.0), min(1.0, max(0, 3 - better) / equal)


COLUMNS = (
    "cases",
    "reachable",
    "mass",
    "mass top-3",
    "share",
    "paths",
    "shortest",
    "random",
    "true reachable",
)


def print_line(name: str, figures: dict[str, float]) -> None:
    """One market's figures, and whether it counts as a test."""
    fair = figures["reachable"] >= 15 and figures["share"] <= 0.10 and figures["paths"] <= 0.15
    cells = [f"{figures[column]:.0f}" for column in COLUMNS[:2]] + [
        f"{figures[column]:.3f}" for column in COLUMNS[2:]
    ]
    print(f"{name:<16}", *(f"{cell:>14}" for cell in cells), "  a test" if fair else "  NOT a test", sep="")


def simulated(seed: int, options: list[str]) -> dict[str, float]:
    """Figures of a market made for the purpose."""
    named = dict(option.split("=", 1) for option in options)
    values = {name: _value(text) for name, text in named.items()}
    with tempfile.TemporaryDirectory() as folder:
        simulate_market(MarketOptions(seed=seed, **values), Path(folder))
        return evaluate(Path(folder))


def _value(text: str) -> int | float | str:
    """A number if it is one."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def main() -> None:
    """Print a line a market: cases, median factories reachable, top-1 of each score, top-3 of the mass."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--seeds", type=int, default=0, help="simulate markets of seeds 1 to N")
    parser.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE", help="option of the market"
    )
    arguments = parser.parse_args()
    print(f"{'market':<16}", *(f"{column:>14}" for column in COLUMNS), sep="")
    lines = [(str(folder), evaluate(folder)) for folder in arguments.folders]
    lines += [(f"seed {seed}", simulated(seed, arguments.option)) for seed in range(1, arguments.seeds + 1)]
    for name, figures in lines:
        print_line(name, figures)
    if len(lines) > 1:
        mean = {column: statistics.fmean(figures[column] for _, figures in lines) for column in COLUMNS}
        print_line("mean", mean)


if __name__ == "__main__":
    main()
