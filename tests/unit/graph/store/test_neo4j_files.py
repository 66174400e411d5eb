from pathlib import Path

import pyarrow as pa
import pytest

from suyuan.errors import ConfigError
from suyuan.graph.store.neo4j_files import FIXED_WORDS, ImportFiles, header_of, stored_columns
from suyuan.graph.tables import TABLES
from tests.contract.building import Row, batch


def columns(table: str, *rows: Row) -> dict[str, list[object]]:
    records = batch(table, rows)
    digest = pa.array([bytes([0, 127, 128, 255] * 4)] * len(rows), pa.binary(16))
    records = records.append_column("digest", digest)
    found = stored_columns(TABLES[table], records.slice(len(rows) - 1), pa.array([3]))
    return {name: values.to_pylist() for name, values in found.items()}


def test_values_as_the_import_reads_them() -> None:
    found = columns(
        "rights", {"right_id": "R0"}, {"right_id": "R1", "classes": ["a;b", "", "c"], "filed_at": (0, 1)}
    )
    assert found["classes"] == ["a;b\x1f\x1fc"]
    assert found["filed_at"] == ["1970-01-01"]
    assert found["_digest"] == ["\x1f".join(["0", "127", "-128", "-1"] * 4)]
    assert found["_source"] == [3]
    assert found["valid_to"] == [None]


def test_heads_of_columns() -> None:
    heads = {
        name: header_of(TABLES["exhibits"], name)
        for name in ("fair", "at", "key_exhibit", "_digest", "_name")
    }
    assert list(heads.values()) == ["fair", "at", "key_exhibit:boolean", "_digest:byte[]", "_name"]
    assert header_of(TABLES["sites"], "latitude") == "latitude:double"
    assert header_of(TABLES["rights"], "classes") == "classes:string[]"


@pytest.mark.parametrize("classes", [[], ["a\x1fb"]])
def test_lists_that_csv_cannot_hold_are_refused(classes: list[str]) -> None:
    with pytest.raises(ConfigError, match="classes holds"):
        columns("rights", {"right_id": "R1", "classes": classes})


def test_words_follow_what_the_files_hold(tmp_path: Path) -> None:
    with ImportFiles(tmp_path) as files:
        files.add("nodes", "Firm", "Firm", ["id:ID", "name"], [pa.array(["Firm:1"]), pa.array(["one"])])
        files.add("nodes", "Empty", "Empty", ["id:ID"], [pa.array([], pa.string())])
        plain = files.words()
        files.add(
            "nodes",
            "Firm",
            "Firm",
            ["id:ID", "name"],
            [pa.array(["Firm:2", "Firm:3"]), pa.array(["a\nb", None])],
        )
        files.add("relationships", "OWNS.x", "OWNS", [":START_ID", ":END_ID"], [pa.array(["Firm:1"])] * 2)
        files.add("nodes", "Site", "Site", ["id:ID"], [pa.array(["x" * (2 << 20)])])
    firm = "--nodes=Firm=nodes/Firm.header.csv,nodes/Firm.csv"
    assert plain == [*FIXED_WORDS, firm]
    words = files.words()
    assert words[len(FIXED_WORDS) :] == [
        "--multiline-fields=true",
        f"--read-buffer-size={(4 << 20) + 4 * (2 << 20)}",
        firm,
        "--nodes=Site=nodes/Site.header.csv,nodes/Site.csv",
        "--relationships=OWNS=relationships/OWNS.x.header.csv,relationships/OWNS.x.csv",
    ]
    assert (tmp_path / "nodes" / "Firm.csv").read_text() == '"Firm:1","one"\n"Firm:2","a\nb"\n"Firm:3",\n'
    assert (tmp_path / "nodes" / "Firm.header.csv").read_text() == "id:ID,name\n"
    assert (files.rows("nodes"), files.rows("relationships")) == (4, 1)
