"""Addresses as they are compared: division and rest, and pairs that differ by one slip of the pen."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from suyuan.graph.searchtext import fold
from suyuan.graph.snapshot import Int64Array

_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_BASE: Final = 1_000_003
_BASE_INVERSE: Final = pow(_BASE, -1, 2**64)
_MOST_ALIKE: Final = 50
"""Addresses that agree but for one letter, of which no more than so many are compared with each other."""

UInt64Array = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Divisions:
    """Names of divisions by which an address begins.

    children : code of a division ("" for the country) -> names of the divisions in it, as written, with their codes.
    """

    children: Mapping[str, Mapping[str, str]]
    _longest: Mapping[str, int] = field(init=False, repr=False, compare=False)
    """Letters of the longest name in each place."""

    def __post_init__(self) -> None:
        longest = {code: max(map(len, names), default=0) for code, names in self.children.items()}
        object.__setattr__(self, "_longest", longest)

    def address(self, text: str) -> str:
        """An address as the code of its lowest named division, ``:`` and the rest; whole if it names none.

        Levels may be left out: a county is found below a province as well, and anywhere if its name is given first.

        Examples
        --------
        >>> table = divisions_of([("330000", "浙江省", ""), ("330700", "金华市", "330000")])
        >>> table.address("浙江省金华市稠州路1号"), table.address("金华市稠州路 1号"), table.address("稠州路1号")
        ('330700:稠州路1号', '330700:稠州路1号', '稠州路1号')
        """
        rest, code = compact_address(text), ""
        while found := self._next(rest, code):
            rest, code = rest[len(found[0]) :], found[1]
        return f"{code}:{rest}" if code and rest else rest

    def _next(self, rest: str, code: str) -> tuple[str, str] | None:
        names = self.children.get(code, {})
        for length in range(min(self._longest.get(code, 0), len(rest)), 1, -1):
            if (inner := names.get(rest[:length])) is not None:
                return rest[:length], inner
        return None


def divisions_of(rows: Iterable[tuple[str, str, str]]) -> Divisions:
    """Divisions from (code, name, code of the parent or ""); a name that several in one place have is left out."""
    table = {code: (name, parent) for code, name, parent in rows}
    found: dict[str, dict[str, set[str]]] = {}
    for code, (name, parent) in table.items():
        above = parent
        for _ in range(4):
            found.setdefault(above, {}).setdefault(fold(name), set()).add(code)
            if not above:
                break
            above = table.get(above, ("", ""))[1]
    return Divisions(
        {
            place: {name: min(codes) for name, codes in names.items() if len(codes) == 1}
            for place, names in found.items()
        }
    )


def compact_address(text: str) -> str:
    """An address in plain characters and lower case; blanks count only where it has no Han character.

    Examples
    --------
    >>> compact_address("义乌市稠州路 1 号１栋"), compact_address("12  Long Road")
    ('义乌市稠州路1号1栋', '12 long road')
    """
    plain = fold(text)
    return plain.replace(" ", "") if _HAN.search(plain) else plain


def is_slip(first: str, second: str) -> bool:
    """Whether two different texts differ by one letter lost or doubled, or by two neighbours swapped.

    Digits do not slip: another number is another house. Nor is one letter put for another a slip.

    Examples
    --------
    >>> is_slip("稠州路1号", "稠路州1号"), is_slip("稠州路1号", "稠路1号"), is_slip("稠州路1号", "稠州路11号")
    (True, True, False)
    """
    short, long = sorted((first, second), key=len)
    place = next((i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(long) == len(short) + 1:
        return short[place:] == long[place + 1 :] and not long[place].isdigit()
    if len(long) != len(short) or place + 1 >= len(short):
        return False
    swapped = short[:place] + short[place + 1] + short[place] + short[place + 2 :]
    return swapped == long and not (short[place].isdigit() and short[place + 1].isdigit())


class DatedSlip(NamedTuple):
    """Positions of two texts that differ by one slip, and the last moment at which that is told."""

    first: int
    second: int
    last: int


def dated_slips(texts: Sequence[str], since: Int64Array, end: int) -> set[DatedSlip]:
    """All pairs of texts that differ by one slip (:func:`is_slip`) at any time up to ``end``, told once both are there.

    Parameters
    ----------
    texts : distinct.
    since : int64, shape (n_texts,): from when each text is there, at most ``end``.

    Returns
    -------
    Positions, the first below the second; one pair may come several times, with other last moments.

    Notes
    -----
    Texts one slip apart are equal once a letter is taken from one or both; those remainders are compared by 64-bit
    hashes of all of them at once and then letter by letter. Memory grows with the letters of all texts, 16 bytes each.
    Of texts with one remainder none are compared once there are more than 50: such addresses differ by a running
    letter.
    """
    found: set[DatedSlip] = set()
    for alike in _alike(texts):
        last, rows = end, alike
        if len(alike) > _MOST_ALIKE:
            one_too_many = int(np.sort(since[alike])[_MOST_ALIKE])
            last, rows = one_too_many - 1, alike[since[alike] < one_too_many]
        places: list[int] = rows.tolist()
        for first, second in combinations(places, 2):
            if is_slip(texts[first], texts[second]):
                found.add(DatedSlip(first, second, last))
    return found


def _alike(texts: Sequence[str]) -> Iterator[Int64Array]:
    """Positions, ascending, of texts with one remainder, for each that several have."""
    remainder, owner = _remainders(texts)
    order = np.lexsort((owner, remainder))
    remainder, owner = remainder[order], owner[order]
    begin = np.flatnonzero(np.concatenate([[True], remainder[1:] != remainder[:-1]])) if len(order) else order
    end = np.append(begin[1:], len(order))
    for low, high in zip(begin[end - begin > 1].tolist(), end[end - begin > 1].tolist(), strict=True):
        alike = np.unique(owner[low:high])
        if len(alike) > 1:
            yield alike


def _remainders(texts: Sequence[str]) -> tuple[UInt64Array, npt.NDArray[np.int64]]:
    """Hashes of each text and of each text less one letter, with the text's position."""
    letters = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32).astype(np.uint64)
    length = np.array([len(text) for text in texts], np.int64)
    owner = np.repeat(np.arange(len(texts)), length)
    start = np.cumsum(length) - length
    place = np.arange(len(letters)) - start[owner]
    powers = np.ones(int(length.max(initial=0)) + 1, np.uint64)
    powers[1:] = np.cumprod(np.full(len(powers) - 1, _BASE, np.uint64))
    term = letters * powers[place]
    total = np.cumsum(term)
    before = total - term
    base = before[start[owner]] if len(owner) else before
    head = before - base
    whole = np.zeros(len(texts), np.uint64)
    filled = length > 0
    last = (start + length - 1)[filled]
    whole[filled] = total[last] - before[start[filled]]
    tail = (whole[owner] - head - term) * np.uint64(_BASE_INVERSE)
    return np.concatenate([whole, head + tail]), np.concatenate([np.arange(len(texts)), owner])
