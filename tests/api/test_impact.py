"""Forward impact and cut plans over HTTP, against the reports of the command line."""

from collections.abc import Iterator
from typing import Any

import pytest

from suyuan.service.impact import cut_report, impact_report
from suyuan.service.tracing import Tracer, TraceRequest
from suyuan.service.workspace import Workspace
from tests.api.client import Client

IMPACT = """query($start: [ID!]!, $asOf: DateTime) { forwardImpact(start: $start, asOf: $asOf) {
  start rules asOf snapshot parameters countedIn units movements siteCount sellerCount listingCount rightCount truncated
  truncatedCounts { limit count }
  sites(first: 3) { edges { node { siteId name role divisionCode units mass site { id } } } }
  sellers(first: 3) { edges { node { sellerId name divisionCode units mass rule seller { id } } } }
  listings(first: 3) { edges { node { listingId sellerId units mass rule listing { id } } } }
  rights(first: 3) { edges { node { rightId rightType number units mass listings right { id } } } }
  jurisdictions(first: 3) { edges { node { divisionCode units mass sites sellers division { id } } } } } }"""
PAGE = """query($start: [ID!]!, $first: Int, $after: String) { forwardImpact(start: $start) {
  sites(first: $first, after: $after) { edges { cursor node { siteId } }
    pageInfo { hasNextPage hasPreviousPage endCursor } } } }"""
CUT = """query($origins: [ID!]!, $share: Float!) { cutChain(origins: $origins, share: $share) {
  origins share rules countedIn units shareStopped lawfulUnits exact leastClosings method candidates snapshot truncated
  closings { targetId name divisionCode stops shareStopped lawfulUnits target { id } } } }"""


@pytest.fixture(scope="module")
def factory(workspace: Workspace) -> str:
    """The factory of the simulated market from which most shops are reached."""
    tracer, sites = Tracer(workspace), workspace.snapshot().nodes["Site"]
    ids = sorted(one for one in sites.ids.to_pylist() if one.startswith("Site:FAC"))[:4]
    return max(ids, key=lambda one: len(impact_report(tracer, [one], TraceRequest())["sellers"]))


def _nodes(connection: Any) -> list[Any]:
    return [edge["node"] for edge in connection["edges"]]


def test_impact_is_the_one_of_the_command_line(client: Client, workspace: Workspace, factory: str) -> None:
    found = client.data(IMPACT, start=[factory], asOf=None)["forwardImpact"]
    report = impact_report(Tracer(workspace), [factory], TraceRequest(direction="forward"))
    for ours, theirs in (("start", "starts"), ("rules", "rules"), ("snapshot", "snapshot"), ("units", "units"),
                         ("countedIn", "counted_in"),
                         ("parameters", "parameters"), ("movements", "movements")):  # fmt: skip
        assert found[ours] == report[theirs]
    for name, count in (
        ("sites", "siteCount"),
        ("sellers", "sellerCount"),
        ("listings", "listingCount"),
        ("rights", "rightCount"),
    ):
        assert found[count] == len(report[name]) > 0
    for name, key in (("sites", "site"), ("sellers", "seller"), ("listings", "listing"), ("rights", "right"),
                      ("jurisdictions", "division")):  # fmt: skip
        entries = _nodes(found[name])
        assert len(entries) == min(3, len(report[name]))
        for ours, theirs in zip(entries, report[name], strict=False):
            own = ours.get(f"{key}Id", ours.get("divisionCode"))
            assert (own, ours["units"], ours["mass"]) == (theirs[key], theirs["units"], theirs["mass"])
            if key != "division":
                assert ours[key]["id"] == own
            elif own is not None:
                assert ours[key]["id"] == f"Division:{own}"


def _pages(client: Client, factory: str, first: int) -> Iterator[Any]:
    after = None
    while True:
        page = client.data(PAGE, start=[factory], first=first, after=after)["forwardImpact"]["sites"]
        yield page
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


def test_pages_give_every_site_once(client: Client, workspace: Workspace, factory: str) -> None:
    report = impact_report(Tracer(workspace), [factory], TraceRequest())
    ids = [node["siteId"] for page in _pages(client, factory, 40) for node in _nodes(page)]
    assert ids == [entry["site"] for entry in report["sites"]]


def test_a_cursor_of_something_else_is_refused(client: Client, factory: str) -> None:
    for cursor in ("nonsense", "WyJTaXRlOk5PTkUiXQ"):
        assert client.code(PAGE, start=[factory], first=1, after=cursor) == "BAD_USER_INPUT"


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_a_plan_is_the_one_of_the_command_line(
    client: Client, workspace: Workspace, factory: str, share: float
) -> None:
    plan = client.data(CUT, origins=[factory], share=share)["cutChain"]
    report = cut_report(Tracer(workspace), [factory], share, TraceRequest())
    assert plan["origins"] == [factory]
    assert plan["shareStopped"] == report["share_stopped"] >= share - 1e-9
    for ours, theirs in (("exact", "exact"), ("leastClosings", "least_closings"), ("method", "method"),
                         ("units", "units"), ("lawfulUnits", "lawful_units"),
                         ("candidates", "candidates"), ("share", "share")):  # fmt: skip
        assert plan[ours] == report[theirs]
    assert [closing["targetId"] for closing in plan["closings"]] == [one["id"] for one in report["closings"]]
    assert all(closing["target"]["id"] == closing["targetId"] != factory for closing in plan["closings"])


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        (IMPACT, {"start": ["Site:NONE"]}, "NOT_FOUND"),
        (IMPACT, {"start": ["Firm:F9"]}, "BAD_USER_INPUT"),
        (IMPACT, {"start": []}, "BAD_USER_INPUT"),
        (IMPACT, {"start": ["Site:FA9"] * 51}, "BAD_USER_INPUT"),
        (IMPACT, {"start": ["Site:" + "x" * 2000]}, "BAD_USER_INPUT"),
        (CUT, {"origins": ["Site:FA9"], "share": 0.0}, "BAD_USER_INPUT"),
        (CUT, {"origins": ["Site:NONE"], "share": 0.5}, "NOT_FOUND"),
    ],
)
def test_what_cannot_be_answered_is_said(
    client: Client, query: str, variables: dict[str, Any], code: str
) -> None:
    assert client.code(query, **variables) == code


def test_as_of_before_everything_reaches_nothing(client: Client) -> None:
    found = client.data(IMPACT, start=["Site:FA9"], asOf="2025-01-31")["forwardImpact"]
    assert (found["movements"], found["siteCount"], found["units"]) == (0, 0, 0.0)


def test_an_analyst_sees_shops_but_no_person(analyst: Client) -> None:
    found = analyst.data(IMPACT, start=["Site:FA9"], asOf=None)["forwardImpact"]
    assert [node["sellerId"] for node in _nodes(found["sellers"])] == ["Seller:shop:s9"]
    assert [node["rightId"] for node in _nodes(found["rights"])] == ["Right:R9"]
    assert analyst.code(IMPACT, start=["Identifier:phone:+8613900004711"], asOf=None) == "BAD_USER_INPUT"
