"""Which movements can have come just before a movement, and which just after it."""

import numpy as np

from suyuan.graph.snapshot import Int32Array
from suyuan.traceback.preparation import Prepared
from suyuan.traceback.walking import NOTHING_SCANNED, Walk, steps


def feasible_predecessors(prepared: Prepared, movement: int) -> Int32Array:
    """Movements that can have brought what a movement carried on.

    They end where it begins, their goods agree with its goods or became them there, they can have arrived
    before it left, and the stay is not too long. Where records say which deliveries went on with which,
    they decide.

    Returns
    -------
    int32, positions, sorted.

    Examples
    --------
    >>> from suyuan.graph.rows import snapshot_of_rows
    >>> from suyuan.traceback.parameters import DEFAULT_PARAMETERS
    >>> from suyuan.traceback.preparation import prepare
    >>> rows = [
    ...     {"shipment_id": "1", "from_site": "A", "to_site": "B", "arrived_at": "2025-03-01"},
    ...     {"shipment_id": "2", "from_site": "A", "to_site": "B", "arrived_at": "2025-03-09"},
    ...     {"shipment_id": "3", "from_site": "B", "to_site": "C", "departed_at": "2025-03-05"},
    ... ]
    >>> graph = snapshot_of_rows({"shipments": rows})
    >>> last = graph.nodes["Shipment"].position("Shipment:3")
    >>> found = feasible_predecessors(prepare(graph, DEFAULT_PARAMETERS), last)
    >>> [graph.nodes["Shipment"].id_at(m) for m in found]
    ['Shipment:1']
    """
    return _one_step(prepared.backward, movement)


def feasible_successors(prepared: Prepared, movement: int) -> Int32Array:
    """Movements that can have carried on what a movement brought; sorted positions, int32."""
    return _one_step(prepared.forward, movement)


def _one_step(walk: Walk, movement: int) -> Int32Array:
    room = np.empty(256, np.int32)
    count, found, _ = steps(walk, movement, walk.limit[movement], NOTHING_SCANNED, room, room.copy())
    return np.sort(found[:count])
