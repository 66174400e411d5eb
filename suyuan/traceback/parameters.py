"""What a trace may be told: parameters of the mixing model, limits of a walk, the mode for unknown times."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final

from suyuan.errors import ParameterError
from suyuan.graph.model import SITE_ROLES

ROLE_NAMES: Final = ("unknown", *SITE_ROLES)
"""Names of the values by site role; the place of a role is its code in the snapshot plus one."""

MICROSECONDS_PER_DAY: Final = 86_400_000_000


class UnknownTimes(StrEnum):
    """What an unknown time of a movement means for what can have followed what.

    ``infer``: it lies between the earliest arrival and the latest departure that the rest of the network
    leaves possible. ``exclude``: a movement without it takes no part. ``include``: it agrees with anything.
    """

    INFER = "infer"
    EXCLUDE = "exclude"
    INCLUDE = "include"


RoleValues = tuple[float, ...]
"""One value for each of :data:`ROLE_NAMES`, in that order."""


def role_values(default: float, **by_role: float) -> RoleValues:
    """Values by site role, ``default`` where none is given.

    Examples
    --------
    >>> role_values(20.0, port=7.0)
    (20.0, 20.0, 20.0, 20.0, 20.0, 20.0, 7.0, 20.0, 20.0)
    """
    return tuple(float(by_role.get(name, default)) for name in ROLE_NAMES)


_DWELL_DAYS: Final = role_values(7.0, warehouse=8.0, wholesale_market=8.0)
_FLOOR: Final = role_values(0.01)


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceParameters:
    """Parameters of the stock mixing model. The defaults are set by hand on simulated markets, not fitted.

    Parameters
    ----------
    match_unknown : float
        Weight, in (0, 1], of an inflow that may carry the goods but does not say so, against one that
        agrees in lot or product: a place keeps many products.
    fifo_share : float
        Share, in [0, 1], of stock that leaves first in, first out; the rest leaves in proportion to what is
        there.
    bandwidth : float
        Decay scale, > 0, of the first-in-first-out part, in mean inflows of a place: how far the recorded
        stock position may be off because records are missing.
    dwell_days : tuple of float, one a role
        Decay scale, days, > 0, of the proportional part: how long goods usually stay.
    floor : tuple of float, one a role
        Least share, in [0, 1), of outflow that unrecorded inflow is expected to have supplied.
    max_dwell_days : float or None
        Longest stay at one place, days, > 0; None is no bound.
    transit_days : float
        Longest usual time under way, days, >= 0: where a movement has one of its two times, the other is
        taken to lie within so many days of it.
    match_lot_unknown : float
        Weight, in (0, 1], of an inflow without a lot against one of the same lot, for goods whose lot is known.
    infer_products : bool
        Follow goods as the product they are through movements that name none, each weighed by the chance that
        it carried that product instead of by ``match_unknown``: how often other movements between its two
        places name it.
    product_prior : float
        Weight, > 0, in movements, that what is traded at the receiving place has in that chance.
    infer_stays : bool
        Take from lots recorded to have come and gone how much longer goods stay at one place, and one product
        there, than is usual for its role.
    infer_makers : bool
        Goods whose lot is recorded to have left its maker were made there, whatever else is missing.

    Raises
    ------
    ParameterError
        A value is outside what is said above.
    """

    match_unknown: float = 0.05
    fifo_share: float = 0.1
    bandwidth: float = 2.0
    dwell_days: RoleValues = _DWELL_DAYS
    floor: RoleValues = _FLOOR
    max_dwell_days: float | None = None
    transit_days: float = 4.0
    match_lot_unknown: float = 1.0
    infer_products: bool = False
    product_prior: float = 0.5
    infer_makers: bool = False
    infer_stays: bool = False

    def __post_init__(self) -> None:
        _require("match_unknown", self.match_unknown, 0.0 < self.match_unknown <= 1.0, "above 0, at most 1")
        _require("fifo_share", self.fifo_share, 0.0 <= self.fifo_share <= 1.0, "a share from 0 to 1")
        _require("bandwidth", self.bandwidth, 0.0 < self.bandwidth < float("inf"), "a number above 0")
        _require("transit_days", self.transit_days, 0.0 <= self.transit_days <= 3650.0, "0 to 3650 days")
        one = self.match_lot_unknown
        _require("match_lot_unknown", one, 0.0 < one <= 1.0, "above 0, at most 1")
        _require("product_prior", self.product_prior, 0.0 < self.product_prior <= 1e6, "a number above 0")
        longest = self.max_dwell_days
        _require("max_dwell_days", longest, longest is None or 0.0 < longest <= 1e6, "days above 0, or null")
        for name in ("dwell_days", "floor"):
            _require(name, getattr(self, name), len(getattr(self, name)) == len(ROLE_NAMES), "a value a role")
        for role, days, share in zip(ROLE_NAMES, self.dwell_days, self.floor, strict=True):
            _require(f"dwell_days.{role}", days, 0.0 < days <= 1e6, "days above 0")
            _require(f"floor.{role}", share, 0.0 <= share < 1.0, "a share from 0 to below 1")

    def to_json(self) -> dict[str, Any]:
        """Plain values for a file or an answer; values by role become an object."""
        return {
            field.name: dict(zip(ROLE_NAMES, value, strict=True)) if isinstance(value, tuple) else value
            for field in fields(self)
            for value in (getattr(self, field.name),)
        }

    @staticmethod
    def from_json(document: Mapping[str, Any]) -> "TraceParameters":
        """The parameters of a document as :meth:`to_json` writes it; what is not named keeps its default.

        Values by role may name some roles only, or be one number for all.

        Raises
        ------
        ParameterError
            An unknown name, or a value of wrong type or outside its range.
        """
        names = [field.name for field in fields(TraceParameters)]
        given: dict[str, Any] = {}
        for name, value in document.items():
            if name not in names:
                raise ParameterError("parameters", name, "one of " + ", ".join(names))
            default = getattr(DEFAULT_PARAMETERS, name)
            if isinstance(default, bool):
                given[name] = _switch(name, value)
            elif isinstance(default, tuple):
                given[name] = _values_by_role(name, value, default)
            else:
                given[name] = None if value is None and name == "max_dwell_days" else _number(name, value)
        return TraceParameters(**given)


def _values_by_role(name: str, value: Any, default: RoleValues) -> RoleValues:
    if not isinstance(value, Mapping):
        return role_values(_number(name, value))
    unknown = [role for role in value if role not in ROLE_NAMES]
    if unknown:
        raise ParameterError(name, unknown[0], "a site role: " + ", ".join(ROLE_NAMES))
    return tuple(
        _number(f"{name}.{role}", value[role]) if role in value else kept
        for role, kept in zip(ROLE_NAMES, default, strict=True)
    )


def _switch(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ParameterError(name, value, "true or false")
    return value


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= 1e300:
        raise ParameterError(name, value, "a number")
    return float(value)


def _require(name: str, value: object, holds: bool, allowed: str) -> None:
    if not holds:
        raise ParameterError(name, value, allowed)


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceLimits:
    """Where a walk stops; what is cut is counted in the answer.

    Parameters
    ----------
    max_hops : int
        Movements on a chain beyond the start, >= 1.
    max_nodes : int
        Movements visited, >= 1.
    """

    max_hops: int = 12
    max_nodes: int = 1_000_000

    def __post_init__(self) -> None:
        _require("max_hops", self.max_hops, 1 <= self.max_hops <= 10_000, "1 to 10000")
        _require("max_nodes", self.max_nodes, 1 <= self.max_nodes <= 2**31 - 1, "1 or more")


DEFAULT_PARAMETERS: Final = TraceParameters()
DEFAULT_LIMITS: Final = TraceLimits()
