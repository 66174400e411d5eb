"""Times as text: whole columns of ISO 8601 at once, and the odd spellings one by one.

A time keeps the precision it is written with: a year, a month or a day is a span, a time of day a point. A
point without an offset is read as UTC and counted. Refused: impossible dates, 24:00, leap seconds, and
anything outside the years 0001 to 9999. Digits after the microsecond are dropped.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from suyuan.graph.records import Precision
from suyuan.ingest.text import BoolArray, BytesArray, IntArray, is_known, text_bytes

_DAY = 86_400_000_000
_FIRST = int(np.datetime64("0001-01-01T00:00:00", "us").astype(np.int64))
_LAST = int(np.datetime64("9999-12-31T23:59:59.999999", "us").astype(np.int64))
_ZERO = np.uint8(ord("0"))
_MONTH_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], dtype=np.int32)
_DAYS_BEFORE = np.concatenate(([0, 0], np.cumsum(_MONTH_DAYS[1:-1]))).astype(np.int32)
_DAYS_TO_1970 = 719_162

SmallArray = NDArray[np.int32]

_DATE = re.compile(
    r"(?P<y>\d{4})(?:(?P<sep>[-/.])(?P<m>\d{1,2})(?:(?P=sep)(?P<d>\d{1,2}))?|(?P<m2>\d{2})(?P<d2>\d{2})"
    r"|年(?:(?P<m3>\d{1,2})月(?:(?P<d3>\d{1,2})日)?)?)?"
)
_CLOCK = re.compile(
    r"[Tt\s]\s*(?P<h>\d{1,2}):?(?P<min>\d{2})(?::?(?P<s>\d{2})(?:[.,](?P<f>\d+))?)?"
    r"\s*(?P<zone>[Zz]|[+-]\d{2}(?::?\d{2})?)?"
)


@dataclass(frozen=True, slots=True)
class Moment:
    """One time: start of the span in microseconds UTC, and whether an offset was given with it."""

    start: int
    precision: Precision
    zoned: bool


@dataclass(frozen=True, slots=True)
class Times:
    """A column of times.

    Attributes
    ----------
    starts : int64, shape (n,), microseconds UTC; 0 where not known
    precisions : int8, shape (n,), see :class:`suyuan.graph.records.Precision`
    known, bad, unzoned : bool, shape (n,): read, refused, read as UTC for want of an offset
    """

    starts: IntArray
    precisions: np.ndarray
    known: BoolArray
    bad: BoolArray
    unzoned: BoolArray

    def arrays(self) -> tuple[pa.Array, pa.Array]:
        """The column and its companion as Arrow arrays."""
        unknown = ~self.known
        return pa.array(self.starts, mask=unknown), pa.array(self.precisions, mask=unknown)

    def ends(self) -> IntArray:
        """The last microsecond of each span."""
        starts = self.starts.astype("datetime64[us]")
        ends = self.starts.copy()
        for precision, unit in ((Precision.DAY, "D"), (Precision.MONTH, "M"), (Precision.YEAR, "Y")):
            chosen = self.precisions == precision
            if chosen.any():
                following = (starts[chosen].astype(f"datetime64[{unit}]") + 1).astype("datetime64[us]")
                ends[chosen] = following.astype(np.int64) - 1
        return ends


def parse_time(text: str) -> Moment | None:
    """One time in any of the spellings that are read; None if it is none.

    Examples
    --------
    >>> parse_time("2025-03-02T10:10:00+08:00")
    Moment(start=1740881400000000, precision=<Precision.EXACT: 0>, zoned=True)
    >>> parse_time("2025/3").precision
    <Precision.MONTH: 2>
    >>> parse_time("2025-02-30") is None
    True
    """
    date = _DATE.match(text)
    if date is None:
        return None
    rest = text[date.end() :]
    clock = _CLOCK.fullmatch(rest) if rest else None
    if rest and clock is None:
        return None
    month = date["m"] or date["m2"] or date["m3"]
    day = date["d"] or date["d2"] or date["d3"]
    if clock and not day:
        return None
    precision = Precision.DAY if day else Precision.MONTH if month else Precision.YEAR
    try:
        start = datetime(int(date["y"]), int(month or 1), int(day or 1), tzinfo=UTC)
        return _point(start, clock) if clock else Moment(_microseconds(start), precision, zoned=True)
    except (ValueError, OverflowError):
        return None


def _point(start: datetime, clock: re.Match[str]) -> Moment | None:
    fraction = (clock["f"] or "")[:6].ljust(6, "0")
    hour, minute, second = int(clock["h"]), int(clock["min"]), int(clock["s"] or 0)
    start = start.replace(hour=hour, minute=minute, second=second, microsecond=int(fraction))
    value = _microseconds(start) - _offset(clock["zone"])
    if not _FIRST <= value <= _LAST:
        return None
    return Moment(value, Precision.EXACT, zoned=clock["zone"] is not None)


def _offset(zone: str | None) -> int:
    if zone is None or zone in "Zz":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if minutes > 59:
        raise ValueError(zone)
    size = timedelta(hours=hours, minutes=minutes)
    timezone(size)  # ValueError beyond a day
    return (1 if zone[0] == "+" else -1) * (size // timedelta(microseconds=1))


def _microseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def parse_times(values: pa.Array) -> Times:
    """A whole column of times.

    Parameters
    ----------
    values : text column without outer blanks, null where empty.
    """
    n = len(values)
    found = Times(
        np.zeros(n, dtype=np.int64),
        np.zeros(n, dtype=np.int8),
        np.zeros(n, dtype=bool),
        np.zeros(n, dtype=bool),
        np.zeros(n, dtype=bool),
    )
    seen = text_bytes(values)
    filled = is_known(values)
    lengths = seen.lengths
    for length in np.unique(lengths[filled]).tolist():
        rows = np.flatnonzero(filled & (lengths == length))
        if length in (4, 7, 10) or 16 <= length <= 35:
            _read_fixed(found, rows, seen.fixed_width(rows, length))
    _read_odd(found, values, filled & ~found.known)
    return found


def _read_fixed(found: Times, rows: IntArray, text: BytesArray) -> None:
    characters = np.ascontiguousarray(text.T)
    if len(characters) in (4, 7, 10):
        _read_dates(found, rows, characters)
        return
    for suffix in (0, 1, 5, 6):
        body = len(characters) - suffix
        if body not in (16, 19) and not 21 <= body <= 29:
            continue
        chosen = _has_suffix(characters, suffix)
        if chosen.all():
            _read_points(found, rows, characters, suffix)
        elif chosen.any():
            _read_points(found, rows[chosen], characters[:, chosen], suffix)


def _has_suffix(characters: BytesArray, suffix: int) -> BoolArray:
    last = characters[-1]
    if suffix == 0:
        return (last != ord("Z")) & (last != ord("z")) & ~_signed(characters, 5) & ~_signed(characters, 6)
    if suffix == 1:
        return (last == ord("Z")) | (last == ord("z"))
    return _signed(characters, suffix)


def _signed(characters: BytesArray, suffix: int) -> BoolArray:
    sign = characters[-suffix]
    right = (sign == ord("+")) | (sign == ord("-"))
    colon = characters[-3] == ord(":")
    return right & (colon if suffix == 6 else ~colon)


def _read_dates(found: Times, rows: IntArray, characters: BytesArray) -> None:
    days, right = _days(characters)
    good = rows[right]
    found.starts[good] = days[right].astype(np.int64) * _DAY
    found.precisions[good] = {4: Precision.YEAR, 7: Precision.MONTH, 10: Precision.DAY}[len(characters)]
    found.known[good] = True


def _read_points(found: Times, rows: IntArray, characters: BytesArray, suffix: int) -> None:
    body = characters[: len(characters) - suffix]
    days, right = _days(body[:10])
    right &= (body[10] == ord("T")) | (body[10] == ord(" ")) | (body[10] == ord("t"))
    clock, clock_right = _clock(body[11:])
    starts = days.astype(np.int64) * _DAY + clock
    right &= clock_right
    if suffix >= 5:
        offset, offset_right = _offsets(characters[len(characters) - suffix :])
        starts -= offset
        right &= offset_right & (starts >= _FIRST) & (starts <= _LAST)
    good = rows if right.all() else rows[right]
    found.starts[good] = starts if right.all() else starts[right]
    found.precisions[good] = Precision.EXACT
    found.known[good] = True
    found.unzoned[good] = suffix == 0


def _number(characters: BytesArray) -> tuple[SmallArray, BoolArray]:
    """Each row of characters a decimal place: the numbers, and whether all are digits."""
    digits = characters - _ZERO
    value = digits[0].astype(np.int32)
    for digit in digits[1:]:
        value *= 10
        value += digit
    return value, np.asarray((digits <= 9).all(axis=0))


def _days(characters: BytesArray) -> tuple[SmallArray, BoolArray]:
    """Days since 1970 of `YYYY`, `YYYY-MM` or `YYYY-MM-DD` (or with slashes), and which are dates."""
    year, right = _number(characters[:4])
    right &= year >= 1
    month = day = np.ones(characters.shape[1], dtype=np.int32)
    if len(characters) >= 7:
        month, digits = _number(characters[5:7])
        separator = characters[4]
        right &= digits & ((separator == ord("-")) | (separator == ord("/"))) & (month >= 1) & (month <= 12)
        month = np.where(right, month, 1)
    if len(characters) >= 10:
        day, digits = _number(characters[8:10])
        right &= digits & (characters[7] == characters[4]) & (day >= 1)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    right &= day <= _MONTH_DAYS[month] + (leap & (month == 2))
    before = year - 1
    days = 365 * before + before // 4 - before // 100 + before // 400 - _DAYS_TO_1970
    return days + _DAYS_BEFORE[month] + (leap & (month > 2)) + day - 1, right


def _clock(characters: BytesArray) -> tuple[IntArray, BoolArray]:
    """Microseconds since midnight of `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fff`."""
    hour, right = _number(characters[0:2])
    minute, digits = _number(characters[3:5])
    right &= digits & (characters[2] == ord(":")) & (hour <= 23) & (minute <= 59)
    seconds = (hour * 60 + minute) * 60
    width = len(characters)
    if width >= 8:
        second, digits = _number(characters[6:8])
        right &= digits & (characters[5] == ord(":")) & (second <= 59)
        seconds += second
    total = seconds.astype(np.int64) * 1_000_000
    if width > 8:
        fraction, _ = _number(characters[9:15])
        right &= (characters[9:] - _ZERO <= 9).all(axis=0)
        right &= (characters[8] == ord(".")) | (characters[8] == ord(","))
        total += fraction.astype(np.int64) * 10 ** max(0, 15 - width)
    return total, right


def _offsets(characters: BytesArray) -> tuple[IntArray, BoolArray]:
    """Microseconds east of UTC of `+0800` or `+08:00`."""
    hour, right = _number(characters[1:3])
    minute, digits = _number(characters[-2:])
    right &= digits & (hour <= 23) & (minute <= 59)
    sign = np.where(characters[0] == ord("+"), 1, -1)
    return sign * (hour * 60 + minute).astype(np.int64) * 60_000_000, right


def _read_odd(found: Times, values: pa.Array, rest: BoolArray) -> None:
    if not rest.any():
        return
    some = pc.filter(values, pa.array(rest)).dictionary_encode()
    moments = [parse_time(text) for text in some.dictionary.to_pylist()]
    indices = np.asarray(some.indices)
    rows = np.flatnonzero(rest)
    right = np.array([moment is not None for moment in moments], dtype=bool)[indices]
    found.bad[rows[~right]] = True
    good = rows[right]
    found.known[good] = True
    found.starts[good] = np.array([m.start if m else 0 for m in moments], dtype=np.int64)[indices][right]
    found.precisions[good] = np.array([m.precision if m else 0 for m in moments])[indices][right]
    found.unzoned[good] = np.array([m is not None and not m.zoned for m in moments])[indices][right]
