"""Shipments with some changed, put in or taken out: movements, node table, and everyone's new position."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.compiled import compiled
from suyuan.graph.delta import positions_of
from suyuan.graph.edgemerge import longer
from suyuan.graph.movementbuild import EARLIEST, LATEST, Legs, arrival_key, departure_key
from suyuan.graph.snapshot import (
    ARRIVED_UNKNOWN,
    DEPARTED_UNKNOWN,
    BoolArray,
    GraphSnapshot,
    Int32Array,
    Int64Array,
    Movements,
    NodeTable,
)
from suyuan.graph.splice import Splice
from suyuan.graph.texts import compare_texts, locate, plain, sorted_order, text_buffers

_NO_ORDER: Final = np.frombuffer(b"", np.int32)
_COLUMNS: Final = ("from_site", "to_site", "goods", "quantity", "unit", "departed", "arrived", "flags")


@dataclass(frozen=True, slots=True)
class Fresh:
    """Shipments that are new or no longer what they were.

    number : positions in the snapshot for those that it has, numbers after its last one for the others
    ids : their ids
    row : row in ``legs`` of each, -1 for those that are only named
    """

    number: Int32Array
    ids: pa.Array
    row: Int32Array
    legs: Legs

    def take(self, chosen: np.ndarray) -> "Fresh":
        """Some of them, in that order."""
        ids = plain(pc.take(self.ids, pa.array(chosen)))
        return Fresh(self.number[chosen], ids, self.row[chosen], self.legs)


@dataclass(frozen=True, slots=True)
class MergedShipments:
    """The result; ``position[i]`` is the new position of number i (-1: gone)."""

    movements: Movements
    table: NodeTable
    loose: tuple[Int32Array, Int32Array, Int32Array]
    position: Int32Array


def merged_shipments(
    snapshot: GraphSnapshot, gone: Int32Array, fresh: Fresh, n_sites: int
) -> MergedShipments:
    """Shipments without those gone and with those fresh.

    Parameters
    ----------
    gone : positions that go or change, ascending; the changed ones are among ``fresh``.
    """
    held, table = snapshot.movements, snapshot.nodes["Shipment"]
    moves, loose = _sorted_moves(fresh), _sorted_loose(fresh)
    move_at = _places_by_arrival(held, table, moves)
    loose_at = locate(table.ids, np.arange(len(held), len(table)), loose.ids)[0]
    cut = np.searchsorted(gone, len(held))
    drop = gone.astype(np.int64)
    plan = Splice(len(table), drop, np.concatenate([move_at, len(held) + loose_at]))
    old_place, new_place = plan.new_places()
    new_numbers = int(fresh.number.max(initial=len(table) - 1)) + 1
    position = np.full(new_numbers, -1, np.int32)
    position[: len(table)] = old_place
    everyone = np.concatenate([moves.number, loose.number])
    position[everyone] = new_place
    loose_plan = Splice(len(table) - len(held), drop[cut:] - len(held), loose_at)
    movements = _movements(held, moves, Splice(len(held), drop[:cut], move_at), n_sites)
    out = _outflow(held, table, moves, drop[:cut])
    movements = _with_outflow(movements, held, moves, drop[:cut], position[out], n_sites)
    return MergedShipments(
        movements,
        _node_table(table, gone, moves, loose, plan, position),
        _loose(snapshot, loose, loose_plan),
        position,
    )


def _complete(fresh: Fresh) -> BoolArray:
    both = np.append((fresh.legs.from_site >= 0) & (fresh.legs.to_site >= 0), False)
    return both[fresh.row]


def _sorted_moves(fresh: Fresh) -> Fresh:
    moves = fresh.take(np.flatnonzero(_complete(fresh)))
    by_id = np.empty(len(moves.number), np.int64)
    by_id[sorted_order(moves.ids)] = np.arange(len(by_id))
    legs, row = moves.legs, moves.row
    key = arrival_key(legs.departed, legs.arrived, legs.flags)[row]
    return moves.take(np.lexsort((by_id, key, legs.to_site[row])))


def _sorted_loose(fresh: Fresh) -> Fresh:
    loose = fresh.take(np.flatnonzero(~_complete(fresh)))
    return loose.take(sorted_order(loose.ids))


def _places_by_arrival(held: Movements, table: NodeTable, moves: Fresh) -> Int64Array:
    legs, row = moves.legs, moves.row
    key = arrival_key(legs.departed, legs.arrived, legs.flags)[row]
    times = (held.departed, held.arrived, held.flags)
    wanted = (legs.to_site[row], key, *text_buffers(moves.ids))
    return _places(held.inflow_start, _NO_ORDER, *times, *text_buffers(table.ids), *wanted, False)


def _movements(held: Movements, moves: Fresh, plan: Splice, n_sites: int) -> Movements:
    columns = {
        name: plan.array(getattr(held, name), getattr(moves.legs, name)[moves.row]) for name in _COLUMNS
    }
    start = _starts(held.inflow_start, held.to_site[plan.drop], moves.legs.to_site[moves.row], n_sites)
    return Movements(**columns, inflow_start=start, outflow=held.outflow, outflow_start=held.outflow_start)


def _starts(start: Int64Array, lost: Int32Array, won: Int32Array, n_groups: int) -> Int64Array:
    counts = np.diff(longer(start, n_groups + 1))
    counts -= np.bincount(lost, minlength=n_groups)
    counts += np.bincount(won, minlength=n_groups)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _outflow(held: Movements, table: NodeTable, moves: Fresh, drop: Int64Array) -> Int32Array:
    """Numbers of the movements in the order in which they leave."""
    times = (held.departed, held.arrived, held.flags)
    where = (held.outflow_start, held.outflow, *times, *text_buffers(table.ids))
    gone_ids = plain(pc.take(table.ids, pa.array(drop)))
    gone_key = departure_key(held.departed[drop], held.arrived[drop], held.flags[drop])
    gone_at = _places(*where, held.from_site[drop], gone_key, *text_buffers(gone_ids), True)
    legs, row = moves.legs, moves.row
    key = departure_key(legs.departed, legs.arrived, legs.flags)[row]
    at = _places(*where, legs.from_site[row], key, *text_buffers(moves.ids), True)
    rank = np.empty(len(row), np.int64)
    rank[sorted_order(moves.ids)] = np.arange(len(row))
    order = np.lexsort((rank, key, legs.from_site[row]))
    return Splice(len(held), np.sort(gone_at), at[order]).array(held.outflow, moves.number[order])


def _with_outflow(
    movements: Movements,
    held: Movements,
    moves: Fresh,
    drop: Int64Array,
    outflow: Int32Array,
    n_sites: int,
) -> Movements:
    start = _starts(held.outflow_start, held.from_site[drop], moves.legs.from_site[moves.row], n_sites)
    columns = {name: getattr(movements, name) for name in (*_COLUMNS, "inflow_start")}
    return Movements(**columns, outflow=outflow, outflow_start=start)


def _loose(snapshot: GraphSnapshot, loose: Fresh, plan: Splice) -> tuple[Int32Array, Int32Array, Int32Array]:
    basis, legs = snapshot.basis, loose.legs
    parts: list[Int32Array] = []
    for held, values in (
        (basis.loose_from, legs.from_site),
        (basis.loose_to, legs.to_site),
        (basis.loose_goods, legs.goods),
    ):
        parts.append(plan.array(held, np.append(values, np.int32(-1))[loose.row]))
    return parts[0], parts[1], parts[2]


def _node_table(
    table: NodeTable, gone: Int32Array, moves: Fresh, loose: Fresh, plan: Splice, position: Int32Array
) -> NodeTable:
    number = np.concatenate([moves.number, loose.number])
    ids = plain(pa.chunked_array([moves.ids.cast(table.ids.type), loose.ids.cast(table.ids.type)]))
    stub = np.concatenate([moves.row, loose.row]) < 0
    gone_rank = np.sort(positions_of(table, plain(pc.take(table.ids, pa.array(gone))))[1])
    by_id = sorted_order(ids)
    at = positions_of(table, ids)[1][by_id]
    ranks = Splice(len(table), gone_rank, at).array(table.by_id, number[by_id])
    return NodeTable(
        kind="Shipment",
        ids=plan.texts(table.ids, ids),
        by_id=position[ranks],
        is_stub=plan.array(table.is_stub, stub),
        removed=np.zeros(len(plan), np.bool_),
        columns={},
    )


@compiled
def _time_key(departed: Any, arrived: Any, flags: Any, leaving: bool) -> Any:
    """:func:`arrival_key` or, for those leaving, :func:`departure_key` of one movement."""
    left, came = flags & DEPARTED_UNKNOWN == 0, flags & ARRIVED_UNKNOWN == 0
    if leaving:
        return departed if left else arrived if came else LATEST
    return arrived if came else departed if left else EARLIEST


@compiled
def _places(
    start: np.ndarray,
    order: np.ndarray,
    departed: np.ndarray,
    arrived: np.ndarray,
    flags: np.ndarray,
    offsets: np.ndarray,
    data: np.ndarray,
    wanted_group: np.ndarray,
    wanted_key: np.ndarray,
    wanted_offsets: np.ndarray,
    wanted: np.ndarray,
    leaving: bool,
) -> np.ndarray:
    """How many movements come before each wanted (group, key, id); an empty ``order`` is the given one."""
    places = np.empty(len(wanted_group), np.int64)
    for k in range(len(wanted_group)):
        group = wanted_group[k]
        if group >= len(start) - 1:
            places[k] = len(flags)
            continue
        low, high = start[group], start[group + 1]
        while low < high:
            middle = (low + high) // 2
            m = order[middle] if len(order) else middle
            key = _time_key(departed[m], arrived[m], flags[m], leaving)
            before = key < wanted_key[k]
            if key == wanted_key[k]:
                begin, end = wanted_offsets[k], wanted_offsets[k + 1]
                before = compare_texts(data, offsets[m], offsets[m + 1], wanted, begin, end) < 0
            if before:
                low = middle + 1
            else:
                high = middle
        places[k] = low
    return places
