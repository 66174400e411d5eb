"""Building actors: worked out, compared with the build before, and kept; and what the builds tell of one actor."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from suyuan.analytics.actor_updates import ActorChanges, Moved, actors_by_record, changes_between
from suyuan.analytics.actors import ActorResolution
from suyuan.errors import NotFoundError
from suyuan.graph.ids import normal_id
from suyuan.graph.records import time_text
from suyuan.service.actor_runs import ActorRun, Move, actor_runs, keep_run, moves_of
from suyuan.service.actors import ActorState, actor_state, former_actors
from suyuan.service.judgements import StoredJudgement
from suyuan.service.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ActorBuild:
    """A build with what it changed."""

    run: ActorRun
    state: ActorState
    changes: ActorChanges

    def to_json(self) -> dict[str, Any]:
        """As ``suyuan actors build --json`` prints it: every seller, firm and person once, hubs in the clear."""
        resolution = self.state.resolution
        return {
            "run": self.run.number,
            "at": time_text(self.run.at),
            "seq": self.run.seq,
            "counts": dict(self.run.counts),
            "changed": change_counts(self.changes),
            "actors": [
                {"id": actor, "members": list(members)} for actor, members in sorted(resolution.actors())
            ],
            "hubs": [
                {
                    "identifier": hub.identifier,
                    "owners": hub.owners,
                    "why": hub.why,
                    "probability": hub.hub_probability,
                }
                for hub in resolution.hubs()
            ],
        }


def build_actors(workspace: Workspace) -> ActorBuild:
    """Works out all actors and keeps the build with what changed since the one before.

    Raises
    ------
    ConflictError
        Another build ended in between.
    """
    state = actor_state(workspace)
    documents = workspace.store.documents
    before, after = former_actors(workspace), actors_by_record(state.resolution)
    changed = changes_between(before, after)
    touched = _touched(_new_judgements(state), (before, after))
    moves = [
        Move(moved, tuple(sorted(touched.get(moved.before, set()) | touched.get(moved.after, set()))))
        for moved in changed.moved
    ]
    number = state.runs[-1].number + 1 if state.runs else 1
    in_force = tuple(sorted(one.judgement_id for one in state.verdicts.in_force))
    run = ActorRun(
        number, time.time_ns() // 1000, state.seq, _counts(state.resolution, len(in_force)), in_force, ()
    )
    return ActorBuild(keep_run(documents, run, moves), state, changed)


def change_counts(changed: ActorChanges) -> dict[str, int]:
    """How many records are new, moved to another actor, or left the data; and how many actors are no more."""

    def records(chosen: Iterable[Moved]) -> int:
        return sum(len(moved.records) for moved in chosen)

    return {
        "new": records(moved for moved in changed.moved if moved.before is None),
        "moved": records(moved for moved in changed.moved if moved.before and moved.after),
        "left": records(moved for moved in changed.moved if moved.after is None),
        "gone": len(changed.gone),
    }


def _counts(resolution: ActorResolution, judgements: int) -> dict[str, int]:
    sizes = [len(members) for _, members in resolution.actors()]
    return {
        "records": sum(sizes),
        "actors": len(sizes),
        "joined": sum(size > 1 for size in sizes),
        "hubs": len(resolution.hubs()),
        "judgements": judgements,
    }


def _new_judgements(state: ActorState) -> list[StoredJudgement]:
    """Judgements that hold now and did not in the build before, or the other way round."""
    former = set(state.runs[-1].judgements) if state.runs else set[str]()
    now = {one.judgement_id for one in state.verdicts.in_force}
    return [one for one in state.stored if one.id in former ^ now]


def _touched(judgements: Sequence[StoredJudgement], states: Sequence[dict[str, str]]) -> dict[Any, set[str]]:
    """The judgements about members of each actor, before or after."""
    touched: dict[Any, set[str]] = {}
    for one in judgements:
        for record in one.judgement.pair:
            for actor in {state[record] for state in states if record in state}:
                touched.setdefault(actor, set()).add(one.id)
    return touched


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """What a build did to an actor.

    happened : ``joined`` (records came) or ``left`` (records went).
    other : the actor they came from or went to; None for records that were new, or are no longer in the data.
    judgements : ids of judgements made or taken back since the build before that are about either actor.
    """

    run: int
    at: int
    happened: str
    records: tuple[str, ...]
    other: str | None
    judgements: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As commands print it."""
        return {
            "run": self.run,
            "at": time_text(self.at),
            "happened": self.happened,
            "records": list(self.records),
            "other": self.other,
            "judgements": list(self.judgements),
        }


def actor_named(state: ActorState, given: str) -> str:
    """The id of the actor that an id of an actor or record names.

    Raises
    ------
    NotFoundError
        There is neither now.
    """
    text = given.strip()
    if text.casefold().startswith("actor:"):
        return "Actor:" + text.partition(":")[2].lower()
    record = normal_id(text)
    return state.resolution.actor_of(record)


def present_actors(state: ActorState, records: Iterable[str]) -> list[str]:
    """The actors of those of some records that the data holds, by id."""
    names = state.resolution.evidence.records
    known = [record for record in records if pc.index_in(pa.scalar(record), value_set=names).is_valid]
    return sorted({state.resolution.actor_of(record) for record in known})


def actor_history(workspace: Workspace, given: str) -> tuple[str, list[HistoryEntry]]:
    """The actor that an id of an actor or record names, and what the builds did to it, oldest first.

    Raises
    ------
    NotFoundError, UnknownNodeError
        No actor or record of that id, now or in any build.
    """
    state = actor_state(workspace)
    actor = actor_named(state, given)
    documents = workspace.store.documents
    entries = list(_entries(moves_of(documents, actor_runs(documents)), actor))
    if not entries and all(actor != one for one, _ in state.resolution.actors()):
        raise NotFoundError("actor", given)
    return actor, _together(entries)


def _entries(moves: Iterable[tuple[ActorRun, Move]], actor: str) -> Iterator[HistoryEntry]:
    for run, (moved, judgements) in moves:
        if moved.after == actor:
            yield HistoryEntry(run.number, run.at, "joined", moved.records, moved.before, judgements)
        elif moved.before == actor:
            yield HistoryEntry(run.number, run.at, "left", moved.records, moved.after, judgements)


def _together(entries: Sequence[HistoryEntry]) -> list[HistoryEntry]:
    """Entries of one run that were kept in parts, made whole again."""
    found: dict[tuple[Any, ...], HistoryEntry] = {}
    for one in entries:
        key = (one.run, one.happened, one.other)
        known = found.get(key)
        records = one.records if known is None else known.records + one.records
        found[key] = HistoryEntry(one.run, one.at, one.happened, records, one.other, one.judgements)
    return list(found.values())
