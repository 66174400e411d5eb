"""Tables for people at the width of a small terminal."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from suyuan.cli import networks_list, networks_show, rank_entities
from suyuan.cli.console import people_console
from suyuan.cli.tables import table_for_people

NETWORK = "Network:a1e7f7c374a830ed"
ROW: dict[str, Any] = {
    "id": NETWORK,
    "actors": ["a"] * 1234,
    "accounts": ["b"] * 12345,
    "findings": 123,
    "findings_in_force": 12,
    "repeat_offenders": 3,
    "rights": ["r"],
    "divisions": ["330782"] * 57,
}
MEMBER: dict[str, Any] = {
    "actor": "Actor:6b2793dc52f4a4a7",
    "name": "武义悦途五金制品[上海]有限公司",
    "roles": ["shared_controller", "front_shop"],
    "accounts": ["a"] * 12,
    "records": ["a"] * 12,
    "centrality": 0.5,
    "records_with_findings_in_force": 2,
    "display_label": "linked accounts 关联主体",
}


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def printed(table: Any) -> str:
    console = Console(file=StringIO(), width=80)
    console.print(table)
    return console.file.getvalue()  # pyright: ignore[reportAttributeAccessIssue]


def test_no_head_is_cut_and_no_text_is_lost() -> None:
    heads = ("Identifier 标识", "Owners 持有者", "Reason for it 原因", "Label 称谓")
    table = table_for_people(*heads, whole=heads[:1])
    table.add_row("bank_account:6200000000000002907", "7", "长" * 40, "x" * 60)
    text = printed(table)
    assert all(word in text for head in heads for word in head.split())
    assert "bank_account:6200000000000002907" in text
    assert (text.count("长"), text.count("x"), "…" in text) == (40, 60, False)


def test_heads_of_networks_fit(capsys: pytest.CaptureFixture[str]) -> None:
    networks_list._print_list([ROW], 1)  # pyright: ignore[reportPrivateUsage]
    text = capsys.readouterr().out
    for word in ("Accounts", "Findings", "Rights", "认定", "生效", "12345", NETWORK):
        assert word in text
    assert "…" not in text
    assert max(len(line) for line in text.splitlines()) <= 80


def test_members_of_a_network_fit(capsys: pytest.CaptureFixture[str]) -> None:
    networks_show._print_members(people_console(), [MEMBER])  # pyright: ignore[reportPrivateUsage]
    text = capsys.readouterr().out
    for word in ("Accounts", "Standing", "Role", "角色", MEMBER["actor"]):
        assert word in text
    assert "…" not in text


def test_rankings_show_whole_ids_and_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    row = {
        **{"rank": 1, "id": "Firm:91350203XY00000D0N", "name": "[甲]公司", "score": 3.25, "low": 0.9},
        **{"high": 11.1, "display_label": "inspection priority 重点关注"},
        "reasons": [{"feature": "listings", "contribution": 1.01, "text": "Listings: 23. 商品数：23。"}],
    }
    card = {"model": "scorecard", "horizon_days": 180}
    trained = {"rows": 9, "cut_offs": 3, "positive": 1}
    report = {"kind": "firms", "as_of": "2025-01-01T00:00:00Z", "ranked": 1, "not_ranked": [], "rows": [row]}
    rank_entities._print_report({**report, "model": {**card, "trained_on": trained}})  # pyright: ignore[reportPrivateUsage]
    text = capsys.readouterr().out
    assert "3.2 (0.9-11.1)    Firm:91350203XY00000D0N  [甲]公司  inspection priority 重点关注" in text
    assert "+1.01 Listings: 23. 商品数：23。" in text
    assert "…" not in text
