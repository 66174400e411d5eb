"""Text as it is indexed and asked for, the same for every store.

Both full-text engines split text in their own ways, so the splitting is done here: compatibility forms folded
(NFKC), case folded, every Han character a token of its own, every other run of letters and digits one token.
The engines then only see tokens between single blanks, on which they agree.
"""

import re
import unicodedata
from dataclasses import dataclass

_HAN = r"\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_TOKEN = re.compile(rf"[{_HAN}]|[^\W_{_HAN}]+")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Tokens that must stand together; ``prefix`` lets the last one be the beginning of a longer token."""

    tokens: tuple[str, ...]
    prefix: bool


def fold(text: str) -> str:
    """Text as names are compared: NFKC, case folded, runs of blanks made one."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def tokens(text: str) -> list[str]:
    """The tokens of a text.

    Examples
    --------
    >>> tokens("义乌 Toys-2号")
    ['义', '乌', 'toys', '2', '号']
    """
    return _TOKEN.findall(fold(text))


def phrases(query: str) -> list[Phrase]:
    """What a query asks for: every blank-separated term as one phrase, all of which must be found.

    A term that is one Latin token matches the beginning of words as well.

    Examples
    --------
    >>> phrases("义乌 toy")
    [Phrase(tokens=('义', '乌'), prefix=False), Phrase(tokens=('toy',), prefix=True)]
    """
    found: list[Phrase] = []
    for term in fold(query).split():
        words = tuple(_TOKEN.findall(term))
        if words:
            found.append(Phrase(words, prefix=len(words) == 1 and words[0].isascii()))
    return found


def rank(name: str, query: str) -> int:
    """0 when the folded name is the query, 1 when it begins with it, 2 otherwise."""
    folded, wanted = fold(name), fold(query)
    if folded == wanted:
        return 0
    return 1 if folded.startswith(wanted) else 2
