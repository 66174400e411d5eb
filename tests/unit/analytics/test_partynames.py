"""Names of parties as they are compared."""

import pytest

from suyuan.analytics.partynames import latin_name, person_name, trade_name
from suyuan.analytics.scripts import pinyin, simplified


@pytest.mark.parametrize(
    ("name", "places", "core"),
    [
        ("义乌市瑞鑫日用品有限公司", (), "瑞鑫"),
        ("義烏市瑞鑫日用品有限公司", (), "瑞鑫"),
        ("义乌瑞鑫电子科技有限公司", ("义乌市",), "瑞鑫"),
        ("浙江省义乌市瑞鑫贸易商行", (), "瑞鑫"),
        ("瑞鑫（义乌）有限责任公司", (), "瑞鑫"),
        ("瑞鑫官方旗舰店", (), "瑞鑫"),
        ("瑞鑫 生活馆", (), "瑞鑫"),
        ("RUIXIN Trading Co., Ltd.", (), "ruixin"),
        ("义乌鑫", ("义乌市",), "义乌鑫"),
        ("有限公司", (), None),
        ("玩具店", (), None),
        ("服装", (), None),
        ("", (), None),
    ],
)
def test_trade_names(name: str, places: tuple[str, ...], core: str | None) -> None:
    assert trade_name(name, places) == core


def test_both_scripts_meet_in_pinyin() -> None:
    assert latin_name("瑞鑫") == latin_name("Rui-Xin") == "ruixin"
    assert latin_name("義烏") == "yiwu"


@pytest.mark.parametrize(
    ("name", "normal"), [("陳 小明", "陈小明"), ("Li  WEI", "li wei"), ("买买提·艾力", "买买提艾力")]
)
def test_person_names(name: str, normal: str) -> None:
    assert person_name(name) == normal


def test_plain_letters_stay() -> None:
    assert (simplified("abc"), pinyin("abc"), pinyin("义乌")) == ("abc", "abc", "yiwu")
