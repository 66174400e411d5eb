"""The query page and the landing page in a real browser that cannot reach anything but the server."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, Route, sync_playwright
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.requests import Request as ServerRequest
from starlette.responses import HTMLResponse
from starlette.routing import Mount, WebSocketRoute
from starlette.routing import Route as ServerRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from suyuan.api.http_view import GraphQLView
from suyuan.web.assets import CONTENT_SECURITY_POLICY, graphiql_page, landing_page, static_directory
from tests.live_server import serving
from tests.web.trace_schema import trace_schema

pytestmark = pytest.mark.browser

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class _WithPolicy:
    """Adds the content security policy to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                header = (b"content-security-policy", CONTENT_SECURITY_POLICY.encode())
                message["headers"] = [*message["headers"], header]
            await send(message)

        await self.app(scope, receive, send_with_policy)


@dataclass
class Seen:
    """What the server and the browser noticed."""

    authorizations: list[str | None] = field(default_factory=list[str | None])
    console: list[str] = field(default_factory=list[str])
    addresses: list[str] = field(default_factory=list[str])


@dataclass
class _Context:
    connection_params: dict[str, object] = field(default_factory=dict[str, object])


def _application(seen: Seen) -> Starlette:
    async def make_context(connection: HTTPConnection) -> object:
        seen.authorizations.append(connection.headers.get("authorization"))
        return _Context()

    async def landing(request: ServerRequest) -> HTMLResponse:
        return HTMLResponse(landing_page())

    async def graphiql(request: ServerRequest) -> HTMLResponse:
        return HTMLResponse(graphiql_page())

    view = GraphQLView(trace_schema(), make_context=make_context)
    return Starlette(
        routes=[
            ServerRoute("/", landing),
            ServerRoute("/graphiql", graphiql),
            ServerRoute("/graphql", view),
            WebSocketRoute("/graphql", view),
            Mount("/static", StaticFiles(directory=static_directory())),
        ],
        middleware=[Middleware(_WithPolicy)],
    )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = (
        os.environ.get("SUYUAN_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    )
    if chromium is None:
        pytest.skip("No Chromium found. Install it (Debian: apt-get install chromium fonts-noto-cjk).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def address(seen: Seen) -> Iterator[str]:
    with serving(_application(seen)) as base:
        yield base


@pytest.fixture
def page(browser: Browser, seen: Seen, address: str) -> Iterator[Page]:
    def let_through_or_not(route: Route, request: Request) -> None:
        seen.addresses.append(request.url)
        if urlsplit(request.url).netloc == urlsplit(address).netloc:
            route.continue_()
        else:
            route.abort()

    context = browser.new_context(viewport={"width": 1400, "height": 900}, locale="zh-CN")
    context.route("**/*", let_through_or_not)
    page = context.new_page()
    page.on("console", lambda message: seen.console.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: seen.console.append(f"error: {error}"))
    page.on("websocket", lambda socket: seen.addresses.append(socket.url))
    yield page
    context.close()


def _troubles(seen: Seen) -> list[str]:
    return [line for line in seen.console if line.startswith(("error", "warning"))]


def _foreign(seen: Seen, address: str) -> list[str]:
    own = urlsplit(address).netloc
    return [
        url
        for url in seen.addresses
        if urlsplit(url).netloc != own and not url.startswith(("data:", "blob:"))
    ]


def _open_query_page(page: Page, address: str) -> None:
    page.goto(f"{address}/graphiql")
    page.get_by_role("button", name="Execute query").wait_for()
    # The editor colours its text when the workers and the schema are there.
    page.locator(".graphiql-query-editor .view-line").first.wait_for()


def _screenshot(page: Page, name: str) -> None:
    if folder := os.environ.get("SUYUAN_TEST_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png")


def _replace_text(page: Page, editor: Locator, text: str) -> None:
    editor.click()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(text)


def _type_query(page: Page, text: str) -> None:
    _replace_text(page, page.locator(".graphiql-query-editor .view-lines"), text)


def test_the_worked_example_runs_offline(page: Page, seen: Seen, address: str) -> None:
    _open_query_page(page, address)
    page.get_by_role("button", name="Execute query").click()
    result = page.locator(".result-window")
    result.get_by_text("义乌三号厂").wait_for()
    assert "reached from Listing:shop:L000001" in result.inner_text().replace("\u00a0", " ")
    _screenshot(page, "graphiql")
    assert _troubles(seen) == []
    assert _foreign(seen, address) == []
    assert {f"{address}/static/graphiql/{name}.worker.js" for name in ("editor", "json", "graphql")} <= set(
        seen.addresses
    )


def test_a_token_in_the_headers_tab_is_sent(page: Page, seen: Seen, address: str) -> None:
    _open_query_page(page, address)
    headers = page.locator(".graphiql-editor-tool .graphiql-editor:not(.hidden) .view-lines")
    _replace_text(page, headers, '{"Authorization": "Bearer 123"}')
    page.get_by_role("button", name="Execute query").click()
    page.locator(".result-window").get_by_text("义乌三号厂").wait_for()
    assert seen.authorizations[-1] == "Bearer 123"
    assert seen.authorizations[0] is None
    assert _troubles(seen) == []


def test_a_subscription_goes_over_the_websocket(page: Page, seen: Seen, address: str) -> None:
    _open_query_page(page, address)
    _type_query(page, "subscription Count { count }")
    # The page tells a subscription from a query once it has read the new text, and then names the tab.
    page.locator(".graphiql-tab", has_text="Count").wait_for()
    page.get_by_role("button", name="Execute query").click()
    page.locator(".result-window").get_by_text("3").wait_for()
    assert f"{address.replace('http', 'ws')}/graphql" in seen.addresses
    assert _troubles(seen) == []
    assert _foreign(seen, address) == []


def test_a_wrong_field_is_underlined_and_described(page: Page, seen: Seen, address: str) -> None:
    _open_query_page(page, address)
    _type_query(page, "{ nothing }")
    page.locator(".graphiql-query-editor .squiggly-error").first.wait_for()
    assert _troubles(seen) == []


def test_the_landing_page_leads_to_the_query_page(page: Page, seen: Seen, address: str) -> None:
    page.goto(f"{address}/")
    _screenshot(page, "landing")
    page.get_by_role("link", name="Query page").click()
    page.get_by_role("button", name="Execute query").wait_for()
    assert page.url == f"{address}/graphiql"
    assert _troubles(seen) == []
    assert _foreign(seen, address) == []
