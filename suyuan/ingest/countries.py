"""Country codes (ISO 3166-1 alpha-2) from codes and names."""

import csv
import re
from functools import cache
from importlib.resources import files

from suyuan.graph.searchtext import fold


@cache
def _codes_by_name() -> dict[str, str]:
    """Codes by folded name; one line of ``countries.csv`` is a code and its names."""
    text = files("suyuan.ingest").joinpath("countries.csv").read_text("utf-8")
    codes: dict[str, str] = {}
    for code, *names in csv.reader(text.splitlines()):
        codes[code.casefold()] = code
        codes.update((_folded(name), code) for name in names)
    return codes


def _folded(name: str) -> str:
    return re.sub(r"^the |[.,'’()]", "", fold(name))


def country_code(text: str) -> tuple[str, bool]:
    """The code of a country given by its code or its English or Chinese name, and whether it is known.

    Examples
    --------
    >>> country_code("CHINA"), country_code("The Netherlands"), country_code("中国")
    (('CN', True), ('NL', True), ('CN', True))
    >>> country_code("Atlantis")
    ('Atlantis', False)
    """
    code = _codes_by_name().get(_folded(text))
    return (text, False) if code is None else (code, True)
