"""Han characters in one script: traditional to simplified, and their pinyin."""

from functools import cache

import opencc
import pypinyin


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def simplified(text: str) -> str:
    """Text with traditional characters as their simplified ones (OpenCC, ``t2s``).

    Examples
    --------
    >>> simplified("義烏市")
    '义乌市'
    """
    return text if text.isascii() else _converter().convert(text)


def pinyin(text: str) -> str:
    """Text with Han characters as pinyin without tones; a character read in several ways by the most usual one.

    Examples
    --------
    >>> pinyin("义乌abc")
    'yiwuabc'
    """
    return text if text.isascii() else "".join(pypinyin.lazy_pinyin(text))
