"""Codes of administrative divisions (GB/T 2260): two digits each for province, city and county."""

from suyuan.errors import ParameterError


def require_division(code: str | None) -> None:
    """Makes sure that a code, if one is given, is one of a province, city or county.

    Raises
    ------
    ParameterError
        It is not of 2, 4 or 6 digits.
    """
    if code is not None and not (code.isascii() and code.isdigit() and len(code) in (2, 4, 6)):
        raise ParameterError("division", code, "a code of GB/T 2260, such as 330782, 3307 or 33")


def leading_digits(code: str) -> str:
    """The digits with which the codes of a division and of all that lie in it begin.

    Examples
    --------
    >>> leading_digits("330000"), leading_digits("3307"), leading_digits("330782")
    ('33', '3307', '330782')
    """
    return code[:2] if code[2:] in ("", "00", "0000") else code[:4] if code[4:] in ("", "00") else code
