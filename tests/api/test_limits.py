"""Queries that ask for too much are refused with a code before anything is looked up."""

import asyncio
from collections.abc import Coroutine
from typing import Any, cast

import httpx
import pytest
from graphql import get_introspection_query, parse
from strawberry.types import ExecutionResult

from suyuan.api.reading import Reader
from suyuan.api.schema import make_schema
from suyuan.settings import Settings
from tests.api.client import Client

DEEP = (
    '{ node(id: "Firm:F9") { ... on Firm { ' + "owned { edges { node { " * 4 + "id" + " } } }" * 4 + " } } }"
)
ALLOWED = (
    '{ search(text: "x") { edges { node { ... on Listing { seller { firm { sellers { edges { node { '
    "displayName } } } } } } } } } }"
)


def _cycle() -> str:
    return "{ ...A } fragment A on Query { __typename ...B } fragment B on Query { ...A }"


def _doubling(levels: int) -> str:
    parts = [f"fragment F{i} on Query {{ ...F{i + 1} ...F{i + 1} }}" for i in range(levels)]
    return "{ ...F0 } " + " ".join(parts) + f" fragment F{levels} on Query {{ __typename }}"


def _circular_introspection(levels: int) -> str:
    return "{ __schema { types { " + "fields { type { " * levels + "name" + " } }" * levels + " } } }"


TOO_LARGE = {
    "deep": DEEP,
    "101 aliases": "{ " + " ".join(f"a{i}: __typename" for i in range(101)) + " }",
    "16 aliases": "{ " + " ".join(f"a{i}: __typename" for i in range(16)) + " }",
    "51 directives": "{ __typename " + "@skip(if: false) " * 51 + "}",
    "directives on the operation": "query " + "@a " * 51 + "{ __typename }",
    "500 repeated fields": "{ " + "__typename " * 500 + "}",
    "repeated inline fragments": "{ " + "... on Query { __typename } " * 100 + "}",
    "repeated fields in fragments": "{ "
    + " ".join(f"...F{i}" for i in range(30))
    + " } "
    + " ".join(f"fragment F{i} on Query {{ __typename }}" for i in range(30)),
    "2001 tokens": "{ " + "a " * 2001 + "}",
    "comments": "{ __typename }" + "\n#" * 60_000,
    "large": '{ search(text: "x", first: 100) { edges { node { neighbours(first: 100) { edges { node { '
    "id kind sourceId } } } } } } }",
    "large by default sizes": '{ search(text: "x", first: 100) { edges { node { neighbours { edges { node { '
    "id kind sourceId targetId node { id displayName } } } } } } } }",
    "large below lists": '{ trace(start: "Listing:shop:L9") { paths { sites { neighbours(first: 100) { '
    "edges { node { id node { id } } } } } } } }",
    "many traces": '{ search(text: "x", first: 100) { edges { node { '
    + " ".join(
        f"... on {kind} {{ trace {{ rule paths {{ sites {{ id }} }} }} }}" for kind in ("Listing", "Seller")
    )
    + " } } } }",
    "fragments that double": _doubling(40),
    "many fragments": "{ __typename } "
    + " ".join(f"fragment F{i} on Query {{ __typename }}" for i in range(51)),
    "circular introspection": _circular_introspection(5),
    "deep introspection": "{ __schema { queryType { " + "ofType { " * 25 + "name" + " }" * 25 + " } } }",
    "nested brackets": "{ a(b: " + "[" * 400 + "]" * 400 + ") }",
    "nested fields": "{ a" * 600 + " }" * 600,
}


@pytest.mark.parametrize("query", TOO_LARGE.values(), ids=TOO_LARGE.keys())
def test_a_query_that_is_too_large_is_refused(client: Client, query: str) -> None:
    response = client.post(query)
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert error["extensions"] == {"code": "QUERY_TOO_COMPLEX"}
    assert error["message"].startswith("The query is too large: more than ")


def test_nothing_is_looked_up_for_a_refused_query() -> None:
    """The context is none, so a resolver that ran would fail."""
    schema = make_schema(Settings.model_construct())
    for query in TOO_LARGE.values():
        result = asyncio.run(cast("Coroutine[Any, Any, ExecutionResult]", schema.execute(query)))
        assert [error.extensions for error in result.errors or []] == [{"code": "QUERY_TOO_COMPLEX"}], query


ALLOWED_QUERIES = {
    "nine levels": ALLOWED,
    "15 aliases": "{ " + " ".join(f"a{i}: __typename" for i in range(15)) + " }",
    "50 directives": "{ __typename "
    + "@skip(if: false) " * 1
    + " ".join(f"a{i}: __typename @include(if: true)" for i in range(15))
    + " }",
    "fragments": "{ ...A ...A } fragment A on Query { __typename }",
    "introspection of the editor": get_introspection_query(
        input_value_deprecation=True,
        schema_description=True,
        specified_by_url=True,
        directive_is_repeatable=True,
    ),
    "a page of listings": """{ search(text: "L0000", kinds: [Listing], first: 50) { edges { node {
        ... on Listing { title price seller { name rating firm { name } } product { name } } } } } }""",
}


@pytest.mark.parametrize("query", ALLOWED_QUERIES.values(), ids=ALLOWED_QUERIES.keys())
def test_what_people_ask_is_allowed(client: Client, query: str) -> None:
    assert client.data(query)


def test_the_size_of_a_page_counts_wherever_it_is_given(client: Client) -> None:
    query = """query($n: Int = 1) { search(text: "x", first: $n) { edges { node { neighbours(first: 100) {
        edges { node { id kind sourceId targetId } } } } } } }"""
    assert client.data(query) == {"search": {"edges": []}}
    assert client.code(query, n=100) == "QUERY_TOO_COMPLEX"
    assert client.data(query, n=2) == {"search": {"edges": []}}
    assert client.code(query, n=101) == "QUERY_TOO_COMPLEX"
    assert client.code('{ search(text: "x", first: 101) { pageInfo { endCursor } } }') == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (_cycle(), "BAD_USER_INPUT"),
        ("{ nothing }", "BAD_USER_INPUT"),
        ("{ node }", "BAD_USER_INPUT"),
        ("{ ", "BAD_USER_INPUT"),
        ("{ ...Missing }", "BAD_USER_INPUT"),
        ("query($a: Nothing) { __typename }", "BAD_USER_INPUT"),
        ('{ node(id: "' + "x" * 90_000 + '") { id } }', "BAD_USER_INPUT"),
        ('{ node(id: "Firm:' + "x" * 90_000 + '") { id } }', "BAD_USER_INPUT"),
        ('{ node(id: "Firm:' + "x" * 900_000 + '") { id } }', "QUERY_TOO_COMPLEX"),
        ('{ search(text: "' + "字" * 90_000 + '") { edges { cursor } } }', "BAD_USER_INPUT"),
        ("{ search(text: " + "9" * 90_000 + ") { edges { cursor } } }", "BAD_USER_INPUT"),
        ("{ trace(start: 1, asOf: " + "9" * 4000 + ") { rule } }", "BAD_USER_INPUT"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_wrong_queries_get_short_errors(client: Client, query: str, code: str) -> None:
    response = client.post(query)
    for error in response.json()["errors"]:
        assert error["extensions"]["code"] == code
        assert len(error["message"]) <= 1_001
    assert len(response.content) < 10_000


def test_a_body_that_is_too_long_is_refused(http: httpx.Client) -> None:
    response = http.post("/graphql", json={"query": "{ __typename }", "variables": {"x": "x" * 1_000_001}})
    assert response.status_code == 413
    assert response.json()["errors"][0]["extensions"]["code"] == "PAYLOAD_TOO_LARGE"


def test_limits_are_those_of_the_settings(served: Any) -> None:
    client = served(max_depth=2, max_aliases=0, max_directives=0, max_page=3, max_tokens=50)
    assert client.code('{ search(text: "x") { pageInfo { endCursor } } }') == "QUERY_TOO_COMPLEX"
    assert client.code("{ a: __typename }") == "QUERY_TOO_COMPLEX"
    assert client.code("{ __typename @skip(if: false) }") == "QUERY_TOO_COMPLEX"
    assert client.code('{ node(id: "Firm:F9") { id } ' + "__typename " * 45 + "}") == "QUERY_TOO_COMPLEX"
    assert client.code('{ path(from: "Firm:F9", to: "Firm:F9", first: 4) { nodeIds } }') == "BAD_USER_INPUT"
    assert client.data('{ node(id: "Firm:F9") { id } }') == {"node": {"id": "Firm:F9"}}


def test_documents_are_read_once_and_long_ones_not_kept() -> None:
    reader = Reader(Settings.model_construct())
    assert reader.parsed("{ __typename }") is reader.parsed("{ __typename }")
    long = "{ __typename } #" + "x" * 20_000
    assert reader.parsed(long) is not reader.parsed(long)
    fresh = Reader(Settings.model_construct(), cached=False)
    assert fresh.parsed("{ __typename }") is not fresh.parsed("{ __typename }")
    assert parse("{ __typename }") == fresh.parsed("{ __typename }").document
