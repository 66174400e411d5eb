"""The part of the mixing model that one case touches, and the mass on it."""

from typing import NamedTuple

import numpy as np

from suyuan.graph.snapshot import BoolArray, FloatArray, Int8Array, Int32Array, Int64Array


class Rows(NamedTuple):
    """The part of the model that a case touches, by place in the order of visits.

    The row of place i is ``far[start[i]:start[i + 1]]`` (places) with ``share``. ``made[i]``: the goods are
    made where the movement leaves, all mass stops there. ``rest[i]`` is the share without predecessor, for
    the reason ``gap[i]``; ``lost[i]`` the share that the node limit cut off.
    """

    start: Int64Array
    far: Int32Array
    share: FloatArray
    made: BoolArray
    rest: FloatArray
    gap: Int8Array
    lost: FloatArray


def without_entries(rows: Rows, emptied: BoolArray) -> Rows:
    """The rows with those of some places emptied; what these places do instead is the caller's to say."""
    sizes = np.diff(rows.start)
    kept = np.repeat(~emptied, sizes)
    start = np.concatenate([[0], np.cumsum(np.where(emptied, 0, sizes))])
    return rows._replace(start=start, far=rows.far[kept], share=rows.share[kept])


class MassGraph(NamedTuple):
    """Movements that mass reached, in the order of visits, with their rows and the mass on each."""

    movement: Int32Array
    rows: Rows
    first_mass: FloatArray
    mass: FloatArray
    cut_by_hops: int
    cut_by_nodes: int
