"""Which edges go and which come when records change."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.claims import CLAIMS, claim_edges, claims_of
from suyuan.graph.delta import Delta, rows_of_keys
from suyuan.graph.edgebuild import EdgeKey, LooseEdges, edges_of, in_movements
from suyuan.graph.edgemerge import edges_of_nodes, edges_of_pairs
from suyuan.graph.model import Edge
from suyuan.graph.naming import Numbered
from suyuan.graph.references import EDGE_LINKS
from suyuan.graph.snapshot import EdgeSet, GraphSnapshot, Int32Array, Int64Array, NodeTable
from suyuan.graph.texts import joined, plain


@dataclass(frozen=True, slots=True)
class EdgeChange:
    """Edges of one set that go (their places, ascending) and that come."""

    drop: Int64Array
    add: list[LooseEdges]


@dataclass(frozen=True, slots=True)
class Claims:
    """Positions of listings and the numbers they print, and what becomes of the edges."""

    listing: Int32Array
    number: pa.Array
    change: EdgeChange


def edge_changes(
    snapshot: GraphSnapshot, delta: Delta, numbered: Numbered, touched: Mapping[str, Int32Array]
) -> dict[EdgeKey, EdgeChange]:
    """What becomes of the edges that records make by themselves (CLAIMS apart).

    Parameters
    ----------
    numbered : the changed records, old nodes at their positions and new ones behind.
    touched : by table, positions of changed and retired records, where records are nodes.
    """
    drops: dict[EdgeKey, list[Int64Array]] = defaultdict(list)
    adds: dict[EdgeKey, list[LooseEdges]] = defaultdict(list)
    for name, rows in delta.tables.items():
        if len(delta.touched_ids(name)) == 0:
            continue
        for edge in rows.table.edges:
            if in_movements(edge) or edge.target.by:
                continue
            for key, places in _dropped(snapshot, delta, name, edge, touched):
                drops[key].append(places)
            for edges in edges_of(rows, edge, numbered.placed[name], numbered.records.get(name)):
                adds[edges.key].append(edges)
    return {
        key: EdgeChange(_unique(drops.get(key, [])), adds.get(key, [])) for key in sorted({*drops, *adds})
    }


def _dropped(
    snapshot: GraphSnapshot, delta: Delta, name: str, edge: Edge, touched: Mapping[str, Int32Array]
) -> Iterator[tuple[EdgeKey, Int64Array]]:
    table = delta.tables[name].table
    if table.kind is None:
        keys = rows_of_keys(table, delta.touched_ids(name))
        yield from edges_of_pairs(keys, edge, snapshot.edges, snapshot.nodes)
        return
    for key, held in snapshot.edges.items():
        if key[0] == edge.kind and edge.source.kind in (None, key[1]) and edge.target.kind in (None, key[2]):
            yield key, edges_of_nodes(table, edge, held, touched[name])


def _unique(parts: list[Int64Array]) -> Int64Array:
    return np.unique(np.concatenate(parts)) if parts else np.zeros(0, np.int64)


def changed_claims(
    snapshot: GraphSnapshot,
    delta: Delta,
    numbered: Numbered,
    touched: Mapping[str, Int32Array],
    rights: NodeTable,
) -> Claims:
    """The claims after the change; ``rights`` is the node table after it."""
    basis = snapshot.basis
    listings, changed_rights = touched["listings"], touched["rights"]
    if len(listings) == 0 and len(changed_rights) == 0:
        return Claims(basis.claim_listing, basis.claim_number, EdgeChange(np.zeros(0, np.int64), []))
    kept = np.flatnonzero(~np.isin(basis.claim_listing, listings))
    kept_listing, kept_number = basis.claim_listing[kept], _take(basis.claim_number, kept)
    listing, printed = claims_of(delta.tables["listings"], numbered.records["listings"])
    numbers = rights.columns["number"]
    everyone = np.arange(len(rights), dtype=np.int32)
    of_rights = np.unique(changed_rights)
    add = [
        claim_edges(listing, printed, everyone, numbers),
        claim_edges(kept_listing, kept_number, of_rights, _take(numbers, of_rights)),
    ]
    drop: list[Int64Array] = []
    if CLAIMS in snapshot.edges:
        held = snapshot.edges[CLAIMS]
        drop.append(np.flatnonzero(np.isin(held.source, listings) | np.isin(held.target, changed_rights)))
    return Claims(
        np.concatenate([kept_listing, listing]),
        joined([kept_number, printed]),
        EdgeChange(_unique(drop), [edges for edges in add if len(edges.source)]),
    )


def _take(texts: pa.Array, places: np.ndarray) -> pa.Array:
    return plain(pc.take(texts, pa.array(places)))


def ends_of_dropped(held: EdgeSet, drop: Int64Array) -> Iterator[tuple[str, Int32Array]]:
    """Kinds and positions of what the dropped edges named."""
    yield held.source_kind, held.source[drop]
    yield held.target_kind, held.target[drop]
    for name, end in EDGE_LINKS.get(held.kind, ()):
        linked = held.columns[name][drop]
        yield end.kind or "", linked[linked >= 0]
