import pyarrow as pa

from suyuan.graph.tables import TABLES
from suyuan.ingest.derived_fields import Derived, contacts, derived_fields
from suyuan.ingest.profiles import Profile, profile


def column(header: str, *values: str) -> Profile:
    return profile(header, pa.array(values))


def derived(table: str, have: dict[str, Profile], *more: Profile) -> dict[str, Derived]:
    return {one.field: one for one in derived_fields(TABLES[table], have, [*have.values(), *more])}


def test_a_key_is_made_of_what_tells_the_rows_apart() -> None:
    found = derived("sites", {"name": column("工厂", "甲"), "address": column("地址", "义乌")})
    assert found["site_id"].rule == {"hash": ["工厂", "地址"], "prefix": "SITE-"}
    assert found["role"].rule == {"constant": "factory"}


def test_a_number_that_differs_in_every_row_is_the_key() -> None:
    found = derived("shipments", {"waybill": column("运单号", "A1", "A2")})
    assert found["shipment_id"].rule == "运单号"
    assert derived("shipments", {"waybill": column("运单号", "A1", "A1")}) == {}


def test_the_platform_is_read_off_web_addresses_or_must_be_given() -> None:
    of_one = column("url", "https://item.taobao.com/1", "https://shop.taobao.com/2")
    assert derived("listings", {"url": of_one})["platform"].rule == {"constant": "taobao"}
    of_two = column("url", "https://item.taobao.com/1", "https://www.jd.com/2")
    for have in ({}, {"url": of_two}):
        found = derived("listings", have)["platform"]
        assert (found.rule, found.used) == (None, False)


def test_the_role_is_guessed_but_not_used_from_names_alone() -> None:
    found = derived("sites", {"name": column("name", "Acme Garments", "Beta Mills")})["role"]
    assert (found.rule, found.used) == ({"constant": "factory"}, False)
    assert derived("sites", {"name": column("name", "Acme")})["role"].rule is None


def test_names_in_two_columns_are_put_together() -> None:
    latin = derived("persons", {}, column("First Name", "Ann"), column("surname", "Lee"))["name"]
    assert latin.rule == {"template": "{First Name} {surname}"}
    han = derived("persons", {}, column("名", "三"), column("姓", "张"))["name"]
    assert han.rule == {"template": "{姓}{名}"}


def test_phones_become_identifiers_where_the_owner_has_a_key() -> None:
    left = [column("联系电话", "13912345678"), column("微信", "wx1"), column("备注", "x")]
    found = list(contacts(TABLES["firms"], {"firm_id": "代码"}, left))
    assert [(one.column, one.field) for one in found] == [("联系电话", "phone"), ("微信", "wechat")]
    assert found[0].rule == {
        "owner": {"template": "Firm:{代码}"},
        "type": {"constant": "phone"},
        "value": "联系电话",
    }
    assert list(contacts(TABLES["firms"], {}, left)) == []
    assert list(contacts(TABLES["firms"], {"firm_id": "a{b}"}, left)) == []
    assert list(contacts(TABLES["shipments"], {"shipment_id": "代码"}, left)) == []
