"""The query page and the landing page in a real browser that cannot reach anything but the server."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, Route, sync_playwright

from suyuan.api.app import make_app
from suyuan.service.tokens import create_token
from suyuan.service.tracing import Tracer, TraceRequest
from suyuan.service.workspace import Workspace
from suyuan.settings import Settings
from tests.live_server import serving

pytestmark = pytest.mark.browser

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
EXAMPLE_START = "Listing:shop:L000001"


@dataclass
class Seen:
    """What the browser noticed."""

    console: list[str] = field(default_factory=list[str])
    addresses: list[str] = field(default_factory=list[str])
    authorizations: list[str | None] = field(default_factory=list[str | None])


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


@pytest.fixture(scope="session")
def address(workspace: Workspace, settings: Settings) -> Iterator[str]:
    """The application over a small market, as it is served to people."""
    with serving(make_app(workspace, settings)) as base:
        yield base


@pytest.fixture(scope="session")
def origin(workspace: Workspace) -> str:
    """Name of the most probable origin in the worked example."""
    return str(Tracer(workspace).report(EXAMPLE_START, TraceRequest())["origins"][0]["name"])


@pytest.fixture
def page(browser: Browser, seen: Seen, address: str) -> Iterator[Page]:
    def let_through_or_not(route: Route, request: Request) -> None:
        seen.addresses.append(request.url)
        if request.url == f"{address}/graphql":
            seen.authorizations.append(request.headers.get("authorization"))
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


def _wait_until(page: Page, holds: Callable[[], bool], seconds: float = 20) -> None:
    for _ in range(int(seconds * 20)):
        if holds():
            return
        page.wait_for_timeout(50)
    assert holds()


def _replace_text(page: Page, editor: Locator, text: str) -> None:
    editor.click()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(text)


def _type_query(page: Page, text: str) -> None:
    _replace_text(page, page.locator(".graphiql-query-editor .view-lines"), text)


def test_the_worked_example_runs_offline(page: Page, seen: Seen, address: str, origin: str) -> None:
    _open_query_page(page, address)
    page.get_by_role("button", name="Execute query").click()
    page.locator(".result-window").get_by_text(origin).first.wait_for()
    _screenshot(page, "graphiql")
    assert _troubles(seen) == []
    assert _foreign(seen, address) == []
    workers = {f"{address}/static/graphiql/{name}.worker.js" for name in ("editor", "json", "graphql")}
    _wait_until(page, lambda: workers <= set(seen.addresses))  # the page fetches them when it comes to it
    assert _troubles(seen) == []
    assert _foreign(seen, address) == []


def test_a_token_in_the_headers_tab_is_sent(
    page: Page, seen: Seen, address: str, origin: str, workspace: Workspace
) -> None:
    _, token = create_token(workspace.store.documents, "browser", "analyst", 1)
    _open_query_page(page, address)
    headers = page.locator(".graphiql-editor-tool .graphiql-editor:not(.hidden) .view-lines")
    _replace_text(page, headers, f'{{"Authorization": "Bearer {token}"}}')
    page.get_by_role("button", name="Execute query").click()
    page.locator(".result-window").get_by_text(origin).first.wait_for()
    assert seen.authorizations[-1] == f"Bearer {token}"
    assert seen.authorizations[0] is None
    assert _troubles(seen) == []


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
