# Compiled by numba: an element of an array is a scalar there, which numpy's type stubs do not say.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false
"""What is left of the doubt about the ends of a case after each answer to a question.

An answer changes the row of one movement and its share in the rows of others. As long as no unit comes to these rows
twice, what it does to the ends is worked out from where a unit on each place ends, without running the mass again.
Answers differ in few groups of predecessors, so that each is told by what it changes in the last one.
"""

from typing import Final, NamedTuple

import numpy as np

from suyuan.graph.compiled import compiled
from suyuan.graph.snapshot import FloatArray, Int32Array, Int64Array
from suyuan.traceback.inlining import inlined
from suyuan.traceback.massflow import Ends, put_ends
from suyuan.traceback.massgraph import Rows

NEGLIGIBLE: Final = 1e-12
"""Shares up to here are rounding: nothing agrees."""


class PartOfEnds(NamedTuple):
    """Some of the ends of a case, from ``low``: their mass, and where a unit on each place ends: (places, ends)."""

    ends: Ends
    low: int
    mass: FloatArray
    where: FloatArray


class Changed(NamedTuple):
    """What answers change, as in :class:`suyuan.traceback.questions.Question`, with the mass behind it.

    Parameters
    ----------
    far, mass : place and mass of each predecessor; ``group`` and ``factor`` as in the question.
    place, carries : of the movement, where it has one place, and all its mass.
    near, share, given : the places of the rows it is in, its share in each, their mass; ``raised`` as in the question.
    """

    far: Int32Array
    mass: FloatArray
    group: Int64Array
    factor: FloatArray
    place: int
    carries: float
    near: Int32Array
    share: FloatArray
    given: FloatArray
    raised: FloatArray


@compiled
def by_predecessors(rows: Rows, part: PartOfEnds, places: Int32Array) -> FloatArray:
    """Where a unit on each of some places ends by way of its predecessors: shape (places, ends)."""
    width = len(part.mass)
    found, own = np.empty((len(places), width)), np.empty(width)
    for i in range(len(places)):
        own[:] = 0.0
        put_ends(own, rows, part.ends, places[i], part.low, part.low + width)
        for k in range(width):
            found[i, k] = part.where[places[i], k] - own[k]
    return found


@compiled
def by_group(part: PartOfEnds, changed: Changed) -> tuple[FloatArray, FloatArray]:
    """Mass that comes from each group of predecessors, and where it ends."""
    n_groups, width = changed.factor.shape[1], len(part.mass)
    mass, ends = np.zeros(n_groups), np.zeros((n_groups, width))
    for i in range(len(changed.far)):
        group, amount, far = changed.group[i], changed.mass[i], changed.far[i]
        mass[group] += amount
        for k in range(width):
            ends[group, k] += amount * part.where[far, k]
    return mass, ends


@compiled
def rows_after(part: PartOfEnds, changed: Changed) -> FloatArray:
    """How where the mass of the movement ends differs after each answer: shape (answers, ends)."""
    mass, ends = by_group(part, changed)
    factor, width = changed.factor, len(part.mass)
    n_answers, n_groups = factor.shape
    moved, total = np.zeros((n_answers, width)), mass.sum()
    last, last_sum = np.zeros(width), 0.0
    for group in range(n_groups):
        last_sum += factor[n_answers - 1, group] * mass[group]
        for k in range(width):
            last[k] += factor[n_answers - 1, group] * ends[group, k]
    for answer in range(n_answers):
        row, left = moved[answer], last_sum
        row[:] = last
        for group in range(n_groups):
            more = factor[answer, group] - factor[n_answers - 1, group]
            if more != 0.0:
                left += more * mass[group]
                for k in range(width):
                    row[k] += more * ends[group, k]
        agrees = left > NEGLIGIBLE * total
        for k in range(width):
            row[k] = row[k] * (total / left) if agrees else 0.0
        for group in range(n_groups if agrees else 0):
            for k in range(width):
                row[k] -= ends[group, k]
    return moved


@inlined
def raised_by(rows: Rows, changed: Changed, answer: int, number: int) -> tuple[float, float]:
    """By what an answer multiplies what other predecessors give to a row that the movement is in, and what it gives."""
    near, share, raised = changed.near[number], changed.share[number], changed.raised[answer, number]
    scale = 1.0 + (raised - 1.0) * share / (1.0 - rows.rest[near] - rows.lost[near])
    if scale <= NEGLIGIBLE:
        return 1.0, 1.0
    return 1.0 / scale, raised / scale


@compiled
def put_raised(after: FloatArray, moved: FloatArray, rows: Rows, part: PartOfEnds, changed: Changed) -> None:
    """Add what answers change in the rows that the movement is in, and what comes to it by them."""
    width, place, given = len(part.mass), changed.place, changed.given
    n_answers, n_near = changed.raised.shape
    others = by_predecessors(rows, part, changed.near)
    by_rows = 0.0
    for i in range(n_near):
        by_rows += given[i] * changed.share[i]
        for k in range(width):
            others[i, k] -= changed.share[i] * part.where[place, k]
    unchanged = (changed.carries - by_rows) / changed.carries
    last, last_own = np.zeros(width), -by_rows
    for i in range(n_near):
        of_others, of_own = raised_by(rows, changed, n_answers - 1, i)
        last_own += given[i] * of_own * changed.share[i]
        for k in range(width):
            last[k] += given[i] * (of_others - 1.0) * others[i, k]
    for answer in range(n_answers):
        row, to_own = last.copy(), last_own
        for i in range(n_near):
            if changed.raised[answer, i] == changed.raised[n_answers - 1, i]:
                continue
            of_others, of_own = raised_by(rows, changed, answer, i)
            other, other_own = raised_by(rows, changed, n_answers - 1, i)
            to_own += given[i] * (of_own - other_own) * changed.share[i]
            for k in range(width):
                row[k] += given[i] * (of_others - other) * others[i, k]
        by_movement = unchanged + (to_own + by_rows) / changed.carries
        for k in range(width):
            after[answer, k] += row[k] + to_own * part.where[place, k] + by_movement * moved[answer, k]


@compiled
def bits_after(rows: Rows, part: PartOfEnds, changed: Changed) -> FloatArray:
    """Entropy, base 2, of this part of the ends after each answer."""
    moved = rows_after(part, changed)
    after = np.empty_like(moved)
    for answer in range(len(moved)):
        after[answer] = part.mass
        if len(changed.near) == 0:
            after[answer] += moved[answer]
    if len(changed.near) > 0:
        put_raised(after, moved, rows, part, changed)
    bits = np.zeros(len(moved))
    for answer in range(len(moved)):
        for k in range(len(part.mass)):
            if after[answer, k] > 0.0:
                bits[answer] -= after[answer, k] * np.log2(after[answer, k])
    return bits
