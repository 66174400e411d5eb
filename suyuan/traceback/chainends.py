"""Where the mass of a case ends: at origins, and unresolved at a site for a reason."""

from typing import NamedTuple

import numpy as np

from suyuan.graph.ordering import distinct
from suyuan.graph.snapshot import FloatArray, Int32Array, Int64Array
from suyuan.traceback.massflow import Ends
from suyuan.traceback.massgraph import MassGraph, Rows
from suyuan.traceback.results import GAPS, Gap

ORIGIN = len(GAPS)
_WAYS_TO_END = len(GAPS) + 1
_NODE_LIMIT = GAPS.index(Gap.NODE_LIMIT)


class ChainEnds(NamedTuple):
    """The ends of a case: their sites, why chains end there (a number of GAPS, or ORIGIN), and their mass."""

    ends: Ends
    site: Int64Array
    why: Int64Array
    probability: FloatArray


def ends_of_chains(graph: MassGraph, from_site: Int32Array) -> ChainEnds:
    """All ends with mass, by (site, why); ``from_site`` by movement."""
    rows = graph.rows
    base = from_site[graph.movement].astype(np.int64) * _WAYS_TO_END
    keys = (base + ORIGIN, base + rows.gap, base + _NODE_LIMIT)
    amounts = _amounts(rows, graph.mass)
    found = distinct(np.concatenate([key[mass > 0.0] for key, mass in zip(keys, amounts, strict=True)]))
    made, rest, lost = (_numbers(found, key) for key in keys)
    ends = Ends(made, rest, lost, len(found))
    return ChainEnds(ends, found // _WAYS_TO_END, found % _WAYS_TO_END, masses_at(ends, rows, graph.mass))


def masses_at(ends: Ends, rows: Rows, mass: FloatArray) -> FloatArray:
    """What ends where, of the mass that came to each place."""
    total = np.zeros(ends.count)
    for number, amount in zip((ends.made, ends.rest, ends.lost), _amounts(rows, mass), strict=True):
        there = (number >= 0) & (amount > 0.0)
        total += np.bincount(number[there], weights=amount[there], minlength=ends.count)
    return total


def _amounts(rows: Rows, mass: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    return mass * rows.made, mass * rows.rest, mass * rows.lost


def _numbers(found: Int64Array, keys: Int64Array) -> Int64Array:
    place = np.minimum(np.searchsorted(found, keys), max(0, len(found) - 1))
    return np.where(found[place] == keys, place, -1) if len(found) else np.full(len(keys), -1)
