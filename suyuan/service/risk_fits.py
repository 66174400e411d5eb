"""Fitted scorecards kept in the store: made once for a state of the data and a cut-off, then used again."""

import hashlib
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Final

import pyarrow.compute as pc

from suyuan.analytics.risk_features import STEPS
from suyuan.analytics.step_scorecard import StepScorecard
from suyuan.errors import ConfigError, ConflictError
from suyuan.graph.store.base import View
from suyuan.graph.store.documents import ABSENT, Document
from suyuan.service.actor_runs import actor_runs
from suyuan.service.dated_rows import DatedTables
from suyuan.service.judgements import stored_judgements
from suyuan.service.risk_entities import FindingIndex
from suyuan.service.risk_facts import DatedFacts
from suyuan.service.risk_features import EntityTable, FeatureMaker
from suyuan.service.risk_training import CUTOFFS, Cutoff, Fit, earlier_cutoffs, fit_risk
from suyuan.service.workspace import Workspace

COLLECTION: Final = "risk_fits"
_FORM: Final = 1
"""Form of a kept fit; another one is fitted anew."""

_DATED: Final = {
    "findings": "decided_at",
    "leads": "reported_at",
    "listings": "listed_at",
    "sellers": "opened_at",
    "identifiers": "observed_at",
    "dispatches": "observed_at",
    "shipments": "departed_at",
    "seizures": "at",
    "notices": "at",
}
"""Tables whose rows tell when something happened; the latest is the usual cut-off."""

_HAPPENING: Final = ("findings", "leads", "listings", "shipments", "dispatches")


@dataclass(frozen=True, slots=True)
class Span:
    """First and last time at which something happened, microseconds since 1970 UTC."""

    first: int
    last: int


def span_of(view: View | DatedTables) -> Span:
    """When what a store tells of happened.

    Raises
    ------
    ConfigError
        Nothing is dated.
    """
    lasts: list[int] = []
    firsts: list[int] = []
    for table, column in _DATED.items():
        for batch in view.batches(table, (column,)):
            found = pc.min_max(batch.column(column))
            if found["max"].is_valid:
                lasts.append(found["max"].as_py())
                if table in _HAPPENING:
                    firsts.append(found["min"].as_py())
    if not lasts:
        raise ConfigError(
            "Nothing in the store has a date, so there is no cut-off to rank at; ingest findings, listings or "
            "shipments with their times, or give --as-of."
        )
    return Span(min([*firsts, max(lasts)]), max(lasts))


class RiskModels:
    """Features and fits of one workspace. Safe to share between threads; work is done one at a time."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._lock = Lock()
        self._makers: OrderedDict[tuple[str, int], FeatureMaker] = OrderedDict()
        self._span: tuple[int, Span] | None = None

    def span(self, facts: DatedFacts) -> Span:
        """:func:`span_of` of a view, kept for a state of the data."""
        kept = self._span
        if kept is None or kept[0] != facts.seq:
            kept = self._span = facts.seq, span_of(facts.tables)
        return kept[1]

    def state(self, facts: DatedFacts) -> str:
        """What features rest on: the data, analysts' judgements, and the builds that name actors."""
        documents = self.workspace.store.documents
        said = [(one.id, one.undone_at) for one in stored_judgements(documents)]
        text = repr((facts.seq, said, len(actor_runs(documents))))
        return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()

    def table(self, facts: DatedFacts, kind: str, as_of: int) -> EntityTable:
        """Entities of a kind with their features at a cut-off."""
        with self._lock:
            return self._maker(facts, as_of, self.state(facts)).table(kind)

    def fit(self, facts: DatedFacts, kind: str, as_of: int, span: Span, *, refit: bool = False) -> Fit:
        """The fit kept for this state of the data and cut-off, else a new one, which is kept."""
        documents = self.workspace.store.documents
        kept = documents.get(COLLECTION, _key(kind, as_of))
        state = self.state(facts)
        if kept is not None and not refit and _holds(kept, state):
            return Fit(StepScorecard.from_json(kept.value["scorecard"]), dict(kept.value["card"]))
        fit = self._fitted(facts, kind, as_of, span, state)
        value = {
            "form": _FORM,
            "state": state,
            "fitted_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "scorecard": fit.scorecard.to_json(),
            "card": fit.card,
        }
        # Somebody who was faster fitted the same.
        with suppress(ConflictError):
            documents.put(
                COLLECTION,
                _key(kind, as_of),
                value,
                expected_version=ABSENT if kept is None else kept.version,
            )
        return fit

    def _fitted(self, facts: DatedFacts, kind: str, as_of: int, span: Span, state: str) -> Fit:
        with self._lock:
            findings = FindingIndex.of(self._maker(facts, as_of, state).facts.findings)
            cutoffs: list[Cutoff] = []
            for at in earlier_cutoffs(as_of, span.first):
                maker = self._maker(facts, at, state)
                cutoffs.append(Cutoff(maker.facts, maker.table(kind)))
        return fit_risk(kind, cutoffs, findings, as_of)

    def _maker(self, facts: DatedFacts, as_of: int, state: str) -> FeatureMaker:
        """Features at a cut-off; those of the last fit are kept, as other kinds need them too."""
        key = (state, as_of)
        maker = self._makers.get(key)
        if maker is None:
            maker = self._makers[key] = FeatureMaker(facts.at(as_of))
            while len(self._makers) > CUTOFFS + 1:
                self._makers.popitem(last=False)
        return maker


def _key(kind: str, as_of: int) -> str:
    return f"{kind}@{as_of}"


def _holds(kept: Document, state: str) -> bool:
    """Whether a kept fit is of this state of the data and of the features as they are now."""
    if kept.value.get("form") != _FORM or kept.value.get("state") != state:
        return False
    steps = [[one["name"], one["direction"], list(one["cuts"])] for one in kept.value["scorecard"]["steps"]]
    return steps == [[one.name, one.direction, list(one.cuts)] for one in STEPS]
