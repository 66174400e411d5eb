"""Parameters of the mixing model by maximum likelihood from cases whose place of making was confirmed.

The likelihood of a case is the mass its confirmed origin gets; mass that stays unresolved may come from any site that
makes such goods, so each of them gets an equal part of it. Scale parameters are searched on a logarithmic, shares on a
logistic scale, by the simplex of Nelder and Mead (The Computer Journal 7, 1965, 308-313), which needs no derivative.
The stay at sites of one role is the usual stay times a factor that is drawn towards 1 (a normal law on its
logarithm), so that roles with few cases keep the usual one.

What limits and undated records make of a walk does not depend on these parameters, so every case is walked once.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from scipy.optimize import minimize

from suyuan.graph.snapshot import FloatArray
from suyuan.traceback.cases import CaseStart, case_product, first_movements
from suyuan.traceback.lotmakers import no_makers
from suyuan.traceback.mixingmodel import Mixing
from suyuan.traceback.parameters import ROLE_NAMES, TraceParameters
from suyuan.traceback.preparation import Prepared, read_only, with_fitted
from suyuan.traceback.results import Origin, Unresolved
from suyuan.traceback.trace import Walked, ends_of_case, mass_graph, walk_from
from suyuan.traceback.trading import nothing_traded

LEAST_CASES: Final = 20
"""Confirmed origins below which nothing is fitted."""

FOLDS: Final = 5
EVALUATIONS: Final = 240
MOST_CASES: Final = 300
ROLE_SPREAD: Final = 0.35
"""Standard deviation, as a logarithm, of the factor by which the stay at sites of one role differs."""

_LEAST_PROBABILITY = 1e-6


CaseEnds = tuple[tuple[Origin, ...], tuple[Unresolved, ...]]
"""Origins and gaps of a case."""


class Confirmed(NamedTuple):
    """A case whose place of making is known, in positions of the snapshot."""

    kind: str
    position: int
    site: int


@dataclass(frozen=True, slots=True)
class WalkedCase:
    """A case with everything of its trace that does not depend on the fitted parameters."""

    prepared: Prepared
    start: CaseStart
    product: int
    walked: Walked
    truth: int
    n_makers: int

    def ends(self, mixing: Mixing) -> CaseEnds:
        """Origins and gaps by a mixing model."""
        graph = mass_graph(
            self.prepared, self.start, self.walked, product=self.product, ways=False, mixing=mixing
        )
        return ends_of_case(self.prepared, self.start, graph, self.product)

    def log_likelihood(self, ends: CaseEnds) -> float:
        """Logarithm of the likelihood, natural, of the confirmed origin."""
        origins, gaps = ends
        own = sum(origin.probability for origin in origins if origin.site == self.truth)
        anywhere = sum(gap.probability for gap in gaps) / self.n_makers
        return float(np.log(max(own + anywhere, _LEAST_PROBABILITY)))


def walked(prepared: Prepared, case: Confirmed) -> WalkedCase | None:
    """Walk from a case; None where it leads nowhere.

    Parameters
    ----------
    prepared : with parameters that infer products and makers, which :func:`mixing_by` can switch off but not on
    """
    start = first_movements(prepared, case.kind, case.position)
    if not len(start.movements) and not len(start.sites):
        return None
    n_makers = max(1, int((np.diff(prepared.makes_start) > 0).sum()))
    product = case_product(prepared, case.kind, case.position)
    return WalkedCase(prepared, start, product, walk_from(prepared, start), case.site, n_makers)


def mixing_by(prepared: Prepared, parameters: TraceParameters) -> Mixing:
    """The mixing model of a prepared snapshot with other parameters."""
    mixing = prepared.mixing
    return read_only(
        with_fitted(mixing, parameters, prepared.dwell_of_streams(parameters))._replace(
            traded=mixing.traded if parameters.infer_products else nothing_traded(parameters.product_prior),
            makers=mixing.makers if parameters.infer_makers else no_makers(),
        )
    )


def ends_by(cases: Sequence[WalkedCase], parameters: TraceParameters) -> list[CaseEnds]:
    """Origins and gaps of each case by some parameters, worked out by as many threads as there are processors."""
    prepared = {id(case.prepared): case.prepared for case in cases}
    mixing = {key: mixing_by(one, parameters) for key, one in prepared.items()}

    def of(case: WalkedCase) -> CaseEnds:
        return case.ends(mixing[id(case.prepared)])

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(of, cases))


def likelihoods(cases: Sequence[WalkedCase], parameters: TraceParameters) -> FloatArray:
    """Logarithm of the likelihood of each case, natural."""
    found = ends_by(cases, parameters)
    return np.array([case.log_likelihood(ends) for case, ends in zip(cases, found, strict=True)])


def spread(cases: Sequence[WalkedCase], most: int = MOST_CASES) -> list[WalkedCase]:
    """At most so many of the cases, evenly spread over them: beyond a few hundred, more change the fit little."""
    if len(cases) <= most:
        return list(cases)
    return [cases[place] for place in np.linspace(0, len(cases) - 1, most).astype(int).tolist()]


class _Space:
    """Between parameters and the unbounded vector that is searched."""

    def __init__(self, base: TraceParameters, roles: Sequence[int]) -> None:
        self.base = base
        self.roles = tuple(roles)

    def start(self) -> FloatArray:
        base = self.base
        usual = float(np.exp(np.mean(np.log([base.dwell_days[role] for role in self.roles] or [7.0]))))
        shares = (base.match_unknown, base.match_lot_unknown, base.fifo_share, base.floor[0])
        factors = [float(np.log(base.dwell_days[role] / usual)) for role in self.roles]
        return np.array([*map(_to_line, shares), np.log(base.bandwidth), np.log(usual), *factors])

    def parameters(self, point: FloatArray) -> TraceParameters:
        match, lot, fifo, floor = (_to_share(value) for value in point[:4].tolist())
        usual = float(np.exp(np.clip(point[5], -3.0, 6.0)))
        dwell = [usual] * len(ROLE_NAMES)
        for role, factor in zip(self.roles, point[6:].tolist(), strict=True):
            dwell[role] = usual * float(np.exp(np.clip(factor, -3.0, 3.0)))
        return replace(
            self.base,
            match_unknown=_rounded(match),
            match_lot_unknown=_rounded(lot),
            fifo_share=_rounded(fifo),
            bandwidth=_rounded(float(np.exp(np.clip(point[4], -3.0, 4.0)))),
            floor=(_rounded(floor),) * len(ROLE_NAMES),
            dwell_days=tuple(map(_rounded, dwell)),
        )

    def penalty(self, point: FloatArray) -> float:
        """Minus the logarithm of the prior of the roles' factors, but for a constant."""
        return float((point[6:] ** 2).sum() / (2.0 * ROLE_SPREAD**2))


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def _to_line(share: float) -> float:
    bounded = min(max(share, 1e-3), 1.0 - 1e-3)
    return float(np.log(bounded / (1.0 - bounded)))


def _to_share(value: float) -> float:
    return float(1.0 / (1.0 + np.exp(-np.clip(value, -9.0, 9.0))))


def roles_passed(cases: Sequence[WalkedCase], least: int = LEAST_CASES) -> list[int]:
    """Places in ROLE_NAMES of the roles of sites that the goods of enough cases can have stayed at."""
    count = np.zeros(len(ROLE_NAMES), np.int64)
    for case in cases:
        role = case.prepared.snapshot.nodes["Site"].columns["role"]
        visits = case.walked.visits
        movements = visits.movement[: visits.count[0]]
        count[np.unique(role[case.prepared.snapshot.movements.from_site[movements]] + 1)] += 1
    makers = {ROLE_NAMES.index("factory")}
    return [role for role in np.flatnonzero(count >= least).tolist() if role not in makers]


Progress = Callable[[int, float], None]
"""Told after each evaluation: its number, and the mean logarithm of the likelihood."""


def fitted(
    cases: Sequence[WalkedCase],
    base: TraceParameters,
    *,
    evaluations: int = EVALUATIONS,
    progress: Progress | None = None,
) -> TraceParameters:
    """The parameters that make the confirmed origins most likely, searched from ``base``.

    Parameters
    ----------
    cases : confirmed cases, of one or several markets; MOST_CASES of them are used
    evaluations : how often the likelihood is computed at most
    """
    cases = spread(cases)
    space = _Space(base, roles_passed(cases))
    count = 0

    def loss(point: FloatArray) -> float:
        nonlocal count
        total = float(likelihoods(cases, space.parameters(point)).sum()) - space.penalty(point)
        count += 1
        if progress is not None:
            progress(count, total / len(cases))
        return -total / len(cases)

    begin = space.start()
    simplex = np.vstack([begin, begin + 0.5 * np.eye(len(begin))])
    best = minimize(
        loss,
        begin,
        method="Nelder-Mead",
        options={"maxfev": evaluations, "xatol": 0.02, "fatol": 1e-4, "initial_simplex": simplex},
    )
    return space.parameters(np.asarray(best.x))


def folds_of(groups: Sequence[int], folds: int = FOLDS) -> list[list[int]]:
    """Places of the cases of each fold; cases of one group (a chain of one shop) stay together.

    Groups are dealt out in turn by size, so that folds are nearly equal; fewer folds where there are fewer groups.
    """
    members: dict[int, list[int]] = {}
    for place, group in enumerate(groups):
        members.setdefault(group, []).append(place)
    parts: list[list[int]] = [[] for _ in range(max(1, min(folds, len(members))))]
    for group in sorted(members.values(), key=lambda places: (-len(places), places[0])):
        min(parts, key=len).extend(group)
    return parts
