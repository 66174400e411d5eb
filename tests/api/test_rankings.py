"""Rankings over HTTP, against the use case."""

import pytest

from suyuan.service.risk_ranking import RankingRequest, RiskRanking
from suyuan.service.workspace import Workspace
from tests.api.client import Client

RANKING = """query($asOf: DateTime, $first: Int, $after: String, $division: String) {
  %s(asOf: $asOf, first: $first, after: $after, division: $division) {
    edges { cursor node { rank entityId name divisionCode score low high standing displayLabel
      reasons { feature contribution text } wouldLower { feature score text } evidence } }
    pageInfo { hasNextPage endCursor } asOf note howToObject totalCount notRankedCount
    model { model dataCutOff horizonDays rows positive cutOffs calibration features backTest } } }"""
AS_OF = "2024-12-15T00:00:00Z"


@pytest.mark.parametrize("kind", ["firm", "seller", "actor", "product", "right", "site"])
def test_the_answer_is_the_one_of_the_command_line(client: Client, workspace: Workspace, kind: str) -> None:
    found = client.data(RANKING % f"{kind}Ranking", asOf=AS_OF, first=3)[f"{kind}Ranking"]
    report = RiskRanking(workspace).report(RankingRequest(f"{kind}s", as_of=AS_OF))
    assert found["totalCount"] == len(report["rows"])
    assert found["notRankedCount"] == len(report["not_ranked"])
    assert "not a finding" in found["note"]
    for edge, row in zip(found["edges"], report["rows"][:3], strict=False):
        node = edge["node"]
        assert (node["rank"], node["entityId"], node["score"]) == (row["rank"], row["id"], row["score"])
        assert (node["low"], node["high"], node["name"]) == (row["low"], row["high"], row["name"])
        assert node["reasons"] == row["reasons"]
        assert (node["standing"], node["displayLabel"]) == (row["standing"], row["display_label"])
    assert found["model"]["horizonDays"] == 180
    assert found["model"]["features"] == report["model"]["features"]


def test_pages_follow_one_another(client: Client) -> None:
    query = RANKING % "sellerRanking"
    whole = client.data(query, asOf=AS_OF, first=7)["sellerRanking"]["edges"]
    first = client.data(query, asOf=AS_OF, first=3)["sellerRanking"]
    after = first["pageInfo"]["endCursor"]
    second = client.data(query, asOf=AS_OF, first=4, after=after)["sellerRanking"]
    assert first["pageInfo"]["hasNextPage"]
    assert [*first["edges"], *second["edges"]] == whole
