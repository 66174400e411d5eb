"""What to inspect next: the records whose content would tell most about the origin of a case.

The expected gain of a question, in bits, is H(origins and gaps) - sum over answers a of p(a) * H(after a). Only the
rows of the movement in question change with an answer, and those of the movements that it feeds
(:mod:`suyuan.traceback.questions`), so what it does to all ends follows from where a unit on each place would end;
that is worked out once for all questions. Where goods can come to these rows more than once the mass is run again for
every answer.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np

from suyuan.graph.snapshot import BoolArray, FloatArray, Int32Array
from suyuan.traceback.answers import NEGLIGIBLE, Changed, PartOfEnds, bits_after, by_predecessors
from suyuan.traceback.chainends import ChainEnds, ends_of_chains, masses_at
from suyuan.traceback.explanation import Inspection
from suyuan.traceback.massflow import Flow, absorbed, arrived, passed_from
from suyuan.traceback.massgraph import MassGraph
from suyuan.traceback.outcomes import summed
from suyuan.traceback.preparation import Prepared
from suyuan.traceback.questions import LEAST_MASS, Question, questions, row_mass, shares_after
from suyuan.traceback.results import GAPS, Gap

MOST: Final = 20
"""Inspections listed."""

_DIGITS: Final = 12
_LEAST_GAIN: Final = 1e-9
_CELLS: Final = 4_000_000
_NOT_RECORDS: Final = [GAPS.index(gap) for gap in (Gap.HOP_LIMIT, Gap.NODE_LIMIT, Gap.CYCLE)]


class _Missing(NamedTuple):
    """A site at which records are missing: by which places goods left it, and how much of each records would tell."""

    site: int
    places: Int32Array
    told: FloatArray


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
    again = [_comes_again(graph, flow, circles, one) for one in asked]
    simple = [one for one, round_about in zip(asked, again, strict=True) if not round_about]
    round_about = [one for one, comes in zip(asked, again, strict=True) if comes]
    missing = _missing_inflows(prepared, graph)
    found = [*_of_circles(graph, flow, ends, round_about), *_linear(graph, flow, ends, simple, missing)]
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


def _linear(
    graph: MassGraph, flow: Flow, ends: ChainEnds, asked: list[Question], missing: list[_Missing]
) -> Iterable[Inspection]:
    """Gains of questions whose answers change what ends where in proportion; some ends at a time."""
    if not asked and not missing:
        return
    left = [np.zeros(len(question.weight)) for question in asked]
    changed = [_changed(graph, question) for question in asked]
    left_of_sites = np.zeros(len(missing))
    width = max(1, min(ends.ends.count, _CELLS // len(graph.mass)))
    for low in range(0, ends.ends.count, width):
        part = _part_of_ends(graph, flow, ends, low, min(low + width, ends.ends.count))
        for one, bits in zip(changed, left, strict=True):
            bits += bits_after(graph.rows, part, one)
        for number, site in enumerate(missing):
            left_of_sites[number] += entropy_bits(_after_inflow(graph, part, site))
    now = float(entropy_bits(ends.probability))
    for question, bits in zip(asked, left, strict=True):
        gain = now - float(question.weight @ bits) / float(question.weight.sum())
        yield Inspection("Shipment", question.movement, question.asks, gain)
    for site, bits in zip(missing, left_of_sites.tolist(), strict=True):
        yield Inspection("Site", site.site, "inflow", now - bits)


def _part_of_ends(graph: MassGraph, flow: Flow, ends: ChainEnds, low: int, high: int) -> PartOfEnds:
    where = absorbed(graph.rows, flow, ends.ends, low, high)
    return PartOfEnds(ends.ends, low, ends.probability[low:high], where)


def _changed(graph: MassGraph, question: Question) -> Changed:
    rows = graph.rows
    return Changed(
        far=rows.far[question.entries],
        mass=row_mass(graph, question),
        group=question.group,
        factor=question.factor,
        place=int(question.places[0]),
        carries=float(graph.mass[question.places].sum()),
        near=question.near,
        share=rows.share[question.fed],
        given=graph.mass[question.near],
        raised=question.raised,
    )


def _comes_again(graph: MassGraph, flow: Flow, circles: BoolArray, question: Question) -> bool:
    """Whether a unit can come to what an answer changes more than once: then the change is not in proportion."""
    if circles[question.places].any():
        return True
    if not len(question.fed):
        return False
    stops = np.zeros(len(graph.mass), np.bool_)
    stops[question.near] = True
    come = arrived(graph.rows, flow, passed_from(graph.rows, graph.mass, question.near), stops)
    return bool(come[question.near].any())


def _of_circles(graph: MassGraph, flow: Flow, ends: ChainEnds, asked: list[Question]) -> Iterable[Inspection]:
    """The same where a unit can come to the movement again and again: the mass is run again for every answer."""
    rows, nowhere = graph.rows, np.zeros(len(graph.mass), np.bool_)
    now = float(entropy_bits(ends.probability))
    for question in asked:
        left = 0.0
        for answer, weight in enumerate((question.weight / question.weight.sum()).tolist()):
            changed = rows._replace(share=shares_after(graph, question, answer))
            mass = arrived(changed, flow, graph.first_mass, nowhere)
            left += weight * float(entropy_bits(masses_at(ends.ends, changed, mass)))
        yield Inspection("Shipment", question.movement, question.asks, now - left)


def _missing_inflows(prepared: Prepared, graph: MassGraph) -> list[_Missing]:
    """Sites at which so much is unresolved for want of records that it is worth asking for them.

    The floor of the model is no such want: that much stays unresolved at a site whatever is recorded there.
    """
    rows, site = graph.rows, prepared.snapshot.movements.from_site[graph.movement]
    floor = prepared.mixing.floor[prepared.mixing.role[site] + 1]
    told = graph.mass * np.where(np.isin(rows.gap, _NOT_RECORDS), 0.0, np.maximum(rows.rest - floor, 0.0))
    sites, amount = summed(site.astype(np.int64), told)
    return [
        _Missing(int(one), places, told[places])
        for one in sites[amount >= LEAST_MASS]
        for places in (np.flatnonzero((site == one) & (graph.mass > 0.0) & ~rows.made).astype(np.int32),)
    ]


def _after_inflow(graph: MassGraph, part: PartOfEnds, missing: _Missing) -> FloatArray:
    """What ends where once missing inflow is recorded: it came from where the site's recorded goods did.

    Where none are recorded, from where the rest of the case did.
    """
    rows, places = graph.rows, missing.places
    mass, amount = graph.mass[places], missing.told.sum()
    gaps = np.zeros(len(part.mass))
    column = part.ends.rest[places] - part.low
    here = (column >= 0) & (column < len(gaps)) & (part.ends.rest[places] >= 0)
    np.add.at(gaps, column[here], missing.told[here])
    recorded = mass @ (1.0 - rows.rest[places] - rows.lost[places])
    if recorded > NEGLIGIBLE:
        likely = mass @ by_predecessors(rows, part, places) / recorded
    elif amount < 1.0 - NEGLIGIBLE:
        likely = (part.mass - gaps) / (1.0 - amount)
    else:
        return part.mass
    return part.mass - gaps + amount * likely
