"""Builds of actors, kept in the store: when, what of, and which records came to which actor.

A run is one document that names the documents of its moves. Those are written first, under names of their own, so a
build that is broken off leaves nothing that anybody reads.
"""

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from suyuan.analytics.actor_updates import Moved
from suyuan.graph.store.documents import ABSENT, Documents

_RUNS: Final = "actor_runs"
_MOVES: Final = "actor_moves"
_RECORDS_PER_DOCUMENT: Final = 5000


@dataclass(frozen=True, slots=True)
class ActorRun:
    """A build.

    number : counts from 1.
    at : microseconds UTC.
    seq : the newest ingest it read.
    counts : of records, actors and the like, by name.
    judgements : ids of the judgements that were in force.
    moves : keys of the documents that hold the moves.
    """

    number: int
    at: int
    seq: int
    counts: Mapping[str, int]
    judgements: tuple[str, ...]
    moves: tuple[str, ...]


class Move(NamedTuple):
    """Records that went from one actor to another, and the judgements that may have done it."""

    moved: Moved
    judgements: tuple[str, ...]


def actor_runs(documents: Documents) -> list[ActorRun]:
    """All builds, oldest first."""
    return [_run(document.value) for document in documents.every(_RUNS)]


def moves_of(documents: Documents, runs: Sequence[ActorRun]) -> Iterator[tuple[ActorRun, Move]]:
    """Every move of some builds, in order."""
    for run in runs:
        found = documents.some(_MOVES, run.moves)
        for key in run.moves:
            for before, after, records, judgements in found[key].value["moves"]:
                yield run, Move(Moved(before, after, tuple(records)), tuple(judgements))


def keep_run(documents: Documents, run: ActorRun, moves: Iterable[Move]) -> ActorRun:
    """Writes a build with its moves.

    Raises
    ------
    ConflictError
        Another build took the number in between; nothing of this one counts.
    """
    name = f"{run.number:08d}-{secrets.token_hex(4)}"
    keys: list[str] = []
    for part, rows in enumerate(_parts(moves)):
        keys.append(f"{name}-{part:05d}")
        documents.put(_MOVES, keys[-1], {"moves": rows}, expected_version=ABSENT)
    kept = ActorRun(run.number, run.at, run.seq, run.counts, run.judgements, tuple(keys))
    value = {name: getattr(kept, name) for name in ActorRun.__dataclass_fields__}
    documents.put(_RUNS, f"{run.number:08d}", value, expected_version=ABSENT)
    return kept


def _parts(moves: Iterable[Move]) -> Iterator[list[Any]]:
    """Moves by document, none with more than a few thousand records."""
    rows: list[Any] = []
    size = 0
    for (before, after, records), judgements in moves:
        for first in range(0, len(records), _RECORDS_PER_DOCUMENT):
            some = records[first : first + _RECORDS_PER_DOCUMENT]
            if rows and size + len(some) > _RECORDS_PER_DOCUMENT:
                yield rows
                rows, size = [], 0
            rows.append([before, after, list(some), list(judgements)])
            size += len(some)
    if rows:
        yield rows


def _run(value: Mapping[str, Any]) -> ActorRun:
    return ActorRun(
        value["number"],
        value["at"],
        value["seq"],
        value["counts"],
        tuple(value["judgements"]),
        tuple(value["moves"]),
    )


class KnownActors:
    """What all builds together say: when each record was first known, and the actor it had last.

    Reads only the builds that are new since it last looked.
    """

    def __init__(self) -> None:
        self.runs: list[ActorRun] = []
        self.since: dict[str, int] = {}
        self.actor: dict[str, str] = {}

    @property
    def next_run(self) -> int:
        """Number of the next build."""
        return self.runs[-1].number + 1 if self.runs else 1

    def read(self, documents: Documents) -> None:
        """Takes in the builds that are new."""
        runs = actor_runs(documents)
        for run, move in moves_of(documents, runs[len(self.runs) :]):
            self._take(run.number, move.moved)
        self.runs = runs

    def _take(self, number: int, moved: Moved) -> None:
        for record in moved.records:
            self.since.setdefault(record, number)
            if moved.after is None:
                self.actor.pop(record, None)
            else:
                self.actor[record] = moved.after
