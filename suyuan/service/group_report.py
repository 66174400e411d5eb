"""The report of a group of cases: plain values in the shape of ``suyuan origins --json``."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from suyuan.graph.snapshot import BoolArray, FloatArray, GraphSnapshot
from suyuan.traceback.casemass import CaseMass, MassTable
from suyuan.traceback.sources import Sources

Json = dict[str, Any]

RUNNERS_UP: Final = 10

_DIGITS: Final = 12


@dataclass(slots=True)
class Group:
    """A group of cases with what was found.

    Parameters
    ----------
    ids : in their own order.
    masses : of each case.
    leads : shape (n_cases,), which of them lead to an origin; the rows of ``table`` and of what ``sources``
        tells of cases are those, in the same order.
    background : cases that the usual shares of sites were taken from.
    """

    ids: Sequence[str]
    masses: Sequence[CaseMass]
    leads: BoolArray
    table: MassTable | None = None
    sources: Sources | None = None
    background: int = 0


def group_report(snapshot: GraphSnapshot, group: Group) -> Json:
    """Sources, false leads, runners-up and ties, and what became of each case."""
    untraced = [_untraced(group, place) for place in np.flatnonzero(~group.leads).tolist()]
    licensed = _licensed(snapshot, group)
    truncated = any(mass.truncated for mass in group.masses)
    if group.sources is None or group.table is None:
        nothing: Json = {name: [] for name in ("sources", "false_leads", "runners_up", "ties")}
        more = {"cases": [], "false_share": None, "bic": {}, "background_cases": 0}
        return {**nothing, "licensed": licensed, "untraced": untraced, **more, "truncated": truncated}
    told = _Told(snapshot, group, group.table, group.sources)
    return {
        "sources": told.sources(),
        "false_leads": told.false_leads(),
        "runners_up": told.runners_up(),
        "ties": told.ties(),
        "licensed": licensed,
        "untraced": untraced,
        "cases": told.cases(),
        "false_share": _rounded(group.sources.false_share),
        "bic": {str(k): round(value, 6) for k, value in enumerate(group.sources.bic, start=1)},
        "background_cases": group.background,
        "truncated": truncated,
    }


class _Told:
    """Columns and rows of a fitted mixture as ids."""

    def __init__(self, snapshot: GraphSnapshot, group: Group, table: MassTable, found: Sources) -> None:
        self._nodes = snapshot.nodes["Site"]
        self._table = table
        self._found = found
        self._cases = [case for case, leads in zip(group.ids, group.leads, strict=True) if leads]
        parts = np.concatenate([found.false_lead[:, None], found.explained], axis=1)
        self._part = np.round(parts, _DIGITS).argmax(axis=1) - 1

    def _site(self, column: int) -> str:
        return self._nodes.id_at(self._table.sites[column])

    def _name(self, column: int) -> str | None:
        return self._nodes.columns["name"][int(self._table.sites[column])].as_py()

    def sources(self) -> list[Json]:
        """The source that explains most first."""
        found = self._found
        return [
            {
                "site": self._site(column),
                "name": self._name(column),
                "posterior": _rounded(found.posterior[j, column]),
                "share": _rounded(found.shares[j]),
                "cases": [case for case, part in zip(self._cases, self._part, strict=True) if part == j],
            }
            for j, column in enumerate(found.sites)
        ]

    def false_leads(self) -> list[Json]:
        """Cases that no source explains better than chance, surest first, equal ones by id."""
        places = np.flatnonzero(self._part < 0)
        order = np.lexsort((places, -np.round(self._found.false_lead[places], _DIGITS)))
        return [
            {
                "case": self._cases[place],
                "probability": _rounded(self._found.false_lead[place]),
                "reason": self._reason(place),
            }
            for place in places[order]
        ]

    def _reason(self, place: int) -> str:
        """Where a case leads instead."""
        row = self._table.masses[[place], :].toarray()[0]
        best = int(np.round(row, _DIGITS).argmax())
        at_sources = float(row[self._found.sites].sum())
        return f"leads to {self._site(best)} ({row[best]:.1%}); {at_sources:.1%} of it to the sources"

    def runners_up(self) -> list[Json]:
        """The next sites that could stand for a source, the most probable first, equal ones by id."""
        found = self._found
        best = np.round(found.posterior.max(axis=0), _DIGITS)
        instead = np.round(found.posterior, _DIGITS).argmax(axis=0)
        best[found.sites] = 0.0
        order = np.lexsort((np.arange(len(best)), -best))[:RUNNERS_UP]
        return [
            {
                "site": self._site(column),
                "name": self._name(column),
                "posterior": _rounded(best[column]),
                "instead_of": self._site(int(found.sites[instead[column]])),
            }
            for column in order
            if best[column] > 0.0
        ]

    def ties(self) -> list[Json]:
        """Sources that others cannot be told apart from."""
        found = self._found
        return [
            {
                "source": self._site(column),
                "sites": [self._site(tied) for tied in columns.tolist()],
                "posterior": _rounded(found.posterior[j, column]),
            }
            for j, (column, columns) in enumerate(zip(found.sites, found.ties(), strict=True))
            if len(columns) > 1
        ]

    def cases(self) -> list[Json]:
        """What became of each case, by id."""
        return [
            {
                "case": case,
                "source": self._site(int(self._found.sites[part])) if part >= 0 else None,
                "probability": _rounded(self._found.explained[place, part]) if part >= 0 else None,
                "false_lead": _rounded(self._found.false_lead[place]),
            }
            for place, (case, part) in enumerate(zip(self._cases, self._part.tolist(), strict=True))
        ]


def _licensed(snapshot: GraphSnapshot, group: Group) -> list[Json]:
    """Sites that licences kept from being sources, by id, each with the cases they were left out of."""
    left_out: dict[int, list[str]] = {}
    for case, mass in zip(group.ids, group.masses, strict=True):
        for site in mass.licensed.tolist():
            left_out.setdefault(site, []).append(case)
    nodes = snapshot.nodes["Site"]
    return [
        {"site": nodes.id_at(site), "name": nodes.columns["name"][site].as_py(), "cases": cases}
        for site, cases in sorted(left_out.items(), key=lambda one: nodes.id_at(one[0]))
    ]


def _untraced(group: Group, place: int) -> Json:
    mass = group.masses[place]
    nothing = mass.rule == "nothing_recorded"
    if nothing:
        reason = "nothing recorded that a trace could start from"
    elif len(mass.licensed):
        reason = "every origin it leads to made such goods under licence"
    else:
        reason = "no chain ends at an origin"
    return {"case": group.ids[place], "reason": reason}


def _rounded(value: float | FloatArray) -> float:
    return round(float(value), _DIGITS)
