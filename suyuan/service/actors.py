"""Who is behind the shops, firms and persons of a store, at a cut-off date."""

from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Final, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from suyuan.analytics.actor_updates import update
from suyuan.analytics.actors import ActorResolution, resolve
from suyuan.analytics.dated_evidence import DatedEvidence
from suyuan.analytics.evidence import Evidence
from suyuan.analytics.judgements import Verdicts
from suyuan.graph.store.base import View
from suyuan.service.actor_evidence import dated_actor_evidence
from suyuan.service.actor_runs import ActorRun, KnownActors
from suyuan.service.dated_rows import DatedTables
from suyuan.service.judgements import StoredJudgement, stored_judgements, verdicts_at
from suyuan.service.workspace import Workspace

K = TypeVar("K")
V = TypeVar("V")

_KEPT: Final = 6
"""Resolutions kept a store: the present one and a few cut-off dates of a back-test."""


@dataclass(frozen=True)
class ActorState:
    """Actors with what they were worked out from.

    seq : the newest ingest that was read.
    stored : every judgement there is.
    verdicts : what follows from those that hold.
    runs : the builds before.
    """

    resolution: ActorResolution
    seq: int
    stored: tuple[StoredJudgement, ...]
    verdicts: Verdicts
    runs: tuple[ActorRun, ...]

    @cached_property
    def members(self) -> dict[str, tuple[str, ...]]:
        """The records of each actor, in order; actors by their first record."""
        return dict(self.resolution.actors())


class _Key(NamedTuple):
    seq: int
    judgements: tuple[tuple[str, int | None], ...]
    runs: int
    as_of: int | None


class _Keeper:
    """The last resolutions of one opened store; one is worked out at a time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known = KnownActors()
        self._evidence: OrderedDict[tuple[int, int | None], Evidence] = OrderedDict()
        self._dated: tuple[int, DatedEvidence] | None = None
        self._states: OrderedDict[_Key, ActorState] = OrderedDict()
        self._last: ActorResolution | None = None

    def state(self, workspace: Workspace, as_of: int | None, tables: DatedTables | None) -> ActorState:
        """The actors now, of what is dated up to a time. Tables are used if they are as the store is now."""
        with self._lock:
            documents = workspace.store.documents
            self._known.read(documents)
            stored = tuple(stored_judgements(documents))
            view = workspace.view()
            said = tuple((one.id, one.undone_at) for one in stored)
            key = _Key(view.seq, said, len(self._known.runs), as_of)
            found = self._states.get(key)
            if found is None:
                evidence = self._evidence.get((view.seq, as_of))
                if evidence is None:
                    read = tables if tables and tables.seq == view.seq else view
                    evidence = self._dated_evidence(read).at(as_of)
                _keep(self._evidence, (view.seq, as_of), evidence)
                verdicts = verdicts_at(stored, as_of)
                resolution = self._resolution(evidence, verdicts, as_of)
                found = ActorState(resolution, view.seq, stored, verdicts, tuple(self._known.runs))
            _keep(self._states, key, found)
            return found

    def _dated_evidence(self, view: View | DatedTables) -> DatedEvidence:
        """Evidence of all times, read once for each state of the data."""
        if self._dated is None or self._dated[0] != view.seq:
            self._dated = None
            self._dated = view.seq, dated_actor_evidence(view)
        return self._dated[1]

    def former(self, workspace: Workspace) -> dict[str, str]:
        """The actor of each record as of the last build."""
        with self._lock:
            self._known.read(workspace.store.documents)
            return dict(self._known.actor)

    def _resolution(self, evidence: Evidence, verdicts: Verdicts, as_of: int | None) -> ActorResolution:
        since, run = self._known.since, self._known.next_run
        if as_of is not None:
            return resolve(evidence, verdicts, known_since=since, run=run)
        if self._last is None:
            self._last = resolve(evidence, verdicts, known_since=since, run=run)
        else:
            self._last = update(self._last, evidence, verdicts, known_since=since, run=run)
        return self._last


def _keep(kept: OrderedDict[K, V], key: K, value: V) -> None:
    """Puts a value in front and drops the one that was longest unused."""
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > _KEPT:
        kept.popitem(last=False)


_keepers: WeakKeyDictionary[Workspace, _Keeper] = WeakKeyDictionary()
_keepers_lock = Lock()


def _keeper(workspace: Workspace) -> _Keeper:
    with _keepers_lock:
        found = _keepers.get(workspace)
        if found is None:
            found = _keepers[workspace] = _Keeper()
        return found


def resolve_actors(
    workspace: Workspace, as_of: int | None = None, tables: DatedTables | None = None
) -> ActorResolution:
    """Actors from what a store tells up to a cut-off date, microseconds since 1970 UTC (None: everything).

    Judgements count that held at that date. Worked out once for each state of the store and of the judgements.
    ``tables`` : those of the store if they were read before; used if nothing came in since.
    """
    return actor_state(workspace, as_of, tables).resolution


def actor_state(
    workspace: Workspace, as_of: int | None = None, tables: DatedTables | None = None
) -> ActorState:
    """:func:`resolve_actors` with what it rests on."""
    return _keeper(workspace).state(workspace, as_of, tables)


def former_actors(workspace: Workspace) -> dict[str, str]:
    """The actor of each record as of the last build; empty before the first."""
    return _keeper(workspace).former(workspace)
