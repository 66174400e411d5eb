import tomllib
from pathlib import Path

import pytest

from suyuan.ingest.mapping import read_mapping
from suyuan.ingest.sources import find_files
from suyuan.ingest.suggestion import suggest
from suyuan.ingest.suggestion_text import mapping_document, suggestion_json, suggestion_toml
from tests.unit.ingest.reading import read, write

FIRMS = "企业名称,统一社会信用代码,联系电话,备注\n义乌甲贸易有限公司,91330782MA2DEM017W,13912345678,好\n"


@pytest.mark.parametrize(
    "text",
    [
        FIRMS,
        "名单,,\n站点编号,场所类型,地址\n1,仓库,义乌市稠州路1号\n",
        "甲贸易有限公司,91330782MA2DEM017W\n乙贸易有限公司,91110108551385082Q\n",
        '"name ""x""",Factory\\Name,"ad\ndress\x7f",country\na,甲厂,义乌市稠州路1号,CN\n',
        "工厂名称,a]\\nb,国家\n甲厂,x,CN\n",
    ],
)
def test_the_text_says_what_the_document_says(text: str, tmp_path: Path) -> None:
    found = suggest([write(tmp_path, "x[1].csv", text)])
    written = suggestion_toml(found)
    assert tomllib.loads(written) == mapping_document(found)
    mapping = read_mapping(write(tmp_path, "map.toml", written))
    assert mapping.source_for(find_files([tmp_path / "x[1].csv"]).files[0]) is not None


def test_phones_go_to_identifiers_and_not_to_the_firm(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", FIRMS)
    found = read(path, write(tmp_path, "map.toml", suggestion_toml(suggest([path]))))
    assert found.wrong == []
    assert [record["extra"] for record in found.records] == ['{"备注":"好"}', None]
    assert (found.records[1]["type"], found.records[1]["value"]) == ("phone", "+8613912345678")
    assert found.records[1]["owner"] == "Firm:91330782MA2DEM017W"


def test_unsure_columns_are_comments(tmp_path: Path) -> None:
    text = suggestion_toml(
        suggest([write(tmp_path, "factories.csv", "name,address,country\nAcme Mills,12 Long Road,CN\n")])
    )
    assert '# role = { constant = "factory" }' in text
    assert "\nrole" not in text


def test_json_of_one_file(tmp_path: Path) -> None:
    document = suggestion_json(suggest([write(tmp_path, "x.csv", FIRMS)]))
    assert document["table"] == "firms"
    assert 0 < document["confidence"] < 1
    first = document["columns"][0]
    assert (first["column"], first["field"], first["used"], first["rule"]) == (
        "企业名称",
        "name",
        True,
        "企业名称",
    )
    assert first["confidence"] >= 0.8
    assert first["reason"]
    assert document["identifiers"][0]["type"] == "phone"
    assert document["mapping"]["source"][0]["files"] == ["x.csv"]


def test_json_of_several_layouts_and_of_none(tmp_path: Path) -> None:
    write(tmp_path, "in/a.csv", FIRMS)
    write(tmp_path, "in/b.csv", "站点编号,场所类型,工厂名称\n1,仓库,甲厂\n")
    write(tmp_path, "in/c.csv", "zq\nx\n")
    document = suggestion_json(suggest([tmp_path / "in"]))
    assert [one["table"] for one in document["sources"]] == ["firms", "sites"]
    assert len(document["mapping"]["source"]) == 2
    assert [one["file"] for one in document["unfit"]] == ["in/c.csv"]
    nothing = suggestion_json(suggest([tmp_path / "in" / "c.csv"]))
    assert (nothing["table"], nothing["columns"], nothing["mapping"]) == (None, [], {"source": []})


def test_files_of_one_name_are_told_apart_by_their_place(tmp_path: Path) -> None:
    write(tmp_path, "in/one/a.csv", FIRMS)
    write(tmp_path, "in/two/a.csv", "站点编号,场所类型,工厂名称\n1,仓库,甲厂\n")
    mapping = write(tmp_path, "map.toml", suggestion_toml(suggest([tmp_path / "in"])))
    tables = [
        source.outputs[0].table.name
        for file in find_files([tmp_path / "in"]).files
        if (source := read_mapping(mapping).source_for(file))
    ]
    assert tables == ["firms", "sites"]
