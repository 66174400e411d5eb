"""How sure fitted parameters are: a normal law on unbounded coordinates, and parameters drawn from it.

A share has its logit for a coordinate, a scale its logarithm; ``dwell_days`` is the stay at all places alike, and
``dwell_days.ROLE`` the factor by which that at places of one role differs. The law has its middle at the fitted
parameters.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from suyuan.errors import ParameterError
from suyuan.graph.snapshot import FloatArray
from suyuan.traceback.parameters import ROLE_NAMES, TraceParameters

SHARES: Final = ("match_unknown", "match_lot_unknown", "fifo_share", "floor")
_MOST: Final = 1e4
"""Greatest covariance of logits and logarithms that is taken for one."""
SCALES: Final = ("bandwidth", "dwell_days")
METHOD: Final = "products of scores"

_STAY_AT = "dwell_days."
_HIGHEST_SHARE = 1.0 - 1e-9
_LOWEST_SCALE, _HIGHEST_SCALE = 1e-6, 1e6


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """Covariance of the coordinates named.

    Parameters
    ----------
    names : of coordinates (:func:`coordinates`)
    covariance : one row a coordinate

    Raises
    ------
    ParameterError
        An unknown name, or no covariance: not as many rows and columns as names, not symmetric, a variance below 0.
    """

    names: tuple[str, ...]
    covariance: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        known = coordinates(range(len(ROLE_NAMES)))
        for name in self.names:
            if name not in known:
                raise ParameterError("uncertainty.names", name, "one of " + ", ".join(known))
        if len(set(self.names)) < len(self.names):
            raise ParameterError("uncertainty.names", self.names, "each name once")
        size = len(self.names)
        if len(self.covariance) != size or any(len(row) != size for row in self.covariance):
            raise ParameterError("uncertainty.covariance", len(self.covariance), f"{size} rows and columns")
        matrix = np.array(self.covariance).reshape(size, size)
        least = float(np.linalg.eigvalsh(matrix).min(initial=0.0)) if np.isfinite(matrix).all() else -np.inf
        if not np.allclose(matrix, matrix.T, rtol=1e-6) or least < -1e-6 * max(
            1.0, float(matrix.max(initial=0.0))
        ):
            raise ParameterError(
                "uncertainty.covariance", "this one", "a symmetric matrix without variances below 0"
            )

    @classmethod
    def of(cls, names: Sequence[str], covariance: FloatArray) -> "Uncertainty":
        """The uncertainty of a matrix, rounded to seven digits."""
        rows = tuple(tuple(float(f"{value:.7g}") for value in row) for row in covariance.tolist())
        return cls(tuple(names), rows)

    @staticmethod
    def from_json(document: Mapping[str, Any]) -> "Uncertainty":
        """What :meth:`to_json` wrote.

        Raises
        ------
        ParameterError
        """
        names, rows = document.get("names"), document.get("covariance")
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ParameterError("uncertainty.names", names, "a list of names")
        if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
            raise ParameterError("uncertainty.covariance", rows, "a list of rows")
        for value in (value for row in rows for value in row):
            if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _MOST:
                raise ParameterError("uncertainty.covariance", value, f"a number, at most {_MOST:g}")
        return Uncertainty(tuple(names), tuple(tuple(map(float, row)) for row in rows))

    def to_json(self) -> dict[str, Any]:
        """Plain values for a file."""
        return {
            "method": METHOD,
            "names": list(self.names),
            "covariance": [list(row) for row in self.covariance],
        }

    def drawn(self, parameters: TraceParameters, draws: int, seed: int) -> list[TraceParameters]:
        """Parameters drawn from the law around those given; the same for the same seed."""
        size = len(self.names)
        values, vectors = np.linalg.eigh(np.array(self.covariance).reshape(size, size))
        # Eigenvectors are told but for their sign: the symmetric root is the same on every machine.
        root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
        offsets = np.random.default_rng(seed).standard_normal((draws, size)) @ root
        return [shifted(parameters, self.names, row) for row in offsets]


def coordinates(roles: Sequence[int]) -> tuple[str, ...]:
    """Names of the coordinates of a fit in which the stay at sites of some roles (places in ROLE_NAMES) is free."""
    return (*SHARES, *SCALES, *(_STAY_AT + ROLE_NAMES[role] for role in roles))


def shifted(parameters: TraceParameters, names: Sequence[str], offsets: FloatArray) -> TraceParameters:
    """Parameters at some distance from those given, along the coordinates named.

    Examples
    --------
    >>> shifted(TraceParameters(), ("bandwidth",), np.log([2.0])).bandwidth
    4.0
    """
    changed: dict[str, Any] = {}
    stay = [0.0] * len(ROLE_NAMES)
    for name, offset in zip(names, np.clip(offsets, -20.0, 20.0).tolist(), strict=True):
        if name == "dwell_days":
            stay = [one + offset for one in stay]
        elif name.startswith(_STAY_AT):
            stay[ROLE_NAMES.index(name.removeprefix(_STAY_AT))] += offset
        elif name == "floor":
            changed[name] = tuple(_moved_share(share, offset) for share in parameters.floor)
        elif name in SHARES:
            changed[name] = _moved_share(getattr(parameters, name), offset)
        else:
            changed[name] = _moved_scale(getattr(parameters, name), offset)
    days = tuple(map(_moved_scale, parameters.dwell_days, stay))
    return replace(parameters, dwell_days=days, **changed)


def _moved_share(share: float, offset: float) -> float:
    """A share whose logit has moved; 0 and 1 stay what they are."""
    if offset == 0.0 or share in (0.0, 1.0):
        return share
    odds = share / (1.0 - share) * float(np.exp(offset))
    return min(odds / (1.0 + odds), _HIGHEST_SHARE)


def _moved_scale(scale: float, offset: float) -> float:
    return min(max(scale * float(np.exp(offset)), _LOWEST_SCALE), _HIGHEST_SCALE) if offset else scale
