"""The middle step of Leiden, compiled: each community is built up again from single nodes, so that it hangs together.

scikit-network's own step moves nodes as long as any gains, in single precision, and may go on for ever where a gain
is nothing but rounding; it also draws from the C library's generator, which no seed of its own reaches. In this one
every node moves at most once.
"""

import numpy as np

from suyuan.graph.compiled import compiled
from suyuan.graph.snapshot import FloatArray, Int32Array


@compiled
def refined(
    label: Int32Array,
    start: Int32Array,
    other: Int32Array,
    tie: FloatArray,
    size: FloatArray,
    resolution: float,
    draw: FloatArray,
) -> Int32Array:
    """Parts of communities, each connected: node v's part is named by one of its nodes.

    Parameters
    ----------
    label : shape (n,), community of each node, in 0 .. n - 1.
    start, other, tie : a symmetric graph in CSR form, ``tie`` summing to 1.
    size : shape (n,), share of all ties that each node has.
    resolution : > 0; greater gives smaller parts.
    draw : shape (n,), numbers in [0, 1) that choose among the parts that a node gains by joining.

    Notes
    -----
    Algorithm A.2, MergeNodesSubset, of Traag, Waltman, van Eck (2019), but that the chance of a part is proportional
    to its gain.
    """
    n = len(label)
    whole, cut = _ties_inside(label, start, other, tie, size)
    part_size = size.copy()
    alone = np.ones(n, np.bool_)
    part = np.arange(n).astype(np.int32)
    weight, gain, near = np.zeros(n), np.zeros(n), np.zeros(n, np.int32)
    for v in range(n):
        around = whole[label[v]]
        if not alone[v] or cut[v] < resolution * size[v] * (around - size[v]):
            continue
        found = _parts_near(v, label, part, start, other, tie, weight, near)
        for k in range(found):
            p = near[k]
            bound = cut[p] >= resolution * part_size[p] * (around - part_size[p])
            gain[k] = max(0.0, weight[p] - resolution * size[v] * part_size[p]) if bound else 0.0
        k = _drawn(gain, found, draw[v])
        if k >= 0:
            p = near[k]
            cut[p] += cut[v] - 2.0 * weight[p]
            part_size[p] += size[v]
            alone[p] = False
            part[v] = p
        for k in range(found):
            weight[near[k]] = 0.0
    return part


@compiled
def _ties_inside(
    label: Int32Array, start: Int32Array, other: Int32Array, tie: FloatArray, size: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Size of each community, and each node's ties with the others of its own."""
    n = len(label)
    whole, cut = np.zeros(n), np.zeros(n)
    for v in range(n):
        whole[label[v]] += size[v]
        for place in range(start[v], start[v + 1]):
            if other[place] != v and label[other[place]] == label[v]:
                cut[v] += tie[place]
    return whole, cut


@compiled
def _parts_near(
    v: int,
    label: Int32Array,
    part: Int32Array,
    start: Int32Array,
    other: Int32Array,
    tie: FloatArray,
    weight: FloatArray,
    near: Int32Array,
) -> int:
    """How many parts of its community a node is tied to; ``near`` names them, ``weight`` holds the ties with each."""
    found = 0
    for place in range(start[v], start[v + 1]):
        w = other[place]
        if w != v and label[w] == label[v]:
            if weight[part[w]] == 0.0:
                near[found] = part[w]
                found += 1
            weight[part[w]] += tie[place]
    return found


@compiled
def _drawn(gain: FloatArray, found: int, draw: float) -> int:
    """Place of one gain above 0, drawn in proportion; -1 if there is none."""
    left = draw * gain[:found].sum()
    chosen = -1
    for k in range(found):
        if gain[k] > 0.0:
            chosen = k
            left -= gain[k]
            if left < 0.0:
                break
    return chosen
