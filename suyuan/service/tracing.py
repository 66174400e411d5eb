"""Use case: where was it made, by which way did it come. From an id to a report."""

import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final, Literal, cast

import numpy as np

from suyuan.errors import ParameterError, SuyuanError
from suyuan.graph.ids import normal_id, split_id
from suyuan.graph.records import time_text
from suyuan.graph.snapshot import GraphSnapshot
from suyuan.graph.store.base import Scope
from suyuan.service.explanations import (
    origin_entries,
    other_entries,
)
from suyuan.service.intervals import with_intervals
from suyuan.service.parametersets import ParameterSet
from suyuan.service.times import microseconds
from suyuan.service.workspace import Workspace
from suyuan.traceback.calibration import calibrated
from suyuan.traceback.cases import START_KINDS
from suyuan.traceback.conflicts import time_conflicts
from suyuan.traceback.explanation import Parts
from suyuan.traceback.foodchainlab import trace_foodchainlab
from suyuan.traceback.impact import forward_impact
from suyuan.traceback.intervals import Intervals
from suyuan.traceback.parameters import DEFAULT_LIMITS, TraceLimits, UnknownTimes
from suyuan.traceback.preparation import Prepared, prepare
from suyuan.traceback.results import Reach, TimeConflict, TraceResult
from suyuan.traceback.trace import trace

Direction = Literal["backward", "forward"]
Mode = Literal["mass", "foodchainlab"]
Json = dict[str, Any]

DEFAULT_MAX_HOPS: Final = DEFAULT_LIMITS.max_hops

_PREPARED_KEPT: Final = 4
_DIGITS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceRequest:
    """What is asked of a trace. Times are ISO 8601 text: ``as_of`` cuts events, ``known_at`` knowledge.

    ``intervals``: of the probabilities of origins, where the parameters allow them; they take longer than the rest.
    What ``explain`` leaves out is not in the report: the report is otherwise the same.
    """

    direction: Direction = "backward"
    as_of: str | None = None
    known_at: str | None = None
    max_hops: int = DEFAULT_MAX_HOPS
    unknown_times: str = "infer"
    mode: Mode = "mass"
    parameters: ParameterSet = field(default_factory=ParameterSet)
    reachable: bool = False
    intervals: bool = True
    explain: Parts = Parts.EVERYTHING
    scope: Scope = field(default_factory=Scope)


@dataclass(frozen=True, slots=True)
class Start:
    """An id to trace from; ``place`` says where it was given, such as a line of a file, for errors."""

    id: str
    place: str | None = None


@dataclass(frozen=True, slots=True)
class ReadyStarts:
    """Starts that were looked up, in a graph that is ready to be traced in."""

    prepared: Prepared
    ids: tuple[str, ...]
    positions: tuple[int, ...]
    parameters: Json


class Tracer:
    """Traces over the snapshots of a workspace; keeps what can be shared between traces. Thread-safe."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = Lock()
        self._prepared: OrderedDict[tuple[Any, ...], Future[Prepared]] = OrderedDict()

    def warm_up(self) -> None:
        """Does what makes the first trace slower than others: snapshot, preparation, compiled code."""
        snapshot = self._workspace.snapshot()
        prepared = self.prepared(snapshot, TraceRequest())
        for kind in START_KINDS:
            first = np.flatnonzero(~snapshot.nodes[kind].removed)[:1]
            for position in first:
                trace(prepared, kind, int(position), explain=Parts.EVERYTHING)
                trace(prepared, kind, int(position), direction="forward")
                if kind == "Shipment":
                    forward_impact(prepared, [(kind, int(position))])

    def snapshot(self, scope: Scope, known_at: str | None) -> GraphSnapshot:
        """The newest graph, of what was known at a time if one is given."""
        moment = microseconds("known_at", known_at)
        return self._workspace.snapshot(Scope(subject=scope.subject, known_at=moment))

    def reports(self, starts: Iterable[str | Start], request: TraceRequest) -> Iterable[Json]:
        """One report a start, in order, all from one snapshot; every id is looked up before the first.

        Raises
        ------
        UnknownKindError, UnknownNodeError, RecordError, ParameterError
        """
        _check(request)
        snapshot = self.snapshot(request.scope, request.known_at)
        found = [found_start(snapshot, start) for start in starts]
        for node_id, position in found:
            yield self._report(snapshot, node_id, position, request)

    def report(self, start: str, request: TraceRequest, snapshot: GraphSnapshot | None = None) -> Json:
        """The report of one start, in the shape of ``suyuan trace --json``.

        Parameters
        ----------
        snapshot : the graph to trace in; the newest that the request's times allow if not given.

        Raises
        ------
        UnknownKindError, UnknownNodeError, RecordError, ParameterError
        """
        if snapshot is None:
            return next(iter(self.reports([start], request)))
        _check(request)
        return self._report(snapshot, *found_start(snapshot, start), request)

    def ready(
        self, starts: Iterable[str | Start], request: TraceRequest, snapshot: GraphSnapshot | None = None
    ) -> ReadyStarts:
        """Several starts in one graph, for what is asked of them together.

        Parameters
        ----------
        snapshot : the graph; the newest that the request's times allow if not given.

        Raises
        ------
        UnknownKindError, UnknownNodeError, RecordError, ParameterError
        """
        _check(request)
        if snapshot is None:
            snapshot = self.snapshot(request.scope, request.known_at)
        found = [found_start(snapshot, start) for start in starts]
        return ReadyStarts(
            prepared=self.prepared(snapshot, request),
            ids=tuple(node_id for node_id, _ in found),
            positions=tuple(position for _, position in found),
            parameters=_parameters(request),
        )

    def _report(self, snapshot: GraphSnapshot, start: str, position: int, request: TraceRequest) -> Json:
        began = time.perf_counter()
        kind = split_id(start)[0]
        if request.mode == "foodchainlab":
            reach = trace_foodchainlab(snapshot, kind, position, direction=request.direction)
            body = _reach_only(reach)
        else:
            prepared = self.prepared(snapshot, request)
            limits = TraceLimits(max_hops=request.max_hops)
            result = trace(
                prepared,
                kind,
                position,
                direction=request.direction,
                limits=limits,
                explain=request.explain,
            )
            result = calibrated(result, request.parameters.calibration)
            reach = result.reach
            intervals = with_intervals(prepared, result, request.parameters, limits, wanted=request.intervals)
            body = _mass_body(snapshot, result, request.explain, *intervals)
        head = {
            "start": start,
            "rule": body.pop("rule"),
            "direction": request.direction,
            "mode": request.mode,
            "as_of": request.as_of,
            "known_at": request.known_at,
            "snapshot": snapshot.snapshot_id,
            "parameters": _parameters(request),
        }
        lists = _reachable_lists(snapshot, reach, kind, position) if request.reachable else {}
        return {**head, **body, **lists, "elapsed_ms": round((time.perf_counter() - began) * 1000, 3)}

    def prepared(self, snapshot: GraphSnapshot, request: TraceRequest) -> Prepared:
        """The prepared snapshot; made once however many ask, without holding up those who ask for another."""
        as_of = microseconds("as_of", request.as_of)
        key = (snapshot.numbering, request.parameters.parameters, request.unknown_times, as_of)
        with self._lock:
            found = self._prepared.get(key)
            mine = found is None
            if found is None:
                found = self._prepared[key] = Future()
                while len(self._prepared) > _PREPARED_KEPT:
                    self._prepared.popitem(last=False)
            else:
                self._prepared.move_to_end(key)
        if mine:
            self._make(key, found, snapshot, request, as_of)
        return found.result()

    def _make(
        self,
        key: tuple[Any, ...],
        made: Future[Prepared],
        snapshot: GraphSnapshot,
        request: TraceRequest,
        as_of: int | None,
    ) -> None:
        mode = UnknownTimes(request.unknown_times)
        try:
            made.set_result(prepare(snapshot, request.parameters.parameters, unknown_times=mode, as_of=as_of))
        except BaseException as error:
            with self._lock:
                self._prepared.pop(key, None)
            made.set_exception(error)


def found_start(snapshot: GraphSnapshot, given: str | Start) -> tuple[str, int]:
    """Id and position of a start; errors name the place it was given at."""
    start = given if isinstance(given, Start) else Start(given)
    try:
        node_id = normal_id(start.id)
        kind = split_id(node_id)[0]
        if kind not in START_KINDS:
            # Said before the id is looked up: the answer must not tell whether such a thing is there.
            raise ParameterError("start", kind, "a " + ", ".join(START_KINDS))
        return node_id, snapshot.nodes[kind].position(node_id)
    except SuyuanError as error:
        raise (error if start.place is None else error.at(start.place)) from error.__cause__


def _check(request: TraceRequest) -> None:
    choices: tuple[tuple[str, str, Sequence[str]], ...] = (
        ("direction", request.direction, ("backward", "forward")),
        ("mode", request.mode, ("mass", "foodchainlab")),
        ("unknown_times", request.unknown_times, tuple(mode.value for mode in UnknownTimes)),
    )
    for name, value, allowed in choices:
        if value not in allowed:
            raise ParameterError(name, value, " or ".join(allowed))
    if request.mode == "foodchainlab":
        _check_foodchainlab(request)


def _check_foodchainlab(request: TraceRequest) -> None:
    """That tool's rules know no such limits: asking for them there would be answered as if they held."""
    usual = TraceRequest()
    for name in ("as_of", "max_hops", "unknown_times", "parameters"):
        if getattr(request, name) != getattr(usual, name):
            raise ParameterError(
                name, getattr(request, name), "left out in mode foodchainlab, whose rules have none"
            )


def _parameters(request: TraceRequest) -> Json:
    if request.mode == "foodchainlab":
        return {}
    return {
        "max_hops": request.max_hops,
        "unknown_times": request.unknown_times,
        **request.parameters.in_answer(),
    }


def _reach_only(reach: Reach) -> Json:
    return {
        "rule": "foodchainlab",
        "reachable": {"sites": len(reach.sites), "movements": len(reach.movements)},
        "truncated": False,
        "truncated_counts": {},
    }


def _mass_body(
    snapshot: GraphSnapshot,
    result: TraceResult,
    parts: Parts,
    intervals: Intervals | None,
    about_intervals: str | None,
) -> Json:
    sites, shipments = snapshot.nodes["Site"], snapshot.nodes["Shipment"]
    unresolved = [
        {
            "site": sites.id_at(place.site),
            "probability": round(place.probability, _DIGITS),
            "reason": place.reason,
        }
        for place in result.unresolved
    ]
    paths = [
        {
            "probability": round(path.probability, _DIGITS),
            "movements": [shipments.id_at(movement) for movement in path.movements],
            "sites": [sites.id_at(site) for site in path.sites],
        }
        for path in result.paths
    ]
    return {
        "rule": result.rule,
        "origins": origin_entries(snapshot, result, intervals),
        "intervals": about_intervals,
        "unresolved": unresolved,
        "paths": paths,
        **({"event_paths": _event_paths(snapshot, result)} if result.event_chains else {}),
        "reachable": {"sites": len(result.reach.sites), "movements": len(result.reach.movements)},
        **other_entries(snapshot, result, parts),
        "truncated": result.truncated,
        "truncated_counts": dict(result.truncated_counts),
    }


def _event_paths(snapshot: GraphSnapshot, result: TraceResult) -> list[Json]:
    """Chains through events, each with the place it begins at and the names of its places."""
    sites, lots, events = (snapshot.nodes[kind] for kind in ("Site", "Lot", "Event"))
    names = sites.columns["name"]
    return [
        {
            "site": sites.id_at(chain.sites[0]) if chain.sites else None,
            "name": names[chain.sites[0]].as_py() if chain.sites else None,
            "lots": [lots.id_at(lot) for lot in chain.lots],
            "events": [events.id_at(event) for event in chain.events],
            "sites": [sites.id_at(site) for site in chain.sites],
            "names": [names[site].as_py() for site in chain.sites],
        }
        for chain in result.event_chains
    ]


def _conflict(snapshot: GraphSnapshot, conflict: TimeConflict) -> Json:
    return {
        "event": snapshot.nodes["Event"].id_at(conflict.event),
        "lot": snapshot.nodes["Lot"].id_at(conflict.lot),
        "earlier": time_text(*conflict.earlier),
        "later": time_text(*conflict.later),
    }


def _reachable_lists(snapshot: GraphSnapshot, reach: Reach, kind: str, position: int) -> Json:
    lists = {
        "reachable_sites": ("Site", reach.sites),
        "reachable_movements": ("Shipment", reach.movements),
        "reachable_lots": ("Lot", reach.lots),
        "reachable_events": ("Event", reach.events),
    }
    found: Json = {
        key: sorted(cast("list[str]", snapshot.nodes[kind].ids.take(np.asarray(positions)).to_pylist()))
        for key, (kind, positions) in lists.items()
    }
    own = np.array([position] if kind == "Lot" else [], np.int32)
    conflicts = time_conflicts(snapshot, np.union1d(reach.lots, own).astype(np.int32))
    return {**found, "time_conflicts": [_conflict(snapshot, conflict) for conflict in conflicts]}
