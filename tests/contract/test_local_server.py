"""A real local Neo4j: fetched, checked, started, queried, stopped."""

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import LiteralString
from urllib.request import urlopen

import neo4j
import pytest

from suyuan.errors import ConfigError, ConflictError, StoreError, StoreUnavailableError
from suyuan.graph.store.local_server import QUICK_START_FLAGS, LocalServer, failure
from suyuan.graph.store.local_server_home import ServerInfo
from suyuan.graph.store.local_server_jars import LOCK_FILE, default_cache_dir, read_lock, resolve_jars
from suyuan.graph.store.local_server_process import command_line, has_ended

pytestmark = [pytest.mark.neo4j, pytest.mark.usefixtures("neo4j_jars")]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server with space")


@pytest.fixture(scope="module")
def info(home: Path):
    server = LocalServer(jvm_flags=QUICK_START_FLAGS)
    try:
        yield server.start(home, heap_mb=512, page_cache_mb=64)
    finally:
        server.stop(home)


def run(info: ServerInfo, query: LiteralString, scheme: str = "neo4j", **values: object) -> list[object]:
    password = (info.home / "password").read_text()
    address = f"{scheme}://127.0.0.1:{info.bolt_port}"
    with neo4j.GraphDatabase.driver(address, auth=("neo4j", password)) as driver:
        found = driver.execute_query(query, values, database_="neo4j")
        return [record.value() for record in found.records]


@pytest.mark.parametrize("scheme", ["neo4j", "bolt"])
def test_the_server_is_the_locked_community_edition_and_answers_with_and_without_routing(
    info: ServerInfo, scheme: str
) -> None:
    components = "CALL dbms.components() YIELD name, versions, edition WHERE name = 'Neo4j Kernel' "
    assert run(info, components + "RETURN versions[0] + ' ' + edition", scheme) == ["2026.09.0 community"]
    assert info.version == "2026.09.0"


def test_the_url_holds_all_that_a_client_needs(info: ServerInfo) -> None:
    password = (info.home / "password").read_text()
    assert info.url == f"neo4j://neo4j:{password}@127.0.0.1:{info.bolt_port}/neo4j"
    assert len(password) >= 24  # 128 random bits in hexadecimal digits are 32
    assert password not in repr(info)


def test_secrets_are_readable_by_their_owner_alone_and_not_in_the_process_list(info: ServerInfo) -> None:
    password = (info.home / "password").read_text()
    for name in ("password", "info.json", "conf/neo4j.conf", "conf/server.args", "logs/console.log"):
        assert stat.S_IMODE((info.home / name).stat().st_mode) == 0o600, name
    assert password not in (info.home / "info.json").read_text()
    assert password not in command_line(info.pid)
    assert list((info.home / "run").glob("admin-*")) == []


def test_the_server_listens_on_the_loopback_address_alone(info: ServerInfo) -> None:
    table = "\n".join(Path(f"/proc/{info.pid}/net/{name}").read_text() for name in ("tcp", "tcp6"))
    listening = [line.split()[1] for line in table.splitlines() if line.split()[3:4] == ["0A"]]
    for port in (info.bolt_port, info.http_port):
        addresses = {row.split(":")[0] for row in listening if row.endswith(f":{port:04X}")}
        assert addresses <= {"0100007F", "0000000000000000FFFF00000100007F"}, addresses
        assert addresses


def test_http_answers_too(info: ServerInfo) -> None:
    with urlopen(f"http://127.0.0.1:{info.http_port}/") as answer:
        assert json.load(answer)["neo4j_version"] == "2026.09.0"


def test_nothing_is_reported_to_anybody(info: ServerInfo) -> None:
    names = ["dbms.usage_report.enabled", "dbms.fleet_manager.enabled", "server.fleet_discovery.enabled"]
    query = "SHOW SETTINGS YIELD name, value WHERE name IN $names RETURN value"
    assert run(info, query, names=names) == ["false"] * 3


def test_starting_a_running_home_returns_the_same_server(info: ServerInfo) -> None:
    assert LocalServer().start(info.home) == info
    assert LocalServer().status(info.home) == info
    with pytest.raises(ConfigError, match="another password"):
        LocalServer().start(info.home, password="something else")


def test_a_dump_of_a_running_server_is_refused(info: ServerInfo, tmp_path: Path) -> None:
    with pytest.raises(ConflictError, match="Stop it"):
        LocalServer().dump(info.home, tmp_path)


def test_a_taken_port_is_named(info: ServerInfo, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"Port {info.bolt_port} .* is taken"):
        LocalServer().start(tmp_path / "other", bolt_port=info.bolt_port)
    assert LocalServer().status(tmp_path / "other") is None


def test_a_server_that_ends_at_once_is_reported_with_its_log(info: ServerInfo, tmp_path: Path) -> None:
    home = tmp_path / "broken"
    (home / "conf").mkdir(parents=True)
    (home / "password").write_text("kept from before")
    with pytest.raises(StoreUnavailableError, match=r"(?s)ended before it was ready.*heap"):
        LocalServer().start(home, heap_mb=1)
    assert LocalServer().status(home) is None


def test_a_failing_admin_command_says_what_the_tool_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"(?s)neo4j-admin database nonsense failed.*nonsense"):
        LocalServer().admin(tmp_path / "home", "database", "nonsense")


def test_a_short_password_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="at least 8"):
        LocalServer().start(tmp_path / "home", password="short")


@pytest.mark.timeout(900)
def test_imported_data_survive_two_hurried_starts_a_stop_and_a_reused_process_id(tmp_path: Path) -> None:
    home = tmp_path / "home"
    nodes, edges = tmp_path / "nodes.csv", tmp_path / "edges.csv"
    nodes.write_text("id:ID,name\n1,义乌\n2,广州\n", "utf-8")
    edges.write_text(":START_ID,:END_ID\n1,2\n", "utf-8")
    server = LocalServer(jvm_flags=QUICK_START_FLAGS)
    server.admin(
        home, "database", "import", "full", "neo4j", f"--nodes=Site={nodes}", f"--relationships=TO={edges}"
    )

    def start() -> ServerInfo:
        return server.start(home, heap_mb=512, page_cache_mb=64, http=False)

    with ThreadPoolExecutor(2) as pool:
        first, second = (waiting.result() for waiting in [pool.submit(start), pool.submit(start)])
    try:
        assert first == second
        assert first.http_port is None
        assert run(first, "MATCH (a)-[:TO]->(b) RETURN a.name + b.name") == ["义乌广州"]
        assert server.stop(home) is True
    finally:
        server.stop(home)
    assert has_ended(first.pid, "server.args")
    assert failure(first) is not None
    assert server.status(home) is None
    assert server.stop(home) is False

    dump = server.dump(home, tmp_path / "dumps")
    assert dump.stat().st_size > 0

    # The id now belongs to another program: it must be left alone, and the home counts as stopped.
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        stored = json.loads((home / "info.json").read_text())
        (home / "info.json").write_text(json.dumps(stored | {"pid": other.pid}))
        assert server.status(home) is None
        assert server.stop(home) is False
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


@pytest.mark.timeout(900)
def test_a_killed_server_is_seen_as_stopped_and_starts_again_at_its_port(info: ServerInfo) -> None:
    server = LocalServer(jvm_flags=QUICK_START_FLAGS)
    run(info, "CREATE (:Kept)")
    os.kill(info.pid, 9)
    while server.status(info.home):
        time.sleep(0.05)
    again = server.start(info.home, heap_mb=512, page_cache_mb=64)
    assert again.pid != info.pid
    assert again.url == info.url
    assert run(again, "MATCH (n:Kept) RETURN count(n)") == [1]


@pytest.fixture(scope="module")
def copied_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    cache = tmp_path_factory.mktemp("cache")
    source = default_cache_dir() / "neo4j" / read_lock().version
    shutil.copytree(source, cache / "neo4j" / source.name, copy_function=os.link)
    return cache


def test_a_jar_that_differs_from_the_lock_is_refused_before_anything_starts(
    copied_cache: Path, tmp_path: Path
) -> None:
    lock = json.loads(LOCK_FILE.read_text("utf-8"))
    lock["jars"][7]["sha256"] = "0" * 64
    changed = tmp_path / "lock.json"
    changed.write_text(json.dumps(lock))
    with pytest.raises(ConfigError, match="Delete that file") as caught:
        LocalServer(copied_cache, lock_path=changed).start(tmp_path / "home")
    assert lock["jars"][7]["file"] in str(caught.value)
    assert "0" * 64 in str(caught.value)
    assert not (tmp_path / "home").exists()


def test_a_jar_that_changes_after_its_first_check_is_noticed(copied_cache: Path) -> None:
    jars = resolve_jars(copied_cache)
    assert [jar.name for jar in jars] == [jar.file for jar in read_lock().jars]
    victim = jars[3]
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.unlink()  # a hard link to the real cache
    victim.write_bytes(content)
    with pytest.raises(ConfigError, match=victim.name):
        resolve_jars(copied_cache)


def test_an_unreachable_repository_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        settings = tmp_path / "jgo.conf"
        settings.write_text(
            f"[repositories]\ncentral = {address}\n[settings]\nrepo_cache = {tmp_path}/none\n"
        )
        monkeypatch.setenv("JGO_CONFIG_FILE", str(settings))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with pytest.raises(StoreUnavailableError, match="could not be fetched from Maven"):
            resolve_jars(tmp_path / "cache")


def test_what_is_missing_comes_from_a_local_maven_repository(
    copied_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jar = read_lock().jars[0]
    group, artifact, _, version = jar.maven.split(":")
    place = tmp_path / "m2" / group.replace(".", "/") / artifact / version
    place.mkdir(parents=True)
    source = default_cache_dir() / "neo4j" / read_lock().version / jar.file
    shutil.copy(source, place)
    target = copied_cache / "neo4j" / read_lock().version / jar.file
    target.unlink()
    one = tmp_path / "lock.json"
    one.write_text(
        json.dumps(
            json.loads(LOCK_FILE.read_text()) | {"jars": [json.loads(LOCK_FILE.read_text())["jars"][0]]}
        )
    )
    monkeypatch.setenv("M2_REPO", str(tmp_path / "m2"))
    assert resolve_jars(copied_cache, lock_path=one) == [target]
    assert target.read_bytes() == source.read_bytes()


def test_a_lock_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lock.json").write_text("{}")
    with pytest.raises(ConfigError, match="Install Suyuan again"):
        resolve_jars(tmp_path, lock_path=tmp_path / "lock.json")
