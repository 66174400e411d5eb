"""Use case: who and what to look at first, by the probability of an infringing finding within 180 days."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

import numpy as np
from scipy.special import expit

from suyuan.analytics.risk_features import FEATURES
from suyuan.analytics.step_scorecard import StepScorecard
from suyuan.errors import UnknownKindError
from suyuan.graph.divisioncodes import leading_digits, require_division
from suyuan.graph.records import time_text
from suyuan.graph.snapshot import FloatArray
from suyuan.graph.store.base import View
from suyuan.service.disclaimer import NOT_A_FINDING
from suyuan.service.party_findings import PartyFinding
from suyuan.service.party_standing import display_label, records_in_force, standing_of
from suyuan.service.risk_entities import KINDS, POOLED, Entity
from suyuan.service.risk_facts import DatedFacts
from suyuan.service.risk_features import EntityTable
from suyuan.service.risk_fits import RiskModels, Span
from suyuan.service.risk_training import ranked_mask
from suyuan.service.times import microseconds
from suyuan.service.workspace import Workspace
from suyuan.traceback.explanation import Standing

Json = dict[str, Any]

BASE: Final = "base"
INSPECTION_PRIORITY: Final = "inspection priority 重点关注"
OBJECT: Final = (
    "Internal order of inspection (重点关注), no finding about anybody; who is ranked may show a licence, a lawful "
    "source or an error in the data to the authority that holds them."
)
_DIGITS: Final = 12
_QUANTILE: Final = 1.6448536269514722
"""Of the normal law: 90 % of it lies within so many standard deviations."""

_KEPT: Final = 8
"""Rankings that are kept at hand."""

_EVIDENCE: Final = 20
_LOWERING: Final = 3


@dataclass(frozen=True, slots=True)
class RankingRequest:
    """What to rank.

    Parameters
    ----------
    kind : one of KINDS
    division : code; only entities in it or in what it contains (by the leading digits)
    as_of : ISO 8601; the latest date in the data if not given
    top : rows to give, 0 for all
    refit : fit anew whatever is kept
    """

    kind: str
    division: str | None = None
    as_of: str | None = None
    top: int = 0
    refit: bool = False

    def __post_init__(self) -> None:
        require_division(self.division)


class RiskRanking:
    """Rankings of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.models = RiskModels(workspace)
        self._lock = Lock()
        self._whole: OrderedDict[tuple[str, str, int], Json] = OrderedDict()

    def report(self, request: RankingRequest, view: View | None = None) -> Json:
        """``as_of``, ``model``, ``rows``, ``not_ranked``: as `suyuan rank firms --json`.

        Raises
        ------
        ConfigError
            Nothing in the store is dated.
        ParameterError
            ``as_of`` is no time.
        UnknownKindError
        """
        if request.kind not in KINDS:
            raise UnknownKindError(request.kind, KINDS)
        facts = DatedFacts(self.workspace, view or self.workspace.view())
        span = self.models.span(facts)
        given = microseconds("as_of", request.as_of)
        as_of = span.last if given is None else given
        whole = self._report(facts, request.kind, as_of, span, refit=request.refit)
        inside = [
            {**row, "rank": rank}
            for rank, row in enumerate(
                (row for row in whole["rows"] if _within(row["division"], request.division)), start=1
            )
        ]
        return {
            **whole,
            "rows": inside[: request.top] if request.top else inside,
            "ranked": len(inside),
            "not_ranked": [
                one for one, division in whole["not_ranked"] if _within(division, request.division)
            ],
        }

    def _report(self, facts: DatedFacts, kind: str, as_of: int, span: Span, *, refit: bool) -> Json:
        """All rows at a cut-off; made once for a state of the data."""
        key = (self.models.state(facts), kind, as_of)
        with self._lock:
            found = self._whole.get(key)
            if found is not None and not refit:
                self._whole.move_to_end(key)
                return found
            fit = self.models.fit(facts, kind, as_of, span, refit=refit)
            table = self.models.table(facts, kind, as_of)
            ranked = ranked_mask(table).tolist()
            found = self._whole[key] = {
                "as_of": time_text(as_of),
                "kind": kind,
                "note": NOT_A_FINDING,
                "how_to_object": OBJECT,
                "model": _card(fit.card),
                "rows": _rows(table, fit.scorecard),
                "not_ranked": [
                    (one.id, one.division)
                    for one, kept in zip(table.entities, ranked, strict=True)
                    if not kept
                ],
            }
            while len(self._whole) > _KEPT:
                self._whole.popitem(last=False)
            return found


def _within(division: str | None, wanted: str | None) -> bool:
    """Whether a division is the one wanted or lies in it."""
    return wanted is None or (division is not None and division.startswith(leading_digits(wanted)))


def _card(card: Json) -> Json:
    """The model card with times as text."""
    tests = [{**one, "cut_off": time_text(one["cut_off"])} for one in card["back_test"]]
    return {**card, "data_cut_off": time_text(card["data_cut_off"]), "back_test": tests}


def _rows(table: EntityTable, card: StepScorecard) -> list[Json]:
    """Rows by score, then id."""
    chosen = np.flatnonzero(ranked_mask(table))
    values = table.values[chosen]
    contributions = card.contributions(values)
    log_odds = card.base + contributions.sum(axis=1)
    spread = _QUANTILE * card.spread(values)
    scores = 100.0 * expit(log_odds)
    low, high = 100.0 * expit(log_odds - spread), 100.0 * expit(log_odds + spread)
    order = np.lexsort((chosen, -np.round(scores / 100.0, _DIGITS)))
    return [
        _row(
            table,
            int(chosen[row]),
            (float(low[row]), float(scores[row]), float(high[row])),
            contributions[row],
            card.base,
        )
        for row in order.tolist()
    ]


def _row(
    table: EntityTable, place: int, score: tuple[float, float, float], contributions: FloatArray, base: float
) -> Json:
    entity, values = table.entities[place], table.values[place]
    findings = table.findings[place]
    standing = standing_of(_on_itself(entity, findings))
    return {
        "rank": 0,
        "id": entity.id,
        "name": entity.name,
        "division": entity.division,
        "score": score[1],
        "low": min(score[0], score[1]),
        "high": max(score[2], score[1]),
        "standing": standing.value,
        "display_label": _label(table.kind, standing),
        "records_with_findings_in_force": records_in_force(findings),
        "reasons": _reasons(values, contributions, base),
        "would_lower": _lowering(values, contributions, base),
        "evidence": _evidence(entity, findings),
    }


def _on_itself(entity: Entity, findings: Sequence[PartyFinding]) -> list[PartyFinding]:
    """Findings that name the entity: not those on shops a firm runs, or on one of several linked accounts."""
    alone = entity.parties if entity.id.startswith("Actor:") and len(entity.parties) == 1 else ()
    named = {entity.id, *alone}
    return [one for one in findings if one.party in named or one.subject in named]


def _label(kind: str, standing: Standing) -> str:
    """What a row may be called: goods and rights are never more than looked at first, nor is who has no finding."""
    if kind in POOLED or standing is Standing.LEAD:
        return INSPECTION_PRIORITY
    return display_label(standing)


def _reasons(values: FloatArray, contributions: FloatArray, base: float) -> list[Json]:
    """Every contribution by size, and the base last: their sum is the log-odds of the score."""
    order = np.lexsort((np.arange(len(contributions)), -np.abs(np.round(contributions, _DIGITS))))
    reasons = [
        {
            "feature": FEATURES[place].name,
            "contribution": float(contributions[place]),
            "text": FEATURES[place].text(float(values[place])),
        }
        for place in order.tolist()
        if contributions[place] != 0.0
    ]
    text = f"Log-odds before anything is known: {base:+.3f}. 尚无任何信息时的对数几率：{base:+.3f}。"
    return [*reasons, {"feature": BASE, "contribution": base, "text": text}]


def _lowering(values: FloatArray, contributions: FloatArray, base: float) -> list[Json]:
    """What would lower the score most, and to what, were the feature's points gone."""
    total = base + float(contributions.sum())
    order = np.lexsort((np.arange(len(contributions)), -np.round(contributions, _DIGITS)))
    return [
        {
            "feature": FEATURES[place].name,
            "score": 100.0 * float(expit(total - contributions[place])),
            "text": FEATURES[place].lowered,
        }
        for place in order.tolist()
        if contributions[place] > 0.0 and FEATURES[place].lowered
    ][:_LOWERING]


def _evidence(entity: Entity, findings: Sequence[PartyFinding]) -> list[str]:
    """Records to look at: findings that count, the latest first, then listings with the deepest discounts."""
    latest = sorted(findings, key=lambda one: (-(one.day or 0), one.finding))
    cheap = sorted(entity.offers, key=lambda one: (-(one.discount or 0.0), one.id))
    found = [*(one.finding for one in latest), *(one.id for one in cheap)]
    return list(dict.fromkeys(found))[:_EVIDENCE]
