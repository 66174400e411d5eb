import tomllib
from importlib.resources import files
from typing import Any

import pytest

from suyuan.graph.tables import TABLES
from suyuan.ingest.wording import choice_words, compact, header_matches, table_words, words_in


def _document(name: str) -> dict[str, Any]:
    return tomllib.loads(files("suyuan.ingest").joinpath(name).read_text("utf-8"))


def test_every_line_of_the_word_lists_names_a_table_and_column() -> None:
    names = _document("header_names.toml")
    assert set(names.pop("tables")) == set(TABLES)
    everywhere = {column.name for table in TABLES.values() for column in table.columns} | {"_key"}
    assert set(names.pop("any")) <= everywhere
    for table, columns in names.items():
        assert set(columns) <= set(TABLES[table].by_name), table


def test_every_column_has_chinese_names() -> None:
    names = _document("header_names.toml")
    for table in TABLES.values():
        for column in table.columns:
            listed = names[table.name].get(column.name, []) + names["any"].get(column.name, [])
            assert any(not name.isascii() for name in listed), (table.name, column.name)


def test_every_fixed_value_has_words_of_its_own() -> None:
    for table in TABLES.values():
        for column in table.columns:
            words = choice_words(table, column)
            assert set(words.values()) == set(column.choices)
            if column.choices:
                said = {choice for word, choice in words.items() if not word.isascii()}
                assert said == set(column.choices), (table.name, column.name)


@pytest.mark.parametrize(
    ("header", "field", "how"),
    [
        ("seller_id", ("sellers", "seller_id"), "own"),
        ("SellerID", ("listings", "seller_id"), "own"),
        ("Price [CNY]", ("listings", "price"), "own"),
        ("店铺编号", ("sellers", "seller_id"), "known"),
        ("商品價格", ("listings", "price"), "known"),
        ("编号", ("products", "product_id"), "weak"),
        ("Warehouse Country", ("sites", "country"), "table word"),
        ("供应商全称", ("sites", "name"), "table word"),
        ("Recieved at", ("shipments", "arrived_at"), "alike"),
        ("工商注册地址（详细）", ("firms", "address"), "table word"),
        ("现注册地址", ("firms", "address"), "alike"),
        ("首次上架日期", ("listings", "listed_at"), "alike"),
        ("dateShipped (UTC)", ("shipments", "departed_at"), "known"),
    ],
)
def test_headers_are_found(header: str, field: tuple[str, str], how: str) -> None:
    assert header_matches(header)[field].how == how


@pytest.mark.parametrize("header", ["", "###", "zq", "Ὀδυσσεύς", "x" * 5_000, "(kg)x"])
def test_headers_that_mean_nothing(header: str) -> None:
    assert header_matches(header) == {}


def test_part_of_a_name_is_not_the_name() -> None:
    assert ("persons", "name") not in header_matches("First Name")


def test_compared_form() -> None:
    assert compact("（kg）") == "kg"
    assert compact("Ｐrice ") == "price"
    assert compact("") == ""


def test_words_for_tables() -> None:
    assert words_in("2024工厂名单.xlsx") == {"sites"}
    assert "sellers" in words_in("Shops 2025")
    assert words_in("10.csv") == frozenset()
    assert all(word for words in table_words().values() for word in words)
