"""What operators see: health, metrics, headers, production mode."""

import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import get_introspection_query

from suyuan.web.assets import CONTENT_SECURITY_POLICY
from tests.api.client import Client


def test_health(http: httpx.Client) -> None:
    assert http.get("/livez").text == "ok\n"
    assert http.get("/readyz").json() == {"ready": True, "seq": 1}


def test_metrics_count_requests_and_errors(http: httpx.Client, client: Client) -> None:
    client.data("{ __typename }")
    assert client.code("{ nothing }") == "BAD_USER_INPUT"
    text = http.get("/metrics").text
    assert 'suyuan_http_requests_total{path="/graphql",status="200"}' in text
    assert 'suyuan_graphql_errors_total{code="BAD_USER_INPUT"}' in text
    assert "suyuan_http_request_seconds_bucket" in text


@pytest.mark.parametrize("path", ["/", "/graphiql", "/graphql?query={__typename}", "/livez", "/nothing"])
def test_every_answer_has_the_safety_headers_and_an_id(http: httpx.Client, path: str) -> None:
    headers = http.get(path).headers
    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert len(headers["x-request-id"]) == 16
    assert "access-control-allow-origin" not in headers


def test_an_unknown_address_is_no_stack_trace(http: httpx.Client) -> None:
    response = http.get("/../../etc/passwd")
    assert response.status_code == 404
    assert "Traceback" not in response.text


def test_the_schema_is_served_as_it_is_kept(http: httpx.Client) -> None:
    assert http.get("/schema.graphql").text == http.get("/schema.graphql").text
    assert "type Query {" in http.get("/schema.graphql").text


@pytest.fixture
def production(served: Any) -> Client:
    return served(production=True)


def test_production_answers_as_before(production: Client) -> None:
    assert production.data('{ node(id: "Firm:F9") { displayName __typename } }') == {
        "node": {"displayName": "远山贸易有限公司", "__typename": "Firm"}
    }


@pytest.mark.parametrize(
    "query",
    [get_introspection_query(), '{ __type(name: "Query") { name } }', "{ __schema { queryType { name } } }"],
)
def test_production_tells_nothing_of_the_schema(production: Client, query: str) -> None:
    errors = production.errors(query)
    assert {error["extensions"]["code"] for error in errors} == {"BAD_USER_INPUT"}


@pytest.mark.parametrize(
    "query",
    [
        "{ nod }",
        '{ node(idd: "Firm:F9") { id } }',
        '{ node(id: "Firm:F9") { ... on Frm { id } } }',
        '{ search(text: "x", kinds: [Firmm]) { edges { cursor } } }',
        '{ trace(start: "x", direction: BACKWARDS) { rule } }',
        "query($a: Direktion) { __typename }",
        "query($d: Direction) { trace(start: 1, direction: $d) { rule } }",
    ],
)
def test_production_proposes_no_names(production: Client, client: Client, query: str) -> None:
    variables = {"d": "FORWARDS"} if "$d" in query else {}
    errors = production.errors(query, **variables)
    assert "Did you mean" not in str(errors)
    assert {error["extensions"]["code"] for error in errors} == {"BAD_USER_INPUT"}
    assert "Did you mean" in str(client.errors(query, **variables))


@pytest.mark.parametrize("path", ["/graphiql", "/schema.graphql"])
def test_production_has_no_query_page(production: Client, path: str) -> None:
    assert production.get(path).status_code == 404
    assert "graphiql" not in production.get("/").text


def test_the_real_application_follows_the_specification_to_the_letter(address: str) -> None:
    script = Path(__file__).parents[2] / "scripts" / "graphql_http_audit.sh"
    audit = subprocess.run([script, f"{address}/graphql"], capture_output=True, text=True, check=False)
    assert audit.returncode == 0, audit.stdout + audit.stderr
    assert audit.stdout.splitlines()[-1] == "ok 61, notice 0, warn 0, error 0"
