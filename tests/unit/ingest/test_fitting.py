import pyarrow as pa
import pytest

from suyuan.graph.tables import TABLES
from suyuan.ingest.fitting import Fit, fit, kinds_allowed
from suyuan.ingest.profiles import profile
from suyuan.ingest.wording import header_matches


def fitted(table: str, column: str, header: str, *values: str | None) -> Fit | None:
    declared = TABLES[table].by_name[column]
    match = header_matches(header).get((table, column))
    return fit(TABLES[table], declared, profile(header, pa.array(values, pa.string())), match)


def confidence(table: str, column: str, header: str, *values: str | None) -> float:
    found = fitted(table, column, header, *values)
    return found.confidence if found else 0.0


@pytest.mark.parametrize(
    ("table", "column", "header", "right", "wrong"),
    [
        ("firms", "firm_id", "信用代码", "91330782MA2DEM017W", "浙江省义乌市稠州路1号"),
        ("shipments", "departed_at", "发货日期", "2025-03-02", "义乌"),
        ("listings", "price", "价格", "12.5", "议价"),
        ("sites", "country", "国家", "越南", "蓝色"),
        ("sites", "latitude", "纬度", "29.3", "129.3"),
        ("sites", "division_code", "区划代码", "330782", "义乌市"),
        ("listings", "url", "链接", "https://a.example/1", "red"),
        ("listings", "currency", "币种", "CNY", "red"),
        ("ownerships", "owned", "owned", "Firm:1", "Seller:a:1"),
        ("exhibits", "key_exhibit", "重点展品", "是", "甲"),
        ("rights", "number", "专利号", "202110377287.X", "2021-01-01"),
        ("seizures", "direction", "进出口", "进口", "红色"),
        ("persons", "name", "姓名", "张三", "义乌甲贸易有限公司"),
        ("shipments", "from_site", "发货地", "WH1", "CN"),
        ("sites", "name", "工厂名称", "甲厂", "12345"),
    ],
)
def test_values_decide_with_the_header(table: str, column: str, header: str, right: str, wrong: str) -> None:
    assert confidence(table, column, header, right) >= 0.8
    assert confidence(table, column, header, wrong) < 0.6


def test_values_alone_are_never_sure() -> None:
    assert 0.6 <= confidence("firms", "firm_id", "x", "91330782MA2DEM017W") < 0.8
    assert 0.6 <= confidence("sites", "role", "x", "仓库", "工厂") < 0.8
    assert confidence("sites", "role", "x", "仓库") == 0.0
    assert confidence("shipments", "departed_at", "x", "2025-01-01") == 0.0


def test_fixed_values_are_mapped() -> None:
    found = fitted("sites", "role", "场所类型", "仓库", "工厂", "port")
    assert found
    assert found.rule == {"from": "场所类型", "values": {"仓库": "warehouse", "工厂": "factory"}}
    assert fitted("rights", "right_type", "专利类型", "發明").rule == {  # pyright: ignore[reportOptionalMemberAccess]
        "from": "专利类型",
        "values": {"發明": "invention"},
    }


def test_unknown_fixed_values_are_named() -> None:
    found = fitted("sites", "role", "场所类型", "仓库", "工厂", "港", "航站")
    assert found
    assert "not 港, 航站" in found.reason


@pytest.mark.parametrize(
    ("table", "column", "header", "values", "changes"),
    [
        ("shipments", "departed_at", "ship date", ("31.12.2024",), {"date_format": "%d.%m.%Y"}),
        ("rights", "classes", "分类号", ("25、35", "9"), {"separator": "、"}),
        ("shipments", "quantity", "数量", ("20 kg", "3 kg"), {"pattern": r"^[^\d+-]*([+-]?\d+(?:\.\d+)?)"}),
    ],
)
def test_what_a_mapping_must_add(
    table: str, column: str, header: str, values: tuple[str, ...], changes: dict[str, str]
) -> None:
    found = fitted(table, column, header, *values)
    assert found
    assert found.rule == {"from": header, **changes}


def test_codes_of_firms_become_canonical_ids() -> None:
    found = fitted("sites", "operator", "运营方", "91330782MA2DEM017W")
    assert found
    assert found.rule == {"template": "Firm:{运营方}"}
    assert confidence("sites", "operator", "x", "91330782MA2DEM017W") == 0.6
    assert confidence("ownerships", "owner", "x", "91330782MA2DEM017W") == 0.0


def test_day_or_month_first_is_left_to_the_reader() -> None:
    found = fitted("shipments", "departed_at", "ship date", "1/2/2025")
    assert found
    assert "decide which" in found.reason


def test_a_key_that_repeats_is_none() -> None:
    assert confidence("products", "product_id", "id", *["a"] * 12) < 0.3
    assert confidence("products", "product_id", "id", "a", "b") > 0.7


def test_empty_columns_say_less() -> None:
    assert confidence("sites", "name", "工厂名称", None) < confidence("sites", "name", "工厂名称", "甲厂")


def test_kinds_of_canonical_ids() -> None:
    assert kinds_allowed(TABLES["ownerships"], "owned") == ("Firm",)
    assert kinds_allowed(TABLES["findings"], "subject") == ()
