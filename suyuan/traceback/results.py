"""What a trace answers, in positions of the snapshot."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple

from suyuan.graph.records import time_text
from suyuan.graph.snapshot import Int32Array, Int64Array
from suyuan.traceback.explanation import Explanation

Direction = Literal["backward", "forward"]


@dataclass(frozen=True, slots=True)
class Reach:
    """What a walk reached; the start itself is left out.

    Parameters
    ----------
    movements : int32
        Positions in the order they were found: by hops, then by the movement they lead to.
    hops : int32
        Movements on the shortest chain, itself counted, the start (when it is a movement) not.
    latest : int64
        Latest time by which goods on it can have left (forward: earliest by which they can have come),
        microseconds; EARLIEST or LATEST of :mod:`suyuan.traceback.times` where nothing bounds it.
    onward : int32
        Place in `movements` of the next one towards the start on one shortest chain, -1 where that is the
        start.
    sites, lots, events : int32
        Positions, sorted.
    truncated_counts : dict
        By limit, how many movements have others before (forward: after) them that were not looked at.
    """

    movements: Int32Array
    hops: Int32Array
    latest: Int64Array
    onward: Int32Array
    sites: Int32Array
    lots: Int32Array
    events: Int32Array
    truncated_counts: dict[str, int]

    def witness(self, place: int) -> tuple[int, ...]:
        """Movements of one shortest chain, from the one at `place` in `movements` towards the start."""
        chain: list[int] = []
        while place >= 0:
            chain.append(int(self.movements[place]))
            place = int(self.onward[place])
        return tuple(chain)


class Gap(StrEnum):
    """Why a chain could not be followed further."""

    NO_INFLOW = "no_inflow"
    NONE_BEFORE = "none_before"
    OTHER_GOODS = "other_goods"
    NOT_COVERED = "not_covered"
    UNRECORDED = "unrecorded"
    HOP_LIMIT = "hop_limit"
    NODE_LIMIT = "node_limit"
    CYCLE = "cycle"


GAPS = tuple(Gap)

_TEXTS = {
    Gap.NO_INFLOW: "no recorded inflow",
    Gap.NONE_BEFORE: "no recorded inflow before {}",
    Gap.OTHER_GOODS: "no recorded inflow of these goods before {}",
    Gap.NOT_COVERED: "recorded inflow does not cover the outflow",
    Gap.UNRECORDED: "some inflow may not be recorded",
    Gap.HOP_LIMIT: "hop limit",
    Gap.NODE_LIMIT: "node limit",
    Gap.CYCLE: "undated movements in a circle",
}


class Origin(NamedTuple):
    """A site where chains end because the goods are made there."""

    site: int
    probability: float


class Unresolved(NamedTuple):
    """A site where chains end for another reason; `before` is the last day at stake, microseconds."""

    site: int
    probability: float
    gap: Gap
    before: int | None = None

    @property
    def reason(self) -> str:
        """The gap in words."""
        return gap_text(self.gap, self.before)


@dataclass(frozen=True, slots=True)
class OriginPath:
    """A chain from an origin to the case, in the goods' direction, and the probability of just this chain."""

    probability: float
    movements: tuple[int, ...]
    sites: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EventChain:
    """A shortest chain of lots through events, in the goods' direction, from a lot that comes from no other.

    Parameters
    ----------
    lots : positions, the earliest first, the start of the trace last
    events : where the first lot was seen first, then what turned or packed each lot into the next
    sites : where events saw these lots, in order, each once
    """

    lots: tuple[int, ...]
    events: tuple[int, ...]
    sites: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TimeConflict:
    """An event that names a lot before the lot can have been there.

    Parameters
    ----------
    earlier, later : when the event was, and when the lot came to be, or to the place; microseconds, precision
    """

    event: int
    lot: int
    earlier: tuple[int, int]
    later: tuple[int, int]


@dataclass(frozen=True, slots=True)
class TraceResult:
    """Where the goods of a case were made (backward) or can have gone (forward).

    Parameters
    ----------
    kind, position : str, int
        The start.
    rule : str
        How the first movements were found (:mod:`suyuan.traceback.cases`).
    origins : tuple of Origin
        Highest probability first, equal ones by site id; empty for a forward trace.
    unresolved : tuple of Unresolved
        Likewise. Together with the origins the probabilities sum to 1, or there are none at all.
    paths : tuple of OriginPath
        The most probable chains.
    event_chains : tuple of EventChain
        Backward from a lot: one chain for each lot where events lead no further.
    explanation : Explanation or None
        Backward, where it was asked for.
    """

    kind: str
    position: int
    rule: str
    direction: Direction
    origins: tuple[Origin, ...]
    unresolved: tuple[Unresolved, ...]
    paths: tuple[OriginPath, ...]
    reach: Reach
    truncated_counts: dict[str, int]
    event_chains: tuple[EventChain, ...] = ()
    explanation: Explanation | None = None

    @property
    def truncated(self) -> bool:
        """Whether a limit cut anything."""
        return any(self.truncated_counts.values())


def gap_text(gap: Gap, before: int | None = None) -> str:
    """A gap in words.

    Examples
    --------
    >>> gap_text(Gap.NONE_BEFORE, 1740910200000000)
    'no recorded inflow before 2025-03-02'
    >>> gap_text(Gap.NONE_BEFORE)
    'no recorded inflow'
    """
    if before is None:
        return _TEXTS[gap].replace(" before {}", "")
    return _TEXTS[gap].format(time_text(before, 1))
