"""Mass where undated movements form circles: an absorbing Markov chain, solved exactly."""

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

from suyuan.graph.snapshot import FloatArray, Int32Array
from suyuan.traceback.massgraph import Rows, without_entries
from suyuan.traceback.results import GAPS, Gap

_CYCLE = GAPS.index(Gap.CYCLE)


def solved_circles(rows: Rows, mass: FloatArray, order: Int32Array) -> tuple[Rows, FloatArray]:
    """The mass on what :func:`suyuan.traceback.mass.passed_on` left over.

    Parameters
    ----------
    mass : as that function gave it: complete where in ``order``, elsewhere what came from there and from
    the start.

    Returns
    -------
    The rows, those of circles without any way out emptied; the mass of all movements.

    Notes
    -----
    The expected number of times a unit stands on each movement solves x = b + W' x. A unit that goes round
    more than once is counted once for each round, as the walk is one without memory.
    """
    n = len(mass)
    left = np.ones(n, np.bool_)
    left[order] = False
    places = np.flatnonzero(left)
    number = np.full(n, -1, np.int64)
    number[places] = np.arange(len(places))
    near = np.repeat(np.arange(n), np.diff(rows.start))
    within = left[near] & left[rows.far]
    size = len(places)
    steps = sparse.csr_array(
        (rows.share[within], (number[near[within]], number[rows.far[within]])), shape=(size, size)
    )
    trapped = _without_way_out(rows, steps, places)
    rows = _emptied(rows, places[trapped])
    keep = sparse.diags_array(np.where(trapped, 0.0, 1.0))
    chain = sparse.eye_array(size, format="csc") - (keep @ steps).T
    solved = mass.copy()
    solved[places] = splu(sparse.csc_array(chain)).solve(mass[places])
    return rows, solved


def _without_way_out(rows: Rows, steps: sparse.csr_array, places: np.ndarray) -> np.ndarray:
    """Members of circles that nothing leaves."""
    n_circles, circle = connected_components(steps, directed=True, connection="strong")
    entries = steps.tocoo()
    leaving = circle[entries.coords[0]] != circle[entries.coords[1]]
    open_circle = np.zeros(n_circles, np.bool_)
    open_circle[circle[entries.coords[0][leaving & (entries.data > 0.0)]]] = True
    ends = (rows.rest[places] > 0.0) | (rows.lost[places] > 0.0) | rows.made[places]
    open_circle[circle[ends]] = True
    return ~open_circle[circle]


def _emptied(rows: Rows, trapped: np.ndarray) -> Rows:
    """Rows with those of some places emptied."""
    if not len(trapped):
        return rows
    is_trapped = np.zeros(len(rows.made), np.bool_)
    is_trapped[trapped] = True
    return without_entries(rows, is_trapped)._replace(
        rest=np.where(is_trapped, 1.0, rows.rest),
        gap=np.where(is_trapped, _CYCLE, rows.gap).astype(np.int8),
    )
