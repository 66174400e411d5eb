# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false
"""What part of every movement came from a start: the forward side of the stock model.

A unit on movement e came in by f with probability w(f | e) (:mod:`suyuan.traceback.mixing`). So the part of e
that came from the start is

    x_e = sum over f of w(f | e) x_f        x = 1 on the first movements

over the movements that can be reached from the start. It is the probability that a unit on e, followed
backward, meets a first movement: what a trace backward says of a case, this says of everything at once.
Expected units on e are q_e x_e. Where goods are made x is 0, whatever else came there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from suyuan.graph.compiled import compiled
from suyuan.graph.snapshot import QUANTITY_UNKNOWN, BoolArray, FloatArray, Int32Array, Int64Array
from suyuan.traceback.cases import CaseStart, case_product, first_movements, lead_subject, origin_start
from suyuan.traceback.chainsolve import solved
from suyuan.traceback.goods import product_of
from suyuan.traceback.mixing import is_made_at, shares
from suyuan.traceback.mixingmodel import Mixing
from suyuan.traceback.movements import by_id
from suyuan.traceback.parameters import DEFAULT_LIMITS, TraceLimits
from suyuan.traceback.preparation import Prepared
from suyuan.traceback.trace import END_KINDS, trace, walk_from
from suyuan.traceback.visits import Visits, enlarged, place_of
from suyuan.traceback.walking import Walk

Case = tuple[str, int]
"""Kind and position of what a trace may start from."""


@dataclass(frozen=True, slots=True)
class ForwardStart:
    """First movements of goods that are followed forward.

    Parameters
    ----------
    movements : int32
        By id.
    parts : float64, in (0, 1]
        Part of each that the start stands for: 1, but the probability of the origin it left where the start is
        the end of a chain. A movement of several starts has the greatest part.
    rules : tuple of str
        How they were found, start by start (:mod:`suyuan.traceback.cases`).
    whole : bool
        The movements are themselves what was asked about.
    """

    movements: Int32Array
    parts: FloatArray
    rules: tuple[str, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class Spread:
    """What came from a start.

    Parameters
    ----------
    start : where it began.
    part : float64, shape (n_movements,)
        x of each movement of the snapshot; 0 where nothing of the start can have come.
    reached : int32
        Movements with a part above 0, sorted.
    truncated_counts : dict
        By limit, how many movements have others after them that were not looked at.
    """

    start: ForwardStart
    part: FloatArray
    reached: Int32Array
    truncated_counts: dict[str, int]


def forward_start(
    prepared: Prepared, cases: Sequence[Case], limits: TraceLimits = DEFAULT_LIMITS
) -> ForwardStart:
    """First movements of several cases together.

    Raises
    ------
    ParameterError
        No trace starts from one of the kinds.
    """
    part = np.zeros(len(prepared.snapshot.movements))
    rules: list[str] = []
    whole = True
    for kind, position in cases:
        subject = lead_subject(prepared, position) if kind == "Lead" else (kind, position)
        if subject is not None and subject[0] in END_KINDS:
            rules.append(_add_origins(prepared, subject, limits, part))
            whole = False
            continue
        start = first_movements(prepared, kind, position, direction="forward")
        part[start.movements] = 1.0
        rules.append(start.rule)
        whole = whole and start.is_start
    movements = np.flatnonzero(part > 0.0).astype(np.int32)
    movements = movements[by_id(prepared, movements)]
    return ForwardStart(movements, part[movements], tuple(rules), whole)


def _add_origins(prepared: Prepared, case: Case, limits: TraceLimits, part: FloatArray) -> str:
    """Add what left the probable origins of a case, with their probabilities; the rule that was used."""
    product = case_product(prepared, *case)
    rule = "nothing_recorded"
    for origin in trace(prepared, *case, limits=limits, paths=0).origins:
        start = origin_start(prepared, np.array([origin.site], np.int32), product)
        rule = "origins"
        np.maximum.at(part, start.movements, min(1.0, origin.probability))
    return rule


def spread_of(prepared: Prepared, start: ForwardStart, limits: TraceLimits = DEFAULT_LIMITS) -> Spread:
    """What part of every movement came from a start.

    Notes
    -----
    One row of the model is worked out for every movement that can be reached: linear in the number of their
    feasible predecessors. Dated movements take one pass, circles of undated ones a sparse linear solve.
    """
    case = CaseStart("", start.movements, start.parts, is_start=start.whole)
    walked = walk_from(prepared, case, "forward", limits)
    visits, n_first = walked.visits, len(start.movements)
    movement = visits.movement[: visits.count[0]]
    inflow = np.diff(prepared.snapshot.movements.inflow_start)
    room = int(inflow[prepared.snapshot.movements.from_site[movement]].max(initial=0)) + 1
    begin, far, share = rows_among(prepared.backward, prepared.mixing, visits, n_first, room)
    rows = sparse.csr_array((share, far, begin), shape=(len(movement), len(movement)))
    given = np.zeros(len(movement))
    given[:n_first] = start.parts
    part = np.zeros(len(prepared.snapshot.movements))
    part[movement] = np.minimum(solved(rows, given), 1.0)
    counts = {"max_hops": walked.cut_by_hops, "max_nodes": walked.cut_by_nodes}
    reached = np.flatnonzero(part > 0.0).astype(np.int32)
    return Spread(start, part, reached, {name: int(count) for name, count in counts.items() if count})


@compiled
def rows_among(
    walk: Walk, mixing: Mixing, visits: Visits, n_first: int, room: int
) -> tuple[Int64Array, Int32Array, FloatArray]:
    """Rows of the model of visited movements, restricted to visited predecessors; by place of the visits.

    The first ``n_first`` have none, as they are given, nor has what is made where it leaves. ``room``: at most so
    many predecessors are expected of one movement.
    """
    count = visits.count[0]
    begin = np.zeros(count + 1, np.int64)
    far, share = np.empty(max(256, 2 * count), np.int32), np.empty(max(256, 2 * count))
    found, kinds = np.empty(room, np.int32), np.empty(room, np.int32)
    filled = 0
    for place in range(count):
        near = visits.movement[place]
        product = product_of(walk.carried[near], walk.goods.lot_product)
        if place >= n_first and not is_made_at(walk, mixing, near, product):
            row = shares(walk, mixing, near, walk.limit[near], (found, kinds))
            if filled + len(row.movements) > len(far):
                needed = filled + len(row.movements)
                far, share = enlarged(far, needed), enlarged(share, needed)
            for i in range(len(row.movements)):
                among = place_of(visits, row.movements[i])
                if among >= 0:
                    far[filled], share[filled] = among, row.weights[i]
                    filled += 1
        begin[place + 1] = filled
    return begin, far[:filled], share[:filled]


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much every movement counts.

    Parameters
    ----------
    amount : float64, shape (n_movements,)
        Its quantity, the usual one of its stream where unknown; 1 where units differ; 0 where it is not seen.
    counted_in : str
        The unit; ``units`` where none is recorded; ``movements`` where units differ, so that quantities cannot be
        added up and every movement counts as one.
    """

    amount: FloatArray
    counted_in: str


def amounts_of(prepared: Prepared, spread: Spread) -> Amounts:
    """How much movements at the sites that were reached count."""
    movements, mixing = prepared.snapshot.movements, prepared.mixing
    unknown = (movements.flags & QUANTITY_UNKNOWN) > 0
    usual = mixing.stock.outflow.usual[mixing.out_stream]
    amount = np.where(unknown, usual, movements.quantity)
    units = np.unique(movements.unit[beside_reached(prepared, spread)])
    named = [prepared.snapshot.units[int(unit)] for unit in units if unit > 0]
    counted_in = named[0] if len(named) == 1 else "movements" if named else "units"
    if len(named) > 1:
        amount = np.ones(len(amount))
    return Amounts(np.where(prepared.seen, amount, 0.0), counted_in)


def beside_reached(prepared: Prepared, spread: Spread) -> BoolArray:
    """Which seen movements begin or end at a site that goods of the start came to or left."""
    movements = prepared.snapshot.movements
    touched = np.zeros(len(prepared.snapshot.nodes["Site"]), np.bool_)
    touched[movements.from_site[spread.reached]] = True
    touched[movements.to_site[spread.reached]] = True
    return prepared.seen & (touched[movements.from_site] | touched[movements.to_site])
