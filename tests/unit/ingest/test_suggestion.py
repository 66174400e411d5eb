from pathlib import Path

import pytest

from suyuan.errors import IngestError
from suyuan.ingest.mapping import read_mapping
from suyuan.ingest.suggestion import Suggestion, suggest
from suyuan.ingest.suggestion_text import suggestion_toml
from suyuan.simulate.market import MarketOptions, simulate_market
from tests.unit.ingest.reading import read, write

KEPT = Path(__file__).parents[3] / "examples" / "facilities" / "facilities.toml"
COMPARED = ("name", "address", "country", "latitude", "longitude")

GOLDEN = {
    "sellers": (
        "平台,店铺编号,店铺名称,统一社会信用代码,开店日期\n甲平台,s1,玩具店,91330782MA2DEM017W,2024-05-01\n",
        {
            "平台": "platform",
            "店铺编号": "seller_id",
            "店铺名称": "name",
            "统一社会信用代码": "firm_id",
            "开店日期": "opened_at",
        },
    ),
    "shipments": (
        "Shipment No.,Ship From,Ship To,Ship Date,Qty (pcs),HS Code\nS1,W1,W2,31.12.2024,20,950300\n",
        {
            "Shipment No.": "shipment_id",
            "Ship From": "from_site",
            "Ship To": "to_site",
            "Ship Date": "departed_at",
            "Qty (pcs)": "quantity",
            "HS Code": "hs_code",
        },
    ),
    "rights": (
        "權利編號,專利號,專利類型,專利名稱,申請日\nR1,202110377287.X,發明,一种玩具,2021-04-08\n",
        {
            "權利編號": "right_id",
            "專利號": "number",
            "專利類型": "right_type",
            "專利名稱": "title",
            "申請日": "filed_at",
        },
    ),
    "sites": (
        "Site Code,Site Type,Name,Country,Latitude,Longitude\nW1,仓库,A,越南,10.5,106.5\nW2,工厂,B,中国,29.5,120.5\n",
        {
            "Site Code": "site_id",
            "Site Type": "role",
            "Name": "name",
            "Country": "country",
            "Latitude": "latitude",
            "Longitude": "longitude",
        },
    ),
    "listings": (
        "marketplace,item id,shop id,item title,sale price,page url,colour\nshop,L1,s1,Toy,9.9,https://a.example/1,red\n",
        {
            "marketplace": "platform",
            "item id": "listing_id",
            "shop id": "seller_id",
            "item title": "title",
            "sale price": "price",
            "page url": "url",
            "colour": None,
        },
    ),
}


def only(path: Path) -> Suggestion:
    found = suggest([path]).found
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("table", GOLDEN)
def test_golden_tables(table: str, tmp_path: Path) -> None:
    text, wanted = GOLDEN[table]
    found = only(write(tmp_path, "x.csv", text))
    assert found.table.name == table
    assert {one.column: one.field for one in found.columns} == wanted
    assert all(one.used for one in found.columns if one.field)
    assert all(0 <= one.confidence <= 1 and one.reason for one in found.columns)


@pytest.mark.parametrize("table", GOLDEN)
def test_what_is_proposed_reads_the_file(table: str, tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", GOLDEN[table][0])
    mapping = write(tmp_path, "map.toml", suggestion_toml(suggest([path])))
    found = read(path, mapping)
    assert found.wrong == []
    assert len(found.records) == GOLDEN[table][0].count("\n") - 1


def test_values_of_other_words_are_mapped(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", GOLDEN["rights"][0])
    found = read(path, write(tmp_path, "map.toml", suggestion_toml(suggest([path]))))
    assert found.records[0]["right_type"] == "invention"


def test_a_missing_platform_is_asked_for(tmp_path: Path) -> None:
    found = only(write(tmp_path, "x.csv", "店铺编号,店铺名称,开店日期\ns1,玩具店,2024-05-01\n"))
    assert found.table.name == "sellers"
    assert [(one.field, one.rule) for one in found.derived] == [("platform", None)]


def test_tables_that_fit_nearly_as_well_are_named(tmp_path: Path) -> None:
    found = only(write(tmp_path, "x.csv", "name,address,country\nA,Main Street 12 Building,CN\n"))
    assert {"sites", "firms"} <= {found.table.name, *(table for table, _ in found.ties)}


def test_the_name_of_the_file_decides_between_them(tmp_path: Path) -> None:
    text = "name,address,country\nA,Main Street 12 Building,CN\n"
    assert only(write(tmp_path, "warehouses.csv", text)).table.name == "sites"
    assert only(write(tmp_path, "companies.csv", text)).table.name == "firms"


def test_one_field_is_given_once(tmp_path: Path) -> None:
    found = only(write(tmp_path, "x.csv", "站点编号,名称,工厂名称,地址\n1,a,甲厂,义乌市稠州路1号\n"))
    fields = [one.field for one in found.columns if one.field]
    assert len(fields) == len(set(fields))
    assert {one.column: one.field for one in found.columns}["工厂名称"] == "name"


@pytest.mark.parametrize(
    "content",
    ["", "zq\nxx\n17\n", "id\n1\n2\n", bytes(range(256)) * 4, "a,b\n", "\n\n", '{"x": 1}\n'],
)
def test_no_table_fits_nonsense(content: str | bytes, tmp_path: Path) -> None:
    found = suggest([write(tmp_path, "x.csv", content)])
    assert found.found == ()
    assert [one.name for one in found.unfit] == ["x.csv"]


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(IngestError):
        suggest([tmp_path / "none.csv"])


def test_files_of_one_layout_are_taken_together(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        write(tmp_path, f"in/{name}", GOLDEN["sites"][0])
    write(tmp_path, "in/c.csv", GOLDEN["rights"][0])
    found = suggest([tmp_path / "in"]).found
    assert [[file.file_name for file in one.sample.files] for one in found] == [["a.csv", "b.csv"], ["c.csv"]]


def test_simulated_tables_are_told_by_their_own_headers(tmp_path: Path) -> None:
    simulate_market(MarketOptions(seed=3, movements=1_000), tmp_path / "market", None)
    for table in ("firms", "sellers", "listings", "shipments", "sites", "rights", "findings", "leads"):
        path = tmp_path / "x.csv"
        path.write_bytes((tmp_path / "market" / f"{table}.csv").read_bytes())
        found = only(path)
        assert found.table.name == table
        for one in found.columns:
            assert one.field == one.column, table
            assert one.used, (table, one)


def test_factory_lists_against_the_mapping_that_is_kept(samples: Path, tmp_path: Path) -> None:
    """Every field that is sure is the kept one, and the same sites come of both for every list."""
    rules = read_mapping(KEPT).sources[0].outputs[0].rules
    fields = {
        name: field
        for field in ("name", "address", "country", "latitude", "longitude")
        for name in rules[field].sources
    }
    lists = sorted(
        path for path in (samples / "facilities").rglob("*") if path.suffix in (".csv", ".xls", ".xlsx")
    )
    right = sure = 0
    for path in lists:
        found = suggest([path])
        for one in found.found[0].columns:
            if one.confidence >= 0.8:
                sure += 1
                right += fields.get(one.column) == one.field
        mapping = write(tmp_path, "map.toml", suggestion_toml(found))
        assert _sites(path, mapping) == _sites(path, KEPT), path
    assert len(lists) >= 40
    assert right == sure > 180


def _sites(path: Path, mapping: Path) -> list[tuple[object, ...]]:
    return sorted(
        (tuple(record[name] for name in COMPARED) for record in read(path, mapping).records), key=repr
    )
