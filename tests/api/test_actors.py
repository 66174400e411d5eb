"""Actors and judgements over HTTP."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from suyuan.ingest.run import IngestOptions, ingest
from suyuan.service.actor_building import build_actors
from suyuan.service.tokens import create_token
from suyuan.service.workspace import Workspace
from tests.api.client import Client
from tests.api.persons import SECRETS, write_tables

ACTOR = """query($id: ID!) { actor(id: $id) { id memberIds standing displayLabel
  members { id displayName ... on Person { name } }
  links(first: 20) { a b matchProbability bits priorBits reasons { kind value bits owners hubProbability text } }
  judgements { id a b verdict by why state undoneBy }
  history { run happened recordIds otherActorId judgementIds } } }"""
STANDING = """query($id: ID!) { actor(id: $id) { standing displayLabel recordsWithFindingsInForce
  recordStandings { recordId standing displayLabel } } }"""
JUDGE = """mutation($a: ID!, $b: ID!, $verdict: Verdict!, $why: String!) {
  judge(a: $a, b: $b, verdict: $verdict, why: $why) {
    judgement { id by why state } actors { id memberIds } errors { code message field } } }"""
UNDO = """mutation($id: ID!, $why: String!) { undoJudgement(id: $id, why: $why) {
    judgement { id state undoneBy } actors { memberIds } errors { code message field } } }"""
SHOP, FIRM, PERSON = "Seller:shop:s9", "Firm:F9", "Person:PE9"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Workspace]:
    write_tables(tmp_path / "persons")
    with Workspace.open(f"sqlite:///{tmp_path / 'persons.db'}", create=True) as workspace:
        ingest(workspace.store, [tmp_path / "persons"], IngestOptions())
        build_actors(workspace)
        yield workspace


@pytest.fixture
def own(opened: Workspace, served: Callable[..., Client]) -> Client:
    return served(opened)


@pytest.fixture
def with_role(opened: Workspace, own: Client) -> Callable[[str], Client]:
    """A caller of a role beside the machine's own user."""

    def make(role: str) -> Client:
        _, token = create_token(opened.store.documents, f"test-{role}", role, 1)
        return Client(own._http, token)  # pyright: ignore[reportPrivateUsage]

    return make


def _actor(client: Client, node_id: str) -> Any:
    return client.data(ACTOR, id=node_id)["actor"]


def test_an_actor_by_its_id_or_a_record(own: Client) -> None:
    actor = _actor(own, SHOP)
    assert actor["memberIds"] == [FIRM, PERSON, SHOP]
    assert [member["id"] for member in actor["members"]] == actor["memberIds"]
    assert _actor(own, actor["id"]) == actor
    assert (actor["standing"], actor["displayLabel"]) == ("LEAD", "linked accounts 关联主体")
    assert actor["history"][0]["recordIds"] == actor["memberIds"]
    for link in actor["links"]:
        added = link["priorBits"] + sum(reason["bits"] for reason in link["reasons"])
        assert added == pytest.approx(link["bits"])
    for unknown in ("Actor:0000000000000000", "Seller:shop:none"):
        assert _actor(own, unknown) is None
    assert own.code(ACTOR, id="Nonsense:1") == "BAD_USER_INPUT"


def test_shops_firms_and_persons_lead_to_their_actor(own: Client) -> None:
    query = """query($id: ID!) { node(id: $id) {
      ... on Seller { actor { memberIds } } ... on Firm { actor { memberIds } }
      ... on Person { actor { memberIds } } } }"""
    for record in (SHOP, FIRM, PERSON):
        assert own.data(query, id=record)["node"]["actor"]["memberIds"] == [FIRM, PERSON, SHOP]


def test_ways_of_an_actor_begin_and_end_at_its_records(own: Client) -> None:
    query = "query($a: ID!, $b: ID!) { path(from: $a, to: $b) { nodeIds } }"
    actor = _actor(own, SHOP)["id"]
    ways = own.data(query, a=actor, b="Listing:shop:L9")["path"]
    assert [way["nodeIds"] for way in ways] == [[SHOP, "Listing:shop:L9"]]
    own_records = own.data(query, a=actor, b=actor)["path"]
    assert [way["nodeIds"] for way in own_records] == [[FIRM], [PERSON], [SHOP]]
    assert own.code(query, a="Actor:0000000000000000", b=SHOP) == "NOT_FOUND"


def test_a_decision_on_one_record_is_not_the_actors(own: Client, opened: Workspace, tmp_path: Path) -> None:
    decided = tmp_path / "findings.csv"
    decided.write_text(
        f"finding_id,subject,right_id,kind,outcome,finality\nFD1,{SHOP},R9,penalty,infringing,in_force\n",
        encoding="utf-8",
    )
    ingest(opened.store, [decided], IngestOptions())
    actor = own.data(STANDING, id=SHOP)["actor"]
    assert (actor["standing"], actor["displayLabel"]) == ("LEAD", "linked accounts 关联主体")
    assert actor["recordsWithFindingsInForce"] == 1
    assert [(one["recordId"], one["standing"]) for one in actor["recordStandings"]] == [
        (FIRM, "LEAD"),
        (PERSON, "LEAD"),
        (SHOP, "DECIDED_IN_FORCE"),
    ]


def test_an_analyst_sees_why_but_no_personal_value(own: Client, with_role: Callable[[str], Client]) -> None:
    own.data(JUDGE, a=SHOP, b=PERSON, verdict="SAME", why="电话 13900004711 相同")
    analyst, officer = with_role("analyst"), with_role("officer")
    masked, clear = _actor(analyst, SHOP), _actor(officer, SHOP)
    assert [secret for secret in SECRETS if secret in json.dumps(masked, ensure_ascii=False)] == []
    seen = [reason["value"] for link in clear["links"] for reason in link["reasons"]]
    assert "+8613900004711" in seen
    kinds = {reason["kind"]: reason["value"] for link in masked["links"] for reason in link["reasons"]}
    assert (kinds["phone"], kinds["firm"]) == ("***", FIRM)
    assert [one["why"] for one in masked["judgements"]] == ["***"]
    assert clear["judgements"][0]["by"] == "local"


def test_judge_and_undo(own: Client, with_role: Callable[[str], Client]) -> None:
    before = _actor(own, SHOP)
    analyst = with_role("analyst")
    made = analyst.data(JUDGE, a=SHOP, b=PERSON, verdict="DIFFERENT", why="现场不同")["judge"]
    assert made["errors"] == []
    assert (made["judgement"]["by"], made["judgement"]["state"]) == ("test-analyst", "IN_FORCE")
    # Its own reason is shown to who gave it.
    assert made["judgement"]["why"] == "现场不同"
    assert len(made["actors"]) == 2
    undone = analyst.data(UNDO, id=made["judgement"]["id"], why="误判")["undoJudgement"]
    assert (undone["judgement"]["state"], undone["judgement"]["undoneBy"]) == ("UNDONE", "test-analyst")
    after = _actor(own, SHOP)
    assert after["memberIds"] == before["memberIds"]
    assert after["id"] == before["id"]
    again = analyst.data(UNDO, id=made["judgement"]["id"], why="误判")["undoJudgement"]
    assert again["judgement"] is None
    assert [error["code"] for error in again["errors"]] == ["CONFLICT"]


@pytest.mark.parametrize(
    ("a", "b", "why", "code", "field"),
    [
        (SHOP, "Seller:shop:none", "x", "NOT_FOUND", "b"),
        (SHOP, SHOP, "x", "BAD_USER_INPUT", "b"),
        ("Actor:1", SHOP, "x", "BAD_USER_INPUT", "a"),
        (SHOP, PERSON, " ", "BAD_USER_INPUT", "why"),
    ],
)
def test_what_cannot_be_judged_is_told(own: Client, a: str, b: str, why: str, code: str, field: str) -> None:
    answer = own.data(JUDGE, a=a, b=b, verdict="SAME", why=why)["judge"]
    assert answer["judgement"] is None
    assert [(error["code"], error["field"]) for error in answer["errors"]] == [(code, field)]


def test_who_may_not_and_how_not(own: Client, with_role: Callable[[str], Client], opened: Workspace) -> None:
    sender = with_role("ingest")
    assert sender.code(JUDGE, a=SHOP, b=PERSON, verdict="SAME", why="x") == "FORBIDDEN"
    document = (
        f'mutation {{ judge(a: "{SHOP}", b: "{PERSON}", verdict: SAME, why: "x") {{ errors {{ code }} }} }}'
    )
    http = own._http  # pyright: ignore[reportPrivateUsage]
    assert http.get("/graphql", params={"query": document}).status_code == 405
    foreign = {"sec-fetch-site": "cross-site"}
    assert http.post("/graphql", json={"query": document}, headers=foreign).status_code == 401
    assert opened.store.documents.every("judgements") == []
    many = (
        "mutation { "
        + " ".join(document[11:-1].replace("judge", f"j{n}: judge", 1) for n in range(16))
        + " }"
    )
    assert own.code(many) == "QUERY_TOO_COMPLEX"
