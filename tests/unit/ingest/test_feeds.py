from pathlib import Path

import pytest

from suyuan.errors import IngestError
from suyuan.ingest.feeds import find_feeds, table_named
from tests.unit.ingest.reading import read, write


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("shipments.csv", "shipments"), ("Shipments.CSV", "shipments"), ("shipments-2025.csv", "shipments"),
        ("shipments.part12.jsonl", "shipments"), ("mark_scans.csv", "mark_scans"), ("marks-a.csv", "marks"),
        ("shipments_2025.csv", None), ("truth.csv", None), ("truth_actors.csv", None), ("README.md", None),
    ],
)  # fmt: skip
def test_names_of_tables(name: str, table: str | None) -> None:
    assert table_named(name) == table


def test_other_files_of_a_folder_are_left_out_and_named(tmp_path: Path) -> None:
    for name in ("sites.csv", "truth.csv", "README.md", "notes.json"):
        write(tmp_path, f"in/{name}", "site_id\nA\n")
    feeds, skipped = find_feeds([tmp_path / "in"], "auto", None)
    assert [feed.file.name for feed in feeds] == ["in/sites.csv"]
    assert {item.name for item in skipped} == {"in/truth.csv", "in/README.md", "in/notes.json"}
    assert "is named after no table (assignments" in next(i.why for i in skipped if i.name == "in/truth.csv")


def test_a_file_asked_for_by_name_is_never_left_out_quietly(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match=r"named after no table.*shipments"):
        find_feeds([write(tmp_path, "in.csv", "a\n")], "auto", None)


def test_nothing_to_read(tmp_path: Path) -> None:
    write(tmp_path, "in/README.md", "x")
    with pytest.raises(IngestError, match="nothing to read"):
        find_feeds([tmp_path / "in"], "auto", None)


@pytest.mark.parametrize(("asked", "name"), [("foodchainlab", "sites.csv"), ("tables", "net.json")])
def test_a_format_that_is_insisted_on(asked: str, name: str, tmp_path: Path) -> None:
    path = write(tmp_path, name, '{"stations": 1}')
    with pytest.raises(IngestError):
        find_feeds([path], asked, None)  # pyright: ignore[reportArgumentType]


def test_names_of_columns_may_differ_in_case(tmp_path: Path) -> None:
    found = read(write(tmp_path, "sites.csv", "Site ID,NAME,Zone\nA,a,z\n"))
    assert (found.records[0]["site_id"], found.records[0]["name"]) == ("A", "a")
    assert found.records[0]["extra"] == '{"Zone":"z"}'
