"""GS1 identifiers in their one canonical form: a GS1 Digital Link URI with the finest key only.

EPC URIs and EPC class and pattern URIs (EPC Tag Data Standard 2.0, sections 6.3, 6.4, 8) become Digital Link
URIs at ``https://id.gs1.org`` with the check digit of the GS1 General Specifications, section 7.9. Digital
Link URIs of any domain lose it, their query, the product variant, and the lot where there is a serial number,
as the event hash of CBV 2.0 (section 8.9.2) wants it.
"""

import re
from functools import lru_cache

_HOST = "https://id.gs1.org/"
_ESCAPED = str.maketrans({"!": "%21", "(": "%28", ")": "%29", "*": "%2A", "+": "%2B", ",": "%2C", ":": "%3A"})
_SERIAL = r"(?:%[2-7][0-9A-Fa-f]|[!')(*+,\-.0-9:;=A-Za-z_])"
_NAMES = {
    "gtin": "01", "itip": "8006", "cpid": "8010", "gln": "414", "party": "417", "gsrnp": "8017", "gsrn": "8018",
    "gcn": "255", "sscc": "00", "gdti": "253", "ginc": "401", "gsin": "402", "grai": "8003", "giai": "8004",
    "cpv": "22", "lot": "10", "ser": "21",
}  # fmt: skip
_KEYS = ("01", "8006", "8010", "414", "417", "8017", "8018", "255", "00", "253", "401", "402", "8003", "8004")
_TEXT = r"[\x22\x27\x2D\x2E\x30-\x39\x3B-\x3F\x41-\x5A\x5F\x61-\x7A]"
_CANONICAL = re.compile(
    "https://id.gs1.org/(?:"
    rf"00/\d{{18}}|01/\d{{14}}(?:/(?:21|10)/{_TEXT}{{0,20}}|/235/{_TEXT}{{0,28}})?"
    rf"|253/\d{{13}}{_TEXT}{{0,17}}|255/\d{{13,25}}|401/{_TEXT}{{0,30}}|402/\d{{17}}"
    rf"|414/\d{{13}}(?:/254/{_TEXT}{{0,20}})?|417/\d{{13}}|8003/\d{{14}}{_TEXT}{{0,16}}|8004/{_TEXT}{{0,30}}"
    rf"|8006/\d{{18}}(?:/(?:21|10)/{_TEXT}{{0,20}})?"
    r"|8010/[\x23\x2D\x2F\x30-\x39\x41-\x5A]{0,30}(?:/8011/\d{0,12})?|8017/\d{18}|8018/\d{18})"
)
_LINK = re.compile(r"https?:(?://[^/?#]*)?[^?#]*/(?:" + "|".join((*_NAMES, *_KEYS)) + r")/\d{4}[^/]")
_PART = re.compile(r"/(" + "|".join(_NAMES) + r")(?=/)")

_EPC = re.compile(r"urn:epc:(id|class|idpat):([a-z]+):(\d{6,12})\.(.*)", re.DOTALL)


def check_digit(digits: str) -> str:
    """The check digit that belongs behind the digits of a GS1 key.

    Examples
    --------
    >>> check_digit("061414107346")
    '7'
    """
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


@lru_cache(maxsize=65_536)
def canonical_link(text: str) -> str | None:
    """The canonical Digital Link URI of a GS1 identifier; None where the text is none.

    Examples
    --------
    >>> canonical_link("urn:epc:id:sgln:0614141.07346.0")
    'https://id.gs1.org/414/0614141073467'
    >>> canonical_link("https://example.com/gtin/9521141012345/lot/A/ser/7?x=1")
    'https://id.gs1.org/01/09521141012345/21/7'
    >>> canonical_link("urn:gdst:example.org:party:importer.1u") is None
    True
    """
    if "." not in text:
        return None
    if text.startswith("urn:epc:"):
        match = _EPC.fullmatch(text)
        return _from_epc(*match.groups()) if match else None
    return _from_link(text) if text.startswith("http") else None


def _from_epc(scheme: str, kind: str, company: str, rest: str) -> str | None:
    read = _READERS.get((scheme, kind))
    return read(company, rest) if read else None


def _from_link(text: str) -> str | None:
    if not _LINK.match(text):
        return None
    link = text.partition("?")[0]
    link = _PART.sub(lambda match: "/" + _NAMES[match[1]], link)
    if not _CANONICAL.match(link):
        start = _earliest(link)
        link = link if start is None else _HOST + link[start + 1 :]
    link = re.sub(r"(?<=gs1\.org/01/)(\d{13}|\d{12}|\d{8})(?!\d)", lambda match: match[1].zfill(14), link)
    link = re.sub(r"/22/[^/]*", "", link) if re.match(r"https://id\.gs1\.org/(?:01|8006)/", link) else link
    link = re.sub(r"/10/[^/]*(?=/21/)", "", link)
    return link if _CANONICAL.fullmatch(link) else None


def _earliest(link: str) -> int | None:
    """Where the identifier begins: the first kind of key, in the order of the standard's table, that occurs."""
    for key in sorted(_KEYS):
        place = link.find(f"/{key}/")
        if place >= 0:
            return place
    return None


def _serial(text: str) -> str:
    return text.translate(_ESCAPED)


def _gtin(company: str, item: str) -> str | None:
    if len(company) + len(item) != 13 or not item.isdigit():
        return None
    digits = item[0] + company + item[1:]
    return digits + check_digit(digits)


def _padded(company: str, reference: str, length: int) -> str | None:
    """Company prefix and reference of together ``length`` digits, with their check digit."""
    digits = company + reference
    if len(digits) != length or not digits.isdigit():
        return None
    return digits + check_digit(digits)


def _is_serial(text: str, longest: int) -> bool:
    return re.fullmatch(rf"{_SERIAL}{{1,{longest}}}", text) is not None


def _trade_item(company: str, rest: str, qualifier: str, longest: int) -> str | None:
    item, dot, serial = rest.partition(".")
    gtin = _gtin(company, item)
    if gtin is None or not dot or not _is_serial(serial, longest):
        return None
    return f"{_HOST}01/{gtin}/{qualifier}/{_serial(serial)}"


def _sgtin(company: str, rest: str) -> str | None:
    return _trade_item(company, rest, "21", 20)


def _lgtin(company: str, rest: str) -> str | None:
    return _trade_item(company, rest, "10", 20)


def _upui(company: str, rest: str) -> str | None:
    return _trade_item(company, rest, "235", 28)


def _gtin_pattern(company: str, rest: str) -> str | None:
    gtin = _gtin(company, rest.removesuffix(".*")) if rest.endswith(".*") else None
    return f"{_HOST}01/{gtin}" if gtin else None


def _sscc(company: str, rest: str) -> str | None:
    sscc = _padded(rest[:1], company + rest[1:], 17)
    return f"{_HOST}00/{sscc}" if sscc else None


def _sgln(company: str, rest: str) -> str | None:
    location, dot, extension = rest.partition(".")
    gln = _padded(company, location, 12)
    if gln is None or not dot or not _is_serial(extension, 20):
        return None
    return f"{_HOST}414/{gln}" + ("" if extension == "0" else f"/254/{_serial(extension)}")


def _pgln(company: str, rest: str) -> str | None:
    gln = _padded(company, rest, 12)
    return f"{_HOST}417/{gln}" if gln else None


def _grai(company: str, rest: str) -> str | None:
    asset, dot, serial = rest.partition(".")
    key = _padded("0" + company, asset, 13)
    if key is None or not dot or not _is_serial(serial, 16):
        return None
    return f"{_HOST}8003/{key}{_serial(serial)}"


def _grai_pattern(company: str, rest: str) -> str | None:
    key = _padded("0" + company, rest.removesuffix(".*"), 13) if rest.endswith(".*") else None
    return f"{_HOST}8003/{key}" if key else None


def _giai(company: str, rest: str) -> str | None:
    return f"{_HOST}8004/{company}{_serial(rest)}" if _is_serial(rest, 30 - len(company)) else None


def _service(company: str, rest: str, key: str) -> str | None:
    digits = _padded(company, rest, 17)
    return f"{_HOST}{key}/{digits}" if digits else None


def _gsrn(company: str, rest: str) -> str | None:
    return _service(company, rest, "8018")


def _gsrnp(company: str, rest: str) -> str | None:
    return _service(company, rest, "8017")


def _gdti(company: str, rest: str) -> str | None:
    kind, dot, serial = rest.partition(".")
    key = _padded(company, kind, 12)
    if key is None or not dot or not _is_serial(serial, 20):
        return None
    return f"{_HOST}253/{key}{_serial(serial)}"


def _gdti_pattern(company: str, rest: str) -> str | None:
    key = _padded(company, rest.removesuffix(".*"), 12) if rest.endswith(".*") else None
    return f"{_HOST}253/{key}" if key else None


def _cpi(company: str, rest: str) -> str | None:
    part, dot, serial = rest.rpartition(".")
    if (
        not dot
        or not re.fullmatch(r"(?:%2[3dfDF]|[0-9A-Z-]){1,24}", part)
        or not re.fullmatch(r"\d{1,12}", serial)
    ):
        return None
    return f"{_HOST}8010/{_serial(company + part)}/8011/{serial}"


def _cpi_pattern(company: str, rest: str) -> str | None:
    return f"{_HOST}8010/{_serial(company + rest.removesuffix('.*'))}" if rest.endswith(".*") else None


def _sgcn(company: str, rest: str) -> str | None:
    coupon, dot, serial = rest.partition(".")
    key = _padded(company, coupon, 12)
    return f"{_HOST}255/{key}{serial}" if key and dot and re.fullmatch(r"\d{1,12}", serial) else None


def _sgcn_pattern(company: str, rest: str) -> str | None:
    key = _padded(company, rest.removesuffix(".*"), 12) if rest.endswith(".*") else None
    return f"{_HOST}255/{key}" if key else None


def _ginc(company: str, rest: str) -> str | None:
    return f"{_HOST}401/{company}{_serial(rest)}" if _is_serial(rest, 30 - len(company)) else None


def _gsin(company: str, rest: str) -> str | None:
    key = _padded(company, rest, 16)
    return f"{_HOST}402/{key}" if key else None


def _itip(company: str, rest: str) -> str | None:
    match = re.fullmatch(r"(\d+)\.(\d\d)\.(\d\d)\.(.+)", rest)
    gtin = _gtin(company, match[1]) if match else None
    if gtin is None or match is None:
        return None
    if match[4] == "*":
        return f"{_HOST}8006/{gtin}{match[2]}{match[3]}"
    return (
        f"{_HOST}8006/{gtin}{match[2]}{match[3]}/21/{_serial(match[4])}" if _is_serial(match[4], 20) else None
    )


_READERS = {
    ("id", "sgtin"): _sgtin,
    ("id", "sscc"): _sscc,
    ("id", "sgln"): _sgln,
    ("id", "pgln"): _pgln,
    ("id", "grai"): _grai,
    ("id", "giai"): _giai,
    ("id", "gsrn"): _gsrn,
    ("id", "gsrnp"): _gsrnp,
    ("id", "gdti"): _gdti,
    ("id", "cpi"): _cpi,
    ("id", "sgcn"): _sgcn,
    ("id", "ginc"): _ginc,
    ("id", "gsin"): _gsin,
    ("id", "itip"): _itip,
    ("id", "upui"): _upui,
    ("class", "lgtin"): _lgtin,
    ("idpat", "sgtin"): _gtin_pattern,
    ("idpat", "upui"): _gtin_pattern,
    ("idpat", "grai"): _grai_pattern,
    ("idpat", "gdti"): _gdti_pattern,
    ("idpat", "sgcn"): _sgcn_pattern,
    ("idpat", "cpi"): _cpi_pattern,
    ("idpat", "itip"): _itip,
}
