"""``suyuan actors`` on a small store."""

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run

TABLES = {
    "sellers": "platform,seller_id,name,firm_id\nshop,1,红店,F1\nshop,2,绿店,\nshop,3,[蓝]店,\n",
    "firms": "firm_id,name\nF1,甲公司\n",
    "persons": "person_id,name\nP1,王五\n",
    "identifiers": "owner,type,value\nSeller:shop:1,phone,13912345671\nSeller:shop:2,phone,13912345671\n",
}
STORE = ("--store", "sqlite:///s.db")
EVERYBODY = ["Firm:F1", "Person:P1", "Seller:shop:1", "Seller:shop:2", "Seller:shop:3"]


@pytest.fixture
def market(suyuan: Run, tmp_path: Path) -> Run:
    for name, text in TABLES.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    done = suyuan("ingest", *(f"{name}.csv" for name in TABLES), *STORE)
    assert done.returncode == 0, done.stderr
    return suyuan


def _json(run: Run, *arguments: str) -> dict[str, object]:
    done = run("actors", *arguments, *STORE, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_build_judge_build_undo_build(market: Run) -> None:
    first = _json(market, "build")
    groups = [actor["members"] for actor in first["actors"]]  # pyright: ignore
    assert sorted(member for members in groups for member in members) == EVERYBODY
    assert ["Firm:F1", "Seller:shop:1", "Seller:shop:2"] in groups
    made = _json(
        market, "judge", "Seller:shop:1", "Seller:shop:2", "different", "--why", "现场不同", "--by", "li"
    )
    judgement = made["judgement"]
    assert (judgement["verdict"], judgement["by"], judgement["state"]) == ("different", "li", "in_force")  # pyright: ignore
    second = _json(market, "build")
    assert second["changed"] == {"new": 0, "moved": 1, "left": 0, "gone": 0}
    told = _json(market, "history", "Seller:shop:1")["history"]
    assert [(one["run"], one["happened"]) for one in told] == [(1, "joined"), (2, "left")]  # pyright: ignore
    assert told[1]["judgements"] == [judgement["id"]]  # pyright: ignore
    undone = _json(market, "undo", judgement["id"], "--by", "wang")  # pyright: ignore
    assert undone["judgement"]["state"] == "undone"  # pyright: ignore
    assert _json(market, "build")["actors"] == first["actors"]
    again = market("actors", "undo", judgement["id"], *STORE, "--json")  # pyright: ignore
    assert again.returncode == 1
    assert json.loads(again.stdout)["error"]["code"] == "CONFLICT"
    assert "was taken back by wang" in again.stderr


def test_for_people(market: Run) -> None:
    built = market("actors", "build", *STORE)
    assert "5 records, 3 actors, 1 of two or more 关联主体" in built.stdout
    assert "not a finding" in built.stderr
    listed = market("actors", "list", "--as-of", "2025-01", *STORE)
    assert "data up to 数据截至 2025-01-31T23:59:59.999999Z" in listed.stdout
    for words in ("红店", "linked accounts 关联主体", "1 of 1 actors"):
        assert words in listed.stdout
    reviewed = market("actors", "review", *STORE)
    assert "同一电话 +8613912345671 (2 owners" in reviewed.stdout
    judged = market("actors", "judge", "Seller:shop:2", "Seller:shop:3", "same", "--why", "[同一]人", *STORE)
    assert "[同一]人" in judged.stdout
    assert "suyuan actors undo Judgement:" in judged.stderr
    assert "joined 加入, new 新增" in market("actors", "history", "Seller:shop:1", *STORE).stdout


def test_what_is_wrong_is_told_in_a_sentence(market: Run) -> None:
    for arguments, status, words in (
        (("judge", "Seller:shop:1", "Seller:shop:9", "same", "--why", "x"), 1, "There is no Seller 'shop:9'"),
        (("judge", "Seller:shop:1", "Actor:1", "same", "--why", "x"), 2, "Seller:..., Firm:... or Person"),
        (("undo", "Judgement:0"), 1, "There is no judgement '0'"),
        (("history", "Actor:0"), 1, "There is no actor"),
        (("list", "--as-of", "yesterday"), 2, "time = 'yesterday' is not possible"),
    ):
        done = market("actors", *arguments, *STORE)
        assert done.returncode == status
        assert words in " ".join(done.stderr.replace("│", " ").split())
        assert "Traceback" not in done.stderr
