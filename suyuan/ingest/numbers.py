"""Check digits and normal forms of the numbers that goods, firms and people are known by.

One normal form per number, because the graph joins them by equality:

* patent numbers ``202110377287.X`` (digits, dot, check digit; no ``ZL``), publication numbers
  ``CN112345678A``,
  trade-mark numbers digits with a trailing split letter, ``G`` in front of international ones;
* social credit codes 18 characters in capitals;
* phones E.164 (``+8613912345678``), e-mails and domains in lower case, accounts and cards without blanks.

Full-width characters count as their narrow ones everywhere. A right check digit does not prove that a
number exists.

References
----------
GB 32100-2015 (social credit code), GB 11714 (organisation code), GB 11643 (citizen's number), ZC 0006
(patent number).
"""

import re
import unicodedata
from collections.abc import Callable
from functools import cache

import numpy as np
import phonenumbers
import pyarrow as pa

from suyuan.graph.searchtext import fold
from suyuan.ingest.text import BoolArray, BytesArray, is_known, map_unusual, text_bytes

CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_VALUE = np.full(256, -1, dtype=np.int64)
_CREDIT_VALUE[np.frombuffer(CREDIT_ALPHABET.encode(), dtype=np.uint8)] = np.arange(31)
_CREDIT_WEIGHTS = np.array([pow(3, place, 31) for place in range(17)])
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_PATENT_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_CARD_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)

_SEPARATORS = r"[\s\-·•.,，。:：]+"
_PATENT = re.compile(r"(?:CN)?(?:ZL)?(\d{12}|\d{8})\.?([\dX])")
_PATENT_BODY = re.compile(r"(?:19(?:8[5-9]|9\d)|20\d\d)[12389]\d{7}|(?:8[5-9]|9\d|0[0-3])[12389]\d{5}")
_PUBLICATION = re.compile(r"CN[123]\d{6,9}[ABCUYDS]\d?")
_TRADE_MARK = re.compile(r"G?\d{1,8}[A-Z]{0,2}")
_MOBILE = re.compile(r"(?:\+?86|0086)?(1[3-9]\d{9})")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")
_DOMAIN = re.compile(r"(?:[^\s./:@]+\.)+[^\s./:@]{2,}")


def narrow(text: str) -> str:
    """Full-width and other compatibility characters as their plain ones, without blanks at the ends."""
    return unicodedata.normalize("NFKC", text).strip()


def folded(text: str) -> str:
    """Plain characters in lower case, the same when folded again."""
    return narrow(narrow(text).casefold()).casefold()


def without(pattern: str, text: str) -> str:
    """Plain characters without what matches the pattern; what then stands side by side is composed anew."""
    return narrow(re.sub(pattern, "", narrow(text)))


def organisation_check(body: str) -> str:
    """Check character of an eight-character organisation code (GB 11714).

    Examples
    --------
    >>> organisation_check("MA2DEM01")
    '7'
    """
    total = sum(int(char, 36) * weight for char, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X0"[11 - total % 11]


def credit_check(body: str) -> str:
    """Check character of the first 17 characters of a social credit code (GB 32100-2015).

    Examples
    --------
    >>> credit_check("91330782MA2DEM017")
    'W'
    """
    total = sum(CREDIT_ALPHABET.index(char) * pow(3, place, 31) for place, char in enumerate(body))
    return CREDIT_ALPHABET[(31 - total % 31) % 31]


def normal_credit_code(text: str) -> tuple[str, bool]:
    """A firm's key: an 18-character code without blanks, in capitals, and whether its check digit is right.

    Keys of any other length are no codes and are right as they stand (small sellers may lawfully have none).

    Examples
    --------
    >>> normal_credit_code("9133 0782 ma2dem017w")
    ('91330782MA2DEM017W', True)
    >>> normal_credit_code("91330782MA2DEM0170")
    ('91330782MA2DEM0170', False)
    >>> normal_credit_code("shop 12")
    ('shop 12', True)
    """
    code = without(r"\s+", text).upper()
    if len(code) != 18:
        return text, True
    body, check = code[:17], code[17]
    right = all(char in CREDIT_ALPHABET for char in body) and credit_check(body) == check
    return code, right


def credit_codes(values: pa.Array) -> tuple[pa.Array, BoolArray]:
    """:func:`normal_credit_code` of a whole column: normal forms, and which are wrong."""
    seen = text_bytes(values)
    known = is_known(values)
    candidates = np.flatnonzero(known & (seen.lengths == 18))
    right = _right_credit_codes(seen.fixed_width(candidates, 18))
    unusual = known & (seen.lengths >= 18)
    unusual[candidates[right]] = False
    return map_unusual(values, unusual, normal_credit_code)


def _right_credit_codes(codes: BytesArray) -> BoolArray:
    digits = _CREDIT_VALUE[codes]
    plain = (digits >= 0).all(axis=1)
    return plain & ((31 - digits[:, :17] @ _CREDIT_WEIGHTS % 31) % 31 == digits[:, 17])


def patent_check(digits: str) -> str:
    """Check character of a patent number's 8 or 12 digits (ZC 0006).

    Examples
    --------
    >>> patent_check("202110377287"), patent_check("95115608")
    ('X', 'X')
    """
    total = sum(int(char) * weight for char, weight in zip(digits, _PATENT_WEIGHTS, strict=False))
    return "0123456789X"[total % 11]


def normal_right_number(text: str, right_type: str | None = None) -> tuple[str, bool]:
    """The number of a patent or trade mark in normal form, and whether form and check digit are right.

    Parameters
    ----------
    right_type : ``invention``, ``utility_model``, ``design`` or ``trade_mark``; None where it is not told.

    Examples
    --------
    >>> normal_right_number("ZL 2021 1 0377287．Ｘ")
    ('202110377287.X', True)
    >>> normal_right_number("202310012345.6")
    ('202310012345.6', False)
    >>> normal_right_number("cn 112345678 a"), normal_right_number("g1234567", "trade_mark")
    (('CN112345678A', True), ('G1234567', True))
    >>> normal_right_number("unknown")
    ('unknown', False)
    """
    compact = without(_SEPARATORS, text).upper()
    patent = None if right_type == "trade_mark" else _PATENT.fullmatch(compact)
    if patent and (right_type or _PATENT_BODY.fullmatch(patent[1])):
        right = bool(_PATENT_BODY.fullmatch(patent[1])) and patent_check(patent[1]) == patent[2]
        return f"{patent[1]}.{patent[2]}", right
    if right_type != "trade_mark" and _PUBLICATION.fullmatch(compact):
        return compact, True
    if _TRADE_MARK.fullmatch(compact):
        return compact, right_type in (None, "trade_mark")
    return text, False


def normal_phone(text: str) -> tuple[str, bool]:
    """A phone number as E.164, read as a Chinese one where it names no country.

    Examples
    --------
    >>> normal_phone("139 1234 5678"), normal_phone("0571-88888888"), normal_phone("+1 650 253 0000")
    (('+8613912345678', True), ('+8657188888888', True), ('+16502530000', True))
    >>> normal_phone("ask Li")
    ('ask Li', False)
    """
    compact = without(r"[\s\-()]+", text)
    mobile = _MOBILE.fullmatch(compact)
    if mobile:
        return f"+86{mobile[1]}", True
    try:
        number = phonenumbers.parse(narrow(text), "CN")
    except phonenumbers.NumberParseException:
        return text, False
    if not phonenumbers.is_possible_number(number):
        return text, False
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), True


def normal_email(text: str) -> tuple[str, bool]:
    """An e-mail address in lower case.

    Examples
    --------
    >>> normal_email(" Li.Wei@Example.COM ")
    ('li.wei@example.com', True)
    """
    address = folded(text)
    return (address, True) if _EMAIL.fullmatch(address) else (text, False)


def normal_domain(text: str) -> tuple[str, bool]:
    """A domain name in lower case, taken out of a web address where one is given.

    Examples
    --------
    >>> normal_domain("https://Shop.Example.com/item?id=1")
    ('shop.example.com', True)
    """
    host = re.sub(r"^[a-z][a-z0-9+.\-]*://", "", folded(text))
    host = re.split(r"[/?#]", host, maxsplit=1)[0].rpartition("@")[2].partition(":")[0].rstrip(".")
    return (host, True) if _DOMAIN.fullmatch(host) else (text, False)


def normal_bank_account(text: str) -> tuple[str, bool]:
    """A bank account as its digits (or IBAN characters) without blanks.

    Examples
    --------
    >>> normal_bank_account("6222 0210 0111 6245 702")
    ('6222021001116245702', True)
    """
    compact = without(r"[\s\-]+", text).upper()
    return (compact, True) if re.fullmatch(r"[A-Z]{0,2}\d[\dA-Z]{6,33}", compact) else (text, False)


def normal_id_card(text: str) -> tuple[str, bool]:
    """A citizen's number (GB 11643): 18 characters with its check digit, or 15 digits of the old kind.

    Examples
    --------
    >>> normal_id_card("11010519491231002x")
    ('11010519491231002X', True)
    """
    compact = without(r"\s+", text).upper()
    if re.fullmatch(r"\d{15}", compact):
        return compact, True
    if not re.fullmatch(r"\d{17}[\dX]", compact):
        return text, False
    total = sum(int(char) * weight for char, weight in zip(compact[:17], _CARD_WEIGHTS, strict=True))
    return compact, "10X98765432"[total % 11] == compact[17]


def normal_licence_plate(text: str) -> tuple[str, bool]:
    """A licence plate in capitals, without blanks and dots.

    Examples
    --------
    >>> normal_licence_plate("浙 a·12345")
    ('浙A12345', True)
    """
    plate = without(r"[\s·•.\-]+", text).upper()
    return (plate, True) if 4 <= len(plate) <= 12 else (text, False)


def normal_name(text: str) -> tuple[str, bool]:
    """An account or device name in lower case, without blanks."""
    return folded(without(r"\s+", text)), True


def normal_address(text: str) -> tuple[str, bool]:
    """An address as it is compared: plain characters, lower case, runs of blanks made one, none beside Han.

    Examples
    --------
    >>> normal_address("浙江省 义乌市  稠州路１号"), normal_address("12 Long  Road")
    (('浙江省义乌市稠州路1号', True), ('12 long road', True))
    """
    return folded(re.sub(r"(?<![!-~]) | (?![!-~])", "", fold(text))), True


@cache
def identifier_forms() -> dict[str, Callable[[str], tuple[str, bool]]]:
    """The normal form of each type of identifier."""
    return {
        "phone": normal_phone,
        "email": normal_email,
        "domain": normal_domain,
        "bank_account": normal_bank_account,
        "id_card": normal_id_card,
        "licence_plate": normal_licence_plate,
        "wechat": normal_name,
        "device": normal_name,
        "address": normal_address,
    }
