"""``suyuan networks`` on a small store."""

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.service.test_networks import TABLES

STORE = ("--store", "sqlite:///s.db")
REPEAT = {
    *("actor", "legal_repeat", "findings_in_force", "finding_days", "re_emergence_suspected"),
    *("days_to_re_emergence", "accounts_before", "accounts_after", "tied_by"),
}


@pytest.fixture
def market(suyuan: Run, tmp_path: Path) -> Run:
    for name, text in TABLES.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    assert suyuan("ingest", *(f"{name}.csv" for name in TABLES), *STORE).returncode == 0
    return suyuan


def test_list_and_show(market: Run) -> None:
    done = market("networks", "list", *STORE, "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["networks"]
    assert (rows[0]["repeat_offenders"], rows[0]["findings"], rows[0]["origins"]) == (1, 2, ["Site:X1"])
    assert set(rows[0]["repeat"][0]) == REPEAT
    people = market("networks", "show", "Seller:shop:1", *STORE)
    assert rows[0]["id"] in people.stdout
    assert "须人工核实" in people.stdout
    assert "not a finding" in people.stderr
    shown = json.loads(market("networks", "show", rows[0]["id"], *STORE, "--json").stdout)
    assert {tie["kind"] for tie in shown["ties"]} == {"shared_site", "common_origin"}
    past = json.loads(
        market("networks", "list", *STORE, "--as-of", "2025-01-31", "--json", "--top", "1").stdout
    )
    assert [row["repeat"] for row in past["networks"]] == [[]]
    assert rows[0]["id"] in market("networks", "list", *STORE, "--top", "2").stdout


def test_bad_input(market: Run) -> None:
    assert market("networks", "list", *STORE, "--division", "x").returncode == 2
    assert market("networks", "show", "Network:none", *STORE).returncode == 1
