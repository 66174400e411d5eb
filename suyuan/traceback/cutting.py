"""Cut the chain: the fewest places whose closing stops a share of the flow from origins to the market.

A unit that reaches the market has come through a chain of places. Followed back over
:class:`suyuan.traceback.flownetwork.FlowNetwork`, it came to v from u in proportion to the flows recorded into v. A
set of closed places stops the units whose chain holds one of them; the share stopped is

    1 - sum of ends_v y_v / sum of ends_v        y_v = 0 where closed, else sum over u of share(u, v) y_u, 1 at origins

Fewest closings come first; among as few, those that cost least of the trade that is not from these origins. The
origins themselves are never closed: that alone would stop everything.

For the whole flow the answer is a minimum vertex cut. For a part of it: an integer programme where the network is
small, else the place that stops most of what is left, again and again, and then without those that turn out not to be
needed. What a set stops is submodular in the set, so k closings can stop no more than the k places that stop most
alone; with the linear relaxation this gives the bound that is told, and the answer is *exact* when it meets it.

References
----------
G. L. Nemhauser, L. A. Wolsey, M. L. Fisher, An analysis of approximations for maximizing submodular set functions,
Mathematical Programming 14 (1978).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np

from suyuan.errors import ParameterError
from suyuan.graph.snapshot import BoolArray
from suyuan.traceback.cutsearch import (
    exact_cut,
    greedy_cut,
    in_order_of_effect,
    least_closings,
    stopped_share,
    whole_cut,
)
from suyuan.traceback.flownetwork import FlowNetwork, flow_network
from suyuan.traceback.parameters import DEFAULT_LIMITS, TraceLimits
from suyuan.traceback.preparation import Prepared
from suyuan.traceback.spread import Case, amounts_of, forward_start, spread_of

Method = Literal["min_cut", "integer_programme", "greedy"]

EXACT_PLACES: Final = 400
"""Up to so many places the smallest set is searched for by an integer programme."""

WHOLE: Final = 1.0 - 1e-12


class Closing(NamedTuple):
    """A site or seller to close.

    Parameters
    ----------
    kind, position : ``Site`` or ``Seller``
    stops : share of the flow that it stops of what those before it leave
    share_stopped : share that it and those before it stop
    other_units : its trade that is not from the origins
    """

    kind: Literal["Site", "Seller"]
    position: int
    stops: float
    share_stopped: float
    other_units: float


@dataclass(frozen=True, slots=True)
class CutPlan:
    """Which places to close.

    Parameters
    ----------
    closings : in the order in which each stops most of what is left
    units : flow from the origins that reaches the market
    least_closings : fewer closings cannot stop the share asked for
    exact : the plan has just as many
    candidates : places that could be closed
    counted_in, rules, truncated_counts : as in :class:`suyuan.traceback.impact.Impact`
    """

    closings: tuple[Closing, ...]
    units: float
    method: Method
    least_closings: int
    exact: bool
    candidates: int
    counted_in: str
    rules: tuple[str, ...]
    truncated_counts: dict[str, int]

    @property
    def share_stopped(self) -> float:
        """Share of the flow that all closings stop; 0 where none reaches the market."""
        return self.closings[-1].share_stopped if self.closings else 0.0

    @property
    def other_units(self) -> float:
        """Trade lost that is not from the origins; what passes two places counts at both."""
        return sum(closing.other_units for closing in self.closings)


def cut_chain(
    prepared: Prepared,
    origins: Sequence[Case],
    share: float,
    *,
    limits: TraceLimits = DEFAULT_LIMITS,
    exact_places: int = EXACT_PLACES,
) -> CutPlan:
    """The fewest sites and sellers whose closing stops a share of the flow from origins to the market.

    Parameters
    ----------
    origins : kind and position of each; anything that a trace may start from stands for where it came from
    share : in (0, 1]
    exact_places : up to so many places an integer programme is solved

    Raises
    ------
    ParameterError
        The share is none, or no trace starts from one of the kinds.
    """
    if not 0.0 < share <= 1.0:
        raise ParameterError("share", share, "a share above 0, at most 1")
    start = forward_start(prepared, origins, limits)
    spread = spread_of(prepared, start, limits)
    amounts = amounts_of(prepared, spread)
    own = np.array([position for kind, position in origins if kind == "Site"], np.int32)
    network = flow_network(prepared, spread, amounts, own)
    chosen, method, least = closings_of(network, share, exact_places)
    closings = _told(network, chosen)
    return CutPlan(
        closings=closings,
        units=network.units,
        method=method,
        least_closings=least,
        exact=len(closings) == least,
        candidates=int(network.closable.sum()),
        counted_in=amounts.counted_in,
        rules=start.rules,
        truncated_counts=spread.truncated_counts,
    )


def closings_of(
    network: FlowNetwork, share: float, exact_places: int = EXACT_PLACES
) -> tuple[BoolArray, Method, int]:
    """Which places to close; how they were found; how many are needed at least."""
    if not network.units > 0.0:
        return np.zeros(len(network), np.bool_), "min_cut", 0
    if share >= WHOLE:
        closed = whole_cut(network)
        return closed, "min_cut", int(closed.sum())
    greedy = greedy_cut(network, share)
    if len(network) <= exact_places:
        closed, least = exact_cut(network, share, greedy)
        return closed, "integer_programme", least
    return greedy, "greedy", least_closings(network, share)


def _told(network: FlowNetwork, closed: BoolArray) -> tuple[Closing, ...]:
    """Closings in the order of their effect."""
    found: list[Closing] = []
    done = np.zeros(len(network), np.bool_)
    before = 0.0
    for place in in_order_of_effect(network, closed):
        done[place] = True
        stopped = stopped_share(network, done)
        key = int(network.key[place])
        is_site = key < network.n_sites
        found.append(
            Closing(
                kind="Site" if is_site else "Seller",
                position=key if is_site else key - network.n_sites,
                stops=max(0.0, stopped - before),
                share_stopped=stopped,
                other_units=float(network.other[place]),
            )
        )
        before = stopped
    return tuple(found)
