"""Fits that do not know some findings say no more of whom they were about."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from suyuan.graph.times import MICROSECONDS_PER_DAY
from suyuan.ingest.run import IngestOptions, ingest
from suyuan.service.risk_entities import FindingIndex, counts
from suyuan.service.risk_facts import DatedFacts, RiskFacts
from suyuan.service.risk_features import EntityTable, FeatureMaker
from suyuan.service.risk_training import CUTOFFS, SPACING_DAYS, Cutoff, fit_risk
from suyuan.service.times import microseconds
from suyuan.service.workspace import Workspace
from suyuan.simulate.market import MarketOptions, simulate_market

AS_OF = microseconds("as_of", "2025-06-01") or 0
MOST = 6
"""Entities of a kind whose findings are taken away in turn, the most probable first."""


@pytest.fixture(scope="module", params=[402, 403])
def facts(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[RiskFacts]]:
    """What was known at the cut-off and at those before it."""
    folder = tmp_path_factory.mktemp("market")
    simulate_market(
        MarketOptions(seed=request.param, sellers=240, movements=2_000, cases=20), folder / "tables"
    )
    for name in ("truth.csv", "truth_actors.csv"):
        (folder / "tables" / name).unlink()
    with Workspace.open(f"sqlite:///{folder / 'market.db'}", create=True) as workspace:
        ingest(workspace.store, [folder / "tables"], IngestOptions())
        dated = DatedFacts(workspace, workspace.view())
        spacing = SPACING_DAYS * MICROSECONDS_PER_DAY
        yield [dated.at(AS_OF - back * spacing) for back in range(CUTOFFS + 1)]


def log_odds(facts: list[RiskFacts], kind: str) -> tuple[EntityTable, dict[str, float]]:
    """Of every entity at the first cut-off, fitted to the others."""
    tables = [FeatureMaker(one).table(kind) for one in facts]
    cutoffs = [Cutoff(one, table) for one, table in zip(facts[1:], tables[1:], strict=True)]
    card = fit_risk(kind, cutoffs, FindingIndex.of(facts[0].findings), AS_OF).scorecard
    names = [one.id for one in tables[0].entities]
    return tables[0], dict(zip(names, card.log_odds(tables[0].values).tolist(), strict=True))


@pytest.mark.parametrize("kind", ["actors", "firms", "sellers"])
def test_taking_findings_away_and_fitting_anew_raises_no_probability(
    facts: list[RiskFacts], kind: str
) -> None:
    table, before = log_odds(facts, kind)
    against = {
        entity.id: {one.finding for one in findings if counts(one)}
        for entity, findings in zip(table.entities, table.findings, strict=True)
    }
    found = sorted((name for name in before if against[name]), key=lambda name: -before[name])[:MOST]
    assert len(found) > 2
    for name in found:
        cleared = [
            replace(one, findings=[row for row in one.findings if row.finding not in against[name]])
            for one in facts
        ]
        assert log_odds(cleared, kind)[1][name] < before[name]
