"""From when on goods could no longer have reached given places: one pass over everything.

A movement counts when goods on it can still go on: it ends at one of the places, or arrives no later than
some movement that counts leaves where it ends. Times alone are looked at; goods are not, as in the first
rough question of an investigation ("could anything from there have got here at all, and until when?").
"""

from dataclasses import dataclass

import numpy as np

from suyuan.graph.compiled import compiled
from suyuan.graph.snapshot import BoolArray, Int32Array, Int64Array, Movements
from suyuan.traceback.times import EARLIEST, LATEST


@dataclass(frozen=True, slots=True)
class TimeOrder:
    """Movements by departure, latest first; each column is an array of its own, so that a pass reads straight
    on.

    Parameters
    ----------
    movement : int32
        Position of each in the snapshot.
    """

    movement: Int32Array
    from_site: Int32Array
    to_site: Int32Array
    departed: Int64Array
    arrived: Int64Array


def by_departure(
    movements: Movements, earliest_arrival: Int64Array, latest_departure: Int64Array
) -> TimeOrder:
    """The movements arranged for :func:`latest_departures`.

    Parameters
    ----------
    earliest_arrival, latest_departure : bounds as :class:`suyuan.traceback.times.Bounds` holds them.
    """
    order = np.argsort(-latest_departure, kind="stable").astype(np.int32)
    return TimeOrder(
        order,
        movements.from_site[order],
        movements.to_site[order],
        latest_departure[order],
        earliest_arrival[order],
    )


def latest_departures(order: TimeOrder, targets: Int32Array, n_sites: int) -> tuple[Int64Array, BoolArray]:
    """Latest time at which goods could leave each site and still reach one of the targets.

    Parameters
    ----------
    order : movements by departure.
    targets : positions of sites.

    Returns
    -------
    latest : int64, shape (n_sites,): EARLIEST where nothing leads to a target, LATEST at the targets.
    counts : bool, in the order of ``order``: whether goods on the movement could reach a target.

    Notes
    -----
    One pass over the movements. Those with the same departure are gone over again while one of them opens the
    way for another, which needs a movement that takes no time.

    Examples
    --------
    >>> from suyuan.graph.rows import snapshot_of_rows
    >>> rows = [
    ...     {"shipment_id": "1", "from_site": "A", "to_site": "B", "departed_at": 1, "arrived_at": 2},
    ...     {"shipment_id": "2", "from_site": "B", "to_site": "C", "departed_at": 3, "arrived_at": 4},
    ...     {"shipment_id": "3", "from_site": "A", "to_site": "B", "departed_at": 4, "arrived_at": 5},
    ... ]
    >>> graph = snapshot_of_rows({"shipments": rows})
    >>> moves = graph.movements
    >>> order = by_departure(moves, moves.arrived, moves.departed)
    >>> latest, _ = latest_departures(order, np.array([graph.nodes["Site"].position("Site:C")], np.int32), 3)
    >>> latest[:2].tolist()
    [1, 3]
    """
    latest = np.full(n_sites, EARLIEST, np.int64)
    latest[targets] = LATEST
    counts = np.zeros(len(order.movement), np.bool_)
    _pass_over(order.from_site, order.to_site, order.departed, order.arrived, latest, counts)
    return latest, counts


@compiled
def _pass_over(
    from_site: Int32Array,
    to_site: Int32Array,
    departed: Int64Array,
    arrived: Int64Array,
    latest: Int64Array,
    counts: BoolArray,
) -> None:
    n = len(from_site)
    begin = 0
    again = False
    i = 0
    while i < n:
        if i > begin and departed[i] != departed[begin]:
            begin = i
            again = False
        if arrived[i] <= latest[to_site[i]] and not counts[i]:
            counts[i] = True
            if departed[i] > latest[from_site[i]]:
                latest[from_site[i]] = departed[i]
                again = again or i > begin
        i += 1
        if again and (i == n or departed[i] != departed[begin]):
            again = False
            i = begin
