"""What to inspect next: the records whose content would tell most about the origin of a case.

The expected gain of a question, in bits, is H(origins and gaps) - sum over answers a of p(a) * H(after a). Only the
rows of the movement in question change with an answer (:mod:`suyuan.traceback.questions`), so what it does to all
ends is linear in where a unit on each predecessor would end; that is worked out once for all questions. Movements
on circles are the exception: there the mass is run again for every answer.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
from scipy import sparse

from suyuan.graph.snapshot import FloatArray, Int32Array, Int64Array
from suyuan.traceback.chainends import ORIGIN, ChainEnds, ends_of_chains, masses_at
from suyuan.traceback.explanation import Inspection
from suyuan.traceback.massflow import Flow, absorbed, arrived
from suyuan.traceback.massgraph import MassGraph
from suyuan.traceback.preparation import Prepared
from suyuan.traceback.questions import LEAST_MASS, Question, mass_after, questions, shares_after
from suyuan.traceback.results import GAPS, Gap

MOST: Final = 20
"""Inspections listed."""

_DIGITS: Final = 12
_LEAST_GAIN: Final = 1e-9
_CELLS: Final = 4_000_000
_NOT_RECORDS: Final = [GAPS.index(gap) for gap in (Gap.HOP_LIMIT, Gap.NODE_LIMIT, Gap.CYCLE)]


def next_inspections(
    prepared: Prepared, graph: MassGraph, flow: Flow, *, most: int = MOST
) -> tuple[Inspection, ...]:
    """The questions that lower the entropy of the origin most, in expectation, best first.

    Equal ones (to 12 digits) by id, then by name of the question. Those without any gain are left out.
    """
    if not len(graph.movement):
        return ()
    ends = ends_of_chains(graph, prepared.snapshot.movements.from_site)
    asked = list(questions(prepared, graph))
    circles = flow.circles
    simple = [one for one in asked if not circles[one.places].any()]
    round_about = [one for one in asked if circles[one.places].any()]
    sites = _unresolved_sites(ends)
    found = [*_of_movements(graph, flow, ends, simple), *_of_circles(graph, flow, ends, round_about)]
    found += _of_sites(prepared, graph, flow, ends, sites)
    worth = [one for one in found if one.expected_gain_bits > _LEAST_GAIN]
    nodes = prepared.snapshot.nodes
    worth.sort(
        key=lambda one: (
            -round(one.expected_gain_bits, _DIGITS),
            nodes[one.kind].id_at(one.position),
            one.question,
        )
    )
    return tuple(worth[:most])


def entropy_bits(probability: FloatArray) -> FloatArray:
    """Entropy, base 2, of each row; what it sums to beyond rounding does not matter.

    Examples
    --------
    >>> float(entropy_bits(np.array([0.5, 0.25, 0.25])))
    1.5
    """
    filled = np.maximum(probability, 0.0)
    return -(filled * np.log2(np.where(filled > 0.0, filled, 1.0))).sum(axis=-1)


def _of_movements(
    graph: MassGraph, flow: Flow, ends: ChainEnds, asked: list[Question]
) -> Iterable[Inspection]:
    if not asked:
        return
    changed = _differences(graph, asked)
    after = np.maximum(ends.probability + _ends_from(graph, flow, ends, changed), 0.0)
    low = 0
    for question in asked:
        high = low + len(question.weight)
        yield _gain(ends, question, after[low:high])
        low = high


def _differences(graph: MassGraph, asked: list[Question]) -> sparse.csr_array:
    """Mass that each answer of each question moves from some predecessors to others: shape (answers, places)."""
    moved: list[FloatArray] = []
    answers: list[Int64Array] = []
    far: list[Int32Array] = []
    count = 0
    for question in asked:
        before, after = mass_after(graph, question)
        n_answers, n_entries = after.shape
        moved.append((after - before).ravel())
        answers.append(np.repeat(np.arange(count, count + n_answers), n_entries))
        far.append(np.tile(graph.rows.far[question.entries], n_answers))
        count += n_answers
    cells = (np.concatenate(answers), np.concatenate(far))
    return sparse.csr_array((np.concatenate(moved), cells), shape=(count, len(graph.mass)))


def _ends_from(graph: MassGraph, flow: Flow, ends: ChainEnds, put: sparse.csr_array) -> FloatArray:
    """Where what is put on places ends: shape (rows of ``put``, ends)."""
    width = max(1, min(ends.ends.count, _CELLS // len(graph.mass)))
    parts = [
        put @ absorbed(graph.rows, flow, ends.ends, low, min(low + width, ends.ends.count))
        for low in range(0, ends.ends.count, width)
    ]
    return np.concatenate(parts, axis=1)


def _gain(ends: ChainEnds, question: Question, after: FloatArray) -> Inspection:
    likely = question.weight / question.weight.sum()
    left = float(likely @ entropy_bits(after))
    gain = float(entropy_bits(ends.probability)) - left
    return Inspection("Shipment", question.movement, question.asks, gain)


def _of_circles(graph: MassGraph, flow: Flow, ends: ChainEnds, asked: list[Question]) -> Iterable[Inspection]:
    """The same where a unit can come to the movement again and again."""
    rows, nowhere = graph.rows, np.zeros(len(graph.mass), np.bool_)
    for question in asked:
        after: list[FloatArray] = []
        for answer in range(len(question.weight)):
            share = rows.share.copy()
            share[question.entries] = shares_after(graph, question, answer)
            changed = rows._replace(share=share)
            mass = arrived(changed, flow, graph.first_mass, nowhere)
            after.append(masses_at(ends.ends, changed, mass))
        yield _gain(ends, question, np.stack(after))


def _unresolved_sites(ends: ChainEnds) -> list[int]:
    """Sites at which so much is unresolved for want of records that it is worth asking for them."""
    wanting = _wants_records(ends)
    sites, place = np.unique(ends.site[wanting], return_inverse=True)
    mass = np.bincount(place, weights=ends.probability[wanting], minlength=len(sites))
    return sites[mass >= LEAST_MASS].tolist()


def _wants_records(ends: ChainEnds) -> np.ndarray:
    return (ends.why != ORIGIN) & ~np.isin(ends.why, _NOT_RECORDS)


def _of_sites(
    prepared: Prepared, graph: MassGraph, flow: Flow, ends: ChainEnds, sites: list[int]
) -> Iterable[Inspection]:
    """Missing inflow: it is split over the origins as the site's recorded goods are.

    Where none of these is known to come from any, as those of the whole case.
    """
    if not sites:
        return
    site_of = prepared.snapshot.movements.from_site[graph.movement]
    leaving = [np.flatnonzero((site_of == site) & ~graph.rows.made) for site in sites]
    put = sparse.csr_array(
        (
            np.concatenate([graph.mass[places] for places in leaving]),
            (np.repeat(np.arange(len(sites)), [len(places) for places in leaving]), np.concatenate(leaving)),
        ),
        shape=(len(sites), len(graph.mass)),
    )
    from_origins = _ends_from(graph, flow, ends, put) * (ends.why == ORIGIN)
    overall = ends.probability * (ends.why == ORIGIN)
    now = float(entropy_bits(ends.probability))
    for site, own in zip(sites, from_origins, strict=True):
        likely = own if own.sum() > _LEAST_GAIN else overall
        if likely.sum() > 0.0:
            left = _entropy_after_inflow(ends, site, likely / likely.sum())
            yield Inspection("Site", site, "inflow", now - left)


def _entropy_after_inflow(ends: ChainEnds, site: int, likely: FloatArray) -> float:
    """Entropy once what is unresolved at a site is split over the origins."""
    gaps = _wants_records(ends) & (ends.site == site)
    after = np.where(gaps, 0.0, ends.probability) + likely * ends.probability[gaps].sum()
    return float(entropy_bits(after))
