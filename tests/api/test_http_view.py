"""The GraphQL endpoint over real HTTP connections."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.small_application import MAX_BODY_BYTES, small_application
from tests.live_server import serving

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(small_application()) as base:
        yield f"{base}/graphql"


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address.removesuffix("/graphql"), timeout=60) as client:
        yield client


def _post(client: httpx.Client, accept: str = GRAPHQL, **parameters: object) -> httpx.Response:
    return client.post("/graphql", json=parameters, headers={"accept": accept})


def _code(response: httpx.Response) -> str:
    return response.json()["errors"][0]["extensions"]["code"]


@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
def test_a_query_is_answered_in_the_type_asked_for(client: httpx.Client, accept: str) -> None:
    response = _post(client, accept, query="{ greeting }")
    assert response.status_code == 200
    assert response.headers["content-type"] == f"{accept}; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.json() == {"data": {"greeting": "你好，世界"}}
    assert "你好" in response.text


def test_get_runs_a_query_with_variables(client: httpx.Client) -> None:
    parameters = {
        "query": "query A { greeting } query B($n: String!) { greeting(name: $n) }",
        "operationName": "B",
        "variables": '{"n": "溯源"}',
    }
    response = client.get("/graphql", params=parameters, headers={"accept": GRAPHQL})
    assert (response.status_code, response.json()) == (200, {"data": {"greeting": "你好，溯源"}})


def test_get_without_a_query_is_refused_rather_than_shown_a_page(client: httpx.Client) -> None:
    response = client.get("/graphql", headers={"accept": "text/html, */*"})
    assert (response.status_code, _code(response)) == (400, "BAD_USER_INPUT")


def test_post_runs_a_mutation_and_get_does_not(client: httpx.Client) -> None:
    document = 'mutation { shout(text: "a") }'
    assert _post(client, query=document).json() == {"data": {"shout": "A"}}
    response = client.get("/graphql", params={"query": document})
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "document",
    [
        "{",
        "{ nothing }",
        "query ($n: Int!) { greeting(name: $n) }",
        "query A { greeting } query B { greeting }",
    ],
    ids=["syntax", "validation", "variable type", "which operation"],
)
def test_a_request_error_has_no_data_and_a_status_by_media_type(client: httpx.Client, document: str) -> None:
    strict, lenient = _post(client, query=document), _post(client, JSON, query=document)
    assert (strict.status_code, lenient.status_code) == (400, 200)
    assert strict.json() == lenient.json()
    assert "data" not in strict.json()
    assert _code(strict) == "BAD_USER_INPUT"


def test_a_variable_that_does_not_fit_is_a_request_error(client: httpx.Client) -> None:
    document = "query ($n: String!) { greeting(name: $n) }"
    response = _post(client, query=document, variables={"n": 5})
    assert (response.status_code, _code(response)) == (400, "BAD_USER_INPUT")
    assert "data" not in response.json()


def test_a_field_error_leaves_the_rest_of_the_answer(client: httpx.Client) -> None:
    response = _post(client, query="{ greeting missing }")
    answer = response.json()
    assert response.status_code == 200
    assert answer["data"] == {"greeting": "你好，世界", "missing": None}
    assert answer["errors"][0]["path"] == ["missing"]
    assert _code(response) == "NOT_FOUND"


def test_a_field_error_that_voids_the_answer_keeps_data_as_null(client: httpx.Client) -> None:
    response = _post(client, query="{ brokenForAll }")
    assert response.status_code == 200
    assert response.json()["data"] is None
    assert _code(response) == "NOT_FOUND"


def test_an_unexpected_error_gives_nothing_away(client: httpx.Client) -> None:
    response = _post(client, query="{ broken }")
    error = response.json()["errors"][0]
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": "request-1"}
    assert "secret" not in response.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'"text"',
        b"null",
        b'[{"query": "{ greeting }"}]',
        b"{}",
        b'{"query": null}',
        b'{"query": ""}',
        b'{"query": ["{ greeting }"]}',
        b'{"query": "{ greeting }", "variables": "none"}',
        b'{"query": "{ greeting }", "variables": NaN}',
        b'{"query": "{ greeting }", "operationName": 1}',
        b'{"query": "{ greeting }", "extensions": [1]}',
        b"\xff\xfe",
        '{"query": "{ greeting }"}'.encode("utf-16"),
        b'{"query": ' + b"[" * 5_000,
        b'{"query": "{ greeting }", "variables": {"n": ' + b"9" * 5_000 + b"}}",
    ],
)
@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
def test_a_body_that_is_no_request_is_refused(client: httpx.Client, body: bytes, accept: str) -> None:
    response = client.post("/graphql", content=body, headers={"content-type": JSON, "accept": accept})
    assert (response.status_code, _code(response)) == (400, "BAD_USER_INPUT")
    assert "data" not in response.json()


@pytest.mark.parametrize("name", ["variables", "extensions"])
@pytest.mark.parametrize("value", ["{", "[]", "1"])
def test_an_address_with_unreadable_parameters_is_refused(
    client: httpx.Client, name: str, value: str
) -> None:
    response = client.get("/graphql", params={"query": "{ greeting }", name: value})
    assert (response.status_code, _code(response)) == (400, "BAD_USER_INPUT")


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/graphql",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json; charset=gb18030",
    ],
)
def test_a_content_type_that_is_not_json_is_refused(client: httpx.Client, content_type: str) -> None:
    response = client.post(
        "/graphql", content=b'{"query": "{ greeting }"}', headers={"content-type": content_type}
    )
    assert response.status_code == 415
    assert response.headers["accept-post"] == JSON
    assert content_type in response.json()["errors"][0]["message"]


def test_an_unacceptable_answer_is_refused(client: httpx.Client) -> None:
    response = _post(client, "text/html", query="{ greeting }")
    assert response.status_code == 406
    assert "text/html" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_other_methods_are_refused(client: httpx.Client, method: str) -> None:
    response = client.request(method, "/graphql")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


def test_a_body_over_the_limit_is_refused_whether_announced_or_not(client: httpx.Client) -> None:
    body = json.dumps({"query": "{ greeting }", "extensions": {"filler": "x" * MAX_BODY_BYTES}}).encode()
    pieces = (body[start : start + 1000] for start in range(0, len(body), 1000))
    for content in (body, pieces):
        response = client.post("/graphql", content=content, headers={"content-type": JSON})
        assert (response.status_code, _code(response)) == (413, "PAYLOAD_TOO_LARGE")


def test_a_body_at_the_limit_is_read(client: httpx.Client) -> None:
    body = b'{"query": "{ greeting }"}'
    body += b" " * (MAX_BODY_BYTES - len(body))
    assert client.post("/graphql", content=body, headers={"content-type": JSON}).status_code == 200


def test_a_refused_caller_is_told_how_to_identify(client: httpx.Client) -> None:
    response = client.post(
        "/graphql", json={"query": "{ greeting }"}, headers={"authorization": "Bearer expired"}
    )
    assert (response.status_code, _code(response)) == (401, "UNAUTHENTICATED")
    assert response.headers["www-authenticate"] == "Bearer"


def test_text_that_is_no_unicode_is_answered_all_the_same(client: httpx.Client) -> None:
    body = b'{"query": "query ($n: String!) { greeting(name: $n) }", "variables": {"n": "\\ud800"}}'
    response = client.post("/graphql", content=body, headers={"content-type": JSON})
    assert response.json() == {"data": {"greeting": "你好，\ud800"}}


def test_a_subscription_over_http_is_refused(client: httpx.Client) -> None:
    response = _post(client, query="subscription { count(to: 1) }")
    assert response.status_code == 400
    assert "graphql-transport-ws" in response.json()["errors"][0]["message"]


def test_the_specification_is_followed_to_the_letter(address: str) -> None:
    """The audit of the npm package graphql-http has no error and no warning."""
    script = Path(__file__).parents[2] / "scripts" / "graphql_http_audit.sh"
    audit = subprocess.run([script, address], capture_output=True, text=True, check=False)
    assert audit.returncode == 0, audit.stdout + audit.stderr
    assert audit.stdout.splitlines()[-1] == "ok 61, notice 0, warn 0, error 0"
