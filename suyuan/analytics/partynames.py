"""Names of firms, shops and persons as they are compared: what is left when place, trade and legal form are taken off.

Traditional characters count as their simplified ones. A name in Latin letters and one in Han characters meet in their
pinyin.
"""

import re
from functools import cache
from typing import Final

from suyuan.analytics.scripts import pinyin, simplified
from suyuan.graph.searchtext import fold

_LEGAL_FORMS: Final = (
    *(
        "股份有限公司",
        "有限责任公司",
        "集团有限公司",
        "有限公司",
        "集团公司",
        "总公司",
        "分公司",
        "公司",
        "集团",
    ),
    *("个体工商户", "个人独资企业", "合伙企业", "有限合伙", "工作室", "经营部", "经销部", "门市部", "销售部"),
    *("商行", "商店", "商贸行", "贸易行", "加工厂", "厂"),
)
_SHOP_FORMS: Final = (
    *(
        "官方旗舰店",
        "旗舰店",
        "专营店",
        "专卖店",
        "工厂店",
        "直营店",
        "折扣店",
        "精品店",
        "企业店",
        "生活馆",
        "优选",
    ),
    *("严选", "好物", "小铺", "小店", "铺子", "店铺", "商城", "百货", "店"),
)
_TRADES: Final = (
    *(
        "日用百货",
        "日用品",
        "电子科技",
        "电子商务",
        "网络科技",
        "信息科技",
        "智能科技",
        "塑胶制品",
        "塑料制品",
    ),
    *(
        "五金制品",
        "文化用品",
        "体育用品",
        "化妆品",
        "国际贸易",
        "进出口",
        "工艺品",
        "小商品",
        "供应链",
        "鞋业",
    ),
    *("工贸", "商贸", "贸易", "服饰", "服装", "玩具", "箱包", "科技", "电子", "实业", "制品", "五金", "用品"),
)
_LATIN_FORMS: Final = re.compile(
    r"[\s,.]*\b(?:co|company|corp|corporation|gmbh|inc|incorporated|limited|llc|ltd|plc|s\.?a|trading|imp|exp"
    r"|import|export|international|technology|store|shop|official|flagship)\b\.?"
)
_BRACKETS: Final = re.compile(r"[(（\[【].*?[)）\]】]")
_MARKS: Final = re.compile(r"[\W_]+")
_PLACE: Final = re.compile(r"^(?:.{2,8}?(?:省|自治区|特别行政区|市|自治州|区|县)){1,3}(?=.{2})")
_SHORTEST: Final = 2


def trade_name(name: str, places: tuple[str, ...] = ()) -> str | None:
    """The part of a firm's or shop's name that tells it from others; None if nothing is left that would.

    Parameters
    ----------
    places : names of the divisions where it is, with or without 市, 区 or 县; taken off in front.

    Examples
    --------
    >>> trade_name("义乌市瑞鑫日用品有限公司"), trade_name("瑞鑫旗艦店"), trade_name("Ruixin Trading Co., Ltd.")
    ('瑞鑫', '瑞鑫', 'ruixin')
    >>> trade_name("义乌瑞鑫玩具厂", ("义乌市",)), trade_name("玩具店")
    ('瑞鑫', None)
    """
    text = simplified(_BRACKETS.sub("", fold(name)))
    text = _MARKS.sub("", _LATIN_FORMS.sub("", text))
    text = _without_place(text, places)
    for endings in (_SHOP_FORMS + _LEGAL_FORMS, _TRADES):
        text = _without_endings(text, endings)
    return text if len(text) >= _SHORTEST and text not in _TRADES else None


def _without_place(text: str, places: tuple[str, ...]) -> str:
    for place in places:
        for name in (place, place.rstrip("省市区县")):
            if len(name) >= _SHORTEST and text.startswith(name) and len(text) > len(name) + 1:
                return _PLACE.sub("", text.removeprefix(name))
    return _PLACE.sub("", text)


def _without_endings(text: str, endings: tuple[str, ...]) -> str:
    while ending := next((one for one in _by_length(endings) if text.endswith(one)), None):
        text = text.removesuffix(ending)
    return text


@cache
def _by_length(endings: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(endings, key=lambda ending: (-len(ending), ending)))


def latin_name(name: str) -> str:
    """A name in Latin letters: Han characters by their pinyin without tones and blanks.

    Examples
    --------
    >>> latin_name("瑞鑫"), latin_name("ruixin")
    ('ruixin', 'ruixin')
    """
    return _MARKS.sub("", pinyin(simplified(fold(name))))


def person_name(name: str) -> str:
    """A person's name as it is compared: simplified, plain, without blanks between Han characters.

    Examples
    --------
    >>> person_name("陳 小明"), person_name("Li  Wei")
    ('陈小明', 'li wei')
    """
    text = simplified(fold(name)).replace("·", "")
    return text.replace(" ", "") if not text.isascii() else text
