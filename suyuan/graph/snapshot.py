"""The graph in read-only arrays: what every algorithm works on.

Positions are int32 and belong to a kind: ``snapshot.nodes["Seller"]`` numbers the sellers. Shipments are held
as :class:`Movements`, sorted for walking; all other relationships are :class:`EdgeSet`. Times are int64
microseconds UTC; what is unknown is told by a mask or a flag, never by a special value.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from suyuan.errors import UnknownNodeError

Int8Array = npt.NDArray[np.int8]
Int32Array = npt.NDArray[np.int32]
Int64Array = npt.NDArray[np.int64]
UInt8Array = npt.NDArray[np.uint8]
UInt16Array = npt.NDArray[np.uint16]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

DEPARTED_UNKNOWN: Final = 1
ARRIVED_UNKNOWN: Final = 2
QUANTITY_UNKNOWN: Final = 4
DEPARTED_PRECISION_SHIFT: Final = 3
ARRIVED_PRECISION_SHIFT: Final = 5
PRECISION_MASK: Final = 3

NOTHING_KNOWN: Final = -1
"""``goods`` of a movement of which neither lot nor product is recorded."""

UNKNOWN_ROLE: Final = -1
NO_UNIT: Final = 0


@dataclass(frozen=True, slots=True)
class NodeTable:
    """All nodes of one kind, stubs included.

    ``ids[i]`` is the canonical id at position ``i``; ``by_id`` holds the positions in the order of their ids.
    ``columns`` are the properties that algorithms use: numpy arrays of length n; a column ``c`` with gaps has
    a bool array ``c_known`` beside it; texts are Arrow string arrays with nulls. ``is_stub[i]``: named by
    others only. Positions of all kinds but Shipment stay the same when a snapshot is refreshed;
    ``removed[i]`` marks nodes whose record was retired and which nothing names any more.
    """

    kind: str
    ids: pa.Array
    by_id: Int32Array
    is_stub: BoolArray
    removed: BoolArray
    columns: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def id_at(self, position: int) -> str:
        """Canonical id at a position."""
        return self.ids[int(position)].as_py()

    def find(self, node_id: str) -> int | None:
        """Position of a canonical id, or None; a binary search over ``by_id``."""
        low, high = 0, len(self.by_id)
        while low < high:
            middle = (low + high) // 2
            if self.id_at(self.by_id[middle]) < node_id:
                low = middle + 1
            else:
                high = middle
        if low == len(self.by_id) or self.id_at(self.by_id[low]) != node_id:
            return None
        return int(self.by_id[low])

    def position(self, node_id: str) -> int:
        """Position of a canonical id; raises UnknownNodeError."""
        found = self.find(node_id)
        if found is None or self.removed[found]:
            raise UnknownNodeError(node_id)
        return found


@dataclass(frozen=True, slots=True)
class Movements:
    """Shipments with both sites known, sorted by (to_site, arrival key, id).

    The arrival key is ``arrived``, else ``departed``, else the least int64; the departure key is
    ``departed``, else ``arrived``, else the greatest int64. Movement ``m`` is at position ``m`` of
    ``snapshot.nodes["Shipment"]`` too; shipments without both sites follow after the last movement.

    goods : lot position if >= 0; NOTHING_KNOWN; else product position ``-goods - 2``
    quantity : 0 where flagged unknown
    unit : index into ``snapshot.units``; NO_UNIT unknown
    departed, arrived : start of the span known; span given by the precision bits of ``flags``
        (:class:`suyuan.graph.records.Precision`); 0 where flagged unknown
    inflow_start : shape (n_sites + 1,); movements into site v are ``inflow_start[v]:inflow_start[v + 1]``
    outflow, outflow_start : positions of the movements out of site v, by (departure key, id), are
        ``outflow[outflow_start[v]:outflow_start[v + 1]]``
    """

    from_site: Int32Array
    to_site: Int32Array
    goods: Int32Array
    quantity: FloatArray
    unit: UInt16Array
    departed: Int64Array
    arrived: Int64Array
    flags: UInt8Array
    inflow_start: Int64Array
    outflow: Int32Array
    outflow_start: Int64Array

    def __len__(self) -> int:
        return len(self.from_site)


@dataclass(frozen=True, slots=True)
class EdgeSet:
    """All edges of one kind between two node kinds, sorted by (source, target, at, record).

    Edges out of source s are ``source_start[s]:source_start[s + 1]``; edges into target t are
    ``by_target[target_start[t]:target_start[t + 1]]``. ``columns`` as in :class:`NodeTable`, all numpy:
    ``at`` (int64), ``at_known`` and ``at_precision`` where the edge kind has a time (its first one); numbers;
    texts of a fixed choice as int8, an index into the ``choices`` of the declared column, -1 unknown
    (``source`` of DISPATCHES_FROM and FULFILLED_BY, ``role`` of OWNS, ``finality`` of AGAINST). ``record`` is
    the position of the record behind the edge where that is a node but neither end (Dispatch, Assignment);
    ``listing`` and ``shipment`` of DISPATCHES_FROM are positions of what was bought and received. Positions
    are -1 where unknown.
    """

    kind: str
    source_kind: str
    target_kind: str
    source: Int32Array
    target: Int32Array
    source_start: Int64Array
    by_target: Int32Array
    target_start: Int64Array
    columns: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.source)

    def targets_of(self, source: int) -> Int32Array:
        """Positions of the targets of a source, in edge order."""
        return self.target[self.source_start[source] : self.source_start[source + 1]]

    def edges_into(self, target: int) -> Int32Array:
        """Positions of the edges that end at a target."""
        return self.by_target[self.target_start[target] : self.target_start[target + 1]]

    def sources_of(self, target: int) -> Int32Array:
        """Positions of the sources of a target."""
        return self.source[self.edges_into(target)]


@dataclass(frozen=True, slots=True)
class Ledger:
    """The records of one table: what the snapshot's id is made of.

    digests : uint8, shape (n, 16), in the order of the record ids
    ids : record ids, sorted; None where the records are the nodes of a kind that are no stubs
    """

    digests: UInt8Array
    ids: pa.Array | None = None


def _no_texts() -> pa.Array:
    return pa.array([], pa.string())


def _no_positions() -> Int32Array:
    return np.zeros(0, np.int32)


@dataclass(frozen=True, slots=True)
class SnapshotBasis:
    """What a snapshot keeps besides the graph, to be brought up to date without being built again.

    ledgers : by table
    loose_from, loose_to, loose_goods : what shipment ``len(movements) + i``, which is no movement, names
    lot_texts, lot_text_codes : the texts behind ``Lot.code``, sorted, with the code of each
    claim_listing, claim_number : positions of listings and the numbers of rights that they print
    """

    ledgers: Mapping[str, Ledger] = field(default_factory=dict)
    loose_from: Int32Array = field(default_factory=_no_positions)
    loose_to: Int32Array = field(default_factory=_no_positions)
    loose_goods: Int32Array = field(default_factory=_no_positions)
    lot_texts: pa.Array = field(default_factory=_no_texts)
    lot_text_codes: Int32Array = field(default_factory=_no_positions)
    claim_listing: Int32Array = field(default_factory=_no_positions)
    claim_number: pa.Array = field(default_factory=_no_texts)


@dataclass(frozen=True, slots=True)
class GraphSnapshot:
    """The whole graph as of one ``seq`` of a store.

    snapshot_id : SHA-256 (hex) of the canonical content, the same for equal content in any store
    nodes : by node kind (every kind has a table, possibly empty)
    edges : by (edge kind, source kind, target kind); absent when there are none. DEPARTS, ARRIVES,
        SHIPPED_TO and CARRIES are in ``movements`` and not here, but for CARRIES of shipments of several lots
    units : texts of the units of quantities; ``units[0]`` is ""
    basis : what a refresh needs
    numbering : where it is equal, all positions are. What was worked out in positions may be kept by it, never
        by ``snapshot_id``, which a refreshed snapshot shares with a built one
    """

    snapshot_id: str
    seq: int
    nodes: Mapping[str, NodeTable]
    movements: Movements
    edges: Mapping[tuple[str, str, str], EdgeSet]
    units: tuple[str, ...]
    basis: SnapshotBasis = field(default_factory=SnapshotBasis)
    numbering: str = ""

    @property
    def n_records(self) -> int:
        """How many records of all tables the graph is made of."""
        return sum(len(ledger.digests) for ledger in self.basis.ledgers.values())

    def edge_sets(self, kind: str) -> list[EdgeSet]:
        """Every edge set of an edge kind, in order of their node kinds."""
        return [self.edges[key] for key in sorted(self.edges) if key[0] == kind]

    def edge_set(self, kind: str, source_kind: str, target_kind: str) -> EdgeSet | None:
        """The edges of a kind between two node kinds, or None."""
        return self.edges.get((kind, source_kind, target_kind))


NODE_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "Site": ("role", "name", "division_code", "country"),
    "Product": ("name", "category", "reference_price"),
    "Lot": ("product", "code"),
    "Listing": ("listed_at", "delisted_at", "price", "units_sold"),
    "Seller": ("name", "opened_at", "closed_at", "division_code"),
    "Firm": ("name", "registered_at", "dissolved_at", "division_code"),
    "Seizure": ("at", "direction"),
    "Exhibit": ("at",),
    "Event": ("at",),
    "Lead": ("reported_at", "decision"),
    "Licence": ("kind", "scope", "quantity", "territory", "valid_from", "valid_to"),
    "Right": ("right_type", "number", "status", "valid_from", "valid_to"),
    "Finding": ("outcome", "finality", "kind", "decided_at"),
}
"""Properties that a snapshot holds, by node kind. ``Site.role`` is int8, an index into
:data:`suyuan.graph.model.SITE_ROLES` or UNKNOWN_ROLE; ``Lot.product`` int32, a product position or -1;
``Lot.code`` int32, equal for equal lot_id texts; times int64 with ``_known`` and ``_precision``; numbers
float64 with ``_known``; texts Arrow strings."""
