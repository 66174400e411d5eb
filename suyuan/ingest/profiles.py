"""What the values of a column look like: how many are filled, how many differ, which shapes they have.

Shapes are judged on the first few hundred different values of a sample. A shape is only what its name says: eighteen
characters with a right check digit, a number between -90 and 90 with decimals, a text that ends like the name
of a firm.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from suyuan.errors import RecordError, UnknownKindError
from suyuan.graph.ids import split_id
from suyuan.ingest.countries import country_code
from suyuan.ingest.numbers import (
    CREDIT_ALPHABET,
    narrow,
    normal_credit_code,
    normal_email,
    normal_id_card,
    normal_right_number,
)
from suyuan.ingest.times import parse_time

MOST_VALUES = 400

# ISO 4217, the active codes of countries, without funds and metals.
_CURRENCIES = frozenset(
    re.findall(
        r"[A-Z]{3}",
        """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD
        CAD CDF CHF CLP CNY CNH COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS
        GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW
        KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD
        NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RMB RON RSD RUB RWF SAR SBD SCR SDG SEK
        SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS
        VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG
        """,
    )
)
# First two digits of codes of divisions: the province (GB/T 2260).
_PROVINCE = r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])"
_DIVISION = re.compile(rf"{_PROVINCE}(?:\d{{4}}|\d{{7}}|\d{{10}})")
_DIVISION_PART = re.compile(rf"{_PROVINCE}(?:\d\d)?")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?")
_MEASURED = re.compile(r"[¥￥$€£]?\s*[+-]?\d+(?:\.\d+)?\s*[^\W\d]{0,6}\.?")
_GROUPED = re.compile(r"[¥￥$€£]?\s*[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_URL = re.compile(r"https?://[^\s/]+\.[^\s/]+\S*", re.IGNORECASE)
_PHONE = re.compile(r"(?:(?:\+|00)?86[\s-]?)?1[3-9]\d[\s-]?\d{4}[\s-]?\d{4}|0\d{2,3}-?\d{7,8}(?:-\d{1,5})?")
_FOREIGN_PHONE = re.compile(r"\+[1-9][\d\s().-]{6,18}")
_TARIFF = re.compile(r"(?!77)(?:0[1-9]|[1-8]\d|9[0-7])\d{2}\.?\d{2}(?:\.?\d{2}){0,2}")
_HASH = re.compile(r"[0-9a-f]{16}|[0-9a-f]{32}|[0-9a-f]{64}", re.IGNORECASE)
_PATENT = re.compile(r"(?:CN)?(?:ZL)?\d{8}(?:\d{4})?\.?[\dX]|CN[123]\d{6,9}[ABCUYDS]\d?")
_FIRM_END = re.compile(
    r"(?:公司|集团|工厂|商行|经营部|商贸部|贸易行|个体工商户|合作社|厂|厂[(（].*[)）])$"
    r"|\b(?:co|ltd|limited|llc|inc|corp|corporation|company|gmbh|ag|s\.?a|s\.?r\.?l|pvt|pte|plc|bv|jsc|sdn bhd)"
    r"\.?\)?$",
    re.IGNORECASE,
)
_HAN_PLACE = re.compile(r"(?:省|市|自治区|区|县|镇|乡|街道|村).*(?:路|街|道|巷|号|楼|室|园|村|镇|区|栋)")
_STREET = re.compile(
    r"\b(?:road|rd|street|st|avenue|ave|lane|plot|zone|district|village|city|province|floor|block|building|"
    r"industrial|highway|no)\b",
    re.IGNORECASE,
)
_BOOLEANS = frozenset({"true", "false", "yes", "no", "y", "n", "t", "f", "是", "否"})
_DATE_FORMATS = (
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%b %d, %Y",
)
_SEPARATORS = ("；", "、", "|", ",", "，", "/", "\n")


@dataclass(frozen=True, slots=True)
class Profile:
    """A column of a sample.

    Attributes
    ----------
    header : its name
    rows, filled : rows of the sample, and how many have a value here
    values : the first different values in order of appearance, at most 400
    different : how many different values there are
    shapes : share of the values that have each shape, in [0, 1]
    """

    header: str
    rows: int
    filled: int
    values: tuple[str, ...]
    different: int
    shapes: Mapping[str, float]

    @property
    def distinct(self) -> float:
        """Different values by filled cells, in [0, 1]; 0 where nothing is filled."""
        return self.different / self.filled if self.filled else 0.0

    def share(self, shape: str) -> float:
        """Share of the different values that have the shape."""
        return self.shapes.get(shape, 0.0)

    def counted(self, shape: str) -> str:
        """``54 of 57 values``."""
        return f"{round(self.share(shape) * len(self.values))} of {len(self.values)} values"


def profile(header: str, values: pa.Array) -> Profile:
    """Looks at a column of trimmed text, null where empty.

    Examples
    --------
    >>> seen = profile("x", pa.array(["CN", "Vietnam", None, "CN"]))
    >>> seen.filled, seen.values, seen.share("country")
    (3, ('CN', 'Vietnam'), 1.0)
    """
    different = pc.unique(values.drop_null())
    first = tuple(str(value) for value in different.slice(0, MOST_VALUES).to_pylist())
    shapes = {name: sum(map(has_shape, first)) / len(first) for name, has_shape in _shapes().items() if first}
    return Profile(header, len(values), len(values) - values.null_count, first, len(different), shapes)


@cache
def _shapes() -> dict[str, Callable[[str], bool]]:
    return {
        "number": _whole(_NUMBER),
        "measured": _whole(_MEASURED),
        "grouped": _whole(_GROUPED),
        "latitude": lambda text: _is_degree(text, 90),
        "longitude": lambda text: _is_degree(text, 180),
        "time": _is_time,
        "year": lambda text: parse_time(text) is not None,
        "boolean": lambda text: text.casefold() in _BOOLEANS,
        "credit_code": is_credit_code,
        "right_number": _is_right_number,
        "division": _whole(_DIVISION),
        "division_part": _whole(_DIVISION_PART),
        "country": lambda text: country_code(text)[1],
        "currency": lambda text: text.upper() in _CURRENCIES,
        "url": _whole(_URL),
        "email": lambda text: normal_email(text)[1],
        "phone": _is_phone,
        "id_card": lambda text: len(text) == 18 and normal_id_card(text)[1],
        "gtin": _is_gtin,
        "hs_code": _whole(_TARIFF),
        "hash": _whole(_HASH),
        "canonical_id": lambda text: kind_of(text) is not None,
        "firm_name": lambda text: _FIRM_END.search(text) is not None,
        "address": _is_address,
        "long": lambda text: len(text) > 80,
        "words": lambda text: " " in text.strip(),
    }


def _whole(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.fullmatch(text) is not None


def _is_degree(text: str, most: int) -> bool:
    return "." in text and _NUMBER.fullmatch(text) is not None and abs(float(text)) <= most


def _is_time(text: str) -> bool:
    """A date that no plain number is: separated, or eight digits of a likely year."""
    if text.isdigit() and not re.fullmatch(r"(?:19|20)\d{6}", text):
        return False
    return not _NUMBER.fullmatch(text[:11] if "." in text else "") and parse_time(text) is not None


def is_credit_code(text: str) -> bool:
    """Whether a text is a social credit code with a right check digit."""
    code, right = normal_credit_code(text)
    return right and len(code) == 18 and all(char in CREDIT_ALPHABET for char in code)


def _is_right_number(text: str) -> bool:
    """Numbers of patents; plain numbers may be trade marks, but may be anything else as well."""
    form = re.sub(r"[\s-]+", "", narrow(text)).upper()
    return _PATENT.fullmatch(form) is not None and normal_right_number(text)[1] and not form.isdigit()


def _is_phone(text: str) -> bool:
    plain = narrow(text)
    return _PHONE.fullmatch(plain) is not None or _FOREIGN_PHONE.fullmatch(plain) is not None


def _is_gtin(text: str) -> bool:
    """Whether digits are a GTIN-8, -12, -13 or -14 with a right check digit (GS1 General Specifications 7.9)."""
    if not (text.isascii() and text.isdigit()) or len(text) not in (8, 12, 13, 14):
        return False
    digits = [int(char) for char in reversed(text)]
    return (sum(digits[0::2]) + 3 * sum(digits[1::2])) % 10 == 0


def kind_of(text: str) -> str | None:
    """The kind that a canonical id names; None if it is none."""
    if ":" not in text or text.startswith("http"):
        return None
    try:
        return split_id(text)[0]
    except (UnknownKindError, RecordError):
        return None


def _is_address(text: str) -> bool:
    if _HAN_PLACE.search(text):
        return True
    return (
        len(text) >= 12 and any(char.isdigit() or char == "," for char in text) and bool(_STREET.search(text))
    )


@lru_cache(maxsize=256)
def date_formats(values: tuple[str, ...]) -> tuple[str, ...]:
    """The spellings, as ``strptime`` has them, in which nine of ten values are dates.

    Examples
    --------
    >>> date_formats(("02.03.2025", "31.12.2024")), date_formats(("2/3/2025",))
    (('%d.%m.%Y',), ('%d/%m/%Y', '%m/%d/%Y'))
    """
    return tuple(
        spelling
        for spelling in _DATE_FORMATS
        if values
        and any(char.isdigit() for char in values[0])
        and sum(_fits(value, spelling) for value in values) >= 0.9 * len(values)
    )


def _fits(text: str, spelling: str) -> bool:
    try:
        datetime.strptime(text, spelling).replace(tzinfo=UTC)
    except ValueError:
        return False
    return True


def list_separator(values: tuple[str, ...]) -> str | None:
    """What separates the entries of lists, where it is not the exchange format's ``;``.

    Examples
    --------
    >>> list_separator(("25、35", "9")), list_separator(("25;35",))
    ('、', None)
    """
    if any(";" in value for value in values):
        return None
    counts = {mark: sum(mark in value for value in values) for mark in _SEPARATORS}
    best = max(_SEPARATORS, key=lambda mark: counts[mark])
    return best if counts[best] else None
