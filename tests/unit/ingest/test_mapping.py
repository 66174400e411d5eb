from pathlib import Path

import pytest

from suyuan.errors import MappingError
from suyuan.ingest.mapping import read_mapping
from tests.unit.ingest.reading import read, write

HEAD = '[[source]]\nfiles = ["*.csv"]\ntable = "sites"\n[source.columns]\n'


def mapped(tmp_path: Path, mapping: str, csv: str, name: str = "list.csv") -> list[dict[str, object]]:
    found = read(write(tmp_path, name, csv), write(tmp_path, "map.toml", mapping))
    assert found.wrong == []
    return found.records


def column(tmp_path: Path, rule: str, csv: str, name: str = "name") -> list[object]:
    """What a rule makes of a file with a column `k` of keys."""
    records = mapped(tmp_path, f"{HEAD}site_id = 'k'\n{name} = {rule}\n", csv)
    return [record[name] for record in records]


@pytest.mark.parametrize(
    ("rule", "csv", "expected"),
    [
        ("'Title'", "k,Title\n1,a\n2,\n", ["a", None]),
        ("{ from = ['Absent', 'Title'] }", "k,Title\n1,a\n", ["a"]),
        ("{ constant = 'x' }", "k\n1\n2\n", ["x", "x"]),
        ("{ constant = 7 }", "k\n1\n", ["7"]),
        ("{ template = '{a}-{b}!' }", "k,a,b\n1,x,y\n2,,y\n", ["x-y!", None]),
        ("{ from = 'a', values = { x = 'X', y = 'Y' } }", "k,a\n1,X\n2, y \n3,z\n", ["X", "Y", "z"]),
        ("{ from = 'a', values = { x = 'X' }, otherwise = 'unknown' }", "k,a\n1,x\n2,z\n", ["X", None]),
        ("{ from = 'a', default = 'none' }", "k,a\n1,x\n2, \n", ["x", "none"]),
        ("{ from = 'a', split = '|', part = 2 }", "k,a\n1,x|y|z\n2,x\n3,\n", ["y", None, None]),
        ("{ from = 'a', split = '|', part = -1 }", "k,a\n1,x|y|z\n2,x\n", ["z", "x"]),
        ("{ from = 'a', pattern = '^([0-9]+)' }", "k,a\n1,12 kg\n2,kg\n", ["12", None]),
        ("{ from = 'a', optional = true }", "k\n1\n", [None]),
        ("{ template = '{a}', optional = true }", "k\n1\n", [None]),
    ],
)
def test_rules(rule: str, csv: str, expected: list[object], tmp_path: Path) -> None:
    assert column(tmp_path, rule, csv) == expected


def test_hashes_are_equal_for_texts_that_differ_in_case_width_and_blanks(tmp_path: Path) -> None:
    mapping = HEAD + "site_id = { hash = ['n', 'a'], prefix = 'F-' }\n"
    records = mapped(tmp_path, mapping, "n,a\nAcme Co,Road 1\nＡＣＭＥ  co,road １\nAcme,CoRoad 1\n")
    keys = [str(record["site_id"]) for record in records]
    assert keys[0] == keys[1] != keys[2]
    assert keys[0].startswith("F-")
    assert len(keys[0]) == 22


def test_hash_of_nothing_is_no_key(tmp_path: Path) -> None:
    mapping = write(tmp_path, "map.toml", HEAD + "site_id = { hash = ['n'] }\n")
    found = read(write(tmp_path, "list.csv", "n,a\n,x\n"), mapping)
    assert found.codes == [(1, "site_id", "missing_key")]


def test_dates_and_lists_of_other_spellings(tmp_path: Path) -> None:
    mapping = (
        '[[source]]\nfiles = ["list.csv"]\ntable = "rights"\n[source.columns]\nright_id = "k"\n'
        'filed_at = { from = "d", date_format = "%d.%m.%Y" }\nclasses = { from = "c", separator = "," }\n'
    )
    found = read(
        write(tmp_path, "list.csv", 'k,d,c\n1,02.03.2025,"25,35"\n2,soon,\n'),
        write(tmp_path, "m.toml", mapping),
    )
    assert (found.by_row[1]["filed_at"], found.by_row[1]["filed_at_precision"]) == (1740873600000000, 1)
    assert found.by_row[1]["classes"] == ["25", "35"]
    assert found.wrong == [(2, "filed_at", "bad_time", "soon")]


def test_what_is_left_is_kept_dropped_or_renamed(tmp_path: Path) -> None:
    csv = "k,sector,secret,zone\n1,toys,x,9\n"
    kept = HEAD.replace("[source.columns]", 'drop = ["secret"]\n[source.columns]') + 'site_id = "k"\n'
    assert mapped(tmp_path, kept, csv)[0]["extra"] == '{"sector":"toys","zone":"9"}'
    dropped = HEAD.replace("[source.columns]", 'rest = "drop"\n[source.columns]') + 'site_id = "k"\n'
    assert mapped(tmp_path, dropped, csv)[0]["extra"] is None
    named = dropped + '[source.extra]\nBranche = "sector"\n'
    assert mapped(tmp_path, named, csv)[0]["extra"] == '{"Branche":"toys"}'


def test_several_tables_from_one_row(tmp_path: Path) -> None:
    mapping = """
[[source]]
files = ["list.csv"]
[[source.tables]]
table = "sites"
rest = "drop"
columns = { site_id = "site", operator = { template = "Firm:{code}" } }
[[source.tables]]
table = "firms"
rest = "drop"
only_if = ["code"]
columns = { firm_id = "code", name = "owner" }
"""
    records = mapped(tmp_path, mapping, "site,code,owner\nS1,F1,Acme\nS2,,\n")
    assert [record["id"] for record in records] == ["Site:S1", "Site:S2", "Firm:F1"]
    assert records[0]["operator"] == "Firm:F1"


def test_layout(tmp_path: Path) -> None:
    mapping = (
        '[[source]]\nfiles = ["*.csv"]\ntable = "sites"\n'
        'encoding = "latin-1"\ndelimiter = ";"\nheader_row = 3\n'
        '[source.columns]\nsite_id = "Nr"\nname = "Name"\n'
    )
    csv = "A list\nof places\nNr;Name\n1;Química, S.L.\n"
    found = read(write(tmp_path, "list.csv", csv.encode("latin-1")), write(tmp_path, "m.toml", mapping))
    assert (found.records[0]["name"], found.records[0]["row"]) == ("Química, S.L.", 1)


def test_file_without_header(tmp_path: Path) -> None:
    mapping = (
        HEAD.replace("[source.columns]", 'header = ["a", "b"]\n[source.columns]')
        + 'site_id = "a"\nname = "b"\n'
    )
    records = mapped(tmp_path, mapping, "1,x\n2,y\n")
    assert [(record["site_id"], record["row"]) for record in records] == [("1", 1), ("2", 2)]


def test_first_source_that_fits(tmp_path: Path) -> None:
    mapping = (
        '[[source]]\nfiles = ["p*.csv"]\ntable = "products"\ncolumns = { product_id = "k" }\n'
        '[[source]]\nfiles = ["*.csv"]\ntable = "sites"\ncolumns = { site_id = "k" }\n'
    )
    assert mapped(tmp_path, mapping, "k\n1\n", "p.csv")[0]["id"] == "Product:1"
    assert mapped(tmp_path, mapping, "k\n1\n", "q.csv")[0]["id"] == "Site:1"


def test_a_column_that_the_file_lacks_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(
        MappingError, match="wants a column 'Titel' for name, but the file has k, Title"
    ) as caught:
        column(tmp_path, "'Titel'", "k,Title\n1,a\n")
    assert (caught.value.source, caught.value.field) == ("list.csv", "Titel")


@pytest.mark.parametrize(
    ("text", "field", "message"),
    [
        ("not toml", None, "is no TOML"),
        ("", "source", "at least one"),
        ("a = 1", "a", "is not known here; possible are source"),
        ("[[source]]", "source[1].files", "patterns of file names"),
        ('[[source]]\nfiles = ["*"]', "source[1]", "either `table`"),
        (
            '[[source]]\nfiles = ["*"]\ntable = "site"',
            "source[1].table",
            "'site' is no table; expected one of",
        ),
        (HEAD + 'nam = "x"', "source[1].columns.nam", "sites has no such column; it has site_id, role"),
        (HEAD + "name = 1", "source[1].columns.name", "expected the name of a source column"),
        (HEAD + "name = {}", "source[1].columns.name", "expected exactly one of from, constant"),
        (HEAD + "name = { from = 'a', constant = 'b' }", "source[1].columns.name", "expected exactly one"),
        (HEAD + "name = { from = 'a', upper = true }", "source[1].columns.name.upper", "is not known here"),
        (
            HEAD + "name = { from = 'a', pattern = '(' }",
            "source[1].columns.name.pattern",
            "no regular expression",
        ),
        (HEAD + "name = { from = 'a', pattern = 'x' }", "source[1].columns.name.pattern", "expected a group"),
        (HEAD + "name = { from = 'a', part = 0 }", "source[1].columns.name.part", "expected 1, 2"),
        (HEAD + "name = { from = 'a', values = [1] }", "source[1].columns.name.values", "old text"),
        (
            HEAD + "name = { from = 'a', otherwise = 'drop' }",
            "source[1].columns.name.otherwise",
            "keep or unknown",
        ),
        (HEAD + "name = { template = 'x' }", "source[1].columns.name.template", "at least one {column}"),
        (HEAD + "[source.extra]\nname = 'x'", "source[1].extra.name", "put it under columns"),
        (HEAD.replace("[source.columns]", "sheet = []\n[source.columns]"), "source[1].sheet", "sheet"),
        (
            HEAD.replace("[source.columns]", "header_row = 0\n[source.columns]"),
            "source[1].header_row",
            "from 1",
        ),
        (
            HEAD.replace("[source.columns]", 'delimiter = "::"\n[source.columns]'),
            "source[1].delimiter",
            "one ASCII",
        ),
        (
            HEAD.replace("[source.columns]", 'rest = "maybe"\n[source.columns]'),
            "source[1].rest",
            "keep or drop",
        ),
        (
            '[[source]]\nfiles = ["*"]\n[[source.tables]]\ntable = "sites"\nonly_if = ["x"]',
            "source[1].tables[1].only_if",
            "takes every row",
        ),
    ],
)
def test_mistakes_name_the_key(text: str, field: str | None, message: str, tmp_path: Path) -> None:
    with pytest.raises(MappingError) as caught:
        read_mapping(write(tmp_path, "map.toml", text))
    assert caught.value.field == field
    assert message in str(caught.value)


def test_absent_mapping_file(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="cannot be read"):
        read_mapping(tmp_path / "absent.toml")
