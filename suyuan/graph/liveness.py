"""Which nodes without a record are still named by something."""

from collections.abc import Mapping

import numpy as np

from suyuan.graph.edgebuild import RECORD, EdgeKey
from suyuan.graph.references import EDGE_LINKS
from suyuan.graph.snapshot import BoolArray, EdgeSet, Int32Array, Movements, NodeTable, SnapshotBasis


def named_by_edges(kind: str, candidates: Int32Array, edges: Mapping[EdgeKey, EdgeSet]) -> BoolArray:
    """Which candidates are an end of an edge, or linked to one."""
    named = np.zeros(len(candidates), np.bool_)
    if len(candidates) == 0:
        return named
    for (edge_kind, source_kind, target_kind), held in edges.items():
        if source_kind == kind:
            named |= held.source_start[candidates + 1] > held.source_start[candidates]
        if target_kind == kind:
            named |= held.target_start[candidates + 1] > held.target_start[candidates]
        for name, end in EDGE_LINKS.get(edge_kind, ()):
            if end.kind == kind and name != RECORD:
                named |= np.isin(candidates, held.columns[name])
    return named


def named_by_shipments(
    kind: str, candidates: Int32Array, movements: Movements, basis: SnapshotBasis, lots: NodeTable
) -> BoolArray:
    """Which candidates a shipment names: its sites, its goods, or the product of a lot in use."""
    if len(candidates) == 0:
        return np.zeros(0, np.bool_)
    if kind == "Site":
        named = np.isin(candidates, basis.loose_from) | np.isin(candidates, basis.loose_to)
        for start in (movements.inflow_start, movements.outflow_start):
            named |= start[candidates + 1] > start[candidates]
        return named
    if kind not in ("Lot", "Product"):
        return np.zeros(len(candidates), np.bool_)
    wanted = candidates if kind == "Lot" else -candidates - 2
    named = _found(wanted, movements.goods) | _found(wanted, basis.loose_goods)
    if kind == "Product":
        named |= _found(candidates, lots.columns["product"][~lots.removed])
    return named


def _found(wanted: Int32Array, values: Int32Array) -> BoolArray:
    """Which of the wanted numbers are among the values; one pass over the values."""
    if len(wanted) == 0 or len(values) == 0:
        return np.zeros(len(wanted), np.bool_)
    low, high = int(wanted.min()), int(wanted.max())
    seen = np.zeros(high - low + 1, np.bool_)
    inside = values[(values >= low) & (values <= high)]
    seen[inside - low] = True
    return seen[wanted - low]
