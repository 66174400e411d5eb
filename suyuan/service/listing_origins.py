"""Use case: the probable origins of every listing of a market, in one pass."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from suyuan.graph.snapshot import FloatArray, GraphSnapshot, Int32Array, Int64Array
from suyuan.service.row_files import Write, writing_rows
from suyuan.service.tracing import Tracer, TraceRequest
from suyuan.traceback.batch import OriginTable, origin_table
from suyuan.traceback.outcomes import ranked
from suyuan.traceback.parameters import TraceLimits
from suyuan.traceback.preparation import Prepared

Json = dict[str, Any]
Progress = Callable[[str, float], None]

SCHEMA: Final = pa.schema(
    [
        ("listing", pa.string()),
        ("origin", pa.string()),
        ("name", pa.string()),
        ("probability", pa.float64()),
    ]
)
"""Columns of the rows: one for each listing and origin, and one for each listing without origin, whose probability is
the share that stays unresolved; null where nothing tells where a trace of the listing could start. Origins whose
probability is 0 to twelve digits are left out."""

LISTINGS_A_BATCH: Final = 2048
_DIGITS: Final = 12
_TRACES_SHARE: Final = 0.9


@dataclass(frozen=True, slots=True)
class ListingOrigins:
    """Origins of all listings: row i of the table is that of ``listings[i]``, which are in the order of ids."""

    snapshot: GraphSnapshot
    prepared: Prepared
    listings: Int32Array
    table: OriginTable

    @property
    def traced(self) -> np.ndarray:
        """Which listings a trace could start from."""
        has_origin = np.diff(self.table.start) > 0
        return has_origin | (self.table.unresolved > 0.0)


def listing_origins(
    tracer: Tracer, request: TraceRequest, out: Path | None = None, progress: Progress | None = None
) -> Json:
    """Trace every listing and say what came out; the rows go to a file if one is named.

    Parameters
    ----------
    request : as for single traces, backward and by mass; every listing gets what its own trace would give
    out : a file that ends in .csv, .parquet or .jsonl, written whole or not at all

    Raises
    ------
    ParameterError, ConfigError
    """
    began = time.perf_counter()
    with _writing(out) as write:
        ready = tracer.ready([], replace(request, direction="backward", mode="mass"))
        found = _found(ready.prepared, request, progress)
        rows = _write_rows(found, write, progress)
    report = {
        "listings": len(found.listings),
        "traced": int(found.traced.sum()),
        "rows": rows,
        "unresolved": _mean_unresolved(found),
        "out": None if out is None else str(out),
        "as_of": request.as_of,
        "known_at": request.known_at,
        "snapshot": found.snapshot.snapshot_id,
        "parameters": ready.parameters,
        "origins": _of_all(found),
    }
    return {**report, "elapsed_ms": round((time.perf_counter() - began) * 1000, 3)}


@contextmanager
def _writing(out: Path | None) -> Generator[Write]:
    """The file is opened before anything is computed, so that a wrong path is told at once."""
    if out is None:
        yield lambda _: None
        return
    with writing_rows(out, SCHEMA) as write:
        yield write


def _found(prepared: Prepared, request: TraceRequest, progress: Progress | None) -> ListingOrigins:
    nodes = prepared.snapshot.nodes["Listing"]
    listings = nodes.by_id[~nodes.removed[nodes.by_id]]
    table = origin_table(
        prepared,
        [("Listing", position) for position in listings.tolist()],
        limits=TraceLimits(max_hops=request.max_hops),
        calibration=request.parameters.calibration,
        progress=progress and (lambda what, share: progress(what, _TRACES_SHARE * share)),
    )
    return ListingOrigins(prepared.snapshot, prepared, listings, table)


def _write_rows(found: ListingOrigins, write: Write, progress: Progress | None) -> int:
    """Writes all rows, listing by listing, the most probable origin first; how many there are."""
    rows = 0
    for low in range(0, len(found.listings), LISTINGS_A_BATCH):
        batch = _batch(found, low, min(low + LISTINGS_A_BATCH, len(found.listings)))
        write(batch)
        rows += batch.num_rows
        if progress is not None:
            progress("", _TRACES_SHARE + (1.0 - _TRACES_SHARE) * low / len(found.listings))
    return rows


def _batch(found: ListingOrigins, low: int, high: int) -> pa.RecordBatch:
    """Rows of some listings; the one without origin is the last of its listing."""
    table, sites = found.table, found.snapshot.nodes["Site"]
    own = slice(table.start[low], table.start[high])
    n_own, n = int(table.start[high] - table.start[low]), high - low
    listing = np.concatenate([np.repeat(np.arange(n), np.diff(table.start[low : high + 1])), np.arange(n)])
    site = np.concatenate([table.site[own], np.full(n, -1, np.int32)])
    probability = np.concatenate([table.probability[own], table.unresolved[low:high]])
    known = np.concatenate([np.ones(n_own, np.bool_), found.traced[low:high]])
    probability = np.round(probability, _DIGITS)
    rank = np.append(found.prepared.site_rank, np.int32(-1))[site]
    order = np.lexsort((rank, -probability, site < 0, listing))
    order = order[(probability[order] > 0.0) | (site[order] < 0)]
    place = pa.array(site[order], mask=site[order] < 0)
    return pa.RecordBatch.from_arrays(
        [
            found.snapshot.nodes["Listing"].ids.take(pa.array(found.listings[low:high][listing[order]])),
            sites.ids.take(place),
            sites.columns["name"].take(place),
            pa.array(probability[order], mask=~known[order]),
        ],
        schema=SCHEMA,
    )


def _mean_unresolved(found: ListingOrigins) -> float | None:
    """Mean share that stays unresolved of the listings that were traced."""
    shares = found.table.unresolved[found.traced]
    return round(float(shares.mean()), _DIGITS) if len(shares) else None


def _of_all(found: ListingOrigins) -> list[Json]:
    """Origins over all listings: of how many listings each is to be expected, and of how many it is the first."""
    table, sites = found.table, found.snapshot.nodes["Site"]
    expected: FloatArray = np.zeros(len(sites))
    np.add.at(expected, table.site, table.probability)
    first = np.bincount(_firsts(found), minlength=len(sites))
    places = np.flatnonzero(expected > 0.0)
    order = places[ranked(expected[places], found.prepared.site_rank[places])]
    names = sites.columns["name"]
    return [
        {
            "site": sites.id_at(site),
            "name": names[site].as_py(),
            "listings": round(float(expected[site]), _DIGITS),
            "first": int(first[site]),
        }
        for site in order.tolist()
    ]


def _firsts(found: ListingOrigins) -> Int64Array:
    """The most probable origin of each listing that has any; of equal ones the first by id."""
    table = found.table
    row = np.repeat(np.arange(len(found.listings)), np.diff(table.start))
    probability: FloatArray = np.round(table.probability, _DIGITS)
    order = np.lexsort((found.prepared.site_rank[table.site], -probability, row))
    begins = table.start[:-1][np.diff(table.start) > 0]
    return table.site[order[begins]].astype(np.int64)
