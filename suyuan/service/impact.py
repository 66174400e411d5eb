"""Use cases: what came from here, and where to cut the chain. From ids to reports."""

import time
from collections.abc import Iterable, Sequence
from typing import Any, Final

from suyuan.graph.ids import split_id
from suyuan.graph.model import SITE_ROLES
from suyuan.graph.snapshot import GraphSnapshot
from suyuan.service.tracing import Json, ReadyStarts, Start, Tracer, TraceRequest
from suyuan.traceback.cutting import Closing, cut_chain
from suyuan.traceback.impact import Impact, forward_impact
from suyuan.traceback.spread import Case

_MASS_DIGITS: Final = 12
_UNIT_DIGITS: Final = 9


def impact_report(
    tracer: Tracer,
    starts: Iterable[str | Start],
    request: TraceRequest,
    snapshot: GraphSnapshot | None = None,
) -> Json:
    """What goods of some starts together came to, in the shape of ``suyuan impact --json``.

    Parameters
    ----------
    request : of it, ``as_of``, ``known_at`` and ``parameters`` count.
    snapshot : the graph to look in; the newest that the request's times allow if not given.

    Raises
    ------
    UnknownKindError, UnknownNodeError, RecordError, ParameterError
    """
    began = time.perf_counter()
    ready = tracer.ready(starts, request, snapshot)
    impact = forward_impact(ready.prepared, _cases(ready))
    graph = ready.prepared.snapshot
    return {
        "starts": list(ready.ids),
        **_head(ready, request, impact.rules),
        "counted_in": impact.counted_in,
        "units": round(impact.units, _UNIT_DIGITS),
        "movements": impact.movements,
        "sites": _sites(graph, impact),
        "sellers": _sellers(graph, impact),
        "listings": _listings(graph, impact),
        "rights": _rights(graph, impact),
        "jurisdictions": [
            {"division": entry.code, **_amounts(entry), "sites": entry.sites, "sellers": entry.sellers}
            for entry in impact.divisions
        ],
        **_tail(impact.truncated_counts, began),
    }


def cut_report(
    tracer: Tracer,
    origins: Iterable[str | Start],
    share: float,
    request: TraceRequest,
    snapshot: GraphSnapshot | None = None,
) -> Json:
    """The fewest places to close so that a share of the flow from origins stops: ``suyuan cut --json``.

    Raises
    ------
    UnknownKindError, UnknownNodeError, RecordError, ParameterError
    """
    began = time.perf_counter()
    ready = tracer.ready(origins, request, snapshot)
    plan = cut_chain(ready.prepared, _cases(ready), share)
    graph = ready.prepared.snapshot
    return {
        "origins": list(ready.ids),
        "share": share,
        **_head(ready, request, plan.rules),
        "counted_in": plan.counted_in,
        "units": round(plan.units, _UNIT_DIGITS),
        "closings": [_closing(graph, closing) for closing in plan.closings],
        "share_stopped": round(plan.share_stopped, _MASS_DIGITS),
        "lawful_units": round(plan.other_units, _UNIT_DIGITS),
        "exact": plan.exact,
        "least_closings": plan.least_closings,
        "method": plan.method,
        "candidates": plan.candidates,
        **_tail(plan.truncated_counts, began),
    }


def _cases(ready: ReadyStarts) -> Sequence[Case]:
    kinds = (split_id(node_id)[0] for node_id in ready.ids)
    return list(zip(kinds, ready.positions, strict=True))


def _head(ready: ReadyStarts, request: TraceRequest, rules: Sequence[str]) -> Json:
    return {
        "rules": list(rules),
        "as_of": request.as_of,
        "known_at": request.known_at,
        "snapshot": ready.prepared.snapshot.snapshot_id,
        "parameters": ready.parameters,
    }


def _tail(truncated_counts: dict[str, int], began: float) -> Json:
    return {
        "truncated": bool(truncated_counts),
        "truncated_counts": dict(truncated_counts),
        "elapsed_ms": round((time.perf_counter() - began) * 1000, 3),
    }


def _amounts(entry: Any) -> Json:
    return {"units": round(entry.units, _UNIT_DIGITS), "mass": round(entry.mass, _MASS_DIGITS)}


def _sites(graph: GraphSnapshot, impact: Impact) -> list[Json]:
    return [{**_site(graph, entry.site), **_amounts(entry)} for entry in impact.sites]


def _site(graph: GraphSnapshot, position: int) -> Json:
    table = graph.nodes["Site"]
    role = int(table.columns["role"][position])
    return {
        "site": table.id_at(position),
        "name": table.columns["name"][position].as_py(),
        "role": SITE_ROLES[role] if role >= 0 else None,
        "division": table.columns["division_code"][position].as_py(),
    }


def _sellers(graph: GraphSnapshot, impact: Impact) -> list[Json]:
    table = graph.nodes["Seller"]
    names, divisions = table.columns["name"], table.columns["division_code"]
    return [
        {
            "seller": table.id_at(entry.seller),
            "name": names[entry.seller].as_py(),
            "division": divisions[entry.seller].as_py(),
            **_amounts(entry),
            "rule": entry.rule,
        }
        for entry in impact.sellers
    ]


def _listings(graph: GraphSnapshot, impact: Impact) -> list[Json]:
    table, sellers = graph.nodes["Listing"], graph.nodes["Seller"]
    return [
        {
            "listing": table.id_at(entry.listing),
            "seller": sellers.id_at(entry.seller) if entry.seller >= 0 else None,
            **_amounts(entry),
            "rule": entry.rule,
        }
        for entry in impact.listings
    ]


def _rights(graph: GraphSnapshot, impact: Impact) -> list[Json]:
    table = graph.nodes["Right"]
    types, numbers = table.columns["right_type"], table.columns["number"]
    return [
        {
            "right": table.id_at(entry.right),
            "right_type": types[entry.right].as_py(),
            "number": numbers[entry.right].as_py(),
            **_amounts(entry),
            "listings": entry.listings,
        }
        for entry in impact.rights
    ]


def _closing(graph: GraphSnapshot, closing: Closing) -> Json:
    table = graph.nodes[closing.kind]
    return {
        "id": table.id_at(closing.position),
        "name": table.columns["name"][closing.position].as_py(),
        "division": table.columns["division_code"][closing.position].as_py(),
        "stops": round(closing.stops, _MASS_DIGITS),
        "share_stopped": round(closing.share_stopped, _MASS_DIGITS),
        "lawful_units": round(closing.other_units, _UNIT_DIGITS),
    }
