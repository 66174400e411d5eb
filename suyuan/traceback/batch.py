"""Origins of many cases in one pass: what their chains share is weighed once.

Cases that start from the same movements have the same origins and are worked out once. The others are taken in parts
of neighbours. All rows of the mixing model that the cases of a part touch are found together
(:mod:`suyuan.traceback.batchrows`), and the mass of each case runs over them (:mod:`suyuan.traceback.batchmass`).
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from suyuan.graph.ordering import chosen_rows
from suyuan.graph.snapshot import FloatArray, Int32Array, Int64Array
from suyuan.traceback.batchends import Ends, calibrated_ends, in_order, joined, replaced
from suyuan.traceback.batchmass import ENDINGS, Cases, Limits, masses_of
from suyuan.traceback.batchrows import shared_rows
from suyuan.traceback.calibration import Calibration
from suyuan.traceback.cases import CaseStart, case_product, first_movements
from suyuan.traceback.parameters import DEFAULT_LIMITS, TraceLimits
from suyuan.traceback.preparation import Prepared
from suyuan.traceback.results import GAPS, Origin, Unresolved
from suyuan.traceback.trace import ends_of_case, mass_graph, walk_from

CASES_A_PART: Final = 4096
FEW: Final = 200
"""Starts below which each is traced by itself: loading the compiled code of the other way would take longer."""

STARTS_SHARE: Final = 0.2
STARTS_A_STEP: Final = 512
EXACTNESS: Final = 1e-11
"""Mass of a case that may stay undecided, and by which a calibrated probability may differ for it."""

Progress = Callable[[str, float], None]
"""Told what is done, and the share of it that is, from 0 to 1."""


class OriginTable(NamedTuple):
    """Origins of cases: case i has ``site[start[i]:start[i + 1]]``, by position, with ``probability``, and
    ``unresolved[i]``.
    """

    start: Int64Array
    site: Int32Array
    probability: FloatArray
    unresolved: FloatArray


class Start(NamedTuple):
    """Cases that have one start in common: their product and where they start."""

    product: int
    start: CaseStart


def origin_table(
    prepared: Prepared,
    cases: Sequence[tuple[str, int]],
    *,
    limits: TraceLimits = DEFAULT_LIMITS,
    calibration: Calibration | None = None,
    progress: Progress | None = None,
) -> OriginTable:
    """Origins of many cases, as :func:`suyuan.traceback.trace.trace` gives them one by one.

    Parameters
    ----------
    cases : kinds and positions
    calibration : applied to each case as :func:`suyuan.traceback.calibration.calibrated` does

    Notes
    -----
    Probabilities are those of single traces within 1e-9. Cases that the hop or the node limit cuts, or whose undated
    movements circle for too long, are traced one by one, and so are few of them. Parts are worked on by as many
    threads as there are processors; each holds about 12 bytes for each pair of movements it weighs, 32 while these
    are put in order, and 40 for each movement of the graph.
    """
    _ = prepared.backward, prepared.mixing
    starts, number = _starts(prepared, cases, progress)
    if len(starts) < FEW:
        ends = _one_by_one(prepared, starts, limits, progress)
    else:
        weights = np.bincount(number, minlength=len(starts))
        ends = _ends(prepared, starts, weights, limits, calibration, progress)
    if calibration is not None:
        ends = ends._replace(mass=calibrated_ends(ends, calibration))
    return _table(ends, number)


def _starts(
    prepared: Prepared, cases: Sequence[tuple[str, int]], progress: Progress | None
) -> tuple[list[Start], Int64Array]:
    """Different starts of cases, and the one of each case."""
    infers = prepared.parameters.infer_products
    found: dict[tuple[object, ...], int] = {}
    starts: list[Start] = []
    number = np.empty(len(cases), np.int64)
    for i, case in enumerate(cases):
        start, product = first_movements(prepared, *case), case_product(prepared, *case)
        told_apart = product if infers or len(start.sites) else -1
        parts = (start.movements, start.weights, start.sites, start.site_weights)
        key = (told_apart, start.is_start, *(part.tobytes() for part in parts))
        number[i] = found.setdefault(key, len(starts))
        if number[i] == len(starts):
            starts.append(Start(product, start))
        if progress is not None and i % STARTS_A_STEP == 0:
            progress("", STARTS_SHARE * i / len(cases))
    return starts, number


def _ends(
    prepared: Prepared,
    starts: Sequence[Start],
    weights: Int64Array,
    limits: TraceLimits,
    calibration: Calibration | None,
    progress: Progress | None,
) -> Ends:
    """Where the mass of each start ends, worked out in parts of neighbours."""
    temperature = 1.0 if calibration is None else calibration.temperature
    bounds = Limits(limits.max_hops, limits.max_nodes, EXACTNESS ** max(1.0, temperature))
    order = _neighbours_together(prepared, starts)
    parts = [order[low : low + CASES_A_PART] for low in range(0, len(order), CASES_A_PART)]
    found: list[Ends] = []
    done = 0
    processors = os.cpu_count() or 1
    with ThreadPoolExecutor(processors) as threads:
        helpers = max(1, processors // max(1, len(parts)))
        work = partial(_part, prepared, limits=limits, bounds=bounds, helpers=helpers)
        for part, ends in zip(parts, threads.map(work, _taken(starts, parts)), strict=True):
            found.append(ends)
            done += int(weights[part].sum())
            if progress is not None:
                progress("", STARTS_SHARE + (1.0 - STARTS_SHARE) * (done / int(weights.sum())))
    return in_order(joined(found), order)


def _one_by_one(
    prepared: Prepared, starts: Sequence[Start], limits: TraceLimits, progress: Progress | None
) -> Ends:
    """The same by single traces."""
    found: list[tuple[Int64Array, FloatArray]] = []
    for i, one in enumerate(starts):
        if progress is not None:
            progress("", STARTS_SHARE + (1.0 - STARTS_SHARE) * (i / len(starts)))
        found.append(_alone(prepared, one, limits))
    nothing = Ends(np.zeros(len(starts) + 1, np.int64), np.empty(0, np.int64), np.empty(0))
    return replaced(nothing, np.arange(len(starts)), found)


def _taken(starts: Sequence[Start], parts: Sequence[Int64Array]) -> Iterator[list[Start]]:
    for part in parts:
        yield [starts[i] for i in part.tolist()]


def _neighbours_together(prepared: Prepared, starts: Sequence[Start]) -> Int64Array:
    """An order in which starts whose movements are joined by others stand together."""
    movements, n_sites = prepared.snapshot.movements, len(prepared.snapshot.nodes["Site"])
    pairs = sparse.coo_array(
        (np.ones(len(movements), np.int8), (movements.from_site, movements.to_site)),
        shape=(n_sites, n_sites),
    )
    _, component = connected_components(pairs, directed=False)
    site = np.array(
        [movements.from_site[one.start.movements[0]] if len(one.start.movements) else -1 for one in starts],
        np.int64,
    )
    return np.lexsort((site, np.append(component, -1)[site]))


def _part(
    prepared: Prepared, starts: Sequence[Start], limits: TraceLimits, bounds: Limits, helpers: int
) -> Ends:
    """Where the mass of some starts ends; so many threads help."""
    sizes = [len(one.start.movements) for one in starts]
    movements = np.concatenate([np.empty(0, np.int32), *(one.start.movements for one in starts)])
    products = np.repeat(np.array([one.product for one in starts], np.int32), sizes)
    first_hop = np.array([0 if one.start.is_start else 1 for one in starts], np.int32)
    place, shared = shared_rows(
        prepared, movements.astype(np.int32), products, int(first_hop.min(initial=1)), limits.max_hops
    )
    cases = Cases(
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        movements.astype(np.int32),
        place,
        np.concatenate([np.empty(0), *(one.start.weights for one in starts)]),
        first_hop,
    )
    mass = partial(
        masses_of,
        prepared.backward,
        prepared.mixing,
        shared,
        limits=bounds,
        n_sites=len(prepared.snapshot.nodes["Site"]),
    )
    bounds_of_shares = np.linspace(0, len(starts), helpers + 1).astype(np.int64).tolist()
    with ThreadPoolExecutor(helpers) as threads:
        found = list(threads.map(mass, map(partial(_some, cases), bounds_of_shares, bounds_of_shares[1:])))
    ends = joined([Ends(one.start, one.key, one.mass) for one in found])
    unknown = np.concatenate([one.alone for one in found]) | (np.array(sizes) == 0)
    by_itself = np.flatnonzero(unknown)
    return replaced(ends, by_itself, [_alone(prepared, starts[i], limits) for i in by_itself.tolist()])


def _some(cases: Cases, low: int, high: int) -> Cases:
    """Some of the cases."""
    begin, end = cases.start[low], cases.start[high]
    return Cases(
        cases.start[low : high + 1] - begin,
        cases.movement[begin:end],
        cases.place[begin:end],
        cases.weight[begin:end],
        cases.first_hop[low:high],
    )


def _alone(prepared: Prepared, one: Start, limits: TraceLimits) -> tuple[Int64Array, FloatArray]:
    """Keys, and the mass of each, of a start that is no part of what is shared."""
    walked = walk_from(prepared, one.start, limits=limits)
    graph = mass_graph(prepared, one.start, walked, limits, product=one.product, ways=False)
    origins, gaps = ends_of_case(prepared, one.start, graph, one.product)
    ends: tuple[Origin | Unresolved, ...] = (*origins, *gaps)
    key = np.array([end.site * ENDINGS + _ending(end) for end in ends], np.int64)
    order = np.argsort(key)
    return key[order], np.array([end.probability for end in ends], np.float64)[order]


def _ending(end: Origin | Unresolved) -> int:
    return 0 if isinstance(end, Origin) else GAPS.index(end.gap) + 1


def _table(ends: Ends, number: Int64Array) -> OriginTable:
    """Origins and what is unresolved of each case, from the ends of its start."""
    made = ends.key % ENDINGS == 0
    row = np.repeat(np.arange(len(ends.start) - 1), np.diff(ends.start))
    unresolved: FloatArray = np.zeros(len(ends.start) - 1)
    np.add.at(unresolved, row[~made], ends.mass[~made])
    begins = np.searchsorted(row[made], np.arange(len(ends.start)))
    start, entries = chosen_rows(begins.astype(np.int64), number)
    site = (ends.key[made] // ENDINGS).astype(np.int32)
    return OriginTable(start, site[entries], ends.mass[made][entries], unresolved[number])
