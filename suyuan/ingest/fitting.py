"""How well a column of a foreign table fits a column of the exchange format, by header and by values.

A header and the values are two witnesses. Where the values have the shape that the column wants, both are
joined as ``1 - (1 - header) * (1 - values)``; where they have another, the header counts a third; where they
say nothing, the header stands alone. Values without a header that is known, and headers that may mean anything
("date", "编号"), never reach 0.8.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from suyuan.graph.model import Column, Table
from suyuan.ingest.checks import claimed_numbers
from suyuan.ingest.countries import country_code
from suyuan.ingest.profiles import Profile, date_formats, kind_of, list_separator
from suyuan.ingest.wording import HeaderMatch, choice_words, compact

_CONTRADICTED = 0.35
_UNFILLED = 0.85
_MOST_BY_VALUES = 0.75
MOST_BY_WEAK_NAME = 0.79
_MEASURED_PATTERN = r"^[^\d+-]*([+-]?\d+(?:\.\d+)?)"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the values say of a column.

    Attributes
    ----------
    says : for it, against it, nothing, or that there are none
    strength : of ``for``, in [0, 1]
    telling : whether the values say it even where the header does not
    changes : what a mapping must add to ``from`` for the values to be read
    """

    says: Literal["for", "against", "nothing", "empty"]
    strength: float = 0.0
    reason: str = ""
    telling: bool = False
    changes: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a foreign column fits a column of a table: confidence in [0, 1], why, and by which rule."""

    confidence: float
    reason: str
    rule: object
    match: HeaderMatch | None = None


_NOTHING = Verdict("nothing")


def fit(table: Table, column: Column, seen: Profile, match: HeaderMatch | None) -> Fit | None:
    """The fit of a column of a sample; None where nothing speaks for it."""
    if match is None and not _may_tell(table, column):
        return None
    verdict = judged(table, column, seen)
    header = match.strength if match else 0.0
    if match is None and not (verdict.says == "for" and verdict.telling):
        return None
    reasons = [match.reason()] if match else ["the header says nothing"]
    if verdict.says == "for":
        confidence = 1 - (1 - header) * (1 - verdict.strength)
    elif verdict.says == "against":
        confidence = header * _CONTRADICTED
    else:
        confidence = header * (_UNFILLED if verdict.says == "empty" else 1.0)
    if verdict.reason:
        reasons.append(verdict.reason)
    if match is None:
        confidence = min(confidence, _MOST_BY_VALUES)
    elif match.how == "weak":
        confidence = min(confidence, MOST_BY_WEAK_NAME)
    return Fit(round(confidence, 2), "; ".join(reasons), _rule(seen, verdict), match)


@cache
def _may_tell(table: Table, column: Column) -> bool:
    """Whether values can say by themselves that they are of this column."""
    shaped = _SHAPED.get(column.name, ("", 0.0, "", False))[3]
    checked = column.check in ("credit_code", "right_number", "country")
    named = column.name == "address" or (table.name, column.name) == ("firms", "name")
    claimed = column.name in claimed_numbers(table)
    return bool(column.choices) or column.type == "id" or shaped or checked or named or claimed


def _rule(seen: Profile, verdict: Verdict) -> object:
    if not verdict.changes:
        return seen.header
    if "template" in verdict.changes:
        return dict(verdict.changes)
    return {"from": seen.header, **verdict.changes}


def judged(table: Table, column: Column, seen: Profile) -> Verdict:
    """What the values of a sample say of a column of a table."""
    if not seen.values:
        return Verdict("empty", reason="no values in the rows looked at")
    if column.choices:
        return _choices(table, column, seen)
    if column.check:
        return _checked(table, column, seen)
    if column.type in ("list", "ids"):
        return _lists(table, column, seen)
    by_type = {"time": _times, "number": _numbers, "integer": _numbers, "id": _ids, "boolean": _booleans}
    if column.type in by_type:
        return by_type[column.type](table, column, seen)
    return _texts(table, column, seen)


def _for(seen: Profile, shape: str, strength: float, what: str, *, telling: bool = False) -> Verdict:
    return Verdict("for", strength * seen.share(shape), f"{seen.counted(shape)} are {what}", telling)


def _against(seen: Profile, shape: str, what: str) -> Verdict:
    return Verdict("against", reason=f"only {seen.counted(shape)} are {what}")


def _choices(table: Table, column: Column, seen: Profile) -> Verdict:
    """Words for the fixed values of a column; those that are not written as the table has them become a map."""
    words = choice_words(table, column)
    separator = list_separator(seen.values) if column.type == "list" else None
    mark = separator or ";"
    entries = [
        entry
        for value in seen.values
        for entry in (value.split(mark) if column.type == "list" else [value])
        if entry.strip()
    ]
    different = list(dict.fromkeys(entry.strip() for entry in entries))
    known = {entry: words[compact(entry)] for entry in different if compact(entry) in words}
    if len(known) < 0.5 * len(different):
        return Verdict(
            "against", reason=f"the values are not those of the column ({', '.join(column.choices)})"
        )
    renamed = {old: new for old, new in known.items() if compact(old) != compact(new) or not old.isascii()}
    changes: dict[str, object] = {"separator": separator} if separator else {}
    if renamed and column.type != "list":
        changes["values"] = renamed
    reason = f"{len(known)} of {len(different)} different values are known ({_shown(known.values())})"
    unknown = [entry for entry in different if entry not in known]
    if unknown:
        return Verdict("nothing", reason=f"{reason}, not {_shown(unknown)}", changes=changes)
    short = all(len(entry) <= 3 and entry.isascii() for entry in different)
    strength = 0.5 if short else 0.65 if len(set(known.values())) == 1 else 0.8
    telling = len(set(known.values())) > 1 and not short
    return Verdict("for", strength, reason, telling, changes)


def _shown(values: Iterable[str]) -> str:
    different = list(dict.fromkeys(values))
    return ", ".join(different[:4]) + (", ..." if len(different) > 4 else "")


def _checked(table: Table, column: Column, seen: Profile) -> Verdict:
    if column.check == "credit_code":
        if seen.share("credit_code") >= 0.5:
            return _for(seen, "credit_code", 0.9, "social credit codes", telling=True)
        return _own_key(seen) if column.name in table.key else _key_like(seen)
    if column.check == "right_number":
        if seen.share("right_number") >= 0.5:
            return _for(seen, "right_number", 0.85, "numbers of patents", telling=True)
        return _key_like(seen)
    if column.check == "division":
        if seen.share("division") >= 0.8:
            return _for(seen, "division", 0.6, "codes of divisions")
        return (
            _NOTHING
            if seen.share("division_part") >= 0.8
            else _against(seen, "division", "codes of divisions")
        )
    unknown = [value for value in seen.values if not country_code(value)[1]]
    if seen.share("country") < 0.5:
        return _against(seen, "country", "countries")
    found = _for(seen, "country", 0.75, "countries", telling=True)
    if not unknown:
        return found
    return Verdict("for", found.strength, f"{found.reason}, not {_shown(unknown)}", found.telling)


def _lists(table: Table, column: Column, seen: Profile) -> Verdict:
    separator = list_separator(seen.values)
    changes: dict[str, object] = {"separator": separator} if separator else {}
    reason = f"entries are separated by {separator!r}" if separator else ""
    if column.name in claimed_numbers(table) and seen.share("right_number") >= 0.5:
        found = _for(seen, "right_number", 0.85, "numbers of patents", telling=True)
        return Verdict("for", found.strength, found.reason, telling=True, changes=changes)
    if seen.share("long") > 0.5 and not separator:
        return Verdict("against", reason="the values are long texts without a separator of entries")
    return Verdict("nothing", reason=reason, changes=changes)


def _times(table: Table, column: Column, seen: Profile) -> Verdict:
    del table, column
    if seen.share("time") >= 0.9:
        return _for(seen, "time", 0.5, "dates")
    if seen.share("year") >= 0.9:
        return Verdict("nothing", reason="the values may be years or dates")
    spellings = date_formats(seen.values)
    if len(spellings) == 1:
        reason = f"the values are dates written {spellings[0]}"
        return Verdict("for", 0.4, reason, changes={"date_format": spellings[0]})
    if spellings:
        reason = f"the values are dates written {' or '.join(spellings)}: decide which"
        return Verdict("nothing", reason=reason, changes={"date_format": spellings[0]})
    return _against(seen, "time", "dates")


def _numbers(table: Table, column: Column, seen: Profile) -> Verdict:
    del table
    degree = column.name if column.name in ("latitude", "longitude") else None
    if degree and seen.share(degree) >= 0.9:
        return _for(seen, degree, 0.5, f"degrees of {degree}")
    if seen.share("number") >= 0.9:
        outside = sum(_is_outside(column, value) for value in seen.values)
        if outside > 0.1 * len(seen.values):
            return Verdict("against", reason=f"{outside} of {len(seen.values)} values are out of range")
        return _for(seen, "number", 0.25, "numbers")
    if seen.share("measured") >= 0.9:
        changes = {"pattern": _MEASURED_PATTERN}
        return Verdict(
            "for", 0.2, "the values are numbers with a unit or sign, which is cut off", changes=changes
        )
    if seen.share("grouped") > 0:
        return Verdict(
            "nothing", reason="numbers with thousands separators are not read: export them without"
        )
    return _against(seen, "number", "numbers")


def _is_outside(column: Column, text: str) -> bool:
    try:
        value = float(text)
    except ValueError:
        return False
    low, high = column.minimum, column.maximum
    return (low is not None and value < low) or (high is not None and value > high)


def kinds_allowed(table: Table, column: str) -> tuple[str, ...]:
    """Kinds that a column of canonical ids may name; empty for any."""
    ends = [end for edge in table.edges for end in (edge.source, edge.target)]
    named = [end.kinds for end in ends if end.kind is None and column in end.columns]
    return () if () in named else tuple(dict.fromkeys(kind for kinds in named for kind in kinds))


def _ids(table: Table, column: Column, seen: Profile) -> Verdict:
    allowed = kinds_allowed(table, column.name)
    kinds = [kind_of(value) for value in seen.values]
    right = sum(kind is not None and (not allowed or kind in allowed) for kind in kinds)
    if right >= 0.8 * len(kinds):
        named = _shown(kind for kind in kinds if kind)
        return Verdict(
            "for", 0.75, f"{right} of {len(kinds)} values are canonical ids ({named})", telling=True
        )
    if "Firm" in allowed and seen.share("credit_code") >= 0.5 and not set("{}") & set(seen.header):
        found = _for(seen, "credit_code", 0.6, "social credit codes")
        parties = [one for one in table.columns if "Firm" in kinds_allowed(table, one.name)]
        changes = {"template": f"Firm:{{{seen.header}}}"}
        return Verdict("for", found.strength, found.reason, telling=len(parties) == 1, changes=changes)
    wanted = " or ".join(f"{kind}:..." for kind in allowed) or "Kind:key"
    return Verdict("against", reason=f"the column wants canonical ids ({wanted})")


def _booleans(table: Table, column: Column, seen: Profile) -> Verdict:
    del table, column
    numbers = set(seen.values) <= {"0", "1"}
    if numbers or seen.share("boolean") >= 0.9:
        return Verdict("for", 0.4, "the values are yes and no")
    return _against(seen, "boolean", "yes or no")


_SHAPED: Mapping[str, tuple[str, float, str, bool]] = {
    "currency": ("currency", 0.7, "currency codes", True),
    "url": ("url", 0.75, "web addresses", True),
    "gtin": ("gtin", 0.6, "article numbers with a right check digit", True),
    "id_card": ("id_card", 0.75, "identity numbers with a right check digit", True),
    "image_hash": ("hash", 0.5, "hexadecimal hashes", False),
    "hs_code": ("hs_code", 0.4, "tariff codes", False),
}


def _texts(table: Table, column: Column, seen: Profile) -> Verdict:
    if column.name in _SHAPED:
        shape, strength, what, telling = _SHAPED[column.name]
        if seen.share(shape) >= 0.8:
            return _for(seen, shape, strength, what, telling=telling)
        against = shape not in ("hash", "gtin") and seen.share(shape) < 0.3
        return _against(seen, shape, what) if against else _NOTHING
    if column.name in table.key and len(table.key) == 1:
        return _own_key(seen)
    if column.name in ("from_site", "to_site", "port_site") and seen.share("country") >= 0.8:
        return Verdict("against", reason="the values are countries rather than keys of sites")
    if column.name.endswith("_id") or column.name in table.key:
        return _key_like(seen)
    if column.name == "address" and seen.share("address") >= 0.5:
        return _for(seen, "address", 0.5, "like addresses", telling=True)
    if seen.share("firm_name") >= 0.5:
        if (table.name, column.name) == ("firms", "name"):
            return _for(seen, "firm_name", 0.5, "like names of firms", telling=True)
        if column.name == "legal_representative" or table.name == "persons":
            return Verdict("against", reason=f"{seen.counted('firm_name')} are like names of firms")
    return _worded(column, seen)


def _own_key(seen: Profile) -> Verdict:
    """A key differs from row to row and is no text."""
    if seen.share("long") > 0.5 or seen.share("url") > 0.5 or seen.share("address") > 0.5:
        return Verdict("against", reason="the values are texts rather than keys")
    if seen.filled >= 10 and seen.distinct < 0.5:
        return Verdict("against", reason=f"only {seen.different} of {seen.filled} values differ, as keys do")
    if seen.filled >= 2 and seen.distinct == 1 and seen.share("words") < 0.5:
        return Verdict("for", 0.4, f"all {seen.filled} values differ, as keys do")
    return _NOTHING


def _key_like(seen: Profile) -> Verdict:
    if seen.share("long") > 0.5 or seen.share("address") > 0.5 or seen.share("time") > 0.9:
        return Verdict("against", reason="the values are texts or dates rather than keys")
    return _NOTHING


_WORDED = frozenset({"name", "title", "address", "legal_representative", "description", "text", "carrier"})


def _worded(column: Column, seen: Profile) -> Verdict:
    """Texts of words are neither numbers nor dates nor addresses of pages."""
    if column.name not in _WORDED:
        return _NOTHING
    for shape, what in (
        ("number", "numbers"),
        ("time", "dates"),
        ("url", "web addresses"),
        ("email", "e-mails"),
    ):
        if seen.share(shape) > 0.8:
            return Verdict("against", reason=f"{seen.counted(shape)} are {what}")
    return _NOTHING
