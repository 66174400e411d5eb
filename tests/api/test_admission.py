"""Who may ask, and how often."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp

from suyuan.api.app import make_app
from suyuan.service.tokens import create_token, revoke_token
from suyuan.service.workspace import Workspace
from suyuan.settings import Settings

QUERY = {"query": "{ __typename }"}
Ask = Callable[..., httpx.Response]


def _asked(
    app: ASGIApp, client: str, base: str, path: str, headers: httpx.Headers, body: object
) -> httpx.Response:
    """A request as if it came from an address of another network."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, client=(client, 1234))
        async with httpx.AsyncClient(transport=transport, base_url=base) as http:
            if body is None:
                return await http.get(path, headers=headers)
            return await http.post(path, json=body, headers=headers)

    return asyncio.run(ask())


@pytest.fixture(scope="module")
def ask(workspace: Workspace, settings: Settings) -> Ask:
    """Asks the application from any address, under any name."""
    apps: dict[str, ASGIApp] = {}

    def asked(
        client: str = "127.0.0.1",
        base: str = "http://localhost",
        path: str = "/graphql",
        headers: dict[str, str] | None = None,
        body: object = QUERY,
        **changed: object,
    ) -> httpx.Response:
        if str(changed) not in apps:
            apps[str(changed)] = make_app(workspace, settings.model_copy(update=changed))
        app = apps[str(changed)]
        accept = {"accept": "application/graphql-response+json"}
        given = httpx.Headers({**accept, **(headers or {})}, encoding="latin-1")
        return _asked(app, client, base, path, given, body)

    return asked


def _code(response: httpx.Response) -> str:
    return response.json()["errors"][0]["extensions"]["code"]


@pytest.mark.parametrize("client", ["127.0.0.1", "127.8.9.1", "::1"])
@pytest.mark.parametrize(
    "base", ["http://localhost", "http://127.0.0.1:8000", "http://[::1]:8000", "http://LOCALHOST"]
)
def test_the_own_user_needs_no_token(ask: Ask, client: str, base: str) -> None:
    assert ask(client=client, base=base).json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    "how",
    [
        {"client": "203.0.113.7"},
        {"client": "10.0.0.1"},
        {"client": "::ffff:203.0.113.7"},
        {"client": "testclient"},
        {"base": "http://rebound.example"},
        {"base": "http://localhost.example"},
        {"base": "http://127.0.0.1.example:8000"},
        {"base": "http://10.0.0.5"},
        {"headers": {"x-forwarded-for": "127.0.0.1"}},
        {"headers": {"forwarded": "for=127.0.0.1"}},
        {"headers": {"x-real-ip": "127.0.0.1"}},
        {"headers": {"via": "1.1 proxy"}},
        {"headers": {"sec-fetch-site": "cross-site"}},
        {"headers": {"sec-fetch-site": "same-site"}},
        {"require_token": True},
    ],
    ids=str,
)
def test_anybody_else_needs_a_token(ask: Ask, tokens: dict[str, str], how: dict[str, Any]) -> None:
    refused = ask(**how)
    assert (refused.status_code, _code(refused)) == (401, "UNAUTHENTICATED")
    assert refused.headers["www-authenticate"] == "Bearer"
    headers = {**how.get("headers", {}), "authorization": f"Bearer {tokens['analyst']}"}
    assert ask(**{**how, "headers": headers}).json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        "Bearer sy_000000000000_x",
        "Bearer ü",
        "Bearer sy__",
        "sy_1_2",
    ],
)
def test_a_wrong_token_is_refused_even_on_loopback(ask: Ask, header: str) -> None:
    response = ask(headers={"authorization": header})
    assert (response.status_code, _code(response)) == (401, "UNAUTHENTICATED")


def test_a_token_with_another_secret_is_refused(ask: Ask, tokens: dict[str, str]) -> None:
    text = tokens["officer"]
    for wrong in (text[:-1], text + "x", text.swapcase(), text.rpartition("_")[0] + "_"):
        assert _code(ask(headers={"authorization": f"Bearer {wrong}"})) == "UNAUTHENTICATED"


def test_a_revoked_token_is_refused_at_once(ask: Ask, workspace: Workspace) -> None:
    token, text = create_token(workspace.store.documents, "leaver", "officer", 1)
    headers = {"authorization": f"Bearer {text}"}
    assert ask(headers=headers).status_code == 200
    revoke_token(workspace.store.documents, token.token_id)
    assert _code(ask(headers=headers)) == "UNAUTHENTICATED"


def test_metrics_need_the_same_right(ask: Ask) -> None:
    assert ask(client="203.0.113.7", path="/metrics", body=None).status_code == 401
    assert ask(path="/metrics", body=None).status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/livez", "/readyz", "/graphiql", "/schema.graphql", "/static/icon.svg"]
)
def test_pages_are_open(ask: Ask, path: str) -> None:
    assert ask(client="203.0.113.7", path=path, body=None).status_code == 200


async def _many(app: ASGIApp, times: int, headers: dict[str, str], client: str) -> list[httpx.Response]:
    transport = httpx.ASGITransport(app, client=(client, 1234))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        return [await http.post("/graphql", json=QUERY, headers=headers) for _ in range(times)]


def _run(work: Coroutine[Any, Any, list[httpx.Response]]) -> list[httpx.Response]:
    return asyncio.run(work)


def test_each_subject_may_ask_so_often_a_minute(
    workspace: Workspace, settings: Settings, tokens: dict[str, str]
) -> None:
    app = make_app(workspace, settings.model_copy(update={"requests_per_minute": 5}))
    analyst = {"authorization": f"Bearer {tokens['analyst']}"}
    answers = _run(_many(app, 7, analyst, "203.0.113.7"))
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert _code(answers[-1]) == "RATE_LIMITED"
    assert int(answers[-1].headers["retry-after"]) > 0
    # The same subject from elsewhere is the same subject; others go on.
    assert _run(_many(app, 1, analyst, "203.0.113.8"))[0].status_code == 429
    officer = {"authorization": f"Bearer {tokens['officer']}"}
    assert _run(_many(app, 1, officer, "203.0.113.7"))[0].status_code == 200
    assert [answer.status_code for answer in _run(_many(app, 6, {}, "127.0.0.1"))] == [200] * 5 + [429]


def test_guessing_tokens_is_slow(workspace: Workspace, settings: Settings, tokens: dict[str, str]) -> None:
    app = make_app(workspace, settings)
    answers = _run(_many(app, 40, {"authorization": "Bearer sy_000000000000_guess"}, "203.0.113.7"))
    codes = [_code(answer) for answer in answers]
    assert codes == ["UNAUTHENTICATED"] * 30 + ["RATE_LIMITED"] * 10
    good = {"authorization": f"Bearer {tokens['analyst']}"}
    assert _run(_many(app, 1, good, "203.0.113.9"))[0].status_code == 200
