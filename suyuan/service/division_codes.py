"""Division codes as people give them."""

from suyuan.errors import ParameterError


def require_division(code: str | None) -> None:
    """Makes sure that a code, if one is given, is one of a province, city or county (GB/T 2260).

    Raises
    ------
    ParameterError
        It is not of 2, 4 or 6 digits.

    Examples
    --------
    >>> require_division("3307")
    """
    if code is not None and not (code.isascii() and code.isdigit() and len(code) in (2, 4, 6)):
        raise ParameterError("division", code, "a code of GB/T 2260, such as 330782, 3307 or 33")
