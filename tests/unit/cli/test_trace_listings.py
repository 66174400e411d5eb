"""``suyuan trace listings``: all listings at once, mistakes told."""

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import ROOT, Run

STORE = "sqlite:///s.db"


@pytest.fixture
def store(suyuan: Run) -> str:
    assert suyuan("ingest", str(ROOT / "examples" / "first-trace"), "--store", STORE).returncode == 0
    return STORE


def test_rows_and_summary_are_those_of_single_traces(suyuan: Run, store: str, tmp_path: Path) -> None:
    done = suyuan("trace", "listings", "--out", "rows.jsonl", "--store", store, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text(encoding="utf-8").splitlines()]
    assert (report["out"], report["rows"]) == ("rows.jsonl", len(rows))
    own = [row for row in rows if row["listing"] == "Listing:shop:L1"]
    alone = json.loads(suyuan("trace", "Listing:shop:L1", "--store", store, "--json").stdout)
    assert [row["origin"] for row in own] == [*(origin["site"] for origin in alone["origins"]), None]
    assert [row["probability"] for row in own[:-1]] == pytest.approx(
        [origin["probability"] for origin in alone["origins"]], abs=1e-9
    )
    for name in ("snapshot", "parameters", "as_of", "known_at"):
        assert report[name] == alone[name]


def test_people_read_which_origins_the_market_has(suyuan: Run, store: str, tmp_path: Path) -> None:
    done = suyuan("trace", "listings", "--store", store)
    assert done.returncode == 0, done.stderr
    for text in ("listings 商品链接", "Probable origin 可能来源地", "晨光玩具厂"):
        assert text in done.stdout
    for text in ("--out FILE", "Machine estimate, not a finding. 机器推断，非违法认定。"):
        assert text in done.stderr
    written = suyuan("trace", "listings", "--store", store, "--out", "rows.csv")
    assert "to rows.csv." in written.stderr
    assert (tmp_path / "rows.csv").read_text(encoding="utf-8").startswith('"listing","origin","name"')


def test_a_store_without_listings(suyuan: Run, tmp_path: Path) -> None:
    (tmp_path / "sites.csv").write_text("site_id,role\nF1,factory\n", encoding="utf-8")
    assert suyuan("ingest", "sites.csv", "--store", STORE).returncode == 0
    done = suyuan("trace", "listings", "--store", STORE, "--out", "rows.csv")
    assert done.returncode == 0, done.stderr
    assert "There are no listings in the store." in done.stdout
    assert (tmp_path / "rows.csv").read_text(encoding="utf-8").count("\n") == 1
    report = json.loads(suyuan("trace", "listings", "--store", STORE, "--json").stdout)
    assert (report["listings"], report["rows"], report["unresolved"], report["origins"]) == (0, 0, None, [])


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("--out", "rows.txt"), 2),
        (("--as-of", "soon"), 2),
        (("--max-hops", "0"), 2),
        (("--unknown-times", "guess"), 2),
        (("--out", "nowhere/rows.csv"), 1),
        (("--parameters", "none.json"), 1),
    ],
)
def test_mistakes_are_told(
    arguments: tuple[str, ...], status: int, suyuan: Run, store: str, tmp_path: Path
) -> None:
    done = suyuan("trace", "listings", *arguments, "--store", store, "--json")
    assert done.returncode == status
    assert json.loads(done.stdout)["error"]["code"] == "BAD_USER_INPUT"
    assert not list(tmp_path.glob("rows*"))
