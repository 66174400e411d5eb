"""A network of dated movements between places of very different size: for speed, not for accuracy."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from benchmarks.synthetic import DAY, START, batches, codes
from suyuan.graph.build import build_snapshot
from suyuan.graph.snapshot import GraphSnapshot, Int32Array, Int64Array

DAYS = 730


@dataclass(frozen=True, slots=True)
class Network:
    """Movements, unordered; times are exact, nothing is said of the goods.

    Parameters
    ----------
    from_site, to_site : int32, numbers of places.
    departed, arrived : int64, microseconds.
    """

    n_sites: int
    from_site: Int32Array
    to_site: Int32Array
    departed: Int64Array
    arrived: Int64Array

    def __len__(self) -> int:
        return len(self.from_site)

    def site_ids(self, numbers: np.ndarray) -> pa.Array:
        """Canonical ids of places."""
        return codes("Site:WH", numbers, 7)


def network(n_sites: int, n_movements: int, spread: float = 1.0, seed: int = 1) -> Network:
    """Movements of two years between places that differ in size: a few hubs, many small ones.

    Parameters
    ----------
    spread : standard deviation of the logarithm of sizes; a place of twice the size both sends and receives
        twice as much.
    """
    stream = np.random.default_rng(seed)
    share = np.cumsum(stream.lognormal(0.0, spread, n_sites))
    share /= share[-1]

    def places() -> Int32Array:
        return np.searchsorted(share, stream.random(n_movements)).astype(np.int32)

    from_site, to_site = places(), places()
    itself = from_site == to_site
    to_site[itself] = (to_site[itself] + 1) % n_sites
    departed = START + stream.integers(0, DAYS * DAY, n_movements)
    arrived = departed + stream.integers(DAY // 2, 5 * DAY, n_movements)
    return Network(n_sites, from_site, to_site, departed, arrived)


def snapshot_of(net: Network) -> GraphSnapshot:
    """The snapshot of a network, built from its records."""
    return build_snapshot({"sites": _sites(net), "shipments": _shipments(net)})


def _sites(net: Network) -> Iterator[pa.RecordBatch]:
    return batches("sites", {"site_id": codes("WH", np.arange(net.n_sites), 7)})


def _shipments(net: Network) -> Iterator[pa.RecordBatch]:
    return batches(
        "shipments",
        {
            "shipment_id": codes("SH", np.arange(len(net))),
            "from_site": codes("WH", net.from_site, 7),
            "to_site": codes("WH", net.to_site, 7),
            "departed_at": pa.array(net.departed),
            "arrived_at": pa.array(net.arrived),
        },
    )
