"""Invented names of firms, shops, persons and products."""

import numpy as np

_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
    "苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史"
    "顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰红梅辉玲建国志海燕春晓东文斌佳"
    "慧欣怡浩宇轩子涵梓晨思雨嘉琪雪婷倩颖俊峰鹏飞翔宁康乐安"
)
_BRAND = (
    "瑞鑫恒泰隆昌盛源丰华诚信达通嘉禾锦程悦祥腾飞宏图博雅尚品卓越凯旋金桥银河星辰海纳"
    "百川万里长青云峰逸凡晨曦朗润沐阳启航乐享优佳美途行知味"
)

PRODUCT_KINDS: tuple[tuple[str, str, str, int], ...] = (
    ("保温杯", "家居日用", "21", 89),
    ("蓝牙耳机", "数码配件", "09", 199),
    ("运动鞋", "鞋靴", "25", 329),
    ("电动牙刷", "个护", "21", 149),
    ("儿童书包", "箱包", "18", 129),
    ("充电宝", "数码配件", "09", 99),
    ("LED台灯", "灯具", "11", 119),
    ("修正带", "文具", "16", 12),
    ("面霜", "美妆", "03", 268),
    ("拉杆箱", "箱包", "18", 399),
    ("机油滤清器", "汽配", "07", 45),
    ("积木玩具", "玩具", "28", 159),
    ("折叠伞", "家居日用", "18", 59),
    ("卫衣", "服装", "25", 219),
    ("太阳镜", "眼镜", "09", 189),
    ("剃须刀", "个护", "08", 259),
    ("手机壳", "数码配件", "09", 39),
    ("炒锅", "厨具", "21", 179),
    ("瑜伽垫", "运动户外", "27", 79),
    ("洗发水", "美妆", "03", 69),
    ("水龙头", "五金", "11", 138),
    ("轴承", "五金", "07", 28),
    ("智能手表", "数码配件", "14", 599),
    ("毛绒玩偶", "玩具", "28", 88),
)
"""Kind, category, Nice class, usual price in yuan."""

_TRADES = ("日用品", "电子科技", "鞋业", "工贸", "塑胶制品", "五金制品", "服饰", "文化用品", "玩具", "化妆品")
_SHOP_TAILS = ("旗舰店", "专营店", "优选", "生活馆", "工厂店", "小铺", "折扣店", "好物", "商行", "精品店")


def _pick(stream: np.random.Generator, letters: str) -> str:
    return letters[int(stream.integers(len(letters)))]


def brand(stream: np.random.Generator) -> str:
    """Two or three characters of a made-up trade name."""
    return "".join(_pick(stream, _BRAND) for _ in range(2 if stream.random() < 0.7 else 3))


def person(stream: np.random.Generator) -> str:
    """Surname and given name."""
    return _pick(stream, _SURNAMES) + "".join(
        _pick(stream, _GIVEN) for _ in range(1 if stream.random() < 0.25 else 2)
    )


def firm(stream: np.random.Generator, place: str, trade_name: str | None = None) -> str:
    """`place` (with or without 市 or 区), trade name, line of business, 有限公司."""
    trade = _TRADES[int(stream.integers(len(_TRADES)))]
    return f"{place}{trade_name or brand(stream)}{trade}有限公司"


def shop(stream: np.random.Generator, trade_name: str) -> str:
    """Name of a shop."""
    return trade_name + _SHOP_TAILS[int(stream.integers(len(_SHOP_TAILS)))]


def with_slip(stream: np.random.Generator, text: str) -> str:
    """The text with one slip of the pen: a letter lost, doubled, swapped with the next or set apart."""
    if len(text) < 4:
        return text
    place = int(stream.integers(1, len(text) - 1))
    kind = int(stream.integers(4))
    if kind == 0:
        return text[:place] + text[place + 1 :]
    if kind == 1:
        return text[: place + 1] + text[place:]
    if kind == 2:
        return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    return text[:place] + " " + text[place:]
