"""Actors as lists: who they are, which pairs bind them, and which pairs a person should look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
from scipy import sparse
from scipy.sparse import csgraph

from suyuan.analytics.actors import ActorResolution
from suyuan.analytics.candidates import bits_of_probability
from suyuan.graph.records import time_text
from suyuan.graph.snapshot import BoolArray, Int64Array
from suyuan.service.actor_reasons import Shared, shared
from suyuan.service.actors import ActorState, actor_state
from suyuan.service.judgements import judgement_json
from suyuan.service.party_findings import PartyFinding, party_findings
from suyuan.service.party_standing import (
    LINKED_ACCOUNTS,
    display_label,
    findings_by_party,
    record_standings,
    records_in_force,
    standing_of_linked,
)
from suyuan.service.workspace import Workspace

UNCERTAIN: Final = (0.05, 0.995)
"""Match probabilities between which a person can still change what is believed."""

_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class PairLink:
    """Two records that share something, with the waterfall of reasons.

    left, right : ids in order.
    bits : log2 odds, the prior included: ``prior_bits`` and the bits of the reasons add up to it.
    """

    left: str
    right: str
    match_probability: float
    bits: float
    prior_bits: float
    reasons: tuple[Shared, ...]

    def to_json(self) -> dict[str, Any]:
        """As commands print it."""
        return {
            "a": self.left,
            "b": self.right,
            "match_probability": round(self.match_probability, _DIGITS),
            "bits": self.bits,
            "prior_bits": self.prior_bits,
            "reasons": [reason.to_json() for reason in self.reasons],
        }


def actor_links(
    resolution: ActorResolution, members: Sequence[str], first: int, *, personal: bool = True
) -> list[PairLink]:
    """Pairs of some records that share something, most probable first, then by ids; at most ``first``."""
    among = np.isin(np.asarray(resolution.evidence.records), np.array(members, object))
    found = resolution.candidates
    rows = np.flatnonzero(among[found.left] & among[found.right])
    order = np.lexsort((found.right[rows], found.left[rows], -_rounded(resolution)[rows]))
    return [_link(resolution, row, personal=personal) for row in rows[order][:first].tolist()]


def _rounded(resolution: ActorResolution) -> Any:
    return np.round(resolution.candidates.match_probability, _DIGITS)


def _link(resolution: ActorResolution, row: int, *, personal: bool = True) -> PairLink:
    found = resolution.candidates
    left, right = (resolution.evidence.records[int(side[row])].as_py() for side in (found.left, found.right))
    reasons = tuple(shared(reason, personal=personal) for reason in resolution.reasons(left, right))
    bits, prior = float(found.bits[row]), resolution.settings.prior_bits
    return PairLink(left, right, float(found.match_probability[row]), bits, prior, reasons)


def actor_standing(members: Sequence[str], findings: Mapping[str, Sequence[PartyFinding]]) -> dict[str, Any]:
    """What an actor may be called, what findings say of each member, and on how many one is in force."""
    standing = standing_of_linked(members, findings)
    return {
        "standing": standing.value,
        "display_label": display_label(standing, LINKED_ACCOUNTS),
        "record_standings": record_standings(members, findings),
        "records_with_findings_in_force": records_in_force(
            one for member in members for one in findings.get(member, ())
        ),
    }


_findings: WeakKeyDictionary[Workspace, tuple[int, dict[str, list[PartyFinding]]]] = WeakKeyDictionary()


def findings_now(workspace: Workspace) -> dict[str, list[PartyFinding]]:
    """Findings by the party they fall on, read once for each state of the store."""
    view = workspace.view()
    known = _findings.get(workspace)
    if known is None or known[0] != view.seq:
        known = _findings[workspace] = view.seq, findings_by_party(party_findings(view))
    return known[1]


def actor_list(workspace: Workspace, top: int = 0, as_of: int | None = None) -> dict[str, Any]:
    """Actors of two or more records, largest first, then by id; at most ``top``, 0 for all.

    Parameters
    ----------
    as_of : microseconds since 1970 UTC; nothing dated later is seen, and judgements count that held then
    """
    state = actor_state(workspace, as_of)
    view = workspace.view()
    joined = [(actor, members) for actor, members in state.resolution.actors() if len(members) > 1]
    joined.sort(key=lambda one: (-len(one[1]), one[0]))
    chosen = joined[:top] if top else joined
    findings = findings_now(workspace) if as_of is None else findings_by_party(party_findings(view, as_of))
    nodes = view.nodes([member for _, members in chosen for member in members])
    rows: list[dict[str, Any]] = []
    for actor, members in chosen:
        names = [nodes[member].properties.get("name") if member in nodes else None for member in members]
        rows.append(
            {
                "id": actor,
                "size": len(members),
                **actor_standing(members, findings),
                "members": list(members),
                "names": names,
            }
        )
    return {"as_of": None if as_of is None else time_text(as_of), "actors": rows, "total": len(joined)}


def review_list(workspace: Workspace, top: int = 0) -> dict[str, Any]:
    """Pairs that a person should look at, the most uncertain first, and judgements that newer ones overrule.

    Of two actors the most probable pair is asked about, and within an actor the pairs without which it would fall
    apart. Pairs that judgements settle are left out, but for those that the evidence would join and a judgement holds
    apart: ``held_apart``.
    """
    state = actor_state(workspace)
    rows = _questions(state)
    chosen = rows[:top] if top else rows
    resolution = state.resolution
    held = _held_apart(resolution)
    pairs: list[dict[str, Any]] = []
    for row in chosen.tolist():
        link = _link(resolution, row)
        together = (
            resolution.cluster[resolution.candidates.left[row]]
            == resolution.cluster[resolution.candidates.right[row]]
        )
        pairs.append(
            {
                **link.to_json(),
                "together": bool(together),
                "held_apart": bool(held[row]),
                "actors": [resolution.actor_of(link.left), resolution.actor_of(link.right)],
            }
        )
    stored = {one.id: one for one in state.stored}
    overruled = [judgement_json(stored[one.judgement_id], state.verdicts) for one in state.verdicts.overruled]
    return {
        "threshold_match_probability": resolution.settings.threshold_match_probability,
        "pairs": pairs,
        "total": len(rows),
        "overruled": overruled,
    }


def _questions(state: ActorState) -> Int64Array:
    """Rows of the pairs to ask about, the most uncertain first, then by ids."""
    resolution = state.resolution
    found, cluster = resolution.candidates, resolution.cluster
    threshold = float(bits_of_probability(np.array([resolution.settings.threshold_match_probability]))[0])
    apart = cluster[found.left] != cluster[found.right]
    rows = np.concatenate([_strongest_between(resolution, apart), _binding(resolution, ~apart)])
    rows = np.sort(rows)
    probability = found.match_probability[rows]
    uncertain = (probability >= UNCERTAIN[0]) & (probability <= UNCERTAIN[1])
    rows = rows[uncertain | _held_apart(resolution)[rows]]
    rows = rows[~_settled(state, rows)]
    order = np.lexsort((rows, np.round(np.abs(found.bits[rows] - threshold), 9)))
    return rows[order]


def _held_apart(resolution: ActorResolution) -> BoolArray:
    """Pairs that the evidence would join and judgements keep apart."""
    found, cluster = resolution.candidates, resolution.cluster
    probable = found.match_probability >= resolution.settings.threshold_match_probability
    return probable & (cluster[found.left] != cluster[found.right])


def _strongest_between(resolution: ActorResolution, apart: BoolArray) -> Int64Array:
    """Of each two actors the row of the most probable pair."""
    found, cluster = resolution.candidates, resolution.cluster
    rows = np.flatnonzero(apart)
    one, other = cluster[found.left[rows]], cluster[found.right[rows]]
    low, high = np.minimum(one, other), np.maximum(one, other)
    order = np.lexsort((rows, -np.round(found.bits[rows], 9), high, low))
    low, high = low[order], high[order]
    first = np.ones(len(order), np.bool_)
    first[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    return rows[order[first]]


def _binding(resolution: ActorResolution, together: BoolArray) -> Int64Array:
    """Rows of the strongest pairs that hold each actor together: a tree, so that each is the only way it can be."""
    found = resolution.candidates
    threshold = resolution.settings.threshold_match_probability
    rows = np.flatnonzero(together & (found.match_probability >= threshold))
    if not len(rows):
        return rows
    n = len(resolution.cluster)
    weight = found.bits[rows].max() + 1.0 - found.bits[rows]
    graph = sparse.coo_array((weight, (found.left[rows], found.right[rows])), shape=(n, n)).tocsr()
    tree = csgraph.minimum_spanning_tree(graph).tocoo()
    chosen = np.minimum(tree.row, tree.col).astype(np.int64) * n + np.maximum(tree.row, tree.col)
    keys = found.left[rows].astype(np.int64) * n + found.right[rows]
    return rows[np.isin(keys, chosen)]


def _settled(state: ActorState, rows: Int64Array) -> BoolArray:
    """Pairs that judgements decide; those that the evidence would join and a judgement holds apart are not settled."""
    resolution, verdicts = state.resolution, state.verdicts
    if not (verdicts.same or verdicts.different):
        return np.zeros(len(rows), np.bool_)
    found, records = resolution.candidates, resolution.evidence.records
    left = records.take(pa.array(found.left[rows])).to_pylist()
    right = records.take(pa.array(found.right[rows])).to_pylist()
    said = [verdicts.verdict(a, b) is not None for a, b in zip(left, right, strict=True)]
    return np.array(said, np.bool_) & ~_held_apart(resolution)[rows]
