"""Networks over HTTP, against the reports of the command line."""

from typing import Any

from suyuan.service.network_report import NetworkRequest, network_document, network_number, network_rows
from suyuan.service.networks import networks_of
from suyuan.service.workspace import Workspace
from tests.api.client import Client

LIST = """query($first: Int, $after: String, $division: String, $least: Int, $order: NetworkOrder) {
  offenderNetworks(first: $first, after: $after, division: $division, minFindings: $least, orderBy: $order) {
    edges { node { id actorIds accountIds repeatOffenders findings findingsInForce standing displayLabel
      repeat { actor findingDays tiedBy } } }
    pageInfo { hasNextPage endCursor } } }"""
ONE = """query($id: ID!) { offenderNetwork(id: $id) { id accounts { id } growth { isNew }
  members { actorId role standing recordIds
    recordsWithFindingsInForce recordStandings { recordId standing displayLabel } }
  ties(first: 100) { fromActor toActor kind weight first evidence { kind record } evidenceCount }
  edgesTable { from to kind weight first last } } }"""


def _nodes(answer: Any) -> list[Any]:
    return [edge["node"] for edge in answer["offenderNetworks"]["edges"]]


def test_pages_are_the_list_of_the_command_line(client: Client, workspace: Workspace) -> None:
    rows = network_rows(networks_of(workspace), NetworkRequest(min_findings=1))
    found: list[Any] = []
    after: str | None = None
    while True:
        page = client.data(LIST, first=2, after=after, least=1)
        found += _nodes(page)
        after = page["offenderNetworks"]["pageInfo"]["endCursor"]
        if not page["offenderNetworks"]["pageInfo"]["hasNextPage"]:
            break
    assert [(one["id"], one["accountIds"], one["findings"]) for one in found] == [
        (row["id"], row["accounts"], row["findings"]) for row in rows
    ]
    assert {one["standing"] for one in found if len(one["actorIds"]) > 1} == {"LEAD"}
    assert _nodes(client.data(LIST, order="ID", division="00")) == []


def test_one_network_with_its_ties(client: Client, workspace: Workspace) -> None:
    networks = networks_of(workspace)
    row = max(network_rows(networks, NetworkRequest()), key=lambda row: len(row["actors"]))
    found = client.data(ONE, id=row["accounts"][0])["offenderNetwork"]
    report = network_document(networks, network_number(networks, row["id"]))
    assert found["id"] == row["id"]
    assert [one["id"] for one in found["accounts"]] == row["accounts"]
    assert [one["actorId"] for one in found["members"]] == row["actors"]
    for told, member in zip(found["members"], report["members"], strict=True):
        assert [one["recordId"] for one in told["recordStandings"]] == told["recordIds"]
        assert told["recordsWithFindingsInForce"] == member["records_with_findings_in_force"]
    table = found["edgesTable"]
    assert list(zip(table["from"], table["to"], table["kind"], table["weight"], strict=True)) == [
        (tie["from"], tie["to"], tie["kind"].upper(), tie["weight"]) for tie in report["ties"]
    ]
    assert len(found["ties"]) == min(100, len(report["ties"])) > 0


def test_values_of_identifiers_are_withheld(client: Client, analyst: Client) -> None:
    clear, masked = (_nodes(one.data(LIST, first=100)) for one in (client, analyst))
    told = [
        text for one in clear for row in one["repeat"] for text in row["tiedBy"] if text.startswith("phone:")
    ]
    assert told
    assert {
        text for one in masked for row in one["repeat"] for text in row["tiedBy"] if text.startswith("phone:")
    } == {"phone:***"}


def test_what_is_asked_wrongly(client: Client) -> None:
    assert client.data(ONE, id="Network:none")["offenderNetwork"] is None
    assert client.code(LIST, division="浙江") == "BAD_USER_INPUT"
    assert client.code(LIST, after="x") == "BAD_USER_INPUT"
