"""``suyuan rank KIND`` and ``suyuan rank list``: one document for programs, two languages for people."""

import json

from tests.unit.cli.conftest import Run


def test_from_a_market_to_an_approved_list(suyuan: Run) -> None:
    done = suyuan("simulate", "market", "--seed", "5", "--sellers", "60", "--movements", "1000")
    assert done.returncode == 0, done.stderr
    done = suyuan("ingest", "market", "--store", "sqlite:///m.db")
    assert done.returncode == 0, done.stderr
    done = suyuan(
        "rank", "firms", "--store", "sqlite:///m.db", "--as-of", "2024-12-15", "--top", "0", "--json"
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert set(report) >= {"as_of", "model", "rows", "not_ranked"}
    assert set(report["rows"][0]) >= {"rank", "id", "name", "score", "low", "high", "reasons", "evidence"}
    assert set(report["rows"][0]["reasons"][0]) == {"feature", "contribution", "text"}
    assert report["rows"][0]["id"].startswith("Firm:")

    shown = suyuan("rank", "sellers", "--store", "sqlite:///m.db", "--as-of", "2024-12-15", "--top", "3")
    assert shown.returncode == 0, shown.stderr
    assert "重点关注" in shown.stdout
    assert "not a finding" in shown.stderr

    store = ("--store", "sqlite:///m.db")
    why = ("--why", "例行")
    made = suyuan("rank", "list", "propose", "firms", "--by", "a", *why, "--top", "3", *store, "--json")
    assert made.returncode == 0, made.stderr
    assert len(json.loads(made.stdout)["entries"]) == 3
    own = suyuan("rank", "list", "approve", "firms", "1", "--by", "a", *why, *store)
    assert own.returncode == 2
    assert "somebody else" in own.stderr
    assert suyuan("rank", "list", "approve", "firms", "1", "--by", "b", *why, *store).returncode == 0
    assert "inspection priority" in suyuan("rank", "list", "show", "firms", *store).stdout
    history = json.loads(suyuan("rank", "list", "history", "firms", *store, "--json").stdout)
    assert [one["state"] for one in history["versions"]] == ["approved"]


def test_mistakes_are_told(suyuan: Run) -> None:
    assert suyuan("rank", "persons").returncode == 2
    done = suyuan("rank", "firms", "--store", "sqlite:///none.db")
    assert done.returncode == 1
    assert "none.db" in done.stderr
    assert suyuan("rank", "firms", "--as-of", "yesterday").returncode == 2
    done = suyuan("rank", "firms", "--help")
    assert done.returncode == 0
    assert "--division" in done.stdout
