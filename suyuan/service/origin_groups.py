"""Use case: many cases, one or few origins. From the ids of a group to the sources that explain them."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

import numpy as np

from suyuan.errors import ParameterError
from suyuan.graph.ids import split_id
from suyuan.graph.snapshot import GraphSnapshot
from suyuan.graph.store.base import Scope
from suyuan.service.group_report import Group, group_report
from suyuan.service.parametersets import ParameterSet
from suyuan.service.times import microseconds
from suyuan.service.tracing import Start, Tracer, TraceRequest, found_start
from suyuan.traceback.casemass import Background, CaseMass, background, case_mass, mass_table, sampled
from suyuan.traceback.preparation import Prepared
from suyuan.traceback.sources import DEFAULT_OPTIONS, common_sources, likelihoods

Json = dict[str, Any]
Progress = Callable[[str, float], None]

FEW: Final = 30
"""A sample of fewer cases is filled up with listings."""

_BACKGROUNDS_KEPT: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRequest:
    """What is asked of groups of cases.

    ``sources`` is how many sources to look for, None as many as the cases bear out; ``keep_licensed`` whether a factory
    can be one for goods that it made under licence. Times are ISO 8601 text as
    in :class:`suyuan.service.tracing.TraceRequest`.
    """

    sources: int | None = None
    keep_licensed: bool = False
    as_of: str | None = None
    known_at: str | None = None
    parameters: ParameterSet = field(default_factory=ParameterSet)
    scope: Scope = field(default_factory=Scope)

    def of_traces(self) -> TraceRequest:
        """What that asks of each single trace."""
        return TraceRequest(
            as_of=self.as_of, known_at=self.known_at, parameters=self.parameters, scope=self.scope
        )


class OriginGroups:
    """Common sources of groups of cases. Thread-safe."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._lock = Lock()
        self._backgrounds: OrderedDict[tuple[Any, ...], Background] = OrderedDict()

    def reports(
        self,
        groups: Iterable[Sequence[str | Start]],
        request: GroupRequest,
        progress: Progress | None = None,
    ) -> Iterable[Json]:
        """One report a group, in order, all from one snapshot; every id is looked up before the first.

        Parameters
        ----------
        groups : ids of cases. The same case given twice in a group counts once; the order makes no difference.

        Raises
        ------
        UnknownKindError, UnknownNodeError, RecordError, ParameterError
        """
        _check(request)
        snapshot = self._tracer.snapshot(request.scope, request.known_at)
        asked = [_distinct(snapshot, group) for group in groups]
        traced = self._traced(snapshot, request)
        done, whole = 0, sum(map(len, asked))
        for cases in asked:
            for node_id, position in cases.items():
                traced.mass(split_id(node_id)[0], position)
                done += 1
                if progress is not None:
                    progress("tracing cases", done / whole)
            yield self._report(traced, cases, request)

    def report(
        self, cases: Sequence[str | Start], request: GroupRequest, snapshot: GraphSnapshot | None = None
    ) -> Json:
        """The report of one group, in the shape of ``suyuan origins --json``.

        Parameters
        ----------
        snapshot : the graph to trace in; the newest that the request's times allow if not given.

        Raises
        ------
        UnknownKindError, UnknownNodeError, RecordError, ParameterError
        """
        if snapshot is None:
            return next(iter(self.reports([cases], request)))
        _check(request)
        found = _distinct(snapshot, cases)
        traced = self._traced(snapshot, request)
        return self._report(traced, found, request)

    def _traced(self, snapshot: GraphSnapshot, request: GroupRequest) -> "_Traced":
        return _Traced(self._tracer.prepared(snapshot, request.of_traces()), request.keep_licensed)

    def _report(self, traced: "_Traced", cases: Mapping[str, int], request: GroupRequest) -> Json:
        began = time.perf_counter()
        prepared = traced.prepared
        ids = list(cases)
        masses = [traced.mass(split_id(node_id)[0], position) for node_id, position in cases.items()]
        leads = np.array([len(mass.sites) > 0 for mass in masses], np.bool_)
        group = Group(ids, masses, leads)
        if leads.any():
            usual = self._usual(traced, sorted({split_id(node_id)[0] for node_id in ids}))
            group.table = mass_table([m for m in masses if len(m.sites)], usual, prepared.site_rank)
            found = likelihoods(group.table.masses, group.table.usual, group.table.places)
            group.background = usual.cases
            group.sources = common_sources(found, request.sources)
        body = group_report(prepared.snapshot, group)
        return {
            **body,
            "as_of": request.as_of,
            "known_at": request.known_at,
            "snapshot": prepared.snapshot.snapshot_id,
            "parameters": _parameters(request),
            "elapsed_ms": round((time.perf_counter() - began) * 1000, 3),
        }

    def _usual(self, traced: "_Traced", kinds: Sequence[str]) -> Background:
        """What is usual in the market for cases of some kinds; kept for the next group."""
        prepared = traced.prepared
        key = (
            prepared.snapshot.numbering, prepared.parameters, prepared.unknown_times, prepared.as_of,
            traced.keep_licensed, *kinds
        )  # fmt: skip
        with self._lock:
            found = self._backgrounds.get(key)
        if found is None:
            found = _background(traced, kinds)
            with self._lock:
                self._backgrounds[key] = found
                while len(self._backgrounds) > _BACKGROUNDS_KEPT:
                    self._backgrounds.popitem(last=False)
        return found


class _Traced:
    """Single traces of one prepared snapshot, each made once."""

    def __init__(self, prepared: Prepared, keep_licensed: bool) -> None:
        self.prepared = prepared
        self.keep_licensed = keep_licensed
        self._found: dict[tuple[str, int], CaseMass] = {}

    def mass(self, kind: str, position: int) -> CaseMass:
        key = (kind, position)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = case_mass(
                self.prepared, kind, position, keep_licensed=self.keep_licensed
            )
        return found


def _background(traced: _Traced, kinds: Sequence[str]) -> Background:
    nodes = traced.prepared.snapshot.nodes
    sample = [traced.mass(kind, int(p)) for kind in kinds for p in sampled(nodes[kind])]
    if "Listing" not in kinds and sum(len(one.sites) > 0 for one in sample) < FEW:
        sample += [traced.mass("Listing", int(p)) for p in sampled(nodes["Listing"])]
    return background(len(nodes["Site"]), sample)


def _distinct(snapshot: GraphSnapshot, group: Sequence[str | Start]) -> dict[str, int]:
    """Ids of the cases of a group with their positions, each once, in the order of ids."""
    found = dict(found_start(snapshot, case) for case in group)
    if not found:
        raise ParameterError("cases", "none", "at least one case, better several that may have one origin")
    return dict(sorted(found.items()))


def _check(request: GroupRequest) -> None:
    if request.sources is not None and request.sources < 1:
        raise ParameterError("sources", request.sources, "1 or more, or auto")
    microseconds("as_of", request.as_of)


def _parameters(request: GroupRequest) -> Json:
    options = DEFAULT_OPTIONS
    return {
        "sources": request.sources,
        "keep_licensed": request.keep_licensed,
        "expected_false_share": options.false_share,
        "prior_cases": options.prior_cases,
        "missed": options.missed,
        "vague": options.vague,
        "vague_place": options.vague_place,
        **request.parameters.in_answer(),
    }
