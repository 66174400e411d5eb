"""Common origins over HTTP, against the use case."""

import csv
from collections import defaultdict
from pathlib import Path

import pytest

from suyuan.service.origin_groups import GroupRequest, OriginGroups
from suyuan.service.tracing import Tracer
from suyuan.service.workspace import Workspace
from tests.api.client import Client

ORIGINS = """query($cases: [ID!]!, $sources: Int, $asOf: DateTime) {
  origins(cases: $cases, sources: $sources, asOf: $asOf) {
    sources { siteId name posterior share caseIds site { id } }
    falseLeads { caseId probability reason }
    runnersUp { siteId name posterior insteadOfId site { id } }
    ties { sourceId siteIds posterior sites { id } }
    untraced { caseId reason }
    falseShare backgroundCases truncated asOf knownAt snapshot parameters } }"""


def group_of(folder: Path) -> list[str]:
    """Cases of the factory that most cases come from, and one of another."""
    by_factory: dict[str, list[str]] = defaultdict(list)
    with (folder / "simulated" / "truth.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            by_factory[row["factory"]].append(row["case"])
    most, other = sorted(by_factory.values(), key=lambda cases: (-len(cases), cases))[:2]
    return [*most[:4], other[0]]


def test_the_answer_is_the_one_of_the_command_line(
    client: Client, workspace: Workspace, market_folder: Path
) -> None:
    cases = group_of(market_folder)
    found = client.data(ORIGINS, cases=cases)["origins"]
    report = OriginGroups(Tracer(workspace)).report(cases, GroupRequest())
    assert report["sources"]
    assert found["sources"] == [
        {
            "siteId": source["site"],
            "site": {"id": source["site"]},
            "caseIds": source["cases"],
            **{name: source[name] for name in ("name", "posterior", "share")},
        }
        for source in report["sources"]
    ]
    assert found["falseLeads"] == [
        {"caseId": lead["case"], "probability": lead["probability"], "reason": lead["reason"]}
        for lead in report["false_leads"]
    ]
    assert found["runnersUp"] == [
        {
            "siteId": other["site"],
            "site": {"id": other["site"]},
            "insteadOfId": other["instead_of"],
            **{name: other[name] for name in ("name", "posterior")},
        }
        for other in report["runners_up"]
    ]
    assert [(tie["sourceId"], tie["siteIds"]) for tie in found["ties"]] == [
        (tie["source"], tie["sites"]) for tie in report["ties"]
    ]
    assert [case["caseId"] for case in found["untraced"]] == [case["case"] for case in report["untraced"]]
    assert (found["falseShare"], found["backgroundCases"], found["snapshot"], found["parameters"]) == (
        report["false_share"], report["background_cases"], report["snapshot"], report["parameters"],
    )  # fmt: skip


def test_the_number_of_sources_and_as_of_are_taken(client: Client, market_folder: Path) -> None:
    cases = group_of(market_folder)
    two = client.data(ORIGINS, cases=cases, sources=2)["origins"]
    assert len(two["sources"]) == 2
    before = client.data(ORIGINS, cases=cases, asOf="2000")["origins"]
    assert (before["sources"], before["asOf"], before["falseShare"]) == ([], "2000", None)
    assert sorted(case["caseId"] for case in before["untraced"]) == sorted(cases)


@pytest.mark.parametrize(
    ("cases", "more", "code"),
    [
        (["Listing:shop:NONE"], {}, "NOT_FOUND"),
        (["Firm:F9"], {}, "BAD_USER_INPUT"),
        ([], {}, "BAD_USER_INPUT"),
        (["Listing:shop:L9"], {"sources": 0}, "BAD_USER_INPUT"),
        (["Listing:shop:L9"], {"sources": 2}, "BAD_USER_INPUT"),
        (["Listing:shop:L9"] * 1001, {}, "BAD_USER_INPUT"),
        (["Listing:" + "x" * 1001], {}, "BAD_USER_INPUT"),
    ],
)
def test_what_cannot_be_asked_is_said(
    client: Client, cases: list[str], more: dict[str, object], code: str
) -> None:
    assert client.code(ORIGINS, cases=cases, **more) == code


def test_many_groups_in_one_query_are_too_much(client: Client) -> None:
    def query(count: int) -> str:
        fields = (f'o{i}: origins(cases: ["Listing:shop:L9"]) {{ snapshot }}' for i in range(count))
        return "{ " + " ".join(fields) + " }"

    assert len(client.data(query(2))) == 2
    sources = "sources { site { id neighbours(first: 100) { edges { cursor } } } }"
    large = query(15).replace("snapshot", f"snapshot {sources}")
    assert client.code(large) == "QUERY_TOO_COMPLEX"
