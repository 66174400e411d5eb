"""A first look at the files of a run: repeated keys, and the columns that each file has.

It is taken before anything is written, so that a damaged file is found in time, and so that of several
rows with one key only the one that stands in the end is written: the same files twice then change nothing.

* In one file the last row of a key stands; earlier ones with other content are superseded
  (``duplicate_key``), with
  the same content they are repeats.
* Among files the later file stands. An earlier row is *overtaken* when the later file has all of its
  columns, since
  nothing of it would remain; otherwise both are written, one after the other.

Of a file that does not fit into one batch only the columns of its keys are read for this.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from suyuan.graph.records import digests
from suyuan.ingest.conversion import convert_rows
from suyuan.ingest.duplicates import NO_REPEATS, KeyLedger, Keys, Repeats
from suyuan.ingest.feeds import Feed, ordinals
from suyuan.ingest.foreign import refuse_foreign
from suyuan.ingest.parts import Portion
from suyuan.ingest.prefetch import ahead
from suyuan.ingest.text import IntArray

_KEPT_BYTES = 128 << 20


@dataclass(slots=True)
class Survey:
    """What is known of a file before it is written.

    Attributes
    ----------
    columns : names of the columns that each of its tables has, by ordinal
    repeats : rows that are not to be written, by table
    overtaken : ordinals of rows that a later file replaces whole, by table
    kept : the rows themselves, where the file is small
    """

    columns: dict[int, set[str]] = field(default_factory=dict)
    repeats: dict[str, Repeats] = field(default_factory=dict)
    overtaken: dict[str, IntArray] = field(default_factory=dict)
    kept: Sequence[Portion] | None = None

    def portions(self, feed: Feed) -> Iterator[Portion]:
        """The rows of the file, from memory or read again."""
        return feed.portions() if self.kept is None else iter(self.kept)


def surveyed(feeds: Sequence[Feed]) -> list[Survey]:
    """Looks through all files of a run.

    Raises
    ------
    IngestError
        A file is damaged, or holds nothing that its table knows.
    """
    room = _KEPT_BYTES
    surveys: list[Survey] = []
    keys: list[dict[str, Keys]] = []
    files = Counter(output.table.name for feed in feeds for output in feed.outputs)
    for feed in feeds:
        survey, ledgers = _survey(feed)
        # The keys of a table that stands in one file only are not needed any more.
        found = {name: ledger.keys() for name, ledger in ledgers.items() if files[name] > 1}
        room -= feed.file.size if survey.kept is not None else 0
        if room < 0:
            survey.kept = None
        surveys.append(survey)
        keys.append(found)
    _mark_overtaken(feeds, surveys, keys)
    return surveys


def _survey(feed: Feed) -> tuple[Survey, dict[str, KeyLedger]]:
    portions = feed.portions()
    first: list[Portion] = []
    for portion in portions:
        first.append(portion)
        if sum(bool(item.rows) for item in first) > max(1, len(feed.outputs)):
            refuse_foreign(feed, first)
            break
    else:
        refuse_foreign(feed, first)
        survey = Survey(kept=first)
        return survey, _look_through(feed, first, survey)
    survey = Survey()
    return survey, _look_through(feed, ahead(feed.portions(keys_only=True)), survey)


def _look_through(feed: Feed, portions: Iterable[Portion], survey: Survey) -> dict[str, KeyLedger]:
    ledgers: dict[str, KeyLedger] = {}
    for portion in portions:
        for part in portion.parts:
            survey.columns.setdefault(part.ordinal, set()).update(part.raw.columns)
            if len(part.raw.rows):
                converted = convert_rows(part.table, part.raw, keys_only=True)
                numbers = ordinals(part, len(feed.outputs))[converted.positions]
                ledgers.setdefault(part.table.name, KeyLedger()).add(converted.records.column("id"), numbers)
    shared = {name: ledger.shared() for name, ledger in ledgers.items()}
    wanted = {name: np.sort(found.ordinals) for name, found in shared.items() if len(found.ordinals)}
    if wanted:
        contents = _contents(feed, survey.portions(feed), wanted)
        survey.repeats = {name: shared[name].settle(contents[name]) for name in wanted}
    return ledgers


def _contents(
    feed: Feed, portions: Iterable[Portion], wanted: dict[str, IntArray]
) -> dict[str, dict[int, bytes]]:
    """Digests of the records with these ordinals, by table."""
    found: dict[str, dict[int, bytes]] = {name: {} for name in wanted}
    for portion in portions:
        for part in portion.parts:
            numbers = ordinals(part, len(feed.outputs))
            chosen = np.flatnonzero(np.isin(numbers, wanted.get(part.table.name, NO_REPEATS.same)))
            if len(chosen) == 0:
                continue
            converted = convert_rows(part.table, part.raw.take(chosen))
            kept = numbers[chosen][converted.positions]
            found[part.table.name].update(
                zip(kept.tolist(), digests(part.table, converted.records), strict=True)
            )
    return found


def _mark_overtaken(feeds: Sequence[Feed], surveys: list[Survey], keys: list[dict[str, Keys]]) -> None:
    """Rows of a file that a later file with all of its columns names again."""
    later: dict[str, list[tuple[frozenset[str], Keys]]] = {}
    for feed, survey, of_file in reversed(list(zip(feeds, surveys, keys, strict=True))):
        for name, own in of_file.items():
            columns = _columns_of(feed, survey, name)
            for wider, others in later.get(name, []):
                if columns <= wider:
                    known = survey.overtaken.get(name, NO_REPEATS.same)
                    survey.overtaken[name] = np.union1d(known, own.among(others))
            _add(later.setdefault(name, []), columns, own)


def _columns_of(feed: Feed, survey: Survey, table: str) -> frozenset[str]:
    places = [place for place, output in enumerate(feed.outputs) if output.table.name == table]
    return frozenset(chain.from_iterable(survey.columns.get(place, ()) for place in places))


def _add(later: list[tuple[frozenset[str], Keys]], columns: frozenset[str], keys: Keys) -> None:
    for place, (same, others) in enumerate(later):
        if same == columns:
            later[place] = (same, others.with_more(keys))
            return
    later.append((columns, keys))
