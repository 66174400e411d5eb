"""Connections: everything once, in order, whatever the page size; and a constant number of store calls."""

import asyncio
import base64
import json
from collections.abc import Coroutine, Iterator
from typing import Any, cast

import pytest
from strawberry.types import ExecutionResult

from suyuan.api.context import RequestContext, Services
from suyuan.api.schema import make_schema
from suyuan.api.workers import Workers
from suyuan.service.changes import ChangeFeed
from suyuan.service.origin_groups import OriginGroups
from suyuan.service.risk_ranking import RiskRanking
from suyuan.service.tokens import Token
from suyuan.service.tracing import Tracer
from suyuan.service.workspace import Workspace
from suyuan.settings import Settings
from tests.api.client import Client

SELLER = """query($id: ID!, $first: Int, $after: String) { node(id: $id) { ... on Seller {
  listings(first: $first, after: $after) { edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } } }"""
NEIGHBOURS = """query($id: ID!, $first: Int, $after: String) {
  neighbours(id: $id, first: $first, after: $after) { edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
SEARCH = """query($id: String!, $first: Int, $after: String) {
  search(text: $id, first: $first, after: $after) { edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


@pytest.fixture(scope="module")
def busy_seller(workspace: Workspace) -> str:
    """The shop with the most listings."""
    view = workspace.view()
    ids = [str(key) for batch in view.batches("sellers", ["id"]) for key in batch.column("id").to_pylist()]
    edges = view.neighbours(ids, edge_kinds=["SOLD_BY"], first=1000)
    return max(ids, key=lambda seller: len(edges[seller]))


def _connection(data: Any) -> Any:
    while "edges" not in data:
        (data,) = data.values()
    return data


def _pages(client: Client, query: str, id: str, first: int) -> Iterator[Any]:
    after = None
    while True:
        page = _connection(client.data(query, id=id, first=first, after=after))
        yield page
        assert page["pageInfo"]["hasPreviousPage"] == (after is not None)
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


@pytest.mark.parametrize("query", [SELLER, NEIGHBOURS, SEARCH], ids=["links", "neighbours", "search"])
@pytest.mark.parametrize("first", [1, 2, 3, 7, 100])
def test_paging_gives_everything_once(client: Client, busy_seller: str, query: str, first: int) -> None:
    wanted = "L00000" if query == SEARCH else busy_seller
    pages = list(_pages(client, query, wanted, first))
    ids = [edge["node"]["id"] for page in pages for edge in page["edges"]]
    whole = _connection(client.data(query, id=wanted, first=100, after=None))
    assert ids == [edge["node"]["id"] for edge in whole["edges"]]
    assert len(ids) == len(set(ids)) > 3
    assert all(len(page["edges"]) == first for page in pages[:-1])
    for page in pages:
        cursors = [edge["cursor"] for edge in page["edges"]]
        assert (page["pageInfo"]["startCursor"], page["pageInfo"]["endCursor"]) == (cursors[0], cursors[-1])


def test_any_cursor_may_be_gone_on_from(client: Client, busy_seller: str) -> None:
    whole = _connection(client.data(SELLER, id=busy_seller, first=100, after=None))["edges"]
    for place, edge in enumerate(whole):
        rest = _connection(client.data(SELLER, id=busy_seller, first=100, after=edge["cursor"]))["edges"]
        assert rest == whole[place + 1 :]


def test_a_page_of_nothing(client: Client, busy_seller: str) -> None:
    page = _connection(client.data(SELLER, id=busy_seller, first=0, after=None))
    assert page["edges"] == []
    assert page["pageInfo"] == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "startCursor": None,
        "endCursor": None,
    }


def _encoded(key: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


@pytest.mark.parametrize(
    "after",
    [
        "",
        "x",
        "öäü",
        "====",
        "%00",
        _encoded([]),
        _encoded({}),
        _encoded([1]),
        _encoded(["a", "b", "c"]),
        _encoded([True, "x"]),
        _encoded([[]]),
        base64.urlsafe_b64encode(b"[" * 5000).decode(),
        "A" * 100_000,
    ],
)
@pytest.mark.parametrize("query", [SELLER, NEIGHBOURS, SEARCH], ids=["links", "neighbours", "search"])
def test_a_cursor_of_ones_own_is_refused(client: Client, busy_seller: str, query: str, after: str) -> None:
    assert client.code(query, id=busy_seller, first=5, after=after) == "BAD_USER_INPUT"


@pytest.mark.parametrize("first", [-1, 101, 2_000_000_000])
@pytest.mark.parametrize("query", [SELLER, NEIGHBOURS, SEARCH], ids=["links", "neighbours", "search"])
def test_a_page_is_of_a_size_that_is_allowed(
    client: Client, busy_seller: str, query: str, first: int
) -> None:
    assert client.code(query, id=busy_seller, first=first, after=None) == "BAD_USER_INPUT"


PAGE_OF_LISTINGS = """query($first: Int!) {
  search(text: "L0000", kinds: [Listing], first: $first) { edges { node {
  id displayName ... on Listing { title product { name rights(first: 2) { edges { node { title } } } }
    dispatches(first: 2) { edges { node { observedAt } } } leads(first: 2) { edges { node { id } } }
    seller { name firm { name sites(first: 2) { edges { node { name } } } } } } } } } }"""


ANALYST = Token("t", "analyst", "analyst", "2025-01-01", "2999-01-01")


@pytest.mark.parametrize("caller", [None, ANALYST], ids=["own user", "analyst"])
def test_a_page_of_listings_makes_a_constant_number_of_store_calls(
    workspace: Workspace, caller: Token | None
) -> None:
    calls = {first: _store_calls(workspace, caller, first) for first in (30, 40, 50)}
    assert len(set(calls.values())) == 1, calls
    assert calls[50] <= 20


def _store_calls(workspace: Workspace, caller: Token | None, first: int) -> int:
    settings = Settings.model_construct(max_cost=1_000_000)
    tracer = Tracer(workspace)
    groups = OriginGroups(tracer)
    services = Services(
        workspace, tracer, Workers(), settings, ChangeFeed(workspace.store), groups, RiskRanking(workspace)
    )
    context = RequestContext(services, caller)
    answer = make_schema(settings).execute(PAGE_OF_LISTINGS, {"first": first}, context)
    result = asyncio.run(cast("Coroutine[Any, Any, ExecutionResult]", answer))
    services.workers.close()
    assert not result.errors
    assert result.data
    edges = result.data["search"]["edges"]
    assert len(edges) == first
    assert any(edge["node"]["seller"]["firm"] for edge in edges)
    return context.store_calls
