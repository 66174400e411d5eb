"""Exit statuses and errors: 1 for data and stores, 2 for how the command was called."""

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run

SITES = "site_id,name,role\nF1,甲厂,factory\nW1,乙仓,warehouse\n"
SHIPMENTS = "shipment_id,from_site,to_site,departed_at,arrived_at\nS1,F1,W1,2025-01-01,2025-01-02\n"


@pytest.fixture
def store(suyuan: Run, tmp_path: Path) -> str:
    (tmp_path / "sites.csv").write_text(SITES, encoding="utf-8")
    (tmp_path / "shipments.csv").write_text(SHIPMENTS, encoding="utf-8")
    url = "sqlite:///s.db"
    assert suyuan("ingest", "sites.csv", "shipments.csv", "--store", url).returncode == 0
    return url


@pytest.mark.parametrize(
    "arguments",
    [
        ("trace", "Site:W1", "--mode", "magic"),
        ("trace", "Site:W1", "--as-of", "garbage"),
        ("trace", "Site:W1", "--store", "mysql://here"),
        ("trace", "--ids-file", "missing.txt"),
        ("export", "pdf", "out"),
        ("export", "csv", "out", "--kind", "Planet"),
    ],
)
def test_a_wrong_call_is_2_with_one_document(arguments: tuple[str, ...], suyuan: Run) -> None:
    done = suyuan(*arguments, "--json")
    assert done.returncode == 2
    assert done.stderr
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "BAD_USER_INPUT"
    assert error["message"]


@pytest.mark.parametrize(
    ("command", "usage"),
    [
        (("rank", "firms"), "rank firms [OPTIONS]"),
        (("rank", "table"), "rank table [OPTIONS] [COL]..."),
        (("networks",), "networks [OPTIONS] COMMAND [ARGS]..."),
    ],
)
def test_help_of_a_command_shows_what_it_takes(command: tuple[str, ...], usage: str, suyuan: Run) -> None:
    done = suyuan(*command, "--help")
    assert done.returncode == 0
    (line,) = (line.strip() for line in done.stdout.splitlines() if "Usage:" in line)
    assert line.endswith(usage)
    # Completion is set up for the whole command line.
    assert "completion" not in done.stdout
    assert "--install-completion" in suyuan("--help").stdout


@pytest.mark.parametrize(
    "arguments", [("--direction", "up"), ("--unknown-times", "guess"), ("--known-at", "2025-13")]
)
def test_options_of_a_trace_are_checked_before_the_store(arguments: tuple[str, ...], suyuan: Run) -> None:
    done = suyuan("trace", "Site:W1", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""


def test_what_fails_is_1_with_code_and_typed_fields(suyuan: Run, store: str) -> None:
    done = suyuan("trace", "Site:NONE", "--store", store, "--json")
    assert done.returncode == 1
    error = json.loads(done.stdout)["error"]
    assert (error["code"], error["node_id"]) == ("NOT_FOUND", "Site:NONE")
    assert "[NOT_FOUND]" in done.stderr
    plain = suyuan("trace", "Site:NONE", "--store", store)
    assert (plain.returncode, plain.stdout) == (1, "")


def test_all_ids_of_a_file_are_looked_up_before_the_first_answer(suyuan: Run, store: str) -> None:
    done = suyuan(
        "trace", "--ids-file", "-", "--store", store, "--json", stdin="# cases\n\nSite:W1\nSite:X\n"
    )
    assert done.returncode == 1
    error = json.loads(done.stdout)["error"]
    assert error["message"].startswith("standard input, line 4: ")
    good = suyuan(
        "trace", "--ids-file", "-", "--store", store, "--json", stdin="# cases\n\nSite:W1\nSite:F1\n"
    )
    assert [json.loads(line)["start"] for line in good.stdout.splitlines()] == ["Site:W1", "Site:F1"]


@pytest.mark.parametrize("arguments", [("nothing.csv",), ("sites.csv", "--mapping", "wrong.toml")])
def test_an_ingest_that_cannot_begin_leaves_no_store(
    arguments: tuple[str, ...], suyuan: Run, tmp_path: Path
) -> None:
    (tmp_path / "sites.csv").write_text(SITES, encoding="utf-8")
    (tmp_path / "wrong.toml").write_text("[[source]\n", encoding="utf-8")
    done = suyuan("ingest", *arguments, "--store", "sqlite:///new.db", "--json")
    assert done.returncode == 1
    assert set(json.loads(done.stdout)["error"]) >= {"code", "message", "source"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sites.csv", "wrong.toml"]


def test_the_drivers_log_is_silent(suyuan: Run) -> None:
    done = suyuan("doctor", "--store", "neo4j://neo4j:x@127.0.0.1:1/neo4j")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "[STORE_UNAVAILABLE]" in done.stderr


def test_help_and_version_are_0(suyuan: Run) -> None:
    assert suyuan("--version").returncode == 0
    assert suyuan("trace", "--help").returncode == 0
    assert suyuan("nonsense").returncode == 2


def test_a_foreign_file_is_1_and_leaves_no_store(suyuan: Run, tmp_path: Path) -> None:
    (tmp_path / "sites.csv").write_text(SITES, encoding="utf-8")
    (tmp_path / "findings.csv").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\xff\n")
    done = suyuan("ingest", "sites.csv", "findings.csv", "--store", "sqlite:///n.db", "--json")
    assert done.returncode == 1
    error = json.loads(done.stdout)["error"]
    assert (error["code"], error["source"]) == ("BAD_USER_INPUT", "findings.csv")
    assert not (tmp_path / "n.db").exists()
