"""Words of foreign tables: which column of the exchange format a header may mean, which value a word.

The words stand in ``header_names.toml`` and ``value_names.toml``. Headers that are not there are compared by
the pairs of characters they share with those that are, so that a slip of the pen or one more word does not
hide them. That is done here rather than by a library, because an index over the pairs looks at the few names
that share any, not at all two thousand.
"""

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Literal

from suyuan.graph.model import Column, Table
from suyuan.graph.tables import TABLES

Field = tuple[str, str]
"""A table and a column of it."""

How = Literal["own", "known", "weak", "table word", "alike"]

STRENGTHS: Mapping[How, float] = {"own": 0.95, "known": 0.88, "table word": 0.85, "weak": 0.55}
"""How much a header says by itself; ``alike`` has a strength by its likeness."""

GIVEN_NAMES = ("givenname", "firstname", "forename", "名")
FAMILY_NAMES = ("surname", "familyname", "lastname", "姓")
"""Headers in compared form of what is only a part of a name."""

_LEAST_LIKENESS = 0.62
_LEAST_ALIKE, _MOST_ALIKE = 0.5, 0.75
_LONGEST_HAN = 24
_MOST_WORDS = 8
_BRACKETS = re.compile(r"[(\[（【][^)\]）】]*[)\]）】]")
_REST = re.compile(r"[\W_]+")
_TRADITIONAL = (
    "倉庫貨號編碼稱廠產貿證據權專標識類別發達運單間時區劃業務員錄記許範圍價幣種賣買數淨質門開關註冊營執資經緯東國"
    "內聯繫話電郵網絡鏈連題詳細圖條線報舉訴處罰決機構職轄檢驗讓變轉進離實際過遞簽裝總縣鄉鎮廣義烏蘇點備級態屬舊納"
    "稅額萬與為無參紡織製導銷評對當會體團園場鋪檔攤儲審從傳歷獨佔約終結續維繼蹤軌車輸載辦農選長問閉陸險雲頁項領"
    "館駁沒認協應擬費請購樣鑑廳縮訂雜絲麗齡歸億誌"
)
_SIMPLIFIED = (
    "仓库货号编码称厂产贸证据权专标识类别发达运单间时区划业务员录记许范围价币种卖买数净质门开关注册营执资经纬东国"
    "内联系话电邮网络链连题详细图条线报举诉处罚决机构职辖检验让变转进离实际过递签装总县乡镇广义乌苏点备级态属旧纳"
    "税额万与为无参纺织制导销评对当会体团园场铺档摊储审从传历独占约终结续维继踪轨车输载办农选长问闭陆险云页项领"
    "馆驳没认协应拟费请购样鉴厅缩订杂丝丽龄归亿志"
)
_TO_SIMPLIFIED = str.maketrans(_TRADITIONAL, _SIMPLIFIED)


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """Why a header may mean a column: the name it was found by, how, and how much that says, in [0, 1]."""

    name: str
    how: How
    strength: float

    def reason(self) -> str:
        """For people."""
        if self.how == "own":
            return "the header is the column's own name"
        if self.how == "alike":
            return f"the header is like {self.name!r}"
        if self.how == "weak":
            return f"the header {self.name!r} may mean it"
        return f"the header is a known name of it ({self.name})"


def compact(text: str) -> str:
    """Text as headers and words are compared: letters, digits and Han characters alone, simplified.

    Examples
    --------
    >>> compact("Seller ID"), compact("sellerId"), compact("產品編號"), compact("重量（kg）")
    ('sellerid', 'sellerid', '产品编号', '重量')
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    without_unit = _BRACKETS.sub("", plain)
    for candidate in (without_unit, plain):
        found = _REST.sub("", candidate).translate(_TO_SIMPLIFIED)
        if found:
            return found
    return ""


@cache
def _document(name: str) -> dict[str, Any]:
    return tomllib.loads(files("suyuan.ingest").joinpath(name).read_text("utf-8"))


@cache
def table_words() -> dict[str, tuple[str, ...]]:
    """Words for each table in compared form, its own name among them, the longest first."""
    listed: dict[str, list[str]] = _document("header_names.toml")["tables"]
    return {
        table: tuple(sorted({compact(word) for word in (table, *words)}, key=lambda word: (-len(word), word)))
        for table, words in listed.items()
    }


def _listed_names(table: Table, column: Column) -> Iterator[tuple[str, How]]:
    document = _document("header_names.toml")
    yield column.name, "own"
    for name in (
        *document.get(table.name, {}).get(column.name, ()),
        *document["any"].get(column.name, ()),
        *(document["any"]["_key"] if table.key == (column.name,) else ()),
    ):
        yield name.removeprefix("~"), "weak" if name.startswith("~") else "known"


@cache
def _names() -> dict[str, dict[Field, HeaderMatch]]:
    """What each name in compared form means; a column's first way of being meant by it stands."""
    found: dict[str, dict[Field, HeaderMatch]] = {}
    for table in TABLES.values():
        for column in table.columns:
            for name, how in _listed_names(table, column):
                meanings = found.setdefault(compact(name), {})
                meanings.setdefault((table.name, column.name), HeaderMatch(name, how, STRENGTHS[how]))
    return found


@lru_cache(maxsize=4096)
def header_matches(header: str) -> dict[Field, HeaderMatch]:
    """Every column that a header may mean.

    Examples
    --------
    >>> header_matches("Factory_Name")["sites", "name"].strength
    0.88
    >>> header_matches("Recieved at")["shipments", "arrived_at"].reason()
    "the header is like 'received at'"
    >>> header_matches("Ὀδυσσεύς")
    {}
    """
    form = compact(header)
    if not form:
        return {}
    found = dict(_names().get(form, {}))
    if form in GIVEN_NAMES or form in FAMILY_NAMES:
        return found
    for others in (_with_table_word(form), _contained(header, form), _alike(form)):
        for field, match in others.items():
            if field not in found or found[field].strength < match.strength:
                found[field] = match
    return found


def _with_table_word(form: str) -> dict[Field, HeaderMatch]:
    """Headers that say the table with the column: ``warehouse country``, ``工厂名称``."""
    found: dict[Field, HeaderMatch] = {}
    for table, words in table_words().items():
        for word in words:
            if not form.startswith(word) or len(form) == len(word):
                continue
            for (owner, column), match in _names().get(form[len(word) :], {}).items():
                if owner == table:
                    strength = STRENGTHS["table word"]
                    found.setdefault((table, column), HeaderMatch(match.name, "table word", strength))
    return found


def _contained(header: str, form: str) -> dict[Field, HeaderMatch]:
    """Names that stand in a longer header: all of its words in Latin script, its end in Han characters."""
    found: dict[Field, HeaderMatch] = {}
    for part in _parts(header, form):
        share = len(part) / len(form)
        ends = form.endswith(part)
        for field, match in _names().get(part, {}).items():
            if match.how == "weak":
                strength = 0.35 + 0.2 * share if ends and not part.isascii() else 0.0
            else:
                strength = 0.5 + 0.3 * share - (0.0 if ends else 0.1)
            if strength and (field not in found or found[field].strength < strength):
                how: How = "weak" if match.how == "weak" else "alike"
                found[field] = HeaderMatch(match.name, how, round(min(strength, _MOST_ALIKE), 3))
    return found


def _parts(header: str, form: str) -> frozenset[str]:
    """Runs of whole words, or of at least two characters where there are Han characters."""
    if not form.isascii():
        most = min(len(form), _LONGEST_HAN)
        runs = (form[i:j] for i in range(most) for j in range(i + 2, min(len(form), i + most) + 1))
        return frozenset(run for run in runs if run != form)
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", _BRACKETS.sub("", header))
    words = [word for word in _REST.sub(" ", spaced).casefold().split() if word][:_MOST_WORDS]
    runs = ("".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, len(words) + 1))
    return frozenset(run for run in runs if len(run) >= 3 and run != form)


def _pairs(form: str) -> Counter[str]:
    padded = f"^{form}$"
    return Counter(padded[place : place + 2] for place in range(len(padded) - 1))


@cache
def _names_by_pair() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name in _names():
        for pair in _pairs(name):
            found.setdefault(pair, []).append(name)
    return {pair: tuple(names) for pair, names in found.items()}


def _alike(form: str) -> dict[Field, HeaderMatch]:
    """Names that share most of their pairs of characters with the header (Dice's coefficient)."""
    own = _pairs(form)
    candidates = {name for pair in own for name in _names_by_pair().get(pair, ())}
    found: dict[Field, HeaderMatch] = {}
    for name in sorted(candidates):
        likeness = 2 * (own & _pairs(name)).total() / (len(form) + len(name) + 2)
        if likeness < _LEAST_LIKENESS:
            continue
        share = (likeness - _LEAST_LIKENESS) / (1 - _LEAST_LIKENESS)
        for field, match in _names()[name].items():
            strength = (_LEAST_ALIKE + (_MOST_ALIKE - _LEAST_ALIKE) * share) * match.strength
            if field not in found or found[field].strength < strength:
                found[field] = HeaderMatch(match.name, "alike", strength)
    return found


@cache
def choice_words(table: Table, column: Column) -> dict[str, str]:
    """The values of a column with fixed values, by every word for them in compared form."""
    document = _document("value_names.toml")
    words = document.get(table.name, {}).get(column.name) or document["any"].get(column.name, {})
    found = {compact(choice): choice for choice in column.choices}
    for choice in column.choices:
        for word in words.get(choice, ()):
            found.setdefault(compact(word), choice)
    return found


def words_in(text: str) -> frozenset[str]:
    """Tables that a name of a file, folder or sheet speaks of."""
    form = compact(re.sub(r"\.\w+$", "", text))
    return frozenset(
        table
        for table, words in table_words().items()
        if any(word in form for word in words if len(word) >= (4 if word.isascii() else 2))
    )
