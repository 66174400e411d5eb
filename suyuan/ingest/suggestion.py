"""A proposed mapping: which table files of a foreign layout make, and where its columns come from.

Every table is tried. Columns are given to fields one to one so that the confidences add up to the most; the
table is taken whose columns explain most of the file, with its key. What is proposed is a proposal: each part
says how sure it is and why, what is unsure is left out of the mapping, and what no file says (the platform of
a shop list) is named as missing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from suyuan.graph.model import Table
from suyuan.graph.tables import TABLES
from suyuan.ingest.derived_fields import USED, Derived, contacts, derived_fields
from suyuan.ingest.fitting import MOST_BY_WEAK_NAME, Fit, fit
from suyuan.ingest.profiles import Profile
from suyuan.ingest.sampling import Sample, merged, take_samples
from suyuan.ingest.sources import Skipped
from suyuan.ingest.wording import Field, HeaderMatch, header_matches, words_in

FloatArray = NDArray[np.float64]

_LEAST = 0.2
_LEAST_TABLE = 0.25
_UNKNOWN_WEIGHT = 0.35
_TIE = 0.95
_NAMED_BONUS = 0.12
_LENT, _LEAST_LENT = 0.4, 0.4


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed for one column of the file; ``field`` is None where nothing fits."""

    column: str
    field: str | None
    confidence: float
    reason: str
    rule: object = None

    @property
    def used(self) -> bool:
        """Whether it stands in the mapping."""
        return self.field is not None and self.confidence >= USED


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What is proposed for files of one layout.

    Attributes
    ----------
    table, confidence : the table that fits best, and how well, in [0, 1]
    ties : other tables that fit nearly as well, with their confidence
    columns : one proposal for each column of the file, in its order
    derived : fields that no column holds but that can be made, or must be given
    contacts : columns that make records of the table ``identifiers`` besides
    """

    sample: Sample
    table: Table
    confidence: float
    ties: tuple[tuple[str, float], ...]
    columns: tuple[Proposal, ...]
    derived: tuple[Derived, ...]
    contacts: tuple[Derived, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What is proposed for the files given, and those for which nothing is."""

    found: tuple[Suggestion, ...]
    unfit: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    table: Table
    score: float
    fits: Mapping[int, tuple[str, Fit]]
    derived: tuple[Derived, ...]


def suggest(paths: Sequence[Path]) -> Suggestions:
    """Proposes a mapping for files, folders or zips, from their headers and first rows.

    Files with the same headers are taken together. Of a workbook the sheet that fits best is proposed.

    Raises
    ------
    IngestError
        A path does not exist, or a zip is unfit.
    """
    files, unfit = take_samples(paths)
    groups: dict[tuple[object, ...], list[Sample]] = {}
    notes: dict[tuple[object, ...], list[str]] = {}
    for sheets in files:
        best, note = _best_sheet(sheets)
        groups.setdefault(best.likeness, []).append(best)
        notes.setdefault(best.likeness, []).extend(note)
    found: list[Suggestion] = []
    for likeness, samples in groups.items():
        suggestion = suggested(merged(samples))
        if suggestion is None:
            reason = f"no table fits: its columns are {_listed(list(samples[0].columns))}"
            unfit += [Skipped(file.name, reason) for sample in samples for file in sample.files]
        else:
            found.append(replace(suggestion, notes=tuple(notes[likeness])))
    return Suggestions(tuple(found), tuple(unfit))


def _listed(names: list[str]) -> str:
    return ", ".join(repr(name[:40]) for name in names[:8]) + (", ..." if len(names) > 8 else "")


def _best_sheet(sheets: list[Sample]) -> tuple[Sample, list[str]]:
    if len(sheets) == 1:
        return sheets[0], []
    tried = [suggested(sheet) for sheet in sheets]
    scores = [found.confidence if found else 0.0 for found in tried]
    best = int(np.argmax(scores))
    others = [
        f"{sheet.layout.sheet or 'the first sheet'} ({found.table.name if found else 'no table fits'})"
        for place, (sheet, found) in enumerate(zip(sheets, tried, strict=True))
        if place != best
    ]
    name = sheets[best].files[0].name
    return sheets[best], [f"{name} has other sheets, of which a mapping takes one: {', '.join(others)}"]


def suggested(sample: Sample) -> Suggestion | None:
    """The proposal for one sample; None where no table fits.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from suyuan.ingest.tabular import Layout
    >>> columns = {"供应商名称": pa.array(["甲厂"]), "纬度": pa.array(["29.3"]), "经度": pa.array(["120.1"])}
    >>> found = suggested(Sample((), Layout(), columns, 1))
    >>> found.table.name, [(one.column, one.field) for one in found.columns]
    ('sites', [('供应商名称', 'name'), ('纬度', 'latitude'), ('经度', 'longitude')])
    """
    seen = sample.profiles()
    matches = [header_matches(one.header) for one in seen]
    named = _named_tables(sample)
    candidates = sorted(
        (_candidate(table, seen, matches, named) for table in TABLES.values()),
        key=lambda one: (-one.score, one.table.name),
    )
    best = candidates[0]
    if best.score < _LEAST_TABLE or not _is_told(best) or not _has_key(best):
        return None
    ties = [one for one in candidates[1:4] if one.score >= _TIE * best.score]
    proposals = tuple(_proposals(best, seen))
    used = {one.field: one.column for one in proposals if one.used and one.rule == one.column}
    parts = {part for one in best.derived for part in one.parts}
    left = [seen[place] for place, one in enumerate(proposals) if not one.used and one.column not in parts]
    others = tuple(contacts(best.table, used, left))
    proposals = _told_of(proposals, best.derived, others)
    return Suggestion(
        sample,
        best.table,
        round(min(best.score, 0.99), 2),
        tuple((one.table.name, round(min(one.score, 0.99), 2)) for one in ties),
        proposals,
        best.derived,
        others,
    )


def _told_of(
    proposals: tuple[Proposal, ...], derived: Sequence[Derived], others: Sequence[Derived]
) -> tuple[Proposal, ...]:
    """Proposals in which columns without a field say what else is made of them."""
    taken = {one.column: f"makes identifiers of type {one.field}: {one.reason}" for one in others}
    taken |= {part: f"is part of {one.field}" for one in derived for part in one.parts}
    return tuple(
        replace(one, reason=taken[one.column]) if one.field is None and one.column in taken else one
        for one in proposals
    )


def _named_tables(sample: Sample) -> frozenset[str]:
    """Tables that the names of the files, of their folders or of the sheet speak of."""
    names = {word for file in sample.files for word in (PurePosixPath(file.name).name, file.path.parent.name)}
    if isinstance(sample.layout.sheet, str):
        names.add(sample.layout.sheet)
    return frozenset(table for name in names for table in words_in(name))


def _candidate(
    table: Table, seen: list[Profile], matches: list[dict[Field, HeaderMatch]], named: frozenset[str]
) -> _Candidate:
    weights = np.array([_weight(one, found) for one, found in zip(seen, matches, strict=True)])
    first = _scored(table, seen, weights, _assigned(table, seen, matches), named)
    # What a header may mean is more likely where the rest of the table fits.
    return _scored(table, seen, weights, _in_context(first.fits, first.score), named)


def _scored(
    table: Table,
    seen: list[Profile],
    weights: FloatArray,
    fits: Mapping[int, tuple[str, Fit]],
    named: frozenset[str],
) -> _Candidate:
    """How well a table explains the file, with its key; a table that the names of the files name gets more."""
    have = {field: seen[place] for place, (field, found) in fits.items() if found.confidence >= USED}
    derived = derived_fields(table, have, seen)
    sure = {place: found.confidence for place, (_, found) in fits.items()}
    parts = {part: one.confidence for one in derived for part in one.parts}
    sure = {place: parts.get(one.header, 0.0) for place, one in enumerate(seen) if one.header in parts} | sure
    explained = float(sum(weights[place] * confidence for place, confidence in sure.items()) / weights.sum())
    score = explained * (0.35 + 0.65 * _key_cover(table, fits, derived)) + 0.05 * len(have) / len(
        table.columns
    )
    if table.name in named and have:
        score += _NAMED_BONUS
    return _Candidate(table, score, fits, derived)


def _weight(seen: Profile, matches: Mapping[Field, HeaderMatch]) -> float:
    """A header that many tables have says little of which it is; one that is not known says nothing."""
    if not seen.values:
        return 0.1
    strong = sum(match.strength >= USED for match in matches.values())
    return 1 / strong**0.5 if strong else _UNKNOWN_WEIGHT


def _assigned(
    table: Table, seen: list[Profile], matches: list[dict[Field, HeaderMatch]]
) -> dict[int, tuple[str, Fit]]:
    """Columns of the file with their field, one to one, so that confidences add up to the most."""
    options: dict[tuple[int, int], Fit] = {}
    confidence = np.zeros((len(seen), len(table.columns)))
    for row, (one, found) in enumerate(zip(seen, matches, strict=True)):
        for place, column in enumerate(table.columns):
            option = fit(table, column, one, found.get((table.name, column.name)))
            if option is not None and option.confidence >= _LEAST:
                options[row, place] = option
                confidence[row, place] = option.confidence
    rows, places = linear_sum_assignment(confidence, maximize=True)
    return {
        int(row): (table.columns[place].name, options[row, place])
        for row, place in zip(rows.tolist(), places.tolist(), strict=True)
        if (row, place) in options
    }


def _key_cover(table: Table, fits: Mapping[int, tuple[str, Fit]], derived: Sequence[Derived]) -> float:
    direct = {field: found.confidence for field, found in fits.values()}
    made = {one.field: 0.6 if one.rule is not None else 0.45 for one in derived}
    return sum(max(direct.get(name, 0.0), made.get(name, 0.0)) for name in table.key) / len(table.key)


def _is_told(best: _Candidate) -> bool:
    """Whether more than names that anything may have speaks for the table."""
    return any(
        found.confidence >= USED and (found.match is None or found.match.how != "weak")
        for _, found in best.fits.values()
    )


def _has_key(best: _Candidate) -> bool:
    direct = {field for field, found in best.fits.values() if found.confidence >= USED}
    made = {one.field for one in best.derived}
    return all(name in direct or name in made for name in best.table.key)


def _in_context(fits: Mapping[int, tuple[str, Fit]], score: float) -> dict[int, tuple[str, Fit]]:
    """Fits by weak names with the confidence that a table of this score lends them."""
    certain = min(max(score, 0.0), 1.0)
    lent: dict[int, tuple[str, Fit]] = {}
    for place, (field, found) in fits.items():
        weak = found.match is not None and found.match.how == "weak" and found.confidence >= _LEAST_LENT
        if weak:
            more = 1 - (1 - found.confidence) * (1 - _LENT * certain)
            found = replace(found, confidence=round(min(more, MOST_BY_WEAK_NAME), 2))
        lent[place] = field, found
    return lent


def _proposals(best: _Candidate, seen: list[Profile]) -> list[Proposal]:
    found: list[Proposal] = []
    for place, one in enumerate(seen):
        if place in best.fits:
            field, how = best.fits[place]
            found.append(Proposal(one.header, field, how.confidence, how.reason, how.rule))
        else:
            found.append(Proposal(one.header, None, 0.0, "nothing that is known fits"))
    return found
