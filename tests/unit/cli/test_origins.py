"""``suyuan origins``: groups in, reports out, mistakes told."""

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.service.test_origin_groups import GROUP, write_market


@pytest.fixture
def store(suyuan: Run, tmp_path: Path) -> str:
    write_market(tmp_path / "tables")
    url = "sqlite:///s.db"
    assert suyuan("ingest", "tables", "--store", url).returncode == 0
    return url


def test_groups_of_a_file_give_a_document_a_line(suyuan: Run, store: str, tmp_path: Path) -> None:
    text = f"# groups\n{' '.join(GROUP)}\n\n{' '.join(GROUP[1:3])}\n"
    (tmp_path / "groups.txt").write_text(text, encoding="utf-8")
    done = suyuan("origins", "--cases-file", "groups.txt", "--store", store)
    assert done.returncode == 0, done.stderr
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert [source["site"] for source in first["sources"]] == ["Site:F1"]
    assert [lead["case"] for lead in first["false_leads"]] == ["Listing:shop:A4"]
    assert [source["cases"] for source in second["sources"]] == [list(GROUP[1:3])]
    piped = suyuan("origins", "--cases-file", "-", "--store", store, "--json", stdin=text)
    assert [json.loads(line)["sources"] for line in piped.stdout.splitlines()] == [
        first["sources"],
        second["sources"],
    ]
    alone = suyuan("origins", *GROUP, "--store", store, "--json")
    assert json.loads(alone.stdout)["sources"] == first["sources"]
    wrong = suyuan(
        "origins", "--cases-file", "-", "--store", store, "--json", stdin=text + "Site:X Site:F1\n"
    )
    assert wrong.returncode == 1
    assert json.loads(wrong.stdout)["error"]["message"].startswith("standard input, line 5: ")


def test_people_read_both_languages(suyuan: Run, store: str) -> None:
    done = suyuan("origins", *GROUP, "Seller:shop:s2", "--store", store)
    assert done.returncode == 0, done.stderr
    for text in (
        "共同来源地",
        "厂F1",
        "false lead 可能误报: Listing:shop:A4",
        "Not traced 无法追溯: Seller:shop:s2",
    ):
        assert text in done.stdout
    assert "Machine estimate, not a finding. 机器推断，非违法认定。" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        (GROUP[0], "--sources", "0"),
        (GROUP[0], "--sources", "some"),
        ("--cases-file", "none.txt"),
        (GROUP[0], "--as-of", "soon"),
    ],
)
def test_a_wrong_call_is_2(arguments: tuple[str, ...], suyuan: Run) -> None:
    done = suyuan("origins", *arguments, "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "BAD_USER_INPUT"


def test_more_sources_than_cases_is_1(suyuan: Run, store: str) -> None:
    done = suyuan("origins", *GROUP, "--sources", "5", "--store", store, "--json")
    assert done.returncode == 1
    error = json.loads(done.stdout)["error"]
    assert (error["name"], error["value"]) == ("sources", 5)
