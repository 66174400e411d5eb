"""Nothing dated, nothing named: how near the origin mass comes to the best answer there can be.

    python -m benchmarks.layered_network [--seeds 1 2 3 4 5 6 7 8] [--cases 2000] [--quick]

About 500 places in four layers (factories, wholesale markets, warehouses, dispatch points), 2,000 movements with known
quantities between one layer and the next, without any time or product; what comes to a place leaves it. Goods mix
wholly at every place, so a unit on a movement came by each movement into the place it left with the probability of
its share of what came there. The true factory of a case is drawn by that walk. Who knows this law can do no better
than name the factory that the walk most probably ends at; the benchmark works that out with matrices of its own. The
trace knows quantities only.
"""

import argparse
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.measure import Row, print_rows
from suyuan.graph.rows import snapshot_of_rows
from suyuan.graph.snapshot import GraphSnapshot
from suyuan.traceback.parameters import DEFAULT_PARAMETERS
from suyuan.traceback.preparation import prepare
from suyuan.traceback.trace import trace

SEEDS: Final = tuple(range(1, 9))
CASES: Final = 2000
LAYERS: Final = (("factory", 60), ("wholesale_market", 90), ("warehouse", 150), ("dispatch_point", 200))
MOVEMENTS: Final = (600, 700, 700)
"""Between each two layers."""
BEHIND: Final = 0.02
"""Greatest loss against the best possible."""


@dataclass(frozen=True, slots=True)
class Network:
    """Movements by number, those of the last layers last; ``layer[i]`` is the layer movement i leaves."""

    origin: np.ndarray
    target: np.ndarray
    quantity: np.ndarray
    layer: np.ndarray


def network(seed: int) -> Network:
    """A network in which as much leaves a place as came there."""
    rng = np.random.default_rng([9, seed])
    origin: list[int] = []
    target: list[int] = []
    first = np.cumsum([0, *(count for _, count in LAYERS)])
    for layer, count in enumerate(MOVEMENTS):
        sources = np.arange(first[layer], first[layer + 1])
        if layer:
            sources = np.intersect1d(sources, target)
        weight = rng.lognormal(0.0, 0.8, len(sources))
        origin += rng.choice(sources, count, p=weight / weight.sum()).tolist()
        target += rng.integers(first[layer + 1], first[layer + 2], count).tolist()
    left, came = np.array(origin), np.array(target)
    quantity = rng.lognormal(4.0, 1.0, len(left))
    layer = np.repeat(np.arange(len(MOVEMENTS)), MOVEMENTS)
    for later in range(1, len(MOVEMENTS)):
        inflow = np.bincount(came[layer < later], weights=quantity[layer < later], minlength=first[-1])
        own = layer == later
        outflow = np.bincount(left[own], weights=quantity[own], minlength=first[-1])
        quantity[own] *= inflow[left[own]] / outflow[left[own]]
    return Network(left, came, quantity, layer)


def ends(net: Network) -> np.ndarray:
    """Probability that a unit on each movement was made at each factory: shape (movements, factories)."""
    share = np.zeros((len(net.origin), LAYERS[0][1]))
    for movement in range(len(net.origin)):
        if net.layer[movement] == 0:
            share[movement, net.origin[movement]] = 1.0
        else:
            came = np.flatnonzero(net.target == net.origin[movement])
            share[movement] = net.quantity[came] @ share[came] / net.quantity[came].sum()
    return share


def snapshot_of(net: Network) -> GraphSnapshot:
    """The same as records."""
    roles = [role for role, count in LAYERS for _ in range(count)]
    return snapshot_of_rows(
        {
            "sites": [{"site_id": f"S{place:04d}", "role": role} for place, role in enumerate(roles)],
            "shipments": [
                {
                    "shipment_id": f"M{number:05d}",
                    "from_site": f"S{left:04d}",
                    "to_site": f"S{came:04d}",
                    "quantity": float(quantity),
                    "unit": "件",
                }
                for number, (left, came, quantity) in enumerate(
                    zip(net.origin, net.target, net.quantity, strict=True)
                )
            ],
        }
    )


def measured(seed: int, cases: int) -> tuple[float, float]:
    """How often ours and the best answer name the factory; over drawn truths, expected for each."""
    net = network(seed)
    best = ends(net)
    prepared = prepare(snapshot_of(net), DEFAULT_PARAMETERS)
    nodes = prepared.snapshot.nodes
    rng = np.random.default_rng([10, seed])
    last = np.flatnonzero(net.layer == len(MOVEMENTS) - 1)
    asked = rng.choice(last, cases)
    truth = [int(rng.choice(best.shape[1], p=best[movement])) for movement in asked.tolist()]
    ours = {
        movement: trace(
            prepared, "Shipment", nodes["Shipment"].position(f"Shipment:M{movement:05d}"), paths=0
        )
        for movement in np.unique(asked).tolist()
    }
    named = {movement: nodes["Site"].id_at(found.origins[0].site) for movement, found in ours.items()}
    hits = [
        named[movement] == f"Site:S{true:04d}" for movement, true in zip(asked.tolist(), truth, strict=True)
    ]
    possible = [best[movement].argmax() == true for movement, true in zip(asked, truth, strict=True)]
    return float(np.mean(hits)), float(np.mean(possible))


def compared(seeds: Sequence[int], cases: int) -> tuple[list[float], list[float]]:
    """Both figures of each seed, printed."""
    found = [measured(seed, cases) for seed in seeds]
    for seed, (ours, best) in zip(seeds, found, strict=True):
        print(f"seed {seed}: top-1 {ours:.4f}, best possible {best:.4f}, behind {best - ours:+.4f}")
    return [ours for ours, _ in found], [best for _, best in found]


def rows(quick: bool = False) -> Iterable[Row]:
    """Lines of the table of benchmarks."""
    ours, best = compared(SEEDS[:2] if quick else SEEDS, 300 if quick else CASES)
    behind = statistics.fmean(best) - statistics.fmean(ours)
    yield Row(
        what=f"true factory, top-1, undated layered network of 500 places, {len(ours)} seeds",
        ours=f"{statistics.fmean(ours):.3f}",
        opponent=f"best possible: {statistics.fmean(best):.3f}",
        ratio=f"{behind:+.3f} behind",
        target=f"<= {BEHIND:.2f} behind",
        met=behind <= BEHIND,
    )


def main() -> None:
    """Parse arguments, print everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    if given.quick:
        print_rows(list(rows(quick=True)))
        return
    compared(given.seeds, given.cases)


if __name__ == "__main__":
    main()
