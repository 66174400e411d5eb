"""A small simulated market, ingested and served."""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager

import httpx
import pytest
from starlette.types import ASGIApp

from suyuan.api.app import make_app
from suyuan.service.tokens import create_token
from suyuan.service.workspace import Workspace
from suyuan.settings import Settings
from tests.api.client import Client
from tests.live_server import serving
from tests.small_market import market_folder, settings, store_url, workspace

__all__ = ["market_folder", "settings", "store_url", "workspace"]


@pytest.fixture(scope="session")
def tokens(workspace: Workspace) -> dict[str, str]:
    """The text of a token of each role that matters here."""
    documents = workspace.store.documents
    return {role: create_token(documents, f"test-{role}", role, 1)[1] for role in ("analyst", "officer")}


@contextmanager
def _client(app: ASGIApp, token: str | None = None) -> Generator[Client]:
    with serving(app) as address, httpx.Client(base_url=address, timeout=60) as http:
        yield Client(http, token)


@pytest.fixture(scope="session")
def address(settings: Settings, workspace: Workspace) -> Iterator[str]:
    """Address of the served application."""
    with serving(make_app(settings=settings)) as base:
        yield base


@pytest.fixture(scope="session")
def http(address: str) -> Iterator[httpx.Client]:
    """An HTTP client of the application."""
    with httpx.Client(base_url=address, timeout=60) as client:
        yield client


@pytest.fixture(scope="session")
def client(http: httpx.Client) -> Client:
    """The machine's own user."""
    return Client(http)


@pytest.fixture(scope="session")
def analyst(http: httpx.Client, tokens: dict[str, str]) -> Client:
    """A caller without the right to personal data."""
    return Client(http, tokens["analyst"])


@pytest.fixture(scope="session")
def officer(http: httpx.Client, tokens: dict[str, str]) -> Client:
    """A caller with the right to personal data."""
    return Client(http, tokens["officer"])


@pytest.fixture(scope="session")
def without_limits(settings: Settings, workspace: Workspace) -> Iterator[httpx.Client]:
    """An HTTP client of an application that takes queries of any size."""
    large = {"max_cost": 10_000_000, "max_tokens": 20_000, "max_aliases": 1000, "max_depth": 50}
    app = make_app(workspace, settings.model_copy(update=large))
    with serving(app) as address, httpx.Client(base_url=address, timeout=60) as http:
        yield http


@pytest.fixture
def served(settings: Settings, workspace: Workspace) -> Iterator[Callable[..., Client]]:
    """Serves the application with other settings, or over another workspace, until the end of the test."""
    with ExitStack() as stack:

        def start(other: Workspace | None = None, **changed: object) -> Client:
            app = make_app(other or workspace, settings.model_copy(update=changed))
            return stack.enter_context(_client(app))

        yield start
